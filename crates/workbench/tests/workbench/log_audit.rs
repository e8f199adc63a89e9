//! Every alteration of a log is detected. The operator of the log has no member's key, but can
//! recompute every hash and sign every checkpoint.

use crate::common::{
    WorkbenchInstallation,
    environment::alert_codes,
    log_builder::{LogBuilder, page_of, start_time},
    test_tree::leaf_secret,
    today,
};
use protocol::{
    Hash, Priority,
    api::workbench::{AUDIT_PAGE_BATCHES, AuditLog},
    case::{
        Disposition, ReopenReason, Stage,
        event::{Action, EVENT_VERSION, Event, HANDLER_ACTOR, SignedEvent},
    },
    submission::commitment::ReportCommitment,
};
use std::time::Instant;
use time::Duration;
use transparency_log::{
    batch::{Batch, LoggedEvent, batch_of, log_size},
    compact_range::CompactRange,
};
use uuid::Uuid;
use workbench::{
    alert::{AlertCode, has_alarm},
    audit::{events::audit_events, leaves::LeafAuditor},
    session::{directory_history::DirectoryHistory, profile::PinnedTree},
};

/// Changes the content of an event and keeps its signature.
fn change_event(signed: &SignedEvent, change: impl FnOnce(&mut Event)) -> SignedEvent {
    let mut event = signed.decode_unverified().unwrap();
    change(&mut event);
    SignedEvent { bytes: serde_json::to_vec(&event).unwrap(), ..signed.clone() }
}

#[test]
fn an_honest_log_is_valid() {
    let builder = LogBuilder::two_cases();
    let audit = builder.audit(&builder.log);
    assert_eq!(audit.alarms, []);
    assert_eq!((audit.events, audit.heads.len()), (11, 2));
    let states = audit_events(&builder.log, &builder.directory_history()).cases;
    assert!(states.values().any(|state| state.disposition == Some(Disposition::OutOfScope)));
}

/// A day of batches at the poll interval as shipped, of which most have no event. The audit keeps
/// one page and the cases in memory.
#[test]
fn a_day_of_batches_is_audited_page_by_page() {
    const DAY: u32 = 96;
    let builder = LogBuilder::two_cases();
    let page = page_of(&builder.log);
    let of_batches = |range: std::ops::Range<u32>| {
        let is_in = |index: u64| batch_of(index).is_some_and(|batch| range.contains(&batch));
        let events = page.events.iter().filter(|logged| logged.index.is_some_and(is_in));
        AuditLog { events: events.cloned().collect(), ..page.clone() }
    };
    let mut tree = CompactRange::default();
    for number in 0..DAY {
        let logged = |logged: protocol::api::workbench::LoggedEvent| LoggedEvent {
            index: logged.index.unwrap(),
            event: logged.event.hash(),
        };
        let events: Vec<_> =
            of_batches(number..number + 1).events.into_iter().map(logged).collect();
        tree.push(Batch::build(number, &events, &leaf_secret()).unwrap().root());
    }
    let history = builder.directory_history();
    let mut auditor = LeafAuditor::from_start(&history, None);
    let (start, mut pages) = (Instant::now(), 0);
    while auditor.batches() < DAY {
        let end = DAY.min(auditor.batches() + AUDIT_PAGE_BATCHES);
        auditor.push_page(of_batches(auditor.batches()..end), end);
        pages += 1;
    }
    let present = PinnedTree { epoch: 1, size: log_size(DAY), root: tree.root() };
    let audit = auditor.finish(Some(present), today());
    println!("{:?} for each batch", start.elapsed() / DAY);
    assert_eq!(audit.alarms, []);
    assert_eq!((audit.events, pages), (11, 6));
}

#[test]
fn every_flipped_byte_is_detected() {
    let builder = LogBuilder::two_cases();
    for at in 0..builder.log.len() {
        for field in 0..2 {
            let mut log = builder.log.clone();
            match field {
                0 => *log[at].bytes.last_mut().unwrap() ^= 1,
                _ => log[at].signature[7] ^= 1,
            }
            assert!(has_alarm(&builder.audit(&log).alarms), "event {at}, field {field}");
        }
    }
}

#[test]
fn a_changed_event_is_detected_despite_a_rebuilt_tree() {
    let builder = LogBuilder::two_cases();
    let mut log = builder.log.clone();
    log[5] = change_event(&log[5], |event| {
        event.action = Action::StageChanged {
            from: Stage::Received,
            to: Stage::Triaged,
            reason: Some("other".into()),
        };
    });
    assert_eq!(builder.alert_codes(&log), [AlertCode::Forged]);
}

