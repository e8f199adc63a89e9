//! How the program ends: by a signal right after the ready line, and killed before a receipt is
//! read.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use common::{CONTENT_TYPE, MultipartFormData, TestInstallation, TestIntake, receipt_code};
use reqwest::{Client, StatusCode};
use rustix::process::{Pid, Signal, kill_process};

/// The handlers were missing for some microseconds: several starts, so that one of them meets the
/// moment.
const START_COUNT: usize = 30;

/// Returns the command that runs the intake of an installation on free ports.
fn intake_program(installation: &TestInstallation) -> Command {
    let config = &installation.config;
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/config/intake.toml");
    let mut command = Command::new(env!("CARGO_BIN_EXE_intake"));
    command.arg("--config").arg(&example).stdin(Stdio::null()).stdout(Stdio::piped());
    // The contacts of the example are fictitious: only a demonstration starts with them.
    command.env("INTAKE_DEMO", "true").env_remove("RUNTIME_DIRECTORY");
    for (name, value) in [
        ("INTAKE_PUBLIC_LISTEN", Path::new("127.0.0.1:0")),
        ("INTAKE_RELAY_LISTEN", Path::new("127.0.0.1:0")),
        ("INTAKE_RELAY_CA", &config.relay.ca),
        ("INTAKE_RELAY_CERTIFICATE", &config.relay.certificate),
        ("INTAKE_RELAY_KEY", &config.relay.key),
        ("INTAKE_STORE_URL", Path::new(&config.store.url)),
        ("INTAKE_DIRECTORY_TRUST", &config.directory.trust),
    ] {
        command.env(name, value);
    }
    command
}

#[test]
fn a_signal_right_after_the_ready_line_stops_the_program_gracefully() {
    let installation = TestInstallation::new();
    let program = || intake_program(&installation);
    assert!(program().arg("create-store").status().unwrap().success());
    for start in 0..START_COUNT {
        let mut child = program().spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("ready public="), "{line}");
        let pid = Pid::from_raw(child.id().try_into().unwrap()).unwrap();
        kill_process(pid, [Signal::TERM, Signal::INT][start % 2]).unwrap();
        let status = child.wait().unwrap();
        assert!(status.success(), "start {start} ended with {status}");
    }
}

/// A running program, and the address of its pages.
struct Running(Child, String);

impl Running {
    fn start(installation: &TestInstallation, folder: &Path) -> Self {
        let mut command = intake_program(installation);
        let mut child = command.env("RUNTIME_DIRECTORY", folder).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address =
            line.strip_prefix("ready public=").unwrap().split_whitespace().next().unwrap();
        Self(child, format!("http://{address}"))
    }

    /// Ends the program as the kernel does when memory runs out.
    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Without scripts, the receipt page is read after the report is stored.
#[tokio::test]
async fn a_receipt_outlives_an_intake_that_is_killed_before_it_is_read() {
    let installation = TestIntake::with_directory().await.stop().await;
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let http = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let page = async |running: &Running, path: &str| {
        let request = http.get(format!("{}{path}", running.1));
        request.header("sec-fetch-site", "same-origin").send().await.unwrap().text().await.unwrap()
    };

    let first = Running::start(&installation, folder.path());
    let token = "5a".repeat(16);
    let form = MultipartFormData::report("a story", 1).field("visit", &token).end();
    let request = http.post(format!("{}/en/report/send", first.1)).body(form);
    let sent = request.header("content-type", CONTENT_TYPE).send().await.unwrap();
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    let receipt = sent.headers()["location"].to_str().unwrap().to_owned();
    first.kill();

    let second = Running::start(&installation, folder.path());
    let shown = page(&second, &receipt).await;
    let code = receipt_code(&shown).unwrap_or_else(|| panic!("the receipt is lost: {shown}"));
    second.kill();

    // The receipt is deleted when it is noted, also for a later process.
    let third = Running::start(&installation, folder.path());
    assert_eq!(receipt_code(&page(&third, &receipt).await), Some(code));
    let token = receipt.split('/').nth(3).unwrap();
    let noted = http.post(format!("{}/en/report/noted", third.1)).body(format!("visit={token}"));
    assert_eq!(noted.send().await.unwrap().status(), StatusCode::SEE_OTHER);
    third.kill();
    let fourth = Running::start(&installation, folder.path());
    assert_eq!(receipt_code(&page(&fourth, &receipt).await), None);
    fourth.kill();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
