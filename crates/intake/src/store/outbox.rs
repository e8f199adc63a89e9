//! What the case handler collects, and what it says it has filed.

use futures_util::{Stream, stream};
use rand::{RngCore, seq::SliceRandom};
use sea_orm::{DatabaseTransaction, DbErr, QueryOrder, QuerySelect, prelude::*};
use sha2::{Digest, Sha256};

use super::{CHUNK, IDS, Store, StoreError, chunk, submission};

/// A complete submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
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
    pub async fn waiting(
        &self,
        most: usize,
        rng: &mut (impl RngCore + Send),
    ) -> Result<Vec<Waiting>, StoreError> {
        let mut start = [0; 16];
        rng.fill_bytes(&mut start);
        let start = Uuid::from_bytes(start);
        let mut waiting = self.page(submission::Column::Id.gte(start), most).await?;
        if waiting.len() < most {
            waiting.extend(self.page(submission::Column::Id.lt(start), most - waiting.len()).await?);
        }
        waiting.shuffle(rng);
        Ok(waiting)
    }

    /// The complete submissions whose ids are greater than `after`, in the order of ids, at most `most`.
    pub async fn list(&self, after: Option<Uuid>, most: usize) -> Result<Vec<Waiting>, StoreError> {
        self.page(submission::Column::Id.gt(after.unwrap_or_else(Uuid::nil)), most).await
    }

    /// Those of these submissions that are complete and still wait, at most `most`, in shuffled order.
    pub async fn these(
        &self,
        ids: &[Uuid],
        most: usize,
        rng: &mut (impl RngCore + Send),
    ) -> Result<Vec<Waiting>, StoreError> {
        let mut waiting = Vec::new();
        for ids in ids[..ids.len().min(most)].chunks(IDS) {
            let which = submission::Column::Id.is_in(ids.iter().copied());
            waiting.extend(self.page(which, ids.len()).await?);
        }
        waiting.shuffle(rng);
        Ok(waiting)
    }

    /// Reads every complete submission and holds it against its digest. Gives how many there are.
    pub async fn check_all(&self) -> Result<usize, StoreError> {
        let (mut checked, mut after) = (0, Uuid::nil());
        loop {
            let page = self.page(submission::Column::Id.gt(after), IDS).await?;
            let Some(last) = page.last() else { return Ok(checked) };
            after = last.id;
            for waiting in &page {
                self.read(waiting).await?;
            }
            checked += page.len();
        }
    }

    async fn page(&self, which: sea_orm::sea_query::Expr, most: usize) -> Result<Vec<Waiting>, StoreError> {
        let rows: Vec<(Uuid, i64, Vec<u8>)> = submission::Entity::find()
            .select_only()
            .columns([submission::Column::Id, submission::Column::Length, submission::Column::Digest])
            .filter(submission::Column::Complete.eq(true))
            .filter(which)
            .order_by_asc(submission::Column::Id)
            .limit(most as u64)
            .into_tuple()
            .all(&self.reading)
            .await?;
        let waiting =
            |(id, length, digest): (Uuid, i64, _)| Waiting { id, length: length.unsigned_abs(), digest };
        Ok(rows.into_iter().map(waiting).collect())
    }

    /// A submission's pieces in order, once all have been read and found to be what was filed; `None` if it has been forgotten
    /// since. Constant in memory: a long one is read twice.
    pub async fn read(
        &self,
        waiting: &Waiting,
    ) -> Result<Option<impl Stream<Item = Result<Vec<u8>, StoreError>> + use<>>, StoreError> {
        let Some(first) = self.find_piece(waiting.id, 0).await? else {
            let row = submission::Entity::find_by_id(waiting.id).one(&self.reading).await?;
            return row.map_or(Ok(None), |_| Err(StoreError::Damaged));
        };
        let mut digest = Sha256::new_with_prefix(&first);
        let pieces = i32::try_from(waiting.length.div_ceil(CHUNK as u64)).map_err(|_| StoreError::Damaged)?;
        for position in 1..pieces {
            digest.update(self.piece(waiting.id, position).await?);
        }
        if digest.finalize()[..] != waiting.digest[..] {
            return Err(StoreError::Damaged);
        }
        let (store, id) = (self.clone(), waiting.id);
        Ok(Some(stream::try_unfold((store, Some(first), 0), move |(store, held, position)| async move {
            if position == pieces {
                return Ok(None);
            }
            let piece = match held {
                Some(piece) => piece,
                None => store.piece(id, position).await?,
            };
            Ok(Some((piece, (store, None, position + 1))))
        })))
    }

    async fn piece(&self, id: Uuid, position: i32) -> Result<Vec<u8>, StoreError> {
        self.find_piece(id, position).await?.ok_or(StoreError::Damaged)
    }

    async fn find_piece(&self, id: Uuid, position: i32) -> Result<Option<Vec<u8>>, StoreError> {
        let piece = chunk::Entity::find()
            .filter(chunk::Column::Submission.eq(id))
            .filter(chunk::Column::Position.eq(position))
            .one(&self.reading)
            .await?;
        Ok(piece.map(|piece| piece.bytes))
    }

    /// Deletes these in one transaction; those that are not there any more are no error.
    pub async fn forget(&self, ids: Vec<Uuid>) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        self.writer.write(|txn| Box::pin(forget(txn, ids))).await?;
        self.flush_log().await;
        self.measure().await
    }
}

async fn forget(txn: &DatabaseTransaction, ids: Vec<Uuid>) -> Result<(), DbErr> {
    for ids in ids.chunks(IDS) {
        submission::Entity::delete_many()
            .filter(submission::Column::Id.is_in(ids.iter().copied()))
            .filter(submission::Column::Complete.eq(true))
            .exec(txn)
            .await?;
    }
    Ok(())
}
