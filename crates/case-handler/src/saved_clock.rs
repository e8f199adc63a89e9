//! What the store records about the clock, and the assessment of a clock against it.
//!
//! A date that moved ahead at a boot is recorded beside the date before the move, until it has
//! settled. If the clock is set back meanwhile, or if the next boot shows another date, the date
//! before the move counts again, plus the days that the machine has run since.

use std::fmt;

use time::{Date, OffsetDateTime, Time};
use web::Uptime;

/// Number of seconds by which the clock may be set within one boot.
const TOLERANCE_SECONDS: i64 = 3600;
/// The clock may also differ by one second for this many seconds since the anchor, because clocks
/// that are set only in steps drift.
const DRIFT_DIVISOR: i64 = 1000;

/// A moment at which the clock was plausible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockAnchor {
    /// The time since boot at that moment.
    pub uptime: Uptime,
    /// The clock at that moment, in seconds since 1970.
    pub clock: i64,
}

/// A move of the date at a boot that has not settled. The anchor is the moment of the move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnsettledMove {
    /// The date before the move.
    pub previous: Date,
    /// The clock of the intake was more than 12 hours behind when the intake last sent its time.
    pub disputed: bool,
}

/// What the store keeps about the clock from one process to the next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SavedClock {
    /// The latest recorded date. While a move has not settled, this is the date before the move
    /// plus the days that the machine has run since.
    pub latest_date: Option<Date>,
    /// The first moment of this boot at which the clock was plausible.
    pub anchor: Option<ClockAnchor>,
    /// The move of the date that has not settled, if there is one.
    pub unsettled: Option<UnsettledMove>,
}

/// The plausibility of a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockVerdict {
    /// The clock agrees with the time that has passed.
    Consistent,
    /// At the first check after a boot, the clock is ahead of the latest recorded date by a
    /// plausible number of days. Contains the recorded date.
    MovedAhead(Date),
    /// The clock agrees with the time since a move that has not settled.
    Unsettled(UnsettledMove),
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
    /// Returns what is recorded after an operator confirmed a clock.
    pub fn confirmed(now: OffsetDateTime, uptime: Uptime) -> Self {
        let anchor = ClockAnchor { uptime, clock: now.unix_timestamp() };
        Self { latest_date: Some(now.date()), anchor: Some(anchor), unsettled: None }
    }

    /// Assesses a clock. `max_jump_days` is the number of days by which it may be ahead at the
    /// first check after a boot.
    pub fn assess(&self, now: OffsetDateTime, uptime: &Uptime, max_jump_days: u16) -> ClockVerdict {
        let current = self.without_rejected_move(now, uptime);
        let Some(known) = current.latest_date else { return ClockVerdict::Consistent };
        let today = now.date();
        if today < known {
            return ClockVerdict::Behind(known);
        }
        let anchor = current.anchor_of(uptime);
        let latest = match anchor {
            Some(anchor) => anchor.latest_plausible(uptime).max(end_of_day(known)),
            None => end_of_day(known.saturating_add(time::Duration::days(max_jump_days.into()))),
        };
        if now > latest {
            return ClockVerdict::ClockJump { known, latest: latest.date() };
        }
        match current.unsettled {
            Some(unsettled) => ClockVerdict::Unsettled(unsettled),
            None if today > known && anchor.is_none() => ClockVerdict::MovedAhead(known),
            None => ClockVerdict::Consistent,
        }
    }

    /// Assesses a clock as [`SavedClock::assess`] does, and records it if it is plausible and not
    /// behind.
    pub fn record(
        &mut self,
        now: OffsetDateTime,
        uptime: &Uptime,
        max_jump_days: u16,
    ) -> ClockVerdict {
        let verdict = self.assess(now, uptime, max_jump_days);
        if let ClockVerdict::Behind(_) | ClockVerdict::ClockJump { .. } = verdict {
            return verdict;
        }
        let was_disputed = self.unsettled.is_some_and(|unsettled| unsettled.disputed);
        *self = self.without_rejected_move(now, uptime);
        if let ClockVerdict::MovedAhead(previous) = verdict {
            // A dispute ends only when the intake agrees, so that boots in a row do not add up
            // while the intake is down.
            self.unsettled = Some(UnsettledMove { previous, disputed: was_disputed });
        }
        if self.unsettled.is_none() {
            self.latest_date = self.latest_date.max(Some(now.date()));
        }
        if self.anchor_of(uptime).is_none() {
            let anchor = ClockAnchor { uptime: uptime.clone(), clock: now.unix_timestamp() };
            self.anchor = Some(anchor);
        }
        verdict
    }

    /// Accepts the date that moved ahead.
    pub fn settle(&mut self, now: OffsetDateTime) {
        self.unsettled = None;
        self.latest_date = self.latest_date.max(Some(now.date()));
    }

    /// Returns the seconds since the first plausible moment of this boot.
    pub fn seconds_since_anchor(&self, uptime: &Uptime) -> i64 {
        self.anchor_of(uptime).map_or(0, |anchor| anchor.elapsed(uptime))
    }

    /// Returns the date to which an unsettled move went, or the latest recorded date.
    pub fn moved_date(&self) -> Option<Date> {
        let moved = self.anchor.as_ref().filter(|_| self.unsettled.is_some());
        moved.map_or(self.latest_date, |anchor| Some(anchor.time().date()))
    }

    /// Returns this record with the current date before an unsettled move, and without the move if
    /// the clock no longer confirms it: it was set back, or the machine booted again.
    fn without_rejected_move(&self, now: OffsetDateTime, uptime: &Uptime) -> Self {
        let Some(unsettled) = self.unsettled else { return self.clone() };
        let mut current = self.clone();
        let anchor = self.anchor_of(uptime);
        if let Some(anchor) = anchor {
            let elapsed =
                time::Duration::days(time::Duration::seconds(anchor.elapsed(uptime)).whole_days());
            current.latest_date =
                self.latest_date.max(Some(unsettled.previous.saturating_add(elapsed)));
        }
        let is_confirmed = anchor.is_some_and(|anchor| now >= anchor.earliest_plausible(uptime))
            && Some(now.date()) > current.latest_date;
        if !is_confirmed {
            current.anchor = None;
            current.unsettled = None;
        }
        current
    }

    fn anchor_of(&self, uptime: &Uptime) -> Option<&ClockAnchor> {
        self.anchor.as_ref().filter(|anchor| anchor.uptime.boot_id == uptime.boot_id)
    }
}

