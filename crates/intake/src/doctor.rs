//! Checks of an intake that need access to its machine. `burkindi admin doctor` checks an intake
//! from outside.

use std::{net::SocketAddr, path::PathBuf};

use database::DatabaseUrl;
use doctor::{
    DoctorReport, Finding, check_authority_file, check_backup_age, check_certificate_file,
    check_permissions, check_proxy_logging, check_proxy_target,
};
use service_kit::doctor_checks::CheckedService;
use time::OffsetDateTime;

use crate::{
    config::{Config, ConfigError, PublicConfig},
    maintenance, program_manifest, relay,
    store::{StoreError, read_stored_directory},
};

/// The names of this service in the checks that both services share.
const SERVICE: CheckedService = CheckedService {
    program: maintenance::PROGRAM,
    unit: "burkindi-intake",
    store_check: "spool",
    disk_check: "disk of the spool",
    missing_directory_advice: "Publish a directory, and check that the case handler can connect to \
                               the relay.",
};

/// The arguments of `doctor`.
#[derive(Debug, clap::Args)]
pub struct DoctorArgs {
    /// Print the report as JSON.
    #[arg(long)]
    pub json: bool,
    /// The configuration of the reverse proxy (nginx), to check that it does not log clients.
    #[arg(long, value_name = "FILE", default_value = "/etc/nginx/nginx.conf")]
    pub proxy: PathBuf,
    /// The folder of the nightly backups, to check the age of the newest.
    #[arg(long, value_name = "FOLDER", default_value = "/var/lib/burkindi-intake-backups")]
    pub backups: PathBuf,
    /// The configuration of Tor, to check that an onion service names circuits. If the file is
    /// missing, there is no such check.
    #[arg(long, value_name = "FILE", default_value = "/etc/tor/torrc")]
    pub tor: PathBuf,
    /// Skip the reverse proxy: the pages are served as an onion service only.
    #[arg(long, conflicts_with = "proxy")]
    pub no_proxy: bool,
}

/// Reads the files that the configuration names.
///
/// # Errors
/// If a file cannot be read or has invalid content. The error names the key.
pub fn check_config_files(config: &Config) -> Result<(), ConfigError> {
    config.load_trust()?;
    config.load_taxonomy()?;
    relay::server_config(&config.relay)?;
    let url = config.store.database_url()?;
    url.check_files()
        .map_err(|error| ConfigError::invalid_value("store.url", error.to_string()))?;
    if let DatabaseUrl::Sqlite(path) = &url {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            let problem = format!("{} is not a folder", folder.display());
            return Err(ConfigError::invalid_value("store.url", problem));
        }
    }
    Ok(())
}

