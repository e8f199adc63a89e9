//! Uploads that finish, are discarded or are deleted at the same time.

use std::{future::Future, pin::pin};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use time::macros::date;

use super::*;

on_both_databases!(
    a_limited_number_of_uploads_finishes_at_the_same_time,
    a_discard_waits_for_the_end_of_the_upload,
    two_requests_with_the_last_piece_finish_an_upload_once,
    an_upload_that_is_deleted_while_it_finishes_is_a_conflict,
    a_request_of_a_discarded_upload_writes_nothing_into_the_next_one,
    unfinished_uploads_leave_space_for_complete_submissions,
);

const DAY: time::Date = date!(2026 - 11 - 30);
const PIECE: usize = CHUNK_BYTES;

fn upload_id(number: u8) -> UploadId {
    UploadId::parse(&BASE64_URL_SAFE_NO_PAD.encode([number; 32])).unwrap()
}

impl TestSpool {
    async fn continue_upload(
        &self,
        id: &UploadId,
        offset: usize,
        content: &[u8],
    ) -> Result<UploadContinuation, StoreError> {
        let position = (offset as u64, content.len() as u64);
        let today = (DAY, "2026-W49".to_owned());
        self.store.continue_upload(id, position, today, &mut rng()).await
    }

    /// Stores all pieces but the last one, and returns the upload with the last one.
    async fn upload_until_the_last_piece(
        &self,
        number: u8,
        content: &[u8],
    ) -> Box<ResumableUpload> {
        let continued = self.continue_upload(&upload_id(number), 0, content).await.unwrap();
        let UploadContinuation::Append(mut upload) = continued else { panic!("not new") };
        assert_eq!(upload.write(content).await.unwrap(), AppendOutcome::Stored);
        upload
    }

    async fn finishing(&self, number: u8, content: &[u8]) -> FinishingUpload {
        let upload = self.upload_until_the_last_piece(number, content).await;
        upload.wait_to_finish().await.unwrap().unwrap()
    }
}

/// Returns whether a future is still waiting after a while.
async fn is_waiting(future: impl Future + Unpin) -> bool {
    tokio::time::timeout(Duration::from_millis(300), future).await.is_err()
}

async fn a_limited_number_of_uploads_finishes_at_the_same_time(spool: TestSpool) {
    let contents = [1, 2, 3].map(|seed| bytes(size_classes::SIZE_CLASSES[3], seed));
    let first = spool.finishing(1, &contents[0]).await;
    let second = spool.finishing(2, &contents[1]).await;
    let third = spool.upload_until_the_last_piece(3, &contents[2]).await;
    let mut third = pin!(third.wait_to_finish());
    assert!(is_waiting(&mut third).await);
    assert_eq!(first.finish().await, Ok(AppendOutcome::Stored));
    let third = third.await.unwrap().unwrap();
    for finishing in [second, third] {
        assert_eq!(finishing.finish().await, Ok(AppendOutcome::Stored));
    }
    assert_eq!(spool.pending().await.len(), 3);
    assert_eq!(spool.store.unfinished_usage().0, 0);
}

async fn a_discard_waits_for_the_end_of_the_upload(spool: TestSpool) {
    let content = bytes(size_classes::SIZE_CLASSES[3], 1);
    let finishing = spool.finishing(1, &content).await;
    let id = upload_id(1);
    let mut discard = pin!(spool.store.discard_upload(&id));
    assert!(is_waiting(&mut discard).await);
    assert_eq!(finishing.finish().await, Ok(AppendOutcome::Stored));
    discard.await.unwrap();
    assert_eq!(spool.store.upload_progress(&id).await, Ok(UploadProgress::Complete));
    assert_eq!(spool.read(&spool.pending().await[0]).await, content);
}

async fn two_requests_with_the_last_piece_finish_an_upload_once(spool: TestSpool) {
    let content = bytes(size_classes::SIZE_CLASSES[3], 1);
    let finishing = spool.finishing(1, &content).await;
    let last = content.len() - PIECE;
    let continued = spool.continue_upload(&upload_id(1), last, &content).await.unwrap();
    let UploadContinuation::Append(mut repeated) = continued else { panic!("not finished yet") };
    repeated.write(&content[last..]).await.unwrap();
    let mut repeated = pin!(repeated.wait_to_finish());
    assert!(is_waiting(&mut repeated).await);
    assert_eq!(finishing.finish().await, Ok(AppendOutcome::Stored));
    assert!(repeated.await.unwrap().is_none(), "it has ended");
    let continued = spool.continue_upload(&upload_id(1), last, &content).await.unwrap();
    assert!(matches!(continued, UploadContinuation::Ended));
    // The same answer follows after the collection.
    let collected = spool.pending().await;
    assert_eq!(collected.len(), 1);
    spool.store.delete_submissions(vec![collected[0].id]).await.unwrap();
    assert_eq!(spool.count_rows().await, (0, 0));
    let continued = spool.continue_upload(&upload_id(1), last, &content).await.unwrap();
    assert!(matches!(continued, UploadContinuation::Ended));
    assert_eq!(spool.store.upload_progress(&upload_id(1)).await, Ok(UploadProgress::Complete));
}

