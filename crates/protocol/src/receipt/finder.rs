//! Finds the words of receipts inside other text.

use std::{collections::HashMap, ops::Range, sync::LazyLock};

use unicode_normalization::UnicodeNormalization;

use super::{Receipt, word_lists::WORD_LISTS};

/// The number of words of one receipt.
const WORD_COUNT: usize = 12;
/// The number of first letters that identify a word of a list.
const UNIQUE_PREFIX_LEN: usize = 4;

/// Each normalized word of each list and its first letters, with one bit for each list that
/// contains it.
static WORD_LISTS_BY_PREFIX: LazyLock<HashMap<String, u32>> = LazyLock::new(|| {
    let mut known = HashMap::new();
    for (list, (_, words)) in WORD_LISTS.iter().enumerate() {
        for word in words {
            let whole = normalize(word);
            let begins: String = whole.chars().take(UNIQUE_PREFIX_LEN).collect();
            *known.entry(begins).or_insert(0) |= 1 << list;
            *known.entry(whole).or_insert(0) |= 1 << list;
        }
    }
    known
});

fn normalize(word: &str) -> String {
    word.nfd().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect()
}

/// Returns the byte ranges of `text` where twelve consecutive words are the words of a receipt. The
/// ranges do not overlap.
///
/// Spaces, line ends, numbers and punctuation may be between the words. One in sixteen texts of
/// twelve words of one list is found although it is not a receipt.
pub fn find_receipt_words(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    // The end of a sequence of words that share a list.
    let mut row: Vec<(Range<usize>, u32)> = Vec::new();
    for word in word_ranges(text) {
        let lists = WORD_LISTS_BY_PREFIX.get(&normalize(&text[word.clone()])).copied().unwrap_or(0);
        row.push((word, lists));
        if row.len() > WORD_COUNT {
            row.remove(0);
        }
        let shared = row.iter().fold(u32::MAX, |shared, (_, lists)| shared & lists);
        if row.len() < WORD_COUNT || shared == 0 {
            continue;
        }
        let range = row[0].0.start..row[WORD_COUNT - 1].0.end;
        if Receipt::parse(&text[range.clone()]).is_ok() {
            found.push(range);
            row.clear();
        }
    }
    found
}

/// Returns the ranges of letters with their combining marks.
fn word_ranges(text: &str) -> impl Iterator<Item = Range<usize>> {
    let is_of_word = |c: char| c.is_alphabetic() || ('\u{300}'..'\u{370}').contains(&c);
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + text[rest..].find(is_of_word)?;
        let length = text[start..].find(|c| !is_of_word(c)).unwrap_or(text.len() - start);
        rest = start + length;
        Some(start..rest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipt::word_list_languages;

    #[test]
    fn the_words_of_a_receipt_are_found_in_a_story_in_any_typing() {
        let receipt = Receipt::from_bytes([7; 16]);
        for lang in word_list_languages() {
            let words = receipt.words(lang);
            let numbered: Vec<String> =
                words.split_whitespace().zip(1..).map(|(word, n)| format!("{n}. {word}")).collect();
            for typed in
                [words.clone(), words.to_uppercase(), words.replace(' ', ", "), numbered.join("\n")]
            {
                let text = format!("Mon code est celui-ci : {typed}\nIl a demandé 5 000 F.");
                let found = find_receipt_words(&text);
                assert_eq!(found.len(), 1, "{text}");
                assert_eq!(Receipt::parse(&text[found[0].clone()]), Ok(receipt.clone()), "{text}");
            }
        }
    }

    #[test]
    fn other_texts_are_not_receipts() {
        let words = Receipt::from_bytes([7; 16]).words("fr");
        let eleven = words.rsplit_once(' ').unwrap().0;
        let mixed = words.replacen(' ', " douane ", 1);
        let turned = words.split_whitespace().rev().collect::<Vec<_>>().join(" ");
        for text in
            ["", "é", "Un agent a demandé de l’argent, et j’ai payé.", eleven, &mixed, &turned]
        {
            assert_eq!(find_receipt_words(text), [], "{text}");
        }
    }
}
