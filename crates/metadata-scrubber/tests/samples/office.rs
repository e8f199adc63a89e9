//! Office files and drawings of the corpus.

use std::fmt::Write as _;

use super::{
    TEXT, ZipEntryLayout,
    corpus::{AUTHOR, TIMESTAMP},
    zip, zip_with_zip64_end,
};

pub(super) type ZipPart = (&'static str, Vec<u8>);

const SPREADSHEET_NAMESPACE: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

pub(super) fn content_types(main: &str, kind: &str) -> ZipPart {
    let types = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
         <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Default Extension=\"xml\" ContentType=\"application/xml\"/>\
         <Override PartName=\"{main}\" ContentType=\"application/vnd.{kind}+xml\"/></Types>"
    );
    ("[Content_Types].xml", types.into_bytes())
}

pub(super) fn relationships(target: &str) -> ZipPart {
    let relations = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
         <Relationship Id=\"r1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" \
         Target=\"{target}\"/></Relationships>"
    );
    ("_rels/.rels", relations.into_bytes())
}

pub(super) fn core_properties() -> Vec<u8> {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><cp:coreProperties xmlns:cp=\"http://schemas.openxmlformats.org/package/2006/metadata/core-properties\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:creator>{AUTHOR}</dc:creator><cp:lastModifiedBy>{AUTHOR}</cp:lastModifiedBy>\
         </cp:coreProperties>"
    )
    .into_bytes()
}

pub(super) fn zip_parts(parts: &[ZipPart]) -> Vec<u8> {
    let parts: Vec<_> =
        parts.iter().map(|(name, part)| (*name, &part[..], ZipEntryLayout::Deflated)).collect();
    zip(&parts)
}

fn document_part(body: &str) -> ZipPart {
    let document = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\">\
         <w:body>{body}<w:p><w:r><w:t>{TEXT}</w:t></w:r></w:p></w:body></w:document>"
    );
    ("word/document.xml", document.into_bytes())
}

fn word_parts(body: &str) -> Vec<ZipPart> {
    let kind = "openxmlformats-officedocument.wordprocessingml.document.main";
    vec![
        content_types("/word/document.xml", kind),
        relationships("word/document.xml"),
        document_part(body),
    ]
}

fn word_document(body: &str, more: Vec<ZipPart>) -> Vec<u8> {
    zip_parts(&[word_parts(body), more].concat())
}

fn tracked_insertion(attributes: &str) -> String {
    format!("<w:p><w:ins w:id=\"1\" {attributes}><w:r><w:t>x</w:t></w:r></w:ins></w:p>")
}

fn spreadsheet_parts(book: &str, more: Vec<ZipPart>) -> Vec<ZipPart> {
    let book = format!(
        "<workbook xmlns=\"{SPREADSHEET_NAMESPACE}\">{book}<sheets><sheet name=\"S\" sheetId=\"1\"/></sheets></workbook>"
    );
    let sheet = format!(
        "<worksheet xmlns=\"{SPREADSHEET_NAMESPACE}\"><sheetData><row r=\"5\"><c r=\"A5\"><f>SUM(Bribes[Amount])</f></c></row></sheetData></worksheet>"
    );
    let kind = "openxmlformats-officedocument.spreadsheetml.sheet.main";
    let parts = vec![
        content_types("/xl/workbook.xml", kind),
        relationships("xl/workbook.xml"),
        ("xl/workbook.xml", book.into_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.into_bytes()),
    ];
    [parts, more].concat()
}

fn spreadsheet(book: &str, more: Vec<ZipPart>) -> Vec<u8> {
    zip_parts(&spreadsheet_parts(book, more))
}

fn presentation(more: Vec<ZipPart>) -> Vec<u8> {
    let kind = "openxmlformats-officedocument.presentationml.presentation.main";
    let slides = ("ppt/presentation.xml", b"<p:presentation xmlns:p=\"p\"/>".to_vec());
    zip_parts(
        &[
            vec![
                content_types("/ppt/presentation.xml", kind),
                relationships("ppt/presentation.xml"),
            ],
            more,
            vec![slides],
        ]
        .concat(),
    )
}

