//! Messages to the reporter and from them: beginnings in the reporter's language, and the check
//! whether a message could expose them.

use askama::Template;
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use protocol::{case::ActionKind, submission::frame::FrameDirection};
use uuid::Uuid;
use web::Locale;

use super::case_header::{CaseHeader, CasePageContext};
use crate::{
    actions::{
        ActionError, ReplyInput,
        exposure_check::{ExposureFinding, find_exposures},
        reply_templates::ReplyTemplate,
    },
    case::{
        VerifiedCase,
        queue::ShownContent,
        related_report::RelatedReportLink,
        view::{CaseView, MessageView, serde_word},
    },
    l10n::dates,
    web_ui::{
        error_page::PageError,
        error_text::ToErrorText as _,
        extract::{PageFrame, SessionRejection, SignedInSession, render},
        forms::FormInput,
    },
};

#[derive(Template)]
#[template(path = "messages.html")]
struct CaseMessagesTemplate {
    frame: PageFrame,
    head: CaseHeader,
    messages: Vec<CaseMessageRow>,
    story: Option<String>,
    lang: String,
    /// Those of the reporters' pages.
    langs: [Locale; 5],
    draft: ReplyFormState,
    letters: Vec<(String, String)>,
    /// What a message can be for.
    purposes: Vec<&'static str>,
    risks: Vec<String>,
    wrong: Option<String>,
}

/// A message that is being written.
#[derive(Default)]
struct ReplyFormState {
    text: String,
    lang: String,
    purpose: String,
}

struct CaseMessageRow {
    ours: bool,
    when: String,
    seen: bool,
    /// Never seen, and no longer in the mailbox.
    dropped: bool,
    lang: String,
    text: String,
    /// Another report of the same person that it names.
    earlier: Option<RelatedReportLink>,
}

type CaseMessagesPath = Path<(String, Uuid)>;

pub(super) async fn show(
    mut at: SignedInSession,
    Path((_, id)): CaseMessagesPath,
) -> Result<Response, PageError> {
    let case = at.open_declared_case(id).await?;
    at.connection_mut().mark_seen(&case, ShownContent::Everything)?;
    let draft = at.take_draft().as_ref().map(ReplyFormState::from_form).unwrap_or_default();
    Ok(render(StatusCode::OK, &messages_page(&at, &case, draft)))
}

/// Inserts a letter, or sends the message, unless it could expose the reporter and its writer has
/// not insisted.
pub(super) async fn post_message(
    at: Result<SignedInSession, SessionRejection>,
    Path((_, id)): CaseMessagesPath,
    typed: FormInput,
) -> Result<Response, PageError> {
    let mut at = match at {
        Ok(at) => at,
        Err(not) => return not.keep_draft(&typed),
    };
    let draft = ReplyFormState::from_form(&typed);
    let mut case = at.open_case_keeping_draft(id, &typed).await?;
    let answer = submit_message(&mut at, &mut case, id, &typed, draft).await;
    // Sent, or on the page again.
    if answer.is_ok() {
        at.discard_draft();
    }
    answer
}

