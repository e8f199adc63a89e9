//! The current date, checked for plausibility.
//!
//! If the system clock jumped ahead, every deadline would expire: all cases would be released to
//! the oversight body and become purgeable, and the log would record it permanently. Therefore:
//! - Within one boot, the service compares the clock with the time since the boot, which no time
//!   server sets.
//! - At the first check after a boot, the clock may be ahead of the latest recorded date by a few
//!   days. The service then releases and purges nothing for a while, nor while the clock of the
//!   intake is more than 12 hours behind. If the clock is set back before that, the date before the
//!   boot counts again. The store records this, so that a restart continues in the same state.
//! - Any other clock that is ahead pauses the service, until the clock is correct or an operator
//!   confirms the date.
//! - A clock that was set back delays nothing: the latest recorded date counts, and the log reports
//!   the clock.

use std::{sync::Arc, time::Duration};

use time::{Date, OffsetDateTime};
use tokio::sync::Mutex;
use web::{Clock, Uptime};

use crate::{
    saved_clock::{ClockVerdict, SavedClock, UnsettledMove},
    store::{CaseStore, StoreError},
};

/// Difference between the clocks of the intake and of this machine beyond which the log has an
/// error and the intake disputes a date that moved ahead. A clock that is wrong by exactly one day
/// is beyond it.
const MAX_CLOCK_DIFFERENCE: time::Duration = time::Duration::hours(12);

