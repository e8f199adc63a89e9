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
    /// Make the store, at the first start. Refuses where one is.
    CreateStore,
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
    #[error("{0}{hint}", hint = if matches!(.0, OpenError::InUse) { ": stop the service \
             first" } else { "" })]
    Open(#[from] OpenError),
    /// Copying.
    #[error(transparent)]
    Copy(CopyError),
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
    #[error(
        "{0}: there is no spool. If there was one, restore a backup: `intake --config … restore \
         FOLDER`. At the very first start, make it: `intake --config … create-store`"
    )]
    Missing(Place),
    /// There is one.
    #[error("{0}: there is a spool already. It was left as it is")]
    There(Place),
    /// Sealed to whoever signed another installation's directory.
    #[error("the backup's directory is not vouched for by directory.trust: {0}. Is it of this installation?")]
    Directory(DirectoryError),
}

impl From<CopyError> for UpkeepError {
    fn from(error: CopyError) -> Self {
        match error {
            CopyError::Open(error) => Self::Open(error),
            error => Self::Copy(error),
        }
    }
}

/// Does it, and gives what to say.
pub async fn run(config: &Config, task: Task) -> Result<Vec<String>, UpkeepError> {
    let spool = config.spool.place()?;
    spool.check_account()?;
    match task {
        Task::CreateStore => create(&spool).await,
        Task::Backup { folder } => back_up(&spool, &folder).await,
        Task::Rehearse { folder } => rehearse(config, &folder).await,
        Task::Restore { folder } => restore(&spool, &folder).await,
        Task::MoveTo { to } => move_to(&spool, &to).await,
    }
}

async fn create(spool: &Place) -> Result<Vec<String>, UpkeepError> {
    let _alone = spool.alone().await?;
    if spool.is_there().await? {
        return Err(UpkeepError::There(spool.clone()));
    }
    spool.prepare::<Migrator>().await?;
    Ok(vec![format!("made {spool}")])
}

async fn back_up(spool: &Place, folder: &Path) -> Result<Vec<String>, UpkeepError> {
    check_there(spool).await?;
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
    let _alone = spool.lock().await?;
    let copied = database::copy::<Migrator>(&from, spool, &store::tables()).await?;
    spool.unmark_moved().map_err(OpenError::File)?;
    Ok(told(
        &copied,
        &format!(
            "restored into {spool}. Start the service; what the case handler has filed since the \
             backup is not filed twice"
        ),
    ))
}

async fn move_to(spool: &Place, to: &Place) -> Result<Vec<String>, UpkeepError> {
    if spool.is_shared() {
        return Err(UpkeepError::Shared);
    }
    if !spool.is_there().await? {
        return Err(UpkeepError::Missing(spool.clone()));
    }
    let copied = database::relocate::<Migrator>(spool, to, &store::tables()).await?;
    Ok(told(
        &copied,
        &format!(
            "moved from {spool} to {to}. Set spool.url in the configuration file to it, start the \
             service, run `doctor`, and delete the old file. Until then no command opens the old \
             file"
        ),
    ))
}

/// Checks that there is a spool that may be used. Opening would silently begin an empty one.
///
/// # Errors
/// If there is none, it was moved, or it cannot be reached.
pub async fn check_there(spool: &Place) -> Result<(), UpkeepError> {
    if let Some(to) = spool.moved_to().map_err(OpenError::File)? {
        return Err(OpenError::Moved { from: spool.clone(), to }.into());
    }
    if spool.is_there().await? { Ok(()) } else { Err(UpkeepError::Missing(spool.clone())) }
}

fn told(copied: &[(&'static str, Tally)], end: &str) -> Vec<String> {
    let lines = copied.iter().map(|(name, tally)| format!("{name}: {tally}, read again and equal"));
    lines.chain([end.to_owned()]).collect()
}
