//! The files that an administration installs, checked by the tools that read them.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod proxies;
mod proxy_requests;

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn read_deploy_file(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(name);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn run_program(program: &str, arguments: &[&str]) -> Output {
    let output = Command::new(program).args(arguments).output();
    output.unwrap_or_else(|error| {
        panic!("{program}: {error}; `cargo xtask test` installs it on Debian")
    })
}

fn output_text(output: &Output) -> String {
    [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat()
}

/// Writes the unit to a folder, with a program that exists on this machine.
fn write_unit(folder: &Path, name: &str) -> PathBuf {
    let program = format!("/usr/local/bin/{name}");
    let text = read_deploy_file(&format!("systemd/burkindi-{name}.service"));
    assert_eq!(text.matches(&format!("{program} --config /etc/burkindi/{name}.toml")).count(), 2);
    let file = folder.join(format!("burkindi-{name}.service"));
    fs::write(&file, text.replace(&program, "/bin/true")).unwrap();
    file
}

#[test]
fn the_units_are_valid_and_leave_the_services_little_to_do() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["intake", "case-handler"] {
        let file = write_unit(folder.path(), name);
        let file = file.to_str().unwrap();
        let verified = run_program("systemd-analyze", &["verify", file]);
        assert!(
            verified.status.success() && output_text(&verified).is_empty(),
            "{}",
            output_text(&verified)
        );
        // Of 100: systemd's own score of what a compromised service could still access.
        let scored =
            run_program("systemd-analyze", &["security", "--offline=true", "--threshold=15", file]);
        assert!(scored.status.success(), "{}", output_text(&scored));
    }
}

/// Commands that an operator types, and the other unit, would not see a setting in one unit.
#[test]
fn the_units_leave_every_setting_to_the_one_configuration_file() {
    for name in ["intake", "case-handler"] {
        for kind in ["", "-backup", "-doctor"] {
            let unit = read_deploy_file(&format!("systemd/burkindi-{name}{kind}.service"));
            for line in unit.lines().filter_map(|line| line.strip_prefix("Environment=")) {
                assert!(
                    !line.contains("INTAKE_") && !line.contains("CASE_HANDLER_"),
                    "{name}{kind}: \
                    {line}"
                );
            }
        }
        // The file and the unit name the same folder.
        let configuration = read_deploy_file(&format!("config/{name}.toml"));
        assert!(configuration.contains(&format!("/var/lib/burkindi-{name}/")), "{name}");
        assert!(
            read_deploy_file(&format!("systemd/burkindi-{name}.service"))
                .contains(&format!("\nStateDirectory=burkindi-{name}\n"))
        );
        let container = read_deploy_file("container/compose.yaml");
        assert!(
            container.contains(&format!(":/var/lib/burkindi-{name}\n"))
                && !container.contains("INTAKE_")
                && !container.contains("CASE_HANDLER_")
        );
        assert!(
            read_deploy_file("container/Containerfile")
                .contains(&format!("/var/lib/burkindi-{name}"))
        );
    }
    let several = read_deploy_file("systemd/burkindi-intake@.service");
    assert!(!several.contains("INTAKE_STORE"), "all instances share one store");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("burkindi-intake@.service");
    fs::write(&file, several.replace("/usr/local/bin/intake", "/bin/true")).unwrap();
    let instance = folder.path().join("burkindi-intake@81.service");
    std::os::unix::fs::symlink(&file, &instance).unwrap();
    let verified = run_program("systemd-analyze", &["verify", instance.to_str().unwrap()]);
    assert!(
        verified.status.success() && output_text(&verified).is_empty(),
        "{}",
        output_text(&verified)
    );
}

#[test]
fn the_backup_units_are_valid_and_leave_as_little_to_do() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["intake", "case-handler"] {
        let text = read_deploy_file(&format!("systemd/burkindi-{name}-backup.service"));
        let program = "/usr/local/sbin/burkindi-backup";
        assert!(text.contains(&format!("ExecStart={program} {name} ")));
        let file = |kind: &str| folder.path().join(format!("burkindi-{name}-backup.{kind}"));
        fs::write(file("service"), text.replace(program, "/bin/true")).unwrap();
        fs::write(
            file("timer"),
            read_deploy_file(&format!("systemd/burkindi-{name}-backup.timer")),
        )
        .unwrap();
        for kind in ["service", "timer"] {
            let verified =
                run_program("systemd-analyze", &["verify", file(kind).to_str().unwrap()]);
            assert!(
                verified.status.success() && output_text(&verified).is_empty(),
                "{}",
                output_text(&verified)
            );
        }
        assert!(text.contains("\nOnFailure=burkindi-failed@%n.service\n"));
        let service = file("service");
        let security = ["security", "--offline=true", "--threshold=15", service.to_str().unwrap()];
        let scored = run_program("systemd-analyze", &security);
        assert!(scored.status.success(), "{}", output_text(&scored));
    }
}

