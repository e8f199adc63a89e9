//! The end of an upload. Its last piece makes the submission complete, after a read of all other
//! pieces.
//!
//! A client that does not get the answer to its last piece repeats it or asks for the state. It
//! then gets the same answer, also after the case handler has collected the submission.

use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use protocol::encoding::size_classes;
use sea_orm::{
    ActiveValue::Set, DatabaseTransaction, DbErr, FromQueryResult, QuerySelect, prelude::*,
};
use sha2::{Digest, Sha256};
use tokio::{
    sync::{Mutex as AsyncMutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore},
    time::{Duration, Instant},
};

use super::{
    MAX_IDS_PER_STATEMENT, Store, StoreError, chunk,
    resumable_upload::{AppendOutcome, ResumableUpload, find_running, insert_piece},
    submission, upload,
};

/// Maximum number of uploads that finish at the same time in one process. Each reads up to 256 MiB.
const MAX_CONCURRENT_FINISHES: usize = 2;
/// How long a process answers for an upload whose submission was collected.
const COLLECTED_TTL: Duration = Duration::from_hours(24);
/// Maximum number of these uploads. A larger number replaces the oldest.
const MAX_COLLECTED: usize = 10_000;

/// The uploads that are finishing or discarded at the moment, and those whose submissions were
/// collected.
pub(super) struct UploadFinishes {
    permits: Arc<Semaphore>,
    /// One lock for each upload that is finishing or being discarded.
    locks: Mutex<HashMap<Vec<u8>, Weak<AsyncMutex<()>>>>,
    collected: Mutex<CollectedUploads>,
}

impl Default for UploadFinishes {
    fn default() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(MAX_CONCURRENT_FINISHES)),
            locks: Mutex::default(),
            collected: Mutex::default(),
        }
    }
}

impl UploadFinishes {
    /// Waits until this process neither finishes nor discards the upload, and keeps both from
    /// beginning while the result exists.
    pub(super) async fn lock(&self, key: &[u8]) -> OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            locks.retain(|_, lock| lock.strong_count() > 0);
            let existing = locks.get(key).and_then(Weak::upgrade);
            existing.unwrap_or_else(|| {
                let lock = Arc::default();
                locks.insert(key.to_vec(), Arc::downgrade(&lock));
                lock
            })
        };
        lock.lock_owned().await
    }

    /// Returns whether this process knows that the submission of an upload was collected.
    pub(super) fn was_collected(&self, key: &[u8]) -> bool {
        self.lock_collected().contains(key, Instant::now())
    }

    fn lock_collected(&self) -> std::sync::MutexGuard<'_, CollectedUploads> {
        self.collected.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The uploads whose submissions were collected. It is in memory, because nothing of a collected
/// submission stays in the database.
#[derive(Default)]
struct CollectedUploads(HashMap<Vec<u8>, Instant>);

impl CollectedUploads {
    fn insert(&mut self, key: Vec<u8>, now: Instant) {
        self.0.retain(|_, since| now.duration_since(*since) < COLLECTED_TTL);
        if self.0.len() >= MAX_COLLECTED {
            let oldest = self.0.iter().min_by_key(|(_, since)| **since);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                self.0.remove(&oldest);
            }
        }
        self.0.insert(key, now);
    }

    fn contains(&self, key: &[u8], now: Instant) -> bool {
        self.0.get(key).is_some_and(|since| now.duration_since(*since) < COLLECTED_TTL)
    }
}

impl Store {
    /// Returns whether the submission of an upload is complete, as far as this process knows.
    pub(super) async fn has_ended(&self, key: &[u8]) -> Result<bool, StoreError> {
        let row = upload::Entity::find_by_id(key.to_vec()).one(&self.read_db).await?;
        Ok(match row {
            Some(row) => row.last_day.is_none(),
            None => self.upload_finishes.was_collected(key),
        })
    }

    /// Records the uploads of submissions that are about to be deleted.
    pub(super) async fn record_collected_uploads(&self, ids: &[Uuid]) -> Result<(), StoreError> {
        for ids in ids.chunks(MAX_IDS_PER_STATEMENT) {
            let keys: Vec<Vec<u8>> = upload::Entity::find()
                .select_only()
                .column(upload::Column::Id)
                .filter(upload::Column::Submission.is_in(ids.iter().copied()))
                .filter(upload::Column::LastDay.is_null())
                .into_tuple()
                .all(&self.read_db)
                .await?;
            let mut collected = self.upload_finishes.lock_collected();
            for key in keys {
                collected.insert(key, Instant::now());
            }
        }
        Ok(())
    }
}

/// An upload that has a permit to finish. No other request of this process finishes or discards it
/// meanwhile.
pub struct FinishingUpload {
    upload: ResumableUpload,
    _lock: OwnedMutexGuard<()>,
    _permit: OwnedSemaphorePermit,
}

