//! The first day: from nothing to the queue, step by step. What has been done is looked up, not
//! remembered, so that one can stop anywhere.

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
        extract::{
            NavSection, PageFrame, PageRequest, START_PATH, SessionRejection, UnlockedSession,
            render, show as laid_out,
        },
        forms::FormInput,
    },
};

#[derive(Template)]
#[template(path = "welcome.html")]
struct WelcomeTemplate {
    frame: PageFrame,
}

#[derive(Template)]
#[template(path = "start.html")]
struct OnboardingTemplate {
    frame: PageFrame,
    /// Is there a sheet of this key?
    backed_up: bool,
    words: [VerificationWords; 2],
    /// Where the case handler is, if one is pinned.
    handler: Option<String>,
    trouble: Option<ErrorView>,
    /// Where to go on.
    to: String,
}

/// Without a key: what to begin with. With one: what is still to be done.
pub(super) async fn show(visit: PageRequest) -> Result<Response, SessionRejection> {
    if !visit.state.profile.has_key() {
        return Ok(laid_out(&WelcomeTemplate {
            frame: PageFrame::new(visit, "start-title", NavSection::None),
        }));
    }
    let at = UnlockedSession::for_request(visit).await?;
    if at.keys.signed_in.is_some() {
        return Ok(Redirect::to(&at.request.url("/queue/mine")).into_response());
    }
    Ok(laid_out(&onboarding_page(&at, None, "")?))
}

/// The same for somebody who is not let in anywhere, with the reason.
pub(super) async fn show_with_error(
    visit: PageRequest,
    trouble: PageError,
    to: &str,
) -> Result<Response, PageError> {
    if trouble.is_redirect() {
        return Err(trouble);
    }
    let Ok(at) = UnlockedSession::for_request(visit).await else { return Err(trouble) };
    let page = onboarding_page(&at, Some(&trouble), to)?;
    Ok(render(trouble.status(), &page))
}

/// Tries again.
pub(super) async fn retry_sign_in(
    mut at: UnlockedSession,
    typed: FormInput,
) -> Result<Response, PageError> {
    let to = typed.local_path("to").to_owned();
    let site = at.request.state.clone();
    match at.keys.sign_in(&site.profile, site.clock.now()).await {
        Ok(()) => Ok(Redirect::to(&at.request.url(&to)).into_response()),
        Err(error) => {
            let trouble = PageError::from(error);
            let page = onboarding_page(&at, Some(&trouble), &to)?;
            Ok(render(trouble.status(), &page))
        }
    }
}

fn onboarding_page(
    at: &UnlockedSession,
    trouble: Option<&PageError>,
    to: &str,
) -> Result<OnboardingTemplate, PageError> {
    let frame = at.frame("start-title");
    let home = &at.request.state.profile;
    let request = at.keys.key.request();
    let backed_up = home.backup_record()?.is_some_and(|made| made.device == request.device);
    let handler = if home.is_connected() { Some(home.settings()?.handler) } else { None };
    let words = VerificationWords::in_each_language(&frame, |lang| request.fingerprint_words(lang));
    let trouble = trouble.map(|trouble| trouble.view(&frame));
    Ok(OnboardingTemplate { frame, backed_up, words, handler, trouble, to: to.to_owned() })
}

/// The public half of the key, as a file for the administrator.
pub(super) async fn download_key_request(at: UnlockedSession) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"request.json\""),
    ];
    (StatusCode::OK, headers, private_files::to_pretty_json(&at.keys.key.request())).into_response()
}

/// Where nothing may be put in the place of a key.
pub(super) fn ensure_no_key(visit: &PageRequest) -> Result<(), PageError> {
    if visit.state.profile.has_key() {
        Err(PageError::redirect(visit.url(START_PATH)))
    } else {
        Ok(())
    }
}
