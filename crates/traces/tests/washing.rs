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
use samples::{CANARY, How, TEXT};
use traces::{Reading, Trace, wash_all};

fn holds(bytes: &[u8], words: &str) -> bool {
    memchr::memmem::find(bytes, words.as_bytes()).is_some()
}

/// Everything that an independent program reads in a file: group and name of each tag with its value.
fn read(name: &str, bytes: &[u8]) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    // All tags, also those that are there twice, unknown ones, and those within what is embedded.
    let output =
        Command::new("exiftool").args(["-j", "-G1", "-a", "-u", "-ee", "-b"]).arg(&path).output().unwrap();
    let tags: Vec<BTreeMap<String, serde_json::Value>> = serde_json::from_slice(&output.stdout).unwrap();
    let ours = ["SourceFile", "System:", "ExifTool:"];
    let told = tags.into_iter().flatten().filter(|(tag, _)| !ours.iter().any(|start| tag.starts_with(start)));
    told.map(|(tag, value)| (tag, value.to_string())).collect()
}

#[test]
fn an_independent_reader_finds_who_made_it_before_and_nobody_after() {
    for (name, sample) in samples::all() {
        let before = read(name, &sample);
        let tells = before.iter().any(|(tag, value)| value.contains(CANARY) || tag.starts_with("GPS"));
        // Its reader does not unpack stores of objects, nor what is streamed.
        assert!(tells || name == "b.pdf", "{name} tells something: {before:?}");
        let (washed, said) = wash_all(&sample);
        assert_eq!(said.reading, Reading::Whole, "{name}");
        assert!(!said.removed.is_empty() && said.left.is_empty(), "{name}: {said:?}");
        let after = read(name, &washed);
        for (tag, value) in &after {
            assert!(!value.contains(CANARY), "{name}: {tag} = {value}");
            let group = tag.split(':').next().unwrap();
            let traitor = ["GPS", "XMP", "IFD1", "ExifIFD", "IPTC", "ID3", "UserData", "Keys", "Vorbis"];
            assert!(!traitor.iter().any(|start| group.starts_with(start)), "{name}: {tag} = {value}");
            let dates = ["CreateDate", "ModifyDate", "Author", "Make", "Model", "Artist", "Comment", "GPS"];
            let empty = value == "\"\"" || value.starts_with("\"0000:") || value == "\"1980:01:01 00:00:00\"";
            assert!(empty || !dates.iter().any(|date| tag.ends_with(date)), "{name}: {tag} = {value}");
        }
        assert!(!holds(&washed, CANARY), "{name}");
        // Once more finds nothing, and changes nothing but how packages are packed.
        let (again, said) = wash_all(&washed);
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
        let (washed, _) = wash_all(&sample);
        assert_eq!(samples::pixels(&washed), samples::pixels(&samples::picture(format)), "{name}");
        if format != ImageFormat::Gif {
            assert_eq!(read(name, &washed).get("IFD0:Orientation").unwrap(), "\"Rotate 90 CW\"", "{name}");
        }
    }
}

#[test]
fn what_is_told_is_what_was_in_it() {
    let removed = |sample: &[u8]| wash_all(sample).1.removed;
    for trace in [Trace::Author, Trace::Device, Trace::Place, Trace::Date, Trace::Words] {
        assert!(removed(&samples::jpeg()).has(trace), "{trace:?}");
    }
    assert!(removed(&samples::heic()).has(Trace::Place));
    assert!(removed(&samples::film()).has(Trace::Place) && removed(&samples::film()).has(Trace::Date));
    assert!(removed(&samples::docx(How::Deflated)).has(Trace::History));
    assert!(removed(&samples::pdf(true)).has(Trace::Author));
    let plain = samples::picture(ImageFormat::Jpeg);
    let (same, said) = wash_all(&plain);
    assert!(same == plain && said.removed.is_empty() && said.left.is_empty());
    for (what, head) in [("tif", samples::notes()), ("doc", b"\xD0\xCF\x11\xE0 old".to_vec())] {
        let (same, said) = wash_all(&head);
        assert!(same == head && said.reading == Reading::Unknown, "{what}");
        assert!(said.left.has(Trace::Author), "{what}");
    }
}

#[test]
fn nothing_changes_its_place_where_a_file_points_into_itself() {
    for (name, sample) in samples::all() {
        if ["webp", "wav", "flac", "mp4", "heic", "pdf"].iter().any(|end| name.ends_with(end)) {
            assert_eq!(wash_all(&sample).0.len(), sample.len(), "{name}");
        }
    }
    let (pdf, _) = wash_all(&samples::pdf(false));
    assert!(holds(&pdf, "/Title (stays)") && holds(&pdf, "/Title ()"));
}

/// The parts of a package as another program unpacks them.
fn unpacked(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zip");
    fs::write(&path, bytes).unwrap();
    let script = "import sys, zipfile, base64, json\nz = zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\n\
                  print(json.dumps({n: z.read(n).hex() for n in z.namelist()}))";
    let output = Command::new("python3").args(["-c", script]).arg(&path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let parts: BTreeMap<String, String> = serde_json::from_slice(&output.stdout).unwrap();
    let byte = |hex: &[u8]| u8::from_str_radix(std::str::from_utf8(hex).unwrap(), 16).unwrap();
    parts.into_iter().map(|(name, hex)| (name, hex.as_bytes().chunks(2).map(byte).collect())).collect()
}

#[test]
fn an_office_file_keeps_its_text_and_its_parts() {
    for how in [How::Deflated, How::Streamed, How::Stored] {
        let sample = samples::docx(how);
        let (washed, _) = wash_all(&sample);
        let (before, after) = (unpacked(&sample), unpacked(&washed));
        assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
        assert!(holds(&after["word/document.xml"], TEXT));
        assert_eq!(
            samples::pixels(&after["word/media/image1.jpeg"]),
            samples::pixels(&samples::picture(ImageFormat::Jpeg))
        );
        for (name, part) in after {
            assert!(!holds(&part, CANARY) && !holds(&part, "2026") && !holds(&part, "00AB12CD"), "{name}");
        }
    }
    let after = unpacked(&wash_all(&samples::odt()).0);
    assert!(holds(&after["content.xml"], TEXT) && !holds(&after["content.xml"], CANARY));
    assert_eq!(after["mimetype"], b"application/vnd.oasis.opendocument.text");
}
