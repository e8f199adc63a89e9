//! The configuration: one commented TOML file, `deploy/config/case-handler.toml`; each key can be
//! set by environment too.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow, ensure};
use confique::Config as _;
use database::DatabaseUrl;
use doctor::{Finding, Severity};
use protocol::case::Calendar;
use service_kit::{check_variables, config_folder, explain_error, make_absolute, parse_list};
use time::{Time, macros::format_description};

use crate::notify::{MailConfig, Notifier, NotifyChannel, WebhookChannel};

/// Everything that can be set. Paths are absolute once loaded.
#[derive(Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
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
    pub directory: PathBuf,
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
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct MetricsConfig {
    /// Address and port of this machine's own; no such page without.
    #[config(env = "CASES_METRICS_LISTEN")]
    pub listen: Option<SocketAddr>,
}

/// `[calendar]`
#[derive(Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct CalendarConfig {
    /// Days of rest, such as `saturday`.
    #[config(env = "CASES_CALENDAR_REST", default = ["saturday", "sunday"], parse_env = parse_list)]
    pub weekend: Vec<String>,
    /// Holidays: `MM-DD` for every year, `YYYY-MM-DD` for one.
    #[config(env = "CASES_CALENDAR_HOLIDAYS", default = [], parse_env = parse_list)]
    pub holidays: Vec<String>,
    /// How many days before a deadline the one who has the case is told.
    #[config(env = "CASES_CALENDAR_WARN_DAYS", default = 3)]
    pub warn_days: u16,
    /// By how many days the clock may be ahead of the newest day known here at the first look after
    /// a boot of the machine; beyond it, nothing happens until the day is confirmed.
    #[config(env = "CASES_CALENDAR_MOST_DAYS_OFF", default = 2)]
    pub max_clock_jump_days: u16,
}

/// `[notify]`
#[derive(Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct NotifyConfig {
    /// When digests are sent, UTC, such as `07:30`. None: nothing is sent.
    #[config(env = "CASES_NOTIFY_TIMES", default = [], parse_env = parse_list)]
    pub times: Vec<String>,
    /// Addresses by handle: each gets the same text when something waits for that member.
    #[config(default = {})]
    pub webhooks: BTreeMap<String, String>,
    /// Messages: the mail server, and addresses by handle.
    pub mail: Option<MailConfig>,
}

impl NotifyConfig {
    /// Everybody who is to be told.
    pub fn recipients(&self) -> BTreeSet<&str> {
        let mails = self.mail.iter().flat_map(|mail| mail.to.keys());
        self.webhooks.keys().chain(mails).map(String::as_str).collect()
    }

    /// What sends, if anything is to be sent.
    pub fn notifier(&self) -> anyhow::Result<Option<Notifier>> {
        let time = |text: &str| Time::parse(text, format_description!("[hour]:[minute]"));
        let times: Result<Vec<Time>, _> = self.times.iter().map(|text| time(text.trim())).collect();
        let times = times.map_err(|_| anyhow!("notify.times: HH:MM"))?;
        let mut ways: BTreeMap<String, Vec<NotifyChannel>> = BTreeMap::new();
        for (member, url) in &self.webhooks {
            ways.entry(member.clone())
                .or_default()
                .push(NotifyChannel::Webhook(WebhookChannel::new(url)?));
        }
        let mails = self.mail.as_ref().map(MailConfig::recipients).transpose()?;
        for (member, mail) in mails.into_iter().flatten() {
            ways.entry(member).or_default().push(NotifyChannel::Mail(mail));
        }
        ensure!(
            times.is_empty() == ways.is_empty(),
            "notify: times and webhooks or mail belong \
            together"
        );
        Ok((!times.is_empty()).then(|| Notifier::new(times, ways)))
    }
}

/// `[retention]`
#[derive(Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct RetentionConfig {
    /// Months after the closing before which nobody can purge a case. It counts for cases that are
    /// filed from now on: each carries its own.
    #[config(env = "CASES_RETENTION_MONTHS", default = 60)]
    pub months: u16,
}

/// `[store]`
#[derive(Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct StoreConfig {
    /// Such as `sqlite:///var/lib/burkindi/cases.sqlite` or
    /// `postgres://burkindi@db.internal/cases?sslmode=verify-full`.
    #[config(env = "CASES_STORE_URL")]
    pub url: String,
    /// Where large sealed parts are kept: `file:///folder` or `s3://bucket/folder`, the latter with
    /// the usual variables (`AWS_ENDPOINT`, `AWS_ACCESS_KEY_ID`, …). Without it they stand in the
    /// database.
    #[config(env = "CASES_STORE_PARTS_URL")]
    pub parts_url: Option<String>,
    /// How much of what cannot be filed is kept, in MiB. What comes beyond it stays at the intake,
    /// and an error is logged.
    #[config(env = "CASES_STORE_MOST_ASIDE_MIB", default = 4096)]
    pub max_quarantine_mib: u32,
}

/// `[api]`
#[derive(Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
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
#[config(layer_attr(serde(deny_unknown_fields)))]
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
    /// Seconds between two collections. Longer hides better when somebody wrote; shorter answers
    /// sooner.
    #[config(env = "CASES_RELAY_COLLECT_SECONDS", default = 900)]
    pub poll_interval_seconds: u64,
}

/// `[keys]`
#[derive(Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct KeysConfig {
    /// Files of transport identities, the newest first.
    #[config(env = "CASES_KEYS_TRANSPORT", parse_env = parse_list)]
    pub transport: Vec<PathBuf>,
    /// File of the key that signs the handler's own events.
    #[config(env = "CASES_KEYS_LOG")]
    pub log: PathBuf,
}

