//! Files sealed under a passphrase: age's scrypt recipient, so that the `age` program opens them too in an emergency.
//!
//! One word has several byte forms in Unicode: keyboards send `é` as one character, word lists and some systems as two. A
//! passphrase is therefore brought into one normal form before the key is derived. This module is the only place that
//! derives keys from passphrases, so key files, root keys and backup sheets all follow the same rule.

use std::{fmt, io::Read, iter};

use age::scrypt;
use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// log2 of scrypt's N for keys that are meant: 256 MiB and about a second, the default of age's reference implementation.
pub const WORK_FACTOR: u8 = 18;
/// What is still opened: a file that asks for more is no file of ours (2^22 takes 4 GiB).
const MOST_WORK: u8 = 22;

/// A sealed file is not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another passphrase sealed it.
    #[error("the passphrase is wrong")]
    WrongPassphrase,
    /// No age file under a passphrase, or a damaged one.
    #[error("the file is damaged, or not sealed under a passphrase: {0}")]
    Damaged(String),
}

/// How much work a passphrase costs to try: log2 of scrypt's N.
#[derive(Clone, Copy)]
pub struct Work(u8);

impl Work {
    /// From 1 to 22; `None` outside.
    pub fn new(log_n: u8) -> Option<Self> {
        (1..=MOST_WORK).contains(&log_n).then_some(Self(log_n))
    }

    /// Less than for keys that are meant.
    pub fn is_weak(self) -> bool {
        self.0 < WORK_FACTOR
    }
}

impl Default for Work {
    fn default() -> Self {
        Self(WORK_FACTOR)
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Work(2^{})", self.0)
    }
}

/// The form of a passphrase from which keys are derived: Unicode NFKC. Two ways of typing the same text give the same form.
pub fn normal_form(passphrase: &str) -> Zeroizing<String> {
    Zeroizing::new(passphrase.nfkc().collect())
}

/// Seals bytes under the normal form of a passphrase.
pub fn seal(plain: &[u8], passphrase: &SecretString, work: Work) -> Vec<u8> {
    seal_exactly(plain, &normal_form(passphrase.expose_secret()), work)
}

fn seal_exactly(plain: &[u8], passphrase: &str, work: Work) -> Vec<u8> {
    let mut recipient = scrypt::Recipient::new(SecretString::from(passphrase));
    recipient.set_work_factor(work.0);
    age::encrypt(&recipient, plain).expect("one scrypt recipient, and memory to write to")
}

/// What a guess costs, log2 of scrypt's N, as the file says; `None` if it is not sealed under a passphrase.
pub fn work_of(sealed: &[u8]) -> Option<u8> {
    // "age-encryption.org/v1\n-> scrypt SALT 18\n…"
    let line = sealed.split(|byte| *byte == b'\n').nth(1)?;
    let words = std::str::from_utf8(line).ok()?.strip_prefix("-> scrypt ")?;
    words.split(' ').nth(1)?.parse().ok()
}

/// Opens what [`seal`] made; all or nothing. A file that an older version sealed under another form of the same passphrase
/// opens too.
///
/// # Errors
/// [`OpenError::WrongPassphrase`] if no form of the passphrase opens the file, [`OpenError::Damaged`] if it is no sealed file.
pub fn open(sealed: &[u8], passphrase: &SecretString) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let mut result = Err(OpenError::WrongPassphrase);
    for form in forms(passphrase.expose_secret()) {
        result = open_exactly(sealed, &form);
        if !matches!(result, Err(OpenError::WrongPassphrase)) {
            break;
        }
    }
    result
}

