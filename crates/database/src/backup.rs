//! A backup: a folder with one `SQLite` file, whatever engine it was taken from, perhaps a folder
//! of parts beside it, and `SHA256SUMS`, which `sha256sum --check` reads too. The sums are written
//! last: a folder without them is half a backup.

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

/// A folder with a backup, or one to be.
#[derive(Debug)]
pub struct BackupFolder {
    folder: PathBuf,
    database_file: &'static str,
}

/// Why there is no backup, or none that can be used.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Reading or writing the folder.
    #[error("{path}: {source}{}", hint(source))]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Two backups must not be mixed.
    #[error("{0}: is there already. Name a new folder for each backup")]
    AlreadyExists(PathBuf),
    /// There is no such folder.
    #[error("{0}: there is no such folder. Name the folder of a backup")]
    NotFound(PathBuf),
    /// The sums, which are written last, or a file that they name are not there.
    #[error(
        "{0}: is no whole backup: its SHA256SUMS or a file that they name is not there, or they do \
         not name the database. Name one backup and not the folder around several, or take an \
         earlier one"
    )]
    Incomplete(PathBuf),
    /// The medium has changed what was written.
    #[error("{0}: is not what was written. Take an earlier backup, and another medium")]
    ChecksumMismatch(PathBuf),
    /// A database.
    #[error(transparent)]
    Copy(#[from] CopyError),
}

impl From<OpenError> for BackupError {
    fn from(error: OpenError) -> Self {
        Self::Copy(error.into())
    }
}

impl BackupFolder {
    /// The backup in a folder; `file` is the name of the database in it.
    pub fn new(folder: &Path, file: &'static str) -> Self {
        Self { folder: folder.to_owned(), database_file: file }
    }

    /// Copies a database into a new folder, as it is at this moment; services go on. To be ended by
    /// [`BackupFolder::finalize`].
    pub async fn create<M: MigratorTrait>(
        &self,
        from: &DatabaseUrl,
        tables: &[TableCopier],
    ) -> Result<Vec<(&'static str, TableDigest)>, BackupError> {
        let there = fs::exists(&self.folder).map_err(|error| self.io_error(error))?;
        if there {
            return Err(BackupError::AlreadyExists(self.folder.clone()));
        }
        // An old file that was moved would be backed up for ever, without what came since.
        from.check_not_moved()?;
        fs::create_dir_all(&self.folder).map_err(|error| self.io_error(error))?;
        Ok(copy::<M>(from, &DatabaseUrl::Sqlite(self.database_path()), tables).await?)
    }

    /// Where parts stand that are kept outside of the database.
    pub fn parts_folder(&self) -> PathBuf {
        self.folder.join(PARTS_FOLDER)
    }

    /// Where its database is.
    pub fn database_path(&self) -> PathBuf {
        self.folder.join(self.database_file)
    }

    /// Makes it a whole backup: everything durable, and then the sums.
    pub fn finalize(&self) -> Result<(), BackupError> {
        let mut sums = String::new();
        for name in self.file_names()? {
            let path = self.folder.join(&name);
            let file = fs::File::open(&path).and_then(|file| file.sync_all());
            file.map_err(|source| BackupError::Io { path: path.clone(), source })?;
            writeln!(sums, "{}  {name}", file_sha256(&path)?).expect("writing to a string");
        }
        let path = self.folder.join(SUMS_FILE);
        let written = fs::write(&path, sums).and_then(|()| {
            fs::File::open(&path)?.sync_all()?;
            fs::File::open(&self.folder)?.sync_all()
        });
        written.map_err(|source| BackupError::Io { path, source })
    }

    /// Reads all of it against its sums, and gives how many files there are.
    ///
    /// # Errors
    /// If there is no such folder, a file is missing or differs, or this account may not read one.
    pub fn verify(&self) -> Result<usize, BackupError> {
        let incomplete = || BackupError::Incomplete(self.folder.clone());
        // What is not there and what may not be read are told apart: a good backup must not be
        // thrown away.
        let or_else = |path: &Path, error: io::Error, missing: BackupError| match error.kind() {
            io::ErrorKind::NotFound => missing,
            _ => BackupError::Io { path: path.to_owned(), source: error },
        };
        fs::read_dir(&self.folder).map_err(|error| {
            or_else(&self.folder, error, BackupError::NotFound(self.folder.clone()))
        })?;
        let path = self.folder.join(SUMS_FILE);
        let sums =
            fs::read_to_string(&path).map_err(|error| or_else(&path, error, incomplete()))?;
        let sums: Vec<_> = sums.lines().filter_map(|line| line.split_once("  ")).collect();
        if !sums.iter().any(|(_, name)| *name == self.database_file) {
            return Err(incomplete());
        }
        for (expected, name) in &sums {
            let path = self.folder.join(name);
            let found = file_sha256(&path).map_err(|error| match error {
                BackupError::Io { path, source } => or_else(&path, source, incomplete()),
                other => other,
            })?;
            if found != *expected {
                return Err(BackupError::ChecksumMismatch(path));
            }
        }
        Ok(sums.len())
    }

    /// A copy of its database in another folder, brought up to this program's schema. The backup
    /// itself stays as it is.
    pub async fn unpack<M: MigratorTrait>(&self, into: &Path) -> Result<DatabaseUrl, BackupError> {
        let path = into.join(self.database_file);
        fs::copy(self.database_path(), &path).map_err(|error| self.io_error(error))?;
        let place = DatabaseUrl::Sqlite(path);
        place.migrate::<M>().await?;
        Ok(place)
    }

    /// Every file but the sums, relative to the folder.
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

/// What to do about an error of the system.
fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            ". This account may not read or write there; nothing is said about the backup itself. \
             Give it the folder, or run the command as an account that may"
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
