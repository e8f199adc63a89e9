//! Rewrites the XML of office files and drawings by rules while it streams through. What no rule
//! changes is copied byte for byte. From the first malformed XML on, everything is copied unchanged
//! and reported.

mod recording_reader;
mod svg;

use std::{
    borrow::Cow,
    io::{self, BufWriter, Read, Write},
};

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

use crate::{
    formats::pseudonyms::AuthorPseudonyms,
    metadata_kind::{MetadataKind, MetadataKinds},
    rules::{self, ElementContext, ReplacementRule, TextRule},
    stream::{ParseResult, StreamRewriter},
    summary::Findings,
};
use recording_reader::RecordingReader;

/// Maximum nesting of elements.
const MAX_DEPTH: usize = 1000;
/// Bytes of an emptied part that are classified.
const INSPECT_LIMIT: usize = 64 * 1024;
/// Maximum length in bytes of a text that a rule replaces. A longer text is not a name.
const MAX_TEXT_LEN: usize = 64 * 1024;

/// Rewrites the part with this name. Returns whether anything changed. Fails if the reader or the
/// writer fails.
pub(crate) fn rewrite(
    input: &mut dyn Read,
    out: &mut dyn Write,
    pseudonyms: &mut AuthorPseudonyms,
    found: &mut Findings,
    part: &str,
) -> io::Result<bool> {
    let mut reader = Reader::from_reader(RecordingReader::new(input));
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut rewriter = XmlRewriter {
        out: BufWriter::new(out),
        pseudonyms,
        found,
        part,
        root: String::new(),
        mode: RewriteMode::BeforeRoot,
        depth: 0,
        dropped_depth: None,
        pending_text: None,
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
        let raw = reader.get_mut().take_recorded();
        let is_wide = reader.get_ref().is_utf16();
        if let Some(event) = event.filter(|_| rewriter.depth <= MAX_DEPTH) {
            rewriter.handle_event(&event, &raw, is_wide)?;
            continue;
        }
        if rewriter.abandon_rewrite(&raw)? {
            reader.into_inner().copy_rest(&mut rewriter.out)?;
        } else {
            reader.into_inner().copy_rest(&mut io::sink())?;
        }
        rewriter.out.flush()?;
        return Ok(rewriter.changed);
    }
    rewriter.finish(&reader.get_mut().take_recorded())?;
    // The parser also reports the end after an error of the reader. The remaining bytes raise it
    // again.
    reader.into_inner().copy_rest(&mut rewriter.out)?;
    rewriter.out.flush()?;
    Ok(rewriter.changed)
}

/// Copies a drawing without the data that drawing programs add.
pub(crate) fn rewrite_svg(
    stream: &mut StreamRewriter<'_>,
    found: &mut Findings,
) -> ParseResult<()> {
    let mut pseudonyms = AuthorPseudonyms::default();
    let StreamRewriter { source, sink } = stream;
    rewrite(source, sink, &mut pseudonyms, found, "")?;
    Ok(())
}

/// How a part is rewritten. Its root element decides.
enum RewriteMode {
    /// The root element has not been read yet.
    BeforeRoot,
    /// Apply the rules.
    ByRules,
    /// Keep only the root. `inside` is the beginning of the removed content.
    Emptied { root: Vec<u8>, inside: Vec<u8> },
    /// Apply the rules for drawings.
    Svg,
}

/// A text whose end has not been read yet, and the rule for it.
struct PendingText {
    rule: &'static TextRule,
    raw: Vec<u8>,
    value: Vec<u8>,
}

struct XmlRewriter<'a, W: Write> {
    out: BufWriter<W>,
    pseudonyms: &'a mut AuthorPseudonyms,
    found: &'a mut Findings,
    part: &'a str,
    root: String,
    mode: RewriteMode,
    depth: usize,
    /// The depth of an element that is removed with its content.
    dropped_depth: Option<usize>,
    pending_text: Option<PendingText>,
    changed: bool,
}

