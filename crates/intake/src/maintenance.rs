//! Maintenance commands of the spool: creation, backup, backup verification, restore and migration.

use std::path::Path;

use database::{BackupError, BackupFolder, CopyError, DatabaseUrl, DatabaseUrlError, OpenError};
use migrations_intake::Migrator;
use protocol::directory::DirectoryError;
use rand::rngs::OsRng;
use service_kit::store_commands::{self, StoreCommand, StoreCommandError, copy_summary};

use crate::{
    config::{Config, ConfigError},
    store::{self, Store, StoreError},
};

/// File name of the database in a backup.
const DATABASE_FILE: &str = "spool.sqlite";
/// The program that messages name.
pub(crate) const PROGRAM: &str = "intake";

/// Why a maintenance command failed.
#[derive(Debug, thiserror::Error)]
pub enum MaintenanceError {
    /// The configuration is invalid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The URL of a database is invalid.
    #[error(transparent)]
    DatabaseUrl(#[from] DatabaseUrlError),
    /// The store does not exist, exists already, does not open, or cannot be copied.
    #[error(transparent)]
    Command(#[from] StoreCommandError),
    /// The folder of the backup is invalid or incomplete.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The spool failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The temporary folder for a backup could not be created.
    #[error("failed to create a temporary folder: {0}")]
    Temporary(#[from] std::io::Error),
    /// The root keys of this installation did not sign the directory of the backup, so its
    /// submissions may be sealed to unknown recipients.
    #[error(
        "backup directory not signed by the trusted root keys: {0}. Check that the backup is of this \
         installation"
    )]
    UntrustedDirectory(DirectoryError),
}

impl From<OpenError> for MaintenanceError {
    fn from(error: OpenError) -> Self {
        Self::Command(error.into())
    }
}

impl From<CopyError> for MaintenanceError {
    fn from(error: CopyError) -> Self {
        Self::Command(error.into())
    }
}

/// Runs a command and returns the lines to print.
///
/// # Errors
/// If the command fails. The error states the reason and the remedy.
pub async fn run(config: &Config, command: StoreCommand) -> Result<Vec<String>, MaintenanceError> {
    let spool = config.store.database_url()?;
    spool.check_account()?;
    match command {
        StoreCommand::CreateStore => Ok(store_commands::create_store::<Migrator>(&spool).await?),
        StoreCommand::Backup { folder } => back_up(&spool, &folder).await,
        StoreCommand::VerifyBackup { folder } => verify_backup(config, &folder).await,
        StoreCommand::Restore { folder } => restore(&spool, &folder).await,
        StoreCommand::MigrateTo { to } => {
            let tables = store::tables();
            Ok(store_commands::migrate_to::<Migrator>(&spool, &to, &tables, PROGRAM).await?)
        }
    }
}

async fn back_up(spool: &DatabaseUrl, folder: &Path) -> Result<Vec<String>, MaintenanceError> {
    ensure_exists(spool).await?;
    let backup = BackupFolder::new(folder, DATABASE_FILE);
    let copied = backup.create::<Migrator>(spool, &store::tables()).await?;
    backup.finalize()?;
    Ok(copy_summary(
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
    Ok(copy_summary(
        &copied,
        &format!(
            "restored into {spool}. Start the service. The case handler recognises submissions \
             that it has ingested since the backup"
        ),
    ))
}

/// Checks that the spool exists and may be used. Opening alone would silently create an empty one.
///
/// # Errors
/// If the spool does not exist, was migrated, or cannot be reached.
pub async fn ensure_exists(spool: &DatabaseUrl) -> Result<(), StoreCommandError> {
    store_commands::ensure_exists(spool, PROGRAM).await
}
