//! Rows of the quarantine. The bytes of a submission are stored unchanged, so that nothing that a
//! reporter sent is lost.

use database::{DatabaseUrl, PoolOptions};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, DatabaseConnection, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect,
    QueryTrait, Select,
    sea_query::{Expr, ExprTrait as _, OnConflict},
};
use time::Date;
use uuid::Uuid;

use super::{
    CaseStore, StoreError, WriteTransaction,
    entities::{case, quarantine},
};

/// A submission that could not be ingested.
#[derive(Debug)]
pub struct QuarantinedSubmission {
    /// Its id at the intake.
    pub id: Uuid,
    /// The date of its collection.
    pub day: Date,
    /// The reason, one of our own fixed texts.
    pub reason: String,
    /// True if another submission, directory or key can make it ingestible.
    pub retry: bool,
    /// The case that it names, if it could be opened.
    pub case: Option<Uuid>,
    /// The sealed bytes, as collected.
    pub bytes: Vec<u8>,
}

/// Which submissions are retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryScope {
    /// All that a new key or directory may have made ingestible.
    All,
    /// Those whose report was ingested. Junk from unknown clients costs nothing here, because it
    /// names no existing case.
    WithKnownCase,
}

/// Selects the submissions to retry. The query starts from the quarantine, which is small, and not
/// from the cases.
pub(super) fn retryable_query(scope: RetryScope) -> Select<quarantine::Entity> {
    let retryable = quarantine::Entity::find()
        .select_only()
        .column(quarantine::Column::Id)
        .filter(quarantine::Column::Retry.eq(true));
    match scope {
        RetryScope::All => retryable,
        RetryScope::WithKnownCase => {
            let same_case = case::Column::Id.into_expr().eq(quarantine::Column::CaseId.into_expr());
            let known =
                case::Entity::find().select_only().column(case::Column::Id).filter(same_case);
            retryable.filter(Expr::exists(known.into_query()))
        }
    }
}

impl CaseStore {
    /// Returns the ids of the submissions to retry.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn retryable_ids(&self, scope: RetryScope) -> Result<Vec<Uuid>, StoreError> {
        Ok(retryable_query(scope).into_tuple().all(&self.db).await?)
    }

    /// Returns the bytes of a submission.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn quarantined_bytes(&self, id: Uuid) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(quarantine::Entity::find_by_id(id).one(&self.db).await?.map(|row| row.bytes))
    }

    /// Returns the free size of the quarantine, in bytes.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn quarantine_capacity(&self) -> Result<u64, StoreError> {
        Ok(self.max_quarantine_bytes.saturating_sub(quarantine_size(&self.db).await?))
    }

    /// Returns the number of quarantined submissions.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn quarantined_count(&self) -> Result<u64, StoreError> {
        Ok(quarantine::Entity::find().count(&self.db).await?)
    }
}

async fn quarantine_size(db: &DatabaseConnection) -> Result<u64, StoreError> {
    let used: Option<Option<i64>> = quarantine::Entity::find()
        .select_only()
        .column_as(quarantine::Column::Len.sum().cast_as("bigint"), "used")
        .into_tuple()
        .one(db)
        .await?;
    Ok(used.flatten().map_or(0, i64::unsigned_abs))
}

/// Returns the size of all quarantined submissions in bytes, through a connection that only reads.
///
/// # Errors
/// Fails if the database fails.
pub async fn read_quarantine_size(url: &DatabaseUrl) -> Result<u64, StoreError> {
    let db = url.connect(PoolOptions::with_connections(1)).await?;
    let used = quarantine_size(&db).await?;
    db.close().await?;
    Ok(used)
}

impl WriteTransaction<'_> {
    /// Stores a submission. If it is stored already, updates reason, retry and case.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn quarantine(&self, submission: QuarantinedSubmission) -> Result<(), StoreError> {
        let len = i64::try_from(submission.bytes.len()).unwrap_or(i64::MAX);
        let row = quarantine::ActiveModel {
            id: Set(submission.id),
            day: Set(submission.day),
            reason: Set(submission.reason),
            retry: Set(submission.retry),
            bytes: Set(submission.bytes),
            case_id: Set(submission.case),
            len: Set(len),
        };
        let updated =
            [quarantine::Column::Reason, quarantine::Column::Retry, quarantine::Column::CaseId];
        quarantine::Entity::insert(row)
            .on_conflict(
                OnConflict::column(quarantine::Column::Id).update_columns(updated).to_owned(),
            )
            .exec_without_returning(self.flushed_transaction().await?)
            .await?;
        Ok(())
    }

    /// Removes a submission, for example after it was ingested.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn remove_quarantined(&self, id: Uuid) -> Result<(), StoreError> {
        quarantine::Entity::delete_by_id(id).exec(self.flushed_transaction().await?).await?;
        Ok(())
    }
}
