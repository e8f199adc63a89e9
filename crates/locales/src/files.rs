//! The files of a language.

use std::{
    env,
    path::{Path, PathBuf},
};

/// A file of a language, in the folder `data/CODE`.
#[derive(Debug, Clone, Copy)]
pub struct LocaleFile {
    /// The name of the file.
    pub name: &'static str,
    /// What the programs use for a language without this file, or `None` if every language must
    /// have it.
    pub fallback: Option<&'static str>,
}

/// All files of a language.
pub const LOCALE_FILES: [LocaleFile; 10] = [
    LocaleFile { name: "intake.ftl", fallback: None },
    LocaleFile { name: "taxonomy.toml", fallback: None },
    LocaleFile { name: "reply_templates.toml", fallback: None },
    LocaleFile { name: "poster.ftl", fallback: None },
    LocaleFile { name: "identity_questions.toml", fallback: None },
    LocaleFile { name: "identifying_details.json", fallback: None },
    LocaleFile { name: "common_words.txt", fallback: None },
    LocaleFile { name: "test_phrases.toml", fallback: None },
    LocaleFile {
        name: "receipt_words.txt",
        fallback: Some("the list of the language that `Locale::receipt_words` names"),
    },
    LocaleFile {
        name: "workbench.ftl",
        fallback: Some("the workbench is not available in this language"),
    },
];

/// Returns the path of a file of a language in the source tree, for build scripts and tests.
pub fn file_path(code: &str, name: &str) -> PathBuf {
    package_dir().join(relative_data_dir(&package_dir())).join(code).join(name)
}

/// Returns the folder of the package whose build script or test is running. Several clones can
/// share one target folder, so the path that was compiled in may belong to another clone.
pub(crate) fn package_dir() -> PathBuf {
    env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from)
}

/// Returns the path from the folder of a package to the folder of the languages.
pub(crate) fn relative_data_dir(package: &Path) -> PathBuf {
    const DATA: &str = "crates/locales/data";
    let levels = package.ancestors().take_while(|folder| !folder.join(DATA).is_dir()).count();
    [".."].repeat(levels).iter().collect::<PathBuf>().join(DATA)
}
