//! The file of an audio pack: [`MAGIC`], the length of the index as four bytes, the index in JSON,
//! the clips, and zeros up to a multiple of [`PACK_STEP`]. A browser fetches the whole file, so
//! that no request shows which clip it plays.

use std::{collections::BTreeMap, fs, io, path::Path, time::Duration};

use bytes::Bytes;
use protocol::Hash;
use serde::{Deserialize, Serialize};

use super::mp3::{Mp3Error, Mp3Frames, parse_mp3};

/// The first bytes of the file.
const MAGIC: &[u8] = b"burkindi-audio-1\n";
/// The bytes of the length of the index.
const INDEX_LEN_BYTES: usize = 4;
/// The length of every file is a multiple of this number of bytes, so that it hardly differs
/// between languages.
pub const PACK_STEP: usize = 512 * 1024;
/// Maximum size of the file, in bytes.
pub const MAX_PACK_BYTES: usize = 8 * 1024 * 1024;
/// Maximum length of a clip, in seconds.
pub const MAX_CLIP_SECONDS: u64 = 30;
/// Maximum length of the name of the language, in characters.
const MAX_NAME_CHARS: usize = 40;
/// The end of the names of files with packs.
const EXTENSION: &str = "pack";

/// Which language a pack speaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackHeader {
    /// The ISO 639 code of the spoken language, such as `mos`.
    pub lang: String,
    /// The name of the language in the language itself, as the pages show it.
    pub name: String,
    /// The code of the language of the texts that the clips speak. Pages in this language offer
    /// the pack.
    pub texts: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PackIndex {
    header: PackHeader,
    clips: BTreeMap<String, IndexedClip>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IndexedClip {
    /// The position of the first byte after the index.
    start: usize,
    len: usize,
    /// The hash of the text that the clip speaks.
    text: Hash,
}

/// A checked audio pack.
#[derive(Debug, Clone)]
pub struct AudioPack {
    header: PackHeader,
    /// The hash of the text of each clip, by key.
    texts: BTreeMap<String, Hash>,
    bytes: Bytes,
}

/// Why bytes are no audio pack, or clips cannot become one.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// The code of the language is not one of ISO 639.
    #[error("the language must be a code of two or three small letters, such as mos")]
    Language,
    /// The name of the language is missing, too long or contains control characters.
    #[error("the name of the language must have 1 to {max} characters", max = MAX_NAME_CHARS)]
    Name,
    /// The pack has no clip.
    #[error("there is no clip")]
    Empty,
    /// The pack is larger than [`MAX_PACK_BYTES`].
    #[error(
        "the pack has {0} bytes, and at most {max} are allowed: encode the clips with fewer bits, \
         or leave some out",
        max = MAX_PACK_BYTES
    )]
    TooLarge(usize),
    /// The structure of the file is invalid.
    #[error("this is no audio pack, or it is damaged")]
    Malformed,
    /// A clip is not MP3 as a clip must be.
    #[error("{key}: {error}")]
    Clip {
        /// The key of the clip.
        key: String,
        /// The reason.
        error: Mp3Error,
    },
    /// A clip plays longer than [`MAX_CLIP_SECONDS`].
    #[error("{0}: the clip is longer than {max} seconds", max = MAX_CLIP_SECONDS)]
    TooLong(String),
}

/// Returns the hash of a text, as the index of a pack contains it.
fn text_hash(text: &str) -> Hash {
    Hash::of(&[text.as_bytes()])
}

fn check_header(header: &PackHeader) -> Result<(), PackError> {
    let is_code = |code: &str| {
        (2..=3).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_lowercase())
    };
    if !is_code(&header.lang) || !is_code(&header.texts) {
        return Err(PackError::Language);
    }
    let (name, count) = (header.name.as_str(), header.name.chars().count());
    let is_name = name.trim() == name && !name.chars().any(char::is_control);
    if is_name && (1..=MAX_NAME_CHARS).contains(&count) { Ok(()) } else { Err(PackError::Name) }
}

impl AudioPack {
    /// Builds a pack from clips with their texts, by key.
    ///
    /// # Errors
    /// If the header is invalid, a clip is too long, or the clips are too large together.
    pub fn build(
        header: PackHeader,
        clips: &BTreeMap<String, (String, Mp3Frames)>,
    ) -> Result<Self, PackError> {
        let mut index = PackIndex { header, clips: BTreeMap::new() };
        let mut sound = Vec::new();
        for (key, (text, frames)) in clips {
            let clip =
                IndexedClip { start: sound.len(), len: frames.bytes.len(), text: text_hash(text) };
            index.clips.insert(key.clone(), clip);
            sound.extend_from_slice(&frames.bytes);
        }
        let json = serde_json::to_vec(&index).expect("texts and numbers are JSON");
        let json_len = u32::try_from(json.len()).map_err(|_| PackError::TooLarge(json.len()))?;
        let mut bytes = [MAGIC, &json_len.to_be_bytes(), &json, &sound].concat();
        bytes.resize(bytes.len().next_multiple_of(PACK_STEP), 0);
        Self::from_bytes(bytes)
    }