/// Systemd restarts a service without limit and never marks it as failed. The hourly doctor reports
/// the failure instead.
#[test]
fn the_doctor_units_are_valid_and_fail_to_the_operator() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: String| folder.path().join(name);
    let failed = read_deploy_file("systemd/burkindi-failed@.service");
    let failed = failed.replace("/usr/local/sbin/burkindi-failed", "/bin/true");
    fs::write(at("burkindi-failed@.service".to_owned()), failed).unwrap();
    for name in ["intake", "case-handler"] {
        let text = read_deploy_file(&format!("systemd/burkindi-{name}-doctor.service"));
        let program = format!("/usr/local/bin/{name}");
        assert!(
            text.contains(&format!(
                "ExecStart={program} --config /etc/burkindi/{name}.toml doctor\n"
            ))
        );
        assert!(text.contains("\nOnFailure=burkindi-failed@%n.service\n"));
        // A warning, such as a directory that expires soon, alerts the operator in time.
        assert!(!text.contains("SuccessExitStatus"));
        let file = |kind: &str| at(format!("burkindi-{name}-doctor.{kind}"));
        fs::write(file("service"), text.replace(&program, "/bin/true")).unwrap();
        fs::write(
            file("timer"),
            read_deploy_file(&format!("systemd/burkindi-{name}-doctor.timer")),
        )
        .unwrap();
        for kind in ["service", "timer"] {
            let verified =
                run_program("systemd-analyze", &["verify", file(kind).to_str().unwrap()]);
            assert!(
                verified.status.success() && output_text(&verified).is_empty(),
                "{}",
                output_text(&verified)
            );
        }
        let service = file("service");
        let security = ["security", "--offline=true", "--threshold=15", service.to_str().unwrap()];
        let scored = run_program("systemd-analyze", &security);
        assert!(scored.status.success(), "{}", output_text(&scored));
    }
}

