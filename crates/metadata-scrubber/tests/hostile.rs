//! Malicious files: none of them is lost, or takes much time or memory.
#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a failure here is a failed test, and samples are small"
)]

#[expect(dead_code, reason = "each test uses a part")]
mod samples;

use std::io::{self, Read};

use metadata_scrubber::{MetadataKind, ParseCoverage, scrub, scrub_bytes};
use proptest::{collection::vec, prelude::*, sample::select};
use samples::{ZipEntryLayout, bmff_box, riff, zip};

/// Returns a file in chunks of one size.
struct ChunkedReader<'a>(&'a [u8], usize);

impl Read for ChunkedReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.1.min(buffer.len()).min(self.0.len());
        buffer[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}

fn scrub_in_chunks(bytes: &[u8], chunk: usize) -> Vec<u8> {
    let mut out = Vec::new();
    scrub(&mut ChunkedReader(bytes, chunk), &mut out).unwrap();
    out
}

#[test]
fn a_truncated_file_retains_its_content_before_the_end() {
    for (name, sample) in samples::all() {
        let step = (sample.len() / 97).max(1);
        for cut in (0..sample.len()).step_by(step) {
            let (scrubbed, report) = scrub_bytes(&sample[..cut]);
            assert!(scrubbed.len() <= cut + 400, "{name} at {cut}");
            // The picture is copied as far as it is complete.
            if name == "a.jpg" {
                let whole = scrub_bytes(&sample).0;
                assert!(
                    report.reading != ParseCoverage::Whole
                        || cut > whole.len()
                        || whole == scrubbed,
                    "{name} at {cut}"
                );
            }
        }
    }
}

#[test]
fn the_result_does_not_depend_on_the_chunk_size() {
    for (name, sample) in samples::all() {
        let (scrubbed, _) = scrub_bytes(&sample);
        for chunk in [1, 7, 1000] {
            assert!(scrub_in_chunks(&sample, chunk) == scrubbed, "{name} in chunks of {chunk}");
        }
    }
}

#[test]
fn implausible_64_bit_lengths_do_not_overflow() {
    let part = |len: u64| {
        let head =
            [&b"PK\x03\x04\x14\0\0\0\x08\0"[..], &[0; 8], &[0xFF; 8], b"\x13\0\x14\0"].concat();
        let extra = [&b"\x01\0\x10\0"[..], &len.to_le_bytes(), &len.to_le_bytes()].concat();
        [&head, &b"[Content_Types].xml"[..], &extra, b"what came"].concat()
    };
    let valid = zip(&[("[Content_Types].xml", b"<Types/>", ZipEntryLayout::Deflated)]);
    let end = valid.windows(4).position(|four| four == b"PK\x05\x06").unwrap();
    let zip64_end = |len: u64| {
        [&valid[..end], b"PK\x06\x06", &len.to_le_bytes(), &[0; 44], &valid[end..]].concat()
    };
    for len in [1 << 40, u64::MAX / 2, u64::MAX - 100, u64::MAX - 11, u64::MAX] {
        let (scrubbed, report) = scrub_bytes(&part(len));
        assert_eq!(report.reading, ParseCoverage::Broken, "{len}");
        assert!(scrubbed.ends_with(b"what came"), "{len}");
        assert_ne!(scrub_bytes(&zip64_end(len)).1.reading, ParseCoverage::Whole, "{len}");
    }
}

#[test]
fn false_lengths_are_detected() {
    // Longer than the file, shorter than a header, and larger than any number.
    for size in [0u32, 1, 4, 7, 9, 0x7FFF_FFFF, u32::MAX] {
        let png = [&b"\x89PNG\r\n\x1a\n"[..], &size.to_be_bytes(), b"IHDRxxxx"].concat();
        let boxes = [
            &b"\0\0\0\x10ftypisom\0\0\0\0"[..],
            &size.to_be_bytes(),
            b"moov\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
        ]
        .concat();
        let webp =
            [&b"RIFF"[..], &size.to_le_bytes(), b"WEBPVP8 ", &size.to_le_bytes(), b"abc"].concat();
        let jpeg = [&b"\xFF\xD8\xFF\xE1"[..], &size.to_be_bytes()[2..], b"Exif\0\0MM\0*"].concat();
        let flac = [&b"fLaC\x04"[..], &size.to_be_bytes()[1..], b"abc"].concat();
        let mp3 = [&b"ID3\x04\0\x10"[..], &size.to_be_bytes(), b"abc"].concat();
        assert_eq!(scrub_bytes(&jpeg).1.reading, ParseCoverage::Broken);
        for file in [png, boxes, webp, flac] {
            let (scrubbed, report) = scrub_bytes(&file);
            assert!(
                report.reading == ParseCoverage::Broken && scrubbed.len() == file.len(),
                "{size}: {file:?} {scrubbed:?}"
            );
        }
        scrub_bytes(&mp3);
    }
}

