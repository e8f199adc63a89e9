//! A report after it was sent: where it stands, messages, and a reply.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use protocol::case::Stage;
use reporter::{Inbox, InboxIssue};
use time::Date;
use web::Locale;
use zeroize::Zeroizing;

use super::{
    Pages, SentFile,
    fields::field_error_text,
    layout::{LanguageSwitch, PageLayout, render_uncompressed},
    review::detail_text_key,
    scrub_summary::{self, FileSummary},
};
use crate::{
    form::{
        FieldError, ReplyForm,
        identifying_details::{self, IdentifyingDetailKind},
    },
    i18n,
};

/// What the page shows of a mailbox that has been opened and checked.
pub struct ConversationView {
    /// The receipt's code: the page carries it, so that a reply finds its way.
    pub receipt: Zeroizing<String>,
    /// The token of the visit that the page belongs to; may be empty.
    pub visit: String,
    /// From [`Pages::new_seed`]: the same reply sent twice is one.
    pub seed: String,
    /// Where the case stands.
    pub stage: Stage,
    /// Has the outside body been given the case?
    pub with_oversight_body: bool,
    /// When something can be expected next.
    pub next_update: Option<Date>,
    /// ISO week in which the mailbox was laid out.
    pub week: String,
    /// How many of the reporter's submissions have arrived.
    pub received: u32,
    /// Oldest first.
    pub messages: Vec<ConversationMessage>,
    /// What is wrong with the mailbox.
    pub findings: Vec<InboxIssue>,
    /// Has a reply just been sent?
    pub sent: bool,
    /// What became of its files.
    pub files: Vec<SentFile>,
    /// What was typed into the reply, when it could not be sent.
    pub draft: String,
    /// The receipt of another report that was typed, likewise.
    pub related_receipt: Zeroizing<String>,
    /// The kind of message that was chosen, likewise: as [`ReplyForm::kind`].
    pub kind: String,
    /// What in the draft could show who wrote it.
    pub details: Vec<(IdentifyingDetailKind, Vec<String>)>,
    /// Were files chosen that must be chosen again?
    pub files_again: bool,
    /// What is wrong with the reply.
    pub errors: Vec<FieldError>,
}

/// A message to the reporter.
pub struct ConversationMessage {
    /// ISO week of writing.
    pub week: String,
    /// Language of the text.
    pub lang: String,
    /// The text.
    pub text: String,
}

impl ConversationView {
    /// A report of which nothing is known yet.
    pub fn pending() -> Self {
        Self {
            receipt: Zeroizing::default(),
            visit: String::new(),
            seed: String::new(),
            stage: Stage::Received,
            with_oversight_body: false,
            next_update: None,
            week: String::new(),
            received: 0,
            messages: Vec::new(),
            findings: Vec::new(),
            sent: false,
            files: Vec::new(),
            draft: String::new(),
            related_receipt: Zeroizing::default(),
            kind: String::new(),
            details: Vec::new(),
            files_again: false,
            errors: Vec::new(),
        }
    }

    /// A mailbox as it was opened.
    pub fn from_inbox(inbox: &Inbox, receipt: Zeroizing<String>, seed: String) -> Self {
        let messages = inbox.messages.iter().map(|message| ConversationMessage {
            week: message.week.clone(),
            lang: message.lang.clone(),
            text: message.text.clone(),
        });
        Self {
            receipt,
            visit: String::new(),
            seed,
            stage: inbox.stage,
            with_oversight_body: inbox.released_to_oversight,
            next_update: inbox.next_update,
            week: inbox.week.clone(),
            received: inbox.received,
            messages: messages.collect(),
            findings: inbox.issues.clone(),
            sent: false,
            files: Vec::new(),
            draft: String::new(),
            related_receipt: Zeroizing::default(),
            kind: String::new(),
            details: Vec::new(),
            files_again: false,
            errors: Vec::new(),
        }
    }

    /// Keeps what was typed.
    pub fn restore_draft(&mut self, form: &ReplyForm) {
        self.draft.clone_from(&form.message);
        self.related_receipt = Zeroizing::new(form.related_receipt.clone());
        self.kind.clone_from(&form.kind);
    }

    /// Shows the thread again, with a message that is still being written.
    pub fn resume_draft(&mut self, form: &ReplyForm) {
        self.restore_draft(form);
        self.files_again |= form.files_not_sent;
        if !form.acknowledged.is_empty() {
            self.details = identifying_details::find_details(&form.message);
        }
        if form.seed_bytes().is_ok() {
            // The same message sent twice is one, whatever was looked at in between.
            self.seed.clone_from(&form.seed);
        }
    }
}

