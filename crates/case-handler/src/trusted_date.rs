//! The current date, checked for plausibility.
//!
//! If the system clock jumped ahead, every deadline would expire: all cases would be released to
//! the oversight body and become purgeable, and the log would record it permanently. Therefore:
//! - Within one boot, the service compares the clock with the time since the boot, which no time
//!   server sets.
//! - At the first check after a boot, the clock may be ahead of the latest recorded date by a few
//!   days. The service then releases and purges nothing for a while.
//! - Any other clock that is ahead pauses the service, until the clock is correct or an operator
//!   confirms the date.
//! - A clock that was set back delays nothing: the latest recorded date counts, and the log reports
//!   the clock.

use std::{fmt, sync::Arc, time::Duration};

use time::{Date, OffsetDateTime, Time};
use tokio::{sync::Mutex, time::Instant};
use web::{Clock, Uptime};

use crate::store::{CaseStore, StoreError};

/// Number of seconds by which the clock may be set ahead within one boot.
const TOLERANCE_SECONDS: i64 = 3600;
/// The clock may also be ahead by one second for this many seconds since the anchor, because clocks
/// that are set only in steps drift.
const DRIFT_DIVISOR: i64 = 1000;
/// Difference between the clocks of the intake and of this machine beyond which the log has an
/// error.
const MAX_CLOCK_DIFFERENCE: time::Duration = time::Duration::days(1);

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
        "the date moved from {known} to {now} while the machine was off; releases and purges are paused for {seconds} seconds. If \
         the clock is problem, stop the service, set it, and run `case-handler day take-back {known}`"
    )]
    Settling {
        /// The previous latest recorded date.
        known: Date,
        /// The current date.
        now: Date,
        /// Seconds during which nothing is released or purged after the move.
        seconds: u64,
    },
    /// The date moved ahead at a boot, and the clock of the intake does not confirm it.
    #[error(
        "the date moved from {known} to {now} while the machine was off, and the clock of the intake is more than a day behind; \
         releases and purges are paused. Set the clock that is problem; if it is the intake's, run `case-handler day confirm {now}`"
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

/// A moment at which the clock was plausible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockAnchor {
    /// The time since boot at that moment.
    pub uptime: Uptime,
    /// The clock at that moment, in seconds since 1970.
    pub clock: i64,
}

/// What the store keeps about the clock from one process to the next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SavedClock {
    /// The latest recorded date.
    pub latest_date: Option<Date>,
    /// The first moment of this boot at which the clock was plausible.
    pub anchor: Option<ClockAnchor>,
}

/// The plausibility of a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockVerdict {
    /// The clock agrees with the time that has passed.
    Consistent,
    /// At the first check after a boot, the clock is ahead of the latest recorded date by a
    /// plausible number of days. Contains the recorded date.
    MovedAhead(Date),
    /// The clock is before the latest recorded date, which counts.
    Behind(Date),
    /// The clock is further ahead than plausible.
    ClockJump {
        /// The latest recorded date.
        known: Date,
        /// The latest plausible date.
        latest: Date,
    },
}

impl SavedClock {
    /// Assesses a clock. `max_jump_days` is the number of days by which it may be ahead at the
    /// first check after a boot.
    pub fn assess(&self, now: OffsetDateTime, uptime: &Uptime, max_jump_days: u16) -> ClockVerdict {
        let Some(known) = self.latest_date else { return ClockVerdict::Consistent };
        let today = now.date();
        if today < known {
            return ClockVerdict::Behind(known);
        }
        let latest =
            match self.anchor.as_ref().filter(|anchor| anchor.uptime.boot_id == uptime.boot_id) {
                Some(anchor) => anchor.latest_plausible(uptime).max(end_of_day(known)),
                None => {
                    end_of_day(known.saturating_add(time::Duration::days(max_jump_days.into())))
                }
            };
        if now > latest {
            return ClockVerdict::ClockJump { known, latest: latest.date() };
        }
        if today > known && !self.is_anchored(uptime) {
            ClockVerdict::MovedAhead(known)
        } else {
            ClockVerdict::Consistent
        }
    }

    fn is_anchored(&self, uptime: &Uptime) -> bool {
        self.anchor.as_ref().is_some_and(|anchor| anchor.uptime.boot_id == uptime.boot_id)
    }

    /// Records a plausible clock.
    fn accept(&mut self, now: OffsetDateTime, uptime: Uptime) {
        self.latest_date = self.latest_date.max(Some(now.date()));
        if !self.is_anchored(&uptime) {
            self.anchor = Some(ClockAnchor { uptime, clock: now.unix_timestamp() });
        }
    }
}

