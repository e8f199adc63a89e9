//! Reads the data files. The texts of each language are in one file, see [`crate::texts`].

use std::{fs, io, path::Path};

use serde::{Deserialize, de::DeserializeOwned};
use toml::{Table, Value};

use crate::{
    AudienceLabel, Category, CategoryGroup, DeskLabel, Factor, ImpliedAnswers, LocalizedText,
    PriorityRule, Question, Taxonomy,
    texts::{LanguageTexts, add_texts},
};

/// The files with the texts of each language, the default language first. A further language is a
/// file and an entry here.
const LANGUAGE_FILES: [(&str, &str); 5] = [
    ("fr.toml", include_str!("../data/fr.toml")),
    ("en.toml", include_str!("../data/en.toml")),
    ("es.toml", include_str!("../data/es.toml")),
    ("pt.toml", include_str!("../data/pt.toml")),
    ("ar.toml", include_str!("../data/ar.toml")),
];

/// Why a taxonomy cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum TaxonomyLoadError {
    /// A file is missing or unreadable.
    #[error("{file}: {source}")]
    Read {
        /// The name of the file.
        file: &'static str,
        /// The cause.
        source: io::Error,
    },
    /// A file is not TOML of the expected shape.
    #[error("{file}: {source}")]
    Parse {
        /// The name of the file.
        file: &'static str,
        /// The position and the cause.
        source: Box<toml::de::Error>,
    },
    /// The files are well formed but do not fit together. The message lists all errors.
    #[error("{}", .0.join("; "))]
    Invalid(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SettingsFile {
    version: String,
    default_language: String,
    currency: LocalizedText,
    unsure: String,
    advice: String,
    implied: ImpliedAnswers,
    common_start: Vec<String>,
    common_end: Vec<String>,
    #[serde(default)]
    priority_rules: Vec<PriorityRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FactorsFile {
    factors: Vec<Factor>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AudiencesFile {
    audiences: Vec<AudienceLabel>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FamiliesFile {
    families: Vec<CategoryGroup>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoriesFile {
    categories: Vec<Category>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuestionsFile {
    questions: Vec<Question>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DesksFile {
    desks: Vec<DeskLabel>,
}

impl Taxonomy {
    /// Returns the built-in taxonomy.
    ///
    /// # Panics
    /// If the built-in data is invalid, which a test excludes.
    pub fn built_in() -> Self {
        Self::load_with(read_built_in).expect("the built-in taxonomy is checked by a test")
    }

    /// Loads a taxonomy from a folder with the same files.
    ///
    /// # Errors
    /// If a file cannot be read or parsed, or the files do not fit together.
    pub fn load(folder: &Path) -> Result<Self, TaxonomyLoadError> {
        Self::load_with(|file| fs::read_to_string(folder.join(file)))
    }

    fn load_with(
        read: impl Fn(&'static str) -> io::Result<String>,
    ) -> Result<Self, TaxonomyLoadError> {
        let files = DataFiles::new(read)?;
        let settings: SettingsFile = files.parse("settings.toml", "settings")?;
        let mut questions = files.parse::<QuestionsFile>("questions.toml", "questions")?.questions;
        for question in questions.iter_mut().filter(|question| question.money) {
            question.label.append_unit(&settings.currency);
        }
        let taxonomy = Self {
            version: settings.version,
            languages: files.languages(),
            default_language: settings.default_language,
            unsure: settings.unsure,
            advice: settings.advice,
            implied: settings.implied,
            audiences: files.parse::<AudiencesFile>("audiences.toml", "audiences")?.audiences,
            common_start: settings.common_start,
            common_end: settings.common_end,
            priority_rules: settings.priority_rules,
            factors: files.parse::<FactorsFile>("factors.toml", "factors")?.factors,
            families: files.parse::<FamiliesFile>("families.toml", "families")?.families,
            categories: files.parse::<CategoriesFile>("categories.toml", "categories")?.categories,
            questions,
            desks: files.parse::<DesksFile>("desks.toml", "desks")?.desks,
        };
        let mut wrong = taxonomy.validate();
        let unit = |lang: &&String| {
            settings.currency.0.get(*lang).is_none_or(|text| text.trim().is_empty())
        };
        wrong.extend(
            taxonomy
                .languages
                .iter()
                .filter(unit)
                .map(|lang| format!("{lang}.toml: settings.currency has no text in {lang}")),
        );
        if wrong.is_empty() { Ok(taxonomy) } else { Err(TaxonomyLoadError::Invalid(wrong)) }
    }
}

/// Returns a file of the built-in taxonomy.
pub(crate) fn read_built_in(file: &'static str) -> io::Result<String> {
    let text = match file {
        "settings.toml" => include_str!("../data/settings.toml"),
        "audiences.toml" => include_str!("../data/audiences.toml"),
        "factors.toml" => include_str!("../data/factors.toml"),
        "families.toml" => include_str!("../data/families.toml"),
        "categories.toml" => include_str!("../data/categories.toml"),
        "questions.toml" => include_str!("../data/questions.toml"),
        "desks.toml" => include_str!("../data/desks.toml"),
        "learn.toml" => include_str!("../data/learn.toml"),
        language => LANGUAGE_FILES
            .iter()
            .find(|(name, _)| *name == language)
            .map(|(_, text)| *text)
            .ok_or(io::ErrorKind::NotFound)?,
    };
    Ok(text.to_owned())
}

/// The data files, with the texts of every language.
pub(crate) struct DataFiles<R> {
    read: R,
    texts: Vec<LanguageTexts>,
}

impl<R: Fn(&'static str) -> io::Result<String>> DataFiles<R> {
    /// Reads the texts of every language.
    pub(crate) fn new(read: R) -> Result<Self, TaxonomyLoadError> {
        let read_language = |(file, _): &(&'static str, &str)| {
            let texts = parse_table(&read, file)?;
            Ok(LanguageTexts { lang: file.trim_end_matches(".toml"), texts })
        };
        let texts = LANGUAGE_FILES.iter().map(read_language).collect::<Result<_, _>>()?;
        Ok(Self { read, texts })
    }

    fn languages(&self) -> Vec<String> {
        self.texts.iter().map(|texts| texts.lang.to_owned()).collect()
    }

    /// Parses a file after the texts in a section of the language files were added.
    pub(crate) fn parse<T: DeserializeOwned>(
        &self,
        file: &'static str,
        section: &str,
    ) -> Result<T, TaxonomyLoadError> {
        let mut data = parse_table(&self.read, file)?;
        let wrong: Vec<String> =
            self.texts.iter().flat_map(|texts| add_texts(&mut data, texts, section)).collect();
        if !wrong.is_empty() {
            return Err(TaxonomyLoadError::Invalid(wrong));
        }
        Value::Table(data)
            .try_into()
            .map_err(|source| TaxonomyLoadError::Parse { file, source: Box::new(source) })
    }
}

fn parse_table(
    read: impl Fn(&'static str) -> io::Result<String>,
    file: &'static str,
) -> Result<Table, TaxonomyLoadError> {
    let text = read(file).map_err(|source| TaxonomyLoadError::Read { file, source })?;
    text.parse().map_err(|source| TaxonomyLoadError::Parse { file, source: Box::new(source) })
}