#[test]
fn pictures_that_claim_to_be_huge_or_have_many_parts_are_parsed_and_not_decoded() {
    let huge = [
        &b"\xFF\xD8\xFF\xC2\0\x0B\x08\xFF\xFF\xFF\xFF\x01\x01\x11\0"[..],
        &b"\xFF\xE0\0\x02".repeat(200_000),
        b"\xFF\xDA\0\x02xyz\xFF\xD9",
    ]
    .concat();
    assert_eq!(scrub_bytes(&huge).1.reading, ParseCoverage::Whole);
    let animated = riff(b"WEBP", &vec![b"ANMF\0\0\0\0".to_vec(); 100_000]);
    assert_eq!(scrub_bytes(&animated).1.reading, ParseCoverage::Whole);
    let boxes =
        [bmff_box(b"ftyp", b"isom\0\0\0\0"), bmff_box(b"trak", b"").repeat(500_000)].concat();
    let (scrubbed, report) = scrub_bytes(&boxes);
    assert!(report.reading == ParseCoverage::Whole && scrubbed.len() == boxes.len());
    // A table that refers to itself, backwards, and far away.
    let heic = samples::heic();
    let table = memchr::memmem::find(&heic, b"iloc").unwrap() + 12;
    for n in 0..60 {
        for value in [0, 1, 0x7F, 0xFF] {
            let mut damaged = heic.clone();
            damaged[table + n] = value;
            assert_eq!(scrub_bytes(&damaged).0.len(), heic.len(), "byte {n} is {value}");
        }
    }
}

#[test]
fn a_decompression_bomb_is_copied_and_not_opened() {
    let bomb = vec![b' '; 200 << 20];
    let many: Vec<String> = (0..20).map(|n| format!("word/part{n}.xml")).collect();
    let small = vec![b' '; 10 << 20];
    let nested: Vec<u8> = b"<w:p>".repeat(1_000_000);
    let mut parts: Vec<(&str, &[u8], ZipEntryLayout)> = vec![
        ("[Content_Types].xml", b"<Types/>", ZipEntryLayout::Deflated),
        ("word/document.xml", &bomb, ZipEntryLayout::Deflated),
        ("word/deep.xml", &nested, ZipEntryLayout::Streamed),
    ];
    parts.extend(many.iter().map(|name| (&**name, &small[..], ZipEntryLayout::Deflated)));
    let file = zip(&parts);
    let (scrubbed, report) = scrub_bytes(&file);
    assert_eq!(report.reading, ParseCoverage::Whole);
    assert!(scrubbed.len() < file.len() + 4096);
}

#[test]
fn a_package_inside_a_package_is_copied_and_not_opened() {
    let mut nested = b"x".to_vec();
    for _ in 0..2000 {
        nested = zip(&[("word/a.png", &nested, ZipEntryLayout::Stored)]);
    }
    let (scrubbed, report) = scrub_bytes(&nested);
    assert!(report.left.contains(MetadataKind::Other));
    assert!(scrubbed.len() < nested.len() + 4096);
}

#[test]
fn pictures_of_a_package_share_one_budget() {
    // Three times 64 MiB, compressed to 64 KiB each.
    let picture = [&b"\x89PNG\r\n\x1a\n"[..], &vec![0; 64 << 20]].concat();
    let names = ["word/media/image1.png", "word/media/image2.png", "word/media/image3.png"];
    for layout in [ZipEntryLayout::Deflated, ZipEntryLayout::Streamed] {
        let parts: Vec<_> = names.iter().map(|name| (*name, &picture[..], layout)).collect();
        let file = zip(&parts);
        let (scrubbed, report) = scrub_bytes(&file);
        assert!(
            report.left.contains(MetadataKind::Other) || report.reading == ParseCoverage::Broken,
            "{report:?}"
        );
        // A rewritten part is compressed faster and less densely.
        assert!(scrubbed.len() < 4 * file.len(), "{} of {}", scrubbed.len(), file.len());
    }
}

