//! Members follow the transparency log: a log that grows is pinned, and the oversight body audits
//! and countersigns it. Any other log is an alarm.

use crate::common::{
    environment::{TestEnvironment, alert_codes},
    test_tree::TestTree,
};
use ed25519_dalek::SigningKey;
use protocol::{Hash, case::event::SignedEvent};
use workbench::{
    alert::{AlertCode, AlertSeverity, IntegrityAlert},
    audit::{LogAudit, checkpoint::CheckpointSummary, fetch::AuditStart},
};

impl TestEnvironment {
    /// Audits the log in a new session of this member.
    async fn audit(&self, handle: &str) -> LogAudit {
        self.connect(handle).await.audit_log(AuditStart::Resume).await.unwrap()
    }

    /// Audits the log, which must be valid.
    async fn audit_valid(&self, handle: &str) -> CheckpointSummary {
        let audit = self.audit(handle).await;
        assert_eq!(alert_codes(&audit.alarms), []);
        audit.checkpoint.unwrap()
    }

    /// Files reports, and returns the log.
    fn file_reports(&self, reports: usize) -> Vec<SignedEvent> {
        (0..reports).for_each(|_| drop(self.file_report(&[])));
        self.handler.store.lock().unwrap().log.clone()
    }

    fn set_log(&self, log: &[SignedEvent]) {
        self.handler.store.lock().unwrap().log = log.to_vec();
    }

    fn cosignatures(&self) -> usize {
        let mut store = self.handler.store.lock().unwrap();
        store.transparency_log.tree.as_mut().unwrap().cosignatures.len()
    }
}

#[tokio::test]
async fn a_growing_log_is_followed_and_the_oversight_body_countersigns_it() {
    let fixture = TestEnvironment::start();
    for member in ["lead", "outside"] {
        let none = fixture.audit(member).await;
        assert!(none.checkpoint.is_none() && none.alarms.is_empty(), "there is no log yet");
    }
    for batches in 1..5_usize {
        fixture.file_reports(1);
        let by_lead = fixture.audit_valid("lead").await;
        assert_eq!((by_lead.size, by_lead.countersigned), (batches as u64 * 256, None));
        assert_eq!(fixture.cosignatures(), batches - 1, "a member of a desk countersigns nothing");
        let by_oversight = fixture.audit_valid("outside").await;
        assert!(by_oversight.countersigned.is_some());
        fixture.audit_valid("outside").await;
        assert_eq!(fixture.cosignatures(), batches, "each checkpoint once");
        assert_eq!(fixture.audit_valid("lead").await, by_oversight, "everyone sees it");
    }
    // Each audit continues after the one before.
    let requested = fixture.handler.store.lock().unwrap().transparency_log.requested_pages.clone();
    assert_eq!(requested, [0, 0, 1, 1, 2, 2, 3, 3, 4]);
    let mut outside = fixture.connect("outside").await;
    let full = outside.audit_log(AuditStart::FirstBatch).await.unwrap();
    assert_eq!((full.events, full.cases, full.alarms), (4, 4, vec![]));
    let requested = fixture.handler.store.lock().unwrap().transparency_log.requested_pages.pop();
    assert_eq!(requested, Some(0));
}

#[tokio::test]
async fn a_log_that_is_rolled_back_or_replaced_is_an_alarm_and_is_not_countersigned() {
    let fixture = TestEnvironment::start();
    fixture.file_reports(3);
    for member in ["lead", "outside"] {
        fixture.audit_valid(member).await;
    }
    let longer = fixture.file_reports(2);
    let picked = |places: &[usize]| -> Vec<_> {
        places.iter().map(|place| longer[*place].clone()).collect()
    };
    // The same size, a larger one and a shorter one, and no log at all.
    for replaced in [picked(&[0, 1, 3]), picked(&[3, 1, 2, 0, 4]), picked(&[0, 1]), Vec::new()] {
        fixture.set_log(&replaced);
        for member in ["lead", "outside"] {
            let refused = fixture.audit(member).await;
            assert!(refused.checkpoint.is_none(), "a refused checkpoint shows nothing");
            let codes = alert_codes(&refused.alarms);
            assert_eq!(codes, [AlertCode::Rollback], "{member}: {} batches", replaced.len());
        }
        let newest = replaced.len() as u64 * 256;
        let mut store = fixture.handler.store.lock().unwrap();
        let tree = store.transparency_log.tree.as_mut().unwrap();
        assert!(tree.cosignatures.iter().all(|(size, _)| *size != newest));
    }
    // The log as it was, and longer: nothing was lost.
    fixture.set_log(&longer);
    assert_eq!(fixture.audit_valid("lead").await.size, 5 * 256);
    assert!(fixture.audit_valid("outside").await.countersigned.is_some());
}

