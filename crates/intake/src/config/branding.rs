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
    pub oversight_body: Contact,
    /// Who helps victims of violence and harassment: shown beside the questions about it.
    #[serde(default)]
    pub support: Vec<Contact>,
    /// Called when a life is in danger.
    pub emergency_number: String,
    /// Where "leave quickly" leads: an ordinary page that anybody might read.
    pub quick_exit_url: String,
}

/// Somebody outside the service, as shown to reporters.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Its name, by language.
    pub name: BTreeMap<String, String>,
    /// Telephone, address, hours: one line, by language.
    pub contact: BTreeMap<String, String>,
}

impl Branding {
    /// What is missing, with the key: every text must exist in every language of the pages.
    pub fn missing_texts(&self, locales: &[Locale]) -> Vec<String> {
        let own = [("administration".to_owned(), &self.administration)];
        let support =
            self.support.iter().enumerate().map(|(at, one)| (format!("support.{at}"), one));
        let contacts =
            std::iter::once(("outside_body".to_owned(), &self.oversight_body)).chain(support);
        let contacts = contacts.flat_map(|(key, one)| {
            [(format!("{key}.name"), &one.name), (format!("{key}.contact"), &one.contact)]
        });
        let missing = own.into_iter().chain(contacts).flat_map(|(key, text)| {
            let lacks =
                |locale: &&Locale| text.get(locale.code).is_none_or(|t| t.trim().is_empty());
            locales
                .iter()
                .filter(lacks)
                .map(|locale| format!("branding.{key}.{} is missing", locale.code))
                .collect::<Vec<_>>()
        });
        let leave = (!self.quick_exit_url.starts_with("https://"))
            .then(|| "branding.leave_url must begin with https://".to_owned());
        missing.chain(leave).collect()
    }

    /// Keys of contacts that are still the invented ones of the example.
    pub fn example_contacts(&self) -> Vec<String> {
        let support =
            self.support.iter().enumerate().map(|(at, one)| (format!("support.{at}"), one));
        let contacts =
            std::iter::once(("outside_body".to_owned(), &self.oversight_body)).chain(support);
        contacts
            .filter(|(_, one)| one.contact.values().any(|contact| is_example_number(contact)))
            .map(|(key, _)| format!("branding.{key}.contact"))
            .collect()
    }
}

/// The digits of telephone numbers in the shipped example. Nobody answers there.
const EXAMPLE_NUMBERS: [&str; 2] = ["80001102", "80000000"];

/// Does a contact hold a number of the example, however it is written?
fn is_example_number(contact: &str) -> bool {
    let digits: String = contact.chars().filter_map(parse_digit).collect();
    EXAMPLE_NUMBERS.iter().any(|number| digits.contains(number))
}

/// A digit, also of the two rows that Arabic uses.
fn parse_digit(c: char) -> Option<char> {
    let value = match c {
        '0'..='9' => return Some(c),
        '\u{660}'..='\u{669}' => u32::from(c) - 0x660,
        '\u{6f0}'..='\u{6f9}' => u32::from(c) - 0x6f0,
        _ => return None,
    };
    char::from_digit(value, 10)
}

/// A text in a language, or in any.
pub(crate) fn localized(texts: &BTreeMap<String, String>, locale: Locale) -> &str {
    texts.get(locale.code).or_else(|| texts.values().next()).map_or("", String::as_str)
}
