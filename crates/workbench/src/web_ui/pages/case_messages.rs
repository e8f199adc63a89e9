//! Messages to and from the reporter: reply templates in the reporter's language, and the exposure
//! check.

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
        view::{AddedFactsView, CaseView, MessageView, serde_word},
    },
    l10n::dates,
    web_ui::{
        error_page::PageError,
        error_text::ToErrorText as _,
        extract::{SessionRejection, SignedInSession},
        forms::FormInput,
        layout::{PageFrame, render},
    },
};

#[derive(Template)]
#[template(path = "case-messages.html")]
struct CaseMessagesTemplate {
    frame: PageFrame,
    head: CaseHeader,
    messages: Vec<CaseMessageRow>,
    story: Option<String>,
    lang: String,
    /// The languages of the reporter's pages.
    langs: [Locale; Locale::ALL.len()],
    draft: ReplyFormState,
    templates: Vec<(String, String)>,
    /// The purposes that a message can have.
    purposes: Vec<&'static str>,
    risks: Vec<String>,
    wrong: Option<String>,
}

/// The form of a message.
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
    /// Removed from the mailbox before the reporter saw it.
    dropped: bool,
    lang: String,
    text: String,
    facts: Option<AddedFactsView>,
    /// The other report of the same person that the message names.
    related: Option<RelatedReportLink>,
}

type CaseMessagesPath = Path<(String, Uuid)>;

pub(super) async fn show(
    mut session: SignedInSession,
    Path((_, id)): CaseMessagesPath,
) -> Result<Response, PageError> {
    let case = session.open_declared_case(id).await?;
    session.connection_mut().mark_seen(&case, ShownContent::Everything)?;
    let draft = session.take_draft().as_ref().map(ReplyFormState::from_form).unwrap_or_default();
    Ok(render(StatusCode::OK, &messages_page(&session, &case, draft)))
}

/// Inserts a reply template, or sends the message. A message that could expose the reporter is sent
/// only after the member has confirmed it.
pub(super) async fn post_message(
    session: Result<SignedInSession, SessionRejection>,
    Path((_, id)): CaseMessagesPath,
    form: FormInput,
) -> Result<Response, PageError> {
    let mut session = match session {
        Ok(session) => session,
        Err(rejection) => return rejection.keep_draft(&form),
    };
    let draft = ReplyFormState::from_form(&form);
    let mut case = session.open_case_keeping_draft(id, &form).await?;
    let answer = submit_message(&mut session, &mut case, id, &form, draft).await;
    // The text was sent, or is on the page again.
    if answer.is_ok() {
        session.discard_draft();
    }
    answer
}

async fn submit_message(
    session: &mut SignedInSession,
    case: &mut VerifiedCase,
    id: Uuid,
    form: &FormInput,
    mut draft: ReplyFormState,
) -> Result<Response, PageError> {
    if form.get("go") == "template" {
        let templates = ReplyTemplate::built_in();
        if let Some(template) =
            templates.iter().find(|template| template.id == form.get("template"))
        {
            let before = draft.text.trim();
            let gap = if before.is_empty() { "" } else { "\n\n" };
            draft.text = format!("{before}{gap}{}", template.text(&draft.lang));
        }
        let mut page = messages_page(session, case, draft);
        page.head.shown_event_count = form.shown_event_count();
        return Ok(render(StatusCode::OK, &page));
    }
    let mut page = messages_page(session, case, draft);
    // The event count that was shown before the text was written stays in the form until the text
    // is sent. A newer count here would mark messages as seen that the member has not seen.
    page.head.shown_event_count = form.shown_event_count();
    let view = CaseView::new(case, &session.request.state.taxonomy, page.frame.code());
    let risks = find_exposures(&page.draft.text, &view)
        .into_iter()
        .map(|risk| exposure_text(&page.frame, &risk));
    let mut risks: Vec<String> = risks.collect();
    // If the reply cannot be sealed, sending it returns the error.
    let reply = ReplyInput { text: &page.draft.text, lang: &page.draft.lang };
    if let Ok(displaced @ 1..) = session.connection().count_displaced_replies(case, reply) {
        risks.push(page.frame.count("risk-displaces", displaced));
    }
    if !risks.is_empty() && form.get("go") != "anyway" {
        page.risks = risks;
        return Ok(render(StatusCode::UNPROCESSABLE_ENTITY, &page));
    }
    match send_message(session, case, &page.draft, form.shown_event_count()).await {
        Ok(()) => {
            Ok(session.request.redirect_with_flash(&format!("/case/{id}/messages"), "replied"))
        }
        Err(error) => {
            if let ActionError::Conflict(_) = error {
                let case = session.open_case_keeping_draft(id, form).await?;
                session.connection_mut().mark_seen(&case, ShownContent::Everything)?;
                page = self::messages_page(session, &case, page.draft);
            }
            page.wrong = Some(reject_text(&page.frame, &error));
            Ok((render(StatusCode::UNPROCESSABLE_ENTITY, &page)).into_response())
        }
    }
}

/// Sends the message.
///
/// # Errors
/// Returns `Conflict` if the page did not show all events, because a reply also states that earlier
/// messages were read.
async fn send_message(
    session: &mut SignedInSession,
    case: &mut VerifiedCase,
    draft: &ReplyFormState,
    shown: u32,
) -> Result<(), ActionError> {
    case.check_version(shown)?;
    let reply = ReplyInput { text: &draft.text, lang: &draft.lang };
    let me = session.connection_mut();
    match draft.purpose.as_str() {
        "feedback" => me.send_feedback(case, reply).await,
        "renew" => me.extend_deadline(case, reply).await,
        _ => me.send_reply(case, reply).await,
    }
}

fn messages_page(
    session: &SignedInSession,
    case: &VerifiedCase,
    mut draft: ReplyFormState,
) -> CaseMessagesTemplate {
    let CasePageContext { frame, head, view } = CasePageContext::new(session, case, "messages");
    if draft.lang.is_empty() {
        draft.lang.clone_from(&view.lang);
    }
    if draft.purpose.is_empty() {
        draft.purpose.push_str("message");
    }
    let mut purposes = vec!["message", "feedback"];
    if session.connection().allowed_actions(case).contains(&ActionKind::Renew) {
        purposes.push("renew");
    }
    let category = view.report.as_ref().map_or("", |report| report.category.as_str());
    let templates = ReplyTemplate::for_category(category);
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
                facts: message.facts.clone(),
                related: message.related,
            })
            .collect(),
        story: view.report.map(|report| report.story).filter(|story| !story.trim().is_empty()),
        lang: view.lang,
        langs: Locale::ALL,
        draft,
        templates: templates
            .into_iter()
            .map(|template| (template.label(frame.code()).to_owned(), template.id))
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

/// Returns why a text was refused.
pub(super) fn reject_text(frame: &PageFrame, error: &ActionError) -> String {
    match error {
        ActionError::Conflict(_) => frame.t("text-overtaken"),
        other => other.error_text().localize(frame),
    }
}

impl ReplyFormState {
    fn from_form(form: &FormInput) -> Self {
        let field = |name| form.get(name).to_owned();
        Self { text: field("text"), lang: field("lang"), purpose: field("purpose") }
    }
}
