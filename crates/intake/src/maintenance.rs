//! What operators do with the spool: back it up, try the backup, restore it, move it to another
//! engine.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use database::{
    BackupError, BackupFolder, CopyError, DatabaseUrl, DatabaseUrlError, OpenError, TableDigest,
};
use migrations_intake::Migrator;
use protocol::directory::DirectoryError;
use rand::rngs::OsRng;

use crate::{
    config::{Config, ConfigError},
    store::{self, Store, StoreError},
};

/// Name of the database in a backup.
const DATABASE_FILE: &str = "spool.sqlite";

/// One of them.
#[derive(Debug, Clone, Subcommand)]
pub enum MaintenanceCommand {
    /// Make the store, at the first start. Refuses where one is.
    CreateStore,
    /// Copy the spool into a new folder, while the service runs. Everything in it is sealed.
    Backup {
        /// A folder that is not there yet.
        folder: PathBuf,
    },
    /// Try a backup without touching anything: would all of it come back?
    VerifyBackup {
        /// The folder of the backup.
        folder: PathBuf,
    },
    /// Bring a backup back into the configured spool, which must be empty. For a service that does
    /// not run.
    Restore {
        /// The folder of the backup.
        folder: PathBuf,
    },
    /// Copy an `SQLite` spool into an empty `PostgreSQL` database, row by row, and compare. For a
    /// service that does not run.
    MigrateTo {
        /// Such as `postgres://burkindi@db.internal/spool?sslmode=verify-full`
        #[arg(value_name = "URL")]
        to: DatabaseUrl,
    },
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum MaintenanceError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A database's address.
    #[error(transparent)]
    DatabaseUrl(#[from] DatabaseUrlError),
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
    SharedStore,
    /// There is no spool.
    #[error(
        "{0}: there is no spool. If there was one, restore a backup: `intake --config … restore \
         FOLDER`. At the very first start, make it: `intake --config … create-store`"
    )]
    SpoolNotFound(DatabaseUrl),
    /// There is one.
    #[error("{0}: there is a spool already. It was left as it is")]
    SpoolExists(DatabaseUrl),
    /// Sealed to whoever signed another installation's directory.
    #[error(
        "the backup's directory is not vouched for by directory.trust: {0}. Is it of this installation?"
    )]
    UntrustedDirectory(DirectoryError),
}

impl From<CopyError> for MaintenanceError {
    fn from(error: CopyError) -> Self {
        match error {
            CopyError::Open(error) => Self::Open(error),
            error => Self::Copy(error),
        }
    }
}

/// Does it, and gives what to say.
pub async fn run(
    config: &Config,
    task: MaintenanceCommand,
) -> Result<Vec<String>, MaintenanceError> {
    let spool = config.store.database_url()?;
    spool.check_account()?;
    match task {
        MaintenanceCommand::CreateStore => create_store(&spool).await,
        MaintenanceCommand::Backup { folder } => back_up(&spool, &folder).await,
        MaintenanceCommand::VerifyBackup { folder } => verify_backup(config, &folder).await,
        MaintenanceCommand::Restore { folder } => restore(&spool, &folder).await,
        MaintenanceCommand::MigrateTo { to } => migrate_to(&spool, &to).await,
    }
}

async fn create_store(spool: &DatabaseUrl) -> Result<Vec<String>, MaintenanceError> {
    let _alone = spool.acquire_writer_lock().await?;
    if spool.exists().await? {
        return Err(MaintenanceError::SpoolExists(spool.clone()));
    }
    spool.migrate::<Migrator>().await?;
    Ok(vec![format!("made {spool}")])
}

async fn back_up(spool: &DatabaseUrl, folder: &Path) -> Result<Vec<String>, MaintenanceError> {
    ensure_exists(spool).await?;
    let backup = BackupFolder::new(folder, DATABASE_FILE);
    let copied = backup.create::<Migrator>(spool, &store::tables()).await?;
    backup.finalize()?;
    Ok(summary_lines(&copied, "backed up. Try it with `rehearse`, and keep it on another machine"))
}

async fn verify_backup(config: &Config, folder: &Path) -> Result<Vec<String>, MaintenanceError> {
    let backup = BackupFolder::new(folder, DATABASE_FILE);
    let files = backup.verify()?;
    let trying = tempfile::tempdir()?;
    let place = backup.unpack::<Migrator>(trying.path()).await?;
    let store = Store::open(&place, config.store.limits(), &mut OsRng).await?;
    let whole = store.verify_all().await?;
    if let Some(signed) = store.load_directory().await? {
        signed
            .verify_ignoring_dates(&config.load_trust()?)
            .map_err(MaintenanceError::UntrustedDirectory)?;
    }
    Ok(vec![
        format!("{files} files are as they were written"),
        format!("{whole} submissions wait in it, each as it was filed"),
        "this backup can be restored".to_owned(),
    ])
}

async fn restore(spool: &DatabaseUrl, folder: &Path) -> Result<Vec<String>, MaintenanceError> {
    let backup = BackupFolder::new(folder, DATABASE_FILE);
    backup.verify()?;
    let unpacking = tempfile::tempdir()?;
    let from = backup.unpack::<Migrator>(unpacking.path()).await?;
    let _alone = spool.acquire_lock_even_if_moved().await?;
    let copied = database::copy::<Migrator>(&from, spool, &store::tables()).await?;
    spool.remove_moved_marker().map_err(OpenError::LockFile)?;
    Ok(summary_lines(
        &copied,
        &format!(
            "restored into {spool}. Start the service; what the case handler has filed since the \
             backup is not filed twice"
        ),
    ))
}

async fn migrate_to(
    spool: &DatabaseUrl,
    to: &DatabaseUrl,
) -> Result<Vec<String>, MaintenanceError> {
    if spool.is_shared() {
        return Err(MaintenanceError::SharedStore);
    }
    if !spool.exists().await? {
        return Err(MaintenanceError::SpoolNotFound(spool.clone()));
    }
    let copied = database::move_rows::<Migrator>(spool, to, &store::tables()).await?;
    Ok(summary_lines(
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
pub async fn ensure_exists(spool: &DatabaseUrl) -> Result<(), MaintenanceError> {
    if let Some(to) = spool.read_moved_marker().map_err(OpenError::LockFile)? {
        return Err(OpenError::Moved { from: spool.clone(), to }.into());
    }
    if spool.exists().await? { Ok(()) } else { Err(MaintenanceError::SpoolNotFound(spool.clone())) }
}

fn summary_lines(copied: &[(&'static str, TableDigest)], end: &str) -> Vec<String> {
    let lines = copied.iter().map(|(name, tally)| format!("{name}: {tally}, read again and equal"));
    lines.chain([end.to_owned()]).collect()
}
