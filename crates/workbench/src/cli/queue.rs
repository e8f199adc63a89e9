//! `burkindi queue`: the cases that one can read.

use envelope::{
    desk_api::CaseRow,
    life::{Deadline, Stage},
};
use serde::Serialize;
use time::Date;
use uuid::Uuid;
use workbench::{alarm::Alarm, view::word};

use super::{Context, Screen, screen::short};

#[derive(Debug, clap::Args)]
pub(crate) struct Queue {
    /// Only what you have.
    #[arg(long)]
    mine: bool,
    /// Only what is due within a week, or late.
    #[arg(long, conflicts_with = "all")]
    due: bool,
    /// Closed cases too.
    #[arg(long)]
    all: bool,
}

/// `{"today", "cases": [{…, "next", "late"}], "alarms"}`; the fields of the API's row stand in each case.
#[derive(Debug, Serialize)]
struct QueueView {
    #[serde(with = "envelope::iso_date")]
    today: Date,
    cases: Vec<Line>,
    alarms: Vec<Alarm>,
}

#[derive(Debug, Serialize)]
struct Line {
    #[serde(flatten)]
    row: CaseRow,
    next: Option<Deadline>,
    late: bool,
}

impl Queue {
    pub(crate) async fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        let connection = context.connect(screen).await?;
        let today = context.now.date();
        let (rows, alarms) = connection.queue().await?;
        screen.alarms(&alarms)?;
        let mut rows: Vec<CaseRow> =
            rows.into_iter().filter(|row| self.shows(row, connection.handle(), today)).collect();
        rows.sort_by_key(|row| (sort_day(row), row.state.urgency, row.id));
        let cases = rows.into_iter().map(|row| line(row, today)).collect();
        let view = QueueView { today, cases, alarms };
        screen.show(&view, |view, page| {
            if view.cases.is_empty() {
                page.line("No case here.");
                page.dim(if self.all {
                    "Nothing has been filed for you yet."
                } else {
                    "Closed cases show with --all."
                });
                return;
            }
            let rows: Vec<Vec<String>> = view.cases.iter().map(|line| cells(line, view.today)).collect();
            page.table(&["case", "urgency", "stage", "desk", "who has it", "filed", "next", ""], &rows);
        })
    }

    fn shows(&self, row: &CaseRow, me: &str, today: Date) -> bool {
        let soon = |deadline: Deadline| deadline.due <= today + time::Duration::days(7);
        (!self.mine || row.state.assignee.as_deref() == Some(me))
            && (!self.due || row.state.next_deadline().is_some_and(soon))
            && (self.all
                || row.state.stage.is_open()
                || row.state.unread > 0 && row.state.stage == Stage::Closed)
    }
}

fn sort_day(row: &CaseRow) -> Date {
    row.state.next_deadline().map_or(Date::MAX, |deadline| deadline.due)
}

fn line(row: CaseRow, today: Date) -> Line {
    Line { next: row.state.next_deadline(), late: row.state.missed(today).is_some(), row }
}

fn cells(line: &Line, today: Date) -> Vec<String> {
    let state = &line.row.state;
    let who = match (&state.assignee, &line.row.suggested) {
        (Some(who), _) => who.clone(),
        (None, Some(suggested)) if state.stage.is_open() => format!("nobody (try {suggested})"),
        (None, _) => "nobody".to_owned(),
    };
    vec![
        short(&line.row.id.to_string()).to_owned(),
        format!("{:?}", state.urgency),
        state.stage.as_str().to_owned(),
        state.desk.clone(),
        who,
        line.row.filed.to_string(),
        line.next.map_or_else(|| "-".to_owned(), |next| format!("{} by {}", word(&next.clock), next.due)),
        line.next.map_or_else(String::new, |next| days(next.due, today)),
    ]
}

/// How far a deadline is.
pub(crate) fn days(due: Date, today: Date) -> String {
    match (due - today).whole_days() {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        days if days > 0 => format!("in {days} days"),
        -1 => "LATE by 1 day".to_owned(),
        days => format!("LATE by {} days", -days),
    }
}

/// `{"case", "did", "stage", "assignee", "events"}`: the answer to every act on a case.
#[derive(Debug, Serialize)]
pub(crate) struct Acted {
    pub(crate) case: Uuid,
    pub(crate) did: &'static str,
    pub(crate) stage: Option<Stage>,
    pub(crate) assignee: Option<String>,
    pub(crate) events: Option<u32>,
}
