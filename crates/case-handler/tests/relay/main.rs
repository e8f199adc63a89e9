//! Collecting over mutual TLS from an intake made by hand: nothing is lost, nothing is filed twice,
//! nobody is believed.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

#[path = "../common/mod.rs"]
mod common;
mod faults;
mod intake;
mod listing;
mod program;
mod quarantine;
mod service;
mod upkeep;

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

/// A handler, its intake, and the folder of their certificates.
struct RelayFixture {
    world: HandlerFixture,
    intake: FakeIntake,
    folder: TempDir,
}

impl RelayFixture {
    async fn new() -> Self {
        let world = HandlerFixture::new().await;
        let folder = tempfile::tempdir().unwrap();
        write_certificates(folder.path());
        let intake = FakeIntake::start(folder.path(), Arc::clone(&world.store)).await;
        Self { world, intake, folder }
    }

    /// A collector as a process begins with it.
    fn collector(&self) -> Collector {
        self.collector_with(vec![clone_identity(&self.world.transport)])
    }

    fn collector_with(&self, transport: Vec<TransportIdentity>) -> Collector {
        Collector {
            store: Arc::clone(&self.world.store),
            directories: Arc::clone(&self.world.directories),
            relay: self.intake.relay_client(self.folder.path()),
            transport: Arc::new(transport),
            log_key: self.world.log_key.clone(),
            absent_members: vec![],
            retention_months: 60,
            trusted_date: self.world.trusted_date(),
            reply_schedule: ReplySchedule { calendar: Calendar::default(), collect_seconds: 900 },
            clock: self.world.clock.clone(),
            state: CollectorState::default(),
        }
    }

    fn seal_submission(&self, report: &OpenedSubmission, opened: &OpenedSubmission) -> Vec<u8> {
        seal_submission(opened, report, &self.world.transport.recipient())
    }

    fn left_at_intake(&self) -> usize {
        self.intake.state.lock().unwrap().spool.len()
    }

    async fn quarantined_count(&self) -> u64 {
        self.world.store.quarantined_count().await.unwrap()
    }
}

fn clone_identity(identity: &TransportIdentity) -> TransportIdentity {
    TransportIdentity::from_seed(identity.seed())
}

fn garbage_submission(world: &mut HandlerFixture) -> Vec<u8> {
    let mut bytes = vec![0; 32 * 1024];
    world.rng.fill_bytes(&mut bytes);
    bytes
}

