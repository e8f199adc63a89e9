//! Files made to hurt: none of them is lost, takes long, or takes memory.
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

/// Gives a file in pieces of one size.
struct ChunkedReader<'a>(&'a [u8], usize);

impl Read for ChunkedReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.1.min(buffer.len()).min(self.0.len());
        buffer[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}

fn scrub_in_chunks(bytes: &[u8], piece: usize) -> Vec<u8> {
    let mut out = Vec::new();
    scrub(&mut ChunkedReader(bytes, piece), &mut out).unwrap();
    out
}

#[test]
fn a_file_cut_anywhere_ends_and_keeps_what_came_of_its_content() {
    for (name, sample) in samples::all() {
        let step = (sample.len() / 97).max(1);
        for cut in (0..sample.len()).step_by(step) {
            let (washed, said) = scrub_bytes(&sample[..cut]);
            assert!(washed.len() <= cut + 400, "{name} at {cut}");
            // What is kept of a picture in the whole file is kept as far as it came.
            if name == "a.jpg" {
                let whole = scrub_bytes(&sample).0;
                assert!(
                    said.reading != ParseCoverage::Whole || cut > whole.len() || whole == washed,
                    "{name} at {cut}"
                );
            }
        }
    }
}

#[test]
fn it_is_all_the_same_in_which_pieces_a_file_comes() {
    for (name, sample) in samples::all() {
        let (washed, _) = scrub_bytes(&sample);
        for piece in [1, 7, 1000] {
            assert!(scrub_in_chunks(&sample, piece) == washed, "{name} in pieces of {piece}");
        }
    }
}

#[test]
fn lengths_of_64_bits_that_no_file_has_are_not_added_to() {
    let part = |len: u64| {
        let head =
            [&b"PK\x03\x04\x14\0\0\0\x08\0"[..], &[0; 8], &[0xFF; 8], b"\x13\0\x14\0"].concat();
        let extra = [&b"\x01\0\x10\0"[..], &len.to_le_bytes(), &len.to_le_bytes()].concat();
        [&head, &b"[Content_Types].xml"[..], &extra, b"what came"].concat()
    };
    let sound = zip(&[("[Content_Types].xml", b"<Types/>", ZipEntryLayout::Deflated)]);
    let end = sound.windows(4).position(|four| four == b"PK\x05\x06").unwrap();
    let ending = |len: u64| {
        [&sound[..end], b"PK\x06\x06", &len.to_le_bytes(), &[0; 44], &sound[end..]].concat()
    };
    for len in [1 << 40, u64::MAX / 2, u64::MAX - 100, u64::MAX - 11, u64::MAX] {
        let (washed, said) = scrub_bytes(&part(len));
        assert_eq!(said.reading, ParseCoverage::Broken, "{len}");
        assert!(washed.ends_with(b"what came"), "{len}");
        assert_ne!(scrub_bytes(&ending(len)).1.reading, ParseCoverage::Whole, "{len}");
    }
}

