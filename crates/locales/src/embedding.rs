//! Embeds the files of all languages in the crate that uses them.

use std::{
    env, fs,
    io::{self, Write as _},
    path::PathBuf,
};

use crate::{
    Locale,
    files::{package_dir, relative_data_dir},
};

/// The files with one name: the code of each language that has the file, and the content.
#[derive(Debug, Clone, Copy)]
pub struct EmbeddedFiles(pub &'static [(&'static str, &'static str)]);

impl EmbeddedFiles {
    /// Returns the file of the language with this code, if it has one.
    pub fn get(self, code: &str) -> Option<&'static str> {
        self.0.iter().find(|(found, _)| *found == code).map(|(_, content)| *content)
    }

    /// Returns the code and the file of each language that has the file, in the order of
    /// [`Locale::ALL`].
    pub fn iter(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.0.iter().copied()
    }
}

/// Expands to the [`EmbeddedFiles`] with this name. The build script of the crate must have called
/// [`embed`](crate::embed) with the same name.
#[macro_export]
macro_rules! embedded {
    ($name:literal) => {
        $crate::EmbeddedFiles(include!(concat!(env!("OUT_DIR"), "/", $name, ".rs")))
    };
}

/// Embeds the files with this name in the crate whose build script calls this function.
///
/// # Errors
/// If no language has such a file, if a file is not UTF-8, or if the file for
/// [`embedded!`](crate::embedded) cannot be written.
pub fn embed(name: &str) -> io::Result<()> {
    let list = content_list(name)?;
    let folder = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    fs::write(PathBuf::from(folder).join(format!("{name}.rs")), list)
}

/// Returns the expression that [`embedded!`](crate::embedded) includes. It contains the content of
/// the files and no path: clones that share a target folder share the output of the build script.
fn content_list(name: &str) -> io::Result<String> {
    let package = package_dir();
    let data = relative_data_dir(&package);
    let mut entries = Vec::new();
    for locale in Locale::ALL {
        let file = data.join(locale.code).join(name);
        let path = package.join(&file);
        // Cargo would run the script in every build for a file that does not exist.
        if path.exists() {
            // Cargo takes a relative path as one of the clone that it builds.
            writeln!(io::stdout(), "cargo::rerun-if-changed={}", file.display())?;
            let (code, content) = (locale.code, fs::read_to_string(&path)?);
            entries.push(format!("({code:?}, {content:?})"));
        }
    }
    if entries.is_empty() {
        let folder = package.join(data);
        let what = format!("no language in {} has a file {name}", folder.display());
        return Err(io::Error::new(io::ErrorKind::NotFound, what));
    }
    Ok(format!("&[{}]", entries.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_no_language_has_is_an_error() {
        let error = embed("missing.toml").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(error.to_string().ends_with("has a file missing.toml"), "{error}");
    }

    #[test]
    fn the_list_has_the_content_of_the_files_and_no_path_of_a_clone() {
        let list = content_list("receipt_words.txt").unwrap();
        let french = fs::read_to_string(crate::file_path("fr", "receipt_words.txt")).unwrap();
        assert!(list.contains(&format!("(\"fr\", {french:?})")));
        assert!(!list.contains(package_dir().to_str().unwrap()));
        assert!(!list.contains("receipt_words.txt"));
    }
}
