//! Decimal numbers as C2SP formats write them.

/// Parses an ASCII decimal without sign and without leading zeros. Returns `None` for other text.
pub(crate) fn parse_decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_shortest_decimal_is_a_number() {
        assert_eq!(parse_decimal("0"), Some(0));
        assert_eq!(parse_decimal("18446744073709551615"), Some(u64::MAX));
        for other in ["", "+1", "-0", "00", "01", " 1", "1 ", "1.0", "18446744073709551616", "١"] {
            assert_eq!(parse_decimal(other), None, "{other:?}");
        }
    }
}
