//! A report after it was sent: where it stands, messages, and a reply.

use askama::Template;
use axum::response::Response;
use envelope::life::Stage;
use http::StatusCode;
use reporter::{Finding, Inbox};
use time::Date;
use web::Locale;
use zeroize::Zeroizing;

use super::{
    Pages, SentFile,
    fields::complaint_text,
    files::{self, Told},
    layout::{Frame, Switch, render_secret},
    review::trace_text,
};
use crate::{
    form::{
        FieldError, ReplyForm,
        guard::{self, Trace},
    },
    i18n,
};

/// What the page shows of a mailbox that has been opened and checked.
pub struct ThreadView {
    /// The receipt's code: the page carries it, so that a reply finds its way.
    pub receipt: Zeroizing<String>,
    /// The token of the visit that the page belongs to; may be empty.
    pub visit: String,
    /// From [`Pages::new_seed`]: the same reply sent twice is one.
    pub seed: String,
    /// Where the case stands.
    pub stage: Stage,
    /// Has the outside body been given the case?
    pub with_outside_body: bool,
    /// When something can be expected next.
    pub next: Option<Date>,
    /// ISO week in which the mailbox was laid out.
    pub week: String,
    /// How many of the reporter's submissions have arrived.
    pub received: u32,
    /// Oldest first.
    pub messages: Vec<ThreadMessage>,
    /// What is wrong with the mailbox.
    pub findings: Vec<Finding>,
    /// Has a reply just been sent?
    pub sent: bool,
    /// What became of its files.
    pub files: Vec<SentFile>,
    /// What was typed into the reply, when it could not be sent.
    pub draft: String,
    /// The receipt of another report that was typed, likewise.
    pub earlier: Zeroizing<String>,
    /// The kind of message that was chosen, likewise: as [`ReplyForm::kind`].
    pub kind: String,
    /// What in the draft could show who wrote it.
    pub traces: Vec<(Trace, Vec<String>)>,
    /// Were files chosen that must be chosen again?
    pub files_again: bool,
    /// What is wrong with the reply.
    pub errors: Vec<FieldError>,
}

/// A message to the reporter.
pub struct ThreadMessage {
    /// ISO week of writing.
    pub week: String,
    /// Language of the text.
    pub lang: String,
    /// The text.
    pub text: String,
}

impl ThreadView {
    /// A report of which nothing is known yet.
    pub fn empty() -> Self {
        Self {
            receipt: Zeroizing::default(),
            visit: String::new(),
            seed: String::new(),
            stage: Stage::Received,
            with_outside_body: false,
            next: None,
            week: String::new(),
            received: 0,
            messages: Vec::new(),
            findings: Vec::new(),
            sent: false,
            files: Vec::new(),
            draft: String::new(),
            earlier: Zeroizing::default(),
            kind: String::new(),
            traces: Vec::new(),
            files_again: false,
            errors: Vec::new(),
        }
    }

    /// A mailbox as it was opened.
    pub fn of(inbox: &Inbox, receipt: Zeroizing<String>, seed: String) -> Self {
        let messages = inbox.messages.iter().map(|message| ThreadMessage {
            week: message.week.clone(),
            lang: message.lang.clone(),
            text: message.text.clone(),
        });
        Self {
            receipt,
            visit: String::new(),
            seed,
            stage: inbox.stage,
            with_outside_body: inbox.with_oversight,
            next: inbox.next,
            week: inbox.week.clone(),
            received: inbox.received,
            messages: messages.collect(),
            findings: inbox.findings.clone(),
            sent: false,
            files: Vec::new(),
            draft: String::new(),
            earlier: Zeroizing::default(),
            kind: String::new(),
            traces: Vec::new(),
            files_again: false,
            errors: Vec::new(),
        }
    }

    /// Keeps what was typed.
    pub fn keep(&mut self, form: &ReplyForm) {
        self.draft.clone_from(&form.message);
        self.earlier = Zeroizing::new(form.earlier.clone());
        self.kind.clone_from(&form.kind);
    }

