//! The conversation page of a report: its stage, its messages, and a reply.

use askama::Template;
use axum::response::Response;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use http::StatusCode;
use protocol::{Priority, case::Stage, receipt::Receipt};
use reporter::{Inbox, InboxIssue, LogStatus, LogView, OwnCopy};
use time::Date;
use web::Locale;
use zeroize::Zeroizing;

use super::{
    Pages, SentFile,
    conversation_message::ConversationMessage,
    fields::field_error_text,
    layout::{LanguageSwitch, PageLayout, return_answer, surplus_bytes},
    oversight_access::OversightAccess,
    own_messages::{self, OpenedOwnCopy, OwnMessage, ThreadRow},
    review::detail_text_key,
    scrub_summary::{self, FileSummary},
};
use crate::{
    form::{
        FieldError, FieldProblem, ReplyForm,
        identifying_details::{self, IdentifyingDetailKind},
    },
    i18n,
};

/// The content of the page: a verified mailbox and the draft of a reply.
pub struct ConversationView {
    /// The code of the receipt. The page contains it, so that a reply reaches its case.
    pub receipt: Zeroizing<String>,
    /// The token of the visit that the page belongs to; may be empty.
    pub visit: String,
    /// A seed from [`Pages::new_seed`], so that a reply that is sent twice is one submission.
    pub seed: String,
    /// The stage of the case.
    pub stage: Stage,
    /// Whether the oversight body can read the case.
    pub oversight: OversightAccess,
    /// Whether the case was closed because no member could open the report.
    pub unreadable: bool,
    /// The date by which the next update is expected.
    pub next_update: Option<Date>,
    /// ISO week in which the mailbox was published.
    pub week: String,
    /// Number of submissions of the reporter that were ingested.
    pub received: u32,
    /// The sequence number of the newest submission that a person had read before answering.
    pub read_up_to: Option<u32>,
    /// The messages, oldest first.
    pub messages: Vec<ConversationMessage>,
    /// The issues of the mailbox.
    pub findings: Vec<InboxIssue>,
    /// What the log shows about the submissions. `None` without a valid directory.
    pub log: Option<LogView>,
    /// Whether a reply was just sent.
    pub sent: bool,
    /// The files of the reply and their treatment.
    pub files: Vec<SentFile>,
    /// The text of a reply that could not be sent.
    pub draft: String,
    /// The receipt of a related report in that reply.
    pub related_receipt: Zeroizing<String>,
    /// The kind of that reply, as in [`ReplyForm::kind`].
    pub kind: String,
    /// The identifying details in the draft.
    pub details: Vec<(IdentifyingDetailKind, Vec<String>)>,
    /// Whether the reporter must choose the files again.
    pub files_again: bool,
    /// The errors of the reply.
    pub errors: Vec<FieldError>,
    /// The own copy that the reporter has opened.
    pub own: OpenedOwnCopy,
    /// The fields of facts that are not sent yet.
    pub facts: Vec<(String, String)>,
    /// The priority of a report with the facts that were just sent. `None` if none were sent.
    pub facts_priority: Option<Priority>,
}

impl ConversationView {
    /// Returns the view of a report without a mailbox.
    pub fn pending() -> Self {
        Self {
            receipt: Zeroizing::default(),
            visit: String::new(),
            seed: String::new(),
            stage: Stage::Received,
            oversight: OversightAccess::NotReleased,
            unreadable: false,
            next_update: None,
            week: String::new(),
            received: 0,
            read_up_to: None,
            messages: Vec::new(),
            findings: Vec::new(),
            log: None,
            sent: false,
            files: Vec::new(),
            draft: String::new(),
            related_receipt: Zeroizing::default(),
            kind: String::new(),
            details: Vec::new(),
            files_again: false,
            errors: Vec::new(),
            own: OpenedOwnCopy::default(),
            facts: Vec::new(),
            facts_priority: None,
        }
    }

    /// Returns the view of an opened mailbox.
    pub fn from_inbox(inbox: &Inbox, receipt: Zeroizing<String>, seed: String) -> Self {
        let messages = inbox.messages.iter().map(|message| ConversationMessage {
            seq: message.seq,
            week: message.week.clone(),
            lang: message.lang.clone(),
            text: message.text.clone(),
        });
        Self {
            receipt,
            seed,
            stage: inbox.stage,
            oversight: OversightAccess::of_inbox(inbox),
            unreadable: inbox.unreadable,
            next_update: inbox.next_update,
            week: inbox.week.clone(),
            received: inbox.received,
            read_up_to: inbox.read_up_to,
            messages: messages.collect(),
            findings: inbox.issues.clone(),
            log: inbox.log,
            ..Self::pending()
        }
    }

