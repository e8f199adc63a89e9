//! Configuration: a TOML file. An environment variable can override each key.

pub mod branding;
mod error;
mod sections;
#[cfg(test)]
mod tests;

use std::{fs, path::Path};

use confique::Config as _;
use database::DatabaseUrl;
use protocol::{directory::TrustRoots, program::SignedProgram};
use service_kit::{check_variables, config_folder, explain_error, make_absolute, strip_bom};
use taxonomy::Taxonomy;
use tracing::Level;

use crate::{
    audio::{AudioPack, load_packs},
    config::branding::Branding,
};

pub use error::ConfigError;
pub use sections::{
    AudioConfig, DirectoryConfig, LimitsConfig, LogConfig, MetricsConfig, PlacesConfig,
    ProgramConfig, PublicConfig, RelayConfig, StoreConfig, TaxonomyConfig,
};

/// The key of the signed manifest of the browser program.
pub(crate) const PROGRAM_KEY: &str = "program.manifest";

/// The key of the folder of the audio packs.
pub(crate) const AUDIO_KEY: &str = "audio.folder";

/// The key of the list of places.
const PLACES_KEY: &str = "places.file";

/// The configuration of the intake. `deploy/config/intake.toml` explains each key. Paths are
/// absolute after loading.
#[derive(Debug, Clone, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct Config {
    /// Whether this is a demonstration, which may show the fictitious contacts of the example.
    #[config(env = "INTAKE_DEMO", default = false)]
    pub demo: bool,
    /// The listener for reporters.
    #[config(nested)]
    pub public: PublicConfig,
    /// The listener for the case handler.
    #[config(nested)]
    pub relay: RelayConfig,
    /// The spool of sealed submissions and mailboxes.
    #[config(nested)]
    pub store: StoreConfig,
    /// The root keys that sign accepted directories.
    #[config(nested)]
    pub directory: DirectoryConfig,
    /// The signed manifest of the browser program.
    #[config(nested)]
    pub program: ProgramConfig,
    /// The audio packs for the spoken help.
    #[config(nested)]
    pub audio: AudioConfig,
    /// The categories of reports.
    #[config(nested)]
    pub taxonomy: TaxonomyConfig,
    /// The list of places that the form suggests.
    #[config(nested)]
    pub places: PlacesConfig,
    /// Names and contacts on the pages. The variable contains the whole section as JSON.
    #[config(env = "INTAKE_BRANDING", parse_env = parse_branding_json)]
    pub branding: Branding,
    /// Limits on concurrent requests.
    #[config(nested)]
    pub limits: LimitsConfig,
    /// The metrics page for operators.
    #[config(nested)]
    pub metrics: MetricsConfig,
    /// The log.
    #[config(nested)]
    pub log: LogConfig,
}

fn parse_branding_json(json: &str) -> Result<Branding, serde_json::Error> {
    serde_json::from_str(json)
}