#[test]
fn a_failure_is_reported_to_the_operator_once_a_day() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/alert/burkindi-failed");
    let script = script.to_str().unwrap();
    let checked = run_program("shellcheck", &[script]);
    assert!(checked.status.success(), "{}", output_text(&checked));
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    // Programs that record their arguments.
    for (name, noted) in [("logger", "$*"), ("wall", "$*"), ("sendmail", "$(cat)")] {
        fs::write(at(name), format!("#!/bin/sh\necho \"{name}: {noted}\" >> \"$NOTES\"\n"))
            .unwrap();
        fs::set_permissions(at(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let unit = "burkindi-intake-doctor.service";
    let fails = || {
        let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
        let mut command = Command::new(script);
        command.arg(unit).env("PATH", path).env("NOTES", at("notes"));
        let output = command.env("RUNTIME_DIRECTORY", folder.path()).output().unwrap();
        assert!(output.status.success(), "{}", output_text(&output));
        fs::read_to_string(at("notes")).unwrap()
    };
    let alert = fails();
    for word in ["logger: --priority user.crit", "wall: ", "sendmail: To: root\nSubject: "] {
        assert_eq!(alert.matches(word).count(), 1, "{alert}");
    }
    assert!(alert.contains(&format!("{unit} failed on ")), "{alert}");
    assert_eq!(fails(), alert, "one alert a day");
    let earlier = std::time::SystemTime::now() - std::time::Duration::from_hours(24);
    fs::File::options().write(true).open(at(unit)).unwrap().set_modified(earlier).unwrap();
    assert_eq!(fails(), alert.repeat(2));
}

#[test]
fn the_sample_audio_pack_has_a_clip_of_each_text() {
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy");
    let script = deploy.join("audio/sample-pack");
    let checked = run_program("shellcheck", &[script.to_str().unwrap()]);
    assert!(checked.status.success(), "{}", output_text(&checked));
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    // A synthesiser that notes what it speaks, and an encoder that writes a silent frame of MP3.
    let frame = [&[0xFF, 0xF3, 0x28, 0xC4][..], &[0; 68]].concat();
    fs::write(at("silence"), frame).unwrap();
    for (name, does) in [
        ("espeak-ng", "{ cat; echo; } >> \"$NOTES\""),
        ("lame", "for out; do :; done; cp \"$SILENCE\" \"$out\""),
    ] {
        fs::write(at(name), format!("#!/bin/sh\n{does}\n")).unwrap();
        fs::set_permissions(at(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let programs = scenarios::programs_dir().unwrap();
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{}:{path}", folder.path().display(), programs.display());
    let (config, out) = (deploy.join("config/intake.toml"), at("ar.pack"));
    let mut command = Command::new(&script);
    command.args([config.as_os_str(), "ar".as_ref(), out.as_os_str()]);
    command.env("PATH", path).env("NOTES", at("notes")).env("SILENCE", at("silence"));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", output_text(&output));
    let spoken = fs::read_to_string(at("notes")).unwrap();
    assert!(spoken.contains("\nطلب أحدهم مالاً أو هدية\n"), "{spoken}");
    let count = spoken.lines().count();
    assert!(count > 300, "{count} texts");
    let printed = output_text(&output);
    assert!(
        printed.contains(&format!("{count} clips. 0 of {count} texts have no clip")),
        "{printed}"
    );
    assert!(fs::read(out).unwrap().starts_with(b"burkindi-audio-1\n"));
}

#[test]
fn the_nightly_backup_verifies_copies_and_retains_the_newest() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/backup/burkindi-backup");
    let script = script.to_str().unwrap();
    let checked = run_program("shellcheck", &[script]);
    assert!(checked.status.success(), "{}", output_text(&checked));

    // A service that only records its arguments.
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("intake"), "#!/bin/sh\nset -eu\necho \"$3\" >> \"$NOTES\"\n[ \"$3\" != verify-backup ] || [ ! -e \"$NOTES.broken\" ]\nmkdir -p \"$4\"\n").unwrap();
    fs::set_permissions(at("intake"), fs::Permissions::from_mode(0o755)).unwrap();
    let backups = at("backups");
    for old in [
        "2026-11-20T023000Z",
        "2026-11-21T023000Z",
        "2026-11-22T023000Z",
        "2026-11-23T023000Z.part",
    ] {
        fs::create_dir_all(backups.join(old)).unwrap();
    }
    fs::create_dir(backups.join("operator's own folder")).unwrap();
    let back_up = || {
        let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
        let mut command = Command::new(script);
        command
            .args(["intake", backups.to_str().unwrap(), "2"])
            .env("PATH", path)
            .env("NOTES", at("notes"));
        command.status().unwrap().success()
    };
    let remaining = || {
        let mut names: Vec<_> = fs::read_dir(&backups)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    fs::write(at("notes.broken"), "").unwrap();
    assert!(!back_up(), "a backup that cannot be restored is a failure");
    assert!(
        remaining().iter().any(|name| name.starts_with("2026-11-20")),
        "nothing older went for it: {:?}",
        remaining()
    );
    fs::remove_file(at("notes.broken")).unwrap();
    assert!(back_up());
    let remaining = remaining();
    assert_eq!(remaining.len(), 3, "{remaining:?}");
    assert!(
        remaining.contains(&"2026-11-22T023000Z".to_owned())
            && remaining.contains(&"operator's own folder".to_owned())
    );
    assert_eq!(
        fs::read_to_string(at("notes")).unwrap(),
        "backup\nverify-backup\nbackup\nverify-backup\n"
    );
}

#[test]
fn the_dashboard_shows_metrics_that_exist() {
    let dashboard: serde_json::Value =
        serde_json::from_str(&read_deploy_file("metrics/dashboard.json")).unwrap();
    let sources = ["intake/src/metrics/mod.rs", "case-handler/src/metrics.rs"].map(|path| {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates").join(path);
        fs::read_to_string(file).unwrap()
    });
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    let shown = targets.map(|target| target["expr"].as_str().unwrap().to_owned());
    let rules = read_deploy_file("metrics/alerts.yml");
    let alerts = rules
        .lines()
        .filter_map(|line| {
            line.trim().strip_prefix(
                "expr: \
        ",
            )
        })
        .map(ToOwned::to_owned);
    let expressions: Vec<String> = shown.chain(alerts).collect();
    let mut seen = 0;
    for expression in &expressions {
        for word in expression.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')) {
            let Some(metric) = word.strip_prefix("burkindi_") else { continue };
            let known = sources.iter().any(|source| source.contains(&format!("\"{metric}\"")));
            assert!(known, "{word} is not a metric");
            seen += 1;
        }
    }
    assert!(seen >= expressions.len() && expressions.len() > 12);
}

#[test]
fn the_containers_are_as_confined_as_the_units() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/container/compose.yaml");
    let to_json =
        "import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)";
    let read = run_program("/usr/bin/python3", &["-c", to_json, file.to_str().unwrap()]);
    assert!(read.status.success(), "{}", output_text(&read));
    let own =
        run_program("docker-compose", &["--file", file.to_str().unwrap(), "config", "--quiet"]);
    assert!(own.status.success(), "{}", output_text(&own));
    let compose: serde_json::Value = serde_json::from_slice(&read.stdout).unwrap();
    for name in ["intake", "case-handler"] {
        let service = &compose["services"][name];
        assert_eq!(
            service["command"],
            serde_json::json!([name, "--config", format!("/etc/burkindi/{name}.toml")])
        );
        assert_eq!(service["cap_drop"], serde_json::json!(["ALL"]));
        assert_eq!(service["read_only"], true);
        assert_eq!(service["mem_limit"], service["memswap_limit"], "no swap");
        assert_eq!(service["ulimits"]["core"], 0);
        let unit = read_deploy_file(&format!("systemd/burkindi-{name}.service"));
        assert!(unit.contains(&format!("\nTasksMax={}\n", service["pids_limit"])));
    }
    let image = read_deploy_file("container/Containerfile");
    assert!(image.contains("\nUSER burkindi\n") && image.contains("--locked"));
}

/// No container engine is available. The test copies what the first stage would copy and runs its
/// commands, with the packages that are installed already.
#[test]
fn the_container_file_brings_all_that_the_browsers_script_is_made_of() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let file = read_deploy_file("container/Containerfile");
    let stages: Vec<&str> = file.split("\nFROM ").skip(1).collect();
    let stage =
        stages.iter().find(|stage| stage.lines().next().unwrap().ends_with(" AS script")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let inside = |at: &Path, path: &str| match path.strip_prefix('/') {
        Some(absolute) => folder.path().join(absolute),
        None => at.join(path),
    };
    let (mut at, mut ran) = (folder.path().to_path_buf(), false);
    for line in stage.lines().skip(1) {
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["WORKDIR", path] => {
                at = inside(&at, path);
                fs::create_dir_all(&at).unwrap();
            }
            ["COPY", from, to] => {
                let to = inside(&at, to);
                fs::create_dir_all(to.parent().unwrap()).unwrap();
                copy_tree(&root.join(from), &to);
            }
            ["RUN", ..] => {
                let installed =
                    root.join("crates/intake/browser/node_modules").canonicalize().unwrap();
                std::os::unix::fs::symlink(installed, at.join("browser/node_modules")).unwrap();
                let (install, build) =
                    line.strip_prefix("RUN ").unwrap().split_once(" && ").unwrap();
                assert!(install.starts_with("npm ci --prefix browser "), "{install}");
                let made =
                    Command::new("sh").args(["-euc", build]).current_dir(&at).output().unwrap();
                assert!(made.status.success(), "{}", output_text(&made));
                ran = true;
            }
            _ => {}
        }
    }
    assert!(ran && at.join("browser/dist/reporter.js").is_file());
    // Later stages copy only what earlier stages produce.
    for taken in
        ["--from=script /build/crates/intake ", "--from=build /build/target/release/intake "]
    {
        assert!(file.contains(&format!("\nCOPY {taken}")), "{taken}");
    }
}

/// Copies a file or a folder, without what the build context excludes.
fn copy_tree(from: &Path, to: &Path) {
    if from.is_file() {
        fs::copy(from, to).unwrap();
        return;
    }
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if ["node_modules", "target", "var", "dist"]
            .iter()
            .all(|left_out| entry.file_name() != *left_out)
        {
            copy_tree(&entry.path(), &to.join(entry.file_name()));
        }
    }
}

