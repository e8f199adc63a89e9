//! Queues: the cases that one can read, in the order in which they press. The case handler's own
//! telling: [`HandlerConnection::read_case`] verifies each.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{
    api::workbench::CaseSummary,
    case::{
        Deadline, Role, Stage,
        event::{Action, Event},
    },
};
use serde::Serialize;
use time::{Date, Duration};
use uuid::Uuid;

use crate::{
    alert::{AlertCode, IntegrityAlert},
    case::VerifiedCase,
    private_files::FileError,
    session::{ConnectError, HandlerConnection, client::ClientError},
};

/// What is due within so many days is due soon.
const DUE_SOON: Duration = Duration::days(7);
/// At most asked from the case handler at once.
const MAX_PAGE: usize = 200;
/// Looked through for one page, where few of them are wanted. Whoever wants more asks for the next.
const MAX_SCANNED: usize = 2_000;

/// Which cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueFilter {
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
    /// Closed cases whose retention is over, and which no hold and nothing unread keeps from being
    /// destroyed.
    RetentionExpired,
    /// Everything.
    All,
}

/// What of a case a screen shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShownContent {
    /// Report and messages.
    Everything,
    /// The report without the messages.
    Report,
    /// Nothing that the reporter wrote.
    Notes,
}

/// In which order cases are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueOrder {
    /// Those that wait for one's decision, then the most pressing.
    Due,
    /// The oldest first.
    Age,
    /// The most urgent first, then the oldest.
    Priority,
    /// By desk, then the most pressing.
    Desk,
}

