//! Uploads that are cut and continued: the pieces survive, and only a complete submission is
//! collected.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use age_hybrid::decoy_file;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use common::{TestInstallation, TestIntake};
use intake::store::CHUNK_BYTES;
use protocol::{Hash, api::relay, encoding::size_classes::SIZE_CLASSES};
use reqwest::{Response, StatusCode};
use sea_orm::{ConnectionTrait, Database, Statement};
use time::Duration;
use uuid::Uuid;

const PIECE: usize = CHUNK_BYTES;

/// A sealed submission and the id of its upload.
struct Upload {
    sealed: Vec<u8>,
    id: String,
}

impl Upload {
    fn new(class: usize, seed: u8) -> Self {
        let sealed = decoy_file(usize::try_from(SIZE_CLASSES[class]).unwrap(), seed.into());
        Self { sealed, id: BASE64_URL_SAFE_NO_PAD.encode([seed; 32]) }
    }

    fn path(&self) -> String {
        format!("/api/uploads/{}", self.id)
    }

    async fn append(&self, intake: &TestIntake, from: usize, until: usize) -> Response {
        let body = self.sealed[from..until].to_vec();
        self.post(intake, from, body).await
    }

    async fn post(&self, intake: &TestIntake, offset: usize, body: Vec<u8>) -> Response {
        intake
            .http
            .post(format!("{}{}", intake.public, self.path()))
            .header("upload-offset", offset)
            .header("upload-length", self.sealed.len())
            .body(body)
            .send()
            .await
            .unwrap()
    }

    /// Sends a part of the rest over a connection that breaks.
    async fn append_and_break(&self, intake: &TestIntake, from: usize, until: usize) {
        use tokio::io::AsyncWriteExt;
        let address = intake.public.strip_prefix("http://").unwrap();
        let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: x\r\nupload-offset: {from}\r\nupload-length: {}\r\n\
             content-length: {}\r\n\r\n",
            self.path(),
            self.sealed.len(),
            self.sealed.len() - from
        );
        connection.write_all(head.as_bytes()).await.unwrap();
        connection.write_all(&self.sealed[from..until]).await.unwrap();
        connection.shutdown().await.unwrap();
        // The piece that the intake is storing at the end can be lost as well.
        let mut answer = Vec::new();
        tokio::io::AsyncReadExt::read_to_end(&mut connection, &mut answer).await.ok();
    }

    /// Returns the status and the body of the answer to the question how much is stored.
    async fn progress(&self, intake: &TestIntake) -> (StatusCode, String) {
        let response = intake.get(&self.path()).await;
        (response.status(), response.text().await.unwrap())
    }

    async fn offset(&self, intake: &TestIntake) -> usize {
        let (status, body) = self.progress(intake).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        serde_json::from_str::<serde_json::Value>(&body).unwrap()["offset"]
            .as_u64()
            .unwrap()
            .try_into()
            .unwrap()
    }
}

