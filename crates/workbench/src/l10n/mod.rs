//! Texts of the pages in one language: catalog texts, labels of desks and units, dates, sizes, and
//! sanitized text of other people.
//!
//! - `dates` formats dates and loads the catalogs; [`action_text`] names actions; `timeline` and
//!   [`event_text`] describe events; [`treatment`] describes what was done to files.

pub mod action_text;
pub(crate) mod dates;
pub mod event_text;
pub(crate) mod timeline;
pub mod treatment;

use std::{
    borrow::Borrow,
    sync::{Arc, LazyLock},
};

use protocol::submission::report_body::{EXCLUSION_QUESTION, PREFERENCE_QUESTION};
use taxonomy::Taxonomy;
use time::{Date, format_description::well_known::Iso8601};
use web::{Locale, MessageCatalog, MessageCatalogs};

use crate::terminal_text;

/// Texts and labels in one language.
#[derive(Clone)]
pub(crate) struct Localizer {
    pub(crate) texts: Arc<MessageCatalogs>,
    pub(crate) taxonomy: Arc<Taxonomy>,
    pub(crate) locale: Locale,
}

impl Localizer {
    /// Returns the localizer for this language code, or for the default language if the pages do
    /// not have it.
    pub(crate) fn for_lang(code: &str) -> Self {
        let locale = dates::LOCALES.into_iter().find(|locale| locale.code == code);
        let texts = dates::load_texts();
        Self {
            taxonomy: Arc::new(dates::load_taxonomy(&texts)),
            texts: Arc::new(texts),
            locale: locale.unwrap_or(dates::LOCALES[0]),
        }
    }

    /// Returns the localizer of the command line, which is in English.
    pub(crate) fn english() -> &'static Self {
        static ENGLISH: LazyLock<Localizer> = LazyLock::new(|| Localizer::for_lang("en"));
        &ENGLISH
    }

    /// Returns a text.
    pub(crate) fn t(&self, key: &str) -> String {
        self.catalog().get(key)
    }

    /// Returns the text with the key `family-word`, or the word itself if there is no such text.
    pub(crate) fn t_variant(&self, family: &str, word: &str) -> String {
        let key = format!("{family}-{word}");
        if self.catalog().contains(&key) { self.t(&key) } else { word.to_owned() }
    }

    /// Returns whether there is a text with the key `family-word`.
    pub(crate) fn has_variant(&self, family: &str, word: &str) -> bool {
        self.catalog().contains(&format!("{family}-{word}"))
    }

    /// Returns a text with one argument.
    pub(crate) fn with(&self, key: &str, name: &'static str, value: impl AsRef<str>) -> String {
        self.catalog().with(key, &[(name, value.as_ref())])
    }

    /// Returns a text with a count.
    pub(crate) fn count(&self, key: &str, count: impl Borrow<usize>) -> String {
        self.catalog().count(key, u32::try_from(*count.borrow()).unwrap_or(u32::MAX))
    }

    pub(crate) fn catalog(&self) -> &MessageCatalog {
        self.texts.catalog(self.locale)
    }

    /// Returns the ISO 639-1 code of the language.
    pub(crate) fn code(&self) -> &'static str {
        self.locale.code
    }

    /// Returns the label of a desk, or its id if the taxonomy does not know it.
    pub(crate) fn desk_label(&self, id: &str) -> String {
        let desk = self.taxonomy.desk(id);
        desk.map_or(id, |desk| desk.label.get(self.code())).to_owned()
    }

    /// Returns text of another person without characters that change the reading direction of the
    /// text around it.
    #[expect(clippy::unused_self, reason = "templates call it on their frame")]
    pub(crate) fn sanitize_multiline(&self, text: &str) -> String {
        terminal_text::sanitize_multiline(text)
    }

    /// As [`Self::sanitize_multiline`], on one line.
    #[expect(clippy::unused_self, reason = "templates call it on their frame")]
    pub(crate) fn sanitize_line(&self, text: &str) -> String {
        terminal_text::sanitize_line(text)
    }

    /// Returns the name under which a file would be saved.
    #[expect(clippy::unused_self, reason = "templates call it on their frame")]
    pub(crate) fn file_name(&self, name: &str, number: impl Borrow<usize>) -> String {
        terminal_text::safe_file_name(name, *number.borrow())
    }

    /// Returns the label of a unit or function that a reporter can exclude.
    pub(crate) fn unit_label(&self, id: &str) -> String {
        let taxonomy = &self.taxonomy;
        let question = taxonomy.question(EXCLUSION_QUESTION);
        let label = question.and_then(|question| taxonomy.option_label(question, id));
        label.map_or(id, |label| label.get(self.code())).to_owned()
    }

    /// Returns the answer of a reporter who wishes for a member of this unit, such as "A woman".
    pub(crate) fn preference_label(&self, unit: &str) -> String {
        let taxonomy = &self.taxonomy;
        let question = taxonomy.question(PREFERENCE_QUESTION);
        let label = question.and_then(|question| taxonomy.option_label(question, unit));
        label.map_or(unit, |label| label.get(self.code())).to_owned()
    }

    /// Returns a length as text.
    pub(crate) fn format_size(&self, bytes: impl Borrow<u64>) -> String {
        match *bytes.borrow() {
            bytes @ 0..=9_999 => self.with("bytes", "count", bytes.to_string()),
            bytes @ 10_000..=9_999_999 => {
                self.with("kilobytes", "count", (bytes / 1000).to_string())
            }
            bytes => self.with("megabytes", "count", (bytes / 1_000_000).to_string()),
        }
    }

    pub(crate) fn format_date(&self, date: Date) -> String {
        dates::format_date(self.catalog(), date)
    }

    /// Formats a date such as `2026-11-25`.
    pub(crate) fn format_iso_date(&self, day: &str) -> String {
        Date::parse(day, &Iso8601::DATE)
            .map_or_else(|_| day.to_owned(), |day| self.format_date(day))
    }
}
