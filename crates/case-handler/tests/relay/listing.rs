//! Junk at the intake delays honest reports by no round, and what was left there is read once.

use std::time::Duration;

use protocol::api::relay::ListedSubmission;
use rand::{RngCore, SeedableRng, rngs::StdRng};
use uuid::Uuid;

use super::{DESK_MEMBERS, RelayFixture, common::submissions::follow_up, garbage_submission};

/// More than one pull takes.
const JUNK_COUNT: usize = 600;

#[tokio::test]
async fn whatever_junk_precedes_them_honest_reports_are_filed_in_the_same_cycle() {
    let mut pair = RelayFixture::new().await;
    pair.world.set_quarantine_limit(0).await;
    let mut rng = StdRng::seed_from_u64(6);
    let junk = || {
        let mut bytes = vec![0; 32 * 1024];
        rng.fill_bytes(&mut bytes);
        bytes
    };
    pair.intake.add_submissions(std::iter::repeat_with(junk).take(JUNK_COUNT));
    let mut collector = pair.collector();
    for round in 1..=3 {
        let (report, _) = pair.world.new_report(&DESK_MEMBERS);
        pair.intake.add_submissions([pair.seal_submission(&report, &report)]);
        collector.run_cycle().await.unwrap();
        assert_eq!(pair.world.queue("awa").await.len(), round, "round {round}");
        assert_eq!(pair.left_at_intake(), JUNK_COUNT);
    }
    let sent = pair.intake.state.lock().unwrap().acknowledged.len();
    assert_eq!(sent, JUNK_COUNT + 3, "what was left is not pulled again");
    // Another process looks once more, and a new directory does too.
    pair.collector().run_cycle().await.unwrap();
    assert_eq!(pair.intake.state.lock().unwrap().acknowledged.len(), sent + JUNK_COUNT);
}

#[tokio::test]
async fn a_follow_up_that_found_no_room_is_filed_when_its_report_is() {
    let mut pair = RelayFixture::new().await;
    pair.world.set_quarantine_limit(0).await;
    let (report, _) = pair.world.new_report(&DESK_MEMBERS);
    pair.intake.add_submissions([pair.seal_submission(&report, &follow_up(&report, "early"))]);
    let mut collector = pair.collector();
    for _ in 0..2 {
        collector.run_cycle().await.unwrap();
        assert_eq!(
            (pair.left_at_intake(), pair.intake.state.lock().unwrap().acknowledged.len()),
            (1, 1)
        );
    }
    pair.intake.add_submissions([pair.seal_submission(&report, &report)]);
    collector.run_cycle().await.unwrap();
    assert_eq!(pair.left_at_intake(), 0);
    assert_eq!(pair.world.queue("awa").await[0].state.received, 2);
}

#[tokio::test]
async fn a_damaged_submission_is_asked_for_once() {
    let mut pair = RelayFixture::new().await;
    let garbage = garbage_submission(&mut pair.world);
    let damaged = pair.intake.add_submission(garbage);
    pair.intake.state.lock().unwrap().damaged.push(damaged);
    let mut collector = pair.collector();
    for _ in 0..3 {
        collector.run_cycle().await.unwrap();
    }
    assert_eq!(pair.intake.state.lock().unwrap().pulls, 1);
    let (report, _) = pair.world.new_report(&DESK_MEMBERS);
    pair.intake.add_submissions([pair.seal_submission(&report, &report)]);
    collector.run_cycle().await.unwrap();
    assert_eq!((pair.left_at_intake(), pair.world.queue("awa").await.len()), (1, 1));
}

#[tokio::test]
async fn a_directory_that_the_intake_refuses_stops_no_collecting() {
    let mut pair = RelayFixture::new().await;
    pair.intake.state.lock().unwrap().directory_rejection = Some("it expired on 2026-11-01");
    let (report, _) = pair.world.new_report(&DESK_MEMBERS);
    pair.intake.add_submissions([pair.seal_submission(&report, &report)]);
    let refused = pair
        .collector()
        .relay
        .put_directory(&pair.world.directories.latest().unwrap().signed)
        .await;
    let error = refused.unwrap_err().to_string();
    assert!(error.contains("refuses the directory: it expired on 2026-11-01"), "{error}");
    pair.collector().run_cycle().await.unwrap();
    assert_eq!((pair.left_at_intake(), pair.world.queue("awa").await.len()), (0, 1));
}

