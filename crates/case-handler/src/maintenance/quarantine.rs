//! What operators do with submissions that were being opened when the process ended twice.

use anyhow::{Context as _, Result};
use clap::Subcommand;
use database::DatabaseUrl;
use uuid::Uuid;

use crate::{
    Config,
    server::relay_client,
    store::{CaseStore, PoisonSubmission},
};

/// One of them.
#[derive(Debug, Clone, Subcommand)]
pub enum QuarantineCommand {
    /// List what is quarantined.
    List,
    /// Open a submission again at the next start, after an update say. For a service that does not
    /// run.
    Retry {
        /// Its id, as listed.
        id: Uuid,
    },
    /// Delete a submission for good. It may be a report that nobody has read. For a service that
    /// does not run.
    Drop {
        /// Its id, as listed.
        id: Uuid,
    },
}

/// Does it, and returns what to say.
///
/// # Errors
/// Fails if the service runs, if nothing is quarantined under the id, and if the intake must delete
/// the submission and is not reachable.
pub async fn run(
    config: &Config,
    place: &DatabaseUrl,
    task: QuarantineCommand,
) -> Result<Vec<String>> {
    let store = CaseStore::open_at(place).await.context("store.url: is the service stopped?")?;
    let done = execute(config, &store, task).await;
    // A failed task must not keep the service from starting either.
    store.release_writer().await?;
    done
}

async fn execute(
    config: &Config,
    store: &CaseStore,
    task: QuarantineCommand,
) -> Result<Vec<String>> {
    let quarantined = store.poison_submissions().await?;
    let find = |id: Uuid| {
        let found = quarantined.iter().find(|one| one.id == id);
        found.with_context(|| {
            format!("nothing is quarantined under {id}: `quarantine list` lists the ids")
        })
    };
    match task {
        QuarantineCommand::List if quarantined.is_empty() => {
            Ok(vec!["nothing is quarantined".to_owned()])
        }
        QuarantineCommand::List => Ok(quarantined.iter().map(list_line).collect()),
        QuarantineCommand::Retry { id } => {
            find(id)?;
            let writing = store.begin_write().await?;
            writing.clear_crashes(id).await?;
            writing.commit().await?;
            Ok(vec![format!("{id} is opened again at the next start. Start the service")])
        }
        QuarantineCommand::Drop { id } => {
            if find(id)?.stored.is_none() {
                relay_client(config)?.acknowledge(vec![id]).await?;
            }
            let writing = store.begin_write().await?;
            writing.remove_quarantined(id).await?;
            writing.clear_crashes(id).await?;
            writing.commit().await?;
            Ok(vec![format!("{id} is deleted. Start the service")])
        }
    }
}

fn list_line(one: &PoisonSubmission) -> String {
    let PoisonSubmission { id, crashes: ends, stored: kept } = one;
    match kept {
        Some((day, len)) => {
            format!("{id}  set aside on {day}, {} KiB, ended the process {ends} times", len / 1024)
        }
        None => {
            format!("{id}  still at the intake: keeping it ended the process too ({ends} times)")
        }
    }
}
