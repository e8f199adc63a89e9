//! A full disk. This test has its own process, because the limit applies to the whole process.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use common::{MultipartFormData, TestIntake};
use reqwest::StatusCode;
use rustix::process::{Resource, Rlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};

/// The signal that a write beyond the limit raises. With a handler, the write fails and the process
/// continues.
const SIGXFSZ: i32 = 25;

/// Limits the size of files that this process writes.
fn limit_file_size(bytes: u64) {
    setrlimit(Resource::Fsize, Rlimit { current: Some(bytes), maximum: None }).unwrap();
}

#[tokio::test]
async fn a_full_disk_is_reported_and_a_later_retry_succeeds() {
    let _caught = signal(SignalKind::from_raw(SIGXFSZ)).unwrap();
    let intake = TestIntake::with_directory().await;
    let form = || MultipartFormData::report("a story", 1).file("a.jpg", &vec![1; 3_000_000]).end();
    let sealed = age_hybrid::decoy_file(4 << 20, 7);

    limit_file_size(600_000);
    let (status, page) = intake.post_form("/en/report/send", form()).await;
    let by_api = intake.post("/api/reports", sealed.clone()).await;
    let retry = by_api.headers().contains_key("retry-after");
    limit_file_size(1 << 40);

    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.contains("Nothing has been sent."));
    assert_eq!(by_api.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(retry);
    assert_eq!(intake.pull(10).await, []);
    assert_eq!(intake.post_form("/en/report/send", form()).await.0, StatusCode::OK);
    assert_eq!(intake.post("/api/reports", sealed).await.status(), StatusCode::CREATED);
    let intake = intake.restart().await;
    assert_eq!(intake.pull(10).await.len(), 2);
}
