//! Loads the catalogs of the pages, and formats dates.

use locales::EmbeddedFiles;
use taxonomy::Taxonomy;
use time::{Date, OffsetDateTime, Weekday};
use web::{Locale, MessageCatalog, MessageCatalogs};

static PAGE_TEXTS: EmbeddedFiles = locales::embedded!("workbench.ftl");

/// Languages of the pages, the default first.
pub(crate) const LOCALES: [Locale; 2] = [Locale::FR, Locale::EN];

/// Loads the catalogs of the pages.
///
/// # Panics
/// Never in a tested build, because a test loads every language.
pub(crate) fn load_texts() -> MessageCatalogs {
    MessageCatalogs::load(PAGE_TEXTS, &LOCALES).expect("a test loads the built-in catalogs")
}

/// Returns the taxonomy with the term for the oversight body in each language of the pages.
pub(crate) fn load_taxonomy(texts: &MessageCatalogs) -> Taxonomy {
    let locale = |code: &str| LOCALES.into_iter().find(|locale| locale.code == code);
    Taxonomy::built_in().with_oversight_body(|code| {
        texts.catalog(locale(code).unwrap_or(LOCALES[0])).get("the-oversight-body")
    })
}

/// Formats a date: `25 nov. 2026`.
pub(crate) fn format_date(catalog: &MessageCatalog, date: Date) -> String {
    let month = catalog.get(&format!("month-{}", u8::from(date.month())));
    let (day, year) = (date.day().to_string(), date.year().to_string());
    catalog.with("date", &[("day", &day), ("month", &month), ("year", &year)])
}

/// Formats a time in UTC: `25 nov. 2026, 09:32`.
pub(crate) fn format_time(catalog: &MessageCatalog, at: OffsetDateTime) -> String {
    let time = format!("{:02}:{:02}", at.hour(), at.minute());
    catalog.with("moment", &[("day", &format_date(catalog, at.date())), ("time", &time)])
}

/// Formats an ISO week such as `2026-W48` by its Monday. Returns any other text unchanged.
pub(crate) fn format_week(catalog: &MessageCatalog, iso: &str) -> String {
    let monday = iso.split_once("-W").and_then(|(year, week)| {
        Date::from_iso_week_date(year.parse().ok()?, week.parse().ok()?, Weekday::Monday).ok()
    });
    monday.map_or_else(
        || iso.to_owned(),
        |monday| catalog.with("week", &[("day", &format_date(catalog, monday))]),
    )
}

/// Formats the distance of a date from today: `demain`, `dans 3 jours`, `en retard de 2 jours`.
pub(crate) fn format_days_until(catalog: &MessageCatalog, due: Date, today: Date) -> String {
    let days = (due - today).whole_days();
    let count = u32::try_from(days.unsigned_abs()).unwrap_or(u32::MAX);
    match days {
        0 => catalog.get("due-today"),
        1 => catalog.get("due-tomorrow"),
        days if days > 0 => catalog.count("due-in", count),
        _ => catalog.count("due-late", count),
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path};

    use fluent_lint::{
        MessageArguments, missing_keys, parse_messages, read_sources, unprotected_french_spacing,
    };
    use time::macros::{date, datetime};

    use super::*;

    /// Prefixes of keys that code composes.
    const COMPUTED_KEY_PREFIXES: [&str; 10] = [
        "confirm-",
        "event-",
        "done-",
        "month-",
        "risk-",
        "rule-",
        "problem-",
        "stage-",
        "release-",
        "authority-",
    ];

    fn load_messages(locale: Locale) -> MessageArguments {
        parse_messages(PAGE_TEXTS.get(locale.code).expect("workbench.ftl").as_bytes())
    }

    #[test]
    fn every_text_exists_in_both_languages_with_the_same_arguments_and_is_used() {
        let french = load_messages(Locale::FR);
        assert!(french.len() > 200);
        assert_eq!(load_messages(Locale::EN), french);
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let code = read_sources(
            ["templates", "src/web_ui", "src/l10n", "src/case"].map(|folder| root.join(folder)),
        )
        .unwrap();
        let families: BTreeSet<&str> =
            code.split("t_variant(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        for key in french.keys() {
            let of_family = families.iter().any(|family| key.starts_with(&format!("{family}-")));
            let computed = COMPUTED_KEY_PREFIXES.iter().any(|start| key.starts_with(start));
            assert!(
                of_family || computed || code.contains(&format!("\"{key}\"")),
                "unused text {key}"
            );
        }
        let calls = [
            ".t(\"",
            "frame.with(\"",
            "localizer.with(\"",
            "speech.with(\"",
            "catalog().get(\"",
            "catalog.get(\"",
            ".count(\"",
            "frame(\"",
        ];
        assert_eq!(missing_keys(&code, &calls, &french), Vec::<&str>::new());
    }

    #[test]
    fn french_punctuation_stays_on_the_line_of_its_word() {
        let text = PAGE_TEXTS.get("fr").expect("workbench.ftl");
        assert_eq!(unprotected_french_spacing(text), Vec::<&str>::new());
    }

    #[test]
    fn dates_are_short_and_deadlines_are_relative_to_today() {
        let texts = load_texts();
        let (french, english) = (texts.catalog(Locale::FR), texts.catalog(Locale::EN));
        assert_eq!(format_date(french, date!(2026 - 11 - 25)), "25 nov. 2026");
        assert_eq!(format_time(english, datetime!(2026-11-25 09:05 UTC)), "25 Nov 2026, 09:05 UTC");
        assert_eq!(format_week(english, "2026-W48"), "week of 23 Nov 2026");
        let today = date!(2026 - 11 - 25);
        let far = |catalog, due| format_days_until(catalog, due, today);
        assert_eq!(far(french, date!(2026 - 11 - 25)), "aujourd’hui");
        assert_eq!(far(english, date!(2026 - 11 - 26)), "tomorrow");
        assert_eq!(far(french, date!(2026 - 12 - 05)), "dans 10 jours");
        assert_eq!(far(french, date!(2026 - 11 - 24)), "en retard d’un jour");
        assert_eq!(far(english, date!(2026 - 11 - 20)), "late by 5 days");
    }
}
