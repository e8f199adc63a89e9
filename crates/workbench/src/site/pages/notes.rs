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
    acting::ActError,
    cases::Case,
    queue::Showing,
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
    /// Facts, hypotheses, tasks, and why proposals were not approved.
    shelves: Vec<(String, Vec<Shelved>)>,
    /// What a new note can be.
    kinds: [String; 3],
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
    at.connection_mut().mark_looked_at(&case, Showing::Notes)?;
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
    let kind = KINDS.into_iter().find(|kind| word(kind) == typed.get("kind"));
    let text = typed.get("text").trim().to_owned();
    let noted = match kind {
        Some(kind) => at.connection_mut().note(&mut case, &Note { kind, text }).await,
        None => Err(ActError::NotChosen),
    };
    // Noted, or on the page again.
    at.written();
    match noted {
        Ok(()) => Ok(at.visit.on(&format!("/case/{id}/notes"), "noted")),
        Err(error) => {
            let mut page = page(&at, &case, &typed);
            page.wrong = Some(match error {
                ActError::NotChosen => page.frame.t("note-kind-missing"),
                error => complaint(&page.frame, &error),
            });
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
    let shelf = |kind: NoteKind| {
        (word(&kind), view.notes.iter().filter(|note| note.kind == kind).map(lay).collect::<Vec<_>>())
    };
    // Written with the act that they belong to, and shown where there are any.
    let objections = Some(shelf(NoteKind::Objection)).filter(|(_, notes)| !notes.is_empty());
    Page {
        shelves: KINDS.map(shelf).into_iter().chain(objections).collect(),
        kinds: KINDS.map(|kind| word(&kind)),
        text: typed.get("text").to_owned(),
        kind: typed.get("kind").to_owned(),
        wrong: None,
        frame,
        head,
    }
}
