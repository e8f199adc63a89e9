//! What `doctor` commands find, and how they say it: each finding with what to do about it. Knows
//! nothing of reports or visitors.
//!
//! ```
//! use doctor::{Finding, Report};
//!
//! let mut report = Report::default();
//! report.add(Finding::good("disk", "60 % is free"));
//! report.add(Finding::bad("clock", "a day ahead", "Set it by NTP."));
//! assert_eq!(report.exit_code(), doctor::WRONG);
//! ```

mod certificate;
mod host;
mod store;

use std::fmt;

pub use certificate::{
    check_certificate, check_certificate_file, check_host, is_issued_by_own_ca, matches_host,
    not_after, subject_names,
};
pub use host::{check_disk_space, check_permissions, check_proxy_logging};
use serde::Serialize;
pub use store::{ObservedStore, check_backup_age, check_store};
use time::{Date, OffsetDateTime, PrimitiveDateTime, macros::format_description};

/// Exit code where something wants attention soon.
pub const EXIT_WARNING: u8 = 7;
/// Exit code where something is wrong now.
pub const EXIT_ERROR: u8 = 8;

/// A directory that ends in so many days wants its successor. Everything that warns of it begins on
/// this day.
pub const DIRECTORY_WARNING_DAYS: i64 = 10;
/// From here on it is urgent.
const DIRECTORY_URGENT_DAYS: i64 = 5;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// As it should be.
    Ok,
    /// Wants attention soon.
    Warning,
    /// Is wrong now.
    Error,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at, in few words.
    pub check: String,
    /// How it is.
    pub state: Severity,
    /// What was found.
    pub found: String,
    /// What to do; nothing where all is good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

/// Everything that was looked at.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DoctorReport {
    /// In the order of looking.
    pub findings: Vec<Finding>,
}

impl Finding {
    /// As it should be.
    pub fn ok(check: impl Into<String>, found: impl Into<String>) -> Self {
        Self { check: check.into(), state: Severity::Ok, found: found.into(), advice: None }
    }

    /// Wants attention soon.
    pub fn warning(
        check: impl Into<String>,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { state: Severity::Warning, ..Self::error(check, found, advice) }
    }

    /// Is wrong now.
    pub fn error(
        check: impl Into<String>,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        let advice = Some(advice.into());
        Self { check: check.into(), state: Severity::Error, found: found.into(), advice }
    }
}

impl DoctorReport {
    /// Adds a finding.
    pub fn add(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// The worst of all.
    pub fn worst(&self) -> Severity {
        self.findings.iter().map(|finding| finding.state).max().unwrap_or(Severity::Ok)
    }

    /// 0, [`SOON`] or [`WRONG`].
    pub fn exit_code(&self) -> u8 {
        match self.worst() {
            Severity::Ok => 0,
            Severity::Warning => EXIT_WARNING,
            Severity::Error => EXIT_ERROR,
        }
    }

    /// For machines.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("words and numbers")
    }
}

impl fmt::Display for DoctorReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { check, state, found, advice } in &self.findings {
            let mark = match state {
                Severity::Ok => "good ",
                Severity::Warning => "SOON ",
                Severity::Error => "WRONG",
            };
            writeln!(f, "{mark}  {check}: {found}")?;
            if let Some(advice) = advice {
                writeln!(f, "       → {advice}")?;
            }
        }
        let count = |state| self.findings.iter().filter(|finding| finding.state == state).count();
        let (good, soon, wrong) =
            (count(Severity::Ok), count(Severity::Warning), count(Severity::Error));
        write!(f, "{good} good, {soon} soon, {wrong} wrong")
    }
}

