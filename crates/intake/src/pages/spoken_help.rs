//! Spoken help: the texts that can have a clip, and the audio packs that pages offer.
//!
//! A clip has the key of its text: that of `intake.ftl`, or the path in `taxonomy.toml`, such as
//! `questions.place.label`. The script finds the texts of a page by the attribute `data-clip`, or
//! by the ids of questions and the values of options (`clip_keys.ts`).

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use protocol::Hash;
use taxonomy::Taxonomy;
use web::Locale;

use super::Pages;
use crate::{
    audio::AudioPack,
    precompressed::{NOT_STORED, Precompressed},
};

/// The keys of `intake.ftl` whose texts can have a clip. Templates name them in `data-clip`, and
/// the script adds those of its own sentences about sealing.
pub(super) const PAGE_TEXT_KEYS: &[&str] = &[
    "audience-heading",
    "audience-hint",
    "back",
    "case-heading",
    "choose-advice",
    "choose-unsure",
    "emergency",
    "facts-heading",
    "facts-hint",
    "facts-you",
    "files-heading",
    "files-warn",
    "gentle-fault",
    "gentle-heading",
    "gentle-later",
    "gentle-pace",
    "guarded-anyway",
    "period-date",
    "period-words",
    "questions-exclude",
    "questions-few",
    "questions-keep",
    "questions-review",
    "questions-what",
    "questions-where",
    "questions-who",
    "questions-you",
    "radio-none",
    "readers-exclude",
    "readers-heading",
    "receipt-code",
    "receipt-done",
    "receipt-gone",
    "receipt-heading",
    "receipt-keep-how",
    "receipt-lead",
    "receipt-next",
    "receipt-secret",
    "receipt-sure",
    "receipt-use",
    "receipt-words",
    "return-heading",
    "return-hint",
    "return-hint-file",
    "return-label",
    "return-lost",
    "return-nothing",
    "return-nothing-check",
    "return-nothing-soon",
    "return-open",
    "review-heading",
    "review-hint",
    "review-send",
    "review-send-advice",
    "review-wait",
    "seal-here",
    "seal-here-return",
    "seal-here-short",
    "seal-here-text",
    "story-in-file",
    "story-in-file-why",
    "subject-heading",
    "tell-facts",
    "tell-heading-advice",
    "tell-quick",
    "tell-speak",
];

const BYTES_PER_MEGABYTE: usize = 1_000_000;

/// An audio pack as pages offer it.
pub(super) struct OfferedPack {
    pack: AudioPack,
    /// The path of the file. It contains a hash of the content.
    pub(super) url: String,
    /// The size in megabytes, rounded up.
    pub(super) megabytes: String,
    content: Precompressed,
}

/// Why pages cannot offer an audio pack.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AudioPackError {
    /// The pages are not offered in the language of the texts.
    #[error("the pack of {lang} speaks texts in {texts}, in which the pages are not offered")]
    Language {
        /// The language of the pack.
        lang: String,
        /// The language of its texts.
        texts: String,
    },
    /// Texts have changed since their clips were recorded, or clips belong to no text.
    #[error(
        "the pack of {lang} has clips of other texts than those of this build and this \
         configuration. Build it again, with new recordings of these: {}", keys.join(", ")
    )]
    OtherTexts {
        /// The language of the pack.
        lang: String,
        /// The keys of the clips.
        keys: Vec<String>,
    },
}

impl OfferedPack {
    fn new(pack: AudioPack) -> Self {
        let content = Precompressed::uncompressed("application/octet-stream", pack.bytes().clone());
        let short = hex::encode(&content.hash().as_bytes()[..8]);
        let url = format!("/audio/{}.{short}.pack", pack.header().lang);
        let megabytes = pack.bytes().len().div_ceil(BYTES_PER_MEGABYTE).to_string();
        Self { pack, url, megabytes, content }
    }

