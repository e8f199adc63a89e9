//! Reply templates promise only what a program ensures, and forbid nothing that the reporter may
//! do.

use locales::Locale;
use protocol::case::REOPEN_DAYS;
use workbench::actions::reply_templates::ReplyTemplate;

use super::{pattern, test_phrases};

/// Victims receive these messages too: no template may discourage them from contacting a doctor,
/// lawyer or helpline.
#[test]
fn no_template_forbids_speaking_or_names_an_official_receipt() {
    for locale in Locale::ALL {
        let phrases = &test_phrases(locale)["reply_templates"];
        let forbids = pattern(&phrases["no_speaking"]);
        let official = phrases["official_receipt"].as_str().unwrap();
        for letter in ReplyTemplate::built_in() {
            let text = letter.text(locale.code);
            assert!(!forbids.is_match(text), "{} {}: {text}", letter.id, locale.code);
            assert!(!text.contains(official), "{} {} says {official}", letter.id, locale.code);
        }
    }
}

/// The reporter's page shows the date on which the case handler escalates. A date in a template
/// would be a second promise.
#[test]
fn no_template_contains_a_date_and_every_period_matches_the_rules() {
    let days = REOPEN_DAYS.to_string();
    for locale in Locale::ALL {
        let phrases = &test_phrases(locale)["reply_templates"];
        let periods = pattern(&phrases["period"]);
        let date = phrases["date_placeholder"].as_str().unwrap();
        for letter in ReplyTemplate::built_in() {
            let (id, lang, text) = (&letter.id, locale.code, letter.text(locale.code));
            assert!(!text.contains(date), "{id} {lang}");
            let numbers =
                text.split(|c: char| !c.is_ascii_digit()).filter(|number| !number.is_empty());
            for number in numbers {
                assert_eq!(number, days, "{id} {lang}");
            }
            assert!(!periods.is_match(text), "{id} {lang}: {text}");
        }
    }
}