    /// Returns whether the facts that were just sent indicate danger.
    fn is_dangerous(&self) -> bool {
        self.facts_priority == Some(Priority::P1)
    }

    /// Shows the messages of an own copy that the form contains or that was chosen now. The next
    /// message then continues its newest one. A chosen file that is no own copy of this report is
    /// an error.
    pub fn show_own_copy(
        &mut self,
        receipt: &Receipt,
        inbox: &mut Inbox,
        form: &mut ReplyForm,
        chosen: Option<&[u8]>,
    ) -> Option<OwnCopy> {
        let sealed = match chosen {
            Some(chosen) => chosen.to_vec(),
            None => BASE64_URL_SAFE_NO_PAD.decode(&form.own_copy).unwrap_or_default(),
        };
        if sealed.is_empty() {
            return None;
        }
        let Ok(copy) = OwnCopy::open(receipt, &sealed, inbox) else {
            if chosen.is_some() {
                self.errors.push(FieldError::new("copy", FieldProblem::UnknownOption));
            }
            form.own_copy.clear();
            return None;
        };
        copy.continue_in(inbox);
        form.own_copy = BASE64_URL_SAFE_NO_PAD.encode(&sealed);
        self.own = OpenedOwnCopy {
            sealed: form.own_copy.clone(),
            messages: Some(OwnMessage::all_of(&copy)),
            is_older: !copy.contains_newest(inbox),
            extended: Vec::new(),
        };
        Some(copy)
    }

    /// Adds the message that was sent to the opened own copy, if it continues the last one in it.
    pub fn extend_own_copy(
        &mut self,
        receipt: &Receipt,
        copy: Option<OwnCopy>,
        frame: Option<Zeroizing<Vec<u8>>>,
    ) {
        let (Some(copy), Some(frame)) = (copy, frame) else { return };
        let Some(extended) = copy.extended(frame) else {
            self.own.is_older = true;
            return;
        };
        let sealed = extended.seal_again(receipt);
        self.own = OpenedOwnCopy {
            sealed: BASE64_URL_SAFE_NO_PAD.encode(&sealed),
            messages: Some(OwnMessage::all_of(&extended)),
            is_older: false,
            extended: sealed,
        };
    }

    /// Copies the draft from the form.
    pub fn restore_draft(&mut self, form: &ReplyForm) {
        self.draft.clone_from(&form.message);
        self.related_receipt = Zeroizing::new(form.related_receipt.clone());
        self.kind.clone_from(&form.kind);
        self.facts = form.facts().to_vec();
    }

    /// Shows the conversation again, with a draft.
    pub fn resume_draft(&mut self, form: &ReplyForm) {
        self.restore_draft(form);
        self.files_again |= form.files_not_sent;
        if !form.acknowledged.is_empty() {
            self.details = identifying_details::find_details(&form.message);
        }
        if form.seed_bytes().is_ok() {
            // With the same seed, a message that is sent twice is one submission.
            self.seed.clone_from(&form.seed);
        }
    }
}

#[derive(Template)]
#[template(path = "thread.html")]
struct ConversationTemplate<'a> {
    frame: PageLayout<'a>,
    view: &'a ConversationView,
    /// The number of the stage among the usual ones, in words. `None` for the others.
    step: Option<String>,
    /// The names of the usual stages, and whether the case is at this one.
    steps: Vec<(String, bool)>,
    stage: String,
    meaning: String,
    /// What usually happens next.
    what_follows: String,
    next_update: Option<String>,
    week: String,
    received: String,
    /// Up to which submission a person has read.
    read: String,
    /// What the log shows about the submissions.
    log: Option<String>,
    newest: Option<MessageRow<'a>>,
    /// The other messages, the newest first.
    older: Vec<MessageRow<'a>>,
    /// The messages of both sides, the newest first, if an own copy is open.
    all: Option<Vec<ThreadRow<'a>>>,
    /// Whether the oldest messages of the reporter have no room on the page.
    lacks_oldest: bool,
    /// The opened own copy, sealed. Empty for none, or if it has no room on the page.
    carried_copy: &'a str,
    copy_is_older: bool,
    /// The own copy with the message that was just sent, as a `data:` URL.
    new_copy: Option<String>,
    findings: Vec<String>,
    files: Vec<FileSummary>,
    field_errors: Vec<(&'static str, String)>,
    warnings: Vec<DetailWarning<'a>>,
    /// Digest of the draft, if the page shows its identifying details.
    acknowledged: String,
    may_reply: bool,
}

