//! The frame around every page, and what every page knows of its visitor.

use std::{ops::Deref, sync::atomic::Ordering};

use askama::Template;
use axum::{
    extract::{FromRequestParts, OriginalUri},
    http::{Method, StatusCode, Uri, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use time::Date;
use tokio::sync::OwnedMappedMutexGuard;
use web::{Locale, MessageCatalog};

use super::{
    UiState,
    error_page::{self, PageError},
    forms::FormInput,
    key_session::{SignedInState, UnlockedKeys},
    pages::unlock,
};
use crate::l10n::{Localizer, dates};
use crate::{case::VerifiedCase, session::HandlerConnection};

/// Where somebody begins who has no key or no connection yet.
pub(crate) const START_PATH: &str = "/start";

/// Somebody asks for a page, in a language.
#[derive(Clone)]
pub(crate) struct PageRequest {
    pub(crate) state: UiState,
    pub(crate) locale: Locale,
    /// Behind the language, such as `/queue`.
    pub(crate) path: String,
    /// A word for what has just been done.
    flash: Option<String>,
}

impl PageRequest {
    /// Reads `/room/language/…`.
    pub(crate) fn from_uri(site: &UiState, uri: &Uri) -> Option<Self> {
        let (_, rest) = uri.path().strip_prefix('/')?.split_once('/')?;
        let (code, path) = rest.split_once('/').unwrap_or((rest, ""));
        let locale = dates::LOCALES.into_iter().find(|locale| locale.code == code)?;
        let done = uri.query().and_then(|query| query.strip_prefix("done=")).map(str::to_owned);
        Some(Self { state: site.clone(), locale, path: format!("/{path}"), flash: done })
    }

    pub(crate) fn catalog(&self) -> &MessageCatalog {
        self.state.texts.catalog(self.locale)
    }

    /// The address of a page of this language.
    pub(crate) fn url(&self, path: &str) -> String {
        page_url(&self.state, self.locale, path)
    }

    /// Leads on after something was done; the page there says so.
    pub(crate) fn redirect_with_flash(&self, path: &str, done: &str) -> Response {
        Redirect::to(&format!("{}?done={done}", self.url(path))).into_response()
    }

    pub(crate) fn today(&self) -> Date {
        self.state.clock.today()
    }
}

/// The address of a page.
pub(crate) fn page_url(site: &UiState, locale: Locale, path: &str) -> String {
    format!("/{}/{}{path}", site.browser_session.path_secret(), locale.code)
}

impl FromRequestParts<UiState> for PageRequest {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, site: &UiState) -> Result<Self, PageError> {
        // A nested router sees the rest of the path alone.
        let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
        Self::from_uri(site, uri).ok_or_else(PageError::not_found)
    }
}

/// The page about one's own keys: where one is at work, or on the way there.
fn home_path(at_work: bool) -> &'static str {
    if at_work { "/keys" } else { START_PATH }
}

/// Somebody who has unlocked the keys, and is alone with them until the page is done. Perhaps not
/// signed in anywhere yet.
pub(crate) struct UnlockedSession {
    pub(crate) request: PageRequest,
    pub(crate) keys: OwnedMappedMutexGuard<Option<UnlockedKeys>, UnlockedKeys>,
}

impl UnlockedSession {
    /// Takes the place at work, or gives the visit back when it is locked.
    async fn try_begin(visit: PageRequest) -> Result<Self, PageRequest> {
        match visit.state.key_session.acquire(visit.state.clock.now()).await {
            Some(work) => Ok(Self { request: visit, keys: work }),
            None => Err(visit),
        }
    }

    /// The same for a visit that may still have to unlock.
    pub(crate) async fn for_request(visit: PageRequest) -> Result<Self, SessionRejection> {
        Self::try_begin(visit).await.map_err(|visit| SessionRejection::locked(visit, &Method::GET))
    }

