//! The newest day that the handler has seen, and until when members are away.

use std::collections::BTreeMap;

use database::{Place, Pool};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, sea_query::OnConflict,
};
use time::Date;
use web::Uptime;

use super::{
    Store, StoreError, Writing,
    entities::{absence, clock_anchor, day},
};
use crate::today::{Anchor, KeptClock};

/// The one row of `days`.
const NEWEST: &str = "newest";

impl Store {
    /// What is kept of the clock.
    pub async fn kept_clock(&self) -> Result<KeptClock, StoreError> {
        kept_clock_in(&self.db).await
    }

    /// Keeps it.
    pub async fn keep_clock(&self, kept: &KeptClock) -> Result<(), StoreError> {
        let writing = self.write().await?;
        let tx = writing.tx().await?;
        if let Some(newest) = kept.newest {
            let row = day::ActiveModel { name: Set(NEWEST.to_owned()), day: Set(newest) };
            day::Entity::insert(row)
                .on_conflict(OnConflict::column(day::Column::Name).update_column(day::Column::Day).to_owned())
                .exec_without_returning(tx)
                .await?;
        }
        clock_anchor::Entity::delete_many().exec(tx).await?;
        if let Some(Anchor { uptime, clock }) = &kept.anchor {
            let row = clock_anchor::ActiveModel {
                boot: Set(uptime.boot.clone()),
                uptime: Set(uptime.seconds),
                clock: Set(*clock),
            };
            clock_anchor::Entity::insert(row).exec_without_returning(tx).await?;
        }
        writing.commit().await
    }

    /// Who is away on a day, and until when, that day included.
    pub async fn away(&self, today: Date) -> Result<BTreeMap<String, Date>, StoreError> {
        let rows = absence::Entity::find().filter(absence::Column::Until.gte(today)).all(&self.db).await?;
        Ok(rows.into_iter().map(|row| (row.member, row.until)).collect())
    }
}

async fn kept_clock_in(db: &DatabaseConnection) -> Result<KeptClock, StoreError> {
    let newest = day::Entity::find_by_id(NEWEST).one(db).await?.map(|row| row.day);
    let anchor = clock_anchor::Entity::find()
        .one(db)
        .await?
        .map(|row| Anchor { uptime: Uptime { boot: row.boot, seconds: row.uptime }, clock: row.clock });
    Ok(KeptClock { newest, anchor })
}

/// What is kept of the clock, for who only reads the database.
pub async fn kept_clock(place: &Place) -> Result<KeptClock, StoreError> {
    let db = place.connect(Pool::of(1)).await?;
    let kept = kept_clock_in(&db).await?;
    db.close().await?;
    Ok(kept)
}

impl Writing<'_> {
    /// A member is away until a day, or back.
    pub async fn set_away(&self, member: &str, until: Option<Date>) -> Result<(), StoreError> {
        absence::Entity::delete_by_id(member).exec(self.tx().await?).await?;
        if let Some(until) = until {
            let row = absence::ActiveModel { member: Set(member.to_owned()), until: Set(until) };
            absence::Entity::insert(row).exec_without_returning(self.tx().await?).await?;
        }
        Ok(())
    }
}
