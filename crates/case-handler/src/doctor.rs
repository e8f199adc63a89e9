//! The `doctor` command: checks that only the machine of the case handler can make. `burkindi admin
//! doctor` checks the service from outside.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use database::DatabaseUrl;
use doctor::{
    DoctorReport, Finding, ObservedStore, check_authority_file, check_backup_age,
    check_certificate, check_certificate_file, check_clock_skew, check_directory_expiry,
    check_disk_space, check_permissions, check_store,
};
use protocol::directory::Directory;
use time::OffsetDateTime;
use web::Clock;

use crate::{
    Config,
    keys::{self, HandlerKeys},
    maintenance,
    notify::{MailConfig, NotifyError},
    saved_clock::{ClockVerdict, SavedClock, UnsettledMove},
    server,
    store::{newest_directory, poison_count, read_quarantine_size, read_saved_clock},
};

const CHECK_TIMEOUT: Duration = Duration::from_secs(5);

/// Options of the `doctor` command.
#[derive(Debug, clap::Args)]
pub struct DoctorArgs {
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// Folder of the nightly backups, to check the age of the newest one.
    #[arg(long, value_name = "FOLDER", default_value = "/var/lib/burkindi-case-handler-backups")]
    pub backups: PathBuf,
}

/// Runs all checks. The service may run or not.
pub async fn run_checks(config: &Config, args: &DoctorArgs, now: OffsetDateTime) -> DoctorReport {
    let mut report = DoctorReport::default();
    report.add(match server::check_files(config) {
        Ok(()) => Finding::ok("configuration", "valid"),
        Err(error) => Finding::error(
            "configuration",
            format!("{error:#}"),
            "Install the correct file: OPERATING, step 6.",
        ),
    });
    for (key, path) in [
        ("api.key", &config.api.key),
        ("relay.key", &config.relay.key),
        ("keys.log", &config.keys.log),
    ]
    .into_iter()
    .chain(config.keys.transport.iter().map(|path| ("keys.transport", path)))
    {
        report.add(check_permissions(key, path));
    }
    for (key, path) in [
        ("api.certificate", &config.api.certificate),
        ("relay.certificate", &config.relay.certificate),
    ] {
        report.add(check_certificate_file(key, path, now));
    }
    let relay = &config.relay;
    report.add(check_authority_file("relay.ca", &relay.ca, &relay.certificate, now));
    match config.check_relay_name() {
        Ok(Some(finding)) => report.add(finding),
        Ok(None) => {}
        Err(error) => report.add(Finding::error(
            "relay.certificate",
            format!("{error:#}"),
            "Correct the key.",
        )),
    }
    let is_up = is_listening(config).await;
    // Must run before any check opens the store.
    if let Ok(url) = config.store.url.parse::<DatabaseUrl>() {
        let observed = ObservedStore {
            store: &url.to_string(),
            key: "store.url",
            unit: "burkindi-case-handler",
            owner_if_other: url.owner_if_other().ok().flatten(),
            misowned_files: url.misowned_files().ok().flatten(),
            in_use: url.is_in_use().await.map_err(|error| error.to_string()),
            is_service_up: is_up,
        };
        for finding in check_store(&observed) {
            report.add(finding);
        }
        if let Some(path) = url.password_file() {
            report.add(check_permissions("password of store.url", &path));
        }
    }
    check_database(config, now, &mut report).await;
    if let Some(folder) =
        config.store.parts_url.as_ref().and_then(|url| url.strip_prefix("file://"))
    {
        report.add(check_disk_space("disk of store.parts_url", Path::new(folder)));
    }
    report.add(if is_up {
        Finding::ok("service", "it answers")
    } else {
        Finding::error(
            "service",
            format!("no answer at {}", config.api.listen),
            "Run `systemctl start burkindi-case-handler`, then read its log.",
        )
    });
    report.add(check_backup_age("backups", &args.backups, now));
    check_relay(config, now, &mut report).await;
    if let Some(mail) = &config.notify.mail {
        check_mail_server(mail, now, &mut report).await;
    }
    report
}

