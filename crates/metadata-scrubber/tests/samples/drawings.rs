//! Packages of programs that draw or print: Visio and XPS.

use super::{
    CANARY, TEXT,
    office::{content_types, core_properties, relationships, zip_parts},
};

/// Returns a package with a main part of this kind, a preview and an author.
fn drawing(main: &'static str, kind: &str, preview: &'static str) -> Vec<u8> {
    let page = format!("<Page xmlns=\"p\"><Text>{TEXT}</Text></Page>");
    zip_parts(&[
        content_types(&format!("/{main}"), kind),
        relationships(main),
        (preview, format!("a preview with {CANARY}").into_bytes()),
        ("docProps/core.xml", core_properties()),
        (main, page.into_bytes()),
    ])
}

pub(super) fn all() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        (
            "drawing.vsdx",
            drawing("visio/document.xml", "ms-visio.drawing.main", "docProps/thumbnail.emf"),
        ),
        (
            "printed.xps",
            drawing(
                "FixedDocSeq.fdseq",
                "ms-package.xps-fixeddocumentsequence",
                "Metadata/thumbnail.jpeg",
            ),
        ),
        (
            "printed.oxps",
            drawing(
                "FixedDocumentSequence.fdseq",
                "openxps.fixeddocumentsequence",
                "Metadata/thumbnail.png",
            ),
        ),
    ]
}
