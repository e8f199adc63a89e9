//! `burkindi unseal`: open the sealed archive of an exported case.

use std::{
    io::{Cursor, Read as _},
    path::PathBuf,
};

use anyhow::Context as _;
use serde::Serialize;
use workbench::{
    keys::passphrase_encryption,
    private_files::{self, FileError},
};
use zeroize::Zeroizing;
use zip::ZipArchive;

use super::{CliOutput, CommandContext};

#[derive(Debug, clap::Args)]
pub(crate) struct UnsealArgs {
    /// The archive of an exported case, sealed to your key or with a passphrase.
    archive: PathBuf,
    /// The folder to create.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

/// `{"folder", "files"}`.
#[derive(Debug, Serialize)]
struct UnsealOutput {
    folder: PathBuf,
    files: usize,
}

impl UnsealArgs {
    pub(crate) fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        if self.to.exists() {
            return Err(FileError::AlreadyExists(self.to).into());
        }
        let sealed = private_files::read(&self.archive)?;
        let plain = if passphrase_encryption::scrypt_log_n(&sealed).is_some() {
            let passphrase = context.passphrases.prompt("Passphrase of the archive")?;
            passphrase_encryption::decrypt(&sealed, &passphrase)?
        } else {
            let opened = context.unlock()?.identity().open(&sealed);
            opened.context("the archive is not sealed to your key, or is damaged")?
        };
        let mut archive = ZipArchive::new(Cursor::new(&plain[..]))
            .context("the sealed file is not the archive of an export")?;
        for number in 0..archive.len() {
            let mut entry = archive.by_index(number)?;
            let name = entry.enclosed_name().filter(|_| entry.is_file());
            let name = name.context("an entry of the archive has an invalid name")?;
            let mut bytes = Zeroizing::new(Vec::new());
            entry.read_to_end(&mut bytes)?;
            let path = self.to.join(name);
            if let Some(parent) = path.parent() {
                private_files::create_private_dir(parent)?;
            }
            private_files::create_private(&path, &bytes)?;
        }
        let view = UnsealOutput { folder: self.to, files: archive.len() };
        screen.print(&view, |view, page| {
            page.line(&format!("Opened {} files in {}.", view.files, view.folder.display()));
            page.warn("The folder is not encrypted: delete it when you are done.");
            page.dim("To verify it: burkindi verify FOLDER");
        })
    }
}