/// Checks the mail server: its files, the connection and the credentials. Sends no message.
pub async fn check_mail_server(mail: &MailConfig, now: OffsetDateTime, report: &mut DoctorReport) {
    if let Some(path) = &mail.password_file {
        report.add(check_permissions("notify.mail.password_file", path));
    }
    if let Some(path) = &mail.ca {
        let pem = fs::read(path).unwrap_or_default();
        report.add(check_certificate(
            "notify.mail.ca",
            &pem,
            now,
            "Ask the operator of the mail server for the new one.",
        ));
    }
    let connection = match mail.server() {
        Ok(server) => tokio::time::timeout(CHECK_TIMEOUT, server.check_connection())
            .await
            .unwrap_or(Err(NotifyError::Timeout)),
        Err(error) => Err(error),
    };
    report.add(match connection {
        Ok(()) => Finding::ok("notify.mail", "the mail server answers"),
        Err(error) => Finding::error(
            "notify.mail",
            error.to_string(),
            "Members get no digests by mail; nothing else depends on it.",
        ),
    });
}

/// Checks that every handle in `[notify]` is in the directory. A mistyped handle gets no digest,
/// and no other check shows it. Returns `None` if there are no handles.
pub fn check_notify_recipients(handles: &BTreeSet<&str>, directory: &Directory) -> Option<Finding> {
    const CHECK: &str = "notify";
    let unknown: Vec<&str> =
        handles.iter().copied().filter(|handle| directory.member(handle).is_none()).collect();
    Some(match unknown.as_slice() {
        _ if handles.is_empty() => return None,
        [] => Finding::ok(CHECK, "all handles are in the directory"),
        unknown => Finding::warning(
            CHECK,
            format!("handles that are not in the directory: {}", unknown.join(", ")),
            "Correct the handle in [notify], add the member to the directory, or remove the line.",
        ),
    })
}

async fn is_listening(config: &Config) -> bool {
    let connecting = tokio::net::TcpStream::connect(config.api.listen);
    matches!(tokio::time::timeout(CHECK_TIMEOUT, connecting).await, Ok(Ok(_)))
}

async fn check_database(config: &Config, now: OffsetDateTime, report: &mut DoctorReport) {
    const CHECK: &str = "store.url";
    let url: DatabaseUrl = match config.store.url.parse() {
        Ok(url) => url,
        Err(error) => {
            return report.add(Finding::error(CHECK, format!("{error}"), "Correct the key."));
        }
    };
    if let Err(error) = maintenance::ensure_exists(&url).await {
        let advice = "Check store.url. If it is correct, follow the message.";
        return report.add(Finding::error(CHECK, format!("{error:#}"), advice));
    }
    if let DatabaseUrl::Sqlite(path) = &url {
        report.add(check_permissions(CHECK, path));
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        report.add(check_disk_space("disk of store.url", folder.unwrap_or(Path::new("."))));
    }
    let signed = match newest_directory(&url).await {
        Ok(signed) => signed,
        Err(error) => {
            let advice = "Check that the database server runs, who owns the file, and the kernel log for disk errors.";
            return report.add(Finding::error(CHECK, error.to_string(), advice));
        }
    };
    report.add(Finding::ok(CHECK, "the database answers"));
    check_clock(config, &url, report).await;
    check_quarantine(&url, report).await;
    if let Some(finding) = check_quarantine_size(&url, config.store.max_quarantine_mib).await {
        report.add(finding);
    }
    let keys = match HandlerKeys::load(config) {
        Ok(keys) => keys,
        Err(error) => {
            let advice = "Restore it from the offline medium.";
            return report.add(Finding::error("keys", format!("{error:#}"), advice));
        }
    };
    let Some(signed) = signed else {
        let advice = "Publish one: burkindi admin directory publish.";
        return report.add(Finding::error(
            "directory",
            "no directory: the intake refuses reports",
            advice,
        ));
    };
    match signed.verify_ignoring_dates(&keys.trust) {
        Ok(directory) => {
            report.add(check_directory_expiry(directory.expires, now.date()));
            if let Some(finding) = check_notify_recipients(&config.notify.recipients(), &directory)
            {
                report.add(finding);
            }
            let mismatches = keys::mismatches(&directory, &keys.transport, &keys.log);
            report.add(if mismatches.is_empty() {
                Finding::ok("keys", "they match the directory")
            } else {
                let advice = "Restore the keys that the directory names, newest first.";
                Finding::error("keys", mismatches.join("; "), advice)
            });
        }
        Err(error) => report.add(Finding::error(
            "directory",
            error.to_string(),
            "Check that directory.trust is the trust.json of this installation.",
        )),
    }
}

