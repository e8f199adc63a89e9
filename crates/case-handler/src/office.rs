//! What every part of the handler works with: the database, the time, and the rules of the house.

use std::sync::Arc;

use ed25519_dalek::SigningKey;
use envelope::life::Calendar;
use web::Clock;

use crate::{
    log::Author,
    store::Store,
    today::{Today, TodayError},
};

/// Shared by the API, collecting, deadlines and notifications.
#[derive(Debug, Clone)]
pub struct Office {
    /// The database.
    pub store: Arc<Store>,
    /// Signs the handler's own events.
    pub log_key: Arc<SigningKey>,
    /// The time.
    pub clock: Clock,
    /// The day, if the clock can be believed.
    pub today: Today,
    /// Working days.
    pub calendar: Calendar,
    /// How many days before a deadline people are warned.
    pub warn_days: u16,
}

impl Office {
    /// The author of the handler's events of this day.
    pub async fn author(&self) -> Result<Author<'_>, TodayError> {
        Ok(Author { key: &self.log_key, today: self.today.get().await? })
    }

    /// The same for events that give a case away: not while a day that moved ahead has not settled.
    ///
    /// # Errors
    /// Fails as [`Today::settled`] does.
    pub async fn releasing_author(&self) -> Result<Author<'_>, TodayError> {
        Ok(Author { key: &self.log_key, today: self.today.settled().await? })
    }
}
