//! The binary: its output, its files, and how it ends.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output, Stdio},
};

use database::DatabaseUrl;

use super::{common::HandlerFixture, intake::write_certificates, service::configure};
use rustix::process::{Pid, Signal, kill_process};
use sea_orm::{ConnectionTrait, Database};
use serde_json::Value;

fn service_command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_case-handler"));
    command.arg("--config").arg(folder.join("case-handler.toml"));
    command
        .env("CASE_HANDLER_STORE_URL", format!("sqlite://{}", folder.join("new.sqlite").display()));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Creates the store, as before the first start.
fn create_store(folder: &Path) {
    let created = service_command(folder).arg("create-store").output().unwrap();
    assert!(created.status.success(), "{created:?}");
}

/// Runs the service until it is ready, stops it as an operator would, and returns its output.
fn run_and_stop(folder: &Path) -> (String, Output) {
    let mut child = service_command(folder).spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    (ready.trim_end().to_owned(), child.wait_with_output().unwrap())
}

#[tokio::test]
async fn the_service_reports_that_it_is_ready_and_protects_its_files() {
    let handler = HandlerFixture::new().await;
    let folder = tempfile::tempdir().unwrap();
    write_certificates(folder.path());
    configure(&handler, folder.path(), "https://127.0.0.1:1");
    let without_store = service_command(folder.path()).output().unwrap();
    let output = String::from_utf8_lossy(&without_store.stderr).into_owned();
    assert!(!without_store.status.success() && output.contains("restore a backup"), "{output}");
    assert!(!folder.path().join("new.sqlite").exists(), "no store is created implicitly");
    create_store(folder.path());
    assert!(!service_command(folder.path()).arg("create-store").status().unwrap().success());
    let (ready, ended) = run_and_stop(folder.path());
    assert!(ready.starts_with("ready api=127.0.0.1:") && !ready.ends_with(":0"), "{ready}");
    assert!(ended.status.success(), "{ended:?}");
    let log = String::from_utf8(ended.stderr).unwrap();
    assert!(log.contains("failed to connect to the intake") || !log.contains("WARN"), "{log}");
    for entry in fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
        if entry.file_name().to_string_lossy().starts_with("new.sqlite") {
            let mode = entry.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{:?} is readable for others: {mode:o}", entry.file_name());
        }
    }
}

#[tokio::test]
async fn the_service_refuses_an_altered_log_and_wrong_files_with_the_reason() {
    let handler = HandlerFixture::new().await;
    let folder = tempfile::tempdir().unwrap();
    write_certificates(folder.path());
    configure(&handler, folder.path(), "https://127.0.0.1:1");
    create_store(folder.path());
    run_and_stop(folder.path());
    let url = format!("sqlite://{}", folder.path().join("new.sqlite").display());
    let raw = Database::connect(url).await.unwrap();
    let event = "INSERT INTO events VALUES (1, randomblob(16), 0, x'7b7d', x'')";
    raw.execute_unprepared(event).await.unwrap();
    raw.close().await.unwrap();
    let refused = service_command(folder.path()).output().unwrap();
    let output = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && refused.stdout.is_empty(), "{refused:?}");
    assert!(
        output.contains("event 1 of the log") && output.contains("hash chain broken"),
        "{output}"
    );

    let check = || service_command(folder.path()).arg("--check-config").output();
    assert!(check().unwrap().status.success());
    // An existing file with the wrong content.
    for (file, other, key) in [
        ("handler.key", "api.key", "relay.certificate, relay.key: "),
        ("handler.pem", "trust.json", "relay.certificate"),
        ("ca.pem", "trust.json", "relay"),
        ("api.key", "handler.key", "api.certificate: "),
        ("api.pem", "handler.pem", "api.certificate: "),
        ("trust.json", "ca.pem", "directory.trust"),
    ] {
        let [file, other] = [file, other].map(|name| folder.path().join(name));
        let valid = fs::read(&file).unwrap();
        fs::copy(&other, &file).unwrap();
        let refused = check().unwrap();
        let output = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && output.contains(key), "{}: {output}", file.display());
        assert!(!output.contains("builder error"), "{output}");
        fs::write(&file, valid).unwrap();
    }
    assert!(check().unwrap().status.success());
    fs::write(folder.path().join("log.key"), "no key").unwrap();
    let refused = check().unwrap();
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("keys.log"), "{refused:?}");
}

