//! Findings of the `doctor` commands, each with its severity and advice. The crate knows nothing
//! about reports or visitors.
//!
//! ```
//! use doctor::{DoctorReport, Finding};
//!
//! let mut report = DoctorReport::default();
//! report.add(Finding::ok("disk", "60 % is free"));
//! report.add(Finding::error("clock", "a day ahead", "Set it by NTP."));
//! assert_eq!(report.exit_code(), doctor::EXIT_ERROR);
//! ```

mod certificate;
mod host;
mod store;

use std::fmt;

pub use certificate::{
    check_authority_file, check_certificate, check_certificate_file, check_host,
    is_issued_by_own_ca, matches_host, not_after, subject_names,
};
pub use host::{check_disk_space, check_permissions, check_proxy_logging, check_proxy_target};
use serde::Serialize;
pub use store::{ObservedStore, check_backup_age, check_store};
use time::{Date, OffsetDateTime, PrimitiveDateTime, macros::format_description};

/// Exit code if a finding is a warning and none is an error.
pub const EXIT_WARNING: u8 = 7;
/// Exit code if a finding is an error.
pub const EXIT_ERROR: u8 = 8;

/// Number of days before the expiry of a directory from which all programs warn.
pub const DIRECTORY_WARNING_DAYS: i64 = 10;
/// Number of days before the expiry of a directory from which the warning is urgent.
const DIRECTORY_URGENT_DAYS: i64 = 5;

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The check passed.
    Ok,
    /// The check passed if the installation is meant to be so. The advice says what to do
    /// otherwise.
    Notice,
    /// The operator should act soon.
    Warning,
    /// The operator must act now.
    Error,
}

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The name of the check.
    pub check: String,
    /// The severity.
    pub state: Severity,
    /// What the check found.
    pub found: String,
    /// Advice for the operator, unless the severity is [`Severity::Ok`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

/// All findings of one run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DoctorReport {
    /// The findings, in the order of the checks.
    pub findings: Vec<Finding>,
}

impl Finding {
    /// Returns the finding of a check that passed.
    pub fn ok(check: impl Into<String>, found: impl Into<String>) -> Self {
        Self { check: check.into(), state: Severity::Ok, found: found.into(), advice: None }
    }

    /// Returns a notice with advice.
    pub fn notice(
        check: impl Into<String>,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { state: Severity::Notice, ..Self::error(check, found, advice) }
    }

    /// Returns a warning with advice.
    pub fn warning(
        check: impl Into<String>,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { state: Severity::Warning, ..Self::error(check, found, advice) }
    }

    /// Returns an error with advice.
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

    /// Returns the highest severity.
    pub fn worst(&self) -> Severity {
        self.findings.iter().map(|finding| finding.state).max().unwrap_or(Severity::Ok)
    }

    /// Returns 0, [`EXIT_WARNING`] or [`EXIT_ERROR`]. A notice does not change the code.
    pub fn exit_code(&self) -> u8 {
        match self.worst() {
            Severity::Ok | Severity::Notice => 0,
            Severity::Warning => EXIT_WARNING,
            Severity::Error => EXIT_ERROR,
        }
    }

    /// Returns the findings as JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("findings contain strings only")
    }
}

impl fmt::Display for DoctorReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { check, state, found, advice } in &self.findings {
            let mark = match state {
                Severity::Ok => "ok     ",
                Severity::Notice => "notice ",
                Severity::Warning => "WARNING",
                Severity::Error => "ERROR  ",
            };
            writeln!(f, "{mark}  {check}: {found}")?;
            if let Some(advice) = advice {
                writeln!(f, "         → {advice}")?;
            }
        }
        let count = |state| self.findings.iter().filter(|finding| finding.state == state).count();
        let (passed, notices) = (count(Severity::Ok), count(Severity::Notice));
        let (warnings, errors) = (count(Severity::Warning), count(Severity::Error));
        write!(f, "{passed} ok, {notices} notices, {warnings} warnings, {errors} errors")
    }
}

/// Checks how long a directory remains valid. `expires` is its last day.
pub fn check_directory_expiry(expires: Date, today: Date) -> Finding {
    const CHECK: &str = "directory";
    const SIGN_ADVICE: &str =
        "Sign and publish the next directory: `burkindi admin directory sign`, `publish`.";
    match (expires - today).whole_days() {
        ..0 => Finding::error(
            CHECK,
            format!("expired on {expires}: the intake refuses reports"),
            SIGN_ADVICE,
        ),
        days @ 0..=1 => Finding::error(
            CHECK,
            format!(
                "expires on {expires}, {}: then the intake refuses reports",
                ["today", "tomorrow"][usize::from(days == 1)]
            ),
            SIGN_ADVICE,
        ),
        days @ ..=DIRECTORY_URGENT_DAYS => Finding::warning(
            CHECK,
            format!(
                "urgent: valid for {days} more days, until {expires}; then the intake refuses reports"
            ),
            SIGN_ADVICE,
        ),
        days @ ..=DIRECTORY_WARNING_DAYS => Finding::warning(
            CHECK,
            format!("valid for {days} more days, until {expires}"),
            SIGN_ADVICE,
        ),
        days => Finding::ok(CHECK, format!("valid for {days} more days")),
    }
}

/// Checks the difference between the clocks of another machine and this one. Dates decide about
/// expiry and deadlines.
pub fn check_clock_skew(check: &str, there: OffsetDateTime, here: OffsetDateTime) -> Finding {
    let difference = (there - here).whole_seconds();
    let found = format!(
        "{} seconds {} this machine's",
        difference.abs(),
        if difference < 0 { "behind" } else { "ahead of" }
    );
    let advice =
        "Synchronise both by NTP (systemd-timesyncd, chrony); find out which one is wrong.";
    match difference.abs() {
        0..=60 => Finding::ok(check, found),
        61..=3600 => Finding::warning(check, found, advice),
        _ => Finding::error(check, found, advice),
    }
}

/// Parses an HTTP `Date` header, such as `Mon, 23 Nov 2026 12:00:00 GMT`. Returns `None` if it is
/// malformed.
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
    fn an_expiring_directory_is_reported() {
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
    fn the_date_header_of_a_response_is_parsed() {
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
    fn every_notice_warning_and_error_has_advice() {
        let mut report = DoctorReport::default();
        assert_eq!(report.exit_code(), 0);
        report.add(Finding::notice("listener", "loopback", "Change it for another machine."));
        assert_eq!(report.exit_code(), 0, "a notice is no failure");
        assert!(report.to_string().contains("→ Change it for another machine."));
        report.add(check_directory_expiry(date!(2026 - 12 - 23), date!(2026 - 12 - 20)));
        assert_eq!(report.exit_code(), EXIT_WARNING);
        report.add(Finding::error("disk", "full", "Make room."));
        assert_eq!(report.exit_code(), EXIT_ERROR);
        let text = report.to_string();
        assert!(
            text.contains("WARNING  directory")
                && text.contains("→ Make room.")
                && text.ends_with("0 ok, 1 notices, 1 warnings, 1 errors")
        );
        assert!(report.to_json().contains("\"state\": \"error\""));
    }
}
