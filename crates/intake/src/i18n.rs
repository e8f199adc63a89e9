//! The languages of the pages, and the formatting of dates.

use locales::EmbeddedFiles;
use time::{Date, Weekday};
use web::{Locale, MessageCatalog, MessageCatalogs};

static PAGE_TEXTS: EmbeddedFiles = locales::embedded!("intake.ftl");

/// Loads the texts of the pages in these languages, the default one first.
///
/// # Panics
/// If there is no language, or if a built-in catalog is invalid. A test loads every language.
pub fn load_catalogs(locales: &[Locale]) -> MessageCatalogs {
    MessageCatalogs::load(PAGE_TEXTS, locales).expect("a test loads every catalog")
}

const MONTHS: [&str; 12] = [
    "month-1", "month-2", "month-3", "month-4", "month-5", "month-6", "month-7", "month-8",
    "month-9", "month-10", "month-11", "month-12",
];

/// Formats a date, such as `30 novembre 2026`.
pub fn format_date(messages: &MessageCatalog, date: Date) -> String {
    let month = messages.get(MONTHS[usize::from(u8::from(date.month())) - 1]);
    let (day, year) = (date.day().to_string(), date.year().to_string());
    // French uses an ordinal number for the first of a month.
    let key = if date.day() == 1 { "date-first" } else { "date-day" };
    messages.with(key, &[("day", &day), ("month", &month), ("year", &year)])
}

/// Formats an ISO week such as `2026-W48` by its Monday. Returns the text itself if it is not an
/// ISO week.
pub fn format_week(messages: &MessageCatalog, iso: &str) -> String {
    monday_of_week(iso).map_or_else(
        || iso.to_owned(),
        |monday| messages.with("date-week", &[("day", &format_date(messages, monday))]),
    )
}

