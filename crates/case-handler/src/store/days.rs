//! The newest day that the handler has seen, and until when members are away.

use std::collections::BTreeMap;

use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, sea_query::OnConflict};
use time::Date;

use super::{
    Store, StoreError, Writing,
    entities::{absence, day},
};

/// The one row of `days`.
const NEWEST: &str = "newest";

impl Store {
    /// The newest day that was kept.
    pub async fn newest_day(&self) -> Result<Option<Date>, StoreError> {
        Ok(day::Entity::find_by_id(NEWEST).one(&self.db).await?.map(|row| row.day))
    }

    /// Keeps it.
    pub async fn keep_newest_day(&self, newest: Date) -> Result<(), StoreError> {
        let writing = self.write().await?;
        let row = day::ActiveModel { name: Set(NEWEST.to_owned()), day: Set(newest) };
        day::Entity::insert(row)
            .on_conflict(OnConflict::column(day::Column::Name).update_column(day::Column::Day).to_owned())
            .exec_without_returning(writing.tx().await?)
            .await?;
        writing.commit().await
    }

    /// Who is away on a day, and until when, that day included.
    pub async fn away(&self, today: Date) -> Result<BTreeMap<String, Date>, StoreError> {
        let rows = absence::Entity::find().filter(absence::Column::Until.gte(today)).all(&self.db).await?;
        Ok(rows.into_iter().map(|row| (row.member, row.until)).collect())
    }
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
