//! `intake audio`: prints the texts that can have a clip, and builds an audio pack from a folder of
//! clips.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rand::rngs::OsRng;
use taxonomy::Taxonomy;
use web::{Clock, Locale};

use crate::{
    audio::{AudioPack, MAX_CLIP_SECONDS, Mp3Frames, PackError, PackHeader, parse_mp3},
    config::Config,
    pages::Pages,
};

/// The file in a folder of clips with the texts that were recorded.
const TEXTS_FILE: &str = "texts.tsv";
/// The end of the names of clips.
const CLIP_EXTENSION: &str = "mp3";

/// What `intake audio` does.
#[derive(Debug, clap::Subcommand)]
pub enum AudioCommand {
    /// Print the texts that can have a clip: on each line a key, a tab and the text. Save them as
    /// texts.tsv in the folder of the clips, and record exactly these texts.
    Texts {
        /// The language of the texts. Without it, the first language of the pages.
        #[arg(long, value_name = "CODE")]
        language: Option<String>,
    },
    /// Build an audio pack from a folder with texts.tsv and clips, each named KEY.mp3, and print
    /// the texts that have no clip.
    Pack {
        /// The folder.
        folder: PathBuf,
        /// The code of the spoken language, such as mos for Mooré.
        #[arg(long, value_name = "CODE")]
        language: String,
        /// The name of the spoken language in the language itself.
        #[arg(long)]
        name: String,
        /// The language of the texts that the clips speak. Without it, the spoken language if the
        /// pages have it, or the first language of the pages.
        #[arg(long, value_name = "CODE")]
        texts: Option<String>,
        /// The file to write, such as mos.pack.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

/// Why `intake audio` fails.
#[derive(Debug, thiserror::Error)]
pub enum AudioCommandError {
    /// The pages are not offered in a language.
    #[error("the pages are not offered in {0}: choose one of {1}")]
    Language(String, String),
    /// A file or a folder cannot be read or written.
    #[error("{}: {}", .0.display(), .1)]
    File(PathBuf, io::Error),
    /// Clips cannot be used. The message lists all reasons.
    #[error("no pack was written: {}", .0.join("; "))]
    Clips(Vec<String>),
    /// The clips do not become a pack.
    #[error("no pack was written: {0}")]
    Pack(PackError),
}

/// Runs the command and returns its output.
///
/// # Errors
/// If a language is not one of the pages, a file cannot be read or written, or a clip cannot be
/// used.
pub fn run(config: &Config, command: &AudioCommand) -> Result<String, AudioCommandError> {
    let pages =
        Pages::new(Arc::new(Taxonomy::built_in()), config.branding.clone(), Clock::system(), OsRng);
    match command {
        AudioCommand::Texts { language } => {
            let shown = pages.clip_texts(locale_of(&pages, config, language.as_deref())?);
            Ok(in_lines(shown.iter().map(|(key, text)| (key.as_str(), text.as_str()))))
        }
        AudioCommand::Pack { folder, language, name, texts, out } => {
            let spoken = pages.locale(language).map(|_| language.as_str());
            let locale = locale_of(&pages, config, texts.as_deref().or(spoken))?;
            let header = PackHeader {
                lang: language.clone(),
                name: name.clone(),
                texts: locale.code.to_owned(),
            };
            let shown = pages.clip_texts(locale);
            let clips = read_clips(folder, &shown)?;
            let pack = AudioPack::build(header, &clips).map_err(AudioCommandError::Pack)?;
            fs::write(out, pack.bytes())
                .map_err(|error| AudioCommandError::File(out.clone(), error))?;
            Ok(summary(&pack, &shown, out))
        }
    }
}

fn locale_of(
    pages: &Pages,
    config: &Config,
    code: Option<&str>,
) -> Result<Locale, AudioCommandError> {
    let Some(code) = code else { return Ok(pages.default_locale()) };
    pages.locale(code).ok_or_else(|| {
        let offered: Vec<&str> =
            config.branding.locales().into_iter().map(|locale| locale.code).collect();
        AudioCommandError::Language(code.to_owned(), offered.join(", "))
    })
}

fn in_lines<'a>(texts: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    texts.map(|(key, text)| format!("{key}\t{text}")).collect::<Vec<_>>().join("\n")
}

/// Returns the clips of a folder with their texts, by key.
fn read_clips(
    folder: &Path,
    shown: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, (String, Mp3Frames)>, AudioCommandError> {
    let in_folder = |error| AudioCommandError::File(folder.to_owned(), error);
    let list = folder.join(TEXTS_FILE);
    let recorded =
        fs::read_to_string(&list).map_err(|error| AudioCommandError::File(list, error))?;
    let recorded: BTreeMap<&str, &str> =
        recorded.lines().filter_map(|line| line.split_once('\t')).collect();
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(in_folder)? {
        let path = entry.map_err(in_folder)?.path();
        if path.file_name().is_some_and(|name| name != TEXTS_FILE) {
            files.push(path);
        }
    }
    files.sort();
    let (mut clips, mut problems) = (BTreeMap::new(), Vec::new());
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match read_clip(&file, shown, &recorded) {
            Ok((key, clip)) => drop(clips.insert(key, clip)),
            Err(problem) => problems.push(format!("{name}: {problem}")),
        }
    }
    if problems.is_empty() { Ok(clips) } else { Err(AudioCommandError::Clips(problems)) }
}

/// Returns the key, the text and the frames of a clip, or why it cannot be used.
fn read_clip(
    file: &Path,
    shown: &BTreeMap<String, String>,
    recorded: &BTreeMap<&str, &str>,
) -> Result<(String, (String, Mp3Frames)), String> {
    if file.extension().is_none_or(|extension| extension != CLIP_EXTENSION) {
        return Err(format!("the name of a clip ends in .{CLIP_EXTENSION}"));
    }
    let key = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let text = shown.get(key).ok_or("no text has this key: see `audio texts`")?;
    match recorded.get(key) {
        None => return Err(format!("{TEXTS_FILE} has no line with this key")),
        Some(recorded) if *recorded != text => {
            return Err(format!(
                "the text has changed since {TEXTS_FILE} was printed: record “{text}”"
            ));
        }
        Some(_) => {}
    }
    let content = fs::read(file).map_err(|error| error.to_string())?;
    let frames = parse_mp3(&content).map_err(|error| error.to_string())?;
    if frames.duration > Duration::from_secs(MAX_CLIP_SECONDS) {
        return Err(format!("the clip is longer than {MAX_CLIP_SECONDS} seconds"));
    }
    Ok((key.to_owned(), (text.clone(), frames)))
}

/// Returns what was written, and the texts without a clip.
fn summary(pack: &AudioPack, shown: &BTreeMap<String, String>, out: &Path) -> String {
    let spoken: Vec<&str> = pack.keys().collect();
    let missing = || shown.iter().filter(|(key, _)| !spoken.contains(&key.as_str()));
    let first = format!(
        "wrote {}: {} bytes, {} clips. {} of {} texts have no clip",
        out.display(),
        pack.bytes().len(),
        spoken.len(),
        missing().count(),
        shown.len()
    );
    let lines = in_lines(missing().map(|(key, text)| (key.as_str(), text.as_str())));
    if lines.is_empty() { first } else { format!("{first}:\n{lines}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::{load_packs, silence};

    fn config() -> Config {
        let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/config/intake.toml");
        Config::load(&deploy).unwrap()
    }

    fn texts(config: &Config, language: Option<&str>) -> String {
        run(config, &AudioCommand::Texts { language: language.map(str::to_owned) }).unwrap()
    }

    /// Returns the command that packs a folder as Mooré.
    fn pack(folder: &Path, out: &Path) -> AudioCommand {
        AudioCommand::Pack {
            folder: folder.to_owned(),
            language: "mos".to_owned(),
            name: "Mooré".to_owned(),
            texts: None,
            out: out.to_owned(),
        }
    }

    #[test]
    fn the_texts_are_those_of_the_pages_in_each_language() {
        let config = config();
        let french = texts(&config, None);
        assert!(french.contains("\nfamilies.money.label\tArgent ou cadeau demandé\n"), "{french}");
        assert!(french.contains("\nemergency\tUne vie est en danger ? Appelez d’abord le 17.\n"));
        assert!(!french.contains("{body}") && !french.contains('$'));
        for locale in config.branding.locales() {
            let listed = texts(&config, Some(locale.code));
            assert_eq!(listed.lines().count(), french.lines().count());
            assert!(listed.lines().all(|line| line.split('\t').count() == 2));
        }
        let unknown = AudioCommand::Texts { language: Some("mos".to_owned()) };
        let error = run(&config, &unknown).unwrap_err().to_string();
        let expected = "the pages are not offered in mos: choose one of fr, en, es, pt, ar";
        assert_eq!(error, expected);
    }

    #[test]
    fn a_pack_is_built_from_a_folder_and_the_texts_without_a_clip_are_listed() {
        let (config, folder) = (config(), tempfile::tempdir().unwrap());
        let clips = folder.path().join("clips");
        fs::create_dir(&clips).unwrap();
        let listed = texts(&config, None);
        fs::write(clips.join("texts.tsv"), &listed).unwrap();
        fs::write(clips.join("families.money.label.mp3"), silence(30)).unwrap();
        fs::write(clips.join("back.mp3"), [&b"ID3\x04\0\0\0\0\0\x01a"[..], &silence(2)].concat())
            .unwrap();
        let out = folder.path().join("mos.pack");
        let printed = run(&config, &pack(&clips, &out)).unwrap();
        let all = listed.lines().count();
        let first = format!("524288 bytes, 2 clips. {} of {all} texts have no clip:", all - 2);
        assert!(printed.lines().next().unwrap().ends_with(&first), "{printed}");
        assert!(printed.contains("\nfamilies.goods.label\t"));
        assert!(!printed.contains("\nfamilies.money.label\t"));
        let packs = load_packs(folder.path()).unwrap();
        let [lang, name, texts] = ["mos", "Mooré", "fr"].map(str::to_owned);
        assert_eq!(*packs[0].header(), PackHeader { lang, name, texts });
        assert_eq!(packs[0].keys().collect::<Vec<_>>(), ["back", "families.money.label"]);
    }

    #[test]
    fn each_clip_that_cannot_be_used_is_named_with_the_reason() {
        let (config, folder) = (config(), tempfile::tempdir().unwrap());
        let write = |name: &str, content: &[u8]| {
            fs::write(folder.path().join(name), content).unwrap();
        };
        let out = folder.path().join("out");
        let error = run(&config, &pack(folder.path(), &out)).unwrap_err().to_string();
        assert!(error.contains("texts.tsv: No such file"), "{error}");
        let listed = texts(&config, None);
        let changed = listed
            .replace("choose-unsure\tJe ne sais pas", "choose-unsure\tJe ne sais pas encore")
            .replace("choose-advice\t", "choose-advise\t");
        assert_eq!(changed.lines().filter(|line| !listed.contains(line)).count(), 2);
        write("texts.tsv", changed.as_bytes());
        let error = run(&config, &pack(folder.path(), &out)).unwrap_err().to_string();
        assert_eq!(error, "no pack was written: there is no clip");
        write("back.mp3", &silence(834));
        write("case-heading.mp3", b"RIFF....WAVE");
        write("choose-advice.mp3", &silence(1));
        write("choose-unsure.mp3", &silence(1));
        write("facts-heading.ogg", &silence(1));
        write("nothing.mp3", &silence(1));
        write("subject-heading.mp3", &silence(1));
        let error = run(&config, &pack(folder.path(), &out)).unwrap_err();
        let AudioCommandError::Clips(problems) = error else { panic!("{error}") };
        assert_eq!(
            problems,
            [
                "back.mp3: the clip is longer than 30 seconds",
                "case-heading.mp3: this is not MP3: there is no frame at byte 0",
                "choose-advice.mp3: texts.tsv has no line with this key",
                "choose-unsure.mp3: the text has changed since texts.tsv was printed: record “Je \
                 ne sais pas”",
                "facts-heading.ogg: the name of a clip ends in .mp3",
                "nothing.mp3: no text has this key: see `audio texts`",
            ]
        );
        assert!(!out.exists());
    }
}
