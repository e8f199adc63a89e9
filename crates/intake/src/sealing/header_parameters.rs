//! The value of a header with parameters: `form-data; name="files"; filename="a.jpg"` (RFC 2045,
//! RFC 7578).

use percent_encoding::percent_decode;

/// A value and its parameters.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct HeaderParameters {
    /// The text before the first semicolon, in lower case.
    pub(super) value: String,
    pairs: Vec<(String, Vec<u8>)>,
}

impl HeaderParameters {
    /// Parses the value of a header. Invalid parameters are ignored.
    pub(super) fn parse(header: &[u8]) -> Self {
        let (value, mut rest) = split_once(header, b';').unwrap_or((header, b""));
        let mut pairs = Vec::new();
        while let Some((name, after)) = split_once(rest, b'=') {
            // A name contains no semicolon: the text before one is not a parameter.
            let name = name.rsplit(|byte| *byte == b';').next().unwrap_or_default();
            let (value, after) = split_parameter_value(after.trim_ascii_start());
            pairs.push((to_lowercase(name), value));
            rest = after;
        }
        Self { value: to_lowercase(value), pairs }
    }

    /// Returns the first parameter of this name, which must be in lower case. Bytes that are not
    /// UTF-8 become U+FFFD.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        let (_, value) = self.pairs.iter().find(|(other, _)| other == name)?;
        Some(String::from_utf8_lossy(value).into_owned())
    }

    /// Returns the file name of a part: `filename*` (RFC 8187), else `filename`. In the latter,
    /// browsers encode quotes and line ends as `%22`, `%0D` and `%0A`.
    pub(super) fn file_name(&self) -> Option<String> {
        let plain = || {
            let name = self.get("filename")?;
            Some(name.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n"))
        };
        self.get("filename*").and_then(|extended| decode_extended_value(&extended)).or_else(plain)
    }
}

/// Decodes a value such as `utf-8''re%C3%A7u.txt`. Returns `None` for another syntax.
fn decode_extended_value(value: &str) -> Option<String> {
    let mut parts = value.splitn(3, '\'');
    let (charset, _language, encoded) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes = percent_decode(encoded.as_bytes());
    if charset.eq_ignore_ascii_case("iso-8859-1") {
        return Some(bytes.map(char::from).collect());
    }
    Some(bytes.decode_utf8_lossy().into_owned())
}

/// Returns a quoted string or a token, and the text after it.
fn split_parameter_value(text: &[u8]) -> (Vec<u8>, &[u8]) {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        let (token, rest) = split_once(text, b';').unwrap_or((text, b""));
        return (token.trim_ascii().to_vec(), rest);
    };
    let mut value = Vec::new();
    let mut bytes = quoted.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return (value, &quoted[at + 1..]),
            // Only a quote is escaped: browsers do not escape the backslashes of file names.
            b'\\' if quoted.get(at + 1) == Some(&b'"') && quoted[at + 2..].contains(&b'"') => {
                value.push(b'"');
                bytes.next();
            }
            _ => value.push(*byte),
        }
    }
    (value, b"")
}

fn split_once(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let found = memchr::memchr(at, text)?;
    Some((&text[..found], &text[found + 1..]))
}

fn to_lowercase(text: &[u8]) -> String {
    String::from_utf8_lossy(text.trim_ascii()).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file_name(header: &str) -> Option<String> {
        HeaderParameters::parse(header.as_bytes()).file_name()
    }

    #[test]
    fn parameters_are_parsed_in_every_legal_syntax() {
        let all =
            HeaderParameters::parse(b"Form-Data; Name=a.story ; FileName=\"a; b=\\\"c\\\".jpg\";x");
        assert_eq!(all.value, "form-data");
        assert_eq!(all.get("name").as_deref(), Some("a.story"));
        assert_eq!(all.file_name().as_deref(), Some("a; b=\"c\".jpg"));
        assert_eq!(all.get("x"), None);
        assert_eq!(
            file_name("form-data; filename=\"C:\\photos\\1.jpg\"").as_deref(),
            Some("C:\\photos\\1.jpg")
        );
        assert_eq!(
            file_name("form-data; filename=\"C:\\photos\\\"").as_deref(),
            Some("C:\\photos\\")
        );
        assert_eq!(
            file_name("form-data; filename*=UTF-8''%C3%A9t%C3%A9.jpg").as_deref(),
            Some("été.jpg")
        );
        assert_eq!(file_name("form-data; filename=b; filename*=utf-8''a").as_deref(), Some("a"));
        assert_eq!(
            file_name("form-data; Filename*=iso-8859-1'fr're%E7u.txt").as_deref(),
            Some("reçu.txt")
        );
        assert_eq!(file_name("form-data; filename*=x; filename=b").as_deref(), Some("b"));
        assert_eq!(
            file_name("form-data; filename=\"say %22hi%22.txt\"").as_deref(),
            Some("say \"hi\".txt")
        );
        assert_eq!(file_name("form-data; filename=\"100%.txt\"").as_deref(), Some("100%.txt"));
        assert_eq!(file_name("form-data; filename=\"\"").as_deref(), Some(""));
        assert_eq!(file_name("form-data; name=\"filename=x\""), None);
    }

    #[test]
    fn invalid_parameters_are_ignored() {
        for header in ["", ";", "=", ";=", "a;=\"", "a; b=\"c", "a; \"b\"; c", ";;;;a=;b"] {
            assert_eq!(file_name(header), None, "{header}");
        }
        let junk: Vec<u8> = (0..=255).cycle().take(16 * 1024).collect();
        HeaderParameters::parse(&junk);
    }
}
