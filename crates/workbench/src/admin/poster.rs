//! Posters and cards for print: what can be reported, where, and how to stay safe. They show the
//! twelve words of the root keys, which readers compare with the pages.
//!
//! The texts are in `poster.ftl` of each language. Names and contacts come from the configuration
//! of the intake, so that posters and pages agree.

use std::{collections::BTreeMap, path::Path};

use askama::Template;
use http::{
    Uri,
    uri::{PathAndQuery, Scheme},
};
use locales::EmbeddedFiles;
use protocol::directory::{Desk, TrustRoots};
use serde::Deserialize;
use taxonomy::{Pictogram, Taxonomy};
use web::{Locale, MessageCatalog, MessageCatalogs, OnionAddress, OnionAddressError};

use super::{AdminDir, AdminError};
use crate::{
    private_files::{self, FileError},
    qr_code,
    session::fingerprint,
};

static TEXTS: EmbeddedFiles = locales::embedded!("poster.ftl");

/// The digits of the telephone numbers of the example configuration.
const EXAMPLE_NUMBERS: [&str; 2] = ["80001102", "80000000"];

/// Why no poster can be made.
#[derive(Debug, thiserror::Error)]
pub enum PosterError {
    /// The address is not that of a site.
    #[error("invalid address {0} (expected https:// and a host name, without a path)")]
    InvalidAddress(String),
    /// The address of the onion service is invalid.
    #[error("public.onion_address: {0}")]
    InvalidOnionAddress(#[from] OnionAddressError),
    /// A contact is fictitious.
    #[error(
        "branding.oversight_body.contact is that of the example: people would call a number that no one answers"
    )]
    ExampleContact,
    /// The language is not offered, because a text of it is missing.
    #[error("[branding] has no text in the language {0}")]
    MissingLanguage(String),
}

/// A format of paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PosterFormat {
    /// A poster on A4.
    A4,
    /// The same poster on A3.
    A3,
    /// Eight cards on A4.
    Cards,
}

impl PosterFormat {
    /// All formats.
    pub const ALL: [Self; 3] = [Self::A4, Self::A3, Self::Cards];

    /// Returns the name of the file in a language.
    pub fn file_name(self, locale: Locale) -> String {
        let name = match self {
            Self::A4 => "poster-a4",
            Self::A3 => "poster-a3",
            Self::Cards => "cards-a4",
        };
        format!("{name}-{}.html", locale.code)
    }

    /// The size of the paper in CSS.
    fn page_size(self) -> &'static str {
        if self == Self::A3 { "A3" } else { "A4" }
    }

    /// The unit of all lengths. A sheet is 52.5 units wide and 74.25 units high.
    fn unit(self) -> &'static str {
        if self == Self::A3 { "5.657mm" } else { "4mm" }
    }
}

/// The parts of the configuration of the intake that a poster shows. Other keys are not read.
#[derive(Debug, Clone, Deserialize)]
struct IntakeSettings {
    #[serde(default)]
    demo: bool,
    public: PublicSettings,
    branding: Branding,
}

#[derive(Debug, Clone, Deserialize)]
struct PublicSettings {
    onion_address: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Branding {
    emergency_number: String,
    administration: BTreeMap<String, String>,
    oversight_body: Contact,
}

#[derive(Debug, Clone, Deserialize)]
struct Contact {
    name: BTreeMap<String, String>,
    contact: BTreeMap<String, String>,
}

/// What posters of one installation show, in every language.
#[derive(Debug, Clone)]
pub struct PosterContent {
    trust: TrustRoots,
    /// The desks except that of the oversight body.
    desks: Vec<Desk>,
    /// The host name of the pages, without a scheme.
    host: String,
    onion_address: Option<OnionAddress>,
    branding: Branding,
}

impl PosterContent {
    /// Reads what posters show: the root keys and desks from the administrator's folder, and the
    /// names and contacts from the configuration of the intake. The desks are those of the newest
    /// signed directory, or of the draft before the first.
    ///
    /// # Errors
    /// If a file cannot be read, or one of the values is invalid.
    pub fn read(dir: &AdminDir, address: &str, intake_config: &Path) -> Result<Self, AdminError> {
        let trust = dir.trust()?;
        let (desks, oversight) = if let Some(signed) = dir.signed_directory()? {
            let directory = signed.verify_ignoring_dates(&trust)?;
            (directory.desks, directory.oversight)
        } else {
            let draft = dir.draft()?;
            (draft.desks, draft.oversight)
        };
        let text = private_files::read_text(intake_config)?;
        let settings: IntakeSettings = toml::from_str(&text).map_err(|error| {
            let path = intake_config.to_owned();
            FileError::Malformed { path, reason: error.message().to_owned() }
        })?;
        Ok(Self::new(trust, desks, &oversight, address, settings)?)
    }

