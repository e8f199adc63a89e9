//! The configuration: one commented TOML file, `deploy/config/case-handler.toml`. An environment
//! variable can override each key.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow, bail, ensure};
use confique::Config as _;
use database::DatabaseUrl;
use doctor::{Finding, Severity};
use protocol::case::Calendar;
use service_kit::{check_variables, config_folder, explain_error, make_absolute, parse_list};
use time::{Time, macros::format_description};

use crate::{
    notify::{MailConfig, Notifier, NotifyChannel, WebhookChannel},
    outbound::outbound_client,
};

/// Prefix of the environment variables in development versions.
const FORMER_PREFIX: &str = "CASES_";

/// Environment variables, without prefix, whose key has another name than in development versions.
const RENAMED_VARIABLES: [(&str, &str); 5] = [
    ("TRUST", "DIRECTORY_TRUST"),
    ("STORE_MOST_ASIDE_MIB", "STORE_MAX_QUARANTINE_MIB"),
    ("CALENDAR_REST", "CALENDAR_WEEKEND"),
    ("CALENDAR_MOST_DAYS_OFF", "CALENDAR_MAX_CLOCK_JUMP_DAYS"),
    ("RELAY_COLLECT_SECONDS", "RELAY_POLL_INTERVAL_SECONDS"),
];

/// The configuration. Paths are absolute after loading.
#[derive(Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct Config {
    /// The root keys that sign directories.
    #[config(nested)]
    pub directory: DirectoryConfig,
    /// The store.
    #[config(nested)]
    pub store: StoreConfig,
    /// The API for workbenches.
    #[config(nested)]
    pub api: ApiConfig,
    /// The relay interface of the intake.
    #[config(nested)]
    pub relay: RelayConfig,
    /// The case handler's keys.
    #[config(nested)]
    pub keys: KeysConfig,
    /// Weekend, holidays, and plausibility of the clock.
    #[config(nested)]
    pub calendar: CalendarConfig,
    /// Digests for members.
    #[config(nested)]
    pub notify: NotifyConfig,
    /// Retention of closed cases.
    #[config(nested)]
    pub retention: RetentionConfig,
    /// Metrics for operators.
    #[config(nested)]
    pub metrics: MetricsConfig,
    /// The log.
    #[config(nested)]
    pub log: LogConfig,
}

/// `[directory]`
#[derive(Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct DirectoryConfig {
    /// `trust.json`: the installation, its root keys and the threshold of signatures.
    #[config(env = "CASE_HANDLER_DIRECTORY_TRUST")]
    pub trust: PathBuf,
}

/// `[metrics]`
#[derive(Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct MetricsConfig {
    /// Loopback address of the metrics page. Without it there is no page.
    #[config(env = "CASE_HANDLER_METRICS_LISTEN")]
    pub listen: Option<SocketAddr>,
}

/// `[calendar]`
#[derive(Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct CalendarConfig {
    /// Days of the week that are no working days, such as `saturday`.
    #[config(env = "CASE_HANDLER_CALENDAR_WEEKEND", default = ["saturday", "sunday"], parse_env = parse_list)]
    pub weekend: Vec<String>,
    /// Holidays: `MM-DD` for every year, `YYYY-MM-DD` for one.
    #[config(env = "CASE_HANDLER_CALENDAR_HOLIDAYS", default = [], parse_env = parse_list)]
    pub holidays: Vec<String>,
    /// Number of days before a deadline from which the assignee gets a digest.
    #[config(env = "CASE_HANDLER_CALENDAR_WARN_DAYS", default = 3)]
    pub warn_days: u16,
    /// Number of days by which the clock may be ahead of the latest recorded date at the first
    /// check after a boot. Beyond it, the service pauses until the operator confirms the date.
    #[config(env = "CASE_HANDLER_CALENDAR_MAX_CLOCK_JUMP_DAYS", default = 2)]
    pub max_clock_jump_days: u16,
}

/// `[notify]`
#[derive(Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct NotifyConfig {
    /// Times (UTC) at which digests are sent, such as `07:30`. Without times, none are sent.
    #[config(env = "CASE_HANDLER_NOTIFY_TIMES", default = [], parse_env = parse_list)]
    pub times: Vec<String>,
    /// Webhook URLs by handle. Each gets the same text if work is pending for that member.
    #[config(default = {})]
    pub webhooks: BTreeMap<String, String>,
    /// The mail server, and mail addresses by handle.
    pub mail: Option<MailConfig>,
}

