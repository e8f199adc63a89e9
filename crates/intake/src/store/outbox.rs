//! Submissions that wait for collection by the case handler, and their deletion afterwards.

use futures_util::{Stream, stream};
use rand::{RngCore, seq::SliceRandom};
use sea_orm::{DatabaseTransaction, DbErr, QueryOrder, QuerySelect, prelude::*};
use sha2::{Digest, Sha256};

use super::{CHUNK_BYTES, MAX_IDS_PER_STATEMENT, Store, StoreError, chunk, submission};

/// A complete submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSubmission {
    /// Random id (UUID version 4).
    pub id: Uuid,
    /// Length in bytes; a size class.
    pub length: u64,
    /// SHA-256 of all bytes.
    digest: Vec<u8>,
}

impl Store {
    /// Returns a random sample of at most `limit` pending submissions, in shuffled order.
    ///
    /// Ids are random, so those after a random id are a random sample of any number of rows.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn sample_pending(
        &self,
        limit: usize,
        rng: &mut (impl RngCore + Send),
    ) -> Result<Vec<StoredSubmission>, StoreError> {
        let mut start = [0; 16];
        rng.fill_bytes(&mut start);
        let start = Uuid::from_bytes(start);
        let mut pending = self.query_pending(submission::Column::Id.gte(start), limit).await?;
        if pending.len() < limit {
            pending.extend(
                self.query_pending(submission::Column::Id.lt(start), limit - pending.len()).await?,
            );
        }
        pending.shuffle(rng);
        Ok(pending)
    }

    /// Returns at most `limit` pending submissions whose ids are greater than `after`, ordered by
    /// id.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn list_pending(
        &self,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<StoredSubmission>, StoreError> {
        self.query_pending(submission::Column::Id.gt(after.unwrap_or_else(Uuid::nil)), limit).await
    }

    /// Returns at most `limit` of the given submissions that are still pending, in shuffled order.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn pending_with_ids(
        &self,
        ids: &[Uuid],
        limit: usize,
        rng: &mut (impl RngCore + Send),
    ) -> Result<Vec<StoredSubmission>, StoreError> {
        let mut pending = Vec::new();
        for ids in ids[..ids.len().min(limit)].chunks(MAX_IDS_PER_STATEMENT) {
            let filter = submission::Column::Id.is_in(ids.iter().copied());
            pending.extend(self.query_pending(filter, ids.len()).await?);
        }
        pending.shuffle(rng);
        Ok(pending)
    }

    /// Reads every pending submission and compares it with its digest. Returns their number.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if one differs; another error if the database fails.
    pub async fn verify_all(&self) -> Result<usize, StoreError> {
        let (mut checked, mut after) = (0, Uuid::nil());
        loop {
            let page =
                self.query_pending(submission::Column::Id.gt(after), MAX_IDS_PER_STATEMENT).await?;
            let Some(last) = page.last() else { return Ok(checked) };
            after = last.id;
            for pending in &page {
                self.read_chunks(pending).await?;
            }
            checked += page.len();
        }
    }

    async fn query_pending(
        &self,
        filter: sea_orm::sea_query::Expr,
        limit: usize,
    ) -> Result<Vec<StoredSubmission>, StoreError> {
        let rows: Vec<(Uuid, i64, Vec<u8>)> = submission::Entity::find()
            .select_only()
            .columns([
                submission::Column::Id,
                submission::Column::Length,
                submission::Column::Digest,
            ])
            .filter(submission::Column::Complete.eq(true))
            .filter(filter)
            .order_by_asc(submission::Column::Id)
            .limit(limit as u64)
            .into_tuple()
            .all(&self.read_db)
            .await?;
        let submission = |(id, length, digest): (Uuid, i64, _)| StoredSubmission {
            id,
            length: length.unsigned_abs(),
            digest,
        };
        Ok(rows.into_iter().map(submission).collect())
    }

    /// Verifies the digest of a submission, then returns its chunks in order. Returns `None` if it
    /// was deleted in between. Memory use is constant, because a long submission is read twice.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if a chunk is missing or the digest differs; another error if the
    /// database fails.
    pub async fn read_chunks(
        &self,
        submission: &StoredSubmission,
    ) -> Result<Option<impl Stream<Item = Result<Vec<u8>, StoreError>> + use<>>, StoreError> {
        let Some(first) = self.find_chunk(submission.id, 0).await? else {
            let row = submission::Entity::find_by_id(submission.id).one(&self.read_db).await?;
            return row.map_or(Ok(None), |_| Err(StoreError::Corrupt));
        };
        let mut digest = Sha256::new_with_prefix(&first);
        let chunk_count = i32::try_from(submission.length.div_ceil(CHUNK_BYTES as u64))
            .map_err(|_| StoreError::Corrupt)?;
        for position in 1..chunk_count {
            digest.update(self.load_chunk(submission.id, position).await?);
        }
        if digest.finalize()[..] != submission.digest[..] {
            return Err(StoreError::Corrupt);
        }
        let (store, id) = (self.clone(), submission.id);
        Ok(Some(stream::try_unfold(
            (store, Some(first), 0),
            move |(store, first, position)| async move {
                if position == chunk_count {
                    return Ok(None);
                }
                let chunk = match first {
                    Some(chunk) => chunk,
                    None => store.load_chunk(id, position).await?,
                };
                Ok(Some((chunk, (store, None, position + 1))))
            },
        )))
    }

    async fn load_chunk(&self, id: Uuid, position: i32) -> Result<Vec<u8>, StoreError> {
        self.find_chunk(id, position).await?.ok_or(StoreError::Corrupt)
    }

    pub(super) async fn find_chunk(
        &self,
        id: Uuid,
        position: i32,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let chunk = chunk::Entity::find()
            .filter(chunk::Column::Submission.eq(id))
            .filter(chunk::Column::Position.eq(position))
            .one(&self.read_db)
            .await?;
        Ok(chunk.map(|chunk| chunk.bytes))
    }

    /// Deletes submissions in one transaction. Ids of deleted submissions are ignored.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn delete_submissions(&self, ids: Vec<Uuid>) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        self.record_collected_uploads(&ids).await?;
        self.writer.write(|txn| Box::pin(delete_rows(txn, ids))).await?;
        self.checkpoint_wal().await;
        self.refresh_usage().await
    }
}

async fn delete_rows(txn: &DatabaseTransaction, ids: Vec<Uuid>) -> Result<(), DbErr> {
    for ids in ids.chunks(MAX_IDS_PER_STATEMENT) {
        submission::Entity::delete_many()
            .filter(submission::Column::Id.is_in(ids.iter().copied()))
            .filter(submission::Column::Complete.eq(true))
            .exec(txn)
            .await?;
    }
    Ok(())
}
