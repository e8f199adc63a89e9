//! Collection over mutual TLS from a fake intake: nothing is lost, nothing is ingested twice, and
//! neither side trusts unknown peers.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

#[path = "../common/mod.rs"]
mod common;
mod fake_witness;
mod faults;
mod intake;
mod listing;
mod log_key;
mod maintenance;
mod program;
mod quarantine;
mod refused_mailbox;
mod restored_log;
mod service;
mod witness_settings;
mod witnesses;

use std::sync::Arc;

use case_handler::{
    collector::{CollectError, Collector, CollectorState, relay_client::RelayError},
    store::RetryScope,
};
use common::{
    HandlerFixture,
    submissions::{follow_up, seal_submission},
};
use intake::{FakeIntake, write_certificates};
use protocol::{
    api::relay::{ReplySchedule, read_mailbox_record},
    case::Calendar,
    keys::{MailboxIdentity, TransportIdentity},
    mailbox::{MAILBOX_LEN, Mailbox},
    submission::envelope::OpenedSubmission,
};
use rand::{RngCore, SeedableRng, rngs::StdRng, seq::SliceRandom};
use tempfile::TempDir;

const DESK_MEMBERS: [&str; 4] = ["awa", "bila", "coumba", "eva"];

/// A case handler, a fake intake, and the folder of their certificates.
struct RelayFixture {
    handler: HandlerFixture,
    intake: FakeIntake,
    folder: TempDir,
}

impl RelayFixture {
    async fn new() -> Self {
        let handler = HandlerFixture::new().await;
        let folder = tempfile::tempdir().unwrap();
        write_certificates(folder.path());
        let intake = FakeIntake::start(folder.path(), Arc::clone(&handler.store)).await;
        Self { handler, intake, folder }
    }

    /// Returns a collector in the state of a new process.
    fn collector(&self) -> Collector {
        self.collector_with(vec![clone_identity(&self.handler.transport)])
    }

    fn collector_with(&self, transport: Vec<TransportIdentity>) -> Collector {
        Collector {
            store: Arc::clone(&self.handler.store),
            directories: Arc::clone(&self.handler.directories),
            relay: self.intake.relay_client(self.folder.path()),
            transport: Arc::new(transport),
            log_keys: Arc::new(self.handler.log_key.clone().into()),
            absent_members: vec![],
            retention_months: 60,
            trusted_date: self.handler.trusted_date(),
            reply_schedule: ReplySchedule {
                calendar: Calendar::default(),
                poll_interval_seconds: 900,
            },
            clock: self.handler.clock.clone(),
            state: CollectorState::default(),
        }
    }

    fn seal_submission(&self, report: &OpenedSubmission, opened: &OpenedSubmission) -> Vec<u8> {
        seal_submission(opened, report, &self.handler.transport.recipient())
    }

    fn left_at_intake(&self) -> usize {
        self.intake.state.lock().unwrap().spool.len()
    }

    async fn quarantined_count(&self) -> u64 {
        self.handler.store.quarantined_count().await.unwrap()
    }
}

fn clone_identity(identity: &TransportIdentity) -> TransportIdentity {
    TransportIdentity::from_seed(identity.seed())
}

fn garbage_submission(handler: &mut HandlerFixture) -> Vec<u8> {
    let mut bytes = vec![0; 32 * 1024];
    handler.rng.fill_bytes(&mut bytes);
    bytes
}

/// Opens the mailbox of one reporter that the intake received.
fn open_published_mailbox(
    fixture: &RelayFixture,
    report: &OpenedSubmission,
    identity: &MailboxIdentity,
) -> Option<Mailbox> {
    let state = fixture.intake.state.lock().unwrap();
    let mut records = &state.mailboxes.as_ref()?[..];
    while !records.is_empty() {
        let (id, sealed) = read_mailbox_record(&mut records).unwrap();
        assert_eq!(sealed.len(), MAILBOX_LEN);
        if id == report.header.mailbox {
            return Some(Mailbox::open(&sealed, identity).unwrap());
        }
    }
    None
}

#[tokio::test]
async fn the_intake_deletes_only_durable_submissions() {
    let mut fixture = RelayFixture::new().await;
    let (report, receipt) = fixture.handler.new_report(&DESK_MEMBERS);
    let (other, _) = fixture.handler.new_report(&DESK_MEMBERS);
    let garbage = garbage_submission(&mut fixture.handler);
    fixture.intake.add_submissions([
        fixture.seal_submission(&report, &report),
        fixture.seal_submission(&report, &follow_up(&report, "one")),
        fixture.seal_submission(&report, &follow_up(&report, "two")),
        fixture.seal_submission(&other, &other),
        garbage,
    ]);
    fixture.collector().run_cycle().await.unwrap();
    assert_eq!(fixture.left_at_intake(), 0);
    assert_eq!(fixture.intake.state.lock().unwrap().durable_at_ack, [5]);
    assert_eq!(
        fixture.quarantined_count().await,
        1,
        "orphans are ingested after their report, garbage is quarantined"
    );
    let queue = fixture.handler.queue("awa").await;
    let row = queue.iter().find(|row| row.id == report.header.case.id).unwrap();
    assert_eq!(row.state.received, 3);
    let opened = open_published_mailbox(&fixture, &report, &receipt.mailbox_identity()).unwrap();
    assert_eq!((opened.header.received, opened.header.week.as_str()), (3, "2026-W48"));
    let answers = fixture.intake.state.lock().unwrap().reply_schedule.clone().unwrap();
    let promised = answers.calendar.first_reply_due(row.filed);
    assert_eq!(opened.header.next_update, Some(promised), "receipt and mailbox show the same date");
    let directory = fixture.intake.state.lock().unwrap().directory.clone().unwrap();
    assert_eq!(directory.hash(), fixture.handler.directories.latest().unwrap().hash);
}