    /// Leads on to the page about one's own keys after something was done with them.
    pub(crate) fn redirect_with_flash(&self, done: &str) -> Response {
        self.request.redirect_with_flash(home_path(self.keys.signed_in.is_some()), done)
    }

    pub(crate) fn frame(&self, title: &str) -> PageFrame {
        let mut frame = PageFrame::new(self.request.clone(), title, NavSection::Keys);
        frame.signed_in_as = Some(self.keys.key.handle().to_owned());
        frame.is_signed_in = self.keys.signed_in.is_some();
        frame.days_left =
            self.keys.signed_in.as_ref().map_or(i64::MAX, |desk| desk.connection.days_left());
        frame
    }
}

/// Somebody at work: unlocked, signed in, and alone with the keys until the page is done.
pub(crate) struct SignedInSession {
    pub(crate) request: PageRequest,
    pub(crate) signed_in: OwnedMappedMutexGuard<Option<UnlockedKeys>, SignedInState>,
}

impl SignedInSession {
    /// Takes the place at work, or gives the visit back when it is locked.
    pub(crate) async fn try_begin(
        visit: PageRequest,
    ) -> Result<Result<Self, PageRequest>, PageError> {
        let UnlockedSession { request: visit, keys: work } =
            match UnlockedSession::try_begin(visit).await {
                Ok(unlocked) => unlocked,
                Err(visit) => return Ok(Err(visit)),
            };
        let desk = OwnedMappedMutexGuard::try_map(work, |work| work.signed_in.as_mut());
        let desk = desk.map_err(|_| PageError::redirect(visit.url(START_PATH)))?;
        let mut at_work = Self { request: visit, signed_in: desk };
        let now = at_work.request.state.clock.now();
        at_work.connection_mut().refresh(now).await?;
        Ok(Ok(at_work))
    }

    pub(crate) fn connection(&self) -> &HandlerConnection {
        &self.signed_in.connection
    }

    pub(crate) fn connection_mut(&mut self) -> &mut HandlerConnection {
        &mut self.signed_in.connection
    }

    /// Fetches, opens and verifies a case. Whoever has not declared to have no conflict of interest
    /// in it is asked that first, and sees nothing of it before.
    pub(crate) async fn open_declared_case(
        &mut self,
        id: uuid::Uuid,
    ) -> Result<VerifiedCase, PageError> {
        let case = self.read_case_unchecked(id).await?;
        if self.must_declare(&case) {
            return Err(PageError::redirect(self.request.url(&format!("/case/{id}/declare"))));
        }
        Ok(case)
    }

    /// The same to write something there. Whatever stands in the way, what was typed is kept until
    /// the page is opened again.
    pub(crate) async fn open_case_keeping_draft(
        &mut self,
        id: uuid::Uuid,
        typed: &FormInput,
    ) -> Result<VerifiedCase, PageError> {
        // Also while it is opened: locking cancels this request wherever it is.
        self.request.state.drafts.store(&self.request.path, typed);
        self.open_declared_case(id).await
    }

    /// What was written has been sent or is on the page again: it must not come back after that.
    pub(crate) fn discard_draft(&self) {
        drop(self.take_draft());
    }

    /// Has this person not said yet that there is no conflict of interest? Perhaps they may not:
    /// somebody claims that there is one.
    pub(crate) fn must_declare(&self, case: &VerifiedCase) -> bool {
        self.connection().check_declared(case).is_err()
    }

    /// The same for the page that asks.
    pub(crate) async fn read_case_unchecked(
        &mut self,
        id: uuid::Uuid,
    ) -> Result<VerifiedCase, PageError> {
        Ok(self.connection_mut().read_case(id).await?)
    }

    /// What was being written on this page when it was locked.
    pub(crate) fn take_draft(&self) -> Option<FormInput> {
        self.request.state.drafts.take(&self.request.path, self.connection().key())
    }

    pub(crate) fn frame(&self, title: &str, section: NavSection) -> PageFrame {
        let connection = self.connection();
        let mut frame = PageFrame::new(self.request.clone(), title, section);
        frame.signed_in_as = Some(connection.handle().to_owned());
        frame.is_signed_in = true;
        frame.days_left = connection.days_left();
        frame
    }
}

