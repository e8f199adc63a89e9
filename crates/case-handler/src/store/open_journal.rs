//! The journal of submissions that are being opened.
//!
//! A row is written before a submission is pulled and deleted after it was filed or set aside. A
//! row that a start finds active was being opened when the process ended: killed by its memory
//! limit, aborted, or cut off from power. One that was there at [`POISON_AFTER_CRASHES`] ends is
//! quarantined: it is kept, and no start opens it again until an operator asks for that.

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

/// Ends of the process after which a submission that was being opened is quarantined.
pub const POISON_AFTER_CRASHES: u32 = 2;
/// Rows in one statement.
const ROWS_PER_STATEMENT: usize = 500;

/// A quarantined submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoisonSubmission {
    /// Its id at the intake.
    pub id: Uuid,
    /// At how many ends of the process it was being opened.
    pub crashes: u32,
    /// The day on which it was set aside and its length in bytes; `None` if it still waits at the
    /// intake.
    pub stored: Option<(Date, u64)>,
}

impl CaseStore {
    /// Notes that these are being opened, durably.
    pub async fn journal_open_started(&self, ids: &[Uuid]) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let writing = self.begin_write().await?;
        for ids in ids.chunks(ROWS_PER_STATEMENT) {
            let rows = ids.iter().map(|id| opening::ActiveModel {
                id: Set(*id),
                active: Set(true),
                ends: Set(0),
            });
            let again = OnConflict::column(opening::Column::Id)
                .update_column(opening::Column::Active)
                .to_owned();
            opening::Entity::insert_many(rows)
                .on_conflict(again)
                .exec_without_returning(writing.flushed_transaction().await?)
                .await?;
        }
        writing.commit().await
    }

    /// Notes that the process survived opening these.
    pub async fn journal_open_finished(&self, ids: &[Uuid]) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let writing = self.begin_write().await?;
        for ids in ids.chunks(ROWS_PER_STATEMENT) {
            opening::Entity::delete_many()
                .filter(opening::Column::Id.is_in(ids.iter().copied()))
                .exec(writing.flushed_transaction().await?)
                .await?;
        }
        writing.commit().await
    }

    /// For the start of a process: counts an end for each submission that was being opened. Returns
    /// how many there were.
    pub async fn count_crashes(&self) -> Result<u64, StoreError> {
        let writing = self.begin_write().await?;
        let counted = opening::Entity::update_many()
            .col_expr(opening::Column::Ends, Expr::col(opening::Column::Ends).add(1))
            .col_expr(opening::Column::Active, Expr::value(false))
            .filter(opening::Column::Active.eq(true))
            .exec(writing.flushed_transaction().await?)
            .await?;
        writing.commit().await?;
        Ok(counted.rows_affected)
    }

    /// For a process that stops in order: what was being opened did not end it.
    pub async fn journal_clean_shutdown(&self) -> Result<(), StoreError> {
        let writing = self.begin_write().await?;
        opening::Entity::update_many()
            .col_expr(opening::Column::Active, Expr::value(false))
            .filter(opening::Column::Active.eq(true))
            .exec(writing.flushed_transaction().await?)
            .await?;
        writing.commit().await
    }

    /// Submissions that were being opened at an end of the process, with the number of ends.
    pub async fn crash_suspects(&self) -> Result<HashMap<Uuid, u32>, StoreError> {
        let rows: Vec<(Uuid, i32)> = opening::Entity::find()
            .select_only()
            .columns([opening::Column::Id, opening::Column::Ends])
            .filter(opening::Column::Ends.gt(0))
            .into_tuple()
            .all(&self.db)
            .await?;
        Ok(rows.into_iter().map(|(id, ends)| (id, to_u32(ends))).collect())
    }

    /// Everything that is quarantined, in the order of ids.
    pub async fn poison_submissions(&self) -> Result<Vec<PoisonSubmission>, StoreError> {
        let rows = opening::Entity::find()
            .filter(opening::Column::Ends.gte(super::to_i32(POISON_AFTER_CRASHES)))
            .order_by_asc(opening::Column::Id)
            .all(&self.db)
            .await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            let kept: Option<(Date, i64)> = quarantine::Entity::find_by_id(row.id)
                .select_only()
                .columns([quarantine::Column::Day, quarantine::Column::Len])
                .into_tuple()
                .one(&self.db)
                .await?;
            let kept = kept.map(|(day, len)| (day, len.unsigned_abs()));
            found.push(PoisonSubmission { id: row.id, crashes: to_u32(row.ends), stored: kept });
        }
        Ok(found)
    }

    /// Is a submission set aside under this id?
    pub async fn is_quarantined(&self, id: Uuid) -> Result<bool, StoreError> {
        Ok(quarantine::Entity::find_by_id(id).count(&self.db).await? > 0)
    }
}

impl WriteTransaction<'_> {
    /// Keeps the number of ends of a submission that is not being opened any more.
    pub async fn journal_open_stopped(&self, id: Uuid) -> Result<(), StoreError> {
        opening::Entity::update_many()
            .col_expr(opening::Column::Active, Expr::value(false))
            .filter(opening::Column::Id.eq(id))
            .exec(self.flushed_transaction().await?)
            .await?;
        Ok(())
    }

    /// Takes a submission out of quarantine, so that the next start opens it again.
    pub async fn clear_crashes(&self, id: Uuid) -> Result<(), StoreError> {
        opening::Entity::delete_by_id(id).exec(self.flushed_transaction().await?).await?;
        quarantine::Entity::update_many()
            .col_expr(quarantine::Column::Retry, Expr::value(true))
            .filter(quarantine::Column::Id.eq(id))
            .exec(self.flushed_transaction().await?)
            .await?;
        Ok(())
    }

    /// Marks what was set aside as quarantined: no start looks at it again.
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

/// How many submissions are quarantined, for who only reads the database.
pub async fn poison_count(place: &DatabaseUrl) -> Result<u64, StoreError> {
    let db = place.connect(PoolOptions::with_connections(1)).await?;
    let quarantined = opening::Column::Ends.gte(super::to_i32(POISON_AFTER_CRASHES));
    let count = opening::Entity::find().filter(quarantined).count(&db).await?;
    db.close().await?;
    Ok(count)
}
