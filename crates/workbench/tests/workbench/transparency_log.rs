//! Members follow the transparency log: a log that grows is pinned and countersigned, any other log
//! is an alarm.

use crate::common::{environment::TestEnvironment, test_tree::TestTree};
use ed25519_dalek::SigningKey;
use workbench::{alert::AlertCode, audit::checkpoint::CheckpointAudit};

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
