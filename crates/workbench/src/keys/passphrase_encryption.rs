//! Files sealed under a passphrase: age's scrypt recipient, so that the `age` program opens them
//! too in an emergency.
//!
//! One word has several byte forms in Unicode: keyboards send `é` as one character, word lists and
//! some systems as two. A passphrase is therefore brought into one normal form before the key is
//! derived. This module is the only place that derives keys from passphrases, so key files, root
//! keys and backup sheets all follow the same rule.

use std::{fmt, io::Read, iter};

use age::scrypt;
use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// log2 of scrypt's N for keys that are meant: 256 MiB and about a second, the default of age's
/// reference implementation.
pub const DEFAULT_SCRYPT_LOG_N: u8 = 18;
/// What is still opened: a file that asks for more is no file of ours (2^22 takes 4 GiB).
const MAX_SCRYPT_LOG_N: u8 = 22;

/// A sealed file is not opened.
#[derive(Debug, thiserror::Error)]
pub enum PassphraseDecryptError {
    /// Another passphrase sealed it.
    #[error("the passphrase is wrong")]
    WrongPassphrase,
    /// No age file under a passphrase, or a damaged one.
    #[error("the file is damaged, or not sealed under a passphrase: {0}")]
    Damaged(String),
}

/// How much work a passphrase costs to try: log2 of scrypt's N.
#[derive(Clone, Copy)]
pub struct ScryptCost(u8);

impl ScryptCost {
    /// From 1 to 22; `None` outside.
    pub fn new(log_n: u8) -> Option<Self> {
        (1..=MAX_SCRYPT_LOG_N).contains(&log_n).then_some(Self(log_n))
    }

    /// Less than for keys that are meant.
    pub fn is_weak(self) -> bool {
        self.0 < DEFAULT_SCRYPT_LOG_N
    }
}

impl Default for ScryptCost {
    fn default() -> Self {
        Self(DEFAULT_SCRYPT_LOG_N)
    }
}

impl fmt::Debug for ScryptCost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Work(2^{})", self.0)
    }
}

/// The form of a passphrase from which keys are derived: Unicode NFKC. Two ways of typing the same
/// text give the same form.
pub fn normalize_passphrase(passphrase: &str) -> Zeroizing<String> {
    Zeroizing::new(passphrase.nfkc().collect())
}

/// Seals bytes under the normal form of a passphrase.
pub fn encrypt(plain: &[u8], passphrase: &SecretString, work: ScryptCost) -> Vec<u8> {
    encrypt_exact(plain, &normalize_passphrase(passphrase.expose_secret()), work)
}

fn encrypt_exact(plain: &[u8], passphrase: &str, work: ScryptCost) -> Vec<u8> {
    let mut recipient = scrypt::Recipient::new(SecretString::from(passphrase));
    recipient.set_work_factor(work.0);
    age::encrypt(&recipient, plain).expect("one scrypt recipient, and memory to write to")
}

/// What a guess costs, log2 of scrypt's N, as the file says; `None` if it is not sealed under a
/// passphrase.
pub fn scrypt_log_n(sealed: &[u8]) -> Option<u8> {
    // "age-encryption.org/v1\n-> scrypt SALT 18\n…"
    let line = sealed.split(|byte| *byte == b'\n').nth(1)?;
    let words = std::str::from_utf8(line).ok()?.strip_prefix("-> scrypt ")?;
    words.split(' ').nth(1)?.parse().ok()
}

/// Opens what [`encrypt`] made; all or nothing. A file that an older version sealed under another
/// form of the same passphrase opens too.
///
/// # Errors
/// [`PassphraseDecryptError::WrongPassphrase`] if no form of the passphrase opens the file,
/// [`PassphraseDecryptError::Damaged`] if it is no sealed file.
pub fn decrypt(
    sealed: &[u8],
    passphrase: &SecretString,
) -> Result<Zeroizing<Vec<u8>>, PassphraseDecryptError> {
    let mut result = Err(PassphraseDecryptError::WrongPassphrase);
    for form in normalization_forms(passphrase.expose_secret()) {
        result = decrypt_exact(sealed, &form);
        if !matches!(result, Err(PassphraseDecryptError::WrongPassphrase)) {
            break;
        }
    }
    result
}

