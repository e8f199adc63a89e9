//! The renewal of the log key: a reporter can verify every record, before and after the directory
//! that names the next key.

use std::sync::Arc;

use case_handler::{
    collector::Collector,
    keys::{LogKeys, mismatches},
};
use ed25519_dalek::SigningKey;
use protocol::{
    keys::{MailboxIdentity, PublicKey},
    submission::envelope::OpenedSubmission,
};
use transparency_log::{
    checkpoint::SignedCheckpoint, leaf::LeafSalt, mailbox_record::MailboxLogRecord,
    merkle::verify_inclusion, policy::LogPolicy,
};

use super::{
    DESK_MEMBERS, RelayFixture, clone_identity, common::log_capture::LogCapture,
    open_published_mailbox,
};

/// What a reporter can verify with the newest directory.
#[derive(Debug, PartialEq, Eq)]
enum Shown {
    /// The case handler has signed that it received the report.
    Received,
    /// The log contains the report.
    Logged,
}

impl RelayFixture {
    fn collector_with_log_keys(
        &self,
        newest: &SigningKey,
        former: Option<&SigningKey>,
    ) -> Collector {
        let log_keys = LogKeys { newest: newest.clone(), former: former.cloned() };
        Collector { log_keys: Arc::new(log_keys), ..self.collector() }
    }

    /// Adds a report to the intake. Returns it with the identity of its mailbox.
    fn send(&mut self) -> (OpenedSubmission, MailboxIdentity) {
        let (report, receipt) = self.handler.new_report(&DESK_MEMBERS);
        self.intake.add_submissions([self.seal_submission(&report, &report)]);
        (report, receipt.mailbox_identity())
    }

    /// Verifies the record in the mailbox of a report, as the reporter's side does. A record that
    /// is not valid is a failure.
    fn shown(&self, (report, identity): &(OpenedSubmission, MailboxIdentity)) -> Shown {
        let mailbox = open_published_mailbox(self, report, identity).unwrap();
        let record = MailboxLogRecord::from_bytes(&mailbox.log.unwrap()).unwrap();
        let directory = &self.handler.directory;
        let policy = LogPolicy::of_directory(directory).unwrap();
        let evidence = record.checkpoint.map(|text| {
            policy.verify_checkpoint(&SignedCheckpoint::parse(&text).unwrap()).unwrap()
        });
        let recorded = &record.events[0];
        let Some(leaf) = &recorded.leaf else {
            recorded.event.verify(&directory.handler_key).unwrap();
            return Shown::Received;
        };
        let (hash, evidence) =
            (LeafSalt::from_bytes(leaf.salt.0).leaf_of(&recorded.event.hash()), evidence.unwrap());
        verify_inclusion(leaf.index, hash, evidence.size, &evidence.root, &leaf.path).unwrap();
        Shown::Logged
    }
}

#[tokio::test]
async fn every_record_stays_verifiable_during_a_renewal_of_the_log_key() {
    let mut fixture = RelayFixture::new().await;
    let (former, next) = (fixture.handler.log_key.clone(), SigningKey::from_bytes(&[5; 32]));
    let before = fixture.send();
    let mut collector = fixture.collector_with_log_keys(&next, Some(&former));
    collector.run_cycle().await.unwrap();
    assert_eq!(fixture.shown(&before), Shown::Logged);
    // The next cycle comes too soon for a batch.
    let waiting = fixture.send();
    collector.run_cycle().await.unwrap();
    assert_eq!(fixture.shown(&waiting), Shown::Received);

    fixture.handler.publish(|directory| directory.handler_key = PublicKey::from(&next)).await;
    let after = fixture.send();
    collector.run_cycle().await.unwrap();
    for report in [&before, &waiting, &after] {
        assert_eq!(fixture.shown(report), Shown::Logged);
    }
    // The former key is needed no more.
    let last = fixture.send();
    fixture.handler.clock.advance(time::Duration::minutes(15));
    fixture.collector_with_log_keys(&next, None).run_cycle().await.unwrap();
    assert_eq!(fixture.shown(&last), Shown::Logged);
}

#[tokio::test]
async fn without_the_log_key_of_the_directory_nothing_is_collected_or_signed() {
    let mut fixture = RelayFixture::new().await;
    let next = SigningKey::from_bytes(&[5; 32]);
    let report = fixture.send();
    let log = LogCapture::default();
    let _guard = log.start();
    let mut collector = fixture.collector_with_log_keys(&next, None);
    for _ in 0..2 {
        collector.run_cycle().await.unwrap();
    }
    assert_eq!(fixture.left_at_intake(), 1);
    assert_eq!(fixture.handler.store.newest_checkpoint().await.unwrap(), None);
    let text = log.text();
    assert_eq!(text.matches("neither keys.log nor keys.former_log").count(), 1, "{text}");

    fixture.handler.publish(|directory| directory.handler_key = PublicKey::from(&next)).await;
    collector.run_cycle().await.unwrap();
    assert_eq!(fixture.left_at_intake(), 0);
    assert_eq!(fixture.shown(&report), Shown::Logged);
}

#[tokio::test]
async fn the_keys_fit_a_directory_that_names_either_log_key() {
    let fixture = RelayFixture::new().await;
    let transport = [clone_identity(&fixture.handler.transport)];
    let next = SigningKey::from_bytes(&[5; 32]);
    let both = LogKeys { newest: next.clone(), former: Some(fixture.handler.log_key.clone()) };
    let mut directory = fixture.handler.directory.clone();
    assert_eq!(mismatches(&directory, &transport, &both), Vec::<&str>::new());
    assert_eq!(both.named_by(&directory), Some(&fixture.handler.log_key));
    directory.handler_key = PublicKey::from(&next);
    assert_eq!(mismatches(&directory, &transport, &both), Vec::<&str>::new());
    directory.handler_key = PublicKey::from(&fixture.handler.root);
    assert_eq!(mismatches(&directory, &transport, &both).len(), 1);
    assert_eq!(both.signing_under(&directory), &next);
}