fn open_document(parts: &[ZipPart]) -> Vec<u8> {
    let mut all: Vec<(&str, &[u8], ZipEntryLayout)> =
        vec![("mimetype", b"application/vnd.oasis.opendocument.text", ZipEntryLayout::Stored)];
    all.extend(parts.iter().map(|(name, part)| (*name, &part[..], ZipEntryLayout::Deflated)));
    zip(&all)
}

fn to_bytes(part: &str) -> Vec<u8> {
    part.as_bytes().to_vec()
}

/// Packages in the layouts of writers that do not know the lengths beforehand.
fn layout_samples() -> Vec<(&'static str, Vec<u8>)> {
    let parts = [word_parts(""), vec![("docProps/core.xml", core_properties())]].concat();
    let with = |how: ZipEntryLayout| -> Vec<u8> {
        zip(&parts.iter().map(|(name, part)| (*name, &part[..], how)).collect::<Vec<_>>())
    };
    let mut nothing: Vec<(&str, &[u8], ZipEntryLayout)> =
        parts.iter().map(|(name, part)| (*name, &part[..], ZipEntryLayout::Streamed)).collect();
    nothing.insert(2, ("word/styles.xml", b"", ZipEntryLayout::EmptyDeflated));
    let end64: Vec<_> =
        parts.iter().map(|(name, part)| (*name, &part[..], ZipEntryLayout::Streamed64)).collect();
    vec![
        ("descriptor64.docx", with(ZipEntryLayout::Streamed64)),
        ("descriptor-unsigned.docx", with(ZipEntryLayout::StreamedUnsigned)),
        ("stored-descriptor.docx", with(ZipEntryLayout::StoredStreamed)),
        ("lengths64.docx", with(ZipEntryLayout::DeflatedZip64)),
        ("empty-deflated.docx", zip(&nothing)),
        ("end64.docx", zip_with_zip64_end(&end64)),
    ]
}

fn nested_package(depth: usize) -> Vec<u8> {
    let mut nested = b"x".to_vec();
    for _ in 0..depth {
        nested = zip(&[("word/a.png", &nested, ZipEntryLayout::Deflated)]);
    }
    nested
}

