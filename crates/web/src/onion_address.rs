//! The address of an onion service.

use std::{fmt, str::FromStr};

use sha3::{Digest as _, Sha3_256};

/// The version of onion services that Tor serves today.
const VERSION: u8 = 3;
/// Bytes of the key, the checksum and the version.
const DECODED_LEN: usize = 35;
const KEY_LEN: usize = 32;

/// The address of an onion service of version 3, such as `….onion`, without a scheme. Its checksum
/// is correct, so that no mistyped address is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnionAddress(String);

/// Why a text is not the address of an onion service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnionAddressError {
    /// It is not 56 letters `a` to `z` and digits `2` to `7`, followed by `.onion`.
    Form,
    /// It is an address of another version.
    Version,
    /// The checksum is wrong: a character is mistyped.
    Checksum,
}

impl fmt::Display for OnionAddressError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Form => {
                "not the address of an onion service: 56 letters a to z and digits 2 to 7, then \
                 .onion, without http://"
            }
            Self::Version => "not the address of an onion service of version 3",
            Self::Checksum => "a character is mistyped: the checksum of the onion address is wrong",
        })
    }
}

impl std::error::Error for OnionAddressError {}

impl OnionAddress {
    /// Returns the address of the service with this public key.
    pub fn from_key(key: &[u8; KEY_LEN]) -> Self {
        let mut decoded = key.to_vec();
        decoded.extend_from_slice(&checksum(key));
        decoded.push(VERSION);
        let label = data_encoding::BASE32_NOPAD.encode(&decoded).to_ascii_lowercase();
        Self(format!("{label}.onion"))
    }

    /// Returns the address, such as `….onion`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the URL of a path, which begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.0)
    }
}

fn checksum(key: &[u8]) -> [u8; 2] {
    let digest =
        Sha3_256::new().chain_update(b".onion checksum").chain_update(key).chain_update([VERSION]);
    let digest = digest.finalize();
    [digest[0], digest[1]]
}

impl FromStr for OnionAddress {
    type Err = OnionAddressError;

    fn from_str(text: &str) -> Result<Self, OnionAddressError> {
        let label = text.strip_suffix(".onion").ok_or(OnionAddressError::Form)?;
        if label.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(OnionAddressError::Form);
        }
        let decoded = data_encoding::BASE32_NOPAD
            .decode(label.to_ascii_uppercase().as_bytes())
            .map_err(|_| OnionAddressError::Form)?;
        let decoded: [u8; DECODED_LEN] = decoded.try_into().map_err(|_| OnionAddressError::Form)?;
        let (key, rest) = decoded.split_at(KEY_LEN);
        if rest[2] != VERSION {
            return Err(OnionAddressError::Version);
        }
        if rest[..2] != checksum(key) {
            return Err(OnionAddressError::Checksum);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for OnionAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The public address of the site of the Tor project, for an independent value.
    const PUBLISHED: &str = "2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion";

    #[test]
    fn a_published_address_and_one_of_a_key_are_accepted() {
        for text in [PUBLISHED.to_owned(), OnionAddress::from_key(&[7; 32]).to_string()] {
            let address: OnionAddress = text.parse().unwrap();
            assert_eq!(address.as_str(), text);
            assert_eq!(address.url("/fr"), format!("http://{text}/fr"));
        }
    }

    #[test]
    fn each_mistyped_character_is_noticed() {
        let label = PUBLISHED.strip_suffix(".onion").unwrap();
        for index in 0..label.len() {
            let mut typed = label.as_bytes().to_vec();
            typed[index] = if typed[index] == b'a' { b'b' } else { b'a' };
            let typed = format!("{}.onion", String::from_utf8(typed).unwrap());
            assert!(typed.parse::<OnionAddress>().is_err(), "{typed}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        let upper = PUBLISHED.replace("2gzy", "2GZY");
        let other_version = {
            let mut decoded = [7; DECODED_LEN];
            decoded[DECODED_LEN - 1] = 4;
            let label = data_encoding::BASE32_NOPAD.encode(&decoded).to_ascii_lowercase();
            format!("{label}.onion")
        };
        for (text, expected) in [
            ("", OnionAddressError::Form),
            (".onion", OnionAddressError::Form),
            ("expyuzz4wqqyqhjn.onion", OnionAddressError::Form),
            (&upper, OnionAddressError::Form),
            (PUBLISHED.trim_end_matches(".onion"), OnionAddressError::Form),
            (&format!("http://{PUBLISHED}"), OnionAddressError::Form),
            (&format!("{PUBLISHED}/"), OnionAddressError::Form),
            (&format!(" {PUBLISHED}"), OnionAddressError::Form),
            (&other_version, OnionAddressError::Version),
        ] {
            assert_eq!(text.parse::<OnionAddress>(), Err(expected), "{text}");
        }
    }
}
