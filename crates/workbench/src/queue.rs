//! Queues: the cases that one can read, in the order in which they press. The case handler's own telling:
//! [`Connection::read_case`] verifies each.

use std::collections::BTreeSet;

use envelope::{
    desk_api::CaseRow,
    event::{Action, Event},
    life::{Deadline, Role, Stage},
};
use serde::Serialize;
use time::{Date, Duration};
use uuid::Uuid;

use crate::{
    alarm::{Alarm, Code},
    cases::Case,
    client::ClientError,
    connection::{ConnectError, Connection},
    files::FileError,
};

/// What is due within so many days is due soon.
const SOON: Duration = Duration::days(7);
/// At most asked from the case handler at once.
const AT_ONCE: usize = 200;
/// Looked through for one page, where few of them are wanted. Whoever wants more asks for the next.
const MOST_LOOKED_AT: usize = 2_000;

/// Which cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What one has, and what waits for one's decision.
    Mine,
    /// Where a proposal waits for one's decision.
    Waiting,
    /// Everything that is open.
    Open,
    /// What is due within a week, or late.
    Due,
    /// Where something has happened since one last looked.
    Unread,
    /// What is done.
    Closed,
    /// Everything.
    All,
}

/// What of a case a screen shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Showing {
    /// Report and messages.
    Everything,
    /// The report without the messages.
    Report,
    /// Nothing that the reporter wrote.
    Notes,
}

/// A place in the queue, behind which a part of it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The case there.
    pub case: Uuid,
    /// Its first deadline, if one runs: as the events set it, before days of rest put it off.
    pub due: Option<Date>,
}

impl Place {
    fn of(row: &CaseRow) -> Self {
        Self { case: row.id, due: row.state.next_deadline().map(|next| next.due) }
    }
}

/// One case of a queue. In JSON the fields of the API's row stand beside these.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// As the case handler tells it.
    #[serde(flatten)]
    pub row: CaseRow,
    /// What must happen first, and by when; the row's own, worked out here if an older case handler does not tell it.
    #[serde(skip)]
    pub next: Option<Deadline>,
    /// Has that day passed?
    pub late: bool,
    /// Has something happened since one last looked?
    pub unread: bool,
    /// Does a proposal wait until its reader approves or declines it?
    pub waits_for_me: bool,
}

/// A page of a queue.
#[derive(Debug)]
pub struct QueuePage {
    /// The most pressing first.
    pub lines: Vec<Line>,
    /// Behind which there may be more.
    pub behind: Option<Place>,
}

impl Part {
    /// Is a case in it?
    fn takes(self, line: &Line, me: &str, today: Date) -> bool {
        let state = &line.row.state;
        let open = state.stage.is_open();
        match self {
            Self::Mine => line.waits_for_me || open && state.assignee.as_deref() == Some(me),
            Self::Waiting => line.waits_for_me,
            // What the reporter wrote after the closing is work as well.
            Self::Open => open || state.stage == Stage::Closed && state.unread > 0,
            Self::Due => open && line.next.is_some_and(|next| next.due <= today + SOON),
            Self::Unread => line.unread,
            Self::Closed => !open,
            Self::All => true,
        }
    }

    /// Can none be in it behind a case, as the most pressing come first?
    fn ends_at(self, line: &Line, today: Date) -> bool {
        self == Self::Due && Place::of(&line.row).due.is_none_or(|due| due > today + SOON)
    }
}

impl Connection {
    /// The whole queue, and a notice for each case that was there before and is not any more.
    pub async fn queue(&self) -> Result<(Vec<CaseRow>, Vec<Alarm>), ConnectError> {
        let rows = self.client.cases().await?;
        let here: BTreeSet<Uuid> = rows.iter().map(|row| row.id).collect();
        let gone = self.seen.cases.keys().filter(|case| !here.contains(case));
        let notices = gone.map(|case| {
            let text = "a case that you read before is not in your queue any more: it is withheld, or was taken from you";
            Alarm::notice(Code::Withheld, text).in_case(*case)
        });
        let notices = notices.collect();
        Ok((rows, notices))
    }

