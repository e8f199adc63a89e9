//! The errors of the configuration.

/// Why the configuration is invalid. Every message names the key.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file or a variable cannot be parsed.
    #[error("{0}")]
    Read(String),
    /// An environment variable with the prefix `INTAKE_` that the configuration does not know.
    #[error("{0}")]
    UnknownVariable(String),
    /// The pages would send reporters to the fictitious contacts of the example.
    #[error(
        "{}: this is the fictitious contact of the example. Enter the real contact. Only for a \
         demonstration, set demo = true (INTAKE_DEMO=true)", .0.join(", ")
    )]
    ExampleContacts(Vec<String>),
    /// A value is invalid, or what it names cannot be used.
    #[error("{key}: {problem}")]
    InvalidValue {
        /// The key, such as `limits.concurrent_uploads`.
        key: &'static str,
        /// The reason, as text.
        problem: String,
    },
    /// Texts of `[branding]` are missing or invalid.
    #[error("{}", .0.join("; "))]
    Branding(Vec<String>),
}

impl ConfigError {
    /// Creates [`ConfigError::InvalidValue`].
    pub fn invalid_value(key: &'static str, problem: impl Into<String>) -> Self {
        Self::InvalidValue { key, problem: problem.into() }
    }
}
