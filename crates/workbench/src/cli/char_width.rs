//! Widths of characters on terminals. Terminals differ in the width of ambiguous, invisible, new
//! and private characters, so the program counts the widest one and prints no character of an
//! unknown width.

use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{DefaultIgnorableCodePoint, EastAsianWidth, Emoji, GeneralCategory},
};
use unicode_width::UnicodeWidthChar as _;

/// Replaces a tab, which moves the cursor by a number of columns that depends on its position.
const TAB_REPLACEMENT: &str = "    ";

/// Returns text without characters whose effect differs between terminals. Tabs become spaces.
/// Invisible characters are removed. Control, format, private and unassigned characters are
/// replaced: programs that show pages print the number of some of them.
pub(crate) fn to_printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => printable.push_str(TAB_REPLACEMENT),
            ' '..='~' => printable.push(c),
            _ if CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c) => {}
            _ if has_unknown_width(c) => printable.push(char::REPLACEMENT_CHARACTER),
            _ => printable.push(c),
        }
    }
    printable
}

/// Returns the largest number of columns that a terminal can use for a printable character. A
/// terminal with an older table shows a combining mark in a column of its own.
pub(crate) fn max_width(c: char) -> usize {
    if c.is_ascii() {
        return 1;
    }
    let can_be_wide = matches!(
        CodePointMapData::<EastAsianWidth>::new().get(c),
        EastAsianWidth::Ambiguous | EastAsianWidth::Wide | EastAsianWidth::Fullwidth
    ) || CodePointSetData::new::<Emoji>().contains(c);
    let widest_class = if can_be_wide { 2 } else { 1 };
    c.width().unwrap_or(0).max(widest_class)
}

fn has_unknown_width(c: char) -> bool {
    matches!(
        CodePointMapData::<GeneralCategory>::new().get(c),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::Surrogate
            | GeneralCategory::PrivateUse
            | GeneralCategory::Unassigned
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_every_script_is_printed_as_it_is() {
        for text in ["Douane à l’entrée — 1 000 F CFA", "الجَمارك ولا", "e\u{301} 漢字 🙂 ✈ क्षि"]
        {
            assert_eq!(to_printable(text), text);
        }
    }

    #[test]
    fn characters_of_an_unknown_width_are_not_printed() {
        for invisible in ['\u{ad}', '\u{3164}', '\u{ffa0}', '\u{200d}', '\u{fe0f}', '\u{e0041}'] {
            assert_eq!(to_printable(&format!("a{invisible}b")), "ab", "{invisible:?}");
        }
        for unknown in ['\u{605}', '\u{70f}', '\u{8e2}', '\u{e000}', '\u{378}', '\u{85}'] {
            assert_eq!(to_printable(&format!("a{unknown}b")), "a\u{fffd}b", "{unknown:?}");
        }
        assert_eq!(to_printable("a\tb"), "a    b");
    }

    #[test]
    fn the_widest_width_is_counted() {
        for (c, width) in [('a', 1), ('é', 2), ('│', 2), ('漢', 2), ('ش', 1), ('\u{301}', 2)] {
            assert_eq!(max_width(c), width, "{c}");
        }
    }
}
