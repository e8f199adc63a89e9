//! The checks of both doctors that need the store, the directory or the listener of the service.
//! Crate `doctor` contains the checks that need none of them.

use std::{net::SocketAddr, path::Path, time::Duration};

use database::DatabaseUrl;
use doctor::{
    DoctorReport, Finding, ObservedStore, check_directory_expiry, check_disk_space,
    check_permissions, check_store,
};
use protocol::directory::{SignedDirectory, TrustRoots};
use time::Date;
use tokio::{net::TcpStream, time::timeout};

use crate::{directory::VerifiedDirectory, store_commands};

/// Timeout of the connection to the service.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The service that a doctor checks, and the names of the checks of its store.
#[derive(Debug, Clone, Copy)]
pub struct CheckedService {
    /// The program, such as `intake`.
    pub program: &'static str,
    /// The unit, without `.service`.
    pub unit: &'static str,
    /// The name of the check of the store.
    pub store_check: &'static str,
    /// The name of the check of its disk.
    pub disk_check: &'static str,
    /// What to do if there is no directory.
    pub missing_directory_advice: &'static str,
}

impl CheckedService {
    /// Checks that the service accepts connections. Returns whether it does.
    pub async fn check_listener(&self, listen: SocketAddr, report: &mut DoctorReport) -> bool {
        let connected = timeout(CONNECT_TIMEOUT, TcpStream::connect(listen)).await;
        let is_up = matches!(connected, Ok(Ok(_)));
        report.add(if is_up {
            Finding::ok("service", "it responds")
        } else {
            let advice = format!("Run `systemctl start {}`, then read its log.", self.unit);
            Finding::error("service", format!("no response at {listen}"), advice)
        });
        is_up
    }

    /// Checks the account, the use, the files and the disk of the configured store. Runs before the
    /// doctor opens the store. Returns whether the store exists.
    pub async fn check_store(
        &self,
        url: &DatabaseUrl,
        is_service_up: bool,
        report: &mut DoctorReport,
    ) -> bool {
        let observed = ObservedStore {
            store: &url.to_string(),
            key: "store.url",
            unit: self.unit,
            owner_if_other: url.owner_if_other().ok().flatten(),
            misowned_files: url.misowned_files().ok().flatten(),
            in_use: url.is_in_use().await.map_err(|error| error.to_string()),
            is_service_up,
        };
        for finding in check_store(&observed) {
            report.add(finding);
        }
        if let Some(path) = url.password_file() {
            report.add(check_permissions("password of store.url", &path));
        }
        if let Err(error) = store_commands::ensure_exists(url, self.program).await {
            let advice = "Check that store.url names the right database, then follow the message.";
            let text = error.to_string();
            let found = text.strip_prefix("store.url: ").unwrap_or(&text);
            report.add(Finding::error(self.store_check, found, advice));
            return false;
        }
        if let DatabaseUrl::Sqlite(path) = url {
            report.add(check_permissions(self.store_check, path));
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            report.add(check_disk_space(self.disk_check, folder.unwrap_or(Path::new("."))));
        }
        true
    }

    /// Checks that the stored directory exists, that the pinned root keys signed it, and how long
    /// it remains valid. Returns it unless a check of its signatures fails.
    pub fn check_directory(
        &self,
        stored: Option<SignedDirectory>,
        trust: &TrustRoots,
        today: Date,
        report: &mut DoctorReport,
    ) -> Option<VerifiedDirectory> {
        const CHECK: &str = "directory";
        let Some(signed) = stored else {
            let found = "missing: no report can be submitted";
            report.add(Finding::error(CHECK, found, self.missing_directory_advice));
            return None;
        };
        match VerifiedDirectory::from_stored(signed, trust) {
            Ok(verified) => {
                report.add(check_directory_expiry(verified.directory.expires, today));
                Some(verified)
            }
            Err(error) => {
                let advice =
                    "Check that directory.trust names the trust.json of this installation.";
                report.add(Finding::error(CHECK, error.to_string(), advice));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use doctor::Severity;
    use migrations_intake::Migrator;

    use super::*;

    const INTAKE: CheckedService = CheckedService {
        program: "intake",
        unit: "burkindi-intake",
        store_check: "spool",
        disk_check: "disk of the spool",
        missing_directory_advice: "Publish a directory.",
    };

    fn state(report: &DoctorReport, check: &str) -> Option<Severity> {
        report.findings.iter().find(|finding| finding.check == check).map(|finding| finding.state)
    }

    #[tokio::test]
    async fn a_missing_store_is_an_error_and_an_existing_one_is_checked() {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::Sqlite(folder.path().join("spool.sqlite"));
        let mut report = DoctorReport::default();
        assert!(!INTAKE.check_store(&url, false, &mut report).await);
        assert_eq!(state(&report, "spool"), Some(Severity::Error));
        assert_eq!(state(&report, "disk of the spool"), None);
        let missing = report.findings.iter().find(|finding| finding.check == "spool").unwrap();
        assert!(missing.found.starts_with("store not found: "), "the key once: {}", missing.found);

        store_commands::create_store::<Migrator>(&url).await.unwrap();
        let mut report = DoctorReport::default();
        assert!(INTAKE.check_store(&url, false, &mut report).await);
        for check in ["spool", "disk of the spool", "store of the running service"] {
            assert!(state(&report, check).is_some(), "{check}: {report}");
        }
    }

    #[tokio::test]
    async fn a_service_that_does_not_listen_is_an_error_with_its_unit() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut report = DoctorReport::default();
        assert!(INTAKE.check_listener(address, &mut report).await);
        drop(listener);
        assert!(!INTAKE.check_listener(address, &mut report).await);
        assert_eq!(report.findings[0].state, Severity::Ok);
        assert_eq!(report.findings[1].state, Severity::Error);
        assert!(report.to_string().contains("systemctl start burkindi-intake"), "{report}");
    }
}
