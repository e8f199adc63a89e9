//! Members follow the transparency log: a log that grows is pinned and countersigned, any other log
//! is an alarm.

use crate::common::{environment::TestEnvironment, test_tree::TestTree};
use ed25519_dalek::SigningKey;
use workbench::{
    alert::{AlertCode, AlertSeverity},
    audit::checkpoint::CheckpointAudit,
};

impl TestEnvironment {
    /// Replaces the log by one with this event in each batch.
    fn set_log(&self, batches: u32, event: u8) {
        self.set_log_by(&self.installation.log_key, batches, event);
    }

    fn set_log_by(&self, key: &SigningKey, batches: u32, event: u8) {
        let tree = TestTree::new(self.installation.trust.instance, key, batches, event);
        self.handler.store.lock().unwrap().tree = Some(tree);
    }

    /// Follows the log in a new session of this member.
    async fn follow(&self, handle: &str) -> CheckpointAudit {
        self.connect(handle).await.follow_transparency_log().await.unwrap()
    }

    fn cosignatures(&self) -> usize {
        self.handler.store.lock().unwrap().tree.as_ref().unwrap().cosignatures.len()
    }
}

fn code(audit: &CheckpointAudit) -> AlertCode {
    assert!(audit.evidence.is_none(), "a refused checkpoint shows nothing");
    audit.alarm.as_ref().expect("an alarm").code
}

#[tokio::test]
async fn a_growing_log_is_followed_and_the_oversight_body_countersigns_it() {
    let fixture = TestEnvironment::start();
    let none = fixture.follow("lead").await;
    assert!(none.evidence.is_none() && none.alarm.is_none(), "there is no log yet");
    for batches in 1..5 {
        fixture.set_log(batches, 1);
        let by_lead = fixture.follow("lead").await.summary().unwrap();
        assert_eq!((by_lead.size, by_lead.countersigned), (u64::from(batches) * 256, None));
        assert_eq!(fixture.cosignatures(), 0, "a member of a desk countersigns nothing");
        let by_oversight = fixture.follow("outside").await.summary().unwrap();
        assert!(by_oversight.countersigned.is_some());
        fixture.follow("outside").await;
        assert_eq!(fixture.cosignatures(), 1, "once");
        let by_lead = fixture.follow("lead").await.summary().unwrap();
        assert_eq!(by_lead, by_oversight, "everyone sees the countersignature");
    }
}

#[tokio::test]
async fn a_log_that_is_rolled_back_or_replaced_is_an_alarm_and_is_not_countersigned() {
    let fixture = TestEnvironment::start();
    fixture.set_log(3, 1);
    for member in ["lead", "outside"] {
        fixture.follow(member).await.summary().unwrap();
    }
    // Another event in the first batch: the same size, and a larger one. Then a shorter log.
    for (batches, event) in [(3, 2), (4, 2), (2, 1), (0, 1)] {
        fixture.set_log(batches, event);
        for member in ["lead", "outside"] {
            let refused = fixture.follow(member).await;
            assert_eq!(code(&refused), AlertCode::Rollback, "{batches} batches of {event}");
        }
        assert_eq!(fixture.cosignatures(), 0);
    }
    fixture.handler.store.lock().unwrap().tree = None;
    assert_eq!(code(&fixture.follow("lead").await), AlertCode::Rollback, "no log");
    // The log as it was, and longer: nothing was lost.
    fixture.set_log(4, 1);
    assert_eq!(fixture.follow("lead").await.summary().unwrap().size, 1024);
}

#[tokio::test]
async fn a_checkpoint_by_another_key_is_an_alarm() {
    let fixture = TestEnvironment::start();
    fixture.set_log_by(&SigningKey::from_bytes(&[1; 32]), 1, 1);
    for member in ["lead", "outside"] {
        assert_eq!(code(&fixture.follow(member).await), AlertCode::Forged);
    }
    assert_eq!(fixture.cosignatures(), 0);
}

#[tokio::test]
async fn an_accepted_restore_pins_the_present_tree() {
    let fixture = TestEnvironment::start();
    fixture.set_log(3, 1);
    let mut connection = fixture.connect("lead").await;
    connection.follow_transparency_log().await.unwrap().summary().unwrap();
    fixture.set_log(2, 1);
    assert_eq!(code(&connection.follow_transparency_log().await.unwrap()), AlertCode::Rollback);
    connection
        .accept_restore("The disk failed; the administrator restored a backup.")
        .await
        .unwrap();
    let accepted = connection.follow_transparency_log().await.unwrap().summary().unwrap();
    assert_eq!(accepted.size, 512);
    fixture.set_log(1, 1);
    let again = connection.follow_transparency_log().await.unwrap();
    assert_eq!(code(&again), AlertCode::Rollback, "a later rollback is an alarm again");
}

