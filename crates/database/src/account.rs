//! Whose store it is: maintenance tasks leave files that the service's own account can open.

use std::{
    ffi::OsStr,
    fs, io,
    os::unix::fs::{MetadataExt as _, lchown},
    path::{Path, PathBuf},
};

use rustix::process::geteuid;

use crate::{DatabaseUrl, OpenError};

/// The folder of a file; the current one for a bare name.
pub(crate) fn parent_folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The name of an account, or its number where there is no such name here.
fn account_name(uid: u32) -> String {
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let of_line = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    };
    passwd.lines().find_map(of_line).unwrap_or_else(|| uid.to_string())
}

impl DatabaseUrl {
    /// The account that owns the store: the owner of the file's folder, which the unit keeps right.
    /// `None` on a server.
    ///
    /// # Errors
    /// If the folder is missing or cannot be looked into.
    fn owner(&self) -> Result<Option<u32>, OpenError> {
        let Self::Sqlite(path) = self else { return Ok(None) };
        let folder = parent_folder(path);
        let of_folder = fs::metadata(folder).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => OpenError::FolderNotFound(folder.to_owned()),
            _ => OpenError::FolderUnreadable { path: folder.to_owned(), error },
        })?;
        Ok(Some(of_folder.uid()))
    }

    /// The files of the store that do not belong to the owner of their folder, so that the service
    /// cannot open them, and the name of that owner. A copy that root put there is such a file.
    ///
    /// # Errors
    /// If the folder is missing or cannot be looked into.
    pub fn misowned_files(&self) -> Result<Option<(Vec<PathBuf>, String)>, OpenError> {
        let (Self::Sqlite(path), Some(owner)) = (self, self.owner()?) else { return Ok(None) };
        let folder = parent_folder(path);
        let look = |error| OpenError::FolderUnreadable { path: folder.to_owned(), error };
        let mut files = Vec::new();
        for entry in fs::read_dir(folder).map_err(look)? {
            let entry = entry.map_err(look)?;
            let of_store = is_store_file(&entry.file_name(), path.file_name().unwrap_or_default());
            if of_store && entry.metadata().map_err(look)?.uid() != owner {
                files.push(entry.path());
            }
        }
        Ok((!files.is_empty()).then(|| (files, account_name(owner))))
    }

    /// The name of the account that owns the store, if this process runs as another one. `None` if
    /// it is the same, or on a server.
    ///
    /// # Errors
    /// If the folder of the file is missing or cannot be looked into.
    pub fn owner_if_other(&self) -> Result<Option<String>, OpenError> {
        let owner = self.owner()?.filter(|owner| *owner != geteuid().as_raw());
        Ok(owner.map(account_name))
    }

    /// Checks that this process may leave files in the store: as its owner, or as root, who hands
    /// them over.
    ///
    /// # Errors
    /// If it runs as a third account, or the folder is missing.
    pub fn check_account(&self) -> Result<(), OpenError> {
        match self.owner_if_other()? {
            Some(owner) if !geteuid().is_root() => {
                let me = account_name(geteuid().as_raw());
                Err(OpenError::WrongAccount { place: self.clone(), owner, me })
            }
            _ => Ok(()),
        }
    }
}

/// As root, gives the files of a store to the owner of their folder. Otherwise they are the owner's
/// already.
pub(crate) fn chown_to_folder_owner(place: &DatabaseUrl) -> io::Result<()> {
    let DatabaseUrl::Sqlite(path) = place else { return Ok(()) };
    if !geteuid().is_root() {
        return Ok(());
    }
    let folder = parent_folder(path);
    let owner = fs::metadata(folder)?;
    let name = path.file_name().unwrap_or_default();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if is_store_file(&entry.file_name(), name) {
            // The service may have put a link there, which must not give it a file of another
            // account.
            lchown(entry.path(), Some(owner.uid()), Some(owner.gid()))?;
        }
    }
    Ok(())
}

/// The file itself, `-wal`, `-shm`, `.lock`, `.moved`.
fn is_store_file(file: &OsStr, store: &OsStr) -> bool {
    let rest = file.as_encoded_bytes().strip_prefix(store.as_encoded_bytes());
    rest.is_some_and(|rest| matches!(rest, b"" | b"-wal" | b"-shm" | b".lock" | b".moved"))
}

/// As root, gives a folder of parts and what is in it to the owner of the folder above it.
///
/// # Errors
/// If the owner cannot be read or set.
pub fn chown_folder_to_parent_owner(folder: &Path) -> io::Result<()> {
    if !geteuid().is_root() {
        return Ok(());
    }
    let owner = fs::metadata(parent_folder(folder))?;
    let give = |path: PathBuf| lchown(path, Some(owner.uid()), Some(owner.gid()));
    give(folder.to_owned())?;
    fs::read_dir(folder)?.try_for_each(|entry| give(entry?.path()))
}
