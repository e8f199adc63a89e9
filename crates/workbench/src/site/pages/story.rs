//! A case: facts first, then the story, the files, and how exposed the reporter is.

use askama::Template;
use axum::{extract::Path, response::Response};
use uuid::Uuid;

use super::case::{Head, Shown};
use crate::{
    queue::Showing,
    site::{
        frame::{AtWork, Frame, show as laid_out},
        trouble::Trouble,
    },
    standing::Level,
    view::CaseView,
};

#[derive(Template)]
#[template(path = "story.html")]
struct Page {
    frame: Frame,
    head: Head,
    view: CaseView,
}

impl Page {
    /// The word for how exposed the reporter is, as far as the answers tell.
    fn exposed(&self) -> &'static str {
        let signs = self.view.report.as_ref().map(|report| &report.exposed);
        match signs.and_then(|signs| signs.first()).map(|sign| sign.level) {
            Some(Level::High) => "high",
            Some(Level::Raised) => "raised",
            Some(Level::Low) => "low",
            None => "unknown",
        }
    }
}

pub(super) async fn show(mut at: AtWork, Path((_, id)): Path<(String, Uuid)>) -> Result<Response, Trouble> {
    let case = at.open(id).await?;
    at.connection_mut().mark_looked_at(&case, Showing::Report)?;
    let Shown { frame, head, view } = Shown::of(&at, &case, "story");
    Ok(laid_out(&Page { frame, head, view }))
}
