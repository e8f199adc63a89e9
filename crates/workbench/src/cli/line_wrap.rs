//! Wrapping of lines. The program wraps every line to the width of the terminal, so that the
//! terminal never does. So no part of an untrusted text can begin a line and look like output of
//! the program.

use console::Term;
use unicode_width::UnicodeWidthChar as _;

/// Maximum width of a line, in columns. It applies to wider terminals and without a terminal.
const MAX_WIDTH: usize = 100;
/// Minimum width of a line, in columns.
const MIN_WIDTH: usize = 24;
/// The prefix of a line that continues the line above.
pub(crate) const CONTINUATION_INDENT: &str = "    ";
/// The prefix of own text below a heading.
pub(crate) const INDENT: &str = "  ";
/// The prefix of each line of a text that another person wrote.
pub(crate) const QUOTE_PREFIX: &str = "  │ ";

/// Returns the width of the terminal, within [`MIN_WIDTH`] and [`MAX_WIDTH`].
pub(crate) fn line_width() -> usize {
    let columns =
        Term::stdout().size_checked().map_or(MAX_WIDTH, |(_, columns)| usize::from(columns));
    columns.clamp(MIN_WIDTH, MAX_WIDTH)
}

/// Wraps text into lines of at most `width` columns, at spaces where possible. The first line
/// begins with `first`. Every other line begins with `next`, also after a line end in the text.
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
                // A word that is longer than a line is split.
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
    fn words_that_fit_into_a_line_are_not_split() {
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
        // Letters with a width of two columns, or of none.
        for line in wrap_text(&"漢字".repeat(50), QUOTE_PREFIX, QUOTE_PREFIX, 25) {
            assert!(display_width(&line) <= 25, "{line}");
        }
        assert_eq!(wrap_text("e\u{301}e\u{301}e\u{301}", "", "", 3).len(), 1);
    }
}
