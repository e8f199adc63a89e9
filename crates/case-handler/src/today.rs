//! Which day it is, with a look at whether that can be.
//!
//! A clock that has leapt years ahead would give every case to the outside body and let everything be purged, and the log would say so for
//! ever. So the newest day is kept, and a clock that is further from it than an installation is ever switched off is not believed until an
//! operator has. A clock that was set back puts nothing off: the newest day counts.

use std::sync::{Arc, Mutex, PoisonError};

use time::Date;
use web::Clock;

use crate::store::{Store, StoreError};

/// Why there is no day.
#[derive(Debug, thiserror::Error)]
pub enum TodayError {
    /// The clock says something that cannot be.
    #[error(
        "the clock says {now}, and the newest day known here is {known}: nothing is collected, escalated or decided until it is \
         right. If it is right, start with --confirm-day {now}"
    )]
    Leap {
        /// The newest day before.
        known: Date,
        /// What the clock says.
        now: Date,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Tells the day.
#[derive(Debug, Clone)]
pub struct Today {
    clock: Clock,
    store: Arc<Store>,
    most_days: u16,
    confirmed: Option<Date>,
    /// The newest day, once it has been read.
    known: Arc<Mutex<Option<Date>>>,
}

impl Today {
    /// Believes a clock that is at most so many days ahead of the newest day that was kept, or that says the confirmed day.
    pub fn new(clock: Clock, store: Arc<Store>, most_days: u16, confirmed: Option<Date>) -> Self {
        Self { clock, store, most_days, confirmed, known: Arc::default() }
    }

    /// The day; never an earlier one than before.
    pub async fn get(&self) -> Result<Date, TodayError> {
        let now = self.clock.today();
        let known = *self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = match known {
            Some(known) => Some(known),
            None => self.store.newest_day().await?,
        };
        match known {
            Some(known) if now <= known => {
                self.remember(known);
                return Ok(known);
            }
            Some(known)
                if (now - known).whole_days() > i64::from(self.most_days) && self.confirmed != Some(now) =>
            {
                return Err(TodayError::Leap { known, now });
            }
            _ => {}
        }
        self.store.keep_newest_day(now).await?;
        self.remember(now);
        Ok(now)
    }

    fn remember(&self, day: Date) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(day);
    }
}
