//! What only the machine itself can tell of a case handler. From outside, `burkindi admin doctor` looks.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use database::Place;
use doctor::{
    Finding, Report, SeenStore, of_backups, of_certificate, of_certificate_file, of_clock, of_directory,
    of_disk, of_secret_file, of_store,
};
use envelope::directory::Directory;
use time::OffsetDateTime;
use web::Clock;

use crate::{
    Config,
    keys::{self, Keys},
    notify::{MailConfig, NotifyError},
    service,
    store::{kept_clock, newest_directory, quarantined_count},
    today::{Judgement, KeptClock},
    upkeep,
};

const PATIENCE: Duration = Duration::from_secs(5);

/// How to look.
#[derive(Debug, clap::Args)]
pub struct Asked {
    /// Answer in JSON.
    #[arg(long)]
    pub json: bool,
    /// Where the nightly backups are, to see how old the newest is.
    #[arg(long, value_name = "FOLDER", default_value = "/var/lib/burkindi-case-handler-backups")]
    pub backups: PathBuf,
}

/// Looks at everything; the service may run or not.
pub async fn examine(config: &Config, asked: &Asked, now: OffsetDateTime) -> Report {
    let mut report = Report::default();
    report.add(match service::check_files(config).await {
        Ok(()) => Finding::good("configuration", "sound"),
        Err(error) => Finding::bad(
            "configuration",
            format!("{error:#}"),
            "Put the right file there: OPERATING, step 6.",
        ),
    });
    for (key, path) in
        [("api.key", &config.api.key), ("relay.key", &config.relay.key), ("keys.log", &config.keys.log)]
            .into_iter()
            .chain(config.keys.transport.iter().map(|path| ("keys.transport", path)))
    {
        report.add(of_secret_file(key, path));
    }
    for (key, path) in [
        ("api.certificate", &config.api.certificate),
        ("relay.certificate", &config.relay.certificate),
        ("relay.ca", &config.relay.ca),
    ] {
        report.add(of_certificate_file(key, path, now));
    }
    match config.names_of_relay() {
        Ok(Some(finding)) => report.add(finding),
        Ok(None) => {}
        Err(error) => report.add(Finding::bad(
            "relay.certificate",
            format!("{error:#}"),
            "Mend the \
            key.",
        )),
    }
    let answers = answers(config).await;
    // Before anything of this command opens the store.
    if let Ok(place) = config.store.url.parse::<Place>() {
        let seen = SeenStore {
            store: &place.to_string(),
            key: "store.url",
            unit: "burkindi-case-handler",
            other_owner: place.other_owner().ok().flatten(),
            misowned: place.misowned().ok().flatten(),
            in_use: place.is_in_use().await.map_err(|error| error.to_string()),
            answers,
        };
        for finding in of_store(&seen) {
            report.add(finding);
        }
        if let Some(path) = place.password_file() {
            report.add(of_secret_file("password of store.url", &path));
        }
    }
    of_database(config, now, &mut report).await;
    if let Some(folder) = config.store.parts_url.as_ref().and_then(|url| url.strip_prefix("file://")) {
        report.add(of_disk("disk of store.parts_url", Path::new(folder)));
    }
    report.add(if answers {
        Finding::good("service", "it answers")
    } else {
        Finding::bad(
            "service",
            format!("nothing answers at {}", config.api.listen),
            "systemctl start burkindi-case-handler; then look at its log.",
        )
    });
    report.add(of_backups("backups", &asked.backups, now));
    of_relay(config, now, &mut report).await;
    if let Some(mail) = &config.notify.mail {
        of_mail(mail, now, &mut report).await;
    }
    report
}

/// The mail server, and what it takes to speak to it. No message is sent.
pub async fn of_mail(mail: &MailConfig, now: OffsetDateTime, report: &mut Report) {
    if let Some(path) = &mail.password_file {
        report.add(of_secret_file("notify.mail.password_file", path));
    }
    if let Some(path) = &mail.ca {
        let pem = fs::read(path).unwrap_or_default();
        report.add(of_certificate(
            "notify.mail.ca",
            &pem,
            now,
            "Ask who runs the mail server for the new one.",
        ));
    }
    let tested = match mail.server() {
        Ok(server) => tokio::time::timeout(PATIENCE, server.test()).await.unwrap_or(Err(NotifyError::Late)),
        Err(error) => Err(error),
    };
    report.add(match tested {
        Ok(()) => Finding::good("notify.mail", "the mail server answers"),
        Err(error) => Finding::bad(
            "notify.mail",
            error.to_string(),
            "Members are not told by mail that something waits; nothing else depends on it.",
        ),
    });
}

/// Does everybody who is to be told sit in the directory? A mistyped handle is told nothing, and nobody would notice.
pub fn of_told(handles: &BTreeSet<&str>, directory: &Directory) -> Option<Finding> {
    const CHECK: &str = "notify";
    let strangers: Vec<&str> =
        handles.iter().copied().filter(|handle| directory.member(handle).is_none()).collect();
    Some(match strangers.as_slice() {
        _ if handles.is_empty() => return None,
        [] => Finding::good(CHECK, "all who are to be told sit in the directory"),
        strangers => Finding::soon(
            CHECK,
            format!("in no directory, and told nothing: {}", strangers.join(", ")),
            "Mend the handle in [notify], seat the member, or take the line out.",
        ),
    })
}

