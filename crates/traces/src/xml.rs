//! Names in the XML of office files, taken out while it streams by. Nothing is parsed: a value is what stands between two known signs.

use std::io::{self, Write};

use memchr::memchr;

use crate::{found::Traces, rules::Value};

/// What is longer than this is no name.
const LONGEST: usize = 4096;
/// Longer than what any rule looks for.
const LONGEST_FIND: usize = 64;

pub(crate) struct Rewriter<'r> {
    /// By the first byte of what they look for.
    rules: Vec<(u8, Vec<&'r Value>)>,
    held: Vec<u8>,
    pub(crate) found: Traces,
}

impl<'r> Rewriter<'r> {
    pub(crate) fn new(values: &'r [Value]) -> Self {
        let mut rules: Vec<(u8, Vec<&Value>)> = Vec::new();
        for value in values {
            let first = value.find.as_bytes()[0];
            match rules.iter_mut().find(|(known, _)| *known == first) {
                Some((_, among)) => among.push(value),
                None => rules.push((first, vec![value])),
            }
        }
        Self { rules, held: Vec::new(), found: Traces::NONE }
    }

    pub(crate) fn push(&mut self, bytes: &[u8], out: &mut impl Write) -> io::Result<()> {
        self.held.extend_from_slice(bytes);
        self.work(false, out)
    }

    pub(crate) fn finish(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.work(true, out)
    }

    fn work(&mut self, is_last: bool, out: &mut impl Write) -> io::Result<()> {
        let until =
            if is_last { self.held.len() } else { self.held.len().saturating_sub(LONGEST + LONGEST_FIND) };
        let (mut at, mut written) = (0, 0);
        while at < until {
            let Some((value, range)) = self.value_at(at) else {
                at += 1;
                continue;
            };
            at = range.end;
            if !range.is_empty() && self.held[range.clone()] != *value.put.as_bytes() {
                self.found |= value.trace;
                out.write_all(&self.held[written..range.start])?;
                out.write_all(value.put.as_bytes())?;
                written = range.end;
            }
        }
        out.write_all(&self.held[written..at])?;
        self.held.drain(..at);
        Ok(())
    }

    fn value_at(&self, at: usize) -> Option<(&'r Value, std::ops::Range<usize>)> {
        let ahead = &self.held[at..];
        let (_, rules) = self.rules.iter().find(|(first, _)| *first == ahead[0])?;
        let value = rules.iter().find(|value| ahead.starts_with(value.find.as_bytes()))?;
        let start = at + value.find.len();
        let within = &self.held[start..self.held.len().min(start + LONGEST)];
        let len = memchr(value.until as u8, within)?;
        Some((value, start..start + len))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules;

    fn rewritten(xml: &str, piece: usize) -> (String, Traces) {
        let mut rewriter = Rewriter::new(&rules::get().values);
        let mut out = Vec::new();
        for piece in xml.as_bytes().chunks(piece) {
            rewriter.push(piece, &mut out).unwrap();
        }
        rewriter.finish(&mut out).unwrap();
        (String::from_utf8(out).unwrap(), rewriter.found)
    }

    #[test]
    fn names_go_and_words_stay_wherever_the_pieces_end() {
        let filler = "<w:t>le camion</w:t>".repeat(700);
        let with = |name: &str, date: &str| {
            format!("{filler}<w:ins w:author=\"{name}\" w:date=\"{date}\">{filler}<author>{name}</author>")
        };
        let plain = with("", "2000-01-01T00:00:00Z");
        for piece in [1, 7, 4096, 100_000] {
            let (found, traces) = rewritten(&with("Awa Traoré", "2026-03-12T10:15:00Z"), piece);
            assert_eq!(found, plain);
            assert!(!traces.is_empty());
            assert_eq!(rewritten(&plain, piece), (plain.clone(), Traces::NONE));
        }
    }

    #[test]
    fn what_never_ends_is_no_name() {
        let endless = format!("<w:ins w:author=\"{}", "x".repeat(9000));
        assert_eq!(rewritten(&endless, 1000), (endless.clone(), Traces::NONE));
    }
}
