//! The XML of office files and drawings, rewritten by rules while it streams by. What no rule touches goes on byte for byte; from a
//! place on that is no XML, everything does, and is told.

mod svg;
mod tap;

use std::{
    borrow::Cow,
    io::{self, BufWriter, Read, Write},
};

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

use crate::{
    found::{Found, Trace, Traces},
    names::Names,
    pipe::{Pipe, Step},
    rules::{self, Element, Put, Text},
};
use tap::Tap;

/// Elements inside one another, at most.
const DEEPEST: usize = 1000;
/// Of the content of a part that is emptied, so much is looked into.
const LOOKED_AT: usize = 64 * 1024;
/// A text that is longer is no name.
const LONGEST_NAME: usize = 64 * 1024;

/// Rewrites a part with this name. Returns whether anything was changed. Fails when the reader or the writer fails.
pub(crate) fn rewrite(
    plain: &mut dyn Read,
    out: &mut dyn Write,
    names: &mut Names,
    found: &mut Found,
    part: &str,
) -> io::Result<bool> {
    let mut reader = Reader::from_reader(Tap::new(plain));
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut rewriter = Rewriter {
        out: BufWriter::new(out),
        names,
        found,
        part,
        root: String::new(),
        mode: Mode::Before,
        depth: 0,
        dropped: None,
        awaited: None,
        changed: false,
    };
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let event = match reader.read_event_into(&mut buffer) {
            Ok(Event::Eof) => break,
            Ok(event) => Some(event),
            Err(_) => None,
        };
        let raw = reader.get_mut().taken();
        let is_wide = reader.get_ref().is_wide();
        if let Some(event) = event.filter(|_| rewriter.depth <= DEEPEST) {
            rewriter.event(&event, &raw, is_wide)?;
            continue;
        }
        if rewriter.give_up(&raw)? {
            reader.into_inner().pass_rest(&mut rewriter.out)?;
        } else {
            reader.into_inner().pass_rest(&mut io::sink())?;
        }
        rewriter.out.flush()?;
        return Ok(rewriter.changed);
    }
    rewriter.end(&reader.get_mut().taken())?;
    // An error of the reader ends the events too.
    reader.into_inner().pass_rest(&mut rewriter.out)?;
    rewriter.out.flush()?;
    Ok(rewriter.changed)
}

/// Gives a drawing on without what drawing programs add.
pub(crate) fn drawing(pipe: &mut Pipe<'_>, found: &mut Found) -> Step<()> {
    let mut names = Names::default();
    let Pipe { from, to } = pipe;
    rewrite(from, to, &mut names, found, "")?;
    Ok(())
}

/// How a part is treated; its root says so.
enum Mode {
    /// The root has not come.
    Before,
    /// By the rules.
    Rules,
    /// Nothing of it stays but its root; what was in it so far.
    Emptied { root: Vec<u8>, inside: Vec<u8> },
    /// As a drawing.
    Drawing,
}

/// A text that a rule is about.
struct Awaited {
    rule: &'static Text,
    raw: Vec<u8>,
    value: Vec<u8>,
}

struct Rewriter<'a, W: Write> {
    out: BufWriter<W>,
    names: &'a mut Names,
    found: &'a mut Found,
    part: &'a str,
    root: String,
    mode: Mode,
    depth: usize,
    /// The depth of an element that is left out with all that is in it.
    dropped: Option<usize>,
    awaited: Option<Awaited>,
    changed: bool,
}

