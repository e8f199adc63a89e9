//! Saving attachments: verified against the report that names them, under names that lead nowhere.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use envelope::{
    Hash,
    desk_api::{Part, PartKind},
    frame::Attachment,
    treatment::Treatment,
};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::{
    alarm::{Alarm, Code},
    cases::{Case, ReadError},
    client::ClientError,
    connection::Connection,
    files::{self, FileError},
    text,
};

/// More names than this are not tried for one file.
const MOST_TRIES: usize = 1000;

/// One saved file. In JSON as it stands here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Saved {
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
    /// What was done with it before it was sealed, as its sender says; `null` where the sender says nothing.
    pub treatment: Option<Treatment>,
}

/// An attachment and the sealed part that should hold it.
pub(crate) struct Wanted<'a> {
    /// From 1, in the order of the case.
    pub(crate) number: usize,
    /// As the report names it.
    pub(crate) named: &'a Attachment,
    part: Option<&'a Part>,
}

impl Connection {
    /// Saves every attachment of a case into a folder, for its owner only. A file that is not the one that the report names
    /// is not written. `on_saved` hears of each.
    pub async fn save_attachments(
        &self,
        case: &Case,
        folder: &Path,
        mut on_saved: impl FnMut(&Saved),
    ) -> Result<(Vec<Saved>, Vec<Alarm>), ReadError> {
        let wanted = wanted(case);
        if !wanted.is_empty() {
            files::create_private_dir(folder)?;
        }
        let (mut saved, mut alarms) = (Vec::new(), Vec::new());
        for file in wanted {
            let name = text::file_name(&file.named.name, file.number);
            match self.fetch(case, &file).await? {
                Err(alarm) => {
                    alarms
                        .push(Alarm { text: format!("{name}: {}", alarm.text), ..alarm }.in_case(case.id()));
                }
                Ok(plain) => {
                    let file = file.named.clone();
                    let path = write(folder, &name, &plain)?;
                    let Attachment { name, media_type, len, sha256, treatment } = file;
                    saved.push(Saved { path, name, media_type, len, sha256, treatment });
                    saved.last().into_iter().for_each(&mut on_saved);
                }
            }
        }
        Ok((saved, alarms))
    }

    /// One attached file by its number, from 1 in the order of the case, verified. `None` if there are not so many.
    pub async fn open_attachment(
        &self,
        case: &Case,
        number: usize,
    ) -> Result<Option<Result<(Attachment, Zeroizing<Vec<u8>>), Alarm>>, ReadError> {
        let all = wanted(case);
        let Some(file) = all.iter().find(|file| file.number == number) else { return Ok(None) };
        let fetched = self.fetch(case, file).await?;
        let named = file.named.clone();
        Ok(Some(fetched.map(|plain| (named, plain)).map_err(|alarm| alarm.in_case(case.id()))))
    }

    /// Fetches and verifies a file; an alarm, if it is not what the report names.
    pub(crate) async fn fetch(
        &self,
        case: &Case,
        wanted: &Wanted<'_>,
    ) -> Result<Result<Zeroizing<Vec<u8>>, Alarm>, ClientError> {
        let Some(part) = wanted.part else {
            return Ok(Err(Alarm::new(Code::Withheld, "the file is not here")));
        };
        let sealed = self.client.part(case.id(), part.id, part.len).await?;
        let opened = case.open.attachment(&sealed, part.generation, wanted.named);
        Ok(opened.map_err(|error| Alarm::new(Code::Damaged, error.to_string())))
    }
}

/// Every attached file, in order.
pub(crate) fn wanted(case: &Case) -> Vec<Wanted<'_>> {
    let entries = case.thread.incoming.iter();
    let all = entries
        .flat_map(|entry| entry.header.attachments.iter().zip(0..).map(move |pair| (entry.batch, pair)));
    all.zip(1..)
        .map(|((batch, (named, position)), number)| {
            let at = |part: &&Part| {
                part.kind == PartKind::Attachment && part.batch == batch && part.position == position
            };
            Wanted { number, named, part: case.file.parts.iter().find(at) }
        })
        .collect()
}

/// Writes under the first name that is free.
fn write(folder: &Path, name: &str, plain: &[u8]) -> Result<PathBuf, FileError> {
    for number in 1..MOST_TRIES {
        let name = if number == 1 { name.to_owned() } else { text::numbered_name(name, number) };
        let path = folder.join(name);
        match files::open_new(&path, 0o600) {
            Err(FileError::Exists(_)) => {}
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
    Err(FileError::Exists(folder.join(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_taken_gets_a_number() {
        let folder = tempfile::tempdir().unwrap();
        let first = write(folder.path(), "photo.jpg", b"one").unwrap();
        let second = write(folder.path(), "photo.jpg", b"two").unwrap();
        assert_eq!(first, folder.path().join("photo.jpg"));
        assert_eq!(second, folder.path().join("photo (2).jpg"));
        assert_eq!(std::fs::read(first).unwrap(), b"one");
    }
}
