//! Queues: the cases that the member can read, the earliest deadline first. A queue shows what the
//! case handler reports; only [`HandlerConnection::read_case`] verifies a case.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{
    api::workbench::{CaseSummary, FormerReader},
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
    case::{VerifiedCase, cursor::CaseQueueCursor},
    private_files::FileError,
    session::{ConnectError, HandlerConnection, client::ClientError},
};

/// A deadline within this many days is due soon.
const DUE_SOON: Duration = Duration::days(7);
/// Maximum number of cases in one request to the case handler.
const MAX_PAGE: usize = 200;
/// Maximum number of cases scanned for one page, when few of them match the filter. The caller
/// requests the next page for more.
const MAX_SCANNED: usize = 2_000;

/// Selects cases of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueFilter {
    /// Cases assigned to the member, and cases with a proposal for the member to decide.
    Mine,
    /// Cases with a proposal for the member to decide.
    Waiting,
    /// All open cases.
    Open,
    /// Cases with a deadline within a week or in the past.
    Due,
    /// Cases with events that the member has not seen.
    Unread,
    /// Cases that are not open.
    Closed,
    /// Closed cases that can be purged: their retention is over, and they have no legal hold and no
    /// unhandled message.
    RetentionExpired,
    /// All cases.
    All,
}

/// The part of a case that a page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShownContent {
    /// Report and messages.
    Everything,
    /// The report without the messages.
    Report,
    /// Nothing that the reporter wrote.
    Notes,
}

/// Order of a list of cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueOrder {
    /// Cases with a proposal for the member first, then the earliest deadline.
    Due,
    /// Oldest report first.
    Age,
    /// Highest priority first, then the oldest report.
    Priority,
    /// By desk, then the earliest deadline.
    Desk,
}

impl QueueOrder {
    /// Sorts the items in place.
    pub fn sort(self, items: &mut [QueueItem]) {
        items.sort_by_cached_key(|item| {
            let QueueItem { row, next_deadline: next, waits_for_me, .. } = item;
            let (due, priority) = (next.map_or(Date::MAX, |next| next.due), row.state.priority);
            let first = match self {
                Self::Due => (!waits_for_me, String::new(), None, due, priority),
                Self::Age => (false, String::new(), None, row.filed, priority),
                Self::Priority => (false, String::new(), Some(priority), row.filed, priority),
                Self::Desk => (false, row.state.desk.clone(), None, due, priority),
            };
            (first, row.id)
        });
    }
}

/// Returns the shortest prefix of each id that is unique among the given ids, and at least 8
/// characters.
pub fn short_ids(ids: impl IntoIterator<Item = Uuid>) -> BTreeMap<Uuid, String> {
    let ids: Vec<Uuid> = ids.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    let texts: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    let common_prefix =
        |one: &str, other: &str| one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let short = |at: usize| {
        let text = &texts[at];
        let neighbours = [at.checked_sub(1), Some(at + 1)].into_iter().flatten();
        let same =
            neighbours.filter_map(|at| texts.get(at)).map(|other| common_prefix(text, other)).max();
        text[..(same.unwrap_or(0) + 1).clamp(8, text.len())].to_owned()
    };
    ids.iter().enumerate().map(|(at, id)| (*id, short(at))).collect()
}

/// One case of a queue. In JSON, the fields of the API's row are flattened into it.
#[derive(Debug, Clone, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "independent properties of a case")]
pub struct QueueItem {
    /// The case as the case handler reports it.
    #[serde(flatten)]
    pub row: CaseSummary,
    /// The next deadline. It is computed from the state if an older case handler does not send it.
    #[serde(skip)]
    pub next_deadline: Option<Deadline>,
    /// Whether that deadline has passed.
    pub late: bool,
    /// Whether the case has events that the member has not seen.
    pub unread: bool,
    /// Whether a proposal needs the member's decision.
    pub waits_for_me: bool,
    /// Whether the newest content of the case is sealed to a former key of the member, who cannot
    /// read it.
    pub sealed_to_former_key: bool,
}

