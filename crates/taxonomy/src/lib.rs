//! What can be reported and what is asked about it: data files and their checked types.
//!
//! The default in `data/` is built in; an administration can load its own files from a folder, without a change of code.
//! Everything that refers to something else is checked when the files are read, so that no page can meet a gap.

mod answers;
mod check;
mod learn;
mod load;
mod types;

pub use answers::{Answer, AnswerError, Answers, MAX_TEXT, UNKNOWN, UNSAID};
pub use learn::{Reaction, Scene};
pub use load::LoadError;
pub use types::{
    Audience, AudienceLabel, Category, Choice, Desk, Factor, Family, Implied, Labels, Priority, Question,
    QuestionKind, Taxonomy, UrgencyRule,
};
