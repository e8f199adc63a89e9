//! Every submission is ingested once, in any order and however often it is sent. None is lost.

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
    api::workbench::{CaseDetail, DAMAGED_PART_PROBLEM, ProblemDetails},
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
async fn a_transaction_with_a_failed_flush_is_never_committed() {
    let handler = HandlerFixture::new().await;
    let transaction = handler.store.begin_write().await.unwrap();
    let (id, recipient) =
        (Uuid::from_u128(1), CaseSecret::from_bytes([2; 32]).identity().recipient());
    for _ in 0..2 {
        transaction.add_case_recipient(id, 0, &recipient);
    }
    transaction.case(id).await.expect_err("the same row twice");
    transaction.commit().await.unwrap_err();
}

#[tokio::test]
async fn each_submission_is_ingested_once_in_any_order() {
    let mut handler = HandlerFixture::new().await;
    let mut submissions = Vec::new();
    for n in 0..10 {
        let (report, _) = handler.new_report(&DESK_MEMBERS);
        submissions.push(follow_up(&report, &format!("{n} one")));
        submissions.push(follow_up(&report, &format!("{n} two")));
        submissions.push(report);
    }
    let mut pending: Vec<_> = submissions.iter().chain(&submissions).cloned().collect();
    pending.shuffle(&mut handler.rng.clone());
    // Orphans are retried in a later cycle, as the collector does.
    while !pending.is_empty() {
        handler.restart().await;
        let mut orphans = Vec::new();
        for opened in pending {
            match handler.ingest(&opened).await {
                Ok(_) => {}
                Err(IngestError::Orphan) => orphans.push(opened),
                Err(error) => panic!("{error}"),
            }
        }
        pending = orphans;
    }
    let queue = handler.queue("awa").await;
    assert_eq!(queue.len(), 10);
    assert!(queue.iter().all(|row| row.state.received == 3), "each report has two follow-ups");
    for row in &queue {
        let file = handler.case("awa", row.id).await.unwrap();
        assert_eq!(file.parts.len(), 4, "three bodies and a file");
    }
    assert_eq!(event_log::verify_chains(&handler.store).await.unwrap(), 30);
}

/// The script of the return page numbers a second message before the first one is collected, and
/// the intake sends both in random order.
#[tokio::test]
async fn the_capsule_of_the_newest_message_is_stored_in_any_order_of_collection() {
    let mut handler = HandlerFixture::new().await;
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        for in_one_batch in [true, false] {
            let (report, _) = handler.new_report(&DESK_MEMBERS);
            handler.ingest(&report).await.unwrap();
            let messages = [(1, "first"), (2, "second"), (3, "third")].map(|(seq, text)| {
                let mut message = follow_up(&report, text);
                message.header.seq = seq;
                message
            });
            let batch = order.map(|number: usize| messages[number].clone());
            for batch in batch.chunks(if in_one_batch { 3 } else { 1 }) {
                for outcome in handler.ingest_batch(batch).await.unwrap() {
                    assert_eq!(outcome.unwrap(), IngestOutcome::Appended);
                }
            }
            let published = handler.store.mailboxes(None, 100).await.unwrap();
            let content = published.iter().find(|one| one.id == report.header.case.id).unwrap();
            let capsule = String::from_utf8_lossy(&content.capsule);
            assert_eq!(capsule, "third", "{order:?}, in one batch: {in_one_batch}");
        }
    }
}

#[tokio::test]
async fn another_version_of_a_report_is_stored_and_a_duplicate_is_not() {
    let mut handler = HandlerFixture::new().await;
    let (report, _) = handler.new_report(&DESK_MEMBERS);
    assert_eq!(handler.ingest(&report).await.unwrap(), IngestOutcome::NewCase);
    assert_eq!(handler.ingest(&report).await.unwrap(), IngestOutcome::Duplicate);
    let mut with_a_file = report.clone();
    with_a_file.deduplication_tag = Hash::of(&[b"another"]);
    assert_eq!(handler.ingest(&with_a_file).await.unwrap(), IngestOutcome::Appended);
    let file = handler.case("awa", report.header.case.id).await.unwrap();
    assert_eq!(file.parts.iter().map(|part| part.batch).collect::<Vec<_>>(), [0, 0, 1, 1]);
}

