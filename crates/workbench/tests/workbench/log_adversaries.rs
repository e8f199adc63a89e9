//! A case handler that lies about the transparency log. It has the log key, and can make any tree
//! and sign any checkpoint. Members notice it with the proofs of their cases, and the oversight
//! body by opening every leaf.

use crate::common::{
    environment::{TestEnvironment, alert_codes},
    fake_handler::FakeStore,
    reporter::TestReporter,
    test_tree::TestTree,
    today,
};
use protocol::{
    Hash,
    api::workbench::{AuditLog, CaseLog},
    case::event::{Action, Event, HANDLER_ACTOR, ReleaseReason, SignedEvent, midnight},
    submission::commitment::FollowUpCommitment,
};
use workbench::{
    alert::AlertCode,
    audit::{LogAudit, fetch::AuditStart},
};

/// Three cases with an event each, which all have a leaf. The lead reads the first case.
struct LyingHandler {
    environment: TestEnvironment,
    reporter: TestReporter,
}

impl LyingHandler {
    fn start() -> Self {
        let environment = TestEnvironment::start();
        let reporter = environment.file_report(&[]);
        environment.file_report(&[]);
        environment.file_report(&[]);
        Self { environment, reporter }
    }

    fn with_store<T>(&self, change: impl FnOnce(&mut FakeStore) -> T) -> T {
        change(&mut self.environment.handler.store.lock().unwrap())
    }

    /// Returns a proof by the honest tree over the first `size` events.
    fn proof(&self, batch: usize, size: usize) -> String {
        self.with_store(|store| {
            let hashes: Vec<Hash> = store.log.iter().map(SignedEvent::hash).collect();
            let tree = self.tree_of(&hashes);
            tree.prove(batch, u32::try_from(size).unwrap()).to_string()
        })
    }

    fn tree_of(&self, events: &[Hash]) -> TestTree {
        let installation = &self.environment.installation;
        TestTree::new(installation.trust.instance, &installation.log_key, events)
    }

    fn tamper_case(&self, change: impl Fn(&mut CaseLog) + Send + 'static) {
        self.with_store(|store| store.transparency_log.tamper_case = Some(Box::new(change)));
    }

    fn tamper_audit(&self, change: impl Fn(&mut AuditLog) + Send + 'static) {
        self.with_store(|store| store.transparency_log.tamper_audit = Some(Box::new(change)));
    }

    /// Signs an event of the case handler that continues the first case.
    fn event_of_handler(&self, seq: u32, prev: Option<Hash>, action: Action) -> SignedEvent {
        let case = self.reporter.case;
        let (at, actor) = (midnight(today()), HANDLER_ACTOR.to_owned());
        let event = Event { v: 2, case, seq, prev, at, actor, action };
        event.sign(&self.environment.installation.log_key)
    }

    /// Reads the first case as the lead, some days later.
    async fn read_after(&self, days: i64) -> Vec<AlertCode> {
        let mut lead = self.environment.connect_after("lead", days).await;
        alert_codes(&lead.read_case(self.reporter.case).await.unwrap().alarms)
    }

    /// Reads the first case as the lead, through the page of the case and through the audit.
    async fn assert_noticed(&self, expected: AlertCode, what: &str) {
        let read = self.read_after(0).await;
        assert!(read.contains(&expected), "{what}: {read:?}");
        let mut lead = self.environment.connect("lead").await;
        let audit = alert_codes(&lead.audit_log(AuditStart::Resume).await.unwrap().alarms);
        assert!(audit.contains(&expected), "{what}, in the audit: {audit:?}");
    }

    async fn audit_after(&self, days: i64) -> LogAudit {
        let mut outside = self.environment.connect_after("outside", days).await;
        outside.audit_log(AuditStart::Resume).await.unwrap()
    }

    /// Audits as the oversight body, which must notice and not countersign.
    async fn assert_not_countersigned(&self, expected: AlertCode, what: &str) {
        let audit = self.audit_after(0).await;
        let codes = alert_codes(&audit.alarms);
        assert!(codes.contains(&expected), "{what}: {codes:?}");
        assert_eq!(
            audit.checkpoint.and_then(|checkpoint| checkpoint.countersigned),
            None,
            "{what}"
        );
        let cosignatures = self
            .with_store(|store| store.transparency_log.tree.as_ref().unwrap().cosignatures.len());
        assert_eq!(cosignatures, 0, "{what}");
        let audited = self.environment.installation.profile_path("outside").join("audited.age");
        assert!(!audited.exists(), "{what}: the next audit opens the same leaves again");
    }
}

fn follow_up() -> Action {
    Action::FollowedUp(FollowUpCommitment { generation: 0, parts: vec![Hash([7; 32])] })
}

#[tokio::test]
async fn an_honest_proof_raises_no_alarm_at_any_size_of_the_log() {
    let handler = LyingHandler::start();
    for _ in 0..6 {
        assert_eq!(handler.read_after(0).await, []);
        handler.environment.file_report(&[]);
    }
    assert_eq!(handler.audit_after(0).await.alarms, []);
}

