//! The journal of submissions that are being opened.
//!
//! A row is written before a submission is pulled and deleted after it was filed or set aside. A row that a start finds active was
//! being opened when the process ended: killed by its memory limit, aborted, or cut off from power. One that was there at
//! [`QUARANTINED_AFTER`] ends is quarantined: it is kept, and no start opens it again until an operator asks for that.

use std::collections::HashMap;

use database::{Place, Pool};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, ExprTrait as _, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, OnConflict},
};
use time::Date;
use uuid::Uuid;

use super::{
    Store, StoreError, Writing, count,
    entities::{opening, set_aside},
};

/// Ends of the process after which a submission that was being opened is quarantined.
pub const QUARANTINED_AFTER: u32 = 2;
/// Rows in one statement.
const ROWS: usize = 500;

/// A quarantined submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// Its id at the intake.
    pub id: Uuid,
    /// At how many ends of the process it was being opened.
    pub ends: u32,
    /// The day on which it was set aside and its length in bytes; `None` if it still waits at the intake.
    pub kept: Option<(Date, u64)>,
}

impl Store {
    /// Notes that these are being opened, durably.
    pub async fn begin_openings(&self, ids: &[Uuid]) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let writing = self.write().await?;
        for ids in ids.chunks(ROWS) {
            let rows =
                ids.iter().map(|id| opening::ActiveModel { id: Set(*id), active: Set(true), ends: Set(0) });
            let again =
                OnConflict::column(opening::Column::Id).update_column(opening::Column::Active).to_owned();
            opening::Entity::insert_many(rows)
                .on_conflict(again)
                .exec_without_returning(writing.tx().await?)
                .await?;
        }
        writing.commit().await
    }

    /// Notes that the process survived opening these.
    pub async fn end_openings(&self, ids: &[Uuid]) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let writing = self.write().await?;
        for ids in ids.chunks(ROWS) {
            opening::Entity::delete_many()
                .filter(opening::Column::Id.is_in(ids.iter().copied()))
                .exec(writing.tx().await?)
                .await?;
        }
        writing.commit().await
    }

    /// For the start of a process: counts an end for each submission that was being opened. Returns how many there were.
    pub async fn count_ends(&self) -> Result<u64, StoreError> {
        let writing = self.write().await?;
        let counted = opening::Entity::update_many()
            .col_expr(opening::Column::Ends, Expr::col(opening::Column::Ends).add(1))
            .col_expr(opening::Column::Active, Expr::value(false))
            .filter(opening::Column::Active.eq(true))
            .exec(writing.tx().await?)
            .await?;
        writing.commit().await?;
        Ok(counted.rows_affected)
    }

    /// For a process that stops in order: what was being opened did not end it.
    pub async fn stop_openings(&self) -> Result<(), StoreError> {
        let writing = self.write().await?;
        opening::Entity::update_many()
            .col_expr(opening::Column::Active, Expr::value(false))
            .filter(opening::Column::Active.eq(true))
            .exec(writing.tx().await?)
            .await?;
        writing.commit().await
    }

    /// Submissions that were being opened at an end of the process, with the number of ends.
    pub async fn suspects(&self) -> Result<HashMap<Uuid, u32>, StoreError> {
        let rows: Vec<(Uuid, i32)> = opening::Entity::find()
            .select_only()
            .columns([opening::Column::Id, opening::Column::Ends])
            .filter(opening::Column::Ends.gt(0))
            .into_tuple()
            .all(&self.db)
            .await?;
        Ok(rows.into_iter().map(|(id, ends)| (id, count(ends))).collect())
    }

    /// Everything that is quarantined, in the order of ids.
    pub async fn quarantined(&self) -> Result<Vec<Quarantined>, StoreError> {
        let rows = opening::Entity::find()
            .filter(opening::Column::Ends.gte(super::small(QUARANTINED_AFTER)))
            .order_by_asc(opening::Column::Id)
            .all(&self.db)
            .await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            let kept: Option<(Date, i64)> = set_aside::Entity::find_by_id(row.id)
                .select_only()
                .columns([set_aside::Column::Day, set_aside::Column::Len])
                .into_tuple()
                .one(&self.db)
                .await?;
            let kept = kept.map(|(day, len)| (day, len.unsigned_abs()));
            found.push(Quarantined { id: row.id, ends: count(row.ends), kept });
        }
        Ok(found)
    }

    /// Is a submission set aside under this id?
    pub async fn is_set_aside(&self, id: Uuid) -> Result<bool, StoreError> {
        Ok(set_aside::Entity::find_by_id(id).count(&self.db).await? > 0)
    }
}

impl Writing<'_> {
    /// Keeps the number of ends of a submission that is not being opened any more.
    pub async fn rest_opening(&self, id: Uuid) -> Result<(), StoreError> {
        opening::Entity::update_many()
            .col_expr(opening::Column::Active, Expr::value(false))
            .filter(opening::Column::Id.eq(id))
            .exec(self.tx().await?)
            .await?;
        Ok(())
    }

    /// Takes a submission out of quarantine, so that the next start opens it again.
    pub async fn forget_ends(&self, id: Uuid) -> Result<(), StoreError> {
        opening::Entity::delete_by_id(id).exec(self.tx().await?).await?;
        set_aside::Entity::update_many()
            .col_expr(set_aside::Column::Retry, Expr::value(true))
            .filter(set_aside::Column::Id.eq(id))
            .exec(self.tx().await?)
            .await?;
        Ok(())
    }

    /// Marks what was set aside as quarantined: no start looks at it again.
    pub async fn quarantine_aside(&self, id: Uuid, reason: &str) -> Result<(), StoreError> {
        set_aside::Entity::update_many()
            .col_expr(set_aside::Column::Retry, Expr::value(false))
            .col_expr(set_aside::Column::Reason, Expr::value(reason))
            .filter(set_aside::Column::Id.eq(id))
            .exec(self.tx().await?)
            .await?;
        Ok(())
    }
}

/// How many submissions are quarantined, for who only reads the database.
pub async fn quarantined_count(place: &Place) -> Result<u64, StoreError> {
    let db = place.connect(Pool::of(1)).await?;
    let quarantined = opening::Column::Ends.gte(super::small(QUARANTINED_AFTER));
    let count = opening::Entity::find().filter(quarantined).count(&db).await?;
    db.close().await?;
    Ok(count)
}
