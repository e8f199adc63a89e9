//! Everything that keys depend on, in one look.

use askama::Template;
use axum::response::Response;
use web::Locale;

use crate::{
    health::{self, Outcome},
    site::{
        frame::{AtWork, Frame, Section, show as laid_out},
        i18n::LOCALES,
        trouble::Trouble,
    },
    view::word,
};

#[derive(Template)]
#[template(path = "keys.html")]
struct Page {
    frame: Frame,
    checks: Vec<Check>,
    words: [Words; 2],
    refused: usize,
    handler: String,
    folder: String,
}

/// Twelve words to compare with somebody, who may see them in another language: so in both.
pub(super) struct Words {
    pub(super) locale: Locale,
    pub(super) text: String,
}

impl Words {
    /// First in the language of the page.
    pub(super) fn of(frame: &Frame, words: impl Fn(&str) -> String) -> [Self; 2] {
        let mut both = LOCALES.map(|locale| Self { locale, text: words(locale.code) });
        both.sort_by_key(|words| words.locale.code != frame.code());
        both
    }
}

struct Check {
    subject: String,
    outcome: &'static str,
    means: String,
}

pub(super) async fn show(at: AtWork) -> Result<Response, Trouble> {
    let frame = at.frame("keys-title", Section::Keys);
    let checks = health::checks(at.connection())?;
    let checks = checks.into_iter().map(|check| {
        let subject = word(&check.subject);
        let outcome = match check.outcome {
            Outcome::Well => "well",
            Outcome::Soon => "soon",
            Outcome::Wrong => "wrong",
        };
        Check {
            means: frame.one_of("health", &format!("{subject}-{outcome}")),
            subject: frame.one_of("health", &subject),
            outcome,
        }
    });
    let checks = checks.collect();
    let request = at.connection().key().request();
    let words = Words::of(&frame, |lang| request.words(lang));
    let refused = usize::try_from(at.visit.site.door.refused()).unwrap_or(usize::MAX);
    let home = &at.visit.site.home;
    let (handler, folder) = (home.settings()?.handler, home.dir().display().to_string());
    Ok(laid_out(&Page { frame, checks, words, refused, handler, folder }))
}