#[tokio::test]
async fn a_dropped_event_is_noticed() {
    let handler = LyingHandler::start();
    handler.tamper_case(|log| drop(log.events.pop()));
    let mut lead = handler.environment.connect("lead").await;
    let audit = lead.audit_log(AuditStart::Resume).await.unwrap();
    let found = audit.alarms.iter().find(|alarm| alarm.code == AlertCode::WrongProof).unwrap();
    assert!(found.text.contains("an event that does not exist"), "{found:?}");
}

/// The case handler signs `received` itself, so no signature shows that it is another one.
#[tokio::test]
async fn a_changed_event_of_the_case_handler_is_noticed() {
    let handler = LyingHandler::start();
    let key = handler.environment.installation.log_key.clone();
    handler.tamper_case(move |log| {
        let Some(first) = log.events.first_mut() else { return };
        let mut event = first.decode_unverified().unwrap();
        if let Action::Received { retention_months, .. } = &mut event.action {
            *retention_months = 1;
        }
        *first = event.sign(&key);
    });
    handler.assert_noticed(AlertCode::WrongProof, "a shorter retention").await;
}

/// One member sees an event that is not in the log. It can wait for its leaf for a day.
#[tokio::test]
async fn a_fork_of_a_case_is_noticed_after_a_day() {
    let handler = LyingHandler::start();
    let head = handler.with_store(|store| store.log[0].hash());
    let released = Action::Released { reason: ReleaseReason::ReporterAsked };
    let forked = handler.event_of_handler(1, Some(head), released);
    let case = handler.reporter.case;
    handler.tamper_case(move |log| {
        if log.events[0].decode_unverified().unwrap().case == case {
            log.events.push(forked.clone());
        }
    });
    for (days, noticed) in [(0, false), (1, false), (2, true), (9, true)] {
        let codes = handler.read_after(days).await;
        assert_eq!(codes.contains(&AlertCode::NotInLog), noticed, "after {days} days: {codes:?}");
    }
}

#[tokio::test]
async fn a_case_handler_that_logs_nothing_is_noticed_after_a_day() {
    let handler = LyingHandler::start();
    handler.with_store(|store| store.transparency_log.waiting = 3);
    for (days, expected) in [(0, vec![]), (1, vec![]), (2, vec![AlertCode::NotInLog])] {
        assert_eq!(handler.read_after(days).await, expected, "after {days} days");
        let by_oversight = alert_codes(&handler.audit_after(days).await.alarms);
        assert_eq!(by_oversight, expected, "oversight body, after {days} days");
    }
}

#[tokio::test]
async fn the_proof_of_another_event_is_noticed() {
    let handler = LyingHandler::start();
    let damaged = handler.proof(0, 3).replacen("index 0", "index 1", 1);
    for (what, proof) in [
        ("that of another case", handler.proof(1, 3)),
        ("another index", damaged),
        ("no proof", "c2sp.org/tlog-proof@v1".to_owned()),
    ] {
        handler.tamper_case(move |log| log.proof.as_mut().unwrap().proof = proof.clone());
        handler.assert_noticed(AlertCode::WrongProof, what).await;
    }
}

#[tokio::test]
async fn a_proof_in_an_older_tree_is_noticed() {
    let handler = LyingHandler::start();
    assert_eq!(handler.read_after(0).await, [], "the lead pins the tree of three batches");
    let case = handler.reporter.case;
    for size in [1, 2] {
        let older = handler.proof(0, size);
        handler.tamper_case(move |log| {
            if log.events[0].decode_unverified().unwrap().case == case {
                log.proof.as_mut().unwrap().proof = older.clone();
            }
        });
        handler.assert_noticed(AlertCode::Rollback, "a replayed proof").await;
    }
}

/// The case handler makes another tree for one member, and signs it.
#[tokio::test]
async fn a_proof_in_another_tree_is_noticed() {
    let handler = LyingHandler::start();
    assert_eq!(handler.read_after(0).await, []);
    let event = handler.with_store(|store| store.log[0].hash());
    let others = |count: u8| (1..=count).map(|other| Hash([other; 32]));
    for others in [others(2), others(5)] {
        let events: Vec<Hash> = std::iter::once(event).chain(others).collect();
        let tree = handler.tree_of(&events);
        let forged = tree.newest_proof(0).to_string();
        let case = handler.reporter.case;
        handler.tamper_case(move |log| {
            if log.events[0].decode_unverified().unwrap().case == case {
                log.proof.as_mut().unwrap().proof = forged.clone();
            }
        });
        let what = format!("a tree of {} batches", events.len());
        handler.assert_noticed(AlertCode::Rollback, &what).await;
        // The checkpoints are those of the other tree too.
        handler.with_store(|store| {
            store.transparency_log.tree = Some(tree);
            store.transparency_log.frozen = true;
        });
        handler.assert_noticed(AlertCode::Rollback, &what).await;
    }
}

