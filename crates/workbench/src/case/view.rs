//! A case as it is displayed: facts, story, files, messages, notes and timeline. The command line,
//! `--json` and the pages share these types. The reporter's texts are unchanged in them; the caller
//! makes them safe to display (for terminals with [`crate::terminal_text`]).

use std::collections::BTreeMap;

use investigator::{NoteKind, Thread, VerifiedFrame};
use protocol::{
    Hash, Priority,
    api::workbench::{CasePart, PartKind},
    case::{ActionKind, CaseState, Deadline, event::Event},
    encoding::iso_date,
    submission::{
        facts_body::FactsBody,
        frame::{FrameDirection, FrameKind},
        report_body::{EXCLUSION_QUESTION, ReportAnswer, ReportBody},
        treatment::AttachmentTreatment,
    },
};
use serde::Serialize;
use taxonomy::{DECLINED, Question, Taxonomy, UNKNOWN};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{
    alert::IntegrityAlert,
    case::{
        ReportProgram, VerifiedCase,
        related_report::RelatedReportLink,
        risk::{self, PriorityReason, RiskSignal},
    },
    l10n::event_text::describe_action,
    terminal_text,
};

pub use crate::l10n::event_text::serde_word;

/// A case. These fields are also the JSON of `show`.
#[derive(Debug, Serialize)]
pub struct CaseView {
    /// Id of the case.
    pub id: Uuid,
    /// Date of the report.
    #[serde(with = "iso_date")]
    pub filed: Date,
    /// Language of the reporter.
    pub lang: String,
    /// The state that follows from the signed events, or the state that the case handler reports if
    /// the events are invalid. In that case there is an alert.
    pub state: CaseState,
    /// The next deadline.
    pub next_deadline: Option<Deadline>,
    /// Members who can open the case, without recused and excluded ones.
    pub holders: Vec<String>,
    /// The report; absent if it cannot be read.
    pub report: Option<ReportView>,
    /// Messages in both directions, in the order in which they were recorded, without the report.
    pub messages: Vec<MessageView>,
    /// All attached files.
    pub attachments: Vec<AttachmentView>,
    /// Notes of the team.
    pub notes: Vec<NoteView>,
    /// Signed events, oldest first.
    pub timeline: Vec<TimelineEventView>,
    /// Number of the newest reply that the reporter acknowledged.
    pub seen_by_reporter: Option<u32>,
    /// What the report says about the program that sealed it; absent if the directory lists none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report_program: Option<ReportProgram>,
    /// Every fault that was found.
    pub alarms: Vec<IntegrityAlert>,
}

/// The view for a member without a declaration of no conflict of interest. It shows just enough to
/// recognise a conflict.
#[derive(Debug, Serialize)]
pub struct RestrictedCaseView {
    /// Id of the case.
    pub id: Uuid,
    /// Always `false`. It distinguishes this type from [`CaseView`] in JSON.
    pub declared: bool,
    /// Date of the report.
    #[serde(with = "iso_date")]
    pub filed: Date,
    /// Id of the desk.
    pub desk: String,
    /// Priority.
    pub priority: Priority,
    /// Label of the category, in the requested language.
    pub category_label: Option<String>,
    /// Answers about the place, and about the units and functions involved.
    pub involved: Vec<FactView>,
    /// Answers about what the reporter asks of the team: whom to talk to, and which help. The form
    /// states that these answers are shown before the case is opened, so that the right colleague
    /// can claim it.
    pub wishes: Vec<FactView>,
    /// Every fault that was found.
    pub alarms: Vec<IntegrityAlert>,
}

/// Questions whose answers indicate a conflict of interest.
const PERSON_QUESTIONS: [&str; 2] = ["place", "who_function"];
/// Questions whose answers are requests to the team before it opens the case.
const WISH_QUESTIONS: [&str; 2] = ["handler_preference", "support_wanted"];

/// Answers that are shown before a declaration.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct RestrictedFacts {
    /// See [`RestrictedCaseView::involved`].
    pub person_answers: Vec<FactView>,
    /// See [`RestrictedCaseView::wishes`].
    pub wish_answers: Vec<FactView>,
}

impl RestrictedFacts {
    /// Returns the answers that may be shown, and drops all others.
    pub fn select(facts: Vec<FactView>) -> Self {
        let among = |list: &[&str], fact: &FactView| list.contains(&&*fact.question);
        let (involved, others): (Vec<_>, Vec<_>) =
            facts.into_iter().partition(|fact| among(&PERSON_QUESTIONS, fact));
        Self {
            person_answers: involved,
            wish_answers: others.into_iter().filter(|fact| among(&WISH_QUESTIONS, fact)).collect(),
        }
    }
}