impl<W: Write> XmlRewriter<'_, W> {
    fn handle_event(&mut self, event: &Event<'_>, raw: &[u8], is_wide: bool) -> io::Result<()> {
        match event {
            Event::Start(element) => {
                self.flush_text()?;
                self.depth += 1;
                self.handle_element(element, raw, false)
            }
            Event::Empty(element) => {
                self.flush_text()?;
                self.handle_element(element, raw, true)
            }
            Event::End(_) => {
                self.flush_text()?;
                let was_dropped = self.dropped_depth;
                if was_dropped == Some(self.depth) {
                    self.dropped_depth = None;
                }
                self.depth = self.depth.saturating_sub(1);
                if was_dropped.is_some() { Ok(()) } else { self.write_raw(raw) }
            }
            Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) => {
                if matches!(self.mode, RewriteMode::BeforeRoot) && !raw.trim_ascii().is_empty() {
                    // Text outside the root is not well-formed.
                    self.found.left |= MetadataKind::Other;
                }
                let Some(pending) = &mut self.pending_text else { return self.write_raw(raw) };
                if pending.raw.len() + raw.len() > MAX_TEXT_LEN {
                    return self.flush_text().and_then(|()| self.write_raw(raw));
                }
                pending.raw.extend_from_slice(raw);
                pending.value.extend_from_slice(match event {
                    Event::CData(data) => data,
                    _ => raw,
                });
                Ok(())
            }
            Event::Decl(declaration) if is_wide => {
                // UTF-16 input is written as UTF-8.
                let standalone = memchr::memmem::find(declaration, b"standalone").is_some();
                let standalone = if standalone { " standalone=\"yes\"" } else { "" };
                write!(self.out, "<?xml version=\"1.0\" encoding=\"UTF-8\"{standalone}?>")
            }
            Event::Decl(_) => self.out.write_all(raw),
            Event::Comment(_) => self.remove_markup(raw),
            Event::PI(instruction) if !instruction.starts_with(b"mso-") => self.remove_markup(raw),
            Event::DocType(_) => {
                // Entities may contain anything.
                if raw.contains(&b'[') {
                    self.found.left |= MetadataKind::Other;
                }
                self.write_raw(raw)
            }
            Event::PI(_) | Event::Eof => self.write_raw(raw),
        }
    }

    /// Writes what is not removed.
    fn write_raw(&mut self, raw: &[u8]) -> io::Result<()> {
        if self.dropped_depth.is_some() {
            return Ok(());
        }
        match &mut self.mode {
            RewriteMode::Emptied { inside, .. } => {
                let len = INSPECT_LIMIT.saturating_sub(inside.len()).min(raw.len());
                inside.extend_from_slice(&raw[..len]);
                Ok(())
            }
            _ => self.out.write_all(raw),
        }
    }

    /// Removes a comment or processing instruction.
    fn remove_markup(&mut self, raw: &[u8]) -> io::Result<()> {
        if let RewriteMode::Emptied { .. } = self.mode {
            return self.write_raw(raw);
        }
        if let Some(pending) = &mut self.pending_text {
            // The text around it may yet be retained unchanged.
            pending.raw.extend_from_slice(raw);
            return Ok(());
        }
        self.found.removed |= MetadataKinds::classify(raw);
        self.changed = true;
        Ok(())
    }

    fn handle_element(
        &mut self,
        element: &BytesStart<'_>,
        raw: &[u8],
        is_empty: bool,
    ) -> io::Result<()> {
        if self.dropped_depth.is_some() {
            return Ok(());
        }
        if matches!(self.mode, RewriteMode::BeforeRoot) {
            self.classify_root(element);
            if let RewriteMode::Emptied { .. } = self.mode {
                return Ok(());
            }
        }
        match self.mode {
            RewriteMode::Emptied { .. } => self.write_raw(raw),
            RewriteMode::Svg => {
                let decision = svg::decide_element(element, self.found);
                match decision {
                    svg::ElementDecision::Keep => self.out.write_all(raw),
                    svg::ElementDecision::Rewrite(attributes) => {
                        self.changed = true;
                        write_element(&mut self.out, element, &attributes, is_empty)
                    }
                    svg::ElementDecision::Remove => {
                        self.changed = true;
                        self.found.removed |= MetadataKinds::classify(raw);
                        if !is_empty {
                            self.dropped_depth = Some(self.depth);
                        }
                        Ok(())
                    }
                }
            }
            RewriteMode::BeforeRoot | RewriteMode::ByRules => {
                self.apply_rules(element, raw, is_empty)
            }
        }
    }

    /// Chooses the mode by the root element.
    fn classify_root(&mut self, root: &BytesStart<'_>) {
        let rules = &rules::builtin().package;
        let name = String::from_utf8_lossy(root.local_name().as_ref()).into_owned();
        self.mode = RewriteMode::ByRules;
        if rules.is_signature(&name) {
            self.found.record_signature();
        } else if rules.is_emptied(&name, self.part) {
            let (reduced, is_complete) = reduced_root(root);
            self.changed |= !is_complete;
            self.mode = RewriteMode::Emptied { root: reduced, inside: Vec::new() };
        } else if name == "svg" {
            self.mode = RewriteMode::Svg;
        } else if !rules.knows_root(&name) {
            self.found.left |= MetadataKind::Other;
        }
        self.root = name;
    }

    fn apply_rules(
        &mut self,
        element: &BytesStart<'_>,
        raw: &[u8],
        is_empty: bool,
    ) -> io::Result<()> {
        let rules = &rules::builtin().package;
        let local = element.local_name();
        let attributes: Result<Vec<_>, _> = element.attributes().with_checks(false).collect();
        let Ok(mut attributes) = attributes else {
            self.found.left |= MetadataKind::Other;
            return self.out.write_all(raw);
        };
        let value_of = |name: &str| {
            let found = attributes
                .iter()
                .find(|attribute| attribute.key.local_name().as_ref() == name.as_bytes());
            found.map(|attribute| attribute.value.to_vec())
        };
        let context = ElementContext {
            root: &self.root,
            local_name: local.as_ref(),
            has_no_attributes: attributes.is_empty(),
        };
        if !is_empty && let Some(rule) = rules.text_rule(&context, &value_of) {
            self.pending_text = Some(PendingText { rule, raw: Vec::new(), value: Vec::new() });
        }
        let mut replacements = Vec::new();
        for (at, attribute) in attributes.iter().enumerate() {
            let key = attribute.key.as_ref();
            if key.starts_with(b"xmlns") || attribute.value.is_empty() {
                continue;
            }
            let name = attribute.key.local_name();
            let (kind, replacement) = match rules.attribute_rule(&context, name.as_ref(), &value_of)
            {
                Some(rule) => (rule.kind, &rule.replacement),
                None if rules::is_path(&attribute.value) => {
                    (MetadataKind::Author, &ReplacementRule::NeutralPath)
                }
                None => continue,
            };
            match replacement.apply(&attribute.value, self.pseudonyms) {
                rules::ValueReplacement::Unchanged => {}
                rules::ValueReplacement::Report => self.found.left |= kind,
                rules::ValueReplacement::Text(text) => replacements.push((at, kind, text)),
            }
        }
        if replacements.is_empty() {
            return self.out.write_all(raw);
        }
        for (at, kind, text) in replacements {
            self.found.removed |= kind;
            attributes[at].value = Cow::Owned(text.into_bytes());
        }
        self.changed = true;
        write_element(&mut self.out, element, &attributes, is_empty)
    }

    /// Applies the rule to a complete text.
    fn flush_text(&mut self) -> io::Result<()> {
        let Some(PendingText { rule, raw, value }) = self.pending_text.take() else {
            return Ok(());
        };
        if value.trim_ascii().is_empty() {
            return self.out.write_all(&raw);
        }
        match rule.replacement.apply(&value, self.pseudonyms) {
            rules::ValueReplacement::Unchanged => self.out.write_all(&raw),
            rules::ValueReplacement::Report => {
                self.found.left |= rule.kind;
                self.out.write_all(&raw)
            }
            rules::ValueReplacement::Text(text) => {
                self.found.removed |= rule.kind;
                self.changed = true;
                self.out.write_all(text.as_bytes())
            }
        }
    }

    /// Ends the rewrite at malformed XML. Returns whether the rest is to be copied unchanged.
    fn abandon_rewrite(&mut self, raw: &[u8]) -> io::Result<bool> {
        self.flush_text()?;
        self.dropped_depth = None;
        if let RewriteMode::Emptied { root, inside } =
            std::mem::replace(&mut self.mode, RewriteMode::ByRules)
        {
            // The part is emptied all the same: only its root may stay. The malformed rest is
            // removed too.
            self.found.removed |= MetadataKinds::classify(&[&inside[..], raw].concat());
            self.changed = true;
            self.out.write_all(&root)?;
            return Ok(false);
        }
        self.found.left |= MetadataKind::History;
        self.found.left |= MetadataKind::Other;
        self.out.write_all(raw)?;
        Ok(true)
    }

    fn finish(&mut self, raw: &[u8]) -> io::Result<()> {
        self.flush_text()?;
        match std::mem::replace(&mut self.mode, RewriteMode::ByRules) {
            RewriteMode::Emptied { root, inside } => {
                let tail = inside.trim_ascii();
                // The end tag of the root, if there is one.
                let is_empty = tail.is_empty() || tail.starts_with(b"</");
                if !is_empty {
                    self.found.removed |= MetadataKinds::classify(&inside);
                    self.changed = true;
                } else if self.changed {
                    self.found.removed |= MetadataKind::Other;
                }
                self.out.write_all(&root)
            }
            RewriteMode::BeforeRoot | RewriteMode::ByRules | RewriteMode::Svg => {
                self.out.write_all(raw)
            }
        }
    }
}

/// Returns the root element with only its namespaces and version, and whether it had nothing else.
fn reduced_root(root: &BytesStart<'_>) -> (Vec<u8>, bool) {
    let mut reduced = [&b"<"[..], root.name().as_ref()].concat();
    let mut is_complete = true;
    for attribute in root.attributes().with_checks(false).flatten() {
        let key = attribute.key.as_ref();
        if key.starts_with(b"xmlns") || attribute.key.local_name().as_ref() == b"version" {
            write_attribute(&mut reduced, key, &attribute.value);
        } else {
            is_complete = false;
        }
    }
    reduced.extend_from_slice(b"/>");
    (reduced, is_complete)
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
