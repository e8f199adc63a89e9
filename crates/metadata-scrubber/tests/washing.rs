//! What each kind of file loses, and what it keeps.
#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a failure here is a failed test, and samples are small"
)]

#[expect(dead_code, reason = "each test uses a part")]
mod samples;

use std::{collections::BTreeMap, fs, process::Command};

use image::ImageFormat;
use metadata_scrubber::{MetadataKind, ParseCoverage, scrub_bytes};
use samples::{CANARY, TEXT, ZipEntryLayout};

fn contains_text(bytes: &[u8], words: &str) -> bool {
    memchr::memmem::find(bytes, words.as_bytes()).is_some()
}

/// Everything that an independent program reads in a file: group and name of each tag with its
/// value.
fn read_metadata(name: &str, bytes: &[u8]) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    // All tags, also those that are there twice, unknown ones, and those within what is embedded.
    let output = Command::new("exiftool")
        .args(["-j", "-G1", "-a", "-u", "-ee", "-b"])
        .arg(&path)
        .output()
        .unwrap();
    let tags: Vec<BTreeMap<String, serde_json::Value>> =
        serde_json::from_slice(&output.stdout).unwrap();
    let ours = ["SourceFile", "System:", "ExifTool:"];
    let told = tags
        .into_iter()
        .flatten()
        .filter(|(tag, _)| !ours.iter().any(|start| tag.starts_with(start)));
    told.map(|(tag, value)| (tag, value.to_string())).collect()
}

#[test]
fn an_independent_reader_finds_who_made_it_before_and_nobody_after() {
    for (name, sample) in samples::all() {
        let before = read_metadata(name, &sample);
        let tells =
            before.iter().any(|(tag, value)| value.contains(CANARY) || tag.starts_with("GPS"));
        // Its reader does not unpack stores of objects, nor what is streamed.
        assert!(tells || name == "b.pdf", "{name} tells something: {before:?}");
        let (washed, said) = scrub_bytes(&sample);
        assert_eq!(said.reading, ParseCoverage::Whole, "{name}");
        assert!(!said.removed.is_empty() && said.left.is_empty(), "{name}: {said:?}");
        let after = read_metadata(name, &washed);
        for (tag, value) in &after {
            assert!(!value.contains(CANARY), "{name}: {tag} = {value}");
            let group = tag.split(':').next().unwrap();
            let traitor =
                ["GPS", "XMP", "IFD1", "ExifIFD", "IPTC", "ID3", "UserData", "Keys", "Vorbis"];
            assert!(
                !traitor.iter().any(|start| group.starts_with(start)),
                "{name}: {tag} = {value}"
            );
            let dates =
                ["CreateDate", "ModifyDate", "Author", "Make", "Model", "Artist", "Comment", "GPS"];
            let empty = value == "\"\""
                || value.starts_with("\"0000:")
                || value == "\"1980:01:01 00:00:00\"";
            assert!(
                empty || !dates.iter().any(|date| tag.ends_with(date)),
                "{name}: {tag} = {value}"
            );
        }
        assert!(!contains_text(&washed, CANARY), "{name}");
        // Once more finds nothing, and changes nothing but how packages are packed.
        let (again, said) = scrub_bytes(&washed);
        let is_package = ["docx", "odt"].iter().any(|end| name.ends_with(end));
        assert!((again == washed || is_package) && said.removed.is_empty(), "{name}: {said:?}");
    }
}

#[test]
fn a_picture_looks_as_before_and_stays_upright() {
    for (name, sample, format) in [
        ("a.jpg", samples::jpeg(), ImageFormat::Jpeg),
        ("a.png", samples::png(), ImageFormat::Png),
        ("a.gif", samples::gif(), ImageFormat::Gif),
        ("a.webp", samples::webp(), ImageFormat::WebP),
    ] {
        let (washed, _) = scrub_bytes(&sample);
        assert_eq!(
            samples::pixels(&washed),
            samples::pixels(&samples::plain_picture(format)),
            "{name}"
        );
        if format != ImageFormat::Gif {
            assert_eq!(
                read_metadata(name, &washed).get("IFD0:Orientation").unwrap(),
                "\"Rotate 90 CW\"",
                "{name}"
            );
        }
    }
}

