//! The files of a language.

use std::path::{Path, PathBuf};

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
pub const LOCALE_FILES: [LocaleFile; 9] = [
    LocaleFile { name: "intake.ftl", fallback: None },
    LocaleFile { name: "taxonomy.toml", fallback: None },
    LocaleFile { name: "reply_templates.toml", fallback: None },
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
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(code).join(name)
}