fn word_samples() -> Vec<(&'static str, Vec<u8>)> {
    let mut long = String::new();
    for n in 0..60_000u32 {
        let noise = n.wrapping_mul(2_654_435_761);
        let more = noise.rotate_left(13) ^ n;
        let inserted =
            format_args!("<w:ins w:id=\"{n}\" w:author=\"{AUTHOR}\" w:date=\"{TIMESTAMP}\">");
        write!(long, "{inserted}<w:r><w:t>{noise}{more}</w:t></w:r></w:ins>").unwrap();
    }
    let inner = zip_parts(&[
        content_types("/xl/workbook.xml", "x"),
        ("docProps/core.xml", core_properties()),
    ]);
    let wide = |text: &str| -> Vec<u8> {
        [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    };
    let utf16 = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-16\"?><w:comments xmlns:w=\"w\"><w:comment w:author=\"{AUTHOR}\" w:date=\"{TIMESTAMP}\"/></w:comments>"
    );
    let settings = "<w:settings xmlns:w=\"w\"><w14:docId w14:val=\"09F7FD95\"/><w15:docId w15:val=\"{9D533114-5693-4C15-B0F0-FBC52C0C62BF}\"/></w:settings>";
    let times = "<w16cex:commentsExtensible xmlns:w16cex=\"x\"><w16cex:commentExtensible w16cex:dateUtc=\"2026-03-12T10:15:00Z\"/></w16cex:commentsExtensible>";
    let tiff = super::exif_block();
    let emf = [&b"\x01\0\0\0"[..], &[0; 36], b" EMF", &[0; 20], b"C\0a\0n\0a\0r\0y\0"].concat();
    let share = format!(
        "<p:properties xmlns:p=\"p\"><UserInfo><DisplayName>{AUTHOR}</DisplayName><AccountId>7</AccountId></UserInfo></p:properties>"
    );
    let label = format!(
        "<clbl:labelList xmlns:clbl=\"l\"><clbl:label id=\"{{1}}\" siteId=\"{AUTHOR}\"/></clbl:labelList>"
    );
    let two = format!(
        "{}{}",
        tracked_insertion(&format!("w:author=\"{AUTHOR}\" w:date=\"{TIMESTAMP}\"")),
        tracked_insertion("w:author=\"Another Author\" w:date=\"2000-01-01T00:00:00Z\"")
    );
    let signed = "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><KeyInfo/></Signature>";
    vec![
        ("nested-400.docx", nested_package(400)),
        ("nested-2000.docx", nested_package(2000)),
        ("large-part.docx", word_document(&format!("<w:p>{long}</w:p>"), Vec::new())),
        (
            "embedded-workbook.docx",
            word_document("", vec![("word/embeddings/Workbook1.xlsx", inner)]),
        ),
        (
            "embedded-object.docx",
            word_document("", vec![("word/embeddings/oleObject1.bin", AUTHOR.into())]),
        ),
        (
            "quotes.docx",
            word_document(
                &tracked_insertion(&format!("w:author='{AUTHOR}' w:date='{TIMESTAMP}'")),
                Vec::new(),
            ),
        ),
        (
            "spaces.docx",
            word_document(
                &tracked_insertion(&format!("w:author = \"{AUTHOR}\"\n w:date =\"{TIMESTAMP}\"")),
                Vec::new(),
            ),
        ),
        (
            "prefix.docx",
            word_document(
                &tracked_insertion(&format!("ns0:author=\"{AUTHOR}\" ns0:date=\"{TIMESTAMP}\"")),
                Vec::new(),
            ),
        ),
        ("utf16.docx", word_document("", vec![("word/comments.xml", wide(&utf16))])),
        ("two-authors.docx", word_document(&two, Vec::new())),
        (
            "dateutc.docx",
            word_document(
                &tracked_insertion(
                    "w:author=\"\" w:date=\"2000-01-01T00:00:00Z\" w16du:dateUtc=\"2026-03-12T10:15:00Z\" w:rsidDel=\"00AB12CD\"",
                ),
                vec![
                    ("word/commentsExtensible.xml", to_bytes(times)),
                    ("word/settings.xml", to_bytes(settings)),
                ],
            ),
        ),
        (
            "descr.docx",
            word_document(
                &format!(
                    "<wp:docPr id=\"1\" name=\"Picture 1\" descr=\"C:\\Users\\{AUTHOR}\\Pictures\\quai.jpg\"/>"
                ),
                Vec::new(),
            ),
        ),
        (
            "media.docx",
            word_document(
                "",
                vec![
                    ("word/media/image1.tiff", tiff),
                    ("word/media/image2.emf", emf),
                    (
                        "word/media/image3.svg",
                        format!("<svg sodipodi:docname=\"{AUTHOR}.svg\"/>").into_bytes(),
                    ),
                ],
            ),
        ),
        ("sharepoint.docx", word_document("", vec![("customXml/item1.xml", share.into_bytes())])),
        ("label.docx", word_document("", vec![("docMetadata/LabelInfo.xml", label.into_bytes())])),
        ("remark.docx", word_document(&format!("<!-- {AUTHOR} -->"), Vec::new())),
        (
            "signed.docx",
            word_document(
                "",
                vec![
                    ("docProps/core.xml", core_properties()),
                    ("_xmlsignatures/sig1.xml", to_bytes(signed)),
                ],
            ),
        ),
        (
            "signed-kept.docx",
            word_document("", vec![("_xmlsignatures/sig1.xml", to_bytes(signed))]),
        ),
        ("macro.docm", {
            let mut parts = word_parts("");
            parts[0] = content_types("/word/document.xml", "ms-word.document.macroEnabled.main");
            parts.push(("word/vbaProject.bin", AUTHOR.into()));
            zip_parts(&parts)
        }),
    ]
}

