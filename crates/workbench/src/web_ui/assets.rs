//! Style, icon and scripts, embedded in the program.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use protocol::Hash;

use super::UiState;

/// The files that pages refer to. Their addresses contain a hash of their content, so that a
/// browser does not use a cached file of another version.
pub(super) struct UiAssets([UiAsset; 4]);

struct UiAsset {
    stem: &'static str,
    name: String,
    media_type: &'static str,
    text: String,
}

impl UiAssets {
    pub(super) fn embedded() -> Self {
        let style = [web::THEME_CSS, include_str!("../../assets/workbench.css")].concat();
        Self([
            UiAsset::new("workbench", "css", "text/css; charset=utf-8", style),
            UiAsset::new(
                "script",
                "js",
                "text/javascript; charset=utf-8",
                include_str!("../../assets/script.js").into(),
            ),
            UiAsset::new(
                "forms",
                "js",
                "text/javascript; charset=utf-8",
                include_str!("../../assets/forms.js").into(),
            ),
            UiAsset::new(
                "icon",
                "svg",
                "image/svg+xml",
                include_str!("../../assets/icon.svg").into(),
            ),
        ])
    }

    /// Returns the address of a file.
    ///
    /// # Panics
    /// Panics if no file has this name.
    pub(super) fn url(&self, stem: &str) -> String {
        let asset =
            self.0.iter().find(|asset| asset.stem == stem).expect("the name of an embedded file");
        format!("/assets/{}", asset.name)
    }
}

impl UiAsset {
    fn new(stem: &'static str, extension: &str, media_type: &'static str, text: String) -> Self {
        let hash = Hash::of(&[text.as_bytes()]).to_string();
        let name = format!("{stem}.{}.{extension}", &hash[..12]);
        Self { stem, name, media_type, text }
    }
}

/// Serves a file. All browsers get the same files, so they may cache them.
pub(super) async fn serve(State(state): State<UiState>, Path(name): Path<String>) -> Response {
    match state.assets.0.iter().find(|asset| asset.name == name) {
        Some(asset) => {
            let headers = [
                (header::CONTENT_TYPE, asset.media_type),
                (header::CACHE_CONTROL, "private, max-age=31536000, immutable"),
            ];
            (headers, asset.text.clone()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
