//! The latest recorded date, and absences.

use std::collections::BTreeMap;

use database::{DatabaseUrl, PoolOptions};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter,
    sea_query::OnConflict,
};
use time::Date;
use web::Uptime;

use super::{
    CaseStore, StoreError, WriteTransaction,
    entities::{absence, clock_anchor, day, unsettled_date},
};
use crate::saved_clock::{ClockAnchor, SavedClock, UnsettledMove};

/// The name of the only row in `days`.
const LATEST_DATE_KEY: &str = "newest";

impl CaseStore {
    /// Returns the recorded clock.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn saved_clock(&self) -> Result<SavedClock, StoreError> {
        load_clock(&self.db).await
    }

    /// Records the clock.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn save_clock(&self, saved: &SavedClock) -> Result<(), StoreError> {
        let transaction = self.begin_write().await?;
        let tx = transaction.flushed_transaction().await?;
        if let Some(latest) = saved.latest_date {
            let row = day::ActiveModel { name: Set(LATEST_DATE_KEY.to_owned()), day: Set(latest) };
            day::Entity::insert(row)
                .on_conflict(
                    OnConflict::column(day::Column::Name)
                        .update_column(day::Column::Day)
                        .to_owned(),
                )
                .exec_without_returning(tx)
                .await?;
        }
        clock_anchor::Entity::delete_many().exec(tx).await?;
        if let Some(ClockAnchor { uptime, clock }) = &saved.anchor {
            let row = clock_anchor::ActiveModel {
                boot: Set(uptime.boot_id.clone()),
                uptime: Set(uptime.seconds),
                clock: Set(*clock),
            };
            clock_anchor::Entity::insert(row).exec_without_returning(tx).await?;
        }
        unsettled_date::Entity::delete_many().exec(tx).await?;
        if let Some(UnsettledMove { previous, disputed }) = saved.unsettled {
            let row =
                unsettled_date::ActiveModel { previous: Set(previous), disputed: Set(disputed) };
            unsettled_date::Entity::insert(row).exec_without_returning(tx).await?;
        }
        transaction.commit().await
    }

    /// Returns the members with an absence on a date, with the last date of each absence.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn absences_on(&self, today: Date) -> Result<BTreeMap<String, Date>, StoreError> {
        let rows =
            absence::Entity::find().filter(absence::Column::Until.gte(today)).all(&self.db).await?;
        Ok(rows.into_iter().map(|row| (row.member, row.until)).collect())
    }
}

async fn load_clock(db: &DatabaseConnection) -> Result<SavedClock, StoreError> {
    let latest = day::Entity::find_by_id(LATEST_DATE_KEY).one(db).await?.map(|row| row.day);
    let anchor = clock_anchor::Entity::find().one(db).await?.map(|row| ClockAnchor {
        uptime: Uptime { boot_id: row.boot, seconds: row.uptime },
        clock: row.clock,
    });
    let unsettled = unsettled_date::Entity::find()
        .one(db)
        .await?
        .map(|row| UnsettledMove { previous: row.previous, disputed: row.disputed });
    Ok(SavedClock { latest_date: latest, anchor, unsettled })
}

/// Returns the recorded clock, through a connection that only reads.
///
/// # Errors
/// Fails if the database fails.
pub async fn read_saved_clock(url: &DatabaseUrl) -> Result<SavedClock, StoreError> {
    let db = url.connect(PoolOptions::with_connections(1)).await?;
    let saved = load_clock(&db).await?;
    db.close().await?;
    Ok(saved)
}

impl WriteTransaction<'_> {
    /// Sets the absence of a member until a date (inclusive), or clears it.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn set_absence(&self, member: &str, until: Option<Date>) -> Result<(), StoreError> {
        absence::Entity::delete_by_id(member).exec(self.flushed_transaction().await?).await?;
        if let Some(until) = until {
            let row = absence::ActiveModel { member: Set(member.to_owned()), until: Set(until) };
            absence::Entity::insert(row)
                .exec_without_returning(self.flushed_transaction().await?)
                .await?;
        }
        Ok(())
    }
}
