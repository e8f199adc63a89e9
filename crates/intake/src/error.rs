//! The error that ends the service.

use crate::config::ConfigError;

/// Why the service did not start, or why it ended.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A key of the configuration is invalid, or a resource that it names does not open.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A system call failed: hardening, listening or serving.
    #[error("operating system error: {0}")]
    System(#[from] std::io::Error),
}
