//! Style, icon and script, built in.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use envelope::Hash;
use http::{StatusCode, header};

use super::Site;

/// The files that pages refer to. Their address carries a hash of their content, so that a newer program's are not mistaken for them.
pub(super) struct Assets([Asset; 4]);

struct Asset {
    stem: &'static str,
    name: String,
    media_type: &'static str,
    text: String,
}

impl Assets {
    pub(super) fn built_in() -> Self {
        let style = [web::IDENTITY, include_str!("../../assets/workbench.css")].concat();
        Self([
            Asset::new("workbench", "css", "text/css; charset=utf-8", style),
            Asset::new(
                "script",
                "js",
                "text/javascript; charset=utf-8",
                include_str!("../../assets/script.js").into(),
            ),
            Asset::new(
                "forms",
                "js",
                "text/javascript; charset=utf-8",
                include_str!("../../assets/forms.js").into(),
            ),
            Asset::new("icon", "svg", "image/svg+xml", include_str!("../../assets/icon.svg").into()),
        ])
    }

    /// The address of a file.
    ///
    /// # Panics
    /// For a name that is not built in.
    pub(super) fn url(&self, stem: &str) -> String {
        let asset = self.0.iter().find(|asset| asset.stem == stem).expect("a name of ours");
        format!("/assets/{}", asset.name)
    }
}

impl Asset {
    fn new(stem: &'static str, extension: &str, media_type: &'static str, text: String) -> Self {
        let hash = Hash::of(&[text.as_bytes()]).to_string();
        let name = format!("{stem}.{}.{extension}", &hash[..12]);
        Self { stem, name, media_type, text }
    }
}

/// One of the files. They are the same for everybody, so a browser may keep them.
pub(super) async fn serve(State(site): State<Site>, Path(name): Path<String>) -> Response {
    match site.assets.0.iter().find(|asset| asset.name == name) {
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
