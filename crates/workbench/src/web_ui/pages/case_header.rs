//! The header of every page of a case.

use crate::{
    alert::{AlertSeverity, IntegrityAlert},
    case::{
        VerifiedCase,
        risk::PriorityReason,
        view::{CaseView, serde_word},
    },
    l10n::dates,
    web_ui::{
        extract::SignedInSession,
        layout::{NavSection, PageFrame},
    },
};

/// The data of the header: the case, its stage, and its next deadline.
#[expect(clippy::struct_excessive_bools, reason = "independent facts that the template shows")]
pub(super) struct CaseHeader {
    pub(super) id: String,
    /// The number of events that the page shows. An action is refused if there are more by then.
    pub(super) shown_event_count: u32,
    /// The page of the case.
    pub(super) tab: &'static str,
    pub(super) category: Option<String>,
    pub(super) stage: String,
    /// The outcome.
    pub(super) disposition: Option<String>,
    /// Whether the case is under legal hold.
    pub(super) legal_hold: bool,
    pub(super) priority: String,
    pub(super) priority_reasons: Vec<String>,
    pub(super) desk: String,
    pub(super) assignee: Option<String>,
    pub(super) mine: bool,
    pub(super) closed: bool,
    pub(super) released: Option<String>,
    /// Whether the report came without a grant for the oversight body.
    pub(super) oversight_refused: bool,
    pub(super) filed: String,
    pub(super) next: Option<(String, String, String, bool)>,
    pub(super) counts: TabCounts,
    pub(super) alarms: Vec<AlertView>,
}

/// The counts that the tabs show.
pub(super) struct TabCounts {
    pub(super) messages: usize,
    /// The unhandled messages of the reporter.
    pub(super) waiting: usize,
    pub(super) notes: usize,
}

/// The texts of an alert: its meaning, and the detail in English.
pub(super) struct AlertView {
    pub(super) is_alarm: bool,
    pub(super) explanation: String,
    pub(super) text: String,
    /// The first characters of the id of its case.
    pub(super) case: Option<String>,
}

/// Returns the texts of an alert.
pub(super) fn alert_view(frame: &PageFrame, alarm: &IntegrityAlert) -> AlertView {
    AlertView {
        is_alarm: alarm.severity == AlertSeverity::Alarm,
        explanation: frame.t_variant("alarm", &serde_word(&alarm.code)),
        text: alarm.text.clone(),
        case: alarm.case.map(|case| case.to_string()[..8].to_owned()),
    }
}

/// The data of a page of a case.
pub(super) struct CasePageContext {
    pub(super) frame: PageFrame,
    pub(super) head: CaseHeader,
    pub(super) view: CaseView,
}

impl CasePageContext {
    pub(super) fn new(session: &SignedInSession, case: &VerifiedCase, tab: &'static str) -> Self {
        let mut frame = session.frame("case-title", NavSection::Queue);
        let view = CaseView::new(case, &session.request.state.taxonomy, frame.code());
        let id = view.id.to_string();
        frame.title = format!("{} {}", frame.title, &id[..8]);
        let head = case_header(&frame, &view, session.connection().handle(), tab);
        Self { frame, head, view }
    }
}

fn case_header(frame: &PageFrame, view: &CaseView, me: &str, tab: &'static str) -> CaseHeader {
    let state = &view.state;
    let report = view.report.as_ref();
    let next = view.next_deadline.map(|next| {
        let late = next.due < frame.today();
        let distance = dates::format_days_until(frame.catalog(), next.due, frame.today());
        (
            frame.t_variant("deadline-kind", &serde_word(&next.kind)),
            frame.format_date(next.due),
            distance,
            late,
        )
    });
    let reasons = report.into_iter().flat_map(|report| &report.priority_reasons);
    CaseHeader {
        id: view.id.to_string(),
        shown_event_count: state.next_seq,
        tab,
        category: report.map(|report| report.category_label.clone()),
        stage: frame.t_variant("stage", state.stage.as_str()),
        disposition: state
            .disposition
            .map(|disposition| frame.t_variant("disposition", &serde_word(&disposition))),
        legal_hold: state.legal_hold,
        priority: format!("{:?}", state.priority),
        priority_reasons: reasons.map(|reason| priority_reason_text(frame, reason)).collect(),
        desk: frame.desk_label(&state.desk),
        assignee: state.assignee.clone(),
        mine: state.assignee.as_deref() == Some(me),
        closed: !state.stage.is_open(),
        released: state.released.map(|release| frame.t_variant("release", &serde_word(&release))),
        oversight_refused: state.oversight_refused,
        filed: frame.format_date(view.filed),
        next,
        counts: TabCounts {
            messages: view.messages.len(),
            waiting: usize::try_from(state.unhandled).unwrap_or(usize::MAX),
            notes: view.notes.len(),
        },
        alarms: view.alarms.iter().map(|alarm| alert_view(frame, alarm)).collect(),
    }
}

fn priority_reason_text(frame: &PageFrame, reason: &PriorityReason) -> String {
    match reason {
        PriorityReason::Category => frame.t("because-category"),
        PriorityReason::Answer { question, answer } => format!("{question} {answer}"),
        PriorityReason::Person(who) => frame.with("because-person", "who", who),
    }
}
