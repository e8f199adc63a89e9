//! Reading `application/x-www-form-urlencoded` without guessing: bytes that are no UTF-8 stay as they are for the field to refuse.

use percent_encoding::percent_decode;

/// The body holds no form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a field's name is not UTF-8")]
pub struct NotAForm;

/// The fields of a body in order: name and raw value.
pub fn pairs(body: &[u8]) -> impl Iterator<Item = Result<(String, Vec<u8>), NotAForm>> {
    body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
            Some(at) => (&pair[..at], &pair[at + 1..]),
            None => (pair, &[][..]),
        };
        let name = String::from_utf8(decode(name)).map_err(|_| NotAForm)?;
        Ok((name, decode(value)))
    })
}

fn decode(part: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = part.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_in_order_and_bytes_as_they_are() {
        let found: Vec<_> = pairs(b"a=1&b=x+y%2Bz&a=%FF&&c").collect::<Result<_, _>>().unwrap();
        let expected: [(&str, &[u8]); 4] = [("a", b"1"), ("b", b"x y+z"), ("a", b"\xff"), ("c", b"")];
        assert_eq!(found.len(), 4);
        for ((name, value), (n, v)) in found.iter().zip(expected) {
            assert_eq!((name.as_str(), value.as_slice()), (n, v));
        }
        assert_eq!(pairs(b"%FF=1").next(), Some(Err(NotAForm)));
    }
}
