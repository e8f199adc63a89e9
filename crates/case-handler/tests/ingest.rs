//! Every submission is filed once, whatever the order and however often it comes; nothing is
//! dropped.

mod common;

use std::sync::Arc;

use case_handler::{
    escalation,
    event_log::{self, LogIntegrityError},
    ingest::{IngestError, IngestOutcome},
    store::CaseStore,
};
use common::{HandlerFixture, submissions::follow_up};
use http::StatusCode;
use protocol::{
    Hash,
    api::workbench::CaseDetail,
    case::{
        Calendar,
        event::{Action, ReleaseReason},
    },
    keys::CaseSecret,
    submission::envelope::CaseRef,
};
use rand::seq::SliceRandom;
use time::Duration;
use uuid::Uuid;

const DESK_MEMBERS: [&str; 4] = ["awa", "bila", "coumba", "eva"];

#[tokio::test]
async fn a_write_of_which_a_part_failed_is_never_committed() {
    let world = HandlerFixture::new().await;
    let writing = world.store.begin_write().await.unwrap();
    let (id, recipient) =
        (Uuid::from_u128(1), CaseSecret::from_bytes([2; 32]).identity().recipient());
    for _ in 0..2 {
        writing.add_case_recipient(id, 0, &recipient);
    }
    writing.case(id).await.expect_err("the same row twice");
    writing.commit().await.unwrap_err();
}

#[tokio::test]
async fn whatever_the_order_each_submission_is_filed_once() {
    let mut world = HandlerFixture::new().await;
    let mut submissions = Vec::new();
    for n in 0..10 {
        let (report, _) = world.new_report(&DESK_MEMBERS);
        submissions.push(follow_up(&report, &format!("{n} one")));
        submissions.push(follow_up(&report, &format!("{n} two")));
        submissions.push(report);
    }
    let mut waiting: Vec<_> = submissions.iter().chain(&submissions).cloned().collect();
    waiting.shuffle(&mut world.rng.clone());
    // Orphans come again at a later tick, as the collector's retries do.
    while !waiting.is_empty() {
        world.restart().await;
        let mut orphans = Vec::new();
        for opened in waiting {
            match world.ingest(&opened).await {
                Ok(_) => {}
                Err(IngestError::Orphan) => orphans.push(opened),
                Err(error) => panic!("{error}"),
            }
        }
        waiting = orphans;
    }
    let queue = world.queue("awa").await;
    assert_eq!(queue.len(), 10);
    assert!(queue.iter().all(|row| row.state.received == 3), "each report has two follow-ups");
    for row in &queue {
        let file = world.case("awa", row.id).await.unwrap();
        assert_eq!(file.parts.len(), 4, "three bodies and a file");
    }
    assert_eq!(event_log::verify_chain(&world.store).await.unwrap(), 30);
}

#[tokio::test]
async fn another_sending_of_the_same_report_is_kept_and_the_same_one_is_not() {
    let mut world = HandlerFixture::new().await;
    let (report, _) = world.new_report(&DESK_MEMBERS);
    assert_eq!(world.ingest(&report).await.unwrap(), IngestOutcome::NewCase);
    assert_eq!(world.ingest(&report).await.unwrap(), IngestOutcome::Duplicate);
    let mut with_a_file = report.clone();
    with_a_file.deduplication_tag = Hash::of(&[b"another"]);
    assert_eq!(world.ingest(&with_a_file).await.unwrap(), IngestOutcome::Appended);
    let file = world.case("awa", report.header.case.id).await.unwrap();
    assert_eq!(file.parts.iter().map(|part| part.batch).collect::<Vec<_>>(), [0, 0, 1, 1]);
}

#[tokio::test]
async fn a_follow_up_to_another_mailbox_is_no_follow_up() {
    let mut world = HandlerFixture::new().await;
    let (report, _) = world.new_report(&DESK_MEMBERS);
    world.ingest(&report).await.unwrap();
    let mut forged = follow_up(&report, "forged");
    forged.header.mailbox = Hash::of(&[b"another"]);
    assert!(matches!(world.ingest(&forged).await, Err(IngestError::WrongMailbox)));
    let (unreadable, _) = world.new_report(&[]);
    assert!(matches!(world.ingest(&unreadable).await, Err(IngestError::NoReader)));
}