impl NotifyConfig {
    /// Returns the handles of all members who get digests.
    pub fn recipients(&self) -> BTreeSet<&str> {
        let mail_channels = self.mail.iter().flat_map(|mail| mail.to.keys());
        self.webhooks.keys().chain(mail_channels).map(String::as_str).collect()
    }

    /// Returns the notifier, or `None` if no digests are configured.
    ///
    /// # Errors
    /// Fails if a time, an address or a combination of keys is invalid.
    pub fn notifier(&self) -> anyhow::Result<Option<Notifier>> {
        let time = |text: &str| Time::parse(text, format_description!("[hour]:[minute]"));
        let times: Result<Vec<Time>, _> = self.times.iter().map(|text| time(text.trim())).collect();
        let times = times.map_err(|_| anyhow!("notify.times: invalid time (expected HH:MM)"))?;
        let mut channels: BTreeMap<String, Vec<NotifyChannel>> = BTreeMap::new();
        for (member, url) in &self.webhooks {
            channels
                .entry(member.clone())
                .or_default()
                .push(NotifyChannel::Webhook(WebhookChannel::new(url)?));
        }
        let mail_channels = self.mail.as_ref().map(MailConfig::recipients).transpose()?;
        for (member, mail) in mail_channels.into_iter().flatten() {
            channels.entry(member).or_default().push(NotifyChannel::Mail(mail));
        }
        ensure!(
            times.is_empty() == channels.is_empty(),
            "notify.times and the addresses ([notify.webhooks] or [notify.mail]): one is set \
             without the other. Set both, or neither"
        );
        Ok((!times.is_empty()).then(|| Notifier::new(times, channels)))
    }
}

/// `[retention]`
#[derive(Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct RetentionConfig {
    /// Months after the closing during which a case cannot be purged. A change applies to cases
    /// that are ingested from then on, because each case stores its own number.
    #[config(env = "CASE_HANDLER_RETENTION_MONTHS", default = 60)]
    pub months: u16,
}

/// `[store]`
#[derive(Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct StoreConfig {
    /// Such as `sqlite:///var/lib/burkindi/cases.sqlite` or
    /// `postgres://burkindi@db.internal/cases?sslmode=verify-full`.
    #[config(env = "CASE_HANDLER_STORE_URL")]
    pub url: String,
    /// Object store for large sealed parts: `file:///folder` or `s3://bucket/folder`, the latter
    /// with the usual variables (`AWS_ENDPOINT`, `AWS_ACCESS_KEY_ID`, …). Without it, the database
    /// stores them.
    #[config(env = "CASE_HANDLER_STORE_PARTS_URL")]
    pub parts_url: Option<String>,
    /// Maximum size of the quarantine, in MiB. Further submissions stay at the intake, and an error
    /// is logged.
    #[config(env = "CASE_HANDLER_STORE_MAX_QUARANTINE_MIB", default = 4096)]
    pub max_quarantine_mib: u32,
}

/// `[api]`
#[derive(Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct ApiConfig {
    /// Address on which the API listens.
    #[config(env = "CASE_HANDLER_API_LISTEN")]
    pub listen: SocketAddr,
    /// PEM file of the server's certificate.
    #[config(env = "CASE_HANDLER_API_CERTIFICATE")]
    pub certificate: PathBuf,
    /// PEM file of the key of that certificate.
    #[config(env = "CASE_HANDLER_API_KEY")]
    pub key: PathBuf,
}

/// `[relay]`
#[derive(Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct RelayConfig {
    /// URL of the intake's relay listener, such as `https://intake.internal:8444`.
    #[config(env = "CASE_HANDLER_RELAY_URL")]
    pub url: String,
    /// PEM file of the private certificate authority.
    #[config(env = "CASE_HANDLER_RELAY_CA")]
    pub ca: PathBuf,
    /// PEM file of the case handler's client certificate.
    #[config(env = "CASE_HANDLER_RELAY_CERTIFICATE")]
    pub certificate: PathBuf,
    /// PEM file of the key of that certificate.
    #[config(env = "CASE_HANDLER_RELAY_KEY")]
    pub key: PathBuf,
    /// Seconds between two collection cycles. A longer interval hides better when a reporter wrote;
    /// a shorter one answers sooner.
    #[config(env = "CASE_HANDLER_RELAY_POLL_INTERVAL_SECONDS", default = 900)]
    pub poll_interval_seconds: u64,
}

