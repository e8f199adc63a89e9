//! A case as it is shown: facts first, then the story, files, messages, notes and what happened.
//! One shape for the command line, for `--json` and for the web interface. Texts of the reporter
//! are in here as they came; showing them safely is the business of the face ([`crate::text`] for
//! terminals).

use investigator::{NoteKind, Thread, VerifiedFrame};
use protocol::{
    Hash,
    api::workbench::{CasePart, PartKind},
    case::{CaseState, Deadline},
    encoding::iso_date,
    submission::{
        envelope::Urgency,
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
        VerifiedCase,
        related_report::RelatedReportLink,
        risk::{self, PriorityReason, RiskSignal},
    },
    l10n::event_text::describe_action,
    terminal_text,
};

/// A case. In JSON as it stands here.
#[derive(Debug, Serialize)]
pub struct CaseView {
    /// The case.
    pub id: Uuid,
    /// Day of filing.
    #[serde(with = "iso_date")]
    pub filed: Date,
    /// The reporter's language.
    pub lang: String,
    /// What the signed events give; what the case handler says, where these do not hold (an alarm
    /// then).
    pub state: CaseState,
    /// What must happen first, and by when.
    pub next_deadline: Option<Deadline>,
    /// Who can open it besides a recused or excluded colleague.
    pub holders: Vec<String>,
    /// Category and audience; absent when the report cannot be read.
    pub report: Option<ReportView>,
    /// Messages in both directions, in the order of filing; the report's own frame is not among
    /// them.
    pub messages: Vec<MessageView>,
    /// Every attached file.
    pub attachments: Vec<AttachmentView>,
    /// For the team.
    pub notes: Vec<NoteView>,
    /// Signed events, oldest first.
    pub timeline: Vec<TimelineEventView>,
    /// The number of the newest reply that the reporter says to have seen.
    pub seen_by_reporter: Option<u32>,
    /// Everything that is wrong.
    pub alarms: Vec<IntegrityAlert>,
}

/// What somebody sees who has not declared to have no conflict of interest: enough to know whether
/// there is one.
#[derive(Debug, Serialize)]
pub struct RestrictedCaseView {
    /// The case.
    pub id: Uuid,
    /// Always `false`: by this the two shapes are told apart.
    pub declared: bool,
    /// Day of filing.
    #[serde(with = "iso_date")]
    pub filed: Date,
    /// The desk.
    pub desk: String,
    /// How urgent.
    pub urgency: protocol::submission::envelope::Urgency,
    /// What it is about, in the language asked for.
    pub category_label: Option<String>,
    /// Where it was, and which units and functions are said to be involved.
    pub involved: Vec<FactView>,
    /// What the reporter asks of the team: whom to talk to, and which help. The form says that
    /// these answers are seen before the case is opened, so that the right colleague can take it.
    pub wishes: Vec<FactView>,
    /// Everything that is wrong.
    pub alarms: Vec<IntegrityAlert>,
}

/// Answers that tell whether there is a conflict of interest.
const PERSON_QUESTIONS: [&str; 2] = ["place", "who_function"];
/// Answers that ask something of the team before it opens the case.
const WISH_QUESTIONS: [&str; 2] = ["handler_preference", "support_wanted"];

/// The answers that are shown before a declaration.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct RestrictedFacts {
    /// See [`RestrictedCaseView::involved`].
    pub person_answers: Vec<FactView>,
    /// See [`RestrictedCaseView::wishes`].
    pub wish_answers: Vec<FactView>,
}

impl RestrictedFacts {
    /// Returns the answers that may be shown, and drops every other one.
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
    /// Leaves out everything else.
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
            urgency: view.state.urgency,
            category_label,
            involved,
            wishes,
            alarms: view.alarms,
        }
    }
}

/// What was reported.
#[derive(Debug, Serialize)]
pub struct ReportView {
    /// Category id.
    pub category: String,
    /// Its name in the language asked for.
    pub category_label: String,
    /// The key factors of the Revised Arusha Declaration that the category belongs to, the primary
    /// one first, in the language asked for.
    pub factors: Vec<String>,
    /// Such as `trader`.
    pub audience: String,
    /// Ids of whom it must not reach.
    pub excluded: Vec<String>,
    /// Questions and answers in the order of the form.
    pub facts: Vec<FactView>,
    /// In the reporter's own words.
    pub story: String,
    /// How exposed the reporter is, the gravest first.
    pub exposure_signals: Vec<RiskSignal>,
    /// Why the case is as urgent as it is.
    pub priority_reasons: Vec<PriorityReason>,
}

/// One question and its answer.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct FactView {
    /// Question id.
    pub question: String,
    /// Its words.
    pub label: String,
    /// Option ids, or the text.
    pub answers: Vec<String>,
    /// The same in words.
    pub labels: Vec<String>,
}

/// One message.
#[derive(Debug, Serialize)]
pub struct MessageView {
    /// `in` from the reporter, `out` to the reporter.
    pub direction: FrameDirection,
    /// Its number in this direction.
    pub seq: u32,
    /// ISO week of writing.
    pub week: String,
    /// Language.
    pub lang: String,
    /// What it is.
    pub kind: FrameKind,
    /// Its text.
    pub text: String,
    /// An answer that fell out of the mailbox: newer ones took its place.
    pub dropped: bool,
    /// Another report of the same person that it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub earlier: Option<RelatedReportLink>,
}

