//! Child processes clean the files of visitors. The failure of a child affects only its own file.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]
#![cfg(target_os = "linux")]

mod common;

use std::{fs, time::Duration};

use common::{MultipartFormData, TestIntake, receipt_code};
use futures_util::{StreamExt as _, stream};
use protocol::submission::treatment::AttachmentTreatment;
use reqwest::{Body, StatusCode};
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use tokio::sync::mpsc;

const SEND_REPORT_PATH: &str = "/en/report/send";
const UNCLEANED_MESSAGE: &str = "We could not clean this file.";

/// Returns the children of this process, which runs the intake, with their command lines.
fn list_children() -> Vec<(Pid, String)> {
    let own = std::process::id().to_string();
    let processes = fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    let child = |id: String| {
        let status = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // After the name in brackets come the state and the parent.
        let mut fields = status.rsplit(") ").next()?.split(' ');
        let alive = fields.next()? != "Z" && fields.next()? == own;
        let line = fs::read_to_string(format!("/proc/{id}/cmdline")).ok()?;
        alive.then_some((Pid::from_raw(id.parse().ok()?)?, line.replace('\0', " ")))
    };
    processes
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
        .filter_map(child)
        .collect()
}

async fn wait_for_child() -> Pid {
    for _ in 0..500 {
        if let [(child, line)] = &list_children()[..] {
            assert!(line.ends_with("clean-child "), "{line}");
            return *child;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no child process, or several: {:?}", list_children());
}

fn picture() -> Vec<u8> {
    [&b"\xFF\xD8\xFF\xE0\0\x04\0\0\xFF\xDA\0\x02"[..], &vec![7; 400_000], b"\xFF\xD9"].concat()
}

/// Returns an office file whose last part, the properties, the child collects in memory.
fn office_file() -> Vec<u8> {
    let types = "<Types><Override PartName=\"/word/document.xml\" ContentType=\"application/vnd.\
                 openxmlformats-officedocument.wordprocessingml.document.main+xml\"/></Types>";
    let properties = format!(
        "<cp:coreProperties><dc:creator>{}</dc:creator></cp:coreProperties>",
        "x".repeat(300_000)
    );
    let parts = [
        ("[Content_Types].xml", types.as_bytes()),
        ("word/media/image1.jpeg", &picture()),
        ("docProps/core.xml", properties.as_bytes()),
    ];
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for (name, part) in parts {
        let mut checksum = flate2::Crc::new();
        checksum.update(part);
        let number = |value: usize| u32::try_from(value).unwrap().to_le_bytes();
        let sizes = [checksum.sum().to_le_bytes(), number(part.len()), number(part.len())].concat();
        // Version, flags, no compression, time and date, then sizes and the length of the name.
        let common = [&b"\x14\0\0\0\0\0\0\0\0\0"[..], &sizes, &number(name.len())].concat();
        let entry =
            [&b"PK\x01\x02\x14\0"[..], &common, &[0; 10], &number(file.len()), name.as_bytes()];
        directory.extend(entry.concat());
        file.extend([&b"PK\x03\x04"[..], &common, name.as_bytes(), part].concat());
    }
    let number = |value: usize| u32::try_from(value).unwrap().to_le_bytes();
    let end = [number(directory.len()), number(file.len())].concat();
    file.extend([&directory[..], b"PK\x05\x06\0\0\0\0\x03\0\x03\0", &end, b"\0\0"].concat());
    file
}

/// Returns a form with a file and a second file, split in the middle of the first.
fn split_report_form(story: &str, seed: u8, file: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let whole = MultipartFormData::report(story, seed)
        .file("a.jpg", file)
        .file("b.txt", b"the second file")
        .end();
    let (first, rest) = whole.split_at(300_000);
    (first.to_vec(), rest.to_vec())
}

/// Returns a body, and a channel that sends it piece by piece.
fn slow_body() -> (mpsc::Sender<Vec<u8>>, Body) {
    let (sender, receiver) = mpsc::channel(1);
    let pieces = stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|piece: Vec<u8>| (piece, receiver))
    });
    (sender, Body::wrap_stream(pieces.map(Ok::<_, std::io::Error>)))
}

/// Sends a report with a picture, calls `interfere` with its child after half of the picture, and
/// returns the response.
async fn send_and_interfere(
    intake: &TestIntake,
    seed: u8,
    interfere: impl AsyncFnOnce(Pid),
) -> (StatusCode, String) {
    send_file_and_interfere(intake, seed, &picture(), interfere).await
}

async fn send_file_and_interfere(
    intake: &TestIntake,
    seed: u8,
    file: &[u8],
    interfere: impl AsyncFnOnce(Pid),
) -> (StatusCode, String) {
    let (first, rest) = split_report_form("the story arrives", seed, file);
    let (sender, body) = slow_body();
    let sending = intake.post_form(SEND_REPORT_PATH, body);
    let interfering = async move {
        sender.send(first).await.unwrap();
        interfere(wait_for_child().await).await;
        sender.send(rest).await.unwrap();
    };
    tokio::join!(sending, interfering).0
}

