//! The relay: access control, collection and mailboxes.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use age_hybrid::decoy_file;
use common::TestIntake;
use protocol::{
    Hash,
    api::relay::{HEALTH_PATH, PULL_PATH, PullRequest},
    encoding::size_classes::SIZE_CLASSES,
    mailbox::MAILBOX_LEN,
};
use reqwest::StatusCode;
use uuid::Uuid;

#[tokio::test]
async fn only_a_client_certificate_of_the_own_authority_is_accepted() {
    let intake = TestIntake::new().await;
    let tls = &intake.installation.tls;
    let url = format!("{}{HEALTH_PATH}", intake.relay);
    assert_eq!(intake.handler.get(&url).send().await.unwrap().status(), StatusCode::OK);
    assert!(tls.client(None).get(&url).send().await.is_err(), "no certificate");
    assert!(
        tls.client(Some(&tls.unknown_client)).get(&url).send().await.is_err(),
        "a certificate of another authority"
    );
    let plain = url.replace("https://", "http://");
    assert!(intake.http.get(plain).send().await.is_err(), "no TLS");
    // The relay listener serves no pages, and the public listener no relay routes.
    let answer = intake.handler.get(format!("{}/en", intake.relay)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    let pull = intake
        .http
        .post(format!("{}{PULL_PATH}", intake.public))
        .json(&PullRequest { limit: 1, ids: vec![] });
    assert!(!pull.send().await.unwrap().status().is_success());
}

#[tokio::test]
async fn submissions_stay_until_they_are_acknowledged_and_an_acknowledgement_can_be_repeated() {
    let intake = TestIntake::new().await;
    let sent: Vec<Vec<u8>> = (0..20)
        .map(|n| decoy_file(usize::try_from(SIZE_CLASSES[n % 4]).unwrap(), n as u64))
        .collect();
    for bytes in &sent {
        assert_eq!(intake.post("/api/reports", bytes.clone()).await.status(), StatusCode::CREATED);
    }
    let first = intake.pull(100).await;
    let intake = intake.restart().await;
    let second = intake.pull(100).await;
    let hashes = |pulled: &[(Uuid, Vec<u8>)]| {
        let mut hashes: Vec<Hash> = pulled.iter().map(|(_, sealed)| Hash::of(&[sealed])).collect();
        hashes.sort();
        hashes
    };
    let mut expected: Vec<Hash> = sent.iter().map(|bytes| Hash::of(&[bytes])).collect();
    expected.sort();
    assert_eq!((hashes(&first), hashes(&second)), (expected.clone(), expected));
    let order = |pulled: &[(Uuid, Vec<u8>)]| pulled.iter().map(|(id, _)| *id).collect::<Vec<_>>();
    assert_ne!(order(&first), order(&second), "the order is random; equal once in 20! runs");
    assert_eq!(intake.pull(3).await.len(), 3);

    let some: Vec<Uuid> = order(&first)[..15].to_vec();
    for _ in 0..2 {
        assert_eq!(intake.ack(some.clone()).await, StatusCode::NO_CONTENT);
        assert_eq!(intake.pull(100).await.len(), 5);
    }
    assert_eq!(intake.ack(vec![Uuid::from_u128(1)]).await, StatusCode::NO_CONTENT);
    assert_eq!(intake.ack(order(&first)).await, StatusCode::NO_CONTENT);
    assert_eq!(intake.pull(100).await, []);
}

#[tokio::test]
async fn an_incomplete_mailbox_record_changes_no_mailbox() {
    let intake = TestIntake::new().await;
    let sealed = |fill| vec![fill; MAILBOX_LEN];
    let all: Vec<_> = (0..30).map(|n| (Hash::of(&[&[n]]), sealed(n))).collect();
    assert_eq!(intake.put_mailboxes(&all).await, StatusCode::NO_CONTENT);
    let mut cut = all.clone();
    for (_, sealed) in &mut cut {
        sealed.fill(200);
    }
    cut.last_mut().unwrap().1.pop();
    assert_eq!(intake.put_mailboxes(&cut).await, StatusCode::BAD_REQUEST);
    let installation = intake.stop().await;
    let spool = installation.config.store.database_url().unwrap();
    let limits = intake::store::StoreLimits { max_size_mib: 64, writers: 16 };
    let store = intake::store::Store::open(&spool, limits, &mut rand::rngs::OsRng).await.unwrap();
    for (id, sealed) in &all {
        assert_eq!(store.find_mailbox(id).await.unwrap().0.as_ref(), Some(sealed));
    }
}
