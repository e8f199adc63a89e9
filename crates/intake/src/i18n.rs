//! The languages of the pages, and dates in words.

use rust_embed::RustEmbed;
use time::{Date, Weekday};
use web::{Locale, Texts, Words};

#[derive(RustEmbed)]
#[folder = "locales"]
struct Locales;

/// The languages that the pages are written in, the default first.
pub const LOCALES: [Locale; 2] = [Locale::FR, Locale::EN];

/// The words of the pages.
///
/// # Panics
/// Never in a build whose tests passed: one of them loads every language.
pub fn texts() -> Texts {
    Texts::load(&Locales, "intake", &LOCALES).expect("the built-in words are checked by a test")
}

const MONTHS: [&str; 12] = [
    "month-1", "month-2", "month-3", "month-4", "month-5", "month-6", "month-7", "month-8", "month-9",
    "month-10", "month-11", "month-12",
];

/// A day in words, such as `30 novembre 2026`.
pub fn day(words: &Words, date: Date) -> String {
    let month = words.get(MONTHS[usize::from(u8::from(date.month())) - 1]);
    let (day, year) = (date.day().to_string(), date.year().to_string());
    // French counts the first of a month in another way than the rest.
    let key = if date.day() == 1 { "date-first" } else { "date-day" };
    words.with(key, &[("day", &day), ("month", &month), ("year", &year)])
}

/// The week of an ISO week such as `2026-W48`, by its Monday; the text itself if it is none.
pub fn week(words: &Words, iso: &str) -> String {
    monday(iso)
        .map_or_else(|| iso.to_owned(), |monday| words.with("date-week", &[("day", &day(words, monday))]))
}

fn monday(iso: &str) -> Option<Date> {
    let (year, week) = iso.split_once("-W")?;
    Date::from_iso_week_date(year.parse().ok()?, week.parse().ok()?, Weekday::Monday).ok()
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn days_and_weeks_are_said_in_words() {
        let texts = texts();
        let french = texts.of(Locale::FR);
        assert_eq!(day(french, date!(2026 - 12 - 01)), "1er décembre 2026");
        assert_eq!(day(texts.of(Locale::EN), date!(2026 - 11 - 30)), "30 November 2026");
        assert_eq!(week(french, "2026-W48"), "semaine du 23 novembre 2026");
        assert_eq!(week(french, "<b>"), "<b>");
    }
}