#[test]
fn contradictory_packages_are_copied_unchanged_from_there() {
    let sample = samples::docx(ZipEntryLayout::Deflated);
    for at in 0..sample.len() {
        let mut damaged = sample.clone();
        damaged[at] ^= 0xFF;
        let (scrubbed, _) = scrub_bytes(&damaged);
        assert!(
            scrubbed.len() + 8192 > sample.len(),
            "at {at}: {} of {}",
            scrubbed.len(),
            sample.len()
        );
    }
    // Other data before, after and within.
    for file in [[&b"\xFF\xD8\xFF"[..], &sample].concat(), [&sample[..], b"MZ and more"].concat()] {
        scrub_bytes(&file);
    }
}

#[test]
fn a_pdf_with_reference_loops_or_unclosed_strings_terminates() {
    let looping =
        b"%PDF-1.4\n1 0 obj << /Author 2 0 R /Title 1 0 R >> endobj 2 0 obj 1 0 R endobj ".to_vec();
    let unclosed = [&b"%PDF-1.4\n<< /Author ("[..], &b"(".repeat(3_000_000)].concat();
    let unclosed_xmp = [&b"%PDF-1.4\n"[..], &b"<x:xmpmeta".repeat(100_000)].concat();
    let keys = [&b"%PDF-1.4\n"[..], &b"/Author 7 0 R ".repeat(100_000)].concat();
    for file in [looping, unclosed, unclosed_xmp, keys] {
        assert_eq!(scrub_bytes(&file).0.len(), file.len());
    }
}

/// Returns the beginning of a format with arbitrary content after it.
fn arbitrary_file() -> impl Strategy<Value = Vec<u8>> {
    let heads = vec![
        &b"\xFF\xD8\xFF"[..],
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"RIFF\xFF\0\0\0WEBP",
        b"RIFF\0\x01\0\0WAVE",
        b"\0\0\0\x10ftypheic\0\0\0\0",
        b"\0\0\0\x10ftypisom\0\0\0\0",
        b"ID3\x03\0\0\0\0\0\x10",
        b"fLaC",
        b"%PDF-1.7\n",
        b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0\0\0\0\0\x04\0\0\0\x04\0\0\0\x05\0\0\0word/",
        b"MM\0*",
        b"",
    ];
    let tokens = vec![
        &b"\xFF\xE1\0\x10Exif\0\0"[..],
        b"\xFF\xDA\0\x04ab",
        b"\xFF\xD9",
        b"\0\0\0\x08free",
        b"\0\0\0\x01moov\0\0\0\0\0\0\0\x20",
        b"meta",
        b"iloc",
        b"iinf",
        b"mdat",
        b"udta",
        b"mvhd",
        b"/Author (",
        b")",
        b"/Info 3 0 R",
        b"<< ",
        b" >>\nstream\n",
        b"endstream",
        b"3 0 obj",
        b"/ObjStm /Filter /FlateDecode",
        b"<x:xmpmeta",
        b"</x:xmpmeta>",
        b"PK\x01\x02",
        b"PK\x05\x06",
        b"PK\x07\x08",
        b"EXIF\x04\0\0\0",
        b"LIST\x08\0\0\0INFO",
        b"IEND",
        b"tEXt",
        b"TAG",
        b"APETAGEX",
        b";",
        b"!\xFF\x0BNETSCAPE2.0",
        b"\0",
        b"\xFF",
    ];
    let chunk = prop_oneof![select(tokens).prop_map(<[u8]>::to_vec), vec(any::<u8>(), 0..40)];
    (select(heads), vec(chunk, 0..40)).prop_map(|(head, pieces)| [head, &pieces.concat()].concat())
}

/// Returns a valid file with some bytes changed.
fn damaged_sample() -> impl Strategy<Value = Vec<u8>> {
    let samples: Vec<Vec<u8>> = samples::all().into_iter().map(|(_, sample)| sample).collect();
    (select(samples), vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)).prop_map(
        |(mut sample, changes)| {
            for (at, byte) in changes {
                let at = at.index(sample.len());
                sample[at] = byte;
            }
            sample
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_input_is_copied_without_a_panic(file in prop_oneof![arbitrary_file(), damaged_sample()]) {
        let (scrubbed, report) = scrub_bytes(&file);
        if report.reading == ParseCoverage::Unknown {
            prop_assert_eq!(&scrubbed, &file);
        }
        prop_assert!(scrubbed.len() <= file.len() + 65_536);
        prop_assert_eq!(scrub_in_chunks(&file, 13), scrubbed);
    }
}