fn spreadsheet_samples() -> Vec<(&'static str, Vec<u8>)> {
    let table = format!(
        "<table xmlns=\"{SPREADSHEET_NAMESPACE}\" id=\"1\" name=\"Bribes\" displayName=\"Bribes\" ref=\"A1:B3\"><tableColumns count=\"1\">\
         <tableColumn id=\"1\" name=\"Amount\"/></tableColumns></table>"
    );
    let pivot = format!(
        "<pivotCacheDefinition xmlns=\"{SPREADSHEET_NAMESPACE}\" refreshedBy=\"{AUTHOR}\" refreshedDate=\"46093.4\"/>"
    );
    let printer: Vec<u8> =
        format!("\\\\SRV\\{AUTHOR}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let path = format!(
        "<x15ac:absPath xmlns:x15ac=\"http://schemas.microsoft.com/office/spreadsheetml/2010/11/ac\" url=\"C:\\Users\\{AUTHOR}\\Desktop\\\"/>"
    );
    let shared = format!(
        "<fileSharing userName=\"{AUTHOR}\"/><customWorkbookViews><customWorkbookView name=\"{AUTHOR} - Personal View\"/></customWorkbookViews>"
    );
    let users = format!(
        "<users xmlns=\"{SPREADSHEET_NAMESPACE}\"><userInfo name=\"{AUTHOR}\" dateTime=\"{TIMESTAMP}\"/></users>"
    );
    let headers = format!(
        "<headers xmlns=\"{SPREADSHEET_NAMESPACE}\"><header userName=\"{AUTHOR}\" dateTime=\"{TIMESTAMP}\"/></headers>"
    );
    let threads = format!(
        "<ThreadedComments><threadedComment dT=\"{TIMESTAMP}\" personId=\"1\"><text>x</text></threadedComment></ThreadedComments>"
    );
    let persons = format!(
        "<personList><person displayName=\"{AUTHOR}\" id=\"1\" userId=\"{AUTHOR}\" providerId=\"AD\"/></personList>"
    );
    let notes = format!(
        "<comments xmlns=\"{SPREADSHEET_NAMESPACE}\"><authors><author>{AUTHOR}</author><author>Another Author</author></authors></comments>"
    );
    let sources = format!(
        "<connections xmlns=\"{SPREADSHEET_NAMESPACE}\"><connection id=\"1\" name=\"q\" sourceFile=\"C:\\{AUTHOR}.mdb\"><dbPr connection=\"User ID={AUTHOR}\" command=\"x\"/></connection></connections>"
    );
    let macros = zip_parts(&[
        content_types("/xl/workbook.xml", "ms-excel.sheet.macroEnabled.main"),
        ("xl/workbook.xml", format!("<workbook xmlns=\"{SPREADSHEET_NAMESPACE}\"/>").into_bytes()),
    ]);
    let binary = zip_parts(&[
        content_types("/xl/workbook.bin", "ms-excel.sheet.binary.macroEnabled.main"),
        ("xl/workbook.bin", b"\x83\x01".to_vec()),
        ("xl/comments1.bin", AUTHOR.into()),
    ]);
    vec![
        ("table.xlsx", spreadsheet("", vec![("xl/tables/table1.xml", table.into_bytes())])),
        (
            "pivot.xlsx",
            spreadsheet("", vec![("xl/pivotCache/pivotCacheDefinition1.xml", pivot.into_bytes())]),
        ),
        (
            "printer.xlsx",
            spreadsheet("", vec![("xl/printerSettings/printerSettings1.bin", printer)]),
        ),
        ("abspath.xlsx", spreadsheet(&path, Vec::new())),
        (
            "shared.xlsx",
            spreadsheet(
                &shared,
                vec![
                    ("xl/revisions/userNames.xml", users.into_bytes()),
                    ("xl/revisions/revisionHeaders.xml", headers.into_bytes()),
                    ("xl/threadedComments/threadedComment1.xml", threads.into_bytes()),
                    ("xl/persons/person.xml", persons.into_bytes()),
                    ("xl/comments1.xml", notes.into_bytes()),
                ],
            ),
        ),
        ("connections.xlsx", spreadsheet("", vec![("xl/connections.xml", sources.into_bytes())])),
        ("macro.xlsm", macros),
        ("binary.xlsb", binary),
    ]
}

