//! Reply templates promise only what a program ensures, and forbid nothing that the reporter may
//! do.

use protocol::case::REOPEN_DAYS;
use regex::Regex;
use workbench::actions::reply_templates::ReplyTemplate;

const LANGS: [&str; 5] = ["fr", "en", "es", "pt", "ar"];

/// Victims receive these messages too: no template may discourage them from contacting a doctor,
/// lawyer or helpline.
#[test]
fn no_template_forbids_speaking_or_names_an_official_receipt() {
    let forbids = Regex::new(concat!(
        r"(?i)(ne|n’en) parlez|à personne\b|(do not|never) (speak|talk|tell)|no hable|con nadie|não fale|a ninguém",
        r"|لا تتحدث|لا تتكلم|لا تخبر|مع أحد"
    ));
    let forbids = forbids.unwrap();
    for letter in ReplyTemplate::built_in() {
        for lang in LANGS {
            let text = letter.text(lang);
            assert!(!forbids.is_match(text), "{} {lang}: {text}", letter.id);
            for official in ["recibo", "إيصال", "quittance"] {
                assert!(!text.contains(official), "{} {lang} says {official}", letter.id);
            }
        }
    }
}

/// The reporter's page shows the date on which the case handler escalates. A date in a template
/// would be a second promise.
#[test]
fn no_template_contains_a_date_and_every_period_matches_the_rules() {
    let days = REOPEN_DAYS.to_string();
    let periods =
        Regex::new(r"\b(mois|months?|un mes|meses|semaines?|weeks?|semanas?)\b|أشهر|أسبوع")
            .unwrap();
    for letter in ReplyTemplate::built_in() {
        for lang in LANGS {
            let text = letter.text(lang);
            for gap in ["[date]", "[data]", "[fecha]", "[التاريخ]"] {
                assert!(!text.contains(gap), "{} {lang}", letter.id);
            }
            let numbers =
                text.split(|c: char| !c.is_ascii_digit()).filter(|number| !number.is_empty());
            for number in numbers {
                assert_eq!(number, days, "{} {lang}", letter.id);
            }
            assert!(!periods.is_match(text), "{} {lang}: {text}", letter.id);
        }
    }
}
