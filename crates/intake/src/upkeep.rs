//! What operators do with the spool: back it up, try the backup, restore it, move it to another engine.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use database::{Backup, BackupError, CopyError, OpenError, Place, PlaceError, Tally};
use envelope::directory::DirectoryError;
use migrations_intake::Migrator;
use rand::rngs::OsRng;

use crate::{
    config::{Config, ConfigError},
    store::{self, Store, StoreError},
};

/// Name of the database in a backup.
const FILE: &str = "spool.sqlite";

/// One of them.
#[derive(Debug, Clone, Subcommand)]
pub enum Task {
    /// Copy the spool into a new folder, while the service runs. Everything in it is sealed.
    Backup {
        /// A folder that is not there yet.
        folder: PathBuf,
    },
    /// Try a backup without touching anything: would all of it come back?
    Rehearse {
        /// The folder of the backup.
        folder: PathBuf,
    },
    /// Bring a backup back into the configured spool, which must be empty. For a service that does not run.
    Restore {
        /// The folder of the backup.
        folder: PathBuf,
    },
    /// Copy an `SQLite` spool into an empty `PostgreSQL` database, row by row, and compare. For a service that does not run.
    MoveTo {
        /// Such as `postgres://burkindi@db.internal/spool?sslmode=verify-full`
        #[arg(value_name = "URL")]
        to: Place,
    },
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum UpkeepError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A database's address.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// A database does not open, or the service runs.
    #[error("{0}: is the service stopped?")]
    Open(#[from] OpenError),
    /// Copying.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// The folder of a backup.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The spool.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A folder to try a backup in.
    #[error("no temporary folder: {0}")]
    Temporary(#[from] std::io::Error),
    /// Several intakes may be writing into it.
    #[error("the spool is on PostgreSQL already: stop all intakes, and use backup and restore")]
    Shared,
    /// There is no spool.
    #[error("{0}: there is no such spool")]
    Missing(Place),
    /// Sealed to whoever signed another installation's directory.
    #[error("the backup's directory is not vouched for by directory.trust: {0}. Is it of this installation?")]
    Directory(DirectoryError),
}

/// Does it, and gives what to say.
pub async fn run(config: &Config, task: Task) -> Result<Vec<String>, UpkeepError> {
    let spool = config.spool.place()?;
    match task {
        Task::Backup { folder } => back_up(&spool, &folder).await,
        Task::Rehearse { folder } => rehearse(config, &folder).await,
        Task::Restore { folder } => restore(&spool, &folder).await,
        Task::MoveTo { to } => move_to(&spool, &to).await,
    }
}

async fn back_up(spool: &Place, folder: &Path) -> Result<Vec<String>, UpkeepError> {
    check_there(spool)?;
    let backup = Backup::at(folder, FILE);
    let copied = backup.take::<Migrator>(spool, &store::tables()).await?;
    backup.finish()?;
    Ok(told(&copied, "backed up. Try it with `rehearse`, and keep it on another machine"))
}

async fn rehearse(config: &Config, folder: &Path) -> Result<Vec<String>, UpkeepError> {
    let backup = Backup::at(folder, FILE);
    let files = backup.check()?;
    let trying = tempfile::tempdir()?;
    let place = backup.unpack::<Migrator>(trying.path()).await?;
    let store = Store::open(&place, config.spool.bounds(), &mut OsRng).await?;
    let whole = store.check_all().await?;
    if let Some(signed) = store.directory().await? {
        signed.verify_past(&config.trust()?).map_err(UpkeepError::Directory)?;
    }
    Ok(vec![
        format!("{files} files are as they were written"),
        format!("{whole} submissions wait in it, each as it was filed"),
        "this backup can be restored".to_owned(),
    ])
}

async fn restore(spool: &Place, folder: &Path) -> Result<Vec<String>, UpkeepError> {
    let backup = Backup::at(folder, FILE);
    backup.check()?;
    let unpacking = tempfile::tempdir()?;
    let from = backup.unpack::<Migrator>(unpacking.path()).await?;
    let _alone = spool.alone().await?;
    let copied = database::copy::<Migrator>(&from, spool, &store::tables()).await?;
    Ok(told(
        &copied,
        "restored. Start the service; what the case handler has filed since the backup is not filed twice",
    ))
}

async fn move_to(spool: &Place, to: &Place) -> Result<Vec<String>, UpkeepError> {
    if spool.is_shared() {
        return Err(UpkeepError::Shared);
    }
    check_there(spool)?;
    let _alone = spool.alone().await?;
    spool.prepare::<Migrator>().await?;
    let copied = database::copy::<Migrator>(spool, to, &store::tables()).await?;
    Ok(told(
        &copied,
        "moved. Set spool.url to it before the next start, and delete the old file once all is well",
    ))
}

/// Opening would make one.
fn check_there(spool: &Place) -> Result<(), UpkeepError> {
    match spool {
        Place::Sqlite(path) if !path.is_file() => Err(UpkeepError::Missing(spool.clone())),
        _ => Ok(()),
    }
}

fn told(copied: &[(&'static str, Tally)], end: &str) -> Vec<String> {
    let lines = copied.iter().map(|(name, tally)| format!("{name}: {tally}, read again and equal"));
    lines.chain([end.to_owned()]).collect()
}
