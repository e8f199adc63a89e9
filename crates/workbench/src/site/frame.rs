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
use web::{Locale, Words};

use super::{
    Site,
    forms::Typed,
    i18n,
    pages::unlock,
    seat::{Desk, Work},
    speech::Speech,
    trouble::{self, Trouble},
};
use crate::{cases::Case, connection::Connection};

/// Where somebody begins who has no key or no connection yet.
pub(crate) const START: &str = "/start";

/// Somebody asks for a page, in a language.
#[derive(Clone)]
pub(crate) struct Visit {
    pub(crate) site: Site,
    pub(crate) locale: Locale,
    /// Behind the language, such as `/queue`.
    pub(crate) path: String,
    /// A word for what has just been done.
    done: Option<String>,
}

impl Visit {
    /// Reads `/room/language/…`.
    pub(crate) fn of(site: &Site, uri: &Uri) -> Option<Self> {
        let (_, rest) = uri.path().strip_prefix('/')?.split_once('/')?;
        let (code, path) = rest.split_once('/').unwrap_or((rest, ""));
        let locale = i18n::LOCALES.into_iter().find(|locale| locale.code == code)?;
        let done = uri.query().and_then(|query| query.strip_prefix("done=")).map(str::to_owned);
        Some(Self { site: site.clone(), locale, path: format!("/{path}"), done })
    }

    pub(crate) fn words(&self) -> &Words {
        self.site.texts.of(self.locale)
    }

    /// The address of a page of this language.
    pub(crate) fn at(&self, path: &str) -> String {
        address(&self.site, self.locale, path)
    }

    /// Leads on after something was done; the page there says so.
    pub(crate) fn on(&self, path: &str, done: &str) -> Response {
        Redirect::to(&format!("{}?done={done}", self.at(path))).into_response()
    }

    pub(crate) fn today(&self) -> Date {
        self.site.clock.today()
    }
}

/// The address of a page.
pub(crate) fn address(site: &Site, locale: Locale, path: &str) -> String {
    format!("/{}/{}{path}", site.door.room(), locale.code)
}

impl FromRequestParts<Site> for Visit {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Trouble> {
        // A nested router sees the rest of the path alone.
        let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
        Self::of(site, uri).ok_or_else(Trouble::nowhere)
    }
}

/// The page about one's own keys: where one is at work, or on the way there.
fn own_page(at_work: bool) -> &'static str {
    if at_work { "/keys" } else { START }
}

/// Somebody who has unlocked the keys, and is alone with them until the page is done. Perhaps not signed in anywhere yet.
pub(crate) struct Unlocked {
    pub(crate) visit: Visit,
    pub(crate) work: OwnedMappedMutexGuard<Option<Work>, Work>,
}

impl Unlocked {
    /// Takes the place at work, or gives the visit back when it is locked.
    async fn begin(visit: Visit) -> Result<Self, Visit> {
        match visit.site.seat.take(visit.site.clock.now()).await {
            Some(work) => Ok(Self { visit, work }),
            None => Err(visit),
        }
    }

    /// The same for a visit that may still have to unlock.
    pub(crate) async fn at(visit: Visit) -> Result<Self, NotAtWork> {
        Self::begin(visit).await.map_err(|visit| NotAtWork::locked(visit, &Method::GET))
    }

    /// Leads on to the page about one's own keys after something was done with them.
    pub(crate) fn on(&self, done: &str) -> Response {
        self.visit.on(own_page(self.work.desk.is_some()), done)
    }

    pub(crate) fn frame(&self, title: &str) -> Frame {
        let mut frame = Frame::new(self.visit.clone(), title, Section::Keys);
        frame.who = Some(self.work.key.handle().to_owned());
        frame.at_work = self.work.desk.is_some();
        frame.days_left = self.work.desk.as_ref().map_or(i64::MAX, |desk| desk.connection.days_left());
        frame
    }
}

/// Somebody at work: unlocked, signed in, and alone with the keys until the page is done.
pub(crate) struct AtWork {
    pub(crate) visit: Visit,
    pub(crate) desk: OwnedMappedMutexGuard<Option<Work>, Desk>,
}

impl AtWork {
    /// Takes the place at work, or gives the visit back when it is locked.
    pub(crate) async fn begin(visit: Visit) -> Result<Result<Self, Visit>, Trouble> {
        let Unlocked { visit, work } = match Unlocked::begin(visit).await {
            Ok(unlocked) => unlocked,
            Err(visit) => return Ok(Err(visit)),
        };
        let desk = OwnedMappedMutexGuard::try_map(work, |work| work.desk.as_mut());
        let desk = desk.map_err(|_| Trouble::lead(visit.at(START)))?;
        let mut at_work = Self { visit, desk };
        let now = at_work.visit.site.clock.now();
        at_work.connection_mut().go_on(now).await?;
        Ok(Ok(at_work))
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.desk.connection
    }

