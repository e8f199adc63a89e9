//! One form for all spellings of a word or number, for the text that is searched and for what is
//! looked for.

use std::collections::BTreeSet;

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

use crate::{search::identifiers::to_western_digit, terminal_text::is_invisible};

/// The most pieces of one number: `+226 70 12 34 56` has five.
const MAX_NUMBER_PIECES: usize = 6;
/// The longest group of letters in a number, such as the owner of a container.
const MAX_LETTER_GROUP: usize = 4;
/// The fewest digits of what is looked up as a number in pieces.
const MIN_DIGITS: usize = 3;
/// The most numbers of one text, so that a table of figures does not outgrow the text.
const MAX_NUMBERS: usize = 4_000;
/// The fewest letters that are left of an Arabic word without its article.
const MIN_STEM_LETTERS: usize = 3;

/// Text without letter case, accents, vowel marks, stretching and invisible characters, with the
/// letters and digits that people exchange for each other as one.
pub(super) fn fold_text(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text
        .nfkd()
        .filter(|c| !is_combining_mark(*c) && !is_invisible(*c))
        .flat_map(char::to_lowercase)
    {
        match c {
            'œ' => folded.push_str("oe"),
            'æ' => folded.push_str("ae"),
            'ß' => folded.push_str("ss"),
            'þ' => folded.push_str("th"),
            'ø' => folded.push('o'),
            'đ' | 'ð' => folded.push('d'),
            'ł' => folded.push('l'),
            'ı' => folded.push('i'),
            'ٱ' => folded.push('ا'),
            'ى' | 'ی' => folded.push('ي'),
            'ک' => folded.push('ك'),
            'ة' | 'ہ' | 'ۃ' => folded.push('ه'),
            // Stretches a word and says nothing.
            'ـ' => {}
            // A combining mark that case mapping brought along, as in İ.
            c if is_combining_mark(c) => {}
            c => folded.push(to_western_digit(c)),
        }
    }
    folded
}

/// An Arabic word without its article, alone or behind a one-letter word that is written with it:
/// الجمارك and والجمارك both give جمارك.
pub(super) fn without_article(folded: &str) -> Option<&str> {
    let behind = folded.strip_prefix(['و', 'ف', 'ب', 'ك']).unwrap_or(folded);
    let stem = folded
        .strip_prefix("ال")
        .or_else(|| behind.strip_prefix("ال"))
        .or_else(|| folded.strip_prefix("لل"))?;
    (stem.chars().count() >= MIN_STEM_LETTERS).then_some(stem)
}

/// The words of a folded text.
pub(super) fn folded_words(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// What is searched beside the words of a folded text: Arabic words without their article, and
/// numbers in one piece.
pub(super) fn extra_terms(folded: &str) -> BTreeSet<String> {
    let stems = folded_words(folded).filter_map(without_article).map(str::to_owned);
    stems.chain(joined_numbers(folded)).collect()
}

/// Every number of a folded text that is written in several pieces, in one: `11 GH 4521`,
/// `C-48213`, `MSKU 123 456 7`, `70/12/34/56`. Which pieces belong together cannot be known, so
/// every row of neighbours is given that has enough digits.
pub(super) fn joined_numbers(folded: &str) -> BTreeSet<String> {
    let pieces: Vec<(&str, bool)> = number_pieces(folded);
    let mut found = BTreeSet::new();
    for start in 0..pieces.len() {
        let mut number = pieces[start].0.to_owned();
        for (piece, joined) in pieces[start + 1..].iter().take(MAX_NUMBER_PIECES - 1) {
            if !joined {
                break;
            }
            number.push_str(piece);
            if number.chars().filter(char::is_ascii_digit).count() >= MIN_DIGITS {
                found.insert(number.clone());
            }
        }
        if found.len() >= MAX_NUMBERS {
            break;
        }
    }
    found
}

/// Digits and short groups of letters, each with whether it can go on from the one before.
fn number_pieces(folded: &str) -> Vec<(&str, bool)> {
    let mut pieces = Vec::new();
    let mut joined = false;
    let mut rest = folded;
    while let Some(from) = rest.find(char::is_alphanumeric) {
        // A space, a dash, a stroke or a full stop stand inside of numbers; more than two of them,
        // or anything else, do not.
        let between = &rest[..from];
        let near = between.chars().count() <= 2
            && between
                .chars()
                .all(|c| matches!(c, ' ' | '-' | '/' | '.' | '‐' | '‑' | '–' | '_' | ':'));
        let word = &rest[from..];
        let word = &word[..word.find(|c: char| !c.is_alphanumeric()).unwrap_or(word.len())];
        rest = &rest[from + word.len()..];
        let counts =
            word.contains(|c: char| c.is_ascii_digit()) || word.chars().count() <= MAX_LETTER_GROUP;
        if counts {
            pieces.push((word, joined && near));
        }
        joined = counts;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_that_people_exchange_are_one() {
        for (one, other) in [
            ("أحمد", "احمد"),
            ("إدارة", "اداره"),
            ("آلاف", "الاف"),
            ("الجُمْرُكِيُّ", "الجمركي"),
            ("مستشفى", "مستشفي"),
            ("الجـــمارك", "الجمارك"),
            ("مؤسسة", "موسسه"),
            ("٧٠١٢٣٤٥٦", "70123456"),
            ("۷۰", "70"),
            ("cœur", "COEUR"),
            ("Œuvre", "oeuvre"),
            ("Ex æquo", "ex aequo"),
            ("e\u{301}le\u{300}ve", "élève"),
            ("Straße", "STRASSE"),
            ("İstanbul", "istanbul"),
            ("ＧＨ４５２１", "gh4521"),
            ("do\u{ad}uane\u{200b}", "douane"),
        ] {
            assert_eq!(fold_text(one), fold_text(other), "{one}");
        }
    }

    #[test]
    fn a_number_is_one_however_it_is_written() {
        for (text, number) in [
            ("le 11 GH 4521 à Dakola", "11gh4521"),
            ("11-GH-4521", "11gh4521"),
            ("déclaration C 48213", "c48213"),
            ("C-48213", "c48213"),
            ("MSKU 123 456 7", "msku1234567"),
            ("MSKU-123456-7", "msku1234567"),
            ("70/12/34/56", "70123456"),
            ("au +226 70 12 34 56", "22670123456"),
            ("٧٠ ١٢ ٣٤ ٥٦", "70123456"),
            ("1 500 000 francs", "1500000"),
            ("11\u{a0}GH\u{202f}4521", "11gh4521"),
        ] {
            assert!(
                joined_numbers(&fold_text(text)).contains(number),
                "{text}: {:?}",
                joined_numbers(&fold_text(text))
            );
        }
        assert!(
            joined_numbers(&fold_text("C-48213, puis le soir"))
                .iter()
                .all(|number| number.contains("48213"))
        );
        assert!(joined_numbers("l’agent de la douane").is_empty());
        let figures = "12 ".repeat(50_000);
        assert!(joined_numbers(&figures).len() <= MAX_NUMBERS);
    }

    #[test]
    fn the_article_is_no_part_of_an_arabic_word() {
        assert_eq!(without_article(&fold_text("الجمركي")), Some("جمركي"));
        assert_eq!(without_article(&fold_text("والجمارك")), Some("جمارك"));
        assert_eq!(without_article(&fold_text("للجمارك")), Some("جمارك"));
        assert_eq!(
            without_article(&fold_text("الم")),
            None,
            "too short to be an article and a word"
        );
        assert_eq!(without_article("douane"), None);
    }
}