/// Runs all checks, whether the service runs or not, and returns their report.
pub async fn run_checks(config: &Config, args: &DoctorArgs, now: OffsetDateTime) -> DoctorReport {
    let mut report = DoctorReport::default();
    report.add(match check_config_files(config) {
        Ok(()) => Finding::ok("configuration", "valid"),
        Err(error) => Finding::error(
            "configuration",
            error.to_string(),
            "Correct this key of the configuration.",
        ),
    });
    report.add(check_program(config).await);
    report.add(match config.check_contacts() {
        Ok(()) if config.demo => Finding::warning(
            "contacts on the pages",
            "this is a demonstration (demo = true)",
            "Remove demo from the configuration before the service accepts real reports.",
        ),
        Ok(()) => Finding::ok("contacts on the pages", "none is that of the example"),
        Err(error) => {
            let advice = "Enter the real contacts in [branding], in every language.";
            Finding::error("contacts on the pages", error.to_string(), advice)
        }
    });
    report.add(check_permissions("key of the relay", &config.relay.key));
    report.add(check_certificate_file("certificate of the relay", &config.relay.certificate, now));
    report.add(check_authority_file(
        "authority of the relay",
        &config.relay.ca,
        &config.relay.certificate,
        now,
    ));
    report.add(check_relay_listener(config.relay.listen));
    let is_up = SERVICE.check_listener(config.public.listen, &mut report).await;
    match config.store.database_url() {
        Ok(url) => {
            if SERVICE.check_store(&url, is_up, &mut report).await {
                check_spool(&url, config, now, &mut report).await;
            }
        }
        Err(error) => report.add(Finding::error("spool", error.to_string(), "Correct store.url.")),
    }
    report.add(check_backup_age("backups", "burkindi-intake-backup", &args.backups, now));
    if !config.public.listen.ip().is_loopback() {
        let advice = "Set public.listen to 127.0.0.1, so that all visitors come through the proxy or the onion service.";
        report.add(Finding::warning(
            "public.listen",
            "other machines can connect without encryption",
            advice,
        ));
    }
    if !args.no_proxy {
        report.add(check_proxy_logging("logs of the reverse proxy", &args.proxy));
        let public = &config.public;
        let (check, trusted) = ("target of the reverse proxy", &public.trusted_proxies);
        if let Some(finding) = check_proxy_target(check, &args.proxy, public.listen, trusted) {
            report.add(finding);
        }
    }
    let torrc = std::fs::read_to_string(&args.tor).unwrap_or_default();
    if let Some(finding) = check_onion_circuits(&config.public, &torrc, args.no_proxy) {
        report.add(finding);
    }
    if let Some(finding) = check_onion_address(&config.public, &torrc) {
        report.add(finding);
    }
    report
}

/// Checks that the intake serves a signed manifest of its own browser program.
async fn check_program(config: &Config) -> Finding {
    const CHECK: &str = "manifest of the browser program";
    let advice = "Print the manifest with the command manifest, let the keepers of the root keys sign \
                  it (burkindi admin program sign), and set program.manifest.";
    match (&config.program.manifest, program_manifest::check_manifest(config).await) {
        (_, Err(error)) => Finding::error(CHECK, error.to_string(), advice),
        (None, Ok(())) => Finding::notice(
            CHECK,
            "none: investigators cannot see which program sealed a report",
            advice,
        ),
        (Some(_), Ok(())) => Finding::ok(CHECK, "signed by the root keys, and of this build"),
    }
}

/// Returns the options of a configuration of Tor, each as its words.
fn tor_options(torrc: &str) -> Vec<Vec<&str>> {
    let lines = torrc.lines().map(|line| line.split('#').next().unwrap_or_default());
    lines.map(|line| line.split_whitespace().collect()).collect()
}

/// Checks that the pages show the address of the onion service of this machine. Returns `None`
/// without an address and without an onion service.
fn check_onion_address(public: &PublicConfig, torrc: &str) -> Option<Finding> {
    const CHECK: &str = "address of the onion service";
    const ADVICE: &str =
        "Set public.onion_address to the content of the file hostname in HiddenServiceDir.";
    let folders = tor_options(torrc).into_iter().filter_map(|option| match option[..] {
        [name, folder] if name.eq_ignore_ascii_case("HiddenServiceDir") => {
            Some(PathBuf::from(folder))
        }
        _ => None,
    });
    let folders: Vec<PathBuf> = folders.collect();
    let address = match public.onion_address() {
        Err(error) => return Some(Finding::error(CHECK, error.to_string(), ADVICE)),
        Ok(None) if public.onion_listen.is_none() || folders.is_empty() => return None,
        Ok(None) => {
            let problem = "the pages do not show it, and do not offer it to Tor Browser";
            return Some(Finding::notice(CHECK, problem, ADVICE));
        }
        Ok(Some(address)) => address,
    };
    let hostnames = folders.iter().map(|folder| std::fs::read_to_string(folder.join("hostname")));
    let hostnames: Vec<String> = hostnames.filter_map(Result::ok).collect();
    if hostnames.iter().any(|hostname| hostname.trim() == address.as_str()) {
        return Some(Finding::ok(CHECK, "the pages show the one of this machine"));
    }
    Some(if hostnames.is_empty() {
        Finding::ok(CHECK, "valid. The file of Tor with the address was not readable to compare it")
    } else {
        Finding::error(CHECK, "public.onion_address is not the one of this machine", ADVICE)
    })
}

