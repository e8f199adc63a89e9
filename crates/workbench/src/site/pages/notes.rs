//! Notes for the team, sealed to the case: what is known apart from what is supposed, and what is to be done.

use askama::Template;
use axum::{extract::Path, http::StatusCode, response::Response};
use investigator::{Note, NoteKind};
use uuid::Uuid;

use super::{
    case::{Head, Shown},
    messages::complaint,
};
use crate::{
    cases::Case,
    site::{
        forms::Typed,
        frame::{AtWork, Frame, NotAtWork, render},
        i18n,
        trouble::Trouble,
    },
    view::{NoteView, word},
};

const KINDS: [NoteKind; 3] = [NoteKind::Fact, NoteKind::Hypothesis, NoteKind::Task];

#[derive(Template)]
#[template(path = "notes.html")]
struct Page {
    frame: Frame,
    head: Head,
    /// Facts, hypotheses, tasks.
    shelves: Vec<(String, Vec<Shelved>)>,
    text: String,
    kind: String,
    wrong: Option<String>,
}

struct Shelved {
    by: String,
    when: String,
    text: String,
}

type Where = Path<(String, Uuid)>;

pub(super) async fn show(mut at: AtWork, Path((_, id)): Where) -> Result<Response, Trouble> {
    let case = at.open(id).await?;
    at.connection_mut().mark_looked_at(&case)?;
    let typed = at.kept().unwrap_or_default();
    Ok(render(StatusCode::OK, &page(&at, &case, &typed)))
}

pub(super) async fn write(
    at: Result<AtWork, NotAtWork>,
    Path((_, id)): Where,
    typed: Typed,
) -> Result<Response, Trouble> {
    let mut at = match at {
        Ok(at) => at,
        Err(not) => return not.keeping(&typed),
    };
    let mut case = at.open_to_write(id, &typed).await?;
    let kind = KINDS.into_iter().find(|kind| word(kind) == typed.get("kind")).unwrap_or(NoteKind::Hypothesis);
    let written = Note { kind, text: typed.get("text").trim().to_owned() };
    match at.connection_mut().note(&mut case, &written).await {
        Ok(()) => Ok(at.visit.on(&format!("/case/{id}/notes"), "noted")),
        Err(error) => {
            let mut page = page(&at, &case, &typed);
            page.wrong = Some(complaint(&page.frame, &error));
            Ok(render(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
    }
}

fn page(at: &AtWork, case: &Case, typed: &Typed) -> Page {
    let Shown { frame, head, view } = Shown::of(at, case, "notes");
    let lay = |note: &NoteView| Shelved {
        by: note.by.clone(),
        when: i18n::moment(frame.words(), note.at),
        text: note.text.clone(),
    };
    let shelves = KINDS
        .map(|kind| (word(&kind), view.notes.iter().filter(|note| note.kind == kind).map(lay).collect()));
    Page {
        shelves: shelves.into(),
        text: typed.get("text").to_owned(),
        kind: typed.some("kind").unwrap_or_else(|| word(&NoteKind::Fact)),
        wrong: None,
        frame,
        head,
    }
}