/// Runs the doctor without one file. Returns its exit code and its findings.
fn run_doctor_without(folder: &Path, file: &str) -> (Option<i32>, Vec<Value>) {
    let [path, moved] = [file, "moved"].map(|name| folder.join(name));
    fs::rename(&path, &moved).unwrap();
    let output = service_command(folder).args(["doctor", "--json"]).output().unwrap();
    fs::rename(&moved, &path).unwrap();
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("without {file}: {error}: {output:?}"));
    (output.status.code(), report["findings"].as_array().unwrap().clone())
}

#[tokio::test]
async fn the_doctor_reports_a_missing_file_and_continues() {
    let handler = HandlerFixture::new().await;
    let folder = tempfile::tempdir().unwrap();
    write_certificates(folder.path());
    configure(&handler, folder.path(), "https://127.0.0.1:1");
    create_store(folder.path());
    for (file, check) in [
        ("api.pem", "api.certificate"),
        ("api.key", "api.key"),
        ("ca.pem", "relay.ca"),
        ("handler.pem", "relay.certificate"),
        ("handler.key", "relay.key"),
        ("log.key", "keys.log"),
        ("transport.key", "keys.transport"),
        ("trust.json", "directory"),
    ] {
        let (code, findings) = run_doctor_without(folder.path(), file);
        assert_eq!(code, Some(8), "{file}");
        let path = folder.path().join(file).display().to_string();
        let names_file = |finding: &&Value| {
            finding["state"] == "error" && finding["found"].as_str().unwrap().contains(&path)
        };
        for check in [check, "configuration"] {
            let found = findings.iter().filter(names_file).any(|finding| finding["check"] == check);
            assert!(found, "{check} does not name {path}: {findings:#?}");
        }
        // The last checks run, and those of the store.
        for check in ["intake", "quarantine", "directory", "backups"] {
            assert!(findings.iter().any(|finding| finding["check"] == check), "{file}: {check}");
        }
    }
}

