//! Every alteration of a log is detected. The operator of the log has no member's key, but can
//! recompute every hash.

use crate::common::{WorkbenchInstallation, today};
use protocol::{
    Hash, Priority,
    case::{
        CaseState, ClosingReason, Decision, Disposition, ReopenReason, Role, Stage,
        event::{Action, EVENT_VERSION, Event, HANDLER_ACTOR, LogEntry, SignedEvent, midnight},
        next_event,
    },
    directory::SignedDirectory,
    submission::commitment::ReportCommitment,
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use workbench::{
    alert::{AlertCode, AlertSeverity, IntegrityAlert, has_alarm},
    audit::{AuditReport, LogExport, audit_full_log, audit_partial_log},
    session::{directory_history::DirectoryHistory, profile::PinnedLogHead},
};

fn out_of_scope() -> Decision {
    Decision::Close {
        disposition: Disposition::OutOfScope,
        reason: ClosingReason::NotIntegrity,
        duplicate_of: None,
    }
}

/// A log under construction.
struct LogBuilder {
    installation: WorkbenchInstallation,
    log: Vec<LogEntry>,
}

fn start_time() -> OffsetDateTime {
    midnight(today())
}

impl LogBuilder {
    /// Creates two cases with interleaved events.
    fn two_cases() -> Self {
        let mut builder = Self { installation: WorkbenchInstallation::new(), log: Vec::new() };
        let (a, b) = (Uuid::new_v4(), Uuid::new_v4());
        let mut a = builder.push_received(a);
        let mut b = builder.push_received(b);
        builder.push_event(&mut a, "lead", Action::Claimed);
        builder.push_event(&mut b, "two", Action::Claimed);
        builder.push_event(&mut a, "lead", Action::NoteAdded { note: Hash([1; 32]) });
        builder.push_event(
            &mut a,
            "lead",
            Action::StageChanged { from: Stage::Received, to: Stage::Triaged, reason: None },
        );
        builder.push_event(&mut b, "two", Action::NoteAdded { note: Hash([2; 32]) });
        let (reply, copy) = (Hash([3; 32]), Hash([4; 32]));
        builder.push_event(&mut a, "lead", Action::Replied { reply, copy, feedback: false });
        builder.push_event(&mut a, "two", Action::Declared);
        builder.push_event(&mut a, "lead", Action::Proposed(out_of_scope()));
        builder.push_event(&mut a, "two", Action::Approved(out_of_scope()));
        builder
    }

    fn push_received(&mut self, case: Uuid) -> (Uuid, CaseState) {
        let action = Action::Received {
            desk: "internal_affairs".into(),
            priority: Priority::P3,
            retention_months: 60,
            commitment: ReportCommitment::default(),
        };
        let event = Event {
            v: EVENT_VERSION,
            case,
            seq: 0,
            prev: None,
            at: start_time(),
            actor: HANDLER_ACTOR.into(),
            action,
        };
        let signed = event.sign(&self.installation.log_key);
        let state = CaseState::from_first_event(&event, signed.hash()).unwrap();
        append(&mut self.log, signed);
        (case, state)
    }

    fn push_event(&mut self, (case, state): &mut (Uuid, CaseState), actor: &str, action: Action) {
        let event = next_event(*case, state, actor, start_time(), action);
        let signed = event.sign(self.installation.key_of(actor).device());
        let role = Role { desk: true, lead: actor == "lead", oversight: false };
        state.apply(&event, signed.hash(), role).unwrap();
        append(&mut self.log, signed);
    }

    fn directory_history(&self) -> DirectoryHistory {
        DirectoryHistory::verify_chain(
            &[self.installation.signed_directory()],
            &self.installation.trust,
        )
        .unwrap()
    }

    fn audit(&self, log: &[LogEntry]) -> AuditReport {
        audit_full_log(log, &self.directory_history(), None)
    }

    fn alert_codes(&self, log: &[LogEntry]) -> Vec<AlertCode> {
        alert_codes(&self.audit(log).alarms)
    }
}

fn append(log: &mut Vec<LogEntry>, event: SignedEvent) {
    let before = log.last().map_or(Hash::default(), |entry| entry.link);
    log.push(LogEntry::append(before, event));
}

/// Recomputes the chain, as an attacker does who wants to hide an alteration.
fn rebuild_chain(log: &[LogEntry]) -> Vec<LogEntry> {
    let mut chained = Vec::new();
    for entry in log {
        append(&mut chained, entry.event.clone());
    }
    chained
}

fn alert_codes(alarms: &[IntegrityAlert]) -> Vec<AlertCode> {
    let mut codes: Vec<_> = alarms
        .iter()
        .filter(|a| a.severity == AlertSeverity::Alarm)
        .map(|alarm| alarm.code)
        .collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// Changes the content of an event and keeps its signature.
fn change_event(entry: &LogEntry, change: impl FnOnce(&mut Event)) -> SignedEvent {
    let mut event = entry.event.decode_unverified().unwrap();
    change(&mut event);
    SignedEvent {
        bytes: serde_json::to_vec(&event).unwrap(),
        signature: entry.event.signature.clone(),
    }
}

#[test]
fn an_honest_log_is_valid() {
    let builder = LogBuilder::two_cases();
    let audit = builder.audit(&builder.log);
    assert_eq!(audit.alarms, []);
    assert_eq!((audit.entries, audit.cases.len()), (11, 2));
    assert_eq!(audit.head, builder.log.last().unwrap().link);
    assert!(audit.cases.values().any(|state| state.disposition == Some(Disposition::OutOfScope)));
}

#[test]
fn every_flipped_byte_is_detected() {
    let builder = LogBuilder::two_cases();
    for at in 0..builder.log.len() {
        for field in 0..4 {
            let mut log = builder.log.clone();
            let entry = &mut log[at];
            match field {
                0 => *entry.event.bytes.last_mut().unwrap() ^= 1,
                1 => entry.event.signature[7] ^= 1,
                2 => entry.previous_link.0[7] ^= 1,
                _ => entry.link.0[7] ^= 1,
            }
            assert!(has_alarm(&builder.audit(&log).alarms), "entry {at}, field {field}");
        }
    }
}

#[test]
fn a_changed_event_is_detected_despite_a_rebuilt_chain() {
    let builder = LogBuilder::two_cases();
    let mut log = builder.log.clone();
    log[5].event = change_event(&log[5], |event| {
        event.action = Action::StageChanged {
            from: Stage::Received,
            to: Stage::Triaged,
            reason: Some("other".into()),
        };
    });
    assert_eq!(builder.alert_codes(&rebuild_chain(&log)), [AlertCode::Forged]);
}

#[test]
fn every_dropped_event_is_detected_despite_a_rebuilt_chain() {
    let builder = LogBuilder::two_cases();
    let seen = PinnedLogHead { entries: 11, link: builder.log[10].link };
    for at in 0..builder.log.len() {
        let mut log = builder.log.clone();
        log.remove(at);
        assert_eq!(
            builder.alert_codes(&log).contains(&AlertCode::BrokenLink),
            at != 10,
            "entry {at}"
        );
        let log = rebuild_chain(&log);
        // Only the last event of a case can be dropped without a gap in its case. The pinned head
        // reveals that.
        let newest_of_its_case = at == 6 || at == 10;
        assert_eq!(
            builder.alert_codes(&log).contains(&AlertCode::BrokenCase),
            !newest_of_its_case,
            "entry {at}"
        );
        let audit = audit_full_log(&log, &builder.directory_history(), Some(seen));
        assert!(alert_codes(&audit.alarms).contains(&AlertCode::Rollback), "entry {at}");
    }
}

#[test]
fn swapped_events_are_detected() {
    let builder = LogBuilder::two_cases();
    let mut log = builder.log.clone();
    log.swap(4, 5);
    assert_eq!(builder.alert_codes(&log), [AlertCode::BrokenLink, AlertCode::BrokenCase]);
    assert_eq!(builder.alert_codes(&rebuild_chain(&log)), [AlertCode::BrokenCase]);
    // Two events of different cases: only the pinned head shows which came first.
    let mut log = builder.log.clone();
    log.swap(2, 3);
    let seen = PinnedLogHead { entries: 11, link: builder.log[10].link };
    assert_eq!(
        alert_codes(
            &audit_full_log(&rebuild_chain(&log), &builder.directory_history(), Some(seen)).alarms
        ),
        [AlertCode::Rollback]
    );
}

#[test]
fn a_signature_for_another_actor_is_rejected() {
    let builder = LogBuilder::two_cases();
    for (signer, key) in [
        ("a colleague", builder.installation.key_of("three").device()),
        ("the keeper", &builder.installation.log_key),
    ] {
        let mut log = builder.log.clone();
        log[10].event = log[10].event.decode_unverified().unwrap().sign(key);
        assert_eq!(builder.alert_codes(&rebuild_chain(&log)), [AlertCode::Forged], "{signer}");
    }
    let mut log = builder.log.clone();
    let by_unknown_member =
        Event { actor: "stranger".into(), ..log[10].event.decode_unverified().unwrap() };
    log[10].event = by_unknown_member.sign(builder.installation.key_of("three").device());
    assert_eq!(builder.alert_codes(&rebuild_chain(&log)), [AlertCode::UnknownActor]);
    // No member can sign for the case handler.
    let mut log = builder.log.clone();
    log[0].event = log[0]
        .event
        .decode_unverified()
        .unwrap()
        .sign(builder.installation.key_of("lead").device());
    assert!(builder.alert_codes(&rebuild_chain(&log)).contains(&AlertCode::Forged));
}

#[test]
fn a_signed_event_that_violates_the_rules_is_detected() {
    let mut builder = LogBuilder::two_cases();
    let last = builder.log[10].event.clone();
    let (event, hash) = (last.decode_unverified().unwrap(), last.hash());
    // The member who proposed the closing reopens it as the former assignee.
    let again = Event {
        seq: event.seq + 1,
        prev: Some(hash),
        actor: "lead".into(),
        action: Action::Reopened { ground: ReopenReason::NewEvidence },
        ..event
    };
    append(&mut builder.log, again.sign(builder.installation.key_of("lead").device()));
    assert_eq!(builder.alert_codes(&builder.log), [AlertCode::RefusedMove]);
}

#[test]
fn an_added_event_of_another_branch_is_detected() {
    let mut builder = LogBuilder::two_cases();
    let copy = builder.log[4].event.clone();
    append(&mut builder.log, copy);
    assert_eq!(builder.alert_codes(&builder.log), [AlertCode::BrokenCase]);
}

#[test]
fn a_rolled_back_log_is_detected_and_a_longer_one_is_accepted() {
    let builder = LogBuilder::two_cases();
    let history = builder.directory_history();
    let seen = Some(PinnedLogHead { entries: 8, link: builder.log[7].link });
    assert_eq!(audit_full_log(&builder.log, &history, seen).alarms, []);
    assert_eq!(
        alert_codes(&audit_full_log(&builder.log[..7], &history, seen).alarms),
        [AlertCode::Rollback]
    );
    assert_eq!(alert_codes(&audit_full_log(&[], &history, seen).alarms), [AlertCode::Rollback]);
}

#[test]
fn own_entries_are_verified_without_the_other_entries() {
    let builder = LogBuilder::two_cases();
    let case = builder.log[0].event.decode_unverified().unwrap().case;
    let own: Vec<_> = builder
        .log
        .iter()
        .filter(|entry| entry.event.decode_unverified().unwrap().case == case)
        .cloned()
        .collect();
    assert_eq!(audit_partial_log(&own, &builder.directory_history()).alarms, []);
    let gap: Vec<_> =
        own.iter().enumerate().filter(|(at, _)| *at != 2).map(|(_, entry)| entry.clone()).collect();
    assert_eq!(
        alert_codes(&audit_partial_log(&gap, &builder.directory_history()).alarms),
        [AlertCode::BrokenCase]
    );
    let mut untied = own;
    untied[1].previous_link = Hash([9; 32]);
    assert_eq!(
        alert_codes(&audit_partial_log(&untied, &builder.directory_history()).alarms),
        [AlertCode::BrokenLink]
    );
}

#[test]
fn an_export_is_verified_with_only_the_root_keys() {
    let builder = LogBuilder::two_cases();
    let mut export = LogExport {
        v: 1,
        instance: builder.installation.trust.instance,
        exported: today(),
        whole: true,
        directories: vec![builder.installation.signed_directory()],
        entries: builder.log.clone(),
    };
    let json = serde_json::to_vec(&export).unwrap();
    let again: LogExport = serde_json::from_slice(&json).unwrap();
    assert_eq!(again.verify(&builder.installation.trust, None).unwrap().alarms, []);
    // A directory forged by the operator does not help.
    let other = WorkbenchInstallation::new();
    assert!(export.verify(&other.trust, None).is_err());
    export.directories =
        vec![SignedDirectory { signatures: Vec::new(), ..builder.installation.signed_directory() }];
    assert!(export.verify(&builder.installation.trust, None).is_err());
}

#[test]
fn an_event_of_a_removed_member_is_detected() {
    let installation = WorkbenchInstallation::new();
    let first = installation.signed_directory();
    let mut draft = installation.admin_dir.draft().unwrap();
    draft.remove_member("two").unwrap();
    installation.admin_dir.save_draft(&draft).unwrap();
    let second = installation.sign_directory();
    let history = DirectoryHistory::verify_chain(&[first, second], &installation.trust).unwrap();
    for (days, former) in [(0, false), (3, true)] {
        let (case, at) = (Uuid::new_v4(), start_time() + Duration::days(days));
        let action = Action::Received {
            desk: "internal_affairs".into(),
            priority: Priority::P3,
            retention_months: 60,
            commitment: ReportCommitment::default(),
        };
        let first = Event {
            v: EVENT_VERSION,
            case,
            seq: 0,
            prev: None,
            at,
            actor: HANDLER_ACTOR.into(),
            action,
        };
        let first = first.sign(&installation.log_key);
        let prev = Some(first.hash());
        let event = Event {
            v: EVENT_VERSION,
            case,
            seq: 1,
            prev,
            at,
            actor: "two".into(),
            action: Action::Claimed,
        };
        let signed = event.sign(installation.key_of("two").device());
        assert_eq!(
            history.verify_event(&signed).unwrap().is_former_member,
            former,
            "{days} days after"
        );
        // A case handler that accepts it anyway cannot hide it.
        let mut log = Vec::new();
        append(&mut log, first);
        append(&mut log, signed);
        for audit in [audit_full_log(&log, &history, None), audit_partial_log(&log, &history)] {
            assert_eq!(
                audit.alarms.iter().any(|alarm| alarm.code == AlertCode::FormerMember),
                former
            );
        }
    }
}

#[test]
fn directories_out_of_order_are_rejected() {
    let installation = WorkbenchInstallation::new();
    let (first, second) = (installation.signed_directory(), installation.sign_directory());
    let third = installation.sign_directory();
    assert!(
        DirectoryHistory::verify_chain(&[second.clone(), first.clone()], &installation.trust)
            .is_err()
    );
    assert!(DirectoryHistory::verify_chain(&[], &installation.trust).is_err());
    assert_eq!(
        DirectoryHistory::verify_chain(&[first.clone(), third], &installation.trust)
            .unwrap()
            .gap_alerts()
            .len(),
        1
    );
    assert_eq!(
        DirectoryHistory::verify_chain(&[first, second], &installation.trust).unwrap().gap_alerts(),
        []
    );
}
