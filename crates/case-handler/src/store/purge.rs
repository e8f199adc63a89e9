//! Destroying what a case holds. The log keeps that it was there; its row keeps that it was purged,
//! so that nothing is filed to it again.

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
    /// How many submissions of a case are set aside: nobody has read them.
    pub async fn quarantined_count_of(&self, id: Uuid) -> Result<u64, StoreError> {
        Ok(quarantine::Entity::find()
            .filter(quarantine::Column::CaseId.eq(id))
            .count(self.flushed_transaction().await?)
            .await?)
    }

    /// Deletes parts, replies, keys and whatever else came with a case. Of the grants stays who had
    /// one, without the sealed secret: they can read in the log what became of the case. Parts that
    /// are objects are swept within a day.
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
            lang: Set("und".to_owned()),
            suggested: Set(None),
            purged: Set(true),
            ..Default::default()
        };
        case::Entity::update(emptied).exec(self.flushed_transaction().await?).await?;
        Ok(())
    }
}
