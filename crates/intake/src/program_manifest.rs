//! `intake manifest`: prints the manifest of the browser program, for the root keys to sign.

use std::sync::Arc;

use protocol::program::{ProgramManifest, SignedProgram};
use rand::rngs::OsRng;
use web::Clock;

use crate::{
    config::{AUDIO_KEY, Config, ConfigError, PROGRAM_KEY},
    pages::{ManifestMismatch, Pages},
};

/// Why there is no manifest.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The configuration is invalid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The build has no browser script.
    #[error(
        "this build has no browser script, so there is no program to sign: build the script first \
         (docs/OPERATING.md)"
    )]
    NoScript,
    /// A page cannot be rendered.
    #[error("a page cannot be rendered: see the log")]
    Render,
}

/// Returns the canonical JSON of the manifest without signatures.
///
/// # Errors
/// If the root keys cannot be read, the build has no script, or a page cannot be rendered.
pub async fn unsigned_manifest(config: &Config) -> Result<String, ManifestError> {
    if !configured_pages(config)?.has_script() {
        return Err(ManifestError::NoScript);
    }
    let bytes = SignedProgram::unsigned(manifest_of(config).await?).to_bytes();
    Ok(String::from_utf8(bytes).expect("JSON is UTF-8"))
}

/// Returns the manifest of what an intake with this configuration serves.
///
/// # Errors
/// If the root keys cannot be read, or a page cannot be rendered.
pub async fn manifest_of(config: &Config) -> Result<ProgramManifest, ManifestError> {
    let trust = config.load_trust()?;
    configured_pages(config)?.program_manifest(&trust).await.ok_or(ManifestError::Render)
}

/// Checks that the configured audio packs belong to the texts of the pages, and that the configured
/// manifest, if any, has enough signatures and is that of this build.
///
/// # Errors
/// If a pack cannot be offered, or the manifest cannot be read, is not signed, or is that of
/// another build or configuration.
pub async fn check_manifest(config: &Config) -> Result<(), ConfigError> {
    let trust = config.load_trust()?;
    let pages = configured_pages(config)?;
    let Some(signed) = config.load_program(&trust)? else { return Ok(()) };
    pages.with_program(&signed, &trust).await.map_err(|mismatch| wrong_manifest(&mismatch))?;
    Ok(())
}

/// Explains that the signed manifest is that of another build or configuration.
pub(crate) fn wrong_manifest(mismatch: &ManifestMismatch) -> ConfigError {
    let advice = "Print the manifest of this build with the command manifest, and let the keepers of \
                  the root keys sign it";
    ConfigError::invalid_value(PROGRAM_KEY, format!("{mismatch}. {advice}"))
}

fn configured_pages(config: &Config) -> Result<Pages, ConfigError> {
    let taxonomy = Arc::new(config.load_taxonomy()?);
    let pages = Pages::new(taxonomy, config.branding.clone(), Clock::system(), OsRng);
    add_audio_packs(pages, config)
}

/// Adds the configured audio packs to pages.
///
/// # Errors
/// If a pack cannot be read, or was built for other texts than those of the pages.
pub(crate) fn add_audio_packs(pages: Pages, config: &Config) -> Result<Pages, ConfigError> {
    let with_packs = pages.with_audio_packs(config.load_audio_packs()?);
    with_packs.map_err(|error| ConfigError::invalid_value(AUDIO_KEY, error.to_string()))
}