#[derive(Template)]
#[template(path = "thread.html")]
struct ConversationTemplate<'a> {
    frame: PageLayout<'a>,
    view: &'a ConversationView,
    stage: String,
    meaning: String,
    next_update: Option<String>,
    week: String,
    received: String,
    messages: Vec<MessageRow<'a>>,
    findings: Vec<String>,
    files: Vec<FileSummary>,
    field_errors: Vec<(&'static str, String)>,
    warnings: Vec<DetailWarning<'a>>,
    /// Of the draft, once its traces are shown.
    acknowledged: String,
    may_reply: bool,
}

impl ConversationTemplate<'_> {
    fn error_of(&self, field: &str) -> Option<&String> {
        self.field_errors.iter().find(|(target, _)| *target == field).map(|(_, text)| text)
    }
}

/// A kind of trace in the draft, with the words.
struct DetailWarning<'a> {
    kind: &'static str,
    text: String,
    matches: &'a [String],
}

struct MessageRow<'a> {
    week: String,
    lang: &'a str,
    text: &'a str,
}

/// The page behind a receipt.
pub fn conversation_page(pages: &Pages, locale: Locale, view: &ConversationView) -> Response {
    // A key that nobody vouched for may be anybody's.
    let may_reply = !view.findings.contains(&InboxIssue::UnverifiedKey);
    // Another language keeps what is typed. Enter presses the first button of a form, which sends.
    let switch =
        LanguageSwitch::Form { path: "/return", go: "look", enter: may_reply.then_some("") };
    let frame = PageLayout::new(pages, locale, "thread-title", switch).with_visit(&view.visit);
    let words = frame.messages();
    let [stage, meaning] = stage_text_keys(view.stage).map(|key| frame.t(key));
    let messages = view.messages.iter().map(|message| MessageRow {
        week: i18n::format_week(words, &message.week),
        lang: &message.lang,
        text: &message.text,
    });
    let page = ConversationTemplate {
        view,
        stage,
        meaning,
        next_update: view.next_update.map(|day| i18n::format_date(words, day)),
        week: i18n::format_week(words, &view.week),
        received: words.count("thread-received", view.received),
        messages: messages.collect(),
        findings: view.findings.iter().map(|finding| finding_text(&frame, finding)).collect(),
        files: scrub_summary::file_summaries(&frame, &view.files),
        field_errors: view
            .errors
            .iter()
            .map(|error| (error_anchor(error), field_error_text(&frame, error)))
            .collect(),
        warnings: view
            .details
            .iter()
            .map(|(trace, words)| detail_warning(&frame, *trace, words))
            .collect(),
        acknowledged: if view.details.is_empty() {
            String::new()
        } else {
            ReplyForm::message_digest(&view.draft)
        },
        may_reply,
        frame,
    };
    let status =
        if view.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    render_uncompressed(pages, status, &page)
}

fn detail_warning<'a>(
    frame: &PageLayout<'_>,
    trace: IdentifyingDetailKind,
    words: &'a [String],
) -> DetailWarning<'a> {
    DetailWarning { kind: trace.as_str(), text: frame.t(detail_text_key(trace)), matches: words }
}

fn error_anchor(error: &FieldError) -> &'static str {
    match error.field.as_str() {
        "message" => "message",
        "files" => "files",
        "earlier" => "earlier",
        _ => "main",
    }
}

pub(super) fn stage_text_keys(stage: Stage) -> [&'static str; 2] {
    match stage {
        Stage::Received => ["stage-received", "stage-received-means"],
        Stage::Triaged => ["stage-triaged", "stage-triaged-means"],
        Stage::Assessing => ["stage-assessing", "stage-assessing-means"],
        Stage::Investigating => ["stage-investigating", "stage-investigating-means"],
        Stage::Decided => ["stage-decided", "stage-decided-means"],
        Stage::Referred => ["stage-referred", "stage-referred-means"],
        // A purged case has no mailbox: nobody is ever told of it.
        Stage::Closed | Stage::Purged => ["stage-closed", "stage-closed-means"],
    }
}

fn finding_text(frame: &PageLayout<'_>, finding: &InboxIssue) -> String {
    match finding {
        InboxIssue::Forged => frame.t("finding-forged"),
        InboxIssue::EarlierMessagesDropped(count) => {
            frame.messages().count("finding-earlier", *count)
        }
        InboxIssue::MessagesWithheld(count) => frame.messages().count("finding-withheld", *count),
        InboxIssue::RolledBack => frame.t("finding-older-state"),
        InboxIssue::UnverifiedKey => frame.t("finding-wrong-key"),
    }
}
