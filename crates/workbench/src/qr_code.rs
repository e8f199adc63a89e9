//! QR codes of pages that are printed.

use qrcode::{EcLevel, QrCode, render::svg};

/// Returns a text as a QR code: an `<svg>` element. Returns `None` for a text that is too long.
pub(crate) fn svg(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let picture = code.render::<svg::Color<'_>>().min_dimensions(360, 360).quiet_zone(true).build();
    // An XML declaration is not valid inside a page.
    Some(picture.split_once("?>").map_or(&*picture, |(_, svg)| svg).to_owned())
}