/// The mailbox of one reporter as the intake was given it.
fn open_published_mailbox(
    pair: &RelayFixture,
    report: &OpenedSubmission,
    identity: &MailboxIdentity,
) -> Option<Mailbox> {
    let held = pair.intake.state.lock().unwrap();
    let mut records = &held.mailboxes.as_ref()?[..];
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
async fn the_intake_forgets_only_what_is_durable_here() {
    let mut pair = RelayFixture::new().await;
    let (report, receipt) = pair.world.new_report(&DESK_MEMBERS);
    let (other, _) = pair.world.new_report(&DESK_MEMBERS);
    let garbage = garbage_submission(&mut pair.world);
    pair.intake.add_submissions([
        pair.seal_submission(&report, &report),
        pair.seal_submission(&report, &follow_up(&report, "one")),
        pair.seal_submission(&report, &follow_up(&report, "two")),
        pair.seal_submission(&other, &other),
        garbage,
    ]);
    pair.collector().run_cycle().await.unwrap();
    assert_eq!(pair.left_at_intake(), 0);
    assert_eq!(pair.intake.state.lock().unwrap().durable_at_ack, [5]);
    assert_eq!(
        pair.quarantined_count().await,
        1,
        "orphans have found their report, garbage is kept"
    );
    let queue = pair.world.queue("awa").await;
    let row = queue.iter().find(|row| row.id == report.header.case.id).unwrap();
    assert_eq!(row.state.received, 3);
    let opened = open_published_mailbox(&pair, &report, &receipt.mailbox_identity()).unwrap();
    assert_eq!((opened.header.received, opened.header.week.as_str()), (3, "2026-W48"));
    let answers = pair.intake.state.lock().unwrap().answers.clone().unwrap();
    let promised = answers.calendar.first_reply_due(row.filed);
    assert_eq!(opened.header.next_update, Some(promised), "receipt and thread give one day");
    let directory = pair.intake.state.lock().unwrap().directory.clone().unwrap();
    assert_eq!(directory.hash(), pair.world.directories.latest().unwrap().hash);
}

#[tokio::test]
async fn however_often_it_breaks_off_each_submission_is_filed_once() {
    let mut pair = RelayFixture::new().await;
    let mut submissions = Vec::new();
    for n in 0..8 {
        let (report, _) = pair.world.new_report(&DESK_MEMBERS);
        let more = follow_up(&report, &format!("{n}"));
        submissions.push(pair.seal_submission(&report, &report));
        submissions.push(pair.seal_submission(&report, &more));
    }
    // The intake gives each twice, under two ids, as when an acknowledgement was lost and a browser
    // repeated itself.
    let mut twice = [submissions.clone(), submissions].concat();
    twice.shuffle(&mut pair.world.rng);
    let all: usize = twice.iter().map(|bytes| bytes.len() + 20).sum();
    pair.intake.add_submissions(twice);
    let mut broke_off = 0;
    while pair.left_at_intake() > 0 {
        // Each process lives for one round, and its intake breaks off somewhere.
        let at = usize::try_from(pair.world.rng.next_u64()).unwrap() % all;
        pair.intake.state.lock().unwrap().break_after = Some(at);
        match pair.collector().run_cycle().await {
            Ok(()) => {}
            Err(CollectError::Relay(RelayError::Interrupted(_) | RelayError::Unexpected(_))) => {
                broke_off += 1
            }
            Err(error) => panic!("{error}"),
        }
        assert!(
            pair.intake.state.lock().unwrap().mailboxes.is_some(),
            "answers are laid out all the same"
        );
    }
    pair.collector().run_cycle().await.unwrap();
    assert!(broke_off > 0);
    let queue = pair.world.queue("awa").await;
    assert_eq!(queue.len(), 8);
    assert!(queue.iter().all(|row| row.state.received == 2), "a report and a follow-up each");
    assert_eq!(pair.quarantined_count().await, 0);
}

#[tokio::test]
async fn what_came_before_a_break_does_not_come_again() {
    let mut pair = RelayFixture::new().await;
    for _ in 0..4 {
        let (report, _) = pair.world.new_report(&DESK_MEMBERS);
        pair.intake.add_submissions([pair.seal_submission(&report, &report)]);
    }
    let one = pair.intake.state.lock().unwrap().spool[0].1.len() + 20;
    pair.intake.state.lock().unwrap().break_after = Some(2 * one + 100);
    let error = pair.collector().run_cycle().await.unwrap_err();
    assert!(matches!(error, CollectError::Relay(RelayError::Interrupted(_))), "{error}");
    assert_eq!(pair.left_at_intake(), 2);
    assert_eq!(pair.world.queue("awa").await.len(), 2);
}

#[tokio::test]
async fn garbage_costs_nothing_at_the_next_cycle_and_gets_its_chance_with_a_new_key() {
    let mut pair = RelayFixture::new().await;
    let former = TransportIdentity::generate(&mut pair.world.rng);
    let (report, _) = pair.world.new_report(&DESK_MEMBERS);
    let (later, _) = pair.world.new_report(&DESK_MEMBERS);
    let garbage = garbage_submission(&mut pair.world);
    let early = pair.seal_submission(&later, &follow_up(&later, "before its report"));
    pair.intake.add_submissions([
        garbage,
        seal_submission(&report, &report, &former.recipient()),
        early,
    ]);
    let mut collector = pair.collector();
    collector.run_cycle().await.unwrap();
    assert_eq!(pair.quarantined_count().await, 3);
    assert_eq!(pair.world.store.retryable_ids(RetryScope::All).await.unwrap().len(), 3);
    assert_eq!(pair.world.store.retryable_ids(RetryScope::WithKnownCase).await.unwrap().len(), 0);
    // Its report arrives: only the follow-up is looked at again.
    pair.intake.add_submissions([pair.seal_submission(&later, &later)]);
    collector.run_cycle().await.unwrap();
    assert_eq!(pair.quarantined_count().await, 2);
    assert_eq!(pair.world.queue("awa").await[0].state.received, 2);
    // An operator puts the former key back in place and starts again.
    let keys = vec![clone_identity(&pair.world.transport), former];
    pair.collector_with(keys).run_cycle().await.unwrap();
    assert_eq!(pair.quarantined_count().await, 1);
    assert_eq!(pair.world.queue("awa").await.len(), 2);
}

#[tokio::test]
async fn what_finds_no_room_in_quarantine_stays_at_the_intake_and_reports_go_on() {
    let mut pair = RelayFixture::new().await;
    pair.world.set_quarantine_limit(1).await;
    let mut rng = StdRng::seed_from_u64(5);
    let garbage: Vec<_> = (0..3)
        .map(|_| {
            let mut bytes = vec![0; 524_288];
            rng.fill_bytes(&mut bytes);
            bytes
        })
        .collect();
    let (report, _) = pair.world.new_report(&DESK_MEMBERS);
    pair.intake.add_submissions(garbage);
    pair.intake.add_submissions([pair.seal_submission(&report, &report)]);
    let mut collector = pair.collector();
    for _ in 0..2 {
        collector.run_cycle().await.unwrap();
        assert_eq!(pair.quarantined_count().await, 2);
        assert_eq!(pair.intake.state.lock().unwrap().spool.len(), 1);
    }
    assert_eq!(pair.world.queue("awa").await.len(), 1);
}

#[tokio::test]
async fn one_that_the_database_does_not_take_holds_up_no_other() {
    if common::on_postgres() {
        // The fault is made in the words of the other engine.
        return;
    }
    let mut pair = RelayFixture::new().await;
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON cases WHEN NEW.lang = 'xx' BEGIN SELECT RAISE(ABORT, 'no'); END";
    pair.world.execute_sql(refuse).await;
    for lang in ["fr", "xx", "en", "fr"] {
        let (mut report, _) = pair.world.new_report(&DESK_MEMBERS);
        report.header.lang = lang.to_owned();
        pair.intake.add_submissions([pair.seal_submission(&report, &report)]);
    }
    let mut collector = pair.collector();
    // They come in another order each time, and are grouped as they arrive.
    for _ in 0..50 {
        assert!(matches!(collector.run_cycle().await, Err(CollectError::Ingest(_))));
        if pair.left_at_intake() == 1 {
            break;
        }
    }
    assert_eq!(pair.left_at_intake(), 1);
    assert_eq!(pair.world.queue("awa").await.len(), 3);
    pair.world.execute_sql("DROP TRIGGER refuse").await;
    collector.run_cycle().await.unwrap();
    assert_eq!(pair.left_at_intake(), 0);
    assert_eq!(pair.world.queue("awa").await.len(), 4);
}

#[tokio::test]
async fn a_reader_who_comes_with_the_next_directory_gets_what_was_quarantined() {
    let mut pair = RelayFixture::new().await;
    let newcomer = protocol::keys::InvestigatorIdentity::generate(&mut pair.world.rng);
    let former = pair.world.members["eva"].0.recipient();
    let (report, _) = {
        let eva = pair.world.members.get_mut("eva").unwrap();
        let device = eva.1.clone();
        *eva = (newcomer, device);
        pair.world.new_report(&["eva"])
    };
    pair.intake.add_submissions([pair.seal_submission(&report, &report)]);
    let mut collector = pair.collector();
    collector.run_cycle().await.unwrap();
    collector.run_cycle().await.unwrap();
    assert_eq!(pair.quarantined_count().await, 1, "nobody could read it");
    let recipient = pair.world.recipient("eva");
    assert_ne!(recipient, former);
    pair.world
        .publish(|directory| {
            directory.members.iter_mut().find(|member| member.handle == "eva").unwrap().recipient =
                recipient;
        })
        .await;
    collector.run_cycle().await.unwrap();
    assert_eq!(pair.quarantined_count().await, 0);
    assert_eq!(pair.world.queue("eva").await.len(), 1);
}

#[tokio::test]
async fn a_stranger_is_neither_asked_nor_answered() {
    let pair = RelayFixture::new().await;
    let strangers = tempfile::tempdir().unwrap();
    write_certificates(strangers.path());
    let other = FakeIntake::start(strangers.path(), Arc::clone(&pair.world.store)).await;
    for (relay, who) in [
        (pair.intake.relay_client(strangers.path()), "a handler of another authority"),
        (other.relay_client(pair.folder.path()), "an intake of another authority"),
    ] {
        let Err(error) = relay.list(None, 1).await else { panic!("{who} was believed") };
        assert!(matches!(error, RelayError::Unreachable(_)), "{who}: {error}");
    }
    assert_eq!(pair.intake.state.lock().unwrap().pulls + other.state.lock().unwrap().pulls, 0);
}
