//! What only the machine itself can tell of a case handler. From outside, `burkindi admin doctor`
//! looks.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use database::DatabaseUrl;
use doctor::{
    DoctorReport, Finding, ObservedStore, check_backup_age, check_certificate,
    check_certificate_file, check_clock_skew, check_directory_expiry, check_disk_space,
    check_permissions, check_store,
};
use protocol::directory::Directory;
use time::OffsetDateTime;
use web::Clock;

use crate::{
    Config,
    keys::{self, HandlerKeys},
    maintenance,
    notify::{MailConfig, NotifyError},
    server,
    store::{newest_directory, poison_count, read_saved_clock},
    trusted_date::{ClockVerdict, SavedClock},
};

const CHECK_TIMEOUT: Duration = Duration::from_secs(5);

/// How to look.
#[derive(Debug, clap::Args)]
pub struct DoctorArgs {
    /// Answer in JSON.
    #[arg(long)]
    pub json: bool,
    /// Where the nightly backups are, to see how old the newest is.
    #[arg(long, value_name = "FOLDER", default_value = "/var/lib/burkindi-case-handler-backups")]
    pub backups: PathBuf,
}

/// Looks at everything; the service may run or not.
pub async fn run_checks(config: &Config, asked: &DoctorArgs, now: OffsetDateTime) -> DoctorReport {
    let mut report = DoctorReport::default();
    report.add(match server::check_files(config).await {
        Ok(()) => Finding::ok("configuration", "sound"),
        Err(error) => Finding::error(
            "configuration",
            format!("{error:#}"),
            "Put the right file there: OPERATING, step 6.",
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
        ("relay.ca", &config.relay.ca),
    ] {
        report.add(check_certificate_file(key, path, now));
    }
    match config.check_relay_name() {
        Ok(Some(finding)) => report.add(finding),
        Ok(None) => {}
        Err(error) => report.add(Finding::error(
            "relay.certificate",
            format!("{error:#}"),
            "Mend the \
            key.",
        )),
    }
    let answers = is_listening(config).await;
    // Before anything of this command opens the store.
    if let Ok(place) = config.store.url.parse::<DatabaseUrl>() {
        let seen = ObservedStore {
            store: &place.to_string(),
            key: "store.url",
            unit: "burkindi-case-handler",
            owner_if_other: place.owner_if_other().ok().flatten(),
            misowned_files: place.misowned_files().ok().flatten(),
            in_use: place.is_in_use().await.map_err(|error| error.to_string()),
            is_service_up: answers,
        };
        for finding in check_store(&seen) {
            report.add(finding);
        }
        if let Some(path) = place.password_file() {
            report.add(check_permissions("password of store.url", &path));
        }
    }
    check_database(config, now, &mut report).await;
    if let Some(folder) =
        config.store.parts_url.as_ref().and_then(|url| url.strip_prefix("file://"))
    {
        report.add(check_disk_space("disk of store.parts_url", Path::new(folder)));
    }
    report.add(if answers {
        Finding::ok("service", "it answers")
    } else {
        Finding::error(
            "service",
            format!("nothing answers at {}", config.api.listen),
            "systemctl start burkindi-case-handler; then look at its log.",
        )
    });
    report.add(check_backup_age("backups", &asked.backups, now));
    check_relay(config, now, &mut report).await;
    if let Some(mail) = &config.notify.mail {
        check_mail_server(mail, now, &mut report).await;
    }
    report
}

/// The mail server, and what it takes to speak to it. No message is sent.
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
            "Ask who runs the mail server for the new one.",
        ));
    }
    let tested = match mail.server() {
        Ok(server) => tokio::time::timeout(CHECK_TIMEOUT, server.check_connection())
            .await
            .unwrap_or(Err(NotifyError::Timeout)),
        Err(error) => Err(error),
    };
    report.add(match tested {
        Ok(()) => Finding::ok("notify.mail", "the mail server answers"),
        Err(error) => Finding::error(
            "notify.mail",
            error.to_string(),
            "Members are not told by mail that something waits; nothing else depends on it.",
        ),
    });
}

/// Does everybody who is to be told sit in the directory? A mistyped handle is told nothing, and
/// nobody would notice.
pub fn check_notify_recipients(handles: &BTreeSet<&str>, directory: &Directory) -> Option<Finding> {
    const CHECK: &str = "notify";
    let strangers: Vec<&str> =
        handles.iter().copied().filter(|handle| directory.member(handle).is_none()).collect();
    Some(match strangers.as_slice() {
        _ if handles.is_empty() => return None,
        [] => Finding::ok(CHECK, "all who are to be told sit in the directory"),
        strangers => Finding::warning(
            CHECK,
            format!("in no directory, and told nothing: {}", strangers.join(", ")),
            "Mend the handle in [notify], seat the member, or take the line out.",
        ),
    })
}

async fn is_listening(config: &Config) -> bool {
    let connecting = tokio::net::TcpStream::connect(config.api.listen);
    matches!(tokio::time::timeout(CHECK_TIMEOUT, connecting).await, Ok(Ok(_)))
}

