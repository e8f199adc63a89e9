//! What only the machine itself can tell of an intake. From outside, `burkindi admin doctor` looks.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use database::Place;
use doctor::{
    Finding, Report, SeenStore, of_backups, of_certificate_file, of_directory, of_disk, of_proxy,
    of_secret_file, of_store,
};
use time::OffsetDateTime;

use crate::{
    config::Config,
    store::{StoreError, kept_directory},
    upkeep,
};

const PATIENCE: Duration = Duration::from_secs(5);

/// How to look.
#[derive(Debug, clap::Args)]
pub struct Asked {
    /// Answer in JSON.
    #[arg(long)]
    pub json: bool,
    /// The configuration of the reverse proxy (nginx), to see that it writes down nobody.
    #[arg(long, value_name = "FILE", default_value = "/etc/nginx/nginx.conf")]
    pub proxy: PathBuf,
    /// Where the nightly backups are, to see how old the newest is.
    #[arg(long, value_name = "FOLDER", default_value = "/var/lib/burkindi-intake-backups")]
    pub backups: PathBuf,
    /// There is no reverse proxy here: the pages are an onion service only.
    #[arg(long, conflicts_with = "proxy")]
    pub no_proxy: bool,
}

/// Looks at everything; the service may run or not.
pub async fn examine(config: &Config, asked: &Asked, now: OffsetDateTime) -> Report {
    let mut report = Report::default();
    report.add(match config.check_files() {
        Ok(()) => Finding::good("configuration", "sound"),
        Err(error) => Finding::bad("configuration", error.to_string(), "Mend this key of the configuration."),
    });
    report.add(match config.check_contacts() {
        Ok(()) if config.demo => Finding::soon(
            "contacts on the pages",
            "this is a demonstration (demo = true)",
            "Take demo out of the configuration before anybody reports here.",
        ),
        Ok(()) => Finding::good("contacts on the pages", "none of the example's"),
        Err(error) => {
            let advice = "Write the real contacts into [branding], in every language.";
            Finding::bad("contacts on the pages", error.to_string(), advice)
        }
    });
    report.add(of_secret_file("key of the relay", &config.relay.key));
    report.add(of_certificate_file("certificate of the relay", &config.relay.certificate, now));
    report.add(of_certificate_file("authority of the relay", &config.relay.ca, now));
    let answers = answers(config.public.listen).await;
    match config.spool.place() {
        Ok(place) => {
            // Before anything of this command opens the store.
            let seen = SeenStore {
                store: &place.to_string(),
                key: "spool.path or spool.url",
                unit: "burkindi-intake",
                other_owner: place.other_owner().ok().flatten(),
                misowned: place.misowned().ok().flatten(),
                in_use: place.is_in_use().await.map_err(|error| error.to_string()),
                answers,
            };
            for finding in of_store(&seen) {
                report.add(finding);
            }
            if let Some(path) = place.password_file() {
                report.add(of_secret_file("password of spool.url", &path));
            }
            of_spool(&place, config, now, &mut report).await;
        }
        Err(error) => report.add(Finding::bad("spool", error.to_string(), "Mend spool.url.")),
    }
    report.add(if answers {
        Finding::good("service", "it answers")
    } else {
        let found = format!("nothing answers at {}", config.public.listen);
        Finding::bad("service", found, "systemctl start burkindi-intake; then look at its log.")
    });
    report.add(of_backups("backups", &asked.backups, now));
    if !config.public.listen.ip().is_loopback() {
        let advice = "Set public.listen to 127.0.0.1, so that all visitors come through the proxy or the onion service.";
        report.add(Finding::soon("public.listen", "other machines reach it without encryption", advice));
    }
    if !asked.no_proxy {
        report.add(of_proxy("logs of the reverse proxy", &asked.proxy));
    }
    report
}

async fn of_spool(place: &Place, config: &Config, now: OffsetDateTime, report: &mut Report) {
    if let Err(error) = upkeep::check_there(place).await {
        let advice = "Does spool.path or spool.url name the right place? Then do as it says.";
        report.add(Finding::bad("spool", error.to_string(), advice));
        return;
    }
    if let Place::Sqlite(path) = place {
        report.add(of_secret_file("spool", path));
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        report.add(of_disk("disk of the spool", folder.unwrap_or(Path::new("."))));
    }
    match kept_directory(place).await {
        Ok(signed) => {
            report.add(Finding::good("spool", "its database answers"));
            let trust = config.trust().ok();
            let directory = signed.zip(trust).map(|(signed, trust)| signed.verify_past(&trust));
            report.add(match directory {
                Some(Ok(directory)) => of_directory(directory.expires, now.date()),
                Some(Err(error)) => {
                    let advice = "Is directory.trust this installation's trust.json?";
                    Finding::bad("directory", error.to_string(), advice)
                }
                None => {
                    let advice = "Publish one, and see that the case handler reaches the relay.";
                    Finding::bad("directory", "none: no report can be filed", advice)
                }
            });
        }
        Err(error) => report.add(Finding::bad("spool", error.to_string(), advice_for(error))),
    }
}

fn advice_for(error: StoreError) -> &'static str {
    match error {
        StoreError::Full | StoreError::NoRoomForFiles => "Make room on the disk, or raise spool.most_mib.",
        StoreError::Disk => "See who owns the spool, and the kernel's log for errors of the disk.",
        StoreError::Damaged => "Stop the service, keep a copy of the spool, and restore a backup.",
        StoreError::Twice | StoreError::Unavailable => "Does the database server run? Is spool.url right?",
    }
}

async fn answers(at: SocketAddr) -> bool {
    matches!(tokio::time::timeout(PATIENCE, tokio::net::TcpStream::connect(at)).await, Ok(Ok(_)))
}
