//! Collecting over mutual TLS from an intake made by hand: nothing is lost, nothing is filed twice, nobody is believed.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

#[path = "../common/mod.rs"]
mod common;
mod faults;
mod intake;
mod program;
mod quarantine;
mod service;
mod upkeep;
mod walk;

use std::sync::Arc;

use case_handler::{
    collect::{Collector, Progress, TickError},
    relay::RelayError,
    store::Retry,
};
use common::{
    World,
    submissions::{follow_up, seal},
};
use envelope::{
    keys::{MailboxIdentity, TransportIdentity},
    life::Calendar,
    mailbox::{MAILBOX_LEN, Mailbox},
    relay::{AnswerTimes, read_mailbox_record},
    submission::Opened,
};
use intake::{Intake, write_certificates};
use rand::{RngCore, SeedableRng, rngs::StdRng, seq::SliceRandom};
use tempfile::TempDir;

const DESK: [&str; 4] = ["awa", "bila", "coumba", "eva"];

/// A handler, its intake, and the folder of their certificates.
struct Pair {
    world: World,
    intake: Intake,
    folder: TempDir,
}

impl Pair {
    async fn new() -> Self {
        let world = World::new().await;
        let folder = tempfile::tempdir().unwrap();
        write_certificates(folder.path());
        let intake = Intake::start(folder.path(), Arc::clone(&world.store)).await;
        Self { world, intake, folder }
    }

    /// A collector as a process begins with it.
    fn collector(&self) -> Collector {
        self.collector_with(vec![same(&self.world.transport)])
    }

    fn collector_with(&self, transport: Vec<TransportIdentity>) -> Collector {
        Collector {
            store: Arc::clone(&self.world.store),
            current: Arc::clone(&self.world.current),
            relay: self.intake.relay(self.folder.path()),
            transport: Arc::new(transport),
            log_key: self.world.log_key.clone(),
            absent: vec![],
            retention_months: 60,
            today: self.world.today(),
            answers: AnswerTimes { calendar: Calendar::default(), collect_seconds: 900 },
            clock: self.world.clock.clone(),
            progress: Progress::default(),
        }
    }

    fn sealed(&self, report: &Opened, opened: &Opened) -> Vec<u8> {
        seal(opened, report, &self.world.transport.recipient())
    }

    fn left(&self) -> usize {
        self.intake.held.lock().unwrap().spool.len()
    }

    async fn set_aside(&self) -> u64 {
        self.world.store.set_aside_count().await.unwrap()
    }
}

fn same(identity: &TransportIdentity) -> TransportIdentity {
    TransportIdentity::from_seed(identity.seed())
}

fn garbage(world: &mut World) -> Vec<u8> {
    let mut bytes = vec![0; 32 * 1024];
    world.rng.fill_bytes(&mut bytes);
    bytes
}

/// The mailbox of one reporter as the intake was given it.
fn mailbox(pair: &Pair, report: &Opened, identity: &MailboxIdentity) -> Option<Mailbox> {
    let held = pair.intake.held.lock().unwrap();
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
    let mut pair = Pair::new().await;
    let (report, receipt) = pair.world.report(&DESK);
    let (other, _) = pair.world.report(&DESK);
    let garbage = garbage(&mut pair.world);
    pair.intake.holds([
        pair.sealed(&report, &report),
        pair.sealed(&report, &follow_up(&report, "one")),
        pair.sealed(&report, &follow_up(&report, "two")),
        pair.sealed(&other, &other),
        garbage,
    ]);
    pair.collector().tick().await.unwrap();
    assert_eq!(pair.left(), 0);
    assert_eq!(pair.intake.held.lock().unwrap().durable_at_ack, [5]);
    assert_eq!(pair.set_aside().await, 1, "orphans have found their report, garbage is kept");
    let queue = pair.world.queue("awa").await;
    let row = queue.iter().find(|row| row.id == report.header.case.id).unwrap();
    assert_eq!(row.state.received, 3);
    let opened = mailbox(&pair, &report, &receipt.mailbox_identity()).unwrap();
    assert_eq!((opened.header.received, opened.header.week.as_str()), (3, "2026-W48"));
    let answers = pair.intake.held.lock().unwrap().answers.clone().unwrap();
    let promised = answers.calendar.first_answer(row.filed);
    assert_eq!(opened.header.next, Some(promised), "receipt and thread give one day");
    let directory = pair.intake.held.lock().unwrap().directory.clone().unwrap();
    assert_eq!(directory.hash(), pair.world.current.get().unwrap().hash);
}