/// Checks the plausibility of this machine's clock.
async fn check_clock(config: &Config, url: &DatabaseUrl, report: &mut DoctorReport) {
    const CHECK: &str = "clock of this machine";
    // A store of an earlier version has no recorded clock.
    let Ok(saved) = read_saved_clock(url).await else { return };
    report.add(check_saved_clock(
        CHECK,
        &saved,
        &Clock::system(),
        config.calendar.max_clock_jump_days,
    ));
}

/// Returns the finding for a clock, compared with the recorded one.
pub fn check_saved_clock(
    check: &str,
    saved: &SavedClock,
    clock: &Clock,
    max_jump_days: u16,
) -> Finding {
    let verdict = saved.assess(clock.now(), &clock.uptime(), max_jump_days);
    let found = format!("{}: {verdict}", clock.today());
    match verdict {
        ClockVerdict::Consistent => Finding::ok(check, found),
        ClockVerdict::MovedAhead(_) => Finding::warning(
            check,
            found,
            "The service releases and purges nothing in the first cycle after the start. Check the date.",
        ),
        ClockVerdict::Unsettled(UnsettledMove { disputed: false, .. }) => Finding::warning(
            check,
            found,
            "The service releases and purges nothing before the second cycle. If the date is wrong, set the clock.",
        ),
        ClockVerdict::Unsettled(UnsettledMove { disputed: true, .. }) => Finding::error(
            check,
            found,
            format!(
                "The service releases and purges nothing. Set the clock that is wrong; the service then continues. If it is the clock of the \
                 intake and cannot be set, stop the service and run `case-handler day confirm {}`.",
                clock.today()
            ),
        ),
        ClockVerdict::Behind(known) => Finding::error(
            check,
            found,
            format!(
                "Set the clock. If {known} was never correct, stop the service and run `case-handler day take-back DATE`."
            ),
        ),
        ClockVerdict::ClockJump { .. } => Finding::error(
            check,
            found,
            format!(
                "The service collects, releases and decides nothing. Set the clock. If it is correct, stop the service and run `case-handler day \
                 confirm {}`.",
                clock.today()
            ),
        ),
    }
}

async fn check_quarantine(url: &DatabaseUrl, report: &mut DoctorReport) {
    const CHECK: &str = "quarantine";
    // A store of an earlier version has no such table.
    let Ok(count) = poison_count(url).await else { return };
    report.add(match count {
        0 => Finding::ok(CHECK, "no submission has terminated the service"),
        count => Finding::warning(
            CHECK,
            format!(
                "{count} submissions terminated the service while they were being opened, and are stored unopened"
            ),
            "They may be reports. Update, then run `case-handler quarantine list` and `quarantine retry ID`.",
        ),
    });
}

/// Checks the size of the quarantine against `store.max_quarantine_mib`. Returns `None` if the
/// database has no quarantine.
pub async fn check_quarantine_size(url: &DatabaseUrl, max_mib: u32) -> Option<Finding> {
    const CHECK: &str = "size of the quarantine";
    const ADVICE: &str = "If it is full, further such submissions stay at the intake and fill its spool. Check that all files of \
         keys.transport are there. Otherwise it is a flood: raise store.max_quarantine_mib if the disk has room, and restart the service.";
    let used = read_quarantine_size(url).await.ok()?;
    let percent = (used / 1024).saturating_mul(100) / (u64::from(max_mib.max(1)) * 1024);
    let found = format!("{} of {max_mib} MiB", used.div_ceil(1024 * 1024));
    Some(match percent {
        0..50 => Finding::ok(CHECK, found),
        50..90 => Finding::warning(CHECK, found, ADVICE),
        _ => Finding::error(CHECK, found, ADVICE),
    })
}

async fn check_relay(config: &Config, now: OffsetDateTime, report: &mut DoctorReport) {
    const CHECK: &str = "intake";
    let args = async {
        let relay = server::relay_client(config).map_err(|error| format!("{error:#}"))?;
        relay.health().await.map_err(|error| error.to_string())
    };
    match args.await {
        Ok(there) => {
            report.add(Finding::ok(CHECK, "it answers"));
            if let Some(there) = there {
                report.add(check_clock_skew("clock of the intake", there, now));
            }
        }
        Err(error) => {
            let advice = "Nothing is lost, because the intake stores everything. Check that it runs, the network, and the certificates of both sides.";
            report.add(Finding::error(CHECK, error, advice));
        }
    }
}
