//! Files as phones and office programs write them, built by hand. Their metadata contains
//! [`CANARY`], which must not survive scrubbing.

pub(crate) mod corpus;
mod drawings;
mod media;
mod office;
mod pdf_samples;
mod zip_writer;

use std::io::{Cursor, Write as _};

use flate2::{Compression, write::ZlibEncoder};
use image::{DynamicImage, ImageFormat, RgbImage};

pub(crate) use zip_writer::{ZipEntryLayout, zip, zip_with_zip64_end};

/// The text in every metadata item.
pub(crate) const CANARY: &str = "CANARI";

/// A small picture, different in each corner.
pub(crate) fn plain_picture(format: ImageFormat) -> Vec<u8> {
    let picture = RgbImage::from_fn(64, 48, |x, y| image::Rgb([x as u8 * 4, y as u8 * 5, 128]));
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(picture).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

pub(crate) fn pixels(bytes: &[u8]) -> Vec<u8> {
    image::load_from_memory(bytes).unwrap().to_rgb8().into_raw()
}

/// Exif metadata: make, artist, date, place, and a rotation by 90 degrees.
pub(crate) fn exif_block() -> Vec<u8> {
    let text = format!("{CANARY} maker\0");
    let entries: [(u16, u16, u32, u32); 5] = [
        (0x010F, 2, text.len() as u32, 200),
        (0x0112, 3, 1, 6 << 16),
        (0x0132, 2, 20, 240),
        (0x013B, 2, text.len() as u32, 200),
        (0x8825, 4, 1, 140),
    ];
    let mut tiff = b"MM\0*\0\0\0\x08".to_vec();
    tiff.extend((entries.len() as u16).to_be_bytes());
    for (tag, kind, count, value) in entries {
        tiff.extend(tag.to_be_bytes());
        tiff.extend(kind.to_be_bytes());
        tiff.extend(count.to_be_bytes());
        tiff.extend(value.to_be_bytes());
    }
    tiff.resize(140, 0);
    // GPS: latitude reference N, latitude at 300.
    tiff.extend([0, 2, 0, 1, 0, 2, 0, 0, 0, 2, b'N', 0, 0, 0, 0, 2, 0, 5, 0, 0, 0, 3]);
    tiff.extend(300u32.to_be_bytes());
    tiff.resize(200, 0);
    tiff.extend(text.as_bytes());
    tiff.resize(240, 0);
    tiff.extend(b"2026:03:12 10:15:00\0");
    tiff.resize(300, 0);
    for n in [12u32, 1, 22, 1, 1234, 100] {
        tiff.extend(n.to_be_bytes());
    }
    tiff
}

pub(crate) fn xmp() -> String {
    format!(
        "<?xpacket begin=''?><x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\
         <rdf:Description xmlns:dc='http://purl.org/dc/elements/1.1/'><dc:creator><rdf:Seq><rdf:li>{CANARY}</rdf:li></rdf:Seq>\
         </dc:creator></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end='w'?>"
    )
}

/// A picture with a video after its end, as phones write it.
pub(crate) fn jpeg() -> Vec<u8> {
    [&jpeg_with_metadata()[..], &[0, 0, 0, 20], b"ftypmp42", CANARY.as_bytes()].concat()
}

fn jpeg_with_metadata() -> Vec<u8> {
    let plain = plain_picture(ImageFormat::Jpeg);
    let segment = |marker: u8, payload: &[u8]| {
        [&[0xFF, marker][..], &(payload.len() as u16 + 2).to_be_bytes(), payload].concat()
    };
    let exif = segment(0xE1, &[b"Exif\0\0", &exif_block()[..]].concat());
    let xmp = segment(0xE1, &[&b"http://ns.adobe.com/xap/1.0/\0"[..], xmp().as_bytes()].concat());
    let comment = segment(0xFE, CANARY.as_bytes());
    [&plain[..2], &exif, &xmp, &comment, &plain[2..]].concat()
}

pub(crate) fn png() -> Vec<u8> {
    let plain = plain_picture(ImageFormat::Png);
    let chunk = |kind: &[u8], payload: &[u8]| {
        let checked = [kind, payload].concat();
        let crc = crc32fast::hash(&checked).to_be_bytes();
        [&(payload.len() as u32).to_be_bytes()[..], &checked, &crc].concat()
    };
    let text = chunk(b"tEXt", format!("Author\0{CANARY}").as_bytes());
    let exif = chunk(b"eXIf", &exif_block());
    // After IHDR.
    [&plain[..33], &text, &exif, &plain[33..], CANARY.as_bytes()].concat()
}

pub(crate) fn gif() -> Vec<u8> {
    let plain = plain_picture(ImageFormat::Gif);
    let colours = if plain[10] & 0x80 == 0 { 0 } else { 3 << ((plain[10] & 7) + 1) };
    let comment = [&b"!\xFE\x06"[..], CANARY.as_bytes(), b"\0"].concat();
    [&plain[..13 + colours], &comment, &plain[13 + colours..]].concat()
}

fn riff_chunk(kind: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut chunk = [kind, &(payload.len() as u32).to_le_bytes(), payload].concat();
    if payload.len() % 2 == 1 {
        chunk.push(0);
    }
    chunk
}

pub(crate) fn riff(form: &[u8], chunks: &[Vec<u8>]) -> Vec<u8> {
    let inner = [form, &chunks.concat()].concat();
    [&b"RIFF"[..], &(inner.len() as u32).to_le_bytes(), &inner].concat()
}

pub(crate) fn webp() -> Vec<u8> {
    let plain = plain_picture(ImageFormat::WebP);
    let header = riff_chunk(b"VP8X", &[0x0C, 0, 0, 0, 63, 0, 0, 47, 0, 0]);
    let picture = plain[12..].to_vec();
    riff(
        b"WEBP",
        &[
            header,
            picture,
            riff_chunk(b"EXIF", &exif_block()),
            riff_chunk(b"XMP ", xmp().as_bytes()),
        ],
    )
}

pub(crate) fn wav() -> Vec<u8> {
    let format = [1u16, 1, 8000, 0, 8000, 0, 1, 8].map(u16::to_le_bytes).concat();
    let info = [&b"INFO"[..], &riff_chunk(b"IART", CANARY.as_bytes())].concat();
    let chunks = [
        riff_chunk(b"fmt ", &format),
        riff_chunk(b"LIST", &info),
        riff_chunk(b"data", &[128; 800]),
    ];
    riff(b"WAVE", &chunks)
}

pub(crate) fn mp3() -> Vec<u8> {
    let text = [&b"\0"[..], CANARY.as_bytes()].concat();
    let frame = [&b"TPE1"[..], &(text.len() as u32).to_be_bytes(), &[0, 0], &text].concat();
    let label = [&b"ID3\x03\0\0\0\0\0"[..], &[frame.len() as u8], &frame].concat();
    // Four frames of silence at 64 kbit/s and 44.1 kHz.
    let mut sound = vec![0; 208];
    sound[..4].copy_from_slice(&[0xFF, 0xFB, 0x50, 0xC4]);
    let mut old = [&b"TAG"[..], CANARY.as_bytes()].concat();
    old.resize(128, 0);
    [label, sound.repeat(4), old].concat()
}

pub(crate) fn flac() -> Vec<u8> {
    let comment = format!("ARTIST={CANARY}");
    let comments = [
        &0u32.to_le_bytes()[..],
        &1u32.to_le_bytes(),
        &(comment.len() as u32).to_le_bytes(),
        comment.as_bytes(),
    ];
    let comments = comments.concat();
    let stream =
        [&[16, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0x0A, 0xC4, 0x42, 0xF0, 0, 0, 0, 0][..], &[0; 16]]
            .concat();
    let block =
        |kind: u8, payload: &[u8]| [&[kind, 0, 0, payload.len() as u8][..], payload].concat();
    [&b"fLaC"[..], &block(0, &stream), &block(0x84, &comments), &[0xFF, 0xF8, 1, 2, 3]].concat()
}

pub(crate) fn bmff_box(kind: &[u8], payload: &[u8]) -> Vec<u8> {
    [&(payload.len() as u32 + 8).to_be_bytes()[..], kind, payload].concat()
}

fn hdlr_box(kind: &[u8], name: &str) -> Vec<u8> {
    bmff_box(b"hdlr", &[&[0; 8][..], kind, &[0; 12], name.as_bytes(), b"\0"].concat())
}

pub(crate) fn mp4() -> Vec<u8> {
    let mut header = vec![0; 100];
    header[4..12].copy_from_slice(&[0xE5, 1, 2, 3, 0xE5, 1, 2, 3]);
    header[12..16].copy_from_slice(&1000u32.to_be_bytes());
    let offset = format!("+12.3714-001.5197/{CANARY}");
    let offset =
        [&(offset.len() as u16).to_be_bytes()[..], &[0x15, 0xC7], offset.as_bytes()].concat();
    let user = bmff_box(b"udta", &bmff_box(b"\xA9xyz", &offset));
    let track = bmff_box(
        b"trak",
        &bmff_box(b"mdia", &[bmff_box(b"mdhd", &header[..24]), hdlr_box(b"vide", CANARY)].concat()),
    );
    let movie = bmff_box(b"moov", &[bmff_box(b"mvhd", &header), track, user].concat());
    [bmff_box(b"ftyp", b"isom\0\0\0\0mp42"), bmff_box(b"mdat", &[7; 5000]), movie].concat()
}

pub(crate) fn heic() -> Vec<u8> {
    let exif = [&[0; 4][..], &exif_block()].concat();
    let entry = |number: u8, kind: &[u8]| {
        bmff_box(b"infe", &[&[2, 0, 0, 0, 0, number, 0, 0][..], kind, b"\0"].concat())
    };
    let list = bmff_box(
        b"iinf",
        &[&[0, 0, 0, 0, 0, 2][..], &entry(1, b"hvc1"), &entry(2, b"Exif")].concat(),
    );
    let table = |start: u32| {
        let offset = |number: u8, start: u32, len: u32| {
            [&[0, number, 0, 0, 0, 1][..], &start.to_be_bytes(), &len.to_be_bytes()].concat()
        };
        let offsets = [
            &[0, 0, 0, 0, 0x44, 0, 0, 2][..],
            &offset(1, start, 1000),
            &offset(2, start + 1000, exif.len() as u32),
        ];
        let offsets = bmff_box(b"iloc", &offsets.concat());
        bmff_box(
            b"meta",
            &[
                &[0; 4][..],
                &hdlr_box(b"pict", ""),
                &bmff_box(b"pitm", &[0, 0, 0, 0, 0, 1]),
                &list,
                &offsets,
            ]
            .concat(),
        )
    };
    let kind = bmff_box(b"ftyp", b"heic\0\0\0\0mif1heic");
    let start = kind.len() as u32 + table(0).len() as u32 + 8;
    [kind, table(start), bmff_box(b"mdat", &[&[9; 1000][..], &exif].concat())].concat()
}

/// A PDF with document information, XMP metadata, a photo and an older revision. With `compressed`,
/// the information is in an object stream.
pub(crate) fn pdf(compressed: bool) -> Vec<u8> {
    let mut pdf = b"%PDF-1.5\n".to_vec();
    let mut offsets = [0; 9];
    let mut object = |pdf: &mut Vec<u8>, number: usize, body: &[u8]| {
        offsets[number] = pdf.len();
        pdf.extend(format!("{number} 0 obj\n").bytes());
        pdf.extend_from_slice(body);
        pdf.extend(b"\nendobj\n");
    };
    let stream = |description: &str, data: &[u8]| {
        let head = format!("<< /Length {} {description} >>\nstream\n", data.len());
        [head.as_bytes(), data, b"\nendstream"].concat()
    };
    let photo = jpeg_with_metadata();
    object(&mut pdf, 1, b"<< /Type /Catalog /Pages 2 0 R /Metadata 5 0 R >>");
    object(&mut pdf, 2, b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>");
    object(&mut pdf, 3, b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] /Resources << /XObject << /I 4 0 R >> >> /Contents 6 0 R >>");
    object(
        &mut pdf,
        4,
        &stream(
            "/Type /XObject /Subtype /Image /Width 64 /Height 48 /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode",
            &photo,
        ),
    );
    object(&mut pdf, 5, &stream("/Type /Metadata /Subtype /XML", xmp().as_bytes()));
    object(&mut pdf, 6, &stream("", b"q 64 0 0 48 10 10 cm /I Do Q % /Title (stays)"));
    object(&mut pdf, 7, format!("(D:20260312101500 {CANARY})").as_bytes());
    let information = format!(
        "<< /Title ({CANARY} \\) un titre) /Author <{}> /Creator({CANARY}) /CreationDate 7 0 R /Producer ({CANARY}) >>",
        hex(CANARY)
    );
    if compressed {
        let inside = format!("8 0 {information}");
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(inside.as_bytes()).unwrap();
        let data = encoder.finish().unwrap();
        object(&mut pdf, 8, &stream("/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", &data));
    } else {
        object(&mut pdf, 8, information.as_bytes());
    }
    let start = pdf.len();
    pdf.extend(b"xref\n0 9\n0000000000 65535 f \n");
    for offset in &offsets[1..] {
        pdf.extend(format!("{offset:010} 00000 n \n").bytes());
    }
    pdf.extend(
        format!("trailer\n<< /Size 9 /Root 1 0 R /Info 8 0 R >>\nstartxref\n{start}\n%%EOF\n")
            .bytes(),
    );
    pdf
}

fn hex(text: &str) -> String {
    let digit = |n: u8| char::from_digit(n.into(), 16).unwrap();
    text.bytes().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

pub(crate) const TEXT: &str = "Le camion est passé sans contrôle.";

pub(crate) fn docx(how: ZipEntryLayout) -> Vec<u8> {
    let core = format!(
        "<cp:coreProperties xmlns:cp=\"c\" xmlns:dc=\"d\"><dc:creator>{CANARY}</dc:creator></cp:coreProperties>"
    );
    let app = format!("<Properties><Company>{CANARY}</Company></Properties>");
    let text = format!(
        "<w:document><w:body><w:p w:rsidR=\"00AB12CD\"><w:ins w:author=\"{CANARY}\" w:date=\"2026-03-12T10:15:00Z\"><w:t>{TEXT}</w:t></w:ins></w:p></w:body></w:document>"
    );
    let kinds = "<Types><Override PartName=\"/word/document.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/></Types>";
    zip(&[
        ("[Content_Types].xml", kinds.as_bytes(), how),
        ("_rels/.rels", b"<Relationships/>", how),
        ("word/document.xml", text.as_bytes(), how),
        ("word/media/image1.jpeg", &jpeg(), how),
        ("docProps/thumbnail.jpeg", &jpeg(), how),
        ("docProps/core.xml", core.as_bytes(), how),
        ("docProps/app.xml", app.as_bytes(), how),
    ])
}

pub(crate) fn odt() -> Vec<u8> {
    let meta = format!(
        "<office:document-meta xmlns:office=\"o\" xmlns:dc=\"d\"><office:meta><dc:creator>{CANARY}</dc:creator></office:meta></office:document-meta>"
    );
    let text = format!(
        "<office:document-content><office:annotation><dc:creator>{CANARY}</dc:creator><dc:date>2026-03-12T10:15:00</dc:date></office:annotation><text:p>{TEXT}</text:p></office:document-content>"
    );
    zip(&[
        ("mimetype", b"application/vnd.oasis.opendocument.text", ZipEntryLayout::Stored),
        ("content.xml", text.as_bytes(), ZipEntryLayout::Deflated),
        ("meta.xml", meta.as_bytes(), ZipEntryLayout::Deflated),
        ("Thumbnails/thumbnail.png", &png(), ZipEntryLayout::Stored),
        ("Pictures/1.png", &png(), ZipEntryLayout::Stored),
    ])
}

/// Returns a file of every format with a name.
pub(crate) fn all() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("a.jpg", jpeg()),
        ("a.png", png()),
        ("a.gif", gif()),
        ("a.webp", webp()),
        ("a.wav", wav()),
        ("a.mp3", mp3()),
        ("a.flac", flac()),
        ("a.mp4", mp4()),
        ("a.heic", heic()),
        ("a.pdf", pdf(false)),
        ("b.pdf", pdf(true)),
        ("a.docx", docx(ZipEntryLayout::Deflated)),
        ("b.docx", docx(ZipEntryLayout::Streamed)),
        ("c.docx", docx(ZipEntryLayout::Stored)),
        ("a.odt", odt()),
    ]
}
