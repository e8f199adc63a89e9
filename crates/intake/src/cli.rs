//! The program around the service. It is compiled with the library, so that a program that runs it
//! holds next to nothing.

use std::{io::Write as _, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use web::Clock;

use crate::{
    config::Config,
    doctor::{self, DoctorArgs},
    maintenance::{self, MaintenanceCommand, MaintenanceError},
    process_hardening,
    proxy_pages::{self, ProxyPagesError},
    server::RunError,
};

/// Takes reports from the public and gives back mailboxes.
#[derive(Parser)]
#[command(version)]
struct IntakeArgs {
    /// The configuration (TOML).
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Read the configuration and the files that it names, say what is wrong, and end.
    #[arg(long)]
    check_config: bool,
    /// Instead of serving.
    #[command(subcommand)]
    command: Option<IntakeCommand>,
}

#[derive(Subcommand)]
enum IntakeCommand {
    #[command(flatten)]
    Maintenance(MaintenanceCommand),
    /// Write the pages that the reverse proxy shows where the intake does not answer, in each
    /// language, and end.
    ErrorPages {
        /// The folder that the proxy's configuration names, such as /var/lib/burkindi-error-pages.
        folder: PathBuf,
    },
    /// Look at this machine's part of the installation, and say what to do. Exit codes: 0 all good,
    /// 7 soon, 8 wrong.
    Doctor(DoctorArgs),
}

/// Why nothing was done, or not all.
#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Maintenance(#[from] MaintenanceError),
    #[error(transparent)]
    ProxyPages(#[from] ProxyPagesError),
}

/// Does what the command line says. The allocator is the caller's.
#[tokio::main]
pub async fn main() -> ExitCode {
    match dispatch(IntakeArgs::parse()).await {
        Ok(code) => code,
        Err(error) => {
            // Nothing is left to do if even this cannot be written.
            writeln!(std::io::stderr(), "intake: {error}").ok();
            ExitCode::FAILURE
        }
    }
}

async fn dispatch(arguments: IntakeArgs) -> Result<ExitCode, CliError> {
    process_hardening::harden_process().map_err(RunError::from)?;
    let config = Config::load(&arguments.config).map_err(RunError::from)?;
    if arguments.check_config {
        config.check_files().map_err(RunError::from)?;
        config.check_contacts().map_err(RunError::from)?;
        for warning in config.warnings() {
            writeln!(std::io::stderr(), "warning: {warning}").map_err(RunError::from)?;
        }
        writeln!(std::io::stdout(), "the configuration is sound").map_err(RunError::from)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (said, code) = match arguments.command {
        None => {
            config.check_contacts().map_err(RunError::from)?;
            maintenance::ensure_exists(&config.store.database_url().map_err(RunError::from)?)
                .await?;
            let program = std::env::current_exe().map_err(RunError::from)?;
            crate::run(config, program).await?;
            return Ok(ExitCode::SUCCESS);
        }
        Some(IntakeCommand::Maintenance(task)) => {
            (maintenance::run(&config, task).await?.join("\n"), ExitCode::SUCCESS)
        }
        Some(IntakeCommand::ErrorPages { folder }) => {
            let written = proxy_pages::write_error_pages(&config, &folder)?;
            (format!("{written} pages written to {}", folder.display()), ExitCode::SUCCESS)
        }
        Some(IntakeCommand::Doctor(asked)) => {
            let report = doctor::run_checks(&config, &asked, Clock::system().now()).await;
            (
                if asked.json { report.to_json() } else { report.to_string() },
                report.exit_code().into(),
            )
        }
    };
    writeln!(std::io::stdout(), "{said}").map_err(RunError::from)?;
    Ok(code)
}
