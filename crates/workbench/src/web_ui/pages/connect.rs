//! The connection to a case handler: its address and two files, and then the fingerprint, which the
//! member compares before the program pins it.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use protocol::directory::TrustRoots;

use super::key_health::VerificationWords;
use crate::{
    session::{
        ConnectError, HandlerOffer, client::ClientError, fingerprint, profile::ProfileSettings,
    },
    web_ui::{
        error_page::{ErrorView, PageError},
        extract::UnlockedSession,
        forms::{FormInput, InvalidField},
        layout::{PageFrame, render, render_ok},
        request::START_PATH,
    },
};

#[derive(Template)]
#[template(path = "connect.html")]
struct ConnectTemplate {
    frame: PageFrame,
    handler: String,
    wrong: InvalidField,
    error: Option<ErrorView>,
}

#[derive(Template)]
#[template(path = "fingerprint.html")]
struct FingerprintTemplate {
    frame: PageFrame,
    words: [VerificationWords; 2],
    until: String,
    handler: String,
    ca: String,
    trust: String,
}

pub(super) async fn show(session: UnlockedSession) -> Response {
    // The pinned address, for a member who connects again.
    let handler = session
        .request
        .state
        .profile
        .settings()
        .map_or_else(|_| String::new(), |settings| settings.handler);
    connect_page(&session, handler, InvalidField::default(), None)
}

fn connect_page(
    session: &UnlockedSession,
    handler: String,
    wrong: InvalidField,
    error: Option<&PageError>,
) -> Response {
    let frame = session.frame("connect-title");
    let status = error.map_or_else(|| wrong.status(), PageError::status);
    let error = error.map(|error| error.view(&frame));
    render(status, &ConnectTemplate { frame, handler, wrong, error })
}

/// Checks the offered directory and shows its fingerprint. After the member compared it, pins the
/// case handler and signs in.
pub(super) async fn connect(
    mut session: UnlockedSession,
    form: FormInput,
) -> Result<Response, PageError> {
    let handler = normalize_address(form.get("handler"));
    let wrong = |session: &UnlockedSession, handler: String, field, key: &str| {
        let text = session.request.catalog().get(key);
        Ok(connect_page(session, handler, InvalidField::new(field, text), None))
    };
    let ca_pem = form.get("ca").to_owned();
    let Ok(trust) = serde_json::from_str::<TrustRoots>(form.get("trust")) else {
        return wrong(&session, handler, "trust", "connect-trust-wrong");
    };
    let offer =
        HandlerOffer { settings: ProfileSettings { handler: handler.clone() }, ca_pem, trust };
    let state = session.request.state.clone();
    let now = state.clock.now();
    let compared = form.has("same");
    let result = if compared {
        offer.pin(&state.profile, now).await
    } else {
        offer.preview_directory(&state.profile, now).await
    };
    let directory = match result {
        Ok(directory) => directory,
        Err(ConnectError::Client(ClientError::InvalidAddress(_))) => {
            return wrong(&session, handler, "handler", "connect-address-wrong");
        }
        Err(ConnectError::Client(ClientError::InvalidCa(_))) => {
            return wrong(&session, handler, "ca", "connect-ca-wrong");
        }
        Err(error) => {
            return Ok(connect_page(
                &session,
                handler,
                InvalidField::default(),
                Some(&error.into()),
            ));
        }
    };
    if !compared {
        let frame = session.frame("connect-title");
        return Ok(render_ok(&FingerprintTemplate {
            words: VerificationWords::in_each_language(&frame, |lang| {
                fingerprint(&offer.trust, lang)
            }),
            until: frame.format_date(directory.expires),
            frame,
            handler,
            ca: offer.ca_pem,
            trust: form.get("trust").to_owned(),
        }));
    }
    // This ends a session at another case handler.
    match session.keys.sign_in(&state.profile, now).await {
        Ok(()) => Ok(session.request.redirect_with_flash("/keys", "connected")),
        // The administrator may not have signed the directory yet. The page of the first steps
        // shows this and offers to try again.
        Err(_) => Ok(Redirect::to(&session.request.url(START_PATH)).into_response()),
    }
}

/// Returns the address with `https://`, which people omit when they type one.
fn normalize_address(address: &str) -> String {
    let address = address.trim();
    if address.is_empty() || address.contains("://") {
        address.to_owned()
    } else {
        format!("https://{address}")
    }
}
