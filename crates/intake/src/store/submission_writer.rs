//! Writes one submission to the spool, atomically.

use std::mem;

use protocol::encoding::size_classes;
use rand::{CryptoRng, RngCore};
use sea_orm::{
    ActiveValue::Set, DatabaseTransaction, DbErr, QuerySelect, prelude::*, sea_query::OnConflict,
};
use sha2::{Digest, Sha256};

use super::{
    CHUNK_BYTES, Store, StoreError, chunk, group_commit::Durability, random_key,
    small_inserts::SmallSubmission, submission,
};

/// A submission that is being written. Dropping it before [`SubmissionUpload::commit`] deletes what
/// was written.
///
/// A submission of one chunk is written in one transaction at the end. Longer ones are written
/// chunk by chunk under a row marked incomplete. Only the last transaction is committed durably; it
/// also makes the earlier ones durable.
pub struct SubmissionUpload {
    store: Store,
    id: Uuid,
    /// Key of the first chunk. The following chunks have consecutive keys.
    first_chunk_key: i64,
    week: String,
    digest: Sha256,
    length: u64,
    /// Bytes that are reserved in the capacity of the spool.
    reserved: u64,
    /// Whether the submission was committed.
    is_stored: bool,
    /// Number of chunks in the database.
    position: i32,
    buffer: Vec<u8>,
}

impl Store {
    /// Begins a submission that arrives in this ISO week.
    pub fn begin_submission(
        &self,
        week: String,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> SubmissionUpload {
        let mut id = [0; 16];
        rng.fill_bytes(&mut id);
        let id = uuid::Builder::from_random_bytes(id).into_uuid();
        SubmissionUpload {
            store: self.clone(),
            id,
            first_chunk_key: random_key(rng),
            week,
            digest: Sha256::new(),
            length: 0,
            reserved: 0,
            is_stored: false,
            position: 0,
            buffer: Vec::new(),
        }
    }
}

impl SubmissionUpload {
    /// Appends bytes.
    ///
    /// # Errors
    /// If the spool is full or the database fails.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), StoreError> {
        self.digest.update(bytes);
        self.length += bytes.len() as u64;
        while !bytes.is_empty() {
            if self.buffer.len() == CHUNK_BYTES {
                self.flush().await?;
            }
            let (now, later) = bytes.split_at(bytes.len().min(CHUNK_BYTES - self.buffer.len()));
            self.buffer.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    /// Returns the SHA-256 of the bytes so far.
    pub fn digest(&self) -> [u8; 32] {
        self.digest.clone().finalize().into()
    }

    /// Returns the length so far, in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Completes the submission. After `Ok` it is durable, or the same bytes were stored before.
    ///
    /// # Errors
    /// If the length is no size class, the spool is full, or the database fails.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        if !size_classes::is_size_class(self.length) {
            return Err(StoreError::Unavailable);
        }
        self.reserve()?;
        let digest = mem::take(&mut self.digest).finalize().to_vec();
        let last = self.next_chunk();
        let written = match &self.store.small_inserts {
            Some(inserts) if self.position == 1 => {
                let small = SmallSubmission {
                    id: self.id,
                    digest,
                    week: mem::take(&mut self.week),
                    chunk_key: last.key.unwrap(),
                    bytes: last.bytes.unwrap(),
                };
                inserts.insert(small).await
            }
            _ => self.commit_in_transaction(digest, last).await,
        };
        self.is_stored = written.is_ok();
        match written {
            // Another replica has just stored the same bytes. Dropping `self` deletes these.
            Err(StoreError::Duplicate) => Ok(()),
            other => other,
        }
    }

    async fn commit_in_transaction(
        &mut self,
        digest: Vec<u8>,
        last: chunk::ActiveModel,
    ) -> Result<(), StoreError> {
        let row = submission::ActiveModel {
            id: Set(self.id),
            digest: Set(Some(digest.clone())),
            week: Set(mem::take(&mut self.week)),
            length: Set(i64::try_from(self.length).expect("the largest size class is 256 MiB")),
            complete: Set(true),
        };
        let writer = &self.store.writer;
        if self.position == 1 {
            writer.write(move |txn| Box::pin(insert_small(txn, row, last))).await
        } else {
            writer.write(move |txn| Box::pin(commit_last_chunk(txn, row, digest, last))).await
        }
    }

