//! Copies of sealed receipts in a folder in memory, which outlive the process.
//!
//! The report is stored before the browser reads its receipt. If the process ends in between, the
//! next process reads the receipt from this folder. A receipt is sealed under a token that only the
//! browser has. The folder must be in memory (tmpfs), because a deleted file of a disk or a backup
//! could be recovered years later, together with the address in the history of a phone.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use super::VisitId;

/// Type of a file system in memory (`TMPFS_MAGIC` of the kernel).
#[cfg(target_os = "linux")]
const TMPFS_TYPE: rustix::fs::FsWord = 0x0102_1994;

/// A folder with one file for each receipt. Its name is the id of the visit, in hexadecimal digits.
pub struct ReceiptFolder(PathBuf);

/// A sealed receipt that another process has left.
pub(super) struct StoredReceipt {
    pub(super) id: VisitId,
    pub(super) sealed: Vec<u8>,
    /// The time since its last use.
    pub(super) age: Duration,
}

impl ReceiptFolder {
    /// Uses a folder that exists.
    ///
    /// # Errors
    /// If the folder cannot be read, or is not in memory.
    pub fn open(folder: PathBuf) -> io::Result<Self> {
        if is_in_memory(&folder)? {
            Ok(Self(folder))
        } else {
            Err(io::Error::other("the folder is on a disk, not in memory (tmpfs)"))
        }
    }

    /// Writes a receipt that was last used `age` ago. A reader finds the whole file or none.
    pub(super) fn write(&self, id: &VisitId, sealed: &[u8], age: Duration) {
        let path = self.path(id);
        let incomplete = path.with_extension("incomplete");
        let write = || {
            let mut file = fs::File::create(&incomplete)?;
            file.write_all(sealed)?;
            file.set_modified(SystemTime::now() - age)?;
            fs::rename(&incomplete, &path)
        };
        if let Err(error) = write() {
            tracing::warn!(
                %error,
                "failed to copy a receipt to {}; if this process ends before the reporter reads it, \
                 the receipt is lost",
                self.0.display()
            );
        }
    }

    /// Deletes the file of a receipt, if there is one.
    pub(super) fn remove(&self, id: &VisitId) {
        fs::remove_file(self.path(id)).ok();
    }

    /// Returns all receipts, and deletes all other files. The files of the receipts stay until they
    /// are replaced or removed, so that none is lost if this process ends before.
    pub(super) fn read_all(&self) -> io::Result<Vec<StoredReceipt>> {
        let mut receipts = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let entry = entry?;
            let mut id = [0; 32];
            let named = hex::decode_to_slice(entry.file_name().as_encoded_bytes(), &mut id).is_ok();
            if named {
                let age = entry.metadata()?.modified()?.elapsed().unwrap_or_default();
                receipts.push(StoredReceipt { id, sealed: fs::read(entry.path())?, age });
            } else {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(receipts)
    }

    fn path(&self, id: &VisitId) -> PathBuf {
        self.0.join(hex::encode(id))
    }
}

#[cfg(target_os = "linux")]
fn is_in_memory(folder: &Path) -> io::Result<bool> {
    Ok(rustix::fs::statfs(folder)?.f_type == TMPFS_TYPE)
}

/// Only Linux states the type of a file system.
#[cfg(not(target_os = "linux"))]
fn is_in_memory(_: &Path) -> io::Result<bool> {
    Ok(false)
}

#[cfg(test)]
mod tests {
    use rand::rngs::OsRng;
    use tempfile::TempDir;

    use super::*;
    use crate::visits::{RECEIPT_TTL, VisitState, VisitStore, VisitToken};

    fn folder_in_memory() -> TempDir {
        tempfile::tempdir_in("/dev/shm").unwrap()
    }

    fn open_store(folder: &TempDir) -> VisitStore {
        let folder = ReceiptFolder::open(folder.path().to_owned()).unwrap();
        let store = VisitStore::default();
        store.copy_receipts_to(folder).unwrap();
        store
    }

    fn file_count(folder: &TempDir) -> usize {
        fs::read_dir(folder.path()).unwrap().count()
    }

    fn receipt() -> VisitState {
        VisitState::Sent {
            code: "CANARY-OF-A-RECEIPT".to_owned(),
            files: Vec::new(),
            answer_date: None,
            own_copy: Vec::new(),
        }
    }

    #[test]
    fn a_receipt_outlives_the_process_until_it_is_confirmed() {
        let (folder, token) = (folder_in_memory(), VisitToken::random(&mut OsRng));
        open_store(&folder).put(&token, &receipt(), &mut OsRng);
        for _ in 0..2 {
            assert_eq!(open_store(&folder).get(&token), Some(receipt()));
        }
        let file = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap();
        let bytes = fs::read(file.path()).unwrap();
        assert!(!bytes.windows(6).any(|bytes| bytes == b"CANARY"), "it is sealed");
        open_store(&folder).put(&token, &VisitState::Confirmed, &mut OsRng);
        assert_eq!(file_count(&folder), 0);
        assert_eq!(open_store(&folder).get(&token), None);
    }

    #[test]
    fn forms_and_answers_are_not_copied() {
        let (folder, token) = (folder_in_memory(), VisitToken::random(&mut OsRng));
        let store = open_store(&folder);
        let form = VisitState::Writing(vec![("a.story".to_owned(), "text".to_owned())]);
        for state in [form, VisitState::Left, VisitState::Confirmed] {
            store.put(&token, &state, &mut OsRng);
            assert_eq!(file_count(&folder), 0, "{state:?}");
        }
        store.put(&token, &receipt(), &mut OsRng);
        assert_eq!(file_count(&folder), 1);
        store.remove(&token);
        assert_eq!(file_count(&folder), 0);
    }

    #[test]
    fn a_process_that_ends_at_its_start_loses_no_receipt() {
        let (folder, token) = (folder_in_memory(), VisitToken::random(&mut OsRng));
        open_store(&folder).put(&token, &receipt(), &mut OsRng);
        let read = ReceiptFolder::open(folder.path().to_owned()).unwrap().read_all().unwrap();
        assert_eq!((read.len(), file_count(&folder)), (1, 1));
        assert_eq!(open_store(&folder).get(&token), Some(receipt()));
    }

    #[test]
    fn an_expired_or_incomplete_file_is_deleted() {
        let (folder, token) = (folder_in_memory(), VisitToken::random(&mut OsRng));
        open_store(&folder).put(&token, &receipt(), &mut OsRng);
        let file = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
        fs::write(folder.path().join("00.incomplete"), "").unwrap();
        let used = SystemTime::now() - RECEIPT_TTL;
        fs::File::options().append(true).open(file).unwrap().set_modified(used).unwrap();
        assert_eq!(open_store(&folder).get(&token), None);
        assert_eq!(file_count(&folder), 0);
    }

    #[test]
    fn a_folder_on_a_disk_is_refused() {
        let folder = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR")).unwrap();
        assert!(ReceiptFolder::open(folder.path().to_owned()).is_err());
    }
}
