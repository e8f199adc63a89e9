//! Fetches, verifies and saves attachments. Files are saved under sanitized names.

use std::{
    fs::{self, File},
    io::{self, BufReader, Seek as _, Write},
    path::{Path, PathBuf},
};

use investigator::CaseError;
use protocol::{
    Hash,
    api::workbench::{CasePart, PartKind},
    submission::{frame::Attachment, treatment::AttachmentTreatment},
};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::{
    alert::{AlertCode, IntegrityAlert},
    case::{CaseReadError, VerifiedCase},
    private_files::{self, FileError},
    session::{HandlerConnection, client::ClientError},
    terminal_text,
};

/// Maximum number of names that are tried for one file.
const MAX_NAME_ATTEMPTS: usize = 1000;

/// One saved file. These fields are also its JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SavedAttachment {
    /// Path of the saved file.
    pub path: PathBuf,
    /// Name that the sender gave.
    pub name: String,
    /// Media type that the sender's device reported. It is not trustworthy.
    pub media_type: String,
    /// Length in bytes.
    pub len: u64,
    /// Hash of the content, as the report states it.
    pub sha256: Hash,
    /// What the sender claims to have done to the file before sealing it; `null` without a claim.
    pub treatment: Option<AttachmentTreatment>,
}

/// An attachment and the sealed part that should contain it.
pub(crate) struct ListedAttachment<'a> {
    /// Number from 1, in the order of the case.
    pub(crate) number: usize,
    /// The attachment as the report describes it.
    pub(crate) attachment: &'a Attachment,
    part: Option<&'a CasePart>,
}

impl HandlerConnection {
    /// Saves every attachment of a case into a folder that only the owner can access. Calls
    /// `on_saved` for each file. A file that differs from the report's description is not written
    /// and is returned as an alert.
    ///
    /// # Errors
    /// If the case handler cannot be reached, or the folder or a file cannot be written.
    pub async fn save_attachments(
        &self,
        case: &VerifiedCase,
        folder: &Path,
        mut on_saved: impl FnMut(&SavedAttachment),
    ) -> Result<(Vec<SavedAttachment>, Vec<IntegrityAlert>), CaseReadError> {
        let listed = listed_attachments(case);
        if !listed.is_empty() {
            private_files::create_private_dir(folder)?;
        }
        let (mut saved, mut alarms) = (Vec::new(), Vec::new());
        for file in listed {
            let name = terminal_text::safe_file_name(&file.attachment.name, file.number);
            match self.download_attachment(case, &file).await? {
                Err(alarm) => {
                    alarms.push(
                        IntegrityAlert { text: format!("{name}: {}", alarm.text), ..alarm }
                            .in_case(case.id()),
                    );
                }
                Ok(verified) => {
                    let path = write_unique(folder, &name, |out| verified.write(case, out))?;
                    let file = file.attachment.clone();
                    let Attachment { name, media_type, len, sha256, treatment } = file;
                    saved.push(SavedAttachment { path, name, media_type, len, sha256, treatment });
                    saved.last().into_iter().for_each(&mut on_saved);
                }
            }
        }
        Ok((saved, alarms))
    }

    /// Returns one verified attachment by its number, counted from 1 in the order of the case.
    /// Returns `None` if the number is too large.
    ///
    /// # Errors
    /// If the case handler cannot be reached.
    pub async fn open_attachment(
        &self,
        case: &VerifiedCase,
        number: usize,
    ) -> Result<Option<Result<(Attachment, Zeroizing<Vec<u8>>), IntegrityAlert>>, CaseReadError>
    {
        let all = listed_attachments(case);
        let Some(file) = all.iter().find(|file| file.number == number) else { return Ok(None) };
        let fetched = self.fetch_attachment(case, file).await?;
        let attachment = file.attachment.clone();
        Ok(Some(fetched.map(|plain| (attachment, plain)).map_err(|alarm| alarm.in_case(case.id()))))
    }

