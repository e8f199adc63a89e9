//! A `PostgreSQL` cluster of its own for a test run, made from the installed programs; it ends when the test's process does,
//! however that ends.
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! let url = throwaway_postgres::shared()?.database()?;
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

/// Who owns the clusters when the tests run as root, which `PostgreSQL` refuses.
const USERS: [&str; 2] = ["postgres", "nobody"];
const SCRIPT: &str = include_str!("cluster.sh");

/// A running cluster. It ends with this value, or with this process.
#[derive(Debug)]
pub struct Cluster {
    programs: PathBuf,
    folder: PathBuf,
    databases: AtomicU32,
    talk: Mutex<Talk>,
}

/// The way to the script that runs it. Closed, the script ends the server and deletes the folder.
#[derive(Debug)]
struct Talk {
    script: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
}

/// The cluster of this process, started when first asked for.
pub fn shared() -> Result<&'static Cluster> {
    static SHARED: OnceLock<Cluster> = OnceLock::new();
    if SHARED.get().is_none() {
        // Of two that start at once, the second ends right away.
        drop(SHARED.set(Cluster::start()?));
    }
    SHARED.get().context("set just now")
}

impl Cluster {
    /// Starts a cluster: a fraction of a second, or a few seconds the first time on a machine.
    pub fn start() -> Result<Self> {
        let programs = programs()?;
        let user = user()?;
        let folder = tempfile::Builder::new().prefix("burkindi-postgres-").tempdir()?.keep();
        let mut command = match user {
            Some(user) => {
                let owned = Command::new("chown").arg(user).arg(&folder).status()?.success();
                ensure!(owned, "chown {user} {}", folder.display());
                let mut command = Command::new("setpriv");
                command.args([&format!("--reuid={user}"), "--clear-groups", "sh"]);
                command
            }
            None => Command::new("sh"),
        };
        command.args(["-c", SCRIPT, "cluster"]).arg(&programs).arg(&folder).current_dir("/");
        let log = folder.join("script.log");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(fs::File::create(&log)?);
        let mut script = command.spawn().context("sh, or setpriv of util-linux")?;
        let to = script.stdin.take();
        let from = BufReader::new(script.stdout.take().context("piped")?);
        let cluster = Self {
            programs,
            folder,
            databases: AtomicU32::new(0),
            talk: Mutex::new(Talk { script, to, from }),
        };
        cluster.await_word("started").with_context(|| fs::read_to_string(&log).unwrap_or_default())?;
        Ok(cluster)
    }

    /// Makes an empty database and gives its URL.
    pub fn database(&self) -> Result<String> {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let output = self.client("createdb").arg(&name).output()?;
        ensure!(output.status.success(), "createdb: {}", String::from_utf8_lossy(&output.stderr));
        let host = self.folder.display().to_string().replace('/', "%2F");
        Ok(format!("postgres://burkindi@{host}/{name}"))
    }

    /// Ends the server in an orderly way, breaking off every session.
    pub fn stop(&self) -> Result<()> {
        self.say("stop")?;
        self.await_word("stopped")
    }

    /// Ends the server as a power cut would.
    pub fn crash(&self) -> Result<()> {
        self.say("crash")?;
        self.await_word("stopped")
    }

    /// Starts it again.
    pub fn start_again(&self) -> Result<()> {
        self.say("start")?;
        self.await_word("started")
    }

    /// Everything that it keeps.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn client(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.arg("--host").arg(&self.folder).args(["--username", "burkindi"]).stdin(Stdio::null());
        command
    }

    fn say(&self, word: &str) -> Result<()> {
        let mut talk = self.talk.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(writeln!(talk.to.as_mut().context("open until dropped")?, "{word}")?)
    }

    fn await_word(&self, word: &str) -> Result<()> {
        let mut talk = self.talk.lock().unwrap_or_else(PoisonError::into_inner);
        let mut line = String::new();
        talk.from.read_line(&mut line)?;
        if line.trim() != word {
            let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            bail!("the cluster says “{}” and not “{word}”\n{log}", line.trim());
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let talk = self.talk.get_mut().unwrap_or_else(PoisonError::into_inner);
        talk.to = None;
        talk.script.wait().ok();
    }
}

/// The newest installed programs.
fn programs() -> Result<PathBuf> {
    const WHERE: &str = "/usr/lib/postgresql";
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(WHERE)
        .with_context(|| format!("{WHERE}: install PostgreSQL (Debian: postgresql)"))?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin")))
        })
        .collect();
    versions.sort();
    Ok(versions.pop().context("install PostgreSQL (Debian: postgresql)")?.1)
}

/// Whom to become, if anybody.
fn user() -> Result<Option<&'static str>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let known = |user: &&&str| Command::new("id").arg(user).output().is_ok_and(|id| id.status.success());
    Ok(Some(USERS.iter().find(known).context("PostgreSQL does not run as root; make a user postgres")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(cluster: &Cluster, url: &str, sql: &str) -> String {
        let output = Command::new(cluster.programs.join("psql")).args([url, "-Atc", sql]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    #[test]
    fn a_cluster_keeps_what_was_committed_through_a_crash_and_leaves_nothing_behind() {
        let cluster = Cluster::start().unwrap();
        let url = cluster.database().unwrap();
        assert_ne!(url, cluster.database().unwrap());
        says(&cluster, &url, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)");
        cluster.crash().unwrap();
        assert_eq!(says(&cluster, &url, "SELECT n FROM kept"), "");
        cluster.start_again().unwrap();
        assert_eq!(says(&cluster, &url, "SELECT n FROM kept"), "7");
        assert_eq!(says(&cluster, &url, "SHOW fsync"), "on");
        let folder = cluster.folder().to_owned();
        drop(cluster);
        assert!(!folder.exists());
    }
}
