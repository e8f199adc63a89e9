//! Maintenance commands of the spool: creation, backup, backup verification, restore and migration.

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

/// File name of the database in a backup.
const DATABASE_FILE: &str = "spool.sqlite";

/// A maintenance command.
#[derive(Debug, Clone, Subcommand)]
pub enum MaintenanceCommand {
    /// Create the store, before the first start. Fails if one exists.
    CreateStore,
    /// Copy the spool into a new folder while the service runs. Its content is sealed.
    Backup {
        /// The folder to create.
        folder: PathBuf,
    },
    /// Restore a backup into a temporary folder and verify every row. Changes nothing else.
    VerifyBackup {
        /// The folder of the backup.
        folder: PathBuf,
    },
    /// Restore a backup into the configured spool, which must be empty. Stop the service first.
    Restore {
        /// The folder of the backup.
        folder: PathBuf,
    },
    /// Copy an `SQLite` spool into an empty `PostgreSQL` database, row by row, and compare the two.
    /// Stop the service first.
    MigrateTo {
        /// The URL of the database, such as
        /// `postgres://burkindi@db.internal/spool?sslmode=verify-full`
        #[arg(value_name = "URL")]
        to: DatabaseUrl,
    },
}

/// Why a maintenance command failed.
#[derive(Debug, thiserror::Error)]
pub enum MaintenanceError {
    /// The configuration is invalid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The URL of a database is invalid.
    #[error(transparent)]
    DatabaseUrl(#[from] DatabaseUrlError),
    /// A database does not open, or the service runs.
    #[error("{0}{hint}", hint = if matches!(.0, OpenError::InUse) { " (stop the service first)" } else { "" })]
    Open(#[from] OpenError),
    /// Copying the rows failed.
    #[error(transparent)]
    Copy(CopyError),
    /// The folder of the backup is invalid or incomplete.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The spool failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The temporary folder for a backup could not be created.
    #[error("failed to create a temporary folder: {0}")]
    Temporary(#[from] std::io::Error),
    /// The spool is on PostgreSQL, where several intakes may write into it.
    #[error(
        "the spool is on PostgreSQL already: to move it, stop all intakes and use backup and restore"
    )]
    SharedStore,
    /// The configured spool does not exist.
    #[error(
        "spool not found: {0}. If it existed before, restore a backup: `intake --config … restore \
         FOLDER`. Before the first start, create it: `intake --config … create-store`"
    )]
    SpoolNotFound(DatabaseUrl),
    /// The spool exists already.
    #[error("spool exists already, nothing was changed: {0}")]
    SpoolExists(DatabaseUrl),
    /// The root keys of this installation did not sign the directory of the backup, so its
    /// submissions may be sealed to unknown recipients.
    #[error(
        "backup directory not signed by the trusted root keys: {0}. Check that the backup is of this \
         installation"
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

/// Runs a command and returns the lines to print.
///
/// # Errors
/// If the command fails. The error says why, and what to do.
pub async fn run(
    config: &Config,
    command: MaintenanceCommand,
) -> Result<Vec<String>, MaintenanceError> {
    let spool = config.store.database_url()?;
    spool.check_account()?;
    match command {
        MaintenanceCommand::CreateStore => create_store(&spool).await,
        MaintenanceCommand::Backup { folder } => back_up(&spool, &folder).await,
        MaintenanceCommand::VerifyBackup { folder } => verify_backup(config, &folder).await,
        MaintenanceCommand::Restore { folder } => restore(&spool, &folder).await,
        MaintenanceCommand::MigrateTo { to } => migrate_to(&spool, &to).await,
    }
}

async fn create_store(spool: &DatabaseUrl) -> Result<Vec<String>, MaintenanceError> {
    let _lock = spool.acquire_writer_lock().await?;
    if spool.exists().await? {
        return Err(MaintenanceError::SpoolExists(spool.clone()));
    }
    spool.migrate::<Migrator>().await?;
    Ok(vec![format!("created {spool}")])
}

async fn back_up(spool: &DatabaseUrl, folder: &Path) -> Result<Vec<String>, MaintenanceError> {
    ensure_exists(spool).await?;
    let backup = BackupFolder::new(folder, DATABASE_FILE);
    let copied = backup.create::<Migrator>(spool, &store::tables()).await?;
    backup.finalize()?;
    Ok(summary_lines(
        &copied,
        "backup complete. Verify it with `verify-backup`, and store it on another machine",
    ))
}

async fn verify_backup(config: &Config, folder: &Path) -> Result<Vec<String>, MaintenanceError> {
    let backup = BackupFolder::new(folder, DATABASE_FILE);
    let files = backup.verify()?;
    let temporary = tempfile::tempdir()?;
    let url = backup.unpack::<Migrator>(temporary.path()).await?;
    let store = Store::open(&url, config.store.limits(), &mut OsRng).await?;
    let intact = store.verify_all().await?;
    if let Some(signed) = store.load_directory().await? {
        signed
            .verify_ignoring_dates(&config.load_trust()?)
            .map_err(MaintenanceError::UntrustedDirectory)?;
    }
    Ok(vec![
        format!("{files} files are unchanged since the backup"),
        format!("{intact} pending submissions are intact"),
        "this backup can be restored".to_owned(),
    ])
}

async fn restore(spool: &DatabaseUrl, folder: &Path) -> Result<Vec<String>, MaintenanceError> {
    let backup = BackupFolder::new(folder, DATABASE_FILE);
    backup.verify()?;
    let temporary = tempfile::tempdir()?;
    let from = backup.unpack::<Migrator>(temporary.path()).await?;
    let _lock = spool.acquire_lock_even_if_moved().await?;
    let copied = database::copy::<Migrator>(&from, spool, &store::tables()).await?;
    spool.remove_moved_marker().map_err(OpenError::LockFile)?;
    Ok(summary_lines(
        &copied,
        &format!(
            "restored into {spool}. Start the service. The case handler recognises submissions \
             that it has ingested since the backup"
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
            "migrated from {spool} to {to}. Set store.url in the configuration file to the new \
             URL, start the service, run `doctor`, and delete the old file. No command opens the \
             old file any more"
        ),
    ))
}

/// Checks that the spool exists and may be used. Opening alone would silently create an empty one.
///
/// # Errors
/// If the spool does not exist, was migrated, or cannot be reached.
pub async fn ensure_exists(spool: &DatabaseUrl) -> Result<(), MaintenanceError> {
    if let Some(to) = spool.read_moved_marker().map_err(OpenError::LockFile)? {
        return Err(OpenError::Moved { from: spool.clone(), to }.into());
    }
    if spool.exists().await? { Ok(()) } else { Err(MaintenanceError::SpoolNotFound(spool.clone())) }
}

fn summary_lines(copied: &[(&'static str, TableDigest)], end: &str) -> Vec<String> {
    let lines =
        copied.iter().map(|(name, digest)| format!("{name}: {digest}, read back and equal"));
    lines.chain([end.to_owned()]).collect()
}
