//! The doctors over real processes: a sound installation, and what each finds when something is not.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::process::{Command, Stdio};

use anyhow::Result;
use scenarios::Office;
use serde_json::Value;
use xtask::Settings;

/// What a doctor finds: exit code, and state by check.
struct Found(i32, Value);

fn ask(mut command: Command) -> Found {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let report = serde_json::from_str(&said)
        .unwrap_or_else(|_| panic!("{said}{}", String::from_utf8_lossy(&output.stderr)));
    Found(output.status.code().unwrap(), report)
}

impl Found {
    fn state(&self, check: &str) -> &str {
        let findings = self.1["findings"].as_array().unwrap();
        let found = findings.iter().find(|finding| finding["check"] == check);
        let finding = found.unwrap_or_else(|| panic!("{check} was not looked at: {}", self.1));
        assert!(finding["state"] == "good" || finding["advice"].is_string(), "{finding}");
        finding["state"].as_str().unwrap()
    }
}

fn from_outside(office: &Office, intake: &str) -> Found {
    let installation = &office.installation;
    let (trust, ca) =
        (installation.root().join("admin/trust.json"), installation.root().join("admin/tls/ca.pem"));
    let relay = office.intake.addresses["relay"].clone();
    ask(installation.burkindi(
        "admin",
        &[
            "admin",
            "doctor",
            "--intake",
            intake,
            "--trust",
            trust.to_str().unwrap(),
            "--relay",
            &relay,
            "--handler",
            &installation.handler_url(),
            "--ca",
            ca.to_str().unwrap(),
        ],
    ))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sound_installation_is_found_sound() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let office = Office::open(folder.path(), Settings::default())?;
    office.visitor("fr").await?;
    let installation = &office.installation;

    let outside = from_outside(&office, &installation.public_url());
    for check in [
        "headers of the pages",
        "size of the first page",
        "what the first page loads",
        "mailboxes that are not there",
        "directory that reporters seal to",
        "directory",
        "clock of the public server",
        "clock of the private server",
        "certificate of the case handler",
        "directory of the case handler",
        "submissions set aside",
    ] {
        assert_eq!(outside.state(check), "good", "{check}: {}", outside.1);
    }
    // On one machine the relay is in reach and nothing is encrypted on the way: soon, not wrong.
    assert_eq!(outside.state("relay, seen from here"), "soon");
    assert_eq!(outside.0, 7);

    let local = |mut command: Command, more: &[&str]| {
        command.arg("doctor").arg("--json").args(more);
        ask(command)
    };
    let intake = local(installation.intake()?, &["--no-proxy"]);
    for check in
        ["configuration", "key of the relay", "certificate of the relay", "spool", "service", "directory"]
    {
        assert_eq!(intake.state(check), "good", "{check}: {}", intake.1);
    }
    Ok(())
}
