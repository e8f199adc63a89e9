//! What happened in a case, event by signed event.

use askama::Template;
use axum::{extract::Path, response::Response};
use uuid::Uuid;

use super::case::{Head, Shown};
use crate::site::{
    frame::{AtWork, Frame, show as laid_out},
    moments::{Moment, moments},
    trouble::Trouble,
};

#[derive(Template)]
#[template(path = "timeline.html")]
struct Page {
    frame: Frame,
    head: Head,
    moves: Vec<Moment>,
}

pub(super) async fn show(mut at: AtWork, Path((_, id)): Path<(String, Uuid)>) -> Result<Response, Trouble> {
    let case = at.open(id).await?;
    let Shown { frame, head, .. } = Shown::of(&at, &case, "timeline");
    let moves = moments(&frame, &case.events);
    Ok(laid_out(&Page { frame, head, moves }))
}
