//! Output: results as JSON or as aligned text on standard output, alerts and errors on standard
//! error.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal, Write},
};

use serde::Serialize;
use workbench::{
    alert::{AlertSeverity, IntegrityAlert},
    terminal_text,
};

use super::line_wrap::{CONTINUATION_INDENT, INDENT, QUOTE_PREFIX, line_width, wrap_text};

/// The output of a command.
pub(crate) struct CliOutput {
    json: bool,
    colour: bool,
    colour_errors: bool,
    out: io::Stdout,
    err: io::Stderr,
}

/// The action cannot be undone and was not confirmed. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[error("not confirmed, nothing was changed: {0}")]
pub(crate) struct NotConfirmed(String);

/// Builds text for a terminal. Every text is sanitized first, and wrapped to the width of the
/// terminal.
pub(crate) struct TextBuilder {
    text: String,
    colour: bool,
    /// The width of a line, in columns.
    width: usize,
}

#[derive(Debug, Clone, Copy)]
enum TextStyle {
    Bold,
    Dim,
    Red,
    Yellow,
}

impl TextStyle {
    fn ansi_code(self) -> &'static str {
        match self {
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Red => "1;31",
            Self::Yellow => "33",
        }
    }
}

impl CliOutput {
    /// Returns the output on the standard streams. It has colours on a terminal, unless the
    /// variable `NO_COLOR` is set.
    pub(crate) fn new(json: bool) -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let (out, err) = (io::stdout(), io::stderr());
        let (colour, colour_errors) = (wanted && out.is_terminal(), wanted && err.is_terminal());
        Self { json, colour, colour_errors, out, err }
    }

    /// Returns whether the result is printed as JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Prints a result: as JSON, or as the text that `write_text` builds.
    ///
    /// # Errors
    /// Returns an error if standard output cannot be written.
    pub(crate) fn print<T: Serialize>(
        &mut self,
        value: &T,
        write_text: impl FnOnce(&T, &mut TextBuilder),
    ) -> anyhow::Result<()> {
        if self.json {
            let json = serde_json::to_string_pretty(value)?;
            writeln!(self.out, "{}", terminal_text::escape_json(&json))?;
        } else {
            let mut page = TextBuilder::new(self.colour);
            write_text(value, &mut page);
            self.out.write_all(page.text.as_bytes())?;
        }
        Ok(self.out.flush()?)
    }

    /// Prints alerts on standard error, also with `--json`.
    pub(crate) fn print_alerts(&mut self, alarms: &[IntegrityAlert]) -> anyhow::Result<()> {
        let mut page = TextBuilder::new(self.colour_errors);
        for alarm in alarms {
            let case = alarm
                .case
                .map_or_else(String::new, |case| format!("case {}: ", short_id(&case.to_string())));
            let (word, style) = match alarm.severity {
                AlertSeverity::Alarm => ("ALARM  ", TextStyle::Red),
                AlertSeverity::Notice => ("notice ", TextStyle::Yellow),
            };
            page.push_marked(word, style, &format!("{case}{}", alarm.text));
        }
        Ok(self.err.write_all(page.text.as_bytes())?)
    }

    /// Prints a hint, which is not an error, on standard error.
    pub(crate) fn hint(&mut self, text: &str) -> anyhow::Result<()> {
        Ok(writeln!(self.err, "{}", terminal_text::sanitize_multiline(text))?)
    }

    /// Prompts before an action that cannot be undone, unless it is confirmed already.
    ///
    /// # Errors
    /// Returns [`NotConfirmed`] if the answer is not `yes`, or if standard input is not a terminal.
    pub(crate) fn confirm(&mut self, what: &str, confirmed: bool) -> anyhow::Result<()> {
        if confirmed {
            return Ok(());
        }
        if !io::stdin().is_terminal() {
            return Err(NotConfirmed(what.to_owned()).into());
        }
        let mut page = TextBuilder::new(self.colour_errors);
        page.line(what);
        write!(self.err, "{}This cannot be undone. Type yes to continue: ", page.text)?;
        self.err.flush()?;
        let mut typed = String::new();
        io::stdin().read_line(&mut typed)?;
        if typed.trim().eq_ignore_ascii_case("yes") {
            Ok(())
        } else {
            Err(NotConfirmed(what.to_owned()).into())
        }
    }

    /// Prints a notice after a command that succeeded.
    pub(crate) fn print_notice(&mut self, text: &str) {
        let mut page = TextBuilder::new(self.colour_errors);
        page.push_marked("notice: ", TextStyle::Yellow, text);
        // A failure to write to standard error cannot be reported.
        let _ = self.err.write_all(page.text.as_bytes());
    }

    /// Prints the error of a failed command, and the advice for it.
    pub(crate) fn print_error(&mut self, text: &str, alarm: bool, advice: Option<&str>) {
        let mut page = TextBuilder::new(self.colour_errors);
        page.push_marked(if alarm { "ALARM: " } else { "error: " }, TextStyle::Red, text);
        if let Some(advice) = advice {
            page.line(advice);
        }
        // A failure to write to standard error cannot be reported.
        let _ = self.err.write_all(page.text.as_bytes());
    }
}

