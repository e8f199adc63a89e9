//! Stages, clocks, and how periods are counted.

use serde::{Deserialize, Serialize};
use time::{Date, Duration, Month};

use crate::{encoding::iso_date, submission::envelope::Urgency};

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Filed; nobody has judged it yet.
    Received,
    /// Read and judged.
    Triaged,
    /// Facts are being checked for plausibility.
    Assessing,
    /// An investigation is under way.
    Investigating,
    /// The outcome stands; the reporter is being told.
    Decided,
    /// Another authority has it.
    Referred,
    /// Done.
    Closed,
    /// Its content is destroyed; the log keeps that it was there.
    Purged,
}

impl Stage {
    /// Every stage, in the order of a life.
    pub const ALL: [Self; 8] = [
        Self::Received,
        Self::Triaged,
        Self::Assessing,
        Self::Investigating,
        Self::Decided,
        Self::Referred,
        Self::Closed,
        Self::Purged,
    ];

    /// Those that a reporter can be told of: a purged case has no mailbox any more.
    pub const VISIBLE_TO_REPORTER: [Self; 7] = [
        Self::Received,
        Self::Triaged,
        Self::Assessing,
        Self::Investigating,
        Self::Decided,
        Self::Referred,
        Self::Closed,
    ];

    /// Is anything still to be done about the case itself?
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Closed | Self::Purged)
    }

    /// The word in JSON and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Triaged => "triaged",
            Self::Assessing => "assessing",
            Self::Investigating => "investigating",
            Self::Decided => "decided",
            Self::Referred => "referred",
            Self::Closed => "closed",
            Self::Purged => "purged",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == word)
    }
}

/// What the clock says of a case. Periods run in calendar days and months; the last day still
/// counts as in time. A calendar of working days ([`crate::case::calendar::Calendar`]) may put the
/// last day off, never forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeadlineKind {
    /// A first human answer to the reporter: 7 days from filing (Directive (EU) 2019/1937, article
    /// 9(1)(b)).
    Acknowledge,
    /// Judged: P1 1 day, P2 3, P3 7, P4 30 from filing.
    Triage,
    /// From triage to the end of assessment: 30 days.
    Assess,
    /// From the start of the investigation, or its renewal: 90 days.
    Investigate,
    /// Feedback to the reporter: three months from the acknowledgement, or without one from the end
    /// of the seven days in which it was due (article 9(1)(f)). Once it was given, the outcome of a
    /// decided case follows within 30 days.
    Feedback,
    /// A referral is looked after every 60 days.
    Referral,
    /// A colleague's conflict of interest was claimed: judged within 7 days.
    Challenge,
    /// The reporter wrote after the closing: answered or reopened within 7 days.
    Reopen,
}

/// A day by which something must have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// What.
    pub clock: DeadlineKind,
    /// The last day in time.
    #[serde(with = "iso_date")]
    pub due: Date,
}

/// Days for the acknowledgement.
pub(super) const ACKNOWLEDGE_DAYS: i64 = 7;
/// Days for the assessment, and for telling an outcome when feedback was given before.
pub(super) const ASSESS_DAYS: i64 = 30;
/// Days for an investigation, and for each renewal.
pub(super) const INVESTIGATE_DAYS: i64 = 90;
/// Days between two looks at a referral.
pub(super) const REFERRAL_DAYS: i64 = 60;
/// Days for judging a challenge, and for a reporter who wrote after the closing.
pub(super) const CLAIM_DAYS: i64 = 7;
/// Months for feedback.
pub(super) const FEEDBACK_MONTHS: u16 = 3;
/// Days after the closing during which the reporter can have the case reopened.
pub const REOPEN_DAYS: i64 = 180;

/// Days for triage by urgency.
pub fn triage_days(urgency: Urgency) -> i64 {
    match urgency {
        Urgency::P1 => 1,
        Urgency::P2 => 3,
        Urgency::P3 => 7,
        Urgency::P4 => 30,
    }
}

/// So many days later; the last day that there is, beyond it.
pub fn days_after(day: Date, days: i64) -> Date {
    day.checked_add(Duration::days(days)).unwrap_or(Date::MAX)
}

/// The same day so many months later, or the last of that month if it has none (Regulation (EEC,
/// Euratom) 1182/71, article 3(2)(c)).
pub fn months_after(day: Date, months: u16) -> Date {
    let total = i32::from(u8::from(day.month())) - 1 + i32::from(months);
    let year = day.year() + total / 12;
    let month = u8::try_from(total % 12 + 1).ok().and_then(|month| Month::try_from(month).ok());
    let month = month.unwrap_or(Month::December);
    let last = day.day().min(month.length(year));
    Date::from_calendar_date(year, month, last).unwrap_or(Date::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn a_month_ends_with_its_last_day_where_it_has_no_such_day() {
        assert_eq!(months_after(date!(2026 - 11 - 30), 3), date!(2027 - 02 - 28));
        assert_eq!(months_after(date!(2026 - 01 - 31), 3), date!(2026 - 04 - 30));
        assert_eq!(months_after(date!(2026 - 12 - 15), 1), date!(2027 - 01 - 15));
        assert_eq!(months_after(date!(2023 - 02 - 28), 12), date!(2024 - 02 - 28));
        assert_eq!(months_after(date!(2026 - 12 - 31), 60), date!(2031 - 12 - 31));
        assert_eq!(months_after(date!(9999 - 12 - 31), 1), Date::MAX);
    }
}
