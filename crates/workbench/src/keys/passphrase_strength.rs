//! Rates passphrases for key files. An attacker may copy a key file and guess offline without
//! limit.

use rand::{CryptoRng, Rng, RngCore};
use zeroize::Zeroizing;

use crate::keys::passphrase_encryption::normalize_passphrase;

/// Minimum number of characters.
pub const MIN_PASSPHRASE_CHARS: usize = 12;
/// Minimum number of guesses, as a power of ten. One guess costs 256 MiB of scrypt and about a
/// second, so 10^12 guesses take a thousand machines thirty years. zxcvbn makes the estimate
/// (Wheeler, USENIX Security 2016); it knows English words and habits best.
const MIN_GUESSES_LOG10: f64 = 12.0;
/// From this number of guesses on, an attacker with a copy of the key file cannot succeed in a
/// lifetime.
const STRONG_GUESSES_LOG10: f64 = 16.0;
/// Six words from a list of 2,048 are 66 bits.
const SUGGESTED_WORDS: usize = 6;

/// Why a passphrase is too weak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassphrase {
    /// Too few characters.
    #[error(
        "the passphrase is too short: use at least {MIN_PASSPHRASE_CHARS} characters; five or six random words are best"
    )]
    TooShort,
    /// Long enough, but easy to guess.
    #[error("the passphrase is easy to guess; five or six random words are best")]
    Guessable,
}

/// Strength of an accepted passphrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassphraseStrength {
    /// Sufficient.
    Good,
    /// More than sufficient.
    Strong,
}

/// Rates a new passphrase. `known` are words that an attacker knows about its owner.
///
/// # Errors
/// If the passphrase is too weak.
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

/// Returns random words that a person can remember, normalized as keyboards type them. The word
/// lists encode accents as separate characters.
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
    fn common_patterns_are_rejected_and_random_words_are_accepted() {
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
        for lang in locales::Locale::ALL.map(|locale| locale.code) {
            let words = suggest_passphrase(lang, &mut OsRng);
            assert_eq!(words.split(' ').count(), SUGGESTED_WORDS);
            assert_eq!(check_passphrase(&words, &[]), Ok(PassphraseStrength::Strong), "{}", *words);
        }
    }

    #[test]
    fn suggestions_are_normalized() {
        for lang in locales::Locale::ALL.map(|locale| locale.code) {
            for _ in 0..50 {
                let words = suggest_passphrase(lang, &mut OsRng);
                assert_eq!(words, normalize_passphrase(&words), "{lang}");
            }
        }
    }

    #[test]
    fn accents_do_not_count_as_characters() {
        assert_eq!(
            check_passphrase("e\u{301}le\u{300}ve\u{301}e\u{302}", &[]),
            Err(WeakPassphrase::TooShort)
        );
    }
}