/// `[log]`
#[derive(Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct LogConfig {
    /// `error`, `warn`, `info`, `debug` or `trace`.
    #[config(env = "CASES_LOG_LEVEL", default = "info")]
    pub level: String,
    /// JSON lines instead of text.
    #[config(env = "CASES_LOG_JSON", default = false)]
    pub json: bool,
}

impl Config {
    /// Reads the file and the environment, and checks every key. Relative paths start at the folder
    /// of the file.
    ///
    /// # Errors
    /// If the file cannot be read, a key or a variable is unknown, or a value cannot be. The error
    /// names it.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        let folder =
            config_folder(path).with_context(|| format!("--config: {}", path.display()))?;
        let variables = std::env::vars_os().map(|(name, _)| name);
        check_variables("CASES_", &Self::META, variables).map_err(anyhow::Error::msg)?;
        let read = Self::builder().env().file(path).load();
        let mut config = read.map_err(|error| anyhow!(explain_error(&error)))?;
        config.resolve_paths(&folder);
        config.validate()?;
        Ok(config)
    }

    fn resolve_paths(&mut self, folder: &Path) {
        let Self { store, api, relay, keys, directory: trust, notify, .. } = self;
        let mail = notify.mail.iter_mut().flat_map(|mail| [&mut mail.ca, &mut mail.password_file]);
        [&mut api.certificate, &mut api.key, &mut relay.ca, &mut relay.certificate, &mut relay.key]
            .into_iter()
            .chain([&mut keys.log, trust])
            .chain(&mut keys.transport)
            .chain(mail.flatten())
            .for_each(|path| make_absolute(folder, path));
        store.url = DatabaseUrl::with_absolute_paths(&store.url, folder);
    }

    fn validate(&self) -> anyhow::Result<()> {
        let files = [
            ("api.certificate", &self.api.certificate),
            ("api.key", &self.api.key),
            ("relay.ca", &self.relay.ca),
            ("relay.certificate", &self.relay.certificate),
            ("relay.key", &self.relay.key),
            ("keys.log", &self.keys.log),
            ("trust", &self.directory),
        ];
        let transport = self.keys.transport.iter().map(|path| ("keys.transport", path));
        for (key, path) in files.into_iter().chain(transport) {
            // Opening it tells a missing permission from a missing file.
            std::fs::File::open(path).with_context(|| format!("{key}: {}", path.display()))?;
        }
        ensure!(!self.keys.transport.is_empty(), "keys.transport: name at least one file");
        ensure!(
            self.relay_host().is_some(),
            "relay.url: https:// and the name of the intake, such as https://intake.example:8444"
        );
        let store: DatabaseUrl = self.store.url.parse().context("store.url")?;
        store.check_files().context("store.url")?;
        for (key, value, values) in [
            ("relay.collect_seconds", self.relay.poll_interval_seconds, 1..=86_400),
            ("retention.months", self.retention.months.into(), 1..=1200),
            ("calendar.warn_days", self.calendar.warn_days.into(), 0..=60),
            ("calendar.most_days_off", self.calendar.max_clock_jump_days.into(), 1..=366),
            ("store.most_aside_mib", self.store.max_quarantine_mib.into(), 1..=1_000_000),
        ] {
            let (least, most) = (values.start(), values.end());
            ensure!(values.contains(&value), "{key} = {value}: must be from {least} to {most}");
        }
        ensure!(
            self.metrics.listen.is_none_or(|at| at.ip().is_loopback()),
            "metrics.listen: an address of this machine alone, such as 127.0.0.1"
        );
        self.calendar()?;
        self.notify.notifier()?;
        self.level().map(drop)
    }

    /// Working days.
    pub fn calendar(&self) -> anyhow::Result<Calendar> {
        let items = |list: &[String]| -> Vec<String> {
            let items = list.iter().map(|item| item.trim()).filter(|item| !item.is_empty());
            items.map(ToOwned::to_owned).collect()
        };
        Calendar::new(&items(&self.calendar.weekend), &items(&self.calendar.holidays))
            .context("calendar")
    }

    /// The host in `relay.url`; `None` if that is no address with `https`.
    pub fn relay_host(&self) -> Option<String> {
        let url: reqwest::Url = self.relay.url.parse().ok()?;
        (url.scheme() == "https").then(|| url.host_str().map(ToOwned::to_owned)).flatten()
    }

    /// Checks that the certificates of this installation are valid for the host in `relay.url`. All
    /// leaves that `burkindi admin` makes have the same names, so the handler's own tells what the
    /// intake's is valid for. Nothing is known of those of another authority.
    ///
    /// # Errors
    /// If the names are known and the host is not among them.
    pub fn check_names(&self) -> anyhow::Result<()> {
        let finding = self.check_relay_name()?;
        let wrong = finding.filter(|finding| finding.state != Severity::Ok);
        wrong.map_or(Ok(()), |finding| {
            Err(anyhow!("relay.url: {}. {}", finding.found, finding.advice.unwrap_or_default()))
        })
    }

    /// The same as a finding; `None` for a certificate of another authority.
    ///
    /// # Errors
    /// If the certificate cannot be read.
    pub fn check_relay_name(&self) -> anyhow::Result<Option<Finding>> {
        let path = &self.relay.certificate;
        let own = std::fs::read(path).with_context(|| {
            format!(
                "relay.certificate: \
            {}",
                path.display()
            )
        })?;
        let Some(host) = self.relay_host() else { return Ok(None) };
        Ok(doctor::is_issued_by_own_ca(&own)
            .then(|| doctor::check_host("names of the certificates", &own, &host)))
    }

    /// The log level.
    pub fn level(&self) -> anyhow::Result<tracing::Level> {
        self.log.level.parse().map_err(|_| anyhow!("log.level: error, warn, info, debug or trace"))
    }
}
