//! Encrypts files with a passphrase. The format is the scrypt recipient of age, so that the `age`
//! program can also open the files in an emergency.
//!
//! The same text can have several byte sequences in Unicode: keyboards send `é` as one character,
//! word lists and some systems as two. A passphrase is therefore normalized before the key is
//! derived. Only this module derives keys from passphrases, so key files, root keys and backup
//! sheets follow the same rule.

use std::{
    fmt,
    io::{self, Read, Write},
    iter,
};

use age::{Encryptor, scrypt, stream::StreamWriter};
use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// log2 of scrypt's N for real keys: 256 MiB and about a second, the default of age's reference
/// implementation.
pub const DEFAULT_SCRYPT_LOG_N: u8 = 18;
/// Maximum cost for decryption (2^22 needs 4 GiB). This program writes no file with a higher cost.
const MAX_SCRYPT_LOG_N: u8 = 22;

/// Why an encrypted file could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum PassphraseDecryptError {
    /// The file was encrypted with another passphrase.
    #[error("wrong passphrase")]
    WrongPassphrase,
    /// The file is not an age file with a passphrase, or is damaged.
    #[error("the file is damaged or not encrypted with a passphrase: {0}")]
    Damaged(String),
}

/// Cost of one guess at a passphrase: log2 of scrypt's N.
#[derive(Clone, Copy)]
pub struct ScryptCost(u8);

impl ScryptCost {
    /// Accepts 1 to 22, and returns `None` for other values.
    pub fn new(log_n: u8) -> Option<Self> {
        (1..=MAX_SCRYPT_LOG_N).contains(&log_n).then_some(Self(log_n))
    }

    /// Returns whether the cost is below the default for real keys.
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
        write!(f, "ScryptCost(2^{})", self.0)
    }
}

/// Returns the form of a passphrase from which keys are derived: Unicode NFKC. Two ways of typing
/// the same text have the same form.
pub fn normalize_passphrase(passphrase: &str) -> Zeroizing<String> {
    Zeroizing::new(passphrase.nfkc().collect())
}

/// Encrypts bytes with the normalized passphrase.
pub fn encrypt(plain: &[u8], passphrase: &SecretString, cost: ScryptCost) -> Vec<u8> {
    encrypt_exact(plain, &normalize_passphrase(passphrase.expose_secret()), cost)
}

fn encrypt_exact(plain: &[u8], passphrase: &str, cost: ScryptCost) -> Vec<u8> {
    let mut recipient = scrypt::Recipient::new(SecretString::from(passphrase));
    recipient.set_work_factor(cost.0);
    age::encrypt(&recipient, plain).expect("one scrypt recipient, and memory to write to")
}

/// Begins a file that is encrypted with the normalized passphrase, for content that does not fit
/// into memory.
///
/// # Errors
/// If the header cannot be written.
pub fn encrypt_stream<W: Write>(
    out: W,
    passphrase: &SecretString,
    cost: ScryptCost,
) -> io::Result<StreamWriter<W>> {
    let normalized = normalize_passphrase(passphrase.expose_secret());
    let mut recipient = scrypt::Recipient::new(SecretString::from(normalized.as_str()));
    recipient.set_work_factor(cost.0);
    Encryptor::with_recipients(iter::once(&recipient as &dyn age::Recipient))
        .map_err(|error| io::Error::other(error.to_string()))?
        .wrap_output(out)
}

/// Returns the cost of a guess as the file states it (log2 of scrypt's N), or `None` if the file is
/// not encrypted with a passphrase.
pub fn scrypt_log_n(sealed: &[u8]) -> Option<u8> {
    // "age-encryption.org/v1\n-> scrypt SALT 18\n…"
    let line = sealed.split(|byte| *byte == b'\n').nth(1)?;
    let words = std::str::from_utf8(line).ok()?.strip_prefix("-> scrypt ")?;
    words.split(' ').nth(1)?.parse().ok()
}

/// Decrypts what [`encrypt`] returned, completely or not at all. Also opens files that an older
/// version encrypted with another Unicode form of the same passphrase.
///
/// # Errors
/// [`PassphraseDecryptError::WrongPassphrase`] if no form of the passphrase opens the file,
/// [`PassphraseDecryptError::Damaged`] if it is not an encrypted file.
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

