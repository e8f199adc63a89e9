//! What the case handler collects, and what it says it has filed.

use futures_util::{Stream, stream};
use rand::{RngCore, seq::SliceRandom};
use sea_orm::{DatabaseTransaction, DbErr, QueryOrder, QuerySelect, prelude::*};
use sha2::{Digest, Sha256};

use super::{CHUNK_BYTES, MAX_IDS_PER_STATEMENT, Store, StoreError, chunk, submission};

/// A complete submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSubmission {
    /// Random.
    pub id: Uuid,
    /// In bytes; a rung.
    pub length: u64,
    /// SHA-256 of all bytes.
    digest: Vec<u8>,
}

impl Store {
    /// At most `most` complete submissions in shuffled order, any of those that wait.
    ///
    /// Ids are random, so that those behind a random one are a random choice, however many wait.
    pub async fn sample_pending(
        &self,
        most: usize,
        rng: &mut (impl RngCore + Send),
    ) -> Result<Vec<StoredSubmission>, StoreError> {
        let mut start = [0; 16];
        rng.fill_bytes(&mut start);
        let start = Uuid::from_bytes(start);
        let mut waiting = self.query_pending(submission::Column::Id.gte(start), most).await?;
        if waiting.len() < most {
            waiting.extend(
                self.query_pending(submission::Column::Id.lt(start), most - waiting.len()).await?,
            );
        }
        waiting.shuffle(rng);
        Ok(waiting)
    }

    /// The complete submissions whose ids are greater than `after`, in the order of ids, at most
    /// `most`.
    pub async fn list_pending(
        &self,
        after: Option<Uuid>,
        most: usize,
    ) -> Result<Vec<StoredSubmission>, StoreError> {
        self.query_pending(submission::Column::Id.gt(after.unwrap_or_else(Uuid::nil)), most).await
    }

    /// Those of these submissions that are complete and still wait, at most `most`, in shuffled
    /// order.
    pub async fn pending_with_ids(
        &self,
        ids: &[Uuid],
        most: usize,
        rng: &mut (impl RngCore + Send),
    ) -> Result<Vec<StoredSubmission>, StoreError> {
        let mut waiting = Vec::new();
        for ids in ids[..ids.len().min(most)].chunks(MAX_IDS_PER_STATEMENT) {
            let which = submission::Column::Id.is_in(ids.iter().copied());
            waiting.extend(self.query_pending(which, ids.len()).await?);
        }
        waiting.shuffle(rng);
        Ok(waiting)
    }

    /// Reads every complete submission and holds it against its digest. Gives how many there are.
    pub async fn verify_all(&self) -> Result<usize, StoreError> {
        let (mut checked, mut after) = (0, Uuid::nil());
        loop {
            let page =
                self.query_pending(submission::Column::Id.gt(after), MAX_IDS_PER_STATEMENT).await?;
            let Some(last) = page.last() else { return Ok(checked) };
            after = last.id;
            for waiting in &page {
                self.read_chunks(waiting).await?;
            }
            checked += page.len();
        }
    }

    async fn query_pending(
        &self,
        which: sea_orm::sea_query::Expr,
        most: usize,
    ) -> Result<Vec<StoredSubmission>, StoreError> {
        let rows: Vec<(Uuid, i64, Vec<u8>)> = submission::Entity::find()
            .select_only()
            .columns([
                submission::Column::Id,
                submission::Column::Length,
                submission::Column::Digest,
            ])
            .filter(submission::Column::Complete.eq(true))
            .filter(which)
            .order_by_asc(submission::Column::Id)
            .limit(most as u64)
            .into_tuple()
            .all(&self.read_db)
            .await?;
        let waiting = |(id, length, digest): (Uuid, i64, _)| StoredSubmission {
            id,
            length: length.unsigned_abs(),
            digest,
        };
        Ok(rows.into_iter().map(waiting).collect())
    }

    /// A submission's pieces in order, once all have been read and found to be what was filed;
    /// `None` if it has been forgotten since. Constant in memory: a long one is read twice.
    pub async fn read_chunks(
        &self,
        waiting: &StoredSubmission,
    ) -> Result<Option<impl Stream<Item = Result<Vec<u8>, StoreError>> + use<>>, StoreError> {
        let Some(first) = self.find_chunk(waiting.id, 0).await? else {
            let row = submission::Entity::find_by_id(waiting.id).one(&self.read_db).await?;
            return row.map_or(Ok(None), |_| Err(StoreError::Corrupt));
        };
        let mut digest = Sha256::new_with_prefix(&first);
        let pieces = i32::try_from(waiting.length.div_ceil(CHUNK_BYTES as u64))
            .map_err(|_| StoreError::Corrupt)?;
        for position in 1..pieces {
            digest.update(self.load_chunk(waiting.id, position).await?);
        }
        if digest.finalize()[..] != waiting.digest[..] {
            return Err(StoreError::Corrupt);
        }
        let (store, id) = (self.clone(), waiting.id);
        Ok(Some(stream::try_unfold(
            (store, Some(first), 0),
            move |(store, held, position)| async move {
                if position == pieces {
                    return Ok(None);
                }
                let piece = match held {
                    Some(piece) => piece,
                    None => store.load_chunk(id, position).await?,
                };
                Ok(Some((piece, (store, None, position + 1))))
            },
        )))
    }

    async fn load_chunk(&self, id: Uuid, position: i32) -> Result<Vec<u8>, StoreError> {
        self.find_chunk(id, position).await?.ok_or(StoreError::Corrupt)
    }

    async fn find_chunk(&self, id: Uuid, position: i32) -> Result<Option<Vec<u8>>, StoreError> {
        let piece = chunk::Entity::find()
            .filter(chunk::Column::Submission.eq(id))
            .filter(chunk::Column::Position.eq(position))
            .one(&self.read_db)
            .await?;
        Ok(piece.map(|piece| piece.bytes))
    }

    /// Deletes these in one transaction; those that are not there any more are no error.
    pub async fn delete_submissions(&self, ids: Vec<Uuid>) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
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
