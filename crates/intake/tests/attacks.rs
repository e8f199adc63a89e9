//! Attacks of one client on the capacity of the service for others.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use std::{net::SocketAddr, time::Duration};

use age_hybrid::decoy_file;
use common::{CONTENT_TYPE, MultipartFormData, TestInstallation, TestIntake};
use http::StatusCode;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{sleep, timeout},
};

const SEND_REPORT_PATH: &str = "/en/report/send";

/// Posts an empty receipt through the proxy, from this address.
async fn post_from(intake: &TestIntake, address: &str) -> StatusCode {
    let request = intake.http.post(format!("{}/en/return", intake.public));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    request.header("x-forwarded-for", address).body("receipt=").send().await.unwrap().status()
}

#[tokio::test]
async fn a_client_that_posts_without_pause_does_not_block_others() {
    let mut installation = TestInstallation::new();
    installation.config.public.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    installation.config.limits.per_network_burst = 20;
    installation.config.limits.per_network_per_minute = 20;
    let intake = installation.start().await;
    for _ in 0..60 {
        post_from(&intake, "41.207.1.7:4312").await;
    }
    // No slot is scarce, so the service accepts requests from the same address, from the same /24,
    // and from clients that the proxy cannot identify.
    for address in ["41.207.1.7", "41.207.1.8", "unknown", "unknown"] {
        assert_eq!(
            post_from(&intake, address).await,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{address}"
        );
    }
}

#[tokio::test]
async fn the_rate_limit_applies_only_while_slots_are_scarce_and_only_to_the_same_address() {
    let mut installation = TestInstallation::new();
    installation.config.public.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    installation.config.limits.per_network_burst = 5;
    installation.config.limits.per_network_per_minute = 1;
    installation.config.limits.concurrent_reads = 8;
    let intake = installation.start().await;
    let address: SocketAddr = intake.public.strip_prefix("http://").unwrap().parse().unwrap();
    let mut stalled = Vec::new();
    for _ in 0..6 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let post = b"POST /en/return HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 41.207.1.7\r\ncontent-length: 100\r\n\r\nx";
        stream.write_all(post).await.unwrap();
        stalled.push(stream);
    }
    sleep(Duration::from_millis(300)).await;
    assert_eq!(post_from(&intake, "41.207.1.7").await, StatusCode::TOO_MANY_REQUESTS);
    for spelling in ["41.207.1.8", "41.207.1.9:50"] {
        assert_eq!(
            post_from(&intake, spelling).await,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{spelling}"
        );
    }
}

/// Opens a connection through the onion service.
async fn connect_by_circuit(onion: SocketAddr, circuit: u16) -> TcpStream {
    let mut stream = TcpStream::connect(onion).await.unwrap();
    let header = format!("PROXY TCP6 fc00:dead:beef:4dad::{circuit:x} ::1 65535 42\r\n");
    stream.write_all(header.as_bytes()).await.unwrap();
    stream
}

fn request_head(path: &str, length: usize) -> Vec<u8> {
    format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: {CONTENT_TYPE}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n")
        .into_bytes()
}

async fn read_response(mut stream: TcpStream) -> String {
    let mut response = Vec::new();
    timeout(Duration::from_mins(1), stream.read_to_end(&mut response)).await.unwrap().ok();
    String::from_utf8_lossy(&response).into_owned()
}

#[tokio::test]
async fn one_circuit_of_the_onion_service_takes_no_upload_from_another_and_reads_a_page() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut installation = TestInstallation::new();
    installation.config.public.onion_listen = Some(free);
    installation.config.limits.concurrent_uploads = 4;
    let keys = installation.keys.directory(1, installation.clock.today(), 2);
    let intake = installation.start().await;
    intake.put_directory(&keys).await;
    // One client holds all upload slots, with each upload just above the minimum rate.
    let mut attack = Vec::new();
    for _ in 0..4 {
        let mut stream = connect_by_circuit(free, 1).await;
        stream.write_all(&request_head("/api/reports", 4 << 20)).await.unwrap();
        stream.write_all(&decoy_file(250 * 1024, 7)).await.unwrap();
        attack.push(stream);
    }
    sleep(Duration::from_millis(500)).await;
    let form = MultipartFormData::report("a story", 1).file("a.jpg", &vec![7; 400_000]).end();
    let mut honest = connect_by_circuit(free, 2).await;
    honest.write_all(&[request_head(SEND_REPORT_PATH, form.len()), form].concat()).await.unwrap();
    let page = read_response(honest).await;
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    // The evicted client gets a response, not a broken connection.
    let mut answered = 0;
    for mut stream in attack {
        let mut first = [0; 12];
        let read = timeout(Duration::from_secs(6), stream.read_exact(&mut first)).await;
        answered += usize::from(read.is_ok_and(|read| read.is_ok()) && &first == b"HTTP/1.1 408");
    }
    assert_eq!(answered, 1);
    // A connection without the header of the onion service gets no response.
    let mut other_client = TcpStream::connect(free).await.unwrap();
    other_client.write_all(b"GET /en HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    assert_eq!(read_response(other_client).await, "");
}

