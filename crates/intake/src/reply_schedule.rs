//! The reply schedule that the case handler published last. A receipt shows the same date at which
//! the case handler escalates.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError, RwLock},
};

use protocol::api::relay::ReplySchedule;
use time::{Date, OffsetDateTime};

use crate::store::{Store, StoreError};

/// Maximum number of submissions whose day is remembered. Each costs its sender an upload.
const MAX_PROMISED_DAYS: usize = 10_000;

/// The latest reply schedule, in memory and in the spool.
#[derive(Debug, Default)]
pub struct ReplyScheduleCache {
    times: RwLock<Option<ReplySchedule>>,
    promised: Mutex<PromisedDays>,
}

/// The days that the responses to the latest submissions named, only in memory: the spool contains
/// no day of arrival. A client whose confirmation was lost uploads the same bytes again, perhaps on
/// a later day, and must get the first day.
#[derive(Debug, Default)]
struct PromisedDays {
    days: HashMap<[u8; 32], Date>,
    /// The keys of `days`, the oldest first.
    order: VecDeque<[u8; 32]>,
}

impl PromisedDays {
    fn first_or(&mut self, key: [u8; 32], day: Date) -> Date {
        if let Some(first) = self.days.get(&key) {
            return *first;
        }
        if self.order.len() >= MAX_PROMISED_DAYS
            && let Some(oldest) = self.order.pop_front()
        {
            self.days.remove(&oldest);
        }
        self.order.push_back(key);
        self.days.insert(key, day);
        day
    }
}

impl ReplyScheduleCache {
    /// Returns a cache with these times, without a spool.
    pub fn with_times(times: ReplySchedule) -> Self {
        Self { times: RwLock::new(Some(times)), ..Self::default() }
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
        if self.times.read().unwrap_or_else(PoisonError::into_inner).as_ref() != Some(&times) {
            store.save_reply_schedule(&times).await?;
            self.replace(times);
        }
        Ok(())
    }

    /// Returns the last day for the first answer to a report that arrives now, or `None` if no case
    /// handler has published its reply schedule yet.
    pub fn first_answer_date(&self, now: OffsetDateTime) -> Option<Date> {
        let times = self.times.read().unwrap_or_else(PoisonError::into_inner);
        times.as_ref().map(|times| times.first_reply_date(now))
    }

    /// Returns the same day for a submission. The day stays that of the first call with this key,
    /// until this process ends or the key is among the oldest.
    pub fn first_answer_date_of(&self, key: [u8; 32], now: OffsetDateTime) -> Option<Date> {
        let day = self.first_answer_date(now)?;
        Some(self.promised.lock().unwrap_or_else(PoisonError::into_inner).first_or(key, day))
    }

    fn replace(&self, times: ReplySchedule) {
        *self.times.write().unwrap_or_else(PoisonError::into_inner) = Some(times);
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn a_submission_keeps_its_first_day_until_many_others_have_come() {
        let mut promised = PromisedDays::default();
        let key = |number: usize| {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&number.to_le_bytes());
            key
        };
        let (first, later) = (date!(2026 - 11 - 30), date!(2026 - 12 - 01));
        assert_eq!(promised.first_or(key(0), first), first);
        for number in 1..MAX_PROMISED_DAYS {
            assert_eq!(promised.first_or(key(number), later), later);
        }
        assert_eq!(promised.first_or(key(0), later), first);
        promised.first_or(key(MAX_PROMISED_DAYS), later);
        assert_eq!(promised.first_or(key(0), later), later);
        assert_eq!((promised.days.len(), promised.order.len()), (10_000, 10_000));
    }
}
