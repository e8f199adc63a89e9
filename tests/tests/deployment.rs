//! What an administration installs, checked by the tools that will read it.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn deploy(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(name);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn run(program: &str, arguments: &[&str]) -> Output {
    let output = Command::new(program).args(arguments).output();
    output.unwrap_or_else(|error| panic!("{program}: {error}; `cargo xtask test` installs it on Debian"))
}

fn words(output: &Output) -> String {
    [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat()
}

/// The unit in a folder, with a program that is there.
fn unit(folder: &Path, name: &str) -> PathBuf {
    let program = format!("/usr/local/bin/{name}");
    let text = deploy(&format!("systemd/burkindi-{name}.service"));
    assert_eq!(text.matches(&format!("{program} --config /etc/burkindi/{name}.toml")).count(), 2);
    let file = folder.join(format!("burkindi-{name}.service"));
    fs::write(&file, text.replace(&program, "/bin/true")).unwrap();
    file
}

#[test]
fn the_units_are_valid_and_leave_the_services_little_to_do() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["intake", "case-handler"] {
        let file = unit(folder.path(), name);
        let file = file.to_str().unwrap();
        let verified = run("systemd-analyze", &["verify", file]);
        assert!(verified.status.success() && words(&verified).is_empty(), "{}", words(&verified));
        // Of 100: systemd's own count of what a compromised service could still reach.
        let scored = run("systemd-analyze", &["security", "--offline=true", "--threshold=15", file]);
        assert!(scored.status.success(), "{}", words(&scored));
    }
}

#[test]
fn each_unit_has_an_account_that_is_there_before_its_first_start() {
    let accounts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/sysusers.d/burkindi.conf");
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("etc")).unwrap();
    let made = run(
        "systemd-sysusers",
        &[
            "--root",
            root.path().to_str().unwrap(),
            "--replace=/usr/lib/sysusers.d/burkindi.conf",
            accounts.to_str().unwrap(),
        ],
    );
    assert!(made.status.success(), "{}", words(&made));
    let groups = fs::read_to_string(root.path().join("etc/group")).unwrap();
    for name in ["intake", "case-handler"] {
        let account = format!("burkindi-{name}");
        let unit = deploy(&format!("systemd/{account}.service"));
        assert!(unit.contains(&format!("\nUser={account}\nGroup={account}\n")));
        assert!(groups.lines().any(|line| line.starts_with(&format!("{account}:"))), "{groups}");
    }
}

#[test]
fn the_proxy_takes_its_configuration_and_keeps_nothing_of_a_visitor() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let made = rcgen::generate_simple_self_signed(vec!["intake.example".to_owned()]).unwrap();
    fs::write(at("fullchain.pem"), made.cert.pem()).unwrap();
    fs::write(at("privkey.pem"), made.signing_key.serialize_pem()).unwrap();
    let shipped = deploy("nginx/nginx.conf");
    let ours = shipped.replace("/etc/burkindi/public/", &at(""));
    assert_ne!(ours, shipped);
    fs::write(at("nginx.conf"), format!("pid {};\n{ours}", at("pid"))).unwrap();
    let tested = run("nginx", &["-t", "-p", &at(""), "-e", &at("log"), "-c", &at("nginx.conf")]);
    assert!(tested.status.success(), "{}", words(&tested));
    for line in [
        "access_log off;",
        "error_log /dev/null;",
        "proxy_request_buffering off;",
        "proxy_max_temp_file_size 0;",
    ] {
        assert_eq!(shipped.matches(line).count(), 1, "{line}");
    }
}

#[test]
fn the_onion_service_takes_its_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let shipped = deploy("tor/torrc");
    assert!(
        shipped.contains("\nHiddenServicePoWDefensesEnabled 1\n") && shipped.contains("\nSafeLogging 1\n")
    );
    let ours = shipped.replace("/var/lib/tor", &folder.path().display().to_string());
    let file = folder.path().join("torrc");
    fs::write(&file, ours).unwrap();
    let verified = run("tor", &["--verify-config", "-f", file.to_str().unwrap()]);
    assert!(words(&verified).contains("Configuration was valid"), "{}", words(&verified));
}
