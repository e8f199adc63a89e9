//! The canonical form of JSON that is signed or sealed: the bytes that `serde_json` writes. Readers
//! serialise what they read and compare the bytes, so that implementations in two languages accept
//! the same bytes. This excludes unknown and missing fields, second spellings of numbers, strings
//! and ids, and white space.

use serde::{Serialize, de::DeserializeOwned};
use time::{Date, Weekday};

/// Why bytes are refused.
#[derive(Debug, thiserror::Error)]
pub enum CanonicalError {
    /// Not the JSON of this type. The message names the field.
    #[error(transparent)]
    Json(#[from] serde_path_to_error::Error<serde_json::Error>),
    /// The JSON of this type, but in another spelling or with additional fields.
    #[error("JSON is not in canonical form")]
    NotCanonical,
}

/// Parses JSON in canonical form.
///
/// # Errors
/// If the bytes are not the JSON of a `T`, or differ from what [`serde_json::to_vec`] writes for
/// it.
pub fn parse_canonical<T: DeserializeOwned + Serialize>(bytes: &[u8]) -> Result<T, CanonicalError> {
    // The comparison finds bytes after the value.
    let value: T =
        serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(bytes))?;
    // The buffer can contain plaintext of reporters.
    let written =
        zeroize::Zeroizing::new(serde_json::to_vec(&value).expect("what was read is written"));
    if **written == *bytes { Ok(value) } else { Err(CanonicalError::NotCanonical) }
}

/// Returns whether this is a language tag: a letter, then letters, digits and hyphens, at most 35
/// characters in all (RFC 5646, section 4.4.1).
pub fn is_lang(text: &str) -> bool {
    text.len() <= 35
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Returns whether this is an ISO week that exists, such as `2026-W48`, of a year with four digits.
pub fn is_iso_week(text: &str) -> bool {
    let Some((year, week)) = text.split_once("-W") else { return false };
    let number = |part: &str, count| {
        let digits = part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
        if digits { part.parse::<u16>().ok() } else { None }
    };
    let (Some(year), Some(week)) = (number(year, 4), number(week, 2)) else { return false };
    // A year has 52 or 53 weeks.
    u8::try_from(week)
        .is_ok_and(|week| Date::from_iso_week_date(year.into(), week, Weekday::Monday).is_ok())
}

/// Returns the ISO 8601 week of a date, such as `2026-W48`. The week belongs to the year of its
/// Thursday. It is the finest time that the intake stores.
pub fn iso_week(day: Date) -> String {
    let (year, week, _) = day.to_iso_week_date();
    format!("{year:04}-W{week:02}")
}

/// Returns whether this is an id of a category, an audience, a question or a unit: 1 to 128 bytes
/// of letters, digits and `-_.:/`.
pub fn is_id(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.chars().all(|c| c.is_alphanumeric() || "-_.:/".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn a_week_belongs_to_the_year_of_its_thursday() {
        for (day, week) in [
            (date!(2026 - 11 - 23), "2026-W48"),
            (date!(2027 - 01 - 01), "2026-W53"),
            (date!(2025 - 12 - 29), "2026-W01"),
        ] {
            assert_eq!(iso_week(day), week);
            assert!(is_iso_week(week));
        }
    }

    #[test]
    fn languages_weeks_and_ids_are_recognised() {
        assert!(["fr", "pt-BR", "und", "zh-Hant-TW"].into_iter().all(is_lang));
        assert!(
            !["", "-", "1", "fr\n", "fr ", "français", &"a".repeat(36)].into_iter().any(is_lang)
        );
        assert!(
            ["2026-W01", "2026-W48", "2026-W53", "2024-W52", "0000-W52"]
                .into_iter()
                .all(is_iso_week)
        );
        let weeks = [
            "",
            "x",
            "2026-W00",
            "2026-W54",
            "2025-W53",
            "2027-W53",
            "0000-W53",
            "2026-W5",
            "2026-w05",
            "26-W05",
            "2026-W05\n",
            "٢٠٢٦-W05",
        ];
        assert!(!weeks.into_iter().any(is_iso_week));
        assert!(["FAC", "handlers_involved", "douane.fret", "è:1/2"].into_iter().all(is_id));
        assert!(!["", "a b", "a\nb", "a\u{202e}b", &"a".repeat(129)].into_iter().any(is_id));
    }
}
