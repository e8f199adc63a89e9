//! Stages, deadlines, and how periods are counted.

use serde::{Deserialize, Serialize};
use time::{Date, Duration, Month};

use crate::{Priority, encoding::iso_date};

/// The stage of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Received and not triaged yet.
    Received,
    /// Read and triaged.
    Triaged,
    /// The facts are being checked for plausibility.
    Assessing,
    /// An investigation is in progress.
    Investigating,
    /// The outcome is known. The reporter is being informed.
    Decided,
    /// Another authority handles the matter.
    Referred,
    /// The case is closed.
    Closed,
    /// The content is destroyed. The events stay in the log.
    Purged,
}

impl Stage {
    /// Every stage in the order of a case.
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

    /// The stages that a reporter can see. A purged case has no mailbox.
    pub const VISIBLE_TO_REPORTER: [Self; 7] = [
        Self::Received,
        Self::Triaged,
        Self::Assessing,
        Self::Investigating,
        Self::Decided,
        Self::Referred,
        Self::Closed,
    ];

    /// Returns whether the case itself still needs work.
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Closed | Self::Purged)
    }

    /// Returns the name in JSON and on the command line.
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

    /// Parses a name. Returns `None` for unknown names.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == word)
    }
}

/// The kind of a deadline. Periods run in calendar days and months, and the last day is still in
/// time. A calendar of working days ([`crate::case::Calendar`]) can postpone the last day, but
/// never moves it forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeadlineKind {
    /// A first answer by a person to the reporter: 7 days from the first event (Directive (EU)
    /// 2019/1937, article 9(1)(b)).
    Acknowledge,
    /// The triage: from the first event 1 day for P1, 3 for P2, 7 for P3, 30 for P4.
    Triage,
    /// The assessment: 30 days from the triage.
    Assess,
    /// The investigation: 90 days from its start or its extension.
    Investigate,
    /// Feedback to the reporter: three months from the acknowledgement or, without one, from the
    /// end of the seven days in which it was due (article 9(1)(f)). If feedback was given before
    /// the decision, the outcome follows within 30 days of the decision.
    Feedback,
    /// The next follow-up of a referral: 60 days.
    Referral,
    /// The decision on a conflict claim: 7 days.
    Challenge,
    /// An answer or a reopening after the reporter wrote to a closed case: 7 days. Marking the
    /// message as handled does not end it.
    Reopen,
    /// The keys of the oversight body, after the reporter refused it first and asked for it later:
    /// 7 days. Two members give them by a rotation.
    OversightKeys,
}

/// A date by which something must have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// What must have happened.
    pub kind: DeadlineKind,
    /// The last date in time.
    #[serde(with = "iso_date")]
    pub due: Date,
}

/// Days for the acknowledgement.
pub(super) const ACKNOWLEDGE_DAYS: i64 = 7;
/// Days for the assessment, and for informing the reporter of an outcome if feedback was given
/// before.
pub(super) const ASSESS_DAYS: i64 = 30;
/// Days for an investigation and for each extension.
pub(super) const INVESTIGATE_DAYS: i64 = 90;
/// Days between two follow-ups of a referral.
pub(super) const REFERRAL_DAYS: i64 = 60;
/// Days for the decision on a conflict claim, for the reaction to a reporter who wrote after the
/// closing, and for the keys of an oversight body that the reporter refused first.
pub(super) const CLAIM_DAYS: i64 = 7;
/// Months for feedback.
pub(super) const FEEDBACK_MONTHS: u16 = 3;
/// Days after the closing during which the reporter can have the case reopened.
pub const REOPEN_DAYS: i64 = 180;

/// Returns the days for the triage by priority.
pub fn triage_days(priority: Priority) -> i64 {
    match priority {
        Priority::P1 => 1,
        Priority::P2 => 3,
        Priority::P3 => 7,
        Priority::P4 => 30,
    }
}

/// Returns the date this number of days later, or the last possible date.
pub fn days_after(day: Date, days: i64) -> Date {
    day.checked_add(Duration::days(days)).unwrap_or(Date::MAX)
}

/// Returns the same day this number of months later, or the last day of that month if it has no
/// such day (Regulation (EEC, Euratom) 1182/71, article 3(2)(c)).
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
    fn a_period_of_months_ends_on_the_last_day_of_a_shorter_month() {
        assert_eq!(months_after(date!(2026 - 11 - 30), 3), date!(2027 - 02 - 28));
        assert_eq!(months_after(date!(2026 - 01 - 31), 3), date!(2026 - 04 - 30));
        assert_eq!(months_after(date!(2026 - 12 - 15), 1), date!(2027 - 01 - 15));
        assert_eq!(months_after(date!(2023 - 02 - 28), 12), date!(2024 - 02 - 28));
        assert_eq!(months_after(date!(2026 - 12 - 31), 60), date!(2031 - 12 - 31));
        assert_eq!(months_after(date!(9999 - 12 - 31), 1), Date::MAX);
    }
}
