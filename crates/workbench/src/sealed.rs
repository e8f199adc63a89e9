//! Files sealed under a passphrase: age's scrypt recipient, so that the `age` program opens them too in an emergency.

use std::{fmt, io::Read, iter};

use age::scrypt;
use secrecy::SecretString;
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

/// Seals bytes under a passphrase.
pub fn seal(plain: &[u8], passphrase: &SecretString, work: Work) -> Vec<u8> {
    let mut recipient = scrypt::Recipient::new(passphrase.clone());
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

/// Opens what [`seal`] made; all or nothing.
pub fn open(sealed: &[u8], passphrase: &SecretString) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let damaged = |error: &dyn fmt::Display| OpenError::Damaged(error.to_string());
    let mut identity = scrypt::Identity::new(passphrase.clone());
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

    #[test]
    fn damage_is_not_taken_for_a_wrong_passphrase() {
        let right = SecretString::from("right");
        let mut sealed = seal(b"content", &right, Work::new(2).unwrap());
        assert!(matches!(open(b"no age file", &right), Err(OpenError::Damaged(_))));
        *sealed.last_mut().unwrap() ^= 1;
        assert!(matches!(open(&sealed, &right), Err(OpenError::Damaged(_))));
    }
}