#[tokio::test]
async fn a_small_post_with_a_file_takes_the_slot_of_an_upload() {
    let mut installation = TestInstallation::new();
    installation.config.limits.concurrent_uploads = 1;
    installation.config.limits.queue_timeout_seconds = 1;
    let keys = installation.keys.directory(1, installation.clock.today(), 2);
    let intake = installation.start().await;
    intake.put_directory(&keys).await;
    let address: SocketAddr = intake.public.strip_prefix("http://").unwrap().parse().unwrap();
    let mut upload = TcpStream::connect(address).await.unwrap();
    upload.write_all(&request_head("/api/reports", 4 << 20)).await.unwrap();
    upload.write_all(&decoy_file(64 * 1024, 7)).await.unwrap();
    let hold = async {
        for _ in 0..40 {
            // The upload is fast, and its slot was assigned just now.
            if upload.write_all(&vec![7; 64 * 1024]).await.is_err() {
                return;
            }
            sleep(Duration::from_millis(100)).await;
        }
    };
    let small = async {
        sleep(Duration::from_millis(500)).await;
        let with_file = MultipartFormData::report("a story", 1).file("a.txt", b"a file").end();
        let text = intake
            .post_form(SEND_REPORT_PATH, MultipartFormData::report("a story", 2).end())
            .await
            .0;
        (text, intake.post_form(SEND_REPORT_PATH, with_file).await)
    };
    let ((text, (status, page)), ()) = tokio::join!(small, hold);
    assert_eq!(text, StatusCode::OK, "a text report needs no upload slot");
    // The report waited, and evicted an upload that had held its slot for long enough.
    assert_eq!(status, StatusCode::OK, "{page}");
}

/// A small sealed submission. Each number gives other bytes.
fn small_submission(number: u64) -> Vec<u8> {
    decoy_file(32 << 10, number)
}

/// Submits through the proxy, from this address.
async fn submit_from(intake: &TestIntake, address: &str, number: u64) -> StatusCode {
    let request = intake.http.post(format!("{}/api/reports", intake.public));
    let request = request.header("x-forwarded-for", address).body(small_submission(number));
    request.send().await.unwrap().status()
}

/// Submits through this circuit of the onion service.
async fn submit_by_circuit(onion: SocketAddr, circuit: u16, number: u64) -> StatusCode {
    let mut stream = connect_by_circuit(onion, circuit).await;
    let body = small_submission(number);
    stream.write_all(&[request_head("/api/reports", body.len()), body].concat()).await.unwrap();
    let response = read_response(stream).await;
    response.split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn senders_of_one_class_do_not_exhaust_the_space_for_text() {
    let onion = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let filled = TestIntake::new().await;
    for (mib, number) in [(64, 1), (16, 2), (8, 3), (2, 4)] {
        let status = filled.post("/api/reports", decoy_file(mib << 20, number)).await.status();
        assert_eq!(status, StatusCode::CREATED);
    }
    // The last tenth of the spool begins here.
    let mut installation = filled.stop().await;
    installation.config.public.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    installation.config.public.onion_listen = Some(onion);
    installation.config.store.max_size_mib = 100;
    let intake = installation.start().await;
    let mut number = 1_000..;
    for circuit in 0..14 {
        while submit_by_circuit(onion, circuit, number.next().unwrap()).await == StatusCode::CREATED
        {
        }
    }
    for network in 0..17 {
        let address = format!("2001:db8:1:{:x}::1", network << 8);
        while submit_from(&intake, &address, number.next().unwrap()).await == StatusCode::CREATED {}
    }
    for address in ["41.203.10.1", "2001:db8:2::1", "2001:db9::1", "127.0.0.1"] {
        let status = submit_from(&intake, address, number.next().unwrap()).await;
        assert_eq!(status, StatusCode::CREATED, "{address}");
    }
    for circuit in 100..103 {
        let status = submit_by_circuit(onion, circuit, number.next().unwrap()).await;
        assert_eq!(status, StatusCode::CREATED, "circuit {circuit}");
    }
}