/// Checks that the onion service names the circuit of each client. Returns `None` if this machine
/// seems to have no onion service.
fn check_onion_circuits(
    public: &PublicConfig,
    torrc: &str,
    is_onion_only: bool,
) -> Option<Finding> {
    const CHECK: &str = "onion service";
    let options = tor_options(torrc);
    let connects_to = |address: SocketAddr| {
        options.iter().any(|option| {
            option.len() == 3
                && option[0].eq_ignore_ascii_case("HiddenServicePort")
                && (option[2] == address.to_string() || option[2] == address.port().to_string())
        })
    };
    let names_circuits = options.iter().any(|option| {
        option.len() == 2
            && option[0].eq_ignore_ascii_case("HiddenServiceExportCircuitID")
            && option[1] == "haproxy"
    });
    if names_circuits && public.onion_listen.is_some_and(connects_to) {
        return Some(Finding::ok(CHECK, "it names the circuit of each client"));
    }
    let has_port = options.iter().any(|option| {
        option.first().is_some_and(|name| name.eq_ignore_ascii_case("HiddenServicePort"))
    });
    let is_reached = connects_to(public.listen) || public.onion_listen.is_some_and(connects_to);
    if has_port && !is_reached && (names_circuits || public.onion_listen.is_some()) {
        return Some(Finding::warning(
            CHECK,
            "Tor connects to an address at which the intake does not listen: the onion service shows no pages",
            "Set public.onion_listen to the address that HiddenServicePort names, and restart the intake.",
        ));
    }
    let is_anonymous = is_reached || (is_onion_only && public.onion_listen.is_none());
    is_anonymous.then(|| {
        Finding::warning(
            CHECK,
            "it names no circuits: one client can take the upload slots of the others, and their share of a nearly full spool",
            "Set public.onion_listen, and use HiddenServicePort and HiddenServiceExportCircuitID of deploy/tor/torrc.",
        )
    })
}

/// A loopback address is right if the case handler runs on this machine, and only then.
fn check_relay_listener(listen: SocketAddr) -> Finding {
    const CHECK: &str = "relay.listen";
    if listen.ip().to_canonical().is_loopback() {
        return Finding::notice(
            CHECK,
            format!("{listen}: only a case handler on this machine can connect"),
            "If the case handler runs on another machine, set relay.listen to an address that it \
             can reach, such as 0.0.0.0:8444, restart the intake, and let the firewall admit the \
             case handler only.",
        );
    }
    Finding::ok(CHECK, format!("{listen}: a case handler on another machine can connect"))
}

async fn check_spool(
    url: &DatabaseUrl,
    config: &Config,
    now: OffsetDateTime,
    report: &mut DoctorReport,
) {
    let stored = match read_stored_directory(url).await {
        Ok(stored) => stored,
        Err(error) => {
            return report.add(Finding::error("spool", error.to_string(), advice_for(error)));
        }
    };
    report.add(Finding::ok("spool", "its database responds"));
    match config.load_trust() {
        Ok(trust) => drop(SERVICE.check_directory(stored, &trust, now.date(), report)),
        Err(error) => {
            let advice = "Install the trust.json of this installation.";
            report.add(Finding::error("directory", error.to_string(), advice));
        }
    }
}

