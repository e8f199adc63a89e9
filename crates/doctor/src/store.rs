//! Checks that the configured store is the one that the service uses, and the age of the newest
//! backup.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use time::OffsetDateTime;

use crate::Finding;

/// Age in hours from which a nightly backup is late.
const MAX_BACKUP_AGE_HOURS: i64 = 36;

/// What is known about the configured store and the service.
#[derive(Debug)]
pub struct ObservedStore<'a> {
    /// URL of the store, without user and password.
    pub store: &'a str,
    /// Configuration key of the URL.
    pub key: &'a str,
    /// Unit of the service, without `.service`.
    pub unit: &'a str,
    /// The account that owns the store, if this process runs as another.
    pub owner_if_other: Option<String>,
    /// Files of the store that its owner cannot open, and the name of that owner.
    pub misowned_files: Option<(Vec<PathBuf>, String)>,
    /// True if a running process uses the store, or the reason why that is unknown.
    pub in_use: Result<bool, String>,
    /// True if the service answers.
    pub is_service_up: bool,
}

/// Checks that the running service uses the configured store, and that this process has the same
/// access to files as the service.
pub fn check_store(observed: &ObservedStore<'_>) -> Vec<Finding> {
    const CHECK: &str = "store of the running service";
    let ObservedStore { store, key, unit, .. } = observed;
    let mut findings = Vec::new();
    if let Some(owner) = &observed.owner_if_other {
        let advice =
            format!("As root, run it as {owner}: runuser -u {owner} -- and the same command.");
        let found = format!("{store} belongs to {owner}, and this command runs as another account");
        findings.push(Finding::warning("account", found, advice));
    }
    if let Some((files, owner)) = &observed.misowned_files {
        let files: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
        let files = files.join(" ");
        let found = format!(
            "not owned by {owner}, the owner of the folder; the service cannot open {files}"
        );
        findings.push(Finding::error(
            "owner of the store",
            found,
            format!("chown {owner}: {files}"),
        ));
    }
    findings.push(match (&observed.in_use, observed.is_service_up) {
        (Err(error), _) => Finding::warning(
            CHECK,
            format!("unknown: {error}"),
            "Run this command as the service's account. Name the password file in the URL \
             (password_file=…), not in a variable of the unit, which this command does not have.",
        ),
        (Ok(true), true) => Finding::ok(CHECK, format!("{store}, as configured")),
        (Ok(false), true) => Finding::error(
            CHECK,
            format!(
                "a program answers at the address of the service, and no process uses {store}: the \
                 service uses another store, or another program has its address"
            ),
            format!(
                "Run `systemctl status {unit}`. If the service runs, check `systemctl cat {unit}` \
                 and its environment for another {key}, remove it, and restart the service. Delete \
                 neither store before. If it does not run, read its log."
            ),
        ),
        (Ok(true), false) => Finding::warning(
            CHECK,
            format!("a process uses {store}, and the service does not answer"),
            "Wait if the service is starting or stopping; otherwise find out which process \
             it is.",
        ),
        (Ok(false), false) => Finding::ok(
            CHECK,
            "the service does not run, and nothing uses the \
            store",
        ),
    });
    findings
}

/// Checks the age of the newest backup in a folder. `unit` is the name of the backup unit.
pub fn check_backup_age(check: &str, unit: &str, folder: &Path, now: OffsetDateTime) -> Finding {
    let advice = format!(
        "Run `systemctl start {unit}` for the first backup, and `systemctl enable --now {unit}.timer` \
         for the next ones. Or name the folder of the backups with --backups."
    );
    match newest_backup(folder) {
        Ok(Some(newest)) => {
            let hours = (now - OffsetDateTime::from(newest)).whole_hours();
            let found = format!("the newest is {hours} hours old");
            if hours <= MAX_BACKUP_AGE_HOURS {
                return Finding::ok(check, found);
            }
            let advice = "Check the log of the backup unit: systemctl status, journalctl -u. Then start it \
                 once.";
            Finding::warning(check, found, advice)
        }
        Ok(None) => Finding::warning(check, format!("none in {}", folder.display()), advice),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Finding::warning(check, format!("none: folder {} not found", folder.display()), advice)
        }
        Err(error) => Finding::warning(
            check,
            format!("unknown: {}: {error}", folder.display()),
            "Run this command as the service's account.",
        ),
    }
}

