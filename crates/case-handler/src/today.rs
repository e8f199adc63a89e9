//! Which day it is, with a look at whether that can be.
//!
//! A wrong clock would give every case to the oversight body and let everything be purged, and the log would say so for ever. So a day
//! takes a day: within one boot of the machine, the clock is held against the time since the boot, which no time server sets. At the
//! first look after a boot, the clock may be ahead of the newest day known by a few days, and nothing is released or purged for a
//! while. Anything else is not believed until the clock is right again or an operator confirms the day. A clock that was set back puts
//! nothing off: the newest day counts, and the log says so.

use std::{fmt, sync::Arc, time::Duration};

use time::{Date, OffsetDateTime, Time};
use tokio::{sync::Mutex, time::Instant};
use web::{Clock, Uptime};

use crate::store::{Store, StoreError};

/// Seconds by which a clock may be set ahead within one boot.
const TOLERANCE: i64 = 3600;
/// Of the seconds since the anchor, one in so many may be added: clocks that are only set in steps drift.
const DRIFT: i64 = 1000;
/// How far the clock of the intake may be from this one before that is an error.
const APART: time::Duration = time::Duration::days(1);

/// Why there is no day.
#[derive(Debug, thiserror::Error)]
pub enum TodayError {
    /// The clock says something that cannot be.
    #[error(
        "the clock says {now}, the newest day known here is {known}, and no more than {latest} is believed: nothing is collected, \
         released or decided until the clock is right. If it is right, stop the service and run `case-handler day confirm {now}`"
    )]
    Leap {
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
pub struct Anchor {
    /// The time since the boot then.
    pub uptime: Uptime,
    /// The clock then, in seconds since 1970.
    pub clock: i64,
}

/// What is kept of the clock from one process to the next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptClock {
    /// The newest day that was believed.
    pub newest: Option<Date>,
    /// The first moment of this boot at which the clock was believed.
    pub anchor: Option<Anchor>,
}

/// What a clock that was looked at is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// As much time has passed as the clock says.
    Sound,
    /// Ahead of the newest day, at the first look after a boot, by no more than is believed.
    Moved(Date),
    /// Before the newest day, which counts.
    Behind(Date),
    /// Ahead of everything that is believed.
    Leap {
        /// The newest day.
        known: Date,
        /// The latest day that is believed.
        latest: Date,
    },
}

impl KeptClock {
    /// Judges a clock. `most_days` is how far it may be ahead at the first look after a boot.
    pub fn judge(&self, now: OffsetDateTime, uptime: &Uptime, most_days: u16) -> Judgement {
        let Some(known) = self.newest else { return Judgement::Sound };
        let today = now.date();
        if today < known {
            return Judgement::Behind(known);
        }
        let latest = match self.anchor.as_ref().filter(|anchor| anchor.uptime.boot == uptime.boot) {
            Some(anchor) => anchor.latest(uptime).max(end_of(known)),
            None => end_of(known.saturating_add(time::Duration::days(most_days.into()))),
        };
        if now > latest {
            return Judgement::Leap { known, latest: latest.date() };
        }
        if today > known && !self.is_anchored(uptime) { Judgement::Moved(known) } else { Judgement::Sound }
    }

    fn is_anchored(&self, uptime: &Uptime) -> bool {
        self.anchor.as_ref().is_some_and(|anchor| anchor.uptime.boot == uptime.boot)
    }

    /// Takes in a clock that is believed.
    fn believe(&mut self, now: OffsetDateTime, uptime: Uptime) {
        self.newest = self.newest.max(Some(now.date()));
        if !self.is_anchored(&uptime) {
            self.anchor = Some(Anchor { uptime, clock: now.unix_timestamp() });
        }
    }
}

impl Anchor {
    /// The latest time that is believed.
    fn latest(&self, uptime: &Uptime) -> OffsetDateTime {
        let passed = uptime.seconds.saturating_sub(self.uptime.seconds).max(0);
        let latest = self.clock.saturating_add(passed).saturating_add(passed / DRIFT + TOLERANCE);
        OffsetDateTime::from_unix_timestamp(latest).unwrap_or_else(|_| end_of(Date::MAX))
    }
}

fn end_of(day: Date) -> OffsetDateTime {
    day.with_time(Time::MAX).assume_utc()
}

