//! The errors of parsing keys and opening files.

/// A text or byte string is not a valid hybrid key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyParseError {
    /// The text is not Bech32, or its checksum is wrong.
    #[error("invalid Bech32 encoding")]
    InvalidEncoding,
    /// The text is a key of another type, such as a classic X25519 key.
    #[error("not an age post-quantum key (expected age1pq1… or AGE-SECRET-KEY-PQ-1…)")]
    WrongKeyType,
    /// The key has the right type and a wrong length.
    #[error("invalid key length")]
    WrongLength,
    /// The bytes are not a key that key generation can produce.
    #[error("invalid X-Wing public key")]
    InvalidKey,
}

/// A plaintext does not fit into one chunk, so it cannot be sealed deterministically.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("plaintext of {len} bytes exceeds one chunk of {} bytes", crate::CHUNK_LEN)]
pub struct PlaintextTooLongError {
    /// Length of the plaintext in bytes.
    pub len: usize,
}

/// A file cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file is sealed to another key, damaged, or not an age file.
    #[error(transparent)]
    Age(#[from] age::DecryptError),
    /// The header does not end within [`crate::MAX_HEADER_LEN`] bytes. Headers of this crate are
    /// much shorter.
    #[error("age header missing or longer than 4096 bytes")]
    HeaderTooLong,
    /// The file has other recipients besides one hybrid recipient. Files of this crate have exactly
    /// one.
    #[error("expected exactly one hybrid recipient stanza")]
    MixedRecipients,
    /// The file is truncated, a chunk of it does not authenticate, or it cannot be read.
    #[error("failed to decrypt: {0}")]
    Payload(std::io::Error),
}

impl OpenError {
    /// Returns whether the file is damaged. Returns false for a file that is sealed to another key.
    /// A damaged encapsulation cannot be distinguished from another key, so it also returns false.
    pub fn is_damage(&self) -> bool {
        !matches!(self, Self::Age(age::DecryptError::NoMatchingKeys))
    }
}
