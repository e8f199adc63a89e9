//! Opens every leaf of the transparency log: each is the leaf of an event with its salt, or the
//! dummy of its index. So the case handler has no event in the log that it hides from the auditor,
//! and no two histories of one case.

use std::{collections::BTreeMap, ops::Range};

use protocol::{
    api::workbench::{AUDIT_PAGE_BATCHES, AuditLog, LoggedEvent},
    case::event::SignedEvent,
};
use time::Date;
use transparency_log::{
    batch::{self, BATCH_LEAVES, Batch, batch_of, log_size},
    compact_range::CompactRange,
    leaf::LeafSecret,
};
use uuid::Uuid;

use super::{
    audited::AuditedLog,
    events::{EventAuditor, LeafDeadline},
};
use crate::{
    alert::{AlertCode, IntegrityAlert, has_alarm},
    session::{
        directory_history::DirectoryHistory,
        profile::{PinnedCaseHead, PinnedTree},
    },
};

/// Audits the log page by page. Its memory grows with the number of cases, not with the number of
/// events or leaves.
pub struct LeafAuditor<'a> {
    events: EventAuditor<'a>,
    /// The epoch of the log.
    epoch: u32,
    log_began: Date,
    tree: CompactRange,
    /// An earlier tree that the log must contain.
    seen: Option<PinnedTree>,
    /// Events without a leaf in the audited batches.
    waiting: Vec<SignedEvent>,
}

/// Result of an audit of all leaves.
#[derive(Debug)]
pub struct LeafAudit {
    /// Number of verified events, those that wait included.
    pub events: u64,
    /// The newest event of each case.
    pub heads: BTreeMap<Uuid, PinnedCaseHead>,
    /// Whether the pages contained every event that waits for a leaf. Otherwise more than 4,096
    /// wait, as after a restart of the log.
    pub complete: bool,
    /// Every fault that was found.
    pub alarms: Vec<IntegrityAlert>,
    /// The state from which the next audit continues. `None` if there is an alarm.
    pub(crate) audited: Option<AuditedLog>,
}

impl<'a> LeafAuditor<'a> {
    /// Begins with the first batch of the log that the newest directory names. `seen` is an earlier
    /// tree of this log that it must contain.
    pub fn from_start(history: &'a DirectoryHistory, seen: Option<PinnedTree>) -> Self {
        let epoch = history.latest().0.log.epoch;
        Self::resume(history, AuditedLog { epoch, ..AuditedLog::default() }, seen)
    }

    /// Continues an earlier audit.
    pub(crate) fn resume(
        history: &'a DirectoryHistory,
        from: AuditedLog,
        seen: Option<PinnedTree>,
    ) -> Self {
        let AuditedLog { epoch, tree, events, cases } = from;
        let events = EventAuditor::new(history, cases, events);
        let log_began = history.log_began();
        Self { events, epoch, log_began, tree, seen, waiting: Vec::new() }
    }

    /// Returns the number of audited batches.
    pub fn batches(&self) -> u32 {
        u32::try_from(self.tree.len()).unwrap_or(u32::MAX)
    }

    /// Returns whether an alarm was raised. The rest of the log then needs no audit.
    pub fn has_alarm(&self) -> bool {
        has_alarm(&self.events.alarms)
    }

    /// Audits the batches up to `end`. Later events of the page wait for their leaf.
    pub fn push_page(&mut self, page: AuditLog, end: u32) {
        let range = self.batches()..end;
        let Ok(secret) = page.leaf_secret.as_slice().try_into().map(LeafSecret::from_bytes) else {
            if !range.is_empty() {
                self.raise("the case handler returned no secret that opens the leaves");
            }
            self.waiting.extend(page.events.into_iter().map(|logged| logged.event));
            return;
        };
        let mut leaves = BTreeMap::<u32, Vec<batch::LoggedEvent>>::new();
        for LoggedEvent { event, index } in page.events {
            let batch = index.and_then(|index| Some((index, batch_of(index)?)));
            match batch {
                Some((index, batch)) if range.contains(&batch) => {
                    self.events.push(&event);
                    let logged = batch::LoggedEvent { index, event: event.hash() };
                    leaves.entry(batch).or_default().push(logged);
                }
                Some((index, batch)) if batch < range.start => {
                    self.raise(format!(
                        "an event belongs to leaf {index}, which was audited before"
                    ));
                }
                _ => self.waiting.push(event),
            }
        }
        self.push_batches(range, &leaves, &secret);
    }

    fn push_batches(
        &mut self,
        range: Range<u32>,
        leaves: &BTreeMap<u32, Vec<batch::LoggedEvent>>,
        secret: &LeafSecret,
    ) {
        for number in range {
            let events = leaves.get(&number).map_or(&[][..], Vec::as_slice);
            match Batch::build(number, events, secret) {
                Ok(batch) => self.tree.push(batch.root()),
                Err(error) => return self.raise(error.to_string()),
            }
            if let Some(seen) = self.seen
                && (seen.epoch, seen.size) == (self.epoch, log_size(self.batches()))
                && seen.root != self.tree.root()
            {
                let text = format!(
                    "the first {} leaves are not those that this computer has seen: the log was replaced",
                    seen.size
                );
                self.events.alarms.push(IntegrityAlert::new(AlertCode::Rollback, text));
            }
        }
    }

    /// Compares the leaves with a verified checkpoint, and checks the events that wait for a leaf.
    /// `present` is the tree of the checkpoint, `None` if there is none. `today` is the date of the
    /// log.
    pub fn finish(mut self, present: Option<PinnedTree>, today: Date) -> LeafAudit {
        let size = log_size(self.batches());
        let audited = PinnedTree { epoch: self.epoch, size, root: self.tree.root() };
        let present = present.unwrap_or_else(|| PinnedTree::empty(self.epoch));
        if !self.has_alarm() && present != audited {
            self.raise(
                "the leaves of the log are not those of the events: the case handler hides an event, or shows another one than it has logged",
            );
        }
        // The next audit gets the events that wait once more.
        let audited = AuditedLog {
            epoch: self.epoch,
            tree: self.tree,
            events: self.events.checked,
            cases: self.events.cases.clone(),
        };
        for event in &self.waiting {
            self.events.push(event);
        }
        let deadline = LeafDeadline { log_began: self.log_began, today };
        let overdue = self.waiting.iter().filter(|event| deadline.has_passed(event)).count();
        let EventAuditor { cases, checked, mut alarms, .. } = self.events;
        alarms.extend(not_in_log_alarm(overdue, None));
        let audited = (!has_alarm(&alarms)).then_some(audited);
        let heads = cases.into_iter().map(|(id, case)| (id, case.head())).collect();
        let complete = self.waiting.len() < AUDIT_PAGE_BATCHES as usize * BATCH_LEAVES;
        LeafAudit { events: checked, heads, complete, alarms, audited }
    }

    fn raise(&mut self, text: impl Into<String>) {
        self.events.alarms.push(IntegrityAlert::new(AlertCode::LeafDiffers, text));
    }
}

/// Returns the alarm for a number of events that have no leaf after more than a day.
pub(crate) fn not_in_log_alarm(events: usize, case: Option<Uuid>) -> Option<IntegrityAlert> {
    let text = format!(
        "{events} events are not in the log after more than a day: the case handler does not log them, or has stopped logging"
    );
    let alarm = IntegrityAlert { case, ..IntegrityAlert::new(AlertCode::NotInLog, text) };
    (events > 0).then_some(alarm)
}
