//! Saving attachments: verified against the report that names them, under names that lead nowhere.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

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

/// More names than this are not tried for one file.
const MAX_NAME_ATTEMPTS: usize = 1000;

/// One saved file. In JSON as it stands here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SavedAttachment {
    /// Where.
    pub path: PathBuf,
    /// As the sender named it.
    pub name: String,
    /// As the sender's device typed it; never to be trusted.
    pub media_type: String,
    /// In bytes.
    pub len: u64,
    /// Of the content, as the report names it.
    pub sha256: Hash,
    /// What was done with it before it was sealed, as its sender says; `null` where the sender says
    /// nothing.
    pub treatment: Option<AttachmentTreatment>,
}

/// An attachment and the sealed part that should hold it.
pub(crate) struct ListedAttachment<'a> {
    /// From 1, in the order of the case.
    pub(crate) number: usize,
    /// As the report names it.
    pub(crate) attachment: &'a Attachment,
    part: Option<&'a CasePart>,
}

impl HandlerConnection {
    /// Saves every attachment of a case into a folder, for its owner only. A file that is not the
    /// one that the report names is not written. `on_saved` hears of each.
    pub async fn save_attachments(
        &self,
        case: &VerifiedCase,
        folder: &Path,
        mut on_saved: impl FnMut(&SavedAttachment),
    ) -> Result<(Vec<SavedAttachment>, Vec<IntegrityAlert>), CaseReadError> {
        let wanted = listed_attachments(case);
        if !wanted.is_empty() {
            private_files::create_private_dir(folder)?;
        }
        let (mut saved, mut alarms) = (Vec::new(), Vec::new());
        for file in wanted {
            let name = terminal_text::safe_file_name(&file.attachment.name, file.number);
            match self.fetch_attachment(case, &file).await? {
                Err(alarm) => {
                    alarms.push(
                        IntegrityAlert { text: format!("{name}: {}", alarm.text), ..alarm }
                            .in_case(case.id()),
                    );
                }
                Ok(plain) => {
                    let file = file.attachment.clone();
                    let path = write_unique(folder, &name, &plain)?;
                    let Attachment { name, media_type, len, sha256, treatment } = file;
                    saved.push(SavedAttachment { path, name, media_type, len, sha256, treatment });
                    saved.last().into_iter().for_each(&mut on_saved);
                }
            }
        }
        Ok((saved, alarms))
    }

    /// One attached file by its number, from 1 in the order of the case, verified. `None` if there
    /// are not so many.
    pub async fn open_attachment(
        &self,
        case: &VerifiedCase,
        number: usize,
    ) -> Result<Option<Result<(Attachment, Zeroizing<Vec<u8>>), IntegrityAlert>>, CaseReadError>
    {
        let all = listed_attachments(case);
        let Some(file) = all.iter().find(|file| file.number == number) else { return Ok(None) };
        let fetched = self.fetch_attachment(case, file).await?;
        let named = file.attachment.clone();
        Ok(Some(fetched.map(|plain| (named, plain)).map_err(|alarm| alarm.in_case(case.id()))))
    }

    /// Fetches and verifies a file; an alarm, if it is not what the report names.
    pub(crate) async fn fetch_attachment(
        &self,
        case: &VerifiedCase,
        wanted: &ListedAttachment<'_>,
    ) -> Result<Result<Zeroizing<Vec<u8>>, IntegrityAlert>, ClientError> {
        let Some(part) = wanted.part else {
            return Ok(Err(IntegrityAlert::new(AlertCode::Withheld, "the file is not here")));
        };
        let sealed = self.client.fetch_part(case.id(), part.id, part.len).await?;
        let opened = case.open_case.open_attachment(&sealed, part.generation, wanted.attachment);
        Ok(opened.map_err(|error| IntegrityAlert::new(AlertCode::Damaged, error.to_string())))
    }
}

/// Every attached file, in order.
pub(crate) fn listed_attachments(case: &VerifiedCase) -> Vec<ListedAttachment<'_>> {
    let entries = case.thread.incoming.iter();
    let all = entries.flat_map(|entry| {
        entry.header.attachments.iter().zip(0..).map(move |pair| (entry.batch, pair))
    });
    all.zip(1..)
        .map(|((batch, (named, position)), number)| {
            let at = |part: &&CasePart| {
                part.kind == PartKind::Attachment
                    && part.batch == batch
                    && part.position == position
            };
            ListedAttachment { number, attachment: named, part: case.file.parts.iter().find(at) }
        })
        .collect()
}

/// Writes under the first name that is free.
fn write_unique(folder: &Path, name: &str, plain: &[u8]) -> Result<PathBuf, FileError> {
    for number in 1..MAX_NAME_ATTEMPTS {
        let name =
            if number == 1 { name.to_owned() } else { terminal_text::numbered_name(name, number) };
        let path = folder.join(name);
        match private_files::create_exclusive(&path, 0o600) {
            Err(FileError::AlreadyExists(_)) => {}
            Err(error) => return Err(error),
            Ok(mut file) => {
                let written = file.write_all(plain).and_then(|()| file.sync_all());
                return match written {
                    Ok(()) => Ok(path),
                    Err(source) => Err(FileError::Io { verb: "write", path, source }),
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
    fn a_name_that_is_taken_gets_a_number() {
        let folder = tempfile::tempdir().unwrap();
        let first = write_unique(folder.path(), "photo.jpg", b"one").unwrap();
        let second = write_unique(folder.path(), "photo.jpg", b"two").unwrap();
        assert_eq!(first, folder.path().join("photo.jpg"));
        assert_eq!(second, folder.path().join("photo (2).jpg"));
        assert_eq!(std::fs::read(first).unwrap(), b"one");
    }
}