    /// Returns the name of the spoken language in the language itself.
    pub(super) fn name(&self) -> &str {
        &self.pack.header().name
    }
}

impl Pages {
    /// Offers the packs on the pages in the language of their texts.
    ///
    /// # Errors
    /// If a pack has a clip that does not speak exactly the text that the pages show.
    pub fn with_audio_packs(mut self, packs: Vec<AudioPack>) -> Result<Self, AudioPackError> {
        for pack in packs {
            let (lang, texts) = (pack.header().lang.clone(), pack.header().texts.clone());
            let Some(locale) = self.locale(&texts) else {
                return Err(AudioPackError::Language { lang, texts });
            };
            let shown = self.clip_texts(locale);
            let keys: Vec<String> =
                pack.outdated(&shown).into_iter().map(ToOwned::to_owned).collect();
            if !keys.is_empty() {
                return Err(AudioPackError::OtherTexts { lang, keys });
            }
            self.audio_packs.push(OfferedPack::new(pack));
        }
        Ok(self)
    }

    /// Returns the packs that pages in a language offer.
    pub(super) fn offered_packs(&self, locale: Locale) -> Vec<&OfferedPack> {
        let packs = self.audio_packs.iter();
        packs.filter(|offered| offered.pack.header().texts == locale.code).collect()
    }

    /// Returns the path and the hash of each audio pack.
    pub(super) fn audio_hashes(&self) -> impl Iterator<Item = (String, Hash)> {
        self.audio_packs.iter().map(|offered| (offered.url.clone(), offered.content.hash()))
    }

    /// Returns the texts that can have a clip in a language, by key, each in one line.
    pub fn clip_texts(&self, locale: Locale) -> BTreeMap<String, String> {
        let messages = self.catalogs.catalog(locale);
        let number = [("number", self.branding.emergency_number.as_str())];
        let of_pages =
            PAGE_TEXT_KEYS.iter().map(|key| ((*key).to_owned(), messages.with(key, &number)));
        let mut texts = taxonomy_texts(&self.taxonomy, locale.code);
        texts.extend(of_pages);
        for text in texts.values_mut() {
            *text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        }
        texts
    }
}

/// Returns the texts of the taxonomy that the pages of the form show.
fn taxonomy_texts(taxonomy: &Taxonomy, lang: &str) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    let mut add = |key: String, text: &taxonomy::LocalizedText| {
        texts.insert(key, text.get(lang).to_owned());
    };
    add("settings.implied.unknown".to_owned(), &taxonomy.implied.unknown);
    add("settings.implied.unsaid".to_owned(), &taxonomy.implied.unsaid);
    for audience in &taxonomy.audiences {
        add(format!("audiences.{}.label", audience.id.as_str()), &audience.label);
    }
    for family in &taxonomy.families {
        add(format!("families.{}.label", family.id), &family.label);
    }
    for category in &taxonomy.categories {
        let id = &category.id;
        // Advice is no case of a subject, and its page has a heading of its own.
        if *id != taxonomy.advice {
            add(format!("categories.{id}.label"), &category.label);
            add(format!("categories.{id}.example"), &category.example);
        }
        if let Some(label) = &category.story_label {
            add(format!("categories.{id}.story_label"), label);
        }
    }
    for question in &taxonomy.questions {
        let id = &question.id;
        add(format!("questions.{id}.label"), &question.label);
        if let Some(warn) = &question.warn {
            add(format!("questions.{id}.warn"), warn);
        }
        for option in &question.options {
            add(format!("questions.{id}.options.{}.label", option.id), &option.label);
        }
    }
    texts
}

/// `GET /audio/fr.0123456789abcdef.pack`
pub(super) async fn serve_pack(
    State(pages): State<Arc<Pages>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    let url = format!("/audio/{name}");
    match pages.audio_packs.iter().find(|offered| offered.url == url) {
        Some(offered) => offered.content.response(&headers, NOT_STORED).await,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
