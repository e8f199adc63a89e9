//! The checks of everything that the keys depend on.

use askama::Template;
use axum::response::Response;
use web::Locale;

use crate::{
    case::view::serde_word,
    l10n::dates::LOCALES,
    session::key_health::{self, CheckStatus},
    web_ui::{
        error_page::PageError,
        extract::SignedInSession,
        layout::{NavSection, PageFrame, render_ok},
    },
};

#[derive(Template)]
#[template(path = "key-health.html")]
struct KeyHealthTemplate {
    frame: PageFrame,
    checks: Vec<KeyCheckRow>,
    words: [VerificationWords; 2],
    refused: usize,
    handler: String,
    folder: String,
}

/// Twelve words to compare with another person, in one language. Pages show them in both languages,
/// because the other person can see them in the other one.
pub(super) struct VerificationWords {
    pub(super) locale: Locale,
    pub(super) text: String,
}

impl VerificationWords {
    /// Returns the words in both languages, first in the language of the page.
    pub(super) fn in_each_language(frame: &PageFrame, words: impl Fn(&str) -> String) -> [Self; 2] {
        let mut both = LOCALES.map(|locale| Self { locale, text: words(locale.code) });
        both.sort_by_key(|words| words.locale.code != frame.code());
        both
    }
}

struct KeyCheckRow {
    subject: String,
    outcome: &'static str,
    means: String,
}

pub(super) async fn show(session: SignedInSession) -> Result<Response, PageError> {
    let frame = session.frame("keys-title", NavSection::Keys);
    let checks = key_health::run_checks(session.connection()).await?;
    let checks = checks.into_iter().map(|check| {
        let subject = serde_word(&check.subject);
        let outcome = match check.outcome {
            CheckStatus::Ok => "ok",
            CheckStatus::Warning => "warning",
            CheckStatus::Error => "error",
        };
        KeyCheckRow {
            means: frame.t_variant("health", &format!("{subject}-{outcome}")),
            subject: frame.t_variant("health", &subject),
            outcome,
        }
    });
    let checks = checks.collect();
    let request = session.connection().key().request();
    let words = VerificationWords::in_each_language(&frame, |lang| request.fingerprint_words(lang));
    let refused = usize::try_from(session.request.state.browser_session.rejected_count())
        .unwrap_or(usize::MAX);
    let profile = &session.request.state.profile;
    let (handler, folder) = (profile.settings()?.handler, profile.dir().display().to_string());
    Ok(render_ok(&KeyHealthTemplate { frame, checks, words, refused, handler, folder }))
}
