//! Detects the format of a package: by its list of content types, by its `mimetype` part, or by the
//! names of its parts.

use std::io::Read;

use flate2::bufread::DeflateDecoder;

use super::FileFormat;
use crate::stream::read_le;

/// Content types of the main part with their file extensions. A type that contains another as its
/// beginning comes first.
const OFFICE_EXTENSIONS: [(&str, &str); 24] = [
    ("ms-word.document.macroEnabled.main", "docm"),
    ("ms-word.template.macroEnabledTemplate.main", "dotm"),
    ("wordprocessingml.document.main", "docx"),
    ("wordprocessingml.template.main", "dotx"),
    ("ms-excel.sheet.macroEnabled.main", "xlsm"),
    ("ms-excel.template.macroEnabled.main", "xltm"),
    ("ms-excel.addin.macroEnabled.main", "xlam"),
    ("ms-excel.sheet.binary.macroEnabled.main", "xlsb"),
    ("spreadsheetml.sheet.main", "xlsx"),
    ("spreadsheetml.template.main", "xltx"),
    ("ms-powerpoint.presentation.macroEnabled.main", "pptm"),
    ("ms-powerpoint.slideshow.macroEnabled.main", "ppsm"),
    ("ms-powerpoint.template.macroEnabled.main", "potm"),
    ("ms-powerpoint.addin.macroEnabled.main", "ppam"),
    ("presentationml.presentation.main", "pptx"),
    ("presentationml.slideshow.main", "ppsx"),
    ("presentationml.template.main", "potx"),
    ("presentationml.slide+xml", "sldx"),
    ("ms-visio.drawing.macroEnabled.main", "vsdm"),
    ("ms-visio.drawing.main", "vsdx"),
    ("ms-visio.template.main", "vstx"),
    ("ms-visio.stencil.main", "vssx"),
    ("ms-package.xps-fixeddocumentsequence", "xps"),
    ("openxps.fixeddocumentsequence", "oxps"),
];
/// The end of the media type after `application/vnd.oasis.opendocument.`, and the file extension.
const OPEN_DOCUMENT_EXTENSIONS: [(&[u8], &str); 14] = [
    (b"text", "odt"),
    (b"text-template", "ott"),
    (b"text-master", "odm"),
    (b"text-web", "oth"),
    (b"spreadsheet", "ods"),
    (b"spreadsheet-template", "ots"),
    (b"presentation", "odp"),
    (b"presentation-template", "otp"),
    (b"graphics", "odg"),
    (b"graphics-template", "otg"),
    (b"chart", "odc"),
    (b"formula", "odf"),
    (b"image", "odi"),
    (b"base", "odb"),
];
/// Maximum number of bytes of the content types that are read: enough to reach the main part.
const MAX_CONTENT_TYPES_LEN: u64 = 64 * 1024;

/// Returns the format of a package that begins with `head`.
pub(super) fn detect(head: &[u8]) -> FileFormat {
    let len =
        |at| read_le(head, at, 2).and_then(|len| usize::try_from(len).ok()).unwrap_or_default();
    let (name_len, extra_len) = (len(26), len(28));
    let name = head.get(30..30 + name_len).unwrap_or_default();
    let data = head.get(30 + name_len + extra_len..).unwrap_or_default();
    if name == b"mimetype" {
        return detect_open_document(data);
    }
    if [&b"content.xml"[..], b"meta.xml", b"styles.xml", b"settings.xml", b"META-INF/manifest.xml"]
        .contains(&name)
    {
        return FileFormat::OpenDocument(None);
    }
    let starts = [
        &b"[Content_Types].xml"[..],
        b"_rels/",
        b"docProps/",
        b"word/",
        b"xl/",
        b"ppt/",
        b"visio/",
        b"customXml/",
        b"Documents/",
        b"FixedDoc",
        b"docMetadata/",
        b"package/services/",
    ];
    if !starts.iter().any(|start| name.starts_with(start)) {
        return FileFormat::Archive;
    }
    if name == b"[Content_Types].xml"
        && let Some(extension) = extension_by_content_types(data, len(8))
    {
        return FileFormat::Office(Some(extension));
    }
    // The names of other parts, as far as `head` contains them.
    let contains = |what: &[u8]| memchr::memmem::find(head, what).is_some();
    let named = [
        (&b"word/"[..], "docx"),
        (b"xl/workbook", "xlsx"),
        (b"xl/worksheets", "xlsx"),
        (b"ppt/", "pptx"),
    ];
    FileFormat::Office(
        named.iter().find(|(part, _)| contains(part)).map(|(_, extension)| *extension),
    )
}

/// Returns whether a package with this extension can be OOXML, or `OpenDocument` if
/// `is_open_document` is set.
pub(super) fn is_extension(extension: &str, is_open_document: bool) -> bool {
    if is_open_document {
        OPEN_DOCUMENT_EXTENSIONS.iter().any(|(_, known)| *known == extension)
    } else {
        OFFICE_EXTENSIONS.iter().any(|(_, known)| *known == extension)
    }
}

fn extension_by_content_types(data: &[u8], method: usize) -> Option<&'static str> {
    let mut types = Vec::new();
    if method == 0 {
        types.extend_from_slice(data);
    } else {
        // As far as `head` contains it.
        drop(DeflateDecoder::new(data).take(MAX_CONTENT_TYPES_LEN).read_to_end(&mut types));
    }
    // In UTF-16, every other byte is zero.
    types.retain(|byte| *byte != 0);
    let found = OFFICE_EXTENSIONS.iter().filter_map(|(kind, extension)| {
        memchr::memmem::find(&types, kind.as_bytes()).map(|_| *extension)
    });
    // A document may embed a workbook. A format with macros has precedence.
    found.min_by_key(|extension| usize::from(!extension.ends_with('m')))
}

fn detect_open_document(data: &[u8]) -> FileFormat {
    let Some(kind) = data.strip_prefix(b"application/vnd.oasis.opendocument.") else {
        return FileFormat::Archive;
    };
    let len = kind.iter().take_while(|byte| byte.is_ascii_lowercase() || **byte == b'-').count();
    let extension = OPEN_DOCUMENT_EXTENSIONS
        .iter()
        .find(|(known, _)| *known == &kind[..len])
        .map(|(_, extension)| *extension);
    FileFormat::OpenDocument(extension)
}
