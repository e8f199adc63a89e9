//! Pinning a case handler: its address and two files, and then the words that a person compares
//! before anything is believed.

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
        extract::{PageFrame, START_PATH, UnlockedSession, render, show as laid_out},
        forms::{FormInput, InvalidField},
    },
};

#[derive(Template)]
#[template(path = "connect.html")]
struct ConnectTemplate {
    frame: PageFrame,
    handler: String,
    wrong: InvalidField,
    trouble: Option<ErrorView>,
}

#[derive(Template)]
#[template(path = "compare.html")]
struct FingerprintTemplate {
    frame: PageFrame,
    words: [VerificationWords; 2],
    until: String,
    handler: String,
    ca: String,
    trust: String,
}

pub(super) async fn show(at: UnlockedSession) -> Response {
    // Where it was before, for whoever connects again.
    let handler = at
        .request
        .state
        .profile
        .settings()
        .map_or_else(|_| String::new(), |settings| settings.handler);
    connect_page(&at, handler, InvalidField::default(), None)
}

fn connect_page(
    at: &UnlockedSession,
    handler: String,
    wrong: InvalidField,
    trouble: Option<&PageError>,
) -> Response {
    let frame = at.frame("connect-title");
    let status = trouble.map_or_else(|| wrong.status(), PageError::status);
    let trouble = trouble.map(|trouble| trouble.view(&frame));
    render(status, &ConnectTemplate { frame, handler, wrong, trouble })
}

/// Looks at what is offered and shows its words; once they were compared, pins it and signs in.
pub(super) async fn connect(
    mut at: UnlockedSession,
    typed: FormInput,
) -> Result<Response, PageError> {
    let handler = normalize_address(typed.get("handler"));
    let wrong = |at: &UnlockedSession, handler: String, field, key: &str| {
        let text = at.request.catalog().get(key);
        Ok(connect_page(at, handler, InvalidField::new(field, text), None))
    };
    let ca_pem = typed.get("ca").to_owned();
    let Ok(trust) = serde_json::from_str::<TrustRoots>(typed.get("trust")) else {
        return wrong(&at, handler, "trust", "connect-trust-wrong");
    };
    let offered =
        HandlerOffer { settings: ProfileSettings { handler: handler.clone() }, ca_pem, trust };
    let site = at.request.state.clone();
    let now = site.clock.now();
    let compared = typed.has("same");
    let looked = if compared {
        offered.pin(&site.profile, now).await
    } else {
        offered.preview_directory(&site.profile, now).await
    };
    let directory = match looked {
        Ok(directory) => directory,
        Err(ConnectError::Client(ClientError::InvalidAddress(_))) => {
            return wrong(&at, handler, "handler", "connect-address-wrong");
        }
        Err(ConnectError::Client(ClientError::InvalidCa(_))) => {
            return wrong(&at, handler, "ca", "connect-ca-wrong");
        }
        Err(error) => {
            return Ok(connect_page(&at, handler, InvalidField::default(), Some(&error.into())));
        }
    };
    if !compared {
        let frame = at.frame("connect-title");
        return Ok(laid_out(&FingerprintTemplate {
            words: VerificationWords::in_each_language(&frame, |lang| {
                fingerprint(&offered.trust, lang)
            }),
            until: frame.format_date(directory.expires),
            frame,
            handler,
            ca: offered.ca_pem,
            trust: typed.get("trust").to_owned(),
        }));
    }
    // Whoever was connected elsewhere is not any more.
    match at.keys.sign_in(&site.profile, now).await {
        Ok(()) => Ok(at.request.redirect_with_flash("/keys", "connected")),
        // The administrator may still have to sign: the page of the steps says so and tries again.
        Err(_) => Ok(Redirect::to(&at.request.url(START_PATH)).into_response()),
    }
}

/// As people write addresses.
fn normalize_address(typed: &str) -> String {
    let typed = typed.trim();
    if typed.is_empty() || typed.contains("://") {
        typed.to_owned()
    } else {
        format!("https://{typed}")
    }
}
