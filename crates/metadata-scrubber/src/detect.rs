//! Detects the format of a file from its first bytes. Name and media type are not trusted.

mod package;

use serde::{Serialize, Serializer};

use crate::{
    formats::exif,
    metadata_kind::{MetadataKind, MetadataKinds},
};

/// Number of first bytes that [`FileFormat::detect`] needs.
pub const SNIFF_LEN: usize = 4096;

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// GIF.
    Gif,
    /// WebP.
    WebP,
    /// HEIC or AVIF, as phones write them.
    Heif,
    /// TIFF, and the raw formats of cameras that are based on it.
    Tiff,
    /// MP4, MOV, 3GP.
    Mp4,
    /// AVI.
    Avi,
    /// AAC in MP4.
    M4a,
    /// MP3.
    Mp3,
    /// WAV.
    Wav,
    /// FLAC.
    Flac,
    /// Ogg: Opus or Vorbis.
    Ogg,
    /// PDF.
    Pdf,
    /// OOXML: Word, Excel, PowerPoint and related. Contains the file extension, if the first bytes
    /// show it.
    Office(Option<&'static str>),
    /// `OpenDocument`. Contains the file extension, if the first bytes show it.
    OpenDocument(Option<&'static str>),
    /// Office formats before 2007, and office files that are encrypted with a password.
    OldOffice,
    /// RTF.
    Rtf,
    /// Plain text.
    Text,
    /// An SVG drawing.
    Svg,
    /// HTML or XML: text that may contain hidden content.
    Markup,
    /// An e-mail with its headers.
    Mail,
    /// Contact cards and calendars.
    Card,
    /// PostScript.
    PostScript,
    /// An archive of other files.
    Archive,
    /// Any other format.
    Unknown,
}

/// The class of a format, as shown to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaClass {
    /// A picture.
    Image,
    /// A document.
    Document,
    /// Audio.
    Audio,
    /// Video.
    Video,
    /// Anything else.
    Other,
}

impl MediaClass {
    /// Returns the beginning of a neutral file name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Document => "document",
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Other => "file",
        }
    }
}

impl FileFormat {
    /// Returns the format of a file that begins with `head`.
    pub fn detect(head: &[u8]) -> Self {
        let at = |from: usize| head.get(from..).unwrap_or_default();
        match head {
            [0xFF, 0xD8, 0xFF, ..] => Self::Jpeg,
            [0x89, b'P', b'N', b'G', 13, 10, 26, 10, ..] => Self::Png,
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Self::Gif,
            [b'R', b'I', b'F', b'F', _, _, _, _, form @ ..] => match form {
                [b'W', b'E', b'B', b'P', ..] => Self::WebP,
                [b'W', b'A', b'V', b'E', ..] => Self::Wav,
                [b'A', b'V', b'I', b' ', ..] => Self::Avi,
                _ => Self::Unknown,
            },
            [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..] => Self::Tiff,
            [b'I', b'D', b'3', ..] if audio_after_id3(head).starts_with(b"fLaC") => Self::Flac,
            [b'I', b'D', b'3', ..] | [0xFF, 0xF1 | 0xF2 | 0xF3 | 0xF9 | 0xFA | 0xFB, ..] => {
                Self::Mp3
            }
            [b'f', b'L', b'a', b'C', ..] => Self::Flac,
            [b'O', b'g', b'g', b'S', ..] => Self::Ogg,
            [0xD0, 0xCF, 0x11, 0xE0, ..] => Self::OldOffice,
            [b'{', b'\\', b'r', b't', b'f', ..] => Self::Rtf,
            [b'P', b'K', 3, 4, ..] => package::detect(head),
            _ if at(4).starts_with(b"ftyp") => match at(8) {
                [b'h', b'e', b'i' | b'v', ..]
                | [b'm', b'i' | b's', b'f', b'1', ..]
                | [b'a', b'v', b'i', ..] => Self::Heif,
                [b'M', b'4', b'A' | b'B', ..] => Self::M4a,
                _ => Self::Mp4,
            },
            _ if [&b"moov"[..], b"mdat", b"wide"].iter().any(|kind| at(4).starts_with(kind)) => {
                Self::Mp4
            }
            // PDF readers ignore bytes before the header.
            _ if memchr::memmem::find(&head[..head.len().min(1024)], b"%PDF-").is_some() => {
                Self::Pdf
            }
            _ => detect_text(head),
        }
    }

