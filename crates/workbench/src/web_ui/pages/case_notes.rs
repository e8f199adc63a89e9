//! Notes for the team, sealed to the case: facts, hypotheses and tasks, each in a group of its own.

use askama::Template;
use axum::{extract::Path, http::StatusCode, response::Response};
use investigator::{Note, NoteKind};
use uuid::Uuid;

use super::{
    case_header::{CaseHeader, CasePageContext},
    case_messages::reject_text,
};
use crate::{
    actions::ActionError,
    case::{
        VerifiedCase,
        queue::ShownContent,
        view::{NoteView, serde_word},
    },
    l10n::{action_text, dates},
    web_ui::{
        error_page::PageError,
        extract::{SessionRejection, SignedInSession},
        forms::FormInput,
        layout::{PageFrame, render},
    },
};

const NOTE_KINDS: [NoteKind; 4] =
    [NoteKind::Fact, NoteKind::Hypothesis, NoteKind::Task, NoteKind::Transcript];

#[derive(Template)]
#[template(path = "case-notes.html")]
struct CaseNotesTemplate {
    frame: PageFrame,
    head: CaseHeader,
    /// Facts, hypotheses, tasks, transcripts and reasons of actions.
    groups: Vec<(String, Vec<NoteRow>)>,
    /// The kinds of a new note.
    kinds: [String; 4],
    text: String,
    kind: String,
    wrong: Option<String>,
}

struct NoteRow {
    by: String,
    /// The name of the action of which the note states the reason.
    reason_of: Option<String>,
    when: String,
    text: String,
}

type CaseNotesPath = Path<(String, Uuid)>;

pub(super) async fn show(
    mut session: SignedInSession,
    Path((_, id)): CaseNotesPath,
) -> Result<Response, PageError> {
    let case = session.open_declared_case(id).await?;
    session.connection_mut().mark_seen(&case, ShownContent::Notes)?;
    let form = session.take_draft().unwrap_or_default();
    Ok(render(StatusCode::OK, &notes_page(&session, &case, &form)))
}

pub(super) async fn post_note(
    session: Result<SignedInSession, SessionRejection>,
    Path((_, id)): CaseNotesPath,
    form: FormInput,
) -> Result<Response, PageError> {
    let mut session = match session {
        Ok(session) => session,
        Err(rejection) => return rejection.keep_draft(&form),
    };
    let mut case = session.open_case_keeping_draft(id, &form).await?;
    let kind = NOTE_KINDS.into_iter().find(|kind| serde_word(kind) == form.get("kind"));
    let text = form.get("text").trim().to_owned();
    let result = match kind {
        Some(kind) => session.connection_mut().add_note(&mut case, &Note { kind, text }).await,
        None => Err(ActionError::NothingChosen),
    };
    // The note was added, or its text is on the page again.
    session.discard_draft();
    match result {
        Ok(()) => Ok(session.request.redirect_with_flash(&format!("/case/{id}/notes"), "noted")),
        Err(error) => {
            let mut page = notes_page(&session, &case, &form);
            page.wrong = Some(match error {
                ActionError::NothingChosen => page.frame.t("note-kind-missing"),
                error => reject_text(&page.frame, &error),
            });
            Ok(render(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
    }
}

fn notes_page(
    session: &SignedInSession,
    case: &VerifiedCase,
    form: &FormInput,
) -> CaseNotesTemplate {
    let CasePageContext { frame, head, view } = CasePageContext::new(session, case, "notes");
    let row = |note: &NoteView| NoteRow {
        by: note.by.clone(),
        reason_of: note.reason_of.map(|act| action_text::localized_title(&frame, act)),
        when: dates::format_time(frame.catalog(), note.at),
        text: note.text.clone(),
    };
    let group = |kind: NoteKind| {
        (
            serde_word(&kind),
            view.notes.iter().filter(|note| note.kind == kind).map(row).collect::<Vec<_>>(),
        )
    };
    let always = [NoteKind::Fact, NoteKind::Hypothesis, NoteKind::Task].map(group);
    // Few cases have a recording, and reasons are written with the action.
    let others = [NoteKind::Transcript, NoteKind::Reason].map(group);
    let others = others.into_iter().filter(|(_, notes)| !notes.is_empty());
    CaseNotesTemplate {
        groups: always.into_iter().chain(others).collect(),
        kinds: NOTE_KINDS.map(|kind| serde_word(&kind)),
        text: form.get("text").to_owned(),
        kind: form.get("kind").to_owned(),
        wrong: None,
        frame,
        head,
    }
}
