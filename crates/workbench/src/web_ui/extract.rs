//! Extractors of handlers: the request for a page, and the session that it needs.
//!
//! A handler that needs the unlocked keys takes an [`UnlockedSession`], and one that needs the case
//! handler takes a [`SignedInSession`]. If there is none, the request ends with a
//! [`SessionRejection`], and `render_errors` shows a page for it.

use axum::{
    extract::{FromRequestParts, OriginalUri},
    http::{Method, StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use tokio::sync::OwnedMappedMutexGuard;

use super::{
    UiState,
    error_page::PageError,
    forms::FormInput,
    key_session::{SignedInState, UnlockedKeys},
    layout::{NavSection, PageFrame},
    request::{PageRequest, START_PATH, home_path},
};
use crate::{case::VerifiedCase, session::HandlerConnection};

impl FromRequestParts<UiState> for PageRequest {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &UiState) -> Result<Self, PageError> {
        // A nested router sees only the rest of the path.
        let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
        Self::from_uri(state, uri).ok_or_else(PageError::not_found)
    }
}

/// The unlocked keys, for this request alone until its page is done. There may be no session at the
/// case handler yet.
pub(crate) struct UnlockedSession {
    pub(crate) request: PageRequest,
    pub(crate) keys: OwnedMappedMutexGuard<Option<UnlockedKeys>, UnlockedKeys>,
}

impl UnlockedSession {
    /// Takes the keys, or returns the request if the workbench is locked.
    async fn try_begin(request: PageRequest) -> Result<Self, PageRequest> {
        match request.state.key_session.acquire().await {
            Some(keys) => Ok(Self { request, keys }),
            None => Err(request),
        }
    }

    /// Takes the keys for a request whose handler decides whether it needs them.
    ///
    /// # Errors
    /// Returns [`SessionRejection`] if the workbench is locked or has no key.
    pub(crate) async fn for_request(request: PageRequest) -> Result<Self, SessionRejection> {
        Self::try_begin(request)
            .await
            .map_err(|request| SessionRejection::locked(request, &Method::GET))
    }

    /// Redirects to the page about the member's own keys after something was done with them.
    pub(crate) fn redirect_with_flash(&self, done: &str) -> Response {
        self.request.redirect_with_flash(home_path(self.keys.signed_in.is_some()), done)
    }

    pub(crate) fn frame(&self, title: &str) -> PageFrame {
        let mut frame = PageFrame::new(self.request.clone(), title, NavSection::Keys);
        frame.signed_in_as = Some(self.keys.key.handle().to_owned());
        frame.is_signed_in = self.keys.signed_in.is_some();
        frame.days_left = self
            .keys
            .signed_in
            .as_ref()
            .map_or(i64::MAX, |signed_in| signed_in.connection.days_left());
        frame
    }
}

/// The unlocked keys with a session at the case handler, for this request alone until its page is
/// done.
pub(crate) struct SignedInSession {
    pub(crate) request: PageRequest,
    pub(crate) signed_in: OwnedMappedMutexGuard<Option<UnlockedKeys>, SignedInState>,
}

impl SignedInSession {
    /// Takes the keys, or returns the request if the workbench is locked.
    async fn try_begin(request: PageRequest) -> Result<Result<Self, PageRequest>, PageError> {
        let UnlockedSession { request, keys } = match UnlockedSession::try_begin(request).await {
            Ok(unlocked) => unlocked,
            Err(request) => return Ok(Err(request)),
        };
        let signed_in = OwnedMappedMutexGuard::try_map(keys, |keys| keys.signed_in.as_mut());
        let signed_in = signed_in.map_err(|_| PageError::redirect(request.url(START_PATH)))?;
        let mut session = Self { request, signed_in };
        let now = session.request.state.clock.now();
        session.connection_mut().refresh(now).await?;
        Ok(Ok(session))
    }

    pub(crate) fn connection(&self) -> &HandlerConnection {
        &self.signed_in.connection
    }

    pub(crate) fn connection_mut(&mut self) -> &mut HandlerConnection {
        &mut self.signed_in.connection
    }

    /// Fetches, opens and verifies a case.
    ///
    /// # Errors
    /// Returns a redirect to the declaration if this member has not declared to have no conflict of
    /// interest in the case. The member sees nothing of the case before.
    pub(crate) async fn open_declared_case(
        &mut self,
        id: uuid::Uuid,
    ) -> Result<VerifiedCase, PageError> {
        let case = self.read_case_unchecked(id).await?;
        self.require_declaration(&case)?;
        Ok(case)
    }

    /// Checks that this member has declared to have no conflict of interest.
    ///
    /// # Errors
    /// Redirects to the page that asks for the declaration.
    pub(crate) fn require_declaration(&self, case: &VerifiedCase) -> Result<(), PageError> {
        if self.must_declare(case) {
            let path = format!("/case/{}/declare", case.file.row.id);
            return Err(PageError::redirect(self.request.url(&path)));
        }
        Ok(())
    }

    /// Opens a case to write something in it. Stores the form as a draft first, so that the text
    /// survives every failure until the page is opened again.
    ///
    /// # Errors
    /// As [`Self::open_declared_case`].
    pub(crate) async fn open_case_keeping_draft(
        &mut self,
        id: uuid::Uuid,
        form: &FormInput,
    ) -> Result<VerifiedCase, PageError> {
        // Before the case is opened, because locking cancels this request at any await.
        self.request.state.drafts.store(&self.request.path, form);
        self.open_declared_case(id).await
    }

    /// Deletes the draft of this page, because its text was sent or is on the page again.
    pub(crate) fn discard_draft(&self) {
        drop(self.take_draft());
    }

    /// Returns whether this member has not declared yet to have no conflict of interest. A member
    /// against whom a conflict of interest is claimed cannot declare.
    pub(crate) fn must_declare(&self, case: &VerifiedCase) -> bool {
        self.connection().check_declared(case).is_err()
    }

    /// Fetches, opens and verifies a case without a declaration, for the page that asks for it.
    ///
    /// # Errors
    /// Returns why the case cannot be read.
    pub(crate) async fn read_case_unchecked(
        &mut self,
        id: uuid::Uuid,
    ) -> Result<VerifiedCase, PageError> {
        Ok(self.connection_mut().read_case(id).await?)
    }

    /// Returns what was being written on this page when the workbench was locked, and deletes it.
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

/// The workbench is locked. As a response it is only a mark: `render_errors` shows the page that
/// asks for the passphrase.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Locked {
    /// Whether the request sent a form that was not stored.
    pub(super) form_lost: bool,
}

impl IntoResponse for Locked {
    fn into_response(self) -> Response {
        let mut response = StatusCode::UNAUTHORIZED.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Why a request has no session.
pub(crate) enum SessionRejection {
    /// The workbench is locked.
    Locked { request: Box<PageRequest>, state: Locked },
    /// Another error, with the request if its page is known.
    Error { request: Option<Box<PageRequest>>, error: PageError },
}

impl IntoResponse for SessionRejection {
    fn into_response(self) -> Response {
        match self {
            Self::Locked { state, .. } => state.into_response(),
            Self::Error { error, .. } => error.into_response(),
        }
    }
}

impl From<PageError> for SessionRejection {
    fn from(error: PageError) -> Self {
        Self::Error { request: None, error }
    }
}

impl SessionRejection {
    /// Stores the text of a form that could not be processed until its page is opened again, and
    /// returns the answer to it.
    ///
    /// # Errors
    /// Returns the error that rejected the request, if the workbench is not locked.
    pub(crate) fn keep_draft(self, form: &FormInput) -> Result<Response, PageError> {
        match self {
            Self::Locked { request, .. } => {
                request.state.drafts.store(&request.path, form);
                Ok(Locked { form_lost: false }.into_response())
            }
            Self::Error { request, error } => {
                if let Some(request) = request {
                    request.state.drafts.store(&request.path, form);
                }
                Err(error)
            }
        }
    }

    /// Returns the rejection of a request to a locked workbench. Without a key file it leads to the
    /// first steps, where the member creates one.
    fn locked(request: PageRequest, method: &Method) -> Self {
        if request.state.profile.has_key() {
            let form_lost = method != Method::GET;
            Self::Locked { request: request.into(), state: Locked { form_lost } }
        } else {
            Self::from(PageError::redirect(request.url(START_PATH)))
        }
    }
}

impl FromRequestParts<UiState> for SignedInSession {
    type Rejection = SessionRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &UiState,
    ) -> Result<Self, SessionRejection> {
        let request = PageRequest::from_request_parts(parts, state).await?;
        let session = Self::try_begin(request.clone()).await;
        let session = session
            .map_err(|error| SessionRejection::Error { request: Some(request.into()), error })?;
        session.map_err(|request| SessionRejection::locked(request, &parts.method))
    }
}

impl FromRequestParts<UiState> for UnlockedSession {
    type Rejection = SessionRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &UiState,
    ) -> Result<Self, SessionRejection> {
        let request = PageRequest::from_request_parts(parts, state).await?;
        Self::try_begin(request)
            .await
            .map_err(|request| SessionRejection::locked(request, &parts.method))
    }
}
