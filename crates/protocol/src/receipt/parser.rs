//! Parses receipts as people write them down: a code, twelve words, or a note that contains either
//! of them with labels and numbers. The browser parses them in the same way
//! (`crates/intake/browser/src/typed_receipt.ts`). The test vectors of both are in
//! `receipt-spellings.json`.

use std::{collections::HashMap, sync::LazyLock};

use unicode_normalization::UnicodeNormalization;

use super::{
    ALPHABET, CHECK_CHARS, CODE_CHARS, Receipt, ReceiptError, WORD_COUNT, checksum_bits,
    word_lists::WORD_LISTS, words_checksum,
};

/// With this number of words of our lists, a text is taken for words and not for a code.
const MIN_KNOWN_WORDS: usize = 4;
/// A word that occurs this often in a note is a label and not a word of the receipt.
const MIN_LABEL_REPEATS: usize = 6;
/// No longer text is at an edit distance of two from a word. The longest words have 9 letters.
const MAX_TYPED_WORD_BYTES: usize = 64;
/// The number of letters that identify a word in every list, if the word has that many.
const MIN_PREFIX_LEN: usize = 4;

/// A word list, normalized like typed words.
struct WordList {
    /// The words in the order of the list.
    words: Vec<String>,
    /// The index of each word and of each abbreviation, and `None` for an abbreviation of several
    /// words. Anyone can send a long text, so one word must not cost a search of the list.
    indices: HashMap<String, Option<u16>>,
}

/// The word lists, in the order of [`WORD_LISTS`].
static NORMALIZED_LISTS: LazyLock<Vec<WordList>> = LazyLock::new(|| {
    let lists = WORD_LISTS.iter();
    lists.map(|(_, words)| WordList::new(words.iter().map(|word| normalize(word)))).collect()
});

impl WordList {
    fn new(words: impl Iterator<Item = String>) -> Self {
        let words: Vec<String> = words.collect();
        let mut indices = HashMap::new();
        for (word, index) in words.iter().zip(0..) {
            let ends = word.char_indices().map(|(start, c)| start + c.len_utf8());
            for end in ends.skip(MIN_PREFIX_LEN - 1) {
                let others = indices.entry(word[..end].to_owned());
                others.and_modify(|found| *found = None).or_insert(Some(index));
            }
        }
        // A word is itself even if longer words begin with it.
        indices.extend(words.iter().cloned().zip((0..).map(Some)));
        Self { words, indices }
    }

    /// Returns the 11-bit index of a word, or of the only word that begins with what was typed.
    fn index(&self, typed: &str) -> Option<u16> {
        self.indices.get(typed).copied().flatten()
    }
}

/// Finds and parses the receipt in a text.
pub(super) fn parse(text: &str) -> Result<Receipt, ReceiptError> {
    let parts = split_parts(text);
    let words = candidate_words(&parts);
    // The checksum of a code is longer than that of words, so a code is tried first. But letters of
    // words can form a valid code by chance, so a text of words alone is tried as words first.
    let is_only_words = words.len() >= WORD_COUNT && words.len() == parts.len();
    let (code, from_words) = (find_code(&parts), find_words(&words));
    if let Some(receipt) = if is_only_words { from_words.or(code) } else { code.or(from_words) } {
        return Ok(receipt);
    }
    let known: Vec<usize> = NORMALIZED_LISTS
        .iter()
        .map(|list| words.iter().filter(|word| list.index(word).is_some()).count())
        .collect();
    // The list with the most of the words is the intended one.
    let intended = (0..WORD_LISTS.len()).rev().max_by_key(|at| known[*at]).unwrap_or_default();
    if known[intended] >= MIN_KNOWN_WORDS {
        return Err(words_error(&words, intended));
    }
    Err(code_error(&parts))
}

/// Returns the typed word that an error refers to by its position, for showing it with the error.
pub(super) fn word_at(text: &str, place: usize) -> Option<String> {
    let parts = split_parts(text);
    let normalized =
        candidate_words(&parts).get(place.checked_sub(1)?).map(|word| (*word).to_owned())?;
    let typed = text
        .split(|c: char| !is_part_char(c))
        .find(|part| trim_digits(&normalize(part)) == normalized)?;
    Some(typed.trim_matches(|c: char| c.is_numeric()).chars().take(40).collect())
}

/// Returns the normalized parts of a text between separators.
fn split_parts(text: &str) -> Vec<String> {
    text.split(|c: char| !is_part_char(c)).map(normalize).filter(|part| !part.is_empty()).collect()
}