#[test]
fn what_is_reported_is_what_was_in_it() {
    let removed = |sample: &[u8]| scrub_bytes(sample).1.removed;
    for trace in [
        MetadataKind::Author,
        MetadataKind::Device,
        MetadataKind::Place,
        MetadataKind::Date,
        MetadataKind::Words,
    ] {
        assert!(removed(&samples::jpeg()).contains(trace), "{trace:?}");
    }
    assert!(removed(&samples::heic()).contains(MetadataKind::Place));
    assert!(
        removed(&samples::mp4()).contains(MetadataKind::Place)
            && removed(&samples::mp4()).contains(MetadataKind::Date)
    );
    assert!(removed(&samples::docx(ZipEntryLayout::Deflated)).contains(MetadataKind::History));
    assert!(removed(&samples::pdf(true)).contains(MetadataKind::Author));
    let plain = samples::plain_picture(ImageFormat::Jpeg);
    let (same, said) = scrub_bytes(&plain);
    assert!(same == plain && said.removed.is_empty() && said.left.is_empty());
    for (what, head) in [("tif", samples::exif_block()), ("doc", b"\xD0\xCF\x11\xE0 old".to_vec())]
    {
        let (same, said) = scrub_bytes(&head);
        assert!(same == head && said.reading == ParseCoverage::Unknown, "{what}");
        assert!(said.left.contains(MetadataKind::Author), "{what}");
    }
}

#[test]
fn nothing_changes_its_place_where_a_file_points_into_itself() {
    for (name, sample) in samples::all() {
        if ["webp", "wav", "flac", "mp4", "heic", "pdf"].iter().any(|end| name.ends_with(end)) {
            assert_eq!(scrub_bytes(&sample).0.len(), sample.len(), "{name}");
        }
    }
    let (pdf, _) = scrub_bytes(&samples::pdf(false));
    assert!(contains_text(&pdf, "/Title (stays)") && contains_text(&pdf, "/Title ()"));
}

/// The parts of a package as another program unpacks them.
fn unpack_with_python(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zip");
    fs::write(&path, bytes).unwrap();
    let script = "import sys, zipfile, base64, json\nz = zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\n\
                  print(json.dumps({n: z.read(n).hex() for n in z.namelist()}))";
    let output = Command::new("python3").args(["-c", script]).arg(&path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let parts: BTreeMap<String, String> = serde_json::from_slice(&output.stdout).unwrap();
    let byte = |hex: &[u8]| u8::from_str_radix(std::str::from_utf8(hex).unwrap(), 16).unwrap();
    parts
        .into_iter()
        .map(|(name, hex)| (name, hex.as_bytes().chunks(2).map(byte).collect()))
        .collect()
}

#[test]
fn an_office_file_keeps_its_text_and_its_parts() {
    for how in [ZipEntryLayout::Deflated, ZipEntryLayout::Streamed, ZipEntryLayout::Stored] {
        let sample = samples::docx(how);
        let (washed, _) = scrub_bytes(&sample);
        let (before, after) = (unpack_with_python(&sample), unpack_with_python(&washed));
        assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
        assert!(contains_text(&after["word/document.xml"], TEXT));
        assert_eq!(
            samples::pixels(&after["word/media/image1.jpeg"]),
            samples::pixels(&samples::plain_picture(ImageFormat::Jpeg))
        );
        for (name, part) in after {
            assert!(
                !contains_text(&part, CANARY)
                    && !contains_text(&part, "2026")
                    && !contains_text(&part, "00AB12CD"),
                "{name}"
            );
        }
    }
    let after = unpack_with_python(&scrub_bytes(&samples::odt()).0);
    assert!(
        contains_text(&after["content.xml"], TEXT) && !contains_text(&after["content.xml"], CANARY)
    );
    assert_eq!(after["mimetype"], b"application/vnd.oasis.opendocument.text");
}