    /// Reads a pack, and checks each clip.
    ///
    /// # Errors
    /// If the bytes are no pack, or a clip is not as it must be.
    pub fn from_bytes(bytes: impl Into<Bytes>) -> Result<Self, PackError> {
        let bytes = bytes.into();
        if bytes.len() > MAX_PACK_BYTES {
            return Err(PackError::TooLarge(bytes.len()));
        }
        let (index, sound) = split(&bytes).ok_or(PackError::Malformed)?;
        check_header(&index.header)?;
        if index.clips.is_empty() {
            return Err(PackError::Empty);
        }
        let mut end = 0;
        for (key, clip) in &index.clips {
            // Without gaps and in the order of the keys, so that clips have one possible file.
            if clip.start != end {
                return Err(PackError::Malformed);
            }
            end = clip.start.checked_add(clip.len).ok_or(PackError::Malformed)?;
            let frames = sound.get(clip.start..end).ok_or(PackError::Malformed)?;
            let parsed =
                parse_mp3(frames).map_err(|error| PackError::Clip { key: key.clone(), error })?;
            if parsed.bytes != frames {
                return Err(PackError::Malformed);
            }
            if parsed.duration > Duration::from_secs(MAX_CLIP_SECONDS) {
                return Err(PackError::TooLong(key.clone()));
            }
        }
        let unpadded = bytes.len() - sound.len() + end;
        let is_padded = unpadded.next_multiple_of(PACK_STEP) == bytes.len();
        if !is_padded || sound[end..].iter().any(|byte| *byte != 0) {
            return Err(PackError::Malformed);
        }
        let texts = index.clips.into_iter().map(|(key, clip)| (key, clip.text)).collect();
        Ok(Self { header: index.header, texts, bytes })
    }

    /// Which language the pack speaks.
    pub fn header(&self) -> &PackHeader {
        &self.header
    }

    /// The whole file.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Returns the keys of the clips.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().map(String::as_str)
    }

    /// Returns the keys of the clips that do not speak one of these texts, by key: the text has
    /// changed since the clip was recorded, or there is none any more.
    pub fn outdated<'a>(&'a self, texts: &'a BTreeMap<String, String>) -> Vec<&'a str> {
        let is_current =
            |key: &str, hash| texts.get(key).is_some_and(|text| text_hash(text) == hash);
        let clips = self.texts.iter().filter(|(key, hash)| !is_current(key, **hash));
        clips.map(|(key, _)| key.as_str()).collect()
    }
}

/// Returns the index, and the bytes after it.
fn split(bytes: &[u8]) -> Option<(PackIndex, &[u8])> {
    let (len, rest) = bytes.strip_prefix(MAGIC)?.split_first_chunk::<INDEX_LEN_BYTES>()?;
    let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
    let (json, sound) = rest.split_at_checked(len)?;
    Some((serde_json::from_slice(json).ok()?, sound))
}