async fn check_database(config: &Config, now: OffsetDateTime, report: &mut DoctorReport) {
    const CHECK: &str = "store.url";
    let place: DatabaseUrl = match config.store.url.parse() {
        Ok(place) => place,
        Err(error) => {
            return report.add(Finding::error(CHECK, format!("{error}"), "Mend the key."));
        }
    };
    if let Err(error) = maintenance::ensure_exists(&place).await {
        let advice = "Does store.url name the right place? Then do as it says.";
        return report.add(Finding::error(CHECK, format!("{error:#}"), advice));
    }
    if let DatabaseUrl::Sqlite(path) = &place {
        report.add(check_permissions(CHECK, path));
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        report.add(check_disk_space("disk of store.url", folder.unwrap_or(Path::new("."))));
    }
    let signed = match newest_directory(&place).await {
        Ok(signed) => signed,
        Err(error) => {
            let advice = "Does the database server run? Who owns the file? The kernel's log tells of a broken disk.";
            return report.add(Finding::error(CHECK, error.to_string(), advice));
        }
    };
    report.add(Finding::ok(CHECK, "the database answers"));
    check_clock(config, &place, report).await;
    check_quarantine(&place, report).await;
    let keys = match HandlerKeys::load(config) {
        Ok(keys) => keys,
        Err(error) => {
            let advice = "Put it back from the offline medium.";
            return report.add(Finding::error("keys", format!("{error:#}"), advice));
        }
    };
    let Some(signed) = signed else {
        let advice = "Publish one: burkindi admin directory publish.";
        return report.add(Finding::error("directory", "none: no report can be filed", advice));
    };
    match signed.verify_ignoring_dates(&keys.trust) {
        Ok(directory) => {
            report.add(check_directory_expiry(directory.expires, now.date()));
            if let Some(finding) = check_notify_recipients(&config.notify.recipients(), &directory)
            {
                report.add(finding);
            }
            let wrong = keys::mismatches(&directory, &keys.transport, &keys.log);
            report.add(if wrong.is_empty() {
                Finding::ok("keys", "those that the directory names")
            } else {
                let advice =
                    "Put the keys that the directory names back in place, the newest first.";
                Finding::error("keys", wrong.join("; "), advice)
            });
        }
        Err(error) => report.add(Finding::error(
            "directory",
            error.to_string(),
            "Is `trust` this installation's trust.json?",
        )),
    }
}

/// Is the clock of this machine believed?
async fn check_clock(config: &Config, place: &DatabaseUrl, report: &mut DoctorReport) {
    const CHECK: &str = "clock of this machine";
    // An earlier version keeps none of it.
    let Ok(kept) = read_saved_clock(place).await else { return };
    report.add(check_saved_clock(
        CHECK,
        &kept,
        &Clock::system(),
        config.calendar.max_clock_jump_days,
    ));
}

/// What a doctor says of a clock.
pub fn check_saved_clock(check: &str, kept: &SavedClock, clock: &Clock, most_days: u16) -> Finding {
    let judgement = kept.assess(clock.now(), &clock.uptime(), most_days);
    let found = format!("{}: {judgement}", clock.today());
    match judgement {
        ClockVerdict::Consistent => Finding::ok(check, found),
        ClockVerdict::MovedAhead(_) => Finding::warning(
            check,
            found,
            "Nothing is released or purged in the first round after the start. Is it the right day?",
        ),
        ClockVerdict::Behind(known) => Finding::error(
            check,
            found,
            format!(
                "Set the clock. If {known} was never right: stop the service, `case-handler day take-back DAY`."
            ),
        ),
        ClockVerdict::ClockJump { .. } => Finding::error(
            check,
            found,
            format!(
                "Nothing is collected, released or decided. Set the clock; if it is right: stop the service, `case-handler day \
                 confirm {}`.",
                clock.today()
            ),
        ),
    }
}

async fn check_quarantine(place: &DatabaseUrl, report: &mut DoctorReport) {
    const CHECK: &str = "quarantine";
    // An earlier version keeps none.
    let Ok(quarantined) = poison_count(place).await else { return };
    report.add(match quarantined {
        0 => Finding::ok(CHECK, "no submission has ended the service"),
        some => Finding::warning(
            CHECK,
            format!(
                "{some} submissions ended the service while they were being opened, and are kept unopened"
            ),
            "They may be reports. Update, then `case-handler quarantine list` and `quarantine retry ID`.",
        ),
    });
}

async fn check_relay(config: &Config, now: OffsetDateTime, report: &mut DoctorReport) {
    const CHECK: &str = "intake";
    let asked = async {
        let relay = server::relay_client(config).map_err(|error| format!("{error:#}"))?;
        relay.health().await.map_err(|error| error.to_string())
    };
    match asked.await {
        Ok(there) => {
            report.add(Finding::ok(CHECK, "it answers"));
            if let Some(there) = there {
                report.add(check_clock_skew("clock of the intake", there, now));
            }
        }
        Err(error) => {
            let advice = "Nothing is lost: the intake keeps everything. Is it running, is the line up, are both sides' certificates good?";
            report.add(Finding::error(CHECK, error, advice));
        }
    }
}