/// A page of a queue.
#[derive(Debug)]
pub struct QueuePage {
    /// The cases, those for the member's decision first.
    pub items: Vec<QueueItem>,
    /// Where the next page begins, if there may be more cases.
    pub next_cursor: Option<CaseQueueCursor>,
}

impl QueueFilter {
    /// Returns whether the filter selects the case.
    fn matches(self, item: &QueueItem, me: &str, today: Date) -> bool {
        let state = &item.row.state;
        let open = state.stage.is_open();
        match self {
            Self::Mine => item.waits_for_me || open && state.assignee.as_deref() == Some(me),
            Self::Waiting => item.waits_for_me,
            // A message of the reporter after the closing is open work as well.
            Self::Open => open || state.stage == Stage::Closed && state.unhandled > 0,
            Self::Due => {
                open && item.next_deadline.is_some_and(|next| next.due <= today + DUE_SOON)
            }
            Self::Unread => item.unread,
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

    /// Returns whether no later case can match, because the queue is sorted by deadline.
    fn ends_before(self, item: &QueueItem, today: Date) -> bool {
        self == Self::Due
            && CaseQueueCursor::from_row(&item.row).due.is_none_or(|due| due > today + DUE_SOON)
    }
}

impl HandlerConnection {
    /// Returns the whole queue, and a notice for each pinned case that is no longer in it.
    ///
    /// # Errors
    /// If the case handler cannot be reached or rejects the request.
    pub async fn queue(&self) -> Result<(Vec<CaseSummary>, Vec<IntegrityAlert>), ConnectError> {
        let rows = self.client.cases().await?;
        let present: BTreeSet<Uuid> = rows.iter().map(|row| row.id).collect();
        let gone = self.trust_state.cases.keys().filter(|case| !present.contains(case));
        let notices = gone.map(|case| {
            let text = "a case that you read before is no longer in your queue: the case handler withholds it, or you lost access";
            IntegrityAlert::notice(AlertCode::Withheld, text).in_case(*case)
        });
        let notices = notices.collect();
        Ok((rows, notices))
    }

    /// Returns only the notices. Requests the whole queue, unless no case was ever read.
    ///
    /// # Errors
    /// As [`Self::queue`].
    pub async fn missing_case_alerts(&self) -> Result<Vec<IntegrityAlert>, ConnectError> {
        if self.trust_state.cases.is_empty() { Ok(Vec::new()) } else { Ok(self.queue().await?.1) }
    }

    /// Filters the whole queue. Cases with a proposal for the member come first, then the earliest
    /// deadline.
    pub fn filtered_queue(&self, filter: QueueFilter, rows: Vec<CaseSummary>) -> Vec<QueueItem> {
        let today = self.now.date();
        let mut items: Vec<QueueItem> = rows.into_iter().map(|row| self.queue_item(row)).collect();
        items.retain(|item| filter.matches(item, self.handle(), today));
        QueueOrder::Due.sort(&mut items);
        items
    }

    /// Returns at most `limit` cases after a cursor, without requesting the whole queue. On the
    /// page, cases with a proposal for the member come first.
    ///
    /// # Errors
    /// If the case handler cannot be reached or rejects the request.
    pub async fn queue_page(
        &self,
        filter: QueueFilter,
        cursor: Option<CaseQueueCursor>,
        limit: usize,
    ) -> Result<QueuePage, ClientError> {
        let mut page = self.queue_page_by_deadline(filter, cursor, limit).await?;
        self.mark_former_key_cases(&mut page.items).await?;
        page.items.sort_by_key(|item| !item.waits_for_me);
        Ok(page)
    }

    /// Sets [`QueueItem::sealed_to_former_key`] of the items.
    ///
    /// # Errors
    /// If the case handler cannot be reached or rejects the request.
    pub async fn mark_former_key_cases(&self, items: &mut [QueueItem]) -> Result<(), ClientError> {
        if !items.is_empty() {
            let sealed = self.cases_for_former_key().await?;
            for item in items {
                item.sealed_to_former_key = sealed.contains(&item.row.id);
            }
        }
        Ok(())
    }

    /// Returns the member's cases whose newest content is sealed to a former key of the member.
    /// Requests them only if an earlier directory names another key of the member.
    ///
    /// # Errors
    /// If the case handler cannot be reached or rejects the request.
    pub async fn cases_for_former_key(&self) -> Result<BTreeSet<Uuid>, ClientError> {
        if self.directory_history.former_keys(self.handle()).is_empty() {
            return Ok(BTreeSet::new());
        }
        let listed = self.client.former_readers().await?;
        let is_mine = |reader: &FormerReader| reader.handle == self.handle();
        let sealed = listed.into_iter().filter(|case| case.readers.iter().any(is_mine));
        Ok(sealed.map(|case| case.row.id).collect())
    }

    async fn queue_page_by_deadline(
        &self,
        filter: QueueFilter,
        mut cursor: Option<CaseQueueCursor>,
        limit: usize,
    ) -> Result<QueuePage, ClientError> {
        let today = self.now.date();
        let mut items = Vec::new();
        // The first request has the size of the page, which is enough if most cases match. Later
        // requests are larger.
        let (mut scanned, mut batch_size) = (0, limit.clamp(1, MAX_PAGE));
        while scanned < MAX_SCANNED {
            let rows = self.client.cases_page(cursor, batch_size).await?;
            let ends = rows.len() < batch_size;
            scanned += rows.len();
            batch_size = (2 * batch_size).min(MAX_PAGE);
            for item in rows.into_iter().map(|row| self.queue_item(row)) {
                if filter.ends_before(&item, today) {
                    return Ok(QueuePage { items, next_cursor: None });
                }
                cursor = Some(CaseQueueCursor::from_row(&item.row));
                if filter.matches(&item, self.handle(), today) {
                    items.push(item);
                }
                if items.len() == limit {
                    return Ok(QueuePage { items, next_cursor: cursor });
                }
            }
            if ends {
                return Ok(QueuePage { items, next_cursor: None });
            }
        }
        Ok(QueuePage { items, next_cursor: cursor })
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
            sealed_to_former_key: false,
            row,
        }
    }

    /// Saves which events of a case the member has seen. Messages that the page did not show stay
    /// unread.
    ///
    /// # Errors
    /// If the profile cannot be written.
    pub fn mark_seen(&mut self, case: &VerifiedCase, shown: ShownContent) -> Result<(), FileError> {
        let seen_events = self.trust_state.read.get(&case.id()).copied().unwrap_or(0);
        let not_shown = |event: &&Event| {
            event.seq >= seen_events
                && match shown {
                    ShownContent::Everything => false,
                    ShownContent::Report => matches!(event.action, Action::FollowedUp(_)),
                    ShownContent::Notes => event.action.is_from_reporter(),
                }
        };
        let first_not_shown = case.events.iter().find(not_shown).map(|event| event.seq);
        let all = u32::try_from(case.file.log.events.len()).unwrap_or(u32::MAX);
        let events = first_not_shown.unwrap_or(all);
        if self.trust_state.read.insert(case.id(), events) == Some(events) {
            Ok(())
        } else {
            self.save_trust_state()
        }
    }

    /// Returns whether the member has ever opened this case.
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
        let common_prefix = id("11111111-1111-4111-8111-111111111112");
        let near = id("11111111-2111-4111-8111-111111111111");
        let far = id("99999999-1111-4111-8111-111111111111");
        let short = short_ids([far, near, common_prefix, one, one]);
        assert_eq!(short[&far], "99999999");
        assert_eq!(short[&near], "11111111-2");
        assert_eq!(short[&one], one.to_string());
        assert_eq!(short[&common_prefix], common_prefix.to_string());
        assert_eq!(short_ids([one])[&one], "11111111");
        assert!(short_ids([]).is_empty());
    }
}
