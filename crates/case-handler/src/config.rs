//! The configuration: one commented TOML file, `deploy/config/case-handler.toml`; each key can be set by environment too.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use confique::Config as _;
use database::Place;
use envelope::life::Calendar;
use time::{Time, macros::format_description};

use crate::notify::{MailConfig, Notifier, Way, Webhook};

/// Everything that can be set. Paths are relative to the working directory.
#[derive(Debug, confique::Config)]
pub struct Config {
    /// The database.
    #[config(nested)]
    pub store: StoreConfig,
    /// The API for workbenches.
    #[config(nested)]
    pub api: ApiConfig,
    /// The way to the intake.
    #[config(nested)]
    pub relay: RelayConfig,
    /// The handler's own keys.
    #[config(nested)]
    pub keys: KeysConfig,
    /// `trust.json`: the instance and root keys that directories are checked against.
    #[config(env = "CASES_TRUST")]
    pub trust: PathBuf,
    /// Working days, and how far the clock is believed.
    #[config(nested)]
    pub calendar: CalendarConfig,
    /// How members hear that something waits for them.
    #[config(nested)]
    pub notify: NotifyConfig,
    /// How long closed cases are kept.
    #[config(nested)]
    pub retention: RetentionConfig,
    /// Figures for operators.
    #[config(nested)]
    pub metrics: MetricsConfig,
    /// The log.
    #[config(nested)]
    pub log: LogConfig,
}

/// `[metrics]`
#[derive(Debug, confique::Config)]
pub struct MetricsConfig {
    /// Address and port of this machine's own; no such page without.
    #[config(env = "CASES_METRICS_LISTEN")]
    pub listen: Option<SocketAddr>,
}

/// `[calendar]`
#[derive(Debug, confique::Config)]
pub struct CalendarConfig {
    /// Days of rest, such as `saturday`.
    #[config(env = "CASES_CALENDAR_REST", default = ["saturday", "sunday"], parse_env = confique::env::parse::list_by_comma)]
    pub rest: Vec<String>,
    /// Holidays: `MM-DD` for every year, `YYYY-MM-DD` for one.
    #[config(env = "CASES_CALENDAR_HOLIDAYS", default = [], parse_env = confique::env::parse::list_by_comma)]
    pub holidays: Vec<String>,
    /// How many days before a deadline the one who has the case is told.
    #[config(env = "CASES_CALENDAR_WARN_DAYS", default = 3)]
    pub warn_days: u16,
    /// By how many days the clock may leap ahead of the newest day known here; beyond it, nothing happens until it is confirmed.
    #[config(env = "CASES_CALENDAR_MOST_DAYS_OFF", default = 14)]
    pub most_days_off: u16,
}

/// `[notify]`
#[derive(Debug, confique::Config)]
pub struct NotifyConfig {
    /// When digests are sent, UTC, such as `07:30`. None: nothing is sent.
    #[config(env = "CASES_NOTIFY_TIMES", default = [], parse_env = confique::env::parse::list_by_comma)]
    pub times: Vec<String>,
    /// Addresses by handle: each gets the same text when something waits for that member.
    #[config(default = {})]
    pub webhooks: BTreeMap<String, String>,
    /// Messages: the mail server, and addresses by handle.
    pub mail: Option<MailConfig>,
}

impl NotifyConfig {
    /// Everybody who is to be told.
    pub fn handles(&self) -> BTreeSet<&str> {
        let mails = self.mail.iter().flat_map(|mail| mail.to.keys());
        self.webhooks.keys().chain(mails).map(String::as_str).collect()
    }

    /// What sends, if anything is to be sent.
    pub fn notifier(&self) -> anyhow::Result<Option<Notifier>> {
        let time = |text: &String| Time::parse(text, format_description!("[hour]:[minute]"));
        let times: Result<Vec<Time>, _> = self.times.iter().map(time).collect();
        let times = times.map_err(|_| anyhow::anyhow!("notify.times: HH:MM"))?;
        let mut ways: BTreeMap<String, Vec<Way>> = BTreeMap::new();
        for (member, url) in &self.webhooks {
            ways.entry(member.clone()).or_default().push(Way::Webhook(Webhook::new(url)?));
        }
        let mails = self.mail.as_ref().map(MailConfig::mails).transpose()?;
        for (member, mail) in mails.into_iter().flatten() {
            ways.entry(member).or_default().push(Way::Mail(mail));
        }
        anyhow::ensure!(
            times.is_empty() == ways.is_empty(),
            "notify: times and webhooks or mail belong together"
        );
        Ok((!times.is_empty()).then(|| Notifier::new(times, ways)))
    }
}

/// `[retention]`
#[derive(Debug, confique::Config)]
pub struct RetentionConfig {
    /// Months after the closing before which nobody can purge a case. It counts for cases that are filed from now on: each carries its own.
    #[config(env = "CASES_RETENTION_MONTHS", default = 60)]
    pub months: u16,
}