#[tokio::test]
async fn a_cut_upload_continues_after_a_restart_and_is_collected_once_it_is_complete() {
    let mut intake = TestIntake::new().await;
    let upload = Upload::new(4, 1);
    let mut offset = 0;
    assert_eq!(upload.offset(&intake).await, 0, "an unknown upload begins at 0");
    for cut in [PIECE / 2, PIECE + 1, 3 * PIECE + 5, 4 * PIECE, 7 * PIECE + PIECE - 1] {
        upload.append_and_break(&intake, offset, cut).await;
        let stored = upload.offset(&intake).await;
        assert!(stored <= cut && cut - stored < 2 * PIECE, "{stored} bytes of {cut}");
        assert_eq!(stored % PIECE, 0);
        assert_eq!(intake.pull(100).await, [], "the case handler sees no part of it");
        intake = intake.restart().await;
        assert_eq!(upload.offset(&intake).await, stored);
        offset = stored;
    }
    let response = upload.append(&intake, offset, upload.sealed.len()).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    assert_eq!(response.text().await.unwrap(), r#"{"answer":null}"#);
    // The answer was lost: the client asks again, also after a restart.
    let stored = (StatusCode::CREATED, r#"{"answer":null}"#.to_owned());
    assert_eq!(upload.progress(&intake).await, stored);
    let intake = intake.restart().await;
    assert_eq!(upload.progress(&intake).await, stored);
    let again = upload.append(&intake, 0, PIECE).await;
    assert_eq!(again.status(), StatusCode::CONFLICT);
    let pulled = intake.pull(100).await;
    assert_eq!(pulled.len(), 1);
    assert!(pulled[0].1 == upload.sealed, "the bytes are identical");
    // After the collection nothing is left of the upload on the disk.
    assert_eq!(intake.ack(vec![pulled[0].0]).await, StatusCode::NO_CONTENT);
    let intake = intake.restart().await;
    assert_eq!(upload.offset(&intake).await, 0);
}

#[tokio::test]
async fn a_client_that_repeats_the_last_piece_gets_the_same_answer_also_after_the_collection() {
    let intake = TestIntake::new().await;
    let upload = Upload::new(4, 1);
    let end = upload.sealed.len();
    let created = (StatusCode::CREATED, r#"{"answer":null}"#.to_owned());
    let sent = upload.append(&intake, 0, end).await;
    assert_eq!((sent.status(), sent.text().await.unwrap()), created);
    for is_collected in [false, true] {
        if is_collected {
            let pulled = intake.pull(100).await;
            assert_eq!(pulled.len(), 1);
            assert_eq!(intake.ack(vec![pulled[0].0]).await, StatusCode::NO_CONTENT);
        }
        // Its last piece, its second half, and all of it.
        for from in [end - PIECE, end / 2, 0] {
            let again = upload.append(&intake, from, end).await;
            assert_eq!((again.status(), again.text().await.unwrap()), created, "{from}");
        }
        assert_eq!(upload.progress(&intake).await, created);
        let middle = upload.append(&intake, PIECE, 2 * PIECE).await;
        assert_eq!(middle.status(), StatusCode::CONFLICT, "not the last piece");
        let discard = intake.post(&format!("{}/discard", upload.path()), "").await;
        assert_eq!(discard.status(), StatusCode::NO_CONTENT);
        assert_eq!(intake.pull(100).await.len(), usize::from(!is_collected), "stored once");
    }
}

#[tokio::test]
async fn unfinished_uploads_in_parallel_are_refused_before_complete_submissions_are() {
    let mut installation = TestInstallation::new();
    installation.config.store.max_size_mib = 64;
    let intake = installation.start().await;
    let uploads: Vec<_> = (0..12).map(|seed| Upload::new(5, seed)).collect();
    let end = uploads[0].sealed.len();
    let all_but_one_byte = uploads.iter().map(|upload| upload.append(&intake, 0, end - 1));
    let mut refused = 0;
    for response in futures_util::future::join_all(all_but_one_byte).await {
        if response.status() == StatusCode::INSUFFICIENT_STORAGE {
            refused += 1;
            assert!(response.headers().contains_key("retry-after"));
            let problem = response.text().await.unwrap();
            assert!(problem.contains("the space for unfinished uploads is used up"), "{problem}");
        }
    }
    assert_eq!(refused, 10, "one class takes at most half of so small a space for two uploads");
    for seed in 20..24 {
        let whole = Upload::new(5, seed);
        let sent = intake.post("/api/reports", whole.sealed).await;
        assert_eq!(sent.status(), StatusCode::CREATED);
    }
    // Those that were admitted finish.
    let mut finished = 0;
    for upload in &uploads {
        let offset = upload.offset(&intake).await;
        if offset > 0 {
            finished += 1;
            let last = upload.append(&intake, offset, end).await;
            assert_eq!(last.status(), StatusCode::CREATED);
        }
    }
    assert_eq!(finished, 2);
    assert_eq!(intake.pull(100).await.len(), 4 + finished);
}

#[tokio::test]
async fn a_resumed_submission_differs_in_nothing_from_another_one_for_the_case_handler() {
    let intake = TestIntake::new().await;
    let (resumed, whole) = (Upload::new(3, 1), Upload::new(3, 2));
    assert_eq!(resumed.append(&intake, 0, 2 * PIECE).await.status(), StatusCode::ACCEPTED);
    assert_eq!(
        intake.post("/api/reports", whole.sealed.clone()).await.status(),
        StatusCode::CREATED
    );
    let end = resumed.sealed.len();
    assert_eq!(resumed.append(&intake, 2 * PIECE, end).await.status(), StatusCode::CREATED);
    let request = intake.handler.post(format!("{}{}", intake.relay, relay::LIST_PATH));
    let request = request.json(&relay::ListRequest { after: None, limit: 10 });
    let listed: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
    for entry in listed["waiting"].as_array().unwrap() {
        let names: Vec<&String> = entry.as_object().unwrap().keys().collect();
        assert_eq!(names, ["id", "len"], "no field states how it was uploaded");
        assert_eq!(entry["len"], whole.sealed.len());
    }
    let pulled = intake.pull(100).await;
    let mut hashes: Vec<Hash> = pulled.iter().map(|(_, sealed)| Hash::of(&[sealed])).collect();
    let mut expected = [&resumed, &whole].map(|upload| Hash::of(&[&upload.sealed])).to_vec();
    hashes.sort_unstable_by_key(|hash| hash.0);
    expected.sort_unstable_by_key(|hash| hash.0);
    assert_eq!(hashes, expected);
    assert!(pulled.iter().all(|(id, _)| id.get_version_num() == 4), "both have a random id");
}

#[tokio::test]
async fn a_request_that_does_not_continue_an_upload_stores_nothing() {
    let intake = TestIntake::new().await;
    let upload = Upload::new(3, 1);
    let end = upload.sealed.len();
    assert_eq!(upload.append(&intake, PIECE, end).await.status(), StatusCode::CONFLICT);
    let unsealed = upload.post(&intake, 0, vec![7; PIECE]).await;
    assert_eq!(unsealed.status(), StatusCode::BAD_REQUEST);
    assert_eq!(upload.append(&intake, 0, PIECE - 1).await.status(), StatusCode::ACCEPTED);
    assert_eq!(upload.offset(&intake).await, 0);
    assert_eq!(upload.append(&intake, 0, PIECE).await.status(), StatusCode::ACCEPTED);
    for (from, until) in [(0, PIECE), (1, end), (2 * PIECE, end)] {
        let response = upload.append(&intake, from, until).await;
        assert_eq!(response.status(), StatusCode::CONFLICT, "{from}");
    }
    // No size class, a submission of one piece, a body beyond the end, an empty body.
    let smaller = Upload::new(1, 2);
    assert_eq!(smaller.append(&intake, 0, 1).await.status(), StatusCode::BAD_REQUEST);
    let odd = Upload { sealed: vec![0; PIECE * 3], id: smaller.id.clone() };
    assert_eq!(odd.append(&intake, 0, PIECE).await.status(), StatusCode::BAD_REQUEST);
    let long = upload.post(&intake, PIECE, vec![0; end]).await;
    assert_eq!(long.status(), StatusCode::BAD_REQUEST);
    assert_eq!(upload.post(&intake, PIECE, Vec::new()).await.status(), StatusCode::BAD_REQUEST);
    for id in ["short", &"*".repeat(43), &"A".repeat(44)] {
        let invalid = Upload { sealed: upload.sealed.clone(), id: id.to_owned() };
        let response = invalid.append(&intake, 0, end).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{id}");
        assert_eq!(invalid.progress(&intake).await.0, StatusCode::BAD_REQUEST);
    }
    assert_eq!(upload.offset(&intake).await, PIECE);
    assert_eq!(intake.pull(100).await, []);
    // Another id does not continue it.
    let other = Upload { sealed: upload.sealed.clone(), id: smaller.id };
    assert_eq!(other.append(&intake, PIECE, end).await.status(), StatusCode::CONFLICT);
    assert_eq!(upload.append(&intake, PIECE, end).await.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn the_same_bytes_under_two_upload_ids_are_stored_once() {
    let intake = TestIntake::new().await;
    let one = Upload::new(3, 1);
    let two = Upload { sealed: one.sealed.clone(), id: Upload::new(3, 2).id };
    let end = one.sealed.len();
    for upload in [&one, &two] {
        assert_eq!(upload.append(&intake, 0, PIECE).await.status(), StatusCode::ACCEPTED);
    }
    for upload in [&one, &two] {
        assert_eq!(upload.append(&intake, PIECE, end).await.status(), StatusCode::CREATED);
    }
    assert_eq!(intake.post("/api/reports", one.sealed.clone()).await.status(), StatusCode::CREATED);
    assert_eq!(intake.pull(100).await.len(), 1);
    for upload in [&one, &two] {
        assert_eq!(upload.progress(&intake).await.0, StatusCode::CREATED);
    }
}

#[tokio::test]
async fn concurrent_requests_of_one_upload_leave_no_gap_and_no_mixture() {
    let intake = TestIntake::new().await;
    let upload = Upload::new(5, 1);
    let end = upload.sealed.len();
    let mut created = 0;
    while created == 0 {
        let offset = upload.offset(&intake).await;
        let attempts = (0..4).map(|_| upload.append(&intake, offset, end));
        for response in futures_util::future::join_all(attempts).await {
            match response.status() {
                StatusCode::CREATED => created += 1,
                StatusCode::CONFLICT => {}
                other => panic!("{other}"),
            }
        }
        if upload.progress(&intake).await.0 == StatusCode::CREATED {
            break;
        }
    }
    let pulled = intake.pull(100).await;
    assert_eq!(pulled.len(), 1);
    assert!(pulled[0].1 == upload.sealed);
}

#[tokio::test]
async fn an_unfinished_upload_lasts_a_day_and_then_nothing_of_it_is_left() {
    let installation = TestInstallation::new();
    let intake = installation.start().await;
    let (unfinished, cancelled) = (Upload::new(3, 1), Upload::new(3, 2));
    for upload in [&unfinished, &cancelled] {
        assert_eq!(upload.append(&intake, 0, 2 * PIECE).await.status(), StatusCode::ACCEPTED);
    }
    let discard = intake.post(&format!("{}/discard", cancelled.path()), "").await;
    assert_eq!(discard.status(), StatusCode::NO_CONTENT);
    assert_eq!(cancelled.offset(&intake).await, 0, "a cancelled upload is deleted at once");
    // The garbage collection runs at the start.
    let installation = intake.stop().await;
    installation.clock.advance(Duration::days(1));
    let intake = installation.start().await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert_eq!(unfinished.offset(&intake).await, 2 * PIECE, "on the next day");
    let installation = intake.stop().await;
    installation.clock.advance(Duration::days(1));
    let intake = installation.start().await;
    for _ in 0..100 {
        if unfinished.offset(&intake).await == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(unfinished.offset(&intake).await, 0, "on the second day");
    let discard = intake.post(&format!("{}/discard", unfinished.path()), "").await;
    assert_eq!(discard.status(), StatusCode::NO_CONTENT, "an unknown upload is no secret");
    let end = unfinished.sealed.len();
    assert_eq!(unfinished.append(&intake, 0, end).await.status(), StatusCode::CREATED);
    let discard = intake.post(&format!("{}/discard", unfinished.path()), "").await;
    assert_eq!(discard.status(), StatusCode::NO_CONTENT);
    assert_eq!(intake.pull(100).await.len(), 1, "a complete submission is not discarded");
}

#[tokio::test]
async fn neither_the_stored_hash_nor_a_similar_id_continues_or_discards_an_upload() {
    let intake = TestIntake::new().await;
    let upload = Upload::new(3, 1);
    let end = upload.sealed.len();
    assert_eq!(upload.append(&intake, 0, PIECE).await.status(), StatusCode::ACCEPTED);
    // What a thief of the database finds, and guesses that differ from the id in one bit.
    let id = [1; 32];
    let mut guesses = vec![Hash::of(&[&id]).0];
    guesses.extend((0..256).step_by(37).map(|bit| {
        let mut guess = id;
        guess[bit / 8] ^= 1 << (bit % 8);
        guess
    }));
    for guess in guesses {
        let id = BASE64_URL_SAFE_NO_PAD.encode(guess);
        let other = Upload { sealed: upload.sealed.clone(), id };
        assert_eq!(other.offset(&intake).await, 0);
        let continued = other.append(&intake, PIECE, end).await;
        assert_eq!(continued.status(), StatusCode::CONFLICT);
        let discarded = intake.post(&format!("{}/discard", other.path()), "").await;
        assert_eq!(discarded.status(), StatusCode::NO_CONTENT);
    }
    assert_eq!(upload.offset(&intake).await, PIECE, "nothing has changed");
    assert_eq!(upload.append(&intake, PIECE, end).await.status(), StatusCode::CREATED);
    assert_eq!(intake.pull(100).await.len(), 1);
}

#[tokio::test]
async fn the_case_handler_neither_sees_nor_deletes_an_unfinished_upload() {
    let intake = TestIntake::new().await;
    let upload = Upload::new(3, 1);
    assert_eq!(upload.append(&intake, 0, 2 * PIECE).await.status(), StatusCode::ACCEPTED);
    let spool = Database::connect(&intake.installation.config.store.url).await.unwrap();
    let sql = Statement::from_string(spool.get_database_backend(), "SELECT id FROM submissions");
    let row = spool.query_one_raw(sql).await.unwrap().unwrap();
    // The case handler does not learn this id before the submission is complete.
    let id: Uuid = row.try_get("", "id").unwrap();
    let request = intake.handler.post(format!("{}{}", intake.relay, relay::LIST_PATH));
    let request = request.json(&relay::ListRequest { after: None, limit: 10 });
    let listed: relay::ListResponse = request.send().await.unwrap().json().await.unwrap();
    assert!(listed.waiting.is_empty());
    let request = intake.handler.post(format!("{}{}", intake.relay, relay::PULL_PATH));
    let request = request.json(&relay::PullRequest { limit: 10, ids: vec![id] });
    let pulled = request.send().await.unwrap();
    assert_eq!(pulled.status(), StatusCode::OK);
    assert!(pulled.bytes().await.unwrap().is_empty());
    assert_eq!(intake.ack(vec![id]).await, StatusCode::NO_CONTENT);
    assert_eq!(upload.offset(&intake).await, 2 * PIECE, "it is not deleted");
    let end = upload.sealed.len();
    assert_eq!(upload.append(&intake, 2 * PIECE, end).await.status(), StatusCode::CREATED);
    let pulled = intake.pull(100).await;
    assert_eq!(pulled.len(), 1);
    assert!(pulled[0].1 == upload.sealed);
}
