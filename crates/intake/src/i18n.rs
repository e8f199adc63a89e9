//! The languages of the pages, and dates in words.

use rust_embed::RustEmbed;
use time::{Date, Weekday};
use web::{Locale, MessageCatalog, MessageCatalogs};

#[derive(RustEmbed)]
#[folder = "locales"]
struct LocaleFiles;

/// The languages that the pages are written in, the default first.
pub const LOCALES: [Locale; 5] = Locale::ALL;

/// The words of the pages.
///
/// # Panics
/// Never in a build whose tests passed: one of them loads every language.
pub fn load_catalogs() -> MessageCatalogs {
    MessageCatalogs::load(&LocaleFiles, "intake", &LOCALES)
        .expect("the built-in words are checked by a test")
}

const MONTHS: [&str; 12] = [
    "month-1", "month-2", "month-3", "month-4", "month-5", "month-6", "month-7", "month-8",
    "month-9", "month-10", "month-11", "month-12",
];

/// A day in words, such as `30 novembre 2026`.
pub fn format_date(words: &MessageCatalog, date: Date) -> String {
    let month = words.get(MONTHS[usize::from(u8::from(date.month())) - 1]);
    let (day, year) = (date.day().to_string(), date.year().to_string());
    // French counts the first of a month in another way than the rest.
    let key = if date.day() == 1 { "date-first" } else { "date-day" };
    words.with(key, &[("day", &day), ("month", &month), ("year", &year)])
}

/// The week of an ISO week such as `2026-W48`, by its Monday; the text itself if it is none.
pub fn format_week(words: &MessageCatalog, iso: &str) -> String {
    monday_of_week(iso).map_or_else(
        || iso.to_owned(),
        |monday| words.with("date-week", &[("day", &format_date(words, monday))]),
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
    use time::macros::date;

    use super::*;

    fn messages_of(locale: Locale) -> MessageArguments {
        let file = LocaleFiles::get(&format!("{}/intake.ftl", locale.code))
            .expect("a file for each language");
        parse_messages(&file.data)
    }

    #[test]
    fn every_text_exists_in_every_language_with_the_same_arguments_and_is_used() {
        let french = messages_of(Locale::FR);
        assert!(french.len() > 150);
        assert_eq!(french["step"], BTreeSet::from(["number".to_owned()]));
        for locale in LOCALES {
            assert_eq!(messages_of(locale), french, "{}", locale.code);
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let places = ["templates", "src/pages", "src/form", "src/i18n.rs"];
        let code = read_sources(places.map(|place| root.join(place))).unwrap();
        for key in french.keys() {
            assert!(code.contains(&format!("\"{key}\"")), "{key} is used nowhere");
        }
        let calls = ["frame.t(\"", "frame.with(\"", "words.get(\"", ".count(\""];
        assert_eq!(missing_keys(&code, &calls, &french), Vec::<&str>::new());
    }

    #[test]
    fn no_sign_of_french_comes_to_stand_alone_at_the_beginning_of_a_line() {
        let file = LocaleFiles::get("fr/intake.ftl").expect("a file for each language");
        let text = std::str::from_utf8(&file.data).expect("UTF-8");
        assert_eq!(unprotected_french_spacing(text), Vec::<&str>::new());
    }

    #[test]
    fn sentences_are_short() {
        for locale in LOCALES {
            let words = load_catalogs();
            let words = words.catalog(locale);
            for (key, arguments) in messages_of(locale) {
                if !arguments.is_empty() {
                    continue;
                }
                let text = words.get(&key).replace('\u{a0}', "");
                for sentence in text.split(['.', '?', '!', ':']) {
                    let count = sentence.split_whitespace().count();
                    assert!(count <= 15, "{} {key}: {count} words: {sentence}", locale.code);
                }
            }
        }
    }

    #[test]
    fn days_and_weeks_are_said_in_words() {
        let texts = load_catalogs();
        let french = texts.catalog(Locale::FR);
        assert_eq!(format_date(french, date!(2026 - 12 - 01)), "1er décembre 2026");
        assert_eq!(
            format_date(texts.catalog(Locale::EN), date!(2026 - 11 - 30)),
            "30 November 2026"
        );
        assert_eq!(
            format_date(texts.catalog(Locale::ES), date!(2026 - 11 - 30)),
            "30 de noviembre de 2026"
        );
        assert_eq!(
            format_date(texts.catalog(Locale::PT), date!(2026 - 12 - 01)),
            "1 de dezembro de 2026"
        );
        assert_eq!(format_date(texts.catalog(Locale::AR), date!(2026 - 11 - 30)), "30 نوفمبر 2026");
        assert_eq!(format_week(french, "2026-W48"), "semaine du 23 novembre 2026");
        assert_eq!(format_week(french, "<b>"), "<b>");
    }

    #[test]
    fn receipt_and_thread_promise_news_by_the_same_day() {
        let texts = load_catalogs();
        let by = [
            (Locale::FR, "au plus tard le"),
            (Locale::EN, "by"),
            (Locale::ES, "a más tardar el"),
            (Locale::PT, "até"),
            (Locale::AR, "في موعد أقصاه"),
        ];
        assert_eq!(by.len(), LOCALES.len());
        for (locale, by) in by {
            for key in ["receipt-next-answer", "thread-next"] {
                let text = texts.catalog(locale).with(key, &[("day", "DAY")]);
                assert!(text.contains(&format!("{by} DAY")), "{} {key}: {text}", locale.code);
            }
        }
    }

    #[test]
    fn the_oversight_body_is_not_said_to_have_a_report_beside_others() {
        // It may be the only reader, and it may have been from the start.
        let texts = load_catalogs();
        for also in ["aussi", "too", "también", "também", "أيضاً"] {
            for locale in LOCALES {
                let text = texts.catalog(locale).get("thread-outside");
                assert!(!text.contains(also), "{}: {text}", locale.code);
            }
        }
    }

    #[test]
    fn the_texts_on_too_much_name_both_limits() {
        let texts = load_catalogs();
        let files = protocol::submission::frame::MAX_ATTACHMENTS.to_string();
        for locale in LOCALES {
            for key in ["error-large-what", "send-too-large"] {
                let text = texts.catalog(locale).get(key);
                assert!(
                    text.contains(&files) && text.contains("60"),
                    "{} {key}: {text}",
                    locale.code
                );
            }
        }
    }
}