async fn submit_message(
    at: &mut SignedInSession,
    case: &mut VerifiedCase,
    id: Uuid,
    typed: &FormInput,
    mut draft: ReplyFormState,
) -> Result<Response, PageError> {
    if typed.get("go") == "letter" {
        let letters = ReplyTemplate::built_in();
        if let Some(letter) = letters.iter().find(|letter| letter.id == typed.get("letter")) {
            let before = draft.text.trim();
            let gap = if before.is_empty() { "" } else { "\n\n" };
            draft.text = format!("{before}{gap}{}", letter.text(&draft.lang));
        }
        let mut page = messages_page(at, case, draft);
        page.head.shown_event_count = typed.shown_event_count();
        return Ok(render(StatusCode::OK, &page));
    }
    let mut page = messages_page(at, case, draft);
    // Until the text is sent it is held against what was shown before it was written; only whoever
    // is told of what is new has seen it.
    page.head.shown_event_count = typed.shown_event_count();
    let view = CaseView::new(case, &at.request.state.taxonomy, page.frame.code());
    let risks = find_exposures(&page.draft.text, &view)
        .into_iter()
        .map(|risk| exposure_text(&page.frame, &risk));
    let mut risks: Vec<String> = risks.collect();
    // Sending reports what cannot be sealed.
    let reply = ReplyInput { text: &page.draft.text, lang: &page.draft.lang };
    if let Ok(lost @ 1..) = at.connection().count_displaced_replies(case, reply) {
        risks.push(page.frame.count("risk-displaces", lost));
    }
    if !risks.is_empty() && typed.get("go") != "despite" {
        page.risks = risks;
        return Ok(render(StatusCode::UNPROCESSABLE_ENTITY, &page));
    }
    match send_message(at, case, &page.draft, typed.shown_event_count()).await {
        Ok(()) => Ok(at.request.redirect_with_flash(&format!("/case/{id}/messages"), "replied")),
        Err(error) => {
            if let ActionError::Conflict(_) = error {
                let case = at.open_case_keeping_draft(id, typed).await?;
                at.connection_mut().mark_seen(&case, ShownContent::Everything)?;
                page = self::messages_page(at, &case, page.draft);
            }
            page.wrong = Some(reject_text(&page.frame, &error));
            Ok((render(StatusCode::UNPROCESSABLE_ENTITY, &page)).into_response())
        }
    }
}

/// Sends it, unless something happened that its writer was not shown: an answer also says that all
/// before it was read.
async fn send_message(
    at: &mut SignedInSession,
    case: &mut VerifiedCase,
    draft: &ReplyFormState,
    shown: u32,
) -> Result<(), ActionError> {
    case.check_version(shown)?;
    let reply = ReplyInput { text: &draft.text, lang: &draft.lang };
    let me = at.connection_mut();
    match draft.purpose.as_str() {
        "feedback" => me.send_feedback(case, reply).await,
        "renew" => me.extend_deadline(case, reply).await,
        _ => me.send_reply(case, reply).await,
    }
}

fn messages_page(
    at: &SignedInSession,
    case: &VerifiedCase,
    mut draft: ReplyFormState,
) -> CaseMessagesTemplate {
    let CasePageContext { frame, head, view } = CasePageContext::new(at, case, "messages");
    if draft.lang.is_empty() {
        draft.lang.clone_from(&view.lang);
    }
    if draft.purpose.is_empty() {
        draft.purpose.push_str("message");
    }
    let mut purposes = vec!["message", "feedback"];
    if at.connection().allowed_actions(case).contains(&ActionKind::Renew) {
        purposes.push("renew");
    }
    let letters = ReplyTemplate::built_in();
    CaseMessagesTemplate {
        purposes,
        messages: view
            .messages
            .iter()
            .map(|message| CaseMessageRow {
                ours: message.direction == FrameDirection::Out,
                when: dates::format_week(frame.catalog(), &message.week),
                seen: is_seen(message, &view),
                dropped: message.dropped,
                lang: message.lang.clone(),
                text: message.text.clone(),
                earlier: message.earlier,
            })
            .collect(),
        story: view.report.map(|report| report.story).filter(|story| !story.trim().is_empty()),
        lang: view.lang,
        langs: Locale::ALL,
        draft,
        letters: letters
            .into_iter()
            .map(|letter| (letter.label(frame.code()).to_owned(), letter.id))
            .collect(),
        risks: Vec::new(),
        wrong: None,
        frame,
        head,
    }
}

fn is_seen(message: &MessageView, view: &CaseView) -> bool {
    view.seen_by_reporter.is_some_and(|seen| seen >= message.seq)
}

fn exposure_text(frame: &PageFrame, exposure: &ExposureFinding) -> String {
    frame.with(&format!("risk-{}", serde_word(&exposure.risk)), "words", &exposure.words)
}

/// Why a text was not taken.
pub(super) fn reject_text(frame: &PageFrame, error: &ActionError) -> String {
    match error {
        ActionError::Conflict(_) => frame.t("text-overtaken"),
        other => other.error_text().localize(frame),
    }
}

impl ReplyFormState {
    fn from_form(typed: &FormInput) -> Self {
        let field = |name| typed.get(name).to_owned();
        Self { text: field("text"), lang: field("lang"), purpose: field("purpose") }
    }
}
