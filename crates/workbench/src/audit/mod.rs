//! Going through a log: is each entry tied in, signed by who it says, and allowed?

pub mod fetch;

use std::collections::BTreeMap;

use protocol::{
    Hash,
    case::{
        CaseState, Role,
        event::{Event, LogEntry},
    },
    directory::{DirectoryError, SignedDirectory, TrustRoots},
};
use serde::{Deserialize, Serialize};
use time::{Date, Duration};
use uuid::Uuid;

use crate::{
    alert::{AlertCode, IntegrityAlert},
    session::{
        directory_history::{DirectoryHistory, DirectoryHistoryError, VerifiedEvent},
        profile::PinnedLogHead,
    },
};

/// What came out.
#[derive(Debug, Default)]
pub struct AuditReport {
    /// How many entries were looked at.
    pub entries: u64,
    /// The link of the last.
    pub head: Hash,
    /// Each case as its events tell it, up to the first that does not fit.
    pub cases: BTreeMap<Uuid, CaseState>,
    /// Each case's events whose signatures hold, in order.
    pub events: BTreeMap<Uuid, Vec<Event>>,
    /// Everything that is wrong.
    pub alarms: Vec<IntegrityAlert>,
}

/// A log in a file, with everything that is needed to verify it but the pinned root keys.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogExport {
    /// 1.
    pub v: u8,
    /// Which installation.
    pub instance: Uuid,
    /// Day of the export.
    #[serde(with = "protocol::encoding::iso_date")]
    pub exported: Date,
    /// The whole log, or the entries of one member's cases?
    pub whole: bool,
    /// Every directory, oldest first.
    pub directories: Vec<SignedDirectory>,
    /// The entries, oldest first.
    pub entries: Vec<LogEntry>,
}

impl LogExport {
    /// Goes through it with nothing but the pinned root keys. `seen` is the end of the whole log at
    /// an earlier time.
    pub fn verify(
        &self,
        trust: &TrustRoots,
        seen: Option<PinnedLogHead>,
    ) -> Result<AuditReport, DirectoryHistoryError> {
        if self.v != 1 || self.instance != trust.instance {
            return Err(DirectoryError::OtherInstance.into());
        }
        let roll = DirectoryHistory::verify_chain(&self.directories, trust)?;
        Ok(if self.whole {
            audit_full_log(&self.entries, &roll, seen)
        } else {
            audit_partial_log(&self.entries, &roll)
        })
    }
}

/// Goes through the whole log. `seen` is the end of it at an earlier time.
pub fn audit_full_log(
    entries: &[LogEntry],
    roll: &DirectoryHistory,
    seen: Option<PinnedLogHead>,
) -> AuditReport {
    let mut auditor = Auditor::new(roll);
    let mut before = Hash::default();
    for (at, entry) in (0..).zip(entries) {
        if entry.previous_link != before {
            let text =
                format!("entry {at} does not follow the entry before it: the log was altered");
            auditor
                .report
                .alarms
                .push(IntegrityAlert::new(AlertCode::BrokenLink, text).at_entry(at));
        }
        // Go on from what is there, so that one break is told once.
        before = entry.link;
        auditor.push_entry(at, entry);
    }
    let mut audit = auditor.report;
    audit.head = before;
    audit.alarms.extend(seen.and_then(|seen| check_rollback(entries, seen)));
    audit
}

/// Goes through the entries of own cases, given case by case. What lies between them belongs to
/// others and is not here.
pub fn audit_partial_log<'a>(
    entries: impl IntoIterator<Item = &'a LogEntry>,
    roll: &DirectoryHistory,
) -> AuditReport {
    let mut auditor = Auditor::new(roll);
    for (at, entry) in (0..).zip(entries) {
        auditor.push_entry(at, entry);
    }
    auditor.report
}

fn check_rollback(entries: &[LogEntry], seen: PinnedLogHead) -> Option<IntegrityAlert> {
    let last = usize::try_from(seen.entries).ok().and_then(|entries| entries.checked_sub(1));
    let same = match last {
        None => true,
        Some(last) => entries.get(last).is_some_and(|entry| entry.link == seen.link),
    };
    let text = format!(
        "the log was rolled back: it had {} entries with another end when it was last seen, and has {} now",
        seen.entries,
        entries.len()
    );
    (!same).then(|| IntegrityAlert::new(AlertCode::Rollback, text))
}

