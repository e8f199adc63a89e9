//! Commands for submissions that were being opened when the process ended twice.

use anyhow::{Context as _, Result};
use clap::Subcommand;
use database::DatabaseUrl;
use uuid::Uuid;

use super::open_store;
use crate::{
    Config,
    server::relay_client,
    store::{CaseStore, PoisonSubmission},
};

/// The subcommands of `quarantine`.
#[derive(Debug, Clone, Subcommand)]
pub enum QuarantineCommand {
    /// List the submissions that terminated the process.
    List,
    /// Open a submission again at the next start, for example after an update. Stop the service
    /// first.
    Retry {
        /// Its id, as listed.
        id: Uuid,
    },
    /// Delete a submission permanently. It may be a report that no member has read. Stop the
    /// service first.
    Drop {
        /// Its id, as listed.
        id: Uuid,
    },
}

/// Runs the command and returns the lines to print.
///
/// # Errors
/// Fails if the service runs, if the id is not listed, or if the intake must delete the submission
/// and cannot be reached.
pub async fn run(
    config: &Config,
    url: &DatabaseUrl,
    command: QuarantineCommand,
) -> Result<Vec<String>> {
    let store = open_store(url).await?;
    let result = execute(config, &store, command).await;
    // A failed command must still release the writer lock, so that the service can start.
    store.release_writer().await?;
    result
}

async fn execute(
    config: &Config,
    store: &CaseStore,
    command: QuarantineCommand,
) -> Result<Vec<String>> {
    let poison = store.poison_submissions().await?;
    let find = |id: Uuid| {
        let found = poison.iter().find(|one| one.id == id);
        found.with_context(|| {
            format!("no quarantined submission with id {id}: `quarantine list` prints the ids")
        })
    };
    match command {
        QuarantineCommand::List if poison.is_empty() => {
            Ok(vec!["no submission is quarantined".to_owned()])
        }
        QuarantineCommand::List => Ok(poison.iter().map(list_line).collect()),
        QuarantineCommand::Retry { id } => {
            find(id)?;
            let writing = store.begin_write().await?;
            writing.clear_crashes(id).await?;
            writing.commit().await?;
            Ok(vec![format!("the service opens {id} again at its next start. Start the service")])
        }
        QuarantineCommand::Drop { id } => {
            if find(id)?.stored.is_none() {
                relay_client(config)?.acknowledge(vec![id]).await?;
            }
            let writing = store.begin_write().await?;
            writing.remove_quarantined(id).await?;
            writing.clear_crashes(id).await?;
            writing.commit().await?;
            Ok(vec![format!("deleted {id}. Start the service")])
        }
    }
}

fn list_line(one: &PoisonSubmission) -> String {
    let PoisonSubmission { id, crashes, stored } = one;
    match stored {
        Some((day, len)) => {
            format!(
                "{id}  quarantined on {day}, {} KiB, terminated the process {crashes} times",
                len / 1024
            )
        }
        None => {
            format!(
                "{id}  still at the intake, because storing it also terminated the process ({crashes} times)"
            )
        }
    }
}