    fn new(
        trust: TrustRoots,
        mut desks: Vec<Desk>,
        oversight: &str,
        address: &str,
        settings: IntakeSettings,
    ) -> Result<Self, PosterError> {
        let IntakeSettings { demo, public, branding } = settings;
        desks.retain(|desk| desk.id != oversight);
        let is_example = branding.oversight_body.contact.values().any(|contact| {
            let digits: String = contact.chars().filter(char::is_ascii_digit).collect();
            EXAMPLE_NUMBERS.iter().any(|number| digits.contains(number))
        });
        if is_example && !demo {
            return Err(PosterError::ExampleContact);
        }
        Ok(Self {
            trust,
            desks,
            host: host_of(address)?,
            onion_address: public.onion_address.as_deref().map(str::parse).transpose()?,
            branding,
        })
    }

    /// Returns the languages of the pages, the default one first.
    pub fn locales(&self) -> Vec<Locale> {
        let offered = |locale: &Locale| self.branding.administration.contains_key(locale.code);
        Locale::ALL.into_iter().filter(offered).collect()
    }

    /// Returns a page to print in a language, without external resources.
    ///
    /// # Errors
    /// [`PosterError::MissingLanguage`].
    pub fn html(&self, format: PosterFormat, locale: Locale) -> Result<String, PosterError> {
        let missing = || PosterError::MissingLanguage(locale.code.to_owned());
        let text_in =
            |texts: &BTreeMap<String, String>| texts.get(locale.code).cloned().ok_or_else(missing);
        let Branding { emergency_number, administration, oversight_body } = &self.branding;
        let body = text_in(&oversight_body.name)?;
        let catalogs = MessageCatalogs::load(TEXTS, &Locale::ALL).expect("a test loads every text");
        let taxonomy = Taxonomy::built_in();
        let url = format!("https://{}/{}", self.host, locale.code);
        let words = fingerprint(&self.trust, locale.code);
        let page = PosterTemplate {
            format,
            locale,
            texts: catalogs.catalog(locale),
            administration: text_in(administration)?,
            contact: keep_numbers(&text_in(&oversight_body.contact)?, locale),
            groups: taxonomy
                .families
                .iter()
                .map(|group| (group.label.get(locale.code), Pictogram::of_group(&group.id)))
                .collect(),
            desks: self.desks.iter().filter_map(|desk| label_of(desk, locale)).collect(),
            qr_code: qr_code::svg(&url).expect("a host name has at most 253 characters"),
            host: &self.host,
            onion_address: self.onion_address.as_ref(),
            words: words.split_whitespace().collect(),
            emergency_number: keep_numbers(emergency_number, locale),
            body,
        };
        Ok(page.render().expect("the template writes to memory"))
    }
}

/// Returns the host name of an address, and its port if it has one.
fn host_of(address: &str) -> Result<String, PosterError> {
    let invalid = || PosterError::InvalidAddress(address.to_owned());
    let uri: Uri = address.parse().map_err(|_| invalid())?;
    let site = uri.authority().ok_or_else(invalid)?.as_str();
    let is_site = uri.scheme() == Some(&Scheme::HTTPS)
        && matches!(uri.path_and_query().map(PathAndQuery::as_str), None | Some("/"))
        && uri.host().is_some_and(|host| host.contains('.'))
        && !site.contains('@');
    if is_site { Ok(site.to_owned()) } else { Err(invalid()) }
}

/// Returns a text whose telephone numbers stay in one line. In a text from right to left, they are
/// isolated: otherwise their groups of digits would be shown in the opposite order.
fn keep_numbers(text: &str, locale: Locale) -> String {
    const HARD_SPACE: char = '\u{a0}';
    let [open, close] = if locale.dir == "rtl" { ["\u{2066}", "\u{2069}"] } else { ["", ""] };
    let is_separator = |c: char| matches!(c, ' ' | HARD_SPACE | '\u{202f}' | '.' | '-' | '/');
    let (mut kept, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(start) = rest.find(|c: char| c == '+' || c.is_ascii_digit()) {
        let (before, number) = rest.split_at(start);
        let end = number.find(|c: char| c != '+' && !c.is_ascii_digit() && !is_separator(c));
        let number = number[..end.unwrap_or(number.len())].trim_end_matches(is_separator);
        kept.extend([
            before,
            open,
            &number.replace(' ', HARD_SPACE.encode_utf8(&mut [0; 2])),
            close,
        ]);
        rest = &rest[start + number.len()..];
    }
    kept + rest
}

/// Returns the name of a desk in a language, or in any language if it has none.
fn label_of(desk: &Desk, locale: Locale) -> Option<&str> {
    desk.labels.get(locale.code).or_else(|| desk.labels.values().next()).map(String::as_str)
}

/// Number of cards on a sheet.
const CARDS: u8 = 8;

#[derive(Template)]
#[template(path = "poster.html")]
struct PosterTemplate<'a> {
    format: PosterFormat,
    locale: Locale,
    texts: &'a MessageCatalog,
    administration: String,
    /// The name of the oversight body.
    body: String,
    contact: String,
    /// The name and the drawing of each group of categories.
    groups: Vec<(&'a str, Option<Pictogram>)>,
    desks: Vec<&'a str>,
    qr_code: String,
    host: &'a str,
    onion_address: Option<&'a OnionAddress>,
    words: Vec<&'a str>,
    emergency_number: String,
}

impl PosterTemplate<'_> {
    fn text(&self, key: &str) -> String {
        self.texts.with(key, &[("body", &self.body), ("number", &self.emergency_number)])
    }

    fn title(&self) -> String {
        self.text(if self.is_cards() { "card-title" } else { "poster-title" })
    }

    fn is_cards(&self) -> bool {
        self.format == PosterFormat::Cards
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use fluent_lint::{missing_keys, parse_messages, read_sources, unprotected_french_spacing};
    use uuid::Uuid;

    use super::*;

    const EXAMPLE: &str = include_str!("../../../../deploy/config/intake.toml");
    const HOST: &str = "signaler.douanes.example";

    fn desk(id: &str, label: &str) -> Desk {
        Desk {
            id: id.to_owned(),
            labels: Locale::ALL.map(|locale| (locale.code.to_owned(), label.to_owned())).into(),
            categories: Vec::new(),
            audiences: Vec::new(),
            members: Vec::new(),
            units: Vec::new(),
        }
    }

    fn content(config: &str, address: &str) -> Result<PosterContent, PosterError> {
        let trust = TrustRoots { instance: Uuid::nil(), threshold: 1, roots: Vec::new() };
        let desks = vec![desk("audit", "<Audit>"), desk("external", "Oversight desk")];
        let settings = toml::from_str(config).unwrap();
        PosterContent::new(trust, desks, "external", address, settings)
    }

    fn own_config() -> String {
        EXAMPLE.replace("80 00 11 02", "25 30 12 34")
    }

    #[test]
    fn a_poster_shows_the_address_the_words_the_desks_and_the_number_in_every_language() {
        let onion = OnionAddress::from_key(&[7; 32]);
        let key = format!("[public]\nonion_address = \"{onion}\"");
        let config = own_config().replacen("[public]", &key, 1);
        let content = content(&config, &format!("https://{HOST}/")).unwrap();
        assert_eq!(content.locales(), Locale::ALL);
        for locale in Locale::ALL {
            for format in PosterFormat::ALL {
                let page = content.html(format, locale).unwrap();
                let copies = if format == PosterFormat::Cards { 8 } else { 1 };
                for shown in [HOST, onion.as_str(), "25\u{a0}30\u{a0}12\u{a0}34"] {
                    assert_eq!(page.matches(shown).count(), copies, "{shown} in {page}");
                }
                for word in fingerprint(&content.trust, locale.code).split_whitespace() {
                    assert!(page.contains(&format!("<li>{word}</li>")), "{word}");
                }
                let names_desks = page.contains("&#60;Audit&#62;");
                assert_eq!(names_desks, format != PosterFormat::Cards, "{page}");
                assert!(!page.contains("Oversight desk") && !page.contains("poster-"), "{page}");
                assert!(page.contains(&format!("lang=\"{}\" dir=\"{}\"", locale.code, locale.dir)));
                let drawings = page.matches("class=\"pictogram\"").count();
                let groups = Taxonomy::built_in().families.len();
                assert_eq!(drawings, if format == PosterFormat::Cards { 0 } else { groups });
                for remote in ["src=", "href=", "url(", "@import", "<script", "<link"] {
                    assert!(!page.contains(remote), "{remote}");
                }
            }
        }
    }

    #[test]
    fn a_telephone_number_is_neither_broken_nor_reordered() {
        let number = "+226\u{a0}25\u{a0}30\u{a0}12\u{a0}34";
        let french = keep_numbers("+226 25 30 12 34, de 8 h à 16 h", Locale::FR);
        assert_eq!(french, format!("{number}, de 8 h à 16 h"));
        let arabic = keep_numbers("الهاتف: +226 25 30 12 34، من 8 إلى 16", Locale::AR);
        let isolated = |number: &str| format!("\u{2066}{number}\u{2069}");
        let hours = [isolated("8"), isolated("16")];
        assert_eq!(
            arabic,
            format!("الهاتف: {}، من {} إلى {}", isolated(number), hours[0], hours[1])
        );
        assert_eq!(keep_numbers("+ + 17", Locale::EN), "+\u{a0}+\u{a0}17");
        assert_eq!(keep_numbers("", Locale::AR), "");
    }

    #[test]
    fn a_poster_has_no_onion_address_and_no_desk_that_does_not_exist() {
        let mut content = content(&own_config(), &format!("https://{HOST}")).unwrap();
        content.desks.clear();
        let page = content.html(PosterFormat::A4, Locale::FR).unwrap();
        assert!(!page.contains(".onion<") && !page.contains("class=\"onion\""), "{page}");
        assert!(!page.contains("équipes"), "{page}");
    }

    #[test]
    fn the_number_of_the_example_is_printed_for_a_demonstration_only() {
        let address = format!("https://{HOST}");
        assert!(matches!(content(EXAMPLE, &address), Err(PosterError::ExampleContact)));
        content(&format!("demo = true\n{EXAMPLE}"), &address).unwrap();
    }

    #[test]
    fn a_poster_has_the_address_of_a_site_and_a_valid_onion_address() {
        for address in [
            "http://signaler.example",
            "signaler.example",
            "https://signaler.example/fr",
            "https://signaler.example/?a",
            "https://user@signaler.example",
            "https://localhost",
            "",
        ] {
            let error = content(&own_config(), address).unwrap_err();
            assert!(matches!(error, PosterError::InvalidAddress(_)), "{address}: {error}");
        }
        let typed = OnionAddress::from_key(&[7; 32]).to_string().replacen('a', "b", 1);
        let key = format!("[public]\nonion_address = \"{typed}\"");
        let config = own_config().replacen("[public]", &key, 1);
        let error = content(&config, &format!("https://{HOST}")).unwrap_err();
        assert!(matches!(error, PosterError::InvalidOnionAddress(_)), "{error}");
    }

    #[test]
    fn each_text_of_a_poster_is_used_and_has_short_sentences() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let code =
            read_sources([root.join("templates/poster.html"), root.join("src/admin/poster.rs")])
                .unwrap();
        let french = parse_messages(TEXTS.get("fr").unwrap().as_bytes());
        assert_eq!(missing_keys(&code, &["self.text(\""], &french), Vec::<&str>::new());
        for (lang, file) in TEXTS.iter() {
            let messages = parse_messages(file.as_bytes());
            assert_eq!(messages, french, "{lang}");
            for key in messages.keys() {
                assert!(code.contains(&format!("\"{key}\"")), "unused text {key}");
            }
            let texts = file.lines().filter(|line| !line.starts_with('#'));
            for text in texts.filter_map(|line| line.split_once(" = ")).map(|(_, text)| text) {
                for sentence in text.split(['.', '?', '!', '؟']) {
                    let words = sentence.split_whitespace().count();
                    assert!(words <= 18, "{lang}: {words} words: {sentence}");
                }
            }
        }
        assert_eq!(unprotected_french_spacing(TEXTS.get("fr").unwrap()), Vec::<&str>::new());
    }
}
