//! Names and contacts of the administration, which are configuration and not code.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use web::Locale;

/// `[branding]`: name and contacts of one administration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Branding {
    /// The name of the administration, by language code.
    pub administration: BTreeMap<String, String>,
    /// The oversight body, to which every report can be released.
    pub oversight_body: Contact,
    /// Organisations that help victims of violence and harassment. The pages show them beside the
    /// questions about these.
    #[serde(default)]
    pub support: Vec<Contact>,
    /// The telephone number for life-threatening emergencies.
    pub emergency_number: String,
    /// The target of "leave quickly": an ordinary page that people of the place open anyway.
    #[serde(default = "default_quick_exit_url")]
    pub quick_exit_url: String,
}

/// A page that people in every country open, in many languages.
fn default_quick_exit_url() -> String {
    "https://www.wikipedia.org/".to_owned()
}

/// Returns whether the quick exit can lead to this address: HTTPS, a name with a dot, no user.
fn is_address_of_a_site(url: &str) -> bool {
    url.parse::<http::Uri>().is_ok_and(|uri| {
        uri.scheme() == Some(&http::uri::Scheme::HTTPS)
            && uri.authority().is_some_and(|site| !site.as_str().contains('@'))
            && uri.host().is_some_and(|host| {
                host.contains('.') && !host.starts_with('.') && !host.ends_with('.')
            })
    })
}

/// An organisation outside the service, as shown to reporters.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Its name, by language code.
    pub name: BTreeMap<String, String>,
    /// Telephone, address and hours in one line, by language code.
    pub contact: BTreeMap<String, String>,
}

impl Branding {
    /// Returns the languages in which the pages are offered, the default one first: those of the
    /// name of the administration.
    pub fn locales(&self) -> Vec<Locale> {
        let offered = |locale: &Locale| self.administration.contains_key(locale.code);
        Locale::ALL.into_iter().filter(offered).collect()
    }

    /// Returns the problems of this section, each with its key. Every text must exist in every
    /// language in which one of them exists.
    pub fn problems(&self) -> Vec<String> {
        let support =
            self.support.iter().enumerate().map(|(index, one)| (format!("support.{index}"), one));
        let contacts =
            std::iter::once(("oversight_body".to_owned(), &self.oversight_body)).chain(support);
        let contacts = contacts.flat_map(|(key, one)| {
            [(format!("{key}.name"), &one.name), (format!("{key}.contact"), &one.contact)]
        });
        let texts: Vec<_> = std::iter::once(("administration".to_owned(), &self.administration))
            .chain(contacts)
            .collect();
        let named: BTreeSet<&String> = texts.iter().flat_map(|(_, text)| text.keys()).collect();
        let missing = texts.iter().flat_map(|(key, text)| {
            let lacks =
                |code: &&&String| text.get(**code).is_none_or(|text| text.trim().is_empty());
            named
                .iter()
                .filter(lacks)
                .map(|code| format!("branding.{key}.{code} is missing"))
                .collect::<Vec<_>>()
        });
        let known = Locale::ALL.map(|locale| locale.code).join(", ");
        let unknown = named.iter().filter(|code| Locale::parse(code).is_none()).map(|code| {
            format!("branding.administration.{code} is not a language of the pages ({known})")
        });
        let none = self.locales().is_empty().then(|| {
            format!("branding.administration has no text in a language of the pages ({known})")
        });
        let quick_exit = (!is_address_of_a_site(&self.quick_exit_url)).then(|| {
            "branding.quick_exit_url must be the address of a site, such as \
             https://www.wikipedia.org/"
                .to_owned()
        });
        let emergency = self
            .emergency_number
            .trim()
            .is_empty()
            .then(|| "branding.emergency_number is missing".to_owned());
        missing.chain(unknown).chain(none).chain(quick_exit).chain(emergency).collect()
    }

    /// Returns the keys of contacts that are still the fictitious ones of the example.
    pub fn example_contacts(&self) -> Vec<String> {
        let support =
            self.support.iter().enumerate().map(|(index, one)| (format!("support.{index}"), one));
        let contacts =
            std::iter::once(("oversight_body".to_owned(), &self.oversight_body)).chain(support);
        contacts
            .filter(|(_, one)| one.contact.values().any(|contact| is_example_number(contact)))
            .map(|(key, _)| format!("branding.{key}.contact"))
            .collect()
    }
}

/// The digits of the telephone numbers in the shipped example. No one answers these numbers.
const EXAMPLE_NUMBERS: [&str; 2] = ["80001102", "80000000"];

/// Returns whether a contact contains a number of the example, in any notation.
fn is_example_number(contact: &str) -> bool {
    let digits: String = contact.chars().filter_map(parse_digit).collect();
    EXAMPLE_NUMBERS.iter().any(|number| digits.contains(number))
}

/// Returns the ASCII digit of `c`, which may also be an Arabic-Indic or extended Arabic-Indic
/// digit.
fn parse_digit(c: char) -> Option<char> {
    let value = match c {
        '0'..='9' => return Some(c),
        '\u{660}'..='\u{669}' => u32::from(c) - 0x660,
        '\u{6f0}'..='\u{6f9}' => u32::from(c) - 0x6f0,
        _ => return None,
    };
    char::from_digit(value, 10)
}

/// Returns the text in a language, or in any language if it is missing.
pub(crate) fn localized(texts: &BTreeMap<String, String>, locale: Locale) -> &str {
    texts.get(locale.code).or_else(|| texts.values().next()).map_or("", String::as_str)
}
