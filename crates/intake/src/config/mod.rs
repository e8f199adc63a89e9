//! Configuration: a TOML file, each key of which an environment variable can override.

pub mod branding;

use std::{
    fs,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

use confique::Config as _;
use database::{DatabaseUrl, DatabaseUrlError};
use protocol::directory::TrustRoots;
use service_kit::{
    check_variables, config_folder, explain_error, make_absolute, parse_list, strip_bom,
};
use tracing::Level;

use crate::{config::branding::Branding, i18n, relay, store::StoreLimits};

/// Everything that the intake is told from outside. `deploy/config/intake.toml` explains each key.
/// Paths are absolute once loaded.
#[derive(Debug, Clone, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct Config {
    /// A demonstration: contacts that were invented for the example are accepted.
    #[config(env = "INTAKE_DEMO", default = false)]
    pub demo: bool,
    /// The listener for reporters.
    #[config(nested)]
    pub public: PublicConfig,
    /// The listener for the case handler.
    #[config(nested)]
    pub relay: RelayConfig,
    /// Where sealed bytes wait.
    #[config(nested)]
    pub store: StoreConfig,
    /// Whose directories are believed.
    #[config(nested)]
    pub directory: DirectoryConfig,
    /// What can be reported.
    #[config(nested)]
    pub taxonomy: TaxonomyConfig,
    /// Whose service this is, as shown on the pages. The variable holds all of it as JSON.
    #[config(env = "INTAKE_BRANDING", parse_env = parse_branding_json)]
    pub branding: Branding,
    /// Bounds on what happens at once.
    #[config(nested)]
    pub limits: LimitsConfig,
    /// Figures for operators.
    #[config(nested)]
    pub metrics: MetricsConfig,
    /// The log.
    #[config(nested)]
    pub log: LogConfig,
}

/// `[public]`
#[derive(Debug, Clone, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct PublicConfig {
    /// Address and port; plain HTTP, behind a proxy or an onion service.
    #[config(env = "INTAKE_PUBLIC_LISTEN")]
    pub listen: SocketAddr,
    /// Address and port of this machine for the onion service, which names circuits in a PROXY
    /// header.
    #[config(env = "INTAKE_PUBLIC_ONION_LISTEN")]
    pub onion_listen: Option<SocketAddr>,
    /// Peers whose last `X-Forwarded-For` hop is believed.
    #[config(env = "INTAKE_PUBLIC_TRUSTED_PROXIES", parse_env = parse_list, default = [])]
    pub trusted_proxies: Vec<IpAddr>,
}

/// `[relay]`
#[derive(Debug, Clone, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct RelayConfig {
    /// Address and port; mutual TLS.
    #[config(env = "INTAKE_RELAY_LISTEN")]
    pub listen: SocketAddr,
    /// PEM: who signs the certificate of the case handler.
    #[config(env = "INTAKE_RELAY_CA")]
    pub ca: PathBuf,
    /// PEM: the intake's own chain.
    #[config(env = "INTAKE_RELAY_CERTIFICATE")]
    pub certificate: PathBuf,
    /// PEM: its key.
    #[config(env = "INTAKE_RELAY_KEY")]
    pub key: PathBuf,
}

/// `[spool]`
#[derive(Debug, Clone, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct StoreConfig {
    /// An `SQLite` file, made if absent. Not used if there is a `url`.
    #[config(env = "INTAKE_SPOOL_PATH")]
    pub path: PathBuf,
    /// A `PostgreSQL` database, such as
    /// `postgres://burkindi@db.internal/spool?sslmode=verify-full`.
    #[config(env = "INTAKE_SPOOL_URL")]
    pub url: Option<String>,
    /// Its largest size in MiB. Beyond it reporters are asked to come back, and the rest of the
    /// machine goes on.
    #[config(env = "INTAKE_SPOOL_MOST_MIB", default = 20480)]
    pub max_size_mib: u32,
    /// Writes at once on `PostgreSQL`, each on a connection of its own; four more connections read.
    #[config(env = "INTAKE_SPOOL_WRITERS", default = 16)]
    pub writers: u32,
}

/// `[directory]`
#[derive(Debug, Clone, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct DirectoryConfig {
    /// `trust.json` of the administration.
    #[config(env = "INTAKE_DIRECTORY_TRUST")]
    pub trust: PathBuf,
}

