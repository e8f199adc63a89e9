//! Small files of every kind that once kept something or was spoiled. What is expected of each is
//! in `tests/corpus.json`, which the script of the browser is held against too; `cargo run -p
//! traces --example samples -- FOLDER` writes the files.

/// An author in everything that has one.
pub(crate) const AUTHOR: &str = "Canary Author";
/// A day in everything that has one.
pub(crate) const TIMESTAMP: &str = "2026-03-12T10:15:00Z";

/// Every sample, with a name that ends as the reporter's file does.
pub(crate) fn all() -> Vec<(&'static str, Vec<u8>)> {
    [super::office::all(), super::media::all(), super::pdf_samples::all()].concat()
}
