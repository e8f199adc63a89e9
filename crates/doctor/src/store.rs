//! Whether a doctor looks at the store that the service uses, and how old the newest backup is.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use time::OffsetDateTime;

use crate::Finding;

/// Hours after which a nightly backup is late.
const LATE_HOURS: i64 = 36;

/// What a doctor knows of the store that the configuration names, and of the service.
#[derive(Debug)]
pub struct SeenStore<'a> {
    /// Its address, without user and password.
    pub store: &'a str,
    /// The key of the configuration that names it.
    pub key: &'a str,
    /// The service's unit, without `.service`.
    pub unit: &'a str,
    /// The account that owns it, if this process runs as another.
    pub other_owner: Option<String>,
    /// Files of it that its owner cannot open, and the name of that owner.
    pub misowned: Option<(Vec<PathBuf>, String)>,
    /// Does a running process use it now? Or why that is not known.
    pub in_use: Result<bool, String>,
    /// Does the service answer?
    pub answers: bool,
}

/// Is it the store that the running service uses? And does this process see files as the service
/// does?
pub fn of_store(seen: &SeenStore<'_>) -> Vec<Finding> {
    const CHECK: &str = "store of the running service";
    let SeenStore { store, key, unit, .. } = seen;
    let mut findings = Vec::new();
    if let Some(owner) = &seen.other_owner {
        let advice = format!("As root, run it as {owner}: runuser -u {owner} -- and the same command.");
        let found = format!("{store} belongs to {owner}, and this command runs as another account");
        findings.push(Finding::soon("account", found, advice));
    }
    if let Some((files, owner)) = &seen.misowned {
        let files: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
        let files = files.join(" ");
        let found = format!("not {owner}, who owns the folder: the service cannot open {files}");
        findings.push(Finding::bad("owner of the store", found, format!("chown {owner}: {files}")));
    }
    findings.push(match (&seen.in_use, seen.answers) {
        (Err(error), _) => Finding::soon(
            CHECK,
            format!("not known: {error}"),
            "Run this command as the service's account. Name a password in the address \
             (password_file=…) and not by a variable of the unit, which this command does not see.",
        ),
        (Ok(true), true) => Finding::good(CHECK, format!("{store}, as configured")),
        (Ok(false), true) => Finding::bad(
            CHECK,
            format!("the service answers and does not use {store}: it uses another store"),
            format!(
                "See `systemctl cat {unit}` and its environment for another {key}, remove that, \
                 and start the service again. Do not delete either store before."
            ),
        ),
        (Ok(true), false) => Finding::soon(
            CHECK,
            format!("a process uses {store}, and the service does not answer"),
            "Wait until a service that is starting or ending is done; otherwise see which process \
             it is.",
        ),
        (Ok(false), false) => Finding::good(
            CHECK,
            "the service does not run, and nothing uses the \
            store",
        ),
    });
    findings
}

/// How old the newest backup in a folder is.
pub fn of_backups(check: &str, folder: &Path, now: OffsetDateTime) -> Finding {
    let advice = "Enable the timer of the backup unit, or name the folder of the backups with \
        --backups.";
    match newest(folder) {
        Ok(Some(newest)) => {
            let hours = (now - OffsetDateTime::from(newest)).whole_hours();
            let found = format!("the newest is {hours} hours old");
            if hours <= LATE_HOURS {
                return Finding::good(check, found);
            }
            let advice = "See the log of the backup unit: systemctl status, journalctl -u. Then start it \
                 once.";
            Finding::soon(check, found, advice)
        }
        Ok(None) => Finding::soon(check, format!("none in {}", folder.display()), advice),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Finding::soon(check, format!("none: there is no folder {}", folder.display()), advice)
        }
        Err(error) => Finding::soon(
            check,
            format!("not known: {}: {error}", folder.display()),
            "Run this command as the service's account.",
        ),
    }
}

/// When the newest whole backup was finished: its sums are written last.
fn newest(folder: &Path) -> io::Result<Option<SystemTime>> {
    let mut newest = None;
    for entry in fs::read_dir(folder)? {
        match fs::metadata(entry?.path().join("SHA256SUMS")) {
            Ok(metadata) => newest = newest.max(Some(metadata.modified()?)),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(newest)
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::State;

    fn seen(in_use: Result<bool, String>, answers: bool) -> SeenStore<'static> {
        SeenStore {
            store: "sqlite:/var/lib/burkindi/cases.sqlite",
            key: "store.url",
            unit: "burkindi-case-handler",
            other_owner: None,
            misowned: None,
            in_use,
            answers,
        }
    }

    #[test]
    fn a_service_on_another_store_is_found() {
        let state = |in_use, answers| of_store(&seen(in_use, answers)).remove(0).state;
        assert_eq!(state(Ok(true), true), State::Good);
        assert_eq!(state(Ok(false), true), State::Wrong);
        assert_eq!(state(Ok(true), false), State::Soon);
        assert_eq!(state(Ok(false), false), State::Good);
        assert_eq!(state(Err("denied".to_owned()), true), State::Soon);
        let other = SeenStore { other_owner: Some("burkindi-intake".to_owned()), ..seen(Ok(true), true) };
        let misowned = SeenStore {
            misowned: Some((vec!["/var/lib/burkindi/cases.sqlite".into()], "burkindi-intake".to_owned())),
            ..seen(Err("denied".to_owned()), false)
        };
        let findings = of_store(&misowned);
        assert_eq!(findings[0].state, State::Wrong);
        let advice = findings[0].advice.as_ref().unwrap();
        assert_eq!(advice, "chown burkindi-intake: /var/lib/burkindi/cases.sqlite");
        let findings = of_store(&other);
        assert_eq!(findings[0].state, State::Soon);
        assert!(findings[0].advice.as_ref().unwrap().contains("runuser -u burkindi-intake"));
    }

    #[test]
    fn a_backup_that_is_late_or_not_whole_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let now = OffsetDateTime::from(fs::metadata(folder.path()).unwrap().modified().unwrap());
        let state = |now| of_backups("backups", folder.path(), now).state;
        assert_eq!(state(now), State::Soon, "none yet");
        fs::create_dir(folder.path().join("half")).unwrap();
        assert_eq!(state(now), State::Soon, "not whole");
        fs::create_dir(folder.path().join("whole")).unwrap();
        fs::write(folder.path().join("whole/SHA256SUMS"), "").unwrap();
        assert_eq!(state(now), State::Good);
        assert_eq!(state(now + Duration::hours(38)), State::Soon);
        assert_eq!(of_backups("backups", Path::new("/nowhere"), now).state, State::Soon);
    }
}