impl ResumableUpload {
    /// Waits for a permit to finish the upload. Returns `None` if another request has finished it
    /// meanwhile.
    ///
    /// # Errors
    /// If the upload has not reached its length, or the database fails.
    pub async fn wait_to_finish(self) -> Result<Option<FinishingUpload>, StoreError> {
        let is_whole = self.offset() == self.length && size_classes::is_size_class(self.length);
        if !is_whole || self.pieces == 0 {
            return Err(StoreError::Unavailable);
        }
        let finishes = Arc::clone(&self.store.upload_finishes);
        let lock = finishes.lock(&self.key).await;
        if self.store.has_ended(&self.key).await? {
            return Ok(None);
        }
        let permit = Arc::clone(&finishes.permits).acquire_owned().await;
        let permit = permit.map_err(|_| StoreError::Unavailable)?;
        Ok(Some(FinishingUpload { upload: self, _lock: lock, _permit: permit }))
    }
}

impl FinishingUpload {
    /// Completes the submission with the last piece. After [`AppendOutcome::Stored`] it is durable,
    /// or the same bytes were stored before.
    ///
    /// # Errors
    /// If the spool is full, a piece is missing, or the database fails.
    pub async fn finish(self) -> Result<AppendOutcome, StoreError> {
        let mut upload = self.upload;
        let store = upload.store.clone();
        let mut digest = Sha256::new();
        for position in 0..upload.pieces {
            match store.find_chunk(upload.submission, position.cast_signed()).await? {
                Some(piece) => digest.update(piece),
                None => return upload.explain_missing_piece().await,
            }
        }
        digest.update(&upload.buffer);
        let row = submission::ActiveModel {
            id: Set(upload.submission),
            digest: Set(Some(digest.finalize().to_vec())),
            week: Set(mem::take(&mut upload.week)),
            length: Set(i64::try_from(upload.length).map_err(|_| StoreError::Unavailable)?),
            complete: Set(true),
        };
        let bytes = upload.buffer.len() as u64;
        let reserved = store.capacity.reserve_piece(bytes, upload.length)?;
        let last = upload.take_piece();
        let mut written = upload.complete(&row, &last).await;
        if written == Err(StoreError::Duplicate) {
            // Another replica has just stored the same bytes, which the second attempt finds.
            written = upload.complete(&row, &last).await;
        }
        reserved.settle(written == Ok(AppendOutcome::Stored));
        if written == Ok(AppendOutcome::Stored) {
            store.capacity.end_unfinished(upload.stored());
        }
        written
    }
}

impl ResumableUpload {
    /// Returns a conflict if the upload was deleted meanwhile: by another replica, or by the
    /// garbage collection.
    async fn explain_missing_piece(&self) -> Result<AppendOutcome, StoreError> {
        let running = upload::Entity::find_by_id(self.key.clone())
            .filter(upload::Column::LastDay.is_not_null())
            .filter(upload::Column::Submission.eq(self.submission))
            .one(&self.store.read_db)
            .await?;
        running.map_or(Ok(AppendOutcome::Conflict), |_| Err(StoreError::Corrupt))
    }

    async fn complete(
        &self,
        row: &submission::ActiveModel,
        last: &chunk::ActiveModel,
    ) -> Result<AppendOutcome, StoreError> {
        let (key, row, last) = (self.key.clone(), row.clone(), last.clone());
        self.store.writer.write(move |txn| Box::pin(complete_upload(txn, key, row, last))).await
    }
}

#[derive(FromQueryResult)]
struct SubmissionIdRow {
    id: Uuid,
}

/// The last transaction of an upload.
async fn complete_upload(
    txn: &DatabaseTransaction,
    key: Vec<u8>,
    row: submission::ActiveModel,
    last: chunk::ActiveModel,
) -> Result<AppendOutcome, DbErr> {
    let own = row.id.clone().unwrap();
    let running = find_running(txn, key).await?.filter(|running| running.submission == own);
    let Some(running) = running else { return Ok(AppendOutcome::Conflict) };
    let same_bytes = submission::Entity::find()
        .select_only()
        .column(submission::Column::Id)
        .filter(submission::Column::Digest.eq(row.digest.clone().unwrap()))
        .into_model::<SubmissionIdRow>()
        .one(txn)
        .await?;
    let ended = |submission| upload::ActiveModel {
        id: Set(running.id.clone()),
        submission: Set(submission),
        last_day: Set(None),
    };
    if let Some(existing) = same_bytes {
        ended(existing.id).update(txn).await?;
        submission::Entity::delete_by_id(running.submission).exec(txn).await?;
        return Ok(AppendOutcome::Stored);
    }
    if insert_piece(txn, last).await? == AppendOutcome::Conflict {
        return Ok(AppendOutcome::Conflict);
    }
    row.update(txn).await?;
    ended(running.submission).update(txn).await?;
    Ok(AppendOutcome::Stored)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collected_upload_is_known_for_a_day_and_their_number_is_bounded() {
        let mut collected = CollectedUploads::default();
        let begin = Instant::now();
        collected.insert(vec![1], begin);
        assert!(collected.contains(&[1], begin + COLLECTED_TTL / 2));
        assert!(!collected.contains(&[1], begin + COLLECTED_TTL));
        assert!(!collected.contains(&[2], begin));
        for number in 0..MAX_COLLECTED {
            let later = begin + Duration::from_millis(number as u64 + 1);
            collected.insert(number.to_be_bytes().to_vec(), later);
        }
        assert_eq!(collected.0.len(), MAX_COLLECTED);
        assert!(!collected.contains(&[1], begin), "the oldest is replaced");
        collected.insert(vec![3], begin + 2 * COLLECTED_TTL);
        assert_eq!(collected.0.len(), 1);
    }
}
