//! The journal of submissions that are being opened.
//!
//! A row is written before a submission is pulled, and deleted after it was ingested or
//! quarantined. If a start finds an active row, that submission was being opened when the process
//! ended: because of its memory limit, an abort or a power failure. After [`POISON_AFTER_CRASHES`]
//! crashes, the submission is stored unopened, and no start opens it again until an operator
//! requests it.

use std::collections::HashMap;

use database::{DatabaseUrl, PoolOptions};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, ExprTrait as _, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, OnConflict},
};
use time::Date;
use uuid::Uuid;

use super::{
    CaseStore, StoreError, WriteTransaction,
    entities::{opening, quarantine},
    to_u32,
};

/// Number of crashes after which a submission is quarantined unopened.
pub const POISON_AFTER_CRASHES: u32 = 2;
/// Rows in one statement.
const ROWS_PER_STATEMENT: usize = 500;

/// A submission that terminated the process and is quarantined unopened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoisonSubmission {
    /// Its id at the intake.
    pub id: Uuid,
    /// Number of crashes during which it was being opened.
    pub crashes: u32,
    /// The date of its quarantine and its length in bytes; `None` if it still waits at the intake.
    pub stored: Option<(Date, u64)>,
}

impl CaseStore {
    /// Records durably that these submissions are being opened.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn journal_open_started(&self, ids: &[Uuid]) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let transaction = self.begin_write().await?;
        for ids in ids.chunks(ROWS_PER_STATEMENT) {
            let rows = ids.iter().map(|id| opening::ActiveModel {
                id: Set(*id),
                active: Set(true),
                crashes: Set(0),
            });
            let update_active = OnConflict::column(opening::Column::Id)
                .update_column(opening::Column::Active)
                .to_owned();
            opening::Entity::insert_many(rows)
                .on_conflict(update_active)
                .exec_without_returning(transaction.flushed_transaction().await?)
                .await?;
        }
        transaction.commit().await
    }

    /// Records that the process survived opening these submissions.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn journal_open_finished(&self, ids: &[Uuid]) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let transaction = self.begin_write().await?;
        for ids in ids.chunks(ROWS_PER_STATEMENT) {
            opening::Entity::delete_many()
                .filter(opening::Column::Id.is_in(ids.iter().copied()))
                .exec(transaction.flushed_transaction().await?)
                .await?;
        }
        transaction.commit().await
    }

    /// At the start of the process, counts a crash for each submission that was being opened, and
    /// returns their number.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn count_crashes(&self) -> Result<u64, StoreError> {
        let transaction = self.begin_write().await?;
        let counted = opening::Entity::update_many()
            .col_expr(opening::Column::Crashes, Expr::col(opening::Column::Crashes).add(1))
            .col_expr(opening::Column::Active, Expr::value(false))
            .filter(opening::Column::Active.eq(true))
            .exec(transaction.flushed_transaction().await?)
            .await?;
        transaction.commit().await?;
        Ok(counted.rows_affected)
    }

    /// At a regular stop of the process, records that no submission terminated it.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn journal_clean_shutdown(&self) -> Result<(), StoreError> {
        let transaction = self.begin_write().await?;
        opening::Entity::update_many()
            .col_expr(opening::Column::Active, Expr::value(false))
            .filter(opening::Column::Active.eq(true))
            .exec(transaction.flushed_transaction().await?)
            .await?;
        transaction.commit().await
    }

    /// Returns the submissions with crashes, with the number of crashes.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn crash_suspects(&self) -> Result<HashMap<Uuid, u32>, StoreError> {
        let rows: Vec<(Uuid, i32)> = opening::Entity::find()
            .select_only()
            .columns([opening::Column::Id, opening::Column::Crashes])
            .filter(opening::Column::Crashes.gt(0))
            .into_tuple()
            .all(&self.db)
            .await?;
        Ok(rows.into_iter().map(|(id, crashes)| (id, to_u32(crashes))).collect())
    }

    /// Returns all submissions that are quarantined unopened, in the order of ids.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn poison_submissions(&self) -> Result<Vec<PoisonSubmission>, StoreError> {
        let rows = opening::Entity::find()
            .filter(opening::Column::Crashes.gte(super::to_i32(POISON_AFTER_CRASHES)))
            .order_by_asc(opening::Column::Id)
            .all(&self.db)
            .await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            let stored: Option<(Date, i64)> = quarantine::Entity::find_by_id(row.id)
                .select_only()
                .columns([quarantine::Column::Day, quarantine::Column::Len])
                .into_tuple()
                .one(&self.db)
                .await?;
            let stored = stored.map(|(day, len)| (day, len.unsigned_abs()));
            found.push(PoisonSubmission { id: row.id, crashes: to_u32(row.crashes), stored });
        }
        Ok(found)
    }

    /// Returns true if a submission with this id is quarantined.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn is_quarantined(&self, id: Uuid) -> Result<bool, StoreError> {
        Ok(quarantine::Entity::find_by_id(id).count(&self.db).await? > 0)
    }
}

impl WriteTransaction<'_> {
    /// Records that a submission is no longer being opened, and keeps its number of crashes.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn journal_open_stopped(&self, id: Uuid) -> Result<(), StoreError> {
        opening::Entity::update_many()
            .col_expr(opening::Column::Active, Expr::value(false))
            .filter(opening::Column::Id.eq(id))
            .exec(self.flushed_transaction().await?)
            .await?;
        Ok(())
    }

    /// Removes the crashes of a submission, so that the next start opens it again.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn clear_crashes(&self, id: Uuid) -> Result<(), StoreError> {
        opening::Entity::delete_by_id(id).exec(self.flushed_transaction().await?).await?;
        quarantine::Entity::update_many()
            .col_expr(quarantine::Column::Retry, Expr::value(true))
            .filter(quarantine::Column::Id.eq(id))
            .exec(self.flushed_transaction().await?)
            .await?;
        Ok(())
    }

    /// Marks a submission in the quarantine as one that no start retries.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn mark_poison(&self, id: Uuid, reason: &str) -> Result<(), StoreError> {
        quarantine::Entity::update_many()
            .col_expr(quarantine::Column::Retry, Expr::value(false))
            .col_expr(quarantine::Column::Reason, Expr::value(reason))
            .filter(quarantine::Column::Id.eq(id))
            .exec(self.flushed_transaction().await?)
            .await?;
        Ok(())
    }
}

/// Returns the number of submissions that are quarantined unopened, through a connection that only
/// reads.
///
/// # Errors
/// Fails if the database fails.
pub async fn poison_count(url: &DatabaseUrl) -> Result<u64, StoreError> {
    let db = url.connect(PoolOptions::with_connections(1)).await?;
    let is_poison = opening::Column::Crashes.gte(super::to_i32(POISON_AFTER_CRASHES));
    let count = opening::Entity::find().filter(is_poison).count(&db).await?;
    db.close().await?;
    Ok(count)
}
