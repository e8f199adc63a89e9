//! Folded words that occur in most texts. They say nothing about what two cases have in common,
//! however few cases there are.

use std::{collections::HashSet, sync::LazyLock};

use locales::EmbeddedFiles;

/// Words of five letters or more in each language of the reporter's pages; shorter words are
/// ignored.
static FILES: EmbeddedFiles = locales::embedded!("common_words.txt");

static COMMON_WORDS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| FILES.iter().flat_map(|(_, words)| words.split_ascii_whitespace()).collect());

/// Returns whether this folded word is on one of the lists.
pub(super) fn is_common(word: &str) -> bool {
    COMMON_WORDS.contains(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::text_folding::fold_text;

    #[test]
    fn listed_words_are_folded() {
        for word in COMMON_WORDS.iter() {
            assert_eq!(fold_text(word), *word);
        }
        for word in ["jusqu", "francs", "Après", "because", "también", "também", "هذا"] {
            assert!(is_common(&fold_text(word)), "{word}");
        }
        for word in ["brigade", "Dakola", "guichet", "Sawadogo"] {
            assert!(!is_common(&fold_text(word)), "{word}");
        }
    }
}
