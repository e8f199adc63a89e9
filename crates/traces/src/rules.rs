//! The rules that both ways of sealing share, as data: `rules.json`.

use std::{collections::BTreeMap, sync::LazyLock};

use memchr::memmem::Finder;
use serde::Deserialize;

use crate::found::Trace;

#[derive(Deserialize)]
struct Written {
    words: Vec<Words>,
    parts: Vec<Part>,
    values: Vec<Value>,
    pdf: Vec<PdfKey>,
    boxes: Boxes,
    riff: BTreeMap<String, Vec<String>>,
    png: Vec<String>,
}

/// Words that betray what a block is about.
#[derive(Deserialize)]
struct Words {
    trace: Trace,
    any: Vec<String>,
}

/// A part of an office file that says nothing but who made it, and what stands there instead.
#[derive(Deserialize)]
pub(crate) struct Part {
    #[serde(default)]
    start: Option<String>,
    #[serde(default)]
    end: Option<String>,
    pub(crate) put: String,
}

/// A value in the XML of an office file.
#[derive(Deserialize)]
pub(crate) struct Value {
    pub(crate) trace: Trace,
    pub(crate) find: String,
    pub(crate) until: char,
    pub(crate) put: String,
}

/// A key of a PDF's information.
#[derive(Deserialize)]
pub(crate) struct PdfKey {
    pub(crate) trace: Trace,
    pub(crate) key: String,
    /// Also a key of the content: only beside one that is not.
    #[serde(default)]
    pub(crate) beside: bool,
}

/// Boxes of films, sounds and pictures of phones.
#[derive(Deserialize)]
pub(crate) struct Boxes {
    pub(crate) keep: Vec<String>,
    pub(crate) enter: Vec<String>,
    pub(crate) stamped: Vec<String>,
    pub(crate) erase: Vec<String>,
}

pub(crate) struct Rules {
    pub(crate) words: Vec<(Trace, Vec<Finder<'static>>)>,
    pub(crate) parts: Vec<Part>,
    pub(crate) values: Vec<Value>,
    pub(crate) pdf: Vec<PdfKey>,
    pub(crate) boxes: Boxes,
    riff: BTreeMap<String, Vec<String>>,
    png: Vec<String>,
}

impl Rules {
    /// Does the picture or sound need this chunk?
    pub(crate) fn riff_keeps(&self, form: &[u8], chunk: &[u8]) -> bool {
        let keep = std::str::from_utf8(form).ok().and_then(|form| self.riff.get(form));
        keep.is_some_and(|keep| is_among(keep, chunk))
    }

    pub(crate) fn png_keeps(&self, chunk: &[u8]) -> bool {
        is_among(&self.png, chunk)
    }

    /// The part of an office file with this name, in small letters.
    pub(crate) fn part(&self, name: &str) -> Option<&Part> {
        self.parts.iter().find(|part| {
            part.start.as_ref().is_some_and(|start| name.starts_with(start))
                || part.end.as_ref().is_some_and(|end| name == end)
        })
    }
}

pub(crate) fn is_among(names: &[String], name: &[u8]) -> bool {
    names.iter().any(|one| one.as_bytes() == name)
}

/// The rules.
pub(crate) fn get() -> &'static Rules {
    static RULES: LazyLock<Rules> = LazyLock::new(|| {
        let written: Written =
            serde_json::from_str(include_str!("../rules.json")).expect("every test reads the rules");
        // Each letter is a byte: © of QuickTime, and the beginning of a picture.
        let bytes =
            |word: &String| Finder::new(&word.chars().map(|c| c as u8).collect::<Vec<_>>()).into_owned();
        Rules {
            words: written
                .words
                .iter()
                .map(|words| (words.trace, words.any.iter().map(bytes).collect()))
                .collect(),
            parts: written.parts,
            values: written.values,
            pdf: written.pdf,
            boxes: written.boxes,
            riff: written.riff,
            png: written.png,
        }
    });
    &RULES
}
