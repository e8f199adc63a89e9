//! The word lists in which receipts are spelled: one file of 2,048 words (BIP39) for each language
//! that has a list.

use std::sync::LazyLock;

use locales::{EmbeddedFiles, Locale};

static FILES: EmbeddedFiles = locales::embedded!("receipt_words.txt");

/// The language and the words of each list, in the order of [`Locale::ALL`].
pub(super) static WORD_LISTS: LazyLock<Vec<(&str, Vec<&str>)>> =
    LazyLock::new(|| FILES.iter().map(|(code, words)| (code, words.lines().collect())).collect());

/// Returns the codes of the languages that have a list.
pub fn word_list_languages() -> Vec<&'static str> {
    FILES.iter().map(|(code, _)| code).collect()
}

/// Returns the 2,048 words of the list that spells receipts in a language. The registration of the
/// language names the list. An unknown language uses the English list.
///
/// # Panics
/// If the list that the registration names is missing, which a test excludes.
pub fn word_list(lang: &str) -> &'static [&'static str] {
    let named = Locale::parse(lang).unwrap_or(Locale::EN).receipt_words;
    let list = WORD_LISTS.iter().find(|(code, _)| *code == named);
    &list.expect("a test checks that each language names a list").1
}
