//! What a file is, by its first bytes: what its name and its sender say may be anything.

use crate::{
    exif,
    found::{Trace, Traces},
};

/// So many first bytes say what a file is.
pub const HEAD: usize = 4096;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// GIF.
    Gif,
    /// WebP.
    WebP,
    /// HEIC or AVIF: what phones write.
    Heif,
    /// TIFF, and what cameras write that is built on it.
    Tiff,
    /// MP4, MOV, 3GP.
    Film,
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
    /// Word.
    Docx,
    /// Excel.
    Xlsx,
    /// Slides.
    Pptx,
    /// `OpenDocument`: its extension.
    OpenDocument(&'static str),
    /// Word, Excel and the like before 2007, and what is locked with a password.
    OldOffice,
    /// RTF.
    Rtf,
    /// Plain text.
    Text,
    /// A package of other files.
    Archive,
    /// Anything else.
    Unknown,
}

/// In the words of who sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// A picture.
    Image,
    /// A document.
    Document,
    /// A sound.
    Audio,
    /// A film.
    Video,
    /// Anything else.
    Other,
}

impl Sort {
    /// The beginning of a name that tells nothing.
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

impl Format {
    /// What begins like this.
    pub fn of(head: &[u8]) -> Self {
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
            [b'I', b'D', b'3', ..] | [0xFF, 0xF1 | 0xF2 | 0xF3 | 0xF9 | 0xFA | 0xFB, ..] => Self::Mp3,
            [b'f', b'L', b'a', b'C', ..] => Self::Flac,
            [b'O', b'g', b'g', b'S', ..] => Self::Ogg,
            [0xD0, 0xCF, 0x11, 0xE0, ..] => Self::OldOffice,
            [b'{', b'\\', b'r', b't', b'f', ..] => Self::Rtf,
            [b'P', b'K', 3, 4, ..] => package(head),
            _ if at(4).starts_with(b"ftyp") => match at(8) {
                [b'h', b'e', b'i' | b'v', ..]
                | [b'm', b'i' | b's', b'f', b'1', ..]
                | [b'a', b'v', b'i', ..] => Self::Heif,
                [b'M', b'4', b'A' | b'B', ..] => Self::M4a,
                _ => Self::Film,
            },
            _ if [&b"moov"[..], b"mdat", b"wide"].iter().any(|kind| at(4).starts_with(kind)) => Self::Film,
            // Readers take what comes before it for nothing.
            _ if memchr::memmem::find(&head[..head.len().min(1024)], b"%PDF-").is_some() => Self::Pdf,
            _ if !head.is_empty() && is_text(head) => Self::Text,
            _ => Self::Unknown,
        }
    }

    /// What sort of thing it is.
    pub fn sort(self) -> Sort {
        match self {
            Self::Jpeg | Self::Png | Self::Gif | Self::WebP | Self::Heif | Self::Tiff => Sort::Image,
            Self::Film | Self::Avi => Sort::Video,
            Self::M4a | Self::Mp3 | Self::Wav | Self::Flac | Self::Ogg => Sort::Audio,
            Self::Archive | Self::Unknown => Sort::Other,
            _ => Sort::Document,
        }
    }

    /// What its name ends with; `None` where the first bytes do not tell.
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
            Self::Docx => "docx",
            Self::Xlsx => "xlsx",
            Self::Pptx => "pptx",
            Self::OpenDocument(extension) => extension,
            Self::Rtf => "rtf",
            _ => return None,
        })
    }

    /// A name that tells nothing: what sort of thing it is, and its place among the files.
    pub fn plain_name(self, place: usize, given: &str) -> String {
        let ours =
            |end: &&str| (1..=5).contains(&end.len()) && end.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let given = given.rsplit_once('.').map(|(_, end)| end).filter(ours).unwrap_or("bin");
        let extension = self.extension().map_or_else(|| given.to_ascii_lowercase(), str::to_owned);
        format!("{}-{place}.{extension}", self.sort().as_str())
    }

    /// What can be told of a file that is not taken apart.
    pub(crate) fn said_by(self, head: &[u8]) -> Traces {
        match self {
            Self::Tiff => exif::read(head).traces,
            Self::OldOffice | Self::Rtf => [Trace::Author, Trace::Date, Trace::Device].into_iter().collect(),
            Self::Ogg | Self::Archive => Trace::Other.into(),
            _ => Traces::NONE,
        }
    }
}

/// What package it is, by the name of its first part.
fn package(head: &[u8]) -> Format {
    let name_len = head.get(26).map_or(0, |len| usize::from(*len));
    let name = head.get(30..30 + name_len).unwrap_or_default();
    let inside = |what: &[u8]| memchr::memmem::find(head, what).is_some();
    if name == b"mimetype" {
        let kinds = [
            (&b"opendocument.text"[..], "odt"),
            (b"opendocument.spreadsheet", "ods"),
            (b"opendocument.presentation", "odp"),
            (b"opendocument.graphics", "odg"),
        ];
        let kind = kinds.iter().find(|(kind, _)| inside(kind));
        return kind.map_or(Format::Archive, |(_, extension)| Format::OpenDocument(extension));
    }
    let office = [&b"[Content_Types].xml"[..], b"_rels/", b"docProps/", b"word/", b"xl/", b"ppt/"];
    if !office.iter().any(|start| name.starts_with(start)) {
        return Format::Archive;
    }
    // The names of further parts, where they come early; a package whose kind is not seen is one of a text.
    match () {
        () if inside(b"xl/") => Format::Xlsx,
        () if inside(b"ppt/") => Format::Pptx,
        () => Format::Docx,
    }
}

/// No control character, and UTF-8 as far as it goes.
fn is_text(head: &[u8]) -> bool {
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        // Cut within a letter.
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
    fn a_plain_name_keeps_what_the_file_is_and_nothing_else() {
        assert_eq!(Format::Jpeg.plain_name(1, "IMG_20260312_101500.HEIC"), "image-1.jpg");
        assert_eq!(Format::Pdf.plain_name(2, "facture Awa Traore.pdf"), "document-2.pdf");
        assert_eq!(Format::Unknown.plain_name(3, "liste.Awa Traore"), "file-3.bin");
        assert_eq!(Format::Text.plain_name(4, "notes.TXT"), "document-4.txt");
        assert_eq!(Format::OpenDocument("ods").plain_name(5, ""), "document-5.ods");
    }
}