impl ClockAnchor {
    /// Returns the latest plausible time.
    fn latest_plausible(&self, uptime: &Uptime) -> OffsetDateTime {
        let elapsed = uptime.seconds.saturating_sub(self.uptime.seconds).max(0);
        let latest = self
            .clock
            .saturating_add(elapsed)
            .saturating_add(elapsed / DRIFT_DIVISOR + TOLERANCE_SECONDS);
        OffsetDateTime::from_unix_timestamp(latest).unwrap_or_else(|_| end_of_day(Date::MAX))
    }
}

fn end_of_day(day: Date) -> OffsetDateTime {
    day.with_time(Time::MAX).assume_utc()
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

/// What this process knows about the clock.
#[derive(Debug, Default)]
struct ClockState {
    /// `None` before the first read from the store.
    saved: Option<SavedClock>,
    /// The previous date and the moment of the check, if the date moved ahead.
    moved_ahead: Option<(Date, Instant)>,
    /// How far the clock of the intake is ahead of this one, once the intake has sent its time.
    intake_offset: Option<time::Duration>,
    /// The latest message about the clock in the log.
    logged: Option<String>,
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

    /// Returns the current date, which never decreases.
    ///
    /// # Errors
    /// Fails with [`ClockError::ClockJump`] while the clock is implausible, and if the store fails.
    pub async fn date(&self) -> Result<Date, ClockError> {
        let mut state = self.state.lock().await;
        self.check(&mut state).await
    }

    /// Returns the date on which cases may be released and purged.
    ///
    /// # Errors
    /// Fails as [`TrustedDateSource::date`] does, and while a date that moved ahead has not
    /// settled.
    pub async fn settled_date(&self) -> Result<Date, ClockError> {
        let mut state = self.state.lock().await;
        let now = self.check(&mut state).await?;
        match state.moved_ahead {
            None => Ok(now),
            Some((known, _))
                if state.intake_offset.is_some_and(|ahead| ahead < -MAX_CLOCK_DIFFERENCE) =>
            {
                Err(ClockError::Disputed { known, now })
            }
            Some((_, at)) if at.elapsed() >= self.settling_time => Ok(now),
            Some((known, _)) => {
                Err(ClockError::Settling { known, now, seconds: self.settling_time.as_secs() })
            }
        }
    }

    /// Records the time that the intake reports. A large difference is an error in the log. It
    /// pauses releases only if the date moved ahead at a boot, because a dishonest intake must not
    /// be able to keep cases from the oversight body.
    pub async fn report_intake_clock(&self, there: OffsetDateTime) {
        let ahead = there - self.clock.now();
        let mut state = self.state.lock().await;
        let was = state.intake_offset.replace(ahead);
        if ahead.abs() > MAX_CLOCK_DIFFERENCE
            && was.is_none_or(|was| was.abs() <= MAX_CLOCK_DIFFERENCE)
        {
            tracing::error!(
                "the clock of the intake shows {}, and this one {}: set the one that is wrong",
                there.date(),
                self.clock.today()
            );
        }
    }

    async fn check(&self, state: &mut ClockState) -> Result<Date, ClockError> {
        let mut saved = match &state.saved {
            Some(saved) => saved.clone(),
            None => self.store.saved_clock().await?,
        };
        let (now, uptime) = (self.clock.now(), self.clock.uptime());
        let verdict = saved.assess(now, &uptime, self.max_jump_days);
        let before = saved.clone();
        let moved_from = match verdict {
            ClockVerdict::Behind(known) => {
                state.saved = Some(saved);
                let text = format!(
                    "system clock ({}) is before the last recorded date ({known}), which counts until the clock has reached it. Set \
                     the clock; if {known} is problem, stop the service and run `case-handler day take-back DATE`",
                    now.date()
                );
                log_once(state, Some(text));
                return Ok(known);
            }
            ClockVerdict::ClockJump { known, latest }
                if self.confirmed_date != Some(now.date()) =>
            {
                state.saved = Some(saved);
                let error = ClockError::ClockJump { known, now: now.date(), latest };
                log_once(state, Some(error.to_string()));
                return Err(error);
            }
            ClockVerdict::ClockJump { .. } => {
                // An operator confirmed the date, so the next accepted time becomes the anchor.
                saved.anchor = None;
                None
            }
            ClockVerdict::MovedAhead(known) if self.confirmed_date != Some(now.date()) => {
                Some(known)
            }
            ClockVerdict::MovedAhead(_) | ClockVerdict::Consistent => None,
        };
        saved.accept(now, uptime);
        if saved != before {
            self.store.save_clock(&saved).await?;
        }
        if let Some(known) = moved_from {
            state.moved_ahead = Some((known, Instant::now()));
        }
        let latest = saved.latest_date.unwrap_or_else(|| now.date());
        state.saved = Some(saved);
        log_once(state, None);
        Ok(latest)
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

impl fmt::Display for ClockVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Consistent => f.write_str("it agrees with the latest recorded date"),
            Self::MovedAhead(known) => {
                write!(f, "it moved ahead since {known}, by a plausible number of days")
            }
            Self::Behind(known) => {
                write!(f, "it is before the latest recorded date, {known}, which counts")
            }
            Self::ClockJump { known, latest } => {
                write!(
                    f,
                    "it is implausible: the latest recorded date is {known}, and the latest plausible date is {latest}"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use time::{Duration as Span, macros::datetime};

    use super::*;

    struct TestMachine {
        clock: Clock,
        saved: SavedClock,
    }

    impl TestMachine {
        fn new() -> Self {
            let mut machine = Self {
                clock: Clock::fixed(datetime!(2026-11-28 12:00 UTC)),
                saved: SavedClock::default(),
            };
            assert_eq!(machine.check(), ClockVerdict::Consistent);
            machine
        }

        /// Assesses the clock, and records it unless it is implausible or behind.
        fn check(&mut self) -> ClockVerdict {
            let verdict = self.saved.assess(self.clock.now(), &self.clock.uptime(), 2);
            if matches!(verdict, ClockVerdict::Consistent | ClockVerdict::MovedAhead(_)) {
                self.saved.accept(self.clock.now(), self.clock.uptime());
            }
            verdict
        }

        fn latest_date(&self) -> Option<Date> {
            self.saved.latest_date
        }
    }

    #[test]
    fn the_date_advances_with_the_time_since_boot() {
        let mut machine = TestMachine::new();
        for days in 1..400 {
            machine.clock.advance(Span::DAY);
            assert_eq!(machine.check(), ClockVerdict::Consistent, "day {days}");
        }
        assert_eq!(
            machine.latest_date(),
            Some(datetime!(2026-11-28 12:00 UTC).date() + Span::days(399))
        );
        machine.clock.jump(Span::minutes(50));
        assert_eq!(machine.check(), ClockVerdict::Consistent, "a step of a time server");
    }

    #[test]
    fn no_clock_jump_in_one_or_many_steps_within_one_boot_is_accepted() {
        for step in [Span::hours(13), Span::days(1), Span::days(2), Span::days(14), Span::days(365)]
        {
            let mut machine = TestMachine::new();
            let first = machine.latest_date();
            for _ in 0..200 {
                machine.clock.jump(step);
                // The length of one cycle.
                machine.clock.advance(Span::seconds(30));
                machine.check();
            }
            assert_eq!(machine.latest_date(), first, "steps of {step}");
        }
    }

    #[test]
    fn a_clock_that_moves_back_and_forth_gains_nothing() {
        let mut machine = TestMachine::new();
        for _ in 0..100 {
            machine.clock.jump(Span::minutes(55));
            machine.check();
            machine.clock.jump(-Span::minutes(30));
            machine.check();
        }
        let gained = machine
            .latest_date()
            .map(|latest| (latest - datetime!(2026-11-28 12:00 UTC).date()).whole_days());
        assert_eq!(gained, Some(0));
    }

    #[test]
    fn after_a_boot_a_jump_of_two_days_is_accepted_once() {
        let mut machine = TestMachine::new();
        machine.clock.reboot();
        machine.clock.jump(Span::days(3));
        assert!(matches!(machine.check(), ClockVerdict::ClockJump { .. }));
        machine.clock.jump(-Span::days(1));
        assert!(matches!(machine.check(), ClockVerdict::MovedAhead(_)));
        assert_eq!(machine.check(), ClockVerdict::Consistent);
        machine.clock.jump(Span::days(1));
        assert!(matches!(machine.check(), ClockVerdict::ClockJump { .. }), "and not again");
        assert_eq!(machine.latest_date(), Some(datetime!(2026-11-30 12:00 UTC).date()));
    }

    #[test]
    fn a_machine_without_a_hardware_clock_is_accepted_once_a_time_server_has_set_it() {
        let mut machine = TestMachine::new();
        machine.clock.reboot();
        machine.clock.jump(-Span::days(3000));
        assert!(matches!(machine.check(), ClockVerdict::Behind(_)));
        machine.clock.jump(Span::days(3001));
        assert!(matches!(machine.check(), ClockVerdict::MovedAhead(_)));
    }
}
