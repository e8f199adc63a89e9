//! Junk at the intake does not delay honest reports to another cycle, and submissions left there
//! are pulled once.

use std::time::Duration;

use bytes::Bytes;
use case_handler::collector::relay_client::RelayError;
use futures_util::{StreamExt as _, stream};
use protocol::api::relay::ListedSubmission;
use rand::{RngCore, SeedableRng, rngs::StdRng};
use uuid::Uuid;

use super::{
    DESK_MEMBERS, RelayFixture, common::submissions::follow_up, garbage_submission,
    intake::ListFault,
};

/// More than one pull takes.
const JUNK_COUNT: usize = 600;

#[tokio::test]
async fn honest_reports_behind_junk_are_ingested_in_the_same_cycle() {
    let mut fixture = RelayFixture::new().await;
    fixture.handler.set_quarantine_limit(0).await;
    let mut rng = StdRng::seed_from_u64(6);
    let junk = || {
        let mut bytes = vec![0; 32 * 1024];
        rng.fill_bytes(&mut bytes);
        bytes
    };
    fixture.intake.add_submissions(std::iter::repeat_with(junk).take(JUNK_COUNT));
    let mut collector = fixture.collector();
    for cycle in 1..=3 {
        let (report, _) = fixture.handler.new_report(&DESK_MEMBERS);
        fixture.intake.add_submissions([fixture.seal_submission(&report, &report)]);
        collector.run_cycle().await.unwrap();
        assert_eq!(fixture.handler.queue("awa").await.len(), cycle, "cycle {cycle}");
        assert_eq!(fixture.left_at_intake(), JUNK_COUNT);
    }
    let sent = fixture.intake.state.lock().unwrap().acknowledged.len();
    assert_eq!(sent, JUNK_COUNT + 3, "submissions left at the intake are not pulled again");
    // A new process pulls them once more, and so does a new directory.
    fixture.collector().run_cycle().await.unwrap();
    assert_eq!(fixture.intake.state.lock().unwrap().acknowledged.len(), sent + JUNK_COUNT);
}

#[tokio::test]
async fn a_follow_up_left_at_the_intake_is_ingested_after_its_report() {
    let mut fixture = RelayFixture::new().await;
    fixture.handler.set_quarantine_limit(0).await;
    let (report, _) = fixture.handler.new_report(&DESK_MEMBERS);
    fixture
        .intake
        .add_submissions([fixture.seal_submission(&report, &follow_up(&report, "early"))]);
    let mut collector = fixture.collector();
    for _ in 0..2 {
        collector.run_cycle().await.unwrap();
        assert_eq!(
            (fixture.left_at_intake(), fixture.intake.state.lock().unwrap().acknowledged.len()),
            (1, 1)
        );
    }
    fixture.intake.add_submissions([fixture.seal_submission(&report, &report)]);
    collector.run_cycle().await.unwrap();
    assert_eq!(fixture.left_at_intake(), 0);
    assert_eq!(fixture.handler.queue("awa").await[0].state.received, 2);
}

#[tokio::test]
async fn a_damaged_submission_is_pulled_once() {
    let mut fixture = RelayFixture::new().await;
    let garbage = garbage_submission(&mut fixture.handler);
    let damaged = fixture.intake.add_submission(garbage);
    fixture.intake.state.lock().unwrap().damaged.push(damaged);
    let mut collector = fixture.collector();
    for _ in 0..3 {
        collector.run_cycle().await.unwrap();
    }
    assert_eq!(fixture.intake.state.lock().unwrap().pulls, 1);
    let (report, _) = fixture.handler.new_report(&DESK_MEMBERS);
    fixture.intake.add_submissions([fixture.seal_submission(&report, &report)]);
    collector.run_cycle().await.unwrap();
    assert_eq!((fixture.left_at_intake(), fixture.handler.queue("awa").await.len()), (1, 1));
}

#[tokio::test]
async fn an_intake_that_sends_its_list_slowly_does_not_hold_a_cycle() {
    for fault in [ListFault::Dripping, ListFault::SlowPages(Duration::from_millis(20))] {
        let fixture = RelayFixture::new().await;
        fixture.intake.state.lock().unwrap().list_fault = Some(fault);
        let mut collector = fixture.collector();
        collector.relay = collector.relay.with_request_timeout(Duration::from_millis(300));
        let cycle = tokio::time::timeout(Duration::from_secs(20), collector.run_cycle()).await;
        let error = cycle.expect("the cycle ends").unwrap_err().to_string();
        assert!(error.contains("did not complete its response in time"), "{error}");
        // The later steps of the cycle still run.
        assert!(fixture.intake.state.lock().unwrap().mailboxes.is_some(), "{fault:?}");
    }
}

#[tokio::test]
async fn an_intake_that_sends_a_submission_slowly_does_not_hold_a_cycle() {
    let mut fixture = RelayFixture::new().await;
    let (report, _) = fixture.handler.new_report(&DESK_MEMBERS);
    fixture.intake.add_submissions([fixture.seal_submission(&report, &report)]);
    fixture.intake.state.lock().unwrap().dripping_pull = true;
    let mut collector = fixture.collector();
    collector.relay = collector.relay.with_request_timeout(Duration::from_millis(300));
    let cycle = tokio::time::timeout(Duration::from_secs(20), collector.run_cycle()).await;
    let error = cycle.expect("the cycle ends").unwrap_err().to_string();
    assert!(error.contains("did not complete its response in time"), "{error}");
    assert!(fixture.intake.state.lock().unwrap().mailboxes.is_some(), "later steps run");
    fixture.intake.state.lock().unwrap().dripping_pull = false;
    collector.relay = collector.relay.with_request_timeout(Duration::from_mins(1));
    collector.run_cycle().await.unwrap();
    assert_eq!((fixture.left_at_intake(), fixture.handler.queue("awa").await.len()), (0, 1));
}

