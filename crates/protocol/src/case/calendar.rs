//! Working days. They postpone the last day of a period and never move it forward.

use serde::{Deserialize, Serialize};
use time::{Date, Month, Weekday};

use super::stage::ACKNOWLEDGE_DAYS;
use crate::Priority;
use crate::case::{
    stage::{Deadline, DeadlineKind, days_after},
    state::CaseState,
};

/// The maximum number of consecutive days without work that is taken into account.
const MAX_CONSECUTIVE_HOLIDAYS: usize = 31;

/// A holiday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holiday {
    /// On the same day of every year: `01-01`.
    Yearly(Month, u8),
    /// In one year only, such as a feast of the lunar calendar: `2027-03-10`.
    Once(Date),
}

/// The days that are not working days. Periods run in calendar days and months, as in laws on
/// reporting. A period whose last day is not a working day ends with the next working day
/// (Regulation (EEC, Euratom) 1182/71, article 3(4)). The triage of P1 is never postponed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar {
    weekend: Vec<Weekday>,
    holidays: Vec<Holiday>,
}

/// Why a calendar is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// Not the name of a weekday.
    #[error("invalid weekday {0} (expected monday, tuesday, …)")]
    InvalidWeekday(String),
    /// Neither `MM-DD` nor `YYYY-MM-DD`.
    #[error("invalid holiday {0} (expected MM-DD or YYYY-MM-DD)")]
    InvalidHoliday(String),
    /// No weekday is a working day.
    #[error("at least one weekday must be a working day")]
    NoWorkingDay,
}

impl Calendar {
    /// Returns a calendar with these weekend days, such as `saturday`, and holidays, `MM-DD` or
    /// `YYYY-MM-DD`.
    ///
    /// # Errors
    /// If a name or date is invalid, or no working day is left.
    pub fn new(weekend: &[String], holidays: &[String]) -> Result<Self, CalendarError> {
        let weekend: Vec<Weekday> =
            weekend.iter().map(|name| parse_weekday(name)).collect::<Result<_, _>>()?;
        let holidays = holidays.iter().map(|day| parse_holiday(day)).collect::<Result<_, _>>()?;
        let calendar = Self { weekend, holidays };
        let mut day = Weekday::Monday;
        for _ in 0..7 {
            if !calendar.weekend.contains(&day) {
                return Ok(calendar);
            }
            day = day.next();
        }
        Err(CalendarError::NoWorkingDay)
    }

    /// Returns whether a date is a working day.
    pub fn is_working_day(&self, day: Date) -> bool {
        let is_on = |holiday: &Holiday| match holiday {
            Holiday::Yearly(month, number) => day.month() == *month && day.day() == *number,
            Holiday::Once(date) => day == *date,
        };
        !self.weekend.contains(&day.weekday()) && !self.holidays.iter().any(is_on)
    }

    /// Returns the date itself, or the next working day.
    pub fn next_working_day(&self, day: Date) -> Date {
        let days = std::iter::successors(Some(day), |day| day.next_day());
        days.take(MAX_CONSECUTIVE_HOLIDAYS).find(|day| self.is_working_day(*day)).unwrap_or(day)
    }

    /// Returns the last date for the first answer to a report of this date: the same as
    /// [`Self::next_reporter_update`] for a new case.
    pub fn first_reply_due(&self, filed: Date) -> Date {
        self.next_working_day(days_after(filed, ACKNOWLEDGE_DAYS))
    }

    /// Returns the deadline that ends first, postponed to a working day.
    pub fn next_deadline(&self, state: &CaseState) -> Option<Deadline> {
        let postpone = |deadline: &Deadline| match (deadline.kind, state.priority) {
            (DeadlineKind::Triage, Priority::P1) => *deadline,
            _ => Deadline { due: self.next_working_day(deadline.due), ..*deadline },
        };
        state.deadlines.iter().map(postpone).min_by_key(|deadline| deadline.due)
    }

    /// Returns the date by which the reporter receives the next news: an answer, feedback, or the
    /// end or extension of the investigation. Deadlines that do not concern the reporter, and
    /// deadlines that have passed, do not count.
    pub fn next_reporter_update(&self, state: &CaseState, today: Date) -> Option<Date> {
        let relevant = [
            DeadlineKind::Acknowledge,
            DeadlineKind::Investigate,
            DeadlineKind::Feedback,
            DeadlineKind::Reopen,
        ];
        let updates = state.deadlines.iter().filter(|deadline| relevant.contains(&deadline.kind));
        updates
            .map(|deadline| self.next_working_day(deadline.due))
            .filter(|due| *due >= today)
            .min()
    }

