//! Whether a doctor looks at the store that the service uses, and how old the newest backup is.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use time::OffsetDateTime;

use crate::Finding;

/// Hours after which a nightly backup is late.
const MAX_BACKUP_AGE_HOURS: i64 = 36;

/// What a doctor knows of the store that the configuration names, and of the service.
#[derive(Debug)]
pub struct ObservedStore<'a> {
    /// Its address, without user and password.
    pub store: &'a str,
    /// The key of the configuration that names it.
    pub key: &'a str,
    /// The service's unit, without `.service`.
    pub unit: &'a str,
    /// The account that owns it, if this process runs as another.
    pub owner_if_other: Option<String>,
    /// Files of it that its owner cannot open, and the name of that owner.
    pub misowned_files: Option<(Vec<PathBuf>, String)>,
    /// Does a running process use it now? Or why that is not known.
    pub in_use: Result<bool, String>,
    /// Does the service answer?
    pub is_service_up: bool,
}

/// Is it the store that the running service uses? And does this process see files as the service
/// does?
pub fn check_store(seen: &ObservedStore<'_>) -> Vec<Finding> {
    const CHECK: &str = "store of the running service";
    let ObservedStore { store, key, unit, .. } = seen;
    let mut findings = Vec::new();
    if let Some(owner) = &seen.owner_if_other {
        let advice =
            format!("As root, run it as {owner}: runuser -u {owner} -- and the same command.");
        let found = format!("{store} belongs to {owner}, and this command runs as another account");
        findings.push(Finding::warning("account", found, advice));
    }
    if let Some((files, owner)) = &seen.misowned_files {
        let files: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
        let files = files.join(" ");
        let found = format!("not {owner}, who owns the folder: the service cannot open {files}");
        findings.push(Finding::error(
            "owner of the store",
            found,
            format!("chown {owner}: {files}"),
        ));
    }
    findings.push(match (&seen.in_use, seen.is_service_up) {
        (Err(error), _) => Finding::warning(
            CHECK,
            format!("not known: {error}"),
            "Run this command as the service's account. Name a password in the address \
             (password_file=…) and not by a variable of the unit, which this command does not see.",
        ),
        (Ok(true), true) => Finding::ok(CHECK, format!("{store}, as configured")),
        (Ok(false), true) => Finding::error(
            CHECK,
            format!("the service answers and does not use {store}: it uses another store"),
            format!(
                "See `systemctl cat {unit}` and its environment for another {key}, remove that, \
                 and start the service again. Do not delete either store before."
            ),
        ),
        (Ok(true), false) => Finding::warning(
            CHECK,
            format!("a process uses {store}, and the service does not answer"),
            "Wait until a service that is starting or ending is done; otherwise see which process \
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

/// How old the newest backup in a folder is.
pub fn check_backup_age(check: &str, folder: &Path, now: OffsetDateTime) -> Finding {
    let advice = "Enable the timer of the backup unit, or name the folder of the backups with \
        --backups.";
    match newest_backup(folder) {
        Ok(Some(newest)) => {
            let hours = (now - OffsetDateTime::from(newest)).whole_hours();
            let found = format!("the newest is {hours} hours old");
            if hours <= MAX_BACKUP_AGE_HOURS {
                return Finding::ok(check, found);
            }
            let advice = "See the log of the backup unit: systemctl status, journalctl -u. Then start it \
                 once.";
            Finding::warning(check, found, advice)
        }
        Ok(None) => Finding::warning(check, format!("none in {}", folder.display()), advice),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Finding::warning(
            check,
            format!("none: there is no folder {}", folder.display()),
            advice,
        ),
        Err(error) => Finding::warning(
            check,
            format!("not known: {}: {error}", folder.display()),
            "Run this command as the service's account.",
        ),
    }
}

/// When the newest whole backup was finished: its sums are written last.
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
    fn a_service_on_another_store_is_found() {
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
    fn a_backup_that_is_late_or_not_whole_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let now = OffsetDateTime::from(fs::metadata(folder.path()).unwrap().modified().unwrap());
        let state = |now| check_backup_age("backups", folder.path(), now).state;
        assert_eq!(state(now), Severity::Warning, "none yet");
        fs::create_dir(folder.path().join("half")).unwrap();
        assert_eq!(state(now), Severity::Warning, "not whole");
        fs::create_dir(folder.path().join("whole")).unwrap();
        fs::write(folder.path().join("whole/SHA256SUMS"), "").unwrap();
        assert_eq!(state(now), Severity::Ok);
        assert_eq!(state(now + Duration::hours(38)), Severity::Warning);
        assert_eq!(
            check_backup_age("backups", Path::new("/nowhere"), now).state,
            Severity::Warning
        );
    }
}
