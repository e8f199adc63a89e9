//! Reads and writes files so that only their owner can read secrets, and nothing is overwritten by
//! accident.

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};

use crate::terminal_text;

/// Error text for a text file in another encoding.
pub const NOT_UTF_TEXT: &str = "not valid UTF-8 or UTF-16; save it again as UTF-8";

/// Why a file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The operating system refused.
    #[error("cannot {verb} {}: {source}", path.display())]
    Io {
        /// The operation.
        verb: &'static str,
        /// Path of the file.
        path: PathBuf,
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// The file exists and is never overwritten.
    #[error("{} already exists", .0.display())]
    AlreadyExists(PathBuf),
    /// The file does not exist.
    #[error("{} not found", .0.display())]
    NotFound(PathBuf),
    /// `seen.json` is malformed.
    #[error(
        "{} is damaged ({reason}). This file stores what this computer has seen, so that a rollback is detected. After a power cut: move the file to another folder and continue. The next connection creates a new file and cannot detect an earlier rollback. If there was no power cut, inform the administration first",
        path.display()
    )]
    DamagedTrustState {
        /// Path of the file.
        path: PathBuf,
        /// Why it cannot be parsed.
        reason: String,
    },
    /// The file does not have the expected format.
    #[error("failed to parse {}: {reason}", path.display())]
    Malformed {
        /// Path of the file.
        path: PathBuf,
        /// Why it cannot be parsed.
        reason: String,
    },
}

impl FileError {
    pub(crate) fn io(verb: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| match source.kind() {
            std::io::ErrorKind::AlreadyExists => Self::AlreadyExists(path),
            std::io::ErrorKind::NotFound if verb == "read" => Self::NotFound(path),
            _ => Self::Io { verb, path, source },
        }
    }
}

/// Creates a new file that only its owner can read (0600).
///
/// # Errors
/// [`FileError::AlreadyExists`] if the file exists, [`FileError::Io`] if it cannot be written.
pub fn create_private(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    create(path, bytes, 0o600)
}

/// Creates a new file that everyone can read (0644).
///
/// # Errors
/// As [`create_private`].
pub fn create_public(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    create(path, bytes, 0o644)
}

fn create(path: &Path, bytes: &[u8], mode: u32) -> Result<(), FileError> {
    let mut file = create_exclusive(path, mode)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(FileError::io("write", path))
}

/// Creates and opens a file that must not exist.
///
/// # Errors
/// As [`create_private`].
pub fn create_exclusive(path: &Path, mode: u32) -> Result<File, FileError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    options.open(path).map_err(FileError::io("create", path))
}

/// Replaces a file atomically (0600).
///
/// # Errors
/// [`FileError::Io`] if the file cannot be written.
pub fn replace_private(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let mut new = tempfile::NamedTempFile::new_in(parent_folder(path))
        .map_err(FileError::io("write", path))?;
    new.write_all(bytes)
        .and_then(|()| new.as_file().sync_all())
        .map_err(FileError::io("write", path))?;
    new.persist(path).map(drop).map_err(|error| FileError::io("replace", path)(error.error))
}

/// Replaces a file atomically (0600), and returns after the new content would survive a power cut.
///
/// # Errors
/// [`FileError::Io`] if the file cannot be written, or the folder cannot be synchronized.
pub fn replace_durably(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    replace_private(path, bytes)?;
    sync_folder(parent_folder(path))
}

/// Writes the names of a folder's files to the disk, so that a new or replaced file survives a
/// power cut.
///
/// # Errors
/// [`FileError::Io`] if the folder cannot be synchronized.
pub fn sync_folder(folder: &Path) -> Result<(), FileError> {
    #[cfg(unix)]
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(FileError::io("synchronize", folder))?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

fn parent_folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Removes a file, if it exists.
///
/// # Errors
/// [`FileError::Io`] if it cannot be removed.
pub fn remove(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path).map_err(FileError::io("remove", path)) {
        Err(FileError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            Ok(())
        }
        removed => removed,
    }
}

/// Creates a folder that only its owner can access (0700), with its parents. An existing folder is
/// left unchanged.
///
/// # Errors
/// [`FileError::Io`] if it cannot be created.
pub fn create_private_dir(path: &Path) -> Result<(), FileError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(FileError::io("create", path))
}

/// Restricts a folder to its owner (0700).
///
/// # Errors
/// [`FileError::Io`] if the permissions cannot be changed.
pub fn restrict_to_owner(folder: &Path) -> Result<(), FileError> {
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        fs::set_permissions(folder, mode).map_err(FileError::io("restrict access to", folder))?;
    }
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// Returns whether other users can access the file or folder. Returns `false` on systems without
/// such permissions.
///
/// # Errors
/// If the file does not exist or its metadata cannot be read.
pub fn is_accessible_to_others(path: &Path) -> Result<bool, FileError> {
    let metadata = fs::metadata(path).map_err(FileError::io("read", path))?;
    #[cfg(unix)]
    let accessible = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0;
    #[cfg(not(unix))]
    let accessible = {
        drop(metadata);
        false
    };
    Ok(accessible)
}

/// Reads a file.
///
/// # Errors
/// [`FileError::NotFound`] if it does not exist, [`FileError::Io`] if it cannot be read.
pub fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    fs::read(path).map_err(FileError::io("read", path))
}

/// Reads a text file, decoded by [`terminal_text::decode_text`].
///
/// # Errors
/// [`FileError::NotFound`] if it does not exist, [`FileError::Malformed`] if it is neither UTF-8
/// nor UTF-16.
pub fn read_text(path: &Path) -> Result<String, FileError> {
    terminal_text::decode_text(&read(path)?).ok_or_else(|| FileError::Malformed {
        path: path.to_owned(),
        reason: NOT_UTF_TEXT.to_owned(),
    })
}

/// Reads a JSON file.
///
/// # Errors
/// As [`read_text`], and [`FileError::Malformed`] if the JSON does not match.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, FileError> {
    serde_json::from_str(&read_text(path)?)
        .map_err(|error| FileError::Malformed { path: path.to_owned(), reason: error.to_string() })
}

/// Reads a JSON file. Returns `None` if it does not exist.
///
/// # Errors
/// As [`read_json`], except for a missing file.
pub fn read_json_if_exists<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, FileError> {
    match read_json(path) {
        Err(FileError::NotFound(_)) => Ok(None),
        other => other.map(Some),
    }
}

/// Returns indented JSON with a final newline.
pub fn to_pretty_json(value: &impl Serialize) -> Vec<u8> {
    let mut json = serde_json::to_vec_pretty(value)
        .expect("these types contain only strings, numbers and lists");
    json.push(b'\n');
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn private_files_are_restricted_to_their_owner_and_never_overwritten() {
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
    fn text_is_read_with_and_without_a_byte_order_mark() {
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
