//! By when a report is answered: the calendar that the case handler laid out last. A receipt gives
//! no other day than the one by which the case handler escalates.

use std::sync::{PoisonError, RwLock};

use protocol::api::relay::ReplySchedule;
use time::{Date, OffsetDateTime};

use crate::store::{Store, StoreError};

/// Keeps what the case handler laid out last, in memory and in the spool.
#[derive(Debug, Default)]
pub struct AnswerTimesCache(RwLock<Option<ReplySchedule>>);

impl AnswerTimesCache {
    /// Answers by these times, without a spool.
    pub fn with_times(times: ReplySchedule) -> Self {
        Self(RwLock::new(Some(times)))
    }

    /// Reads what the spool has kept.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load(store: &Store) -> Result<Self, StoreError> {
        let answers = Self::default();
        answers.refresh(store).await?;
        Ok(answers)
    }

    /// Takes over what another replica has kept since.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn refresh(&self, store: &Store) -> Result<(), StoreError> {
        if let Some(kept) = store.load_answer_times().await? {
            self.replace(kept);
        }
        Ok(())
    }

    /// Keeps what the case handler lays out. The database is written only for a change.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn update(&self, times: ReplySchedule, store: &Store) -> Result<(), StoreError> {
        if self.0.read().unwrap_or_else(PoisonError::into_inner).as_ref() != Some(&times) {
            store.save_answer_times(&times).await?;
            self.replace(times);
        }
        Ok(())
    }

    /// Returns the last day for the first answer to a report that arrives now; `None` until a case
    /// handler has laid its calendar out.
    pub fn first_answer_date(&self, now: OffsetDateTime) -> Option<Date> {
        let times = self.0.read().unwrap_or_else(PoisonError::into_inner);
        times.as_ref().map(|times| times.first_reply_date(now))
    }

    fn replace(&self, times: ReplySchedule) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(times);
    }
}
