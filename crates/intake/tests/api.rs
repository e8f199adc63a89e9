//! The HTTP interface for programs, and the headers of every response.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use age_hybrid::{MAX_HEADER_LEN, decoy_file};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use common::{TestInstallation, TestIntake};
use protocol::{
    Hash,
    directory::RootSignature,
    encoding::size_classes::SIZE_CLASSES,
    mailbox::MAILBOX_LEN,
    receipt::{Locator, Receipt},
};
use reqwest::{StatusCode, header::HeaderMap};
use time::Duration;

/// Returns bytes of this length that look sealed, or zeros if the length is too short for a header.
fn padded_bytes(len: u64, seed: u64) -> Vec<u8> {
    let len = usize::try_from(len).unwrap();
    if len < MAX_HEADER_LEN { vec![0; len] } else { decoy_file(len, seed) }
}

#[tokio::test]
async fn unsealed_bytes_are_rejected_and_not_stored() {
    let intake = TestIntake::new().await;
    let good = padded_bytes(SIZE_CLASSES[0], 5);
    let text = String::from_utf8_lossy(&good[..MAX_HEADER_LEN]).into_owned();
    let stanza_end = 22 + text[22..].find("\n-> ").unwrap();
    let stanza = &text[22..=stanza_end];
    let with_head = |head: String| [head.as_bytes(), &good[MAX_HEADER_LEN..]].concat();
    let changed = |from: &str, to: &str| with_head(text.replacen(from, to, 1));
    let random = vec![7; good.len()];
    let mut no_end = b"age-encryption.org/v1\n".to_vec();
    while no_end.len() < good.len() {
        no_end.extend_from_slice(b"-> a-grease\n\n");
    }
    let junk = [
        ("no age file", random),
        ("another version", changed("/v1\n", "/v2\n")),
        ("another recipient", changed("-> mlkem768x25519 ", "-> X25519 ")),
        ("two recipients", changed("-> ", &format!("{stanza}-> "))),
        ("a passphrase beside it", changed("-> ", "-> scrypt AAAAAAAAAAAAAAAAAAAAAA 1\n\n-> ")),
        ("a short encapsulation", changed("-> mlkem768x25519 ", "-> mlkem768x25519 AAAA ")),
        ("no MAC", changed("\n--- ", "\n-- ")),
        ("a header without end", no_end),
    ];
    for (what, mut bytes) in junk {
        bytes.resize(good.len(), 0);
        let response = intake.post("/api/reports", bytes).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{what}");
        assert!(response.text().await.unwrap().contains("mlkem768x25519"), "{what}");
    }
    assert_eq!(intake.pull(100).await, []);
    // A submission that arrives in small pieces is accepted as well.
    let pieces: Vec<_> =
        good.chunks(700).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect();
    let request = intake.http.post(format!("{}/api/reports", intake.public));
    let body = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
    let response = request.header("content-length", good.len()).body(body).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::CREATED);
    assert_eq!(
        intake.pull(100).await.into_iter().map(|(_, sealed)| sealed).collect::<Vec<_>>(),
        [good]
    );
}

#[tokio::test]
async fn the_same_bytes_are_accepted_again_and_stored_once() {
    let intake = TestIntake::new().await;
    for _ in 0..3 {
        for length in [SIZE_CLASSES[0], SIZE_CLASSES[1], SIZE_CLASSES[4]] {
            assert_eq!(
                intake.post("/api/reports", padded_bytes(length, 1)).await.status(),
                StatusCode::CREATED
            );
        }
    }
    let intake = intake.restart().await;
    let mut lengths: Vec<u64> =
        intake.pull(100).await.iter().map(|(_, sealed)| sealed.len() as u64).collect();
    lengths.sort_unstable();
    assert_eq!(lengths, [SIZE_CLASSES[0], SIZE_CLASSES[1], SIZE_CLASSES[4]]);
}