/// One attached file.
#[derive(Debug, Serialize)]
pub struct AttachmentView {
    /// As the sender named it.
    pub name: String,
    /// As the sender's device typed it.
    pub media_type: String,
    /// In bytes.
    pub len: u64,
    /// Of the content.
    pub sha256: Hash,
    /// The number of the reporter's message that it came with; 0 is the report.
    pub message: u32,
    /// What was done with it before it was sealed, as its sender says; `null` where the sender says
    /// nothing.
    pub treatment: Option<AttachmentTreatment>,
}

/// One note.
#[derive(Debug, Serialize)]
pub struct NoteView {
    /// Who.
    pub by: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Fact, hypothesis or task.
    pub kind: NoteKind,
    /// The text.
    pub text: String,
}

/// One event in words.
#[derive(Debug, Serialize)]
pub struct TimelineEventView {
    /// Its number in the case.
    pub seq: u32,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Who.
    pub actor: String,
    /// What.
    pub what: String,
}

impl CaseView {
    /// Lays a case out, with labels in a language.
    pub fn new(case: &VerifiedCase, taxonomy: &Taxonomy, lang: &str) -> Self {
        let state = case.state.clone().unwrap_or_else(|| case.file.row.state.clone());
        let urgency = state.urgency;
        Self {
            id: case.id(),
            filed: case.file.row.filed,
            lang: case.file.row.lang.clone(),
            next_deadline: case.file.row.next.or_else(|| state.next_deadline()),
            state,
            holders: case.file.holders.clone(),
            report: case
                .report()
                .map(|report| report_view(&report, (case, urgency), taxonomy, lang)),
            messages: message_views(case),
            attachments: case.thread.incoming.iter().flat_map(attachment_views).collect(),
            notes: case
                .notes
                .iter()
                .map(|n| NoteView {
                    by: n.by.clone(),
                    at: n.at,
                    kind: n.note.kind,
                    text: n.note.text.clone(),
                })
                .collect(),
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

/// What both sides wrote, in one line: by filing, and never against the order in which one side
/// wrote. Messages that were collected together are filed in any order.
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

/// Its place in the order of filing, which is the one order between the two directions.
fn filing_position(parts: &[CasePart], entry: &VerifiedFrame) -> Option<usize> {
    let kind = match entry.header.direction {
        FrameDirection::In => PartKind::Body,
        FrameDirection::Out => PartKind::ReplyCopy,
    };
    parts.iter().position(|part| part.kind == kind && part.batch == entry.batch)
}

fn message_views(case: &VerifiedCase) -> Vec<MessageView> {
    let lost = case.displaced_unseen_replies(None);
    let entries = chronological(&case.file.parts, &case.thread).into_iter();
    entries.map(|entry| message_view(entry, &case.related_reports, &lost)).collect()
}

fn message_view(entry: &VerifiedFrame, named: &[RelatedReportLink], lost: &[u32]) -> MessageView {
    let text = match entry.header.kind {
        FrameKind::Rotation => "(new keys; the reporter sees nothing of this)".to_owned(),
        _ => entry.body_text(),
    };
    MessageView {
        direction: entry.header.direction,
        seq: entry.reference.seq,
        week: entry.header.week.clone(),
        lang: entry.header.lang.clone(),
        kind: entry.header.kind,
        text,
        dropped: entry.header.direction == FrameDirection::Out
            && lost.contains(&entry.reference.seq),
        earlier: named.iter().copied().find(|one| {
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

fn report_view(
    report: &ReportBody,
    (case, urgency): (&VerifiedCase, Urgency),
    taxonomy: &Taxonomy,
    lang: &str,
) -> ReportView {
    let category = taxonomy.category(&report.category);
    let asked: Vec<&Question> =
        category.map_or_else(Vec::new, |category| taxonomy.questions_for(category));
    let in_order = asked.iter().filter_map(|q| Some((&q.id, report.answers.get(&q.id)?)));
    // What this version's taxonomy does not ask is shown too, after the rest: nothing that was said
    // is dropped.
    let others = report.answers.iter().filter(|(id, _)| asked.iter().all(|q| q.id != **id));
    let facts = in_order.chain(others).filter(|(id, _)| *id != EXCLUSION_QUESTION);
    ReportView {
        category: report.category.clone(),
        category_label: category.map_or_else(
            || format!("? {}", terminal_text::display_code(&report.category)),
            |c| c.label.get(lang).to_owned(),
        ),
        factors: category
            .into_iter()
            .flat_map(|category| taxonomy.factors_of(category))
            .map(|factor| factor.label.get(lang).to_owned())
            .collect(),
        audience: report.audience.clone(),
        excluded: report.exclusions(),
        facts: facts
            .map(|(id, answer)| fact_view(taxonomy.question(id), id, answer, lang))
            .collect(),
        story: report.story.clone(),
        exposure_signals: risk::risk_signals(report, taxonomy, lang),
        priority_reasons: risk::priority_reasons(report, &case.events, urgency, taxonomy, lang),
    }
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
        // A question that this version does not ask is a word of the sender.
        label: question.map_or_else(
            || format!("? {}", terminal_text::display_code(id)),
            |q| q.label.get(lang).to_owned(),
        ),
        labels: answers.iter().map(label_of).collect(),
        answers,
    }
}

/// The word of the protocol for a value that is one word in JSON.
pub fn serde_word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
