//! Text, audio, video and picture files of the corpus.

use super::{bmff_box, corpus::AUTHOR, exif_block, heic, plain_picture};
use image::ImageFormat;

fn text_samples() -> Vec<(&'static str, Vec<u8>)> {
    let text = |text: String| text.into_bytes();
    vec![
        (
            "drawing.svg",
            text(format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" sodipodi:docname=\"{AUTHOR}.svg\" inkscape:export-filename=\"/home/canary/x.png\">\
                 <!-- {AUTHOR} --><metadata><dc:creator>{AUTHOR}</dc:creator></metadata><path d=\"M0 0\"/></svg>"
            )),
        ),
        (
            "mail.eml",
            text(format!(
                "Return-Path: <canary@example.org>\r\nReceived: from [10.1.2.3]\r\n\tby mx\r\nFrom: {AUTHOR} <canary@example.org>\r\nSubject: facture\r\n\r\ntext\r\n"
            )),
        ),
        (
            "page.html",
            text(format!(
                "<html><head><meta name=\"Author\" content=\"{AUTHOR}\"></head><body>x</body></html>"
            )),
        ),
        (
            "flat-word.xml",
            text(format!(
                "<?xml version=\"1.0\"?><?mso-application progid=\"Word.Document\"?><pkg:package xmlns:pkg=\"p\"><dc:creator>{AUTHOR}</dc:creator></pkg:package>"
            )),
        ),
        ("card.vcf", text(format!("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{AUTHOR}\r\nEND:VCARD\r\n"))),
        ("page.eps", text(format!("%!PS-Adobe-3.0 EPSF-3.0\n%%For: {AUTHOR}\n"))),
        ("plain.txt", text("Le camion est passé sans contrôle.\nIl était 10:15.\n".to_owned())),
        ("empty.txt", Vec::new()),
    ]
}

fn audio_samples() -> Vec<(&'static str, Vec<u8>)> {
    let label = [&b"ID3\x03\0\0\0\0\0\x0A"[..], &[0; 10]].concat();
    let mut sound = vec![0; 417];
    sound[..4].copy_from_slice(&[0xFF, 0xFB, 0x90, 0]);
    let lyrics = format!("LYRICSBEGINEAR00013{AUTHOR}");
    let lyrics = format!("{lyrics}{:06}LYRICS200", lyrics.len());
    vec![
        ("id3.flac", [label, super::flac()].concat()),
        ("lyrics.mp3", [sound.repeat(3), lyrics.into_bytes()].concat()),
    ]
}

fn video_samples() -> Vec<(&'static str, Vec<u8>)> {
    let track = |kind: &[u8]| {
        let handler = bmff_box(b"hdlr", &[&[0; 8][..], kind, &[0; 13]].concat());
        let media = bmff_box(
            b"mdia",
            &[bmff_box(b"mdhd", &[0; 24]), handler, bmff_box(b"minf", &[])].concat(),
        );
        bmff_box(b"trak", &[bmff_box(b"tkhd", &[0; 84]), media].concat())
    };
    let movie = |inside: &[Vec<u8>]| {
        let all = bmff_box(b"moov", &[&[bmff_box(b"mvhd", &[0; 100])], inside].concat().concat());
        [bmff_box(b"ftyp", b"isom\0\0\0\0isom"), all, bmff_box(b"mdat", &[7; 8])].concat()
    };
    let places = bmff_box(b"gps ", format!("freeGPS {AUTHOR} 12.37N 1.53W").as_bytes());
    vec![
        ("gps-box.mp4", movie(&[track(b"vide"), places])),
        ("text-track.mp4", movie(&[track(b"vide"), track(b"sbtl")])),
    ]
}

/// A picture with the image data before the item table, as some phones write it.
fn heic_with_late_table() -> Vec<u8> {
    let first = heic();
    let table = 4 + 16 + memchr::memmem::find(&first, b"ftyp").unwrap();
    let kind_len = u32::from_be_bytes([first[0], first[1], first[2], first[3]]) as usize;
    let table_len = u32::from_be_bytes(first[kind_len..kind_len + 4].try_into().unwrap()) as usize;
    assert!(table > 0);
    let (kind, rest) = first.split_at(kind_len);
    let (table, pictures) = rest.split_at(table_len);
    // The offsets grow by the length of the table.
    let mut table = table.to_vec();
    let places = memchr::memmem::find(&table, b"iloc").unwrap() + 4 + 8;
    for entry in 0..2 {
        let at = places + entry * 14 + 6;
        let place = u32::from_be_bytes(table[at..at + 4].try_into().unwrap()) - table_len as u32;
        table[at..at + 4].copy_from_slice(&place.to_be_bytes());
    }
    [kind, pictures, &table].concat()
}

fn picture_samples() -> Vec<(&'static str, Vec<u8>)> {
    let plain = plain_picture(ImageFormat::Jpeg);
    let segment = |marker: u8, payload: &[u8]| {
        [&[0xFF, marker][..], &(payload.len() as u16 + 2).to_be_bytes(), payload].concat()
    };
    let exif = segment(0xE1, &[b"Exif\0\0", &exif_block()[..]].concat());
    // The stated length is four bytes too small.
    let mut short = exif.clone();
    let len = u16::from_be_bytes([short[2], short[3]]) - 4;
    short[2..4].copy_from_slice(&len.to_be_bytes());
    let colours = segment(0xEE, &[&b"Adobe\0\x64\0\0\0\0\x01"[..], AUTHOR.as_bytes()].concat());
    vec![
        ("late-table.heic", heic_with_late_table()),
        ("short-segment.jpg", [&plain[..2], &short, &plain[2..]].concat()),
        ("long-adobe.jpg", [&plain[..2], &colours, &plain[2..]].concat()),
    ]
}

pub(super) fn all() -> Vec<(&'static str, Vec<u8>)> {
    [text_samples(), audio_samples(), video_samples(), picture_samples()].concat()
}