#[tokio::test]
async fn a_page_of_mailboxes_is_bounded_whatever_reporters_and_members_sent() {
    let mut pair = RelayFixture::new().await;
    let mut large = Vec::new();
    for size in [3000, 1024 * 1024, 900 * 1024] {
        let (mut report, _) = pair.world.new_report(&DESK_MEMBERS);
        report.capsule = vec![7; size];
        pair.world.ingest(&report).await.unwrap();
        large.push(report.header.case.id);
    }
    let writing = pair.world.store.begin_write().await.unwrap();
    for seq in 1..200 {
        writing.add_reply(large[0], seq, vec![u8::try_from(seq).unwrap(); 12_000]).await.unwrap();
    }
    writing.commit().await.unwrap();
    let page = pair.world.store.mailboxes(None, 64).await.unwrap();
    assert_eq!(page.len(), 3);
    for content in &page {
        let replies: usize = content.replies.iter().map(Vec::len).sum();
        assert!(
            content.capsule.len() + replies <= 40 * 1024,
            "{} and {replies}",
            content.capsule.len()
        );
    }
    let honest = page.iter().find(|content| content.id == large[0]).unwrap();
    assert_eq!(honest.capsule.len(), 3000);
    let newest: Vec<u8> = honest.replies.iter().map(|reply| reply[0]).collect();
    assert_eq!(newest, [198, 199], "those that fit, oldest first");
    // All are laid out, and one that cannot be read by anybody keeps no other from it.
    pair.collector().run_cycle().await.unwrap();
    let records = pair.intake.state.lock().unwrap().mailboxes.clone().unwrap();
    assert_eq!(records.len(), 3 * protocol::api::relay::MAILBOX_RECORD_LEN);
}

#[tokio::test]
async fn an_intake_in_the_hands_of_others_fills_neither_the_memory_nor_a_cycle() {
    let mut pair = RelayFixture::new().await;
    let mut collector = pair.collector();
    let mut failure = async |pair: &RelayFixture| {
        let ticked = tokio::time::timeout(Duration::from_mins(1), collector.run_cycle()).await;
        let failure = ticked.expect("the round ends").unwrap_err().to_string();
        assert!(pair.world.queue("awa").await.is_empty());
        failure
    };
    pair.intake.state.lock().unwrap().endless_list = true;
    assert!(failure(&pair).await.contains("its list is longer than was asked for"));
    pair.intake.state.lock().unwrap().endless_list = false;
    // Entries beyond the page, and a length that no sum can hold.
    let endless = (0..5_000).map(|_| ListedSubmission { id: Uuid::new_v4(), len: u64::MAX });
    pair.intake.state.lock().unwrap().extra_listed = endless.collect();
    assert!(failure(&pair).await.contains("its list is longer than was asked for"));
    pair.intake.state.lock().unwrap().extra_listed = Vec::new();
    // What was not asked for, and what was, twice.
    let (report, _) = pair.world.new_report(&DESK_MEMBERS);
    let sealed = pair.seal_submission(&report, &report);
    pair.intake.add_submissions([sealed.clone()]);
    let unasked = (Uuid::new_v4(), sealed);
    pair.intake.state.lock().unwrap().extra_sent = vec![unasked];
    let said = failure(&pair).await;
    assert!(said.contains("it sends what it was not asked for"), "{said}");
    pair.intake.state.lock().unwrap().extra_sent = Vec::new();
    collector.run_cycle().await.unwrap();
    assert_eq!(
        (pair.left_at_intake(), pair.world.queue("awa").await.len()),
        (0, 1),
        "honest again"
    );
}