/// `[taxonomy]`
#[derive(Debug, Clone, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct TaxonomyConfig {
    /// Refused: only the intake would know the categories of such a folder.
    #[config(env = "INTAKE_TAXONOMY_FOLDER")]
    pub folder: Option<PathBuf>,
}

/// `[limits]`
#[derive(Debug, Clone, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct LimitsConfig {
    /// Connections that are open at once.
    #[config(env = "INTAKE_LIMITS_CONNECTIONS", default = 4096)]
    pub connections: usize,
    /// Posts that are read at once, each with up to 192 KiB in memory.
    #[config(env = "INTAKE_LIMITS_ARRIVALS", default = 1024)]
    pub concurrent_reads: usize,
    /// Reports with files that come in at once.
    #[config(env = "INTAKE_LIMITS_UPLOADS", default = 256)]
    pub concurrent_uploads: usize,
    /// Small posts that are answered at once.
    #[config(env = "INTAKE_LIMITS_LOOKUPS", default = 64)]
    pub concurrent_small_requests: usize,
    /// Seconds that a post waits for its turn before it is told to come back.
    #[config(env = "INTAKE_LIMITS_WAIT_SECONDS", default = 20)]
    pub queue_timeout_seconds: u64,
    /// Posts that one address may make without pause while there is not enough for everybody.
    #[config(env = "INTAKE_LIMITS_NETWORK_BURST", default = 240)]
    pub per_network_burst: u32,
    /// Posts a minute that one address may make in the long run while there is not enough for
    /// everybody.
    #[config(env = "INTAKE_LIMITS_NETWORK_PER_MINUTE", default = 120)]
    pub per_network_per_minute: u32,
}

/// `[metrics]`
#[derive(Debug, Clone, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct MetricsConfig {
    /// Address and port of this machine's own; no such page without.
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
    /// Lines of JSON in place of text.
    #[config(env = "INTAKE_LOG_JSON", default = false)]
    pub json: bool,
}

impl StoreConfig {
    /// Where the database is.
    pub fn database_url(&self) -> Result<DatabaseUrl, ConfigError> {
        match &self.url {
            Some(url) => url.parse().map_err(|error: DatabaseUrlError| {
                ConfigError::invalid_value("spool.url", error.to_string())
            }),
            None => Ok(DatabaseUrl::Sqlite(self.path.clone())),
        }
    }

    /// How much of it is taken.
    pub fn limits(&self) -> StoreLimits {
        StoreLimits { max_size_mib: self.max_size_mib, writers: self.writers }
    }
}

fn parse_branding_json(json: &str) -> Result<Branding, serde_json::Error> {
    serde_json::from_str(json)
}

/// What is wrong with the configuration. Every message names the key.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file or a variable cannot be read as configuration.
    #[error("{0}")]
    Read(String),
    /// A variable that nothing reads.
    #[error("{0}")]
    UnknownVariable(String),
    /// Reporters would be sent to contacts that were invented for the example.
    #[error(
        "{}: still the invented contact of the example. Write the real one there. Only for a \
         demonstration, set demo = true (INTAKE_DEMO=true)", .0.join(", ")
    )]
    ExampleContacts(Vec<String>),
    /// A value that cannot be.
    #[error("{key}: {problem}")]
    InvalidValue {
        /// Such as `limits.uploads`.
        key: &'static str,
        /// In words.
        problem: String,
    },
    /// The pages lack something.
    #[error("{}", .0.join("; "))]
    Branding(Vec<String>),
}

impl ConfigError {
    /// A value that cannot be, with its key.
    pub fn invalid_value(key: &'static str, problem: impl Into<String>) -> Self {
        Self::InvalidValue { key, problem: problem.into() }
    }
}

