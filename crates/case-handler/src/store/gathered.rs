//! Rows of a write that nothing has asked for yet. They go to the database together, a statement a table, so that filing many reports
//! costs a few ways to the server and back, not many each.

use std::collections::HashSet;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect,
};
use uuid::Uuid;

use super::{
    StoreError, Writing,
    entities::{case, case_recipient, event, grant, part, part_chunk, submission},
};

/// Rows in one statement: databases bound the number of parameters.
const ROWS: usize = 500;
/// Bytes of rows that are held in memory.
const MOST_BYTES: usize = 8 * 1024 * 1024;
/// What a row takes in memory besides its bytes. A row without any counts too, or so many of them would be held without a bound.
const ROW_BYTES: usize = 1024;

/// In the order in which they refer to each other.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) cases: Vec<case::ActiveModel>,
    pub(super) recipients: Vec<case_recipient::ActiveModel>,
    pub(super) grants: Vec<grant::ActiveModel>,
    parts: Vec<part::ActiveModel>,
    chunks: Vec<part_chunk::ActiveModel>,
    pub(super) submissions: Vec<submission::ActiveModel>,
    pub(super) events: Vec<event::ActiveModel>,
    bytes: usize,
    /// Cases that are certainly not there.
    pub(super) absent: HashSet<Uuid>,
    /// Rows were taken to the database, and it is not known that they came there.
    unsure: bool,
}

impl Gathered {
    pub(super) fn add_chunk(&mut self, row: part_chunk::ActiveModel, bytes: usize) {
        self.bytes += ROW_BYTES + bytes;
        self.chunks.push(row);
    }

    pub(super) fn add_part(&mut self, row: part::ActiveModel) {
        self.bytes += ROW_BYTES;
        self.parts.push(row);
    }

    fn is_full(&self) -> bool {
        self.bytes > MOST_BYTES
    }

    /// The rows alone; what is known of cases stays.
    fn take(&mut self) -> Result<Self, DbErr> {
        if self.unsure {
            return Err(DbErr::Custom("an earlier part of the same write failed".to_owned()));
        }
        let absent = std::mem::take(&mut self.absent);
        let rows = std::mem::replace(self, Self { absent, unsure: true, ..Self::default() });
        Ok(rows)
    }

    async fn insert(self, tx: &DatabaseTransaction) -> Result<(), DbErr> {
        insert(self.cases, tx).await?;
        insert(self.recipients, tx).await?;
        insert(self.grants, tx).await?;
        insert(self.parts, tx).await?;
        insert(self.chunks, tx).await?;
        insert(self.submissions, tx).await?;
        insert(self.events, tx).await
    }
}

async fn insert<A>(rows: Vec<A>, tx: &DatabaseTransaction) -> Result<(), DbErr>
where
    A: ActiveModelTrait + Send,
    <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
{
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        A::Entity::insert_many(rows.by_ref().take(ROWS)).exec_without_returning(tx).await?;
    }
    Ok(())
}

impl Writing<'_> {
    /// The transaction, with everything in it that was written before.
    ///
    /// Once that has failed, it fails for good: whoever overlooked the error could otherwise commit without these rows.
    pub(super) async fn tx(&self) -> Result<&DatabaseTransaction, StoreError> {
        let rows = self.gathered().take()?;
        rows.insert(&self.tx).await?;
        self.gathered().unsure = false;
        Ok(&self.tx)
    }

    /// Writes what has been gathered if it takes much memory.
    pub(super) async fn make_room(&self) -> Result<(), StoreError> {
        if self.gathered().is_full() {
            self.tx().await?;
        }
        Ok(())
    }

    /// Learns at once which of these cases are not there, so that they need not be asked for one by one.
    pub async fn expect(&self, ids: impl IntoIterator<Item = Uuid>) -> Result<(), StoreError> {
        let mut absent: HashSet<Uuid> = ids.into_iter().collect();
        let there: Vec<Uuid> = case::Entity::find()
            .select_only()
            .column(case::Column::Id)
            .filter(case::Column::Id.is_in(absent.iter().copied()))
            .into_tuple()
            .all(self.tx().await?)
            .await?;
        absent.retain(|id| !there.contains(id));
        self.gathered().absent.extend(absent);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_without_bytes_are_held_up_to_a_bound_too() {
        let mut gathered = Gathered::default();
        let full = (0..20_000).find(|_| {
            gathered.add_part(<part::ActiveModel as Default>::default());
            gathered.is_full()
        });
        assert!(full.is_some(), "{} rows are held", gathered.parts.len());
        let mut chunks = Gathered::default();
        let full = (0..20_000).find(|_| {
            chunks.add_chunk(<part_chunk::ActiveModel as Default>::default(), 0);
            chunks.is_full()
        });
        assert!(full.is_some(), "{} rows are held", chunks.chunks.len());
    }
}