impl ConversationTemplate<'_> {
    fn error_of(&self, field: &str) -> Option<&String> {
        self.field_errors.iter().find(|(target, _)| *target == field).map(|(_, text)| text)
    }

    /// Renders the page. Of an own copy it contains only what has room in the length that all
    /// answers have: first without the sealed copy, which the reporter can choose again, then
    /// without the oldest messages in it.
    fn render_fitting(&mut self) -> Result<String, askama::Error> {
        loop {
            let html = self.render()?;
            let surplus = surplus_bytes(&html);
            if surplus == 0 {
                return Ok(html);
            }
            if !self.carried_copy.is_empty() {
                self.carried_copy = "";
            } else if !self.all.as_mut().is_some_and(|all| own_messages::cut_oldest(all, surplus)) {
                return Ok(html);
            } else {
                self.lacks_oldest = true;
            }
        }
    }
}

/// A kind of identifying details in the draft, with the matches.
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

/// Returns the conversation page.
pub fn conversation_page(pages: &Pages, locale: Locale, view: &ConversationView) -> Response {
    // An unverified key may belong to an attacker, so a reply must not be sealed to it.
    let may_reply = !view.findings.iter().any(InboxIssue::forbids_writing);
    // Changing the language keeps the draft. The Enter key presses the first button of a form,
    // which sends.
    let switch =
        LanguageSwitch::Form { path: "/return", go: "look", enter: may_reply.then_some("") };
    let frame = PageLayout::new(pages, locale, "thread-title", switch).with_visit(&view.visit);
    let catalog = frame.messages();
    let keys = if view.unreadable { UNREADABLE_TEXT_KEYS } else { stage_text_keys(view.stage) };
    let [stage, meaning, what_follows] = keys.map(|key| frame.t(key));
    let number = USUAL_STAGES.iter().position(|usual| *usual == view.stage);
    let mut messages = view.messages.iter().rev().map(|message| MessageRow {
        week: i18n::format_week(catalog, &message.week),
        lang: &message.lang,
        text: &message.text,
    });
    let mut page = ConversationTemplate {
        view,
        step: number.map(|at| frame.with("thread-step", "count", &(at + 1).to_string())),
        steps: USUAL_STAGES
            .iter()
            .filter(|_| number.is_some())
            .map(|usual| (frame.t(stage_text_keys(*usual)[0]), *usual == view.stage))
            .collect(),
        stage,
        meaning,
        what_follows,
        next_update: view.next_update.map(|day| i18n::format_date(catalog, day)),
        week: i18n::format_week(catalog, &view.week),
        received: catalog.count("thread-received", view.received),
        read: read_text(&frame, view.read_up_to),
        log: view.log.and_then(|log| log_text(&frame, log)),
        newest: messages.next(),
        older: messages.collect(),
        all: view
            .own
            .messages
            .as_ref()
            .map(|own| own_messages::merge(&frame, &pages.taxonomy, &view.messages, own)),
        lacks_oldest: false,
        carried_copy: &view.own.sealed,
        copy_is_older: view.own.is_older,
        new_copy: own_messages::copy_url(&view.own.extended),
        findings: view
            .findings
            .iter()
            .map(|finding| finding_text(&frame, finding))
            .chain(view.log.and_then(log_finding_key).map(|key| frame.t(key)))
            .collect(),
        files: scrub_summary::file_summaries(&frame, &view.files),
        // Without a form the errors of its fields lead nowhere. The page shows the draft.
        field_errors: view
            .errors
            .iter()
            .filter(|_| may_reply)
            .map(|error| (error_anchor(error), field_error_text(&frame, error)))
            .collect(),
        warnings: view
            .details
            .iter()
            .map(|(kind, matches)| detail_warning(&frame, *kind, matches))
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
    return_answer(pages, status, page.render_fitting())
}

fn detail_warning<'a>(
    frame: &PageLayout<'_>,
    kind: IdentifyingDetailKind,
    matches: &'a [String],
) -> DetailWarning<'a> {
    DetailWarning { kind: kind.as_str(), text: frame.t(detail_text_key(kind)), matches }
}