impl Config {
    /// Reads the file, then the environment, and checks the values by themselves. Relative paths
    /// start at the folder of the file.
    ///
    /// # Errors
    /// If the file cannot be read, a key or a variable is unknown, or a value cannot be. The error
    /// names it.
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        let folder = config_folder(file).map_err(|error| {
            ConfigError::invalid_value(
                "--config",
                format!(
                    "{}: \
                {error}",
                    file.display()
                ),
            )
        })?;
        let variables = std::env::vars_os().map(|(name, _)| name);
        check_variables("INTAKE_", &Self::META, variables).map_err(ConfigError::UnknownVariable)?;
        let read = Self::builder().env().file(file).load();
        let mut config = read.map_err(|error| ConfigError::Read(explain_error(&error)))?;
        let Self { relay, store: spool, directory, .. } = &mut config;
        for path in [
            &mut relay.ca,
            &mut relay.certificate,
            &mut relay.key,
            &mut spool.path,
            &mut directory.trust,
        ] {
            make_absolute(&folder, path);
        }
        spool.url = spool.url.take().map(|url| DatabaseUrl::with_absolute_paths(&url, &folder));
        config.validate()?;
        Ok(config)
    }

    fn validate(&self) -> Result<(), ConfigError> {
        self.log_level()?;
        self.store.database_url()?;
        // Each upload of the form path holds one of tokio's 512 blocking threads.
        let sizes = [
            ("limits.connections", self.limits.connections, 100_000),
            ("limits.arrivals", self.limits.concurrent_reads, 100_000),
            ("limits.uploads", self.limits.concurrent_uploads, 400),
            ("limits.lookups", self.limits.concurrent_small_requests, 10_000),
            ("limits.network_burst", self.limits.per_network_burst as usize, 1_000_000),
            ("spool.most_mib", self.store.max_size_mib as usize, 1_000_000),
            ("spool.writers", self.store.writers as usize, 100),
            ("limits.network_per_minute", self.limits.per_network_per_minute as usize, 1_000_000),
            (
                "limits.wait_seconds",
                usize::try_from(self.limits.queue_timeout_seconds).unwrap_or(usize::MAX),
                600,
            ),
        ];
        for (key, value, most) in sizes {
            if value == 0 || value > most {
                return Err(ConfigError::invalid_value(key, format!("must be from 1 to {most}")));
            }
        }
        if self.taxonomy.folder.is_some() {
            return Err(ConfigError::invalid_value(
                "taxonomy.folder",
                "categories of one's own are not supported yet: the administrator's commands, the \
                 workbench and the letters know the built-in ones only, so reports under others \
                 could not be routed or read as meant. Remove this key",
            ));
        }
        if self.public.onion_listen.is_some_and(|at| !at.ip().is_loopback()) {
            return Err(ConfigError::invalid_value(
                "public.onion_listen",
                "must be an address of this machine alone, such as 127.0.0.1",
            ));
        }
        if self.metrics.listen.is_some_and(|at| !at.ip().is_loopback()) {
            return Err(ConfigError::invalid_value(
                "metrics.listen",
                "must be an address of this machine alone, such as 127.0.0.1",
            ));
        }
        let problems = self.branding.missing_texts(&i18n::LOCALES);
        if problems.is_empty() { Ok(()) } else { Err(ConfigError::Branding(problems)) }
    }

    /// Reads the files that it names.
    ///
    /// # Errors
    /// If one cannot be read or is not what it should be. The error names the key.
    pub fn check_files(&self) -> Result<(), ConfigError> {
        self.load_trust()?;
        relay::server_config(&self.relay)?;
        let files = self.store.database_url()?.check_files();
        files.map_err(|error| ConfigError::invalid_value("spool.url", error.to_string()))?;
        let folder = self.store.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if self.store.url.is_none() && folder.is_some_and(|folder| !folder.is_dir()) {
            return Err(ConfigError::invalid_value("spool.path", "its folder is not there"));
        }
        Ok(())
    }

    /// Checks that reporters are sent to nobody invented.
    ///
    /// # Errors
    /// If a contact is still the example's, outside a demonstration.
    pub fn check_contacts(&self) -> Result<(), ConfigError> {
        let samples = self.branding.example_contacts();
        if samples.is_empty() || self.demo {
            Ok(())
        } else {
            Err(ConfigError::ExampleContacts(samples))
        }
    }

    /// What is allowed and seldom meant, for an operator to read.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if !self.public.listen.ip().is_loopback() {
            warnings.push(format!(
                "public.listen = {}: other machines reach it without encryption. Use 127.0.0.1 \
                 behind the proxy or the onion service",
                self.public.listen
            ));
        }
        if self.demo && !self.branding.example_contacts().is_empty() {
            warnings.push(
                "demo: the contacts on the pages are invented. Let nobody report \
                here"
                    .to_owned(),
            );
        }
        warnings
    }

    /// The log's level.
    pub fn log_level(&self) -> Result<Level, ConfigError> {
        self.log.level.parse().map_err(|_| {
            ConfigError::invalid_value("log.level", "must be error, warn, info, debug or trace")
        })
    }

    /// Reads whose directories are believed.
    pub fn load_trust(&self) -> Result<TrustRoots, ConfigError> {
        let wrong = |problem: String| ConfigError::invalid_value("directory.trust", problem);
        let path = &self.directory.trust;
        let json = fs::read(path).map_err(|error| wrong(format!("{}: {error}", path.display())))?;
        serde_json::from_slice(strip_bom(&json))
            .map_err(|error| wrong(format!("{}: {error}", path.display())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../../../../deploy/config/intake.toml");

    fn load(text: &str) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("intake.toml");
        fs::write(&file, text).unwrap();
        Config::load(&file)
    }

    #[test]
    fn categories_speak_every_language_of_the_pages_and_others_are_refused() {
        let spoken = taxonomy::Taxonomy::built_in().languages;
        assert!(i18n::LOCALES.iter().all(|locale| spoken.iter().any(|lang| lang == locale.code)));
        let folder = "[taxonomy]\nfolder = \"/etc/taxonomy\"\n";
        let refused = load(&format!("{EXAMPLE}\n{folder}"));
        assert!(refused.unwrap_err().to_string().starts_with("taxonomy.folder: "));
    }

    #[test]
    fn relative_paths_start_at_the_folder_of_the_file_and_not_at_the_current_one() {
        let text = EXAMPLE.replace("/var/lib/burkindi-intake/", "").replace("/etc/burkindi/", "");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("intake.toml");
        fs::write(&file, text.replace("#url = \"postgres:", "url = \"sqlite:other.sqlite\" #"))
            .unwrap();
        let config = Config::load(&file).unwrap();
        let folder = folder.path().canonicalize().unwrap();
        assert_eq!(config.store.path, folder.join("spool.sqlite"));
        assert_eq!(
            config.store.database_url().unwrap(),
            DatabaseUrl::Sqlite(folder.join("other.sqlite"))
        );
        assert_eq!(config.relay.ca, folder.join("tls/ca.pem"));
        assert_eq!(config.directory.trust, folder.join("trust.json"));
    }

    #[test]
    fn the_contacts_of_the_example_are_never_shown_to_reporters() {
        let config = load(EXAMPLE).unwrap();
        let refused = config.check_contacts().unwrap_err().to_string();
        assert!(refused.contains("branding.outside_body.contact"), "{refused}");
        let demo = Config { demo: true, ..config };
        demo.check_contacts().unwrap();
        assert!(demo.warnings().iter().any(|line| line.contains("invented")));
        let own = EXAMPLE.replace("80 00 11 02", "25 30 12 34");
        load(&own).unwrap().check_contacts().unwrap();
        for left in ["80-00-11-02", "+226 80001102", "٨٠ ٠٠ ١١ ٠٢", "80 00 00 00"] {
            // One language that was forgotten is enough.
            let text = own.replacen("25 30 12 34, Monday", &format!("{left}, Monday"), 1);
            load(&text).unwrap().check_contacts().unwrap_err();
        }
    }

    #[test]
    fn the_example_is_complete_and_names_each_key() {
        let config = load(EXAMPLE).unwrap();
        assert_eq!(config.public.listen.port(), 8080);
        let meta = format!("{:?}", Config::META);
        for key in EXAMPLE
            .lines()
            .filter_map(|line| line.split_once(" = "))
            .map(|(key, _)| key.trim_start_matches('#'))
        {
            let branding = ["fr", "en", "es", "pt", "ar", "emergency_number", "leave_url"]
                .contains(&key.trim());
            assert!(branding || meta.contains(&format!("\"{}\"", key.trim())), "{key} is no key");
        }
    }

    #[test]
    fn an_error_names_its_key() {
        for (from, to, key) in [
            ("uploads = 256", "uploads = 0", "limits.uploads"),
            ("level = \"info\"", "level = \"loud\"", "log.level"),
            ("listen = \"127.0.0.1:8080\"", "listen = \"here\"", "listen = "),
            ("leave_url = \"https://", "leave_url = \"http://", "branding.leave_url"),
            ("path = ", "#path = ", "spool.path"),
            ("#url = \"postgres:", "url = \"mysql:", "spool.url"),
            ("uploads = 256", "upload = 256", "upload"),
            ("#listen = \"127.0.0.1:9101\"", "listen = \"0.0.0.0:9101\"", "metrics.listen"),
        ] {
            assert!(EXAMPLE.contains(from), "{from}");
            let error = load(&EXAMPLE.replace(from, to)).unwrap_err().to_string();
            assert!(error.contains(key), "{error} does not name {key}");
        }
    }
}