/// How long a directory is still good; `expires` is its last day.
pub fn check_directory_expiry(expires: Date, today: Date) -> Finding {
    const CHECK: &str = "directory";
    const SIGN_ADVICE: &str =
        "Sign the next directory and publish it: burkindi admin directory sign, publish.";
    match (expires - today).whole_days() {
        ..0 => Finding::error(
            CHECK,
            format!("expired on {expires}: no report can be filed"),
            SIGN_ADVICE,
        ),
        days @ 0..=1 => Finding::error(
            CHECK,
            format!(
                "ends on {expires}, {}: then no report can be filed",
                ["today", "tomorrow"][usize::from(days == 1)]
            ),
            SIGN_ADVICE,
        ),
        days @ ..=DIRECTORY_URGENT_DAYS => Finding::warning(
            CHECK,
            format!("urgent: good for {days} more days, to {expires}; then no report can be filed"),
            SIGN_ADVICE,
        ),
        days @ ..=DIRECTORY_WARNING_DAYS => {
            Finding::warning(CHECK, format!("good for {days} more days, to {expires}"), SIGN_ADVICE)
        }
        days => Finding::ok(CHECK, format!("good for {days} more days")),
    }
}

/// How far another machine's clock is from this one's. Dates decide what expires, and when a
/// deadline passes.
pub fn check_clock_skew(check: &str, there: OffsetDateTime, here: OffsetDateTime) -> Finding {
    let apart = (there - here).whole_seconds();
    let found = format!(
        "{} seconds {} this machine's",
        apart.abs(),
        if apart < 0 { "behind" } else { "before" }
    );
    let advice = "Synchronise both by NTP (systemd-timesyncd, chrony); find out which one is off.";
    match apart.abs() {
        0..=60 => Finding::ok(check, found),
        61..=3600 => Finding::warning(check, found, advice),
        _ => Finding::error(check, found, advice),
    }
}

/// Reads the header `Date`, such as `Mon, 23 Nov 2026 12:00:00 GMT`.
pub fn parse_http_date(date: &str) -> Option<OffsetDateTime> {
    let format = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    Some(PrimitiveDateTime::parse(date, format).ok()?.assume_utc())
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    #[test]
    fn a_directory_is_told_before_it_ends() {
        let state = |today| check_directory_expiry(date!(2026 - 12 - 23), today).state;
        assert_eq!(state(date!(2026 - 12 - 12)), Severity::Ok);
        assert_eq!(state(date!(2026 - 12 - 13)), Severity::Warning, "ten days before");
        let found = |today| check_directory_expiry(date!(2026 - 12 - 23), today).found;
        assert!(!found(date!(2026 - 12 - 17)).contains("urgent"));
        assert!(found(date!(2026 - 12 - 18)).contains("urgent"), "five days before");
        assert_eq!(state(date!(2026 - 12 - 21)), Severity::Warning);
        assert_eq!(state(date!(2026 - 12 - 22)), Severity::Error, "a day before");
        assert_eq!(state(date!(2026 - 12 - 23)), Severity::Error);
        assert!(found(date!(2026 - 12 - 23)).contains("today"), "its last day counts");
        assert_eq!(state(date!(2026 - 12 - 24)), Severity::Error);
    }

    #[test]
    fn the_date_of_an_answer_is_read() {
        assert_eq!(
            parse_http_date("Mon, 23 Nov 2026 12:00:05 GMT"),
            Some(datetime!(2026-11-23 12:00:05 UTC))
        );
        assert_eq!(parse_http_date("yesterday"), None);
    }

    #[test]
    fn a_clock_may_be_a_minute_off() {
        let here = datetime!(2026-11-23 12:00 UTC);
        let state = |seconds| {
            check_clock_skew("clock", here + time::Duration::seconds(seconds), here).state
        };
        assert_eq!(
            [state(60), state(-61), state(-4000)],
            [Severity::Ok, Severity::Warning, Severity::Error]
        );
    }

    #[test]
    fn every_finding_that_is_not_good_says_what_to_do() {
        let mut report = DoctorReport::default();
        assert_eq!(report.exit_code(), 0);
        report.add(check_directory_expiry(date!(2026 - 12 - 23), date!(2026 - 12 - 20)));
        assert_eq!(report.exit_code(), EXIT_WARNING);
        report.add(Finding::error("disk", "full", "Make room."));
        assert_eq!(report.exit_code(), EXIT_ERROR);
        let told = report.to_string();
        assert!(
            told.contains("SOON   directory")
                && told.contains("→ Make room.")
                && told.ends_with("1 wrong")
        );
        assert!(report.to_json().contains("\"state\": \"wrong\""));
    }
}