/// Reads the packs of a folder: the files `*.pack`, in the order of their names.
///
/// # Errors
/// If the folder cannot be read, a file is no pack, or two packs speak the same language for the
/// same texts. The message names the file.
pub fn load_packs(folder: &Path) -> Result<Vec<AudioPack>, String> {
    let in_folder = |error: io::Error| format!("{}: {error}", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(in_folder)? {
        let path = entry.map_err(in_folder)?.path();
        if path.extension().is_some_and(|extension| extension == EXTENSION) {
            files.push(path);
        }
    }
    files.sort();
    let mut packs: Vec<AudioPack> = Vec::new();
    for file in files {
        let problem = |text: String| format!("{}: {text}", file.display());
        let bytes = fs::read(&file).map_err(|error| problem(error.to_string()))?;
        let pack = AudioPack::from_bytes(bytes).map_err(|error| problem(error.to_string()))?;
        let of = |pack: &AudioPack| (pack.header.lang.clone(), pack.header.texts.clone());
        if packs.iter().any(|other| of(other) == of(&pack)) {
            return Err(problem("another file is the pack of the same language".to_owned()));
        }
        packs.push(pack);
    }
    Ok(packs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::silence;

    fn header() -> PackHeader {
        let [lang, name, texts] = ["mos", "Mooré", "fr"].map(str::to_owned);
        PackHeader { lang, name, texts }
    }

    fn clips(keys: &[(&str, usize)]) -> BTreeMap<String, (String, Mp3Frames)> {
        let clip = |(key, frames): &(&str, usize)| {
            let frames = parse_mp3(&silence(*frames)).unwrap();
            ((*key).to_owned(), (format!("text of {key}"), frames))
        };
        keys.iter().map(clip).collect()
    }

    fn sample() -> AudioPack {
        AudioPack::build(header(), &clips(&[("back", 3), ("choose-unsure", 5)])).unwrap()
    }

    #[test]
    fn a_pack_is_padded_and_reads_back() {
        let pack = sample();
        assert_eq!(pack.bytes().len(), PACK_STEP);
        let read = AudioPack::from_bytes(pack.bytes().clone()).unwrap();
        assert_eq!(read.header(), &header());
        assert_eq!(read.keys().collect::<Vec<_>>(), ["back", "choose-unsure"]);
        // A longer pack of another language can have the same length.
        let longer = AudioPack::build(header(), &clips(&[("back", 400)])).unwrap();
        assert_eq!(longer.bytes().len(), pack.bytes().len());
    }

    #[test]
    fn each_change_of_the_structure_is_refused() {
        let pack = sample();
        let (_, sound) = split(pack.bytes()).unwrap();
        let sound_at = pack.bytes().len() - sound.len();
        // Each header of a frame, and each byte before the clips, except inside of texts, hashes
        // and names, which the hash in the signed manifest covers.
        let (mut changed, mut accepted) = (0, 0);
        for at in (0..MAGIC.len() + INDEX_LEN_BYTES).chain([sound_at, sound_at + 2 * 72]) {
            let mut bytes = pack.bytes().to_vec();
            bytes[at] ^= 0x40;
            accepted += usize::from(AudioPack::from_bytes(bytes).is_ok());
            changed += 1;
        }
        assert_eq!((changed, accepted), (MAGIC.len() + INDEX_LEN_BYTES + 2, 0));
        let bytes = pack.bytes().to_vec();
        let mut filled = bytes.clone();
        *filled.last_mut().unwrap() = 1;
        let mut longer = bytes.clone();
        longer.resize(2 * PACK_STEP, 0);
        for bytes in [filled, longer, bytes[..bytes.len() - 1].to_vec(), Vec::new()] {
            assert_eq!(AudioPack::from_bytes(bytes).unwrap_err(), PackError::Malformed);
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        for (from, to) in [("\"start\":216", "\"start\":210"), ("\"len\":360", "\"len\":288")] {
            assert!(text.contains(from), "{from}");
            let at = bytes.windows(from.len()).position(|part| part == from.as_bytes()).unwrap();
            let mut bytes = bytes.clone();
            bytes[at..at + from.len()].copy_from_slice(to.as_bytes());
            assert_eq!(AudioPack::from_bytes(bytes).unwrap_err(), PackError::Malformed);
        }
    }

    #[test]
    fn a_pack_of_wrong_clips_or_names_is_refused_with_the_reason() {
        let build = |header, keys: &[(&str, usize)]| {
            AudioPack::build(header, &clips(keys)).map(drop).unwrap_err()
        };
        let long = build(header(), &[("back", 834)]);
        assert_eq!(long, PackError::TooLong("back".to_owned()));
        assert_eq!(build(header(), &[]), PackError::Empty);
        let keys: Vec<String> = (0..150).map(|number| format!("key-{number}")).collect();
        let many: Vec<(&str, usize)> = keys.iter().map(|key| (key.as_str(), 800)).collect();
        assert!(matches!(build(header(), &many), PackError::TooLarge(len) if len > 8_640_000));
        for lang in ["", "m", "MOS", "more", "m1", "../"] {
            let header = PackHeader { lang: lang.to_owned(), ..header() };
            assert_eq!(build(header, &[("back", 1)]), PackError::Language, "{lang}");
        }
        for name in ["", " Mooré", "Moo\nré", &"é".repeat(41)] {
            let header = PackHeader { name: name.to_owned(), ..header() };
            assert_eq!(build(header, &[("back", 1)]), PackError::Name, "{name}");
        }
    }

    #[test]
    fn a_clip_of_another_text_is_outdated() {
        let pack = sample();
        let mut texts: BTreeMap<String, String> = ["back", "choose-unsure", "new"]
            .map(|key| (key.to_owned(), format!("text of {key}")))
            .into();
        assert_eq!(pack.outdated(&texts), Vec::<&str>::new());
        texts.insert("back".to_owned(), "other".to_owned());
        assert_eq!(pack.outdated(&texts), ["back"]);
        texts.remove("choose-unsure");
        assert_eq!(pack.outdated(&texts), ["back", "choose-unsure"]);
    }

    #[test]
    fn the_packs_of_a_folder_are_read_and_a_wrong_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
        write("readme.txt", b"no pack");
        assert_eq!(load_packs(folder.path()).unwrap().len(), 0);
        write("mos.pack", sample().bytes());
        assert_eq!(load_packs(folder.path()).unwrap()[0].header().lang, "mos");
        write("other.pack", sample().bytes());
        let error = load_packs(folder.path()).unwrap_err();
        assert!(error.ends_with("other.pack: another file is the pack of the same language"));
        write("other.pack", b"no pack");
        let error = load_packs(folder.path()).unwrap_err();
        assert!(error.ends_with("other.pack: this is no audio pack, or it is damaged"), "{error}");
        let error = load_packs(&folder.path().join("none")).unwrap_err();
        assert!(error.contains("none: No such file"), "{error}");
    }
}
