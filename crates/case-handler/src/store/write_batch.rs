//! Write batching. Pending rows are buffered and flushed with one INSERT per table, so that
//! ingesting many reports costs a few round trips instead of several per report.

use std::collections::HashSet;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, QuerySelect,
};
use uuid::Uuid;

use super::{
    StoreError, WriteTransaction,
    entities::{case, case_recipient, event, grant, part, part_chunk, submission},
};

/// Rows in one statement, because databases limit the number of parameters.
const ROWS_PER_INSERT: usize = 500;
/// Maximum size of buffered rows, in bytes.
const MAX_BATCH_BYTES: usize = 8 * 1024 * 1024;
/// Memory of a row besides its bytes. Rows without bytes count too, because otherwise their number
/// would be unlimited.
const ESTIMATED_ROW_BYTES: usize = 1024;

/// Buffered rows, in the order in which they refer to each other.
#[derive(Debug, Default)]
pub(super) struct WriteBatch {
    pub(super) cases: Vec<case::ActiveModel>,
    pub(super) recipients: Vec<case_recipient::ActiveModel>,
    pub(super) grants: Vec<grant::ActiveModel>,
    parts: Vec<part::ActiveModel>,
    chunks: Vec<part_chunk::ActiveModel>,
    pub(super) submissions: Vec<submission::ActiveModel>,
    pub(super) events: Vec<event::ActiveModel>,
    bytes: usize,
    /// Cases that are known not to exist.
    pub(super) known_absent: HashSet<Uuid>,
    /// True if a flush has failed or has not finished.
    poisoned: bool,
}

impl WriteBatch {
    pub(super) fn add_chunk(&mut self, row: part_chunk::ActiveModel, bytes: usize) {
        self.bytes += ESTIMATED_ROW_BYTES + bytes;
        self.chunks.push(row);
    }

    pub(super) fn add_part(&mut self, row: part::ActiveModel) {
        self.bytes += ESTIMATED_ROW_BYTES;
        self.parts.push(row);
    }

    fn is_full(&self) -> bool {
        self.bytes > MAX_BATCH_BYTES
    }

    /// Takes the rows. What is known about cases remains.
    fn take_rows(&mut self) -> Result<Self, DbErr> {
        if self.poisoned {
            return Err(DbErr::Custom(
                "an earlier flush of the same transaction failed".to_owned(),
            ));
        }
        let absent = std::mem::take(&mut self.known_absent);
        let rows = std::mem::replace(
            self,
            Self { known_absent: absent, poisoned: true, ..Self::default() },
        );
        Ok(rows)
    }

    async fn insert_all(self, tx: &DatabaseTransaction) -> Result<(), DbErr> {
        insert_rows(self.cases, tx).await?;
        insert_rows(self.recipients, tx).await?;
        insert_rows(self.grants, tx).await?;
        insert_rows(self.parts, tx).await?;
        insert_rows(self.chunks, tx).await?;
        insert_rows(self.submissions, tx).await?;
        insert_rows(self.events, tx).await
    }
}

async fn insert_rows<A>(rows: Vec<A>, tx: &DatabaseTransaction) -> Result<(), DbErr>
where
    A: ActiveModelTrait + Send,
    <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
{
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        A::Entity::insert_many(rows.by_ref().take(ROWS_PER_INSERT))
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

impl WriteTransaction<'_> {
    /// Returns the transaction after all buffered rows were written to it.
    ///
    /// After a failure, every further call fails, because a caller that ignored the error could
    /// otherwise commit without these rows.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub(super) async fn flushed_transaction(&self) -> Result<&DatabaseTransaction, StoreError> {
        let rows = self.lock_batch().take_rows()?;
        rows.insert_all(&self.tx).await?;
        self.lock_batch().poisoned = false;
        Ok(&self.tx)
    }

    /// Flushes the buffered rows if they use much memory.
    pub(super) async fn flush_if_large(&self) -> Result<(), StoreError> {
        if self.lock_batch().is_full() {
            self.flushed_transaction().await?;
        }
        Ok(())
    }

    /// Finds out with one query which of these cases do not exist, so that they need not be queried
    /// one by one.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn preload_absent(
        &self,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<(), StoreError> {
        let mut absent: HashSet<Uuid> = ids.into_iter().collect();
        let existing: Vec<Uuid> = case::Entity::find()
            .select_only()
            .column(case::Column::Id)
            .filter(case::Column::Id.is_in(absent.iter().copied()))
            .into_tuple()
            .all(self.flushed_transaction().await?)
            .await?;
        absent.retain(|id| !existing.contains(id));
        self.lock_batch().known_absent.extend(absent);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_without_bytes_are_buffered_up_to_a_limit_too() {
        let mut batch = WriteBatch::default();
        let full = (0..20_000).find(|_| {
            batch.add_part(<part::ActiveModel as Default>::default());
            batch.is_full()
        });
        assert!(full.is_some(), "{} rows are buffered", batch.parts.len());
        let mut chunks = WriteBatch::default();
        let full = (0..20_000).find(|_| {
            chunks.add_chunk(<part_chunk::ActiveModel as Default>::default(), 0);
            chunks.is_full()
        });
        assert!(full.is_some(), "{} rows are buffered", chunks.chunks.len());
    }
}
