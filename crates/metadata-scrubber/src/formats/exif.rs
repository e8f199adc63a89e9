//! Exif metadata (TIFF 6.0, Exif 2.32): what it contains, and the orientation of the picture.

use crate::{
    metadata_kind::{MetadataKind, MetadataKinds},
    stream::{read_be, read_le},
};

/// Maximum number of entries in a directory: more than a camera writes.
const MAX_ENTRIES: u64 = 512;
/// The tag with the pointer to the Exif directory.
const EXIF_IFD_POINTER: u64 = 0x8769;
const ORIENTATION: u64 = 0x0112;

/// The result of parsing Exif metadata.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ExifFindings {
    pub(crate) kinds: MetadataKinds,
    /// 2 to 8. `None` for a picture that is upright.
    pub(crate) orientation: Option<u8>,
}

/// Parses Exif metadata from its byte order mark on. Follows one pointer, forwards or backwards,
/// and no other, so that a loop is impossible.
pub(crate) fn parse(tiff: &[u8]) -> ExifFindings {
    let mut findings = ExifFindings::default();
    let read_number = match tiff.first_chunk() {
        Some(b"II*\0") => read_le,
        Some(b"MM\0*") => read_be,
        _ => return ExifFindings { kinds: MetadataKinds::classify(tiff), orientation: None },
    };
    let mut exif_ifd = None;
    let second = read_number(tiff, 4, 4)
        .and_then(|start| read_ifd(tiff, read_number, start, &mut findings, &mut exif_ifd));
    if second.is_some_and(|offset| offset != 0) {
        findings.kinds |= MetadataKind::Preview;
    }
    if let Some(start) = exif_ifd {
        let mut exif_findings = ExifFindings::default();
        read_ifd(tiff, read_number, start, &mut exif_findings, &mut None);
        findings.kinds |= exif_findings.kinds;
    }
    findings
}

/// Parses one directory. Returns the offset of the next one.
fn read_ifd(
    tiff: &[u8],
    read_number: fn(&[u8], usize, usize) -> Option<u64>,
    start: u64,
    findings: &mut ExifFindings,
    exif_ifd: &mut Option<u64>,
) -> Option<u64> {
    let start = usize::try_from(start).ok()?.checked_add(2)?;
    let count = read_number(tiff, start - 2, 2)?;
    let entries = usize::try_from(count.min(MAX_ENTRIES)).ok()?;
    for entry in (0..entries).map(|n| start.saturating_add(12 * n)) {
        match read_number(tiff, entry, 2)? {
            EXIF_IFD_POINTER => *exif_ifd = read_number(tiff, entry.checked_add(8)?, 4),
            ORIENTATION => {
                let orientation = read_number(tiff, entry.checked_add(8)?, 2)
                    .and_then(|orientation| u8::try_from(orientation).ok());
                findings.orientation =
                    orientation.filter(|orientation| (2..=8).contains(orientation));
            }
            tag => findings.kinds |= kinds_of_tag(tag),
        }
    }
    read_number(tiff, start.checked_add(12 * entries)?, 4)
}

fn kinds_of_tag(tag: u64) -> MetadataKinds {
    match tag {
        0x013B | 0x8298 | 0x9C9D | 0xA430 => MetadataKind::Author.into(),
        0x010F | 0x0110 | 0x0131 | 0x013C | 0x927C | 0xA420 | 0xA431 | 0xA433..=0xA435 => {
            MetadataKind::Device.into()
        }
        0x8825 => MetadataKind::Place.into(),
        0x0132 | 0x9003 | 0x9004 | 0x9010..=0x9012 => MetadataKind::Date.into(),
        0x010E | 0x9286 | 0x9C9B | 0x9C9C | 0x9C9E | 0x9C9F => MetadataKind::Words.into(),
        0x02BC | 0x83BB | 0x8649 => MetadataKind::Other.into(),
        _ => MetadataKinds::NONE,
    }
}

/// Returns the length of Exif metadata from its byte order mark on: up to the end of the last value
/// that a directory points to. Returns `None` if the metadata is malformed.
pub(crate) fn extent(tiff: &[u8]) -> Option<usize> {
    /// Maximum number of directories: more than a camera writes.
    const MAX_DIRECTORIES: usize = 16;
    /// Size of a value in bytes, by its type.
    const VALUE_SIZES: [u64; 14] = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4];
    let read_number = match tiff.first_chunk() {
        Some(b"II*\0") => read_le,
        Some(b"MM\0*") => read_be,
        _ => return None,
    };
    let mut directories = vec![read_number(tiff, 4, 4)?];
    let (mut end, mut next_directory) = (8u64, 0);
    while let Some(start) = directories.get(next_directory).copied() {
        next_directory += 1;
        let at = usize::try_from(start).ok()?;
        let count = read_number(tiff, at, 2)?.min(MAX_ENTRIES);
        let (mut preview, mut preview_len) = (0, 0);
        for n in 0..usize::try_from(count).ok()? {
            let entry = at + 2 + 12 * n;
            let (tag, kind) = (read_number(tiff, entry, 2)?, read_number(tiff, entry + 2, 2)?);
            let (values, value) =
                (read_number(tiff, entry + 4, 4)?, read_number(tiff, entry + 8, 4)?);
            let size = usize::try_from(kind)
                .ok()
                .and_then(|kind| VALUE_SIZES.get(kind))
                .copied()
                .unwrap_or(1);
            let len = size.saturating_mul(values);
            if len > 4 {
                end = end.max(value.saturating_add(len));
            }
            match tag {
                EXIF_IFD_POINTER | 0x8825 | 0xA005 => directories.push(value),
                0x0201 => preview = value,
                0x0202 => preview_len = value,
                _ => {}
            }
        }
        end = end.max(preview.saturating_add(preview_len)).max(start + 2 + 12 * count + 4);
        if let Some(next @ 1..) = read_number(tiff, at + 2 + 12 * usize::try_from(count).ok()?, 4) {
            directories.push(next);
        }
        directories.truncate(MAX_DIRECTORIES);
    }
    usize::try_from(end).ok().map(|end| end.min(tiff.len()))
}

/// Returns Exif metadata that contains only the orientation.
pub(crate) fn orientation_only(orientation: Option<u8>) -> [u8; 26] {
    let mut tiff = *b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x01\0\0\0\0\0\0";
    tiff[19] = orientation.unwrap_or(1);
    tiff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_replacement_contains_only_the_orientation() {
        assert_eq!(
            parse(&orientation_only(Some(6))),
            ExifFindings { kinds: MetadataKinds::NONE, orientation: Some(6) }
        );
        assert_eq!(parse(&orientation_only(None)), ExifFindings::default());
    }

    #[test]
    fn a_directory_that_points_to_itself_or_far_away_ends_the_parsing() {
        let mut looping = orientation_only(None).to_vec();
        looping[10..12].copy_from_slice(&0x8769u16.to_be_bytes());
        for offset in [0u32, 8, 9, u32::MAX] {
            looping[18..22].copy_from_slice(&offset.to_be_bytes());
            looping[8..10].copy_from_slice(&u16::MAX.to_be_bytes());
            parse(&looping);
            looping[4..8].copy_from_slice(&offset.to_be_bytes());
            parse(&looping);
        }
    }
}