/// Why no date can be returned.
#[derive(Debug, thiserror::Error)]
pub enum ClockError {
    /// The clock is further ahead than plausible.
    #[error(
        "system clock ({now}) is too far ahead of the last recorded date ({known}; the latest plausible date is {latest}); \
         processing is paused. If the clock is correct, stop the service and run `case-handler day confirm {now}`"
    )]
    ClockJump {
        /// The latest recorded date.
        known: Date,
        /// The date of the system clock.
        now: Date,
        /// The latest plausible date.
        latest: Date,
    },
    /// The date moved ahead at the first check after a boot.
    #[error(
        "the date moved from {known} to {now} while the machine was off; releases and purges are paused until {seconds} seconds \
         after the first check. If the clock is wrong, set it: {known} then counts again"
    )]
    Settling {
        /// The previous latest recorded date.
        known: Date,
        /// The current date.
        now: Date,
        /// Seconds during which nothing is released or purged after the move, at least one.
        seconds: u128,
    },
    /// The date moved ahead at a boot, and the clock of the intake does not confirm it.
    #[error(
        "the date moved from {known} to {now} while the machine was off, and the clock of the intake is more than 12 hours behind; \
         releases and purges are paused, and new events get the date before the move. Set the clock that is wrong. If it is the intake's and \
         cannot be set, stop the service and run `case-handler day confirm {now}`"
    )]
    Disputed {
        /// The previous latest recorded date.
        known: Date,
        /// The current date.
        now: Date,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Source of the current date.
#[derive(Debug, Clone)]
pub struct TrustedDateSource {
    clock: Clock,
    store: Arc<CaseStore>,
    max_jump_days: u16,
    confirmed_date: Option<Date>,
    /// Time after a date moved ahead during which nothing is released or purged.
    settling_time: Duration,
    state: Arc<Mutex<ClockState>>,
}

/// The observations of this process about the clock.
#[derive(Debug, Default)]
struct ClockState {
    /// `None` before the first read from the store.
    saved: Option<SavedClock>,
    /// The time since boot at the first check of this process.
    first_check: Option<i64>,
    /// The time that the intake sent last, and the time since boot at that moment.
    intake_clock: Option<(OffsetDateTime, i64)>,
    /// True if the clock of the intake differed by more than 12 hours when it was reported last.
    intake_differed: bool,
    /// The latest message about the clock in the log.
    logged: Option<String>,
}

/// The result of a check.
struct CheckedDate {
    /// The date that counts.
    date: Date,
    /// The move that has not settled.
    unsettled: Option<UnsettledMove>,
}

impl ClockState {
    /// Returns true if the clock of the intake is more than 12 hours behind, and `None` if it is
    /// unknown.
    fn is_intake_behind(&self, now: OffsetDateTime, uptime: &Uptime) -> Option<bool> {
        let (reported, at) = self.intake_clock?;
        let elapsed = time::Duration::seconds(uptime.seconds.saturating_sub(at));
        Some(reported.saturating_add(elapsed) - now < -MAX_CLOCK_DIFFERENCE)
    }
}

impl TrustedDateSource {
    /// Creates a source that accepts a clock at most `max_jump_days` ahead of the latest recorded
    /// date at the first check after a boot, and afterwards only a clock that agrees with the time
    /// since boot. It also accepts a confirmed date. After a date moved ahead, nothing is released
    /// or purged for the time `settling`.
    pub fn new(
        clock: Clock,
        store: Arc<CaseStore>,
        max_jump_days: u16,
        confirmed: Option<Date>,
        settling: Duration,
    ) -> Self {
        Self {
            clock,
            store,
            max_jump_days,
            confirmed_date: confirmed,
            settling_time: settling,
            state: Arc::default(),
        }
    }

    /// Returns the current date. It decreases only if a date that moved ahead at a boot is rejected
    /// before it has settled. While the intake disputes such a move, this is the date before the
    /// move plus the days since.
    ///
    /// # Errors
    /// Fails with [`ClockError::ClockJump`] while the clock is implausible, and if the store fails.
    pub async fn date(&self) -> Result<Date, ClockError> {
        let mut state = self.state.lock().await;
        Ok(self.check(&mut state).await?.date)
    }

    /// Returns the date on which cases may be released and purged.
    ///
    /// # Errors
    /// Fails as [`TrustedDateSource::date`] does, and while a date that moved ahead has not
    /// settled.
    pub async fn settled_date(&self) -> Result<Date, ClockError> {
        let mut state = self.state.lock().await;
        let CheckedDate { date, unsettled } = self.check(&mut state).await?;
        let now = self.clock.today();
        match unsettled {
            None => Ok(date),
            Some(UnsettledMove { previous: known, disputed: true }) => {
                Err(ClockError::Disputed { known, now })
            }
            Some(UnsettledMove { previous: known, disputed: false }) => {
                let seconds = self.settling_time.as_millis().div_ceil(1000).max(1);
                Err(ClockError::Settling { known, now, seconds })
            }
        }
    }

    /// Records the time that the intake reports. A large difference is an error in the log. It
    /// pauses releases only if the date moved ahead at a boot, because a dishonest intake must not
    /// be able to keep cases from the oversight body.
    pub async fn report_intake_clock(&self, there: OffsetDateTime) {
        let ahead = there - self.clock.now();
        let mut state = self.state.lock().await;
        state.intake_clock = Some((there, self.clock.uptime().seconds));
        let differs = ahead.abs() > MAX_CLOCK_DIFFERENCE;
        if differs && !state.intake_differed {
            tracing::error!(
                "the clock of the intake shows {}, and this one {}: set the one that is wrong",
                there.date(),
                self.clock.today()
            );
        }
        state.intake_differed = differs;
    }

    async fn check(&self, state: &mut ClockState) -> Result<CheckedDate, ClockError> {
        let known = match &state.saved {
            Some(saved) => saved.clone(),
            None => self.store.saved_clock().await?,
        };
        let (now, uptime) = (self.clock.now(), self.clock.uptime());
        let mut saved = known.clone();
        let verdict = saved.record(now, &uptime, self.max_jump_days);
        match verdict {
            ClockVerdict::Behind(date) => {
                state.saved = Some(known);
                let text = format!(
                    "system clock ({}) is before the last recorded date ({date}), which counts until the clock has reached it. Set \
                     the clock; if {date} is wrong, stop the service and run `case-handler day take-back DATE`",
                    now.date()
                );
                log_once(state, Some(text));
                return Ok(CheckedDate { date, unsettled: None });
            }
            ClockVerdict::Consistent => {
                if let Some(moved) = known.moved_date().filter(|_| known.unsettled.is_some()) {
                    tracing::warn!(
                        "the clock shows {} again: the date {moved}, to which it had moved at a boot, is rejected. No case \
                         was released for a deadline under it",
                        now.date()
                    );
                }
            }
            _ if self.confirmed_date == Some(now.date()) => {
                saved = SavedClock::confirmed(now, uptime.clone());
            }
            ClockVerdict::ClockJump { known: date, latest } => {
                state.saved = Some(known);
                let error = ClockError::ClockJump { known: date, now: now.date(), latest };
                log_once(state, Some(error.to_string()));
                return Err(error);
            }
            ClockVerdict::MovedAhead(_) | ClockVerdict::Unsettled(_) => {
                self.settle_if_confirmed(&mut saved, state, now, &uptime);
            }
        }
        if saved != known {
            self.store.save_clock(&saved).await?;
        }
        let date = match saved.unsettled {
            Some(UnsettledMove { disputed: false, .. }) => now.date(),
            _ => saved.latest_date.unwrap_or_else(|| now.date()),
        };
        let unsettled = saved.unsettled;
        state.saved = Some(saved);
        log_once(state, None);
        Ok(CheckedDate { date, unsettled })
    }

    /// Accepts a date that moved ahead, once it has settled and the intake does not dispute it. A
    /// new process without the time of the intake waits for the whole settling time, so that the
    /// intake can dispute the date first.
    fn settle_if_confirmed(
        &self,
        saved: &mut SavedClock,
        state: &mut ClockState,
        now: OffsetDateTime,
        uptime: &Uptime,
    ) {
        let first_check = *state.first_check.get_or_insert(uptime.seconds);
        let intake_behind = state.is_intake_behind(now, uptime);
        let Some(unsettled) = &mut saved.unsettled else { return };
        unsettled.disputed = intake_behind.unwrap_or(unsettled.disputed);
        if unsettled.disputed {
            return;
        }
        let mut elapsed = saved.seconds_since_anchor(uptime);
        if intake_behind.is_none() {
            elapsed = elapsed.min(uptime.seconds.saturating_sub(first_check));
        }
        if Duration::from_secs(elapsed.unsigned_abs()) >= self.settling_time {
            saved.settle(now);
        }
    }
}

/// Logs a problem with the clock once, until it changes.
fn log_once(state: &mut ClockState, problem: Option<String>) {
    if state.logged == problem {
        return;
    }
    if let Some(problem) = &problem {
        tracing::error!("{problem}");
    } else {
        tracing::info!("the system clock is plausible again");
    }
    state.logged = problem;
}