impl TestEnvironment {
    /// Publishes a directory with this epoch of the log, and begins that log.
    fn restart_log(&self, epoch: u32, batches: u32, event: u8) {
        let mut draft = self.installation.admin_dir.draft().unwrap();
        draft.log.epoch = epoch;
        self.installation.admin_dir.save_draft(&draft).unwrap();
        let signed = self.installation.sign_directory();
        let mut store = self.handler.store.lock().unwrap();
        store.directories.push(signed);
        let key = &self.installation.log_key;
        let tree = TestTree::new(self.installation.trust.instance, key, batches, event);
        store.tree = (batches > 0).then(|| tree.with_epoch(epoch));
    }
}

#[tokio::test]
async fn a_log_that_the_root_keys_restart_is_pinned_with_a_notice() {
    let fixture = TestEnvironment::start();
    fixture.set_log(3, 1);
    // One session lasts longer than the directory, and the others begin later.
    let mut open = fixture.connect("lead").await;
    open.follow_transparency_log().await.unwrap().summary().unwrap();
    fixture.follow("outside").await.summary().unwrap();
    fixture.restart_log(2, 0, 2);
    let waiting = fixture.follow("lead").await;
    assert!(waiting.evidence.is_none() && waiting.alarm.is_none(), "no batch of it yet");
    assert_eq!(waiting.restarted.unwrap().severity, AlertSeverity::Notice);
    fixture.restart_log(2, 1, 2);
    for followed in [open.follow_transparency_log().await.unwrap(), fixture.follow("outside").await]
    {
        assert_eq!(followed.summary().unwrap().size, 256);
        let notice = followed.restarted.unwrap();
        assert_eq!(
            (notice.severity, notice.code),
            (AlertSeverity::Notice, AlertCode::LogRestarted)
        );
        assert!(
            notice.text.contains("log 2 in place of log 1, whose last 768 leaves"),
            "{notice:?}"
        );
    }
    assert_eq!(fixture.cosignatures(), 1, "the oversight body countersigns the new log");
    assert!(fixture.follow("lead").await.restarted.is_none(), "once");
    // The new log may not be rolled back either.
    fixture.restart_log(2, 1, 3);
    assert_eq!(code(&fixture.follow("lead").await), AlertCode::Rollback);
}

#[tokio::test]
async fn the_case_handler_alone_neither_restarts_the_log_nor_returns_to_an_earlier_one() {
    let fixture = TestEnvironment::start();
    fixture.set_log(3, 1);
    fixture.follow("lead").await.summary().unwrap();
    // Without a directory of the root keys, another origin is another log.
    let key = &fixture.installation.log_key;
    let tree = TestTree::new(fixture.installation.trust.instance, key, 4, 1).with_epoch(2);
    fixture.handler.store.lock().unwrap().tree = Some(tree);
    assert_eq!(code(&fixture.follow("lead").await), AlertCode::Forged);
    fixture.restart_log(2, 1, 2);
    fixture.follow("lead").await.summary().unwrap();
    fixture.restart_log(1, 3, 1);
    let refused = fixture.follow("lead").await;
    assert_eq!(code(&refused), AlertCode::Rollback, "also if a directory names the earlier log");
}

#[tokio::test]
async fn the_cases_of_a_member_are_compared_across_a_restart_of_the_log() {
    let fixture = TestEnvironment::start();
    let mut reporter = fixture.file_report(&[]);
    fixture.handler.follow_up(&fixture.installation, &mut reporter, "There is more.");
    fixture.connect("lead").await.read_case(reporter.case).await.unwrap();
    fixture.restart_log(2, 1, 1);
    fixture.handler.store.lock().unwrap().log.pop().unwrap();
    let mut again = fixture.connect("lead").await;
    let export = again.export_log().await.unwrap();
    let audit = again.audit_log(&export).unwrap();
    assert!(
        audit.alarms.iter().any(|alarm| alarm.code == AlertCode::Rollback),
        "{:?}",
        audit.alarms
    );
}