/// Returns the time at which the newest complete backup was finished. Its checksums are written
/// last.
fn newest_backup(folder: &Path) -> io::Result<Option<SystemTime>> {
    let mut newest = None;
    for entry in fs::read_dir(folder)? {
        match fs::metadata(entry?.path().join("SHA256SUMS")) {
            Ok(metadata) => newest = newest.max(Some(metadata.modified()?)),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(newest)
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::Severity;

    fn observed_store(in_use: Result<bool, String>, answers: bool) -> ObservedStore<'static> {
        ObservedStore {
            store: "sqlite:/var/lib/burkindi/cases.sqlite",
            key: "store.url",
            unit: "burkindi-case-handler",
            owner_if_other: None,
            misowned_files: None,
            in_use,
            is_service_up: answers,
        }
    }

    #[test]
    fn a_service_that_uses_another_store_is_detected() {
        let state = |in_use, answers| check_store(&observed_store(in_use, answers)).remove(0).state;
        assert_eq!(state(Ok(true), true), Severity::Ok);
        assert_eq!(state(Ok(false), true), Severity::Error);
        assert_eq!(state(Ok(true), false), Severity::Warning);
        assert_eq!(state(Ok(false), false), Severity::Ok);
        assert_eq!(state(Err("denied".to_owned()), true), Severity::Warning);
        let other = ObservedStore {
            owner_if_other: Some("burkindi-intake".to_owned()),
            ..observed_store(Ok(true), true)
        };
        let misowned = ObservedStore {
            misowned_files: Some((
                vec!["/var/lib/burkindi/cases.sqlite".into()],
                "burkindi-intake".to_owned(),
            )),
            ..observed_store(Err("denied".to_owned()), false)
        };
        let findings = check_store(&misowned);
        assert_eq!(findings[0].state, Severity::Error);
        let advice = findings[0].advice.as_ref().unwrap();
        assert_eq!(advice, "chown burkindi-intake: /var/lib/burkindi/cases.sqlite");
        let findings = check_store(&other);
        assert_eq!(findings[0].state, Severity::Warning);
        assert!(findings[0].advice.as_ref().unwrap().contains("runuser -u burkindi-intake"));
    }

    #[test]
    fn a_late_or_incomplete_backup_is_reported() {
        const UNIT: &str = "burkindi-intake-backup";
        let missing =
            check_backup_age("backups", UNIT, Path::new("/nowhere"), OffsetDateTime::UNIX_EPOCH);
        let advice = missing.advice.unwrap();
        assert!(advice.contains("systemctl start burkindi-intake-backup`"), "{advice}");
        assert!(!advice.contains("case-handler"), "a unit of another machine: {advice}");
        let folder = tempfile::tempdir().unwrap();
        let now = OffsetDateTime::from(fs::metadata(folder.path()).unwrap().modified().unwrap());
        let state = |now| check_backup_age("backups", UNIT, folder.path(), now).state;
        assert_eq!(state(now), Severity::Warning, "none yet");
        fs::create_dir(folder.path().join("incomplete")).unwrap();
        assert_eq!(state(now), Severity::Warning, "incomplete");
        fs::create_dir(folder.path().join("complete")).unwrap();
        fs::write(folder.path().join("complete/SHA256SUMS"), "").unwrap();
        assert_eq!(state(now), Severity::Ok);
        assert_eq!(state(now + Duration::hours(38)), Severity::Warning);
        assert_eq!(
            check_backup_age("backups", UNIT, Path::new("/nowhere"), now).state,
            Severity::Warning
        );
    }
}
