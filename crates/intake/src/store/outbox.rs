//! What the case handler collects, and what it says it has filed.

use rand::{RngCore, seq::SliceRandom};
use sea_orm::{DatabaseTransaction, DbErr, QuerySelect, prelude::*};

use super::{Store, StoreError, chunk, submission};

/// Ids in one statement; databases bound the number of parameters.
const IDS: usize = 500;

/// A complete submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Random.
    pub id: Uuid,
    /// In bytes; a rung.
    pub length: u64,
}

impl Store {
    /// At most `most` complete submissions in shuffled order, any of those that wait.
    pub async fn waiting(
        &self,
        most: usize,
        rng: &mut (impl RngCore + Send),
    ) -> Result<Vec<Waiting>, StoreError> {
        let rows: Vec<(Uuid, i64)> = submission::Entity::find()
            .select_only()
            .columns([submission::Column::Id, submission::Column::Length])
            .filter(submission::Column::Complete.eq(true))
            .into_tuple()
            .all(&self.reading)
            .await?;
        let mut waiting: Vec<Waiting> =
            rows.into_iter().map(|(id, length)| Waiting { id, length: length.unsigned_abs() }).collect();
        waiting.shuffle(rng);
        waiting.truncate(most);
        Ok(waiting)
    }

    /// A piece of a submission, in order from 0; `None` after the last.
    pub async fn chunk(&self, id: Uuid, position: i32) -> Result<Option<Vec<u8>>, StoreError> {
        let chunk = chunk::Entity::find_by_id((id, position)).one(&self.reading).await?;
        Ok(chunk.map(|chunk| chunk.bytes))
    }

    /// Deletes these in one transaction; those that are not there any more are no error.
    pub async fn forget(&self, ids: Vec<Uuid>) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        self.writer.write(|txn| Box::pin(forget(txn, ids))).await?;
        self.flush_log().await;
        Ok(())
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