#[tokio::test]
async fn however_often_it_breaks_off_each_submission_is_filed_once() {
    let mut pair = Pair::new().await;
    let mut submissions = Vec::new();
    for n in 0..8 {
        let (report, _) = pair.world.report(&DESK);
        let more = follow_up(&report, &format!("{n}"));
        submissions.push(pair.sealed(&report, &report));
        submissions.push(pair.sealed(&report, &more));
    }
    // The intake gives each twice, under two ids, as when an acknowledgement was lost and a browser repeated itself.
    let mut twice = [submissions.clone(), submissions].concat();
    twice.shuffle(&mut pair.world.rng);
    let all: usize = twice.iter().map(|bytes| bytes.len() + 20).sum();
    pair.intake.holds(twice);
    let mut broke_off = 0;
    while pair.left() > 0 {
        // Each process lives for one round, and its intake breaks off somewhere.
        let at = usize::try_from(pair.world.rng.next_u64()).unwrap() % all;
        pair.intake.held.lock().unwrap().break_after = Some(at);
        match pair.collector().tick().await {
            Ok(()) => {}
            Err(TickError::Relay(RelayError::BrokeOff(_) | RelayError::Unexpected(_))) => broke_off += 1,
            Err(error) => panic!("{error}"),
        }
        assert!(pair.intake.held.lock().unwrap().mailboxes.is_some(), "answers are laid out all the same");
    }
    pair.collector().tick().await.unwrap();
    assert!(broke_off > 0);
    let queue = pair.world.queue("awa").await;
    assert_eq!(queue.len(), 8);
    assert!(queue.iter().all(|row| row.state.received == 2), "a report and a follow-up each");
    assert_eq!(pair.set_aside().await, 0);
}

#[tokio::test]
async fn what_came_before_a_break_does_not_come_again() {
    let mut pair = Pair::new().await;
    for _ in 0..4 {
        let (report, _) = pair.world.report(&DESK);
        pair.intake.holds([pair.sealed(&report, &report)]);
    }
    let one = pair.intake.held.lock().unwrap().spool[0].1.len() + 20;
    pair.intake.held.lock().unwrap().break_after = Some(2 * one + 100);
    let error = pair.collector().tick().await.unwrap_err();
    assert!(matches!(error, TickError::Relay(RelayError::BrokeOff(_))), "{error}");
    assert_eq!(pair.left(), 2);
    assert_eq!(pair.world.queue("awa").await.len(), 2);
}

#[tokio::test]
async fn garbage_costs_nothing_at_the_next_round_and_gets_its_chance_with_a_new_key() {
    let mut pair = Pair::new().await;
    let former = TransportIdentity::generate(&mut pair.world.rng);
    let (report, _) = pair.world.report(&DESK);
    let (later, _) = pair.world.report(&DESK);
    let garbage = garbage(&mut pair.world);
    let early = pair.sealed(&later, &follow_up(&later, "before its report"));
    pair.intake.holds([garbage, seal(&report, &report, &former.recipient()), early]);
    let mut collector = pair.collector();
    collector.tick().await.unwrap();
    assert_eq!(pair.set_aside().await, 3);
    assert_eq!(pair.world.store.to_retry(Retry::Everything).await.unwrap().len(), 3);
    assert_eq!(pair.world.store.to_retry(Retry::WithCase).await.unwrap().len(), 0);
    // Its report arrives: only the follow-up is looked at again.
    pair.intake.holds([pair.sealed(&later, &later)]);
    collector.tick().await.unwrap();
    assert_eq!(pair.set_aside().await, 2);
    assert_eq!(pair.world.queue("awa").await[0].state.received, 2);
    // An operator puts the former key back in place and starts again.
    let keys = vec![same(&pair.world.transport), former];
    pair.collector_with(keys).tick().await.unwrap();
    assert_eq!(pair.set_aside().await, 1);
    assert_eq!(pair.world.queue("awa").await.len(), 2);
}