#[tokio::test]
async fn an_upload_of_mailboxes_may_take_long_but_not_stall() {
    let fixture = RelayFixture::new().await;
    let relay = fixture.collector().relay.with_request_timeout(Duration::from_millis(500));
    let record = || Ok(Bytes::from(vec![0; 64 * 1024]));
    let slow = stream::iter(0..20).then(move |_| async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        record()
    });
    relay.put_mailboxes(slow).await.unwrap();
    let stored = fixture.intake.state.lock().unwrap().mailboxes.take().unwrap();
    assert_eq!(stored.len(), 20 * 64 * 1024);

    fixture.intake.state.lock().unwrap().stalled_upload = true;
    let endless = stream::repeat_with(record);
    let upload = tokio::time::timeout(Duration::from_secs(20), relay.put_mailboxes(endless)).await;
    let error = upload.expect("the upload ends").unwrap_err();
    assert!(matches!(error, RelayError::TimedOut), "{error}");
    assert!(fixture.intake.state.lock().unwrap().mailboxes.is_none(), "nothing is replaced");
}

#[tokio::test]
async fn collection_continues_when_the_intake_refuses_the_directory() {
    let mut fixture = RelayFixture::new().await;
    fixture.intake.state.lock().unwrap().directory_rejection = Some("it expired on 2026-11-01");
    let (report, _) = fixture.handler.new_report(&DESK_MEMBERS);
    fixture.intake.add_submissions([fixture.seal_submission(&report, &report)]);
    let refused = fixture
        .collector()
        .relay
        .put_directory(&fixture.handler.directories.latest().unwrap().signed)
        .await;
    let error = refused.unwrap_err().to_string();
    assert!(error.contains("refuses the directory: it expired on 2026-11-01"), "{error}");
    fixture.collector().run_cycle().await.unwrap();
    assert_eq!((fixture.left_at_intake(), fixture.handler.queue("awa").await.len()), (0, 1));
}

#[tokio::test]
async fn a_page_of_mailboxes_has_a_bounded_size() {
    let mut fixture = RelayFixture::new().await;
    let mut large = Vec::new();
    for size in [3000, 1024 * 1024, 900 * 1024] {
        let (mut report, _) = fixture.handler.new_report(&DESK_MEMBERS);
        report.capsule = vec![7; size];
        fixture.handler.ingest(&report).await.unwrap();
        large.push(report.header.case.id);
    }
    let transaction = fixture.handler.store.begin_write().await.unwrap();
    for seq in 1..200 {
        transaction
            .add_reply(large[0], seq, vec![u8::try_from(seq).unwrap(); 12_000])
            .await
            .unwrap();
    }
    transaction.commit().await.unwrap();
    let page = fixture.handler.store.mailboxes(None, 64).await.unwrap();
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
    // All mailboxes are published, and one that cannot be opened does not affect the others.
    fixture.collector().run_cycle().await.unwrap();
    let records = fixture.intake.state.lock().unwrap().mailboxes.clone().unwrap();
    assert_eq!(records.len(), 3 * protocol::api::relay::MAILBOX_RECORD_LEN);
}

#[tokio::test]
async fn a_compromised_intake_exhausts_neither_memory_nor_a_cycle() {
    let mut fixture = RelayFixture::new().await;
    let mut collector = fixture.collector();
    let mut failure = async |fixture: &RelayFixture| {
        let result = tokio::time::timeout(Duration::from_mins(1), collector.run_cycle()).await;
        let failure = result.expect("the cycle ends").unwrap_err().to_string();
        assert!(fixture.handler.queue("awa").await.is_empty());
        failure
    };
    fixture.intake.state.lock().unwrap().list_fault = Some(ListFault::Endless);
    assert!(failure(&fixture).await.contains("the list is longer than requested"));
    fixture.intake.state.lock().unwrap().list_fault = None;
    // More entries than the page, with lengths whose sum overflows.
    let endless = (0..5_000).map(|_| ListedSubmission { id: Uuid::new_v4(), len: u64::MAX });
    fixture.intake.state.lock().unwrap().extra_listed = endless.collect();
    assert!(failure(&fixture).await.contains("the list is longer than requested"));
    fixture.intake.state.lock().unwrap().extra_listed = Vec::new();
    // A submission that was not requested, and one that is sent twice.
    let (report, _) = fixture.handler.new_report(&DESK_MEMBERS);
    let sealed = fixture.seal_submission(&report, &report);
    fixture.intake.add_submissions([sealed.clone()]);
    let unrequested = (Uuid::new_v4(), sealed);
    fixture.intake.state.lock().unwrap().extra_sent = vec![unrequested];
    let error = failure(&fixture).await;
    assert!(error.contains("a submission that was not requested"), "{error}");
    fixture.intake.state.lock().unwrap().extra_sent = Vec::new();
    collector.run_cycle().await.unwrap();
    assert_eq!(
        (fixture.left_at_intake(), fixture.handler.queue("awa").await.len()),
        (0, 1),
        "honest again"
    );
}
