//! Submissions that could not be filed. They are kept whole: nothing that a reporter sent is
//! dropped.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, QueryTrait, Select,
    sea_query::{Expr, ExprTrait as _, OnConflict},
};
use time::Date;
use uuid::Uuid;

use super::{
    CaseStore, StoreError, WriteTransaction,
    entities::{case, quarantine},
};

/// A submission that could not be filed.
#[derive(Debug)]
pub struct QuarantinedSubmission {
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
pub enum RetryScope {
    /// All that a new key or directory may have made fileable.
    All,
    /// Those whose report has been filed. What strangers send costs nothing here: it names no known
    /// case.
    WithKnownCase,
}

/// Asked from what was set aside, of which there is little, not from the cases.
pub(super) fn retryable_query(which: RetryScope) -> Select<quarantine::Entity> {
    let retried = quarantine::Entity::find()
        .select_only()
        .column(quarantine::Column::Id)
        .filter(quarantine::Column::Retry.eq(true));
    match which {
        RetryScope::All => retried,
        RetryScope::WithKnownCase => {
            let its_case = case::Column::Id.into_expr().eq(quarantine::Column::CaseId.into_expr());
            let known =
                case::Entity::find().select_only().column(case::Column::Id).filter(its_case);
            retried.filter(Expr::exists(known.into_query()))
        }
    }
}

impl CaseStore {
    /// The ids of those that may be fileable by now.
    pub async fn retryable_ids(&self, which: RetryScope) -> Result<Vec<Uuid>, StoreError> {
        Ok(retryable_query(which).into_tuple().all(&self.db).await?)
    }

    /// One of them.
    pub async fn quarantined_bytes(&self, id: Uuid) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(quarantine::Entity::find_by_id(id).one(&self.db).await?.map(|row| row.bytes))
    }

    /// For how many bytes there is room.
    pub async fn quarantine_capacity(&self) -> Result<u64, StoreError> {
        let kept: Option<Option<i64>> = quarantine::Entity::find()
            .select_only()
            .column_as(quarantine::Column::Len.sum().cast_as("bigint"), "kept")
            .into_tuple()
            .one(&self.db)
            .await?;
        let kept = kept.flatten().map_or(0, i64::unsigned_abs);
        Ok(self.max_quarantine_bytes.saturating_sub(kept))
    }

    /// How many there are.
    pub async fn quarantined_count(&self) -> Result<u64, StoreError> {
        Ok(quarantine::Entity::find().count(&self.db).await?)
    }
}

impl WriteTransaction<'_> {
    /// Keeps a submission; the same one again changes only what is known of it.
    pub async fn quarantine(&self, kept: QuarantinedSubmission) -> Result<(), StoreError> {
        let len = i64::try_from(kept.bytes.len()).unwrap_or(i64::MAX);
        let row = quarantine::ActiveModel {
            id: Set(kept.id),
            day: Set(kept.day),
            reason: Set(kept.reason),
            retry: Set(kept.retry),
            bytes: Set(kept.bytes),
            case_id: Set(kept.case),
            len: Set(len),
        };
        let known =
            [quarantine::Column::Reason, quarantine::Column::Retry, quarantine::Column::CaseId];
        quarantine::Entity::insert(row)
            .on_conflict(
                OnConflict::column(quarantine::Column::Id).update_columns(known).to_owned(),
            )
            .exec_without_returning(self.flushed_transaction().await?)
            .await?;
        Ok(())
    }

    /// It has been filed after all.
    pub async fn remove_quarantined(&self, id: Uuid) -> Result<(), StoreError> {
        quarantine::Entity::delete_by_id(id).exec(self.flushed_transaction().await?).await?;
        Ok(())
    }
}
