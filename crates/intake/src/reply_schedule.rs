//! The reply schedule that the case handler published last. A receipt shows the same date at which
//! the case handler escalates.

use std::sync::{PoisonError, RwLock};

use protocol::api::relay::ReplySchedule;
use time::{Date, OffsetDateTime};

use crate::store::{Store, StoreError};

/// The latest reply schedule, in memory and in the spool.
#[derive(Debug, Default)]
pub struct ReplyScheduleCache(RwLock<Option<ReplySchedule>>);

impl ReplyScheduleCache {
    /// Returns a cache with these times, without a spool.
    pub fn with_times(times: ReplySchedule) -> Self {
        Self(RwLock::new(Some(times)))
    }

    /// Loads the stored times from the spool.
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub async fn load(store: &Store) -> Result<Self, StoreError> {
        let answers = Self::default();
        answers.refresh(store).await?;
        Ok(answers)
    }

    /// Loads the times that another replica has stored since.
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub async fn refresh(&self, store: &Store) -> Result<(), StoreError> {
        if let Some(stored) = store.load_reply_schedule().await? {
            self.replace(stored);
        }
        Ok(())
    }

    /// Stores the times that the case handler publishes. The database is written only for a change.
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub async fn update(&self, times: ReplySchedule, store: &Store) -> Result<(), StoreError> {
        if self.0.read().unwrap_or_else(PoisonError::into_inner).as_ref() != Some(&times) {
            store.save_reply_schedule(&times).await?;
            self.replace(times);
        }
        Ok(())
    }

    /// Returns the last day for the first answer to a report that arrives now, or `None` if no case
    /// handler has published its reply schedule yet.
    pub fn first_answer_date(&self, now: OffsetDateTime) -> Option<Date> {
        let times = self.0.read().unwrap_or_else(PoisonError::into_inner);
        times.as_ref().map(|times| times.first_reply_date(now))
    }

    fn replace(&self, times: ReplySchedule) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(times);
    }
}