#[test]
fn each_unit_has_an_account_that_is_there_before_its_first_start() {
    let accounts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/sysusers.d/burkindi.conf");
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("etc")).unwrap();
    let made = run_program(
        "systemd-sysusers",
        &[
            "--root",
            root.path().to_str().unwrap(),
            "--replace=/usr/lib/sysusers.d/burkindi.conf",
            accounts.to_str().unwrap(),
        ],
    );
    assert!(made.status.success(), "{}", output_text(&made));
    let groups = fs::read_to_string(root.path().join("etc/group")).unwrap();
    let folders = read_deploy_file("tmpfiles.d/burkindi.conf");
    for name in ["intake", "case-handler"] {
        let account = format!("burkindi-{name}");
        let unit = read_deploy_file(&format!("systemd/{account}.service"));
        assert!(unit.contains(&format!("\nUser={account}\nGroup={account}\n")));
        assert!(groups.lines().any(|line| line.starts_with(&format!("{account}:"))), "{groups}");
        for folder in ["", "-backups"] {
            assert!(
                folders.contains(&format!(
                    "d /var/lib/{account}{folder} 0700 {account} {account} \
                    -"
                )),
                "{folders}"
            );
        }
    }
    // The worker of nginx reads the pages under another account, which cannot enter a folder of the
    // service.
    let proxy = read_deploy_file("nginx/nginx.conf");
    for (folder, used) in [
        ("burkindi-error-pages", "root /var/lib;"),
        ("burkindi-acme", "root /var/lib/burkindi-acme;"),
    ] {
        assert!(
            folders.contains(&format!("\nd /var/lib/{folder} 0755 root root -\n")),
            "{folders}"
        );
        assert!(proxy.contains(used), "{used}");
    }
}
