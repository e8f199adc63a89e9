//! Several intakes on one database: each submission is available to all of them, once.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use std::{collections::HashSet, sync::Arc, time::Duration};

use common::{TestInstallation, TestIntake};
use protocol::{Hash, mailbox::MAILBOX_LEN, receipt::Locator};
use reqwest::StatusCode;

/// Starts two intakes that share everything except their process.
async fn two_replicas(url: String) -> (TestIntake, TestIntake) {
    let on = |mut installation: TestInstallation| {
        installation.config.store.url.clone_from(&url);
        installation
    };
    let one = TestInstallation::new();
    let other = one.replica();
    (on(one).start().await, on(other).start().await)
}

fn database_url() -> String {
    test_postgres::shared_cluster().unwrap().create_database().unwrap()
}

fn submission_bytes(n: u64) -> Vec<u8> {
    age_hybrid::decoy_file(32_768, n)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_lose_and_duplicate_nothing() {
    let (one, other) = two_replicas(database_url()).await;
    let (one, other) = (Arc::new(one), Arc::new(other));
    // Each submission is sent to both intakes, and to one of them twice, as after a broken
    // connection.
    let sending =
        (0..60).flat_map(|n| [(n, false), (n, true), (n, n % 2 == 0)]).map(|(n, second)| {
            let intake = Arc::clone(if second { &other } else { &one });
            async move { intake.post("/api/reports", submission_bytes(n)).await.status() }
        });
    for status in futures_util::future::join_all(sending).await {
        assert_eq!(status, StatusCode::CREATED);
    }
    // Submissions are collected through both intakes in turn. A submission that one has deleted
    // must not come from the other.
    let mut collected = HashSet::new();
    for turn in 0.. {
        let intake = if turn % 2 == 0 { &one } else { &other };
        let pulled = intake.pull(7).await;
        if pulled.is_empty() {
            break;
        }
        for (_, bytes) in &pulled {
            assert!(collected.insert(Hash::of(&[bytes])), "collected twice");
        }
        let ids = pulled.iter().map(|(id, _)| *id).collect();
        assert_eq!(intake.ack(ids).await, StatusCode::NO_CONTENT);
    }
    let sent: HashSet<_> = (0..60).map(|n| Hash::of(&[&submission_bytes(n)])).collect();
    assert_eq!(collected, sent);
}

#[tokio::test]
async fn replicas_serve_the_same_mailboxes_decoys_and_directory() {
    let (one, other) = two_replicas(database_url()).await;
    let fetch = async |intake: &TestIntake, locator: &Locator| {
        let request = format!("{{\"locator\":\"{}\"}}", Hash(locator.0));
        intake.post("/api/mailbox", request).await.bytes().await.unwrap()
    };
    let (mine, unknown) = (Locator([1; 32]), Locator([2; 32]));
    assert_eq!(fetch(&one, &unknown).await, fetch(&other, &unknown).await);
    for (putting, fill) in [(&one, 7), (&other, 8)] {
        let all = [(mine.mailbox_id(), vec![fill; MAILBOX_LEN])];
        assert_eq!(putting.put_mailboxes(&all).await, StatusCode::NO_CONTENT);
        for intake in [&one, &other] {
            assert_eq!(fetch(intake, &mine).await, vec![fill; MAILBOX_LEN]);
        }
        assert_eq!(fetch(&one, &unknown).await, fetch(&other, &unknown).await);
    }

    let signed = one.installation.keys.directory(1, one.installation.clock.today(), 2);
    assert_eq!(one.put_directory(&signed).await.status(), StatusCode::NO_CONTENT);
    let mut waited = 0;
    while other.get("/directory.json").await.status() != StatusCode::OK {
        waited += 1;
        assert!(waited < 200, "the directory did not reach the other replica");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn an_unreachable_database_returns_503_and_loses_nothing_acknowledged() {
    let cluster = test_postgres::PostgresCluster::start().unwrap();
    let (one, other) = two_replicas(cluster.create_database().unwrap()).await;
    assert_eq!(one.post("/api/reports", submission_bytes(1)).await.status(), StatusCode::CREATED);
    cluster.crash().unwrap();
    let unavailable = one.post("/api/reports", submission_bytes(2)).await;
    assert_eq!(unavailable.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(unavailable.headers().contains_key("retry-after"));
    cluster.restart().unwrap();
    for intake in [&one, &other] {
        // Each pooled connection fails once before it reconnects.
        while intake.post("/api/reports", submission_bytes(2)).await.status() != StatusCode::CREATED
        {
        }
    }
    let pulled = loop {
        if let Some(pulled) = other.try_pull(10).await {
            break pulled;
        }
    };
    let found: HashSet<_> = pulled.iter().map(|(_, bytes)| Hash::of(&[bytes])).collect();
    assert_eq!(found, HashSet::from([1, 2].map(|n| Hash::of(&[&submission_bytes(n)]))));
}
