//! The log: going through it, and a copy of it that can be verified elsewhere.

use askama::Template;
use axum::response::{IntoResponse, Response};

use super::{
    case::{Told, told},
    files::download,
};
use crate::{
    alarm::any_alarm,
    files::pretty,
    site::{
        frame::{AtWork, Frame, Section, show as laid_out},
        trouble::Trouble,
    },
};

#[derive(Template)]
#[template(path = "log.html")]
struct Page {
    frame: Frame,
    /// Does this person see all of it?
    whole: bool,
    result: Option<Verified>,
}

/// What came out.
struct Verified {
    ok: bool,
    entries: usize,
    cases: usize,
    /// The end of the whole log.
    head: Option<String>,
    alarms: Vec<Told>,
}

pub(super) async fn show(at: AtWork) -> Response {
    laid_out(&page(&at, None))
}

/// Fetches it and goes through all of it.
pub(super) async fn verify(mut at: AtWork) -> Result<Response, Trouble> {
    let export = at.connection().export().await?;
    let audit = at.connection_mut().audit(&export)?;
    let frame = at.frame("administration-title", Section::Administration);
    let result = Verified {
        ok: !any_alarm(&audit.alarms),
        entries: usize::try_from(audit.entries).unwrap_or(usize::MAX),
        cases: audit.cases.len(),
        head: export.whole.then(|| audit.head.to_string()),
        alarms: audit.alarms.iter().map(|alarm| told(&frame, alarm)).collect(),
    };
    Ok(laid_out(&page(&at, Some(result))))
}

/// The log as a file, with everything that is needed to verify it but the pinned root keys.
pub(super) async fn save(at: AtWork) -> Result<Response, Trouble> {
    let export = at.connection().export().await?;
    let name = format!("burkindi-log-{}.json", export.exported);
    Ok(download(&name, pretty(&export)).into_response())
}

fn page(at: &AtWork, result: Option<Verified>) -> Page {
    let frame = at.frame("administration-title", Section::Administration);
    Page { frame, whole: at.connection().is_oversight(), result }
}