#[tokio::test]
async fn what_finds_no_room_aside_stays_at_the_intake_and_reports_go_on() {
    let mut pair = Pair::new().await;
    pair.world.keep_aside(1).await;
    let mut rng = StdRng::seed_from_u64(5);
    let garbage: Vec<_> = (0..3)
        .map(|_| {
            let mut bytes = vec![0; 524_288];
            rng.fill_bytes(&mut bytes);
            bytes
        })
        .collect();
    let (report, _) = pair.world.report(&DESK);
    pair.intake.holds(garbage);
    pair.intake.holds([pair.sealed(&report, &report)]);
    let mut collector = pair.collector();
    for _ in 0..2 {
        collector.tick().await.unwrap();
        assert_eq!(pair.set_aside().await, 2);
        assert_eq!(pair.intake.held.lock().unwrap().spool.len(), 1);
    }
    assert_eq!(pair.world.queue("awa").await.len(), 1);
}

#[tokio::test]
async fn one_that_the_database_does_not_take_holds_up_no_other() {
    if common::on_postgres() {
        // The fault is made in the words of the other engine.
        return;
    }
    let mut pair = Pair::new().await;
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON cases WHEN NEW.lang = 'xx' BEGIN SELECT RAISE(ABORT, 'no'); END";
    pair.world.tamper(refuse).await;
    for lang in ["fr", "xx", "en", "fr"] {
        let (mut report, _) = pair.world.report(&DESK);
        report.header.lang = lang.to_owned();
        pair.intake.holds([pair.sealed(&report, &report)]);
    }
    let mut collector = pair.collector();
    // They come in another order each time, and are grouped as they arrive.
    for _ in 0..50 {
        assert!(matches!(collector.tick().await, Err(TickError::Filing(_))));
        if pair.left() == 1 {
            break;
        }
    }
    assert_eq!(pair.left(), 1);
    assert_eq!(pair.world.queue("awa").await.len(), 3);
    pair.world.tamper("DROP TRIGGER refuse").await;
    collector.tick().await.unwrap();
    assert_eq!(pair.left(), 0);
    assert_eq!(pair.world.queue("awa").await.len(), 4);
}

#[tokio::test]
async fn a_reader_who_comes_with_the_next_directory_gets_what_was_set_aside() {
    let mut pair = Pair::new().await;
    let newcomer = envelope::keys::InvestigatorIdentity::generate(&mut pair.world.rng);
    let former = pair.world.people["eva"].0.recipient();
    let (report, _) = {
        let eva = pair.world.people.get_mut("eva").unwrap();
        let device = eva.1.clone();
        *eva = (newcomer, device);
        pair.world.report(&["eva"])
    };
    pair.intake.holds([pair.sealed(&report, &report)]);
    let mut collector = pair.collector();
    collector.tick().await.unwrap();
    collector.tick().await.unwrap();
    assert_eq!(pair.set_aside().await, 1, "nobody could read it");
    let recipient = pair.world.recipient("eva");
    assert_ne!(recipient, former);
    pair.world
        .publish(|directory| {
            directory.members.iter_mut().find(|member| member.handle == "eva").unwrap().recipient = recipient;
        })
        .await;
    collector.tick().await.unwrap();
    assert_eq!(pair.set_aside().await, 0);
    assert_eq!(pair.world.queue("eva").await.len(), 1);
}

#[tokio::test]
async fn a_stranger_is_neither_asked_nor_answered() {
    let pair = Pair::new().await;
    let strangers = tempfile::tempdir().unwrap();
    write_certificates(strangers.path());
    let other = Intake::start(strangers.path(), Arc::clone(&pair.world.store)).await;
    for (relay, who) in [
        (pair.intake.relay(strangers.path()), "a handler of another authority"),
        (other.relay(pair.folder.path()), "an intake of another authority"),
    ] {
        let Err(error) = relay.list(None, 1).await else { panic!("{who} was believed") };
        assert!(matches!(error, RelayError::Unreachable(_)), "{who}: {error}");
    }
    assert_eq!(pair.intake.held.lock().unwrap().pulls + other.held.lock().unwrap().pulls, 0);
}
