//! The pause of the transparency log after a restore. A restored store can lack the end of the log.
//! A checkpoint that continues it could contradict one that members and witnesses have seen.

use database::{DatabaseUrl, PoolOptions};
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, sea_query::OnConflict};
use time::Date;

use super::{CaseStore, StoreError, WriteTransaction, entities::log_pause};

/// The name of the only row in `log_pauses`.
const RESTORE_KEY: &str = "restore";

impl CaseStore {
    /// Returns the date of the restore after which the log is paused. `None` if it is not paused.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn log_paused_since(&self) -> Result<Option<Date>, StoreError> {
        paused_since(&self.db).await
    }
}

impl WriteTransaction<'_> {
    /// Returns the date of the restore after which the log is paused. `None` if it is not paused.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn log_paused_since(&self) -> Result<Option<Date>, StoreError> {
        paused_since(self.flushed_transaction().await?).await
    }

    /// Pauses the log: no checkpoint is signed until the pause ends.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn pause_log(&self, since: Date) -> Result<(), StoreError> {
        let row = log_pause::ActiveModel { name: Set(RESTORE_KEY.to_owned()), since: Set(since) };
        let replace = OnConflict::column(log_pause::Column::Name)
            .update_column(log_pause::Column::Since)
            .to_owned();
        log_pause::Entity::insert(row)
            .on_conflict(replace)
            .exec_without_returning(self.flushed_transaction().await?)
            .await?;
        Ok(())
    }

    /// Ends the pause of the log, if it is paused.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn end_log_pause(&self) -> Result<(), StoreError> {
        log_pause::Entity::delete_many().exec(self.flushed_transaction().await?).await?;
        Ok(())
    }
}

/// Returns the date of the restore after which the log is paused, through a connection that only
/// reads.
///
/// # Errors
/// Fails if the database fails.
pub async fn read_log_pause(url: &DatabaseUrl) -> Result<Option<Date>, StoreError> {
    let db = url.connect(PoolOptions::with_connections(1)).await?;
    let since = paused_since(&db).await?;
    db.close().await?;
    Ok(since)
}

async fn paused_since(db: &impl ConnectionTrait) -> Result<Option<Date>, StoreError> {
    let row = log_pause::Entity::find_by_id(RESTORE_KEY).one(db).await?;
    Ok(row.map(|row| row.since))
}