impl RestrictedCaseView {
    /// Drops everything that may not be shown before a declaration.
    pub fn from_case_view(view: CaseView) -> Self {
        let (category_label, facts) = view
            .report
            .map_or((None, Vec::new()), |report| (Some(report.category_label), report.facts));
        let RestrictedFacts { person_answers: involved, wish_answers: wishes } =
            RestrictedFacts::select(facts);
        Self {
            id: view.id,
            declared: false,
            filed: view.filed,
            desk: view.state.desk,
            priority: view.state.priority,
            category_label,
            involved,
            wishes,
            alarms: view.alarms,
        }
    }
}

/// The report.
#[derive(Debug, Serialize)]
pub struct ReportView {
    /// Category id.
    pub category: String,
    /// Label of the category, in the requested language.
    pub category_label: String,
    /// The factors of the Revised Arusha Declaration that the category belongs to, the primary one
    /// first, in the requested language.
    pub factors: Vec<String>,
    /// Audience, such as `trader`.
    pub audience: String,
    /// Ids that the reporter excluded.
    pub excluded: Vec<String>,
    /// Questions and answers in the order of the form.
    pub facts: Vec<FactView>,
    /// The reporter's own text.
    pub story: String,
    /// Signals of the reporter's exposure, the most serious first.
    pub exposure_signals: Vec<RiskSignal>,
    /// Reasons for the priority of the case.
    pub priority_reasons: Vec<PriorityReason>,
}

/// One question and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FactView {
    /// Question id.
    pub question: String,
    /// Label of the question.
    pub label: String,
    /// Option ids, or the typed text.
    pub answers: Vec<String>,
    /// Labels of the options, or the typed text.
    pub labels: Vec<String>,
}

/// One message.
#[derive(Debug, Serialize)]
pub struct MessageView {
    /// `in` from the reporter, `out` to the reporter.
    pub direction: FrameDirection,
    /// Sequence number in this direction.
    pub seq: u32,
    /// ISO week of writing.
    pub week: String,
    /// Language of the text.
    pub lang: String,
    /// Kind of frame.
    pub kind: FrameKind,
    /// Text of the message. Empty if it is facts.
    pub text: String,
    /// Facts that the reporter adds; absent for a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facts: Option<AddedFactsView>,
    /// Whether newer replies displaced this reply from the mailbox before the reporter saw it.
    pub dropped: bool,
    /// Another report of the same reporter that the message refers to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub related: Option<RelatedReportLink>,
}

/// Facts that the reporter added to the report.
#[derive(Debug, Clone, Serialize)]
pub struct AddedFactsView {
    /// Category id that the reporter chose for them.
    pub category: String,
    /// Label of this category, in the requested language.
    pub category_label: String,
    /// Whether the report has another category. The category of the case stays the same.
    pub is_other_category: bool,
    /// The priority of a report with these answers, if it is more urgent than that of the case. It
    /// is a hint: only members change the priority of a case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgent: Option<Priority>,
    /// Questions and answers in the order of the form.
    pub facts: Vec<FactView>,
}

impl AddedFactsView {
    /// Returns the name of the more urgent priority, if the answers have one.
    pub fn urgent_name(&self) -> Option<String> {
        self.urgent.map(|priority| serde_word(&priority))
    }
}

impl MessageView {
    /// Returns the text of the message, and the answers if it is facts.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let facts = self.facts.iter().flat_map(|added| &added.facts);
        let answers = facts.flat_map(|fact| fact.answers.iter().map(String::as_str));
        std::iter::once(&*self.text).filter(|text| !text.is_empty()).chain(answers)
    }
}

/// One attached file.
#[derive(Debug, Serialize)]
pub struct AttachmentView {
    /// Name that the sender gave.
    pub name: String,
    /// Media type that the sender's device reported.
    pub media_type: String,
    /// Length in bytes.
    pub len: u64,
    /// Hash of the content.
    pub sha256: Hash,
    /// Sequence number of the reporter's message with this file; 0 is the report.
    pub message: u32,
    /// What the sender claims to have done to the file before sealing it; `null` without a claim.
    pub treatment: Option<AttachmentTreatment>,
}

