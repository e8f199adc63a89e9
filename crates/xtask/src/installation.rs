//! Creates an installation in a folder and runs its services.

mod audio;
mod ports;
mod program;
mod witness;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::ChildService;
use ports::bind_ports;
pub use ports::free_ports;
pub use witness::WitnessProcess;

/// The variable that names the signed manifest of the browser program.
const PROGRAM_VARIABLE: &str = "INTAKE_PROGRAM_MANIFEST";
/// The variable that names the folder of the audio packs.
const AUDIO_VARIABLE: &str = "INTAKE_AUDIO_FOLDER";

/// The passphrase of every key in a demo or test. Owners of real keys choose their own.
pub const PASSPHRASE: &str = "demo passphrase, not for real keys";

/// The passphrases of the three root keys of a demo or test. Each holder has a different one.
pub const ROOT_PASSPHRASES: [&str; 3] = [
    "demo passphrase of the first root key",
    "demo passphrase of the second root key",
    "demo passphrase of the third root key",
];

/// A member of the demo.
#[derive(Debug, Clone, Copy)]
pub struct TestMember {
    /// The opaque handle.
    pub handle: &'static str,
    /// The desk of the member.
    pub desk: &'static str,
}

/// Members of two desks and of the oversight body.
pub const TEST_MEMBERS: [TestMember; 5] = [
    TestMember { handle: "inspector-1", desk: "internal_affairs" },
    TestMember { handle: "inspector-2", desk: "internal_affairs" },
    TestMember { handle: "staff-1", desk: "hr_integrity" },
    TestMember { handle: "staff-2", desk: "hr_integrity" },
    TestMember { handle: "outside-1", desk: "external" },
];

/// Settings that differ between the demo and the tests.
#[derive(Debug, Clone)]
pub struct InstallationSettings {
    /// Seconds between two collection cycles.
    pub poll_interval_seconds: u64,
    /// Log level of both services.
    pub log_level: String,
    /// A program that runs instead of the intake's own.
    pub intake_program: Option<PathBuf>,
    /// Months after the closing of a case before which a purge is refused.
    pub retention_months: u16,
    /// URL of the intake's database. `None` means a SQLite file.
    pub intake_store_url: Option<String>,
    /// URL of the case handler's database. `None` means a SQLite file.
    pub case_handler_store_url: Option<String>,
    /// Whether root keys sign the manifest of the browser program. The build needs the script.
    pub sign_program: bool,
    /// Whether the French pages offer audio packs of silent clips in French and in Mooré.
    pub silent_audio_packs: bool,
    /// The name and the address of the outside witness that the case handler asks.
    pub witness: Option<(String, String)>,
    /// Preferred ports of pages, relay and API. A free port replaces one that is taken.
    pub preferred_ports: Option<[u16; 3]>,
}

impl Default for InstallationSettings {
    fn default() -> Self {
        Self {
            poll_interval_seconds: 1,
            log_level: "info".to_owned(),
            intake_program: None,
            retention_months: 60,
            intake_store_url: None,
            case_handler_store_url: None,
            sign_program: false,
            silent_audio_packs: false,
            witness: None,
            preferred_ports: None,
        }
    }
}

/// An installation in a folder.
#[derive(Debug)]
pub struct Installation {
    root: PathBuf,
    programs_dir: PathBuf,
    settings: InstallationSettings,
    public_port: u16,
    relay_port: u16,
    api_port: u16,
}

impl Installation {
    /// Creates keys, certificates, members, desks and a signed directory with the commands of
    /// `burkindi`. `programs` is the folder of the built programs.
    ///
    /// # Errors
    /// If a program is not built or a command fails.
    pub fn create(root: &Path, programs: &Path, settings: InstallationSettings) -> Result<Self> {
        for program in ["burkindi", "intake", "case-handler"] {
            if !programs.join(program).is_file() {
                bail!(
                    "{} is not built: run `cargo build --workspace --bins`",
                    programs.join(program).display()
                );
            }
        }
        fs::create_dir_all(root.join("log"))?;
        let [public, relay, api] = bind_ports(settings.preferred_ports.unwrap_or_default())?;
        let made = Self {
            root: root.to_path_buf(),
            programs_dir: programs.to_path_buf(),
            settings,
            public_port: public,
            relay_port: relay,
            api_port: api,
        };
        made.make_keys()?;
        if made.settings.silent_audio_packs {
            made.make_audio_packs()?;
        }
        if made.settings.sign_program {
            made.sign_program()?;
        }
        made.make_directory()?;
        made.create_stores()?;
        Ok(made)
    }

