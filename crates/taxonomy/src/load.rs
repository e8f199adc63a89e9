//! Reads the data files. The texts of each language are in one file, see [`crate::texts`].

use std::{fs, io, path::Path};

use locales::{EmbeddedFiles, Locale};

use serde::{Deserialize, de::DeserializeOwned};
use toml::{Table, Value};

use crate::{
    AudienceLabel, Category, CategoryGroup, DeskLabel, Factor, ImpliedAnswers, LocalizedText,
    PriorityRule, Question, Taxonomy,
    texts::{LanguageTexts, add_texts},
};

/// The name of the files with the texts of each language.
const TEXTS_FILE: &str = "taxonomy.toml";
static TEXTS: EmbeddedFiles = locales::embedded!("taxonomy.toml");

/// Why a taxonomy cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum TaxonomyLoadError {
    /// A file is missing or unreadable.
    #[error("{file}: {source}")]
    Read {
        /// The path of the file in the folder.
        file: String,
        /// The cause.
        source: io::Error,
    },
    /// A file is not TOML of the expected shape.
    #[error("{file}: {source}")]
    Parse {
        /// The path of the file in the folder.
        file: String,
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
    quick: Vec<String>,
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

    /// Returns the taxonomy with the name of the oversight body in the texts of its questions.
    /// `name` returns the name in a language.
    #[must_use]
    pub fn with_oversight_body(mut self, name: impl Fn(&str) -> String) -> Self {
        for question in &mut self.questions {
            question.label.name_oversight_body(&name);
            if let Some(warn) = &mut question.warn {
                warn.name_oversight_body(&name);
            }
        }
        self
    }

    /// Loads a taxonomy from a folder with the same files, and `CODE/taxonomy.toml` for the texts
    /// of each language.
    ///
    /// # Errors
    /// If a file cannot be read or parsed, or the files do not fit together.
    pub fn load(folder: &Path) -> Result<Self, TaxonomyLoadError> {
        Self::load_with(|file| fs::read_to_string(folder.join(file)))
    }

    fn load_with(read: impl Fn(&str) -> io::Result<String>) -> Result<Self, TaxonomyLoadError> {
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
            quick: settings.quick,
            priority_rules: settings.priority_rules,
            factors: files.parse::<FactorsFile>("factors.toml", "factors")?.factors,
            families: files.parse::<FamiliesFile>("families.toml", "families")?.families,
            categories: files.parse::<CategoriesFile>("categories.toml", "categories")?.categories,
            questions,
            desks: files.parse::<DesksFile>("desks.toml", "desks")?.desks,
            places: Vec::new(),
        };
        let mut wrong = taxonomy.validate();
        let unit = |lang: &&String| {
            settings.currency.0.get(*lang).is_none_or(|text| text.trim().is_empty())
        };
        wrong.extend(
            taxonomy.languages.iter().filter(unit).map(|lang| {
                format!("{lang}/{TEXTS_FILE}: settings.currency has no text in {lang}")
            }),
        );
        if wrong.is_empty() { Ok(taxonomy) } else { Err(TaxonomyLoadError::Invalid(wrong)) }
    }
}

/// Returns a file of the built-in taxonomy.
pub(crate) fn read_built_in(file: &str) -> io::Result<String> {
    let text = match file {
        "settings.toml" => include_str!("../data/settings.toml"),
        "audiences.toml" => include_str!("../data/audiences.toml"),
        "factors.toml" => include_str!("../data/factors.toml"),
        "families.toml" => include_str!("../data/families.toml"),
        "categories.toml" => include_str!("../data/categories.toml"),
        "questions.toml" => include_str!("../data/questions.toml"),
        "desks.toml" => include_str!("../data/desks.toml"),
        "learn.toml" => include_str!("../data/learn.toml"),
        texts => texts
            .strip_suffix(TEXTS_FILE)
            .and_then(|folder| TEXTS.get(folder.trim_end_matches('/')))
            .ok_or(io::ErrorKind::NotFound)?,
    };
    Ok(text.to_owned())
}

/// The data files, with the texts of every language.
pub(crate) struct DataFiles<R> {
    read: R,
    texts: Vec<LanguageTexts>,
}

impl<R: Fn(&str) -> io::Result<String>> DataFiles<R> {
    /// Reads the texts of every language.
    pub(crate) fn new(read: R) -> Result<Self, TaxonomyLoadError> {
        let read_language = |locale: Locale| {
            let texts = parse_table(&read, &format!("{}/{TEXTS_FILE}", locale.code))?;
            Ok(LanguageTexts { lang: locale.code, texts })
        };
        let texts = Locale::ALL.into_iter().map(read_language).collect::<Result<_, _>>()?;
        Ok(Self { read, texts })
    }

    fn languages(&self) -> Vec<String> {
        self.texts.iter().map(|texts| texts.lang.to_owned()).collect()
    }

    /// Parses a file after the texts in a section of the language files were added.
    pub(crate) fn parse<T: DeserializeOwned>(
        &self,
        file: &str,
        section: &str,
    ) -> Result<T, TaxonomyLoadError> {
        let mut data = parse_table(&self.read, file)?;
        let wrong: Vec<String> =
            self.texts.iter().flat_map(|texts| add_texts(&mut data, texts, section)).collect();
        if !wrong.is_empty() {
            return Err(TaxonomyLoadError::Invalid(wrong));
        }
        Value::Table(data).try_into().map_err(|source| TaxonomyLoadError::Parse {
            file: file.to_owned(),
            source: Box::new(source),
        })
    }
}

fn parse_table(
    read: impl Fn(&str) -> io::Result<String>,
    file: &str,
) -> Result<Table, TaxonomyLoadError> {
    let text =
        read(file).map_err(|source| TaxonomyLoadError::Read { file: file.to_owned(), source })?;
    text.parse().map_err(|source| TaxonomyLoadError::Parse {
        file: file.to_owned(),
        source: Box::new(source),
    })
}
