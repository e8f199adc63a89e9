//! The corpus: what is expected of each sample is data, which the script of the browser is held
//! against too.
#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a failure here is a failed test, and samples are small"
)]

#[expect(dead_code, reason = "each test uses a part")]
mod samples;

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use metadata_scrubber::{MetadataKinds, ParseCoverage, SignatureStatus, scrub_bytes};
use samples::{
    CANARY,
    corpus::{self, AUTHOR, TIMESTAMP},
};
use serde::Deserialize;

/// What is expected of a sample.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedResult {
    removed: MetadataKinds,
    left: MetadataKinds,
    reading: ParseCoverage,
    signature: SignatureStatus,
    ending: String,
    /// Words that stay in it.
    #[serde(default)]
    stays: Vec<String>,
}

fn expected_results() -> BTreeMap<String, ExpectedResult> {
    serde_json::from_str(include_str!("corpus.json")).unwrap()
}

/// All that each file says: of a package what another program unpacks, and that it opens there.
fn unpacked_contents(files: &[(&str, Vec<u8>)]) -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    for (n, (_, file)) in files.iter().enumerate() {
        fs::write(folder.path().join(n.to_string()), file).unwrap();
    }
    let script = "import sys, zipfile, os\nfor n in os.listdir(sys.argv[1]):\n path = os.path.join(sys.argv[1], n)\n \
                  data = open(path, 'rb').read()\n if data[:2] != b'PK': continue\n z = zipfile.ZipFile(path)\n \
                  assert z.testzip() is None and z.namelist(), n\n data = b''.join(z.read(n) for n in z.namelist())\n \
                  open(path, 'wb').write(data)";
    let output = Command::new("python3").args(["-c", script]).arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (0..files.len()).map(|n| fs::read(folder.path().join(n.to_string())).unwrap()).collect()
}

fn contains_text(content: &[u8], words: &str) -> bool {
    let wide: Vec<u8> = words.encode_utf16().flat_map(u16::to_le_bytes).collect();
    memchr::memmem::find(content, words.as_bytes()).is_some()
        || memchr::memmem::find(content, &wide).is_some()
}

/// What became of a sample, as both implementations say it.
#[derive(Deserialize)]
struct ScrubResult {
    removed: MetadataKinds,
    left: MetadataKinds,
    reading: ParseCoverage,
    signature: SignatureStatus,
    name: String,
}

type NamedFiles<'n> = Vec<(&'n str, Vec<u8>)>;

/// Cleans files as the intake does.
fn scrub_with_crate<'n>(files: &NamedFiles<'n>) -> (NamedFiles<'n>, Vec<ScrubResult>) {
    let one = |(name, file): &(&'n str, Vec<u8>)| {
        let (washed, said) = scrub_bytes(file);
        let metadata_scrubber::ScrubReport { removed, left, reading, signature, format } = said;
        let said =
            ScrubResult { removed, left, reading, signature, name: format.neutral_name(1, name) };
        ((*name, washed), said)
    };
    files.iter().map(one).unzip()
}

