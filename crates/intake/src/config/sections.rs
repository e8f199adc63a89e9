//! The sections of the configuration file.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use database::{DatabaseUrl, DatabaseUrlError};
use service_kit::parse_list;
use web::{OnionAddress, OnionAddressError};

use super::ConfigError;
use crate::store::StoreLimits;

/// `[public]`
#[derive(Debug, Clone, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct PublicConfig {
    /// Address and port of the listener for reporters. Plain HTTP, behind a proxy or an onion
    /// service.
    #[config(env = "INTAKE_PUBLIC_LISTEN")]
    pub listen: SocketAddr,
    /// Loopback address and port of the listener for the onion service, which names circuits in a
    /// PROXY header.
    #[config(env = "INTAKE_PUBLIC_ONION_LISTEN")]
    pub onion_listen: Option<SocketAddr>,
    /// Address of the onion service, `….onion` without a scheme. The pages show it, and announce it
    /// to Tor Browser.
    #[config(env = "INTAKE_PUBLIC_ONION_ADDRESS")]
    pub onion_address: Option<String>,
    /// Addresses of the proxies whose last `X-Forwarded-For` hop is the client address.
    #[config(env = "INTAKE_PUBLIC_TRUSTED_PROXIES", parse_env = parse_list, default = [])]
    pub trusted_proxies: Vec<IpAddr>,
}

impl PublicConfig {
    /// Returns the address of the onion service, if one is configured.
    ///
    /// # Errors
    /// If `public.onion_address` is not the address of an onion service of version 3.
    pub fn onion_address(&self) -> Result<Option<OnionAddress>, ConfigError> {
        let parsed = self.onion_address.as_deref().map(str::parse).transpose();
        parsed.map_err(|error: OnionAddressError| {
            ConfigError::invalid_value("public.onion_address", error.to_string())
        })
    }
}

/// `[relay]`
#[derive(Debug, Clone, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct RelayConfig {
    /// Address and port of the listener for the case handler. Mutual TLS.
    #[config(env = "INTAKE_RELAY_LISTEN")]
    pub listen: SocketAddr,
    /// PEM file of the authority that signs the certificate of the case handler.
    #[config(env = "INTAKE_RELAY_CA")]
    pub ca: PathBuf,
    /// PEM file of the certificate chain of the intake.
    #[config(env = "INTAKE_RELAY_CERTIFICATE")]
    pub certificate: PathBuf,
    /// PEM file of the key of that certificate.
    #[config(env = "INTAKE_RELAY_KEY")]
    pub key: PathBuf,
}

/// `[store]`
#[derive(Debug, Clone, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct StoreConfig {
    /// URL of the spool, such as `sqlite:///var/lib/burkindi-intake/spool.sqlite` or
    /// `postgres://burkindi@db.internal/spool?sslmode=verify-full`.
    #[config(env = "INTAKE_STORE_URL")]
    pub url: String,
    /// Maximum size of the spool in MiB. Beyond it the intake asks reporters to retry later, and
    /// the rest of the disk stays free.
    #[config(env = "INTAKE_STORE_MAX_SIZE_MIB", default = 20480)]
    pub max_size_mib: u32,
    /// Concurrent writes on `PostgreSQL`, each on its own connection. Four more connections read.
    #[config(env = "INTAKE_STORE_WRITERS", default = 16)]
    pub writers: u32,
}

impl StoreConfig {
    /// Returns the URL of the database.
    ///
    /// # Errors
    /// If `store.url` is not a URL of a supported database.
    pub fn database_url(&self) -> Result<DatabaseUrl, ConfigError> {
        self.url.parse().map_err(|error: DatabaseUrlError| {
            ConfigError::invalid_value("store.url", error.to_string())
        })
    }

    /// Returns the limits of the store.
    pub fn limits(&self) -> StoreLimits {
        StoreLimits { max_size_mib: self.max_size_mib, writers: self.writers }
    }
}

/// `[directory]`
#[derive(Debug, Clone, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct DirectoryConfig {
    /// The file `trust.json` of the administration.
    #[config(env = "INTAKE_DIRECTORY_TRUST")]
    pub trust: PathBuf,
}

/// `[taxonomy]`
#[derive(Debug, Clone, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct TaxonomyConfig {
    /// Not supported: no other program would know the categories of such a folder.
    #[config(env = "INTAKE_TAXONOMY_FOLDER")]
    pub folder: Option<PathBuf>,
}

/// `[places]`
#[derive(Debug, Clone, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct PlacesConfig {
    /// File with the list of places that the form suggests. Without it, the form suggests none.
    #[config(env = "INTAKE_PLACES_FILE")]
    pub file: Option<PathBuf>,
}

/// `[program]`
#[derive(Debug, Clone, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct ProgramConfig {
    /// File with the manifest of the browser program, signed by root keys. Without it, the intake
    /// serves none.
    #[config(env = "INTAKE_PROGRAM_MANIFEST")]
    pub manifest: Option<PathBuf>,
}

/// `[audio]`
#[derive(Debug, Clone, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct AudioConfig {
    /// Folder of the audio packs for the spoken help. Without it, pages offer none.
    #[config(env = "INTAKE_AUDIO_FOLDER")]
    pub folder: Option<PathBuf>,
}

/// `[limits]`
#[derive(Debug, Clone, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct LimitsConfig {
    /// Maximum number of open connections.
    #[config(env = "INTAKE_LIMITS_CONNECTIONS", default = 4096)]
    pub connections: usize,
    /// POST requests whose bodies are read concurrently, each with up to 192 KiB in memory.
    #[config(env = "INTAKE_LIMITS_CONCURRENT_READS", default = 1024)]
    pub concurrent_reads: usize,
    /// Concurrent uploads of reports with files.
    #[config(env = "INTAKE_LIMITS_CONCURRENT_UPLOADS", default = 256)]
    pub concurrent_uploads: usize,
    /// Small POST requests that are answered concurrently.
    #[config(env = "INTAKE_LIMITS_CONCURRENT_SMALL_REQUESTS", default = 64)]
    pub concurrent_small_requests: usize,
    /// Seconds that a POST request waits in the queue before the intake asks the client to retry
    /// later.
    #[config(env = "INTAKE_LIMITS_QUEUE_TIMEOUT_SECONDS", default = 20)]
    pub queue_timeout_seconds: u64,
    /// Burst of POST requests that one address may send while slots are scarce.
    #[config(env = "INTAKE_LIMITS_PER_NETWORK_BURST", default = 240)]
    pub per_network_burst: u32,
    /// Sustained rate of POST requests a minute that one address may send while slots are scarce.
    #[config(env = "INTAKE_LIMITS_PER_NETWORK_PER_MINUTE", default = 120)]
    pub per_network_per_minute: u32,
}

/// `[metrics]`
#[derive(Debug, Clone, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct MetricsConfig {
    /// Loopback address and port of the metrics page. Without it there is no such page.
    #[config(env = "INTAKE_METRICS_LISTEN")]
    pub listen: Option<SocketAddr>,
}

/// `[log]`
#[derive(Debug, Clone, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct LogConfig {
    /// `error`, `warn`, `info`, `debug` or `trace`.
    #[config(env = "INTAKE_LOG_LEVEL", default = "info")]
    pub level: String,
    /// JSON lines instead of text.
    #[config(env = "INTAKE_LOG_JSON", default = false)]
    pub json: bool,
}
