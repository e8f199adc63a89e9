//! A backup: a folder with one `SQLite` file, whatever engine it was taken from, perhaps a folder of parts beside it, and
//! `SHA256SUMS`, which `sha256sum --check` reads too. The sums are written last: a folder without them is half a backup.

use std::{
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

use sea_orm_migration::MigratorTrait;
use sha2::{Digest, Sha256};

use crate::{CopyError, OpenError, Place, Table, Tally, copy::copy};

const SUMS: &str = "SHA256SUMS";
const PARTS: &str = "parts";

/// A folder with a backup, or one to be.
#[derive(Debug)]
pub struct Backup {
    folder: PathBuf,
    file: &'static str,
}

/// Why there is no backup, or none that can be used.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Reading or writing the folder.
    #[error("{path}: {source}{}", hint(source))]
    File {
        /// Which file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Two backups must not be mixed.
    #[error("{0}: is there already. Name a new folder for each backup")]
    Exists(PathBuf),
    /// There is no such folder.
    #[error("{0}: there is no such folder. Name the folder of a backup")]
    Missing(PathBuf),
    /// The sums, which are written last, or a file that they name are not there.
    #[error(
        "{0}: is no whole backup: its SHA256SUMS or a file that they name is not there, or they do \
         not name the database. Name one backup and not the folder around several, or take an \
         earlier one"
    )]
    Incomplete(PathBuf),
    /// The medium has changed what was written.
    #[error("{0}: is not what was written. Take an earlier backup, and another medium")]
    Damaged(PathBuf),
    /// A database.
    #[error(transparent)]
    Copy(#[from] CopyError),
}

impl From<OpenError> for BackupError {
    fn from(error: OpenError) -> Self {
        Self::Copy(error.into())
    }
}

impl Backup {
    /// The backup in a folder; `file` is the name of the database in it.
    pub fn at(folder: &Path, file: &'static str) -> Self {
        Self { folder: folder.to_owned(), file }
    }

    /// Copies a database into a new folder, as it is at this moment; services go on. To be ended by [`Backup::finish`].
    pub async fn take<M: MigratorTrait>(
        &self,
        from: &Place,
        tables: &[Table],
    ) -> Result<Vec<(&'static str, Tally)>, BackupError> {
        let there = fs::exists(&self.folder).map_err(|error| self.failed(error))?;
        if there {
            return Err(BackupError::Exists(self.folder.clone()));
        }
        // An old file that was moved would be backed up for ever, without what came since.
        from.check_not_moved()?;
        fs::create_dir_all(&self.folder).map_err(|error| self.failed(error))?;
        Ok(copy::<M>(from, &Place::Sqlite(self.database()), tables).await?)
    }

    /// Where parts stand that are kept outside of the database.
    pub fn parts(&self) -> PathBuf {
        self.folder.join(PARTS)
    }

    /// Where its database is.
    pub fn database(&self) -> PathBuf {
        self.folder.join(self.file)
    }

    /// Makes it a whole backup: everything durable, and then the sums.
    pub fn finish(&self) -> Result<(), BackupError> {
        let mut sums = String::new();
        for name in self.names()? {
            let path = self.folder.join(&name);
            let file = fs::File::open(&path).and_then(|file| file.sync_all());
            file.map_err(|source| BackupError::File { path: path.clone(), source })?;
            writeln!(sums, "{}  {name}", sum(&path)?).expect("writing to a string");
        }
        let path = self.folder.join(SUMS);
        let written = fs::write(&path, sums).and_then(|()| {
            fs::File::open(&path)?.sync_all()?;
            fs::File::open(&self.folder)?.sync_all()
        });
        written.map_err(|source| BackupError::File { path, source })
    }

    /// Reads all of it against its sums, and gives how many files there are.
    ///
    /// # Errors
    /// If there is no such folder, a file is missing or differs, or this account may not read one.
    pub fn check(&self) -> Result<usize, BackupError> {
        let incomplete = || BackupError::Incomplete(self.folder.clone());
        // What is not there and what may not be read are told apart: a good backup must not be
        // thrown away.
        let or_else = |path: &Path, error: io::Error, missing: BackupError| match error.kind() {
            io::ErrorKind::NotFound => missing,
            _ => BackupError::File { path: path.to_owned(), source: error },
        };
        fs::read_dir(&self.folder)
            .map_err(|error| or_else(&self.folder, error, BackupError::Missing(self.folder.clone())))?;
        let path = self.folder.join(SUMS);
        let sums = fs::read_to_string(&path).map_err(|error| or_else(&path, error, incomplete()))?;
        let sums: Vec<_> = sums.lines().filter_map(|line| line.split_once("  ")).collect();
        if !sums.iter().any(|(_, name)| *name == self.file) {
            return Err(incomplete());
        }
        for (expected, name) in &sums {
            let path = self.folder.join(name);
            let found = sum(&path).map_err(|error| match error {
                BackupError::File { path, source } => or_else(&path, source, incomplete()),
                other => other,
            })?;
            if found != *expected {
                return Err(BackupError::Damaged(path));
            }
        }
        Ok(sums.len())
    }

    /// A copy of its database in another folder, brought up to this program's schema. The backup itself stays as it is.
    pub async fn unpack<M: MigratorTrait>(&self, into: &Path) -> Result<Place, BackupError> {
        let path = into.join(self.file);
        fs::copy(self.database(), &path).map_err(|error| self.failed(error))?;
        let place = Place::Sqlite(path);
        place.prepare::<M>().await?;
        Ok(place)
    }

    /// Every file but the sums, relative to the folder.
    fn names(&self) -> Result<Vec<String>, BackupError> {
        let mut names = vec![self.file.to_owned()];
        if self.parts().is_dir() {
            for entry in fs::read_dir(self.parts()).map_err(|error| self.failed(error))? {
                let entry = entry.map_err(|error| self.failed(error))?;
                names.push(format!("{PARTS}/{}", entry.file_name().display()));
            }
        }
        names.sort();
        Ok(names)
    }

    fn failed(&self, source: io::Error) -> BackupError {
        BackupError::File { path: self.folder.clone(), source }
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

fn sum(path: &Path) -> Result<String, BackupError> {
    let mut hash = Sha256::new();
    let read = fs::File::open(path).and_then(|mut file| io::copy(&mut file, &mut hash));
    read.map_err(|source| BackupError::File { path: path.to_owned(), source })?;
    Ok(hex::encode(hash.finalize()))
}
