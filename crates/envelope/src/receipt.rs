//! The receipt: 16 random bytes on the reporter's paper, from which everything of one reporter grows.

use std::fmt;

use bip39::{Language, Mnemonic};
use ed25519_dalek::SigningKey;
use rand::{CryptoRng, RngCore};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{
    frame::Attachment,
    hash::Hash,
    keys::{MailboxIdentity, derive},
};

const SALT: &str = "burkindi/receipt/v1";
/// Crockford base32: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CODE_CHARS: usize = 26;
const CHECK_CHARS: usize = 2;
const WORDS: usize = 12;
/// Word lists in the order in which a spelling is tried.
const LISTS: [Language; 4] = [Language::French, Language::English, Language::Spanish, Language::Portuguese];

/// The tracking token. Known to the reporter alone.
#[derive(Clone, Zeroize, ZeroizeOnDrop, PartialEq, Eq)]
pub struct Receipt([u8; 16]);

/// Why a text is no receipt. None of these repeats what was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// Neither 28 code characters nor 12 words.
    #[error("a receipt has 28 characters or 12 words")]
    Length,
    /// A character that no code holds.
    #[error("a character is in no receipt code")]
    Character,
    /// A word that is in none of the lists.
    #[error("word {0} is in none of the word lists")]
    Word(usize),
    /// All is well formed, but a mistyped character or word makes the check fail.
    #[error("the check does not match: a character or word is mistyped")]
    Check,
}

/// Finds a mailbox; whoever holds it can collect the mailbox, not open it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Locator(pub [u8; 32]);

impl Locator {
    /// The id under which the mailbox is kept: SHA-256 of the locator.
    pub fn mailbox_id(&self) -> Hash {
        Hash::of(&[&self.0])
    }
}

impl Receipt {
    /// A new random receipt.
    pub fn generate(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// The receipt with these bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The raw bytes.
    pub fn expose(&self) -> &[u8; 16] {
        &self.0
    }

    /// The code spelling: `XXXX-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX`.
    pub fn code(&self) -> String {
        let data = u128::from_be_bytes(self.0);
        let check = check_bits(&self.0);
        let mut chars = String::with_capacity(34);
        for position in 0..CODE_CHARS + CHECK_CHARS {
            if position > 0 && position % 4 == 0 {
                chars.push('-');
            }
            // 26 × 5 = 130 bits: the first character carries the top three bits only.
            let value = if position < CODE_CHARS {
                data >> (5 * (CODE_CHARS - 1 - position))
            } else {
                u128::from(check >> (5 * (CODE_CHARS + CHECK_CHARS - 1 - position)))
            };
            chars.push(char::from(ALPHABET[(value & 31) as usize]));
        }
        chars
    }

    /// The words spelling, in the list of a language (`fr`, `en`, `es`, `pt`; French for `ar`, English for any other).
    pub fn words(&self, lang: &str) -> String {
        Mnemonic::from_entropy_in(list(lang), &self.0).expect("16 bytes make 12 words").to_string()
    }

    /// Reads either spelling: any letter case, any spacing, hyphens, accents or none, four first letters of a word.
    pub fn parse(text: &str) -> Result<Self, ReceiptError> {
        let words: Vec<String> = text
            .split(|c: char| !c.is_alphanumeric() && !is_combining(c))
            .filter(|part| !part.is_empty())
            .map(fold)
            .collect();
        if words.len() == WORDS && words.iter().all(|word| word.chars().all(char::is_alphabetic)) {
            // Seven code groups can never be twelve parts of letters only that also fill a code: the length differs.
            if words.iter().map(String::len).sum::<usize>() != CODE_CHARS + CHECK_CHARS {
                return parse_words(&words);
            }
            return parse_words(&words).or_else(|_| parse_code(&words.concat()));
        }
        parse_code(&words.concat())
    }

    /// Finds the mailbox.
    pub fn locator(&self) -> Locator {
        Locator(*derive(&self.0, SALT, "locator"))
    }

    /// Opens the mailbox; its recipient is `M`.
    pub fn mailbox_identity(&self) -> MailboxIdentity {
        MailboxIdentity::from_seed(&derive(&self.0, SALT, "mailbox"))
    }

    /// The tag by which the handler knows a second sending of the same message, without learning what is in it.
    /// `token` is drawn once for each message that is composed, and stays the same however often it is sent.
    pub fn sending_tag(&self, token: &[u8; 32], body: &[u8], attachments: &[Attachment]) -> Hash {
        let manifest = serde_json::to_vec(attachments).expect("a manifest holds strings and numbers only");
        let (body, manifest) = (Hash::of(&[body]), Hash::of(&[&manifest]));
        let key = derive(&self.0, SALT, "sending");
        Hash::of(&[b"burkindi/sending/v1", &*key, token, body.as_bytes(), manifest.as_bytes()])
    }

    /// Signs the reporter's frames; its public half is `K_r`.
    pub fn signing_key(&self) -> SigningKey {
        SigningKey::from_bytes(&derive(&self.0, SALT, "signing"))
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Receipt(secret)")
    }
}

fn check_bits(bytes: &[u8]) -> u16 {
    let digest = Sha256::digest(bytes);
    u16::from_be_bytes([digest[0], digest[1]]) >> 6
}

/// Languages that have words of their own.
pub const LANGS_OF_WORDS: [&str; 4] = ["fr", "en", "es", "pt"];

/// The 2,048 words of a language, or those of the language that stands in for it.
pub fn word_list(lang: &str) -> &'static [&'static str; 2048] {
    list(lang).word_list()
}