impl Config {
    /// Reads the file, then the environment, and validates the values. Does not open the files
    /// that the values name. Relative paths start at the folder of the file.
    ///
    /// # Errors
    /// If the file cannot be read, a key or a variable is unknown, or a value is invalid. The
    /// error names it.
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        let folder = config_folder(file).map_err(|error| {
            ConfigError::invalid_value("--config", format!("{}: {error}", file.display()))
        })?;
        let variables = std::env::vars_os().map(|(name, _)| name);
        check_variables("INTAKE_", &Self::META, variables).map_err(ConfigError::UnknownVariable)?;
        let read = Self::builder().env().file(file).load();
        let mut config = read.map_err(|error| ConfigError::Read(explain_error(&error)))?;
        let Self { relay, store, directory, program, audio, places, .. } = &mut config;
        for path in [&mut relay.ca, &mut relay.certificate, &mut relay.key, &mut directory.trust] {
            make_absolute(&folder, path);
        }
        let optional = [&mut program.manifest, &mut audio.folder, &mut places.file];
        for path in optional.into_iter().flatten() {
            make_absolute(&folder, path);
        }
        store.url = DatabaseUrl::with_absolute_paths(&store.url, &folder);
        config.validate()?;
        Ok(config)
    }

    fn validate(&self) -> Result<(), ConfigError> {
        self.log_level()?;
        self.store.database_url()?;
        self.public.onion_address()?;
        let Self { limits, store, .. } = self;
        // Each upload of the form path uses one of tokio's 512 blocking threads.
        let ranges = [
            ("limits.connections", limits.connections, 100_000),
            ("limits.concurrent_reads", limits.concurrent_reads, 100_000),
            ("limits.concurrent_uploads", limits.concurrent_uploads, 400),
            ("limits.concurrent_small_requests", limits.concurrent_small_requests, 10_000),
            ("limits.per_network_burst", limits.per_network_burst as usize, 1_000_000),
            ("limits.per_network_per_minute", limits.per_network_per_minute as usize, 1_000_000),
            (
                "limits.queue_timeout_seconds",
                usize::try_from(limits.queue_timeout_seconds).unwrap_or(usize::MAX),
                600,
            ),
            ("store.max_size_mib", store.max_size_mib as usize, 1_000_000),
            ("store.writers", store.writers as usize, 100),
        ];
        for (key, value, max) in ranges {
            if value == 0 || value > max {
                return Err(ConfigError::invalid_value(key, format!("must be from 1 to {max}")));
            }
        }
        if self.taxonomy.folder.is_some() {
            return Err(ConfigError::invalid_value(
                "taxonomy.folder",
                "custom categories are not supported: the commands of the administration, the \
                 workbench and the reply templates know the built-in categories only, so reports \
                 under others could not be routed or read as intended. Remove this key",
            ));
        }
        if self.public.onion_listen.is_some_and(|address| !address.ip().is_loopback()) {
            return Err(ConfigError::invalid_value(
                "public.onion_listen",
                "must be a loopback address, such as 127.0.0.1",
            ));
        }
        if self.metrics.listen.is_some_and(|address| !address.ip().is_loopback()) {
            return Err(ConfigError::invalid_value(
                "metrics.listen",
                "must be a loopback address, such as 127.0.0.1",
            ));
        }
        let problems = self.branding.problems();
        if problems.is_empty() { Ok(()) } else { Err(ConfigError::Branding(problems)) }
    }

    /// Checks that the pages do not show the fictitious contacts of the example.
    ///
    /// # Errors
    /// If a contact is still that of the example, and this is not a demonstration.
    pub fn check_contacts(&self) -> Result<(), ConfigError> {
        let samples = self.branding.example_contacts();
        if samples.is_empty() || self.demo {
            Ok(())
        } else {
            Err(ConfigError::ExampleContacts(samples))
        }
    }

    /// Returns warnings about values that are allowed but rarely intended.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if !self.public.listen.ip().is_loopback() {
            warnings.push(format!(
                "public.listen = {}: other machines can connect without encryption. Use 127.0.0.1 \
                 behind the proxy or the onion service",
                self.public.listen
            ));
        }
        if self.demo && !self.branding.example_contacts().is_empty() {
            warnings.push(
                "demo: the contacts on the pages are fictitious. Do not accept real reports here"
                    .to_owned(),
            );
        }
        warnings
    }

    /// Returns the level of the log.
    ///
    /// # Errors
    /// If `log.level` is not a level.
    pub fn log_level(&self) -> Result<Level, ConfigError> {
        self.log.level.parse().map_err(|_| {
            ConfigError::invalid_value("log.level", "must be error, warn, info, debug or trace")
        })
    }

    /// Reads the root keys from the file that `directory.trust` names.
    ///
    /// # Errors
    /// If the file cannot be read or parsed.
    pub fn load_trust(&self) -> Result<TrustRoots, ConfigError> {
        let path = &self.directory.trust;
        let invalid = |error: &dyn std::fmt::Display| {
            ConfigError::invalid_value("directory.trust", format!("{}: {error}", path.display()))
        };
        let json = fs::read(path).map_err(|error| invalid(&error))?;
        serde_json::from_slice(strip_bom(&json)).map_err(|error| invalid(&error))
    }

    /// Returns the built-in taxonomy with the places of the file that `places.file` names. Without
    /// this key it has no place.
    ///
    /// # Errors
    /// If the file cannot be read or a line is invalid. The error names the line.
    pub fn load_taxonomy(&self) -> Result<Taxonomy, ConfigError> {
        let taxonomy = Taxonomy::built_in();
        let Some(path) = &self.places.file else { return Ok(taxonomy) };
        let invalid = |error: &dyn std::fmt::Display| {
            ConfigError::invalid_value(PLACES_KEY, format!("{}: {error}", path.display()))
        };
        let list = fs::read_to_string(path).map_err(|error| invalid(&error))?;
        taxonomy.with_places(&list).map_err(|error| invalid(&error))
    }

    /// Reads the audio packs in the folder that `audio.folder` names. Returns none without this
    /// key.
    ///
    /// # Errors
    /// If the folder or a file cannot be read, or a file is no audio pack.
    pub fn load_audio_packs(&self) -> Result<Vec<AudioPack>, ConfigError> {
        let Some(folder) = &self.audio.folder else { return Ok(Vec::new()) };
        load_packs(folder).map_err(|problem| ConfigError::invalid_value(AUDIO_KEY, problem))
    }

    /// Reads the manifest that `program.manifest` names, and verifies its signatures. Returns
    /// `None` without this key.
    ///
    /// # Errors
    /// If the file cannot be read or parsed, or too few of these root keys have signed it.
    pub fn load_program(&self, trust: &TrustRoots) -> Result<Option<SignedProgram>, ConfigError> {
        let Some(path) = &self.program.manifest else { return Ok(None) };
        let invalid = |error: &dyn std::fmt::Display| {
            ConfigError::invalid_value(PROGRAM_KEY, format!("{}: {error}", path.display()))
        };
        let json = fs::read(path).map_err(|error| invalid(&error))?;
        let signed = SignedProgram::from_bytes(strip_bom(&json).trim_ascii_end())
            .map_err(|error| invalid(&error))?;
        signed.verify(trust).map_err(|error| invalid(&error))?;
        Ok(Some(signed))
    }
}
