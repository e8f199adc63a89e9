//! Static assets, built in: style sheet, icon and scripts. Their URLs contain a hash of the
//! content, so that browsers may cache them without limit.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, StatusCode};
use protocol::Hash;
use rust_embed::RustEmbed;

use super::Pages;
use crate::precompressed::{IMMUTABLE, Precompressed};

#[derive(RustEmbed)]
#[folder = "assets"]
struct EmbeddedAssets;

/// The build output of `browser/`. It is empty if that was not built; the intake then serves only
/// the form without scripts.
#[derive(RustEmbed)]
#[folder = "browser/dist"]
struct ScriptBundle;

/// The scripts that pages name: that of the form, that of the quick exit, and that of the home page
/// which loads what the form needs.
const PAGE_SCRIPTS: [&str; 3] = ["reporter", "leave", "prefetch"];
/// The modules that the script loads afterwards (`browser/modules.mjs`).
const SCRIPT_MODULES: [&str; 8] =
    ["form", "seal", "return", "qr", "files", "voice", "draft", "listen"];

/// The files that pages refer to.
pub struct StaticAssets(Vec<StaticAsset>);

struct StaticAsset {
    stem: &'static str,
    name: String,
    integrity: String,
    content: Precompressed,
}

impl StaticAssets {
    /// Returns the files of this build.
    pub(super) fn built_in() -> Self {
        let embedded = |name| EmbeddedAssets::get(name).expect("built in").data.into_owned();
        let style = minify_css(&[web::THEME_CSS.as_bytes(), &embedded("site.css")].concat());
        let mut assets = vec![
            StaticAsset::new("site", "css", "text/css; charset=utf-8", style),
            StaticAsset::new("icon", "svg", "image/svg+xml", embedded("icon.svg")),
        ];
        for stem in PAGE_SCRIPTS.into_iter().chain(SCRIPT_MODULES) {
            let script = ScriptBundle::get(&format!("{stem}.js"));
            let script = script.map(|file| file.data.into_owned());
            assets.extend(script.map(|script| {
                StaticAsset::new(stem, "js", "text/javascript; charset=utf-8", script)
            }));
        }
        Self(assets)
    }

    /// Returns the URL of a file.
    ///
    /// # Panics
    /// If no such file is built in.
    pub fn url(&self, stem: &str) -> String {
        self.get(stem).expect("the file is built in").url()
    }

    /// Returns URL and integrity hash of the script, if this build has one.
    pub fn script(&self) -> Option<(String, &str)> {
        self.get("reporter").map(|script| (script.url(), &*script.integrity))
    }

    /// Returns name, URL and integrity hash of each module that the script loads.
    pub fn script_modules(&self) -> Vec<(&'static str, String, &str)> {
        let modules = SCRIPT_MODULES.iter().filter_map(|stem| self.get(stem));
        modules.map(|module| (module.stem, module.url(), &*module.integrity)).collect()
    }

    /// Returns URL and integrity hash of the script of the quick exit, if this build has one.
    pub fn quick_exit_script(&self) -> Option<(String, &str)> {
        self.get("leave").map(|script| (script.url(), &*script.integrity))
    }

    /// Compresses all files.
    pub(super) async fn compress(&self) {
        for asset in &self.0 {
            asset.content.compress().await;
        }
    }

    /// Returns URL and integrity hash of the script that loads what the form needs, if this build
    /// has one.
    pub fn prefetch_script(&self) -> Option<(String, &str)> {
        self.get("prefetch").map(|script| (script.url(), &*script.integrity))
    }

    /// Returns the content of the style sheet.
    pub(super) fn style(&self) -> String {
        let style = self.get("site").expect("the file is built in");
        String::from_utf8_lossy(style.content.plain()).into_owned()
    }

    /// Returns the path and the hash of each file.
    pub(super) fn hashes(&self) -> impl Iterator<Item = (String, Hash)> {
        self.0.iter().map(|asset| (asset.url(), asset.content.hash()))
    }

    fn get(&self, stem: &str) -> Option<&StaticAsset> {
        self.0.iter().find(|asset| asset.stem == stem)
    }
}

impl StaticAsset {
    fn new(stem: &'static str, extension: &str, media_type: &'static str, bytes: Vec<u8>) -> Self {
        let content = Precompressed::new(media_type, bytes);
        let hash = content.hash();
        let short = hex::encode(&hash.as_bytes()[..8]);
        let integrity = format!("sha256-{}", BASE64_STANDARD.encode(hash.as_bytes()));
        Self { stem, name: format!("{stem}.{short}.{extension}"), integrity, content }
    }

    fn url(&self) -> String {
        format!("/assets/{}", self.name)
    }
}

/// Removes comments and indentation, to save bytes on slow networks.
fn minify_css(css: &[u8]) -> Vec<u8> {
    let css = String::from_utf8_lossy(css);
    let mut out = String::with_capacity(css.len());
    for (index, part) in css.split("/*").enumerate() {
        let code =
            if index == 0 { part } else { part.split_once("*/").map_or("", |(_, code)| code) };
        out.extend(code.lines().map(str::trim));
    }
    let tight = [(": ", ":"), (" {", "{"), (", ", ","), (";}", "}")];
    tight.iter().fold(out, |css, (from, to)| css.replace(from, to)).into_bytes()
}

/// Serves a file, cacheable for a year.
pub(super) async fn serve_asset(
    State(pages): State<Arc<Pages>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    match pages.assets.0.iter().find(|asset| asset.name == name) {
        Some(asset) => asset.content.response(&headers, IMMUTABLE).await,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
