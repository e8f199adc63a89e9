//! Style and icon, built in. Their address carries a hash of their content, so that a browser keeps them for good.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use super::Pages;

#[derive(RustEmbed)]
#[folder = "assets"]
struct Embedded;

/// The files that pages refer to.
pub struct Assets(Vec<Asset>);

struct Asset {
    stem: &'static str,
    name: String,
    media_type: &'static str,
    bytes: Vec<u8>,
}

impl Assets {
    /// The files of this build.
    pub(super) fn built_in() -> Self {
        Self(vec![
            Asset::embedded("site", "css", "text/css; charset=utf-8"),
            Asset::embedded("icon", "svg", "image/svg+xml"),
        ])
    }

    /// The address of a file.
    ///
    /// # Panics
    /// For a name that is not built in.
    pub fn url(&self, stem: &str) -> String {
        let asset = self.0.iter().find(|asset| asset.stem == stem).expect("a name of ours");
        format!("/assets/{}", asset.name)
    }
}

impl Asset {
    fn embedded(stem: &'static str, extension: &str, media_type: &'static str) -> Self {
        let file = Embedded::get(&format!("{stem}.{extension}")).expect("built in");
        let bytes = if extension == "css" { squeeze(&file.data) } else { file.data.into_owned() };
        let hash = hex::encode(&Sha256::digest(&bytes)[..8]);
        Self { stem, name: format!("{stem}.{hash}.{extension}"), media_type, bytes }
    }
}

/// Drops comments and indentation: a phone on a slow network pays for them.
fn squeeze(css: &[u8]) -> Vec<u8> {
    let css = String::from_utf8_lossy(css);
    let mut out = String::with_capacity(css.len());
    for (at, part) in css.split("/*").enumerate() {
        let code = if at == 0 { part } else { part.split_once("*/").map_or("", |(_, code)| code) };
        out.extend(code.lines().map(str::trim));
    }
    let tight = [(": ", ":"), (" {", "{"), (", ", ","), (";}", "}")];
    tight.iter().fold(out, |css, (from, to)| css.replace(from, to)).into_bytes()
}

/// A file, to be kept for a year: its name changes with its content.
pub(super) async fn serve(State(pages): State<Arc<Pages>>, Path(name): Path<String>) -> Response {
    match pages.assets.0.iter().find(|asset| asset.name == name) {
        Some(asset) => (
            [
                (header::CONTENT_TYPE, asset.media_type),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ],
            asset.bytes.clone(),
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