impl QueueOrder {
    /// Sorts lines in place.
    pub fn sort(self, lines: &mut [QueueItem]) {
        lines.sort_by_cached_key(|line| {
            let QueueItem { row, next_deadline: next, waits_for_me, .. } = line;
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

/// Returns the beginning of each id that tells it from all others given: 8 characters, or as many
/// more as that takes.
pub fn short_ids(ids: impl IntoIterator<Item = Uuid>) -> BTreeMap<Uuid, String> {
    let ids: Vec<Uuid> = ids.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    let texts: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    let alike =
        |one: &str, other: &str| one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
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
pub struct CaseQueueCursor {
    /// The case there.
    pub case: Uuid,
    /// Its first deadline, if one runs: as the events set it, before days of rest put it off.
    pub due: Option<Date>,
}

impl CaseQueueCursor {
    fn from_row(row: &CaseSummary) -> Self {
        Self { case: row.id, due: row.state.next_deadline().map(|next| next.due) }
    }
}

/// One case of a queue. In JSON the fields of the API's row stand beside these.
#[derive(Debug, Clone, Serialize)]
pub struct QueueItem {
    /// As the case handler tells it.
    #[serde(flatten)]
    pub row: CaseSummary,
    /// What must happen first, and by when; the row's own, worked out here if an older case handler
    /// does not tell it.
    #[serde(skip)]
    pub next_deadline: Option<Deadline>,
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
    pub items: Vec<QueueItem>,
    /// Behind which there may be more.
    pub next_cursor: Option<CaseQueueCursor>,
}

impl QueueFilter {
    /// Is a case in it?
    fn matches(self, line: &QueueItem, me: &str, today: Date) -> bool {
        let state = &line.row.state;
        let open = state.stage.is_open();
        match self {
            Self::Mine => line.waits_for_me || open && state.assignee.as_deref() == Some(me),
            Self::Waiting => line.waits_for_me,
            // What the reporter wrote after the closing is work as well.
            Self::Open => open || state.stage == Stage::Closed && state.unhandled > 0,
            Self::Due => {
                open && line.next_deadline.is_some_and(|next| next.due <= today + DUE_SOON)
            }
            Self::Unread => line.unread,
            Self::Closed => !open,
            Self::RetentionExpired => {
                state.stage == Stage::Closed
                    && !state.legal_hold
                    && state.unhandled == 0
                    && state.retained_until().is_some_and(|until| until <= today)
            }
            Self::All => true,
        }
    }

    /// Can none be in it behind a case, as the most pressing come first?
    fn ends_before(self, line: &QueueItem, today: Date) -> bool {
        self == Self::Due
            && CaseQueueCursor::from_row(&line.row).due.is_none_or(|due| due > today + DUE_SOON)
    }
}

impl HandlerConnection {
    /// The whole queue, and a notice for each case that was there before and is not any more.
    pub async fn queue(&self) -> Result<(Vec<CaseSummary>, Vec<IntegrityAlert>), ConnectError> {
        let rows = self.client.cases().await?;
        let here: BTreeSet<Uuid> = rows.iter().map(|row| row.id).collect();
        let gone = self.trust_state.cases.keys().filter(|case| !here.contains(case));
        let notices = gone.map(|case| {
            let text = "a case that you read before is not in your queue any more: it is withheld, or was taken from you";
            IntegrityAlert::notice(AlertCode::Withheld, text).in_case(*case)
        });
        let notices = notices.collect();
        Ok((rows, notices))
    }

    /// The notices alone. Asks for the whole queue, unless nothing was ever read.
    pub async fn missing_case_alerts(&self) -> Result<Vec<IntegrityAlert>, ConnectError> {
        if self.trust_state.cases.is_empty() { Ok(Vec::new()) } else { Ok(self.queue().await?.1) }
    }

    /// The cases of a part of the whole queue: those that wait for one's decision, then the most
    /// pressing.
    pub fn filtered_queue(&self, part: QueueFilter, rows: Vec<CaseSummary>) -> Vec<QueueItem> {
        let today = self.now.date();
        let mut lines: Vec<QueueItem> = rows.into_iter().map(|row| self.queue_item(row)).collect();
        lines.retain(|line| part.matches(line, self.handle(), today));
        QueueOrder::Due.sort(&mut lines);
        lines
    }

    /// At most `most` cases of a part behind a place, without asking for the whole queue. On the
    /// page those stand first that wait for one's decision.
    pub async fn queue_page(
        &self,
        part: QueueFilter,
        behind: Option<CaseQueueCursor>,
        most: usize,
    ) -> Result<QueuePage, ClientError> {
        let mut page = self.queue_page_by_deadline(part, behind, most).await?;
        page.items.sort_by_key(|line| !line.waits_for_me);
        Ok(page)
    }

    async fn queue_page_by_deadline(
        &self,
        part: QueueFilter,
        mut behind: Option<CaseQueueCursor>,
        most: usize,
    ) -> Result<QueuePage, ClientError> {
        let today = self.now.date();
        let mut lines = Vec::new();
        // A page's worth first, which is enough where most cases are wanted; then more at once.
        let (mut looked_at, mut ask) = (0, most.clamp(1, MAX_PAGE));
        while looked_at < MAX_SCANNED {
            let rows = self.client.cases_page(behind, ask).await?;
            let ends = rows.len() < ask;
            looked_at += rows.len();
            ask = (2 * ask).min(MAX_PAGE);
            for line in rows.into_iter().map(|row| self.queue_item(row)) {
                if part.ends_before(&line, today) {
                    return Ok(QueuePage { items: lines, next_cursor: None });
                }
                behind = Some(CaseQueueCursor::from_row(&line.row));
                if part.matches(&line, self.handle(), today) {
                    lines.push(line);
                }
                if lines.len() == most {
                    return Ok(QueuePage { items: lines, next_cursor: behind });
                }
            }
            if ends {
                return Ok(QueuePage { items: lines, next_cursor: None });
            }
        }
        Ok(QueuePage { items: lines, next_cursor: behind })
    }

    fn queue_item(&self, row: CaseSummary) -> QueueItem {
        let next = row.next.or_else(|| row.state.next_deadline());
        let role = Role::of_member(self.directory(), self.handle(), &row.state.desk);
        QueueItem {
            waits_for_me: row.state.awaits_decision_by(self.handle(), role),
            next_deadline: next,
            late: next.is_some_and(|next| next.due < self.now.date()),
            unread: self
                .trust_state
                .read
                .get(&row.id)
                .is_none_or(|read| *read < row.state.next_seq),
            row,
        }
    }

    /// Remembers what of a case its owner has been shown. What the reporter wrote and the screen
    /// did not show stays new.
    ///
    /// # Errors
    /// If the home folder cannot be written.
    pub fn mark_seen(
        &mut self,
        case: &VerifiedCase,
        showing: ShownContent,
    ) -> Result<(), FileError> {
        let looked_at = self.trust_state.read.get(&case.id()).copied().unwrap_or(0);
        let left_out = |event: &&Event| {
            event.seq >= looked_at
                && match showing {
                    ShownContent::Everything => false,
                    ShownContent::Report => matches!(event.action, Action::FollowedUp(_)),
                    ShownContent::Notes => event.action.is_from_reporter(),
                }
        };
        let first_left_out = case.events.iter().find(left_out).map(|event| event.seq);
        let all = u32::try_from(case.file.log.len()).unwrap_or(u32::MAX);
        let events = first_left_out.unwrap_or(all);
        if self.trust_state.read.insert(case.id(), events) == Some(events) {
            Ok(())
        } else {
            self.save_trust_state()
        }
    }

    /// Has its owner ever looked at this case?
    pub fn has_seen(&self, case: Uuid) -> bool {
        self.trust_state.read.contains_key(&case)
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