#[tokio::test]
async fn a_follow_up_with_another_mailbox_is_rejected() {
    let mut handler = HandlerFixture::new().await;
    let (report, _) = handler.new_report(&DESK_MEMBERS);
    handler.ingest(&report).await.unwrap();
    let mut forged = follow_up(&report, "forged");
    forged.header.mailbox = Hash::of(&[b"another"]);
    assert!(matches!(handler.ingest(&forged).await, Err(IngestError::WrongMailbox)));
    let (unreadable, _) = handler.new_report(&[]);
    assert!(matches!(handler.ingest(&unreadable).await, Err(IngestError::NoReader)));
}

#[tokio::test]
async fn a_batch_has_the_result_of_single_submissions() {
    let mut handler = HandlerFixture::new().await;
    let (report, _) = handler.new_report(&DESK_MEMBERS);
    let (mut requesting, _) = handler.new_report(&DESK_MEMBERS);
    requesting.header.release_to_oversight = true;
    // More than the write batch buffers.
    let (mut long, _) = handler.new_report(&DESK_MEMBERS);
    long.attachments = vec![vec![1; 6 << 20], vec![2; 6 << 20]];
    let (orphan, _) = handler.new_report(&DESK_MEMBERS);
    let mut forged = follow_up(&report, "forged");
    forged.header.mailbox = Hash::of(&[b"another"]);
    let batch = [
        report.clone(),
        report.clone(),
        follow_up(&report, "one"),
        requesting.clone(),
        follow_up(&orphan, "lost"),
        long.clone(),
        forged,
        follow_up(&long, "two"),
    ];
    let outcomes = handler.ingest_batch(&batch).await.unwrap();
    let results: Vec<_> =
        outcomes.iter().map(|outcome| outcome.as_ref().map_err(ToString::to_string)).collect();
    let (orphan, other) = (IngestError::Orphan.to_string(), IngestError::WrongMailbox.to_string());
    assert_eq!(
        results,
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
    assert_eq!(handler.queue("awa").await.len(), 3);
    assert_eq!(handler.queue("eva").await.len(), 1, "the one that requested the oversight body");
    let parts =
        |file: CaseDetail| file.parts.iter().map(|part| (part.batch, part.len)).collect::<Vec<_>>();
    let body = long.body.len() as u64;
    let found = parts(handler.case("awa", long.header.case.id).await.unwrap());
    assert_eq!(found[..3], [(0, 6 << 20), (0, 6 << 20), (0, body)]);
    assert_eq!(found.len(), 4);
    assert_eq!(parts(handler.case("awa", report.header.case.id).await.unwrap()).len(), 3);
    assert_eq!(handler.store.verify_parts().await.unwrap(), 9);
    assert_eq!(event_log::verify_chains(&handler.store).await.unwrap(), 6);
    assert_eq!(handler.ingest(&report).await.unwrap(), IngestOutcome::Duplicate);
}

#[tokio::test]
async fn a_part_is_returned_byte_for_byte() {
    let mut handler = HandlerFixture::new().await;
    let (report, _) = handler.new_report(&DESK_MEMBERS);
    handler.ingest(&report).await.unwrap();
    let id = report.header.case.id;
    let file = handler.case("awa", id).await.unwrap();
    let part = file.parts.iter().find(|part| part.len == 300_000).unwrap();
    let token = handler.sign_in("awa").await;
    let path = format!("/v1/cases/{id}/parts/{}", part.id);
    let (status, bytes) = handler.request(http::Method::GET, &path, &token, &()).await;
    assert_eq!(status, StatusCode::OK);
    assert!(bytes == report.attachments[0]);
    assert_eq!(Hash::of(&[&bytes]), part.sha256);
}

#[tokio::test]
async fn a_part_with_missing_bytes_is_a_problem_of_its_own() {
    let mut handler = HandlerFixture::new().await;
    let (report, _) = handler.new_report(&DESK_MEMBERS);
    handler.ingest(&report).await.unwrap();
    let id = report.header.case.id;
    let file = handler.case("awa", id).await.unwrap();
    let token = handler.sign_in("awa").await;
    handler.execute_sql("UPDATE part_chunks SET number = number + 9").await;
    for part in &file.parts {
        let path = format!("/v1/cases/{id}/parts/{}", part.id);
        let (status, body) = handler.request(http::Method::GET, &path, &token, &()).await;
        let problem: ProblemDetails = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            (status, &*problem.kind),
            (StatusCode::INTERNAL_SERVER_ERROR, DAMAGED_PART_PROBLEM)
        );
    }
}