/// `[keys]`
#[derive(Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct KeysConfig {
    /// Files of transport identities, newest first.
    #[config(env = "CASE_HANDLER_KEYS_TRANSPORT", parse_env = parse_list)]
    pub transport: Vec<PathBuf>,
    /// File of the key that signs the case handler's events.
    #[config(env = "CASE_HANDLER_KEYS_LOG")]
    pub log: PathBuf,
    /// File of the log key before a renewal. The case handler signs with it until it has the
    /// directory that names `log`.
    #[config(env = "CASE_HANDLER_KEYS_FORMER_LOG")]
    pub former_log: Option<PathBuf>,
}

/// `[log]`
#[derive(Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct LogConfig {
    /// `error`, `warn`, `info`, `debug` or `trace`.
    #[config(env = "CASE_HANDLER_LOG_LEVEL", default = "info")]
    pub level: String,
    /// JSON lines instead of text.
    #[config(env = "CASE_HANDLER_LOG_JSON", default = false)]
    pub json: bool,
    /// The outside witnesses of the transparency log, which the service asks for cosignatures.
    #[config(default = [])]
    pub witnesses: Vec<WitnessConfig>,
}

/// An entry of `[[log.witnesses]]`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WitnessConfig {
    /// The name of the witness in the directory.
    pub name: String,
    /// The address before `/add-checkpoint`: `https://…`, or `http://` on this machine.
    pub url: String,
}

/// Refuses environment variables with the former prefix, because ignoring them would silently use
/// other values than the operator set.
fn refuse_renamed_variables(variables: &[OsString]) -> anyhow::Result<()> {
    for variable in variables {
        let variable = variable.to_string_lossy();
        let Some(key) = variable.strip_prefix(FORMER_PREFIX) else { continue };
        let key = RENAMED_VARIABLES.iter().find(|(old, _)| *old == key).map_or(key, |(_, new)| new);
        bail!(
            "the environment variable {variable} has a former name: set CASE_HANDLER_{key} instead"
        );
    }
    Ok(())
}