fn is_part_char(c: char) -> bool {
    c.is_alphanumeric() || is_combining(c)
}

fn is_combining(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

/// Returns a text in lower case without accents. Digits of Arabic keyboards become Western ones.
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

/// Returns a part without the digits at either end of it, as in `1nuage`.
fn trim_digits(part: &str) -> &str {
    part.trim_matches(|c: char| c.is_ascii_digit())
}

/// Returns the parts that can be words of the receipt, without words that are repeated as labels.
fn candidate_words(parts: &[String]) -> Vec<&str> {
    let is_word = |word: &&str| !word.is_empty() && word.chars().all(char::is_alphabetic);
    let words: Vec<&str> = parts.iter().map(|part| trim_digits(part)).filter(is_word).collect();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for word in &words {
        *counts.entry(word).or_default() += 1;
    }
    let is_label = |word: &&str| {
        let times = counts[word];
        times >= MIN_LABEL_REPEATS && words.len() >= WORD_COUNT + times
    };
    words.iter().copied().filter(|word| !is_label(word)).collect()
}

/// Returns the receipt of consecutive parts that form a code with a valid checksum.
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

/// Returns the receipt of twelve consecutive words of one list with a valid checksum. Labels
/// usually precede the words, so the last match counts. Abbreviated words can be in several lists,
/// so the checksum decides.
fn find_words(words: &[&str]) -> Option<Receipt> {
    NORMALIZED_LISTS.iter().find_map(|list| {
        let indices: Vec<Option<u16>> = words.iter().map(|word| list.index(word)).collect();
        indices.windows(WORD_COUNT).rev().find_map(|twelve| {
            let twelve: Option<Vec<u16>> = twelve.iter().copied().collect();
            decode_word_indices(&twelve?)
        })
    })
}

/// Decodes 12 × 11 bits: 128 of data and 4 of checksum (the first bits of SHA-256, BIP39).
fn decode_word_indices(indices: &[u16]) -> Option<Receipt> {
    let (last, first) = indices.split_last()?;
    let data = first.iter().fold(0u128, |bits, &index| bits << 11 | u128::from(index));
    let bytes = (data << 7 | u128::from(last >> 4)).to_be_bytes();
    let check = u16::from(words_checksum(&bytes));
    (check == last & 0b1111).then_some(Receipt(bytes))
}

fn words_error(words: &[&str], intended: usize) -> ReceiptError {
    let list = &NORMALIZED_LISTS[intended];
    let known = words.iter().filter(|word| list.index(word).is_some()).count();
    let unknown = words.iter().position(|word| list.index(word).is_none());
    match unknown {
        Some(at) if known < WORD_COUNT => ReceiptError::UnknownWord {
            place: at + 1,
            near: nearest_word(list, words[at]).map(|at| WORD_LISTS[intended].1[at]),
        },
        _ if known < WORD_COUNT || (known > WORD_COUNT && unknown.is_none()) => {
            ReceiptError::WordCount(known)
        }
        _ => ReceiptError::ChecksumMismatch,
    }
}

/// Returns the word that is closest to the typed one, at an edit distance of at most two. Returns
/// `None` if several words are at distance two, because any of them would be a guess.
fn nearest_word(list: &WordList, typed: &str) -> Option<usize> {
    // A longer text is at a larger distance from every word, and its distances take long.
    if typed.len() > MAX_TYPED_WORD_BYTES {
        return None;
    }
    let distances = list.words.iter().map(|word| edit_distance(typed, word));
    let closest = distances.clone().min()?;
    let mut hits =
        distances.enumerate().filter(|(_, distance)| *distance == closest).map(|(at, _)| at);
    let first = hits.next()?;
    let is_clear = closest <= 1 || (closest == 2 && hits.next().is_none());
    is_clear.then_some(first)
}

/// Returns how many letters are missing, added, wrong, or swapped with the next one.
fn edit_distance(typed: &str, word: &str) -> usize {
    let (typed, word): (Vec<char>, Vec<char>) = (typed.chars().collect(), word.chars().collect());
    let mut above: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=word.len()).collect();
    for i in 1..=typed.len() {
        let mut row = vec![i];
        for j in 1..=word.len() {
            let mistaken = usize::from(typed[i - 1] != word[j - 1]);
            let mut distance = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + mistaken);
            if i > 1 && j > 1 && typed[i - 1] == word[j - 2] && typed[i - 2] == word[j - 1] {
                distance = distance.min(above[j - 2] + 1);
            }
            row.push(distance);
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
