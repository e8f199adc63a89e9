//! Cases that somebody can open who has left or has another key, and new keys for one of them or for all.

use askama::Template;
use axum::response::{IntoResponse, Response};
use envelope::desk_api::FormerReader;
use rand::rngs::OsRng;
use uuid::Uuid;

use crate::{
    former::{Exposed, Renewal},
    site::{
        forms::Typed,
        frame::{AtWork, Frame, Section, show as laid_out},
        refusals::{Said, Tell as _},
        trouble::Trouble,
    },
    view::word,
};

/// New keys are made for so many cases in one step; each is opened for it, and somebody waits.
const AT_ONCE: usize = 100;

#[derive(Template)]
#[template(path = "former.html")]
struct Page {
    frame: Frame,
    cases: Vec<Row>,
    /// For how many its reader can make new keys.
    possible: usize,
    /// What was refused just now: the case, and why.
    failed: Vec<(Uuid, Said)>,
}

struct Row {
    id: Uuid,
    stage: String,
    filed: String,
    /// Handles, with why they should not read it.
    readers: Vec<(String, String)>,
    /// Why its reader cannot make new keys for it.
    refused: Option<String>,
}

pub(super) async fn show(at: AtWork) -> Result<Response, Trouble> {
    let cases = at.connection().former_readers().await?;
    Ok(laid_out(&page(&at, &cases, Vec::new())))
}

/// Makes new keys for the case that was chosen, or for as many as is done at once.
pub(super) async fn renew(mut at: AtWork, typed: Typed) -> Result<Response, Trouble> {
    let chosen: Vec<Uuid> = if let Some(case) = typed.some("case") {
        vec![case.parse().map_err(|_| Trouble::nowhere())?]
    } else {
        let all = at.connection().former_readers().await?;
        all.iter().filter(|case| case.refused.is_none()).map(|case| case.case).take(AT_ONCE).collect()
    };
    let renewals = at.connection_mut().renew_all(chosen, &mut OsRng).await?;
    let refused = |renewal: Renewal| Some((renewal.case, renewal.outcome.err()?.said()));
    let failed: Vec<_> = renewals.into_iter().filter_map(refused).collect();
    if failed.is_empty() {
        return Ok(at.visit.on("/administration/former", "renewed").into_response());
    }
    let cases = at.connection().former_readers().await?;
    Ok(laid_out(&page(&at, &cases, failed)))
}

fn page(at: &AtWork, cases: &[Exposed], failed: Vec<(Uuid, Said)>) -> Page {
    let frame = at.frame("administration-title", Section::Administration);
    let possible = cases.iter().filter(|case| case.refused.is_none()).count();
    let reader = |reader: &FormerReader| (reader.handle.clone(), frame.one_of("former", &word(&reader.why)));
    let cases = cases.iter().map(|case| Row {
        id: case.case,
        stage: frame.one_of("stage", &case.stage),
        filed: frame.day(case.filed),
        readers: case.readers.iter().map(reader).collect(),
        refused: case.rule.map(|rule| match rule {
            "undeclared" => frame.t("former-declare"),
            "stage" => frame.t("former-closed"),
            _ => frame.t("former-others"),
        }),
    });
    Page { cases: cases.collect(), possible, failed, frame }
}