fn advice_for(error: StoreError) -> &'static str {
    match error {
        StoreError::Full
        | StoreError::FullForFiles
        | StoreError::FullForUploads
        | StoreError::ShareUsedUp => "Free space on the disk, or raise store.max_size_mib.",
        StoreError::Disk => {
            "Check the owner of the spool, and the log of the kernel for disk errors."
        }
        StoreError::Corrupt => "Stop the service, keep a copy of the spool, and restore a backup.",
        StoreError::Duplicate | StoreError::Unavailable => {
            "Check that the database server runs, and that store.url is correct."
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use doctor::Severity;

    use super::*;

    #[test]
    fn a_relay_listener_that_no_other_machine_reaches_is_a_notice() {
        for (listen, state) in [
            ("0.0.0.0:8444", Severity::Ok),
            ("10.0.0.2:8444", Severity::Ok),
            ("127.0.0.1:8444", Severity::Notice),
            ("[::1]:8444", Severity::Notice),
            ("[::ffff:127.0.0.1]:8444", Severity::Notice),
        ] {
            let finding = check_relay_listener(listen.parse().unwrap());
            assert_eq!(
                (finding.check.as_str(), finding.state),
                ("relay.listen", state),
                "{listen}"
            );
        }
    }

    #[test]
    fn an_onion_address_that_is_not_the_one_of_this_machine_is_an_error() {
        let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy");
        let mut public = Config::load(&deploy.join("config/intake.toml")).unwrap().public;
        let folder = tempfile::tempdir().unwrap();
        let torrc = format!("hiddenservicedir {} # keys\n", folder.path().display());
        let state = |public: &PublicConfig, torrc: &str| {
            check_onion_address(public, torrc).map(|finding| finding.state)
        };
        assert_eq!(state(&public, ""), None);
        assert_eq!(state(&public, &torrc), None, "the onion service of another program");
        public.onion_listen = Some("127.0.0.1:8070".parse().unwrap());
        assert_eq!(state(&public, &torrc), Some(Severity::Notice));
        let address = web::OnionAddress::from_key(&[7; 32]);
        public.onion_address = Some(address.to_string());
        assert_eq!(state(&public, &torrc), Some(Severity::Ok), "the file is not readable");
        let hostname = folder.path().join("hostname");
        std::fs::write(&hostname, format!("{address}\n")).unwrap();
        assert_eq!(state(&public, &torrc), Some(Severity::Ok));
        std::fs::write(&hostname, web::OnionAddress::from_key(&[8; 32]).to_string()).unwrap();
        assert_eq!(state(&public, &torrc), Some(Severity::Error));
        public.onion_address = Some(address.to_string().replacen('a', "b", 1));
        assert_eq!(state(&public, ""), Some(Severity::Error), "a mistyped character");
    }

    #[test]
    fn an_onion_service_that_names_no_circuits_is_a_warning() {
        let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy");
        let mut public = Config::load(&deploy.join("config/intake.toml")).unwrap().public;
        let shipped = std::fs::read_to_string(deploy.join("tor/torrc")).unwrap();
        let state = |public: &PublicConfig, torrc: &str, is_onion_only| {
            check_onion_circuits(public, torrc, is_onion_only).map(|finding| finding.state)
        };
        let to_public = format!("HiddenServicePort 80 {} # the pages", public.listen);
        let to_port = format!("hiddenserviceport 80 {}", public.listen.port());
        assert_eq!(state(&public, "", false), None, "no onion service");
        assert_eq!(state(&public, "HiddenServicePort 80 127.0.0.1:3000", false), None, "another");
        assert_eq!(state(&public, "", true), Some(Severity::Warning));
        let dead = "an onion service whose address nothing listens on";
        assert_eq!(state(&public, &shipped, false), Some(Severity::Warning), "{dead}");
        for torrc in [&to_public, &to_port] {
            assert_eq!(state(&public, torrc, false), Some(Severity::Warning), "{torrc}");
        }
        public.onion_listen = Some("127.0.0.1:8070".parse().unwrap());
        assert_eq!(state(&public, &shipped, false), Some(Severity::Ok));
        assert_eq!(state(&public, &to_public, false), Some(Severity::Warning));
        let to_other_port = shipped.replace(":8070", ":8071");
        assert_eq!(state(&public, &to_other_port, false), Some(Severity::Warning), "{dead}");
        let without_circuits = shipped.replace("HiddenServiceExportCircuitID", "#");
        assert_eq!(state(&public, &without_circuits, false), Some(Severity::Warning));
    }
}
