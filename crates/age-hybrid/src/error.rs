//! What can go wrong.

/// A text or a row of bytes is no hybrid key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyParseError {
    /// Not Bech32, or a wrong checksum.
    #[error("not a Bech32 text, or mistyped")]
    InvalidEncoding,
    /// Bech32, but of another kind: a classic X25519 key, for instance.
    #[error("not a post-quantum hybrid key of age (age1pq1… or AGE-SECRET-KEY-PQ-1…)")]
    WrongKeyType,
    /// The right kind with a wrong length.
    #[error("a key of a wrong length")]
    WrongLength,
    /// Bytes that no honest key generation gives.
    #[error("not a valid X-Wing public key")]
    InvalidKey,
}

/// A file is not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Sealed to somebody else, damaged, or no age file at all.
    #[error(transparent)]
    Age(#[from] age::DecryptError),
    /// No header of this crate is nearly as long as [`crate::MAX_HEADER_LEN`].
    #[error("no age header ends within the first 4,096 bytes")]
    HeaderTooLong,
    /// Sealed to other recipients besides one hybrid recipient. Nothing that this crate seals is.
    #[error("the file has recipients other than one hybrid recipient")]
    MixedRecipients,
    /// The file ends too early, a part of it does not authenticate, or it could not be read.
    #[error("the file could not be opened to its end: {0}")]
    Payload(std::io::Error),
}

impl OpenError {
    /// Is there a file of this identity that was damaged? False for a file that is sealed to
    /// another key: damage of the encapsulation cannot be told from that.
    pub fn is_damage(&self) -> bool {
        !matches!(self, Self::Age(age::DecryptError::NoMatchingKeys))
    }
}
