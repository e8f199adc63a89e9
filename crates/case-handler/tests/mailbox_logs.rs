//! The log records of mailboxes over a real store: what a reporter gets, and when it is made again.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use case_handler::{
    checkpoints::{add_batch, add_cosignature},
    ingest::IngestOutcome,
    mailbox_logs::refresh_mailbox_logs,
};
use common::{HandlerFixture, submissions::follow_up};
use ed25519_dalek::SigningKey;
use protocol::{
    Hash,
    case::event::Action,
    submission::envelope::{OpenedSubmission, SubmissionKind},
};
use transparency_log::{
    checkpoint::{SignedCheckpoint, member_key},
    leaf::LeafSalt,
    mailbox_record::MailboxLogRecord,
    merkle::verify_inclusion,
    policy::{LogEvidence, LogPolicy},
};
use uuid::Uuid;

const DESK_MEMBERS: [&str; 4] = ["awa", "bila", "coumba", "eva"];

/// What a record shows: for each event, its name and whether it has a valid leaf, and since when
/// the tree is countersigned.
type Shown = (Vec<(&'static str, bool)>, Option<u64>);

impl HandlerFixture {
    fn policy(&self) -> LogPolicy {
        LogPolicy::of_directory(&self.directory).unwrap()
    }

    /// Adds a batch, as a cycle does, and makes the log records.
    async fn run_log_cycle(&mut self) {
        add_batch(&self.store, &self.directories, &self.log_key, &mut self.rng).await.unwrap();
        self.refresh().await;
    }

    async fn refresh(&self) {
        refresh_mailbox_logs(&self.store, &self.policy()).await.unwrap();
    }

    /// Countersigns the newest checkpoint as a member.
    async fn countersign(&self, handle: &str, time: u64) {
        let note = self.store.newest_checkpoint().await.unwrap().unwrap();
        let checkpoint = SignedCheckpoint::parse(&note).unwrap();
        let device: &SigningKey = &self.members[handle].1;
        let by = member_key(self.directory.instance, handle, device.into()).unwrap();
        let signature = checkpoint.cosign(by.name.clone(), device, time);
        let size = checkpoint.checkpoint().size;
        add_cosignature(&self.store, size, &by, signature).await.unwrap();
    }

    async fn record_bytes(&self, case: Uuid) -> Option<Vec<u8>> {
        let all = self.store.mailboxes(None, 1000).await.unwrap();
        all.into_iter().find(|content| content.id == case).unwrap().log
    }

    /// Verifies the record of a case.
    async fn shown(&self, report: &OpenedSubmission) -> Shown {
        let bytes = self.record_bytes(report.header.case.id).await.unwrap();
        let record = MailboxLogRecord::from_bytes(&bytes).unwrap();
        let evidence = record.checkpoint.as_ref().map(|text| -> LogEvidence {
            self.policy().verify_checkpoint(&SignedCheckpoint::parse(text).unwrap()).unwrap()
        });
        let events = record.events.iter().map(|recorded| {
            let event = recorded.event.verify(&self.directory.handler_key).unwrap();
            assert_eq!(event.case, report.header.case.id);
            let valid = recorded.leaf.as_ref().is_some_and(|leaf| {
                let hash = LeafSalt::from_bytes(leaf.salt.0).leaf_of(&recorded.event.hash());
                let evidence = evidence.as_ref().unwrap();
                verify_inclusion(leaf.index, hash, evidence.size, &evidence.root, &leaf.path)
                    .unwrap();
                true
            });
            (content_of(&event.action), valid)
        });
        (events.collect(), evidence.and_then(|evidence| evidence.countersigned))
    }
}

/// Returns the text of the submission that an event commits to.
fn content_of(action: &Action) -> &'static str {
    let body = match action {
        Action::Received { commitment, .. } => commitment.parts[0],
        Action::FollowedUp(commitment) => commitment.parts[0],
        _ => panic!("not an event of a submission"),
    };
    ["sealed body", "first", "second", "third"]
        .into_iter()
        .find(|text| Hash::of(&[text.as_bytes()]) == body)
        .unwrap_or("another")
}

#[tokio::test]
async fn a_mailbox_follows_its_submissions_into_the_countersigned_log() {
    let mut fixture = HandlerFixture::new().await;
    let (report, _) = fixture.new_report(&DESK_MEMBERS);
    fixture.ingest(&report).await.unwrap();
    assert_eq!(fixture.record_bytes(report.header.case.id).await, None, "no cycle yet");
    fixture.run_log_cycle().await;
    assert_eq!(fixture.shown(&report).await, (vec![("sealed body", true)], None));
    fixture.countersign("eva", 1_000).await;
    fixture.refresh().await;
    let countersigned = (vec![("sealed body", true)], Some(1_000));
    assert_eq!(fixture.shown(&report).await, countersigned);
    // A message that waits for its batch, and then for a cosignature, leaves the report
    // countersigned.
    fixture.ingest(&follow_up(&report, "first")).await.unwrap();
    fixture.refresh().await;
    let waiting = (vec![("sealed body", true), ("first", false)], Some(1_000));
    assert_eq!(fixture.shown(&report).await, waiting);
    fixture.run_log_cycle().await;
    assert_eq!(fixture.shown(&report).await, waiting);
    fixture.run_log_cycle().await;
    fixture.countersign("eva", 2_000).await;
    fixture.refresh().await;
    let both = (vec![("sealed body", true), ("first", true)], Some(2_000));
    assert_eq!(fixture.shown(&report).await, both);
    // Only the newest message is in the record.
    fixture.ingest(&follow_up(&report, "second")).await.unwrap();
    fixture.run_log_cycle().await;
    let newest = (vec![("sealed body", true), ("second", false)], Some(1_000));
    assert_eq!(fixture.shown(&report).await, newest);
}

/// A record that is complete costs nothing in the following cycles.
#[tokio::test]
async fn a_record_is_made_again_only_when_it_changes() {
    let mut fixture = HandlerFixture::new().await;
    let (report, _) = fixture.new_report(&DESK_MEMBERS);
    fixture.ingest(&report).await.unwrap();
    fixture.refresh().await;
    assert_eq!(fixture.shown(&report).await, (vec![("sealed body", false)], None));
    assert_eq!(fixture.store.outdated_mailbox_logs(None, 9).await.unwrap(), [], "no leaf yet");
    fixture.run_log_cycle().await;
    assert_eq!(fixture.shown(&report).await, (vec![("sealed body", true)], None));
    let case = report.header.case.id;
    let logged = fixture.record_bytes(case).await;
    fixture.run_log_cycle().await;
    assert_eq!(fixture.record_bytes(case).await, logged, "the log has grown");
    fixture.countersign("eva", 1_000).await;
    fixture.refresh().await;
    let complete = fixture.record_bytes(case).await;
    assert_ne!(complete, logged);
    fixture.run_log_cycle().await;
    fixture.countersign("eva", 2_000).await;
    fixture.execute_sql("UPDATE events SET bytes = x'7b7d'").await;
    fixture.refresh().await;
    assert_eq!(fixture.record_bytes(case).await, complete, "nothing was read for it");
    // The same directory again changes nothing. Another signer of the log does.
    fixture.publish(|directory| directory.desks[0].units.push("x".to_owned())).await;
    assert_eq!(fixture.store.outdated_mailbox_logs(None, 9).await.unwrap(), []);
    fixture.renew_keys("eva").await;
    let outdated = fixture.store.outdated_mailbox_logs(None, 9).await.unwrap();
    assert_eq!(outdated.iter().map(|outdated| outdated.case).collect::<Vec<_>>(), [case]);
}

#[tokio::test]
async fn a_cosigner_who_left_countersigns_no_record() {
    let mut fixture = HandlerFixture::new().await;
    let (report, _) = fixture.new_report(&DESK_MEMBERS);
    fixture.ingest(&report).await.unwrap();
    fixture.run_log_cycle().await;
    fixture.countersign("eva", 1_000).await;
    fixture.refresh().await;
    fixture.renew_keys("eva").await;
    fixture.run_log_cycle().await;
    assert_eq!(fixture.shown(&report).await, (vec![("sealed body", true)], None));
    fixture.countersign("eva", 3_000).await;
    fixture.refresh().await;
    assert_eq!(fixture.shown(&report).await, (vec![("sealed body", true)], Some(3_000)));
    // After a restore the log begins again, and so do the records.
    fixture.publish(|directory| directory.log.epoch += 1).await;
    fixture.refresh().await;
    fixture.run_log_cycle().await;
    assert_eq!(fixture.shown(&report).await, (vec![("sealed body", true)], None));
    fixture.countersign("eva", 4_000).await;
    fixture.refresh().await;
    assert_eq!(fixture.shown(&report).await, (vec![("sealed body", true)], Some(4_000)));
}

/// The case handler stores the capsule of the newest message, and not that of a report that was
/// sent again. The record contains the events of the submissions that the capsule names.
#[tokio::test]
async fn a_record_contains_the_submissions_that_the_capsule_names() {
    let mut fixture = HandlerFixture::new().await;
    let (report, _) = fixture.new_report(&DESK_MEMBERS);
    fixture.ingest(&report).await.unwrap();
    let mut again = report.clone();
    again.body = b"another body".to_vec();
    again.deduplication_tag = Hash::of(&[b"again"]);
    assert_eq!(again.header.kind, SubmissionKind::Report);
    assert_eq!(fixture.ingest(&again).await.unwrap(), IngestOutcome::Appended);
    fixture.run_log_cycle().await;
    assert_eq!(fixture.shown(&report).await, (vec![("sealed body", true)], None));
    fixture.ingest(&follow_up(&report, "first")).await.unwrap();
    again.body = b"a third body".to_vec();
    again.deduplication_tag = Hash::of(&[b"a third time"]);
    fixture.ingest(&again).await.unwrap();
    // A second sending of the same message is a duplicate, and changes neither.
    let duplicate = fixture.ingest(&follow_up(&report, "first")).await.unwrap();
    assert_eq!(duplicate, IngestOutcome::Duplicate);
    fixture.run_log_cycle().await;
    assert_eq!(fixture.shown(&report).await, (vec![("sealed body", true), ("first", true)], None));
}

#[tokio::test]
async fn more_events_than_one_batch_holds_wait_with_the_signature_of_the_log_key() {
    let mut fixture = HandlerFixture::new().await;
    let mut reports = Vec::new();
    for _ in 0..258 {
        let (report, _) = fixture.new_report(&DESK_MEMBERS);
        fixture.ingest(&report).await.unwrap();
        reports.push(report);
    }
    fixture.run_log_cycle().await;
    let with_leaf = async |fixture: &HandlerFixture| {
        let mut count = 0;
        for report in &reports {
            count += usize::from(fixture.shown(report).await.0 == [("sealed body", true)]);
        }
        count
    };
    assert_eq!(with_leaf(&fixture).await, 256);
    fixture.run_log_cycle().await;
    assert_eq!(with_leaf(&fixture).await, 258);
}

/// The records of a page share their queries. Each proves its own events under its own checkpoint.
#[tokio::test]
async fn records_that_are_made_at_once_prove_their_own_events() {
    let mut fixture = HandlerFixture::new().await;
    let mut reports = Vec::new();
    // Two batches with 20 reports each, on two pages of records.
    for time in [1_000, 2_000] {
        for _ in 0..20 {
            let (report, _) = fixture.new_report(&DESK_MEMBERS);
            fixture.ingest(&report).await.unwrap();
            reports.push((report, "", time));
        }
        fixture.run_log_cycle().await;
        fixture.countersign("eva", time).await;
    }
    // Every third reporter writes again.
    for (report, message, time) in reports.iter_mut().step_by(3) {
        fixture.ingest(&follow_up(report, "first")).await.unwrap();
        (*message, *time) = ("first", 3_000);
    }
    fixture.run_log_cycle().await;
    fixture.countersign("eva", 3_000).await;
    let transaction = fixture.store.begin_write().await.unwrap();
    transaction.outdate_mailbox_logs().await.unwrap();
    transaction.commit().await.unwrap();
    fixture.refresh().await;
    for (report, message, time) in &reports {
        let mut events = vec![("sealed body", true)];
        events.extend((!message.is_empty()).then_some((*message, true)));
        assert_eq!(fixture.shown(report).await, (events, Some(*time)));
    }
    assert_eq!(fixture.store.outdated_mailbox_logs(None, 9).await.unwrap(), []);
}
