//! To whom a case would be suggested now, and why.

use askama::Template;
use axum::{extract::Path, response::Response};
use envelope::desk_api::Candidate;
use uuid::Uuid;

use super::case::{Head, Shown};
use crate::site::{
    frame::{AtWork, Frame, show as laid_out},
    trouble::Trouble,
};

#[derive(Template)]
#[template(path = "routing.html")]
struct Page {
    frame: Frame,
    head: Head,
    candidates: Vec<Row>,
}

struct Row {
    member: String,
    there: String,
    reads: String,
    load: u32,
    lot: u16,
}

pub(super) async fn show(mut at: AtWork, Path((_, id)): Path<(String, Uuid)>) -> Result<Response, Trouble> {
    let case = at.open(id).await?;
    let candidates = at.connection().routing(id).await?;
    let Shown { frame, head, .. } = Shown::of(&at, &case, "actions");
    let row = |candidate: Candidate| Row {
        member: candidate.member,
        there: match candidate.away {
            Some(until) => frame.with("routing-away", "day", frame.day(until)),
            None => frame.t("routing-there"),
        },
        reads: frame.t(if candidate.reads { "routing-reads" } else { "routing-reads-not" }),
        load: candidate.load,
        lot: candidate.lot,
    };
    let candidates = candidates.into_iter().map(row).collect();
    Ok(laid_out(&Page { frame, head, candidates }))
}