#[tokio::test]
async fn what_comes_together_is_filed_together_as_if_it_came_one_by_one() {
    let mut world = HandlerFixture::new().await;
    let (report, _) = world.new_report(&DESK_MEMBERS);
    let (mut asking, _) = world.new_report(&DESK_MEMBERS);
    asking.header.release_to_oversight = true;
    // More than is held in memory before it is written.
    let (mut long, _) = world.new_report(&DESK_MEMBERS);
    long.attachments = vec![vec![1; 6 << 20], vec![2; 6 << 20]];
    let (orphan, _) = world.new_report(&DESK_MEMBERS);
    let mut forged = follow_up(&report, "forged");
    forged.header.mailbox = Hash::of(&[b"another"]);
    let group = [
        report.clone(),
        report.clone(),
        follow_up(&report, "one"),
        asking.clone(),
        follow_up(&orphan, "lost"),
        long.clone(),
        forged,
        follow_up(&long, "two"),
    ];
    let outcomes = world.ingest_batch(&group).await.unwrap();
    let told: Vec<_> =
        outcomes.iter().map(|outcome| outcome.as_ref().map_err(ToString::to_string)).collect();
    let (orphan, other) = (IngestError::Orphan.to_string(), IngestError::WrongMailbox.to_string());
    assert_eq!(
        told,
        [
            Ok(&IngestOutcome::NewCase),
            Ok(&IngestOutcome::Duplicate),
            Ok(&IngestOutcome::Appended),
            Ok(&IngestOutcome::NewCase),
            Err(orphan),
            Ok(&IngestOutcome::NewCase),
            Err(other),
            Ok(&IngestOutcome::Appended),
        ]
    );
    assert_eq!(world.queue("awa").await.len(), 3);
    assert_eq!(world.queue("eva").await.len(), 1, "who asked for the outside body");
    let parts =
        |file: CaseDetail| file.parts.iter().map(|part| (part.batch, part.len)).collect::<Vec<_>>();
    let body = long.body.len() as u64;
    let found = parts(world.case("awa", long.header.case.id).await.unwrap());
    assert_eq!(found[..3], [(0, 6 << 20), (0, 6 << 20), (0, body)]);
    assert_eq!(found.len(), 4);
    assert_eq!(parts(world.case("awa", report.header.case.id).await.unwrap()).len(), 3);
    assert_eq!(world.store.verify_parts().await.unwrap(), 9);
    assert_eq!(event_log::verify_chain(&world.store).await.unwrap(), 6);
    assert_eq!(world.ingest(&report).await.unwrap(), IngestOutcome::Duplicate);
}

#[tokio::test]
async fn a_part_comes_back_byte_for_byte() {
    let mut world = HandlerFixture::new().await;
    let (report, _) = world.new_report(&DESK_MEMBERS);
    world.ingest(&report).await.unwrap();
    let id = report.header.case.id;
    let file = world.case("awa", id).await.unwrap();
    let part = file.parts.iter().find(|part| part.len == 300_000).unwrap();
    let token = world.sign_in("awa").await;
    let path = format!("/v1/cases/{id}/parts/{}", part.id);
    let (status, bytes) = world.request(http::Method::GET, &path, &token, &()).await;
    assert_eq!(status, StatusCode::OK);
    assert!(bytes == report.attachments[0]);
    assert_eq!(Hash::of(&[&bytes]), part.sha256);
}

#[tokio::test]
async fn a_missed_deadline_releases_the_case_to_the_oversight_body_once() {
    let mut world = HandlerFixture::new().await;
    let (report, _) = world.new_report(&DESK_MEMBERS);
    world.ingest(&report).await.unwrap();
    let calendar = Calendar::default();
    let escalate =
        || escalation::escalate_overdue(&world.store, &world.directory, &calendar, world.signer());
    assert_eq!(escalate().await.unwrap(), 0);
    assert_eq!(world.queue("eva").await, []);
    world.clock.advance(Duration::days(3));
    assert_eq!(escalate().await.unwrap(), 0, "the last day is in time");
    world.clock.advance(Duration::days(1));
    assert_eq!(escalate().await.unwrap(), 1);
    assert_eq!(escalate().await.unwrap(), 0);
    let queue = world.queue("eva").await;
    assert_eq!(queue[0].state.released, Some(ReleaseReason::MissedDeadline));
    assert_eq!(world.case("eva", queue[0].id).await.unwrap().grants.len(), 1);
}