/// The normal form, then every form in which an older version can have sealed a file: as typed, and
/// the other three Unicode forms. Each form costs a key derivation, so equal ones are tried once; a
/// passphrase without accents has one form.
fn normalization_forms(passphrase: &str) -> Vec<Zeroizing<String>> {
    let others = [
        passphrase.to_owned(),
        passphrase.nfd().collect(),
        passphrase.nfc().collect(),
        passphrase.nfkd().collect(),
    ];
    let mut forms = vec![normalize_passphrase(passphrase)];
    for form in others.map(Zeroizing::new) {
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    forms
}

fn decrypt_exact(
    sealed: &[u8],
    passphrase: &str,
) -> Result<Zeroizing<Vec<u8>>, PassphraseDecryptError> {
    let damaged = |error: &dyn fmt::Display| PassphraseDecryptError::Damaged(error.to_string());
    let mut identity = scrypt::Identity::new(SecretString::from(passphrase));
    identity.set_max_work_factor(MAX_SCRYPT_LOG_N);
    let decryptor = age::Decryptor::new_buffered(sealed).map_err(|error| damaged(&error))?;
    let mut reader = decryptor.decrypt(iter::once(&identity as &dyn age::Identity)).map_err(
        |error| match error {
            age::DecryptError::DecryptionFailed | age::DecryptError::KeyDecryptionFailed => {
                PassphraseDecryptError::WrongPassphrase
            }
            other => damaged(&other),
        },
    )?;
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
        let sealed = encrypt(b"content", &right, ScryptCost::new(2).unwrap());
        assert_eq!(&decrypt(&sealed, &right).unwrap()[..], b"content");
        assert_eq!(scrypt_log_n(&sealed), Some(2));
        assert_eq!(scrypt_log_n(b"age-encryption.org/v1\n-> X25519 abc\n"), None);
        assert!(matches!(decrypt(&sealed, &wrong), Err(PassphraseDecryptError::WrongPassphrase)));
    }

    const MIN_COST: ScryptCost = ScryptCost(1);

    /// Every word of every list of suggestions, six at a time, as one of its Unicode forms.
    fn suggestions() -> impl Iterator<Item = String> {
        let lists = ["fr", "en", "es", "pt", "ar"].map(protocol::receipt::word_list);
        lists.into_iter().flat_map(|list| list.chunks(6).map(|words| words.join(" ")))
    }

    fn secret(text: &str) -> SecretString {
        SecretString::from(text)
    }

    #[test]
    fn a_passphrase_opens_its_file_in_every_unicode_form_in_which_it_can_be_typed() {
        let mut accented = 0;
        for words in suggestions() {
            let (composed, split): (String, String) =
                (words.nfc().collect(), words.nfd().collect());
            // Without accents there is nothing to confuse.
            if composed == split {
                continue;
            }
            accented += 1;
            for (made, typed) in [(&composed, &split), (&split, &composed)] {
                let sealed = encrypt(b"content", &secret(made), MIN_COST);
                assert_eq!(&decrypt(&sealed, &secret(typed)).unwrap()[..], b"content", "{made}");
                // As the versions before sealed it: from the bytes that came.
                let old = encrypt_exact(b"content", made, MIN_COST);
                assert_eq!(&decrypt(&old, &secret(typed)).unwrap()[..], b"content", "{made}");
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
                let sealed = encrypt(b"content", &secret(one), MIN_COST);
                assert!(decrypt(&sealed, &secret(other)).is_ok(), "{one}");
            }
            // Sealed by an older version, and typed again as it was then.
            let old = encrypt_exact(b"content", made, MIN_COST);
            assert!(decrypt(&old, &secret(made)).is_ok(), "{made}");
        }
        let sealed = encrypt(b"content", &secret("élève"), MIN_COST);
        assert!(matches!(
            decrypt(&sealed, &secret("eleve")),
            Err(PassphraseDecryptError::WrongPassphrase)
        ));
        assert_eq!(
            normalization_forms("plain words").len(),
            1,
            "no second derivation without need"
        );
    }

    #[test]
    fn damage_is_not_taken_for_a_wrong_passphrase() {
        let right = SecretString::from("right");
        let mut sealed = encrypt(b"content", &right, ScryptCost::new(2).unwrap());
        assert!(matches!(decrypt(b"no age file", &right), Err(PassphraseDecryptError::Damaged(_))));
        *sealed.last_mut().unwrap() ^= 1;
        assert!(matches!(decrypt(&sealed, &right), Err(PassphraseDecryptError::Damaged(_))));
    }
}
