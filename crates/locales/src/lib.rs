//! The languages of the reporter's pages: the registration of each, and its files.
//!
//! [`Locale::ALL`] registers the languages. The files of a language are in `data/CODE`, and
//! [`LOCALE_FILES`] lists them. A crate that needs one of the files embeds it for all languages:
//! its build script calls [`embed`], and its code expands [`embedded!`](crate::embedded). The test
//! `tests/complete.rs` lists everything that is missing.

mod embedding;
mod files;
mod locale;

pub use embedding::{EmbeddedFiles, embed};
pub use files::{LOCALE_FILES, LocaleFile, file_path};
pub use locale::Locale;