/// It is locked. As a response the page that asks for the passphrase, and leads on to where one was
/// going.
pub(crate) struct LockedRejection {
    request: PageRequest,
    prompt: unlock::UnlockPrompt,
}

impl LockedRejection {
    /// Asks for the passphrase, and keeps what was written until it is unlocked again.
    fn keep_draft(self, typed: &FormInput) -> Response {
        self.request.state.drafts.store(&self.request.path, typed);
        let asked = unlock::UnlockPrompt::with_return_path(&self.request, &self.request.path);
        unlock::unlock_page(&self.request, asked, StatusCode::UNAUTHORIZED)
    }
}

impl IntoResponse for LockedRejection {
    fn into_response(self) -> Response {
        unlock::unlock_page(&self.request, self.prompt, StatusCode::UNAUTHORIZED)
    }
}

/// The answer to a request that was cancelled by locking.
pub(crate) fn lock_screen_response(visit: &PageRequest, method: &Method) -> Response {
    unlock::unlock_page(
        visit,
        unlock::UnlockPrompt::for_request(visit, method),
        StatusCode::UNAUTHORIZED,
    )
}

/// Why somebody is not at work.
pub(crate) enum SessionRejection {
    Locked(LockedRejection),
    /// On the way to a page, if it is known to which.
    Error(Option<Box<PageRequest>>, PageError),
}

impl IntoResponse for SessionRejection {
    fn into_response(self) -> Response {
        match self {
            Self::Locked(locked) => locked.into_response(),
            Self::Error(_, trouble) => trouble.into_response(),
        }
    }
}

impl From<PageError> for SessionRejection {
    fn from(trouble: PageError) -> Self {
        Self::Error(None, trouble)
    }
}

impl SessionRejection {
    /// The answer to a form that was sent too late, or came to nothing: what was written is kept
    /// until the page is opened again.
    pub(crate) fn keep_draft(self, typed: &FormInput) -> Result<Response, PageError> {
        match self {
            Self::Locked(locked) => Ok(locked.keep_draft(typed)),
            Self::Error(visit, trouble) => {
                if let Some(visit) = visit {
                    visit.state.drafts.store(&visit.path, typed);
                }
                Err(trouble)
            }
        }
    }

    /// It is locked; where there is no key yet, one is made first.
    fn locked(visit: PageRequest, method: &Method) -> Self {
        if visit.state.profile.has_key() {
            let asked = unlock::UnlockPrompt::for_request(&visit, method);
            Self::Locked(LockedRejection { request: visit, prompt: asked })
        } else {
            Self::from(PageError::redirect(visit.url(START_PATH)))
        }
    }
}

impl FromRequestParts<UiState> for SignedInSession {
    type Rejection = SessionRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        site: &UiState,
    ) -> Result<Self, SessionRejection> {
        let visit = PageRequest::from_request_parts(parts, site).await?;
        let begun = Self::try_begin(visit.clone()).await;
        let begun =
            begun.map_err(|trouble| SessionRejection::Error(Some(visit.into()), trouble))?;
        begun.map_err(|visit| SessionRejection::locked(visit, &parts.method))
    }
}

impl FromRequestParts<UiState> for UnlockedSession {
    type Rejection = SessionRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        site: &UiState,
    ) -> Result<Self, SessionRejection> {
        let visit = PageRequest::from_request_parts(parts, site).await?;
        Self::try_begin(visit).await.map_err(|visit| SessionRejection::locked(visit, &parts.method))
    }
}

/// Where a page belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NavSection {
    Queue,
    Search,
    Keys,
    Absence,
    Administration,
    Help,
    None,
}