#[tokio::test]
async fn a_checkpoint_by_another_key_is_an_alarm() {
    let fixture = TestEnvironment::start();
    let log = fixture.file_reports(1);
    let hashes: Vec<Hash> = log.iter().map(SignedEvent::hash).collect();
    let key = SigningKey::from_bytes(&[1; 32]);
    let tree = TestTree::new(fixture.installation.trust.instance, &key, &hashes);
    fixture.handler.store.lock().unwrap().transparency_log.tree = Some(tree);
    for member in ["lead", "outside"] {
        let codes = alert_codes(&fixture.audit(member).await.alarms);
        assert!(codes.contains(&AlertCode::Forged), "{member}: {codes:?}");
    }
    assert_eq!(fixture.cosignatures(), 0);
}

#[tokio::test]
async fn after_an_accepted_restore_the_pins_begin_again() {
    let fixture = TestEnvironment::start();
    let log = fixture.file_reports(3);
    for member in ["lead", "outside"] {
        fixture.set_log(&log);
        let mut connection = fixture.connect(member).await;
        assert_eq!(connection.audit_log(AuditStart::Resume).await.unwrap().alarms, []);
        fixture.set_log(&log[..2]);
        let refused = connection.audit_log(AuditStart::Resume).await.unwrap();
        assert_eq!(alert_codes(&refused.alarms), [AlertCode::Rollback], "{member}");
        let accepted = connection.accept_restore("The disk failed.").await.unwrap();
        let (before, after) = accepted.tree.unwrap();
        assert_eq!((before.size, after.size), (3 * 256, 2 * 256));
        let audited = fixture.installation.profile_path(member).join("audited.age");
        assert!(!audited.exists(), "the next audit begins with the first batch");
        let valid = connection.audit_log(AuditStart::Resume).await.unwrap();
        assert_eq!(alert_codes(&valid.alarms), []);
        assert_eq!(valid.checkpoint.unwrap().size, 2 * 256);
        assert_eq!(audited.exists(), member == "outside");
        fixture.set_log(&log[..1]);
        let again = connection.audit_log(AuditStart::Resume).await.unwrap();
        assert_eq!(alert_codes(&again.alarms), [AlertCode::Rollback], "a later one is an alarm");
    }
}

#[tokio::test]
async fn a_restore_does_not_explain_a_log_that_hides_an_event() {
    let fixture = TestEnvironment::start();
    let log = fixture.file_reports(3);
    let mut outside = fixture.connect("outside").await;
    assert_eq!(outside.audit_log(AuditStart::Resume).await.unwrap().alarms, []);
    fixture.set_log(&log[..2]);
    {
        let mut store = fixture.handler.store.lock().unwrap();
        let hidden = &mut store.transparency_log;
        hidden.tree.as_mut().unwrap().log(&[log[0].hash()]);
        hidden.tree.as_mut().unwrap().log_hidden(log[1].hash(), log[2].hash());
        hidden.frozen = true;
    }
    let refused = outside.accept_restore("The disk failed.").await.unwrap_err().to_string();
    assert!(refused.contains("hides an event"), "{refused}");
    let still = outside.audit_log(AuditStart::Resume).await.unwrap();
    assert_eq!(alert_codes(&still.alarms), [AlertCode::Rollback], "nothing was accepted");
}

impl TestEnvironment {
    /// Publishes a directory with this epoch of the log, and begins that log. Without `logs`, it
    /// has no batch yet.
    fn restart_log(&self, epoch: u32, logs: bool) {
        let mut draft = self.installation.admin_dir.draft().unwrap();
        draft.log.epoch = epoch;
        self.installation.admin_dir.save_draft(&draft).unwrap();
        let signed = self.installation.sign_directory();
        let mut store = self.handler.store.lock().unwrap();
        store.directories.push(signed);
        let key = &self.installation.log_key;
        let tree = TestTree::new(self.installation.trust.instance, key, &[]);
        store.transparency_log.tree = logs.then(|| tree.with_epoch(epoch));
    }
}

fn restart_notices(audit: &LogAudit) -> Vec<&IntegrityAlert> {
    audit.alarms.iter().filter(|alarm| alarm.code == AlertCode::LogRestarted).collect()
}

