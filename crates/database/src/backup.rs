//! Backups. A backup is a folder with one `SQLite` file (for every source database), optionally a
//! folder of parts, and `SHA256SUMS`, which `sha256sum --check` also reads. The checksums are
//! written last, so a folder without them is incomplete.

use std::{
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

use sea_orm_migration::MigratorTrait;
use sha2::{Digest, Sha256};

use crate::{CopyError, DatabaseUrl, OpenError, TableCopier, TableDigest, copy::copy};

const SUMS_FILE: &str = "SHA256SUMS";
const PARTS_FOLDER: &str = "parts";

/// The folder of a backup that exists or will be created.
#[derive(Debug)]
pub struct BackupFolder {
    folder: PathBuf,
    database_file: &'static str,
}

/// Why a backup could not be made or used.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file or folder could not be read or written.
    #[error("{path}: {source}{}", hint(source))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The folder exists. Two backups must not be mixed.
    #[error("backup directory already exists: {0}. Name a new folder for each backup")]
    AlreadyExists(PathBuf),
    /// The folder does not exist.
    #[error("backup directory not found: {0}")]
    NotFound(PathBuf),
    /// The checksums, which are written last, or a file that they list is missing.
    #[error(
        "incomplete backup {0}: SHA256SUMS or a file that it lists is missing, or it does not list \
         the database. Name the folder of one backup, not the folder of several, or use an \
         earlier one"
    )]
    Incomplete(PathBuf),
    /// The medium has changed a file.
    #[error("checksum mismatch: {0}. Use an earlier backup, and another medium")]
    ChecksumMismatch(PathBuf),
    /// The database could not be copied.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// The database could not be copied into the folder, which remains incomplete.
    #[error("failed to back up into {}: {source}{}", folder.display(), copy_hint(source))]
    Create {
        /// The folder of the backup.
        folder: PathBuf,
        /// The cause.
        source: Box<CopyError>,
    },
}

impl From<OpenError> for BackupError {
    fn from(error: OpenError) -> Self {
        Self::Copy(error.into())
    }
}

impl BackupFolder {
    /// Returns the backup in a folder. `file` is the name of its database file.
    pub fn new(folder: &Path, file: &'static str) -> Self {
        Self { folder: folder.to_owned(), database_file: file }
    }

    /// Copies one snapshot of a database into a new folder. Services continue to run.
    /// [`BackupFolder::finalize`] completes the backup.
    ///
    /// # Errors
    /// Fails if the folder exists, if the database was migrated elsewhere, or if it cannot be
    /// copied.
    pub async fn create<M: MigratorTrait>(
        &self,
        from: &DatabaseUrl,
        tables: &[TableCopier],
    ) -> Result<Vec<(&'static str, TableDigest)>, BackupError> {
        let exists = fs::exists(&self.folder).map_err(|error| self.io_error(error))?;
        if exists {
            return Err(BackupError::AlreadyExists(self.folder.clone()));
        }
        // Otherwise the old file of a migrated store would be backed up indefinitely, without newer
        // data.
        from.check_not_moved()?;
        fs::create_dir_all(&self.folder).map_err(|error| self.io_error(error))?;
        let to = DatabaseUrl::Sqlite(self.database_path());
        let copied = copy::<M>(from, &to, tables).await;
        copied.map_err(|source| BackupError::Create {
            folder: self.folder.clone(),
            source: Box::new(source),
        })
    }

    /// Returns the folder for parts that are stored outside of the database.
    pub fn parts_folder(&self) -> PathBuf {
        self.folder.join(PARTS_FOLDER)
    }

    /// Returns the path of the database file.
    pub fn database_path(&self) -> PathBuf {
        self.folder.join(self.database_file)
    }

    /// Completes the backup: makes all files durable, and then writes the checksums.
    ///
    /// # Errors
    /// Fails if a file cannot be read or written.
    pub fn finalize(&self) -> Result<(), BackupError> {
        let mut checksums = String::new();
        for name in self.file_names()? {
            let path = self.folder.join(&name);
            let file = fs::File::open(&path).and_then(|file| file.sync_all());
            file.map_err(|source| BackupError::Io { path: path.clone(), source })?;
            writeln!(checksums, "{}  {name}", file_sha256(&path)?).expect("writing to a string");
        }
        let path = self.folder.join(SUMS_FILE);
        let result = fs::write(&path, checksums).and_then(|()| {
            fs::File::open(&path)?.sync_all()?;
            fs::File::open(&self.folder)?.sync_all()
        });
        result.map_err(|source| BackupError::Io { path, source })
    }