#[tokio::test]
async fn a_length_of_no_size_class_is_rejected_and_nothing_is_stored() {
    let intake = TestIntake::new().await;
    for len in [0, 1, SIZE_CLASSES[0] - 1, SIZE_CLASSES[0] + 1, SIZE_CLASSES[3] + 7] {
        let response = intake.post("/api/reports", padded_bytes(len, 2)).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{len}");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
    }
    // A request without Content-Length.
    let pieces =
        futures_util::stream::iter([Ok::<_, std::io::Error>(padded_bytes(SIZE_CLASSES[0], 3))]);
    let response = intake.post("/api/reports", reqwest::Body::wrap_stream(pieces)).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(intake.pull(100).await, []);
}

#[tokio::test]
async fn a_broken_connection_stores_nothing() {
    use tokio::io::AsyncWriteExt;
    let intake = TestIntake::new().await;
    let address = intake.public.strip_prefix("http://").unwrap();
    let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /api/reports HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n",
        SIZE_CLASSES[4]
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    connection.write_all(&padded_bytes(SIZE_CLASSES[3], 4)).await.unwrap();
    drop(connection);
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(intake.pull(100).await, []);
    // The slot is free for the next request.
    assert_eq!(
        intake.post("/api/reports", padded_bytes(SIZE_CLASSES[4], 4)).await.status(),
        StatusCode::CREATED
    );
}

/// Announces a submission, sends its beginning, and returns the status line of the answer.
async fn answer_before_the_body(intake: &TestIntake, announced: u64) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let address = intake.public.strip_prefix("http://").unwrap();
    let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
    let head =
        format!("POST /api/reports HTTP/1.1\r\nhost: x\r\ncontent-length: {announced}\r\n\r\n");
    connection.write_all(head.as_bytes()).await.unwrap();
    // The service reads 192 KiB of a body before it decides about the rest.
    connection.write_all(&padded_bytes(200 * 1024, 9)).await.unwrap();
    let mut answer = [0; 12];
    let read = connection.read_exact(&mut answer);
    let in_time = tokio::time::timeout(std::time::Duration::from_secs(10), read).await;
    in_time.expect("an answer before the rest of the body").unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_submission_without_space_is_refused_before_its_body() {
    let mut installation = TestInstallation::new();
    installation.config.store.max_size_mib = 64;
    let intake = installation.start().await;
    assert_eq!(answer_before_the_body(&intake, SIZE_CLASSES[9]).await, "HTTP/1.1 507");
    // 16 MiB of the second one would be in the second half, where the share of a class is smaller.
    for (seed, class) in [(1, 7), (2, 6)] {
        let sent = intake.post("/api/reports", padded_bytes(SIZE_CLASSES[class], seed)).await;
        assert_eq!(sent.status(), StatusCode::CREATED);
    }
    assert_eq!(answer_before_the_body(&intake, SIZE_CLASSES[8]).await, "HTTP/1.1 507");
    assert_eq!(intake.pull(100).await.len(), 2);
}

async fn mailbox(intake: &TestIntake, locator: &Locator) -> (StatusCode, HeaderMap, Vec<u8>) {
    let body = format!("{{\"locator\":\"{}\"}}", BASE64_URL_SAFE_NO_PAD.encode(locator.0));
    let response = intake.post("/api/mailbox", body).await;
    let mut headers = response.headers().clone();
    headers.remove("date");
    (response.status(), headers, response.bytes().await.unwrap().to_vec())
}

#[tokio::test]
async fn present_and_absent_mailboxes_are_indistinguishable() {
    let intake = TestIntake::new().await;
    let (present_locator, absent_locator) =
        (Receipt::from_bytes([1; 16]).locator(), Receipt::from_bytes([2; 16]).locator());
    let sealed = padded_bytes(MAILBOX_LEN as u64, 7);
    let put = [(present_locator.mailbox_id(), sealed.clone())];
    assert_eq!(intake.put_mailboxes(&put).await, StatusCode::NO_CONTENT);
    let present = mailbox(&intake, &present_locator).await;
    let absent = mailbox(&intake, &absent_locator).await;
    assert_eq!(present.0, StatusCode::OK);
    assert_eq!((present.0, &present.1), (absent.0, &absent.1));
    assert_eq!(present.2, sealed);
    assert_eq!(absent.2.len(), MAILBOX_LEN);
    assert!(absent.2.starts_with(b"age-encryption.org/v1\n"), "a decoy has the form of a mailbox");
    // A mailbox stays the same until the next publication. A decoy must do so too, even after a
    // restart.
    assert_eq!(mailbox(&intake, &absent_locator).await.2, absent.2);
    let intake = intake.restart().await;
    assert_eq!(mailbox(&intake, &absent_locator).await.2, absent.2);
    assert_eq!(mailbox(&intake, &present_locator).await.2, sealed);
    // Both change with the next publication.
    assert_eq!(intake.put_mailboxes(&put).await, StatusCode::NO_CONTENT);
    assert_ne!(mailbox(&intake, &absent_locator).await.2, absent.2);
}