    fn make_keys(&self) -> Result<()> {
        let admin = self.path("admin");
        self.run_admin_with_passphrases(&["init", "--dir", &admin], &ROOT_PASSPHRASES)?;
        for member in TEST_MEMBERS {
            let request = self.path(&format!("{}.request.json", member.handle));
            let handle = ["key", "new", "--handle", member.handle, "--out", &request];
            run_json(&mut self.workbench_command(member.handle, &handle), &[PASSPHRASE])?;
            self.run_admin(&[
                "member",
                "add",
                "--dir",
                &admin,
                "--request",
                &request,
                "--languages",
                "fr,en",
            ])?;
        }
        Ok(())
    }

    fn make_directory(&self) -> Result<()> {
        let admin = self.path("admin");
        for desk in ["internal_affairs", "hr_integrity", "external"] {
            let members: Vec<_> = TEST_MEMBERS
                .iter()
                .filter(|member| member.desk == desk)
                .map(|member| member.handle)
                .collect();
            self.run_admin(&[
                "desk",
                "add",
                "--dir",
                &admin,
                desk,
                "--member",
                &members.join(","),
            ])?;
        }
        self.sign_directory()
    }

    /// Signs the next directory with two of the three root keys.
    ///
    /// # Errors
    /// If `burkindi` fails.
    pub fn sign_directory(&self) -> Result<()> {
        let admin = self.path("admin");
        let (one, two) = (self.path("admin/roots/root-1.age"), self.path("admin/roots/root-2.age"));
        self.run_admin_with_passphrases(
            &["directory", "sign", "--dir", &admin, "--root", &one, "--root", &two],
            &ROOT_PASSPHRASES[..2],
        )
        .map(drop)
    }

    /// Creates the stores of both services.
    ///
    /// # Errors
    /// If a store exists already.
    pub fn create_stores(&self) -> Result<()> {
        for mut service in [self.intake_command()?, self.case_handler_command()?] {
            let output = service.arg("create-store").output()?;
            if !output.status.success() {
                bail!("{service:?}: {}", String::from_utf8_lossy(&output.stderr));
            }
        }
        Ok(())
    }

    /// Starts the intake with the shipped configuration. The environment sets paths and ports.
    ///
    /// # Errors
    /// If the intake does not become ready.
    pub fn start_intake(&self) -> Result<ChildService> {
        ChildService::start("intake", self.intake_command()?, &self.log_path("intake"))
    }

    /// Starts another intake on the same database, on free ports. `number` is part of the name of
    /// its log. Its number of threads and connections is the share of one of three replicas on two
    /// processors.
    ///
    /// # Errors
    /// If the intake does not become ready.
    pub fn start_replica(&self, number: u32) -> Result<ChildService> {
        let name = format!("intake-{number}");
        let mut replica = self.intake_command_on_ports([0, 0])?;
        replica.env("TOKIO_WORKER_THREADS", "1").env("INTAKE_STORE_WRITERS", "5");
        ChildService::start(&name, replica, &self.log_path(&name))
    }

    /// Returns the command that runs the intake. The caller adds a task such as `backup`.
    ///
    /// # Errors
    /// If the workspace is not found.
    pub fn intake_command(&self) -> Result<Command> {
        self.intake_command_on_ports([self.public_port, self.relay_port])
    }