/// Tells the day.
#[derive(Debug, Clone)]
pub struct Today {
    clock: Clock,
    store: Arc<Store>,
    most_days: u16,
    confirmed: Option<Date>,
    /// How long nothing is released or purged after the day moved ahead.
    settling: Duration,
    seen: Arc<Mutex<Seen>>,
}

/// What this process has seen of the clock.
#[derive(Debug, Default)]
struct Seen {
    /// `None` until it was read.
    kept: Option<KeptClock>,
    /// The day moved ahead: from which day, and when.
    moved: Option<(Date, Instant)>,
    /// The intake's clock is that far ahead of this one, if it said.
    intake: Option<time::Duration>,
    /// What the log has said of the clock.
    said: Option<String>,
}

impl Today {
    /// Believes a clock that is at most `most_days` ahead of the newest day known at the first look after a boot, and then takes as
    /// long for a day as a day takes. A confirmed day is believed. After a day that moved ahead, nothing is released or purged for
    /// the time `settling`.
    pub fn new(
        clock: Clock,
        store: Arc<Store>,
        most_days: u16,
        confirmed: Option<Date>,
        settling: Duration,
    ) -> Self {
        Self { clock, store, most_days, confirmed, settling, seen: Arc::default() }
    }

    /// The day; never an earlier one than before.
    ///
    /// # Errors
    /// Fails with [`TodayError::Leap`] as long as the clock is not believed.
    pub async fn get(&self) -> Result<Date, TodayError> {
        let mut seen = self.seen.lock().await;
        self.look(&mut seen).await
    }

    /// The day on which cases may be released and purged.
    ///
    /// # Errors
    /// Fails as [`Today::get`] does, and while a day that moved ahead has not settled.
    pub async fn settled(&self) -> Result<Date, TodayError> {
        let mut seen = self.seen.lock().await;
        let now = self.look(&mut seen).await?;
        match seen.moved {
            None => Ok(now),
            Some((known, _)) if seen.intake.is_some_and(|ahead| ahead < -APART) => {
                Err(TodayError::Disputed { known, now })
            }
            Some((_, at)) if at.elapsed() >= self.settling => Ok(now),
            Some((known, _)) => Err(TodayError::Settling { known, now, seconds: self.settling.as_secs() }),
        }
    }

    /// Takes in what the intake says the time is. A clock that is far off is an error in the log. Only where the day moved ahead
    /// after a boot does it stop anything: an intake that lies must not keep cases from the oversight body.
    pub async fn hear_intake(&self, there: OffsetDateTime) {
        let ahead = there - self.clock.now();
        let mut seen = self.seen.lock().await;
        let was = seen.intake.replace(ahead);
        if ahead.abs() > APART && was.is_none_or(|was| was.abs() <= APART) {
            tracing::error!(
                "the clock of the intake says {}, and this one {}: set the one that is wrong",
                there.date(),
                self.clock.today()
            );
        }
    }

    async fn look(&self, seen: &mut Seen) -> Result<Date, TodayError> {
        let mut kept = match &seen.kept {
            Some(kept) => kept.clone(),
            None => self.store.kept_clock().await?,
        };
        let (now, uptime) = (self.clock.now(), self.clock.uptime());
        let judgement = kept.judge(now, &uptime, self.most_days);
        let before = kept.clone();
        let told = match judgement {
            Judgement::Behind(known) => {
                seen.kept = Some(kept);
                let text = format!(
                    "the clock says {}, and the newest day known here is {known}, which counts until the clock has reached it. Set \
                     the clock; if {known} is wrong, stop the service and run `case-handler day take-back DAY`",
                    now.date()
                );
                say(seen, Some(text));
                return Ok(known);
            }
            Judgement::Leap { known, latest } if self.confirmed != Some(now.date()) => {
                seen.kept = Some(kept);
                let error = TodayError::Leap { known, now: now.date(), latest };
                say(seen, Some(error.to_string()));
                return Err(error);
            }
            Judgement::Leap { .. } => {
                // An operator confirmed it: the measure begins again.
                kept.anchor = None;
                None
            }
            Judgement::Moved(known) if self.confirmed != Some(now.date()) => Some(known),
            Judgement::Moved(_) | Judgement::Sound => None,
        };
        kept.believe(now, uptime);
        if kept != before {
            self.store.keep_clock(&kept).await?;
        }
        if let Some(known) = told {
            seen.moved = Some((known, Instant::now()));
        }
        let newest = kept.newest.unwrap_or_else(|| now.date());
        seen.kept = Some(kept);
        say(seen, None);
        Ok(newest)
    }
}