/// One note.
#[derive(Debug, Serialize)]
pub struct NoteView {
    /// Handle of the author.
    pub by: String,
    /// Time of writing.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Kind of note.
    pub kind: NoteKind,
    /// The action of which the note states the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_of: Option<ActionKind>,
    /// Text of the note.
    pub text: String,
}

/// One event as a sentence.
#[derive(Debug, Serialize)]
pub struct TimelineEventView {
    /// Number of the event in the case.
    pub seq: u32,
    /// Time of the event.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Handle of the actor.
    pub actor: String,
    /// Description of the event.
    pub what: String,
}

impl CaseView {
    /// Builds the view of a case, with labels in the given language.
    pub fn new(case: &VerifiedCase, taxonomy: &Taxonomy, lang: &str) -> Self {
        let state = case.state.clone().unwrap_or_else(|| case.file.row.state.clone());
        let priority = state.priority;
        Self {
            id: case.id(),
            filed: case.file.row.filed,
            lang: case.file.row.lang.clone(),
            next_deadline: case.file.row.next.or_else(|| state.next_deadline()),
            state,
            holders: case.file.holders.clone(),
            report: case
                .report()
                .map(|report| report_view(&report, (&case.events, priority), taxonomy, lang)),
            messages: message_views(case, priority, taxonomy, lang),
            attachments: case.thread.incoming.iter().flat_map(attachment_views).collect(),
            notes: case
                .notes
                .iter()
                .map(|n| NoteView {
                    by: n.by.clone(),
                    at: n.at,
                    kind: n.note.kind,
                    reason_of: n.reason_of,
                    text: n.note.text.clone(),
                })
                .collect(),
            report_program: case.report_program,
            timeline: case
                .events
                .iter()
                .map(|e| TimelineEventView {
                    seq: e.seq,
                    at: e.at,
                    actor: e.actor.clone(),
                    what: describe_action(&e.action),
                })
                .collect(),
            seen_by_reporter: case.thread.last_acknowledged_by_reporter().map(|head| head.seq),
            alarms: case.alarms.clone(),
        }
    }
}

/// Returns the frames of both sides in the order in which they were recorded, except that each
/// side's own order of writing is preserved. Messages of one collection may have been recorded in
/// any order.
fn chronological<'a>(parts: &[CasePart], thread: &'a Thread) -> Vec<&'a VerifiedFrame> {
    let placed = |entries: &'a [VerifiedFrame]| {
        entries.iter().scan(None, |latest, entry| {
            *latest = (*latest).max(filing_position(parts, entry));
            Some((*latest, entry))
        })
    };
    let mut all: Vec<_> = placed(&thread.incoming).chain(placed(&thread.outgoing)).collect();
    all.sort_by_key(|(place, _)| *place);
    let entries = all.into_iter().map(|(_, entry)| entry);
    entries.filter(|entry| entry.header.kind != FrameKind::Report).collect()
}

/// Returns the position in the order of recording. It is the only order between the two directions.
fn filing_position(parts: &[CasePart], entry: &VerifiedFrame) -> Option<usize> {
    let kind = match entry.header.direction {
        FrameDirection::In => PartKind::Body,
        FrameDirection::Out => PartKind::ReplyCopy,
    };
    parts.iter().position(|part| part.kind == kind && part.batch == entry.batch)
}

fn message_views(
    case: &VerifiedCase,
    priority: Priority,
    taxonomy: &Taxonomy,
    lang: &str,
) -> Vec<MessageView> {
    let lost = case.displaced_unseen_replies(None);
    let report = case.report();
    let view = |entry: &VerifiedFrame| {
        let facts = entry.parse_facts().and_then(Result::ok);
        let of_case = (report.as_ref(), priority);
        let facts = facts.map(|facts| added_facts_view(&facts, of_case, taxonomy, lang));
        message_view(entry, facts, &case.related_reports, &lost)
    };
    chronological(&case.file.parts, &case.thread).into_iter().map(view).collect()
}

fn message_view(
    entry: &VerifiedFrame,
    facts: Option<AddedFactsView>,
    named: &[RelatedReportLink],
    lost: &[u32],
) -> MessageView {
    MessageView {
        direction: entry.header.direction,
        seq: entry.reference.seq,
        week: entry.header.week.clone(),
        lang: entry.header.lang.clone(),
        kind: entry.header.kind,
        text: if facts.is_some() { String::new() } else { entry.body_text() },
        facts,
        dropped: entry.header.direction == FrameDirection::Out
            && lost.contains(&entry.reference.seq),
        related: named.iter().copied().find(|one| {
            entry.header.direction == FrameDirection::In && one.message == entry.reference.seq
        }),
    }
}

