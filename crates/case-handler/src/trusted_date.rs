//! Which day it is, with a look at whether that can be.
//!
//! A wrong clock would give every case to the oversight body and let everything be purged, and the
//! log would say so for ever. So a day takes a day: within one boot of the machine, the clock is
//! held against the time since the boot, which no time server sets. At the first look after a boot,
//! the clock may be ahead of the newest day known by a few days, and nothing is released or purged
//! for a while. Anything else is not believed until the clock is right again or an operator
//! confirms the day. A clock that was set back puts nothing off: the newest day counts, and the log
//! says so.

use std::{fmt, sync::Arc, time::Duration};

use time::{Date, OffsetDateTime, Time};
use tokio::{sync::Mutex, time::Instant};
use web::{Clock, Uptime};

use crate::store::{CaseStore, StoreError};

/// Seconds by which a clock may be set ahead within one boot.
const TOLERANCE_SECONDS: i64 = 3600;
/// Of the seconds since the anchor, one in so many may be added: clocks that are only set in steps
/// drift.
const DRIFT_DIVISOR: i64 = 1000;
/// How far the clock of the intake may be from this one before that is an error.
const MAX_CLOCK_DIFFERENCE: time::Duration = time::Duration::days(1);

/// Why there is no day.
#[derive(Debug, thiserror::Error)]
pub enum ClockError {
    /// The clock says something that cannot be.
    #[error(
        "the clock says {now}, the newest day known here is {known}, and no more than {latest} is believed: nothing is collected, \
         released or decided until the clock is right. If it is right, stop the service and run `case-handler day confirm {now}`"
    )]
    ClockJump {
        /// The newest day before.
        known: Date,
        /// What the clock says.
        now: Date,
        /// The latest day that is believed.
        latest: Date,
    },
    /// The day moved ahead at the first look after a boot.
    #[error(
        "the day moved from {known} to {now} while the machine was off: nothing is released or purged for {seconds} seconds. If \
         the clock is wrong, stop the service, set it, and run `case-handler day take-back {known}`"
    )]
    Settling {
        /// The newest day before.
        known: Date,
        /// The day now.
        now: Date,
        /// How long nothing is released or purged after the move.
        seconds: u64,
    },
    /// The intake's clock does not agree that the day moved ahead.
    #[error(
        "the day moved from {known} to {now} while the machine was off, and the clock of the intake is more than a day behind: \
         nothing is released or purged. Set the clock that is wrong; if it is the intake's, run `case-handler day confirm {now}`"
    )]
    Disputed {
        /// The newest day before.
        known: Date,
        /// The day now.
        now: Date,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A moment at which the clock was believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockAnchor {
    /// The time since the boot then.
    pub uptime: Uptime,
    /// The clock then, in seconds since 1970.
    pub clock: i64,
}

/// What is kept of the clock from one process to the next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SavedClock {
    /// The newest day that was believed.
    pub latest_date: Option<Date>,
    /// The first moment of this boot at which the clock was believed.
    pub anchor: Option<ClockAnchor>,
}

/// What a clock that was looked at is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockVerdict {
    /// As much time has passed as the clock says.
    Consistent,
    /// Ahead of the newest day, at the first look after a boot, by no more than is believed.
    MovedAhead(Date),
    /// Before the newest day, which counts.
    Behind(Date),
    /// Ahead of everything that is believed.
    ClockJump {
        /// The newest day.
        known: Date,
        /// The latest day that is believed.
        latest: Date,
    },
}

