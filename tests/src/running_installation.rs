//! A running installation.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use xtask::{ChildService, Installation, InstallationSettings};

use crate::ReporterBrowser;

/// Returns the settings of a test. Every scenario runs on each database: alone on SQLite, and as a
/// module of `on_postgres.rs` on `PostgreSQL`. `test` is the crate name of the test.
///
/// # Errors
/// If `PostgreSQL` does not start.
pub fn settings_for(test: &str) -> Result<InstallationSettings> {
    if test != "on_postgres" {
        return Ok(InstallationSettings::default());
    }
    let cluster = test_postgres::shared_cluster()?;
    Ok(InstallationSettings {
        intake_store_url: Some(cluster.create_database()?),
        case_handler_store_url: Some(cluster.create_database()?),
        ..InstallationSettings::default()
    })
}

/// Maximum time until an operation takes effect.
const WAIT_TIMEOUT: Duration = Duration::from_mins(1);

/// Intake and case handler of one installation, with its members.
#[derive(Debug)]
pub struct RunningInstallation {
    /// The installation.
    pub installation: Installation,
    /// The running public service.
    pub intake: ChildService,
    /// The running private service.
    pub case_handler: ChildService,
}

impl RunningInstallation {
    /// Creates an installation in a folder, starts both services and publishes the directory.
    ///
    /// # Errors
    /// If a command fails or a service does not start.
    pub fn start(folder: &std::path::Path, settings: InstallationSettings) -> Result<Self> {
        // Fails only if a provider was installed before, which has the same effect.
        drop(rustls::crypto::ring::default_provider().install_default());
        let installation = Installation::create(folder, &programs_dir()?, settings)?;
        let intake = installation.start_intake()?;
        let case_handler = installation.start_case_handler()?;
        installation.publish()?;
        Ok(Self { installation, intake, case_handler })
    }

    /// Returns a reporter's browser once the directory has arrived at the intake.
    ///
    /// # Errors
    /// If the directory does not arrive in time.
    pub async fn reporter(&self, lang: &str) -> Result<ReporterBrowser> {
        let url = format!("{}/directory.json", self.installation.public_url());
        let start = Instant::now();
        loop {
            let answer = reqwest::get(&url).await;
            if answer.is_ok_and(|response| response.status().is_success()) {
                return ReporterBrowser::new(&self.installation.public_url(), lang);
            }
            if start.elapsed() > WAIT_TIMEOUT {
                bail!("the directory did not reach the intake within {WAIT_TIMEOUT:?}");
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Returns a member's queue once it has at least `cases` cases.
    ///
    /// # Errors
    /// If they do not arrive in time.
    pub async fn wait_for_cases(&self, handle: &str, cases: usize) -> Result<Vec<Value>> {
        self.wait_for_output(handle, &["queue", "--all"], |queue| {
            let rows = queue["cases"].as_array()?;
            (rows.len() >= cases).then(|| rows.clone())
        })
        .await
        .with_context(|| format!("waiting for {cases} cases of {handle}"))
    }

    /// Runs a command until `wanted` returns a value for its output.
    ///
    /// # Errors
    /// If the command fails, or `wanted` returns none in time.
    pub async fn wait_for_output<T>(
        &self,
        handle: &str,
        command: &[&str],
        wanted: impl Fn(&Value) -> Option<T>,
    ) -> Result<T> {
        let start = Instant::now();
        loop {
            let answer = self.installation.run_as(handle, command)?;
            if let Some(found) = wanted(&answer) {
                return Ok(found);
            }
            if start.elapsed() > WAIT_TIMEOUT {
                bail!("unexpected output of {command:?} after {WAIT_TIMEOUT:?}: {answer}");
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// Returns the thread of a receipt once it has at least `messages` messages.
    ///
    /// # Errors
    /// If they do not arrive in time.
    pub async fn wait_for_messages(
        &self,
        visitor: &ReporterBrowser,
        receipt: &str,
        messages: usize,
    ) -> Result<crate::ReporterPage> {
        let is_complete = |page: &crate::ReporterPage| {
            page.messages().len() >= messages && !page.texts(".state").is_empty()
        };
        self.wait_for_page(visitor, receipt, "messages", messages, is_complete).await
    }

    /// Returns the thread of a receipt once it states that exactly `submissions` were received from
    /// the reporter, the report included.
    ///
    /// # Errors
    /// If the thread does not state this in time.
    pub async fn wait_for_received(
        &self,
        visitor: &ReporterBrowser,
        receipt: &str,
        submissions: usize,
    ) -> Result<crate::ReporterPage> {
        let is_complete =
            |page: &crate::ReporterPage| page.received_submissions() == Some(submissions);
        self.wait_for_page(visitor, receipt, "received submissions", submissions, is_complete).await
    }

    async fn wait_for_page(
        &self,
        visitor: &ReporterBrowser,
        receipt: &str,
        what: &str,
        count: usize,
        is_complete: impl Fn(&crate::ReporterPage) -> bool,
    ) -> Result<crate::ReporterPage> {
        let start = Instant::now();
        loop {
            let page = visitor.open_mailbox(receipt).await?;
            if is_complete(&page) {
                return Ok(page);
            }
            if start.elapsed() > WAIT_TIMEOUT {
                bail!(
                    "not {count} {what} after {WAIT_TIMEOUT:?}: “{}” with {:?} received and {:?}",
                    page.heading(),
                    page.received_submissions(),
                    page.messages()
                );
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

/// Returns the folder of the built programs. Tests and measuring programs run from its folder
/// `deps`.
///
/// # Errors
/// If this program has no folder.
pub fn programs_dir() -> Result<PathBuf> {
    let here = std::env::current_exe()?;
    let folder = here.parent().context("this program is in no folder")?;
    let folder = if folder.ends_with("deps") {
        folder.parent().context("the folder has no parent")?
    } else {
        folder
    };
    Ok(folder.to_path_buf())
}
