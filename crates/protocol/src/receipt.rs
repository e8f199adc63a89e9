//! The receipt: 16 random bytes that the reporter writes down. Every key of the reporter is derived
//! from them.

mod finder;
mod parser;
mod word_lists;

use std::fmt;

use ed25519_dalek::SigningKey;
use rand::{CryptoRng, RngCore};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

pub use finder::find_receipts;
pub use word_lists::{word_list, word_list_languages};

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
/// The secret of one report. Only the reporter knows it.
#[derive(Clone, Zeroize, ZeroizeOnDrop, PartialEq, Eq)]
pub struct Receipt([u8; 16]);

/// Why a text is not a receipt. The messages contain nothing that was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// The code has this number of characters.
    #[error("invalid receipt length (expected a code of 28 characters)")]
    CodeLength(usize),
    /// One of the seven groups of a code does not have four characters.
    #[error("group {group} of the code does not have 4 characters")]
    GroupLength {
        /// The group, from 1.
        group: usize,
        /// Its number of characters.
        count: usize,
    },
    /// The text has this number of words.
    #[error("invalid receipt length (expected 12 words)")]
    WordCount(usize),
    /// A character is not in the alphabet of the code.
    #[error("invalid character in group {group} of the code")]
    InvalidCharacter {
        /// The character.
        sign: char,
        /// The group of four that contains it, from 1.
        group: usize,
    },
    /// A word that is not in the same list as the others.
    #[error("word {place} is not in any word list")]
    UnknownWord {
        /// Its position among the typed words, from 1, as in [`Receipt::typed_word_at`].
        place: usize,
        /// The number of typed words. The position is that on the receipt only if there are twelve.
        count: usize,
        /// The closest word of the list, if one is clearly the closest.
        near: Option<&'static str>,
    },
    /// The text has the form of a code, but its checksum does not match.
    #[error("checksum mismatch: a character of the code is mistyped")]
    CodeMismatch,
    /// The text has twelve words of one list, but their checksum does not match.
    #[error("checksum mismatch: a word is another one, or the words are in another order")]
    WordsMismatch,
    /// The text contains two different receipts.
    #[error("two different receipts")]
    TwoReceipts,
}

/// Identifies a mailbox. A client that has it can fetch the mailbox but not open it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Locator(pub [u8; 32]);

impl Locator {
    /// Returns the id of the mailbox in the store: SHA-256 of the locator.
    pub fn mailbox_id(&self) -> Hash {
        Hash::of(&[&self.0])
    }
}

impl Receipt {
    /// The number of words that spell a receipt.
    pub const WORD_COUNT: usize = WORD_COUNT;

