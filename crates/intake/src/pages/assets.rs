//! Style, icon and script, built in. Their address carries a hash of their content, so that a
//! browser keeps them for good.

use std::{io::Write as _, sync::Arc};

use axum::{
    body::Bytes,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, StatusCode, header};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256, Sha384};

use super::Pages;

#[derive(RustEmbed)]
#[folder = "assets"]
struct EmbeddedAssets;

/// What the build of `browser/` has made; empty where it was not built, and the intake then serves
/// the form alone.
#[derive(RustEmbed)]
#[folder = "browser/dist"]
struct ScriptBundle;

/// The files that pages refer to.
pub struct StaticAssets(Vec<StaticAsset>);

struct StaticAsset {
    stem: &'static str,
    name: String,
    integrity: String,
    content: Precompressed,
}

impl StaticAssets {
    /// The files of this build.
    pub(super) fn built_in() -> Self {
        let embedded = |name| EmbeddedAssets::get(name).expect("built in").data.into_owned();
        let style = minify_css(&[web::THEME_CSS.as_bytes(), &embedded("site.css")].concat());
        let mut assets = vec![
            StaticAsset::new("site", "css", "text/css; charset=utf-8", style),
            StaticAsset::new("icon", "svg", "image/svg+xml", embedded("icon.svg")),
        ];
        for (stem, file) in [("reporter", "reporter.js"), ("files", "files.js")] {
            let script = ScriptBundle::get(file).map(|file| file.data.into_owned());
            assets.extend(script.map(|script| {
                StaticAsset::new(stem, "js", "text/javascript; charset=utf-8", script)
            }));
        }
        Self(assets)
    }

    /// The address of a file.
    ///
    /// # Panics
    /// For a name that is not built in.
    pub fn url(&self, stem: &str) -> String {
        self.get(stem).expect("a name of ours").url()
    }

    /// Address and integrity of the script, if this build has one.
    pub fn script(&self) -> Option<(String, &str)> {
        self.get("reporter").map(|script| (script.url(), &*script.integrity))
    }

    /// Address and integrity of the part of the script that cleans files, if this build has one.
    /// The script loads it.
    pub fn files_script(&self) -> Option<(String, &str)> {
        self.get("files").map(|script| (script.url(), &*script.integrity))
    }

    /// The style sheet itself.
    pub(super) fn style(&self) -> String {
        let style = self.get("site").expect("a name of ours");
        String::from_utf8_lossy(&style.content.plain).into_owned()
    }

    fn get(&self, stem: &str) -> Option<&StaticAsset> {
        self.0.iter().find(|asset| asset.stem == stem)
    }
}

impl StaticAsset {
    fn new(stem: &'static str, extension: &str, media_type: &'static str, bytes: Vec<u8>) -> Self {
        let hash = hex::encode(&Sha256::digest(&bytes)[..8]);
        let integrity = format!("sha384-{}", BASE64_STANDARD.encode(Sha384::digest(&bytes)));
        Self {
            stem,
            name: format!("{stem}.{hash}.{extension}"),
            integrity,
            content: Precompressed::new(media_type, bytes),
        }
    }

    fn url(&self) -> String {
        format!("/assets/{}", self.name)
    }
}

/// Something that is the same for everybody, with its compressed form at hand. Nothing that a
/// visitor typed is ever compressed: its length would tell about it.
pub(super) struct Precompressed {
    media_type: &'static str,
    plain: Bytes,
    gzip: Bytes,
}

impl Precompressed {
    pub(super) fn new(media_type: &'static str, plain: Vec<u8>) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let gzip = encoder
            .write_all(&plain)
            .and_then(|()| encoder.finish())
            .expect("memory takes everything");
        Self { media_type, plain: plain.into(), gzip: gzip.into() }
    }

    pub(super) fn response(&self, asked: &HeaderMap, cache: &'static str) -> Response {
        let accepts =
            asked.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or("");
        let gzip = accepts.split(',').any(|coding| coding.trim().split(';').next() == Some("gzip"));
        let headers = [
            (header::CONTENT_TYPE, self.media_type),
            (header::CACHE_CONTROL, cache),
            (header::VARY, "accept-encoding"),
        ];
        if gzip {
            (headers, [(header::CONTENT_ENCODING, "gzip")], self.gzip.clone()).into_response()
        } else {
            (headers, self.plain.clone()).into_response()
        }
    }
}

/// Drops comments and indentation: a phone on a slow network pays for them.
fn minify_css(css: &[u8]) -> Vec<u8> {
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
pub(super) async fn serve_asset(
    State(pages): State<Arc<Pages>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    match pages.assets.0.iter().find(|asset| asset.name == name) {
        Some(asset) => asset.content.response(&headers, "public, max-age=31536000, immutable"),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
