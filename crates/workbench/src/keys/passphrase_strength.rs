//! Is a passphrase good enough for a key file that somebody may take away and try at leisure?

use rand::{CryptoRng, Rng, RngCore};
use zeroize::Zeroizing;

use crate::keys::passphrase_encryption::normalize_passphrase;

/// The fewest characters.
pub const MIN_PASSPHRASE_CHARS: usize = 12;
/// The fewest guesses, as a power of ten. A guess takes scrypt 256 MiB and about a second: 10^12 of
/// them are thirty years of a thousand machines. The estimate is zxcvbn's (Wheeler, USENIX Security
/// 2016), which knows words and habits of English best.
const MIN_GUESSES_LOG10: f64 = 12.0;
/// Beyond so many, nobody who has a copy of the key file for life comes near it.
const STRONG_GUESSES_LOG10: f64 = 16.0;
/// So many words of 2,048 are 66 bits.
const SUGGESTED_WORDS: usize = 6;

/// Why a passphrase is not good enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassphrase {
    /// Too short, whatever is in it.
    #[error(
        "a passphrase has at least {MIN_PASSPHRASE_CHARS} characters; five or six random words are best"
    )]
    TooShort,
    /// Long enough, but easily guessed.
    #[error("this passphrase is easily guessed; five or six random words are best")]
    Guessable,
}

/// How good a passphrase is that is good enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassphraseStrength {
    /// Enough.
    Good,
    /// More than enough.
    Strong,
}

/// Checks a new passphrase; `known` is what somebody who guesses knows of its owner.
pub fn check_passphrase(
    passphrase: &str,
    known: &[&str],
) -> Result<PassphraseStrength, WeakPassphrase> {
    let passphrase = normalize_passphrase(passphrase);
    if passphrase.chars().count() < MIN_PASSPHRASE_CHARS {
        return Err(WeakPassphrase::TooShort);
    }
    let known = [known, &["burkindi", "douane", "douanes", "customs", "burkina", "faso"]].concat();
    match zxcvbn::zxcvbn(&passphrase, &known).guesses_log10() {
        guesses if guesses < MIN_GUESSES_LOG10 => Err(WeakPassphrase::Guessable),
        guesses if guesses < STRONG_GUESSES_LOG10 => Ok(PassphraseStrength::Good),
        _ => Ok(PassphraseStrength::Strong),
    }
}

/// Random words that a person can keep in mind, in the form in which keyboards type them: the word
/// lists have accents as characters of their own.
pub fn suggest_passphrase(lang: &str, rng: &mut (impl RngCore + CryptoRng)) -> Zeroizing<String> {
    let words = protocol::receipt::word_list(lang);
    let chosen: Vec<&str> =
        (0..SUGGESTED_WORDS).map(|_| words[rng.gen_range(0..words.len())]).collect();
    normalize_passphrase(&chosen.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::OsRng;

    #[test]
    fn habits_are_refused_and_random_words_are_not() {
        assert_eq!(check_passphrase("short", &[]), Err(WeakPassphrase::TooShort));
        for bad in [
            "motdepasse123!",
            "Ouagadougou2026",
            "aaaaaaaaaaaaaaaaaaaa",
            "azertyuiop123",
            "burkindi2026!",
            "inspector-1-inspector-1",
        ] {
            assert_eq!(
                check_passphrase(bad, &["inspector-1"]),
                Err(WeakPassphrase::Guessable),
                "{bad}"
            );
        }
        for lang in ["fr", "en", "es", "pt", "ar"] {
            let words = suggest_passphrase(lang, &mut OsRng);
            assert_eq!(words.split(' ').count(), SUGGESTED_WORDS);
            assert_eq!(check_passphrase(&words, &[]), Ok(PassphraseStrength::Strong), "{}", *words);
        }
    }

    #[test]
    fn suggestions_have_the_form_that_a_keyboard_types() {
        for lang in ["fr", "en", "es", "pt", "ar"] {
            for _ in 0..50 {
                let words = suggest_passphrase(lang, &mut OsRng);
                assert_eq!(words, normalize_passphrase(&words), "{lang}");
            }
        }
    }

    #[test]
    fn letters_are_counted_and_not_their_accents() {
        assert_eq!(
            check_passphrase("e\u{301}le\u{300}ve\u{301}e\u{302}", &[]),
            Err(WeakPassphrase::TooShort)
        );
    }
}
