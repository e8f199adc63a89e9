//! Checks the header of a file without a key.

use age_core::format::{AgeStanza, read::age_stanza};
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};

use crate::{
    header_writer::VERSION_LINE, hpke::SEALED_FILE_KEY_LEN, recipient::STANZA_TAG,
    seal::GREASE_SUFFIX, xwing::ENCAPSULATED_LEN,
};

const MAC_PREFIX: &[u8] = b"--- ";
/// Length of a header's MAC in bytes.
const MAC_LEN: usize = 32;

/// Returns whether a file begins with a complete header that [`crate::seal`] could have written.
///
/// Such a header has at most [`crate::MAX_HEADER_LEN`] bytes. It contains exactly one hybrid
/// recipient stanza, and otherwise only grease stanzas. `head` must contain
/// [`crate::MAX_HEADER_LEN`] bytes, or the whole file if it is shorter. Further bytes are ignored.
/// The result does not show which key opens the file, or whether any key does.
///
/// ```
/// use age_hybrid::{Identity, has_hybrid_header, seal};
/// let identity = Identity::generate(&mut rand::rngs::OsRng);
/// assert!(has_hybrid_header(&seal(&identity.to_recipient(), b"secret")));
/// assert!(!has_hybrid_header(b"not sealed"));
/// ```
pub fn has_hybrid_header(head: &[u8]) -> bool {
    let head = &head[..head.len().min(crate::MAX_HEADER_LEN)];
    let Some(mut rest) = head.strip_prefix(VERSION_LINE.as_bytes()) else { return false };
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
