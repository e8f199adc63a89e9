//! The options of the command line that both services have.

use std::path::PathBuf;

/// Options of every command of a service.
#[derive(Debug, Clone, clap::Args)]
pub struct ServiceArgs {
    /// The configuration file (TOML).
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Check the configuration and the files that it names, print problems, and exit.
    #[arg(long)]
    pub check_config: bool,
}
