//! The forms of reporters and their validation. Between two steps, the form itself carries the
//! fields.

mod added_facts;
mod detection_rules;
mod fields;
mod file_name;
mod folded_text;
pub mod identifying_details;
mod places;
mod reply;
mod report;
mod step;
mod urlencoded;

#[cfg(test)]
mod tests;

pub use added_facts::{ValidatedFacts, can_be_added, report_answers};
pub use fields::{FieldError, FieldProblem, MAX_FORM_BYTES, is_blank};
pub use file_name::sanitize_file_name;
pub use reply::{MAX_MESSAGE_CHARS, ReplyForm, ValidatedReply};
pub use report::{MAX_STORY_CHARS, ReportForm, ShownFields, ValidatedReport};
pub use step::{FormStep, NavAction};
pub use urlencoded::parse_urlencoded;