/// `[store]`
#[derive(Debug, confique::Config)]
pub struct StoreConfig {
    /// Such as `sqlite:///var/lib/burkindi/cases.sqlite` or `postgres://burkindi@db.internal/cases?sslmode=verify-full`.
    #[config(env = "CASES_STORE_URL")]
    pub url: String,
    /// Where large sealed parts are kept: `file:///folder` or `s3://bucket/folder`, the latter with the usual variables (`AWS_ENDPOINT`,
    /// `AWS_ACCESS_KEY_ID`, …). Without it they stand in the database.
    #[config(env = "CASES_STORE_PARTS_URL")]
    pub parts_url: Option<String>,
    /// How much of what cannot be filed is kept, in MiB. What comes beyond it stays at the intake, and an error is logged.
    #[config(env = "CASES_STORE_MOST_ASIDE_MIB", default = 4096)]
    pub most_aside_mib: u32,
}

/// `[api]`
#[derive(Debug, confique::Config)]
pub struct ApiConfig {
    /// Where workbenches connect.
    #[config(env = "CASES_API_LISTEN")]
    pub listen: SocketAddr,
    /// PEM file of the server's certificate.
    #[config(env = "CASES_API_CERTIFICATE")]
    pub certificate: PathBuf,
    /// PEM file of its key.
    #[config(env = "CASES_API_KEY")]
    pub key: PathBuf,
}

/// `[relay]`
#[derive(Debug, confique::Config)]
pub struct RelayConfig {
    /// The intake's relay listener, such as `https://intake.internal:8444`.
    #[config(env = "CASES_RELAY_URL")]
    pub url: String,
    /// PEM file of the private certificate authority.
    #[config(env = "CASES_RELAY_CA")]
    pub ca: PathBuf,
    /// PEM file of the handler's client certificate.
    #[config(env = "CASES_RELAY_CERTIFICATE")]
    pub certificate: PathBuf,
    /// PEM file of its key.
    #[config(env = "CASES_RELAY_KEY")]
    pub key: PathBuf,
    /// Seconds between two collections. Longer hides better when somebody wrote; shorter answers sooner.
    #[config(env = "CASES_RELAY_COLLECT_SECONDS", default = 900)]
    pub collect_seconds: u64,
}

/// `[keys]`
#[derive(Debug, confique::Config)]
pub struct KeysConfig {
    /// Files of transport identities, the newest first.
    #[config(env = "CASES_KEYS_TRANSPORT", parse_env = confique::env::parse::list_by_comma)]
    pub transport: Vec<PathBuf>,
    /// File of the key that signs the handler's own events.
    #[config(env = "CASES_KEYS_LOG")]
    pub log: PathBuf,
}

/// `[log]`
#[derive(Debug, confique::Config)]
pub struct LogConfig {
    /// `error`, `warn`, `info`, `debug` or `trace`.
    #[config(env = "CASES_LOG_LEVEL", default = "info")]
    pub level: String,
    /// JSON lines instead of text.
    #[config(env = "CASES_LOG_JSON", default = false)]
    pub json: bool,
}

impl Config {
    /// Reads the file and the environment, and checks every key. Errors name the key.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        let config = Self::builder().env().file(path).load()?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> anyhow::Result<()> {
        let files = [
            ("api.certificate", &self.api.certificate),
            ("api.key", &self.api.key),
            ("relay.ca", &self.relay.ca),
            ("relay.certificate", &self.relay.certificate),
            ("relay.key", &self.relay.key),
            ("keys.log", &self.keys.log),
            ("trust", &self.trust),
        ];
        let transport = self.keys.transport.iter().map(|path| ("keys.transport", path));
        for (key, path) in files.into_iter().chain(transport) {
            anyhow::ensure!(path.is_file(), "{key}: there is no file {}", path.display());
        }
        anyhow::ensure!(!self.keys.transport.is_empty(), "keys.transport: name at least one file");
        anyhow::ensure!(self.relay.url.starts_with("https://"), "relay.url: begins with https://");
        anyhow::ensure!(self.relay.collect_seconds > 0, "relay.collect_seconds: at least 1");
        self.store.url.parse::<Place>().context("store.url")?;
        anyhow::ensure!(
            self.metrics.listen.is_none_or(|at| at.ip().is_loopback()),
            "metrics.listen: an address of this machine alone, such as 127.0.0.1"
        );
        self.working_days()?;
        self.notify.notifier()?;
        self.level().map(drop)
    }

    /// Working days.
    pub fn working_days(&self) -> anyhow::Result<Calendar> {
        Calendar::new(&self.calendar.rest, &self.calendar.holidays).context("calendar")
    }

    /// The log level.
    pub fn level(&self) -> anyhow::Result<tracing::Level> {
        self.log.level.parse().map_err(|_| anyhow::anyhow!("log.level: error, warn, info, debug or trace"))
    }
}
