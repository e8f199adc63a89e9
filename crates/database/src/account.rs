//! The account that owns a store. Maintenance commands leave files that the service's account can
//! open.

use std::{
    ffi::OsStr,
    fs, io,
    os::unix::fs::{MetadataExt as _, lchown},
    path::{Path, PathBuf},
};

use rustix::process::geteuid;

use crate::{DatabaseUrl, OpenError};

/// Returns the folder of a file, or the current folder for a bare name.
pub(crate) fn parent_folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Returns the name of an account, or its number if this machine has no such name.
fn account_name(uid: u32) -> String {
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name_in_line = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    };
    passwd.lines().find_map(name_in_line).unwrap_or_else(|| uid.to_string())
}

impl DatabaseUrl {
    /// Returns the account that owns the store: the owner of the file's folder, which the unit
    /// sets. `None` on a server.
    ///
    /// # Errors
    /// Fails if the folder is missing or unreadable.
    fn owner(&self) -> Result<Option<u32>, OpenError> {
        let Self::Sqlite(path) = self else { return Ok(None) };
        let folder = parent_folder(path);
        let metadata = fs::metadata(folder).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => OpenError::FolderNotFound(folder.to_owned()),
            _ => OpenError::FolderUnreadable { path: folder.to_owned(), error },
        })?;
        Ok(Some(metadata.uid()))
    }

    /// Returns the files of the store that do not belong to the owner of their folder, so that the
    /// service cannot open them, and the name of that owner. For example, root may have copied such
    /// a file.
    ///
    /// # Errors
    /// Fails if the folder is missing or unreadable.
    pub fn misowned_files(&self) -> Result<Option<(Vec<PathBuf>, String)>, OpenError> {
        let (Self::Sqlite(path), Some(owner)) = (self, self.owner()?) else { return Ok(None) };
        let folder = parent_folder(path);
        let unreadable = |error| OpenError::FolderUnreadable { path: folder.to_owned(), error };
        let mut files = Vec::new();
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let belongs_to_store =
                is_store_file(&entry.file_name(), path.file_name().unwrap_or_default());
            if belongs_to_store && entry.metadata().map_err(unreadable)?.uid() != owner {
                files.push(entry.path());
            }
        }
        Ok((!files.is_empty()).then(|| (files, account_name(owner))))
    }

    /// Returns the name of the account that owns the store, if this process runs as another one.
    /// `None` if it is the same, or on a server.
    ///
    /// # Errors
    /// Fails if the folder of the file is missing or unreadable.
    pub fn owner_if_other(&self) -> Result<Option<String>, OpenError> {
        let owner = self.owner()?.filter(|owner| *owner != geteuid().as_raw());
        Ok(owner.map(account_name))
    }

    /// Checks that this process may leave files in the store: as its owner, or as root, which
    /// assigns the files to the owner.
    ///
    /// # Errors
    /// Fails if the process runs as another account, or if the folder is missing.
    pub fn check_account(&self) -> Result<(), OpenError> {
        match self.owner_if_other()? {
            Some(owner) if !geteuid().is_root() => {
                let current = account_name(geteuid().as_raw());
                Err(OpenError::WrongAccount { url: self.clone(), owner, current })
            }
            _ => Ok(()),
        }
    }
}

/// As root, assigns the files of a store to the owner of their folder. Otherwise the files belong
/// to the owner already.
pub(crate) fn chown_to_folder_owner(url: &DatabaseUrl) -> io::Result<()> {
    let DatabaseUrl::Sqlite(path) = url else { return Ok(()) };
    if !geteuid().is_root() {
        return Ok(());
    }
    let folder = parent_folder(path);
    let owner = fs::metadata(folder)?;
    let name = path.file_name().unwrap_or_default();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if is_store_file(&entry.file_name(), name) {
            // The service may have created a link there, which must not assign a file of another
            // account to it.
            lchown(entry.path(), Some(owner.uid()), Some(owner.gid()))?;
        }
    }
    Ok(())
}

/// Returns true for the database file and its `-wal`, `-shm`, `.lock` and `.moved` files.
fn is_store_file(file: &OsStr, store: &OsStr) -> bool {
    let suffix = file.as_encoded_bytes().strip_prefix(store.as_encoded_bytes());
    suffix.is_some_and(|suffix| matches!(suffix, b"" | b"-wal" | b"-shm" | b".lock" | b".moved"))
}

/// As root, assigns a folder of parts and its files to the owner of the folder above it.
///
/// # Errors
/// Fails if the owner cannot be read or set.
pub fn chown_folder_to_parent_owner(folder: &Path) -> io::Result<()> {
    if !geteuid().is_root() {
        return Ok(());
    }
    let owner = fs::metadata(parent_folder(folder))?;
    let set_owner = |path: PathBuf| lchown(path, Some(owner.uid()), Some(owner.gid()));
    set_owner(folder.to_owned())?;
    fs::read_dir(folder)?.try_for_each(|entry| set_owner(entry?.path()))
}