impl SavedClock {
    /// Judges a clock. `most_days` is how far it may be ahead at the first look after a boot.
    pub fn assess(&self, now: OffsetDateTime, uptime: &Uptime, most_days: u16) -> ClockVerdict {
        let Some(known) = self.latest_date else { return ClockVerdict::Consistent };
        let today = now.date();
        if today < known {
            return ClockVerdict::Behind(known);
        }
        let latest =
            match self.anchor.as_ref().filter(|anchor| anchor.uptime.boot_id == uptime.boot_id) {
                Some(anchor) => anchor.latest_plausible(uptime).max(end_of_day(known)),
                None => end_of_day(known.saturating_add(time::Duration::days(most_days.into()))),
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

    /// Takes in a clock that is believed.
    fn accept(&mut self, now: OffsetDateTime, uptime: Uptime) {
        self.latest_date = self.latest_date.max(Some(now.date()));
        if !self.is_anchored(&uptime) {
            self.anchor = Some(ClockAnchor { uptime, clock: now.unix_timestamp() });
        }
    }
}

impl ClockAnchor {
    /// The latest time that is believed.
    fn latest_plausible(&self, uptime: &Uptime) -> OffsetDateTime {
        let passed = uptime.seconds.saturating_sub(self.uptime.seconds).max(0);
        let latest = self
            .clock
            .saturating_add(passed)
            .saturating_add(passed / DRIFT_DIVISOR + TOLERANCE_SECONDS);
        OffsetDateTime::from_unix_timestamp(latest).unwrap_or_else(|_| end_of_day(Date::MAX))
    }
}

fn end_of_day(day: Date) -> OffsetDateTime {
    day.with_time(Time::MAX).assume_utc()
}

/// Tells the day.
#[derive(Debug, Clone)]
pub struct TrustedDateSource {
    clock: Clock,
    store: Arc<CaseStore>,
    max_jump_days: u16,
    confirmed_date: Option<Date>,
    /// How long nothing is released or purged after the day moved ahead.
    settling_time: Duration,
    state: Arc<Mutex<ClockState>>,
}

/// What this process has seen of the clock.
#[derive(Debug, Default)]
struct ClockState {
    /// `None` until it was read.
    saved: Option<SavedClock>,
    /// The day moved ahead: from which day, and when.
    moved_ahead: Option<(Date, Instant)>,
    /// The intake's clock is that far ahead of this one, if it said.
    intake_offset: Option<time::Duration>,
    /// What the log has said of the clock.
    logged: Option<String>,
}

impl TrustedDateSource {
    /// Believes a clock that is at most `most_days` ahead of the newest day known at the first look
    /// after a boot, and then takes as long for a day as a day takes. A confirmed day is believed.
    /// After a day that moved ahead, nothing is released or purged for the time `settling`.
    pub fn new(
        clock: Clock,
        store: Arc<CaseStore>,
        most_days: u16,
        confirmed: Option<Date>,
        settling: Duration,
    ) -> Self {
        Self {
            clock,
            store,
            max_jump_days: most_days,
            confirmed_date: confirmed,
            settling_time: settling,
            state: Arc::default(),
        }
    }

    /// The day; never an earlier one than before.
    ///
    /// # Errors
    /// Fails with [`ClockError::ClockJump`] as long as the clock is not believed.
    pub async fn date(&self) -> Result<Date, ClockError> {
        let mut seen = self.state.lock().await;
        self.check(&mut seen).await
    }

    /// The day on which cases may be released and purged.
    ///
    /// # Errors
    /// Fails as [`Today::date`] does, and while a day that moved ahead has not settled.
    pub async fn settled_date(&self) -> Result<Date, ClockError> {
        let mut seen = self.state.lock().await;
        let now = self.check(&mut seen).await?;
        match seen.moved_ahead {
            None => Ok(now),
            Some((known, _))
                if seen.intake_offset.is_some_and(|ahead| ahead < -MAX_CLOCK_DIFFERENCE) =>
            {
                Err(ClockError::Disputed { known, now })
            }
            Some((_, at)) if at.elapsed() >= self.settling_time => Ok(now),
            Some((known, _)) => {
                Err(ClockError::Settling { known, now, seconds: self.settling_time.as_secs() })
            }
        }
    }

    /// Takes in what the intake says the time is. A clock that is far off is an error in the log.
    /// Only where the day moved ahead after a boot does it stop anything: an intake that lies must
    /// not keep cases from the oversight body.
    pub async fn report_intake_clock(&self, there: OffsetDateTime) {
        let ahead = there - self.clock.now();
        let mut seen = self.state.lock().await;
        let was = seen.intake_offset.replace(ahead);
        if ahead.abs() > MAX_CLOCK_DIFFERENCE
            && was.is_none_or(|was| was.abs() <= MAX_CLOCK_DIFFERENCE)
        {
            tracing::error!(
                "the clock of the intake says {}, and this one {}: set the one that is wrong",
                there.date(),
                self.clock.today()
            );
        }
    }

    async fn check(&self, seen: &mut ClockState) -> Result<Date, ClockError> {
        let mut kept = match &seen.saved {
            Some(kept) => kept.clone(),
            None => self.store.saved_clock().await?,
        };
        let (now, uptime) = (self.clock.now(), self.clock.uptime());
        let judgement = kept.assess(now, &uptime, self.max_jump_days);
        let before = kept.clone();
        let told = match judgement {
            ClockVerdict::Behind(known) => {
                seen.saved = Some(kept);
                let text = format!(
                    "the clock says {}, and the newest day known here is {known}, which counts until the clock has reached it. Set \
                     the clock; if {known} is wrong, stop the service and run `case-handler day take-back DAY`",
                    now.date()
                );
                log_once(seen, Some(text));
                return Ok(known);
            }
            ClockVerdict::ClockJump { known, latest }
                if self.confirmed_date != Some(now.date()) =>
            {
                seen.saved = Some(kept);
                let error = ClockError::ClockJump { known, now: now.date(), latest };
                log_once(seen, Some(error.to_string()));
                return Err(error);
            }
            ClockVerdict::ClockJump { .. } => {
                // An operator confirmed it: the measure begins again.
                kept.anchor = None;
                None
            }
            ClockVerdict::MovedAhead(known) if self.confirmed_date != Some(now.date()) => {
                Some(known)
            }
            ClockVerdict::MovedAhead(_) | ClockVerdict::Consistent => None,
        };
        kept.accept(now, uptime);
        if kept != before {
            self.store.save_clock(&kept).await?;
        }
        if let Some(known) = told {
            seen.moved_ahead = Some((known, Instant::now()));
        }
        let newest = kept.latest_date.unwrap_or_else(|| now.date());
        seen.saved = Some(kept);
        log_once(seen, None);
        Ok(newest)
    }
}

/// Says what is wrong with the clock, once until it changes.
fn log_once(seen: &mut ClockState, wrong: Option<String>) {
    if seen.logged == wrong {
        return;
    }
    if let Some(wrong) = &wrong {
        tracing::error!("{wrong}");
    } else {
        tracing::info!("the clock is believed again");
    }
    seen.logged = wrong;
}

impl fmt::Display for ClockVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Consistent => f.write_str("it agrees with the newest day known here"),
            Self::MovedAhead(known) => {
                write!(f, "it moved ahead since {known}, by no more than is believed")
            }
            Self::Behind(known) => {
                write!(f, "it is before the newest day known here, {known}, which counts")
            }
            Self::ClockJump { known, latest } => {
                write!(
                    f,
                    "it is not believed: the newest day known here is {known}, and no more than {latest} is"
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

        /// Judges, and believes what is not a leap.
        fn check(&mut self) -> ClockVerdict {
            let judgement = self.saved.assess(self.clock.now(), &self.clock.uptime(), 2);
            if matches!(judgement, ClockVerdict::Consistent | ClockVerdict::MovedAhead(_)) {
                self.saved.accept(self.clock.now(), self.clock.uptime());
            }
            judgement
        }

        fn latest_date(&self) -> Option<Date> {
            self.saved.latest_date
        }
    }

    #[test]
    fn a_day_takes_a_day() {
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
    fn no_leap_and_no_walk_within_one_boot_is_believed() {
        for step in [Span::hours(13), Span::days(1), Span::days(2), Span::days(14), Span::days(365)]
        {
            let mut machine = TestMachine::new();
            let first = machine.latest_date();
            for _ in 0..200 {
                machine.clock.jump(step);
                // What a round takes.
                machine.clock.advance(Span::seconds(30));
                machine.check();
            }
            assert_eq!(machine.latest_date(), first, "steps of {step}");
        }
    }

    #[test]
    fn a_clock_that_goes_to_and_fro_gains_nothing() {
        let mut machine = TestMachine::new();
        for _ in 0..100 {
            machine.clock.jump(Span::minutes(55));
            machine.check();
            machine.clock.jump(-Span::minutes(30));
            machine.check();
        }
        let gained = machine
            .latest_date()
            .map(|newest| (newest - datetime!(2026-11-28 12:00 UTC).date()).whole_days());
        assert_eq!(gained, Some(0));
    }

    #[test]
    fn after_a_boot_two_days_are_believed_once() {
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
    fn a_machine_without_a_clock_of_its_own_is_believed_once_a_time_server_has_set_it() {
        let mut machine = TestMachine::new();
        machine.clock.reboot();
        machine.clock.jump(-Span::days(3000));
        assert!(matches!(machine.check(), ClockVerdict::Behind(_)));
        machine.clock.jump(Span::days(3001));
        assert!(matches!(machine.check(), ClockVerdict::MovedAhead(_)));
    }
}
