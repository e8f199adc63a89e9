//! Purges cases. The log keeps the events, and the row of the case records the purge, so that
//! nothing is added to it again.

use protocol::Hash;
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, QueryTrait,
    sea_query::Expr,
};
use uuid::Uuid;

use super::{
    StoreError, WriteTransaction,
    entities::{case, case_recipient, grant, part, part_chunk, quarantine, reply, submission},
};

impl WriteTransaction<'_> {
    /// Returns the number of quarantined submissions of a case, which no member has read.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn quarantined_count_of(&self, id: Uuid) -> Result<u64, StoreError> {
        Ok(quarantine::Entity::find()
            .filter(quarantine::Column::CaseId.eq(id))
            .count(self.flushed_transaction().await?)
            .await?)
    }

    /// Deletes parts, replies, keys and everything else of a case. The rows of its grants stay
    /// without the sealed secret, so that their members can read the events of the case. The
    /// garbage collection deletes parts in the object store within a day.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn purge(&self, id: Uuid) -> Result<(), StoreError> {
        self.mark_dirty(id);
        let parts = part::Entity::find()
            .select_only()
            .column(part::Column::Id)
            .filter(part::Column::CaseId.eq(id))
            .into_query();
        part_chunk::Entity::delete_many()
            .filter(part_chunk::Column::PartId.in_subquery(parts))
            .exec(self.flushed_transaction().await?)
            .await?;
        part::Entity::delete_many()
            .filter(part::Column::CaseId.eq(id))
            .exec(self.flushed_transaction().await?)
            .await?;
        reply::Entity::delete_many()
            .filter(reply::Column::CaseId.eq(id))
            .exec(self.flushed_transaction().await?)
            .await?;
        submission::Entity::delete_many()
            .filter(submission::Column::CaseId.eq(id))
            .exec(self.flushed_transaction().await?)
            .await?;
        self.delete_rotations(id).await?;
        case_recipient::Entity::delete_many()
            .filter(case_recipient::Column::CaseId.eq(id))
            .exec(self.flushed_transaction().await?)
            .await?;
        grant::Entity::update_many()
            .col_expr(grant::Column::Sealed, Expr::value(Vec::<u8>::new()))
            .filter(grant::Column::CaseId.eq(id))
            .exec(self.flushed_transaction().await?)
            .await?;
        let emptied = case::ActiveModel {
            id: Unchanged(id),
            mailbox: Set(Hash::default().0.to_vec()),
            mailbox_recipient: Set(Vec::new()),
            capsule: Set(Vec::new()),
            mailbox_log: Set(None),
            capsule_generation: Set(0),
            capsule_seq: Set(0),
            lang: Set("und".to_owned()),
            suggested: Set(None),
            purged: Set(true),
            ..Default::default()
        };
        case::Entity::update(emptied).exec(self.flushed_transaction().await?).await?;
        Ok(())
    }
}