#[test]
fn every_dropped_event_is_detected_despite_a_rebuilt_tree() {
    let builder = LogBuilder::two_cases();
    for at in 0..builder.log.len() {
        let mut log = builder.log.clone();
        log.remove(at);
        // Only the last event of a case can be dropped without a gap in its case. The pinned tree
        // reveals that.
        let newest_of_its_case = at == 6 || at == 10;
        assert_eq!(
            builder.alert_codes(&log).contains(&AlertCode::BrokenCase),
            !newest_of_its_case,
            "event {at}"
        );
        let seen = builder.pinned_tree(&builder.log[..=at]);
        let audit = builder.audit_after(&log, Some(seen));
        // Without the last event the log is shorter than the pinned tree, which its checkpoint
        // shows.
        let shorter = at == 10;
        assert_eq!(alert_codes(&audit.alarms).contains(&AlertCode::Rollback), !shorter, "{at}");
    }
}

#[test]
fn swapped_events_are_detected() {
    let builder = LogBuilder::two_cases();
    let mut log = builder.log.clone();
    log.swap(4, 5);
    assert_eq!(builder.alert_codes(&log), [AlertCode::BrokenCase]);
    // Two events of different cases: only the pinned tree shows which came first.
    let mut log = builder.log.clone();
    log.swap(2, 3);
    assert_eq!(builder.alert_codes(&log), []);
    for (batches, expected) in [(2, vec![]), (3, vec![AlertCode::Rollback])] {
        let seen = builder.pinned_tree(&builder.log[..batches]);
        assert_eq!(alert_codes(&builder.audit_after(&log, Some(seen)).alarms), expected);
    }
}

#[test]
fn a_signature_for_another_actor_is_rejected() {
    let builder = LogBuilder::two_cases();
    for (signer, key) in [
        ("a colleague", builder.installation.key_of("three").device()),
        ("the keeper", &builder.installation.log_key),
    ] {
        let mut log = builder.log.clone();
        log[10] = log[10].decode_unverified().unwrap().sign(key);
        assert_eq!(builder.alert_codes(&log), [AlertCode::Forged], "{signer}");
    }
    let mut log = builder.log.clone();
    let by_unknown_member =
        Event { actor: "unknown-member".into(), ..log[10].decode_unverified().unwrap() };
    log[10] = by_unknown_member.sign(builder.installation.key_of("three").device());
    assert_eq!(builder.alert_codes(&log), [AlertCode::UnknownActor]);
    // No member can sign for the case handler.
    let mut log = builder.log.clone();
    log[0] = log[0].decode_unverified().unwrap().sign(builder.installation.key_of("lead").device());
    assert!(builder.alert_codes(&log).contains(&AlertCode::Forged));
}

#[test]
fn a_signed_event_that_violates_the_rules_is_detected() {
    let mut builder = LogBuilder::two_cases();
    let last = builder.log[10].clone();
    let (event, hash) = (last.decode_unverified().unwrap(), last.hash());
    // The member who proposed the closing reopens it as the former assignee.
    let again = Event {
        seq: event.seq + 1,
        prev: Some(hash),
        actor: "lead".into(),
        action: Action::Reopened { ground: ReopenReason::NewEvidence, note: None },
        ..event
    };
    builder.log.push(again.sign(builder.installation.key_of("lead").device()));
    assert_eq!(builder.alert_codes(&builder.log), [AlertCode::RefusedMove]);
}

/// The case handler shows one history to some readers and another one to the others.
#[test]
fn two_events_with_one_number_of_a_case_are_detected() {
    let builder = LogBuilder::two_cases();
    let copy = builder.log[4].clone();
    let other = Event {
        action: Action::NoteAdded { note: Hash([9; 32]) },
        ..copy.decode_unverified().unwrap()
    };
    let other = other.sign(builder.installation.key_of("lead").device());
    for (what, second) in [("the same event", copy), ("another event", other)] {
        let log = [builder.log.clone(), vec![second]].concat();
        assert_eq!(builder.alert_codes(&log), [AlertCode::ForkedCase], "{what}");
    }
}

#[test]
fn own_events_are_verified_without_the_other_events() {
    let builder = LogBuilder::two_cases();
    let case = builder.log[0].decode_unverified().unwrap().case;
    let own: Vec<_> = builder
        .log
        .iter()
        .filter(|event| event.decode_unverified().unwrap().case == case)
        .cloned()
        .collect();
    assert_eq!(audit_events(&own, &builder.directory_history()).alarms, []);
    let gap: Vec<_> =
        own.iter().enumerate().filter(|(at, _)| *at != 2).map(|(_, event)| event.clone()).collect();
    assert_eq!(
        alert_codes(&audit_events(&gap, &builder.directory_history()).alarms),
        [AlertCode::BrokenCase]
    );
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
            oversight_refused: false,
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
        let alarms = audit_events(&[first, signed], &history).alarms;
        assert_eq!(alarms.iter().any(|alarm| alarm.code == AlertCode::FormerMember), former);
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