/// Every unknown key and section, and every impossible value, is refused with its name.
#[tokio::test]
async fn unknown_keys_and_impossible_values_are_refused_by_name() {
    let handler = HandlerFixture::new().await;
    let folder = tempfile::tempdir().unwrap();
    write_certificates(folder.path());
    configure(&handler, folder.path(), "https://127.0.0.1:1");
    let file = folder.path().join("case-handler.toml");
    let valid = fs::read_to_string(&file).unwrap();
    let check = || service_command(folder.path()).arg("--check-config").output().unwrap();
    for (from, to, expected) in [
        ("[retention]", "[retentions]", &["retentions", "`retention`", "line "][..]),
        ("months = 60", "month = 12", &["`month`", "`months`", "line "]),
        ("[calendar]", "[calender]", &["calender", "`calendar`"]),
        ("warn_days = 3", "warn_day = 3", &["warn_day", "`warn_days`"]),
        (
            "poll_interval_seconds = 1",
            "pol_interval_seconds = 1",
            &["pol_interval_seconds", "`poll_interval_seconds`"],
        ),
        ("#listen = \"127.0.0.1:9102\"", "lisen = \"127.0.0.1:9102\"", &["lisen", "`listen`"]),
        ("months = 60", "months = 0", &["retention.months = 0", "1 to 1200"]),
        ("months = 60", "months = 65000", &["retention.months"]),
        ("warn_days = 3", "warn_days = 400", &["calendar.warn_days"]),
        ("max_clock_jump_days = 2", "max_clock_jump_days = 0", &["calendar.max_clock_jump_days"]),
        ("max_quarantine_mib = 4096", "max_quarantine_mib = 0", &["store.max_quarantine_mib"]),
        (
            "poll_interval_seconds = 1",
            "poll_interval_seconds = 0",
            &["relay.poll_interval_seconds"],
        ),
        (
            "poll_interval_seconds = 1",
            "poll_interval_seconds = 9000000",
            &["relay.poll_interval_seconds"],
        ),
        ("\"12-25\"", "\"25-12\"", &["calendar", "25-12"]),
        ("url = \"https://127", "url = \"http://127", &["relay.url"]),
    ] {
        assert!(valid.contains(from), "{from}");
        fs::write(&file, valid.replacen(from, to, 1)).unwrap();
        let refused = check();
        let output = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success(), "{to} was accepted");
        assert!(expected.iter().all(|word| output.contains(word)), "{to}: {output}");
    }
    // Spaces, empty items and a byte order mark are ignored.
    fs::write(
        &file,
        format!(
            "\u{feff}{}",
            valid.replacen(
                "\"12-25\"",
                "\" \
        12-25\", \"\"",
                1
            )
        ),
    )
    .unwrap();
    for (name, value, accepted) in [
        ("CASE_HANDLER_CALENDAR_HOLIDAYS", "01-01, 12-25", true),
        ("CASE_HANDLER_CALENDAR_HOLIDAYS", "", true),
        ("CASE_HANDLER_RETENTION_MONTH", "12", false),
        ("CASES_RETENTION_MONTHS", "12", false),
    ] {
        let checked =
            service_command(folder.path()).arg("--check-config").env(name, value).output().unwrap();
        assert_eq!(checked.status.success(), accepted, "{name}={value}: {checked:?}");
    }
}

/// Returns what a command prints on standard error. It must fail.
fn failure_text(folder: &Path, store_url: &str, arguments: &[&str]) -> String {
    let mut command = service_command(folder);
    let output = command.env("CASE_HANDLER_STORE_URL", store_url).args(arguments).output().unwrap();
    assert!(!output.status.success(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn an_error_states_each_cause_once_and_gives_only_advice_that_applies() {
    let handler = HandlerFixture::new().await;
    let folder = tempfile::tempdir().unwrap();
    write_certificates(folder.path());
    configure(&handler, folder.path(), "https://127.0.0.1:1");
    create_store(folder.path());
    let store = format!("sqlite://{}", folder.path().join("new.sqlite").display());
    let no_server = "postgres://u@127.0.0.1:1/cases?sslmode=disable";
    let url: DatabaseUrl = store.parse().unwrap();
    let lock = url.acquire_writer_lock().await.unwrap();
    let day = ["day", "confirm", "2026-11-23"];
    for arguments in [&["create-store"][..], &day, &["quarantine", "list"]] {
        let text = failure_text(folder.path(), &store, arguments);
        assert_eq!(text.matches("locked by another process").count(), 1, "{text}");
        assert_eq!(text.matches("(stop the service first)").count(), 1, "{text}");
    }
    drop(lock);
    for arguments in [&["create-store"][..], &day, &["quarantine", "list"]] {
        let text = failure_text(folder.path(), no_server, arguments);
        assert_eq!(text.matches("Connection refused").count(), 1, "{text}");
        assert_eq!(text.matches("Check that the server runs").count(), 1, "{text}");
        assert!(!text.contains("stop the service"), "no service uses the store: {text}");
        assert!(!text.contains("check that it runs"), "the same advice twice: {text}");
    }
    let missing = format!("sqlite://{}", folder.path().join("missing.sqlite").display());
    let mut doctor = service_command(folder.path());
    let output = doctor.env("CASE_HANDLER_STORE_URL", missing).arg("doctor").output().unwrap();
    let findings = String::from_utf8(output.stdout).unwrap();
    assert!(findings.contains("store.url: store not found"), "{findings}");
    assert!(!findings.contains("store.url: store.url"), "{findings}");
}