    /// Returns the class of the format.
    pub fn media_class(self) -> MediaClass {
        match self {
            Self::Jpeg
            | Self::Png
            | Self::Gif
            | Self::WebP
            | Self::Heif
            | Self::Tiff
            | Self::Svg => MediaClass::Image,
            Self::Mp4 | Self::Avi => MediaClass::Video,
            Self::M4a | Self::Mp3 | Self::Wav | Self::Flac | Self::Ogg => MediaClass::Audio,
            Self::Archive | Self::Unknown => MediaClass::Other,
            _ => MediaClass::Document,
        }
    }

    /// Returns the file extension. Returns `None` if the first bytes do not show it.
    pub fn extension(self) -> Option<&'static str> {
        Some(match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::WebP => "webp",
            Self::Avi => "avi",
            Self::M4a => "m4a",
            Self::Mp3 => "mp3",
            Self::Wav => "wav",
            Self::Flac => "flac",
            Self::Pdf => "pdf",
            Self::Office(extension) | Self::OpenDocument(extension) => return extension,
            Self::Svg => "svg",
            Self::Rtf => "rtf",
            _ => return None,
        })
    }

    /// Returns a neutral file name: the class of the format, and the number of the file in the
    /// list. The extension of `given` is retained if the first bytes do not contradict it.
    pub fn neutral_name(self, number: usize, given: &str) -> String {
        let is_plain = |end: &str| {
            (1..=5).contains(&end.len()) && end.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        let given = given.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase());
        let given = given.filter(|end| is_plain(end));
        let extension = match self {
            Self::Office(None) => {
                given.filter(|end| package::is_extension(end, false)).unwrap_or("docx".to_owned())
            }
            Self::OpenDocument(None) => {
                given.filter(|end| package::is_extension(end, true)).unwrap_or("odt".to_owned())
            }
            // An ID3 tag longer than the first bytes hides what follows it.
            Self::Mp3 => {
                given.filter(|end| ["flac", "aac"].contains(&&**end)).unwrap_or("mp3".to_owned())
            }
            _ => match self.extension() {
                Some(extension) => extension.to_owned(),
                None => given.unwrap_or("bin".to_owned()),
            },
        };
        format!("{}-{number}.{extension}", self.media_class().as_str())
    }

    /// Returns the metadata that a file of this format usually carries, for formats that are not
    /// parsed.
    pub(crate) fn known_metadata(self, head: &[u8]) -> MetadataKinds {
        match self {
            Self::Tiff => exif::parse(head).kinds,
            Self::OldOffice | Self::Rtf => {
                [MetadataKind::Author, MetadataKind::Date, MetadataKind::Device]
                    .into_iter()
                    .collect()
            }
            Self::Ogg | Self::Archive => MetadataKind::Other.into(),
            Self::Mail => [MetadataKind::Author, MetadataKind::Date, MetadataKind::Other]
                .into_iter()
                .collect(),
            Self::Card | Self::Markup | Self::PostScript => {
                [MetadataKind::Author, MetadataKind::Other].into_iter().collect()
            }
            _ => MetadataKinds::NONE,
        }
    }
}

impl Serialize for FileFormat {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{self:?}"))
    }
}

/// Returns what follows an ID3 tag, as far as `head` contains it.
fn audio_after_id3(head: &[u8]) -> &[u8] {
    let size = head.get(6..10).unwrap_or_default();
    // The length has seven bits in each byte.
    let size = size.iter().fold(0, |size, byte| size << 7 | usize::from(byte & 0x7F));
    let footer = if head.get(5).is_some_and(|flags| flags & 0x10 != 0) { 10 } else { 0 };
    head.get(10 + size + footer..).unwrap_or_default()
}

