//! The corpus: the expected result of each sample is data. The browser's script is tested with it
//! too.
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

/// The expected result of a sample.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedResult {
    removed: MetadataKinds,
    left: MetadataKinds,
    reading: ParseCoverage,
    signature: SignatureStatus,
    extension: String,
    /// Texts that must stay in the file.
    #[serde(default)]
    retained: Vec<String>,
}

fn expected_results() -> BTreeMap<String, ExpectedResult> {
    serde_json::from_str(include_str!("corpus.json")).unwrap()
}

/// Returns all content of each file. Packages are decompressed by an independent program, which
/// also verifies them.
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

fn contains_text(content: &[u8], text: &str) -> bool {
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    memchr::memmem::find(content, text.as_bytes()).is_some()
        || memchr::memmem::find(content, &utf16).is_some()
}

/// The result of scrubbing a sample, as both implementations print it.
#[derive(Deserialize)]
struct ScrubResult {
    removed: MetadataKinds,
    left: MetadataKinds,
    reading: ParseCoverage,
    signature: SignatureStatus,
    name: String,
}

type NamedFiles<'n> = Vec<(&'n str, Vec<u8>)>;

/// Scrubs files as the intake does.
fn scrub_with_crate<'n>(files: &NamedFiles<'n>) -> (NamedFiles<'n>, Vec<ScrubResult>) {
    let one = |(name, file): &(&'n str, Vec<u8>)| {
        let (scrubbed, report) = scrub_bytes(file);
        let metadata_scrubber::ScrubReport { removed, left, reading, signature, format } = report;
        let report =
            ScrubResult { removed, left, reading, signature, name: format.neutral_name(1, name) };
        ((*name, scrubbed), report)
    };
    files.iter().map(one).unzip()
}

/// Scrubs files as the browser's script does if it cannot redraw pictures.
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
    let scrubbed = files.iter().zip(&paths).map(|((name, _), path)| {
        let scrubbed = fs::read(format!("{}.scrubbed", path.display())).unwrap();
        (*name, scrubbed)
    });
    (scrubbed.collect(), serde_json::from_slice(&output.stdout).unwrap())
}

fn assert_matches_corpus(scrub: for<'n> fn(&NamedFiles<'n>) -> (NamedFiles<'n>, Vec<ScrubResult>)) {
    let mut expected = expected_results();
    let (files, reports) = scrub(&corpus::all());
    let (again, second_reports) = scrub(&files);
    let (first, second) = (unpacked_contents(&files), unpacked_contents(&again));
    let mut mismatches = Vec::new();
    for (n, (name, _)) in files.iter().enumerate() {
        let ExpectedResult { removed, left, reading, signature, extension, retained } =
            expected.remove(*name).unwrap_or_else(|| panic!("{name} is not in corpus.json"));
        let report = &reports[n];
        if (report.removed, report.left) != (removed, left) {
            mismatches
                .push(format!("{name}: removed {:?}, left {:?}", report.removed, report.left));
        }
        if (report.reading, report.signature) != (reading, signature) {
            mismatches.push(format!(
                "{name}: reading {:?}, signature {:?}",
                report.reading, report.signature
            ));
        }
        if report.name.rsplit_once('.').map(|(_, extension)| extension) != Some(&*extension) {
            mismatches.push(format!("{name} is named {}", report.name));
        }
        mismatches.extend(
            retained
                .iter()
                .filter(|text| !contains_text(&first[n], text))
                .map(|text| format!("{name} loses {text}")),
        );
        // Everything about the author is removed, or reported as left.
        for text in
            [AUTHOR, "Another Author", TIMESTAMP, "20260312101500", "00AB12CD", "09F7FD95", CANARY]
        {
            if contains_text(&first[n], text) && report.left.is_empty() {
                mismatches.push(format!("{name}: {text} is left unreported"));
            }
        }
        if second_reports[n].removed != MetadataKinds::NONE || second[n] != first[n] {
            mismatches
                .push(format!("{name}: cleaning again removes {:?}", second_reports[n].removed));
        }
    }
    assert!(mismatches.is_empty(), "{mismatches:#?}");
    assert!(expected.is_empty(), "without a sample: {:?}", expected.keys());
}

#[test]
fn every_sample_is_scrubbed_or_reported_as_expected() {
    assert_matches_corpus(scrub_with_crate);
}

#[test]
fn the_browser_script_has_the_same_results() {
    assert_matches_corpus(scrub_with_browser_script);
}

/// Returns whether both implementations write the same bytes. Packages and compressed objects of
/// PDFs are compressed by different libraries, and the script copies a package without a valid
/// directory unchanged.
fn has_identical_output(name: &str) -> bool {
    const IDENTICAL_FORMATS: [&str; 14] = [
        "jpg", "png", "gif", "webp", "wav", "mp3", "flac", "mp4", "heic", "pdf", "svg", "txt",
        "eml", "html",
    ];
    name != "b.pdf"
        && name
            .rsplit_once('.')
            .is_some_and(|(_, extension)| IDENTICAL_FORMATS.contains(&extension))
}

#[test]
fn damaged_files_have_the_same_results_in_the_browser() {
    let samples: Vec<_> = samples::all().into_iter().chain(corpus::all()).collect();
    let samples: Vec<_> = samples.iter().filter(|(name, _)| has_identical_output(name)).collect();
    let mut random = 1u64;
    // Pseudo-random numbers that are the same in each run.
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
                    let chunk = file[from..file.len().min(from + next(200))].to_vec();
                    drop(file.splice(at..at, chunk));
                }
                _ => file.truncate(at.max(8)),
            }
        }
        damaged.push((format!("{n}-{name}"), file));
    }
    let files: NamedFiles<'_> =
        damaged.iter().map(|(name, file)| (&**name, file.clone())).collect();
    let ((our_files, our_reports), (their_files, their_reports)) =
        (scrub_with_crate(&files), scrub_with_browser_script(&files));
    for (n, (name, _)) in files.iter().enumerate() {
        let (ours, theirs) = (&our_reports[n], &their_reports[n]);
        assert_eq!(
            (theirs.removed, theirs.left),
            (ours.removed, ours.left),
            "{name}: removed and left"
        );
        assert_eq!((theirs.reading, theirs.signature), (ours.reading, ours.signature), "{name}");
        assert_eq!(theirs.name, ours.name, "{name}");
        // The reporter decides whether to send a damaged picture unchanged.
        let is_chosen = ours.reading != ParseCoverage::Whole && ours.name.starts_with("image");
        assert!(is_chosen || our_files[n] == their_files[n], "{name}: other bytes");
    }
}

#[test]
fn metadata_removed_with_a_truncated_part_is_reported() {
    let label = format!("<l:labelList xmlns:l=\"l\"><l:label siteId=\"{AUTHOR}");
    let parts: [(&str, &[u8], _); 2] = [
        ("[Content_Types].xml", b"<Types/>", samples::ZipEntryLayout::Deflated),
        ("docMetadata/LabelInfo.xml", label.as_bytes(), samples::ZipEntryLayout::Deflated),
    ];
    let files = vec![("label.docx", samples::zip(&parts))];
    for scrub in [scrub_with_crate, scrub_with_browser_script] {
        let (scrubbed, reports) = scrub(&files);
        assert!(!contains_text(&unpacked_contents(&scrubbed)[0], AUTHOR));
        assert!(!reports[0].removed.is_empty());
    }
}
