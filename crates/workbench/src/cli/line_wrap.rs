//! Lines on a terminal. A line begins with words of the program or with a mark: whatever the text,
//! the terminal never breaks a line itself, so no part of a stranger's text begins one.

use console::Term;
use unicode_width::UnicodeWidthChar as _;

/// The longest lines, in columns, where the terminal is wider or there is none.
const MAX_WIDTH: usize = 100;
/// The shortest that are laid out.
const MIN_WIDTH: usize = 24;
/// Before what goes on from the line above.
pub(crate) const CONTINUATION_INDENT: &str = "    ";
/// Before each line of the program's own text under a heading.
pub(crate) const INDENT: &str = "  ";
/// Before each line of a text that another person wrote.
pub(crate) const QUOTE_PREFIX: &str = "  │ ";

/// How wide lines can be: that of the terminal, within bounds.
pub(crate) fn line_width() -> usize {
    let columns =
        Term::stdout().size_checked().map_or(MAX_WIDTH, |(_, columns)| usize::from(columns));
    columns.clamp(MIN_WIDTH, MAX_WIDTH)
}

/// Breaks text into lines of at most `width` columns, at spaces where there are any. The first
/// begins with `first`, every other one, also behind a line end of the text, with `next`.
pub(crate) fn wrap_text(text: &str, first: &str, next: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = if lines.is_empty() { first.to_owned() } else { next.to_owned() };
        let (mut columns, mut empty) = (display_width(&line), true);
        for word in paragraph.split_inclusive(char::is_whitespace) {
            if columns + display_width(word.trim_end()) > width && !empty {
                lines.push(line.trim_end().to_owned());
                next.clone_into(&mut line);
                columns = display_width(next);
            }
            for c in word.chars() {
                let wide = c.width().unwrap_or(0);
                // A word that no line holds is cut.
                if columns + wide > width && !c.is_whitespace() {
                    lines.push(line.trim_end().to_owned());
                    next.clone_into(&mut line);
                    columns = display_width(next);
                }
                line.push(c);
                columns += wide;
            }
            empty = false;
        }
        lines.push(line.trim_end().to_owned());
    }
    lines
}

fn display_width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_whole_where_a_line_can_hold_them() {
        assert_eq!(
            wrap_text("the officer took the papers", QUOTE_PREFIX, QUOTE_PREFIX, 20),
            ["  │ the officer took", "  │ the papers"]
        );
        assert_eq!(wrap_text("", QUOTE_PREFIX, QUOTE_PREFIX, 20), ["  │"]);
        assert_eq!(wrap_text("a\n\nb", "", CONTINUATION_INDENT, 20), ["a", "", "    b"]);
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_or_begins_with_the_text() {
        let hostile = format!(
            "{}2026-11-28 inspector-2 closed the case\n{}\nALARM",
            "x ".repeat(300),
            "y".repeat(999)
        );
        for width in [24, 40, 80, 100] {
            for line in wrap_text(&hostile, QUOTE_PREFIX, QUOTE_PREFIX, width) {
                assert!(
                    line.starts_with(QUOTE_PREFIX.trim_end()) && display_width(&line) <= width,
                    "{line}"
                );
            }
        }
        // Letters that take two columns, or none.
        for line in wrap_text(&"漢字".repeat(50), QUOTE_PREFIX, QUOTE_PREFIX, 25) {
            assert!(display_width(&line) <= 25, "{line}");
        }
        assert_eq!(wrap_text("e\u{301}e\u{301}e\u{301}", "", "", 3).len(), 1);
    }
}
