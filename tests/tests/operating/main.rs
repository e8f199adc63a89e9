//! Runs the commands of OPERATING.md literally on an empty machine, under the environment of the
//! shipped units: set up, back up, restore, migrate, renew certificates. Every doctor checks the
//! same store as the service.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod machine;

use std::{
    fs,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;
use machine::{DeployedMachine, SERVICE_ACCOUNTS, chown_to, is_root, output_text, run_as_account};
use test_postgres::PostgresCluster;
use xtask::{ChildService, free_ports};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_of_the_manual_work_literally_and_every_doctor_checks_the_store_of_the_service()
-> Result<()> {
    drop(rustls::crypto::ring::default_provider().install_default());
    let mut machine = DeployedMachine::new();
    machine.initialize_admin();
    machine.configure(free_ports()?);
    machine.install_files(&machine.path("admin"));

    // Without the folders, the error of `create-store` names the command that makes them. Without a
    // store, no service starts.
    for name in ["intake", "case-handler"] {
        assert!(machine.run_refused(name, &["create-store"]).contains("systemd-tmpfiles --create"));
    }
    machine.create_folders();
    for (name, _) in SERVICE_ACCOUNTS {
        let refused = format!("{:#}", machine.start(name).unwrap_err());
        assert!(
            refused.contains("create-store")
                && refused.contains(
                    "restore a \
            backup"
                ),
            "{refused}"
        );
        machine.run_ok(name, &["create-store"]);
        machine.assert_owned_by_service(name);
        assert!(machine.run_refused(name, &["create-store"]).contains("already"));
    }
    let stores = [
        machine.path("var/lib/burkindi-intake/spool.sqlite"),
        machine.path("var/lib/burkindi-case-handler/cases.sqlite"),
    ];
    let [spool, cases] = stores.each_ref().map(|path| path.display().to_string());
    let (intake, handler) = (machine.start("intake")?, machine.start("case-handler")?);
    assert!(
        DeployedMachine::has_open(&intake, &stores[0])
            && DeployedMachine::has_open(&handler, &stores[1])
    );
    machine.publish();
    machine.connect();
    assert!(machine.run_audit(&["verify"]).status.success());
    for (name, _) in SERVICE_ACCOUNTS {
        let backed_up = machine.run_backup(name);
        assert!(backed_up.status.success(), "{}", output_text(&backed_up));
        assert_eq!(machine.finding(name, "backups").0, "ok");
    }
    // The directory reaches the intake in the next collection cycle.
    for _ in 0..100 {
        if machine.finding("intake", "directory").0 == "ok" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    machine.assert_healthy("intake", &spool);
    machine.assert_healthy("case-handler", &cases);

    // A variable in a unit, as earlier units had it. The service uses another store, and its doctor
    // reports it.
    handler.stop()?;
    let mut elsewhere = machine.unit_command("burkindi-case-handler", "ExecStart");
    let other = machine.path("var/lib/burkindi-case-handler/other.sqlite");
    // The newest pages can still be in the write-ahead log.
    for suffix in ["", "-wal"] {
        let with_suffix = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
        let (from, to) = (with_suffix(&stores[1]), with_suffix(&other));
        if from.exists() {
            fs::copy(&from, &to)?;
            chown_to(&to, SERVICE_ACCOUNTS[1].1);
        }
    }
    elsewhere.env("CASE_HANDLER_STORE_URL", format!("sqlite://{}", other.display()));
    let handler =
        ChildService::start("case-handler", elsewhere, &machine.path("case-handler.log"))?;
    let (state, found) = machine.finding("case-handler", "store of the running service");
    assert!(state == "error" && found.contains("another store"), "{found}");
    handler.stop()?;
    intake.stop()?;

    check_restore(&machine, &stores)?;
    let cluster = PostgresCluster::start()?;
    // The accounts of the services can reach its socket.
    fs::set_permissions(cluster.folder(), fs::Permissions::from_mode(0o711))?;
    check_migration(&machine, &stores, &cluster)?;
    check_tls_renewal(&machine)?;
    check_wrong_settings(&machine)?;
    check_database_outage(&machine, &cluster).await
}

/// An empty machine: a restore brings everything back, for the service's account.
fn check_restore(machine: &DeployedMachine, stores: &[PathBuf; 2]) -> Result<()> {
    // The directory is newer than the backup, and the oversight body has seen it.
    let handler = machine.start("case-handler")?;
    machine.sign();
    machine.publish();
    machine.connect();
    handler.stop()?;
    for (name, _) in SERVICE_ACCOUNTS {
        fs::remove_dir_all(machine.path(&format!("var/lib/burkindi-{name}")))?;
        assert!(
            machine
                .run_refused(name, &["restore", &machine.newest_backup(name)])
                .contains("systemd-tmpfiles")
        );
    }
    machine.create_folders();
    for ((name, account), store) in SERVICE_ACCOUNTS.into_iter().zip(stores) {
        let refused = format!("{:#}", machine.start(name).unwrap_err());
        assert!(refused.contains("restore a backup"), "nothing starts empty: {refused}");
        let output = machine.run_ok(name, &["restore", &machine.newest_backup(name)]);
        assert!(output.contains(&store.display().to_string()), "the target is named: {output}");
        if name == "case-handler" {
            // Nothing was stored after the backup, so the log may continue.
            machine.run_ok(name, &["log", "continue"]);
        }
        machine.assert_owned_by_service(name);
        // A backup that an account may not read is not reported as damaged.
        if is_root() {
            let closed = machine.path("home/closed");
            fs::create_dir_all(&closed)?;
            fs::set_permissions(&closed, fs::Permissions::from_mode(0o700))?;
            let mut command = Command::new(machine.path(&format!("usr/local/bin/{name}")));
            command
                .arg("--config")
                .arg(machine.path(&format!("etc/burkindi/{name}.toml")))
                .arg("verify-backup")
                .arg(&closed);
            run_as_account(&mut command, account);
            let output = output_text(&command.env_clear().output()?);
            assert!(
                output.contains("ermission denied")
                    && !output.contains(
                        "no whole \
                backup"
                    ),
                "{output}"
            );
            // A third account is refused, with the command to type.
            let mut command = Command::new(machine.path(&format!("usr/local/bin/{name}")));
            command
                .arg("--config")
                .arg(machine.path(&format!("etc/burkindi/{name}.toml")))
                .arg("backup")
                .arg("/tmp/nowhere");
            command.uid(54_323).gid(account).env_clear();
            let output = output_text(&command.output()?);
            assert!(output.contains("belongs to") && output.contains("runuser -u"), "{output}");
        }
    }
    let (intake, handler) = (machine.start("intake")?, machine.start("case-handler")?);
    let older = machine.run_audit(&["verify"]);
    assert_eq!(
        older.status.code(),
        Some(6),
        "an older directory is an alarm: {}",
        output_text(&older)
    );
    machine.publish();
    let verified = machine.run_audit(&["verify"]);
    assert!(verified.status.success(), "{}", output_text(&verified));
    assert_eq!(
        machine.run_audit(&["accept", "--reason", "The disk failed"]).status.code(),
        Some(4),
        "there is no loss to accept"
    );
    machine.assert_healthy("intake", &stores[0].display().to_string());
    machine.assert_healthy("case-handler", &stores[1].display().to_string());
    handler.stop()?;
    intake.stop()
}

/// Migrates to `PostgreSQL`. No service opens the old files again, and the doctors check the
/// server.
fn check_migration(
    machine: &DeployedMachine,
    stores: &[PathBuf; 2],
    cluster: &PostgresCluster,
) -> Result<()> {
    // The URL names the file with the password, so every command sees it. No variable does.
    let mut urls = Vec::new();
    for (name, account) in SERVICE_ACCOUNTS {
        let password = machine.path(&format!("etc/burkindi/{name}.password"));
        fs::write(&password, "not needed here\n")?;
        fs::set_permissions(&password, fs::Permissions::from_mode(0o640))?;
        chown_to(&password, account);
        let url = cluster.create_database()?;
        let missing = format!("{url}?password_file={}x", password.display());
        let refused = machine.run_refused(name, &["migrate-to", &missing]);
        assert!(
            refused.contains("password_file=") && refused.contains("No such file"),
            "{refused}"
        );
        urls.push(format!("{url}?password_file={}", password.display()));
    }
    for ((name, _), url) in SERVICE_ACCOUNTS.into_iter().zip(&urls) {
        machine.run_ok(name, &["migrate-to", url]);
        machine.assert_owned_by_service(name);
        let refused = format!("{:#}", machine.start(name).unwrap_err());
        assert!(refused.contains("was moved to postgres://"), "{refused}");
        let backed_up = machine.run_backup(name);
        assert!(
            !backed_up.status.success() && output_text(&backed_up).contains("was moved to"),
            "{}",
            output_text(&backed_up)
        );
    }
    for ((name, store), url) in ["intake", "case-handler"].into_iter().zip(stores).zip(&urls) {
        machine.replace_setting(
            name,
            &format!("url = \"sqlite://{}\"", store.display()),
            &format!("url = \"{url}\""),
        );
    }
    let (intake, handler) = (machine.start("intake")?, machine.start("case-handler")?);
    assert!(!DeployedMachine::has_open(&handler, &stores[1]));
    for (name, _) in SERVICE_ACCOUNTS {
        machine.assert_healthy(name, "postgres://");
        assert_eq!(machine.finding(name, "password of store.url").0, "ok");
        let backed_up = machine.run_backup(name);
        assert!(backed_up.status.success(), "{}", output_text(&backed_up));
    }
    assert!(machine.run_audit(&["verify"]).status.success());
    handler.stop()?;
    intake.stop()
}

/// Renews the certificates for the same names. `relay.url` is compared with those names.
fn check_tls_renewal(machine: &DeployedMachine) -> Result<()> {
    let output = machine.run_admin(&[], &["tls", "renew"]);
    assert!(output.contains("intake.example") && output.contains("cases.example"), "{output}");
    machine.install_files(&machine.path("admin"));
    // A byte order mark from an editor changes nothing.
    for name in ["trust.json", "tls/ca.pem", "tls/intake.pem", "tls/api.pem", "tls/handler.pem"] {
        let file = machine.path(&format!("etc/burkindi/{name}"));
        let text = fs::read_to_string(&file)?;
        fs::write(&file, format!("\u{feff}{text}"))?;
    }
    let (intake, handler) = (machine.start("intake")?, machine.start("case-handler")?);
    assert!(machine.run_audit(&["verify"]).status.success());
    for (name, _) in SERVICE_ACCOUNTS {
        machine.assert_healthy(name, "postgres://");
    }
    let outside = machine.run_workbench(
        "home/admin",
        &[],
        &[
            "admin",
            "doctor",
            "--intake",
            &format!("http://{}", intake.addresses["public"]),
            "--trust",
            machine.path("admin/trust.json").to_str().unwrap(),
            "--relay",
            &intake.addresses["relay"],
            "--handler",
            &machine.handler_url,
            "--ca",
            machine.path("admin/tls/ca.pem").to_str().unwrap(),
        ],
    );
    assert_eq!(
        outside.status.code(),
        Some(7),
        "on one machine the relay is reachable (a warning), with no error: {}",
        output_text(&outside)
    );
    handler.stop()?;
    intake.stop()?;
    let good = machine.path("etc/burkindi/case-handler.toml");
    let file = fs::read_to_string(&good)?;
    let line = file.lines().find(|line| line.starts_with("url = \"https://127.0.0.1:")).unwrap();
    machine.replace_setting("case-handler", line, "url = \"https://intake.internal:8444\"");
    let output = machine.run_refused("case-handler", &["--check-config"]);
    assert!(output.contains("intake.internal") && output.contains("--host"), "{output}");
    let (state, found) = machine.finding("case-handler", "names of the certificates");
    assert!(state == "error" && found.contains("intake.example"), "{found}");
    Ok(fs::write(good, file)?)
}

/// A service starts with each of these settings and does not work. `doctor` reports each as an
/// error.
fn check_wrong_settings(machine: &DeployedMachine) -> Result<()> {
    let tls = machine.path("etc/burkindi/tls").display().to_string();
    let certificate = |name: &str| format!("ca = \"{tls}/{name}.pem\"");
    let [other_port] = free_ports()?;
    let intake = fs::read_to_string(machine.path("etc/burkindi/intake.toml"))?;
    let listen = intake.lines().find(|line| line.starts_with("listen = \"127.0.0.1:")).unwrap();
    let (_, port) = listen.split_once("127.0.0.1:").unwrap();
    let (port, _) = port.split_once('"').unwrap();
    let proxy = machine.path("etc/nginx.conf");
    let shipped = machine::read_deploy_file("nginx/nginx.conf");
    fs::write(&proxy, shipped.replace("127.0.0.1:8080", &format!("127.0.0.1:{port}")))?;
    let proxy = ["--proxy", proxy.to_str().unwrap()];
    let trusts_proxy = "trusted_proxies = [\"127.0.0.2\"]";
    machine.replace_setting("intake", "trusted_proxies = []", trusts_proxy);
    assert_eq!(machine.finding_with("intake", &proxy, "target of the reverse proxy").0, "ok");
    let (ca, proxy_check) = ("authority of the relay", "target of the reverse proxy");
    for (name, check, from, to, expected) in [
        ("intake", ca, certificate("ca"), certificate("intake"), "did not issue"),
        ("case-handler", "relay.ca", certificate("ca"), certificate("handler"), "did not issue"),
        (
            "intake",
            proxy_check,
            format!("listen = \"127.0.0.1:{port}\""),
            format!("listen = \"127.0.0.1:{other_port}\""),
            "public.listen",
        ),
        (
            "intake",
            proxy_check,
            trusts_proxy.to_owned(),
            "trusted_proxies = []".to_owned(),
            "trusted_proxies",
        ),
    ] {
        let file = machine.path(&format!("etc/burkindi/{name}.toml"));
        let good = fs::read_to_string(&file)?;
        machine.replace_setting(name, &from, &to);
        let options: &[&str] = if name == "intake" { &proxy } else { &[] };
        let (state, found) = machine.finding_with(name, options, check);
        assert!(state == "error" && found.contains(expected), "{to}: {state}: {found}");
        fs::write(&file, good)?;
    }
    check_error_lines(machine)
}

/// Both programs print an error in the same form: one line with the program, the key, the file and
/// each cause once. The exit code is 1.
fn check_error_lines(machine: &DeployedMachine) -> Result<()> {
    fs::write(machine.path("etc/burkindi/wrong.json"), "no keys")?;
    fs::write(machine.path("etc/burkindi/tls/wrong.pem"), "no certificate")?;
    for (name, _) in SERVICE_ACCOUNTS {
        let file = machine.path(&format!("etc/burkindi/{name}.toml"));
        let good = fs::read_to_string(&file)?;
        for (key, from, to) in [
            ("directory.trust", "trust.json", "missing.json"),
            ("directory.trust", "trust.json", "wrong.json"),
            ("relay.ca", "tls/ca.pem", "tls/missing.pem"),
            ("relay.ca", "tls/ca.pem", "tls/wrong.pem"),
        ] {
            machine.replace_setting(name, &format!("{from}\""), &format!("{to}\""));
            let output = machine.run_as_root(name, &["--check-config"]);
            let text = output_text(&output);
            let path = machine.path(&format!("etc/burkindi/{to}")).display().to_string();
            assert!(text.starts_with(&format!("{name}: {key}: {path}: ")), "{text}");
            assert_eq!((output.status.code(), text.lines().count()), (Some(1), 1), "{text}");
            fs::write(&file, &good)?;
        }
        let [closed] = free_ports()?;
        let is_store = |line: &&str| line.starts_with("url = \"postgres://");
        let store = good.lines().find(is_store).unwrap();
        let other = format!("url = \"postgres://burkindi@127.0.0.1:{closed}/cases\"");
        machine.replace_setting(name, store, &other);
        let text = machine.run_refused(name, &["create-store"]);
        let is_one_line = text.starts_with(&format!("{name}: ")) && text.lines().count() == 1;
        assert!(is_one_line && text.matches("Connection refused").count() == 1, "{text}");
        fs::write(&file, &good)?;
    }
    Ok(())
}

/// Without the database server, the intake logs it once, with the address.
async fn check_database_outage(machine: &DeployedMachine, cluster: &PostgresCluster) -> Result<()> {
    let intake = machine.start("intake")?;
    let mailbox = format!("http://{}/api/mailbox", intake.addresses["public"]);
    let wanted = format!("{{\"locator\":\"{}\"}}", "A".repeat(43));
    let ask = async || reqwest::Client::new().post(&mailbox).body(wanted.clone()).send().await;
    assert!(ask().await?.status().is_success());
    cluster.stop()?;
    for _ in 0..3 {
        assert_eq!(ask().await?.status(), reqwest::StatusCode::SERVICE_UNAVAILABLE);
    }
    let log = fs::read_to_string(machine.path("intake.log"))?;
    assert_eq!(log.matches("database error: postgres://").count(), 1, "{log}");
    drop(intake);
    for (name, _) in SERVICE_ACCOUNTS {
        let refused = format!("{:#}", machine.start(name).unwrap_err());
        assert!(refused.contains("Check that the server runs"), "{refused}");
    }
    Ok(())
}
