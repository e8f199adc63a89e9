//! What can be reported and what is asked about it: data files and their checked types.
//!
//! The default in `data/` is built in; an administration can load its own files from a folder,
//! without a change of code. Everything that refers to something else is checked when the files are
//! read, so that no page can meet a gap.

mod answers;
mod load;
mod training;
mod types;
mod validate;

pub use answers::{Answer, AnswerError, AnswerMap, DECLINED, MAX_TEXT_CHARS, UNKNOWN};
pub use load::TaxonomyLoadError;
pub use training::{ScenarioChoice, TrainingScenario};
pub use types::{
    Audience, AudienceLabel, Category, CategoryGroup, DeskLabel, Factor, ImpliedAnswers,
    LocalizedText, Priority, Question, QuestionKind, QuestionOption, Taxonomy, UrgencyRule,
};
