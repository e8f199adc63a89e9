//! Time as an argument.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use time::{Date, Duration, OffsetDateTime};

/// Tells the time, UTC. Clones of a fixed clock move together.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    /// Seconds since 1970.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until [`Clock::advance`] moves it; whole seconds.
    pub fn fixed(at: OffsetDateTime) -> Self {
        Self(Source::Fixed(Arc::new(AtomicI64::new(at.unix_timestamp()))))
    }

    /// Moves a fixed clock and all its clones. The system's clock stays as it is.
    pub fn advance(&self, by: Duration) {
        if let Source::Fixed(seconds) = &self.0 {
            seconds.fetch_add(by.whole_seconds(), Ordering::SeqCst);
        }
    }

    /// This moment, UTC.
    pub fn now(&self) -> OffsetDateTime {
        match &self.0 {
            #[expect(clippy::disallowed_methods, reason = "the one place where the machine's time comes in")]
            Source::System => OffsetDateTime::now_utc(),
            Source::Fixed(seconds) => OffsetDateTime::from_unix_timestamp(seconds.load(Ordering::SeqCst))
                .unwrap_or(OffsetDateTime::UNIX_EPOCH),
        }
    }

    /// This day, UTC.
    pub fn today(&self) -> Date {
        self.now().date()
    }

    /// The ISO 8601 week, such as `2026-W48`: the finest time that the intake keeps.
    pub fn iso_week(&self) -> String {
        let (year, week, _) = self.now().to_iso_week_date();
        format!("{year:04}-W{week:02}")
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn the_week_belongs_to_the_year_of_its_thursday() {
        assert_eq!(Clock::fixed(datetime!(2026-11-23 0:00 UTC)).iso_week(), "2026-W48");
        assert_eq!(Clock::fixed(datetime!(2027-01-01 12:00 UTC)).iso_week(), "2026-W53");
        assert_eq!(Clock::fixed(datetime!(2025-12-29 12:00 UTC)).iso_week(), "2026-W01");
    }

    #[test]
    fn clones_of_a_fixed_clock_move_together() {
        let clock = Clock::fixed(datetime!(2026-11-23 23:00 UTC));
        let clone = clock.clone();
        clock.advance(Duration::hours(2));
        assert_eq!(clone.today(), time::macros::date!(2026 - 11 - 24));
    }
}
