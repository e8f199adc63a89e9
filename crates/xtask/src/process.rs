//! A service as a child process.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

/// Maximum time until a service is ready.
const READY_TIMEOUT: Duration = Duration::from_mins(1);

/// A running service. It is killed when this value is dropped.
#[derive(Debug)]
pub struct ChildService {
    name: String,
    child: Child,
    /// The addresses in the ready line: listener → address.
    pub addresses: BTreeMap<String, String>,
    // Stays open, because a service that prints to a closed pipe would fail.
    _output: ChildStdout,
}

impl ChildService {
    /// Starts a service and waits for its line `ready name=address …`. The log goes to a file.
    ///
    /// # Errors
    /// If the service does not become ready in time. The error contains its log.
    pub fn start(name: &str, mut command: Command, log: &Path) -> Result<Self> {
        let log_file = open_append(log)?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log_file);
        let mut child = command.spawn().with_context(|| format!("failed to start {name}"))?;
        let output = child.stdout.take().context("stdout is not piped")?;
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut reader = BufReader::new(output);
            let mut line = String::new();
            let read = reader.read_line(&mut line).map(|_| line);
            drop(sender.send((read, reader.into_inner())));
        });
        let first_line = receiver.recv_timeout(READY_TIMEOUT);
        let (line, output) = match first_line {
            Ok((Ok(line), output)) if line.starts_with("ready ") => (line, output),
            other => {
                drop(child.kill());
                drop(child.wait());
                let log = std::fs::read_to_string(log).unwrap_or_default();
                let line = other.ok().and_then(|(line, _)| line.ok()).unwrap_or_default();
                bail!("{name} did not become ready; its first line is “{line}”\n{log}");
            }
        };
        let addresses = line
            .split_whitespace()
            .filter_map(|word| word.split_once('='))
            .map(|(listener, address)| (listener.to_owned(), address.to_owned()))
            .collect();
        Ok(Self { name: name.to_owned(), child, addresses, _output: output })
    }

    /// Returns the process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills the process without a chance to clean up, as a power cut does.
    ///
    /// # Errors
    /// If the process ended before.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Sends SIGTERM and waits until the process has ended.
    ///
    /// # Errors
    /// If the process ends with an error.
    pub fn stop(mut self) -> Result<()> {
        // A signal from the terminal may have reached the process before.
        if self.child.try_wait()?.is_none() {
            let pid = i32::try_from(self.child.id())
                .ok()
                .and_then(Pid::from_raw)
                .context("not a process id")?;
            kill_process(pid, Signal::TERM)?;
        }
        let status = self.child.wait()?;
        if !status.success() {
            bail!("{} ended with {status}", self.name);
        }
        Ok(())
    }

    /// Returns whether the process has ended by itself.
    pub fn has_exited(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for ChildService {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn open_append(log: &Path) -> Result<File> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(log)
        .with_context(|| log.display().to_string())
}