    async fn flush(&mut self) -> Result<(), StoreError> {
        self.reserve()?;
        let first = (self.position == 0).then(|| submission::ActiveModel {
            id: Set(self.id),
            digest: Set(None),
            week: Set(self.week.clone()),
            length: Set(0),
            complete: Set(false),
        });
        let chunk = self.next_chunk();
        self.store
            .writer
            .write_with_durability(Durability::Deferred, |txn| {
                Box::pin(append_chunk(txn, first, chunk))
            })
            .await
    }

    /// Reserves capacity for the bytes in the buffer.
    fn reserve(&mut self) -> Result<(), StoreError> {
        let bytes = self.buffer.len() as u64;
        self.store.capacity.reserve(bytes, self.length)?;
        self.reserved += bytes;
        Ok(())
    }

    fn next_chunk(&mut self) -> chunk::ActiveModel {
        let position = self.position;
        self.position += 1;
        chunk::ActiveModel {
            key: Set(self.first_chunk_key + i64::from(position)),
            submission: Set(self.id),
            position: Set(position),
            bytes: Set(mem::take(&mut self.buffer)),
        }
    }
}

async fn append_chunk(
    txn: &DatabaseTransaction,
    first: Option<submission::ActiveModel>,
    chunk: chunk::ActiveModel,
) -> Result<(), DbErr> {
    if let Some(row) = first {
        submission::Entity::insert(row).exec_without_returning(txn).await?;
    }
    chunk::Entity::insert(chunk).exec_without_returning(txn).await.map(drop)
}

/// The only transaction of a small submission. The same bytes are stored once: the second upload
/// waits until the first is durable, and changes nothing.
async fn insert_small(
    txn: &DatabaseTransaction,
    row: submission::ActiveModel,
    only: chunk::ActiveModel,
) -> Result<(), DbErr> {
    let mut conflict = OnConflict::column(submission::Column::Digest);
    let insert = submission::Entity::insert(row).on_conflict(conflict.do_nothing().to_owned());
    if insert.exec_without_returning(txn).await? == 0 {
        return Ok(());
    }
    chunk::Entity::insert(only).exec_without_returning(txn).await.map(drop)
}

/// The last transaction of a long submission.
async fn commit_last_chunk(
    txn: &DatabaseTransaction,
    row: submission::ActiveModel,
    digest: Vec<u8>,
    last: chunk::ActiveModel,
) -> Result<(), DbErr> {
    let existing = submission::Entity::find()
        .select_only()
        .column(submission::Column::Id)
        .filter(submission::Column::Digest.eq(digest))
        .into_tuple::<Uuid>()
        .one(txn)
        .await?;
    if existing.is_some() {
        return submission::Entity::delete_by_id(row.id.unwrap()).exec(txn).await.map(drop);
    }
    // Fails if garbage collection has deleted the row. The submission is then not acknowledged.
    row.update(txn).await?;
    chunk::Entity::insert(last).exec_without_returning(txn).await.map(drop)
}

impl Drop for SubmissionUpload {
    fn drop(&mut self) {
        self.store.capacity.release(self.reserved, self.is_stored);
        if self.position == 0 {
            return;
        }
        // After `commit` this deletes nothing, because the row is complete.
        let (store, id) = (self.store.clone(), self.id);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let delete = submission::Entity::delete_many()
                    .filter(submission::Column::Id.eq(id))
                    .filter(submission::Column::Complete.eq(false));
                // Garbage collection deletes what this fails to delete.
                store
                    .writer
                    .write(|txn| Box::pin(async move { delete.exec(txn).await.map(drop) }))
                    .await
                    .ok();
            });
        }
    }
}
