//! Whose service this is: configuration, not code.

use std::collections::BTreeMap;

use serde::Deserialize;
use web::Locale;

/// Name and contacts of one administration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Branding {
    /// The administration, by language.
    pub administration: BTreeMap<String, String>,
    /// The body outside it that can receive every report.
    pub outside_body: OutsideBody,
    /// Called when a life is in danger.
    pub emergency_number: String,
    /// Where "leave quickly" leads: an ordinary page that anybody might read.
    pub leave_url: String,
}

/// The outside body, as shown to reporters.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutsideBody {
    /// Its name, by language.
    pub name: BTreeMap<String, String>,
    /// Telephone, address, hours: one line, by language.
    pub contact: BTreeMap<String, String>,
}

impl Branding {
    /// What is missing, with the key: every text must exist in every language of the pages.
    pub fn problems(&self, locales: &[Locale]) -> Vec<String> {
        let texts = [
            ("administration", &self.administration),
            ("outside_body.name", &self.outside_body.name),
            ("outside_body.contact", &self.outside_body.contact),
        ];
        let missing = texts.iter().flat_map(|(key, text)| {
            let lacks = |locale: &&Locale| text.get(locale.code).is_none_or(|t| t.trim().is_empty());
            locales
                .iter()
                .filter(lacks)
                .map(move |locale| format!("branding.{key}.{} is missing", locale.code))
        });
        let leave = (!self.leave_url.starts_with("https://"))
            .then(|| "branding.leave_url must begin with https://".to_owned());
        missing.chain(leave).collect()
    }
}

/// A text in a language, or in any.
pub(super) fn text(texts: &BTreeMap<String, String>, locale: Locale) -> &str {
    texts.get(locale.code).or_else(|| texts.values().next()).map_or("", String::as_str)
}
