//! `burkindi queue`: the cases that one can read.

use std::collections::BTreeMap;

use clap::ValueEnum;
use protocol::case::Stage;
use serde::Serialize;
use time::Date;
use uuid::Uuid;
use workbench::{
    alert::IntegrityAlert,
    case::{
        queue::{QueueFilter, QueueItem, QueueOrder, short_ids},
        view::serde_word,
    },
};

use super::{CliOutput, CommandContext};

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command")]
pub(crate) struct QueueArgs {
    /// Only what you have, and what waits for your decision.
    #[arg(long)]
    mine: bool,
    /// Only where a proposal waits until you approve or decline it.
    #[arg(long, conflicts_with_all = ["mine", "due", "unread", "all"])]
    waiting: bool,
    /// Only what is due within a week, or late.
    #[arg(long, conflicts_with = "mine")]
    due: bool,
    /// Only where something has happened since you last looked.
    #[arg(long, conflicts_with_all = ["mine", "due"])]
    unread: bool,
    /// Closed cases too.
    #[arg(long, conflicts_with_all = ["mine", "due", "unread"])]
    all: bool,
    /// Only closed cases whose retention is over: two persons can destroy them.
    #[arg(long, conflicts_with_all = ["mine", "waiting", "due", "unread", "all"])]
    retention_over: bool,
    /// In which order. Left out: what waits for your decision, then the most pressing.
    #[arg(long, value_enum)]
    sort: Option<QueueSort>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum QueueSort {
    /// The oldest first.
    Age,
    /// The most urgent first, then the oldest.
    Priority,
    /// By desk, then the most pressing.
    Desk,
}

impl From<QueueSort> for QueueOrder {
    fn from(sort: QueueSort) -> Self {
        match sort {
            QueueSort::Age => Self::Age,
            QueueSort::Priority => Self::Priority,
            QueueSort::Desk => Self::Desk,
        }
    }
}

/// `{"today", "cases": [{…, "next", "late", "unread", "waits_for_me"}], "alarms"}`; the fields of
/// the API's row stand in each case.
#[derive(Debug, Serialize)]
struct QueueOutput {
    #[serde(with = "protocol::encoding::iso_date")]
    today: Date,
    cases: Vec<QueueItem>,
    alarms: Vec<IntegrityAlert>,
}

impl QueueArgs {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let connection = context.connect(screen).await?;
        let today = context.now.date();
        let (rows, alarms) = connection.queue().await?;
        screen.print_alerts(&alarms)?;
        // Told apart from every case of the queue, shown or not: any of them could be meant.
        let ids = short_ids(rows.iter().map(|row| row.id));
        let mut cases = connection.filtered_queue(self.filter(), rows);
        if let Some(sort) = self.sort {
            QueueOrder::from(sort).sort(&mut cases);
        }
        let view = QueueOutput { today, cases, alarms };
        screen.print(&view, |view, page| {
            if view.cases.is_empty() {
                page.line("No case here.");
                page.dim(match self.filter() {
                    QueueFilter::All => "Nothing has been filed for you yet.",
                    QueueFilter::RetentionExpired => "No closed case may be destroyed yet.",
                    _ => "Closed cases show with --all.",
                });
                return;
            }
            let here = |handle: &str| connection.directory().member(handle).is_some();
            let rows: Vec<Vec<String>> =
                view.cases.iter().map(|line| queue_cells(line, &ids, view.today, &here)).collect();
            page.table(&["case", "urgency", "stage", "desk", "who has it", "filed", "next", ""], &rows);
            if self.retention_over {
                page.dim(
                    "To destroy one: burkindi propose CASE purge. What came unreadable: burkindi unreadable --purge CASE.",
                );
            }
        })
    }

    fn filter(&self) -> QueueFilter {
        match self {
            Self { waiting: true, .. } => QueueFilter::Waiting,
            Self { mine: true, .. } => QueueFilter::Mine,
            Self { due: true, .. } => QueueFilter::Due,
            Self { unread: true, .. } => QueueFilter::Unread,
            Self { all: true, .. } => QueueFilter::All,
            Self { retention_over: true, .. } => QueueFilter::RetentionExpired,
            Self { .. } => QueueFilter::Open,
        }
    }
}

/// One row. `here` says whether a member is in the directory still.
fn queue_cells(
    line: &QueueItem,
    ids: &BTreeMap<Uuid, String>,
    today: Date,
    here: &dyn Fn(&str) -> bool,
) -> Vec<String> {
    let state = &line.row.state;
    let who = match (&state.assignee, &line.row.suggested) {
        (Some(who), _) if here(who) => who.clone(),
        (Some(who), _) => format!("{who} (has left)"),
        (None, Some(suggested)) if state.stage.is_open() && here(suggested) => {
            format!("nobody (try {suggested})")
        }
        (None, _) => "nobody".to_owned(),
    };
    vec![
        ids.get(&line.row.id).cloned().unwrap_or_else(|| line.row.id.to_string()),
        format!("{:?}", state.urgency),
        state.stage.as_str().to_owned(),
        state.desk.clone(),
        who,
        line.row.filed.to_string(),
        line.next_deadline.map_or_else(
            || "-".to_owned(),
            |next| format!("{} by {}", serde_word(&next.clock), next.due),
        ),
        if line.waits_for_me {
            "WAITS FOR YOUR DECISION".to_owned()
        } else {
            line.next_deadline.map_or_else(String::new, |next| days_until(next.due, today))
        },
    ]
}

/// How far a deadline is.
pub(crate) fn days_until(due: Date, today: Date) -> String {
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
pub(crate) struct ActionOutput {
    pub(crate) case: Uuid,
    pub(crate) did: &'static str,
    pub(crate) stage: Option<Stage>,
    pub(crate) assignee: Option<String>,
    pub(crate) events: Option<u32>,
}
