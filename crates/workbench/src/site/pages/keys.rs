//! Everything that keys depend on, in one look.

use askama::Template;
use axum::response::Response;

use crate::{
    health::{self, Outcome},
    site::{
        frame::{AtWork, Frame, Section, show as laid_out},
        trouble::Trouble,
    },
    view::word,
};

#[derive(Template)]
#[template(path = "keys.html")]
struct Page {
    frame: Frame,
    checks: Vec<Check>,
    words: String,
    refused: usize,
}

struct Check {
    subject: String,
    outcome: &'static str,
    means: String,
    text: String,
}

pub(super) async fn show(at: AtWork) -> Result<Response, Trouble> {
    let frame = at.frame("keys-title", Section::Keys);
    let checks = health::checks(at.connection())?;
    let checks = checks.into_iter().map(|check| {
        let subject = word(&check.subject);
        let outcome = match check.outcome {
            Outcome::Well => "well",
            Outcome::Soon => "soon",
            Outcome::Wrong => "wrong",
        };
        Check {
            means: frame.one_of("health", &format!("{subject}-{outcome}")),
            subject: frame.one_of("health", &subject),
            outcome,
            text: check.text,
        }
    });
    let checks = checks.collect();
    let words = at.connection().key().request().words(frame.code());
    let refused = usize::try_from(at.visit.site.door.refused()).unwrap_or(usize::MAX);
    Ok(laid_out(&Page { frame, checks, words, refused }))
}