#[tokio::test]
async fn the_reporter_can_ask_for_the_oversight_body() {
    let mut world = HandlerFixture::new().await;
    let (report, _) = world.new_report(&DESK_MEMBERS);
    world.ingest(&report).await.unwrap();
    let mut asking = follow_up(&report, "please");
    asking.header.release_to_oversight = true;
    world.ingest(&asking).await.unwrap();
    assert_eq!(world.queue("eva").await[0].state.released, Some(ReleaseReason::ReporterAsked));
}

#[tokio::test]
async fn the_wish_for_the_oversight_body_counts_in_the_report_and_in_a_repeated_message() {
    let mut world = HandlerFixture::new().await;
    let (mut report, _) = world.new_report(&DESK_MEMBERS);
    report.header.release_to_oversight = true;
    world.ingest(&report).await.unwrap();
    assert_eq!(world.queue("eva").await[0].state.released, Some(ReleaseReason::ReporterAsked));
    let (report, _) = world.new_report(&DESK_MEMBERS);
    world.ingest(&report).await.unwrap();
    let mut message = follow_up(&report, "the same words");
    assert_eq!(world.ingest(&message).await.unwrap(), IngestOutcome::Appended);
    assert_eq!(world.queue("eva").await.len(), 1);
    message.header.release_to_oversight = true;
    assert_eq!(world.ingest(&message).await.unwrap(), IngestOutcome::Duplicate);
    assert_eq!(world.ingest(&message).await.unwrap(), IngestOutcome::Duplicate);
    let file = world.case("eva", report.header.case.id).await.unwrap();
    assert_eq!(file.row.state.released, Some(ReleaseReason::ReporterAsked));
    assert_eq!(file.log.len(), 3, "received, followed up, and released once");
}

#[tokio::test]
async fn a_stranger_cannot_write_into_everyones_queue_nor_name_a_generation_that_is_not() {
    let mut world = HandlerFixture::new().await;
    for (lang, shown) in
        [("pt-BR", "pt-BR"), ("", "und"), ("fr\u{202e}<b>", "und"), (&"x".repeat(250_000), "und")]
    {
        let (mut report, _) = world.new_report(&DESK_MEMBERS);
        report.header.lang = lang.to_owned();
        world.ingest(&report).await.unwrap();
        let id = report.header.case.id;
        assert_eq!(world.case("awa", id).await.unwrap().row.lang, shown);
    }
    let (mut report, _) = world.new_report(&DESK_MEMBERS);
    let mut early = follow_up(&report, "early");
    world.ingest(&report).await.unwrap();
    early.header.case.generation = 1;
    assert!(matches!(world.ingest(&early).await, Err(IngestError::UnknownGeneration)));
    report.header.case = CaseRef { id: Uuid::new_v4(), generation: 1 };
    assert!(matches!(world.ingest(&report).await, Err(IngestError::UnknownGeneration)));
}

