//! The intake: takes reports from the public, gives back mailboxes.

use std::{io::Write as _, path::PathBuf, process::ExitCode};

use clap::Parser;
use intake::{app::RunError, config::Config, hardening};

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
async fn main() -> ExitCode {
    match start(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do if even this cannot be written.
            writeln!(std::io::stderr(), "intake: {error}").ok();
            ExitCode::FAILURE
        }
    }
}

async fn start(arguments: &Arguments) -> Result<(), RunError> {
    hardening::harden()?;
    let config = Config::load(&arguments.config)?;
    if arguments.check_config {
        return Ok(config.check_files()?);
    }
    intake::run(config).await
}
