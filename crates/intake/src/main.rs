//! The intake: takes reports from the public, gives back mailboxes.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Parser;
use intake::{config::Config, hardening};

/// Everything freed is wiped: plaintext passes through memory on the form path, also through buffers of libraries.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

/// Takes reports from the public and gives back mailboxes.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The configuration (TOML).
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Read the configuration and the files that it names, say what is wrong, and end.
    #[arg(long)]
    check_config: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    hardening::harden().context("the process could not be hardened")?;
    let arguments = Arguments::parse();
    let config = Config::load(&arguments.config)?;
    if arguments.check_config {
        return Ok(config.check_files()?);
    }
    Ok(intake::run(config).await?)
}