fn error_anchor(error: &FieldError) -> &'static str {
    match error.field.as_str() {
        "message" => "message",
        "copy" => "copy",
        "files" => "files",
        "earlier" => "earlier",
        _ => "main",
    }
}

/// The stages that a case usually passes through. A case can also be referred or closed before the
/// last of them.
pub(super) const USUAL_STAGES: [Stage; 5] =
    [Stage::Received, Stage::Triaged, Stage::Assessing, Stage::Investigating, Stage::Decided];

/// Returns the keys of the name of a stage, of what it means, and of what usually follows.
pub(super) fn stage_text_keys(stage: Stage) -> [&'static str; 3] {
    match stage {
        Stage::Received => ["stage-received", "stage-received-means", "stage-received-next"],
        Stage::Triaged => ["stage-triaged", "stage-triaged-means", "stage-triaged-next"],
        Stage::Assessing => ["stage-assessing", "stage-assessing-means", "stage-assessing-next"],
        Stage::Investigating => {
            ["stage-investigating", "stage-investigating-means", "stage-investigating-next"]
        }
        Stage::Decided => ["stage-decided", "stage-decided-means", "stage-decided-next"],
        Stage::Referred => ["stage-referred", "stage-referred-means", "stage-referred-next"],
        // A purged case has no mailbox, so no page shows this stage.
        Stage::Closed | Stage::Purged => {
            ["stage-closed", "stage-closed-means", "stage-closed-next"]
        }
    }
}

/// The keys of the same texts for a case that was closed because no member could open the report.
pub(super) const UNREADABLE_TEXT_KEYS: [&str; 3] =
    ["stage-closed", "stage-unreadable-means", "stage-closed-next"];

/// Returns up to which submission a person has read, the report included.
fn read_text(frame: &PageLayout<'_>, read_up_to: Option<u32>) -> String {
    match read_up_to {
        None => frame.t("thread-unread"),
        Some(newest) => frame.messages().count("thread-read", newest + 1),
    }
}

/// Returns what the log shows about the submissions that it contains.
fn log_text(frame: &PageLayout<'_>, log: LogView) -> Option<String> {
    let report = match log.report {
        LogStatus::Countersigned { date } => {
            let day = i18n::format_date(frame.messages(), date);
            frame.with("thread-log-countersigned", "day", &day)
        }
        LogStatus::Logged => frame.t("thread-log-logged"),
        LogStatus::Waiting => frame.t("thread-log-waiting"),
        LogStatus::Missing | LogStatus::Wrong => return None,
    };
    let message = match log.newest_message {
        Some(LogStatus::Countersigned { .. } | LogStatus::Logged) => "thread-log-message",
        Some(LogStatus::Waiting) => "thread-log-message-waiting",
        Some(LogStatus::Missing | LogStatus::Wrong) | None => return Some(report),
    };
    Some(format!("{report} {}", frame.t(message)))
}

/// Returns the key of the warning about the log, if there is one.
fn log_finding_key(log: LogView) -> Option<&'static str> {
    let statuses = [Some(log.report), log.newest_message];
    if statuses.contains(&Some(LogStatus::Wrong)) {
        Some("finding-log-wrong")
    } else if log.report == LogStatus::Missing {
        Some("finding-log-missing")
    } else if log.newest_message == Some(LogStatus::Missing) {
        Some("finding-log-message-missing")
    } else {
        None
    }
}

fn finding_text(frame: &PageLayout<'_>, finding: &InboxIssue) -> String {
    match finding {
        InboxIssue::Forged => frame.t("finding-forged"),
        InboxIssue::EarlierMessagesDropped(count) => {
            frame.messages().count("finding-earlier", *count)
        }
        InboxIssue::UnseenMessagesDropped(count) => {
            frame.messages().count("finding-unseen", *count)
        }
        InboxIssue::SubmissionsMissing(count) => frame.messages().count("finding-missing", *count),
        InboxIssue::SurplusSubmissions => frame.t("finding-surplus"),
        InboxIssue::MessagesWithheld(count) => frame.messages().count("finding-withheld", *count),
        InboxIssue::RolledBack => frame.t("finding-older-state"),
        InboxIssue::SequenceConflict => frame.t("finding-sequence"),
        InboxIssue::UnverifiedKey => frame.t("finding-wrong-key"),
        InboxIssue::RotationUnconfirmed => frame.t("finding-unconfirmed"),
    }
}
