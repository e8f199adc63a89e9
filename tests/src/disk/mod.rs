//! A disk that can lose its power, fill up, or become read-only, under a real process. See `disk.c`.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Result, ensure};

/// Error numbers of Linux for [`Disk::fails_with`].
pub const READ_ONLY: i32 = 30;
/// No room.
pub const FULL: i32 = 28;

/// The disk below one `SQLite` file.
#[derive(Debug)]
pub struct Disk {
    library: PathBuf,
    kept: PathBuf,
    database: PathBuf,
    lies: bool,
}

impl Disk {
    /// Below a database; `beside` is a folder for what is kept.
    pub fn new(database: &Path, beside: &Path) -> Result<Self> {
        fs::create_dir_all(beside)?;
        let library = beside.join("disk.so");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src/disk/disk.c");
        let compiled = Command::new("cc")
            .args(["-O1", "-shared", "-fPIC", "-o"])
            .arg(&library)
            .args([source, "-ldl"])
            .status()?;
        ensure!(compiled.success(), "cc does not compile {source}");
        // A store that is there already was synced before.
        for path in ["", "-wal"].map(|suffix| with(database, suffix)) {
            absent_is_fine(fs::copy(&path, beside.join(path.file_name().unwrap_or_default())).map(drop))?;
        }
        Ok(Self { library, kept: beside.to_owned(), database: database.to_owned(), lies: false })
    }

    /// A disk that says that it has synced what it has not.
    #[must_use]
    pub fn lying(self) -> Self {
        Self { lies: true, ..self }
    }

    /// The program, on this disk.
    #[must_use]
    pub fn under(&self, mut program: Command) -> Command {
        program.env("LD_PRELOAD", &self.library).env("DISK_OF", &self.database).env("DISK_KEPT", &self.kept);
        if self.lies {
            program.env("DISK_LIES", "1");
        }
        program
    }

    /// The power is gone, and the process with it: what was not synced is lost.
    pub fn cut(&self) -> Result<()> {
        ensure!(self.kept.join("loaded").is_file(), "the process did not run on this disk");
        for suffix in ["", "-wal", "-shm"] {
            let path = with(&self.database, suffix);
            let kept = self.kept.join(path.file_name().unwrap_or_default());
            absent_is_fine(fs::remove_file(&path))?;
            if suffix != "-shm" {
                absent_is_fine(fs::copy(kept, path).map(drop))?;
            }
        }
        Ok(())
    }

    /// Every write fails so from now on, or none.
    pub fn fails_with(&self, error: Option<i32>) -> Result<()> {
        ensure!(self.kept.join("loaded").is_file(), "the process does not run on this disk");
        let (flag, new) = (self.kept.join("fails"), self.kept.join("fails.new"));
        match error {
            Some(number) => {
                fs::write(&new, number.to_string())?;
                fs::rename(new, flag)?;
            }
            None => absent_is_fine(fs::remove_file(flag))?,
        }
        Ok(())
    }
}

fn with(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn absent_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
