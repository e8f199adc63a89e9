//! Wrapping of lines. The program wraps every line to the width of the terminal, so that the
//! terminal never does. So no part of an untrusted text can begin a line and look like output of
//! the program.

use console::Term;

use super::char_width::{max_width, to_printable};

/// Maximum width of a line, in columns. It applies to wider terminals.
const MAX_WIDTH: usize = 100;
/// Minimum width of a line, in columns: a prefix and the widest character.
const MIN_WIDTH: usize = 8;
/// Maximum width of a line of unknown output, such as a file or a pipe, in columns.
const DEFAULT_WIDTH: usize = 80;
/// The prefix of a line that continues the line above.
pub(crate) const CONTINUATION_INDENT: &str = "    ";
/// The prefix of own text below a heading.
pub(crate) const INDENT: &str = "  ";
/// The prefix of each line of a text that another person wrote.
pub(crate) const QUOTE_PREFIX: &str = "  │ ";

/// Returns the width of a line, within [`MIN_WIDTH`] and [`MAX_WIDTH`].
pub(crate) fn line_width() -> usize {
    let columns_variable = std::env::var("COLUMNS").ok();
    choose_width(
        columns_of(&Term::stdout()),
        columns_variable.as_deref(),
        controlling_terminal().as_ref().and_then(columns_of),
    )
}

/// Returns the width of the terminal that standard output is. If it is none, the output can be
/// shown on the terminal of the program by another program, so the width is the smaller one of the
/// variable `COLUMNS` and that terminal.
fn choose_width(
    output: Option<usize>,
    columns_variable: Option<&str>,
    controlling_terminal: Option<usize>,
) -> usize {
    let from_variable = columns_variable.and_then(|columns| columns.trim().parse().ok());
    let elsewhere =
        from_variable.filter(|columns| *columns > 0).into_iter().chain(controlling_terminal).min();
    output.or(elsewhere).unwrap_or(DEFAULT_WIDTH).clamp(MIN_WIDTH, MAX_WIDTH)
}

fn columns_of(terminal: &Term) -> Option<usize> {
    terminal.size_checked().map(|(_, columns)| columns.into())
}

/// Returns the terminal that started the program, also if its output is redirected.
#[cfg(unix)]
fn controlling_terminal() -> Option<Term> {
    let open = || std::fs::File::options().read(true).write(true).open("/dev/tty").ok();
    Some(Term::read_write_pair(open()?, open()?))
}

#[cfg(not(unix))]
fn controlling_terminal() -> Option<Term> {
    None
}

/// Wraps text into lines of at most `width` columns, at spaces where possible. The first line
/// begins with `first`. Every other line begins with `next`, also after a line end in the text.
pub(crate) fn wrap_text(text: &str, first: &str, next: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for paragraph in text.split('\n').map(to_printable) {
        let mut line = if lines.is_empty() { first.to_owned() } else { next.to_owned() };
        let (mut columns, mut empty) = (display_width(&line), true);
        for word in paragraph.split_inclusive(char::is_whitespace) {
            if columns + display_width(word.trim_end()) > width && !empty {
                lines.push(line.trim_end().to_owned());
                next.clone_into(&mut line);
                columns = display_width(next);
            }
            for c in word.chars() {
                let wide = max_width(c);
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
    text.chars().map(max_width).sum()
}

#[cfg(test)]
mod tests {
    use icu_properties::{
        CodePointMapData, CodePointSetData,
        props::{EastAsianWidth, Emoji},
    };

    use unicode_width::UnicodeWidthChar as _;

    use super::*;

    #[test]
    fn words_that_fit_into_a_line_are_not_split() {
        assert_eq!(
            wrap_text("the officer took the papers", QUOTE_PREFIX, QUOTE_PREFIX, 21),
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
        for width in [MIN_WIDTH, 24, 80, 100] {
            for line in wrap_text(&hostile, QUOTE_PREFIX, QUOTE_PREFIX, width) {
                assert!(
                    line.starts_with(QUOTE_PREFIX.trim_end()) && display_width(&line) <= width,
                    "{line}"
                );
            }
        }
        // Letters with a width of two columns.
        for line in wrap_text(&"漢字".repeat(50), QUOTE_PREFIX, QUOTE_PREFIX, 25) {
            assert!(display_width(&line) <= 25, "{line}");
        }
    }

    /// Returns the narrowest and the widest number of columns that a terminal can use for a row,
    /// from its start: terminals differ in ambiguous, invisible and new characters, and tabs move
    /// to the next multiple of eight.
    fn possible_widths(row: &str) -> [usize; 2] {
        let width_class = CodePointMapData::<EastAsianWidth>::new();
        let emoji = CodePointSetData::new::<Emoji>();
        let next_tab_stop = |columns: usize| (columns / 8 + 1) * 8;
        let mut widths = [0, 0];
        for c in row.chars() {
            let counted = c.width().unwrap_or(0);
            let two = matches!(
                width_class.get(c),
                EastAsianWidth::Ambiguous | EastAsianWidth::Wide | EastAsianWidth::Fullwidth
            ) || emoji.contains(c) && !c.is_ascii();
            widths = match c {
                '\t' => widths.map(next_tab_stop),
                _ => [widths[0] + counted, widths[1] + counted.max(if two { 2 } else { 1 })],
            };
        }
        widths
    }

    fn assert_rows_fit(text: &str, width: usize) {
        for row in wrap_text(text, QUOTE_PREFIX, QUOTE_PREFIX, width) {
            assert!(row.starts_with(QUOTE_PREFIX.trim_end()), "{row:?}");
            let [narrow, wide] = possible_widths(&row);
            assert!(narrow <= width && wide <= width, "{narrow} or {wide} of {width}: {row:?}");
        }
    }

    #[test]
    fn no_character_at_any_position_makes_a_row_wider_than_the_terminal() {
        for c in '\0'..=char::MAX {
            // Characters of an unknown width are removed or replaced, and tested below.
            if c == '\n' || ["", "\u{fffd}"].contains(&&*to_printable(c.encode_utf8(&mut [0; 4]))) {
                continue;
            }
            for text in [format!("{c}{c}{c}ALARM"), format!("x{c}x{c} ALARM")] {
                assert_rows_fit(&text, MIN_WIDTH);
            }
        }
        for unknown in ['\0', '\u{ad}', '\u{605}', '\u{3164}', '\u{fffd}', '\u{e000}'] {
            assert_rows_fit(&format!("{}ALARM", String::from_iter([unknown; 8])), MIN_WIDTH);
        }
    }

    #[test]
    fn the_output_the_variable_and_limits_determine_the_line_width() {
        for (output, variable, controlling, width) in [
            (Some(70), Some("40"), Some(40), 70),
            (Some(300), None, None, MAX_WIDTH),
            (None, None, None, DEFAULT_WIDTH),
            (None, Some("wide"), None, DEFAULT_WIDTH),
            (None, Some("0"), None, DEFAULT_WIDTH),
            (None, Some("72"), None, 72),
            (None, None, Some(60), 60),
            (None, Some("90"), Some(60), 60),
            (None, Some("1"), None, MIN_WIDTH),
        ] {
            assert_eq!(choose_width(output, variable, controlling), width);
        }
    }

    #[test]
    fn a_line_of_tabs_does_not_move_text_to_the_left_margin() {
        for tabs in 0..30 {
            for width in [MIN_WIDTH, 24, 80, 100] {
                assert_rows_fit(&format!("{}x\tALARM: no grant", "\t".repeat(tabs)), width);
            }
        }
    }
}
