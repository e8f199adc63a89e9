//! Writes the header of a file.

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};

/// The first line of a file.
pub(crate) const VERSION_LINE: &str = "age-encryption.org/v1\n";
/// The beginning of the last line of a header. A space, the MAC and a line feed follow it.
pub(crate) const FOOTER: &str = "---";

/// Appends a stanza: `-> arguments`, then the body in lines of 64 characters. The last line is
/// shorter and may be empty.
pub(crate) fn push_stanza<S: AsRef<str>>(text: &mut String, arguments: &[S], body: &[u8]) {
    text.push_str("->");
    for argument in arguments {
        text.push(' ');
        text.push_str(argument.as_ref());
    }
    text.push('\n');
    let encoded = BASE64_STANDARD_NO_PAD.encode(body);
    let mut rest = &encoded[..];
    while rest.len() >= 64 {
        let (line, after) = rest.split_at(64);
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(rest);
    text.push('\n');
}

/// Appends the MAC after the [`FOOTER`] and ends the header.
pub(crate) fn push_mac(text: &mut String, mac: &[u8]) {
    text.push(' ');
    text.push_str(&BASE64_STANDARD_NO_PAD.encode(mac));
    text.push('\n');
}
