//! Reading receipts as people keep them: a code, twelve words, or a note that holds either among
//! labels and numbers. The browser reads them alike (`crates/intake/browser/src/typed_receipt.ts`),
//! by the spellings in `receipt-spellings.json`.

use std::sync::LazyLock;

use bip39::Language;
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use super::{ALPHABET, CHECK_CHARS, CODE_CHARS, Receipt, ReceiptError, WORD_COUNT, checksum_bits};

/// Word lists in the order in which a spelling is tried.
const WORD_LISTS: [Language; 4] =
    [Language::French, Language::English, Language::Spanish, Language::Portuguese];
/// With so many words of our lists, a text is meant as words and not as a code.
const MIN_KNOWN_WORDS: usize = 4;
/// A word that occurs this often in a note is a label and no word of the receipt.
const MIN_LABEL_REPEATS: usize = 6;
/// Letters that fix a word in every list, if it has as many.
const MIN_PREFIX_LEN: usize = 4;

/// The words of each list, folded as typed words are.
static NORMALIZED_LISTS: LazyLock<[Vec<String>; 4]> = LazyLock::new(|| {
    WORD_LISTS.map(|list| list.word_list().iter().map(|word| normalize(word)).collect())
});

/// Reads a receipt out of a text.
pub(super) fn parse(text: &str) -> Result<Receipt, ReceiptError> {
    let parts = split_parts(text);
    let words = candidate_words(&parts);
    // The check of a code is longer, so a code goes first, but letters of words may by chance make
    // one.
    let is_only_words = words.len() >= WORD_COUNT && words.len() == parts.len();
    let (code, spelled) = (find_code(&parts), find_words(&words));
    if let Some(receipt) = if is_only_words { spelled.or(code) } else { code.or(spelled) } {
        return Ok(receipt);
    }
    let known: Vec<usize> = NORMALIZED_LISTS
        .iter()
        .map(|list| words.iter().filter(|word| word_index(list, word).is_some()).count())
        .collect();
    // The list that has the most of them is the one that was meant.
    let meant = (0..WORD_LISTS.len()).rev().max_by_key(|at| known[*at]).unwrap_or_default();
    if known[meant] >= MIN_KNOWN_WORDS {
        return Err(words_error(&words, meant));
    }
    Err(code_error(&parts))
}

/// The typed word that an error names by its place, to be shown beside the error.
pub(super) fn word_at(text: &str, place: usize) -> Option<String> {
    let parts = split_parts(text);
    let folded =
        candidate_words(&parts).get(place.checked_sub(1)?).map(|word| (*word).to_owned())?;
    let typed = text
        .split(|c: char| !is_part_char(c))
        .find(|part| trim_digits(&normalize(part)) == folded)?;
    Some(typed.trim_matches(|c: char| c.is_numeric()).chars().take(40).collect())
}

/// The pieces of a text between separators, folded.
fn split_parts(text: &str) -> Vec<String> {
    text.split(|c: char| !is_part_char(c)).map(normalize).filter(|part| !part.is_empty()).collect()
}

fn is_part_char(c: char) -> bool {
    c.is_alphanumeric() || is_combining(c)
}