#[tokio::test]
async fn an_invalid_mailbox_request_is_rejected() {
    let intake = TestIntake::new().await;
    for body in ["", "{}", "{\"locator\":\"short\"}", "{\"locator\":7}", &"x".repeat(5000)] {
        assert_eq!(
            intake.post("/api/mailbox", body.to_owned()).await.status(),
            StatusCode::BAD_REQUEST
        );
    }
}

#[tokio::test]
async fn the_directory_is_served_as_signed_until_it_expires() {
    let intake = TestIntake::new().await;
    assert_eq!(intake.get("/directory.json").await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(intake.get("/directory.sig").await.status(), StatusCode::SERVICE_UNAVAILABLE);
    let today = intake.installation.clock.today();
    let signed = intake.installation.keys.directory(2, today, 2);
    assert_eq!(intake.put_directory(&signed).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(intake.put_directory(&signed).await.status(), StatusCode::NO_CONTENT);
    // A rollback, another directory of the same epoch, too few signatures, and an expired one.
    for refused in [
        intake.installation.keys.directory(1, today, 2),
        intake.installation.keys.directory(2, today - Duration::days(1), 2),
        intake.installation.keys.directory(3, today, 1),
        intake.installation.keys.directory(3, today - Duration::days(40), 2),
    ] {
        assert_eq!(intake.put_directory(&refused).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
    let intake = intake.restart().await;
    assert_eq!(intake.get("/directory.json").await.bytes().await.unwrap(), signed.bytes);
    let signatures = intake.get("/directory.sig").await.bytes().await.unwrap();
    assert_eq!(
        serde_json::from_slice::<Vec<RootSignature>>(&signatures).unwrap(),
        signed.signatures
    );
    intake.installation.clock.advance(Duration::days(31));
    let expired = intake.get("/directory.json").await;
    assert_eq!(expired.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(expired.headers().contains_key("retry-after"));
}

#[tokio::test]
async fn a_browser_uses_a_stored_directory_only_while_it_is_the_newest_one() {
    let intake = TestIntake::new().await;
    let today = intake.installation.clock.today();
    let ask = async |path: &str, known: &str| {
        let url = format!("{}{path}", intake.public);
        intake.http.get(url).header("if-none-match", known).send().await.unwrap()
    };
    let publish = async |epoch| {
        let signed = intake.installation.keys.directory(epoch, today, 2);
        assert_eq!(intake.put_directory(&signed).await.status(), StatusCode::NO_CONTENT);
        signed
    };
    for (path, epoch) in [("/directory.json", 2), ("/directory.sig", 4)] {
        publish(epoch).await;
        let first = intake.get(path).await;
        // Stored, and used again only after the service has confirmed it.
        assert_eq!(first.headers()["cache-control"], "no-cache", "{path}");
        let tag = first.headers()["etag"].to_str().unwrap().to_owned();
        assert_eq!(ask(path, &tag).await.status(), StatusCode::NOT_MODIFIED, "{path}");
        // From the moment at which a newer one is published, the older one is not confirmed.
        let newer = publish(epoch + 1).await;
        let answer = ask(path, &tag).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        assert_ne!(answer.headers()["etag"].to_str().unwrap(), tag, "{path}");
        let signatures = serde_json::to_vec(&newer.signatures).unwrap();
        let expected = if path == "/directory.json" { newer.bytes } else { signatures };
        assert_eq!(answer.bytes().await.unwrap(), expected, "{path}");
    }
    let tag = intake.get("/directory.json").await.headers()["etag"].to_str().unwrap().to_owned();
    intake.installation.clock.advance(Duration::days(31));
    let expired = ask("/directory.json", &tag).await;
    assert_eq!(expired.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(expired.headers()["cache-control"], "no-store");
}

#[tokio::test]
async fn every_response_has_the_security_headers_and_none_names_the_server_software() {
    let intake = TestIntake::new().await;
    for (path, status) in [
        ("/en", StatusCode::OK),
        ("/en/report", StatusCode::OK),
        ("/nowhere", StatusCode::NOT_FOUND),
        ("/fr/return", StatusCode::OK),
        ("/directory.json", StatusCode::SERVICE_UNAVAILABLE),
        ("/health", StatusCode::NOT_FOUND),
        ("/relay/v1/pull", StatusCode::NOT_FOUND),
    ] {
        let response = intake.get(path).await;
        assert_eq!(response.status(), status, "{path}");
        let headers = response.headers();
        // The service's own scripts may run on pages without a secret, if this build includes them.
        // On other pages no script may run.
        let typed = ["/en", "/en/report", "/fr/return"].contains(&path);
        let policy = headers["content-security-policy"].to_str().unwrap();
        let none = policy.contains("script-src 'none'");
        assert!(none || typed && policy.contains("script-src 'self';"), "{path}: {policy}");
        assert_eq!(headers["cache-control"], "no-store", "{path}");
        assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
        assert!(!headers.contains_key("server") && !headers.contains_key("set-cookie"), "{path}");
        let head = intake.http.head(format!("{}{path}", intake.public)).send().await.unwrap();
        assert_eq!(head.status(), status);
        assert_eq!(head.bytes().await.unwrap().len(), 0);
    }
}

#[tokio::test]
async fn oversized_headers_are_rejected() {
    let intake = TestIntake::new().await;
    let page = || intake.http.get(format!("{}/en", intake.public));
    let long = page().header("x-long", "x".repeat(200_000)).send().await.unwrap();
    assert_eq!(long.status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    let many = (0..200).fold(page(), |request, n| request.header(format!("x-{n}"), "y"));
    assert_eq!(many.send().await.unwrap().status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
}

#[tokio::test]
async fn a_waiting_upload_gets_the_slot_of_a_slow_one() {
    use tokio::io::AsyncWriteExt;
    let mut installation = TestInstallation::new();
    installation.config.limits.concurrent_uploads = 1;
    installation.config.limits.concurrent_small_requests = 1;
    installation.config.limits.queue_timeout_seconds = 1;
    let intake = installation.start().await;
    let address = intake.public.strip_prefix("http://").unwrap();
    let mut slow_client = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /api/reports HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n",
        SIZE_CLASSES[4]
    );
    slow_client
        .write_all(&[head.as_bytes(), &padded_bytes(SIZE_CLASSES[2], 9)].concat())
        .await
        .unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    // The slow upload has held its slot for as long as the new one waits.
    let response = intake.post("/api/reports", padded_bytes(SIZE_CLASSES[3], 1)).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    // Small requests use other permits, and a slow client holds none of them.
    let mut slow_clients = Vec::new();
    for _ in 0..10 {
        let mut slow_client = tokio::net::TcpStream::connect(address).await.unwrap();
        let head = b"POST /api/mailbox HTTP/1.1\r\nhost: x\r\ncontent-length: 70\r\n\r\n{";
        slow_client.write_all(head).await.unwrap();
        slow_clients.push(slow_client);
    }
    assert_eq!(intake.post("/api/mailbox", "{}").await.status(), StatusCode::BAD_REQUEST);
    assert_eq!(
        intake.post("/api/reports", padded_bytes(SIZE_CLASSES[0], 1)).await.status(),
        StatusCode::CREATED
    );
    drop(slow_client);
    assert_eq!(
        intake.post("/api/reports", padded_bytes(SIZE_CLASSES[3], 1)).await.status(),
        StatusCode::CREATED
    );
    let mut stored: Vec<Hash> =
        intake.pull(9).await.iter().map(|(_, sealed)| Hash::of(&[sealed])).collect();
    let mut sent = [
        Hash::of(&[&padded_bytes(SIZE_CLASSES[0], 1)]),
        Hash::of(&[&padded_bytes(SIZE_CLASSES[3], 1)]),
    ];
    stored.sort();
    sent.sort();
    assert_eq!(stored, sent);
}