    /// Shows the thread again, with a message that is still being written.
    pub fn go_on(&mut self, form: &ReplyForm) {
        self.keep(form);
        self.files_again |= form.named_files;
        if !form.looked.is_empty() {
            self.traces = guard::traces(&form.message);
        }
        if form.to_seed().is_ok() {
            // The same message sent twice is one, whatever was looked at in between.
            self.seed.clone_from(&form.seed);
        }
    }
}

#[derive(Template)]
#[template(path = "thread.html")]
struct Thread<'a> {
    frame: Frame<'a>,
    view: &'a ThreadView,
    stage: String,
    meaning: String,
    next: Option<String>,
    week: String,
    received: String,
    messages: Vec<Shown<'a>>,
    findings: Vec<String>,
    files: Vec<Told>,
    wrong: Vec<(&'static str, String)>,
    warnings: Vec<Warned<'a>>,
    /// Of the draft, once its traces are shown.
    looked: String,
    may_reply: bool,
}

impl Thread<'_> {
    fn error_of(&self, field: &str) -> Option<&String> {
        self.wrong.iter().find(|(target, _)| *target == field).map(|(_, text)| text)
    }
}

/// A kind of trace in the draft, with the words.
struct Warned<'a> {
    trace: &'static str,
    text: String,
    words: &'a [String],
}

struct Shown<'a> {
    week: String,
    lang: &'a str,
    text: &'a str,
}

/// The page behind a receipt.
pub fn thread_page(pages: &Pages, locale: Locale, view: &ThreadView) -> Response {
    // A key that nobody vouched for may be anybody's.
    let may_reply = !view.findings.contains(&Finding::WrongKey);
    // Another language keeps what is typed. Enter presses the first button of a form, which sends.
    let switch = Switch::Form { path: "/return", go: "look", enter: may_reply.then_some("") };
    let frame = Frame::new(pages, locale, "thread-title", switch).of_visit(&view.visit);
    let words = frame.words();
    let [stage, meaning] = stage_texts(view.stage).map(|key| frame.t(key));
    let messages = view.messages.iter().map(|message| Shown {
        week: i18n::week(words, &message.week),
        lang: &message.lang,
        text: &message.text,
    });
    let page = Thread {
        view,
        stage,
        meaning,
        next: view.next.map(|day| i18n::day(words, day)),
        week: i18n::week(words, &view.week),
        received: words.count("thread-received", view.received),
        messages: messages.collect(),
        findings: view.findings.iter().map(|finding| finding_text(&frame, finding)).collect(),
        files: files::told(&frame, &view.files),
        wrong: view.errors.iter().map(|error| (target(error), complaint_text(&frame, error))).collect(),
        warnings: view.traces.iter().map(|(trace, words)| warned(&frame, *trace, words)).collect(),
        looked: if view.traces.is_empty() { String::new() } else { ReplyForm::mark(&view.draft) },
        may_reply,
        frame,
    };
    let status = if view.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    render_secret(pages, status, &page)
}

fn warned<'a>(frame: &Frame<'_>, trace: Trace, words: &'a [String]) -> Warned<'a> {
    Warned { trace: trace.as_str(), text: frame.t(trace_text(trace)), words }
}

fn target(error: &FieldError) -> &'static str {
    match error.field.as_str() {
        "message" => "message",
        "files" => "files",
        "earlier" => "earlier",
        _ => "main",
    }
}

pub(super) fn stage_texts(stage: Stage) -> [&'static str; 2] {
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

fn finding_text(frame: &Frame<'_>, finding: &Finding) -> String {
    match finding {
        Finding::Forged => frame.t("finding-forged"),
        Finding::EarlierNotShown(count) => frame.words().count("finding-earlier", *count),
        Finding::Withheld(count) => frame.words().count("finding-withheld", *count),
        Finding::OlderState => frame.t("finding-older-state"),
        Finding::WrongKey => frame.t("finding-wrong-key"),
    }
}