#[tokio::test]
async fn a_missed_deadline_releases_the_case_to_the_oversight_body_once() {
    let mut handler = HandlerFixture::new().await;
    let (report, _) = handler.new_report(&DESK_MEMBERS);
    handler.ingest(&report).await.unwrap();
    let calendar = Calendar::default();
    let escalate = || {
        escalation::escalate_overdue(
            &handler.store,
            &handler.directory,
            &calendar,
            handler.signer(),
        )
    };
    assert_eq!(escalate().await.unwrap(), 0);
    assert_eq!(handler.queue("eva").await, []);
    handler.clock.advance(Duration::days(3));
    assert_eq!(escalate().await.unwrap(), 0, "the last day is in time");
    handler.clock.advance(Duration::days(1));
    assert_eq!(escalate().await.unwrap(), 1);
    assert_eq!(escalate().await.unwrap(), 0);
    let queue = handler.queue("eva").await;
    assert_eq!(queue[0].state.released, Some(ReleaseReason::MissedDeadline));
    assert_eq!(handler.case("eva", queue[0].id).await.unwrap().grants.len(), 1);
}

#[tokio::test]
async fn the_reporter_can_request_the_oversight_body() {
    let mut handler = HandlerFixture::new().await;
    let (report, _) = handler.new_report(&DESK_MEMBERS);
    handler.ingest(&report).await.unwrap();
    let mut requesting = follow_up(&report, "please");
    requesting.header.release_to_oversight = true;
    handler.ingest(&requesting).await.unwrap();
    assert_eq!(handler.queue("eva").await[0].state.released, Some(ReleaseReason::ReporterAsked));
}

#[tokio::test]
async fn a_request_for_the_oversight_body_counts_in_a_report_and_in_a_duplicate_message() {
    let mut handler = HandlerFixture::new().await;
    let (mut report, _) = handler.new_report(&DESK_MEMBERS);
    report.header.release_to_oversight = true;
    handler.ingest(&report).await.unwrap();
    assert_eq!(handler.queue("eva").await[0].state.released, Some(ReleaseReason::ReporterAsked));
    let (report, _) = handler.new_report(&DESK_MEMBERS);
    handler.ingest(&report).await.unwrap();
    let mut message = follow_up(&report, "the same words");
    assert_eq!(handler.ingest(&message).await.unwrap(), IngestOutcome::Appended);
    assert_eq!(handler.queue("eva").await.len(), 1);
    message.header.release_to_oversight = true;
    assert_eq!(handler.ingest(&message).await.unwrap(), IngestOutcome::Duplicate);
    assert_eq!(handler.ingest(&message).await.unwrap(), IngestOutcome::Duplicate);
    let file = handler.case("eva", report.header.case.id).await.unwrap();
    assert_eq!(file.row.state.released, Some(ReleaseReason::ReporterAsked));
    assert_eq!(file.log.events.len(), 3, "received, followed up, and released once");
}

