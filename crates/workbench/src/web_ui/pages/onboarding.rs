//! The first steps, from an empty folder to the queue. Each page derives the finished steps from
//! the files, so that a member can stop and continue anywhere.

use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};

use super::key_health::VerificationWords;
use crate::{
    private_files,
    web_ui::{
        error_page::{ErrorView, PageError},
        extract::{SessionRejection, UnlockedSession},
        forms::FormInput,
        layout::{NavSection, PageFrame, render, render_ok},
        request::{PageRequest, START_PATH},
    },
};

#[derive(Template)]
#[template(path = "welcome.html")]
struct WelcomeTemplate {
    frame: PageFrame,
}

#[derive(Template)]
#[template(path = "onboarding.html")]
struct OnboardingTemplate {
    frame: PageFrame,
    /// Whether a backup sheet of this key was printed.
    backed_up: bool,
    words: [VerificationWords; 2],
    /// The address of the pinned case handler.
    handler: Option<String>,
    error: Option<ErrorView>,
    /// The path of the page that follows.
    to: String,
}

/// Shows the choice between a new key and a restored one, or the steps that are left.
pub(super) async fn show(request: PageRequest) -> Result<Response, SessionRejection> {
    if !request.state.profile.has_key() {
        return Ok(render_ok(&WelcomeTemplate {
            frame: PageFrame::new(request, "start-title", NavSection::None),
        }));
    }
    let session = UnlockedSession::for_request(request).await?;
    if session.keys.signed_in.is_some() {
        return Ok(Redirect::to(&session.request.url("/queue/mine")).into_response());
    }
    Ok(render_ok(&onboarding_page(&session, None, "")?))
}

/// Shows the steps that are left, with the error of a failed sign-in.
pub(super) async fn show_with_error(
    request: PageRequest,
    error: PageError,
    to: &str,
) -> Result<Response, PageError> {
    if error.redirect_target().is_some() {
        return Err(error);
    }
    let Ok(session) = UnlockedSession::for_request(request).await else { return Err(error) };
    let page = onboarding_page(&session, Some(&error), to)?;
    Ok(render(error.status(), &page))
}

/// Signs in again.
pub(super) async fn retry_sign_in(
    mut session: UnlockedSession,
    form: FormInput,
) -> Result<Response, PageError> {
    let to = form.local_path("to").to_owned();
    let state = session.request.state.clone();
    match session.keys.sign_in(&state.profile, state.clock.now()).await {
        Ok(()) => Ok(Redirect::to(&session.request.url(&to)).into_response()),
        Err(error) => {
            let error = PageError::from(error);
            let page = onboarding_page(&session, Some(&error), &to)?;
            Ok(render(error.status(), &page))
        }
    }
}

fn onboarding_page(
    session: &UnlockedSession,
    error: Option<&PageError>,
    to: &str,
) -> Result<OnboardingTemplate, PageError> {
    let frame = session.frame("start-title");
    let profile = &session.request.state.profile;
    let request = session.keys.key.request();
    let backed_up = profile.backup_record()?.is_some_and(|made| made.device == request.device);
    let handler = if profile.is_connected() { Some(profile.settings()?.handler) } else { None };
    let words = VerificationWords::in_each_language(&frame, |lang| request.fingerprint_words(lang));
    let error = error.map(|error| error.view(&frame));
    Ok(OnboardingTemplate { frame, backed_up, words, handler, error, to: to.to_owned() })
}

/// Returns the public keys as a file for the administrator.
pub(super) async fn download_key_request(session: UnlockedSession) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"request.json\""),
    ];
    (StatusCode::OK, headers, private_files::to_pretty_json(&session.keys.key.request()))
        .into_response()
}

/// Redirects to the first steps if there is a key, which must not be replaced.
pub(super) fn ensure_no_key(request: &PageRequest) -> Result<(), PageError> {
    if request.state.profile.has_key() {
        Err(PageError::redirect(request.url(START_PATH)))
    } else {
        Ok(())
    }
}