/// The normal form, then every form in which an older version can have sealed a file: as typed, and the other three Unicode
/// forms. Each form costs a key derivation, so equal ones are tried once; a passphrase without accents has one form.
fn forms(passphrase: &str) -> Vec<Zeroizing<String>> {
    let others = [
        passphrase.to_owned(),
        passphrase.nfd().collect(),
        passphrase.nfc().collect(),
        passphrase.nfkd().collect(),
    ];
    let mut forms = vec![normal_form(passphrase)];
    for form in others.map(Zeroizing::new) {
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    forms
}

fn open_exactly(sealed: &[u8], passphrase: &str) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let damaged = |error: &dyn fmt::Display| OpenError::Damaged(error.to_string());
    let mut identity = scrypt::Identity::new(SecretString::from(passphrase));
    identity.set_max_work_factor(MOST_WORK);
    let decryptor = age::Decryptor::new_buffered(sealed).map_err(|error| damaged(&error))?;
    let mut reader =
        decryptor.decrypt(iter::once(&identity as &dyn age::Identity)).map_err(|error| match error {
            age::DecryptError::DecryptionFailed | age::DecryptError::KeyDecryptionFailed => {
                OpenError::WrongPassphrase
            }
            other => damaged(&other),
        })?;
    // Sized once, so that no plaintext is left behind in a buffer that was outgrown.
    let mut plain = Zeroizing::new(Vec::with_capacity(sealed.len()));
    reader.read_to_end(&mut plain).map_err(|error| damaged(&error))?;
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_passphrase_opens() {
        let (right, wrong) = (SecretString::from("right"), SecretString::from("wrong"));
        let sealed = seal(b"content", &right, Work::new(2).unwrap());
        assert_eq!(&open(&sealed, &right).unwrap()[..], b"content");
        assert_eq!(work_of(&sealed), Some(2));
        assert_eq!(work_of(b"age-encryption.org/v1\n-> X25519 abc\n"), None);
        assert!(matches!(open(&sealed, &wrong), Err(OpenError::WrongPassphrase)));
    }

    const CHEAP: Work = Work(1);

    /// Every word of every list of suggestions, six at a time, as one of its Unicode forms.
    fn suggestions() -> impl Iterator<Item = String> {
        let lists = ["fr", "en", "es", "pt", "ar"].map(envelope::receipt::word_list);
        lists.into_iter().flat_map(|list| list.chunks(6).map(|words| words.join(" ")))
    }

    fn secret(text: &str) -> SecretString {
        SecretString::from(text)
    }

    #[test]
    fn a_passphrase_opens_its_file_in_every_unicode_form_in_which_it_can_be_typed() {
        let mut accented = 0;
        for words in suggestions() {
            let (composed, split): (String, String) = (words.nfc().collect(), words.nfd().collect());
            // Without accents there is nothing to confuse.
            if composed == split {
                continue;
            }
            accented += 1;
            for (made, typed) in [(&composed, &split), (&split, &composed)] {
                let sealed = seal(b"content", &secret(made), CHEAP);
                assert_eq!(&open(&sealed, &secret(typed)).unwrap()[..], b"content", "{made}");
                // As the versions before sealed it: from the bytes that came.
                let old = seal_exactly(b"content", made, CHEAP);
                assert_eq!(&open(&old, &secret(typed)).unwrap()[..], b"content", "{made}");
            }
        }
        assert!(accented > 300, "{accented}");
    }

    #[test]
    fn forms_that_keyboards_and_copying_exchange_are_one_passphrase() {
        for (made, typed) in [
            ("ﬁcelle ﬂeuve orange", "ficelle fleuve orange"),
            ("mot\u{a0}de\u{202f}passe secret", "mot de passe secret"),
            ("ﺍﻟﺠﻤﺎﺭﻙ ﻭﺍﻟﻤﻄﺎﺭ", "الجمارك والمطار"),
            ("e\u{301}le\u{300}ve \u{212b}ngstrom", "élève Ångstrom"),
            ("１２３４ ａｂｃｄ", "1234 abcd"),
        ] {
            for (one, other) in [(made, typed), (typed, made)] {
                let sealed = seal(b"content", &secret(one), CHEAP);
                assert!(open(&sealed, &secret(other)).is_ok(), "{one}");
            }
            // Sealed by an older version, and typed again as it was then.
            let old = seal_exactly(b"content", made, CHEAP);
            assert!(open(&old, &secret(made)).is_ok(), "{made}");
        }
        let sealed = seal(b"content", &secret("élève"), CHEAP);
        assert!(matches!(open(&sealed, &secret("eleve")), Err(OpenError::WrongPassphrase)));
        assert_eq!(forms("plain words").len(), 1, "no second derivation without need");
    }

    #[test]
    fn damage_is_not_taken_for_a_wrong_passphrase() {
        let right = SecretString::from("right");
        let mut sealed = seal(b"content", &right, Work::new(2).unwrap());
        assert!(matches!(open(b"no age file", &right), Err(OpenError::Damaged(_))));
        *sealed.last_mut().unwrap() ^= 1;
        assert!(matches!(open(&sealed, &right), Err(OpenError::Damaged(_))));
    }
}