#[tokio::test]
async fn an_unknown_sender_cannot_write_into_queues_or_name_an_unknown_generation() {
    let mut handler = HandlerFixture::new().await;
    for (lang, shown) in
        [("pt-BR", "pt-BR"), ("", "und"), ("fr\u{202e}<b>", "und"), (&"x".repeat(250_000), "und")]
    {
        let (mut report, _) = handler.new_report(&DESK_MEMBERS);
        report.header.lang = lang.to_owned();
        handler.ingest(&report).await.unwrap();
        let id = report.header.case.id;
        assert_eq!(handler.case("awa", id).await.unwrap().row.lang, shown);
    }
    let (mut report, _) = handler.new_report(&DESK_MEMBERS);
    let mut early = follow_up(&report, "early");
    handler.ingest(&report).await.unwrap();
    early.header.case.generation = 1;
    assert!(matches!(handler.ingest(&early).await, Err(IngestError::UnknownGeneration)));
    report.header.case = CaseRef { id: Uuid::new_v4(), generation: 1 };
    assert!(matches!(handler.ingest(&report).await, Err(IngestError::UnknownGeneration)));
}

#[tokio::test]
async fn a_sender_cannot_make_a_case_too_long_to_read() {
    let mut handler = HandlerFixture::new().await;
    let (report, _) = handler.new_report(&DESK_MEMBERS);
    handler.ingest(&report).await.unwrap();
    let mut refused = 0;
    // 320 submissions of 32 files of one byte each.
    for number in 0..320 {
        let mut message = follow_up(&report, &format!("message {number}"));
        message.attachments = vec![vec![7]; 32];
        match handler.ingest(&message).await {
            Ok(_) => assert_eq!(refused, 0),
            Err(IngestError::TooManyParts) => refused += 1,
            Err(error) => panic!("{error}"),
        }
    }
    let case = handler.case("awa", report.header.case.id).await.unwrap();
    assert!(case.parts.len() <= 10_000 && refused > 0, "{} parts", case.parts.len());
    // A message without files still fits, and other cases are not affected.
    assert!(handler.ingest(&follow_up(&report, "the last one")).await.is_ok());
    let (other, _) = handler.new_report(&DESK_MEMBERS);
    assert!(handler.ingest(&other).await.is_ok());
}

