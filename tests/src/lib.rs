//! What the scenarios share: an installation that is running, and a visitor without JavaScript.

pub mod canary;
pub mod disk;
pub mod load;
mod office;
mod visitor;

pub use office::{Office, programs, settings};
pub use visitor::{File, Page, Visitor};
