//! Parses receipts as people write them down: a code, twelve words, or a note that contains either
//! of them with labels and numbers. The browser parses them in the same way
//! (`crates/intake/browser/src/typed_receipt.ts`). The test vectors of both are in
//! `receipt-spellings.json`.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    sync::LazyLock,
};

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
/// The number of characters of a group of the code.
const GROUP_CHARS: usize = 4;
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
    let spelled = find_words(&words);
    let trust_words = is_only_words && !spelled.is_empty();
    let codes: Vec<Receipt> = if trust_words {
        Vec::new()
    } else {
        find_codes(&parts).into_iter().map(|(receipt, _)| receipt).collect()
    };
    if contradict(&codes, &spelled) {
        return Err(ReceiptError::TwoReceipts);
    }
    if let Some(found) = codes.first().or(spelled.first().map(|words| &words.receipt)) {
        return Ok(found.clone());
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
    Some(text[word_range(text, place)?].chars().take(40).collect())
}

/// Returns the text with the nearest word in the place of the unknown one.
pub(super) fn with_nearest_word(text: &str) -> Option<String> {
    let Err(ReceiptError::UnknownWord { place, near: Some(near), .. }) = parse(text) else {
        return None;
    };
    let unknown = word_range(text, place)?;
    let near: String = near.nfc().collect();
    Some([&text[..unknown.start], &near, &text[unknown.end..]].concat())
}

/// Returns the range of a typed word, without a number at either end. A word that occurs twice has
/// the range of the first one.
fn word_range(text: &str, place: usize) -> Option<Range<usize>> {
    let parts = split_parts(text);
    let normalized = *candidate_words(&parts).get(place.checked_sub(1)?)?;
    let mut end = 0;
    text.split_inclusive(|c: char| !is_part_char(c)).find_map(|part| {
        let start = end;
        end += part.len();
        let word = part.trim_end_matches(|c| !is_part_char(c));
        let unnumbered = word.trim_start_matches(char::is_numeric);
        let start = start + word.len() - unnumbered.len();
        let unnumbered = unnumbered.trim_end_matches(char::is_numeric);
        let is_same = trim_digits(&normalize(word)) == normalized;
        is_same.then(|| start..start + unnumbered.len())
    })
}

/// Returns the normalized parts of a text between separators.
fn split_parts(text: &str) -> Vec<String> {
    text.split(|c: char| !is_part_char(c)).map(normalize).filter(|part| !part.is_empty()).collect()
}

pub(super) fn is_part_char(c: char) -> bool {
    c.is_alphanumeric() || is_combining(c)
}

pub(super) fn is_combining(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

/// Returns a text in lower case without accents. Digits of Arabic keyboards become Western ones.
pub(super) fn normalize(text: &str) -> String {
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
    let mut words: Vec<&str> = parts.iter().map(|part| trim_digits(part)).filter(is_word).collect();
    let labels = labels(&words);
    words.retain(|word| !labels.contains(word));
    words
}

/// Returns the words that are repeated as labels.
pub(super) fn labels<'a>(words: &[&'a str]) -> HashSet<&'a str> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for word in words {
        *counts.entry(word).or_default() += 1;
    }
    let is_label = |times: usize| times >= MIN_LABEL_REPEATS && words.len() >= WORD_COUNT + times;
    counts.into_iter().filter(|(_, times)| is_label(*times)).map(|(word, _)| word).collect()
}

/// Returns the receipts of consecutive parts that form a code with a valid checksum, and the
/// positions of these parts. No part belongs to two of them.
pub(super) fn find_codes(parts: &[String]) -> Vec<(Receipt, Range<usize>)> {
    let mut found = Vec::new();
    let mut from = 0;
    while from < parts.len() {
        match code_from(&parts[from..]) {
            Some((receipt, length)) => {
                found.push((receipt, from..from + length));
                from += length;
            }
            None => from += 1,
        }
    }
    found
}

/// Returns the receipt of the code that begins with the first part, and the number of its parts.
fn code_from(parts: &[String]) -> Option<(Receipt, usize)> {
    let mut code = String::new();
    for (part, length) in parts.iter().zip(1..) {
        code.push_str(part);
        if code.len() >= CODE_CHARS + CHECK_CHARS {
            let is_code = code.len() == CODE_CHARS + CHECK_CHARS;
            return if is_code { decode_code(&code).map(|found| (found, length)) } else { None };
        }
    }
    None
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

/// Twelve consecutive words of one list with a valid checksum.
pub(super) struct SpelledReceipt {
    receipt: Receipt,
    /// The list, and the position of the first word.
    pub(super) at: (usize, usize),
}

/// Returns the receipts that words spell, the most likely one first. Labels usually precede the
/// words, so the last match is the most likely. Abbreviated words can be in several lists, so the
/// checksum decides.
pub(super) fn find_words(words: &[&str]) -> Vec<SpelledReceipt> {
    let mut found = Vec::new();
    for (number, list) in NORMALIZED_LISTS.iter().enumerate() {
        let indices: Vec<Option<u16>> = words.iter().map(|word| list.index(word)).collect();
        for (from, window) in indices.windows(WORD_COUNT).enumerate().rev() {
            let twelve: Option<Vec<u16>> = window.iter().copied().collect();
            let receipt = twelve.and_then(|twelve| decode_word_indices(&twelve));
            found.extend(receipt.map(|receipt| SpelledReceipt { receipt, at: (number, from) }));
        }
    }
    found
}

/// Returns whether codes and words are those of several receipts.
fn contradict(codes: &[Receipt], spelled: &[SpelledReceipt]) -> bool {
    // Labels beside the words can match by chance when they are read as one of the twelve. Such a
    // match shares words with the right one.
    let are_apart = |one: &SpelledReceipt, other: &SpelledReceipt| {
        one.receipt != other.receipt
            && one.at.0 == other.at.0
            && one.at.1.abs_diff(other.at.1) >= WORD_COUNT
    };
    match codes.first() {
        Some(code) => {
            codes.iter().any(|other| other != code)
                || (!spelled.is_empty() && spelled.iter().all(|one| one.receipt != *code))
        }
        None => spelled.first().is_some_and(|one| spelled.iter().any(|it| are_apart(one, it))),
    }
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
            count: words.len(),
            near: nearest_word(list, words[at]).map(|at| WORD_LISTS[intended].1[at]),
        },
        _ if known < WORD_COUNT || (known > WORD_COUNT && unknown.is_none()) => {
            ReceiptError::WordCount(known)
        }
        _ => ReceiptError::WordsMismatch,
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
    if let Some((group, count)) = wrong_group(parts) {
        return ReceiptError::GroupLength { group, count };
    }
    if count != CODE_CHARS + CHECK_CHARS {
        return ReceiptError::CodeLength(count);
    }
    match code.chars().position(|c| crockford_value(c).is_none()) {
        Some(at) => ReceiptError::InvalidCharacter {
            sign: code.chars().nth(at).unwrap_or_default().to_ascii_uppercase(),
            group: at / GROUP_CHARS + 1,
        },
        None => ReceiptError::CodeMismatch,
    }
}

/// Returns the number and the length of the only one of seven groups that does not have four
/// characters.
fn wrong_group(parts: &[String]) -> Option<(usize, usize)> {
    if parts.len() != (CODE_CHARS + CHECK_CHARS) / GROUP_CHARS {
        return None;
    }
    let lengths = parts.iter().map(|part| part.chars().count());
    let mut wrong = lengths.zip(1..).filter(|(length, _)| *length != GROUP_CHARS);
    let (count, group) = wrong.next()?;
    if wrong.next().is_some() { None } else { Some((group, count)) }
}