/// Classifies a text by its beginning. Only text without headers and markup is plain text.
fn detect_text(head: &[u8]) -> FileFormat {
    let text = match head {
        [0xFF, 0xFE, rest @ ..] | [0xFE, 0xFF, rest @ ..] => {
            // UTF-16: the ASCII characters are enough to recognise markup.
            let ascii: Vec<u8> = rest.iter().copied().filter(|byte| *byte != 0).collect();
            return match detect_markup(&ascii.to_ascii_lowercase()) {
                Some(format) => format,
                None => FileFormat::Unknown,
            };
        }
        [0xEF, 0xBB, 0xBF, rest @ ..] => rest,
        _ => head,
    };
    let start = text.trim_ascii_start().to_ascii_lowercase();
    if text.is_empty() {
        return FileFormat::Unknown;
    }
    let begins = |with: &str| start.starts_with(with.as_bytes());
    match () {
        () if begins("%!") => FileFormat::PostScript,
        () if begins("begin:") => FileFormat::Card,
        () if begins("<") => detect_markup(&start).unwrap_or(FileFormat::Markup),
        () if !is_plain_text(text) => FileFormat::Unknown,
        () if is_mail(&start) => FileFormat::Mail,
        () if detect_markup(&start).is_some() => FileFormat::Markup,
        () => FileFormat::Text,
    }
}

/// Returns whether the text begins with e-mail headers.
fn is_mail(start: &[u8]) -> bool {
    const HEADER_NAMES: [&[u8]; 22] = [
        b"from",
        b"received",
        b"return-path",
        b"subject",
        b"to",
        b"cc",
        b"bcc",
        b"date",
        b"message-id",
        b"mime-version",
        b"delivered-to",
        b"reply-to",
        b"sender",
        b"content-type",
        b"dkim-signature",
        b"authentication-results",
        b"x-mozilla-status",
        b"x-account-key",
        b"arc-seal",
        b"x-received",
        b"in-reply-to",
        b"envelope-to",
    ];
    let mut known = 0;
    for line in start.split(|byte| *byte == b'\n').take(40) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match line {
            [] => break,
            // A folded header line.
            [b' ' | b'\t', ..] => {}
            // The first line of an mbox file.
            _ if line.starts_with(b"from ") && line.contains(&b'@') => return true,
            _ => {
                let Some(colon) = memchr::memchr(b':', line) else { break };
                let name = &line[..colon];
                if name.is_empty()
                    || !name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
                {
                    break;
                }
                known += usize::from(HEADER_NAMES.contains(&name) || name.starts_with(b"x-"));
            }
        }
    }
    known >= 2
}

/// Returns the format of a text with markup. Returns `None` if there is none.
fn detect_markup(start: &[u8]) -> Option<FileFormat> {
    let has = |what: &str| memchr::memmem::find(start, what.as_bytes()).is_some();
    // The first element that is not a comment or declaration.
    let root = memchr::memchr_iter(b'<', start)
        .map(|at| &start[at + 1..])
        .find(|rest| rest.first().is_some_and(u8::is_ascii_alphabetic))
        .map(|rest| {
            let len = rest
                .iter()
                .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b':')
                .count();
            &rest[..len]
        });
    match root {
        Some(root) if root == b"svg" || root.ends_with(b":svg") => Some(FileFormat::Svg),
        _ if ["<html", "<head", "<body", "<meta", "<!doctype", "<?xml"]
            .iter()
            .any(|mark| has(mark)) =>
        {
            Some(FileFormat::Markup)
        }
        _ => None,
    }
}

/// Returns whether the bytes are UTF-8 without control characters, as far as they go.
fn is_plain_text(head: &[u8]) -> bool {
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        // Cut within a character.
        Err(error) if error.error_len().is_none() => {
            match std::str::from_utf8(&head[..error.valid_up_to()]) {
                Ok(text) => text,
                Err(_) => return false,
            }
        }
        Err(_) => return false,
    };
    valid.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t' | '\x0c'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_neutral_name_contains_only_the_type_of_the_file() {
        assert_eq!(FileFormat::Jpeg.neutral_name(1, "IMG_20260312_101500.HEIC"), "image-1.jpg");
        assert_eq!(FileFormat::Pdf.neutral_name(2, "facture Awa Traore.pdf"), "document-2.pdf");
        assert_eq!(FileFormat::Unknown.neutral_name(3, "liste.Awa Traore"), "file-3.bin");
        assert_eq!(FileFormat::Text.neutral_name(4, "notes.TXT"), "document-4.txt");
        assert_eq!(FileFormat::OpenDocument(Some("ods")).neutral_name(5, ""), "document-5.ods");
        assert_eq!(FileFormat::Office(None).neutral_name(6, "a.XLSM"), "document-6.xlsm");
        assert_eq!(FileFormat::Office(None).neutral_name(7, "a.exe"), "document-7.docx");
    }
}