    fn intake_command_on_ports(&self, [public, relay]: [u16; 2]) -> Result<Command> {
        let program = self
            .settings
            .intake_program
            .clone()
            .unwrap_or_else(|| self.programs_dir.join("intake"));
        let mut environment = vec![
            // The contacts of the shipped configuration are examples.
            ("INTAKE_DEMO", "true".to_owned()),
            ("INTAKE_PUBLIC_LISTEN", format!("127.0.0.1:{public}")),
            ("INTAKE_RELAY_LISTEN", format!("127.0.0.1:{relay}")),
            ("INTAKE_RELAY_CA", self.path("admin/tls/ca.pem")),
            ("INTAKE_RELAY_CERTIFICATE", self.path("admin/tls/intake.pem")),
            ("INTAKE_RELAY_KEY", self.path("admin/tls/intake.key")),
            ("INTAKE_STORE_URL", self.intake_store_url()),
            ("INTAKE_DIRECTORY_TRUST", self.path("admin/trust.json")),
            ("INTAKE_PLACES_FILE", shipped_config("places.txt")?.display().to_string()),
            ("INTAKE_LOG_LEVEL", self.settings.log_level.clone()),
        ];
        if self.settings.silent_audio_packs {
            environment.push((AUDIO_VARIABLE, self.path("audio")));
        }
        if self.settings.sign_program {
            environment.push((PROGRAM_VARIABLE, self.path("program.json")));
        }
        Ok(with_environment(Command::new(program), &shipped_config("intake.toml")?, &environment))
    }

    /// Starts the case handler with the shipped configuration. The environment sets paths and
    /// ports.
    ///
    /// # Errors
    /// If the case handler does not become ready.
    pub fn start_case_handler(&self) -> Result<ChildService> {
        ChildService::start(
            "case-handler",
            self.case_handler_command()?,
            &self.log_path("case-handler"),
        )
    }

    /// Returns the command that runs the case handler. The caller adds a task such as `backup`.
    ///
    /// # Errors
    /// If the workspace is not found.
    pub fn case_handler_command(&self) -> Result<Command> {
        self.with_case_handler_config(Command::new(self.programs_dir.join("case-handler")))
    }

    /// Adds the configuration of the case handler to the command of another program.
    ///
    /// # Errors
    /// If the workspace is not found.
    pub fn with_case_handler_config(&self, program: Command) -> Result<Command> {
        let config = self.case_handler_config()?;
        Ok(with_environment(
            program,
            &config,
            &[
                ("CASE_HANDLER_DIRECTORY_TRUST", self.path("admin/trust.json")),
                ("CASE_HANDLER_STORE_URL", self.case_handler_store_url()),
                ("CASE_HANDLER_API_LISTEN", format!("127.0.0.1:{}", self.api_port)),
                ("CASE_HANDLER_API_CERTIFICATE", self.path("admin/tls/api.pem")),
                ("CASE_HANDLER_API_KEY", self.path("admin/tls/api.key")),
                ("CASE_HANDLER_RELAY_URL", format!("https://127.0.0.1:{}", self.relay_port)),
                ("CASE_HANDLER_RELAY_CA", self.path("admin/tls/ca.pem")),
                ("CASE_HANDLER_RELAY_CERTIFICATE", self.path("admin/tls/handler.pem")),
                ("CASE_HANDLER_RELAY_KEY", self.path("admin/tls/handler.key")),
                (
                    "CASE_HANDLER_RELAY_POLL_INTERVAL_SECONDS",
                    self.settings.poll_interval_seconds.to_string(),
                ),
                ("CASE_HANDLER_KEYS_TRANSPORT", self.path("admin/transport.key")),
                ("CASE_HANDLER_KEYS_LOG", self.path("admin/log.key")),
                ("CASE_HANDLER_RETENTION_MONTHS", self.settings.retention_months.to_string()),
                ("CASE_HANDLER_LOG_LEVEL", self.settings.log_level.clone()),
            ],
        ))
    }

    /// Switches to other, empty databases, as on a new machine with the same keys and members.
    pub fn use_empty_databases(&mut self, spool_url: String, cases_url: String) {
        self.settings.intake_store_url = Some(spool_url);
        self.settings.case_handler_store_url = Some(cases_url);
    }

    /// Sets the seconds between two collection cycles. It takes effect at the next start of the
    /// case handler.
    pub fn set_poll_interval(&mut self, seconds: u64) {
        self.settings.poll_interval_seconds = seconds;
    }