impl TextBuilder {
    fn new(colour: bool) -> Self {
        Self { text: String::new(), colour, width: line_width() }
    }

    /// Adds a line. A line that is too long continues indented.
    pub(crate) fn line(&mut self, line: &str) {
        self.push_styled(line, None);
    }

    /// Adds a line without wrapping it, because the reader copies it, such as a link.
    pub(crate) fn unbroken(&mut self, line: &str) {
        self.text.push_str(&terminal_text::sanitize_line(line));
        self.text.push('\n');
    }

    /// Adds a heading, after an empty line.
    pub(crate) fn heading(&mut self, line: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.push_styled(line, Some(TextStyle::Bold));
    }

    /// Adds a line of less importance.
    pub(crate) fn dim(&mut self, line: &str) {
        self.push_styled(line, Some(TextStyle::Dim));
    }

    /// Adds a warning.
    pub(crate) fn warn(&mut self, line: &str) {
        self.push_styled(line, Some(TextStyle::Yellow));
    }

    /// Adds an own text of several lines, indented.
    pub(crate) fn block(&mut self, text: &str) {
        self.push_wrapped(
            terminal_text::sanitize_multiline(text).trim_end_matches('\n'),
            INDENT,
            INDENT,
            None,
        );
    }

    /// Adds a text that another person wrote. Each line begins with a mark, so that none looks like
    /// output of the program.
    pub(crate) fn quote(&mut self, text: &str) {
        self.push_wrapped(
            terminal_text::sanitize_multiline(text).trim_end_matches('\n'),
            QUOTE_PREFIX,
            QUOTE_PREFIX,
            None,
        );
    }

    /// Adds lines `name  value` with aligned values.
    pub(crate) fn pairs(&mut self, pairs: &[(&str, String)]) {
        let rows: Vec<Vec<String>> =
            pairs.iter().map(|(name, value)| vec![(*name).to_owned(), value.clone()]).collect();
        self.table(&[], &rows);
    }

    /// Adds rows in aligned columns, below the heads if there are any.
    pub(crate) fn table(&mut self, heads: &[&str], rows: &[Vec<String>]) {
        let rows: Vec<Vec<String>> = rows
            .iter()
            .map(|row| row.iter().map(|cell| terminal_text::sanitize_line(cell)).collect())
            .collect();
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0).max(heads.len());
        let width = |at: usize| {
            let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count());
            cells.chain(heads.get(at).map(|head| head.chars().count())).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let padded_row = |cells: &[String]| {
            let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        if !heads.is_empty() {
            let heads: Vec<String> = heads.iter().map(ToString::to_string).collect();
            self.push_styled(&padded_row(&heads), Some(TextStyle::Dim));
        }
        for row in &rows {
            self.push_styled(&padded_row(row), None);
        }
    }

    /// Adds a coloured mark and a text after it.
    fn push_marked(&mut self, mark: &str, style: TextStyle, text: &str) {
        let before = self.text.len();
        self.push_styled(&format!("{mark}{text}"), None);
        // The line can end after the mark.
        let mark = mark.trim_end();
        if self.colour {
            let coloured = format!("\x1b[{}m{mark}\x1b[0m", style.ansi_code());
            self.text.replace_range(before..before + mark.len(), &coloured);
        }
    }

    fn push_styled(&mut self, text: &str, style: Option<TextStyle>) {
        self.push_wrapped(&terminal_text::sanitize_multiline(text), "", CONTINUATION_INDENT, style);
    }

    /// Adds a text that is already sanitized.
    fn push_wrapped(&mut self, text: &str, first: &str, next: &str, style: Option<TextStyle>) {
        let style = style.filter(|_| self.colour);
        for line in wrap_text(text, first, next, self.width) {
            let _ = match style {
                None => writeln!(self.text, "{line}"),
                Some(style) => writeln!(self.text, "\x1b[{}m{line}\x1b[0m", style.ansi_code()),
            };
        }
    }
}

/// Returns the first 8 characters of an id.
pub(crate) fn short_id(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// Returns a size for people: 1,536 is `1.5 KiB`.
pub(crate) fn format_size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 2] = [("MiB", 1024 * 1024), ("KiB", 1024)];
    match UNITS.into_iter().find(|(_, unit)| bytes >= *unit) {
        Some((name, unit)) => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
        None => format!("{bytes} B"),
    }
}

/// Returns a time as `YYYY-MM-DD hh:mm`.
pub(crate) fn format_time(at: time::OffsetDateTime) -> String {
    format!("{} {:02}:{:02}", at.date(), at.hour(), at.minute())
}
