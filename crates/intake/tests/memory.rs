//! Memory does not grow with the size of an upload. The test has its own file, because it measures
//! the memory of the whole process.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use std::fs;

use common::{CONTENT_TYPE, MultipartFormData, TestIntake};
use futures_util::stream;
use reqwest::{Body, StatusCode};

const CHUNK_BYTES: usize = 64 * 1024;
const MIB: usize = 1024 * 1024;

/// Returns a value of `/proc/self/status` in bytes.
fn proc_status_bytes(key: &str) -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap();
    line.trim_matches(|c: char| !c.is_ascii_digit()).parse::<usize>().unwrap() * 1024
}

/// Sends a file of this size, generated while it is sent. Returns the peak increase of memory.
async fn peak_memory_increase(intake: &TestIntake, size: usize) -> usize {
    let head = MultipartFormData::report("a story", 1).file("video.mp4", b"").0;
    let head = head[..head.len() - 2].to_vec();
    let pieces = (0..size / CHUNK_BYTES)
        .map(|n| Ok::<_, std::io::Error>(vec![u8::try_from(n % 251).unwrap(); CHUNK_BYTES]));
    let whole = std::iter::once(Ok(head)).chain(pieces).chain([Ok(b"\r\n--b--\r\n".to_vec())]);
    // Resets the high-water mark (proc_pid_clear_refs(5)).
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = proc_status_bytes("VmRSS:");
    let request = intake.http.post(format!("{}/en/report/send", intake.public));
    let request =
        request.header("content-type", CONTENT_TYPE).body(Body::wrap_stream(stream::iter(whole)));
    assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
    proc_status_bytes("VmHWM:").saturating_sub(before)
}

#[tokio::test]
async fn a_video_needs_no_more_memory_than_a_photo() {
    let intake = TestIntake::with_directory().await;
    peak_memory_increase(&intake, MIB).await;
    let photo = peak_memory_increase(&intake, 5 * MIB).await;
    let video = peak_memory_increase(&intake, 60 * MIB).await;
    println!("5 MiB: {} KiB more; 60 MiB: {} KiB more", photo / 1024, video / 1024);
    assert!(photo < 4 * MIB, "{photo}");
    assert!(video < 8 * MIB, "{video}");
}
