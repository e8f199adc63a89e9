//! Verifies events: their signatures, the hash chain of each case, and the rules.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{
    Hash,
    case::{
        CaseState, Role,
        event::{Event, SignedEvent},
    },
};
use serde::{Deserialize, Serialize};
use time::{Date, Duration};
use uuid::Uuid;

use crate::{
    alert::{AlertCode, IntegrityAlert},
    session::{
        directory_history::{DirectoryHistory, VerifiedEvent},
        profile::PinnedCaseHead,
    },
};

/// Result of verifying the events of cases.
#[derive(Debug, Default)]
pub struct EventAudit {
    /// Number of events that were checked.
    pub checked: u64,
    /// State of each case, up to its first invalid event.
    pub cases: BTreeMap<Uuid, CaseState>,
    /// Events with valid signatures of each case, in order.
    pub events: BTreeMap<Uuid, Vec<Event>>,
    /// Every fault that was found.
    pub alarms: Vec<IntegrityAlert>,
}

/// Verifies events, the oldest of each case first.
pub fn audit_events<'a>(
    events: impl IntoIterator<Item = &'a SignedEvent>,
    history: &DirectoryHistory,
) -> EventAudit {
    let mut auditor = EventAuditor::new(history, BTreeMap::new(), 0);
    let mut audit = EventAudit::default();
    for signed in events {
        if let Some(event) = auditor.push(signed) {
            audit.events.entry(event.case).or_default().push(event);
        }
    }
    audit.checked = auditor.checked;
    audit.cases = auditor.cases.into_iter().map(|(id, case)| (id, case.state)).collect();
    audit.alarms = auditor.alarms;
    audit
}

/// Decides which events should have a leaf.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LeafDeadline {
    /// The date of the directory that began the log. Earlier events get a leaf after it.
    pub(crate) log_began: Date,
    /// The date of the log.
    pub(crate) today: Date,
}

impl LeafDeadline {
    /// Returns whether an event has been waiting for its leaf for more than a day. Only whole days
    /// are compared, because events of the case handler have no time.
    pub(crate) fn has_passed(self, event: &SignedEvent) -> bool {
        let waits_since = |event: Event| event.at.date().max(self.log_began);
        event
            .decode_unverified()
            .is_ok_and(|event| waits_since(event).saturating_add(Duration::days(1)) < self.today)
    }
}

/// A case after its audited events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AuditedCase {
    /// Its state.
    pub(crate) state: CaseState,
    /// The latest date of its events.
    #[serde(with = "protocol::encoding::iso_date")]
    pub(crate) latest: Date,
}

impl AuditedCase {
    /// Returns its newest event.
    pub(crate) fn head(&self) -> PinnedCaseHead {
        PinnedCaseHead { events: self.state.next_seq, head: self.state.head }
    }
}

/// Verifies events one by one. Its memory grows with the number of cases and alarms only.
pub(crate) struct EventAuditor<'a> {
    history: &'a DirectoryHistory,
    pub(crate) cases: BTreeMap<Uuid, AuditedCase>,
    pub(crate) checked: u64,
    pub(crate) alarms: Vec<IntegrityAlert>,
    /// Cases with an invalid event. Later events of such a case cannot be checked.
    broken_cases: BTreeSet<Uuid>,
}

impl<'a> EventAuditor<'a> {
    /// Continues after `checked` events, which led to these cases.
    pub(crate) fn new(
        history: &'a DirectoryHistory,
        cases: BTreeMap<Uuid, AuditedCase>,
        checked: u64,
    ) -> Self {
        let alarms = history.gap_alerts().to_vec();
        Self { history, cases, checked, alarms, broken_cases: BTreeSet::new() }
    }

    /// Verifies the next event. Returns it if its signature is valid.
    pub(crate) fn push(&mut self, signed: &SignedEvent) -> Option<Event> {
        let number = self.checked;
        self.checked += 1;
        let (case, alarms, event) = match self.history.verify_event(signed) {
            Err(alarm) => {
                let case = signed.decode_unverified().ok().map(|event| event.case);
                self.broken_cases.extend(case);
                (case, vec![alarm], None)
            }
            Ok(verified) => {
                let alarms = self.check_event(&verified, signed.hash());
                (Some(verified.event.case), alarms, Some(verified.event))
            }
        };
        let located = |alarm| IntegrityAlert { case, ..alarm }.at_event(number);
        self.alarms.extend(alarms.into_iter().map(located));
        event
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
            self.broken_cases.insert(event.case);
            alarms.push(alarm);
        }
        alarms
    }

    fn apply_event(
        &mut self,
        verified: &VerifiedEvent<'_>,
        hash: Hash,
    ) -> Result<(), IntegrityAlert> {
        let event = &verified.event;
        let Some(AuditedCase { state, .. }) = self.cases.get_mut(&event.case) else {
            let state = CaseState::from_first_event(event, hash).map_err(|refusal| {
                IntegrityAlert::new(AlertCode::BrokenCase, refusal.to_string())
            })?;
            let latest = event.at.date();
            self.cases.insert(event.case, AuditedCase { state, latest });
            return Ok(());
        };
        if event.seq < state.next_seq {
            let text = format!(
                "there is a second event {} of this case: its readers can see different events",
                event.seq
            );
            return Err(IntegrityAlert::new(AlertCode::ForkedCase, text));
        }
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
        let latest = &mut self.cases.get_mut(&event.case)?.latest;
        // Events of the case handler have no time, and clocks differ by hours, so one day of
        // difference is accepted.
        let backwards = day.saturating_add(Duration::days(1)) < *latest;
        let text = format!("{} is dated {day}, after an event of {latest}", event.actor);
        *latest = day.max(*latest);
        backwards.then(|| IntegrityAlert::notice(AlertCode::Clock, text))
    }
}
