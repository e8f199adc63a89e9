//! Is a passphrase good enough for a key file that somebody may take away and try at leisure?

use rand::{CryptoRng, Rng, RngCore};
use zeroize::Zeroizing;

use crate::sealed::normal_form;

/// The fewest characters.
pub const SHORTEST: usize = 12;
/// The fewest guesses, as a power of ten. A guess takes scrypt 256 MiB and about a second: 10^12 of them are thirty years
/// of a thousand machines. The estimate is zxcvbn's (Wheeler, USENIX Security 2016), which knows words and habits of English best.
const GUESSES: f64 = 12.0;
/// Beyond so many, nobody who has a copy of the key file for life comes near it.
const GREAT: f64 = 16.0;
/// So many words of 2,048 are 66 bits.
const WORDS: usize = 6;

/// Why a passphrase is not good enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Weak {
    /// Too short, whatever is in it.
    #[error("a passphrase has at least {SHORTEST} characters; five or six random words are best")]
    Short,
    /// Long enough, but easily guessed.
    #[error("this passphrase is easily guessed; five or six random words are best")]
    Guessable,
}

/// How good a passphrase is that is good enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    /// Enough.
    Good,
    /// More than enough.
    Great,
}

/// Checks a new passphrase; `known` is what somebody who guesses knows of its owner.
pub fn check(passphrase: &str, known: &[&str]) -> Result<Strength, Weak> {
    let passphrase = normal_form(passphrase);
    if passphrase.chars().count() < SHORTEST {
        return Err(Weak::Short);
    }
    let known = [known, &["burkindi", "douane", "douanes", "customs", "burkina", "faso"]].concat();
    match zxcvbn::zxcvbn(&passphrase, &known).guesses_log10() {
        guesses if guesses < GUESSES => Err(Weak::Guessable),
        guesses if guesses < GREAT => Ok(Strength::Good),
        _ => Ok(Strength::Great),
    }
}

/// Random words that a person can keep in mind, in the form in which keyboards type them: the word lists have accents as
/// characters of their own.
pub fn suggest(lang: &str, rng: &mut (impl RngCore + CryptoRng)) -> Zeroizing<String> {
    let words = envelope::receipt::word_list(lang);
    let chosen: Vec<&str> = (0..WORDS).map(|_| words[rng.gen_range(0..words.len())]).collect();
    normal_form(&chosen.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::OsRng;

    #[test]
    fn habits_are_refused_and_random_words_are_not() {
        assert_eq!(check("short", &[]), Err(Weak::Short));
        for bad in [
            "motdepasse123!",
            "Ouagadougou2026",
            "aaaaaaaaaaaaaaaaaaaa",
            "azertyuiop123",
            "burkindi2026!",
            "inspector-1-inspector-1",
        ] {
            assert_eq!(check(bad, &["inspector-1"]), Err(Weak::Guessable), "{bad}");
        }
        for lang in ["fr", "en", "es", "pt", "ar"] {
            let words = suggest(lang, &mut OsRng);
            assert_eq!(words.split(' ').count(), WORDS);
            assert_eq!(check(&words, &[]), Ok(Strength::Great), "{}", *words);
        }
    }

    #[test]
    fn suggestions_have_the_form_that_a_keyboard_types() {
        for lang in ["fr", "en", "es", "pt", "ar"] {
            for _ in 0..50 {
                let words = suggest(lang, &mut OsRng);
                assert_eq!(words, normal_form(&words), "{lang}");
            }
        }
    }

    #[test]
    fn letters_are_counted_and_not_their_accents() {
        assert_eq!(check("e\u{301}le\u{300}ve\u{301}e\u{302}", &[]), Err(Weak::Short));
    }
}