fn attachment_views(entry: &VerifiedFrame) -> impl Iterator<Item = AttachmentView> + '_ {
    entry.header.attachments.iter().map(|file| AttachmentView {
        name: file.name.clone(),
        media_type: file.media_type.clone(),
        len: file.len,
        sha256: file.sha256,
        message: entry.reference.seq,
        treatment: file.treatment.clone(),
    })
}

/// Returns a report with labels in the given language. `events` and `priority` determine the
/// reasons for the priority.
pub(super) fn report_view(
    report: &ReportBody,
    (events, priority): (&[Event], Priority),
    taxonomy: &Taxonomy,
    lang: &str,
) -> ReportView {
    let category = taxonomy.category(&report.category);
    let facts = fact_views((&report.category, &report.answers), taxonomy, lang);
    ReportView {
        category: report.category.clone(),
        category_label: category_label(&report.category, taxonomy, lang),
        factors: category
            .into_iter()
            .flat_map(|category| taxonomy.factors_of(category))
            .map(|factor| factor.label.get(lang).to_owned())
            .collect(),
        audience: report.audience.clone(),
        excluded: report.exclusions(),
        facts: facts.into_iter().filter(|fact| fact.question != EXCLUSION_QUESTION).collect(),
        story: report.story.clone(),
        exposure_signals: risk::risk_signals(report, taxonomy, lang),
        priority_reasons: risk::priority_reasons(report, events, priority, taxonomy, lang),
    }
}

/// Returns added facts with labels in the given language. `report` is that of the case, and
/// `priority` its priority.
pub(super) fn added_facts_view(
    facts: &FactsBody,
    (report, priority): (Option<&ReportBody>, Priority),
    taxonomy: &Taxonomy,
    lang: &str,
) -> AddedFactsView {
    AddedFactsView {
        category: facts.category.clone(),
        category_label: category_label(&facts.category, taxonomy, lang),
        is_other_category: report.is_some_and(|report| report.category != facts.category),
        urgent: risk::raised_priority(&facts.answers, priority, taxonomy),
        facts: fact_views((&facts.category, &facts.answers), taxonomy, lang),
    }
}

fn category_label(id: &str, taxonomy: &Taxonomy, lang: &str) -> String {
    taxonomy.category(id).map_or_else(
        || format!("? {}", terminal_text::display_code(id)),
        |category| category.label.get(lang).to_owned(),
    )
}

/// Returns all answers, in the order of the questions of the category.
fn fact_views(
    (category, answers): (&str, &BTreeMap<String, ReportAnswer>),
    taxonomy: &Taxonomy,
    lang: &str,
) -> Vec<FactView> {
    let questions: Vec<&Question> =
        taxonomy.category(category).map_or_else(Vec::new, |found| taxonomy.questions_for(found));
    let known = questions.iter().filter_map(|q| Some((&q.id, answers.get(&q.id)?)));
    // Answers to questions that this version's taxonomy does not have come last. No answer is
    // dropped.
    let others = answers.iter().filter(|(id, _)| questions.iter().all(|q| q.id != **id));
    known
        .chain(others)
        .map(|(id, answer)| fact_view(taxonomy.question(id), id, answer, lang))
        .collect()
}

fn fact_view(question: Option<&Question>, id: &str, answer: &ReportAnswer, lang: &str) -> FactView {
    let answers = match answer {
        ReportAnswer::One(one) => vec![one.clone()],
        ReportAnswer::Many(many) => many.clone(),
    };
    let label_of = |answer: &String| {
        let option = question.and_then(|q| q.options.iter().find(|option| option.id == *answer));
        match (option, answer.as_str()) {
            (Some(option), _) => option.label.get(lang).to_owned(),
            (None, UNKNOWN) => {
                if lang == "fr" { "ne sait pas" } else { "does not know" }.to_owned()
            }
            (None, DECLINED) => {
                if lang == "fr" { "préfère ne pas le dire" } else { "prefers not to say" }
                    .to_owned()
            }
            (None, text) => text.to_owned(),
        }
    };
    FactView {
        question: id.to_owned(),
        // An unknown question id is text of the sender.
        label: question.map_or_else(
            || format!("? {}", terminal_text::display_code(id)),
            |q| q.label.get(lang).to_owned(),
        ),
        labels: answers.iter().map(label_of).collect(),
        answers,
    }
}
