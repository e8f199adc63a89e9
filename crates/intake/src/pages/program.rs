//! The browser program: every file that the script of the pages executes or inserts, and the static
//! pages that load it. The intake serves a manifest of them that root keys signed.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    body::{Bytes, to_bytes},
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use protocol::{
    Hash,
    directory::TrustRoots,
    program::{ProgramManifest, SignedProgram},
    receipt::{word_list, word_list_languages},
};
use web::{Locale, SecurityPolicy};

use super::{Pages, home, layout::script_policy, receipt_entry, report, training};
use crate::precompressed::{Precompressed, REVALIDATED};

/// The name of the project. The sources have no public address yet.
const APP: &str = "Burkindi";
/// Maximum size of a page, in bytes. Every page is smaller.
const MAX_PAGE_BYTES: usize = 1024 * 1024;

/// Why a signed manifest is not that of this intake.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestMismatch {
    /// A file differs, or only one of the two has it.
    #[error("{0} is not the file of this build and this configuration")]
    File(String),
    /// The version, a content policy or another field differs.
    #[error("its version or its content policies are not those of this build")]
    Policy,
    /// A page cannot be rendered. The log names the reason.
    #[error("a page cannot be rendered: see the log")]
    Render,
}

impl Pages {
    /// Returns the manifest of what this intake serves with these root keys, or `None` if a page
    /// cannot be rendered.
    pub async fn program_manifest(&self, trust: &TrustRoots) -> Option<ProgramManifest> {
        let mut files: BTreeMap<String, Hash> =
            self.assets.hashes().chain(self.audio_hashes()).collect();
        let trust = serde_json::to_vec(trust).expect("root keys are strings and numbers");
        files.insert("/directory.trust".to_owned(), Hash::of(&[&trust]));
        // A receipt is spelled in the language of the page, also where that is the list of another
        // language.
        let of_pages = self.catalogs.locales().map(|locale| locale.code);
        for lang in word_list_languages().into_iter().chain(of_pages) {
            let words = word_list(lang).join("\n");
            files.insert(format!("/words/{lang}"), Hash::of(&[words.as_bytes()]));
        }
        let mut extra_csp = BTreeMap::new();
        let with_scripts = policy_text(&script_policy(self));
        for locale in self.catalogs.locales() {
            let lang = locale.code;
            let form = self.offline_forms.get(self, locale).await?;
            files.insert(format!("/{lang}/form.json"), form.start.hash());
            files.insert(format!("/{lang}/form-rest.json"), form.rest.hash());
            for (path, page) in static_pages(self, locale) {
                let html: Bytes = to_bytes(page.into_body(), MAX_PAGE_BYTES).await.ok()?;
                files.insert(format!("/{lang}{path}"), Hash::of(&[&html]));
            }
            for path in ["", "/report", "/return", "/learn", "/protect"] {
                extra_csp.insert(format!("/{lang}{path}"), with_scripts.clone());
            }
        }
        let lang = self.default_locale().code;
        Some(ProgramManifest {
            app: APP.to_owned(),
            default_csp: policy_text(&SecurityPolicy::default()),
            default_fallback: format!("/{lang}"),
            default_index: lang.to_owned(),
            extra_csp,
            files,
            timestamp: None,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            wasm: Vec::new(),
        })
    }

    /// Serves a signed manifest at its address.
    ///
    /// # Errors
    /// If the manifest is not that of this intake.
    pub async fn with_program(
        mut self,
        signed: &SignedProgram,
        trust: &TrustRoots,
    ) -> Result<Self, ManifestMismatch> {
        let own = self.program_manifest(trust).await.ok_or(ManifestMismatch::Render)?;
        check_manifest(&signed.manifest, own)?;
        self.program = Some(Precompressed::new("application/json", signed.to_bytes()));
        Ok(self)
    }
}

impl Pages {
    /// Compresses the files of the program in the order in which a visitor needs them.
    pub async fn compress_program(&self) {
        self.assets.compress().await;
        for locale in self.catalogs.locales() {
            // A page that cannot be rendered is logged.
            let Some(form) = self.offline_forms.get(self, locale).await else { continue };
            form.start.compress().await;
            form.rest.compress().await;
        }
        if let Some(manifest) = &self.program {
            manifest.compress().await;
        }
    }
}

/// Compares a signed manifest with that of this intake. A signed manifest can have a tree head,
/// which the intake does not know.
fn check_manifest(
    signed: &ProgramManifest,
    mut own: ProgramManifest,
) -> Result<(), ManifestMismatch> {
    let paths = signed.files.keys().chain(own.files.keys());
    let differs = |path: &&String| signed.files.get(*path) != own.files.get(*path);
    if let Some(path) = paths.into_iter().find(differs) {
        return Err(ManifestMismatch::File(path.clone()));
    }
    own.timestamp.clone_from(&signed.timestamp);
    if *signed == own { Ok(()) } else { Err(ManifestMismatch::Policy) }
}

/// Returns the pages that are the same for all visitors, with their paths below the language.
fn static_pages(pages: &Pages, locale: Locale) -> [(&'static str, Response); 4] {
    [
        ("", home::home_page(pages, locale)),
        ("/learn", training::training_page(pages, locale)),
        ("/report", report::start_page(pages, locale)),
        ("/return", receipt_entry::receipt_entry_page(pages, locale, ("", ""), None)),
    ]
}

fn policy_text(policy: &SecurityPolicy) -> String {
    let header = policy.header();
    header.to_str().expect("made of ASCII").to_owned()
}

/// `GET /.well-known/webcat/manifest.json`
pub(super) async fn show(State(pages): State<Arc<Pages>>, headers: HeaderMap) -> Response {
    match &pages.program {
        Some(manifest) => manifest.response(&headers, REVALIDATED).await,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
