//! Commands for the transparency log after a restore.

use anyhow::Result;
use clap::Subcommand;
use database::DatabaseUrl;

use super::open_store;
use crate::store::{CaseStore, StoreError};

/// The subcommands of `log`.
#[derive(Debug, Clone, Subcommand)]
pub enum LogCommand {
    /// Sign checkpoints of the present log again after a restore. Only if the service stored
    /// nothing after the backup, such as after a move to another machine: otherwise its next
    /// checkpoint contradicts one that members and witnesses have seen. Stop the service first.
    Continue,
}

/// Runs the command and returns the lines to print.
///
/// # Errors
/// Fails if the service runs, or if the database fails.
pub async fn run(url: &DatabaseUrl, command: LogCommand) -> Result<Vec<String>> {
    let LogCommand::Continue = command;
    let store = open_store(url).await?;
    let result = continue_log(&store).await;
    // A failed command must still release the writer lock, so that the service can start.
    store.release_writer().await?;
    Ok(result?)
}

async fn continue_log(store: &CaseStore) -> Result<Vec<String>, StoreError> {
    let writing = store.begin_write().await?;
    let line = match writing.log_paused_since().await? {
        None => "the transparency log is not paused".to_owned(),
        Some(since) => {
            writing.end_log_pause().await?;
            format!(
                "the transparency log continues after the restore of {since}. Start the service"
            )
        }
    };
    writing.commit().await?;
    Ok(vec![line])
}