async fn answers(config: &Config) -> bool {
    let connecting = tokio::net::TcpStream::connect(config.api.listen);
    matches!(tokio::time::timeout(PATIENCE, connecting).await, Ok(Ok(_)))
}

async fn of_database(config: &Config, now: OffsetDateTime, report: &mut Report) {
    const CHECK: &str = "store.url";
    let place: Place = match config.store.url.parse() {
        Ok(place) => place,
        Err(error) => return report.add(Finding::bad(CHECK, format!("{error}"), "Mend the key.")),
    };
    if let Err(error) = upkeep::check_there(&place).await {
        let advice = "Does store.url name the right place? Then do as it says.";
        return report.add(Finding::bad(CHECK, format!("{error:#}"), advice));
    }
    if let Place::Sqlite(path) = &place {
        report.add(of_secret_file(CHECK, path));
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        report.add(of_disk("disk of store.url", folder.unwrap_or(Path::new("."))));
    }
    let signed = match newest_directory(&place).await {
        Ok(signed) => signed,
        Err(error) => {
            let advice =
                "Does the database server run? Who owns the file? The kernel's log tells of a broken disk.";
            return report.add(Finding::bad(CHECK, error.to_string(), advice));
        }
    };
    report.add(Finding::good(CHECK, "the database answers"));
    of_day(config, &place, report).await;
    of_quarantine(&place, report).await;
    let keys = match Keys::load(config) {
        Ok(keys) => keys,
        Err(error) => {
            let advice = "Put it back from the offline medium.";
            return report.add(Finding::bad("keys", format!("{error:#}"), advice));
        }
    };
    let Some(signed) = signed else {
        let advice = "Publish one: burkindi admin directory publish.";
        return report.add(Finding::bad("directory", "none: no report can be filed", advice));
    };
    match signed.verify_past(&keys.trust) {
        Ok(directory) => {
            report.add(of_directory(directory.expires, now.date()));
            if let Some(finding) = of_told(&config.notify.handles(), &directory) {
                report.add(finding);
            }
            let wrong = keys::differences(&directory, &keys.transport, &keys.log);
            report.add(if wrong.is_empty() {
                Finding::good("keys", "those that the directory names")
            } else {
                let advice = "Put the keys that the directory names back in place, the newest first.";
                Finding::bad("keys", wrong.join("; "), advice)
            });
        }
        Err(error) => report.add(Finding::bad(
            "directory",
            error.to_string(),
            "Is `trust` this installation's trust.json?",
        )),
    }
}

/// Is the clock of this machine believed?
async fn of_day(config: &Config, place: &Place, report: &mut Report) {
    const CHECK: &str = "clock of this machine";
    // An earlier version keeps none of it.
    let Ok(kept) = kept_clock(place).await else { return };
    report.add(of_kept_clock(CHECK, &kept, &Clock::system(), config.calendar.most_days_off));
}

/// What a doctor says of a clock.
pub fn of_kept_clock(check: &str, kept: &KeptClock, clock: &Clock, most_days: u16) -> Finding {
    let judgement = kept.judge(clock.now(), &clock.uptime(), most_days);
    let found = format!("{}: {judgement}", clock.today());
    match judgement {
        Judgement::Sound => Finding::good(check, found),
        Judgement::Moved(_) => Finding::soon(
            check,
            found,
            "Nothing is released or purged in the first round after the start. Is it the right day?",
        ),
        Judgement::Behind(known) => Finding::bad(
            check,
            found,
            format!(
                "Set the clock. If {known} was never right: stop the service, `case-handler day take-back DAY`."
            ),
        ),
        Judgement::Leap { .. } => Finding::bad(
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

async fn of_quarantine(place: &Place, report: &mut Report) {
    const CHECK: &str = "quarantine";
    // An earlier version keeps none.
    let Ok(quarantined) = quarantined_count(place).await else { return };
    report.add(match quarantined {
        0 => Finding::good(CHECK, "no submission has ended the service"),
        some => Finding::soon(
            CHECK,
            format!(
                "{some} submissions ended the service while they were being opened, and are kept unopened"
            ),
            "They may be reports. Update, then `case-handler quarantine list` and `quarantine retry ID`.",
        ),
    });
}

async fn of_relay(config: &Config, now: OffsetDateTime, report: &mut Report) {
    const CHECK: &str = "intake";
    let asked = async {
        let relay = service::relay_of(config).map_err(|error| format!("{error:#}"))?;
        relay.health().await.map_err(|error| error.to_string())
    };
    match asked.await {
        Ok(there) => {
            report.add(Finding::good(CHECK, "it answers"));
            if let Some(there) = there {
                report.add(of_clock("clock of the intake", there, now));
            }
        }
        Err(error) => {
            let advice = "Nothing is lost: the intake keeps everything. Is it running, is the line up, are both sides' certificates good?";
            report.add(Finding::bad(CHECK, error, advice));
        }
    }
}
