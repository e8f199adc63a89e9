//! `burkindi queue`: the cases that the member can read.

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
    /// Only cases that are assigned to you or wait for your decision.
    #[arg(long)]
    mine: bool,
    /// Only cases with a proposal that waits for your approval.
    #[arg(long, conflicts_with_all = ["mine", "due", "unread", "all"])]
    waiting: bool,
    /// Only cases that are due within a week, or overdue.
    #[arg(long, conflicts_with = "mine")]
    due: bool,
    /// Only cases with events that you have not seen.
    #[arg(long, conflicts_with_all = ["mine", "due"])]
    unread: bool,
    /// Also closed cases.
    #[arg(long, conflicts_with_all = ["mine", "due", "unread"])]
    all: bool,
    /// Only closed cases whose retention is over. Two members can purge them.
    #[arg(long, conflicts_with_all = ["mine", "waiting", "due", "unread", "all"])]
    retention_over: bool,
    /// The order [default: cases that wait for your decision, then the most urgent].
    #[arg(long, value_enum)]
    sort: Option<QueueSort>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum QueueSort {
    /// Oldest first.
    Age,
    /// Most urgent first, then oldest.
    Priority,
    /// By desk, then most urgent.
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

/// `{"today", "cases": [{…, "next", "late", "unread", "waits_for_me", "sealed_to_former_key"}],
/// "alarms"}`. Each case has the fields of the API's row, too.
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
        // The ids are unambiguous among all cases of the queue, also among those that are not
        // shown.
        let ids = short_ids(rows.iter().map(|row| row.id));
        let mut cases = connection.filtered_queue(self.filter(), rows);
        if let Some(sort) = self.sort {
            QueueOrder::from(sort).sort(&mut cases);
        }
        connection.mark_former_key_cases(&mut cases).await?;
        let view = QueueOutput { today, cases, alarms };
        screen.print(&view, |view, page| {
            if view.cases.is_empty() {
                page.line("No matching case.");
                page.dim(match self.filter() {
                    QueueFilter::All => "No report has been received for you yet.",
                    QueueFilter::RetentionExpired => "No closed case can be purged yet.",
                    _ => "Use --all for closed cases, too.",
                });
                return;
            }
            let is_member = |handle: &str| connection.directory().member(handle).is_some();
            let rows: Vec<Vec<String>> =
                view.cases.iter().map(|line| queue_cells(line, &ids, view.today, &is_member)).collect();
            page.table(&["case", "priority", "stage", "desk", "assignee", "received", "next", ""], &rows);
            if self.retention_over {
                page.dim(
                    "To purge one: burkindi propose CASE purge. Unreadable cases: burkindi unreadable --purge CASE.",
                );
            }
            if view.cases.iter().any(|line| line.sealed_to_former_key) {
                page.dim(
                    "Cases that are SEALED TO YOUR FORMER KEY do not open: the lead of the desk grants them to your new key with burkindi former-readers --rotate.",
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

/// Returns the cells of one row. `is_member` returns whether a handle is in the directory.
fn queue_cells(
    line: &QueueItem,
    ids: &BTreeMap<Uuid, String>,
    today: Date,
    is_member: &dyn Fn(&str) -> bool,
) -> Vec<String> {
    let state = &line.row.state;
    let who = match (&state.assignee, &line.row.suggested) {
        (Some(who), _) if is_member(who) => who.clone(),
        (Some(who), _) => format!("{who} (has left)"),
        (None, Some(suggested)) if state.stage.is_open() && is_member(suggested) => {
            format!("none (suggested: {suggested})")
        }
        (None, _) => "none".to_owned(),
    };
    vec![
        ids.get(&line.row.id).cloned().unwrap_or_else(|| line.row.id.to_string()),
        format!("{:?}", state.priority),
        state.stage.as_str().to_owned(),
        state.desk.clone(),
        who,
        line.row.filed.to_string(),
        line.next_deadline.map_or_else(
            || "-".to_owned(),
            |next| format!("{} by {}", serde_word(&next.kind), next.due),
        ),
        if line.sealed_to_former_key {
            "SEALED TO YOUR FORMER KEY".to_owned()
        } else if line.waits_for_me {
            "WAITS FOR YOUR DECISION".to_owned()
        } else {
            line.next_deadline.map_or_else(String::new, |next| days_until(next.due, today))
        },
    ]
}

/// Returns the time until a deadline, such as `in 3 days`.
pub(crate) fn days_until(due: Date, today: Date) -> String {
    match (due - today).whole_days() {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        days if days > 0 => format!("in {days} days"),
        -1 => "OVERDUE by 1 day".to_owned(),
        days => format!("OVERDUE by {} days", -days),
    }
}

/// `{"case", "did", "stage", "assignee", "events"}`: the result of an action on a case. `did` is
/// the name of the event's action, or `unchanged`.
#[derive(Debug, Serialize)]
pub(crate) struct ActionOutput {
    pub(crate) case: Uuid,
    pub(crate) did: String,
    pub(crate) stage: Option<Stage>,
    pub(crate) assignee: Option<String>,
    pub(crate) events: Option<u32>,
}
