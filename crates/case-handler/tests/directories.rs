//! Anybody may send a directory: what that costs, and whom it keeps from working.

mod common;

use std::time::Duration;

use common::HandlerFixture;
use ed25519_dalek::SigningKey;
use http::{Method, StatusCode};
use protocol::directory::SignedDirectory;
use serde_json::{Value, json};
use tokio::time::timeout;

const REFUSAL_TIMEOUT: Duration = Duration::from_secs(20);

/// Of a directory that the root keys signed, with so many more signatures that are none.
fn with_junk_signatures(signed: &SignedDirectory, count: usize) -> Value {
    let mut json = serde_json::to_value(signed).expect("JSON");
    let signatures = json["signatures"].as_array_mut().expect("a list of signatures");
    let junk = json!({"key": signatures[0]["key"], "signature": "AAAA"});
    signatures.extend(std::iter::repeat_n(junk, count));
    json
}

#[tokio::test]
async fn what_is_refused_never_waits_for_the_writer() {
    let mut world = HandlerFixture::new().await;
    let in_force = world.directories.latest().unwrap().signed.clone();
    let next = world.next_directory(|_| ());
    let stranger = SigningKey::from_bytes(&[77; 32]);
    let unsigned = SignedDirectory::sign(&world.directory, &[stranger]).unwrap();
    let mut changed = next.clone();
    changed.bytes.push(b' ');
    // A filing holds the writer.
    let writing = world.store.begin_write().await.unwrap();
    let put = async |body: &Value| {
        let call = world.request(Method::PUT, "/v1/directory", "", body);
        let answer = timeout(REFUSAL_TIMEOUT, call).await;
        answer.expect("a directory that is refused waits for the writer").0
    };
    for (what, body, status) in [
        ("by a stranger", json!(unsigned), StatusCode::UNPROCESSABLE_ENTITY),
        ("changed", json!(changed), StatusCode::UNPROCESSABLE_ENTITY),
        ("4,000 signatures", with_junk_signatures(&next, 4_000), StatusCode::BAD_REQUEST),
        ("a signature twice", with_junk_signatures(&next, 1), StatusCode::UNPROCESSABLE_ENTITY),
        ("no directory", json!({"bytes": "x"}), StatusCode::BAD_REQUEST),
        (
            "too long",
            json!({"bytes": "A".repeat(600_000), "signatures": []}),
            StatusCode::BAD_REQUEST,
        ),
        ("the one in force", json!(in_force), StatusCode::NO_CONTENT),
    ] {
        assert_eq!(put(&body).await, status, "{what}");
    }
    drop(writing);
    assert_eq!(put(&json!(next)).await, StatusCode::NO_CONTENT);
    assert_eq!(put(&json!(in_force)).await, StatusCode::UNPROCESSABLE_ENTITY, "rolled back");
}

#[tokio::test]
async fn a_loop_of_directories_keeps_nobody_from_filing() {
    let mut world = HandlerFixture::new().await;
    let next = world.next_directory(|_| ());
    let unsigned = json!(SignedDirectory { signatures: Vec::new(), ..next });
    let (report, _) = world.new_report(&["awa", "bila", "eva"]);
    let flood = async {
        loop {
            world.request(Method::PUT, "/v1/directory", "", &unsigned).await;
        }
    };
    let filed = timeout(REFUSAL_TIMEOUT, world.ingest(&report));
    tokio::select! {
        () = flood => unreachable!("a loop without an end"),
        filed = filed => assert!(filed.expect("filing goes on").is_ok()),
    }
}
