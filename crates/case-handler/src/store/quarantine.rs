//! Rows of the quarantine. The bytes of a submission are stored unchanged, so that nothing that a
//! reporter sent is lost. They are stored in chunks, because a database holds several copies of a
//! value in memory.

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
    entities::{case, quarantine, quarantine_chunk},
    parts::CHUNK_LEN,
};
use crate::sealed_bytes::{SealedBytes, SealedBytesWriter, SealedSource as _, chunk_ranges};

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
    pub bytes: SealedBytes,
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
    pub async fn quarantined_bytes(&self, id: Uuid) -> Result<Option<SealedBytes>, StoreError> {
        const MISSING: StoreError =
            StoreError::DamagedPart("quarantine_chunks: a chunk of a submission is missing");
        let row = quarantine::Entity::find_by_id(id);
        let len = row.select_only().column(quarantine::Column::Len).into_tuple::<i64>();
        let Some(len) = len.one(&self.db).await? else { return Ok(None) };
        let len = len.unsigned_abs();
        let mut bytes = SealedBytesWriter::new(len)?;
        for (number, _) in (0..).zip(chunk_ranges(len, CHUNK_LEN)) {
            let chunk = quarantine_chunk::Entity::find_by_id((id, number)).one(&self.db).await?;
            bytes.write(&chunk.ok_or(MISSING)?.bytes).await?;
        }
        Ok(Some(bytes.finish().await?))
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
        let len = submission.bytes.byte_len();
        let row = quarantine::ActiveModel {
            id: Set(submission.id),
            day: Set(submission.day),
            reason: Set(submission.reason),
            retry: Set(submission.retry),
            case_id: Set(submission.case),
            len: Set(i64::try_from(len).unwrap_or(i64::MAX)),
        };
        let updated =
            [quarantine::Column::Reason, quarantine::Column::Retry, quarantine::Column::CaseId];
        quarantine::Entity::insert(row)
            .on_conflict(
                OnConflict::column(quarantine::Column::Id).update_columns(updated).to_owned(),
            )
            .exec_without_returning(self.flushed_transaction().await?)
            .await?;
        for (number, (offset, len)) in (0..).zip(chunk_ranges(len, CHUNK_LEN)) {
            let bytes = submission.bytes.read_at(offset, len).await?;
            let row = quarantine_chunk::ActiveModel {
                submission: Set(submission.id),
                number: Set(number),
                bytes: Set(bytes.to_vec()),
            };
            let key = [quarantine_chunk::Column::Submission, quarantine_chunk::Column::Number];
            quarantine_chunk::Entity::insert(row)
                .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
                .exec_without_returning(self.flushed_transaction().await?)
                .await?;
        }
        Ok(())
    }

    /// Updates reason, retry and case of a submission that is stored.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn update_quarantined(
        &self,
        id: Uuid,
        reason: String,
        retry: bool,
        case: Option<Uuid>,
    ) -> Result<(), StoreError> {
        quarantine::Entity::update_many()
            .col_expr(quarantine::Column::Reason, Expr::value(reason))
            .col_expr(quarantine::Column::Retry, Expr::value(retry))
            .col_expr(quarantine::Column::CaseId, Expr::value(case))
            .filter(quarantine::Column::Id.eq(id))
            .exec(self.flushed_transaction().await?)
            .await?;
        Ok(())
    }

    /// Removes a submission, for example after it was ingested.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn remove_quarantined(&self, id: Uuid) -> Result<(), StoreError> {
        quarantine::Entity::delete_by_id(id).exec(self.flushed_transaction().await?).await?;
        quarantine_chunk::Entity::delete_many()
            .filter(quarantine_chunk::Column::Submission.eq(id))
            .exec(self.flushed_transaction().await?)
            .await?;
        Ok(())
    }
}
