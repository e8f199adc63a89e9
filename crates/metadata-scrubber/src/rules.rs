//! The rules that both ways of sealing share, as data: `rules.json`.

mod package;

use std::{collections::BTreeMap, sync::LazyLock};

use memchr::memmem::Finder;
use serde::Deserialize;

use crate::summary::MetadataKind;

pub(crate) use package::{
    ElementContext, PackageRules, ReplacementRule, TextRule, ValueReplacement, is_path,
};

#[derive(Deserialize)]
struct RulesFile {
    words: Vec<MarkerWords>,
    pdf: Vec<PdfKeyRule>,
    boxes: BoxRules,
    riff: BTreeMap<String, Vec<String>>,
    png: Vec<String>,
    package: serde_json::Value,
}

/// Words that betray what a block is about.
#[derive(Deserialize)]
struct MarkerWords {
    trace: MetadataKind,
    any: Vec<String>,
}

/// A key of a PDF's information.
#[derive(Deserialize)]
pub(crate) struct PdfKeyRule {
    pub(crate) trace: MetadataKind,
    pub(crate) key: String,
    /// Also a key of the content: only beside one that is not.
    #[serde(default)]
    pub(crate) beside: bool,
}

/// Boxes of films, sounds and pictures of phones.
#[derive(Deserialize)]
pub(crate) struct BoxRules {
    pub(crate) keep: Vec<String>,
    /// Boxes that are entered.
    pub(crate) containers: Vec<String>,
    /// Boxes that a film needs inside them.
    pub(crate) film: Vec<String>,
    /// What a track may hold that is seen or heard.
    pub(crate) shown: Vec<String>,
    pub(crate) stamped: Vec<String>,
    pub(crate) erase: Vec<String>,
}

pub(crate) struct ScrubRules {
    pub(crate) markers: Vec<(MetadataKind, Vec<Finder<'static>>)>,
    pub(crate) pdf: Vec<PdfKeyRule>,
    pub(crate) boxes: BoxRules,
    pub(crate) package: PackageRules,
    riff: BTreeMap<String, Vec<String>>,
    png: Vec<String>,
}

impl ScrubRules {
    /// Does the picture or sound need this chunk?
    pub(crate) fn riff_keeps(&self, form: &[u8], chunk: &[u8]) -> bool {
        let keep = std::str::from_utf8(form).ok().and_then(|form| self.riff.get(form));
        keep.is_some_and(|keep| contains_name(keep, chunk))
    }

    pub(crate) fn png_keeps(&self, chunk: &[u8]) -> bool {
        contains_name(&self.png, chunk)
    }
}

pub(crate) fn contains_name(names: &[String], name: &[u8]) -> bool {
    names.iter().any(|one| one.as_bytes() == name)
}

/// The rules.
pub(crate) fn builtin() -> &'static ScrubRules {
    static RULES: LazyLock<ScrubRules> = LazyLock::new(|| {
        let written: RulesFile = serde_json::from_str(include_str!("../rules.json"))
            .expect("every test reads the rules");
        // Each letter is a byte: © of QuickTime, and the beginning of a picture.
        let bytes = |word: &String| {
            Finder::new(&word.chars().map(|c| c as u8).collect::<Vec<_>>()).into_owned()
        };
        ScrubRules {
            markers: written
                .words
                .iter()
                .map(|words| (words.trace, words.any.iter().map(bytes).collect()))
                .collect(),
            pdf: written.pdf,
            boxes: written.boxes,
            package: written.package.try_into().expect("every test reads the rules"),
            riff: written.riff,
            png: written.png,
        }
    });
    &RULES
}
