//! Writing files so that secrets are nobody else's to read and nothing is overwritten by accident.

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};

use crate::terminal_text;

/// What is wrong with a text file in an older encoding, and what to do.
pub const NOT_UTF_TEXT: &str = "it is no text in UTF-8 or UTF-16: save it again as UTF-8";

/// A file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system refused.
    #[error("cannot {verb} {}: {source}", path.display())]
    Io {
        /// What was tried.
        verb: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// It is there already, and is never overwritten.
    #[error("{} is there already; nothing was overwritten", .0.display())]
    AlreadyExists(PathBuf),
    /// Not there.
    #[error("{} is not there", .0.display())]
    NotFound(PathBuf),
    /// `seen.json`, which remembers what this computer saw, is damaged.
    #[error(
        "{} is damaged ({reason}). It holds what this computer has seen, so that an older state is noticed. After a power cut: move this file aside and go on. The next connection begins a new one, and cannot notice a roll-back to before. If there was no power cut, tell the administration first",
        path.display()
    )]
    DamagedTrustState {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Of another shape than it should be.
    #[error("{} is not readable: {reason}", path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

impl FileError {
    fn io(verb: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| match source.kind() {
            std::io::ErrorKind::AlreadyExists => Self::AlreadyExists(path),
            std::io::ErrorKind::NotFound if verb == "read" => Self::NotFound(path),
            _ => Self::Io { verb, path, source },
        }
    }
}

/// Makes a new file that only its owner can read (0600). Refuses to overwrite.
pub fn create_private(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    create(path, bytes, 0o600)
}

/// Makes a new file that everybody may read. Refuses to overwrite.
pub fn create_public(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    create(path, bytes, 0o644)
}

fn create(path: &Path, bytes: &[u8], mode: u32) -> Result<(), FileError> {
    let mut file = create_exclusive(path, mode)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(FileError::io("write", path))
}

/// Opens a file that must not exist yet.
pub fn create_exclusive(path: &Path, mode: u32) -> Result<File, FileError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    options.open(path).map_err(FileError::io("create", path))
}

/// Puts a file in the place of another, whole or not at all (0600).
pub fn replace_private(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut new = tempfile::NamedTempFile::new_in(folder).map_err(FileError::io("write", path))?;
    new.write_all(bytes)
        .and_then(|()| new.as_file().sync_all())
        .map_err(FileError::io("write", path))?;
    new.persist(path).map(drop).map_err(|error| FileError::io("replace", path)(error.error))
}

/// Removes a file, if it is there.
pub fn remove(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path).map_err(FileError::io("remove", path)) {
        Err(FileError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            Ok(())
        }
        removed => removed,
    }
}

/// Makes a folder that only its owner can enter (0700), with its parents; one that is there is left
/// as it is.
pub fn create_private_dir(path: &Path) -> Result<(), FileError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(FileError::io("create", path))
}

/// Closes a folder to everybody but its owner (0700).
pub fn restrict_to_owner(folder: &Path) -> Result<(), FileError> {
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        fs::set_permissions(folder, mode).map_err(FileError::io("close", folder))?;
    }
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// Can anybody but its owner read, write or enter it? Where there are no such permissions, nobody
/// is said to.
pub fn is_accessible_to_others(path: &Path) -> Result<bool, FileError> {
    let metadata = fs::metadata(path).map_err(FileError::io("read", path))?;
    #[cfg(unix)]
    let open = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0;
    #[cfg(not(unix))]
    let open = {
        drop(metadata);
        false
    };
    Ok(open)
}

/// Reads a file whole.
pub fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    fs::read(path).map_err(FileError::io("read", path))
}

/// Reads a text file whole, as [`text::decode_text`] does.
///
/// # Errors
/// [`FileError::NotFound`] if it is not there, [`FileError::Malformed`] if it is no text in UTF-8
/// or UTF-16.
pub fn read_text(path: &Path) -> Result<String, FileError> {
    terminal_text::decode_text(&read(path)?).ok_or_else(|| FileError::Malformed {
        path: path.to_owned(),
        reason: NOT_UTF_TEXT.to_owned(),
    })
}

/// Reads a JSON file.
///
/// # Errors
/// As [`read_text`], and [`FileError::Malformed`] if it holds something else.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, FileError> {
    serde_json::from_str(&read_text(path)?)
        .map_err(|error| FileError::Malformed { path: path.to_owned(), reason: error.to_string() })
}

/// Reads a JSON file, or gives `None` where there is none.
pub fn read_json_if_exists<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, FileError> {
    match read_json(path) {
        Err(FileError::NotFound(_)) => Ok(None),
        other => other.map(Some),
    }
}

/// JSON for people and programs: indented, with a last newline.
pub fn to_pretty_json(value: &impl Serialize) -> Vec<u8> {
    let mut json =
        serde_json::to_vec_pretty(value).expect("our shapes hold strings, numbers and lists only");
    json.push(b'\n');
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn private_files_are_their_owners_alone_and_never_overwritten() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        create_private(&path, b"one").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(matches!(create_private(&path, b"two"), Err(FileError::AlreadyExists(_))));
        assert_eq!(read(&path).unwrap(), b"one");
        replace_private(&path, b"three").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read(&path).unwrap(), b"three");
    }

    #[test]
    fn a_text_is_read_with_and_without_a_byte_order_mark() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trust.json");
        let little = "[\"é\"]".encode_utf16().flat_map(u16::to_le_bytes);
        let big = "[\"é\"]".encode_utf16().flat_map(u16::to_be_bytes);
        for bytes in [
            "[\"é\"]".as_bytes().to_vec(),
            "\u{feff}[\"é\"]".as_bytes().to_vec(),
            [0xFF, 0xFE].into_iter().chain(little).collect(),
            [0xFE, 0xFF].into_iter().chain(big).collect(),
        ] {
            fs::write(&path, bytes).unwrap();
            assert_eq!(read_text(&path).unwrap(), "[\"é\"]");
            assert_eq!(read_json::<Vec<String>>(&path).unwrap(), ["é"]);
        }
        for broken in [&b"\xE9t\xE9"[..], &[0xFF, 0xFE, b'a'], &[0xFF, 0xFE, 0x00, 0xD8]] {
            fs::write(&path, broken).unwrap();
            assert!(matches!(read_text(&path), Err(FileError::Malformed { .. })), "{broken:?}");
        }
    }
}
