//! What operators do with submissions that were being opened when the process ended twice.

use anyhow::{Context as _, Result};
use clap::Subcommand;
use database::Place;
use uuid::Uuid;

use crate::{
    Config,
    service::relay_of,
    store::{Quarantined, Store},
};

/// One of them.
#[derive(Debug, Clone, Subcommand)]
pub enum QuarantineTask {
    /// List what is quarantined.
    List,
    /// Open a submission again at the next start, after an update say. For a service that does not run.
    Retry {
        /// Its id, as listed.
        id: Uuid,
    },
    /// Delete a submission for good. It may be a report that nobody has read. For a service that does not run.
    Drop {
        /// Its id, as listed.
        id: Uuid,
    },
}

/// Does it, and returns what to say.
///
/// # Errors
/// Fails if the service runs, if nothing is quarantined under the id, and if the intake must delete the submission and is not
/// reachable.
pub async fn run(config: &Config, place: &Place, task: QuarantineTask) -> Result<Vec<String>> {
    let store = Store::open_at(place).await.context("store.url: is the service stopped?")?;
    let done = act(config, &store, task).await;
    // A failed task must not keep the service from starting either.
    store.stop_writing().await?;
    done
}

async fn act(config: &Config, store: &Store, task: QuarantineTask) -> Result<Vec<String>> {
    let quarantined = store.quarantined().await?;
    let find = |id: Uuid| {
        let found = quarantined.iter().find(|one| one.id == id);
        found.with_context(|| format!("nothing is quarantined under {id}: `quarantine list` lists the ids"))
    };
    match task {
        QuarantineTask::List if quarantined.is_empty() => Ok(vec!["nothing is quarantined".to_owned()]),
        QuarantineTask::List => Ok(quarantined.iter().map(line).collect()),
        QuarantineTask::Retry { id } => {
            find(id)?;
            let writing = store.write().await?;
            writing.forget_ends(id).await?;
            writing.commit().await?;
            Ok(vec![format!("{id} is opened again at the next start. Start the service")])
        }
        QuarantineTask::Drop { id } => {
            if find(id)?.kept.is_none() {
                relay_of(config)?.ack(vec![id]).await?;
            }
            let writing = store.write().await?;
            writing.unset_aside(id).await?;
            writing.forget_ends(id).await?;
            writing.commit().await?;
            Ok(vec![format!("{id} is deleted. Start the service")])
        }
    }
}

fn line(one: &Quarantined) -> String {
    let Quarantined { id, ends, kept } = one;
    match kept {
        Some((day, len)) => {
            format!("{id}  set aside on {day}, {} KiB, ended the process {ends} times", len / 1024)
        }
        None => format!("{id}  still at the intake: keeping it ended the process too ({ends} times)"),
    }
}
