//! The `doctor` command: checks that only the machine of the case handler can make. `burkindi admin
//! doctor` checks the service from outside.

mod log_pause;
mod parts;
mod witnesses;

use std::{collections::BTreeSet, fs, path::PathBuf, time::Duration};

use database::DatabaseUrl;
use doctor::{
    DoctorReport, Finding, check_authority_file, check_backup_age, check_certificate,
    check_certificate_file, check_clock_skew, check_permissions,
};
use protocol::{directory::Directory, keys::PublicKey};
use service_kit::doctor_checks::CheckedService;
use time::OffsetDateTime;
use web::Clock;

use crate::{
    Config, keys, maintenance,
    notify::{MailConfig, NotifyError},
    saved_clock::{ClockVerdict, SavedClock, UnsettledMove},
    server,
    store::{
        newest_directory, poison_count, read_log_pause, read_quarantine_size, read_saved_clock,
        read_witness_states,
    },
};

pub use log_pause::check_log_pause;
pub use parts::check_parts;
pub use witnesses::check_witnesses;

const CHECK_TIMEOUT: Duration = Duration::from_secs(5);

/// The names of this service in the checks that both services share.
const SERVICE: CheckedService = CheckedService {
    program: maintenance::PROGRAM,
    unit: "burkindi-case-handler",
    store_check: "store.url",
    disk_check: "disk of store.url",
    missing_directory_advice: "Publish one: burkindi admin directory publish.",
};

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
    .chain(config.keys.former_log.iter().map(|path| ("keys.former_log", path)))
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
    // A certificate that cannot be read is a finding already.
    if let Ok(Some(finding)) = config.check_relay_name() {
        report.add(finding);
    }
    let is_up = SERVICE.check_listener(config.api.listen, &mut report).await;
    match config.store.url.parse::<DatabaseUrl>() {
        Ok(url) => {
            if SERVICE.check_store(&url, is_up, &mut report).await {
                check_database(config, &url, now, &mut report).await;
            }
        }
        Err(error) => {
            report.add(Finding::error("store.url", error.to_string(), "Correct the key."));
        }
    }
    if let Some(url) = &config.store.parts_url {
        check_parts(url, std::env::vars(), &mut report).await;
    }
    report.add(check_backup_age("backups", "burkindi-case-handler-backup", &args.backups, now));
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
        let (check, advice) =
            ("notify.mail.ca", "Ask the operator of the mail server for the new one.");
        report.add(match fs::read(path) {
            Ok(pem) => check_certificate(check, &pem, now, advice),
            Err(error) => Finding::error(check, format!("{}: {error}", path.display()), advice),
        });
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

async fn check_database(
    config: &Config,
    url: &DatabaseUrl,
    now: OffsetDateTime,
    report: &mut DoctorReport,
) {
    const CHECK: &str = "store.url";
    let stored = match newest_directory(url).await {
        Ok(stored) => stored,
        Err(error) => {
            let advice = "Check that the database server runs, who owns the file, and the kernel log for disk errors.";
            return report.add(Finding::error(CHECK, error.to_string(), advice));
        }
    };
    report.add(Finding::ok(CHECK, "its database responds"));
    check_clock(config, url, report).await;
    check_quarantine(url, report).await;
    if let Some(finding) = check_quarantine_size(url, config.store.max_quarantine_mib).await {
        report.add(finding);
    }
    let directory = match keys::load_trust(config) {
        Ok(trust) => SERVICE.check_directory(stored, &trust, now.date(), report),
        Err(error) => {
            let advice = "Install the trust.json of this installation.";
            report.add(Finding::error("directory", format!("{error:#}"), advice));
            None
        }
    };
    let directory = directory.map(|verified| verified.directory);
    if let Some(directory) = &directory
        && let Some(finding) = check_notify_recipients(&config.notify.recipients(), directory)
    {
        report.add(finding);
    }
    if let Some(finding) = check_keys(config, directory.as_ref()) {
        report.add(finding);
    }
    if let Ok(since) = read_log_pause(url).await {
        report.add(check_log_pause(since));
    }
    if let Some(directory) = &directory
        && let Ok(states) = read_witness_states(url).await
    {
        for finding in check_witnesses(config, directory, &states, now) {
            report.add(finding);
        }
    }
}

/// Checks that the configured keys are those that the directory names. Returns `None` if they can
/// be read and there is no directory to compare.
fn check_keys(config: &Config, directory: Option<&Directory>) -> Option<Finding> {
    const CHECK: &str = "keys";
    let (transport, log) = match keys::load_service_keys(config) {
        Ok(keys) => keys,
        Err(error) => {
            let advice = "Restore it from the offline medium.";
            return Some(Finding::error(CHECK, format!("{error:#}"), advice));
        }
    };
    let directory = directory?;
    let mismatches = keys::mismatches(directory, &transport, &log);
    let signs_with_newest =
        log.named_by(directory).is_some_and(|key| PublicKey::from(key) == (&log.newest).into());
    Some(if mismatches.is_empty() && signs_with_newest {
        Finding::ok(CHECK, "they match the directory")
    } else if mismatches.is_empty() {
        let advice = "Publish the directory that names keys.log. Then remove keys.former_log.";
        Finding::notice(CHECK, "the directory still names keys.former_log, which signs", advice)
    } else {
        let advice = "Restore the keys that the directory names, newest first.";
        Finding::error(CHECK, mismatches.join("; "), advice)
    })
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
