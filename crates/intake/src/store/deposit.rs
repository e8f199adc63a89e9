//! Filing: bytes come in, a submission stands in the spool or nothing does.

use std::{collections::HashMap, mem};

use envelope::ladder;
use rand::{CryptoRng, RngCore};
use sea_orm::{ActiveValue::Set, DatabaseTransaction, DbErr, QuerySelect, prelude::*};
use sha2::{Digest, Sha256};
use tokio::time::{Duration, Instant};

use super::{CHUNK, Store, StoreError, chunk, submission};

/// Incomplete rows that belong to uploads of this process, and since when.
pub(super) type UnderWay = HashMap<Uuid, Instant>;

/// A submission that is being stored. Dropped before [`Deposit::complete`], it leaves nothing behind.
///
/// What fits into one chunk is written in one transaction at the end; longer ones are written chunk by chunk under a row that
/// stays incomplete until the last transaction.
pub struct Deposit {
    store: Store,
    id: Uuid,
    week: String,
    digest: Sha256,
    length: u64,
    /// Chunks in the database already.
    position: i32,
    buffer: Vec<u8>,
}

impl Store {
    /// Begins a submission of this ISO week.
    pub fn deposit(&self, week: String, rng: &mut (impl RngCore + CryptoRng)) -> Deposit {
        let mut id = [0; 16];
        rng.fill_bytes(&mut id);
        let id = uuid::Builder::from_random_bytes(id).into_uuid();
        self.under_way().insert(id, Instant::now());
        Deposit {
            store: self.clone(),
            id,
            week,
            digest: Sha256::new(),
            length: 0,
            position: 0,
            buffer: Vec::new(),
        }
    }

    /// Deletes incomplete submissions but those under way for less than `age`.
    pub async fn sweep(&self, age: Duration) -> Result<(), StoreError> {
        let young: Vec<Uuid> = {
            let mut uploads = self.under_way();
            uploads.retain(|_, since| since.elapsed() < age);
            uploads.keys().copied().collect()
        };
        let delete = submission::Entity::delete_many()
            .filter(submission::Column::Complete.eq(false))
            .filter(submission::Column::Id.is_not_in(young));
        self.writer.write(|txn| Box::pin(async move { delete.exec(txn).await.map(drop) })).await
    }
}

impl Deposit {
    /// Takes more bytes.
    pub async fn push(&mut self, mut bytes: &[u8]) -> Result<(), StoreError> {
        self.digest.update(bytes);
        self.length += bytes.len() as u64;
        while !bytes.is_empty() {
            if self.buffer.len() == CHUNK {
                self.flush().await?;
            }
            let (now, later) = bytes.split_at(bytes.len().min(CHUNK - self.buffer.len()));
            self.buffer.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    /// Bytes taken so far.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Makes the submission whole. When this returns `Ok` it is durable, or the same bytes have been all along.
    pub async fn complete(mut self) -> Result<(), StoreError> {
        if !ladder::is_rung(self.length) {
            return Err(StoreError::Unavailable);
        }
        let digest = mem::take(&mut self.digest).finalize().to_vec();
        let length = i64::try_from(self.length).expect("the ladder's top is 64 MiB");
        let last = self.next_chunk();
        let row = submission::ActiveModel {
            id: Set(self.id),
            digest: Set(Some(digest.clone())),
            week: Set(mem::take(&mut self.week)),
            length: Set(length),
            complete: Set(true),
        };
        let whole = self.position == 1;
        self.store.writer.write(move |txn| Box::pin(complete(txn, row, digest, last, whole))).await
    }

    async fn flush(&mut self) -> Result<(), StoreError> {
        let first = (self.position == 0).then(|| submission::ActiveModel {
            id: Set(self.id),
            digest: Set(None),
            week: Set(self.week.clone()),
            length: Set(0),
            complete: Set(false),
        });
        let chunk = self.next_chunk();
        self.store.writer.write(|txn| Box::pin(append(txn, first, chunk))).await
    }

    fn next_chunk(&mut self) -> chunk::ActiveModel {
        let position = self.position;
        self.position += 1;
        chunk::ActiveModel {
            submission: Set(self.id),
            position: Set(position),
            bytes: Set(mem::take(&mut self.buffer)),
        }
    }
}

async fn append(
    txn: &DatabaseTransaction,
    first: Option<submission::ActiveModel>,
    chunk: chunk::ActiveModel,
) -> Result<(), DbErr> {
    if let Some(row) = first {
        submission::Entity::insert(row).exec_without_returning(txn).await?;
    }
    chunk::Entity::insert(chunk).exec_without_returning(txn).await.map(drop)
}

/// The last transaction of a submission; for a small one (`whole`) the only one.
async fn complete(
    txn: &DatabaseTransaction,
    row: submission::ActiveModel,
    digest: Vec<u8>,
    last: chunk::ActiveModel,
    whole: bool,
) -> Result<(), DbErr> {
    let same = submission::Entity::find()
        .select_only()
        .column(submission::Column::Id)
        .filter(submission::Column::Digest.eq(digest))
        .into_tuple::<Uuid>()
        .one(txn)
        .await?;
    match (same, whole) {
        (Some(_), true) => return Ok(()),
        (Some(_), false) => {
            return submission::Entity::delete_by_id(row.id.unwrap()).exec(txn).await.map(drop);
        }
        (None, true) => submission::Entity::insert(row).exec_without_returning(txn).await.map(drop)?,
        // Fails if a sweep has taken the row: then the submission is not acknowledged.
        (None, false) => row.update(txn).await.map(drop)?,
    }
    chunk::Entity::insert(last).exec_without_returning(txn).await.map(drop)
}

impl Drop for Deposit {
    fn drop(&mut self) {
        self.store.under_way().remove(&self.id);
        if self.position == 0 {
            return;
        }
        // Harmless after completion: complete rows stay.
        let (store, id) = (self.store.clone(), self.id);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let delete = submission::Entity::delete_many()
                    .filter(submission::Column::Id.eq(id))
                    .filter(submission::Column::Complete.eq(false));
                // What fails here is left to the sweep.
                store
                    .writer
                    .write(|txn| Box::pin(async move { delete.exec(txn).await.map(drop) }))
                    .await
                    .ok();
            });
        }
    }
}