impl Config {
    /// Reads the file and the environment, and checks the values. Does not open the files that they
    /// name: [`Self::check_files`]. Relative paths start at the folder of the file.
    ///
    /// # Errors
    /// Fails if the file is unreadable, if a key or variable is unknown, or if a value is invalid.
    /// The error names the key.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        let folder =
            config_folder(path).with_context(|| format!("--config: {}", path.display()))?;
        let variables: Vec<OsString> = std::env::vars_os().map(|(name, _)| name).collect();
        refuse_renamed_variables(&variables)?;
        check_variables("CASE_HANDLER_", &Self::META, variables).map_err(anyhow::Error::msg)?;
        let read = Self::builder().env().file(path).load();
        let mut config = read.map_err(|error| anyhow!(explain_error(&error)))?;
        config.resolve_paths(&folder);
        config.validate()?;
        Ok(config)
    }

    fn resolve_paths(&mut self, folder: &Path) {
        let Self { directory, store, api, relay, keys, notify, .. } = self;
        let mail = notify.mail.iter_mut().flat_map(|mail| [&mut mail.ca, &mut mail.password_file]);
        [&mut api.certificate, &mut api.key, &mut relay.ca, &mut relay.certificate, &mut relay.key]
            .into_iter()
            .chain([&mut keys.log, &mut directory.trust])
            .chain(&mut keys.transport)
            .chain(&mut keys.former_log)
            .chain(mail.flatten())
            .for_each(|path| make_absolute(folder, path));
        store.url = DatabaseUrl::with_absolute_paths(&store.url, folder);
    }

    fn validate(&self) -> anyhow::Result<()> {
        ensure!(!self.keys.transport.is_empty(), "keys.transport: at least one file is required");
        ensure!(
            self.relay_host().is_some(),
            "relay.url: expected an https:// URL with the host of the intake, such as https://intake.example:8444"
        );
        self.store.url.parse::<DatabaseUrl>().context("store.url")?;
        for (key, value, values) in [
            ("relay.poll_interval_seconds", self.relay.poll_interval_seconds, 1..=86_400),
            ("retention.months", self.retention.months.into(), 1..=1200),
            ("calendar.warn_days", self.calendar.warn_days.into(), 0..=60),
            ("calendar.max_clock_jump_days", self.calendar.max_clock_jump_days.into(), 1..=366),
            ("store.max_quarantine_mib", self.store.max_quarantine_mib.into(), 1..=1_000_000),
        ] {
            let (min, max) = (values.start(), values.end());
            ensure!(values.contains(&value), "{key} = {value}: must be from {min} to {max}");
        }
        ensure!(
            self.metrics.listen.is_none_or(|at| at.ip().is_loopback()),
            "metrics.listen: expected a loopback address, such as 127.0.0.1"
        );
        self.calendar()?;
        self.check_witnesses()?;
        self.level().map(drop)
    }

    fn check_witnesses(&self) -> anyhow::Result<()> {
        let mut names = BTreeSet::new();
        for WitnessConfig { name, url } in &self.log.witnesses {
            ensure!(
                outbound_client(url).is_some(),
                "log.witnesses: {name}: expected an https:// URL, such as https://witness.example"
            );
            ensure!(names.insert(name), "log.witnesses: {name} occurs twice");
        }
        Ok(())
    }

    /// Opens every file that a value names, and checks the values that need the content of a file.
    ///
    /// # Errors
    /// Fails for the first file that cannot be opened. The error names the key and the file.
    pub fn check_files(&self) -> anyhow::Result<()> {
        let files = [
            ("api.certificate", &self.api.certificate),
            ("api.key", &self.api.key),
            ("relay.ca", &self.relay.ca),
            ("relay.certificate", &self.relay.certificate),
            ("relay.key", &self.relay.key),
            ("keys.log", &self.keys.log),
            ("directory.trust", &self.directory.trust),
        ];
        let transport = self.keys.transport.iter().map(|path| ("keys.transport", path));
        let former = self.keys.former_log.iter().map(|path| ("keys.former_log", path));
        let mail = self.notify.mail.iter().flat_map(MailConfig::files);
        for (key, path) in files.into_iter().chain(transport).chain(former).chain(mail) {
            // Opening the file distinguishes a missing permission from a missing file.
            std::fs::File::open(path).with_context(|| format!("{key}: {}", path.display()))?;
        }
        let store: DatabaseUrl = self.store.url.parse().context("store.url")?;
        store.check_files().context("store.url")?;
        self.notify.notifier().map(drop)
    }

    /// Returns the calendar.
    ///
    /// # Errors
    /// Fails if a weekday or holiday is invalid.
    pub fn calendar(&self) -> anyhow::Result<Calendar> {
        let items = |list: &[String]| -> Vec<String> {
            let items = list.iter().map(|item| item.trim()).filter(|item| !item.is_empty());
            items.map(ToOwned::to_owned).collect()
        };
        Calendar::new(&items(&self.calendar.weekend), &items(&self.calendar.holidays))
            .context("calendar")
    }

    /// Returns the host in `relay.url`, or `None` if that is no `https` URL.
    pub fn relay_host(&self) -> Option<String> {
        let url: reqwest::Url = self.relay.url.parse().ok()?;
        (url.scheme() == "https").then(|| url.host_str().map(ToOwned::to_owned)).flatten()
    }

    /// Checks that the certificates of this installation are valid for the host in `relay.url`. All
    /// certificates that `burkindi admin` creates have the same names, so the case handler's own
    /// certificate has the names of the intake's. The names in certificates of another authority
    /// are unknown.
    ///
    /// # Errors
    /// Fails if the names are known and do not include the host.
    pub fn check_names(&self) -> anyhow::Result<()> {
        let finding = self.check_relay_name()?;
        let failed = finding.filter(|finding| finding.state != Severity::Ok);
        failed.map_or(Ok(()), |finding| {
            Err(anyhow!("relay.url: {}. {}", finding.found, finding.advice.unwrap_or_default()))
        })
    }

    /// Returns the finding for the host in `relay.url`, or `None` for a certificate of another
    /// authority.
    ///
    /// # Errors
    /// Fails if the certificate is unreadable.
    pub fn check_relay_name(&self) -> anyhow::Result<Option<Finding>> {
        let path = &self.relay.certificate;
        let certificate = std::fs::read(path).with_context(|| {
            format!(
                "relay.certificate: \
            {}",
                path.display()
            )
        })?;
        let Some(host) = self.relay_host() else { return Ok(None) };
        Ok(doctor::is_issued_by_own_ca(&certificate)
            .then(|| doctor::check_host("names of the certificates", &certificate, &host)))
    }

    /// Returns the log level.
    ///
    /// # Errors
    /// Fails if the level is unknown.
    pub fn level(&self) -> anyhow::Result<tracing::Level> {
        self.log
            .level
            .parse()
            .map_err(|_| anyhow!("log.level: expected error, warn, info, debug or trace"))
    }
}
