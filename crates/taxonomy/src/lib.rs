//! The taxonomy: what can be reported and which questions the form asks. It consists of data files
//! and checked types.
//!
//! The files in `data/` are compiled in, with the texts of the crate `locales`. [`Taxonomy::load`]
//! reads the same files from a folder, which no program offers in its configuration yet. All
//! references are checked when the files are read, so that no page can meet a missing item.

mod answers;
mod conditions;
mod load;
mod pictograms;
mod places;
mod question_kind;
mod texts;
mod training;
mod types;
mod validate;

pub use answers::{Answer, AnswerError, AnswerMap, DECLINED, MAX_TEXT_CHARS, UNKNOWN};
pub use conditions::{Condition, applicable};
pub use load::TaxonomyLoadError;
pub use pictograms::{MAX_PICTOGRAM_BYTES, PICTOGRAMS, Pictogram};
pub use places::{
    MAX_LIST_BYTES, MAX_PLACE_CHARS, MAX_PLACES, PLACE_KIND_QUESTION, Place, PlacesError,
};
pub use question_kind::{AnswerFormat, AnswerType, QuestionKind, QuestionPurpose};
pub use training::{ScenarioChoice, TrainingScenario};
pub use types::{
    Audience, AudienceLabel, Category, CategoryGroup, DeskLabel, Factor, ImpliedAnswers,
    LocalizedText, MAX_QUICK_QUESTIONS, PriorityRule, Question, QuestionOption, Taxonomy,
};
