//! The program itself: what it says, what it leaves on the disk, how it ends.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output, Stdio},
};

use super::{common::HandlerFixture, intake::write_certificates, service::configure};
use rustix::process::{Pid, Signal, kill_process};
use sea_orm::{ConnectionTrait, Database};

fn service_command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_case-handler"));
    command.arg("--config").arg(folder.join("case-handler.toml"));
    command.env("CASES_STORE_URL", format!("sqlite://{}", folder.join("new.sqlite").display()));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Makes the store, as at the first start.
fn create_store(folder: &Path) {
    let made = service_command(folder).arg("create-store").output().unwrap();
    assert!(made.status.success(), "{made:?}");
}

/// Runs the program until it is ready, ends it as an operator would, and gives what it said.
fn run_and_stop(folder: &Path) -> (String, Output) {
    let mut child = service_command(folder).spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    (ready.trim_end().to_owned(), child.wait_with_output().unwrap())
}

#[tokio::test]
async fn the_program_says_when_it_is_ready_and_keeps_its_files_to_itself() {
    let world = HandlerFixture::new().await;
    let folder = tempfile::tempdir().unwrap();
    write_certificates(folder.path());
    configure(&world, folder.path(), "https://127.0.0.1:1");
    let nothing = service_command(folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&nothing.stderr).into_owned();
    assert!(!nothing.status.success() && said.contains("restore a backup"), "{said}");
    assert!(!folder.path().join("new.sqlite").exists(), "no second history begins by itself");
    create_store(folder.path());
    assert!(!service_command(folder.path()).arg("create-store").status().unwrap().success());
    let (ready, ended) = run_and_stop(folder.path());
    assert!(ready.starts_with("ready api=127.0.0.1:") && !ready.ends_with(":0"), "{ready}");
    assert!(ended.status.success(), "{ended:?}");
    let log = String::from_utf8(ended.stderr).unwrap();
    assert!(log.contains("the intake cannot be reached") || !log.contains("WARN"), "{log}");
    for entry in fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
        if entry.file_name().to_string_lossy().starts_with("new.sqlite") {
            let mode = entry.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{:?} is for others to read: {mode:o}", entry.file_name());
        }
    }
}

#[tokio::test]
async fn the_program_refuses_what_it_cannot_stand_on_and_says_why() {
    let world = HandlerFixture::new().await;
    let folder = tempfile::tempdir().unwrap();
    write_certificates(folder.path());
    configure(&world, folder.path(), "https://127.0.0.1:1");
    create_store(folder.path());
    run_and_stop(folder.path());
    let url = format!("sqlite://{}", folder.path().join("new.sqlite").display());
    let raw = Database::connect(url).await.unwrap();
    let event = "INSERT INTO events VALUES (1, randomblob(16), 0, x'7b7d', x'', zeroblob(32), zeroblob(32))";
    raw.execute_unprepared(event).await.unwrap();
    raw.close().await.unwrap();
    let refused = service_command(folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && refused.stdout.is_empty(), "{refused:?}");
    assert!(said.contains("entry 1 of the log") && said.contains("was altered"), "{said}");

    let check = || service_command(folder.path()).arg("--check-config").output();
    assert!(check().unwrap().status.success());
    // A file that is there and is not what it should be.
    for (file, other, named) in [
        ("handler.key", "api.key", "relay.certificate, relay.key: "),
        ("handler.pem", "trust.json", "relay.certificate"),
        ("ca.pem", "trust.json", "relay"),
        ("api.key", "handler.key", "api.certificate, api.key"),
        ("api.pem", "handler.pem", "api.certificate, api.key"),
        ("trust.json", "ca.pem", "trust"),
    ] {
        let [file, other] = [file, other].map(|name| folder.path().join(name));
        let good = fs::read(&file).unwrap();
        fs::copy(&other, &file).unwrap();
        let refused = check().unwrap();
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && said.contains(named), "{}: {said}", file.display());
        assert!(!said.contains("builder error"), "{said}");
        fs::write(&file, good).unwrap();
    }
    assert!(check().unwrap().status.success());
    fs::write(folder.path().join("log.key"), "no key").unwrap();
    let refused = check().unwrap();
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("keys.log"), "{refused:?}");
}

/// Every key and section that the configuration does not know, and every value that cannot be
/// meant, is refused with its name.
#[tokio::test]
async fn an_unknown_key_and_a_senseless_value_are_refused_by_name() {
    let world = HandlerFixture::new().await;
    let folder = tempfile::tempdir().unwrap();
    write_certificates(folder.path());
    configure(&world, folder.path(), "https://127.0.0.1:1");
    let file = folder.path().join("case-handler.toml");
    let good = fs::read_to_string(&file).unwrap();
    let check = || service_command(folder.path()).arg("--check-config").output().unwrap();
    for (from, to, told) in [
        ("[retention]", "[retentions]", &["retentions", "`retention`", "line "][..]),
        ("months = 60", "month = 12", &["`month`", "`months`", "line "]),
        ("[calendar]", "[calender]", &["calender", "`calendar`"]),
        ("warn_days = 3", "warn_day = 3", &["warn_day", "`warn_days`"]),
        ("collect_seconds = 1", "colect_seconds = 1", &["colect_seconds", "`collect_seconds`"]),
        ("#listen = \"127.0.0.1:9102\"", "lisen = \"127.0.0.1:9102\"", &["lisen", "`listen`"]),
        ("months = 60", "months = 0", &["retention.months = 0", "1 to 1200"]),
        ("months = 60", "months = 65000", &["retention.months"]),
        ("warn_days = 3", "warn_days = 400", &["calendar.warn_days"]),
        ("most_days_off = 2", "most_days_off = 0", &["calendar.most_days_off"]),
        ("most_aside_mib = 4096", "most_aside_mib = 0", &["store.most_aside_mib"]),
        ("collect_seconds = 1", "collect_seconds = 0", &["relay.collect_seconds"]),
        ("collect_seconds = 1", "collect_seconds = 9000000", &["relay.collect_seconds"]),
        ("\"12-25\"", "\"25-12\"", &["calendar", "25-12"]),
        ("url = \"https://127", "url = \"http://127", &["relay.url"]),
    ] {
        assert!(good.contains(from), "{from}");
        fs::write(&file, good.replacen(from, to, 1)).unwrap();
        let refused = check();
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success(), "{to} was taken");
        assert!(told.iter().all(|word| said.contains(word)), "{to}: {said}");
    }
    // Spaces, empty items and a byte order mark are taken as meant.
    fs::write(
        &file,
        format!(
            "\u{feff}{}",
            good.replacen(
                "\"12-25\"",
                "\" \
        12-25\", \"\"",
                1
            )
        ),
    )
    .unwrap();
    for (name, value, works) in [
        ("CASES_CALENDAR_HOLIDAYS", "01-01, 12-25", true),
        ("CASES_CALENDAR_HOLIDAYS", "", true),
        ("CASES_RETENTION_MONTH", "12", false),
    ] {
        let checked =
            service_command(folder.path()).arg("--check-config").env(name, value).output().unwrap();
        assert_eq!(checked.status.success(), works, "{name}={value}: {checked:?}");
    }
}
