//! Packages that are not sound: whatever else is in them can still be read afterwards.
#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a failure here is a failed test, and samples are small"
)]

#[expect(dead_code, reason = "each test uses a part")]
mod samples;

use std::{collections::BTreeMap, fs, process::Command};

use metadata_scrubber::{MetadataKind, ParseCoverage, scrub_bytes};
use samples::{CANARY, TEXT, ZipEntryLayout, zip};

/// The parts that another program can read.
fn readable_parts(file: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.zip"), file).unwrap();
    let script = "import sys, zipfile, json\nz = zipfile.ZipFile(sys.argv[1])\nparts = {}\nfor n in z.namelist():\n try: \
                  parts[n] = z.read(n).hex()\n except Exception as e: pass\nprint(json.dumps(parts))";
    let output = Command::new("python3")
        .args(["-c", script])
        .arg(folder.path().join("a.zip"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let parts: BTreeMap<String, String> = serde_json::from_slice(&output.stdout).unwrap();
    let byte = |hex: &[u8]| u8::from_str_radix(std::str::from_utf8(hex).unwrap(), 16).unwrap();
    parts
        .into_iter()
        .map(|(name, hex)| (name, hex.as_bytes().chunks(2).map(byte).collect()))
        .collect()
}

/// With a part that shrinks, one in the middle, and a text at the end.
fn sample_package(middle: &str, how: ZipEntryLayout) -> Vec<u8> {
    let core = format!(
        "<coreProperties><creator>{CANARY}</creator><title>{CANARY}</title></coreProperties>"
    );
    let text = format!("<document><t>{TEXT}</t></document>");
    zip(&[
        ("[Content_Types].xml", b"<Types/>", ZipEntryLayout::Deflated),
        ("docProps/core.xml", core.as_bytes(), ZipEntryLayout::Deflated),
        (middle, b"<document>what stands in the middle</document>", how),
        ("word/document.xml", text.as_bytes(), ZipEntryLayout::Deflated),
    ])
}

/// Where the head and the entry of a part begin.
fn header_offsets(file: &[u8], name: &str) -> (usize, usize) {
    let mut found = memchr::memmem::find_iter(file, name.as_bytes());
    (found.next().unwrap() - 30, found.next().unwrap() - 46)
}

fn assert_text_survives(file: &[u8], what: &str) {
    let (washed, said) = scrub_bytes(file);
    let parts = readable_parts(&washed);
    assert!(parts.contains_key("word/document.xml"), "{what}: {said:?} {:?}", parts.keys());
    assert!(memchr::memmem::find(&parts["word/document.xml"], TEXT.as_bytes()).is_some(), "{what}");
    assert!(
        memchr::memmem::find(&parts["docProps/core.xml"], CANARY.as_bytes()).is_none(),
        "{what}"
    );
}

#[test]
fn a_break_after_a_rewritten_part_loses_nothing() {
    // Locked, with its length behind it: where it ends cannot be seen.
    let mut locked = sample_package("word/locked.xml", ZipEntryLayout::Streamed);
    let (head, entry) = header_offsets(&locked, "word/locked.xml");
    locked[head + 6] |= 1;
    locked[entry + 8] |= 1;
    assert_eq!(scrub_bytes(&locked).1.reading, ParseCoverage::Broken);
    assert_text_survives(&locked, "locked");
    // Packed in a way that is not read.
    let mut other = sample_package("word/other.xml", ZipEntryLayout::Streamed);
    let (head, entry) = header_offsets(&other, "word/other.xml");
    other[head + 8] = 12;
    other[entry + 10] = 12;
    assert_text_survives(&other, "other");
    // Its head says nothing of its length; the directory does.
    let mut silent = sample_package("word/silent.xml", ZipEntryLayout::Deflated);
    let (head, _) = header_offsets(&silent, "word/silent.xml");
    silent[head + 14..head + 26].fill(0);
    assert_text_survives(&silent, "silent");
    assert!(readable_parts(&scrub_bytes(&silent).0).contains_key("word/silent.xml"));
    // A descriptor that contradicts what is in front of it.
    let mut lying = sample_package("word/lying.xml", ZipEntryLayout::Streamed);
    let descriptor = memchr::memmem::find_iter(&lying, b"PK\x07\x08").next().unwrap();
    lying[descriptor + 4] ^= 0xFF;
    assert_text_survives(&lying, "lying");
}

#[test]
fn parts_that_lie_over_one_another_or_nowhere_do_no_harm() {
    let sample = sample_package("word/a.xml", ZipEntryLayout::Deflated);
    let (_, entry) = header_offsets(&sample, "word/a.xml");
    let (first, _) = header_offsets(&sample, "docProps/core.xml");
    for at in [first as u32, first as u32 + 7, 0, u32::MAX - 1, u32::MAX] {
        let mut lying = sample.clone();
        lying[entry + 42..entry + 46].copy_from_slice(&at.to_le_bytes());
        let (washed, _) = scrub_bytes(&lying);
        assert!(washed.len() < lying.len() + 4096, "{at}");
        if at != u32::MAX {
            assert_text_survives(&lying, "overlapping");
        }
    }
}

#[test]
fn xml_that_never_ends_or_goes_too_deep_goes_on_as_it_came() {
    let deep = format!("<document>{}{TEXT}", "<w:p>".repeat(100_000));
    let long = format!("<document><t>{}</t></document>", "x".repeat(3_000_000));
    let tag = format!("<document><t a=\"{}\"/></document>", "x".repeat(3_000_000));
    let broken = format!("<document><ins author=\"{CANARY}\"/><a <b></document>{TEXT}");
    for part in [deep, long, tag, broken] {
        let file = zip(&[
            ("[Content_Types].xml", b"<Types/>", ZipEntryLayout::Deflated),
            ("word/document.xml", part.as_bytes(), ZipEntryLayout::Deflated),
        ]);
        let (washed, said) = scrub_bytes(&file);
        assert!(said.left.contains(MetadataKind::Other), "{}: {said:?}", &part[..40]);
        let after = &readable_parts(&washed)["word/document.xml"];
        assert!(after.len() + 100 > part.len(), "{}: {}", &part[..40], after.len());
    }
}
