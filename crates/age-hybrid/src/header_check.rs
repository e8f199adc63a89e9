//! What the first bytes of a file show to a program that holds no key.

use age_core::format::{AgeStanza, read::age_stanza};
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};

use crate::{
    hpke::SEALED_FILE_KEY_LEN, recipient::STANZA_TAG, seal::GREASE_SUFFIX, xwing::ENCAPSULATED_LEN,
};

const VERSION_LINE: &[u8] = b"age-encryption.org/v1\n";
const MAC_PREFIX: &[u8] = b"--- ";
/// Bytes of the MAC of a header.
const MAC_LEN: usize = 32;

/// Returns whether a file begins with a whole header that [`crate::seal`] could have written.
///
/// Such a header has at most [`crate::MAX_HEADER_LEN`] bytes. It has exactly one stanza of the
/// hybrid recipient, and beside it nothing but stanzas without meaning. `head` is at least so many
/// bytes of the file, or the whole file if it is shorter. Further bytes are not looked at. The
/// result says nothing of who can open the file, or whether anybody can.
///
/// ```
/// use age_hybrid::{Identity, begins_sealed, seal};
/// let identity = Identity::generate(&mut rand::rngs::OsRng);
/// assert!(begins_sealed(&seal(&identity.to_recipient(), b"for you alone")));
/// assert!(!begins_sealed(b"for everybody"));
/// ```
pub fn has_hybrid_header(head: &[u8]) -> bool {
    let head = &head[..head.len().min(crate::MAX_HEADER_LEN)];
    let Some(mut rest) = head.strip_prefix(VERSION_LINE) else { return false };
    let mut recipients = 0;
    loop {
        if let Some(mac) = rest.strip_prefix(MAC_PREFIX) {
            return recipients == 1 && is_mac_line(mac);
        }
        let Ok((after, stanza)) = age_stanza(rest) else { return false };
        match stanza.tag {
            STANZA_TAG if is_hybrid(&stanza) => recipients += 1,
            tag if tag.ends_with(GREASE_SUFFIX) => {}
            _ => return false,
        }
        rest = after;
    }
}

fn is_hybrid(stanza: &AgeStanza<'_>) -> bool {
    let [encapsulated] = stanza.args[..] else { return false };
    decoded_len(encapsulated.as_bytes()) == Some(ENCAPSULATED_LEN)
        && stanza.body().len() == SEALED_FILE_KEY_LEN
}

fn is_mac_line(line: &[u8]) -> bool {
    let end = line.iter().position(|byte| *byte == b'\n');
    end.is_some_and(|end| decoded_len(&line[..end]) == Some(MAC_LEN))
}

fn decoded_len(base64: &[u8]) -> Option<usize> {
    BASE64_STANDARD_NO_PAD.decode(base64).ok().map(|bytes| bytes.len())
}
