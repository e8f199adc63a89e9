//! Submissions that could not be filed. They are kept whole: nothing that a reporter sent is dropped.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, QueryTrait, Select,
    sea_query::{Expr, ExprTrait as _, OnConflict},
};
use time::Date;
use uuid::Uuid;

use super::{
    Store, StoreError, Writing,
    entities::{case, set_aside},
};

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
    /// The case that it names, if it could be opened.
    pub case: Option<Uuid>,
    /// As collected.
    pub bytes: Vec<u8>,
}

/// Which of them are looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// All that a new key or directory may have made fileable.
    Everything,
    /// Those whose report has been filed. What strangers send costs nothing here: it names no known case.
    WithCase,
}

/// Asked from what was set aside, of which there is little, not from the cases.
pub(super) fn to_retry(which: Retry) -> Select<set_aside::Entity> {
    let retried = set_aside::Entity::find()
        .select_only()
        .column(set_aside::Column::Id)
        .filter(set_aside::Column::Retry.eq(true));
    match which {
        Retry::Everything => retried,
        Retry::WithCase => {
            let its_case = case::Column::Id.into_expr().eq(set_aside::Column::CaseId.into_expr());
            let known = case::Entity::find().select_only().column(case::Column::Id).filter(its_case);
            retried.filter(Expr::exists(known.into_query()))
        }
    }
}

impl Store {
    /// The ids of those that may be fileable by now.
    pub async fn to_retry(&self, which: Retry) -> Result<Vec<Uuid>, StoreError> {
        Ok(to_retry(which).into_tuple().all(&self.db).await?)
    }

    /// One of them.
    pub async fn set_aside(&self, id: Uuid) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(set_aside::Entity::find_by_id(id).one(&self.db).await?.map(|row| row.bytes))
    }

    /// For how many bytes there is room.
    pub async fn room_aside(&self) -> Result<u64, StoreError> {
        let kept: Option<Option<i64>> = set_aside::Entity::find()
            .select_only()
            .column_as(set_aside::Column::Len.sum().cast_as("bigint"), "kept")
            .into_tuple()
            .one(&self.db)
            .await?;
        let kept = kept.flatten().map_or(0, i64::unsigned_abs);
        Ok(self.most_aside.saturating_sub(kept))
    }

    /// How many there are.
    pub async fn set_aside_count(&self) -> Result<u64, StoreError> {
        Ok(set_aside::Entity::find().count(&self.db).await?)
    }
}

impl Writing<'_> {
    /// Keeps a submission; the same one again changes only what is known of it.
    pub async fn set_aside(&self, kept: SetAside) -> Result<(), StoreError> {
        let len = i64::try_from(kept.bytes.len()).unwrap_or(i64::MAX);
        let row = set_aside::ActiveModel {
            id: Set(kept.id),
            day: Set(kept.day),
            reason: Set(kept.reason),
            retry: Set(kept.retry),
            bytes: Set(kept.bytes),
            case_id: Set(kept.case),
            len: Set(len),
        };
        let known = [set_aside::Column::Reason, set_aside::Column::Retry, set_aside::Column::CaseId];
        set_aside::Entity::insert(row)
            .on_conflict(OnConflict::column(set_aside::Column::Id).update_columns(known).to_owned())
            .exec_without_returning(self.tx().await?)
            .await?;
        Ok(())
    }

    /// It has been filed after all.
    pub async fn unset_aside(&self, id: Uuid) -> Result<(), StoreError> {
        set_aside::Entity::delete_by_id(id).exec(self.tx().await?).await?;
        Ok(())
    }
}