struct Auditor<'a> {
    history: &'a DirectoryHistory,
    report: AuditReport,
    /// Cases with an event that does not fit: what follows in them cannot be judged.
    broken_cases: Vec<Uuid>,
    /// By case, as entries of different cases need not be in their order here.
    latest_dates: BTreeMap<Uuid, Date>,
}

impl<'a> Auditor<'a> {
    fn new(roll: &'a DirectoryHistory) -> Self {
        let audit = AuditReport { alarms: roll.gap_alerts().to_vec(), ..AuditReport::default() };
        Self {
            history: roll,
            report: audit,
            broken_cases: Vec::new(),
            latest_dates: BTreeMap::new(),
        }
    }

    fn push_entry(&mut self, at: u64, entry: &LogEntry) {
        self.report.entries += 1;
        if !entry.verify_link() {
            let text = format!(
                "entry {at} holds another event than the one that was tied in: it was altered"
            );
            self.report.alarms.push(IntegrityAlert::new(AlertCode::BrokenLink, text).at_entry(at));
        }
        let case = entry.event.decode_unverified().ok().map(|event| event.case);
        let alarms = match self.history.verify_event(&entry.event) {
            Err(alarm) => {
                self.broken_cases.extend(case);
                vec![alarm]
            }
            Ok(verified) => self.check_event(&verified, entry.event.hash()),
        };
        for alarm in alarms {
            self.report.alarms.push(IntegrityAlert { case, ..alarm }.at_entry(at));
        }
    }

    fn check_event(&mut self, verified: &VerifiedEvent<'_>, hash: Hash) -> Vec<IntegrityAlert> {
        let event = &verified.event;
        let mut alarms = Vec::new();
        if verified.is_former_member {
            let text = format!(
                "{} acted on {} without a seat in the directory of that day",
                event.actor,
                event.at.date()
            );
            alarms.push(IntegrityAlert::notice(AlertCode::FormerMember, text));
        }
        if verified.directory_expired {
            let text = format!(
                "{} acted on {}, when the directory had expired and no newer one was signed",
                event.actor,
                event.at.date()
            );
            alarms.push(IntegrityAlert::notice(AlertCode::Expired, text));
        }
        alarms.extend(self.check_date(event));
        if !self.broken_cases.contains(&event.case)
            && let Err(alarm) = self.apply_event(verified, hash)
        {
            self.broken_cases.push(event.case);
            alarms.push(alarm);
        }
        self.report.events.entry(event.case).or_default().push(event.clone());
        alarms
    }

    fn apply_event(
        &mut self,
        verified: &VerifiedEvent<'_>,
        hash: Hash,
    ) -> Result<(), IntegrityAlert> {
        let event = &verified.event;
        let Some(state) = self.report.cases.get_mut(&event.case) else {
            let begun = CaseState::from_first_event(event, hash);
            let begun = begun.map_err(|refusal| {
                IntegrityAlert::new(AlertCode::BrokenCase, refusal.to_string())
            })?;
            self.report.cases.insert(event.case, begun);
            return Ok(());
        };
        if event.seq != state.next_seq || event.prev != Some(state.head) {
            let text = format!(
                "event {} does not follow event {} of its case: one was dropped, added or moved",
                event.seq,
                state.next_seq - 1
            );
            return Err(IntegrityAlert::new(AlertCode::BrokenCase, text));
        }
        // When a role changed is known to the day only, so any directory that holds the key may
        // give it.
        let mut roles: Vec<Role> = verified
            .signing_directories
            .iter()
            .map(|d| Role::of_member(d, &event.actor, &state.desk))
            .collect();
        roles.push(Role::default());
        let mut refused = None;
        for role in roles {
            match state.apply(event, hash, role) {
                Ok(()) => return Ok(()),
                Err(refusal) => refused = refused.or(Some(refusal)),
            }
        }
        let refusal = refused.map_or_else(String::new, |refusal| refusal.to_string());
        let text = format!("{} made a move that the rules refuse: {refusal}", event.actor);
        Err(IntegrityAlert::new(AlertCode::RefusedMove, text))
    }

    fn check_date(&mut self, event: &Event) -> Option<IntegrityAlert> {
        let day = event.at.date();
        let latest = self.latest_dates.entry(event.case).or_insert(day);
        // The handler's own events say midnight, and clocks differ by some hours: a day is no lie.
        let backwards = day.saturating_add(Duration::days(1)) < *latest;
        let text = format!("{} is dated {day}, after an event of {latest}", event.actor);
        *latest = day.max(*latest);
        backwards.then(|| IntegrityAlert::notice(AlertCode::Clock, text))
    }
}
