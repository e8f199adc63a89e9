//! Pinning a case handler: its address and two files, and then the words that a person compares before anything is believed.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use envelope::directory::Trust;

use super::keys::Words;
use crate::{
    client::ClientError,
    connection::{ConnectError, Offered, fingerprint},
    home::Settings,
    site::{
        forms::{Typed, Wrong},
        frame::{Frame, START, Unlocked, render, show as laid_out},
        trouble::{Told, Trouble},
    },
};

#[derive(Template)]
#[template(path = "connect.html")]
struct Form {
    frame: Frame,
    handler: String,
    wrong: Wrong,
    trouble: Option<Told>,
}

#[derive(Template)]
#[template(path = "compare.html")]
struct Compare {
    frame: Frame,
    words: [Words; 2],
    until: String,
    handler: String,
    ca: String,
    trust: String,
}

pub(super) async fn show(at: Unlocked) -> Response {
    // Where it was before, for whoever connects again.
    let handler = at.visit.site.home.settings().map_or_else(|_| String::new(), |settings| settings.handler);
    form(&at, handler, Wrong::default(), None)
}

fn form(at: &Unlocked, handler: String, wrong: Wrong, trouble: Option<&Trouble>) -> Response {
    let frame = at.frame("connect-title");
    let status = trouble.map_or_else(|| wrong.status(), Trouble::status);
    let trouble = trouble.map(|trouble| trouble.told(&frame));
    render(status, &Form { frame, handler, wrong, trouble })
}

/// Looks at what is offered and shows its words; once they were compared, pins it and signs in.
pub(super) async fn connect(mut at: Unlocked, typed: Typed) -> Result<Response, Trouble> {
    let handler = address(typed.get("handler"));
    let wrong = |at: &Unlocked, handler: String, field, key: &str| {
        let text = at.visit.words().get(key);
        Ok(form(at, handler, Wrong::at(field, text), None))
    };
    let ca_pem = typed.get("ca").to_owned();
    let Ok(trust) = serde_json::from_str::<Trust>(typed.get("trust")) else {
        return wrong(&at, handler, "trust", "connect-trust-wrong");
    };
    let offered = Offered { settings: Settings { handler: handler.clone() }, ca_pem, trust };
    let site = at.visit.site.clone();
    let now = site.clock.now();
    let compared = typed.has("same");
    let looked =
        if compared { offered.pin(&site.home, now).await } else { offered.look_at(&site.home, now).await };
    let directory = match looked {
        Ok(directory) => directory,
        Err(ConnectError::Client(ClientError::Address(_))) => {
            return wrong(&at, handler, "handler", "connect-address-wrong");
        }
        Err(ConnectError::Client(ClientError::Authority(_))) => {
            return wrong(&at, handler, "ca", "connect-ca-wrong");
        }
        Err(error) => return Ok(form(&at, handler, Wrong::default(), Some(&error.into()))),
    };
    if !compared {
        let frame = at.frame("connect-title");
        return Ok(laid_out(&Compare {
            words: Words::of(&frame, |lang| fingerprint(&offered.trust, lang)),
            until: frame.day(directory.expires),
            frame,
            handler,
            ca: offered.ca_pem,
            trust: typed.get("trust").to_owned(),
        }));
    }
    // Whoever was connected elsewhere is not any more.
    match at.work.join(&site.home, now).await {
        Ok(()) => Ok(at.visit.on("/keys", "connected")),
        // The administrator may still have to sign: the page of the steps says so and tries again.
        Err(_) => Ok(Redirect::to(&at.visit.at(START)).into_response()),
    }
}

/// As people write addresses.
fn address(typed: &str) -> String {
    let typed = typed.trim();
    if typed.is_empty() || typed.contains("://") { typed.to_owned() } else { format!("https://{typed}") }
}
