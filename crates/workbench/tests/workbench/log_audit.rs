//! Every kind of alteration of a log is noticed, whoever makes it: the keeper of the log holds no
//! member's key, but can compute every hash anew.

use crate::common::{WorkbenchInstallation, today};
use protocol::{
    Hash,
    case::{
        CaseState, ClosingReason, Decision, Disposition, ReopenReason, Role, Stage,
        event::{Action, Event, HANDLER_ACTOR, LogEntry, SignedEvent, midnight},
        next_event,
    },
    directory::SignedDirectory,
    submission::envelope::Urgency,
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
    /// Two cases whose events stand among each other.
    fn two_cases() -> Self {
        let mut story = Self { installation: WorkbenchInstallation::new(), log: Vec::new() };
        let (a, b) = (Uuid::new_v4(), Uuid::new_v4());
        let mut a = story.push_received(a);
        let mut b = story.push_received(b);
        story.push_event(&mut a, "lead", Action::Claimed);
        story.push_event(&mut b, "two", Action::Claimed);
        story.push_event(&mut a, "lead", Action::NoteAdded { note: Hash([1; 32]) });
        story.push_event(
            &mut a,
            "lead",
            Action::StageChanged { from: Stage::Received, to: Stage::Triaged, reason: None },
        );
        story.push_event(&mut b, "two", Action::NoteAdded { note: Hash([2; 32]) });
        let (reply, copy) = (Hash([3; 32]), Hash([4; 32]));
        story.push_event(&mut a, "lead", Action::Replied { reply, copy, feedback: false });
        story.push_event(&mut a, "two", Action::Declared);
        story.push_event(&mut a, "lead", Action::Proposed(out_of_scope()));
        story.push_event(&mut a, "two", Action::Approved(out_of_scope()));
        story
    }

    fn push_received(&mut self, case: Uuid) -> (Uuid, CaseState) {
        let action = Action::Received {
            desk: "internal_affairs".into(),
            urgency: Urgency::P3,
            retention_months: 60,
            came: None,
        };
        let event = Event {
            v: 1,
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

/// What a keeper can do who wants the chain to look whole again.
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

/// Changes what an event says, leaving its signature.
fn change_event(entry: &LogEntry, change: impl FnOnce(&mut Event)) -> SignedEvent {
    let mut event = entry.event.decode_unverified().unwrap();
    change(&mut event);
    SignedEvent {
        bytes: serde_json::to_vec(&event).unwrap(),
        signature: entry.event.signature.clone(),
    }
}

#[test]
fn an_honest_log_holds() {
    let story = LogBuilder::two_cases();
    let audit = story.audit(&story.log);
    assert_eq!(audit.alarms, []);
    assert_eq!((audit.entries, audit.cases.len()), (11, 2));
    assert_eq!(audit.head, story.log.last().unwrap().link);
    assert!(audit.cases.values().any(|state| state.disposition == Some(Disposition::OutOfScope)));
}

#[test]
fn each_flipped_byte_is_noticed_wherever_it_is() {
    let story = LogBuilder::two_cases();
    for at in 0..story.log.len() {
        for field in 0..4 {
            let mut log = story.log.clone();
            let entry = &mut log[at];
            match field {
                0 => *entry.event.bytes.last_mut().unwrap() ^= 1,
                1 => entry.event.signature[7] ^= 1,
                2 => entry.previous_link.0[7] ^= 1,
                _ => entry.link.0[7] ^= 1,
            }
            assert!(has_alarm(&story.audit(&log).alarms), "entry {at}, field {field}");
        }
    }
}

#[test]
fn a_reworded_event_is_noticed_though_the_chain_is_made_anew() {
    let story = LogBuilder::two_cases();
    let mut log = story.log.clone();
    log[5].event = change_event(&log[5], |event| {
        event.action = Action::StageChanged {
            from: Stage::Received,
            to: Stage::Triaged,
            reason: Some("other".into()),
        };
    });
    assert_eq!(story.alert_codes(&rebuild_chain(&log)), [AlertCode::Forged]);
}

#[test]
fn each_dropped_event_is_noticed_though_the_chain_is_made_anew() {
    let story = LogBuilder::two_cases();
    let seen = PinnedLogHead { entries: 11, link: story.log[10].link };
    for at in 0..story.log.len() {
        let mut log = story.log.clone();
        log.remove(at);
        assert_eq!(
            story.alert_codes(&log).contains(&AlertCode::BrokenLink),
            at != 10,
            "entry {at}"
        );
        let log = rebuild_chain(&log);
        // Only the last event of a case can go without a gap in its case; memory notices that.
        let newest_of_its_case = at == 6 || at == 10;
        assert_eq!(
            story.alert_codes(&log).contains(&AlertCode::BrokenCase),
            !newest_of_its_case,
            "entry {at}"
        );
        let audit = audit_full_log(&log, &story.directory_history(), Some(seen));
        assert!(alert_codes(&audit.alarms).contains(&AlertCode::Rollback), "entry {at}");
    }
}

#[test]
fn swapped_events_are_noticed() {
    let story = LogBuilder::two_cases();
    let mut log = story.log.clone();
    log.swap(4, 5);
    assert_eq!(story.alert_codes(&log), [AlertCode::BrokenLink, AlertCode::BrokenCase]);
    assert_eq!(story.alert_codes(&rebuild_chain(&log)), [AlertCode::BrokenCase]);
    // Two events of different cases: only memory can tell which was first.
    let mut log = story.log.clone();
    log.swap(2, 3);
    let seen = PinnedLogHead { entries: 11, link: story.log[10].link };
    assert_eq!(
        alert_codes(
            &audit_full_log(&rebuild_chain(&log), &story.directory_history(), Some(seen)).alarms
        ),
        [AlertCode::Rollback]
    );
}

#[test]
fn nobody_signs_for_somebody_else() {
    let story = LogBuilder::two_cases();
    for (signer, key) in [
        ("a colleague", story.installation.key_of("three").device()),
        ("the keeper", &story.installation.log_key),
    ] {
        let mut log = story.log.clone();
        log[10].event = log[10].event.decode_unverified().unwrap().sign(key);
        assert_eq!(story.alert_codes(&rebuild_chain(&log)), [AlertCode::Forged], "{signer}");
    }
    let mut log = story.log.clone();
    let stranger = Event { actor: "stranger".into(), ..log[10].event.decode_unverified().unwrap() };
    log[10].event = stranger.sign(story.installation.key_of("three").device());
    assert_eq!(story.alert_codes(&rebuild_chain(&log)), [AlertCode::UnknownActor]);
    // And no member signs for the case handler.
    let mut log = story.log.clone();
    log[0].event =
        log[0].event.decode_unverified().unwrap().sign(story.installation.key_of("lead").device());
    assert!(story.alert_codes(&rebuild_chain(&log)).contains(&AlertCode::Forged));
}

#[test]
fn a_signed_move_that_the_rules_refuse_is_noticed() {
    let mut story = LogBuilder::two_cases();
    let last = story.log[10].event.clone();
    let (event, hash) = (last.decode_unverified().unwrap(), last.hash());
    // Who proposed the closing reopens it as the former assignee.
    let again = Event {
        seq: event.seq + 1,
        prev: Some(hash),
        actor: "lead".into(),
        action: Action::Reopened { ground: ReopenReason::NewEvidence },
        ..event
    };
    append(&mut story.log, again.sign(story.installation.key_of("lead").device()));
    assert_eq!(story.alert_codes(&story.log), [AlertCode::RefusedMove]);
}

#[test]
fn an_added_event_of_another_branch_is_noticed() {
    let mut story = LogBuilder::two_cases();
    let copy = story.log[4].event.clone();
    append(&mut story.log, copy);
    assert_eq!(story.alert_codes(&story.log), [AlertCode::BrokenCase]);
}

#[test]
fn a_log_that_was_rolled_back_is_noticed_and_one_that_grew_is_not() {
    let story = LogBuilder::two_cases();
    let roll = story.directory_history();
    let seen = Some(PinnedLogHead { entries: 8, link: story.log[7].link });
    assert_eq!(audit_full_log(&story.log, &roll, seen).alarms, []);
    assert_eq!(
        alert_codes(&audit_full_log(&story.log[..7], &roll, seen).alarms),
        [AlertCode::Rollback]
    );
    assert_eq!(alert_codes(&audit_full_log(&[], &roll, seen).alarms), [AlertCode::Rollback]);
}

#[test]
fn own_entries_are_verified_without_the_rest() {
    let story = LogBuilder::two_cases();
    let case = story.log[0].event.decode_unverified().unwrap().case;
    let own: Vec<_> = story
        .log
        .iter()
        .filter(|entry| entry.event.decode_unverified().unwrap().case == case)
        .cloned()
        .collect();
    assert_eq!(audit_partial_log(&own, &story.directory_history()).alarms, []);
    let gap: Vec<_> =
        own.iter().enumerate().filter(|(at, _)| *at != 2).map(|(_, entry)| entry.clone()).collect();
    assert_eq!(
        alert_codes(&audit_partial_log(&gap, &story.directory_history()).alarms),
        [AlertCode::BrokenCase]
    );
    let mut untied = own;
    untied[1].previous_link = Hash([9; 32]);
    assert_eq!(
        alert_codes(&audit_partial_log(&untied, &story.directory_history()).alarms),
        [AlertCode::BrokenLink]
    );
}

#[test]
fn an_export_is_verified_with_nothing_but_the_root_keys() {
    let story = LogBuilder::two_cases();
    let mut export = LogExport {
        v: 1,
        instance: story.installation.trust.instance,
        exported: today(),
        whole: true,
        directories: vec![story.installation.signed_directory()],
        entries: story.log.clone(),
    };
    let json = serde_json::to_vec(&export).unwrap();
    let again: LogExport = serde_json::from_slice(&json).unwrap();
    assert_eq!(again.verify(&story.installation.trust, None).unwrap().alarms, []);
    // A directory that the keeper made up does not help.
    let other = WorkbenchInstallation::new();
    assert!(export.verify(&other.trust, None).is_err());
    export.directories =
        vec![SignedDirectory { signatures: Vec::new(), ..story.installation.signed_directory() }];
    assert!(export.verify(&story.installation.trust, None).is_err());
}

#[test]
fn somebody_who_was_taken_out_is_noticed_later() {
    let house = WorkbenchInstallation::new();
    let first = house.signed_directory();
    let mut draft = house.admin_dir.draft().unwrap();
    draft.remove_member("two").unwrap();
    house.admin_dir.save_draft(&draft).unwrap();
    let second = house.sign_directory();
    let roll = DirectoryHistory::verify_chain(&[first, second], &house.trust).unwrap();
    for (days, former) in [(0, false), (3, true)] {
        let (case, at) = (Uuid::new_v4(), start_time() + Duration::days(days));
        let action = Action::Received {
            desk: "internal_affairs".into(),
            urgency: Urgency::P3,
            retention_months: 60,
            came: None,
        };
        let first =
            Event { v: 1, case, seq: 0, prev: None, at, actor: HANDLER_ACTOR.into(), action };
        let first = first.sign(&house.log_key);
        let prev = Some(first.hash());
        let event =
            Event { v: 1, case, seq: 1, prev, at, actor: "two".into(), action: Action::Claimed };
        let signed = event.sign(house.key_of("two").device());
        assert_eq!(
            roll.verify_event(&signed).unwrap().is_former_member,
            former,
            "{days} days after"
        );
        // A case handler that takes it all the same does so before everybody's eyes.
        let mut log = Vec::new();
        append(&mut log, first);
        append(&mut log, signed);
        for audit in [audit_full_log(&log, &roll, None), audit_partial_log(&log, &roll)] {
            assert_eq!(
                audit.alarms.iter().any(|alarm| alarm.code == AlertCode::FormerMember),
                former
            );
        }
    }
}

#[test]
fn directories_out_of_their_order_are_refused() {
    let house = WorkbenchInstallation::new();
    let (first, second) = (house.signed_directory(), house.sign_directory());
    let third = house.sign_directory();
    assert!(
        DirectoryHistory::verify_chain(&[second.clone(), first.clone()], &house.trust).is_err()
    );
    assert!(DirectoryHistory::verify_chain(&[], &house.trust).is_err());
    assert_eq!(
        DirectoryHistory::verify_chain(&[first.clone(), third], &house.trust)
            .unwrap()
            .gap_alerts()
            .len(),
        1
    );
    assert_eq!(
        DirectoryHistory::verify_chain(&[first, second], &house.trust).unwrap().gap_alerts(),
        []
    );
}