impl<W: Write> Rewriter<'_, W> {
    fn event(&mut self, event: &Event<'_>, raw: &[u8], is_wide: bool) -> io::Result<()> {
        match event {
            Event::Start(element) => {
                self.flush_text()?;
                self.depth += 1;
                self.element(element, raw, false)
            }
            Event::Empty(element) => {
                self.flush_text()?;
                self.element(element, raw, true)
            }
            Event::End(_) => {
                self.flush_text()?;
                let was_dropped = self.dropped;
                if was_dropped == Some(self.depth) {
                    self.dropped = None;
                }
                self.depth = self.depth.saturating_sub(1);
                if was_dropped.is_some() { Ok(()) } else { self.pass(raw) }
            }
            Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) => {
                if matches!(self.mode, Mode::Before) && !raw.trim_ascii().is_empty() {
                    // Words without a root are no XML.
                    self.found.left |= Trace::Other;
                }
                let Some(awaited) = &mut self.awaited else { return self.pass(raw) };
                if awaited.raw.len() + raw.len() > LONGEST_NAME {
                    return self.flush_text().and_then(|()| self.pass(raw));
                }
                awaited.raw.extend_from_slice(raw);
                awaited.value.extend_from_slice(match event {
                    Event::CData(data) => data,
                    _ => raw,
                });
                Ok(())
            }
            Event::Decl(declaration) if is_wide => {
                // What comes in UTF-16 goes on in UTF-8.
                let alone = memchr::memmem::find(declaration, b"standalone").is_some();
                let alone = if alone { " standalone=\"yes\"" } else { "" };
                write!(self.out, "<?xml version=\"1.0\" encoding=\"UTF-8\"{alone}?>")
            }
            Event::Decl(_) => self.out.write_all(raw),
            Event::Comment(_) => self.left_out(raw),
            Event::PI(instruction) if !instruction.starts_with(b"mso-") => self.left_out(raw),
            Event::DocType(_) => {
                // Entities may hold anything.
                if raw.contains(&b'[') {
                    self.found.left |= Trace::Other;
                }
                self.pass(raw)
            }
            Event::PI(_) | Event::Eof => self.pass(raw),
        }
    }

    /// Gives on what is not left out.
    fn pass(&mut self, raw: &[u8]) -> io::Result<()> {
        if self.dropped.is_some() {
            return Ok(());
        }
        match &mut self.mode {
            Mode::Emptied { inside, .. } => {
                let most = LOOKED_AT.saturating_sub(inside.len()).min(raw.len());
                inside.extend_from_slice(&raw[..most]);
                Ok(())
            }
            _ => self.out.write_all(raw),
        }
    }

    /// A remark that is no content.
    fn left_out(&mut self, raw: &[u8]) -> io::Result<()> {
        if let Mode::Emptied { .. } = self.mode {
            return self.pass(raw);
        }
        if let Some(awaited) = &mut self.awaited {
            // Within a text that may yet stay as it is.
            awaited.raw.extend_from_slice(raw);
            return Ok(());
        }
        self.found.removed |= Traces::told_by(raw);
        self.changed = true;
        Ok(())
    }

    fn element(&mut self, element: &BytesStart<'_>, raw: &[u8], is_empty: bool) -> io::Result<()> {
        if self.dropped.is_some() {
            return Ok(());
        }
        if matches!(self.mode, Mode::Before) {
            self.begin(element);
            if let Mode::Emptied { .. } = self.mode {
                return Ok(());
            }
        }
        match self.mode {
            Mode::Emptied { .. } => self.pass(raw),
            Mode::Drawing => {
                let verdict = svg::judge(element, self.found);
                match verdict {
                    svg::Verdict::Stays => self.out.write_all(raw),
                    svg::Verdict::Becomes(attributes) => {
                        self.changed = true;
                        write_element(&mut self.out, element, &attributes, is_empty)
                    }
                    svg::Verdict::Goes => {
                        self.changed = true;
                        self.found.removed |= Traces::told_by(raw);
                        if !is_empty {
                            self.dropped = Some(self.depth);
                        }
                        Ok(())
                    }
                }
            }
            Mode::Before | Mode::Rules => self.by_rules(element, raw, is_empty),
        }
    }

    /// The root says what the part is.
    fn begin(&mut self, root: &BytesStart<'_>) {
        let rules = &rules::get().package;
        let name = String::from_utf8_lossy(root.local_name().as_ref()).into_owned();
        self.mode = Mode::Rules;
        if rules.is_signature(&name) {
            self.found.sign();
        } else if rules.is_emptied(&name, self.part) {
            let (reduced, all) = reduced_root(root);
            self.changed |= !all;
            self.mode = Mode::Emptied { root: reduced, inside: Vec::new() };
        } else if name == "svg" {
            self.mode = Mode::Drawing;
        } else if !rules.knows_root(&name) {
            self.found.left |= Trace::Other;
        }
        self.root = name;
    }

    fn by_rules(&mut self, element: &BytesStart<'_>, raw: &[u8], is_empty: bool) -> io::Result<()> {
        let rules = &rules::get().package;
        let local = element.local_name();
        let attributes: Result<Vec<_>, _> = element.attributes().with_checks(false).collect();
        let Ok(mut attributes) = attributes else {
            self.found.left |= Trace::Other;
            return self.out.write_all(raw);
        };
        let owned = |name: &str| {
            let found = attributes.iter().find(|one| one.key.local_name().as_ref() == name.as_bytes());
            found.map(|one| one.value.to_vec())
        };
        let place = Element { root: &self.root, local: local.as_ref(), is_bare: attributes.is_empty() };
        if !is_empty && let Some(rule) = rules.text(&place, &owned) {
            self.awaited = Some(Awaited { rule, raw: Vec::new(), value: Vec::new() });
        }
        let mut puts = Vec::new();
        for (at, attribute) in attributes.iter().enumerate() {
            let key = attribute.key.as_ref();
            if key.starts_with(b"xmlns") || attribute.value.is_empty() {
                continue;
            }
            let name = attribute.key.local_name();
            let (trace, put) = match rules.attribute(&place, name.as_ref(), &owned) {
                Some(rule) => (rule.trace, &rule.put),
                None if rules::is_path(&attribute.value) => (Trace::Author, &Put::Path),
                None => continue,
            };
            match put.instead_of(&attribute.value, self.names) {
                rules::Instead::Itself => {}
                rules::Instead::Told => self.found.left |= trace,
                rules::Instead::This(text) => puts.push((at, trace, text)),
            }
        }
        if puts.is_empty() {
            return self.out.write_all(raw);
        }
        for (at, trace, text) in puts {
            self.found.removed |= trace;
            attributes[at].value = Cow::Owned(text.into_bytes());
        }
        self.changed = true;
        write_element(&mut self.out, element, &attributes, is_empty)
    }

    /// The text that a rule is about is all there.
    fn flush_text(&mut self) -> io::Result<()> {
        let Some(Awaited { rule, raw, value }) = self.awaited.take() else { return Ok(()) };
        if value.trim_ascii().is_empty() {
            return self.out.write_all(&raw);
        }
        match rule.put.instead_of(&value, self.names) {
            rules::Instead::Itself => self.out.write_all(&raw),
            rules::Instead::Told => {
                self.found.left |= rule.trace;
                self.out.write_all(&raw)
            }
            rules::Instead::This(text) => {
                self.found.removed |= rule.trace;
                self.changed = true;
                self.out.write_all(text.as_bytes())
            }
        }
    }

    /// From here on it is no XML. Returns whether the rest of it is to go on as it came.
    fn give_up(&mut self, raw: &[u8]) -> io::Result<bool> {
        self.flush_text()?;
        self.dropped = None;
        if let Mode::Emptied { root, inside } = std::mem::replace(&mut self.mode, Mode::Rules) {
            // It is emptied all the same: its root is all that may stay. What broke off goes with it.
            self.found.removed |= Traces::told_by(&[&inside[..], raw].concat());
            self.changed = true;
            self.out.write_all(&root)?;
            return Ok(false);
        }
        self.found.left |= Trace::History;
        self.found.left |= Trace::Other;
        self.out.write_all(raw)?;
        Ok(true)
    }

    fn end(&mut self, raw: &[u8]) -> io::Result<()> {
        self.flush_text()?;
        match std::mem::replace(&mut self.mode, Mode::Rules) {
            Mode::Emptied { root, inside } => {
                let tail = inside.trim_ascii();
                // The end of the root, where it has one.
                let is_empty = tail.is_empty() || tail.starts_with(b"</");
                if !is_empty {
                    self.found.removed |= Traces::told_by(&inside);
                    self.changed = true;
                } else if self.changed {
                    self.found.removed |= Trace::Other;
                }
                self.out.write_all(&root)
            }
            Mode::Before | Mode::Rules | Mode::Drawing => self.out.write_all(raw),
        }
    }
}