#[tokio::test]
async fn each_submission_is_ingested_once_despite_interruptions() {
    let mut fixture = RelayFixture::new().await;
    let mut submissions = Vec::new();
    for n in 0..8 {
        let (report, _) = fixture.handler.new_report(&DESK_MEMBERS);
        let more = follow_up(&report, &format!("{n}"));
        submissions.push(fixture.seal_submission(&report, &report));
        submissions.push(fixture.seal_submission(&report, &more));
    }
    // The intake has each submission twice under two ids, as when an acknowledgement was lost and a
    // browser sent it again.
    let mut twice = [submissions.clone(), submissions].concat();
    twice.shuffle(&mut fixture.handler.rng);
    let all: usize = twice.iter().map(|bytes| bytes.len() + 20).sum();
    fixture.intake.add_submissions(twice);
    let mut interruptions = 0;
    while fixture.left_at_intake() > 0 {
        // Each process runs one cycle, and the intake interrupts the pull at a random position.
        let at = usize::try_from(fixture.handler.rng.next_u64()).unwrap() % all;
        fixture.intake.state.lock().unwrap().break_after = Some(at);
        match fixture.collector().run_cycle().await {
            Ok(()) => {}
            Err(CollectError::Relay(RelayError::Interrupted(_) | RelayError::Unexpected(_))) => {
                interruptions += 1;
            }
            Err(error) => panic!("{error}"),
        }
        assert!(
            fixture.intake.state.lock().unwrap().mailboxes.is_some(),
            "mailboxes are published nevertheless"
        );
    }
    fixture.collector().run_cycle().await.unwrap();
    assert!(interruptions > 0);
    let queue = fixture.handler.queue("awa").await;
    assert_eq!(queue.len(), 8);
    assert!(queue.iter().all(|row| row.state.received == 2), "a report and a follow-up each");
    assert_eq!(fixture.quarantined_count().await, 0);
}

#[tokio::test]
async fn submissions_before_an_interruption_are_not_sent_again() {
    let mut fixture = RelayFixture::new().await;
    for _ in 0..4 {
        let (report, _) = fixture.handler.new_report(&DESK_MEMBERS);
        fixture.intake.add_submissions([fixture.seal_submission(&report, &report)]);
    }
    let one = fixture.intake.state.lock().unwrap().spool[0].1.len() + 20;
    fixture.intake.state.lock().unwrap().break_after = Some(2 * one + 100);
    let error = fixture.collector().run_cycle().await.unwrap_err();
    assert!(matches!(error, CollectError::Relay(RelayError::Interrupted(_))), "{error}");
    assert_eq!(fixture.left_at_intake(), 2);
    assert_eq!(fixture.handler.queue("awa").await.len(), 2);
}

#[tokio::test]
async fn garbage_is_not_retried_in_the_next_cycle_but_with_a_new_key() {
    let mut fixture = RelayFixture::new().await;
    let former = TransportIdentity::generate(&mut fixture.handler.rng);
    let (report, _) = fixture.handler.new_report(&DESK_MEMBERS);
    let (later, _) = fixture.handler.new_report(&DESK_MEMBERS);
    let garbage = garbage_submission(&mut fixture.handler);
    let early = fixture.seal_submission(&later, &follow_up(&later, "before its report"));
    fixture.intake.add_submissions([
        garbage,
        seal_submission(&report, &report, &former.recipient()),
        early,
    ]);
    let mut collector = fixture.collector();
    collector.run_cycle().await.unwrap();
    assert_eq!(fixture.quarantined_count().await, 3);
    assert_eq!(fixture.handler.store.retryable_ids(RetryScope::All).await.unwrap().len(), 3);
    assert_eq!(
        fixture.handler.store.retryable_ids(RetryScope::WithKnownCase).await.unwrap().len(),
        0
    );
    // Its report arrives: only the follow-up is retried.
    fixture.intake.add_submissions([fixture.seal_submission(&later, &later)]);
    collector.run_cycle().await.unwrap();
    assert_eq!(fixture.quarantined_count().await, 2);
    assert_eq!(fixture.handler.queue("awa").await[0].state.received, 2);
    // An operator restores the former key and restarts the service.
    let keys = vec![clone_identity(&fixture.handler.transport), former];
    fixture.collector_with(keys).run_cycle().await.unwrap();
    assert_eq!(fixture.quarantined_count().await, 1);
    assert_eq!(fixture.handler.queue("awa").await.len(), 2);
}