#[tokio::test]
async fn a_log_that_the_root_keys_restart_is_pinned_with_a_notice() {
    let fixture = TestEnvironment::start();
    let log = fixture.file_reports(3);
    // One session lasts longer than the directory, and the others begin later.
    let mut open = fixture.connect("lead").await;
    open.audit_log(AuditStart::Resume).await.unwrap().checkpoint.unwrap();
    fixture.audit_valid("outside").await;
    fixture.restart_log(2, false);
    let waiting = fixture.audit("lead").await;
    assert!(waiting.checkpoint.is_none(), "no batch of it yet");
    assert_eq!(alert_codes(&waiting.alarms), []);
    assert_eq!(restart_notices(&waiting).len(), 1);
    fixture.restart_log(2, true);
    // All events of all cases get a leaf again, and maybe in another order.
    fixture.set_log(&[log[2].clone(), log[0].clone(), log[1].clone()]);
    let in_open_session = open.audit_log(AuditStart::Resume).await.unwrap();
    for followed in [in_open_session, fixture.audit("outside").await] {
        assert_eq!(alert_codes(&followed.alarms), []);
        assert_eq!(followed.checkpoint.as_ref().unwrap().size, 768);
        let [notice] = restart_notices(&followed)[..] else { panic!("{:?}", followed.alarms) };
        assert_eq!(notice.severity, AlertSeverity::Notice);
        assert!(
            notice.text.contains("log 2 in place of log 1, whose last 768 leaves"),
            "{notice:?}"
        );
    }
    assert_eq!(fixture.cosignatures(), 1, "the oversight body countersigns the new log");
    let requested = fixture.handler.store.lock().unwrap().transparency_log.requested_pages.clone();
    assert_eq!(requested, [0, 0], "and opens all of its leaves");
    assert!(restart_notices(&fixture.audit("lead").await).is_empty(), "once");
    // The new log may not be rolled back either.
    fixture.set_log(&log[..2]);
    let refused = fixture.audit("lead").await;
    assert_eq!(alert_codes(&refused.alarms), [AlertCode::Rollback]);
}

/// The oversight body has audited events of cases that it cannot read. A restore loses one of them.
#[tokio::test]
async fn an_audit_compares_all_cases_across_a_restart_of_the_log() {
    let fixture = TestEnvironment::start();
    let log = fixture.file_reports(3);
    fixture.audit_valid("outside").await;
    fixture.restart_log(2, true);
    fixture.set_log(&log[..2]);
    for start in [AuditStart::Resume, AuditStart::FirstBatch] {
        let audit = fixture.connect("outside").await.audit_log(start).await.unwrap();
        assert_eq!(alert_codes(&audit.alarms), [AlertCode::Rollback]);
        assert_eq!(audit.checkpoint.unwrap().countersigned, None);
    }
    let mut outside = fixture.connect("outside").await;
    outside.accept_restore("The disk failed.").await.unwrap();
    assert!(fixture.audit_valid("outside").await.countersigned.is_some());
}

#[tokio::test]
async fn a_session_that_is_older_than_a_restarted_log_reads_cases_without_an_alarm() {
    let fixture = TestEnvironment::start();
    let reporter = fixture.file_report(&[]);
    let mut open = fixture.connect("lead").await;
    assert_eq!(open.read_case(reporter.case).await.unwrap().alarms, []);
    fixture.restart_log(2, true);
    assert_eq!(open.read_case(reporter.case).await.unwrap().alarms, []);
}

#[tokio::test]
async fn the_case_handler_alone_neither_restarts_the_log_nor_returns_to_an_earlier_one() {
    let fixture = TestEnvironment::start();
    fixture.file_reports(1);
    let reporter = fixture.file_report(&[]);
    let codes = async || {
        let audit = alert_codes(&fixture.audit("lead").await.alarms);
        (fixture.alert_codes_of("lead", &reporter).await, audit)
    };
    assert_eq!(codes().await, (vec![], vec![]));
    // Without a directory of the root keys, another origin is another log.
    let key = &fixture.installation.log_key;
    let tree = TestTree::new(fixture.installation.trust.instance, key, &[]).with_epoch(2);
    fixture.handler.store.lock().unwrap().transparency_log.tree = Some(tree);
    let (read, audit) = codes().await;
    assert_eq!(read, [AlertCode::WrongProof]);
    assert!(audit.contains(&AlertCode::Forged), "{audit:?}");
    fixture.restart_log(2, true);
    assert_eq!(codes().await, (vec![], vec![]));
    fixture.restart_log(1, true);
    let (read, audit) = codes().await;
    assert_eq!(read, [AlertCode::Rollback], "also if a directory names the earlier log");
    assert!(audit.contains(&AlertCode::Rollback), "{audit:?}");
}

#[tokio::test]
async fn the_cases_of_a_member_are_compared_across_a_restart_of_the_log() {
    let fixture = TestEnvironment::start();
    let mut reporter = fixture.file_report(&[]);
    fixture.handler.follow_up(&fixture.installation, &mut reporter, "There is more.");
    fixture.connect("lead").await.read_case(reporter.case).await.unwrap();
    fixture.restart_log(2, true);
    fixture.handler.store.lock().unwrap().log.pop().unwrap();
    assert_eq!(alert_codes(&fixture.audit("lead").await.alarms), [AlertCode::Rollback]);
}
