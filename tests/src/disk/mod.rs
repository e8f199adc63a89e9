//! A simulated disk under a real process. It can lose its power, fill up or become read-only. See
//! `disk.c`.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Result, ensure};

/// Linux error numbers for [`FaultyDisk::fail_writes`]. Read-only file system.
pub const EROFS: i32 = 30;
/// No space left on the device.
pub const ENOSPC: i32 = 28;

/// The disk below one `SQLite` file.
#[derive(Debug)]
pub struct FaultyDisk {
    library: PathBuf,
    synced_copy: PathBuf,
    database: PathBuf,
    ignores_sync: bool,
}

impl FaultyDisk {
    /// Puts the disk below a database. `beside` is a folder for the synced copies.
    ///
    /// # Errors
    /// If the C compiler fails.
    pub fn new(database: &Path, beside: &Path) -> Result<Self> {
        fs::create_dir_all(beside)?;
        let library = beside.join("disk.so");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src/disk/disk.c");
        let compiled = Command::new("cc")
            .args(["-O1", "-shared", "-fPIC", "-o"])
            .arg(&library)
            .args([source, "-ldl"])
            .status()?;
        ensure!(compiled.success(), "cc failed to compile {source}");
        // An existing store counts as synced.
        for path in ["", "-wal"].map(|suffix| with_suffix(database, suffix)) {
            ignore_not_found(
                fs::copy(&path, beside.join(path.file_name().unwrap_or_default())).map(drop),
            )?;
        }
        Ok(Self {
            library,
            synced_copy: beside.to_owned(),
            database: database.to_owned(),
            ignores_sync: false,
        })
    }

    /// Makes the disk ignore syncs and report success.
    #[must_use]
    pub fn ignoring_sync(self) -> Self {
        Self { ignores_sync: true, ..self }
    }

    /// Returns the program on this disk.
    #[must_use]
    pub fn attach(&self, mut program: Command) -> Command {
        program
            .env("LD_PRELOAD", &self.library)
            .env("DISK_OF", &self.database)
            .env("DISK_SYNCED", &self.synced_copy);
        if self.ignores_sync {
            program.env("DISK_IGNORES_SYNC", "1");
        }
        program
    }

    /// Cuts the power after the process was killed: everything that was not synced is lost.
    ///
    /// # Errors
    /// If the process did not run on this disk.
    pub fn cut_power(&self) -> Result<()> {
        ensure!(
            self.synced_copy.join("loaded").is_file(),
            "the process did not load the simulated disk"
        );
        for suffix in ["", "-wal", "-shm"] {
            let path = with_suffix(&self.database, suffix);
            let synced = self.synced_copy.join(path.file_name().unwrap_or_default());
            ignore_not_found(fs::remove_file(&path))?;
            if suffix != "-shm" {
                ignore_not_found(fs::copy(synced, path).map(drop))?;
            }
        }
        Ok(())
    }

    /// Makes every write fail with this error from now on; `None` ends the failure.
    ///
    /// # Errors
    /// If the process does not run on this disk.
    pub fn fail_writes(&self, error: Option<i32>) -> Result<()> {
        ensure!(
            self.synced_copy.join("loaded").is_file(),
            "the process has not loaded the simulated disk"
        );
        let (flag, new) = (self.synced_copy.join("fails"), self.synced_copy.join("fails.new"));
        match error {
            Some(number) => {
                fs::write(&new, number.to_string())?;
                fs::rename(new, flag)?;
            }
            None => ignore_not_found(fs::remove_file(flag))?,
        }
        Ok(())
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn ignore_not_found(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