    /// Publishes the directory to the case handler and connects every member.
    ///
    /// # Errors
    /// If `burkindi` fails.
    pub fn publish(&self) -> Result<()> {
        self.publish_directory()?;
        let (trust, handler) = (self.path("admin/trust.json"), self.handler_url());
        let ca = self.path("admin/tls/ca.pem");
        for member in TEST_MEMBERS {
            let connect = ["connect", "--handler", &handler, "--ca", &ca, "--trust", &trust];
            run_json(&mut self.workbench_command(member.handle, &connect), &[PASSPHRASE])?;
        }
        Ok(())
    }

    /// Runs a command of `burkindi` as a member and returns its JSON output.
    ///
    /// # Errors
    /// If the command fails or prints no JSON.
    pub fn run_as(&self, handle: &str, arguments: &[&str]) -> Result<Value> {
        run_json(&mut self.workbench_command(handle, arguments), &[PASSPHRASE])
    }

    /// Returns the command itself, for a caller that needs its exit code. The command reads one
    /// passphrase from its standard input.
    pub fn workbench_command(&self, handle: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.programs_dir.join("burkindi"));
        command
            .args(["--home", &self.member_home(handle), "--json", "--passphrase-fd", "0"])
            .args(arguments);
        command
    }

    fn run_admin(&self, arguments: &[&str]) -> Result<Value> {
        self.run_admin_with_passphrases(arguments, &[])
    }

    fn run_admin_with_passphrases(
        &self,
        arguments: &[&str],
        passphrases: &[&str],
    ) -> Result<Value> {
        run_json(
            &mut self.workbench_command("admin", &[&["admin"], arguments].concat()),
            passphrases,
        )
    }

    /// Returns the URL of the reporter's pages.
    pub fn public_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.public_port)
    }

    /// Returns the URL of the API for workbenches.
    pub fn handler_url(&self) -> String {
        format!("https://127.0.0.1:{}", self.api_port)
    }

    /// Returns the profile folder of a member.
    pub fn member_home(&self, handle: &str) -> String {
        self.path(&format!("people/{handle}"))
    }

    /// Returns the path of a service's log.
    pub fn log_path(&self, name: &str) -> PathBuf {
        self.root.join("log").join(format!("{name}.log"))
    }

    /// Returns the URL of the intake's database.
    pub fn intake_store_url(&self) -> String {
        let file = || format!("sqlite://{}", self.path("spool.sqlite"));
        self.settings.intake_store_url.clone().unwrap_or_else(file)
    }

    /// Returns the URL of the case handler's database.
    pub fn case_handler_store_url(&self) -> String {
        let file = || format!("sqlite://{}", self.path("cases.sqlite"));
        self.settings.case_handler_store_url.clone().unwrap_or_else(file)
    }

    /// Returns the folder of the installation.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn path(&self, name: &str) -> String {
        self.root.join(name).display().to_string()
    }
}

/// Returns the path of a shipped configuration file.
fn shipped_config(name: &str) -> Result<PathBuf> {
    Ok(workspace_root()?.join("deploy/config").join(name))
}

/// Adds a configuration file and the environment to the command of a service.
fn with_environment(
    mut command: Command,
    config: &Path,
    environment: &[(&str, String)],
) -> Command {
    command.arg("--config").arg(config);
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    command
}

/// Runs a command to its end, writes passphrases to its standard input, and returns its JSON
/// output.
fn run_json(command: &mut Command, passphrases: &[&str]) -> Result<Value> {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut stdin = child.stdin.take().context("stdin is not piped")?;
    // A command that ends before it reads the passphrase closes the pipe. Its own error explains
    // why.
    let lines: String = passphrases.iter().flat_map(|passphrase| [passphrase, "\n"]).collect();
    drop(stdin.write_all(lines.as_bytes()));
    drop(stdin);
    let output = child.wait_with_output()?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        bail!("{command:?}: {}\n{stderr}", output.status);
    }
    if output.stdout.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&output.stdout).with_context(|| format!("{command:?} printed no JSON"))
}

/// Returns the root of the workspace: the nearest parent folder with a lock file. Cargo runs
/// programs and tests inside the workspace.
fn workspace_root() -> Result<PathBuf> {
    let here = std::env::current_dir()?;
    let root = here.ancestors().find(|folder| folder.join("Cargo.lock").is_file());
    Ok(root
        .context("not inside the workspace: no Cargo.lock in this folder or above")?
        .to_path_buf())
}