#[tokio::test]
async fn a_leaf_that_the_auditor_cannot_open_is_not_countersigned() {
    let handler = LyingHandler::start();
    handler.with_store(|store| {
        let events: Vec<Hash> = store.log.iter().map(SignedEvent::hash).collect();
        let log = &mut store.transparency_log;
        let tree = log.tree.as_mut().unwrap();
        tree.log(&events[..1]);
        tree.log_hidden(events[1], Hash([5; 32]));
        log.frozen = true;
        store.log.truncate(2);
    });
    handler.assert_not_countersigned(AlertCode::LeafDiffers, "an event is hidden").await;
}

#[tokio::test]
async fn two_histories_of_a_case_in_the_log_are_not_countersigned() {
    for same in [false, true] {
        let handler = LyingHandler::start();
        let head = handler.with_store(|store| store.log[0].hash());
        let first = handler.event_of_handler(1, Some(head), follow_up());
        let released = Action::Released { reason: ReleaseReason::ReporterAsked };
        let other = handler.event_of_handler(1, Some(head), released);
        handler.with_store(|store| {
            let second = if same { first.clone() } else { other };
            store.log.extend([first, second]);
        });
        let what = if same { "an event twice" } else { "two events" };
        handler.assert_not_countersigned(AlertCode::ForkedCase, what).await;
    }
}

/// The second history is in a batch that was added after the first one was audited.
#[tokio::test]
async fn a_second_history_in_a_later_batch_is_noticed_by_the_next_audit() {
    let handler = LyingHandler::start();
    let head = handler.with_store(|store| store.log[0].hash());
    let first = handler.event_of_handler(1, Some(head), follow_up());
    handler.with_store(|store| store.log.push(first));
    assert_eq!(handler.audit_after(0).await.alarms, []);
    let released = Action::Released { reason: ReleaseReason::ReporterAsked };
    let second = handler.event_of_handler(1, Some(head), released);
    handler.with_store(|store| store.log.push(second));
    let audit = handler.audit_after(0).await;
    assert_eq!(alert_codes(&audit.alarms), [AlertCode::ForkedCase]);
    assert_eq!(audit.checkpoint.unwrap().countersigned, None);
    let pages = handler.with_store(|store| store.transparency_log.requested_pages.clone());
    assert_eq!(pages, [0, 4], "the second audit begins after the first one");
}

#[tokio::test]
async fn an_auditor_who_is_shown_other_events_does_not_countersign() {
    type Change = fn(&mut AuditLog);
    let changes: [(&str, Change, AlertCode); 6] = [
        ("an event is dropped", |log| drop(log.events.remove(1)), AlertCode::LeafDiffers),
        ("an event has no leaf", |log| log.events[1].index = None, AlertCode::LeafDiffers),
        ("two events in one leaf", |log| log.events[1].index = Some(0), AlertCode::LeafDiffers),
        ("another secret", |log| log.leaf_secret[31] ^= 1, AlertCode::LeafDiffers),
        ("no secret", |log| log.leaf_secret.clear(), AlertCode::LeafDiffers),
        ("a changed event", |log| log.events[1].event.bytes[9] ^= 1, AlertCode::Forged),
    ];
    for (what, change, expected) in changes {
        let handler = LyingHandler::start();
        handler.tamper_audit(change);
        handler.assert_not_countersigned(expected, what).await;
    }
}

/// Another person writes into the folder of the profile, and cannot sign with the member's key.
#[tokio::test]
async fn a_saved_audit_that_the_member_did_not_sign_is_not_continued() {
    let handler = LyingHandler::start();
    assert_eq!(handler.audit_after(0).await.alarms, []);
    let saved = handler.environment.installation.profile_path("outside").join("audited.age");
    let key = handler.environment.installation.key_of("outside");
    let plain = key.identity().open(&std::fs::read(&saved).unwrap()).unwrap();
    let mut changed = plain.to_vec();
    *changed.last_mut().unwrap() ^= 1;
    // An older one that the member did sign is continued too: it costs the same leaves again.
    let older = std::fs::read(&saved).unwrap();
    handler.environment.file_report(&[]);
    assert_eq!(handler.audit_after(0).await.alarms, []);
    for (what, sealed, first_page) in [
        ("the newest", std::fs::read(&saved).unwrap(), 4),
        ("an older one", older, 3),
        ("sealed again", key.identity().recipient().seal(&plain), 3),
        ("changed", key.identity().recipient().seal(&changed), 0),
        ("not sealed", plain.to_vec(), 0),
        ("none", Vec::new(), 0),
    ] {
        std::fs::write(&saved, &sealed).unwrap();
        if sealed.is_empty() {
            std::fs::remove_file(&saved).unwrap();
        }
        handler.with_store(|store| store.transparency_log.requested_pages.clear());
        assert_eq!(handler.audit_after(0).await.alarms, [], "{what}");
        let pages = handler.with_store(|store| store.transparency_log.requested_pages.clone());
        assert_eq!(pages, [first_page], "{what}");
    }
}
