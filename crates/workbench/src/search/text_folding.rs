//! Maps all spellings of a word or number to one form, for the indexed text and for queries.

use std::collections::BTreeSet;

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

use crate::{search::identifiers::to_western_digit, terminal_text::is_invisible};

/// Maximum number of pieces of one number: `+226 70 12 34 56` has five.
const MAX_NUMBER_PIECES: usize = 6;
/// Maximum length of a group of letters in a number, such as the owner of a container.
const MAX_LETTER_GROUP: usize = 4;
/// Minimum number of digits of a number in several pieces.
const MIN_DIGITS: usize = 3;
/// Maximum number of joined numbers of one text, so that a table of figures does not need more
/// space than the text.
const MAX_NUMBERS: usize = 4_000;
/// Minimum number of letters of an Arabic word without its article.
const MIN_STEM_LETTERS: usize = 3;

/// Returns the text without letter case, accents, vowel marks, elongation and invisible characters.
/// Letters and digits that writers use interchangeably become one.
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
            // The tatweel elongates a word and has no meaning.
            'ـ' => {}
            // A combining mark from the case mapping, as in İ.
            c if is_combining_mark(c) => {}
            c => folded.push(to_western_digit(c)),
        }
    }
    folded
}

/// Returns an Arabic word without its article. The article may follow a one-letter word that is
/// attached to it: الجمارك and والجمارك both become جمارك.
pub(super) fn without_article(folded: &str) -> Option<&str> {
    let behind = folded.strip_prefix(['و', 'ف', 'ب', 'ك']).unwrap_or(folded);
    let stem = folded
        .strip_prefix("ال")
        .or_else(|| behind.strip_prefix("ال"))
        .or_else(|| folded.strip_prefix("لل"))?;
    (stem.chars().count() >= MIN_STEM_LETTERS).then_some(stem)
}

/// Returns the words of a folded text.
pub(super) fn folded_words(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// Returns additional search terms of a folded text: Arabic words without their article, and
/// numbers joined into one piece.
pub(super) fn extra_terms(folded: &str) -> BTreeSet<String> {
    let stems = folded_words(folded).filter_map(without_article).map(str::to_owned);
    stems.chain(joined_numbers(folded)).collect()
}

/// Returns every number of a folded text that is written in several pieces, joined: `11 GH 4521`,
/// `C-48213`, `MSKU 123 456 7`, `70/12/34/56`. It is not known which pieces belong together, so
/// every sequence of neighbours with enough digits is returned.
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

/// Returns digits and short groups of letters, each with whether it can continue the previous one.
fn number_pieces(folded: &str) -> Vec<(&str, bool)> {
    let mut pieces = Vec::new();
    let mut joined = false;
    let mut rest = folded;
    while let Some(from) = rest.find(char::is_alphanumeric) {
        // A space, hyphen, slash or full stop can separate pieces of a number. More than two of
        // them, or anything else, ends the number.
        let between = &rest[..from];
        let adjacent = between.chars().count() <= 2
            && between
                .chars()
                .all(|c| matches!(c, ' ' | '-' | '/' | '.' | '‐' | '‑' | '–' | '_' | ':'));
        let word = &rest[from..];
        let word = &word[..word.find(|c: char| !c.is_alphanumeric()).unwrap_or(word.len())];
        rest = &rest[from + word.len()..];
        let counts =
            word.contains(|c: char| c.is_ascii_digit()) || word.chars().count() <= MAX_LETTER_GROUP;
        if counts {
            pieces.push((word, joined && adjacent));
        }
        joined = counts;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interchangeable_spellings_fold_alike() {
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
    fn every_spelling_of_a_number_joins_alike() {
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
    fn arabic_words_lose_their_article() {
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