    /// Compares all files with their checksums, and returns the number of files.
    ///
    /// # Errors
    /// Fails if the folder does not exist, if a file is missing, differs or is unreadable for this
    /// account.
    pub fn verify(&self) -> Result<usize, BackupError> {
        let incomplete = || BackupError::Incomplete(self.folder.clone());
        // Missing and unreadable files are different errors, so that no operator deletes a valid
        // backup.
        let distinguish = |path: &Path, error: io::Error, missing: BackupError| match error.kind() {
            io::ErrorKind::NotFound => missing,
            _ => BackupError::Io { path: path.to_owned(), source: error },
        };
        fs::read_dir(&self.folder).map_err(|error| {
            distinguish(&self.folder, error, BackupError::NotFound(self.folder.clone()))
        })?;
        let path = self.folder.join(SUMS_FILE);
        let checksums =
            fs::read_to_string(&path).map_err(|error| distinguish(&path, error, incomplete()))?;
        let checksums: Vec<_> =
            checksums.lines().filter_map(|line| line.split_once("  ")).collect();
        if !checksums.iter().any(|(_, name)| *name == self.database_file) {
            return Err(incomplete());
        }
        for (expected, name) in &checksums {
            let path = self.folder.join(name);
            let found = file_sha256(&path).map_err(|error| match error {
                BackupError::Io { path, source } => distinguish(&path, source, incomplete()),
                other => other,
            })?;
            if found != *expected {
                return Err(BackupError::ChecksumMismatch(path));
            }
        }
        Ok(checksums.len())
    }

    /// Copies the database of the backup into another folder and migrates the copy to the schema of
    /// this program. The backup does not change.
    ///
    /// # Errors
    /// Fails if the file cannot be copied or migrated.
    pub async fn unpack<M: MigratorTrait>(&self, into: &Path) -> Result<DatabaseUrl, BackupError> {
        let path = into.join(self.database_file);
        fs::copy(self.database_path(), &path).map_err(|error| self.io_error(error))?;
        let url = DatabaseUrl::Sqlite(path);
        url.migrate::<M>().await?;
        Ok(url)
    }

    /// Returns all files except the checksums, relative to the folder.
    fn file_names(&self) -> Result<Vec<String>, BackupError> {
        let mut names = vec![self.database_file.to_owned()];
        if self.parts_folder().is_dir() {
            for entry in fs::read_dir(self.parts_folder()).map_err(|error| self.io_error(error))? {
                let entry = entry.map_err(|error| self.io_error(error))?;
                names.push(format!("{PARTS_FOLDER}/{}", entry.file_name().display()));
            }
        }
        names.sort();
        Ok(names)
    }

    fn io_error(&self, source: io::Error) -> BackupError {
        BackupError::Io { path: self.folder.clone(), source }
    }
}

/// Returns advice for an error of the operating system.
fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            ". This account has no permission; the backup itself may be valid. \
             Grant access to the folder, or run the command as another account"
        }
        _ => "",
    }
}

fn file_sha256(path: &Path) -> Result<String, BackupError> {
    let mut hash = Sha256::new();
    let read = fs::File::open(path).and_then(|mut file| io::copy(&mut file, &mut hash));
    read.map_err(|source| BackupError::Io { path: path.to_owned(), source })?;
    Ok(hex::encode(hash.finalize()))
}

/// Returns what to do before the next backup into a folder.
fn copy_hint(error: &CopyError) -> &'static str {
    let error = error.to_string();
    if ["disk is full", "disk I/O error"].iter().any(|text| error.contains(text)) {
        ". Free space on the disk of the folder, delete the folder, and repeat the backup"
    } else {
        ". Delete the folder before you repeat the backup"
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::DbErr;

    use super::*;

    #[test]
    fn a_backup_to_a_full_disk_names_the_folder_and_what_to_do() {
        let full = "error returned from database: (code: 13) database or disk is full";
        let source = CopyError::Database(DbErr::Custom(full.to_owned()));
        let text = BackupError::Create { folder: "/mnt/backup".into(), source: Box::new(source) }
            .to_string();
        for part in ["/mnt/backup", "disk is full", "Free space", "delete the folder"] {
            assert!(text.contains(part), "{text}");
        }
    }
}
