//! What is removed from each format, and what is retained.
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

fn contains_text(bytes: &[u8], text: &str) -> bool {
    memchr::memmem::find(bytes, text.as_bytes()).is_some()
}

/// Returns all tags that an independent program reads in a file: group and name of each tag with
/// its value.
fn read_metadata(name: &str, bytes: &[u8]) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    // All tags: also duplicate and unknown ones, and those of embedded files.
    let output = Command::new("exiftool")
        .args(["-j", "-G1", "-a", "-u", "-ee", "-b"])
        .arg(&path)
        .output()
        .unwrap();
    let tags: Vec<BTreeMap<String, serde_json::Value>> =
        serde_json::from_slice(&output.stdout).unwrap();
    let ignored = ["SourceFile", "System:", "ExifTool:"];
    let reported = tags
        .into_iter()
        .flatten()
        .filter(|(tag, _)| !ignored.iter().any(|start| tag.starts_with(start)));
    reported.map(|(tag, value)| (tag, value.to_string())).collect()
}

#[test]
fn an_independent_reader_finds_the_author_before_and_not_after() {
    for (name, sample) in samples::all() {
        let before = read_metadata(name, &sample);
        let has_metadata =
            before.iter().any(|(tag, value)| value.contains(CANARY) || tag.starts_with("GPS"));
        // ExifTool reads neither object streams nor streamed entries.
        assert!(has_metadata || name == "b.pdf", "{name} has metadata: {before:?}");
        let (scrubbed, report) = scrub_bytes(&sample);
        assert_eq!(report.reading, ParseCoverage::Whole, "{name}");
        assert!(!report.removed.is_empty() && report.left.is_empty(), "{name}: {report:?}");
        let after = read_metadata(name, &scrubbed);
        for (tag, value) in &after {
            assert!(!value.contains(CANARY), "{name}: {tag} = {value}");
            let group = tag.split(':').next().unwrap();
            let metadata_groups =
                ["GPS", "XMP", "IFD1", "ExifIFD", "IPTC", "ID3", "UserData", "Keys", "Vorbis"];
            assert!(
                !metadata_groups.iter().any(|start| group.starts_with(start)),
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
        assert!(!contains_text(&scrubbed, CANARY), "{name}");
        // Scrubbing again finds nothing, and changes nothing except the compression of packages.
        let (again, report) = scrub_bytes(&scrubbed);
        let is_package = ["docx", "odt"].iter().any(|extension| name.ends_with(extension));
        assert!(
            (again == scrubbed || is_package) && report.removed.is_empty(),
            "{name}: {report:?}"
        );
    }
}

#[test]
fn a_scrubbed_picture_has_the_same_pixels_and_orientation() {
    for (name, sample, format) in [
        ("a.jpg", samples::jpeg(), ImageFormat::Jpeg),
        ("a.png", samples::png(), ImageFormat::Png),
        ("a.gif", samples::gif(), ImageFormat::Gif),
        ("a.webp", samples::webp(), ImageFormat::WebP),
    ] {
        let (scrubbed, _) = scrub_bytes(&sample);
        assert_eq!(
            samples::pixels(&scrubbed),
            samples::pixels(&samples::plain_picture(format)),
            "{name}"
        );
        if format != ImageFormat::Gif {
            assert_eq!(
                read_metadata(name, &scrubbed).get("IFD0:Orientation").unwrap(),
                "\"Rotate 90 CW\"",
                "{name}"
            );
        }
    }
}

#[test]
fn the_report_names_the_metadata_of_the_file() {
    let removed = |sample: &[u8]| scrub_bytes(sample).1.removed;
    for kind in [
        MetadataKind::Author,
        MetadataKind::Device,
        MetadataKind::Place,
        MetadataKind::Date,
        MetadataKind::Words,
    ] {
        assert!(removed(&samples::jpeg()).contains(kind), "{kind:?}");
    }
    assert!(removed(&samples::heic()).contains(MetadataKind::Place));
    assert!(
        removed(&samples::mp4()).contains(MetadataKind::Place)
            && removed(&samples::mp4()).contains(MetadataKind::Date)
    );
    assert!(removed(&samples::docx(ZipEntryLayout::Deflated)).contains(MetadataKind::History));
    assert!(removed(&samples::pdf(true)).contains(MetadataKind::Author));
    let plain = samples::plain_picture(ImageFormat::Jpeg);
    let (output, report) = scrub_bytes(&plain);
    assert!(output == plain && report.removed.is_empty() && report.left.is_empty());
    for (what, head) in [("tif", samples::exif_block()), ("doc", b"\xD0\xCF\x11\xE0 old".to_vec())]
    {
        let (output, report) = scrub_bytes(&head);
        assert!(output == head && report.reading == ParseCoverage::Unknown, "{what}");
        assert!(report.left.contains(MetadataKind::Author), "{what}");
    }
}

#[test]
fn formats_with_absolute_offsets_keep_their_length() {
    for (name, sample) in samples::all() {
        if ["webp", "wav", "flac", "mp4", "heic", "pdf"]
            .iter()
            .any(|extension| name.ends_with(extension))
        {
            assert_eq!(scrub_bytes(&sample).0.len(), sample.len(), "{name}");
        }
    }
    let (pdf, _) = scrub_bytes(&samples::pdf(false));
    assert!(contains_text(&pdf, "/Title (stays)") && contains_text(&pdf, "/Title ()"));
}

/// Returns the parts of a package as an independent program decompresses them.
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
fn a_scrubbed_office_file_retains_its_text_and_parts() {
    for layout in [ZipEntryLayout::Deflated, ZipEntryLayout::Streamed, ZipEntryLayout::Stored] {
        let sample = samples::docx(layout);
        let (scrubbed, _) = scrub_bytes(&sample);
        let (before, after) = (unpack_with_python(&sample), unpack_with_python(&scrubbed));
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