/// Returns the normalized form, then every form with which an older version can have encrypted a
/// file: as typed, and the other three Unicode forms. Each form costs one key derivation, so
/// duplicates are dropped; a passphrase without accents has one form.
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
    // The capacity is reserved once, because growing would leave plaintext in a freed buffer.
    let mut plain = Zeroizing::new(Vec::with_capacity(sealed.len()));
    reader.read_to_end(&mut plain).map_err(|error| damaged(&error))?;
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_passphrase_decrypts() {
        let (right, wrong) = (SecretString::from("right"), SecretString::from("wrong"));
        let sealed = encrypt(b"content", &right, ScryptCost::new(2).unwrap());
        assert_eq!(&decrypt(&sealed, &right).unwrap()[..], b"content");
        assert_eq!(scrypt_log_n(&sealed), Some(2));
        assert_eq!(scrypt_log_n(b"age-encryption.org/v1\n-> X25519 abc\n"), None);
        assert!(matches!(decrypt(&sealed, &wrong), Err(PassphraseDecryptError::WrongPassphrase)));
    }

    const MIN_COST: ScryptCost = ScryptCost(1);

    /// Returns all words of the lists of suggestions, six at a time.
    fn suggestions() -> impl Iterator<Item = String> {
        let lists = locales::Locale::ALL.map(|locale| protocol::receipt::word_list(locale.code));
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
            // Without accents, the forms are equal.
            if composed == split {
                continue;
            }
            accented += 1;
            for (original, typed) in [(&composed, &split), (&split, &composed)] {
                let sealed = encrypt(b"content", &secret(original), MIN_COST);
                assert_eq!(
                    &decrypt(&sealed, &secret(typed)).unwrap()[..],
                    b"content",
                    "{original}"
                );
                // As older versions encrypted it: from the bytes as typed.
                let old = encrypt_exact(b"content", original, MIN_COST);
                assert_eq!(&decrypt(&old, &secret(typed)).unwrap()[..], b"content", "{original}");
            }
        }
        assert!(accented > 300, "{accented}");
    }

    #[test]
    fn compatible_unicode_forms_are_one_passphrase() {
        for (original, typed) in [
            ("ﬁcelle ﬂeuve orange", "ficelle fleuve orange"),
            ("mot\u{a0}de\u{202f}passe secret", "mot de passe secret"),
            ("ﺍﻟﺠﻤﺎﺭﻙ ﻭﺍﻟﻤﻄﺎﺭ", "الجمارك والمطار"),
            ("e\u{301}le\u{300}ve \u{212b}ngstrom", "élève Ångstrom"),
            ("１２３４ ａｂｃｄ", "1234 abcd"),
        ] {
            for (one, other) in [(original, typed), (typed, original)] {
                let sealed = encrypt(b"content", &secret(one), MIN_COST);
                assert!(decrypt(&sealed, &secret(other)).is_ok(), "{one}");
            }
            // Encrypted by an older version, and typed again the same way.
            let old = encrypt_exact(b"content", original, MIN_COST);
            assert!(decrypt(&old, &secret(original)).is_ok(), "{original}");
        }
        let sealed = encrypt(b"content", &secret("élève"), MIN_COST);
        assert!(matches!(
            decrypt(&sealed, &secret("eleve")),
            Err(PassphraseDecryptError::WrongPassphrase)
        ));
        assert_eq!(normalization_forms("plain words").len(), 1, "one derivation is enough");
    }

    #[test]
    fn damage_is_not_reported_as_a_wrong_passphrase() {
        let right = SecretString::from("right");
        let mut sealed = encrypt(b"content", &right, ScryptCost::new(2).unwrap());
        assert!(matches!(decrypt(b"no age file", &right), Err(PassphraseDecryptError::Damaged(_))));
        *sealed.last_mut().unwrap() ^= 1;
        assert!(matches!(decrypt(&sealed, &right), Err(PassphraseDecryptError::Damaged(_))));
    }
}
