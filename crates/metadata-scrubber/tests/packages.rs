//! Malformed packages: their other parts can still be read afterwards.
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

/// Returns the parts that an independent program can read.
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

/// Returns a package with a part that shrinks, the given part in the middle, and a text at the end.
fn sample_package(middle: &str, layout: ZipEntryLayout) -> Vec<u8> {
    let core = format!(
        "<coreProperties><creator>{CANARY}</creator><title>{CANARY}</title></coreProperties>"
    );
    let text = format!("<document><t>{TEXT}</t></document>");
    zip(&[
        ("[Content_Types].xml", b"<Types/>", ZipEntryLayout::Deflated),
        ("docProps/core.xml", core.as_bytes(), ZipEntryLayout::Deflated),
        (middle, b"<document>the middle part</document>", layout),
        ("word/document.xml", text.as_bytes(), ZipEntryLayout::Deflated),
    ])
}

/// Returns the offsets of the header and the directory entry of a part.
fn header_offsets(file: &[u8], name: &str) -> (usize, usize) {
    let mut found = memchr::memmem::find_iter(file, name.as_bytes());
    (found.next().unwrap() - 30, found.next().unwrap() - 46)
}

fn assert_text_survives(file: &[u8], label: &str) {
    let (scrubbed, report) = scrub_bytes(file);
    let parts = readable_parts(&scrubbed);
    assert!(parts.contains_key("word/document.xml"), "{label}: {report:?} {:?}", parts.keys());
    assert!(
        memchr::memmem::find(&parts["word/document.xml"], TEXT.as_bytes()).is_some(),
        "{label}"
    );
    assert!(
        memchr::memmem::find(&parts["docProps/core.xml"], CANARY.as_bytes()).is_none(),
        "{label}"
    );
}

#[test]
fn a_malformed_part_after_a_rewritten_one_loses_nothing() {
    // Encrypted, with the length after the data: the end cannot be found.
    let mut encrypted = sample_package("word/encrypted.xml", ZipEntryLayout::Streamed);
    let (header, entry) = header_offsets(&encrypted, "word/encrypted.xml");
    encrypted[header + 6] |= 1;
    encrypted[entry + 8] |= 1;
    assert_eq!(scrub_bytes(&encrypted).1.reading, ParseCoverage::Broken);
    assert_text_survives(&encrypted, "encrypted");
    // Compressed with an unsupported method.
    let mut other = sample_package("word/other.xml", ZipEntryLayout::Streamed);
    let (header, entry) = header_offsets(&other, "word/other.xml");
    other[header + 8] = 12;
    other[entry + 10] = 12;
    assert_text_survives(&other, "other");
    // The header states no length; the directory does.
    let mut no_lengths = sample_package("word/no-lengths.xml", ZipEntryLayout::Deflated);
    let (header, _) = header_offsets(&no_lengths, "word/no-lengths.xml");
    no_lengths[header + 14..header + 26].fill(0);
    assert_text_survives(&no_lengths, "no lengths");
    assert!(readable_parts(&scrub_bytes(&no_lengths).0).contains_key("word/no-lengths.xml"));
    // A descriptor that contradicts the data before it.
    let mut forged = sample_package("word/forged.xml", ZipEntryLayout::Streamed);
    let descriptor = memchr::memmem::find_iter(&forged, b"PK\x07\x08").next().unwrap();
    forged[descriptor + 4] ^= 0xFF;
    assert_text_survives(&forged, "forged");
}

#[test]
fn overlapping_or_missing_parts_do_no_harm() {
    let sample = sample_package("word/a.xml", ZipEntryLayout::Deflated);
    let (_, entry) = header_offsets(&sample, "word/a.xml");
    let (first, _) = header_offsets(&sample, "docProps/core.xml");
    for at in [first as u32, first as u32 + 7, 0, u32::MAX - 1, u32::MAX] {
        let mut forged = sample.clone();
        forged[entry + 42..entry + 46].copy_from_slice(&at.to_le_bytes());
        let (scrubbed, _) = scrub_bytes(&forged);
        assert!(scrubbed.len() < forged.len() + 4096, "{at}");
        if at != u32::MAX {
            assert_text_survives(&forged, "overlapping");
        }
    }
}

#[test]
fn endless_or_deeply_nested_xml_is_copied_unchanged() {
    let deep = format!("<document>{}{TEXT}", "<w:p>".repeat(100_000));
    let long = format!("<document><t>{}</t></document>", "x".repeat(3_000_000));
    let tag = format!("<document><t a=\"{}\"/></document>", "x".repeat(3_000_000));
    let broken = format!("<document><ins author=\"{CANARY}\"/><a <b></document>{TEXT}");
    for part in [deep, long, tag, broken] {
        let file = zip(&[
            ("[Content_Types].xml", b"<Types/>", ZipEntryLayout::Deflated),
            ("word/document.xml", part.as_bytes(), ZipEntryLayout::Deflated),
        ]);
        let (scrubbed, report) = scrub_bytes(&file);
        assert!(report.left.contains(MetadataKind::Other), "{}: {report:?}", &part[..40]);
        let after = &readable_parts(&scrubbed)["word/document.xml"];
        assert!(after.len() + 100 > part.len(), "{}: {}", &part[..40], after.len());
    }
}

/// Returns whether a program can show the preview: raster pictures decode, and the headers of
/// Windows metafiles state their own length.
fn is_picture(name: &str, bytes: &[u8]) -> bool {
    let number = |at: usize| {
        bytes.get(at..at + 4).map(|bytes| u32::from_le_bytes(bytes.try_into().unwrap()) as usize)
    };
    match name.rsplit_once('.').unwrap().1 {
        "emf" => bytes.get(40..44) == Some(b" EMF") && number(48) == Some(bytes.len()),
        "wmf" => bytes.starts_with(&[1, 0, 9, 0]) && number(6) == Some(bytes.len() / 2),
        _ => image::load_from_memory(bytes).is_ok(),
    }
}

#[test]
fn a_replaced_preview_is_a_picture() {
    let names = [
        "docProps/thumbnail.jpeg",
        "docProps/thumbnail.png",
        "docProps/thumbnail.emf",
        "docProps/thumbnail.wmf",
        "Metadata/thumbnail.jpg",
        "Metadata/thumbnail.png",
        "Thumbnails/thumbnail.png",
    ];
    for name in names {
        let package = zip(&[
            ("[Content_Types].xml", b"<Types/>", ZipEntryLayout::Deflated),
            (name, CANARY.as_bytes(), ZipEntryLayout::Deflated),
        ]);
        let (scrubbed, report) = scrub_bytes(&package);
        let preview = &readable_parts(&scrubbed)[name];
        assert!(report.removed.contains(MetadataKind::Preview), "{name}: {report:?}");
        assert_ne!(preview, CANARY.as_bytes(), "{name}");
        assert!(is_picture(name, preview), "{name}: {} bytes", preview.len());
    }
}