fn monday_of_week(iso: &str) -> Option<Date> {
    let (year, week) = iso.split_once("-W")?;
    Date::from_iso_week_date(year.parse().ok()?, week.parse().ok()?, Weekday::Monday).ok()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path};

    use fluent_lint::{
        MessageArguments, missing_keys, parse_messages, read_sources, unprotected_french_spacing,
    };
    use protocol::case::Stage;
    use time::macros::date;

    use super::*;

    fn messages_of(locale: Locale) -> MessageArguments {
        parse_messages(PAGE_TEXTS.get(locale.code).expect("intake.ftl").as_bytes())
    }

    fn test_phrase(locale: Locale, key: &str) -> String {
        let file = locales::file_path(locale.code, "test_phrases.toml");
        let phrases: toml::Table = std::fs::read_to_string(file).unwrap().parse().unwrap();
        phrases[key].as_str().expect("a text").to_owned()
    }

    #[test]
    fn every_text_exists_in_every_language_with_the_same_arguments_and_is_used() {
        let french = messages_of(Locale::FR);
        assert!(french.len() > 150);
        assert_eq!(french["step"], BTreeSet::from(["last".to_owned(), "number".to_owned()]));
        for locale in Locale::ALL {
            assert_eq!(messages_of(locale), french, "{}", locale.code);
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folders = ["templates", "src/pages", "src/form", "src/i18n.rs"];
        let code = read_sources(folders.map(|path| root.join(path))).unwrap();
        for key in french.keys() {
            assert!(code.contains(&format!("\"{key}\"")), "unused text {key}");
        }
        let calls = ["frame.t(\"", "frame.with(\"", "words.get(\"", "messages.get(\"", ".count(\""];
        assert_eq!(missing_keys(&code, &calls, &french), Vec::<&str>::new());
    }

    #[test]
    fn french_punctuation_never_begins_a_line() {
        let text = PAGE_TEXTS.get("fr").expect("intake.ftl");
        assert_eq!(unprotected_french_spacing(text), Vec::<&str>::new());
    }

    #[test]
    fn sentences_are_short() {
        for locale in Locale::ALL {
            let catalogs = load_catalogs(&Locale::ALL);
            let messages = catalogs.catalog(locale);
            for (key, arguments) in messages_of(locale) {
                let limit = if arguments.is_empty() { 15 } else { 18 };
                let text = messages.get(&key).replace('\u{a0}', "");
                for sentence in text.split(['.', '?', '!', ':', '؟']) {
                    let count = sentence.split_whitespace().count();
                    assert!(count <= limit, "{} {key}: {count} words: {sentence}", locale.code);
                }
            }
        }
    }

    #[test]
    fn dates_and_weeks_are_formatted_in_every_language() {
        let catalogs = load_catalogs(&Locale::ALL);
        let french = catalogs.catalog(Locale::FR);
        assert_eq!(format_date(french, date!(2026 - 12 - 01)), "1er décembre 2026");
        assert_eq!(
            format_date(catalogs.catalog(Locale::EN), date!(2026 - 11 - 30)),
            "30 November 2026"
        );
        assert_eq!(
            format_date(catalogs.catalog(Locale::ES), date!(2026 - 11 - 30)),
            "30 de noviembre de 2026"
        );
        assert_eq!(
            format_date(catalogs.catalog(Locale::PT), date!(2026 - 12 - 01)),
            "1 de dezembro de 2026"
        );
        assert_eq!(
            format_date(catalogs.catalog(Locale::AR), date!(2026 - 11 - 30)),
            "30\u{a0}نوفمبر\u{a0}2026"
        );
        assert_eq!(format_week(french, "2026-W48"), "semaine du 23 novembre 2026");
        assert_eq!(format_week(french, "<b>"), "<b>");
    }

    /// A hasty reader compares the beginnings of words.
    #[test]
    fn no_two_stages_of_a_case_have_names_that_look_alike() {
        let catalogs = load_catalogs(&Locale::ALL);
        for locale in Locale::ALL {
            let names = Stage::VISIBLE_TO_REPORTER
                .map(|stage| catalogs.catalog(locale).get(&format!("stage-{}", stage.as_str())));
            for (at, name) in names.iter().enumerate() {
                for other in &names[at + 1..] {
                    let alike = name.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
                    let longer = name.chars().count().max(other.chars().count());
                    assert!(2 * alike < longer, "{}: {name}, {other}", locale.code);
                }
            }
        }
    }

    #[test]
    fn receipt_and_conversation_state_the_same_date_for_the_answer() {
        let catalogs = load_catalogs(&Locale::ALL);
        for locale in Locale::ALL {
            let by = test_phrase(locale, "answer_by");
            for key in ["receipt-next-answer", "thread-next"] {
                let text = catalogs.catalog(locale).with(key, &[("day", "DAY")]);
                assert!(text.contains(&format!("{by} DAY")), "{} {key}: {text}", locale.code);
            }
        }
    }

    #[test]
    fn the_text_on_the_oversight_body_does_not_imply_other_readers() {
        // The oversight body may be the only reader, also from the start.
        let catalogs = load_catalogs(&Locale::ALL);
        for locale in Locale::ALL {
            let text = catalogs.catalog(locale).get("thread-outside");
            assert!(!text.contains(&test_phrase(locale, "also")), "{}: {text}", locale.code);
        }
    }

    #[test]
    fn the_texts_on_oversized_forms_state_both_limits() {
        // `files_of_230_mb_in_all_fit_into_the_largest_submission` checks the total.
        let catalogs = load_catalogs(&Locale::ALL);
        let files = protocol::submission::frame::MAX_ATTACHMENTS.to_string();
        for locale in Locale::ALL {
            for key in ["error-large-what", "send-too-large"] {
                let text = catalogs.catalog(locale).get(key);
                assert!(
                    text.contains(&files) && text.contains("230"),
                    "{} {key}: {text}",
                    locale.code
                );
            }
        }
    }
}
