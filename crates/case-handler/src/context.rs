//! What every part of the handler works with: the database, the time, and the rules of the house.

use std::sync::Arc;

use ed25519_dalek::SigningKey;
use protocol::case::Calendar;
use web::Clock;

use crate::{
    event_log::HandlerSigner,
    store::CaseStore,
    trusted_date::{ClockError, TrustedDateSource},
};

/// Shared by the API, collecting, deadlines and notifications.
#[derive(Debug, Clone)]
pub struct HandlerContext {
    /// The database.
    pub store: Arc<CaseStore>,
    /// Signs the handler's own events.
    pub log_key: Arc<SigningKey>,
    /// The time.
    pub clock: Clock,
    /// The day, if the clock can be believed.
    pub trusted_date: TrustedDateSource,
    /// Working days.
    pub calendar: Calendar,
    /// How many days before a deadline people are warned.
    pub warn_days: u16,
}

impl HandlerContext {
    /// The author of the handler's events of this day.
    pub async fn signer(&self) -> Result<HandlerSigner<'_>, ClockError> {
        Ok(HandlerSigner { key: &self.log_key, today: self.trusted_date.date().await? })
    }

    /// The same for events that give a case away: not while a day that moved ahead has not settled.
    ///
    /// # Errors
    /// Fails as [`Today::settled_date`] does.
    pub async fn releasing_signer(&self) -> Result<HandlerSigner<'_>, ClockError> {
        Ok(HandlerSigner { key: &self.log_key, today: self.trusted_date.settled_date().await? })
    }
}