fn list(lang: &str) -> Language {
    match lang {
        // BIP39 has no Arabic list. Where customs and its posters speak French, an Arabic reader finds French words around them.
        "fr" | "ar" => Language::French,
        "es" => Language::Spanish,
        "pt" => Language::Portuguese,
        _ => Language::English,
    }
}

fn is_combining(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

/// Lower case without accents, as people type; digits of Arabic keyboards become ours.
fn fold(text: &str) -> String {
    text.nfkd().filter(|c| !is_combining(*c)).flat_map(char::to_lowercase).map(western).collect()
}

fn western(c: char) -> char {
    match c {
        '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}' => char::from(b'0' + (u32::from(c) & 15) as u8),
        other => other,
    }
}

fn parse_code(text: &str) -> Result<Receipt, ReceiptError> {
    if text.chars().count() != CODE_CHARS + CHECK_CHARS {
        return Err(ReceiptError::Length);
    }
    let mut data: u128 = 0;
    let mut check: u16 = 0;
    for (position, c) in text.chars().enumerate() {
        let value = crockford(c).ok_or(ReceiptError::Character)?;
        if position == 0 && value > 0b111 {
            return Err(ReceiptError::Check);
        }
        if position < CODE_CHARS {
            data = data << 5 | u128::from(value);
        } else {
            check = check << 5 | u16::from(value);
        }
    }
    let bytes = data.to_be_bytes();
    if check_bits(&bytes) != check {
        return Err(ReceiptError::Check);
    }
    Ok(Receipt(bytes))
}

fn crockford(c: char) -> Option<u8> {
    let c = match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    ALPHABET.iter().position(|&a| char::from(a) == c).and_then(|at| u8::try_from(at).ok())
}

fn parse_words(words: &[String]) -> Result<Receipt, ReceiptError> {
    // A prefix may stand in several lists, so each list is tried whole; the check decides.
    let mut furthest = 0;
    let mut known = false;
    for language in LISTS {
        match indices(language, words) {
            Ok(indices) => {
                known = true;
                if let Some(receipt) = from_indices(&indices) {
                    return Ok(receipt);
                }
            }
            Err(at) => furthest = furthest.max(at),
        }
    }
    Err(if known { ReceiptError::Check } else { ReceiptError::Word(furthest + 1) })
}

/// The 11-bit index of each word, or the place of the first that is not in the list.
fn indices(language: Language, words: &[String]) -> Result<Vec<u16>, usize> {
    let list: Vec<String> = language.word_list().iter().map(|word| fold(word)).collect();
    words
        .iter()
        .enumerate()
        .map(|(at, typed)| {
            let exact = list.iter().position(|word| word == typed);
            // Four first letters fix a word in every BIP39 list but for words that are shorter themselves.
            let found = exact.or_else(|| {
                let mut hits = list
                    .iter()
                    .enumerate()
                    .filter(|(_, word)| typed.chars().count() >= 4 && word.starts_with(typed.as_str()));
                let first = hits.next();
                hits.next().is_none().then_some(first)?.map(|(at, _)| at)
            });
            found.and_then(|index| u16::try_from(index).ok()).ok_or(at)
        })
        .collect()
}

/// 12 × 11 bits: 128 of data, 4 of check (the first bits of SHA-256, BIP39).
fn from_indices(indices: &[u16]) -> Option<Receipt> {
    let (last, first) = indices.split_last()?;
    let data = first.iter().fold(0u128, |bits, &index| bits << 11 | u128::from(index));
    let bytes = (data << 7 | u128::from(last >> 4)).to_be_bytes();
    let check = u16::from(Sha256::digest(bytes)[0] >> 4);
    (check == last & 0b1111).then_some(Receipt(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_zero_receipt_has_its_known_spellings() {
        let receipt = Receipt::from_bytes([0; 16]);
        // SHA-256 of 16 zero bytes begins 37 4708…: 0011011101 → 00110 11101 → 6 X.
        assert_eq!(receipt.code(), "0000-0000-0000-0000-0000-0000-006X");
        assert_eq!(
            receipt.words("en"),
            "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
        );
    }

    #[test]
    fn letters_that_look_alike_are_read_alike() {
        let receipt = Receipt::from_bytes([0; 16]);
        assert_eq!(Receipt::parse("oooo OOOO 0000 0000 0000-0000 006x"), Ok(receipt.clone()));
        // Digits of Arabic and Persian keyboards, and the marks of direction that come with them.
        assert_eq!(Receipt::parse("\u{200f}٠٠٠٠ ٠٠٠٠ ۰۰۰۰ 0000 0000 0000 ٠٠٦X\u{200e}"), Ok(receipt));
    }

    #[test]
    fn a_wrong_spelling_says_what_is_wrong() {
        assert_eq!(Receipt::parse(""), Err(ReceiptError::Length));
        assert_eq!(Receipt::parse("0000-0000-0000-0000-0000-0000-006Y"), Err(ReceiptError::Check));
        assert_eq!(Receipt::parse("0000-0000-0000-0000-0000-0000-00U0"), Err(ReceiptError::Character));
        let mut words = ["abandon"; 12];
        words[7] = "douane";
        assert_eq!(Receipt::parse(&words.join(" ")), Err(ReceiptError::Word(8)));
    }

    proptest! {
        #[test]
        fn both_spellings_come_back_however_typed(bytes: [u8; 16], lang in "fr|en|es|pt", upper: bool, prefix: bool) {
            let receipt = Receipt::from_bytes(bytes);
            let mut code = receipt.code().replace('-', " ");
            let mut words = receipt.words(&lang);
            if prefix {
                words = words.split_whitespace().map(|w| fold(w).chars().take(4).collect::<String>()).collect::<Vec<_>>().join("  ");
            }
            if upper {
                code = code.to_lowercase();
                words = words.to_uppercase();
            }
            prop_assert_eq!(Receipt::parse(&code), Ok(receipt.clone()));
            prop_assert_eq!(Receipt::parse(&words), Ok(receipt));
        }

        #[test]
        fn one_mistyped_code_character_is_noticed_nearly_always(bytes: [u8; 16], at in 0usize..28, shift in 1u8..32) {
            let receipt = Receipt::from_bytes(bytes);
            let mut chars: Vec<u8> = receipt.code().bytes().filter(|b| *b != b'-').collect();
            let value = ALPHABET.iter().position(|a| *a == chars[at]).unwrap();
            chars[at] = ALPHABET[(value + usize::from(shift)) % 32];
            // The check has ten bits: a mistake may pass once in 1,024, and then it leads to another (absent) mailbox.
            prop_assert_ne!(Receipt::parse(std::str::from_utf8(&chars).unwrap()), Ok(receipt));
        }

        #[test]
        fn any_text_gives_an_answer(text: String) {
            let _ = Receipt::parse(&text);
        }
    }
}
