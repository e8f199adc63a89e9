//! PDF files of the corpus.

use super::corpus::AUTHOR;

fn build_pdf(objects: &[String], trailer: &str) -> Vec<u8> {
    let mut pdf = b"%PDF-1.6\n".to_vec();
    let mut places = Vec::new();
    for (n, object) in objects.iter().enumerate() {
        places.push(pdf.len());
        pdf.extend(format!("{} 0 obj\n{object}\nendobj\n", n + 1).bytes());
    }
    let start = pdf.len();
    pdf.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    for place in places {
        pdf.extend(format!("{place:010} 00000 n \n").bytes());
    }
    let size = objects.len() + 1;
    pdf.extend(
        format!("trailer\n<< /Size {size} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF\n")
            .bytes(),
    );
    pdf
}

fn page_objects(page: &str, more: &[String]) -> Vec<String> {
    let pages = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        format!("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] {page} >>"),
    ];
    [&pages[..], more].concat()
}

pub(super) fn all() -> Vec<(&'static str, Vec<u8>)> {
    let note = |author: &str| {
        format!(
            "<< /Type /Annot /Subtype /FreeText /Rect [0 0 9 9] /Contents (x) /T ({author}) /M (D:20260312101500Z) /DA (/F 1 Tf) >>"
        )
    };
    let annotation = page_objects("/Annots [4 0 R 5 0 R]", &[note(AUTHOR), note("Another Author")]);
    let field = "<< /FT /Tx /Subtype /Widget /T (stays) /Rect [0 0 9 9] >>".to_owned();
    let title = format!("<< /Title (C:\\\\Users\\\\{AUTHOR}\\\\liste.doc) >>");
    let own = format!("<< /Title () /Dossier ({AUTHOR}) >>");
    let outline = "<< /Title (Chapitre) /Parent 3 0 R >>".to_owned();
    // Bytes that cannot be decrypted here.
    let locked = format!(
        "<< /Type /Metadata /Subtype /XML /Length 24 >>\nstream\n{}\nendstream",
        "\u{1}\u{7f}k!".repeat(6)
    );
    let signature =
        "<< /Type /Sig /Filter /Adobe.PPKLite /ByteRange [0 9 9 9] /Contents <00> /M (D:20260312101500Z) >>"
            .to_owned();
    let identifier = "/ID [<0123456789abcdef0123456789abcdef> <0123456789abcdef0123456789abcdef>]";
    let program = format!("<< /Producer ({AUTHOR}) >>");
    vec![
        ("annotation.pdf", build_pdf(&annotation, "")),
        ("field.pdf", build_pdf(&page_objects("/Annots [4 0 R]", &[field, outline]), "")),
        ("title-only.pdf", build_pdf(&page_objects("", &[title]), "/Info 4 0 R")),
        ("own-key.pdf", build_pdf(&page_objects("", &[own]), "/Info 4 0 R")),
        ("locked-xmp.pdf", build_pdf(&page_objects("", &[locked]), "/Encrypt << >>")),
        ("signed.pdf", build_pdf(&page_objects("", &[signature.clone(), program]), "/Info 5 0 R")),
        ("signed-kept.pdf", build_pdf(&page_objects("", &[signature]), "")),
        ("identifier.pdf", build_pdf(&page_objects("", &[]), identifier)),
        (
            "private.pdf",
            build_pdf(
                &page_objects("/PieceInfo << /P << /LastModified (D:20260312101500Z) >> >>", &[]),
                "",
            ),
        ),
    ]
}
