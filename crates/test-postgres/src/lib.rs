//! A temporary `PostgreSQL` cluster for a test run, made from the installed programs. It ends with
//! the process of the test, even if that process is killed.
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! let url = test_postgres::shared_cluster()?.create_database()?;
//! assert!(url.starts_with("postgres://"));
//! # Ok(()) }
//! ```

use std::{
    fs,
    io::{BufRead, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use anyhow::{Context, Result, bail, ensure};

/// Accounts that own the clusters when the tests run as root, because `PostgreSQL` refuses to run
/// as root.
const UNPRIVILEGED_USERS: [&str; 2] = ["postgres", "nobody"];
const CLUSTER_SCRIPT: &str = include_str!("cluster.sh");

/// A running cluster. It ends when this value is dropped, or when this process ends.
#[derive(Debug)]
pub struct PostgresCluster {
    programs: PathBuf,
    folder: PathBuf,
    database_count: AtomicU32,
    control: Mutex<ControlPipe>,
}

/// The connection to the script that runs the cluster. When it is closed, the script stops the
/// server and deletes the folder.
#[derive(Debug)]
struct ControlPipe {
    script: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

/// Returns the cluster of this process. The first call starts it.
///
/// # Errors
/// If `PostgreSQL` is not installed or does not start.
pub fn shared_cluster() -> Result<&'static PostgresCluster> {
    static SHARED_CLUSTER: OnceLock<PostgresCluster> = OnceLock::new();
    if SHARED_CLUSTER.get().is_none() {
        // If two threads start a cluster at the same time, the second cluster ends at once.
        drop(SHARED_CLUSTER.set(PostgresCluster::start()?));
    }
    SHARED_CLUSTER.get().context("the cluster is set")
}

impl PostgresCluster {
    /// Starts a cluster. This takes a fraction of a second, or a few seconds the first time on a
    /// machine.
    ///
    /// # Errors
    /// If `PostgreSQL` is not installed or does not start.
    pub fn start() -> Result<Self> {
        let programs = find_programs()?;
        let user = unprivileged_user()?;
        let folder = tempfile::Builder::new().prefix("burkindi-postgres-").tempdir()?.keep();
        let mut command = match user {
            Some(user) => {
                let owned = Command::new("chown").arg(user).arg(&folder).status()?.success();
                ensure!(owned, "failed to chown {user} {}", folder.display());
                let mut command = Command::new("setpriv");
                command.args([&format!("--reuid={user}"), "--clear-groups", "sh"]);
                command
            }
            None => Command::new("sh"),
        };
        command
            .args(["-c", CLUSTER_SCRIPT, "cluster"])
            .arg(&programs)
            .arg(&folder)
            .current_dir("/");
        let log = folder.join("script.log");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(fs::File::create(&log)?);
        let mut script = command.spawn().context("failed to start sh, or setpriv of util-linux")?;
        let to = script.stdin.take();
        let from = BufReader::new(script.stdout.take().context("stdout is not piped")?);
        let cluster = Self {
            programs,
            folder,
            database_count: AtomicU32::new(0),
            control: Mutex::new(ControlPipe { script, stdin: to, stdout: from }),
        };
        cluster
            .wait_for("started")
            .with_context(|| fs::read_to_string(&log).unwrap_or_default())?;
        Ok(cluster)
    }

    /// Creates an empty database and returns its URL.
    ///
    /// # Errors
    /// If `createdb` fails.
    pub fn create_database(&self) -> Result<String> {
        let name = format!("test_{}", self.database_count.fetch_add(1, Ordering::Relaxed));
        let output = self.client_command("createdb").arg(&name).output()?;
        ensure!(output.status.success(), "createdb: {}", String::from_utf8_lossy(&output.stderr));
        let host = self.folder.display().to_string().replace('/', "%2F");
        Ok(format!("postgres://burkindi@{host}/{name}"))
    }

    /// Stops the server in order and closes every session.
    ///
    /// # Errors
    /// If the script does not respond.
    pub fn stop(&self) -> Result<()> {
        self.send_command("stop")?;
        self.wait_for("stopped")
    }

    /// Stops the server as a power cut does. The next start recovers.
    ///
    /// # Errors
    /// If the script does not respond.
    pub fn crash(&self) -> Result<()> {
        self.send_command("crash")?;
        self.wait_for("stopped")
    }

    /// Starts the server again after [`Self::stop`] or [`Self::crash`].
    ///
    /// # Errors
    /// If the server does not start.
    pub fn restart(&self) -> Result<()> {
        self.send_command("start")?;
        self.wait_for("started")
    }

    /// Returns the folder of the cluster: its data, socket and log.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn client_command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command
            .arg("--host")
            .arg(&self.folder)
            .args(["--username", "burkindi"])
            .stdin(Stdio::null());
        command
    }

    fn send_command(&self, word: &str) -> Result<()> {
        let mut control = self.control.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(writeln!(control.stdin.as_mut().context("the control pipe is closed")?, "{word}")?)
    }

    fn wait_for(&self, word: &str) -> Result<()> {
        let mut control = self.control.lock().unwrap_or_else(PoisonError::into_inner);
        let mut line = String::new();
        control.stdout.read_line(&mut line)?;
        if line.trim() != word {
            let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            bail!(
                "unexpected response of the cluster script: “{}” instead of “{word}”\n{log}",
                line.trim()
            );
        }
        Ok(())
    }
}

impl Drop for PostgresCluster {
    fn drop(&mut self) {
        let control = self.control.get_mut().unwrap_or_else(PoisonError::into_inner);
        control.stdin = None;
        control.script.wait().ok();
    }
}

/// Returns the folder of the newest installed `PostgreSQL`.
fn find_programs() -> Result<PathBuf> {
    const INSTALL_ROOT: &str = "/usr/lib/postgresql";
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(INSTALL_ROOT)
        .with_context(|| {
            format!("{INSTALL_ROOT} not found: install PostgreSQL (Debian: postgresql)")
        })?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin")))
        })
        .collect();
    versions.sort();
    Ok(versions.pop().context("PostgreSQL is not installed: install it (Debian: postgresql)")?.1)
}

/// Returns the account to switch to, or `None` if this process does not run as root.
fn unprivileged_user() -> Result<Option<&'static str>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let known =
        |user: &&&str| Command::new("id").arg(user).output().is_ok_and(|id| id.status.success());
    Ok(Some(
        UNPRIVILEGED_USERS
            .iter()
            .find(known)
            .context("PostgreSQL does not run as root: create the account postgres")?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(cluster: &PostgresCluster, url: &str, sql: &str) -> String {
        let output =
            Command::new(cluster.programs.join("psql")).args([url, "-Atc", sql]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    #[test]
    fn committed_data_survives_a_crash_and_dropping_the_cluster_deletes_its_folder() {
        let cluster = PostgresCluster::start().unwrap();
        let url = cluster.create_database().unwrap();
        assert_ne!(url, cluster.create_database().unwrap());
        query(&cluster, &url, "CREATE TABLE saved (n int); INSERT INTO saved VALUES (7)");
        cluster.crash().unwrap();
        assert_eq!(query(&cluster, &url, "SELECT n FROM saved"), "");
        cluster.restart().unwrap();
        assert_eq!(query(&cluster, &url, "SELECT n FROM saved"), "7");
        assert_eq!(query(&cluster, &url, "SHOW fsync"), "on");
        let folder = cluster.folder().to_owned();
        drop(cluster);
        assert!(!folder.exists());
    }
}
