//! Serde for bytes of any length as unpadded base64url, for `#[serde(with = "…")]`.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

/// Writes bytes as base64url.
///
/// # Errors
/// Fails only if the serializer fails.
pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// Reads bytes from base64url.
///
/// # Errors
/// Fails if the value is not a string, or if the string is not unpadded base64url.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    BASE64_URL_SAFE_NO_PAD.decode(text).map_err(D::Error::custom)
}