impl ClockAnchor {
    fn elapsed(&self, uptime: &Uptime) -> i64 {
        uptime.seconds.saturating_sub(self.uptime.seconds).max(0)
    }

    fn time(&self) -> OffsetDateTime {
        from_timestamp(self.clock)
    }

    /// Returns the earliest plausible time.
    fn earliest_plausible(&self, uptime: &Uptime) -> OffsetDateTime {
        let elapsed = self.elapsed(uptime);
        from_timestamp(
            self.clock
                .saturating_add(elapsed)
                .saturating_sub(elapsed / DRIFT_DIVISOR + TOLERANCE_SECONDS),
        )
    }

    /// Returns the latest plausible time.
    fn latest_plausible(&self, uptime: &Uptime) -> OffsetDateTime {
        let elapsed = self.elapsed(uptime);
        from_timestamp(
            self.clock
                .saturating_add(elapsed)
                .saturating_add(elapsed / DRIFT_DIVISOR + TOLERANCE_SECONDS),
        )
    }
}

fn from_timestamp(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or_else(|_| end_of_day(Date::MAX))
}

fn end_of_day(day: Date) -> OffsetDateTime {
    day.with_time(Time::MAX).assume_utc()
}

impl fmt::Display for ClockVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Consistent => f.write_str("it agrees with the latest recorded date"),
            Self::MovedAhead(known) => {
                write!(f, "it moved ahead since {known}, by a plausible number of days")
            }
            Self::Unsettled(UnsettledMove { previous, disputed: false }) => {
                write!(f, "it moved ahead since {previous} at the boot, and has not settled")
            }
            Self::Unsettled(UnsettledMove { previous, disputed: true }) => {
                write!(
                    f,
                    "it moved ahead since {previous} at the boot, and the clock of the intake is more than 12 hours behind"
                )
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
    use web::Clock;

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

        fn check(&mut self) -> ClockVerdict {
            self.saved.record(self.clock.now(), &self.clock.uptime(), 2)
        }

        /// Accepts the date, as after the settling time.
        fn settle(&mut self) {
            self.saved.settle(self.clock.now());
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
        assert!(matches!(machine.check(), ClockVerdict::Unsettled(_)));
        assert_eq!(machine.latest_date(), Some(datetime!(2026-11-28 12:00 UTC).date()));
        machine.settle();
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