#[tokio::test]
async fn a_truncated_log_and_altered_cases_are_detected_at_the_start() {
    let mut handler = HandlerFixture::new().await;
    for _ in 0..2 {
        let (report, _) = handler.new_report(&DESK_MEMBERS);
        handler.ingest(&report).await.unwrap();
        handler.post_action("awa", report.header.case.id, Action::Claimed).await.unwrap();
    }
    let copy_tables = "CREATE TABLE whole_events AS SELECT * FROM events; CREATE TABLE whole_cases AS SELECT * FROM cases";
    handler.execute_sql(copy_tables).await;
    for (damage, expected) in [
        ("DELETE FROM events WHERE position = 4", None),
        ("DELETE FROM cases WHERE id = (SELECT case_id FROM events WHERE position = 3)", None),
        ("UPDATE cases SET state = replace(state, '\"next_seq\":2', '\"next_seq\":1')", None),
        ("UPDATE events SET case_id = randomblob(16) WHERE position = 1", Some(1)),
        ("UPDATE events SET seq = 7 WHERE position = 2", Some(2)),
    ] {
        assert!(event_log::verify_chains(&handler.store).await.is_ok());
        handler.execute_sql(damage).await;
        let found = event_log::verify_chains(&handler.store).await;
        match expected {
            Some(at) => {
                assert!(
                    matches!(found, Err(LogIntegrityError::Altered(n)) if n == at),
                    "{damage}: {found:?}"
                );
            }
            None => {
                assert!(matches!(found, Err(LogIntegrityError::Truncated)), "{damage}: {found:?}");
            }
        }
        for table in ["events", "cases"] {
            let restore =
                format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM whole_{table}");
            handler.execute_sql(&restore).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reading_ingesting_and_acting_work_concurrently() {
    let mut handler = HandlerFixture::new().await;
    let reports: Vec<_> = (0..24).map(|_| handler.new_report(&DESK_MEMBERS).0).collect();
    let handler = Arc::new(handler);
    let working: Vec<_> = reports
        .into_iter()
        .map(|report| {
            let handler = Arc::clone(&handler);
            tokio::spawn(async move {
                let id = report.header.case.id;
                handler.ingest(&report).await.unwrap();
                handler.ingest(&follow_up(&report, "more")).await.unwrap();
                // Three members act on one state. A member whose event is stale retries.
                let recuse = async |handle: &str| {
                    while let Err(problem) = handler.post_action(handle, id, Action::Recused).await
                    {
                        assert_eq!(problem.kind, "stale", "{}", problem.title);
                    }
                };
                tokio::join!(recuse("awa"), recuse("bila"), recuse("coumba"));
                handler.case("eva", id).await.unwrap().log.events.len()
            })
        })
        .collect();
    for case in working {
        // Received, followed up, recused three times, and released once.
        assert_eq!(case.await.unwrap(), 6);
    }
    assert_eq!(event_log::verify_chains(&handler.store).await.unwrap(), 24 * 6);
    assert_eq!(handler.queue("eva").await.len(), 24);
    assert_eq!(handler.queue("awa").await, []);
}

#[tokio::test]
async fn an_altered_log_is_detected_at_the_start() {
    let mut handler = HandlerFixture::new().await;
    for _ in 0..3 {
        let (report, _) = handler.new_report(&DESK_MEMBERS);
        handler.ingest(&report).await.unwrap();
        handler.post_action("awa", report.header.case.id, Action::Claimed).await.unwrap();
    }
    assert_eq!(event_log::verify_chains(&handler.store).await.unwrap(), 6);
    for (damage, position) in [
        ("UPDATE events SET bytes = x'7b7d' WHERE position = 4", 4),
        // The next event of the case contains the hash of the signed one.
        ("UPDATE events SET signature = zeroblob(64) WHERE position = 3", 4),
        ("DELETE FROM events WHERE position = 2", 3),
        ("UPDATE events SET seq = 9 WHERE position = 1", 1),
    ] {
        handler.execute_sql(damage).await;
        let found = event_log::verify_chains(&handler.store).await;
        assert!(
            matches!(found, Err(LogIntegrityError::Altered(at)) if at == position),
            "{damage}: {found:?}"
        );
    }
}

#[tokio::test]
async fn everything_is_stored_across_a_restart() {
    let mut handler = HandlerFixture::new().await;
    let (report, _) = handler.new_report(&DESK_MEMBERS);
    handler.ingest(&report).await.unwrap();
    let before = handler.queue("awa").await;
    handler.store.release_writer().await.unwrap();
    let reopened = CaseStore::open(&handler.url).await.unwrap();
    let after = reopened.queue("awa", None, 100).await.unwrap();
    assert_eq!(
        after
            .iter()
            .map(|case| case.to_summary(&Calendar::default(), &handler.directory, "awa"))
            .collect::<Vec<_>>(),
        before
    );
    assert_eq!(reopened.directories().await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_id_of_a_case_must_be_random() {
    let mut handler = HandlerFixture::new().await;
    for id in [
        Uuid::nil(),
        Uuid::max(),
        Uuid::from_u128(7),
        Uuid::from_u128(0x1_0000_1000_8000_0000_0000_0000),
    ] {
        let (mut report, _) = handler.new_report(&["awa", "bila", "eva"]);
        report.header.case.id = id;
        let refused = handler.ingest(&report).await;
        assert!(matches!(refused, Err(IngestError::InvalidCaseId)), "{id}: {refused:?}");
    }
    assert_eq!(handler.queue("awa").await, []);
}