#[tokio::test]
async fn with_a_full_quarantine_garbage_stays_at_the_intake_and_reports_are_ingested() {
    let mut fixture = RelayFixture::new().await;
    fixture.handler.set_quarantine_limit(1).await;
    let mut rng = StdRng::seed_from_u64(5);
    let garbage: Vec<_> = (0..3)
        .map(|_| {
            let mut bytes = vec![0; 524_288];
            rng.fill_bytes(&mut bytes);
            bytes
        })
        .collect();
    let (report, _) = fixture.handler.new_report(&DESK_MEMBERS);
    fixture.intake.add_submissions(garbage);
    fixture.intake.add_submissions([fixture.seal_submission(&report, &report)]);
    let mut collector = fixture.collector();
    for _ in 0..2 {
        collector.run_cycle().await.unwrap();
        assert_eq!(fixture.quarantined_count().await, 2);
        assert_eq!(fixture.intake.state.lock().unwrap().spool.len(), 1);
    }
    assert_eq!(fixture.handler.queue("awa").await.len(), 1);
}

#[tokio::test]
async fn a_submission_that_the_database_rejects_does_not_block_others() {
    if common::on_postgres() {
        // The SQL of the fault is for SQLite.
        return;
    }
    let mut fixture = RelayFixture::new().await;
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON cases WHEN NEW.lang = 'xx' BEGIN SELECT RAISE(ABORT, 'no'); END";
    fixture.handler.execute_sql(refuse).await;
    for lang in ["fr", "xx", "en", "fr"] {
        let (mut report, _) = fixture.handler.new_report(&DESK_MEMBERS);
        report.header.lang = lang.to_owned();
        fixture.intake.add_submissions([fixture.seal_submission(&report, &report)]);
    }
    let mut collector = fixture.collector();
    // They come in another order each time, and are grouped as they arrive.
    for _ in 0..50 {
        assert!(matches!(collector.run_cycle().await, Err(CollectError::Ingest(_))));
        if fixture.left_at_intake() == 1 {
            break;
        }
    }
    assert_eq!(fixture.left_at_intake(), 1);
    assert_eq!(fixture.handler.queue("awa").await.len(), 3);
    fixture.handler.execute_sql("DROP TRIGGER refuse").await;
    collector.run_cycle().await.unwrap();
    assert_eq!(fixture.left_at_intake(), 0);
    assert_eq!(fixture.handler.queue("awa").await.len(), 4);
}

#[tokio::test]
async fn a_quarantined_report_is_ingested_when_the_next_directory_names_its_reader() {
    let mut fixture = RelayFixture::new().await;
    let newcomer = protocol::keys::InvestigatorIdentity::generate(&mut fixture.handler.rng);
    let former = fixture.handler.members["eva"].0.recipient();
    let (report, _) = {
        let eva = fixture.handler.members.get_mut("eva").unwrap();
        let device = eva.1.clone();
        *eva = (newcomer, device);
        fixture.handler.new_report(&["eva"])
    };
    fixture.intake.add_submissions([fixture.seal_submission(&report, &report)]);
    let mut collector = fixture.collector();
    collector.run_cycle().await.unwrap();
    collector.run_cycle().await.unwrap();
    assert_eq!(fixture.quarantined_count().await, 1, "no member could read it");
    let recipient = fixture.handler.recipient("eva");
    assert_ne!(recipient, former);
    fixture
        .handler
        .publish(|directory| {
            directory.members.iter_mut().find(|member| member.handle == "eva").unwrap().recipient =
                recipient;
        })
        .await;
    collector.run_cycle().await.unwrap();
    assert_eq!(fixture.quarantined_count().await, 0);
    assert_eq!(fixture.handler.queue("eva").await.len(), 1);
}

#[tokio::test]
async fn peers_of_another_authority_are_refused_in_both_directions() {
    let fixture = RelayFixture::new().await;
    let other_folder = tempfile::tempdir().unwrap();
    write_certificates(other_folder.path());
    let other = FakeIntake::start(other_folder.path(), Arc::clone(&fixture.handler.store)).await;
    for (relay, peer) in [
        (fixture.intake.relay_client(other_folder.path()), "a case handler of another authority"),
        (other.relay_client(fixture.folder.path()), "an intake of another authority"),
    ] {
        let Err(error) = relay.list(None, 1).await else { panic!("{peer} was trusted") };
        assert!(matches!(error, RelayError::Unreachable(_)), "{peer}: {error}");
    }
    assert_eq!(fixture.intake.state.lock().unwrap().pulls + other.state.lock().unwrap().pulls, 0);
}
