//! An outside witness of the transparency log, as a process of its own.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
};

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Installation, run_json, shipped_config};

/// A running `burkindi witness serve`. It is killed when this value is dropped.
#[derive(Debug)]
pub struct WitnessProcess {
    child: Child,
    /// The address that the case handler asks, without `/add-checkpoint`.
    pub url: String,
    // Stays open, because a program that prints to a closed pipe would fail.
    _output: BufReader<ChildStdout>,
}

impl Drop for WitnessProcess {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Installation {
    /// Creates a witness that trusts the log of this installation, names it in the directory, and
    /// starts it. The quorum requires the witness and one member of the oversight body. It takes
    /// effect when the directory is signed and published, and the case handler is started again.
    ///
    /// # Errors
    /// If a command fails.
    pub fn add_witness(&mut self, name: &str) -> Result<WitnessProcess> {
        let admin = self.path("admin");
        let key = text_field(&self.run_witness(&["init", "--name", name])?, "key")?;
        self.run_admin(&["witness", "add", "--dir", &admin, &key])?;
        let quorum = ["log", "quorum", "--dir", &admin, "--oversight", "1", "--witnesses", "1"];
        self.run_admin(&quorum)?;
        self.trust_log()?;
        let witness = self.start_witness("127.0.0.1:0")?;
        self.settings.witness = Some((name.to_owned(), witness.url.clone()));
        Ok(witness)
    }

    /// Begins an empty log in the next directory, and signs it.
    ///
    /// # Errors
    /// If a command fails.
    pub fn restart_log(&self) -> Result<()> {
        self.run_admin(&["log", "restart", "--dir", &self.path("admin")])?;
        self.sign_directory()
    }

    /// Publishes the newest directory to the case handler.
    ///
    /// # Errors
    /// If `burkindi` fails.
    pub fn publish_directory(&self) -> Result<()> {
        let (admin, ca) = (self.path("admin"), self.path("admin/tls/ca.pem"));
        let handler = self.handler_url();
        let publish = ["directory", "publish", "--dir", &admin, "--handler", &handler, "--ca", &ca];
        self.run_admin(&publish).map(drop)
    }

    /// Stops the witness, makes it trust the log of the directory too, and starts it at the same
    /// address.
    ///
    /// # Errors
    /// If a command fails.
    pub fn restart_witness(&self, witness: WitnessProcess) -> Result<WitnessProcess> {
        let address = witness.url.trim_start_matches("http://").to_owned();
        drop(witness);
        self.trust_log()?;
        self.start_witness(&address)
    }

    fn trust_log(&self) -> Result<()> {
        let log = self.run_admin(&["log", "show", "--dir", &self.path("admin")])?;
        self.run_witness(&["add-log", &text_field(&log, "key")?]).map(drop)
    }

    fn run_witness(&self, arguments: &[&str]) -> Result<Value> {
        run_json(&mut self.witness_command(arguments), &[])
    }

    fn witness_command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.programs_dir.join("burkindi"));
        command.args(["--home", &self.path("witness"), "--json", "witness"]).args(arguments);
        command
    }

    fn start_witness(&self, listen: &str) -> Result<WitnessProcess> {
        let log = fs::File::create(self.log_path("witness"))?;
        let mut command = self.witness_command(&["serve", "--listen", listen]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().context("failed to start the witness")?;
        let mut output = BufReader::new(child.stdout.take().context("stdout is not piped")?);
        let mut printed = String::new();
        // The output is an object on several lines.
        while serde_json::from_str::<Value>(&printed).is_err() {
            let read = output.read_line(&mut printed)?;
            anyhow::ensure!(read > 0, "the witness did not print its address: {printed}");
        }
        let address = text_field(&serde_json::from_str(&printed)?, "address")?;
        Ok(WitnessProcess { child, url: format!("http://{address}"), _output: output })
    }

    /// Returns the path of the configuration of the case handler: the shipped file, or a copy that
    /// names the witness.
    pub(super) fn case_handler_config(&self) -> Result<PathBuf> {
        let shipped = shipped_config("case-handler.toml")?;
        let Some((name, url)) = &self.settings.witness else { return Ok(shipped) };
        let text = fs::read_to_string(shipped)?;
        let named = self.root.join("case-handler.toml");
        let entry = format!("\n[[log.witnesses]]\nname = \"{name}\"\nurl = \"{url}\"\n");
        fs::write(&named, text + &entry)?;
        Ok(named)
    }
}

fn text_field(output: &Value, field: &str) -> Result<String> {
    let text = output[field].as_str().with_context(|| format!("no {field} in {output}"))?;
    Ok(text.to_owned())
}
