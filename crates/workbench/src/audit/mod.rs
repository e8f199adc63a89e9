//! Verifies a log: the hash chain, the signature and the rules of each entry. [`fetch`] downloads
//! the log and compares it with the pinned state, and [`checkpoint`] follows the transparency log.

pub mod checkpoint;
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

/// Result of an audit.
#[derive(Debug, Default)]
pub struct AuditReport {
    /// Number of entries that were checked.
    pub entries: u64,
    /// Link of the last entry.
    pub head: Hash,
    /// State of each case, up to its first invalid event.
    pub cases: BTreeMap<Uuid, CaseState>,
    /// Events with valid signatures of each case, in order.
    pub events: BTreeMap<Uuid, Vec<Event>>,
    /// Every fault that was found.
    pub alarms: Vec<IntegrityAlert>,
}

/// A log as a file, with everything needed to verify it except the pinned root keys.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogExport {
    /// Format version, 1.
    pub v: u8,
    /// Id of the installation.
    pub instance: Uuid,
    /// Date of the export.
    #[serde(with = "protocol::encoding::iso_date")]
    pub exported: Date,
    /// Whether this is the whole log, or the entries of one member's cases.
    pub whole: bool,
    /// All directories, oldest first.
    pub directories: Vec<SignedDirectory>,
    /// The entries, oldest first.
    pub entries: Vec<LogEntry>,
}

impl LogExport {
    /// Verifies the export with only the pinned root keys. `seen` is an earlier head of the whole
    /// log.
    ///
    /// # Errors
    /// If the export has another format or belongs to another installation, or its directories are
    /// invalid.
    pub fn verify(
        &self,
        trust: &TrustRoots,
        seen: Option<PinnedLogHead>,
    ) -> Result<AuditReport, DirectoryHistoryError> {
        if self.v != 1 || self.instance != trust.instance {
            return Err(DirectoryError::OtherInstance.into());
        }
        let history = DirectoryHistory::verify_chain(&self.directories, trust)?;
        Ok(if self.whole {
            audit_full_log(&self.entries, &history, seen)
        } else {
            audit_partial_log(&self.entries, &history)
        })
    }
}

/// Audits the whole log. `seen` is an earlier head of it.
pub fn audit_full_log(
    entries: &[LogEntry],
    history: &DirectoryHistory,
    seen: Option<PinnedLogHead>,
) -> AuditReport {
    let mut auditor = Auditor::new(history);
    let mut previous = Hash::default();
    for (at, entry) in (0..).zip(entries) {
        if entry.previous_link != previous {
            let text = format!("log entry {at}: hash chain broken (the log was altered)");
            auditor
                .report
                .alarms
                .push(IntegrityAlert::new(AlertCode::BrokenLink, text).at_entry(at));
        }
        // Continue from the present link, so that one break raises one alert.
        previous = entry.link;
        auditor.push_entry(at, entry);
    }
    let mut audit = auditor.report;
    audit.head = previous;
    audit.alarms.extend(seen.and_then(|seen| check_rollback(entries, seen)));
    audit
}

/// Audits the entries of the member's own cases, case by case. Entries of other cases are missing,
/// so the chain of the log cannot be checked.
pub fn audit_partial_log<'a>(
    entries: impl IntoIterator<Item = &'a LogEntry>,
    history: &DirectoryHistory,
) -> AuditReport {
    let mut auditor = Auditor::new(history);
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
        "the log was rolled back: at the last audit it had {} entries with another latest entry, and now it has {}",
        seen.entries,
        entries.len()
    );
    (!same).then(|| IntegrityAlert::new(AlertCode::Rollback, text))
}

struct Auditor<'a> {
    history: &'a DirectoryHistory,
    report: AuditReport,
    /// Cases with an invalid event. Later events of such a case cannot be checked.
    broken_cases: Vec<Uuid>,
    /// By case, because entries of different cases need not be in order here.
    latest_dates: BTreeMap<Uuid, Date>,
}

impl<'a> Auditor<'a> {
    fn new(history: &'a DirectoryHistory) -> Self {
        let audit = AuditReport { alarms: history.gap_alerts().to_vec(), ..AuditReport::default() };
        Self { history, report: audit, broken_cases: Vec::new(), latest_dates: BTreeMap::new() }
    }

    fn push_entry(&mut self, at: u64, entry: &LogEntry) {
        self.report.entries += 1;
        if !entry.verify_link() {
            let text = format!(
                "log entry {at}: the event does not match its link (the entry was altered)"
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
                "{} acted on {} without being in the directory of that date",
                event.actor,
                event.at.date()
            );
            alarms.push(IntegrityAlert::notice(AlertCode::FormerMember, text));
        }
        if verified.directory_expired {
            let text = format!(
                "{} acted on {}, after the directory had expired and before a newer one was signed",
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
            let first_state = CaseState::from_first_event(event, hash);
            let first_state = first_state.map_err(|refusal| {
                IntegrityAlert::new(AlertCode::BrokenCase, refusal.to_string())
            })?;
            self.report.cases.insert(event.case, first_state);
            return Ok(());
        };
        if event.seq != state.next_seq || event.prev != Some(state.head) {
            let text = format!(
                "event {} does not follow event {} of its case: an event was dropped, added or moved",
                event.seq,
                state.next_seq - 1
            );
            return Err(IntegrityAlert::new(AlertCode::BrokenCase, text));
        }
        // The directories show the date of a role change but not its time, so any directory with
        // this key may grant the role.
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
        let text = format!("{} took an action that the rules do not allow: {refusal}", event.actor);
        Err(IntegrityAlert::new(AlertCode::RefusedMove, text))
    }

    fn check_date(&mut self, event: &Event) -> Option<IntegrityAlert> {
        let day = event.at.date();
        let latest = self.latest_dates.entry(event.case).or_insert(day);
        // Events of the case handler have no time, and clocks differ by hours, so one day of
        // difference is accepted.
        let backwards = day.saturating_add(Duration::days(1)) < *latest;
        let text = format!("{} is dated {day}, after an event of {latest}", event.actor);
        *latest = day.max(*latest);
        backwards.then(|| IntegrityAlert::notice(AlertCode::Clock, text))
    }
}
