//! The receipt: 16 random bytes on the reporter's paper, from which everything of one reporter
//! grows.

mod finder;
mod parser;

use std::fmt;

use bip39::{Language, Mnemonic};
use ed25519_dalek::SigningKey;
use rand::{CryptoRng, RngCore};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

pub use finder::find_receipt_words;

use crate::{
    encoding::hash::Hash,
    keys::{MailboxIdentity, derive},
    submission::frame::Attachment,
};

const SALT: &str = "burkindi/receipt/v1";
/// Crockford base32: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CODE_CHARS: usize = 26;
const CHECK_CHARS: usize = 2;
const WORD_COUNT: usize = 12;
/// The tracking token. Known to the reporter alone.
#[derive(Clone, Zeroize, ZeroizeOnDrop, PartialEq, Eq)]
pub struct Receipt([u8; 16]);

/// Why a text is no receipt. Messages repeat nothing that was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// A code of so many characters.
    #[error("a receipt code has 28 characters")]
    CodeLength(usize),
    /// So many words.
    #[error("a receipt has 12 words")]
    WordCount(usize),
    /// A character that no code holds.
    #[error("a character is in no receipt code")]
    InvalidCharacter(char),
    /// A word that is not in the list of the others.
    #[error("word {place} is in none of the word lists")]
    UnknownWord {
        /// Its place among the typed words, from 1, as [`Receipt::typed_word_at`] counts.
        place: usize,
        /// The word of the list that is closest to it, if one clearly is.
        near: Option<&'static str>,
    },
    /// All is well formed, but the check does not match.
    #[error("the check does not match: a character or word is mistyped")]
    ChecksumMismatch,
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
        let check = checksum_bits(&self.0);
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

    /// The words spelling, in the list of a language (`fr`, `en`, `es`, `pt`; French for `ar`,
    /// English for any other).
    pub fn words(&self, lang: &str) -> String {
        Mnemonic::from_entropy_in(language_of(lang), &self.0)
            .expect("16 bytes make 12 words")
            .to_string()
    }

    /// Reads either spelling: any letter case, any spacing, hyphens, accents or none, four first
    /// letters of a word. Labels, numbers and the other spelling may stand around it, as in the
    /// file that is saved from the page.
    ///
    /// # Errors
    /// What is wrong with it, so that it can be found and put right.
    pub fn parse(text: &str) -> Result<Self, ReceiptError> {
        parser::parse(text)
    }

    /// The typed word that [`ReceiptError::UnknownWord`] speaks of.
    pub fn typed_word_at(text: &str, place: usize) -> Option<String> {
        parser::word_at(text, place)
    }

    /// Finds the mailbox.
    pub fn locator(&self) -> Locator {
        Locator(*derive(&self.0, SALT, "locator"))
    }

    /// Opens the mailbox; its recipient is `M`.
    pub fn mailbox_identity(&self) -> MailboxIdentity {
        MailboxIdentity::from_seed(&derive(&self.0, SALT, "mailbox"))
    }

    /// The tag by which the handler knows a second sending of the same message, without learning
    /// what is in it. `token` is drawn once for each message that is composed, and stays the same
    /// however often it is sent.
    pub fn deduplication_tag(
        &self,
        token: &[u8; 32],
        body: &[u8],
        attachments: &[Attachment],
    ) -> Hash {
        let manifest =
            serde_json::to_vec(attachments).expect("a manifest holds strings and numbers only");
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

fn checksum_bits(bytes: &[u8]) -> u16 {
    let digest = Sha256::digest(bytes);
    u16::from_be_bytes([digest[0], digest[1]]) >> 6
}

/// Languages that have words of their own.
pub const WORD_LIST_LANGS: [&str; 4] = ["fr", "en", "es", "pt"];

/// The 2,048 words of a language, or those of the language that stands in for it.
pub fn word_list(lang: &str) -> &'static [&'static str; 2048] {
    language_of(lang).word_list()
}

fn language_of(lang: &str) -> Language {
    match lang {
        // BIP39 has no Arabic list. Where customs and its posters speak French, an Arabic reader
        // finds French words around them.
        "fr" | "ar" => Language::French,
        "es" => Language::Spanish,
        "pt" => Language::Portuguese,
        _ => Language::English,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;

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
        assert_eq!(
            Receipt::parse("\u{200f}٠٠٠٠ ٠٠٠٠ ۰۰۰۰ 0000 0000 0000 ٠٠٦X\u{200e}"),
            Ok(receipt)
        );
    }

    /// Spellings that Rust and the browser read alike.
    #[test]
    fn spellings_of_people_are_read_and_what_is_wrong_is_named() {
        #[derive(serde::Deserialize)]
        struct SpellingVector {
            text: String,
            code: Option<String>,
            problem: Option<String>,
            word: Option<String>,
            near: Option<String>,
        }
        let all: Vec<SpellingVector> =
            serde_json::from_str(include_str!("../receipt-spellings.json")).unwrap();
        for SpellingVector { text, code, problem, word, near } in all {
            let read = Receipt::parse(&text);
            assert_eq!(read.as_ref().ok().map(Receipt::code), code, "{text:?}: {read:?}");
            let Err(error) = read else { continue };
            let told = match error {
                ReceiptError::CodeLength(count) => format!("length {count}"),
                ReceiptError::WordCount(count) => format!("words {count}"),
                ReceiptError::InvalidCharacter(sign) => format!("character {sign}"),
                ReceiptError::UnknownWord { place, near: found } => {
                    assert_eq!(Receipt::typed_word_at(&text, place), word, "{text:?}");
                    assert_eq!(found.map(|found| found.nfc().collect()), near, "{text:?}");
                    format!("word {place}")
                }
                ReceiptError::ChecksumMismatch => "check".to_owned(),
            };
            assert_eq!(Some(told), problem, "{text:?}");
        }
    }

    fn unaccented(word: &str) -> String {
        word.nfd().filter(|c| c.is_alphabetic()).collect()
    }

    proptest! {
        #[test]
        fn both_spellings_come_back_however_typed(bytes: [u8; 16], lang in "fr|en|es|pt", upper: bool, prefix: bool) {
            let receipt = Receipt::from_bytes(bytes);
            let mut code = receipt.code().replace('-', " ");
            let mut words = receipt.words(&lang);
            if prefix {
                words = words.split_whitespace().map(|w| unaccented(w).chars().take(4).collect::<String>()).collect::<Vec<_>>().join("  ");
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
            // The check has ten bits: a mistake may pass once in 1,024, and then it leads to
            // another (absent) mailbox.
            prop_assert_ne!(Receipt::parse(std::str::from_utf8(&chars).unwrap()), Ok(receipt));
        }

        #[test]
        fn any_text_gives_an_answer(text: String) {
            let _ = Receipt::parse(&text);
        }
    }
}