#[tokio::test]
async fn a_log_without_its_end_and_cases_that_say_something_else_are_noticed_at_the_start() {
    let mut world = HandlerFixture::new().await;
    for _ in 0..2 {
        let (report, _) = world.new_report(&DESK_MEMBERS);
        world.ingest(&report).await.unwrap();
        world.post_action("awa", report.header.case.id, Action::Claimed).await.unwrap();
    }
    let keep = "CREATE TABLE whole_events AS SELECT * FROM events; CREATE TABLE whole_cases AS SELECT * FROM cases";
    world.execute_sql(keep).await;
    for (damage, noticed) in [
        ("DELETE FROM events WHERE position = 4", None),
        ("DELETE FROM cases WHERE id = (SELECT case_id FROM events WHERE position = 3)", None),
        ("UPDATE cases SET state = replace(state, '\"next_seq\":2', '\"next_seq\":1')", None),
        ("UPDATE events SET case_id = randomblob(16) WHERE position = 1", Some(1)),
        ("UPDATE events SET seq = 7 WHERE position = 2", Some(2)),
    ] {
        assert!(event_log::verify_chain(&world.store).await.is_ok());
        world.execute_sql(damage).await;
        let found = event_log::verify_chain(&world.store).await;
        match noticed {
            Some(at) => {
                assert!(
                    matches!(found, Err(LogIntegrityError::Altered(n)) if n == at),
                    "{damage}: {found:?}"
                );
            }
            None => {
                assert!(matches!(found, Err(LogIntegrityError::Truncated)), "{damage}: {found:?}")
            }
        }
        for table in ["events", "cases"] {
            let back =
                format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM whole_{table}");
            world.execute_sql(&back).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_may_read_file_and_act_at_once() {
    let mut world = HandlerFixture::new().await;
    let reports: Vec<_> = (0..24).map(|_| world.new_report(&DESK_MEMBERS).0).collect();
    let world = Arc::new(world);
    let working: Vec<_> = reports
        .into_iter()
        .map(|report| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                let id = report.header.case.id;
                world.ingest(&report).await.unwrap();
                world.ingest(&follow_up(&report, "more")).await.unwrap();
                // Three act on one state; whoever is told to look again does so.
                let recuse = async |handle: &str| {
                    while let Err(problem) = world.post_action(handle, id, Action::Recused).await {
                        assert_eq!(problem.kind, "stale", "{}", problem.title);
                    }
                };
                tokio::join!(recuse("awa"), recuse("bila"), recuse("coumba"));
                world.case("eva", id).await.unwrap().log.len()
            })
        })
        .collect();
    for case in working {
        // Received, followed up, recused three times, and released once.
        assert_eq!(case.await.unwrap(), 6);
    }
    assert_eq!(event_log::verify_chain(&world.store).await.unwrap(), 24 * 6);
    assert_eq!(world.queue("eva").await.len(), 24);
    assert_eq!(world.queue("awa").await, []);
}

#[tokio::test]
async fn an_altered_log_is_noticed_at_the_start() {
    let mut world = HandlerFixture::new().await;
    for _ in 0..3 {
        let (report, _) = world.new_report(&DESK_MEMBERS);
        world.ingest(&report).await.unwrap();
        world.post_action("awa", report.header.case.id, Action::Claimed).await.unwrap();
    }
    assert_eq!(event_log::verify_chain(&world.store).await.unwrap(), 6);
    for (damage, position) in [
        ("UPDATE events SET bytes = x'7b7d' WHERE position = 4", 4),
        ("UPDATE events SET signature = zeroblob(64) WHERE position = 3", 3),
        ("DELETE FROM events WHERE position = 2", 2),
        ("UPDATE events SET link = zeroblob(32) WHERE position = 1", 1),
    ] {
        world.execute_sql(damage).await;
        let found = event_log::verify_chain(&world.store).await;
        assert!(
            matches!(found, Err(LogIntegrityError::Altered(at)) if at == position),
            "{damage}: {found:?}"
        );
    }
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let mut world = HandlerFixture::new().await;
    let (report, _) = world.new_report(&DESK_MEMBERS);
    world.ingest(&report).await.unwrap();
    let before = world.queue("awa").await;
    world.store.release_writer().await.unwrap();
    let reopened = CaseStore::open(&world.url).await.unwrap();
    let after = reopened.queue("awa", None, 100).await.unwrap();
    assert_eq!(
        after.iter().map(|case| case.to_summary(&Calendar::default())).collect::<Vec<_>>(),
        before
    );
    assert_eq!(reopened.directories().await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_id_of_a_case_is_a_random_one() {
    let mut world = HandlerFixture::new().await;
    for id in [
        Uuid::nil(),
        Uuid::max(),
        Uuid::from_u128(7),
        Uuid::from_u128(0x1_0000_1000_8000_0000_0000_0000),
    ] {
        let (mut report, _) = world.new_report(&["awa", "bila", "eva"]);
        report.header.case.id = id;
        let refused = world.ingest(&report).await;
        assert!(matches!(refused, Err(IngestError::InvalidCaseId)), "{id}: {refused:?}");
    }
    assert_eq!(world.queue("awa").await, []);
}
