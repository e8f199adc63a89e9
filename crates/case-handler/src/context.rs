//! Shared application context: store, clock, signing key and calendar.

use std::sync::Arc;

use protocol::{case::Calendar, directory::Directory};
use web::Clock;

use crate::{
    event_log::HandlerSigner,
    keys::LogKeys,
    store::CaseStore,
    trusted_date::{ClockError, TrustedDateSource},
};

/// Context that the escalation and notification tasks share.
#[derive(Debug, Clone)]
pub struct HandlerContext {
    /// The store.
    pub store: Arc<CaseStore>,
    /// The keys that sign the case handler's own events.
    pub log_keys: Arc<LogKeys>,
    /// The system clock.
    pub clock: Clock,
    /// The current date, checked for clock jumps.
    pub trusted_date: TrustedDateSource,
    /// Weekend and holidays.
    pub calendar: Calendar,
    /// Number of days before a deadline from which members get digests.
    pub warn_days: u16,
}

impl HandlerContext {
    /// Returns the signer of the case handler's events under a directory, on the current date.
    ///
    /// # Errors
    /// Fails if the clock is implausible or the store cannot be read.
    pub async fn signer(&self, directory: &Directory) -> Result<HandlerSigner<'_>, ClockError> {
        let today = self.trusted_date.date().await?;
        Ok(HandlerSigner { key: self.log_keys.signing_under(directory), today })
    }

    /// Returns the signer for events that release a case. A date that moved ahead at a boot must
    /// settle first.
    ///
    /// # Errors
    /// Fails as [`TrustedDateSource::settled_date`] does.
    pub async fn releasing_signer(
        &self,
        directory: &Directory,
    ) -> Result<HandlerSigner<'_>, ClockError> {
        let today = self.trusted_date.settled_date().await?;
        Ok(HandlerSigner { key: self.log_keys.signing_under(directory), today })
    }
}
