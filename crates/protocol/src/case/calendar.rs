//! Working days: they put the last day of a period off, and never forward.

use serde::{Deserialize, Serialize};
use time::{Date, Month, Weekday};

use super::stage::ACKNOWLEDGE_DAYS;
use crate::case::{
    stage::{Deadline, DeadlineKind, days_after},
    state::CaseState,
};
use crate::submission::envelope::Urgency;

/// The longest row of days without work that is believed.
const MAX_CONSECUTIVE_HOLIDAYS: usize = 31;

/// A day on which nobody works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holiday {
    /// Of every year: `01-01`.
    Yearly(Month, u8),
    /// Of one year, as for a feast that follows the moon: `2027-03-10`.
    Once(Date),
}

/// Which days are not working days. Periods run in calendar days and months, as laws on reporting
/// have them; one whose last day is no working day ends with the next working day (Regulation (EEC,
/// Euratom) 1182/71, article 3(4)). The triage of P1 waits for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar {
    weekend: Vec<Weekday>,
    holidays: Vec<Holiday>,
}

/// Why something is no calendar.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// Not the name of a day.
    #[error("{0} is no day of the week: monday, tuesday, …")]
    InvalidWeekday(String),
    /// Neither `MM-DD` nor `YYYY-MM-DD`.
    #[error("{0} is no holiday: MM-DD for every year, YYYY-MM-DD for one")]
    InvalidHoliday(String),
    /// Nobody ever works.
    #[error("a week has a working day")]
    NoWorkingDay,
}

impl Calendar {
    /// From the names of days of rest, such as `saturday`, and holidays, `MM-DD` or `YYYY-MM-DD`.
    pub fn new(rest: &[String], holidays: &[String]) -> Result<Self, CalendarError> {
        let rest: Vec<Weekday> =
            rest.iter().map(|name| parse_weekday(name)).collect::<Result<_, _>>()?;
        let holidays = holidays.iter().map(|day| parse_holiday(day)).collect::<Result<_, _>>()?;
        let calendar = Self { weekend: rest, holidays };
        let mut day = Weekday::Monday;
        for _ in 0..7 {
            if !calendar.weekend.contains(&day) {
                return Ok(calendar);
            }
            day = day.next();
        }
        Err(CalendarError::NoWorkingDay)
    }

    /// Does somebody work on this day?
    pub fn is_working_day(&self, day: Date) -> bool {
        let off = |holiday: &Holiday| match holiday {
            Holiday::Yearly(month, number) => day.month() == *month && day.day() == *number,
            Holiday::Once(date) => day == *date,
        };
        !self.weekend.contains(&day.weekday()) && !self.holidays.iter().any(off)
    }

    /// The day itself, or the next working day.
    pub fn next_working_day(&self, day: Date) -> Date {
        let days = std::iter::successors(Some(day), |day| day.next_day());
        days.take(MAX_CONSECUTIVE_HOLIDAYS).find(|day| self.is_working_day(*day)).unwrap_or(day)
    }

    /// Returns the last day for the first answer to a report that was filed on this day: what
    /// [`Self::next_reporter_update`] gives for a new case.
    pub fn first_reply_due(&self, filed: Date) -> Date {
        self.next_working_day(days_after(filed, ACKNOWLEDGE_DAYS))
    }

    /// What must happen first, and its last day with days of rest and holidays.
    pub fn next_deadline(&self, state: &CaseState) -> Option<Deadline> {
        let put_off = |deadline: &Deadline| match (deadline.clock, state.urgency) {
            (DeadlineKind::Triage, Urgency::P1) => *deadline,
            _ => Deadline { due: self.next_working_day(deadline.due), ..*deadline },
        };
        state.deadlines.iter().map(put_off).min_by_key(|deadline| deadline.due)
    }

    /// By when the reporter hears something next: an answer, feedback, the end of the investigation
    /// or why it goes on. What is owed to nobody outside, and what is late, is not told.
    pub fn next_reporter_update(&self, state: &CaseState, today: Date) -> Option<Date> {
        let told = [
            DeadlineKind::Acknowledge,
            DeadlineKind::Investigate,
            DeadlineKind::Feedback,
            DeadlineKind::Reopen,
        ];
        let news = state.deadlines.iter().filter(|deadline| told.contains(&deadline.clock));
        news.map(|deadline| self.next_working_day(deadline.due)).filter(|due| *due >= today).min()
    }

    /// The first deadline that has passed.
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
    let wrong = || CalendarError::InvalidHoliday(text.to_owned());
    let numbers: Vec<i32> =
        text.split('-').map(str::parse).collect::<Result<_, _>>().map_err(|_| wrong())?;
    let day_of = |year: i32, month: i32, day: i32| {
        let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
        Date::from_calendar_date(year, month, u8::try_from(day).ok()?).ok()
    };
    match numbers[..] {
        // A year that has a 29 February.
        [month, day] => {
            let date = day_of(2024, month, day).ok_or_else(wrong)?;
            Ok(Holiday::Yearly(date.month(), date.day()))
        }
        [year, month, day] => day_of(year, month, day).map(Holiday::Once).ok_or_else(wrong),
        _ => Err(wrong()),
    }
}

/// As in a configuration: the names of days of rest, and holidays.
#[derive(Serialize, Deserialize)]
struct CalendarRepr {
    rest: Vec<String>,
    holidays: Vec<String>,
}

impl Serialize for Calendar {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let holidays = self.holidays.iter().map(|holiday| match holiday {
            Holiday::Yearly(month, day) => format!("{:02}-{day:02}", u8::from(*month)),
            Holiday::Once(date) => date.to_string(),
        });
        let rest = self.weekend.iter().map(|day| day.to_string().to_ascii_lowercase());
        CalendarRepr { rest: rest.collect(), holidays: holidays.collect() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Calendar {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let CalendarRepr { rest, holidays } = CalendarRepr::deserialize(deserializer)?;
        Self::new(&rest, &holidays).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    fn calendar(rest: &[&str], holidays: &[&str]) -> Result<Calendar, CalendarError> {
        let owned = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        Calendar::new(&owned(rest), &owned(holidays))
    }

    #[test]
    fn the_last_day_is_put_off_to_a_working_day() {
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
            "of one year only"
        );
        assert_eq!(
            Calendar::default().next_working_day(date!(2026 - 11 - 28)),
            date!(2026 - 11 - 28)
        );
        let again = serde_json::to_string(&burkina).expect("writes");
        assert_eq!(serde_json::from_str::<Calendar>(&again).expect("reads"), burkina);
    }

    #[test]
    fn what_is_no_calendar_is_refused() {
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
