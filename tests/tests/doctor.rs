//! The doctors over real processes: a sound installation, and what each finds when something is not.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    process::{Command, Stdio},
};

use anyhow::Result;
use axum::{Router, response::Response, routing::any};
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
async fn a_sound_installation_is_found_sound_and_a_broken_one_is_explained() -> Result<()> {
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
    let handler = local(installation.case_handler()?, &[]);
    for check in
        ["keys.transport", "api.certificate", "store.url", "keys", "intake", "clock of the intake", "service"]
    {
        assert_eq!(handler.state(check), "good", "{check}: {}", handler.1);
    }

    // A key that others read, a proxy that writes down who came.
    let key = folder.path().join("admin/transport.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644))?;
    let proxy = folder.path().join("nginx.conf");
    fs::write(&proxy, "http { access_log /var/log/nginx/access.log; }")?;
    let handler = local(installation.case_handler()?, &[]);
    assert_eq!((handler.0, handler.state("keys.transport")), (8, "wrong"));
    let intake = local(installation.intake()?, &["--proxy", proxy.to_str().unwrap()]);
    assert_eq!((intake.0, intake.state("logs of the reverse proxy")), (8, "wrong"));

    // Something on the way that puts a cookie into pages, takes headers away, and makes answers up.
    let meddler = meddler().await?;
    let outside = from_outside(&office, &meddler);
    for check in [
        "headers of the pages",
        "what the first page loads",
        "mailboxes that are not there",
        "directory that reporters seal to",
    ] {
        assert_eq!(outside.state(check), "wrong", "{check}");
    }
    assert_eq!(outside.0, 8);

    // Nobody is there.
    let Office { installation, intake, case_handler } = office;
    intake.kill()?;
    let handler = {
        let mut command = installation.case_handler()?;
        command.args(["doctor", "--json"]);
        ask(command)
    };
    assert_eq!(handler.state("intake"), "wrong");
    case_handler.kill()
}

async fn meddler() -> Result<String> {
    let answer = || async {
        let page = format!("<script src=\"https://elsewhere.example/x.js\"></script>{}", " ".repeat(600));
        Response::builder().header("set-cookie", "visitor=1").body(axum::body::Body::from(page)).unwrap()
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(any(answer))).await });
    Ok(url)
}
