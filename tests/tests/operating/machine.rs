//! A simulated machine in a folder. The shipped files are in their places, and services run under
//! the environment of their units.

use std::{
    fs,
    io::Write as _,
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use anyhow::Result;
use scenarios::programs_dir;
use serde_json::Value;
use xtask::{ChildService, PASSPHRASE, ROOT_PASSPHRASES};

/// Account numbers that this machine does not use, so that files of the services differ from those
/// of root.
pub(crate) const SERVICE_ACCOUNTS: [(&str, u32); 2] =
    [("intake", 54_321), ("case-handler", 54_322)];

/// A machine in a folder: the shipped files in their places, below `root`.
pub(crate) struct DeployedMachine {
    root: tempfile::TempDir,
    programs_dir: PathBuf,
    pub(crate) handler_url: String,
}

pub(crate) fn output_text(output: &Output) -> String {
    [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat()
}

pub(crate) fn read_deploy_file(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(name)).unwrap()
}

impl DeployedMachine {
    pub(crate) fn new() -> Self {
        let root = tempfile::Builder::new().prefix("machine-").tempdir().unwrap();
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let machine =
            Self { root, programs_dir: programs_dir().unwrap(), handler_url: String::new() };
        for folder in ["etc/burkindi/tls", "usr/local/bin", "usr/local/sbin", "var/lib", "home"] {
            fs::create_dir_all(machine.path(folder)).unwrap();
        }
        for (name, _) in SERVICE_ACCOUNTS {
            let program = machine.path(&format!("usr/local/bin/{name}"));
            fs::copy(machine.programs_dir.join(name), &program).unwrap();
        }
        let script = machine.path("usr/local/sbin/burkindi-backup");
        fs::write(&script, machine.with_local_paths(&read_deploy_file("backup/burkindi-backup")))
            .unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        machine
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path.trim_start_matches('/'))
    }

    /// Returns a shipped text with the paths of this machine.
    pub(crate) fn with_local_paths(&self, text: &str) -> String {
        let root = self.root.path().display();
        ["/etc/burkindi", "/var/lib/burkindi", "/usr/local/"]
            .iter()
            .fold(text.to_owned(), |text, path| text.replace(path, &format!("{root}{path}")))
    }

    /// Writes the configuration files as step 7 describes: contacts and addresses.
    pub(crate) fn configure(&mut self, [public, relay, api]: [u16; 3]) {
        let intake = read_deploy_file("config/intake.toml")
            .replace("80 00 11 02", "25 30 12 34")
            .replace("127.0.0.1:8080", &format!("127.0.0.1:{public}"))
            .replace("0.0.0.0:8444", &format!("127.0.0.1:{relay}"));
        let handler = read_deploy_file("config/case-handler.toml")
            .replace("0.0.0.0:8443", &format!("127.0.0.1:{api}"))
            .replace("https://intake.example:8444", &format!("https://127.0.0.1:{relay}"))
            .replace("poll_interval_seconds = 900", "poll_interval_seconds = 1");
        fs::write(self.path("etc/burkindi/intake.toml"), self.with_local_paths(&intake)).unwrap();
        fs::write(self.path("etc/burkindi/case-handler.toml"), self.with_local_paths(&handler))
            .unwrap();
        self.handler_url = format!("https://127.0.0.1:{api}");
    }

    /// Creates the folders as `systemd-tmpfiles --create` does with the shipped file.
    pub(crate) fn create_folders(&self) {
        let lines = read_deploy_file("tmpfiles.d/burkindi.conf");
        for line in lines.lines().filter(|line| line.starts_with("d ")) {
            let fields: Vec<&str> = line.split(' ').collect();
            let [_, path, mode, user, ..] = fields[..] else {
                panic!("{line}: fields are missing")
            };
            let folder = self.path(path);
            fs::create_dir_all(&folder).unwrap();
            let mode = u32::from_str_radix(mode, 8).unwrap();
            fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
            let service =
                SERVICE_ACCOUNTS.iter().find(|(name, _)| format!("burkindi-{name}") == user);
            match service {
                Some((_, account)) => chown_to(&folder, *account),
                None => assert_eq!(user, "root", "{line}"),
            }
        }
    }

    /// Gives the files of `/etc/burkindi` to root and the group of the service, mode 0640.
    pub(crate) fn install_files(&self, admin: &Path) {
        let to = |name: &str| self.path(&format!("etc/burkindi/{name}"));
        for name in [
            "trust.json",
            "transport.key",
            "log.key",
            "tls/ca.pem",
            "tls/intake.pem",
            "tls/intake.key",
            "tls/handler.pem",
            "tls/handler.key",
            "tls/api.pem",
            "tls/api.key",
        ] {
            fs::copy(admin.join(name), to(name)).unwrap();
            fs::set_permissions(to(name), fs::Permissions::from_mode(0o640)).unwrap();
            let shared = matches!(name, "trust.json" | "tls/ca.pem");
            if shared {
                fs::set_permissions(to(name), fs::Permissions::from_mode(0o644)).unwrap();
            }
            let account =
                if name.contains("intake") { SERVICE_ACCOUNTS[0].1 } else { SERVICE_ACCOUNTS[1].1 };
            if is_root() {
                chown(to(name), Some(0), Some(account)).unwrap();
            }
        }
    }

    /// Returns a command of a unit, with its environment and account and nothing else of this
    /// process.
    pub(crate) fn unit_command(&self, unit: &str, key: &str) -> Command {
        let text = self.with_local_paths(&read_deploy_file(&format!("systemd/{unit}.service")));
        let values = |key: &str| {
            let prefix = format!("{key}=");
            text.lines()
                .filter_map(move |line| line.strip_prefix(&prefix).map(ToOwned::to_owned))
                .collect::<Vec<_>>()
        };
        let line = values(key).remove(0);
        let mut words = line.split(' ');
        let mut command = Command::new(words.next().unwrap());
        command.args(words).env_clear().current_dir(&values("WorkingDirectory")[0]);
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin");
        for pair in values("Environment") {
            let (name, value) = pair.split_once('=').unwrap();
            command.env(name, value);
        }
        let user = values("User").remove(0);
        let (_, account) =
            SERVICE_ACCOUNTS.iter().find(|(name, _)| format!("burkindi-{name}") == user).unwrap();
        run_as_account(&mut command, *account);
        command
    }

    /// Checks the configuration and starts the service, as its unit does.
    pub(crate) fn start(&self, name: &str) -> Result<ChildService> {
        let unit = format!("burkindi-{name}");
        let checked = self.unit_command(&unit, "ExecStartPre").output()?;
        anyhow::ensure!(checked.status.success(), "{}", output_text(&checked));
        ChildService::start(
            name,
            self.unit_command(&unit, "ExecStart"),
            &self.path(&format!("{name}.log")),
        )
    }

    /// Runs a command as root in root's own folder.
    pub(crate) fn run_as_root(&self, name: &str, args: &[&str]) -> Output {
        let config = self.path(&format!("etc/burkindi/{name}.toml"));
        let mut command = Command::new(self.path(&format!("usr/local/bin/{name}")));
        command.arg("--config").arg(config).args(args).current_dir(self.path("home")).env_clear();
        command.stdin(Stdio::null()).output().unwrap()
    }

    pub(crate) fn run_ok(&self, name: &str, args: &[&str]) -> String {
        let output = self.run_as_root(name, args);
        assert!(output.status.success(), "{name} {args:?}: {}", output_text(&output));
        output_text(&output)
    }

    pub(crate) fn run_refused(&self, name: &str, args: &[&str]) -> String {
        let output = self.run_as_root(name, args);
        assert!(!output.status.success(), "{name} {args:?}: {}", output_text(&output));
        output_text(&output)
    }

    /// Runs the doctor under the account of the service, in another folder.
    pub(crate) fn run_doctor(&self, name: &str) -> Value {
        self.run_doctor_with(name, if name == "intake" { &["--no-proxy"] } else { &[] })
    }

    fn run_doctor_with(&self, name: &str, options: &[&str]) -> Value {
        let (_, account) = *SERVICE_ACCOUNTS.iter().find(|(known, _)| *known == name).unwrap();
        let mut command = Command::new(self.path(&format!("usr/local/bin/{name}")));
        command.arg("--config").arg(self.path(&format!("etc/burkindi/{name}.toml"))).args([
            "doctor",
            "--json",
            "--backups",
        ]);
        command
            .arg(self.path(&format!("var/lib/burkindi-{name}-backups")))
            .args(options)
            .current_dir("/")
            .env_clear();
        run_as_account(&mut command, account);
        let output = command.output().unwrap();
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", output_text(&output)))
    }

    /// Returns the severity and the text of one finding.
    pub(crate) fn finding(&self, name: &str, check: &str) -> (String, String) {
        let options: &[&str] = if name == "intake" { &["--no-proxy"] } else { &[] };
        self.finding_with(name, options, check)
    }

    /// Returns the severity and the text of one finding of the doctor with these options.
    pub(crate) fn finding_with(
        &self,
        name: &str,
        options: &[&str],
        check: &str,
    ) -> (String, String) {
        let report = self.run_doctor_with(name, options);
        let findings = report["findings"].as_array().unwrap();
        let finding = findings.iter().find(|finding| finding["check"] == check);
        let finding =
            finding.unwrap_or_else(|| panic!("the doctor did not check {check}: {report}"));
        (
            finding["state"].as_str().unwrap().to_owned(),
            finding["found"].as_str().unwrap().to_owned(),
        )
    }

    /// Asserts that the doctor names this store and finds no error.
    pub(crate) fn assert_healthy(&self, name: &str, store: &str) {
        let (state, found) = self.finding(name, "store of the running service");
        assert!(
            state == "ok" && found.contains(store),
            "{name}: {state}: {found} is not \
            {store}"
        );
        let report = self.run_doctor(name);
        let wrong: Vec<_> = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|finding| finding["state"] == "error")
            .collect();
        assert!(wrong.is_empty(), "{name}: {wrong:?}");
    }

    /// Runs the nightly backup, as its unit does.
    pub(crate) fn run_backup(&self, name: &str) -> Output {
        let mut command = self.unit_command(&format!("burkindi-{name}-backup"), "ExecStart");
        let path = format!("{}:/usr/bin:/bin", self.path("usr/local/bin").display());
        command.env("PATH", path).output().unwrap()
    }

    pub(crate) fn newest_backup(&self, name: &str) -> String {
        let folder = self.path(&format!("var/lib/burkindi-{name}-backups"));
        let newest =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).max().unwrap();
        newest.display().to_string()
    }

    /// Runs a command of `burkindi` with passphrases on its standard input.
    pub(crate) fn run_workbench(&self, home: &str, passphrases: &[&str], args: &[&str]) -> Output {
        let mut command = Command::new(self.programs_dir.join("burkindi"));
        command
            .arg("--home")
            .arg(self.path(home))
            .args(["--json", "--passphrase-fd", "0"])
            .args(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines: Vec<String> =
            passphrases.iter().map(|passphrase| format!("{passphrase}\n")).collect();
        drop(child.stdin.take().unwrap().write_all(lines.concat().as_bytes()));
        child.wait_with_output().unwrap()
    }

    pub(crate) fn run_admin(&self, passphrases: &[&str], args: &[&str]) -> String {
        let dir = self.path("admin").display().to_string();
        let output = self.run_workbench(
            "home/admin",
            passphrases,
            &[&["admin"], args, &["--dir", &dir]].concat(),
        );
        assert!(output.status.success(), "{args:?}: {}", output_text(&output));
        output_text(&output)
    }

    pub(crate) fn sign(&self) {
        let sign =
            ["directory", "sign", "--root", "roots/root-1.age", "--root", "roots/root-2.age"];
        self.run_admin(&ROOT_PASSPHRASES[..2], &sign);
    }

    pub(crate) fn publish(&self) {
        let ca = self.path("admin/tls/ca.pem").display().to_string();
        self.run_admin(&[], &["directory", "publish", "--handler", &self.handler_url, "--ca", &ca]);
    }

    /// Creates keys, members, desks and a directory: steps 1 to 5.
    pub(crate) fn initialize_admin(&self) {
        let work = ["--work-factor", "1"];
        let init = ["init", "--host", "intake.example", "--host", "cases.example"];
        self.run_admin(&ROOT_PASSPHRASES, &[&init[..], &work].concat());
        for handle in ["p-1", "p-2", "o-1"] {
            let request = self.path(&format!("home/{handle}.json")).display().to_string();
            let new = ["key", "new", "--handle", handle, "--out", &request];
            let made = self.run_workbench(
                &format!("home/{handle}"),
                &[PASSPHRASE],
                &[&new[..], &work].concat(),
            );
            assert!(made.status.success(), "{}", output_text(&made));
            self.run_admin(
                &[],
                &[
                    "member",
                    "add",
                    "--request",
                    &request,
                    "--units",
                    "regional",
                    "--languages",
                    "fr,en",
                ],
            );
        }
        self.run_admin(&[], &["desk", "add", "internal_affairs", "--member", "p-1,p-2"]);
        self.run_admin(&[], &["desk", "add", "external", "--member", "o-1"]);
        self.sign();
    }

    pub(crate) fn connect(&self) {
        let [ca, trust] = ["admin/tls/ca.pem", "admin/trust.json"]
            .map(|file| self.path(file).display().to_string());
        let connect = ["connect", "--handler", &self.handler_url, "--ca", &ca, "--trust", &trust];
        let output = self.run_workbench("home/o-1", &[PASSPHRASE], &connect);
        assert!(output.status.success(), "{}", output_text(&output));
    }

    pub(crate) fn run_audit(&self, args: &[&str]) -> Output {
        self.run_workbench("home/o-1", &[PASSPHRASE], &[&["audit"], args].concat())
    }

    /// Asserts that every file in the folder of a service belongs to its account.
    pub(crate) fn assert_owned_by_service(&self, name: &str) {
        let (_, account) = *SERVICE_ACCOUNTS.iter().find(|(known, _)| *known == name).unwrap();
        for entry in fs::read_dir(self.path(&format!("var/lib/burkindi-{name}"))).unwrap() {
            let entry = entry.unwrap();
            let metadata = entry.metadata().unwrap();
            assert!(!is_root() || metadata.uid() == account, "{}", entry.path().display());
            assert_eq!(metadata.mode() & 0o077, 0, "{}", entry.path().display());
        }
    }

    pub(crate) fn replace_setting(&self, name: &str, from: &str, to: &str) {
        let file = self.path(&format!("etc/burkindi/{name}.toml"));
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{from}");
        fs::write(file, text.replacen(from, to, 1)).unwrap();
    }

    /// Returns whether a running service has a file open.
    pub(crate) fn has_open(running: &ChildService, file: &Path) -> bool {
        let descriptors = fs::read_dir(format!("/proc/{}/fd", running.pid())).unwrap();
        descriptors
            .filter_map(|entry| fs::read_link(entry.unwrap().path()).ok())
            .any(|path| path == file)
    }
}

pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

pub(crate) fn chown_to(path: &Path, account: u32) {
    if is_root() {
        chown(path, Some(account), Some(account)).unwrap();
    }
}

pub(crate) fn run_as_account(command: &mut Command, account: u32) {
    if is_root() {
        command.uid(account).gid(account);
    }
}