#[tokio::test]
async fn a_killed_child_affects_only_its_file_and_the_page_states_it() {
    let intake = TestIntake::with_directory().await;
    let (status, page) =
        send_and_interfere(&intake, 1, async |child| kill_process(child, Signal::KILL).unwrap())
            .await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(receipt_code(&page).is_some() && page.contains(UNCLEANED_MESSAGE), "{page}");
    let opened = intake.collect_submissions().await;
    assert_eq!(opened.len(), 1);
    assert_eq!(opened[0].attachments.len(), 2, "the second file is there");
    let (_, frame) = intake.read_frame(&opened[0], &opened[0]);
    let [cut, whole] = &frame.header.attachments[..] else { panic!("two files") };
    assert_eq!(
        (&*cut.name, &cut.treatment),
        ("incomplete-image-1.jpg", &Some(AttachmentTreatment::CutOff))
    );
    assert!(
        matches!(whole.treatment, Some(AttachmentTreatment::Cleaned(_))),
        "{:?}",
        whole.treatment
    );
    assert_eq!(list_children(), []);

    let (status, page) = send_and_interfere(&intake, 2, async |_| ()).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(!page.contains(UNCLEANED_MESSAGE), "{page}");
    assert_eq!(list_children(), []);
}

#[tokio::test]
async fn a_child_that_hangs_is_killed() {
    let intake = TestIntake::with_directory().await;
    let started = std::time::Instant::now();
    let (status, page) =
        send_and_interfere(&intake, 1, async |child| kill_process(child, Signal::STOP).unwrap())
            .await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(page.contains(UNCLEANED_MESSAGE), "{page}");
    assert!(started.elapsed() < Duration::from_secs(90));
    assert_eq!(intake.collect_submissions().await.len(), 1);
    assert_eq!(list_children(), []);
}

/// Returns a limit of a process that cannot be exceeded, as the kernel states it; `None` for no
/// limit.
fn hard_limit(child: Pid, name: &str) -> Option<u64> {
    let limits = fs::read_to_string(format!("/proc/{}/limits", child.as_raw_nonzero())).unwrap();
    let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
    // Columns: name, soft limit, hard limit, unit.
    line[name.len()..].split_whitespace().nth(1).unwrap().parse().ok()
}

/// Waits until a child has its limits.
async fn wait_for_sandbox(child: Pid) {
    for _ in 0..500 {
        if hard_limit(child, "Max open files") == Some(0) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the child has no limits");
}

#[tokio::test]
async fn a_child_has_limits_of_memory_and_processor_time() {
    let intake = TestIntake::with_directory().await;
    let (status, page) = send_and_interfere(&intake, 1, async |child| {
        wait_for_sandbox(child).await;
        assert_eq!(hard_limit(child, "Max data size"), Some(64 * 1024 * 1024));
        assert_eq!(hard_limit(child, "Max address space"), Some(512 * 1024 * 1024));
        assert_eq!(hard_limit(child, "Max cpu time"), Some(20));
        assert_eq!(hard_limit(child, "Max file size"), Some(0));
    })
    .await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(!page.contains(UNCLEANED_MESSAGE), "{page}");
}

/// The test lowers the limit of a running child, as if the file had used up the rest of it.
#[tokio::test]
async fn a_child_that_exceeds_its_memory_affects_only_its_file() {
    let intake = TestIntake::with_directory().await;
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let (status, page) = send_file_and_interfere(&intake, 1, &office_file(), async |child| {
        wait_for_sandbox(child).await;
        prlimit(Some(child), Resource::Data, none).unwrap();
    })
    .await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(receipt_code(&page).is_some() && page.contains(UNCLEANED_MESSAGE), "{page}");
    assert_eq!(list_children(), []);
    let opened = intake.collect_submissions().await;
    assert_eq!(opened.len(), 1);
    assert_eq!(opened[0].attachments.len(), 2, "the second file is there");
    let (_, frame) = intake.read_frame(&opened[0], &opened[0]);
    assert_eq!(frame.header.attachments[0].treatment, Some(AttachmentTreatment::CutOff));
    // The same file is cleaned by a child with its usual limit.
    let (status, page) = send_file_and_interfere(&intake, 2, &office_file(), async |_| ()).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(!page.contains(UNCLEANED_MESSAGE), "{page}");
}

#[tokio::test]
async fn a_child_ends_when_the_visitor_disconnects() {
    let intake = TestIntake::with_directory().await;
    let (first, _) = split_report_form("the visitor disconnects", 1, &picture());
    let (sender, body) = slow_body();
    let sending = tokio::spawn(
        intake
            .http
            .post(format!("{}{SEND_REPORT_PATH}", intake.public))
            .header("content-type", common::CONTENT_TYPE)
            .body(body)
            .send(),
    );
    sender.send(first).await.unwrap();
    wait_for_child().await;
    sending.abort();
    drop(sender);
    for _ in 0..500 {
        if list_children().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(list_children(), []);
    assert_eq!(intake.collect_submissions().await.len(), 0);
}
