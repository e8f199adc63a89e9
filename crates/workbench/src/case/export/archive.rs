//! The archive of an export: a ZIP file, sealed to a recipient or with a passphrase unless the
//! member decides otherwise.

use std::{
    io::{self, Write},
    iter,
};

use age::{Encryptor, stream::StreamWriter};
use protocol::{directory::Directory, keys::InvestigatorRecipient};
use secrecy::SecretString;
use zip::{
    CompressionMethod, ZipWriter,
    write::{SimpleFileOptions, StreamWriter as ZipStream},
};

use super::ExportFile;
use crate::keys::passphrase_encryption::{self, ScryptCost};

/// How an archive is sealed. Both sealed forms are age files, so that the `age` program opens them.
pub enum ArchiveSeal {
    /// Only the holder of this key can open the archive.
    Recipient(Box<InvestigatorRecipient>),
    /// Anyone who knows the passphrase can open the archive.
    Passphrase(SecretString, ScryptCost),
    /// Anyone who gets the archive can read it.
    Unsealed,
}

/// The recipient of an archive is neither a member of the directory nor a public key.
#[derive(Debug, thiserror::Error)]
#[error("{0} is no member of the directory and no public key that begins with age1pq1")]
pub struct UnknownRecipient(String);

impl ArchiveSeal {
    /// Returns the seal to a member of the directory, named by the handle, or to a public key
    /// `age1pq1…`.
    ///
    /// # Errors
    /// If the text is neither.
    pub fn to_recipient(text: &str, directory: &Directory) -> Result<Self, UnknownRecipient> {
        let recipient = match directory.member(text) {
            Some(member) => member.recipient.clone(),
            None => text.parse().map_err(|_| UnknownRecipient(text.to_owned()))?,
        };
        Ok(Self::Recipient(Box::new(recipient)))
    }

    /// Returns the suffix of the file name.
    pub fn suffix(&self) -> &'static str {
        match self {
            Self::Recipient(_) | Self::Passphrase(..) => ".zip.age",
            Self::Unsealed => ".zip",
        }
    }
}

/// An archive in progress.
pub struct ArchiveWriter<W: Write> {
    zip: ZipWriter<ZipStream<ArchiveOutput<W>>>,
    folder: String,
}

enum ArchiveOutput<W: Write> {
    Sealed(Box<StreamWriter<W>>),
    Unsealed(W),
}

impl<W: Write> ArchiveWriter<W> {
    /// Begins an archive. All files are in one folder of this name.
    ///
    /// # Errors
    /// If the writer fails.
    pub fn new(out: W, seal: &ArchiveSeal, folder: &str) -> io::Result<Self> {
        let output = match seal {
            ArchiveSeal::Unsealed => ArchiveOutput::Unsealed(out),
            ArchiveSeal::Recipient(recipient) => {
                let recipient = recipient.as_recipient() as &dyn age::Recipient;
                let encryptor = Encryptor::with_recipients(iter::once(recipient))
                    .map_err(|error| io::Error::other(error.to_string()))?;
                ArchiveOutput::Sealed(Box::new(encryptor.wrap_output(out)?))
            }
            ArchiveSeal::Passphrase(passphrase, cost) => {
                let writer = passphrase_encryption::encrypt_stream(out, passphrase, *cost)?;
                ArchiveOutput::Sealed(Box::new(writer))
            }
        };
        Ok(Self { zip: ZipWriter::new_stream(output), folder: folder.to_owned() })
    }

    /// Adds a file of the export.
    ///
    /// # Errors
    /// If the writer fails.
    pub fn add(&mut self, file: &ExportFile) -> io::Result<()> {
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        self.zip.start_file(format!("{}/{}", self.folder, file.name), stored)?;
        self.zip.write_all(&file.content)
    }

    /// Ends the archive and returns the writer.
    ///
    /// # Errors
    /// If the writer fails.
    pub fn finish(self) -> io::Result<W> {
        match self.zip.finish()?.into_inner() {
            ArchiveOutput::Sealed(writer) => writer.finish(),
            ArchiveOutput::Unsealed(out) => Ok(out),
        }
    }
}

impl<W: Write> Write for ArchiveOutput<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Sealed(writer) => writer.write(bytes),
            Self::Unsealed(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Sealed(writer) => writer.flush(),
            Self::Unsealed(out) => out.flush(),
        }
    }
}