    pub(crate) fn connection_mut(&mut self) -> &mut Connection {
        &mut self.desk.connection
    }

    /// Fetches, opens and verifies a case. Whoever has not declared to have no conflict of interest in it is asked that first, and sees
    /// nothing of it before.
    pub(crate) async fn open(&mut self, id: uuid::Uuid) -> Result<Case, Trouble> {
        let case = self.open_undeclared(id).await?;
        if self.must_declare(&case) {
            return Err(Trouble::lead(self.visit.at(&format!("/case/{id}/declare"))));
        }
        Ok(case)
    }

    /// The same to write something there. Whatever stands in the way, what was typed is kept until the page is opened again.
    pub(crate) async fn open_to_write(&mut self, id: uuid::Uuid, typed: &Typed) -> Result<Case, Trouble> {
        // Also while it is opened: locking cancels this request wherever it is.
        self.visit.site.drafts.keep(&self.visit.path, typed);
        self.open(id).await
    }

    /// What was written has been sent or is on the page again: it must not come back after that.
    pub(crate) fn written(&self) {
        drop(self.kept());
    }

    /// Has this person not said yet that there is no conflict of interest? Perhaps they may not: somebody claims that there is one.
    pub(crate) fn must_declare(&self, case: &Case) -> bool {
        self.connection().check_declared(case).is_err()
    }

    /// The same for the page that asks.
    pub(crate) async fn open_undeclared(&mut self, id: uuid::Uuid) -> Result<Case, Trouble> {
        Ok(self.connection_mut().read_case(id).await?)
    }

    /// What was being written on this page when it was locked.
    pub(crate) fn kept(&self) -> Option<Typed> {
        self.visit.site.drafts.take(&self.visit.path, self.connection().key())
    }

    pub(crate) fn frame(&self, title: &str, section: Section) -> Frame {
        let connection = self.connection();
        let mut frame = Frame::new(self.visit.clone(), title, section);
        frame.who = Some(connection.handle().to_owned());
        frame.at_work = true;
        frame.days_left = connection.days_left();
        frame
    }
}

/// It is locked. As a response the page that asks for the passphrase, and leads on to where one was going.
pub(crate) struct Locked {
    visit: Visit,
    asked: unlock::Asked,
}

impl Locked {
    /// Asks for the passphrase, and keeps what was written until it is unlocked again.
    fn keeping(self, typed: &Typed) -> Response {
        self.visit.site.drafts.keep(&self.visit.path, typed);
        let asked = unlock::Asked::to(&self.visit, &self.visit.path);
        unlock::page(&self.visit, asked, StatusCode::UNAUTHORIZED)
    }
}

impl IntoResponse for Locked {
    fn into_response(self) -> Response {
        unlock::page(&self.visit, self.asked, StatusCode::UNAUTHORIZED)
    }
}

/// The answer to a request that was cancelled by locking.
pub(crate) fn locked(visit: &Visit, method: &Method) -> Response {
    unlock::page(visit, unlock::Asked::of(visit, method), StatusCode::UNAUTHORIZED)
}

/// Why somebody is not at work.
pub(crate) enum NotAtWork {
    Locked(Locked),
    /// On the way to a page, if it is known to which.
    Trouble(Option<Box<Visit>>, Trouble),
}

impl IntoResponse for NotAtWork {
    fn into_response(self) -> Response {
        match self {
            Self::Locked(locked) => locked.into_response(),
            Self::Trouble(_, trouble) => trouble.into_response(),
        }
    }
}

impl From<Trouble> for NotAtWork {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(None, trouble)
    }
}

impl NotAtWork {
    /// The answer to a form that was sent too late, or came to nothing: what was written is kept until the page is opened again.
    pub(crate) fn keeping(self, typed: &Typed) -> Result<Response, Trouble> {
        match self {
            Self::Locked(locked) => Ok(locked.keeping(typed)),
            Self::Trouble(visit, trouble) => {
                if let Some(visit) = visit {
                    visit.site.drafts.keep(&visit.path, typed);
                }
                Err(trouble)
            }
        }
    }

    /// It is locked; where there is no key yet, one is made first.
    fn locked(visit: Visit, method: &Method) -> Self {
        if visit.site.home.has_key() {
            let asked = unlock::Asked::of(&visit, method);
            Self::Locked(Locked { visit, asked })
        } else {
            Self::from(Trouble::lead(visit.at(START)))
        }
    }
}

