//! What a reporter types, on its way through the steps. Nothing is kept between two steps but in the form itself.

mod body;
mod fields;
mod file_name;
pub mod guard;
mod reply;
mod report;
mod step;

#[cfg(test)]
mod tests;

pub use body::pairs;
pub use fields::{FieldError, MAX_TOTAL, Problem, is_blank};
pub use file_name::plain_name;
pub use reply::{Reply, ReplyForm};
pub use report::{MAX_STORY, Report, ReportForm};
pub use step::{Go, Step};