    /// Returns the deadline that ended first, if it was before `today`.
    pub fn overdue_deadline(&self, state: &CaseState, today: Date) -> Option<Deadline> {
        self.next_deadline(state).filter(|deadline| deadline.due < today)
    }
}

fn parse_weekday(name: &str) -> Result<Weekday, CalendarError> {
    let mut day = Weekday::Monday;
    for _ in 0..7 {
        if day.to_string().eq_ignore_ascii_case(name) {
            return Ok(day);
        }
        day = day.next();
    }
    Err(CalendarError::InvalidWeekday(name.to_owned()))
}

fn parse_holiday(text: &str) -> Result<Holiday, CalendarError> {
    let invalid = || CalendarError::InvalidHoliday(text.to_owned());
    let numbers: Vec<i32> =
        text.split('-').map(str::parse).collect::<Result<_, _>>().map_err(|_| invalid())?;
    let day_of = |year: i32, month: i32, day: i32| {
        let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
        Date::from_calendar_date(year, month, u8::try_from(day).ok()?).ok()
    };
    match numbers[..] {
        // 2024 has a 29 February.
        [month, day] => {
            let date = day_of(2024, month, day).ok_or_else(invalid)?;
            Ok(Holiday::Yearly(date.month(), date.day()))
        }
        [year, month, day] => day_of(year, month, day).map(Holiday::Once).ok_or_else(invalid),
        _ => Err(invalid()),
    }
}

/// The form in a configuration: the names of weekend days, and holidays.
#[derive(Serialize, Deserialize)]
struct CalendarRepr {
    weekend: Vec<String>,
    holidays: Vec<String>,
}

impl Serialize for Calendar {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let holidays = self.holidays.iter().map(|holiday| match holiday {
            Holiday::Yearly(month, day) => format!("{:02}-{day:02}", u8::from(*month)),
            Holiday::Once(date) => date.to_string(),
        });
        let weekend = self.weekend.iter().map(|day| day.to_string().to_ascii_lowercase());
        CalendarRepr { weekend: weekend.collect(), holidays: holidays.collect() }
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Calendar {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let CalendarRepr { weekend, holidays } = CalendarRepr::deserialize(deserializer)?;
        Self::new(&weekend, &holidays).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    fn calendar(weekend: &[&str], holidays: &[&str]) -> Result<Calendar, CalendarError> {
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        Calendar::new(&owned(weekend), &owned(holidays))
    }

    #[test]
    fn the_last_day_is_postponed_to_a_working_day() {
        let burkina =
            calendar(&["saturday", "Sunday"], &["01-01", "12-25", "2027-03-10"]).expect("sound");
        assert_eq!(
            burkina.next_working_day(date!(2026 - 11 - 27)),
            date!(2026 - 11 - 27),
            "a Friday"
        );
        assert_eq!(burkina.next_working_day(date!(2026 - 11 - 28)), date!(2026 - 11 - 30));
        // Christmas on a Friday, and the weekend after it.
        assert_eq!(burkina.next_working_day(date!(2026 - 12 - 25)), date!(2026 - 12 - 28));
        assert_eq!(burkina.next_working_day(date!(2027 - 03 - 10)), date!(2027 - 03 - 11));
        assert_eq!(
            burkina.next_working_day(date!(2028 - 03 - 10)),
            date!(2028 - 03 - 10),
            "in one year only"
        );
        assert_eq!(
            Calendar::default().next_working_day(date!(2026 - 11 - 28)),
            date!(2026 - 11 - 28)
        );
        let again = serde_json::to_string(&burkina).expect("writes");
        assert_eq!(serde_json::from_str::<Calendar>(&again).expect("reads"), burkina);
    }

    #[test]
    fn an_invalid_calendar_is_refused() {
        assert_eq!(
            calendar(&["someday"], &[]),
            Err(CalendarError::InvalidWeekday("someday".into()))
        );
        for wrong in ["13-01", "02-30", "2027-02-29", "soon", "1-2-3-4", ""] {
            assert_eq!(
                calendar(&[], &[wrong]),
                Err(CalendarError::InvalidHoliday(wrong.into())),
                "{wrong}"
            );
        }
        let all = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        assert_eq!(calendar(&all, &[]), Err(CalendarError::NoWorkingDay));
    }
}