impl FromRequestParts<Site> for AtWork {
    type Rejection = NotAtWork;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, NotAtWork> {
        let visit = Visit::from_request_parts(parts, site).await?;
        let begun = Self::begin(visit.clone()).await;
        let begun = begun.map_err(|trouble| NotAtWork::Trouble(Some(visit.into()), trouble))?;
        begun.map_err(|visit| NotAtWork::locked(visit, &parts.method))
    }
}

impl FromRequestParts<Site> for Unlocked {
    type Rejection = NotAtWork;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, NotAtWork> {
        let visit = Visit::from_request_parts(parts, site).await?;
        Self::begin(visit).await.map_err(|visit| NotAtWork::locked(visit, &parts.method))
    }
}

/// Where a page belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Queue,
    Search,
    Keys,
    Absence,
    Administration,
    Help,
    Nowhere,
}

/// What the frame shows; every page's template holds one.
pub(crate) struct Frame {
    visit: Visit,
    speech: Speech,
    /// Neutral: it stands in the browser's history.
    pub(crate) title: String,
    pub(crate) section: Section,
    /// Whose keys are unlocked; nobody's while it is locked.
    pub(crate) who: Option<String>,
    /// Signed in, so that there is somewhere to go.
    pub(crate) at_work: bool,
    days_left: i64,
}

impl Deref for Frame {
    type Target = Speech;

    fn deref(&self) -> &Speech {
        &self.speech
    }
}

/// From so many days before the end of a directory on, everybody is told.
const EXPIRES_SOON: i64 = doctor::DIRECTORY_DAYS;

impl Frame {
    pub(crate) fn new(visit: Visit, title: &str, section: Section) -> Self {
        let speech = visit.site.speech(visit.locale);
        let title = speech.t(title);
        Self { visit, speech, title, section, who: None, at_work: false, days_left: i64::MAX }
    }

    /// The address of a page.
    pub(crate) fn at(&self, path: &str) -> String {
        self.visit.at(path)
    }

    /// The address of the page about one's own keys.
    pub(crate) fn own_page(&self) -> String {
        self.at(own_page(self.at_work))
    }

    /// The address of this very page.
    pub(crate) fn here(&self) -> String {
        self.visit.at(&self.visit.path)
    }

    /// The same page in other languages.
    pub(crate) fn others(&self) -> Vec<(Locale, String)> {
        let others = i18n::LOCALES.into_iter().filter(|locale| *locale != self.visit.locale);
        others.map(|locale| (locale, address(&self.visit.site, locale, &self.visit.path))).collect()
    }

    pub(crate) fn asset(&self, stem: &str) -> String {
        self.visit.site.assets.url(stem)
    }

    /// Is it this very page?
    pub(crate) fn is_at(&self, path: &str) -> bool {
        self.visit.path == path
    }

    /// Does the page belong there? The word is that of its address.
    pub(crate) fn is_in(&self, section: &str) -> bool {
        let word = match self.section {
            Section::Queue => "queue",
            Section::Search => "search",
            Section::Keys => "keys",
            Section::Absence => "absence",
            Section::Administration => "administration",
            Section::Help => "help",
            Section::Nowhere => return false,
        };
        word == section
    }

    /// What has just been done, in words.
    pub(crate) fn done(&self) -> Option<String> {
        let key = format!("done-{}", self.visit.done.as_ref()?);
        self.words().has(&key).then(|| self.t(&key))
    }

    /// What everybody must hear of the directory.
    pub(crate) fn about_directory(&self) -> Option<String> {
        match self.days_left {
            ..0 => Some(self.t("directory-expired")),
            days @ 0..=EXPIRES_SOON => Some(self.count("directory-ends", usize::try_from(days).unwrap_or(0))),
            _ => None,
        }
    }

    /// For the script: seconds without a sign of life until it locks itself.
    pub(crate) fn idle_seconds(&self) -> u64 {
        self.visit.site.seat.idle().as_secs()
    }

    /// The same in minutes, for people.
    pub(crate) fn idle_minutes(&self) -> usize {
        usize::try_from(self.idle_seconds().div_ceil(60)).unwrap_or(usize::MAX)
    }

    /// Are there shortcuts on the keyboard?
    pub(crate) fn shortcuts(&self) -> bool {
        self.visit.site.shortcuts.load(Ordering::Relaxed)
    }

    pub(crate) fn today(&self) -> Date {
        self.visit.today()
    }
}

/// A template as a response.
pub(crate) fn render(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response(),
        Err(error) => {
            tracing::error!(%error, "bug: a template does not render");
            trouble::broken()
        }
    }
}

/// A page, all well.
pub(crate) fn show(page: &impl Template) -> Response {
    render(StatusCode::OK, page)
}