fn presentation_samples() -> Vec<(&'static str, Vec<u8>)> {
    let authors = format!(
        "<p:cmAuthorLst xmlns:p=\"p\"><p:cmAuthor id=\"1\" name=\"{AUTHOR}\" initials=\"CA\" clrIdx=\"0\"/></p:cmAuthorLst>"
    );
    let notes = format!(
        "<p:cmLst xmlns:p=\"p\"><p:cm authorId=\"1\" dt=\"{TIMESTAMP}\" idx=\"1\"/></p:cmLst>"
    );
    let modern = format!(
        "<p188:authorLst xmlns:p188=\"p\"><p188:author id=\"1\" name=\"{AUTHOR}\" initials=\"CA\" userId=\"{AUTHOR}\" providerId=\"AD\"/></p188:authorLst>"
    );
    let changes = format!(
        "<pc:chgInfo xmlns:pc=\"p\"><pc:docChgLst><pc:chgData name=\"{AUTHOR}\" userId=\"{AUTHOR}\" providerId=\"AD\" dt=\"{TIMESTAMP}\"/></pc:docChgLst></pc:chgInfo>"
    );
    // Long enough that the names of slides come late.
    let noise: Vec<u8> =
        (0..2000u32).flat_map(|n| (n.wrapping_mul(2_654_435_761)).to_le_bytes()).collect();
    let preview = [&b"\xFF\xD8\xFF\xE0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"[..], &noise].concat();
    vec![
        (
            "core0.pptx",
            presentation(vec![
                ("docProps/core.xml", core_properties()),
                ("docProps/core0.xml", core_properties()),
            ]),
        ),
        (
            "comment-authors.pptx",
            presentation(vec![
                ("ppt/commentAuthors.xml", authors.into_bytes()),
                ("ppt/comments/comment1.xml", notes.into_bytes()),
                ("ppt/authors.xml", modern.into_bytes()),
                ("ppt/changesInfos/changesInfo1.xml", changes.into_bytes()),
            ]),
        ),
        (
            "mac.pptx",
            presentation(vec![
                ("docProps/core.xml", core_properties()),
                ("docProps/thumbnail.jpeg", preview),
            ]),
        ),
        (
            "net.xlsx",
            spreadsheet(
                "",
                vec![("package/services/metadata/core-properties/1.psmdcp", core_properties())],
            ),
        ),
    ]
}

fn open_document_samples() -> Vec<(&'static str, Vec<u8>)> {
    let content = ("content.xml", to_bytes("<office:document-content xmlns:office=\"o\"/>"));
    let manifest = ("META-INF/manifest.xml", to_bytes("<manifest:manifest xmlns:manifest=\"m\"/>"));
    let meta = format!(
        "<office:document-meta xmlns:office=\"o\" xmlns:meta=\"m\"><office:meta><meta:initial-creator>{AUTHOR}</meta:initial-creator></office:meta></office:document-meta>"
    );
    let settings = format!(
        "<office:document-settings xmlns:office=\"o\"><config:config-item config:name=\"PrinterName\" config:type=\"string\">{AUTHOR}</config:config-item>\
         <config:config-item config:name=\"Rsid\" config:type=\"int\">1234567</config:config-item></office:document-settings>"
    );
    let notes = format!(
        "<office:document-content xmlns:office=\"o\"><office:annotation><dc:creator>{AUTHOR}</dc:creator><dc:date>{TIMESTAMP}</dc:date></office:annotation>\
         <text:span officeooo:rsid=\"00AB12CD\">{TEXT}</text:span></office:document-content>"
    );
    vec![
        (
            "object.odt",
            open_document(&[
                content.clone(),
                ("Object 1/meta.xml", meta.into_bytes()),
                manifest.clone(),
            ]),
        ),
        (
            "settings.odt",
            open_document(&[content, ("settings.xml", settings.into_bytes()), manifest.clone()]),
        ),
        ("notes.odt", open_document(&[("content.xml", notes.into_bytes()), manifest])),
    ]
}

pub(super) fn all() -> Vec<(&'static str, Vec<u8>)> {
    [
        layout_samples(),
        word_samples(),
        spreadsheet_samples(),
        presentation_samples(),
        open_document_samples(),
    ]
    .concat()
}
