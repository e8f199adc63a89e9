//! Writes packages in the layouts of several programs.

use std::io::Write as _;

use flate2::{Compression, write::DeflateEncoder};

/// The layout of one part.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum ZipEntryLayout {
    Stored,
    Deflated,
    /// The lengths follow the data.
    Streamed,
    /// 64-bit lengths follow the data, as Apache POI and .NET write them.
    Streamed64,
    /// The lengths follow the data without a signature.
    StreamedUnsigned,
    /// Not compressed, and the lengths follow the data.
    StoredStreamed,
    /// Declared as compressed, without any data.
    EmptyDeflated,
    /// 64-bit lengths in an extra field.
    DeflatedZip64,
}

pub(crate) fn zip(parts: &[(&str, &[u8], ZipEntryLayout)]) -> Vec<u8> {
    let (mut zip, directory) = parts_and_directory(parts);
    let count = (parts.len() as u16).to_le_bytes();
    let (start, len) = ((zip.len() as u32).to_le_bytes(), (directory.len() as u32).to_le_bytes());
    zip.extend(&directory);
    zip.extend([&b"PK\x05\x06\0\0\0\0"[..], &count, &count, &len, &start, &[0, 0]].concat());
    zip
}

/// Writes a package with a zip64 end record, as .NET does for XPS.
pub(crate) fn zip_with_zip64_end(parts: &[(&str, &[u8], ZipEntryLayout)]) -> Vec<u8> {
    let (mut zip, directory) = parts_and_directory(parts);
    let count = (parts.len() as u64).to_le_bytes();
    let (start, len) = ((zip.len() as u64).to_le_bytes(), (directory.len() as u64).to_le_bytes());
    let end = ((zip.len() + directory.len()) as u64).to_le_bytes();
    zip.extend(&directory);
    zip.extend(
        [
            &b"PK\x06\x06\x2C\0\0\0\0\0\0\0\x2D\0\x2D\0\0\0\0\0\0\0\0\0"[..],
            &count,
            &count,
            &len,
            &start,
        ]
        .concat(),
    );
    zip.extend([&b"PK\x06\x07\0\0\0\0"[..], &end, &[1, 0, 0, 0]].concat());
    zip.extend([&b"PK\x05\x06\0\0\0\0\xFF\xFF\xFF\xFF"[..], &[0xFF; 8], &[0, 0]].concat());
    zip
}

fn parts_and_directory(parts: &[(&str, &[u8], ZipEntryLayout)]) -> (Vec<u8>, Vec<u8>) {
    let (mut zip, mut directory) = (Vec::new(), Vec::new());
    for (name, plain, layout) in parts {
        let at = zip.len() as u32;
        let is_stored = matches!(layout, ZipEntryLayout::Stored | ZipEntryLayout::StoredStreamed);
        let data = if is_stored {
            plain.to_vec()
        } else if *layout == ZipEntryLayout::EmptyDeflated {
            Vec::new()
        } else {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(plain).unwrap();
            encoder.finish().unwrap()
        };
        let crc = crc32fast::hash(plain).to_le_bytes();
        let (packed, len) = (data.len() as u64, plain.len() as u64);
        let numbers =
            [&crc[..], &(packed as u32).to_le_bytes(), &(len as u32).to_le_bytes()].concat();
        let wide = [&crc[..], &packed.to_le_bytes(), &len.to_le_bytes()].concat();
        let descriptor = match layout {
            ZipEntryLayout::Stored | ZipEntryLayout::Deflated | ZipEntryLayout::DeflatedZip64 => {
                Vec::new()
            }
            ZipEntryLayout::Streamed64 => [&b"PK\x07\x08"[..], &wide].concat(),
            ZipEntryLayout::StreamedUnsigned => numbers.clone(),
            ZipEntryLayout::Streamed
            | ZipEntryLayout::StoredStreamed
            | ZipEntryLayout::EmptyDeflated => [&b"PK\x07\x08"[..], &numbers].concat(),
        };
        let flags = if descriptor.is_empty() { 0u16 } else { 8 };
        let method = if is_stored { 0u16 } else { 8 };
        let common =
            [&[20, 0][..], &flags.to_le_bytes(), &method.to_le_bytes(), &[0x11, 0x52, 0x6C, 0x5C]]
                .concat();
        let name_len = (name.len() as u16).to_le_bytes();
        // An extra field with the timestamps of the part.
        let mut extra = b"UT\x05\0\x01\x01\x02\x03\x04".to_vec();
        let mut header_numbers = if descriptor.is_empty() { numbers.clone() } else { vec![0; 12] };
        if *layout == ZipEntryLayout::DeflatedZip64 {
            header_numbers = [&crc[..], &[0xFF; 8]].concat();
            extra.extend([&[1, 0, 16, 0][..], &len.to_le_bytes(), &packed.to_le_bytes()].concat());
        }
        let extra_len = (extra.len() as u16).to_le_bytes();
        zip.extend(
            [
                &b"PK\x03\x04"[..],
                &common,
                &header_numbers,
                &name_len,
                &extra_len,
                name.as_bytes(),
                &extra,
            ]
            .concat(),
        );
        zip.extend(&data);
        zip.extend(&descriptor);
        directory.extend(
            [
                &b"PK\x01\x02\x14\x03"[..],
                &common,
                &numbers,
                &name_len,
                &[0; 12],
                &at.to_le_bytes(),
                name.as_bytes(),
            ]
            .concat(),
        );
    }
    (zip, directory)
}