/// Says what is wrong with the clock, once until it changes.
fn say(seen: &mut Seen, wrong: Option<String>) {
    if seen.said == wrong {
        return;
    }
    if let Some(wrong) = &wrong {
        tracing::error!("{wrong}");
    } else {
        tracing::info!("the clock is believed again");
    }
    seen.said = wrong;
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sound => f.write_str("it agrees with the newest day known here"),
            Self::Moved(known) => write!(f, "it moved ahead since {known}, by no more than is believed"),
            Self::Behind(known) => write!(f, "it is before the newest day known here, {known}, which counts"),
            Self::Leap { known, latest } => {
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

    struct Machine {
        clock: Clock,
        kept: KeptClock,
    }

    impl Machine {
        fn new() -> Self {
            let mut machine =
                Self { clock: Clock::fixed(datetime!(2026-11-28 12:00 UTC)), kept: KeptClock::default() };
            assert_eq!(machine.look(), Judgement::Sound);
            machine
        }

        /// Judges, and believes what is not a leap.
        fn look(&mut self) -> Judgement {
            let judgement = self.kept.judge(self.clock.now(), &self.clock.uptime(), 2);
            if matches!(judgement, Judgement::Sound | Judgement::Moved(_)) {
                self.kept.believe(self.clock.now(), self.clock.uptime());
            }
            judgement
        }

        fn newest(&self) -> Option<Date> {
            self.kept.newest
        }
    }

    #[test]
    fn a_day_takes_a_day() {
        let mut machine = Machine::new();
        for days in 1..400 {
            machine.clock.advance(Span::DAY);
            assert_eq!(machine.look(), Judgement::Sound, "day {days}");
        }
        assert_eq!(machine.newest(), Some(datetime!(2026-11-28 12:00 UTC).date() + Span::days(399)));
        machine.clock.leap(Span::minutes(50));
        assert_eq!(machine.look(), Judgement::Sound, "a step of a time server");
    }

    #[test]
    fn no_leap_and_no_walk_within_one_boot_is_believed() {
        for step in [Span::hours(13), Span::days(1), Span::days(2), Span::days(14), Span::days(365)] {
            let mut machine = Machine::new();
            let first = machine.newest();
            for _ in 0..200 {
                machine.clock.leap(step);
                // What a round takes.
                machine.clock.advance(Span::seconds(30));
                machine.look();
            }
            assert_eq!(machine.newest(), first, "steps of {step}");
        }
    }

    #[test]
    fn a_clock_that_goes_to_and_fro_gains_nothing() {
        let mut machine = Machine::new();
        for _ in 0..100 {
            machine.clock.leap(Span::minutes(55));
            machine.look();
            machine.clock.leap(-Span::minutes(30));
            machine.look();
        }
        let gained =
            machine.newest().map(|newest| (newest - datetime!(2026-11-28 12:00 UTC).date()).whole_days());
        assert_eq!(gained, Some(0));
    }

    #[test]
    fn after_a_boot_two_days_are_believed_once() {
        let mut machine = Machine::new();
        machine.clock.reboot();
        machine.clock.leap(Span::days(3));
        assert!(matches!(machine.look(), Judgement::Leap { .. }));
        machine.clock.leap(-Span::days(1));
        assert!(matches!(machine.look(), Judgement::Moved(_)));
        assert_eq!(machine.look(), Judgement::Sound);
        machine.clock.leap(Span::days(1));
        assert!(matches!(machine.look(), Judgement::Leap { .. }), "and not again");
        assert_eq!(machine.newest(), Some(datetime!(2026-11-30 12:00 UTC).date()));
    }

    #[test]
    fn a_machine_without_a_clock_of_its_own_is_believed_once_a_time_server_has_set_it() {
        let mut machine = Machine::new();
        machine.clock.reboot();
        machine.clock.leap(-Span::days(3000));
        assert!(matches!(machine.look(), Judgement::Behind(_)));
        machine.clock.leap(Span::days(3001));
        assert!(matches!(machine.look(), Judgement::Moved(_)));
    }
}
