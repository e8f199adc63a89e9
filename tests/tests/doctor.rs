//! The doctors over real processes: a healthy installation, and the findings of each doctor after a
//! fault.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    process::{Command, Stdio},
};

use anyhow::Result;
use axum::{Router, response::Response, routing::any};
use scenarios::{ProxySettings, ReverseProxy, RunningInstallation};
use serde_json::Value;
use xtask::InstallationSettings;

/// Result of a doctor: its exit code, and its report as JSON.
struct DoctorRun(i32, Value);

fn run_doctor(mut command: Command) -> DoctorRun {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let report = serde_json::from_str(&stdout)
        .unwrap_or_else(|_| panic!("{stdout}{}", String::from_utf8_lossy(&output.stderr)));
    DoctorRun(output.status.code().unwrap(), report)
}

impl DoctorRun {
    fn severity_of(&self, check: &str) -> &str {
        let findings = self.1["findings"].as_array().unwrap();
        let found = findings.iter().find(|finding| finding["check"] == check);
        let finding =
            found.unwrap_or_else(|| panic!("the doctor did not check {check}: {}", self.1));
        assert!(finding["state"] == "ok" || finding["advice"].is_string(), "{finding}");
        finding["state"].as_str().unwrap()
    }
}

fn run_external_doctor(running: &RunningInstallation, intake: &str) -> DoctorRun {
    let installation = &running.installation;
    let (trust, ca) = (
        installation.root().join("admin/trust.json"),
        installation.root().join("admin/tls/ca.pem"),
    );
    let relay = running.intake.addresses["relay"].clone();
    run_doctor(installation.workbench_command(
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
async fn a_healthy_installation_passes_and_each_fault_is_explained() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let running = RunningInstallation::start(folder.path(), InstallationSettings::default())?;
    running.reporter("fr").await?;
    let installation = &running.installation;

    let outside = run_external_doctor(&running, &installation.public_url());
    for check in [
        "headers of the pages",
        "size of the first page",
        "resources of the first page",
        "unknown mailboxes",
        "directory for reporters",
        "desks of the directory",
        "directory",
        "clock of the public server",
        "clock of the private server",
        "certificate of the case handler",
        "directory of the case handler",
        "quarantined submissions",
    ] {
        assert_eq!(outside.severity_of(check), "ok", "{check}: {}", outside.1);
    }
    // On one machine the relay is reachable from outside and its path is not encrypted: a warning,
    // not an error.
    assert_eq!(outside.severity_of("relay, from this machine"), "warning");
    assert_eq!(outside.0, 7);

    let local = |mut command: Command, more: &[&str]| {
        command.arg("doctor").arg("--json").args(more);
        run_doctor(command)
    };
    let intake = local(installation.intake_command()?, &["--no-proxy"]);
    for check in [
        "configuration",
        "key of the relay",
        "certificate of the relay",
        "spool",
        "service",
        "directory",
    ] {
        assert_eq!(intake.severity_of(check), "ok", "{check}: {}", intake.1);
    }
    let handler = local(installation.case_handler_command()?, &[]);
    for check in [
        "keys.transport",
        "api.certificate",
        "store.url",
        "keys",
        "intake",
        "clock of the intake",
        "service",
    ] {
        assert_eq!(handler.severity_of(check), "ok", "{check}: {}", handler.1);
    }

    // A key that other accounts can read, and a proxy that logs addresses.
    let key = folder.path().join("admin/transport.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644))?;
    let proxy = folder.path().join("nginx.conf");
    fs::write(&proxy, "http { access_log /var/log/nginx/access.log; }")?;
    let handler = local(installation.case_handler_command()?, &[]);
    assert_eq!((handler.0, handler.severity_of("keys.transport")), (8, "error"));
    let intake = local(installation.intake_command()?, &["--proxy", proxy.to_str().unwrap()]);
    assert_eq!((intake.0, intake.severity_of("logs of the reverse proxy")), (8, "error"));

    // A proxy that adds a cookie to pages, removes headers and invents responses.
    let meddler = start_tampering_proxy().await?;
    let outside = run_external_doctor(&running, &meddler);
    for check in [
        "headers of the pages",
        "resources of the first page",
        "unknown mailboxes",
        "directory for reporters",
    ] {
        assert_eq!(outside.severity_of(check), "error", "{check}");
    }
    assert_eq!(outside.0, 8);

    // A certificate that browsers reject. The report names it, and contains all other checks.
    let intakes = [running.intake.addresses["public"].parse()?];
    let settings = ProxySettings { intakes: &intakes, posts_of_one_address: None, tls: true };
    let proxy = ReverseProxy::start(settings)?;
    let outside = run_external_doctor(&running, &format!("https://{}", proxy.address));
    let findings = outside.1["findings"].as_array().unwrap();
    let pages = findings.iter().find(|finding| finding["check"] == "pages").unwrap();
    assert!(
        pages["advice"].as_str().unwrap().contains("browsers reject its certificate"),
        "{pages}"
    );
    for check in ["headers of the pages", "unknown mailboxes", "directory for reporters"] {
        assert_eq!(outside.severity_of(check), "ok", "{check}: {}", outside.1);
    }
    assert_eq!((outside.0, outside.severity_of("pages")), (8, "error"));
    drop(proxy);

    // The intake is down.
    let RunningInstallation { installation, intake, case_handler } = running;
    intake.kill()?;
    let handler = {
        let mut command = installation.case_handler_command()?;
        command.args(["doctor", "--json"]);
        run_doctor(command)
    };
    assert_eq!(handler.severity_of("intake"), "error");
    case_handler.kill()
}

async fn start_tampering_proxy() -> Result<String> {
    let answer = || async {
        let page =
            format!("<script src=\"https://elsewhere.example/x.js\"></script>{}", " ".repeat(600));
        Response::builder()
            .header("set-cookie", "visitor=1")
            .body(axum::body::Body::from(page))
            .unwrap()
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(any(answer))).await });
    Ok(url)
}
