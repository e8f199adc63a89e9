//! A parser of `application/x-www-form-urlencoded`. Bytes that are not UTF-8 are unchanged; the
//! field decides about them.

use percent_encoding::percent_decode;

/// Returns the fields of a body in order, as name and raw value. A name that is not UTF-8 contains
/// U+FFFD, so no form accepts it.
pub fn parse_urlencoded(body: &[u8]) -> impl Iterator<Item = (String, Vec<u8>)> {
    body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
            Some(index) => (&pair[..index], &pair[index + 1..]),
            None => (pair, &[][..]),
        };
        (String::from_utf8_lossy(&decode_component(name)).into_owned(), decode_component(value))
    })
}

fn decode_component(part: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> =
        part.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_in_order_and_bytes_are_unchanged() {
        let found: Vec<_> = parse_urlencoded(b"a=1&b=x+y%2Bz&a=%FF&&c").collect();
        let expected: [(&str, &[u8]); 4] =
            [("a", b"1"), ("b", b"x y+z"), ("a", b"\xff"), ("c", b"")];
        assert_eq!(found.len(), 4);
        for ((name, value), (n, v)) in found.iter().zip(expected) {
            assert_eq!((name.as_str(), value.as_slice()), (n, v));
        }
        assert_eq!(parse_urlencoded(b"%FF=1").next(), Some(("\u{fffd}".to_owned(), b"1".to_vec())));
    }
}