/// The root with its namespaces and version, and whether that is all it has.
fn reduced_root(root: &BytesStart<'_>) -> (Vec<u8>, bool) {
    let mut reduced = [&b"<"[..], root.name().as_ref()].concat();
    let mut all = true;
    for attribute in root.attributes().with_checks(false).flatten() {
        let key = attribute.key.as_ref();
        if key.starts_with(b"xmlns") || attribute.key.local_name().as_ref() == b"version" {
            write_attribute(&mut reduced, key, &attribute.value);
        } else {
            all = false;
        }
    }
    reduced.extend_from_slice(b"/>");
    (reduced, all)
}

fn write_attribute(out: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    let quote = if value.contains(&b'"') { b"'" } else { b"\"" };
    out.extend([b" ", key, b"=", quote, value, quote].concat());
}

fn write_element(
    out: &mut impl Write,
    element: &BytesStart<'_>,
    attributes: &[quick_xml::events::attributes::Attribute<'_>],
    is_empty: bool,
) -> io::Result<()> {
    let mut written = [&b"<"[..], element.name().as_ref()].concat();
    for attribute in attributes {
        write_attribute(&mut written, attribute.key.as_ref(), &attribute.value);
    }
    written.extend_from_slice(if is_empty { b"/>" } else { b">" });
    out.write_all(&written)
}