#[test]
fn lengths_that_lie_are_no_way_around() {
    // Longer than the file, shorter than a head, and beyond every number.
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
            let (washed, said) = scrub_bytes(&file);
            assert!(
                said.reading == ParseCoverage::Broken && washed.len() == file.len(),
                "{size}: {file:?} {washed:?}"
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
    let (washed, said) = scrub_bytes(&boxes);
    assert!(said.reading == ParseCoverage::Whole && washed.len() == boxes.len());
    // A table that points at itself, at the past, and far away.
    let heic = samples::heic();
    let places = memchr::memmem::find(&heic, b"iloc").unwrap() + 12;
    for n in 0..60 {
        for value in [0, 1, 0x7F, 0xFF] {
            let mut lying = heic.clone();
            lying[places + n] = value;
            assert_eq!(scrub_bytes(&lying).0.len(), heic.len(), "byte {n} is {value}");
        }
    }
}

#[test]
fn a_bomb_of_a_document_is_carried_and_not_opened() {
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
    let (washed, said) = scrub_bytes(&file);
    assert_eq!(said.reading, ParseCoverage::Whole);
    assert!(washed.len() < file.len() + 4096);
}

#[test]
fn a_package_inside_a_package_is_carried_and_not_opened() {
    let mut nested = b"x".to_vec();
    for _ in 0..2000 {
        nested = zip(&[("word/a.png", &nested, ZipEntryLayout::Stored)]);
    }
    let (washed, said) = scrub_bytes(&nested);
    assert!(said.left.contains(MetadataKind::Other));
    assert!(washed.len() < nested.len() + 4096);
}

#[test]
fn pictures_of_a_package_share_one_budget() {
    // Three times 64 MiB, packed in 64 KiB each.
    let picture = [&b"\x89PNG\r\n\x1a\n"[..], &vec![0; 64 << 20]].concat();
    let names = ["word/media/image1.png", "word/media/image2.png", "word/media/image3.png"];
    for how in [ZipEntryLayout::Deflated, ZipEntryLayout::Streamed] {
        let parts: Vec<_> = names.iter().map(|name| (*name, &picture[..], how)).collect();
        let file = zip(&parts);
        let (washed, said) = scrub_bytes(&file);
        assert!(
            said.left.contains(MetadataKind::Other) || said.reading == ParseCoverage::Broken,
            "{said:?}"
        );
        // What was rewritten is packed faster and less closely.
        assert!(washed.len() < 4 * file.len(), "{} of {}", washed.len(), file.len());
    }
}

#[test]
fn packages_that_contradict_themselves_go_on_as_they_came_from_there() {
    let sample = samples::docx(ZipEntryLayout::Deflated);
    for at in 0..sample.len() {
        let mut lying = sample.clone();
        lying[at] ^= 0xFF;
        let (washed, _) = scrub_bytes(&lying);
        assert!(
            washed.len() + 8192 > sample.len(),
            "at {at}: {} of {}",
            washed.len(),
            sample.len()
        );
    }
    // Something else in front, behind and within.
    for file in [[&b"\xFF\xD8\xFF"[..], &sample].concat(), [&sample[..], b"MZ and more"].concat()] {
        scrub_bytes(&file);
    }
}

#[test]
fn a_pdf_that_points_in_circles_and_never_closes_ends() {
    let circle =
        b"%PDF-1.4\n1 0 obj << /Author 2 0 R /Title 1 0 R >> endobj 2 0 obj 1 0 R endobj ".to_vec();
    let open = [&b"%PDF-1.4\n<< /Author ("[..], &b"(".repeat(3_000_000)].concat();
    let notes = [&b"%PDF-1.4\n"[..], &b"<x:xmpmeta".repeat(100_000)].concat();
    let keys = [&b"%PDF-1.4\n"[..], &b"/Author 7 0 R ".repeat(100_000)].concat();
    for file in [circle, open, notes, keys] {
        assert_eq!(scrub_bytes(&file).0.len(), file.len());
    }
}

/// A beginning of some kind, and what may come behind it.
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
    let piece = prop_oneof![select(tokens).prop_map(<[u8]>::to_vec), vec(any::<u8>(), 0..40)];
    (select(heads), vec(piece, 0..40)).prop_map(|(head, pieces)| [head, &pieces.concat()].concat())
}

/// A true file with some bytes changed.
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
    fn whatever_comes_goes_on_and_nothing_panics(file in prop_oneof![arbitrary_file(), damaged_sample()]) {
        let (washed, said) = scrub_bytes(&file);
        if said.reading == ParseCoverage::Unknown {
            prop_assert_eq!(&washed, &file);
        }
        prop_assert!(washed.len() <= file.len() + 65_536);
        prop_assert_eq!(scrub_in_chunks(&file, 13), washed);
    }
}
