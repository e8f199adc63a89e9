//! The newest day that the handler has seen, and until when members are away.

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
    entities::{absence, clock_anchor, day},
};
use crate::trusted_date::{ClockAnchor, SavedClock};

/// The one row of `dates`.
const LATEST_DATE_KEY: &str = "newest";

impl CaseStore {
    /// What is kept of the clock.
    pub async fn saved_clock(&self) -> Result<SavedClock, StoreError> {
        load_clock(&self.db).await
    }

    /// Keeps it.
    pub async fn save_clock(&self, kept: &SavedClock) -> Result<(), StoreError> {
        let writing = self.begin_write().await?;
        let tx = writing.flushed_transaction().await?;
        if let Some(newest) = kept.latest_date {
            let row = day::ActiveModel { name: Set(LATEST_DATE_KEY.to_owned()), day: Set(newest) };
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
        if let Some(ClockAnchor { uptime, clock }) = &kept.anchor {
            let row = clock_anchor::ActiveModel {
                boot: Set(uptime.boot_id.clone()),
                uptime: Set(uptime.seconds),
                clock: Set(*clock),
            };
            clock_anchor::Entity::insert(row).exec_without_returning(tx).await?;
        }
        writing.commit().await
    }

    /// Who is away on a day, and until when, that day included.
    pub async fn absences_on(&self, today: Date) -> Result<BTreeMap<String, Date>, StoreError> {
        let rows =
            absence::Entity::find().filter(absence::Column::Until.gte(today)).all(&self.db).await?;
        Ok(rows.into_iter().map(|row| (row.member, row.until)).collect())
    }
}

async fn load_clock(db: &DatabaseConnection) -> Result<SavedClock, StoreError> {
    let newest = day::Entity::find_by_id(LATEST_DATE_KEY).one(db).await?.map(|row| row.day);
    let anchor = clock_anchor::Entity::find().one(db).await?.map(|row| ClockAnchor {
        uptime: Uptime { boot_id: row.boot, seconds: row.uptime },
        clock: row.clock,
    });
    Ok(SavedClock { latest_date: newest, anchor })
}

/// What is kept of the clock, for who only reads the database.
pub async fn read_saved_clock(place: &DatabaseUrl) -> Result<SavedClock, StoreError> {
    let db = place.connect(PoolOptions::with_connections(1)).await?;
    let kept = load_clock(&db).await?;
    db.close().await?;
    Ok(kept)
}

impl WriteTransaction<'_> {
    /// A member is away until a day, or back.
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
