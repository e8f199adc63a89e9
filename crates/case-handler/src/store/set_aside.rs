//! Submissions that could not be filed. They are kept whole: nothing that a reporter sent is dropped.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, sea_query::OnConflict,
};
use time::Date;
use uuid::Uuid;

use super::{Store, StoreError, Writing, entities::set_aside};

/// A submission that could not be filed.
#[derive(Debug)]
pub struct SetAside {
    /// Its id at the intake.
    pub id: Uuid,
    /// The day of its collection.
    pub day: Date,
    /// Why, in words without content.
    pub reason: String,
    /// Can another submission, directory or key make it fileable?
    pub retry: bool,
    /// As collected.
    pub bytes: Vec<u8>,
}

impl Store {
    /// The ids of those that may be fileable by now.
    pub async fn to_retry(&self) -> Result<Vec<Uuid>, StoreError> {
        use sea_orm::QuerySelect;
        let ids = set_aside::Entity::find()
            .select_only()
            .column(set_aside::Column::Id)
            .filter(set_aside::Column::Retry.eq(true))
            .into_tuple()
            .all(&self.db)
            .await?;
        Ok(ids)
    }

    /// One of them.
    pub async fn set_aside(&self, id: Uuid) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(set_aside::Entity::find_by_id(id).one(&self.db).await?.map(|row| row.bytes))
    }

    /// How many there are.
    pub async fn set_aside_count(&self) -> Result<u64, StoreError> {
        Ok(set_aside::Entity::find().count(&self.db).await?)
    }
}

impl Writing<'_> {
    /// Keeps a submission; the same one again changes nothing.
    pub async fn set_aside(&self, kept: SetAside) -> Result<(), StoreError> {
        let row = set_aside::ActiveModel {
            id: Set(kept.id),
            day: Set(kept.day),
            reason: Set(kept.reason),
            retry: Set(kept.retry),
            bytes: Set(kept.bytes),
        };
        set_aside::Entity::insert(row)
            .on_conflict(OnConflict::column(set_aside::Column::Id).do_nothing().to_owned())
            .exec_without_returning(&self.tx)
            .await?;
        Ok(())
    }

    /// It has been filed after all.
    pub async fn unset_aside(&self, id: Uuid) -> Result<(), StoreError> {
        set_aside::Entity::delete_by_id(id).exec(&self.tx).await?;
        Ok(())
    }
}