/// Another replica, or the garbage collection, does not wait for this process.
async fn an_upload_that_is_deleted_while_it_finishes_is_a_conflict(spool: TestSpool) {
    let content = bytes(size_classes::SIZE_CLASSES[3], 1);
    let finishing = spool.finishing(1, &content).await;
    let tomorrow = DAY.next_day().unwrap();
    spool.store.delete_expired_uploads(tomorrow.next_day().unwrap()).await.unwrap();
    assert_eq!(spool.count_rows().await, (0, 0));
    assert_eq!(finishing.finish().await, Ok(AppendOutcome::Conflict));
    // A piece that is missing while the upload exists is a fault of the spool.
    let finishing = spool.finishing(2, &content).await;
    let position = chunk::Column::Position.eq(1);
    chunk::Entity::delete_many().filter(position).exec(&spool.store.write_db).await.unwrap();
    assert_eq!(finishing.finish().await, Err(StoreError::Corrupt));
}

/// On `SQLite`, an error would fail the writes of other clients in the same transaction.
async fn a_request_of_a_discarded_upload_writes_nothing_into_the_next_one(spool: TestSpool) {
    let contents = [1, 2].map(|seed| bytes(size_classes::SIZE_CLASSES[3], seed));
    let continued = spool.continue_upload(&upload_id(1), 0, &contents[0]).await.unwrap();
    let UploadContinuation::Append(mut former) = continued else { panic!("not new") };
    former.write(&contents[0][..PIECE]).await.unwrap();
    spool.store.discard_upload(&upload_id(1)).await.unwrap();
    let next = spool.upload_until_the_last_piece(1, &contents[1]).await;
    let other = bytes(size_classes::SIZE_CLASSES[0], 3);
    let (written, submitted) =
        tokio::join!(former.write(&contents[0][PIECE..2 * PIECE]), spool.submit(&other));
    assert_eq!((written, submitted), (Ok(AppendOutcome::Conflict), Ok(())));
    let finishing = next.wait_to_finish().await.unwrap().unwrap();
    assert_eq!(finishing.finish().await, Ok(AppendOutcome::Stored));
    let mut stored = Vec::new();
    for submission in spool.pending().await {
        stored.push(spool.read(&submission).await);
    }
    stored.sort_by_key(Vec::len);
    assert_eq!(stored, [other, contents[1].clone()]);
}

async fn unfinished_uploads_leave_space_for_complete_submissions(spool: TestSpool) {
    // The spool has 64 MiB. Without a limit, twelve uploads would take 45 MiB of it.
    let content = bytes(size_classes::SIZE_CLASSES[5], 1);
    let mut running = Vec::new();
    for number in 1..=12 {
        match spool.continue_upload(&upload_id(number), 0, &content).await {
            Ok(UploadContinuation::Append(upload)) => running.push(upload),
            refused => assert_eq!(refused.map(drop), Err(StoreError::FullForUploads)),
        }
    }
    assert_eq!(running.len(), 3, "four fifths of a quarter of the spool");
    for upload in &mut running {
        assert_eq!(upload.write(&content[..8 * PIECE]).await, Ok(AppendOutcome::Stored));
    }
    // The connections are cut. What was not sent is free again, what was stored is not.
    drop(running);
    for _ in 0..2 {
        assert_eq!(spool.store.unfinished_usage(), (3 * 8 * PIECE as u64, 16 << 20));
        spool.store.refresh_usage().await.unwrap();
    }
    for seed in 0..5 {
        spool.submit(&bytes(size_classes::SIZE_CLASSES[6], seed)).await.unwrap();
    }
    spool.store.discard_upload(&upload_id(1)).await.unwrap();
    assert_eq!(spool.store.unfinished_usage().0, 2 * 8 * PIECE as u64);
    let continued = spool.continue_upload(&upload_id(2), 8 * PIECE, &content).await.unwrap();
    let UploadContinuation::Append(mut upload) = continued else { panic!("not finished") };
    upload.write(&content[8 * PIECE..]).await.unwrap();
    let finishing = upload.wait_to_finish().await.unwrap().unwrap();
    assert_eq!(finishing.finish().await, Ok(AppendOutcome::Stored));
    assert_eq!(spool.store.unfinished_usage().0, 8 * PIECE as u64);
}