fn is_combining(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

/// Lower case without accents, as people type; digits of Arabic keyboards become Western ones.
fn normalize(text: &str) -> String {
    text.nfkd()
        .filter(|c| !is_combining(*c))
        .flat_map(char::to_lowercase)
        .map(to_western_digit)
        .collect()
}

fn to_western_digit(c: char) -> char {
    match c {
        '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}' => {
            char::from(b'0' + (u32::from(c) & 15) as u8)
        }
        other => other,
    }
}

/// A part without the number at either end of it, as in `1nuage`.
fn trim_digits(part: &str) -> &str {
    part.trim_matches(|c: char| c.is_ascii_digit())
}

/// The parts that can be words, without what is repeated as a label is.
fn candidate_words(parts: &[String]) -> Vec<&str> {
    let is_word = |word: &&str| !word.is_empty() && word.chars().all(char::is_alphabetic);
    let words: Vec<&str> = parts.iter().map(|part| trim_digits(part)).filter(is_word).collect();
    let is_label = |word: &&str| {
        let times = words.iter().filter(|other| *other == word).count();
        times >= MIN_LABEL_REPEATS && words.len() >= WORD_COUNT + times
    };
    words.iter().copied().filter(|word| !is_label(word)).collect()
}

/// Neighbouring parts that make a code whose check holds.
fn find_code(parts: &[String]) -> Option<Receipt> {
    (0..parts.len()).find_map(|from| {
        let mut code = String::new();
        for part in &parts[from..] {
            code.push_str(part);
            match code.len() {
                length if length < CODE_CHARS + CHECK_CHARS => {}
                length if length == CODE_CHARS + CHECK_CHARS => return decode_code(&code),
                _ => return None,
            }
        }
        None
    })
}

fn decode_code(code: &str) -> Option<Receipt> {
    let mut data: u128 = 0;
    let mut check: u16 = 0;
    for (position, c) in code.chars().enumerate() {
        let value = crockford_value(c)?;
        if position == 0 && value > 0b111 {
            return None;
        }
        if position < CODE_CHARS {
            data = data << 5 | u128::from(value);
        } else {
            check = check << 5 | u16::from(value);
        }
    }
    let bytes = data.to_be_bytes();
    (checksum_bits(&bytes) == check).then_some(Receipt(bytes))
}

fn crockford_value(c: char) -> Option<u8> {
    let c = match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    ALPHABET.iter().position(|&a| char::from(a) == c).and_then(|at| u8::try_from(at).ok())
}

/// Twelve neighbouring words of one list whose check holds. Labels stand before the words as a
/// rule, so the last such place counts; a beginning may stand in several lists, so the check
/// decides.
fn find_words(words: &[&str]) -> Option<Receipt> {
    NORMALIZED_LISTS.iter().find_map(|list| {
        let indices: Vec<Option<u16>> = words.iter().map(|word| word_index(list, word)).collect();
        indices.windows(WORD_COUNT).rev().find_map(|twelve| {
            let twelve: Option<Vec<u16>> = twelve.iter().copied().collect();
            decode_word_indices(&twelve?)
        })
    })
}

/// The 11-bit index of a word, or of the only one that begins so.
fn word_index(list: &[String], typed: &str) -> Option<u16> {
    let exact = list.iter().position(|word| word == typed);
    let found = exact.or_else(|| {
        let mut hits = list
            .iter()
            .enumerate()
            .filter(|(_, word)| typed.chars().count() >= MIN_PREFIX_LEN && word.starts_with(typed));
        let first = hits.next();
        hits.next().is_none().then_some(first)?.map(|(at, _)| at)
    });
    found.and_then(|index| u16::try_from(index).ok())
}

/// 12 × 11 bits: 128 of data, 4 of check (the first bits of SHA-256, BIP39).
fn decode_word_indices(indices: &[u16]) -> Option<Receipt> {
    let (last, first) = indices.split_last()?;
    let data = first.iter().fold(0u128, |bits, &index| bits << 11 | u128::from(index));
    let bytes = (data << 7 | u128::from(last >> 4)).to_be_bytes();
    let check = u16::from(Sha256::digest(bytes)[0] >> 4);
    (check == last & 0b1111).then_some(Receipt(bytes))
}

fn words_error(words: &[&str], meant: usize) -> ReceiptError {
    let list = &NORMALIZED_LISTS[meant];
    let known = words.iter().filter(|word| word_index(list, word).is_some()).count();
    let unknown = words.iter().position(|word| word_index(list, word).is_none());
    match unknown {
        Some(at) if known < WORD_COUNT => ReceiptError::UnknownWord {
            place: at + 1,
            near: nearest_word(list, words[at]).map(|at| WORD_LISTS[meant].word_list()[at]),
        },
        _ if known < WORD_COUNT || (known > WORD_COUNT && unknown.is_none()) => {
            ReceiptError::WordCount(known)
        }
        _ => ReceiptError::ChecksumMismatch,
    }
}

/// The word that is closest to what was typed, by at most two slips of the finger; none for a tie
/// of words that are two slips away, for then any of them would be a guess.
fn nearest_word(list: &[String], typed: &str) -> Option<usize> {
    let distances = list.iter().map(|word| edit_distance(typed, word));
    let closest = distances.clone().min()?;
    let mut hits =
        distances.enumerate().filter(|(_, distance)| *distance == closest).map(|(at, _)| at);
    let first = hits.next()?;
    let is_clear = closest <= 1 || (closest == 2 && hits.next().is_none());
    is_clear.then_some(first)
}

/// How many letters were left out, added, mistaken, or exchanged with their neighbour.
fn edit_distance(typed: &str, word: &str) -> usize {
    let (typed, word): (Vec<char>, Vec<char>) = (typed.chars().collect(), word.chars().collect());
    let mut above: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=word.len()).collect();
    for i in 1..=typed.len() {
        let mut row = vec![i];
        for j in 1..=word.len() {
            let mistaken = usize::from(typed[i - 1] != word[j - 1]);
            let mut fewest = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + mistaken);
            if i > 1 && j > 1 && typed[i - 1] == word[j - 2] && typed[i - 2] == word[j - 1] {
                fewest = fewest.min(above[j - 2] + 1);
            }
            row.push(fewest);
        }
        above = std::mem::replace(&mut last, row);
    }
    last[word.len()]
}

fn code_error(parts: &[String]) -> ReceiptError {
    let code = parts.concat();
    let count = code.chars().count();
    if count != CODE_CHARS + CHECK_CHARS {
        return ReceiptError::CodeLength(count);
    }
    match code.chars().find(|c| crockford_value(*c).is_none()) {
        Some(sign) => ReceiptError::InvalidCharacter(sign.to_ascii_uppercase()),
        None => ReceiptError::ChecksumMismatch,
    }
}