    /// Generates a random receipt.
    pub fn generate(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// Returns the receipt with these bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Returns the raw bytes.
    pub fn expose(&self) -> &[u8; 16] {
        &self.0
    }

    /// Returns the receipt as a code: `XXXX-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX`.
    pub fn code(&self) -> String {
        let data = u128::from_be_bytes(self.0);
        let check = checksum_bits(&self.0);
        let mut chars = String::with_capacity(34);
        for position in 0..CODE_CHARS + CHECK_CHARS {
            if position > 0 && position % 4 == 0 {
                chars.push('-');
            }
            // 26 × 5 = 130 bits. The first character has only the top three bits.
            let value = if position < CODE_CHARS {
                data >> (5 * (CODE_CHARS - 1 - position))
            } else {
                u128::from(check >> (5 * (CODE_CHARS + CHECK_CHARS - 1 - position)))
            };
            chars.push(char::from(ALPHABET[(value & 31) as usize]));
        }
        chars
    }

    /// Returns the receipt as twelve words (BIP39) of [`word_list`] for this language.
    pub fn words(&self, lang: &str) -> String {
        let spellings = word_list(lang);
        let bits = u128::from_be_bytes(self.0);
        // 11 × 11 bits. The last word has the other 7 bits and 4 bits of checksum.
        let first = (1..WORD_COUNT).map(|position| bits >> (128 - 11 * position) & 0x7ff);
        let last = (bits & 0x7f) << 4 | u128::from(words_checksum(&self.0));
        let words: Vec<&str> =
            first.chain([last]).map(|index| spellings[(index & 0x7ff) as usize]).collect();
        words.join(" ")
    }

    /// Parses a code or words. Letter case, spacing, hyphens and accents do not matter, and the
    /// first four letters of a word are enough. The text may also contain labels, numbers and the
    /// other spelling, as the file does that the page offers for saving.
    ///
    /// # Errors
    /// The error names what is wrong, so that the reporter can correct it.
    pub fn parse(text: &str) -> Result<Self, ReceiptError> {
        parser::parse(text)
    }

    /// Returns the typed word that a [`ReceiptError::UnknownWord`] refers to.
    pub fn typed_word_at(text: &str, place: usize) -> Option<String> {
        parser::word_at(text, place)
    }

    /// Returns the text with the nearest word of the list in the place of the unknown word. Returns
    /// `None` if [`Receipt::parse`] does not name an unknown word with a nearest one.
    pub fn with_nearest_word(text: &str) -> Option<String> {
        parser::with_nearest_word(text)
    }

    /// Returns the locator of the mailbox.
    pub fn locator(&self) -> Locator {
        Locator(*derive(&self.0, SALT, "locator"))
    }

    /// Returns the identity that opens the mailbox. Its recipient is `M`.
    pub fn mailbox_identity(&self) -> MailboxIdentity {
        MailboxIdentity::from_seed(&derive(&self.0, SALT, "mailbox"))
    }

    /// Returns the tag by which the case handler recognises a repeated submission of the same
    /// message without learning its content. The caller draws `token` once for each new message and
    /// passes the same token for every repetition.
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

    /// Returns the key that signs the reporter's frames. Its public key is `K_r`.
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

/// Returns the four bits of checksum of the words: the first bits of SHA-256.
fn words_checksum(bytes: &[u8; 16]) -> u8 {
    Sha256::digest(bytes)[0] >> 4
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prelude::*, sample};
    use unicode_normalization::UnicodeNormalization;

    /// Each of these texts once took minutes, until the limit of a test. Anyone can send them, and
    /// they fit into one form.
    #[test]
    fn long_texts_are_parsed_and_searched_in_linear_time() {
        const SIZE: usize = 320 * 1024;
        let letters = |number: usize| {
            let digit = |place| char::from(b'a' + u8::try_from(number / place % 26).unwrap());
            [17_576, 676, 26, 1].map(digit).iter().collect::<String>()
        };
        let list = word_list("en");
        let different_words: String = (0..SIZE / 5).map(|number| letters(number) + " ").collect();
        let words_of_a_list = list.iter().cycle().take(SIZE / 7).copied().collect::<Vec<_>>();
        let long_word = list[..8].join(" ") + " " + &"x".repeat(SIZE);
        for text in [different_words, words_of_a_list.join(" "), long_word] {
            assert!(text.len() > SIZE * 9 / 10, "{}", text.len());
            assert!(Receipt::parse(&text).is_err());
            find_receipts(&text);
        }
    }

    #[test]
    fn the_zero_receipt_has_its_known_code_and_words() {
        let receipt = Receipt::from_bytes([0; 16]);
        // SHA-256 of 16 zero bytes begins 37 4708…: 0011011101 → 00110 11101 → 6 X.
        assert_eq!(receipt.code(), "0000-0000-0000-0000-0000-0000-006X");
        assert_eq!(
            receipt.words("en"),
            "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
        );
    }

    #[test]
    fn similar_letters_of_a_receipt_code_are_read_as_the_same() {
        let receipt = Receipt::from_bytes([0; 16]);
        assert_eq!(Receipt::parse("oooo OOOO 0000 0000 0000-0000 006x"), Ok(receipt.clone()));
        // Digits of Arabic and Persian keyboards, with the direction marks that come with them.
        assert_eq!(
            Receipt::parse("\u{200f}٠٠٠٠ ٠٠٠٠ ۰۰۰۰ 0000 0000 0000 ٠٠٦X\u{200e}"),
            Ok(receipt)
        );
    }

    /// Spellings that the Rust and the browser implementation parse alike.
    #[test]
    fn typed_spellings_are_parsed_or_refused_with_the_expected_error() {
        #[derive(serde::Deserialize)]
        struct SpellingVector {
            text: String,
            code: Option<String>,
            problem: Option<String>,
            word: Option<String>,
            near: Option<String>,
            /// The text after the nearest word was taken.
            taken: Option<String>,
        }
        let all: Vec<SpellingVector> =
            serde_json::from_str(include_str!("../receipt-spellings.json")).unwrap();
        assert!(all.len() >= 80, "{}", all.len());
        for SpellingVector { text, code, problem, word, near, taken } in all {
            let read = Receipt::parse(&text);
            assert_eq!(read.as_ref().ok().map(Receipt::code), code, "{text:?}: {read:?}");
            let Err(error) = read else { continue };
            assert_eq!(Receipt::with_nearest_word(&text), taken, "{text:?}");
            let code = match error {
                ReceiptError::CodeLength(count) => format!("length {count}"),
                ReceiptError::GroupLength { group, count } => format!("group {group} {count}"),
                ReceiptError::WordCount(count) => format!("words {count}"),
                ReceiptError::InvalidCharacter { sign, group } => {
                    format!("character {sign} {group}")
                }
                ReceiptError::UnknownWord { place, count, near: found } => {
                    assert_eq!(Receipt::typed_word_at(&text, place), word, "{text:?}");
                    assert_eq!(found.map(|found| found.nfc().collect()), near, "{text:?}");
                    format!("word {place} {count}")
                }
                ReceiptError::CodeMismatch => "code".to_owned(),
                ReceiptError::WordsMismatch => "order".to_owned(),
                ReceiptError::TwoReceipts => "two".to_owned(),
            };
            assert_eq!(Some(code), problem, "{text:?}");
        }
    }

    fn unaccented(word: &str) -> String {
        word.nfd().filter(|c| c.is_alphabetic()).collect()
    }

    proptest! {
        #[test]
        fn code_and_words_round_trip_in_any_typing(bytes: [u8; 16], lang in sample::select(word_list_languages()), upper: bool, prefix: bool) {
            let receipt = Receipt::from_bytes(bytes);
            let mut code = receipt.code().replace('-', " ");
            let mut words = receipt.words(lang);
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
        fn one_mistyped_code_character_is_almost_always_detected(bytes: [u8; 16], at in 0usize..28, shift in 1u8..32) {
            let receipt = Receipt::from_bytes(bytes);
            let mut chars: Vec<u8> = receipt.code().bytes().filter(|b| *b != b'-').collect();
            let value = ALPHABET.iter().position(|a| *a == chars[at]).unwrap();
            chars[at] = ALPHABET[(value + usize::from(shift)) % 32];
            // The checksum has ten bits, so one mistake in 1,024 passes. It then leads to another
            // mailbox, which does not exist.
            prop_assert_ne!(Receipt::parse(std::str::from_utf8(&chars).unwrap()), Ok(receipt));
        }

        #[test]
        fn any_text_is_parsed_or_refused(text: String) {
            let _ = Receipt::parse(&text);
        }
    }
}
