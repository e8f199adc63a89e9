//! The commands on the store that both services have, and the steps that are the same in both.

use std::path::PathBuf;

use clap::Subcommand;
use database::{CopyError, DatabaseUrl, OpenError, TableCopier, TableDigest};
use sea_orm_migration::MigratorTrait;

/// The commands on the store.
#[derive(Debug, Clone, Subcommand)]
pub enum StoreCommand {
    /// Create the store, before the first start. Fails if it exists.
    CreateStore,
    /// Copy the store into a new folder, while the service runs. Reports, messages and files in it
    /// are sealed. The files of the service's keys are not in it.
    Backup {
        /// A folder that does not exist yet.
        folder: PathBuf,
    },
    /// Verify a backup: every byte, and whether the service can use it. Changes nothing.
    VerifyBackup {
        /// The folder of the backup.
        folder: PathBuf,
    },
    /// Restore a backup into the configured store, which must be empty. Stop the service first.
    Restore {
        /// The folder of the backup.
        folder: PathBuf,
    },
    /// Copy an `SQLite` store into an empty `PostgreSQL` database row by row, and compare. Stop the
    /// service first.
    MigrateTo {
        /// Such as `postgres://burkindi@db.internal/store?sslmode=verify-full`
        #[arg(value_name = "URL")]
        to: DatabaseUrl,
    },
}

/// Why a command on the store failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreCommandError {
    /// A database does not open, or the service runs.
    #[error("{0}{hint}", hint = if matches!(.0, OpenError::InUse) { " (stop the service first)" } else { "" })]
    Open(#[from] OpenError),
    /// Copying the rows failed.
    #[error(transparent)]
    Copy(CopyError),
    /// The store is on a server, where several processes may write into it.
    #[error(
        "store.url is already a PostgreSQL database: to move it, stop the service on every machine, \
         and use backup and restore"
    )]
    AlreadyShared,
    /// The configured store does not exist.
    #[error(
        "store.url: store not found: {url}. If it existed before, restore a backup: \
         `{program} --config … restore FOLDER`. Before the first start, create it: \
         `{program} --config … create-store`"
    )]
    NotFound {
        /// The URL.
        url: DatabaseUrl,
        /// The name of the service's program.
        program: &'static str,
    },
    /// The store exists already.
    #[error("store.url: {0} already exists; nothing was changed")]
    AlreadyExists(DatabaseUrl),
}

impl From<CopyError> for StoreCommandError {
    fn from(error: CopyError) -> Self {
        match error {
            CopyError::Open(error) => Self::Open(error),
            error => Self::Copy(error),
        }
    }
}

/// Creates the store and returns the lines to print.
///
/// # Errors
/// Fails if the store exists, or if it cannot be created.
pub async fn create_store<M: MigratorTrait>(
    url: &DatabaseUrl,
) -> Result<Vec<String>, StoreCommandError> {
    let _lock = url.acquire_writer_lock().await?;
    if url.exists().await? {
        return Err(StoreCommandError::AlreadyExists(url.clone()));
    }
    url.migrate::<M>().await?;
    Ok(vec![format!("created {url}")])
}

/// Copies an `SQLite` store into an empty `PostgreSQL` database and returns the lines to print.
/// `program` is the name of the service's program.
///
/// # Errors
/// Fails if the store does not exist, is on a server already, or is in use, or if copying fails.
pub async fn migrate_to<M: MigratorTrait>(
    url: &DatabaseUrl,
    to: &DatabaseUrl,
    tables: &[TableCopier],
    program: &'static str,
) -> Result<Vec<String>, StoreCommandError> {
    if url.is_shared() {
        return Err(StoreCommandError::AlreadyShared);
    }
    if !url.exists().await? {
        return Err(StoreCommandError::NotFound { url: url.clone(), program });
    }
    let copied = database::move_rows::<M>(url, to, tables).await?;
    Ok(copy_summary(
        &copied,
        &format!(
            "migrated from {url} to {to}. Set store.url in the configuration file to the new URL, \
             start the service, run `doctor`, and delete the old file. No command opens the old \
             file any more"
        ),
    ))
}

/// Checks that the store exists and may be used. Opening a missing store would silently create an
/// empty one, and with it a second history. `program` is the name of the service's program.
///
/// # Errors
/// Fails if the store does not exist, was migrated elsewhere, or cannot be reached.
pub async fn ensure_exists(
    url: &DatabaseUrl,
    program: &'static str,
) -> Result<(), StoreCommandError> {
    if let Some(to) = url.read_moved_marker().map_err(OpenError::LockFile)? {
        return Err(OpenError::Moved { from: url.clone(), to }.into());
    }
    if url.exists().await? {
        Ok(())
    } else {
        Err(StoreCommandError::NotFound { url: url.clone(), program })
    }
}

/// Returns one line for each copied table, and a last line.
pub fn copy_summary(tables: &[(&'static str, TableDigest)], end: &str) -> Vec<String> {
    let lines = tables.iter().map(|(name, digest)| format!("{name}: {digest}, compared and equal"));
    lines.chain([end.to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use migrations_intake::Migrator;

    use super::*;

    #[tokio::test]
    async fn a_store_is_created_once_and_a_missing_store_is_an_error_with_advice() {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::Sqlite(folder.path().join("store.sqlite"));
        let missing = ensure_exists(&url, "intake").await.unwrap_err();
        assert!(matches!(missing, StoreCommandError::NotFound { .. }), "{missing}");
        for command in ["`intake --config … restore FOLDER`", "`intake --config … create-store`"]
        {
            assert!(missing.to_string().contains(command), "{missing}");
        }
        assert_eq!(create_store::<Migrator>(&url).await.unwrap(), [format!("created {url}")]);
        ensure_exists(&url, "intake").await.unwrap();
        let again = create_store::<Migrator>(&url).await.unwrap_err();
        assert!(matches!(again, StoreCommandError::AlreadyExists(_)), "{again}");
    }

    #[tokio::test]
    async fn a_store_in_use_is_an_error_that_advises_to_stop_the_service() {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::Sqlite(folder.path().join("store.sqlite"));
        let _lock = url.acquire_writer_lock().await.unwrap();
        let locked = create_store::<Migrator>(&url).await.unwrap_err().to_string();
        assert!(locked.ends_with("(stop the service first)"), "{locked}");
    }
}
