//! What stands at the head of every page of one case.

use crate::{
    alarm::{Alarm, Severity},
    cases::Case,
    site::{
        frame::{AtWork, Frame, Section},
        i18n,
    },
    standing::Because,
    view::{CaseView, word},
};

/// The head of a case's pages: which case, where it stands, and by when something must happen.
pub(super) struct Head {
    pub(super) id: String,
    /// How many events there were. What is done is held against this.
    pub(super) shown: u32,
    /// Which of the case's pages it is.
    pub(super) tab: &'static str,
    pub(super) category: Option<String>,
    pub(super) stage: String,
    /// How it ended.
    pub(super) disposition: Option<String>,
    /// Is there a legal hold?
    pub(super) held: bool,
    pub(super) urgency: String,
    pub(super) because: Vec<String>,
    pub(super) desk: String,
    pub(super) assignee: Option<String>,
    pub(super) mine: bool,
    pub(super) closed: bool,
    pub(super) released: Option<String>,
    pub(super) filed: String,
    pub(super) next: Option<(String, String, String, bool)>,
    pub(super) counts: Counts,
    pub(super) alarms: Vec<Told>,
}

/// How much there is on the case's other pages.
pub(super) struct Counts {
    pub(super) messages: usize,
    /// Of what the reporter sent, what is not dealt with.
    pub(super) waiting: usize,
    pub(super) notes: usize,
}

/// An alarm in words: what it means, and the program's own sentence.
pub(super) struct Told {
    pub(super) grave: bool,
    pub(super) means: String,
    pub(super) text: String,
    /// In which case, by the beginning of its id.
    pub(super) case: Option<String>,
}

/// An alarm or notice.
pub(super) fn told(frame: &Frame, alarm: &Alarm) -> Told {
    Told {
        grave: alarm.severity == Severity::Alarm,
        means: frame.one_of("alarm", &word(&alarm.code)),
        text: alarm.text.clone(),
        case: alarm.case.map(|case| case.to_string()[..8].to_owned()),
    }
}

/// A case as one of its pages shows it.
pub(super) struct Shown {
    pub(super) frame: Frame,
    pub(super) head: Head,
    pub(super) view: CaseView,
}

impl Shown {
    pub(super) fn of(at: &AtWork, case: &Case, tab: &'static str) -> Self {
        let mut frame = at.frame("case-title", Section::Queue);
        let view = CaseView::new(case, &at.visit.site.taxonomy, frame.code());
        let id = view.id.to_string();
        frame.title = format!("{} {}", frame.title, &id[..8]);
        let head = head(&frame, &view, at.connection().handle(), tab);
        Self { frame, head, view }
    }
}

fn head(frame: &Frame, view: &CaseView, me: &str, tab: &'static str) -> Head {
    let state = &view.state;
    let report = view.report.as_ref();
    let next = view.next_deadline.map(|next| {
        let late = next.due < frame.today();
        let distance = i18n::distance(frame.words(), next.due, frame.today());
        (frame.one_of("clock", &word(&next.clock)), frame.day(next.due), distance, late)
    });
    let because = report.into_iter().flat_map(|report| &report.urgent_because);
    Head {
        id: view.id.to_string(),
        shown: state.next_seq,
        tab,
        category: report.map(|report| report.category_label.clone()),
        stage: frame.one_of("stage", state.stage.as_str()),
        disposition: state.disposition.map(|disposition| frame.one_of("disposition", &word(&disposition))),
        held: state.held,
        urgency: format!("{:?}", state.urgency),
        because: because.map(|because| reason(frame, because)).collect(),
        desk: frame.desk(&state.desk),
        assignee: state.assignee.clone(),
        mine: state.assignee.as_deref() == Some(me),
        closed: !state.stage.is_open(),
        released: state.released.map(|release| frame.one_of("release", &word(&release))),
        filed: frame.day(view.filed),
        next,
        counts: Counts {
            messages: view.messages.len(),
            waiting: usize::try_from(state.unread).unwrap_or(usize::MAX),
            notes: view.notes.len(),
        },
        alarms: view.alarms.iter().map(|alarm| told(frame, alarm)).collect(),
    }
}

fn reason(frame: &Frame, because: &Because) -> String {
    match because {
        Because::Category => frame.t("because-category"),
        Because::Answer { question, answer } => format!("{question} {answer}"),
        Because::Person(who) => frame.with("because-person", "who", who),
    }
}
