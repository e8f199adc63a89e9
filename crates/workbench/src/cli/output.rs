//! What appears: JSON or aligned words on standard output, everything that is wrong on standard
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

/// Where commands write.
pub(crate) struct CliOutput {
    json: bool,
    colour: bool,
    colour_errors: bool,
    /// In JSON the alarms stand in the answer; on standard error they would come twice.
    out: io::Stdout,
    err: io::Stderr,
}

/// Nothing was done, because it cannot be undone and was not confirmed.
#[derive(Debug, thiserror::Error)]
#[error("nothing was done, because it was not confirmed. {0}")]
pub(crate) struct NotConfirmed(String);

/// Text being laid out. Everything that is put in is made safe for a terminal first, and broken
/// into lines here.
pub(crate) struct TextBuilder {
    text: String,
    colour: bool,
    /// Of a line, in columns.
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
    /// Colours only where there is a terminal, and nobody asked for none.
    pub(crate) fn new(json: bool) -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let (out, err) = (io::stdout(), io::stderr());
        let (colour, colour_errors) = (wanted && out.is_terminal(), wanted && err.is_terminal());
        Self { json, colour, colour_errors, out, err }
    }

    /// Is a program reading?
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Shows an answer: as JSON, or laid out by `lay`.
    pub(crate) fn print<T: Serialize>(
        &mut self,
        value: &T,
        lay: impl FnOnce(&T, &mut TextBuilder),
    ) -> anyhow::Result<()> {
        if self.json {
            let json = serde_json::to_string_pretty(value)?;
            writeln!(self.out, "{}", terminal_text::escape_json(&json))?;
        } else {
            let mut page = TextBuilder::new(self.colour);
            lay(value, &mut page);
            self.out.write_all(page.text.as_bytes())?;
        }
        Ok(self.out.flush()?)
    }

    /// Says alarms and notices aloud, on standard error.
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

    /// A sentence on standard error that is no failure.
    pub(crate) fn hint(&mut self, text: &str) -> anyhow::Result<()> {
        Ok(writeln!(self.err, "{}", terminal_text::sanitize_multiline(text))?)
    }

    /// Asks before something that cannot be undone, unless it is confirmed already. Without a
    /// terminal nobody can be asked.
    ///
    /// # Errors
    /// [`NotConfirmed`] if it is not confirmed.
    pub(crate) fn confirm(&mut self, what: &str, confirmed: bool) -> anyhow::Result<()> {
        if confirmed {
            return Ok(());
        }
        if !io::stdin().is_terminal() {
            return Err(NotConfirmed(what.to_owned()).into());
        }
        write!(
            self.err,
            "{}\nThis cannot be undone. Type yes to go on: ",
            terminal_text::sanitize_multiline(what)
        )?;
        self.err.flush()?;
        let mut typed = String::new();
        io::stdin().read_line(&mut typed)?;
        if typed.trim().eq_ignore_ascii_case("yes") {
            Ok(())
        } else {
            Err(NotConfirmed(what.to_owned()).into())
        }
    }

    /// The last words of a command that did what it should, about something else.
    pub(crate) fn print_notice(&mut self, text: &str) {
        let mut page = TextBuilder::new(self.colour_errors);
        page.push_marked("notice: ", TextStyle::Yellow, text);
        // Nothing is left to be done when standard error is gone.
        let _ = self.err.write_all(page.text.as_bytes());
    }

    /// The last words of a failed command.
    pub(crate) fn print_error(&mut self, text: &str, alarm: bool, advice: Option<&str>) {
        let mut page = TextBuilder::new(self.colour_errors);
        page.push_marked(if alarm { "ALARM: " } else { "error: " }, TextStyle::Red, text);
        if let Some(advice) = advice {
            page.line(advice);
        }
        // Nothing is left to be done when standard error is gone.
        let _ = self.err.write_all(page.text.as_bytes());
    }
}

impl TextBuilder {
    fn new(colour: bool) -> Self {
        Self { text: String::new(), colour, width: line_width() }
    }

    /// One line, which goes on indented where it is too long.
    pub(crate) fn line(&mut self, line: &str) {
        self.push_styled(line, None);
    }

    /// One line that is copied from the screen, such as a link: it is never broken here.
    pub(crate) fn unbroken(&mut self, line: &str) {
        self.text.push_str(&terminal_text::sanitize_line(line));
        self.text.push('\n');
    }

    /// A heading with an empty line before it.
    pub(crate) fn heading(&mut self, line: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.push_styled(line, Some(TextStyle::Bold));
    }

    /// Less important.
    pub(crate) fn dim(&mut self, line: &str) {
        self.push_styled(line, Some(TextStyle::Dim));
    }

    /// To be seen.
    pub(crate) fn warn(&mut self, line: &str) {
        self.push_styled(line, Some(TextStyle::Yellow));
    }

    /// The program's own text of several lines, indented.
    pub(crate) fn block(&mut self, text: &str) {
        self.push_wrapped(
            terminal_text::sanitize_multiline(text).trim_end_matches('\n'),
            INDENT,
            INDENT,
            None,
        );
    }

    /// A text that another person wrote. Each of its lines begins with a mark, so that none can be
    /// taken for one of the program.
    pub(crate) fn quote(&mut self, text: &str) {
        self.push_wrapped(
            terminal_text::sanitize_multiline(text).trim_end_matches('\n'),
            QUOTE_PREFIX,
            QUOTE_PREFIX,
            None,
        );
    }

    /// `name   value`, aligned.
    pub(crate) fn pairs(&mut self, pairs: &[(&str, String)]) {
        let rows: Vec<Vec<String>> =
            pairs.iter().map(|(name, value)| vec![(*name).to_owned(), value.clone()]).collect();
        self.table(&[], &rows);
    }

    /// Rows in aligned columns, under heads if there are any.
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
        let lay = |cells: &[String]| {
            let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        if !heads.is_empty() {
            let heads: Vec<String> = heads.iter().map(ToString::to_string).collect();
            self.push_styled(&lay(&heads), Some(TextStyle::Dim));
        }
        for row in &rows {
            self.push_styled(&lay(row), None);
        }
    }

    /// A word in colour, and a text behind it.
    fn push_marked(&mut self, mark: &str, style: TextStyle, text: &str) {
        let before = self.text.len();
        self.push_styled(&format!("{mark}{text}"), None);
        if self.colour {
            let coloured = format!("\x1b[{}m{mark}\x1b[0m", style.ansi_code());
            self.text.replace_range(before..before + mark.len(), &coloured);
        }
    }

    fn push_styled(&mut self, text: &str, style: Option<TextStyle>) {
        self.push_wrapped(&terminal_text::sanitize_multiline(text), "", CONTINUATION_INDENT, style);
    }

    /// Text that is safe for a terminal already.
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

/// The beginning of an id, enough to tell a queue's cases apart.
pub(crate) fn short_id(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// 1,536 → `1.5 KiB`.
pub(crate) fn format_size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 2] = [("MiB", 1024 * 1024), ("KiB", 1024)];
    match UNITS.into_iter().find(|(_, unit)| bytes >= *unit) {
        Some((name, unit)) => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
        None => format!("{bytes} B"),
    }
}

/// `now` as people write it.
pub(crate) fn format_time(at: time::OffsetDateTime) -> String {
    format!("{} {:02}:{:02}", at.date(), at.hour(), at.minute())
}
