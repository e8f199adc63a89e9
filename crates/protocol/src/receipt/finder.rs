//! Finds receipts inside other text. The browser finds the same
//! (`crates/intake/browser/src/typed_receipt.ts`).

use std::ops::Range;

use super::{
    WORD_COUNT,
    parser::{find_codes, find_words, is_combining, is_part_char, labels, normalize},
};

/// Returns the byte ranges of `text` that are a receipt: consecutive parts that form a code with a
/// valid checksum, or twelve consecutive words of one list with a valid checksum. The ranges are
/// in the order of the text and do not overlap.
///
/// Spaces, line ends and punctuation may be between the parts, and numbers and repeated labels
/// between the words. One in sixteen texts of twelve words of one list is found although it is not
/// a receipt.
pub fn find_receipts(text: &str) -> Vec<Range<usize>> {
    let (parts, places) = normalized(text, is_part_char);
    let codes = find_codes(&parts).into_iter().map(|(_, found)| joined(&places[found]));
    let mut found: Vec<Range<usize>> = codes.collect();
    let (words, places) = normalized(text, |c| c.is_alphabetic() || is_combining(c));
    let words: Vec<(&str, Range<usize>)> = words.iter().map(String::as_str).zip(places).collect();
    find_spelled(&words, &mut found);
    let labels = labels(&words.iter().map(|(word, _)| *word).collect::<Vec<_>>());
    if !labels.is_empty() {
        let unlabelled = words.into_iter().filter(|(word, _)| !labels.contains(word));
        find_spelled(&unlabelled.collect::<Vec<_>>(), &mut found);
    }
    found.sort_unstable_by_key(|range| range.start);
    found
}

/// Adds the receipts that words spell, unless they overlap one that was found before.
fn find_spelled(words: &[(&str, Range<usize>)], found: &mut Vec<Range<usize>>) {
    let (words, places): (Vec<&str>, Vec<Range<usize>>) = words.iter().cloned().unzip();
    let mut starts: Vec<usize> = find_words(&words).iter().map(|spelled| spelled.at.1).collect();
    starts.sort_unstable();
    for start in starts {
        let range = joined(&places[start..start + WORD_COUNT]);
        if found.iter().all(|other| other.end <= range.start || range.end <= other.start) {
            found.push(range);
        }
    }
}

/// Returns the parts of a text that consist of certain characters, normalized, and their ranges.
fn normalized(text: &str, is_of_part: impl Fn(char) -> bool) -> (Vec<String>, Vec<Range<usize>>) {
    let mut end = 0;
    let parts = text.split_inclusive(|c| !is_of_part(c)).map(|part| {
        let start = end;
        end += part.len();
        let part = part.trim_end_matches(|c| !is_of_part(c));
        (normalize(part), start..start + part.len())
    });
    parts.filter(|(part, _)| !part.is_empty()).unzip()
}

/// Returns the range from the first of the ranges to the last.
fn joined(ranges: &[Range<usize>]) -> Range<usize> {
    let start = ranges.first().map_or(0, |first| first.start);
    start..ranges.last().map_or(start, |last| last.end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipt::{Receipt, word_list_languages};

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
                let found = find_receipts(&text);
                assert_eq!(found.len(), 1, "{text}");
                assert_eq!(Receipt::parse(&text[found[0].clone()]), Ok(receipt.clone()), "{text}");
            }
        }
    }

    #[test]
    fn a_code_is_found_in_a_story_in_any_typing_that_the_return_page_accepts() {
        let code = Receipt::from_bytes([7; 16]).code();
        let spaced: String = code.chars().filter(|c| *c != '-').flat_map(|c| [c, ' ']).collect();
        for typed in [
            code.clone(),
            code.to_lowercase().replace('-', " "),
            code.replace('-', ""),
            code.replace('0', "o").replace('1', "l"),
            code.replace('-', "\n"),
            spaced,
        ] {
            let text = format!("Mon code est celui-ci : {typed}\nIl a demandé 5 000 F.");
            let found = find_receipts(&text);
            assert_eq!(found.len(), 1, "{text}");
            assert_eq!(text[found[0].clone()].trim(), typed.trim(), "{text}");
        }
        let twice = format!("{code} {code}");
        assert_eq!(find_receipts(&twice), [0..code.len(), code.len() + 1..twice.len()]);
    }

    #[test]
    fn other_texts_are_not_receipts() {
        let words = Receipt::from_bytes([7; 16]).words("fr");
        let eleven = words.rsplit_once(' ').unwrap().0;
        let mixed = words.replacen(' ', " douane ", 1);
        let turned = words.split_whitespace().rev().collect::<Vec<_>>().join(" ");
        let mistyped = "0000-0000-0000-0000-0000-0000-006Y";
        for text in [
            "",
            "é",
            "Un agent a demandé de l’argent, et j’ai payé.",
            "this that been when they went over each time from that",
            eleven,
            &mixed,
            &turned,
            mistyped,
        ] {
            assert_eq!(find_receipts(text), [], "{text}");
        }
    }
}
