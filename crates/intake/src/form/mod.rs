//! What a reporter types, on its way through the steps. Nothing is kept between two steps but in the form itself.

mod body;
mod fields;
pub mod guard;
mod reply;
mod report;
mod step;

#[cfg(test)]
mod tests;

pub use body::{NotAForm, pairs};
pub use fields::{FieldError, Problem};
pub use reply::{Reply, ReplyForm};
pub use report::{MAX_STORY, Report, ReportForm};
pub use step::{Go, Step};
