//! The mark beside an `SQLite` file whose rows were moved elsewhere. Neither a service nor a backup
//! opens such a file again: it would go on from an older state.

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
    /// Where its rows were moved, as its mark says.
    ///
    /// # Errors
    /// If the mark is there and cannot be read.
    pub fn read_moved_marker(&self) -> io::Result<Option<String>> {
        let Self::Sqlite(path) = self else { return Ok(None) };
        match fs::read_to_string(marker_path(path)) {
            Ok(text) => Ok(Some(text.lines().next().unwrap_or_default().to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Refuses a store that was moved.
    pub(crate) fn check_not_moved(&self) -> Result<(), OpenError> {
        match self.read_moved_marker()? {
            Some(to) => Err(OpenError::Moved { from: self.clone(), to }),
            None => Ok(()),
        }
    }

    /// Removes the mark, so that the file may be used again: its rows came back from a backup.
    ///
    /// # Errors
    /// If the mark is there and cannot be removed.
    pub fn remove_moved_marker(&self) -> io::Result<()> {
        let Self::Sqlite(path) = self else { return Ok(()) };
        match fs::remove_file(marker_path(path)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Writes the mark, durably. Returns whether there was none before.
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

/// Moves all rows of an `SQLite` file into an empty database. The mark is written before the rows
/// are committed, so that there is no moment at which two stores could be written; it is removed
/// again if nothing was moved.
///
/// # Errors
/// If another process uses the file, or nothing could be copied. Both stores are then as they were.
pub async fn move_rows<M: MigratorTrait>(
    from: &DatabaseUrl,
    to: &DatabaseUrl,
    tables: &[TableCopier],
) -> Result<Vec<(&'static str, TableDigest)>, CopyError> {
    // To the same place it may be repeated after an interruption; two places would each go on from
    // here.
    let before = from.read_moved_marker().map_err(OpenError::LockFile)?;
    if before.is_some_and(|before| before != to.to_string()) {
        from.check_not_moved()?;
    }
    let _lock = from.acquire_lock_even_if_moved().await?;
    from.migrate::<M>().await?;
    let marked = from.write_moved_marker(to).map_err(OpenError::LockFile)?;
    let copied = copy::<M>(from, to, tables).await;
    if copied.is_err() && marked {
        from.remove_moved_marker().map_err(OpenError::LockFile)?;
    }
    account::chown_to_folder_owner(from).map_err(OpenError::LockFile)?;
    copied
}