    /// Downloads a file to a temporary file, sealed, and verifies it. Returns an alert if it
    /// differs from the report's description.
    async fn download_attachment<'a>(
        &self,
        case: &VerifiedCase,
        listed: &ListedAttachment<'a>,
    ) -> Result<Result<VerifiedFile<'a>, IntegrityAlert>, CaseReadError> {
        let Some(part) = listed.part else { return Ok(Err(missing_file())) };
        let mut sealed = tempfile::tempfile().map_err(temporary_file_error)?;
        let written = self.client.stream_part(case.id(), part, |bytes| sealed.write_all(bytes));
        written.await?.and_then(|()| sealed.rewind()).map_err(temporary_file_error)?;
        let verified =
            VerifiedFile { sealed, generation: part.generation, attachment: listed.attachment };
        let checked = verified.open(case, &mut io::sink());
        Ok(match checked {
            Ok(()) => Ok(verified),
            Err(error) => Err(IntegrityAlert::new(AlertCode::Damaged, error.to_string())),
        })
    }

    /// Fetches and verifies a file. Returns an alert if it differs from the report's description.
    pub(crate) async fn fetch_attachment(
        &self,
        case: &VerifiedCase,
        listed: &ListedAttachment<'_>,
    ) -> Result<Result<Zeroizing<Vec<u8>>, IntegrityAlert>, ClientError> {
        let Some(part) = listed.part else {
            return Ok(Err(missing_file()));
        };
        let sealed = self.client.fetch_part(case.id(), part.id, part.len).await?;
        let opened = case.open_case.open_attachment(&sealed, part.generation, listed.attachment);
        Ok(opened.map_err(|error| IntegrityAlert::new(AlertCode::Damaged, error.to_string())))
    }
}

/// A sealed file on the disk that was opened once and is the file of the report.
struct VerifiedFile<'a> {
    sealed: File,
    generation: u32,
    attachment: &'a Attachment,
}

impl VerifiedFile<'_> {
    fn open(&self, case: &VerifiedCase, out: &mut impl Write) -> Result<(), CaseError> {
        case.open_case.write_attachment(
            BufReader::new(&self.sealed),
            self.generation,
            self.attachment,
            out,
        )
    }

    fn write(&self, case: &VerifiedCase, out: &mut File) -> io::Result<()> {
        (&self.sealed).rewind()?;
        self.open(case, out).map_err(|error| match error {
            CaseError::Unwritable(error) => error,
            // The temporary file has changed since.
            error => io::Error::other(error),
        })
    }
}

fn missing_file() -> IntegrityAlert {
    IntegrityAlert::new(AlertCode::Withheld, "the file is missing")
}

fn temporary_file_error(source: io::Error) -> FileError {
    FileError::Io { verb: "use a temporary file in", path: std::env::temp_dir(), source }
}

/// Returns all attachments, in the order of the case.
pub(crate) fn listed_attachments(case: &VerifiedCase) -> Vec<ListedAttachment<'_>> {
    let entries = case.thread.incoming.iter();
    let all = entries.flat_map(|entry| {
        entry.header.attachments.iter().zip(0..).map(move |pair| (entry.batch, pair))
    });
    all.zip(1..)
        .map(|((batch, (attachment, position)), number)| {
            let at = |part: &&CasePart| {
                part.kind == PartKind::Attachment
                    && part.batch == batch
                    && part.position == position
            };
            ListedAttachment { number, attachment, part: case.file.parts.iter().find(at) }
        })
        .collect()
}

/// Creates a file under the first name that is free, and writes it. A file that cannot be written
/// completely is deleted.
fn write_unique(
    folder: &Path,
    name: &str,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<PathBuf, FileError> {
    for number in 1..MAX_NAME_ATTEMPTS {
        let name =
            if number == 1 { name.to_owned() } else { terminal_text::numbered_name(name, number) };
        let path = folder.join(name);
        match private_files::create_exclusive(&path, 0o600) {
            Err(FileError::AlreadyExists(_)) => {}
            Err(error) => return Err(error),
            Ok(mut file) => {
                let written = write(&mut file).and_then(|()| file.sync_all());
                return match written {
                    Ok(()) => Ok(path),
                    Err(source) => {
                        fs::remove_file(&path).ok();
                        Err(FileError::Io { verb: "write", path, source })
                    }
                };
            }
        }
    }
    Err(FileError::AlreadyExists(folder.join(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_existing_name_gets_a_number() {
        let folder = tempfile::tempdir().unwrap();
        let first =
            write_unique(folder.path(), "photo.jpg", |file| file.write_all(b"one")).unwrap();
        let second =
            write_unique(folder.path(), "photo.jpg", |file| file.write_all(b"two")).unwrap();
        assert_eq!(first, folder.path().join("photo.jpg"));
        assert_eq!(second, folder.path().join("photo (2).jpg"));
        assert_eq!(fs::read(first).unwrap(), b"one");
        let failed = write_unique(folder.path(), "film.mp4", |file| {
            file.write_all(b"half")?;
            Err(io::ErrorKind::StorageFull.into())
        });
        assert!(matches!(failed, Err(FileError::Io { verb: "write", .. })));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no half of a file is left");
    }
}
