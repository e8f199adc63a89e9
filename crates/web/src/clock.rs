//! A clock that is passed as an argument, so that tests control the time.

use std::{
    env, fs,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicI64, Ordering},
    },
};

use rand::{RngCore, rngs::OsRng};
use rustix::time::{ClockId, clock_gettime};
use time::{Date, Duration, OffsetDateTime};

/// Environment variable with the boot id, for a service that cannot read [`BOOT_ID_FILE`].
pub const BOOT_ID_VARIABLE: &str = "BURKINDI_BOOT_ID";
/// The file in which Linux publishes the boot id.
const BOOT_ID_FILE: &str = "/proc/sys/kernel/random/boot_id";

/// The time since the machine booted. A time server cannot change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uptime {
    /// Identifies the boot. Only uptimes of the same boot can be compared.
    pub boot_id: String,
    /// Seconds since the boot, including the time during which the machine was suspended.
    pub seconds: i64,
}

/// A source of the current time in UTC. Clones of a fixed clock share their time.
#[derive(Debug, Clone)]
pub struct Clock(ClockSource);

#[derive(Debug, Clone)]
enum ClockSource {
    System,
    Fixed(Arc<FixedClock>),
}

/// The state of a fixed clock.
#[derive(Debug)]
struct FixedClock {
    /// Seconds since 1970.
    now: AtomicI64,
    /// Seconds since the boot.
    uptime: AtomicI64,
    /// Number of boots so far.
    boot: AtomicI64,
}

/// The boot id. If it is not known, each process counts as a boot of its own.
static FALLBACK_BOOT_ID: LazyLock<String> = LazyLock::new(|| {
    let named = env::var(BOOT_ID_VARIABLE).ok().or_else(|| fs::read_to_string(BOOT_ID_FILE).ok());
    let named = named.map(|name| name.trim().replace('-', "")).filter(|name| !name.is_empty());
    named.unwrap_or_else(|| format!("process-{:016x}", OsRng.next_u64()))
});

impl Clock {
    /// Returns the clock of the machine.
    pub fn system() -> Self {
        Self(ClockSource::System)
    }

    /// Returns a clock that changes only with [`Clock::advance`] and [`Clock::jump`], in whole
    /// seconds.
    pub fn fixed(at: OffsetDateTime) -> Self {
        let now = AtomicI64::new(at.unix_timestamp());
        Self(ClockSource::Fixed(Arc::new(FixedClock {
            now,
            uptime: AtomicI64::new(0),
            boot: AtomicI64::new(0),
        })))
    }

    /// Advances a fixed clock, its clones and its uptime. The system clock is not changed.
    pub fn advance(&self, by: Duration) {
        self.jump(by);
        if let ClockSource::Fixed(fixed) = &self.0 {
            fixed.uptime.fetch_add(by.whole_seconds(), Ordering::SeqCst);
        }
    }

    /// Sets a fixed clock and its clones forward. The uptime does not change.
    pub fn jump(&self, by: Duration) {
        if let ClockSource::Fixed(fixed) = &self.0 {
            fixed.now.fetch_add(by.whole_seconds(), Ordering::SeqCst);
        }
    }

    /// Simulates a reboot of the machine of a fixed clock.
    pub fn reboot(&self) {
        if let ClockSource::Fixed(fixed) = &self.0 {
            fixed.boot.fetch_add(1, Ordering::SeqCst);
            fixed.uptime.store(0, Ordering::SeqCst);
        }
    }

    /// Returns the time since the boot, that of a suspended machine included. Setting the clock
    /// does not change it, so it measures time that passes within one process.
    pub fn monotonic(&self) -> std::time::Duration {
        match &self.0 {
            ClockSource::System => clock_gettime(ClockId::Boottime)
                .try_into()
                .expect("the time since the boot is not negative"),
            ClockSource::Fixed(fixed) => {
                Duration::seconds(fixed.uptime.load(Ordering::SeqCst)).unsigned_abs()
            }
        }
    }

    /// Returns the time since the boot, with the id of the boot.
    pub fn uptime(&self) -> Uptime {
        match &self.0 {
            ClockSource::System => Uptime {
                boot_id: FALLBACK_BOOT_ID.clone(),
                seconds: clock_gettime(ClockId::Boottime).tv_sec,
            },
            ClockSource::Fixed(fixed) => Uptime {
                boot_id: fixed.boot.load(Ordering::SeqCst).to_string(),
                seconds: fixed.uptime.load(Ordering::SeqCst),
            },
        }
    }

    /// Returns the current time in UTC.
    pub fn now(&self) -> OffsetDateTime {
        match &self.0 {
            #[expect(
                clippy::disallowed_methods,
                reason = "the only place that reads the system clock"
            )]
            ClockSource::System => OffsetDateTime::now_utc(),
            ClockSource::Fixed(fixed) => {
                OffsetDateTime::from_unix_timestamp(fixed.now.load(Ordering::SeqCst))
                    .unwrap_or(OffsetDateTime::UNIX_EPOCH)
            }
        }
    }

    /// Returns the current date in UTC.
    pub fn today(&self) -> Date {
        self.now().date()
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn clones_of_a_fixed_clock_move_together() {
        let clock = Clock::fixed(datetime!(2026-11-23 23:00 UTC));
        let clone = clock.clone();
        clock.advance(Duration::hours(2));
        assert_eq!(clone.today(), time::macros::date!(2026 - 11 - 24));
    }

    #[test]
    fn a_clock_jump_does_not_change_the_uptime_and_a_reboot_resets_it() {
        let clock = Clock::fixed(datetime!(2026-11-23 23:00 UTC));
        let booted = clock.uptime();
        clock.jump(Duration::days(3));
        assert_eq!(clock.uptime(), booted);
        clock.advance(Duration::seconds(5));
        assert_eq!(clock.uptime().seconds, booted.seconds + 5);
        assert_eq!(clock.monotonic().as_secs(), 5);
        clock.reboot();
        assert!(clock.uptime().seconds == 0 && clock.uptime().boot_id != booted.boot_id);
        let system = Clock::system();
        let (first, second) = (system.uptime(), system.uptime());
        assert!(
            first.boot_id == second.boot_id && first.seconds > 0 && second.seconds >= first.seconds
        );
    }
}
