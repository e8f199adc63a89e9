//! The texts of the pages: Fluent files, in one folder for each language.

use std::borrow::Cow;

use i18n_embed::{
    I18nAssets, I18nEmbedError, LanguageLoader, fluent::FluentLanguageLoader,
    unic_langid::LanguageIdentifier,
};
use locales::{EmbeddedFiles, Locale};

/// The name under which the loader asks for a Fluent file: `CODE/texts.ftl`.
const DOMAIN: &str = "texts";

/// The Fluent files in every language, as the loader expects them.
struct FluentFiles(EmbeddedFiles);

impl I18nAssets for FluentFiles {
    fn get_files(&self, path: &str) -> Vec<Cow<'_, [u8]>> {
        let code = path.split('/').next().unwrap_or_default();
        self.0.get(code).map(|file| Cow::Borrowed(file.as_bytes())).into_iter().collect()
    }

    fn filenames_iter(&self) -> Box<dyn Iterator<Item = String> + '_> {
        Box::new(self.0.iter().map(|(code, _)| format!("{code}/{DOMAIN}.ftl")))
    }
}

/// The messages in every language.
pub struct MessageCatalogs(Vec<(Locale, MessageCatalog)>);

/// The messages in one language.
pub struct MessageCatalog {
    loader: FluentLanguageLoader,
    /// Arguments that every message may use.
    constants: Vec<(&'static str, String)>,
}

impl MessageCatalogs {
    /// Reads the file of each language. A message that is missing in one language is shown in the
    /// first.
    ///
    /// # Errors
    /// Fails if there is no language, or if the file of the first language is missing. A message
    /// that cannot be parsed is missing.
    pub fn load(files: EmbeddedFiles, locales: &[Locale]) -> Result<Self, I18nEmbedError> {
        let ids: Vec<LanguageIdentifier> = locales
            .iter()
            .map(|locale| locale.code.parse().expect("a table of valid codes"))
            .collect();
        let fallback = ids.first().cloned().unwrap_or_default();
        let all = FluentLanguageLoader::new(DOMAIN, fallback);
        all.load_languages(&FluentFiles(files), &ids)?;
        // Visitors would copy isolation marks together with codes and words.
        all.set_use_isolating(false);
        let catalogs = ids.iter().map(|id| MessageCatalog {
            loader: all.select_languages(&[id]),
            constants: Vec::new(),
        });
        Ok(Self(locales.iter().copied().zip(catalogs).collect()))
    }

    /// Adds an argument that every message in a language may use, such as a configured name.
    #[must_use]
    pub fn with_constant(mut self, name: &'static str, value: impl Fn(Locale) -> String) -> Self {
        for (locale, catalog) in &mut self.0 {
            catalog.constants.push((name, value(*locale)));
        }
        self
    }

    /// Returns the languages, the default one first.
    pub fn locales(&self) -> impl Iterator<Item = Locale> {
        self.0.iter().map(|(locale, _)| *locale)
    }

    /// Returns the messages of a language, or of the default language if it has none.
    pub fn catalog(&self, locale: Locale) -> &MessageCatalog {
        let found = self.0.iter().find(|(l, _)| *l == locale).or(self.0.first());
        &found.expect("at least one language").1
    }
}

impl MessageCatalog {
    /// Returns whether this language or the default language has a message with this key.
    pub fn contains(&self, key: &str) -> bool {
        self.loader.has(key)
    }

    /// Returns a message without arguments other than the constants.
    pub fn get(&self, key: &str) -> String {
        self.with(key, &[])
    }

    /// Returns a message with arguments.
    pub fn with(&self, key: &str, args: &[(&'static str, &str)]) -> String {
        let constants = self.constants.iter().map(|(name, value)| (*name, value.as_str()));
        let args = constants.chain(args.iter().copied());
        let args = args.map(|(name, value)| (name, value.into())).collect();
        self.loader.get_args_concrete(key, args)
    }

    /// Returns a message with the number `$count` as its argument.
    pub fn count(&self, key: &str, count: u32) -> String {
        let constants = self.constants.iter().map(|(name, value)| (*name, value.as_str().into()));
        let args = constants.chain([("count", count.into())]).collect();
        self.loader.get_args_concrete(key, args)
    }
}
