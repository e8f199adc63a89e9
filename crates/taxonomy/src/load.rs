//! Reads the data files.

use std::{fs, io, path::Path};

use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    AudienceLabel, Category, CategoryGroup, DeskLabel, Factor, ImpliedAnswers, LocalizedText,
    Question, Taxonomy, UrgencyRule,
};

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
    languages: Vec<String>,
    default_language: String,
    currency: LocalizedText,
    unsure: String,
    advice: String,
    implied: ImpliedAnswers,
    common_start: Vec<String>,
    common_end: Vec<String>,
    #[serde(default)]
    urgent_when: Vec<UrgencyRule>,
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
        Self::load_with(|file| {
            Ok(match file {
                "settings.toml" => include_str!("../data/settings.toml"),
                "audiences.toml" => include_str!("../data/audiences.toml"),
                "factors.toml" => include_str!("../data/factors.toml"),
                "families.toml" => include_str!("../data/families.toml"),
                "categories.toml" => include_str!("../data/categories.toml"),
                "questions.toml" => include_str!("../data/questions.toml"),
                _ => include_str!("../data/desks.toml"),
            }
            .to_owned())
        })
        .expect("the built-in taxonomy is checked by a test")
    }

    /// Loads an administration's own taxonomy from a folder with the same seven files.
    ///
    /// # Errors
    /// If a file cannot be read or parsed, or the files do not fit together.
    pub fn load(folder: &Path) -> Result<Self, TaxonomyLoadError> {
        Self::load_with(|file| fs::read_to_string(folder.join(file)))
    }

    fn load_with(
        read: impl Fn(&'static str) -> io::Result<String>,
    ) -> Result<Self, TaxonomyLoadError> {
        let settings: SettingsFile = parse(&read, "settings.toml")?;
        let mut questions = parse::<QuestionsFile>(&read, "questions.toml")?.questions;
        for question in questions.iter_mut().filter(|question| question.money) {
            question.label.append_unit(&settings.currency);
        }
        let taxonomy = Self {
            version: settings.version,
            languages: settings.languages,
            default_language: settings.default_language,
            unsure: settings.unsure,
            advice: settings.advice,
            implied: settings.implied,
            audiences: parse::<AudiencesFile>(&read, "audiences.toml")?.audiences,
            common_start: settings.common_start,
            common_end: settings.common_end,
            urgent_when: settings.urgent_when,
            factors: parse::<FactorsFile>(&read, "factors.toml")?.factors,
            families: parse::<FamiliesFile>(&read, "families.toml")?.families,
            categories: parse::<CategoriesFile>(&read, "categories.toml")?.categories,
            questions,
            desks: parse::<DesksFile>(&read, "desks.toml")?.desks,
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
                .map(|lang| format!("settings.toml: currency has no text in {lang}")),
        );
        if wrong.is_empty() { Ok(taxonomy) } else { Err(TaxonomyLoadError::Invalid(wrong)) }
    }
}

fn parse<T: DeserializeOwned>(
    read: impl Fn(&'static str) -> io::Result<String>,
    file: &'static str,
) -> Result<T, TaxonomyLoadError> {
    let text = read(file).map_err(|source| TaxonomyLoadError::Read { file, source })?;
    toml::from_str(&text)
        .map_err(|source| TaxonomyLoadError::Parse { file, source: Box::new(source) })
}