/// What the frame shows; every page's template holds one.
pub(crate) struct PageFrame {
    request: PageRequest,
    localizer: Localizer,
    /// Neutral: it stands in the browser's history.
    pub(crate) title: String,
    pub(crate) section: NavSection,
    /// Whose keys are unlocked; nobody's while it is locked.
    pub(crate) signed_in_as: Option<String>,
    /// Signed in, so that there is somewhere to go.
    pub(crate) is_signed_in: bool,
    days_left: i64,
}

impl Deref for PageFrame {
    type Target = Localizer;

    fn deref(&self) -> &Localizer {
        &self.localizer
    }
}

/// From so many days before the end of a directory on, everybody is told.
const EXPIRY_WARNING_DAYS: i64 = doctor::DIRECTORY_WARNING_DAYS;

impl PageFrame {
    pub(crate) fn new(visit: PageRequest, title: &str, section: NavSection) -> Self {
        let speech = visit.state.localizer(visit.locale);
        let title = speech.t(title);
        Self {
            request: visit,
            localizer: speech,
            title,
            section,
            signed_in_as: None,
            is_signed_in: false,
            days_left: i64::MAX,
        }
    }

    /// The address of a page.
    pub(crate) fn url(&self, path: &str) -> String {
        self.request.url(path)
    }

    /// The address of the page about one's own keys.
    pub(crate) fn home_url(&self) -> String {
        self.url(home_path(self.is_signed_in))
    }

    /// The address of this very page.
    pub(crate) fn current_url(&self) -> String {
        self.request.url(&self.request.path)
    }

    /// The same page in other languages.
    pub(crate) fn language_links(&self) -> Vec<(Locale, String)> {
        let others = dates::LOCALES.into_iter().filter(|locale| *locale != self.request.locale);
        others
            .map(|locale| (locale, page_url(&self.request.state, locale, &self.request.path)))
            .collect()
    }

    pub(crate) fn asset(&self, stem: &str) -> String {
        self.request.state.assets.url(stem)
    }

    /// Is it this very page?
    pub(crate) fn is_current(&self, path: &str) -> bool {
        self.request.path == path
    }

    /// Does the page belong there? The word is that of its address.
    pub(crate) fn is_in(&self, section: &str) -> bool {
        let word = match self.section {
            NavSection::Queue => "queue",
            NavSection::Search => "search",
            NavSection::Keys => "keys",
            NavSection::Absence => "absence",
            NavSection::Administration => "administration",
            NavSection::Help => "help",
            NavSection::None => return false,
        };
        word == section
    }

    /// What has just been done, in words.
    pub(crate) fn flash_message(&self) -> Option<String> {
        let key = format!("done-{}", self.request.flash.as_ref()?);
        self.catalog().contains(&key).then(|| self.t(&key))
    }

    /// What everybody must hear of the directory.
    pub(crate) fn directory_banner(&self) -> Option<String> {
        match self.days_left {
            ..0 => Some(self.t("directory-expired")),
            days @ 0..=EXPIRY_WARNING_DAYS => {
                Some(self.count("directory-ends", usize::try_from(days).unwrap_or(0)))
            }
            _ => None,
        }
    }

    /// For the script: seconds without a sign of life until it locks itself.
    pub(crate) fn idle_seconds(&self) -> u64 {
        self.request.state.key_session.idle_timeout().as_secs()
    }

    /// The same in minutes, for people.
    pub(crate) fn idle_minutes(&self) -> usize {
        usize::try_from(self.idle_seconds().div_ceil(60)).unwrap_or(usize::MAX)
    }

    /// Are there shortcuts on the keyboard?
    pub(crate) fn has_shortcuts(&self) -> bool {
        self.request.state.shortcuts.load(Ordering::Relaxed)
    }

    pub(crate) fn today(&self) -> Date {
        self.request.today()
    }
}

/// A template as a response.
pub(crate) fn render(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => {
            (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "bug: a template does not render");
            error_page::internal_error_page()
        }
    }
}

/// A page, all well.
pub(crate) fn show(page: &impl Template) -> Response {
    render(StatusCode::OK, page)
}
