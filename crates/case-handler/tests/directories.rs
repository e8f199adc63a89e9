//! Any client may send a directory: what that costs, and which work it delays.

mod common;

use std::time::Duration;

use common::HandlerFixture;
use ed25519_dalek::SigningKey;
use http::{Method, StatusCode};
use protocol::directory::SignedDirectory;
use serde_json::{Value, json};
use tokio::time::timeout;

const REFUSAL_TIMEOUT: Duration = Duration::from_secs(20);

/// Returns the JSON of a signed directory with additional invalid signatures.
fn with_junk_signatures(signed: &SignedDirectory, count: usize) -> Value {
    let mut json = serde_json::to_value(signed).expect("JSON");
    let signatures = json["signatures"].as_array_mut().expect("a list of signatures");
    let junk = json!({"key": signatures[0]["key"], "signature": "AAAA"});
    signatures.extend(std::iter::repeat_n(junk, count));
    json
}

#[tokio::test]
async fn a_rejected_directory_never_waits_for_the_writer() {
    let mut handler = HandlerFixture::new().await;
    let newest = handler.directories.latest().unwrap().signed.clone();
    let next = handler.next_directory(|_| ());
    let unknown_key = SigningKey::from_bytes(&[77; 32]);
    let unsigned = SignedDirectory::sign(&handler.directory, &[unknown_key]).unwrap();
    let mut changed = next.clone();
    changed.bytes.push(b' ');
    // Ingesting holds the writer lock.
    let transaction = handler.store.begin_write().await.unwrap();
    let put = async |body: &Value| {
        let call = handler.request(Method::PUT, "/v1/directory", "", body);
        let response = timeout(REFUSAL_TIMEOUT, call).await;
        response.expect("a rejected directory must not wait for the writer").0
    };
    for (what, body, status) in [
        ("signed by an unknown key", json!(unsigned), StatusCode::UNPROCESSABLE_ENTITY),
        ("changed", json!(changed), StatusCode::UNPROCESSABLE_ENTITY),
        ("4,000 signatures", with_junk_signatures(&next, 4_000), StatusCode::BAD_REQUEST),
        ("a signature twice", with_junk_signatures(&next, 1), StatusCode::UNPROCESSABLE_ENTITY),
        ("no directory", json!({"bytes": "x"}), StatusCode::BAD_REQUEST),
        (
            "too long",
            json!({"bytes": "A".repeat(600_000), "signatures": []}),
            StatusCode::BAD_REQUEST,
        ),
        ("the newest one", json!(newest), StatusCode::NO_CONTENT),
    ] {
        assert_eq!(put(&body).await, status, "{what}");
    }
    drop(transaction);
    assert_eq!(put(&json!(next)).await, StatusCode::NO_CONTENT);
    assert_eq!(put(&json!(newest)).await, StatusCode::UNPROCESSABLE_ENTITY, "rolled back");
}

#[tokio::test]
async fn a_flood_of_directories_does_not_block_ingesting() {
    let mut handler = HandlerFixture::new().await;
    let next = handler.next_directory(|_| ());
    let unsigned = json!(SignedDirectory { signatures: Vec::new(), ..next });
    let (report, _) = handler.new_report(&["awa", "bila", "eva"]);
    let flood = async {
        loop {
            handler.request(Method::PUT, "/v1/directory", "", &unsigned).await;
        }
    };
    let ingested = timeout(REFUSAL_TIMEOUT, handler.ingest(&report));
    tokio::select! {
        () = flood => unreachable!("an endless loop"),
        ingested = ingested => assert!(ingested.expect("ingesting continues").is_ok()),
    }
}