/// Cleans files as the script does in a browser that redraws no picture.
fn scrub_with_browser_script<'n>(files: &NamedFiles<'n>) -> (NamedFiles<'n>, Vec<ScrubResult>) {
    let program =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../intake/browser/dist-peer/files.js");
    assert!(program.is_file(), "run `node build-tests.mjs` in crates/intake/browser first");
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<_> = files.iter().map(|(name, _)| folder.path().join(name)).collect();
    for ((_, file), path) in files.iter().zip(&paths) {
        fs::write(path, file).unwrap();
    }
    let mut node = Command::new("node")
        .arg(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    node.stdin.take().unwrap().write_all(&serde_json::to_vec(&paths).unwrap()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success());
    let washed = files.iter().zip(&paths).map(|((name, _), path)| {
        let washed = fs::read(format!("{}.washed", path.display())).unwrap();
        (*name, washed)
    });
    (washed.collect(), serde_json::from_slice(&output.stdout).unwrap())
}

fn assert_matches_corpus(wash: for<'n> fn(&NamedFiles<'n>) -> (NamedFiles<'n>, Vec<ScrubResult>)) {
    let mut expected = expected_results();
    let (files, said) = wash(&corpus::all());
    let (again, said_again) = wash(&files);
    let (first, second) = (unpacked_contents(&files), unpacked_contents(&again));
    let mut wrong = Vec::new();
    for (n, (name, _)) in files.iter().enumerate() {
        let ExpectedResult { removed, left, reading, signature, ending, stays } =
            expected.remove(*name).unwrap_or_else(|| panic!("{name} is not in corpus.json"));
        let said = &said[n];
        if (said.removed, said.left) != (removed, left) {
            wrong.push(format!("{name}: removed {:?}, left {:?}", said.removed, said.left));
        }
        if (said.reading, said.signature) != (reading, signature) {
            wrong.push(format!(
                "{name}: reading {:?}, signature {:?}",
                said.reading, said.signature
            ));
        }
        if said.name.rsplit_once('.').map(|(_, ending)| ending) != Some(&*ending) {
            wrong.push(format!("{name} is named {}", said.name));
        }
        wrong.extend(
            stays
                .iter()
                .filter(|words| !contains_text(&first[n], words))
                .map(|words| format!("{name} loses {words}")),
        );
        // What tells who made it is gone, or the reporter is told.
        for words in
            [AUTHOR, "Another Author", TIMESTAMP, "20260312101500", "00AB12CD", "09F7FD95", CANARY]
        {
            if contains_text(&first[n], words) && said.left.is_empty() {
                wrong.push(format!("{name}: {words} is left in silence"));
            }
        }
        if said_again[n].removed != MetadataKinds::NONE || second[n] != first[n] {
            wrong.push(format!("{name}: cleaning again removes {:?}", said_again[n].removed));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(expected.is_empty(), "without a sample: {:?}", expected.keys());
}

#[test]
fn every_sample_is_scrubbed_or_reported_as_expected() {
    assert_matches_corpus(scrub_with_crate);
}

#[test]
fn the_script_of_the_browser_ends_like_this_crate() {
    assert_matches_corpus(scrub_with_browser_script);
}

/// Whether both implementations write the same bytes: packages and packed objects of PDFs are
/// packed by other libraries, and the script leaves a package without a sound directory as it came.
fn has_identical_output(name: &str) -> bool {
    const IDENTICAL_FORMATS: [&str; 14] = [
        "jpg", "png", "gif", "webp", "wav", "mp3", "flac", "mp4", "heic", "pdf", "svg", "txt",
        "eml", "html",
    ];
    name != "b.pdf"
        && name.rsplit_once('.').is_some_and(|(_, ending)| IDENTICAL_FORMATS.contains(&ending))
}

#[test]
fn damaged_files_end_alike_in_the_browser() {
    let samples: Vec<_> = samples::all().into_iter().chain(corpus::all()).collect();
    let samples: Vec<_> = samples.iter().filter(|(name, _)| has_identical_output(name)).collect();
    let mut random = 1u64;
    // Numbers that are the same in each run.
    let mut next = move |below: usize| {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below.max(1)
    };
    let mut damaged = Vec::new();
    for n in 0..600 {
        let (name, sample) = samples[n % samples.len()];
        let mut file = sample.clone();
        for _ in 0..=next(3) {
            let at = next(file.len());
            match next(4) {
                0 if !file.is_empty() => file[at] ^= 1 << next(8),
                1 => drop(file.drain(at..file.len().min(at + 1 + next(20)))),
                2 => {
                    let from = next(file.len());
                    let piece = file[from..file.len().min(from + next(200))].to_vec();
                    drop(file.splice(at..at, piece));
                }
                _ => file.truncate(at.max(8)),
            }
        }
        damaged.push((format!("{n}-{name}"), file));
    }
    let files: NamedFiles<'_> =
        damaged.iter().map(|(name, file)| (&**name, file.clone())).collect();
    let ((ours, we_say), (theirs, they_say)) =
        (scrub_with_crate(&files), scrub_with_browser_script(&files));
    for (n, (name, _)) in files.iter().enumerate() {
        let (we, they) = (&we_say[n], &they_say[n]);
        assert_eq!((they.removed, they.left), (we.removed, we.left), "{name}: removed and left");
        assert_eq!((they.reading, they.signature), (we.reading, we.signature), "{name}");
        assert_eq!(they.name, we.name, "{name}");
        // The reporter chooses to send a damaged picture as it is, or not at all.
        let is_chosen = we.reading != ParseCoverage::Whole && we.name.starts_with("image");
        assert!(is_chosen || ours[n] == theirs[n], "{name}: other bytes");
    }
}

#[test]
fn what_goes_with_a_part_that_breaks_off_is_reported() {
    let label = format!("<l:labelList xmlns:l=\"l\"><l:label siteId=\"{AUTHOR}");
    let parts: [(&str, &[u8], _); 2] = [
        ("[Content_Types].xml", b"<Types/>", samples::ZipEntryLayout::Deflated),
        ("docMetadata/LabelInfo.xml", label.as_bytes(), samples::ZipEntryLayout::Deflated),
    ];
    let files = vec![("label.docx", samples::zip(&parts))];
    for wash in [scrub_with_crate, scrub_with_browser_script] {
        let (washed, said) = wash(&files);
        assert!(!contains_text(&unpacked_contents(&washed)[0], AUTHOR));
        assert!(!said[0].removed.is_empty());
    }
}
