//! Messages to the reporter and from them: beginnings in the reporter's language, and the check whether a message could expose them.

use askama::Template;
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use envelope::{frame::Direction, life::Act};
use uuid::Uuid;
use web::Locale;

use super::case::{Head, Shown};
use crate::{
    acting::{ActError, Reply},
    cases::Case,
    earlier::NamedReport,
    exposure::{Exposure, exposures},
    letters::Letter,
    queue::Showing,
    site::{
        forms::Typed,
        frame::{AtWork, Frame, NotAtWork, render},
        i18n,
        refusals::Tell as _,
        trouble::Trouble,
    },
    view::{CaseView, MessageView, word},
};

#[derive(Template)]
#[template(path = "messages.html")]
struct Page {
    frame: Frame,
    head: Head,
    messages: Vec<Message>,
    story: Option<String>,
    lang: String,
    /// Those of the reporters' pages.
    langs: [Locale; 5],
    draft: Draft,
    letters: Vec<(String, String)>,
    /// What a message can be for.
    purposes: Vec<&'static str>,
    risks: Vec<String>,
    wrong: Option<String>,
}

/// A message that is being written.
#[derive(Default)]
struct Draft {
    text: String,
    lang: String,
    purpose: String,
}

struct Message {
    ours: bool,
    when: String,
    seen: bool,
    /// Never seen, and no longer in the mailbox.
    dropped: bool,
    lang: String,
    text: String,
    /// Another report of the same person that it names.
    earlier: Option<NamedReport>,
}

type Where = Path<(String, Uuid)>;

pub(super) async fn show(mut at: AtWork, Path((_, id)): Where) -> Result<Response, Trouble> {
    let case = at.open(id).await?;
    at.connection_mut().mark_looked_at(&case, Showing::Everything)?;
    let draft = at.kept().as_ref().map(Draft::of).unwrap_or_default();
    Ok(render(StatusCode::OK, &page(&at, &case, draft)))
}

/// Inserts a letter, or sends the message, unless it could expose the reporter and its writer has not insisted.
pub(super) async fn write(
    at: Result<AtWork, NotAtWork>,
    Path((_, id)): Where,
    typed: Typed,
) -> Result<Response, Trouble> {
    let mut at = match at {
        Ok(at) => at,
        Err(not) => return not.keeping(&typed),
    };
    let draft = Draft::of(&typed);
    let mut case = at.open_to_write(id, &typed).await?;
    let answer = written(&mut at, &mut case, id, &typed, draft).await;
    // Sent, or on the page again.
    if answer.is_ok() {
        at.written();
    }
    answer
}

async fn written(
    at: &mut AtWork,
    case: &mut Case,
    id: Uuid,
    typed: &Typed,
    mut draft: Draft,
) -> Result<Response, Trouble> {
    if typed.get("go") == "letter" {
        let letters = Letter::built_in();
        if let Some(letter) = letters.iter().find(|letter| letter.id == typed.get("letter")) {
            let before = draft.text.trim();
            let gap = if before.is_empty() { "" } else { "\n\n" };
            draft.text = format!("{before}{gap}{}", letter.text(&draft.lang));
        }
        let mut page = page(at, case, draft);
        page.head.shown = typed.shown();
        return Ok(render(StatusCode::OK, &page));
    }
    let mut page = page(at, case, draft);
    // Until the text is sent it is held against what was shown before it was written; only whoever is told of what is new has seen it.
    page.head.shown = typed.shown();
    let view = CaseView::new(case, &at.visit.site.taxonomy, page.frame.code());
    let risks = exposures(&page.draft.text, &view).into_iter().map(|risk| in_words(&page.frame, &risk));
    let mut risks: Vec<String> = risks.collect();
    // Sending reports what cannot be sealed.
    let reply = Reply { text: &page.draft.text, lang: &page.draft.lang };
    if let Ok(lost @ 1..) = at.connection().displaces(case, reply) {
        risks.push(page.frame.count("risk-displaces", lost));
    }
    if !risks.is_empty() && typed.get("go") != "despite" {
        page.risks = risks;
        return Ok(render(StatusCode::UNPROCESSABLE_ENTITY, &page));
    }
    match send(at, case, &page.draft, typed.shown()).await {
        Ok(()) => Ok(at.visit.on(&format!("/case/{id}/messages"), "replied")),
        Err(error) => {
            if let ActError::Overtaken(_) = error {
                let case = at.open_to_write(id, typed).await?;
                at.connection_mut().mark_looked_at(&case, Showing::Everything)?;
                page = self::page(at, &case, page.draft);
            }
            page.wrong = Some(complaint(&page.frame, &error));
            Ok((render(StatusCode::UNPROCESSABLE_ENTITY, &page)).into_response())
        }
    }
}

/// Sends it, unless something happened that its writer was not shown: an answer also says that all before it was read.
async fn send(at: &mut AtWork, case: &mut Case, draft: &Draft, shown: u32) -> Result<(), ActError> {
    case.check_unchanged(shown)?;
    let reply = Reply { text: &draft.text, lang: &draft.lang };
    let me = at.connection_mut();
    match draft.purpose.as_str() {
        "feedback" => me.give_feedback(case, reply).await,
        "renew" => me.renew(case, reply).await,
        _ => me.reply(case, reply).await,
    }
}

fn page(at: &AtWork, case: &Case, mut draft: Draft) -> Page {
    let Shown { frame, head, view } = Shown::of(at, case, "messages");
    if draft.lang.is_empty() {
        draft.lang.clone_from(&view.lang);
    }
    if draft.purpose.is_empty() {
        draft.purpose.push_str("message");
    }
    let mut purposes = vec!["message", "feedback"];
    if at.connection().allowed(case).contains(&Act::Renew) {
        purposes.push("renew");
    }
    let letters = Letter::built_in();
    Page {
        purposes,
        messages: view
            .messages
            .iter()
            .map(|message| Message {
                ours: message.direction == Direction::Out,
                when: i18n::week(frame.words(), &message.week),
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

fn in_words(frame: &Frame, exposure: &Exposure) -> String {
    frame.with(&format!("risk-{}", word(&exposure.risk)), "words", &exposure.words)
}

/// Why a text was not taken.
pub(super) fn complaint(frame: &Frame, error: &ActError) -> String {
    match error {
        ActError::Overtaken(_) => frame.t("text-overtaken"),
        other => other.said().words(frame),
    }
}

impl Draft {
    fn of(typed: &Typed) -> Self {
        let field = |name| typed.get(name).to_owned();
        Self { text: field("text"), lang: field("lang"), purpose: field("purpose") }
    }
}
