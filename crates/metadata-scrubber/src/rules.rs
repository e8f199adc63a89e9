//! The scrubbing rules as data (`rules.json`), shared with the browser's script.

mod package;

use std::{collections::BTreeMap, sync::LazyLock};

use memchr::memmem::Finder;
use serde::Deserialize;

use crate::metadata_kind::MetadataKind;

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

/// Words that show what kind of metadata a block holds.
#[derive(Deserialize)]
struct MarkerWords {
    kind: MetadataKind,
    any: Vec<String>,
}

/// A key of a PDF's document information.
#[derive(Deserialize)]
pub(crate) struct PdfKeyRule {
    pub(crate) kind: MetadataKind,
    pub(crate) key: String,
    /// The key also occurs in content. It counts only if the same dictionary has an unambiguous
    /// key.
    #[serde(default, rename = "ambiguous")]
    pub(crate) is_ambiguous: bool,
}

/// Boxes of ISO base media files: video, audio, and pictures of phones.
#[derive(Deserialize)]
pub(crate) struct BoxRules {
    pub(crate) keep: Vec<String>,
    /// Boxes whose children are processed one by one.
    pub(crate) containers: Vec<String>,
    /// Boxes inside `moov` that a video needs.
    pub(crate) movie: Vec<String>,
    /// Track handlers whose content is visible or audible.
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
    /// Returns whether the picture or audio needs this chunk.
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

/// Returns the rules in `rules.json`, parsed once.
pub(crate) fn builtin() -> &'static ScrubRules {
    static RULES: LazyLock<ScrubRules> = LazyLock::new(|| {
        let file: RulesFile = serde_json::from_str(include_str!("../rules.json"))
            .expect("every test reads the rules");
        // Each character is one byte, such as © in QuickTime, or the first bytes of a picture.
        let bytes = |word: &String| {
            Finder::new(&word.chars().map(|c| c as u8).collect::<Vec<_>>()).into_owned()
        };
        ScrubRules {
            markers: file
                .words
                .iter()
                .map(|words| (words.kind, words.any.iter().map(bytes).collect()))
                .collect(),
            pdf: file.pdf,
            boxes: file.boxes,
            package: file.package.try_into().expect("every test reads the rules"),
            riff: file.riff,
            png: file.png,
        }
    });
    &RULES
}