    /// The notices alone. Asks for the whole queue, unless nothing was ever read.
    pub async fn missing(&self) -> Result<Vec<Alarm>, ConnectError> {
        if self.seen.cases.is_empty() { Ok(Vec::new()) } else { Ok(self.queue().await?.1) }
    }

    /// The cases of a part of the whole queue: those that wait for one's decision, then the most pressing.
    pub fn part(&self, part: Part, rows: Vec<CaseRow>) -> Vec<Line> {
        let today = self.now.date();
        let mut lines: Vec<Line> = rows.into_iter().map(|row| self.line(row)).collect();
        lines.retain(|line| part.takes(line, self.handle(), today));
        lines.sort_by_key(|line| {
            let due = line.next.map_or(Date::MAX, |next| next.due);
            (!line.waits_for_me, due, line.row.state.urgency, line.row.id)
        });
        lines
    }

    /// At most `most` cases of a part behind a place, without asking for the whole queue. On the page those stand first that wait for
    /// one's decision.
    pub async fn page(
        &self,
        part: Part,
        behind: Option<Place>,
        most: usize,
    ) -> Result<QueuePage, ClientError> {
        let mut page = self.page_in_order(part, behind, most).await?;
        page.lines.sort_by_key(|line| !line.waits_for_me);
        Ok(page)
    }

    async fn page_in_order(
        &self,
        part: Part,
        mut behind: Option<Place>,
        most: usize,
    ) -> Result<QueuePage, ClientError> {
        let today = self.now.date();
        let mut lines = Vec::new();
        // A page's worth first, which is enough where most cases are wanted; then more at once.
        let (mut looked_at, mut ask) = (0, most.clamp(1, AT_ONCE));
        while looked_at < MOST_LOOKED_AT {
            let rows = self.client.cases_behind(behind, ask).await?;
            let ends = rows.len() < ask;
            looked_at += rows.len();
            ask = (2 * ask).min(AT_ONCE);
            for line in rows.into_iter().map(|row| self.line(row)) {
                if part.ends_at(&line, today) {
                    return Ok(QueuePage { lines, behind: None });
                }
                behind = Some(Place::of(&line.row));
                if part.takes(&line, self.handle(), today) {
                    lines.push(line);
                }
                if lines.len() == most {
                    return Ok(QueuePage { lines, behind });
                }
            }
            if ends {
                return Ok(QueuePage { lines, behind: None });
            }
        }
        Ok(QueuePage { lines, behind })
    }

    fn line(&self, row: CaseRow) -> Line {
        let next = row.next.or_else(|| row.state.next_deadline());
        let role = Role::of(self.directory(), self.handle(), &row.state.desk);
        Line {
            waits_for_me: row.state.awaits(self.handle(), role),
            next,
            late: next.is_some_and(|next| next.due < self.now.date()),
            unread: self.seen.read.get(&row.id).is_none_or(|read| *read < row.state.next_seq),
            row,
        }
    }

    /// Remembers what of a case its owner has been shown. What the reporter wrote and the screen did not show stays new.
    ///
    /// # Errors
    /// If the home folder cannot be written.
    pub fn mark_looked_at(&mut self, case: &Case, showing: Showing) -> Result<(), FileError> {
        let looked_at = self.seen.read.get(&case.id()).copied().unwrap_or(0);
        let left_out = |event: &&Event| {
            event.seq >= looked_at
                && match showing {
                    Showing::Everything => false,
                    Showing::Report => matches!(event.action, Action::FollowedUp(_)),
                    Showing::Notes => event.action.is_from_reporter(),
                }
        };
        let first_left_out = case.events.iter().find(left_out).map(|event| event.seq);
        let all = u32::try_from(case.file.log.len()).unwrap_or(u32::MAX);
        let events = first_left_out.unwrap_or(all);
        if self.seen.read.insert(case.id(), events) == Some(events) { Ok(()) } else { self.remember() }
    }

    /// Has its owner ever looked at this case?
    pub fn has_read(&self, case: Uuid) -> bool {
        self.seen.read.contains_key(&case)
    }
}
