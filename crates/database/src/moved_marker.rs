//! The marker beside an `SQLite` file whose rows were migrated to another store. No service and no
//! backup opens such a file again, because it would continue from an outdated state.

use std::{
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};

use sea_orm_migration::MigratorTrait;

use crate::{CopyError, DatabaseUrl, OpenError, TableCopier, TableDigest, account, copy::copy};

fn marker_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".moved");
    name.into()
}

impl DatabaseUrl {
    /// Returns the store to which the rows were migrated, from the marker.
    ///
    /// # Errors
    /// Fails if the marker exists and is unreadable.
    pub fn read_moved_marker(&self) -> io::Result<Option<String>> {
        let Self::Sqlite(path) = self else { return Ok(None) };
        match fs::read_to_string(marker_path(path)) {
            Ok(text) => Ok(Some(text.lines().next().unwrap_or_default().to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Refuses a store that was migrated elsewhere.
    pub(crate) fn check_not_moved(&self) -> Result<(), OpenError> {
        match self.read_moved_marker()? {
            Some(to) => Err(OpenError::Moved { from: self.clone(), to }),
            None => Ok(()),
        }
    }

    /// Removes the marker, so that the file may be used again, because its rows were restored from
    /// a backup.
    ///
    /// # Errors
    /// Fails if the marker exists and cannot be removed.
    pub fn remove_moved_marker(&self) -> io::Result<()> {
        let Self::Sqlite(path) = self else { return Ok(()) };
        match fs::remove_file(marker_path(path)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Writes the marker durably. Returns true if there was none before.
    fn write_moved_marker(&self, to: &Self) -> io::Result<bool> {
        let Self::Sqlite(path) = self else { return Ok(false) };
        let mut file =
            match fs::File::options().write(true).create_new(true).open(marker_path(path)) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
                file => file?,
            };
        writeln!(
            file,
            "{to}\nThe rows of {} were moved there, or were being \
            moved.",
            path.display()
        )?;
        file.sync_all()?;
        fs::File::open(account::parent_folder(path))?.sync_all()?;
        Ok(true)
    }
}

/// Migrates all rows of an `SQLite` file into an empty database. The marker is written before the
/// rows are committed, so that at no moment both stores can be written. It is removed again if
/// nothing was copied.
///
/// # Errors
/// Fails if another process uses the file, or if nothing could be copied. Both stores are then
/// unchanged.
pub async fn move_rows<M: MigratorTrait>(
    from: &DatabaseUrl,
    to: &DatabaseUrl,
    tables: &[TableCopier],
) -> Result<Vec<(&'static str, TableDigest)>, CopyError> {
    // After an interruption, the migration may be repeated to the same target only. With two
    // targets, each would continue from the same rows.
    let former_target = from.read_moved_marker().map_err(OpenError::LockFile)?;
    if former_target.is_some_and(|former_target| former_target != to.to_string()) {
        from.check_not_moved()?;
    }
    let _lock = from.acquire_lock_even_if_moved().await?;
    from.migrate::<M>().await?;
    let created_marker = from.write_moved_marker(to).map_err(OpenError::LockFile)?;
    let copied = copy::<M>(from, to, tables).await;
    if copied.is_err() && created_marker {
        from.remove_moved_marker().map_err(OpenError::LockFile)?;
    }
    account::chown_to_folder_owner(from).map_err(OpenError::LockFile)?;
    copied
}
