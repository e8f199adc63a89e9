//! Garbage collection of incomplete submissions. Any intake process may do this.

use std::{collections::HashMap, sync::PoisonError};

use sea_orm::{QuerySelect, prelude::*, sea_query::Query};
use time::Date;
use tokio::time::{Duration, Instant};

use super::{MAX_IDS_PER_STATEMENT, Store, StoreError, submission, upload};

/// Incomplete submissions, and when this process first saw each. It is in memory, because the
/// database stores no times.
pub(super) type FirstSeen = HashMap<Uuid, Instant>;

impl Store {
    /// Deletes submissions that have been incomplete for `age` since this process first saw them,
    /// and that cannot be continued. Their uploads end sooner, so that none is deleted while it
    /// runs at any replica.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn delete_incomplete(&self, age: Duration) -> Result<(), StoreError> {
        let incomplete: Vec<Uuid> = submission::Entity::find()
            .select_only()
            .column(submission::Column::Id)
            .filter(submission::Column::Complete.eq(false))
            .filter(submission::Column::Id.not_in_subquery(
                Query::select().column(upload::Column::Submission).from(upload::Entity).to_owned(),
            ))
            .into_tuple()
            .all(&self.read_db)
            .await?;
        for ids in self.seen_longer_than(age, incomplete).chunks(MAX_IDS_PER_STATEMENT) {
            self.delete_unfinished(ids.to_vec()).await?;
        }
        Ok(())
    }

    /// Deletes the pieces of uploads whose last day is before `today`, and the ids of these
    /// uploads.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn delete_expired_uploads(&self, today: Date) -> Result<(), StoreError> {
        let expired: Vec<Uuid> = upload::Entity::find()
            .select_only()
            .column(upload::Column::Submission)
            .filter(upload::Column::LastDay.lt(today.to_string()))
            .into_tuple()
            .all(&self.read_db)
            .await?;
        if expired.is_empty() {
            return Ok(());
        }
        for ids in expired.chunks(MAX_IDS_PER_STATEMENT) {
            self.delete_unfinished(ids.to_vec()).await?;
        }
        self.checkpoint_wal().await;
        self.refresh_usage().await
    }

    /// Deletes those of these submissions that are incomplete.
    pub(super) async fn delete_unfinished(&self, ids: Vec<Uuid>) -> Result<(), StoreError> {
        let delete = submission::Entity::delete_many()
            .filter(submission::Column::Complete.eq(false))
            .filter(submission::Column::Id.is_in(ids));
        self.writer.write(|txn| Box::pin(async move { delete.exec(txn).await.map(drop) })).await
    }

    fn seen_longer_than(&self, age: Duration, incomplete: Vec<Uuid>) -> Vec<Uuid> {
        // The map is consistent after every operation, so a poisoned lock is usable.
        let mut seen = self.first_seen.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        *seen =
            incomplete.into_iter().map(|id| (id, seen.get(&id).copied().unwrap_or(now))).collect();
        seen.iter()
            .filter(|(_, since)| now.duration_since(**since) >= age)
            .map(|(id, _)| *id)
            .collect()
    }
}
