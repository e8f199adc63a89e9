//! What only the machine itself can tell of an intake. From outside, `burkindi admin doctor` looks.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use database::DatabaseUrl;
use doctor::{
    DoctorReport, Finding, ObservedStore, check_backup_age, check_certificate_file,
    check_directory_expiry, check_disk_space, check_permissions, check_proxy_logging, check_store,
};
use time::OffsetDateTime;

use crate::{
    config::Config,
    maintenance,
    store::{StoreError, read_stored_directory},
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How to look.
#[derive(Debug, clap::Args)]
pub struct DoctorArgs {
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
pub async fn run_checks(config: &Config, asked: &DoctorArgs, now: OffsetDateTime) -> DoctorReport {
    let mut report = DoctorReport::default();
    report.add(match config.check_files() {
        Ok(()) => Finding::ok("configuration", "sound"),
        Err(error) => Finding::error(
            "configuration",
            error.to_string(),
            "Mend this key of the configuration.",
        ),
    });
    report.add(match config.check_contacts() {
        Ok(()) if config.demo => Finding::warning(
            "contacts on the pages",
            "this is a demonstration (demo = true)",
            "Take demo out of the configuration before anybody reports here.",
        ),
        Ok(()) => Finding::ok("contacts on the pages", "none of the example's"),
        Err(error) => {
            let advice = "Write the real contacts into [branding], in every language.";
            Finding::error("contacts on the pages", error.to_string(), advice)
        }
    });
    report.add(check_permissions("key of the relay", &config.relay.key));
    report.add(check_certificate_file("certificate of the relay", &config.relay.certificate, now));
    report.add(check_certificate_file("authority of the relay", &config.relay.ca, now));
    let answers = accepts_connections(config.public.listen).await;
    match config.store.database_url() {
        Ok(place) => {
            // Before anything of this command opens the store.
            let seen = ObservedStore {
                store: &place.to_string(),
                key: "spool.path or spool.url",
                unit: "burkindi-intake",
                owner_if_other: place.owner_if_other().ok().flatten(),
                misowned_files: place.misowned_files().ok().flatten(),
                in_use: place.is_in_use().await.map_err(|error| error.to_string()),
                is_service_up: answers,
            };
            for finding in check_store(&seen) {
                report.add(finding);
            }
            if let Some(path) = place.password_file() {
                report.add(check_permissions("password of spool.url", &path));
            }
            check_spool(&place, config, now, &mut report).await;
        }
        Err(error) => report.add(Finding::error("spool", error.to_string(), "Mend spool.url.")),
    }
    report.add(if answers {
        Finding::ok("service", "it answers")
    } else {
        let found = format!("nothing answers at {}", config.public.listen);
        Finding::error("service", found, "systemctl start burkindi-intake; then look at its log.")
    });
    report.add(check_backup_age("backups", &asked.backups, now));
    if !config.public.listen.ip().is_loopback() {
        let advice = "Set public.listen to 127.0.0.1, so that all visitors come through the proxy or the onion service.";
        report.add(Finding::warning(
            "public.listen",
            "other machines reach it without encryption",
            advice,
        ));
    }
    if !asked.no_proxy {
        report.add(check_proxy_logging("logs of the reverse proxy", &asked.proxy));
    }
    report
}

async fn check_spool(
    place: &DatabaseUrl,
    config: &Config,
    now: OffsetDateTime,
    report: &mut DoctorReport,
) {
    if let Err(error) = maintenance::ensure_exists(place).await {
        let advice = "Does spool.path or spool.url name the right place? Then do as it says.";
        report.add(Finding::error("spool", error.to_string(), advice));
        return;
    }
    if let DatabaseUrl::Sqlite(path) = place {
        report.add(check_permissions("spool", path));
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        report.add(check_disk_space("disk of the spool", folder.unwrap_or(Path::new("."))));
    }
    match read_stored_directory(place).await {
        Ok(signed) => {
            report.add(Finding::ok("spool", "its database answers"));
            let trust = config.load_trust().ok();
            let directory =
                signed.zip(trust).map(|(signed, trust)| signed.verify_ignoring_dates(&trust));
            report.add(match directory {
                Some(Ok(directory)) => check_directory_expiry(directory.expires, now.date()),
                Some(Err(error)) => {
                    let advice = "Is directory.trust this installation's trust.json?";
                    Finding::error("directory", error.to_string(), advice)
                }
                None => {
                    let advice = "Publish one, and see that the case handler reaches the relay.";
                    Finding::error("directory", "none: no report can be filed", advice)
                }
            });
        }
        Err(error) => report.add(Finding::error("spool", error.to_string(), advice_for(error))),
    }
}

fn advice_for(error: StoreError) -> &'static str {
    match error {
        StoreError::Full | StoreError::FullForFiles => {
            "Make room on the disk, or raise spool.most_mib."
        }
        StoreError::Disk => "See who owns the spool, and the kernel's log for errors of the disk.",
        StoreError::Corrupt => "Stop the service, keep a copy of the spool, and restore a backup.",
        StoreError::Duplicate | StoreError::Unavailable => {
            "Does the database server run? Is spool.url right?"
        }
    }
}

async fn accepts_connections(at: SocketAddr) -> bool {
    matches!(
        tokio::time::timeout(CONNECT_TIMEOUT, tokio::net::TcpStream::connect(at)).await,
        Ok(Ok(_))
    )
}
