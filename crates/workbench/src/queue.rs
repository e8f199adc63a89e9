//! Queues: the cases that one can read, in the order in which they press. The case handler's own telling:
//! [`Connection::read_case`] verifies each.

use std::collections::{BTreeMap, BTreeSet};

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
    /// Closed cases whose retention is over, and which no hold and nothing unread keeps from being destroyed.
    RetentionOver,
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

/// In which order cases are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Those that wait for one's decision, then the most pressing.
    Due,
    /// The oldest first.
    Age,
    /// The most urgent first, then the oldest.
    Priority,
    /// By desk, then the most pressing.
    Desk,
}

impl Order {
    /// Sorts lines in place.
    pub fn sort(self, lines: &mut [Line]) {
        lines.sort_by_cached_key(|line| {
            let Line { row, next, waits_for_me, .. } = line;
            let (due, urgency) = (next.map_or(Date::MAX, |next| next.due), row.state.urgency);
            let first = match self {
                Self::Due => (!waits_for_me, String::new(), None, due, urgency),
                Self::Age => (false, String::new(), None, row.filed, urgency),
                Self::Priority => (false, String::new(), Some(urgency), row.filed, urgency),
                Self::Desk => (false, row.state.desk.clone(), None, due, urgency),
            };
            (first, row.id)
        });
    }
}

/// Returns the beginning of each id that tells it from all others given: 8 characters, or as many more as that takes.
pub fn short_ids(ids: impl IntoIterator<Item = Uuid>) -> BTreeMap<Uuid, String> {
    let ids: Vec<Uuid> = ids.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    let texts: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    let alike = |one: &str, other: &str| one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let short = |at: usize| {
        let text = &texts[at];
        let neighbours = [at.checked_sub(1), Some(at + 1)].into_iter().flatten();
        let same = neighbours.filter_map(|at| texts.get(at)).map(|other| alike(text, other)).max();
        text[..(same.unwrap_or(0) + 1).clamp(8, text.len())].to_owned()
    };
    ids.iter().enumerate().map(|(at, id)| (*id, short(at))).collect()
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
            Self::RetentionOver => {
                state.stage == Stage::Closed
                    && !state.held
                    && state.unread == 0
                    && state.kept_until().is_some_and(|until| until <= today)
            }
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
        Order::Due.sort(&mut lines);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_shortened_as_far_as_they_differ() {
        let id = |text: &str| text.parse::<Uuid>().unwrap();
        let one = id("11111111-1111-4111-8111-111111111111");
        let alike = id("11111111-1111-4111-8111-111111111112");
        let near = id("11111111-2111-4111-8111-111111111111");
        let far = id("99999999-1111-4111-8111-111111111111");
        let short = short_ids([far, near, alike, one, one]);
        assert_eq!(short[&far], "99999999");
        assert_eq!(short[&near], "11111111-2");
        assert_eq!(short[&one], one.to_string());
        assert_eq!(short[&alike], alike.to_string());
        assert_eq!(short_ids([one])[&one], "11111111");
        assert!(short_ids([]).is_empty());
    }
}
