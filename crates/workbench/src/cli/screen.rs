//! What appears: JSON or aligned words on standard output, everything that is wrong on standard error.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal, Write},
};

use serde::Serialize;
use workbench::{
    alarm::{Alarm, Severity},
    text,
};

/// Where commands write.
pub(crate) struct Screen {
    json: bool,
    colour: bool,
    colour_errors: bool,
    /// In JSON the alarms stand in the answer; on standard error they would come twice.
    out: io::Stdout,
    err: io::Stderr,
}

/// Text being laid out. Everything that is put in is made safe for a terminal first.
pub(crate) struct Page {
    text: String,
    colour: bool,
}

#[derive(Debug, Clone, Copy)]
enum Style {
    Bold,
    Dim,
    Red,
    Yellow,
}

impl Screen {
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
    pub(crate) fn show<T: Serialize>(
        &mut self,
        value: &T,
        lay: impl FnOnce(&T, &mut Page),
    ) -> anyhow::Result<()> {
        if self.json {
            let json = serde_json::to_string_pretty(value)?;
            writeln!(self.out, "{}", text::json(&json))?;
        } else {
            let mut page = Page { text: String::new(), colour: self.colour };
            lay(value, &mut page);
            self.out.write_all(page.text.as_bytes())?;
        }
        Ok(self.out.flush()?)
    }

    /// Says alarms and notices aloud, on standard error.
    pub(crate) fn alarms(&mut self, alarms: &[Alarm]) -> anyhow::Result<()> {
        let mut page = Page { text: String::new(), colour: self.colour_errors };
        for alarm in alarms {
            let case =
                alarm.case.map_or_else(String::new, |case| format!("case {}: ", short(&case.to_string())));
            let (word, style) = match alarm.severity {
                Severity::Alarm => ("ALARM  ", Style::Red),
                Severity::Notice => ("notice ", Style::Yellow),
            };
            page.put(word, Some(style));
            page.line(&format!("{case}{}", alarm.text));
        }
        Ok(self.err.write_all(page.text.as_bytes())?)
    }

    /// A sentence on standard error that is no failure.
    pub(crate) fn advise(&mut self, text: &str) -> anyhow::Result<()> {
        Ok(writeln!(self.err, "{}", text::lines(text))?)
    }

    /// The last words of a failed command.
    pub(crate) fn error(&mut self, text: &str, alarm: bool, advice: Option<&str>) {
        let mut page = Page { text: String::new(), colour: self.colour_errors };
        page.put(if alarm { "ALARM: " } else { "error: " }, Some(Style::Red));
        page.line(text);
        if let Some(advice) = advice {
            page.line(advice);
        }
        // Nothing is left to be done when standard error is gone.
        let _ = self.err.write_all(page.text.as_bytes());
    }
}

impl Page {
    /// One line.
    pub(crate) fn line(&mut self, line: &str) {
        self.put(line, None);
        self.text.push('\n');
    }

    /// A heading with an empty line before it.
    pub(crate) fn heading(&mut self, line: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.put(line, Some(Style::Bold));
        self.text.push('\n');
    }

    /// Less important.
    pub(crate) fn dim(&mut self, line: &str) {
        self.put(line, Some(Style::Dim));
        self.text.push('\n');
    }

    /// To be seen.
    pub(crate) fn warn(&mut self, line: &str) {
        self.put(line, Some(Style::Yellow));
        self.text.push('\n');
    }

    /// Text of several lines, indented.
    pub(crate) fn block(&mut self, text: &str) {
        for line in text::lines(text).lines() {
            let _ = writeln!(self.text, "  {line}");
        }
    }

    /// `name   value`, aligned.
    pub(crate) fn pairs(&mut self, pairs: &[(&str, String)]) {
        let rows: Vec<Vec<String>> =
            pairs.iter().map(|(name, value)| vec![(*name).to_owned(), value.clone()]).collect();
        self.table(&[], &rows);
    }

    /// Rows in aligned columns, under heads if there are any.
    pub(crate) fn table(&mut self, heads: &[&str], rows: &[Vec<String>]) {
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|cell| text::line(cell)).collect()).collect();
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
            self.put(&lay(&heads), Some(Style::Dim));
            self.text.push('\n');
        }
        for row in &rows {
            let _ = writeln!(self.text, "{}", lay(row));
        }
    }

    fn put(&mut self, text: &str, style: Option<Style>) {
        let text = text::lines(text);
        let code = match style.filter(|_| self.colour) {
            None => return self.text.push_str(&text),
            Some(Style::Bold) => "1",
            Some(Style::Dim) => "2",
            Some(Style::Red) => "1;31",
            Some(Style::Yellow) => "33",
        };
        let _ = write!(self.text, "\x1b[{code}m{text}\x1b[0m");
    }
}

/// The beginning of an id, enough to tell a queue's cases apart.
pub(crate) fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// 1,536 → `1.5 KiB`.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 2] = [("MiB", 1024 * 1024), ("KiB", 1024)];
    match UNITS.into_iter().find(|(_, unit)| bytes >= *unit) {
        Some((name, unit)) => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
        None => format!("{bytes} B"),
    }
}

/// `now` as people write it.
pub(crate) fn when(at: time::OffsetDateTime) -> String {
    format!("{} {:02}:{:02}", at.date(), at.hour(), at.minute())
}
