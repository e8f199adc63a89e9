//! The command line of the intake. It is part of the library, so that the binary contains only its
//! allocator and a call.

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use service_kit::{
    StoreCommand, StoreCommandError,
    cli::{ServiceArgs, print_output, print_report, print_warning, report_failure},
    process_hardening,
};
use web::Clock;

use crate::{
    audio_command::{self, AudioCommand, AudioCommandError},
    config::Config,
    doctor::{self, DoctorArgs},
    error::RunError,
    maintenance::{self, MaintenanceError, PROGRAM},
    program_manifest::{self, ManifestError},
    proxy_pages::{self, ProxyPagesError},
};

/// Accepts reports from the public and serves mailboxes.
#[derive(Parser)]
#[command(version)]
struct IntakeArgs {
    #[command(flatten)]
    service: ServiceArgs,
    /// The command to run instead of the service.
    #[command(subcommand)]
    command: Option<IntakeCommand>,
}

#[derive(Subcommand)]
enum IntakeCommand {
    #[command(flatten)]
    Store(StoreCommand),
    /// Write the pages that the reverse proxy shows if the intake does not respond, in each
    /// language, and exit.
    ErrorPages {
        /// The folder that the configuration of the proxy names, such as
        /// /var/lib/burkindi-error-pages.
        folder: PathBuf,
    },
    /// Print the manifest of the browser program of this build and configuration, for `burkindi
    /// admin program sign`, and exit.
    Manifest,
    /// Build the audio packs of the spoken help, and exit.
    #[command(subcommand)]
    Audio(AudioCommand),
    /// Check the intake on this machine, and print findings with advice. Exit codes: 0 all ok, 7 a
    /// warning, 8 an error.
    Doctor(DoctorArgs),
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Store(#[from] StoreCommandError),
    #[error(transparent)]
    Maintenance(#[from] MaintenanceError),
    #[error(transparent)]
    ProxyPages(#[from] ProxyPagesError),
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error(transparent)]
    Audio(#[from] AudioCommandError),
}

/// Runs the command line. The binary that calls it sets the allocator.
#[tokio::main]
pub async fn main() -> ExitCode {
    dispatch(IntakeArgs::parse()).await.unwrap_or_else(|error| report_failure(PROGRAM, &error))
}

async fn dispatch(arguments: IntakeArgs) -> Result<ExitCode, CliError> {
    process_hardening::harden_process().map_err(RunError::from)?;
    let config = Config::load(&arguments.service.config).map_err(RunError::from)?;
    if arguments.service.check_config {
        doctor::check_config_files(&config).map_err(RunError::from)?;
        program_manifest::check_manifest(&config).await.map_err(RunError::from)?;
        config.check_contacts().map_err(RunError::from)?;
        for warning in config.warnings() {
            print_warning(PROGRAM, &warning).map_err(RunError::from)?;
        }
        print_output("the configuration is valid").map_err(RunError::from)?;
        return Ok(ExitCode::SUCCESS);
    }
    let output = match arguments.command {
        None => {
            config.check_contacts().map_err(RunError::from)?;
            maintenance::ensure_exists(&config.store.database_url().map_err(RunError::from)?)
                .await?;
            let program = std::env::current_exe().map_err(RunError::from)?;
            crate::run(config, program).await?;
            return Ok(ExitCode::SUCCESS);
        }
        Some(IntakeCommand::Store(command)) => maintenance::run(&config, command).await?.join("\n"),
        Some(IntakeCommand::ErrorPages { folder }) => {
            let written = proxy_pages::write_error_pages(&config, &folder)?;
            format!("wrote {written} pages to {}", folder.display())
        }
        Some(IntakeCommand::Manifest) => program_manifest::unsigned_manifest(&config).await?,
        Some(IntakeCommand::Audio(command)) => audio_command::run(&config, &command)?,
        Some(IntakeCommand::Doctor(args)) => {
            let report = doctor::run_checks(&config, &args, Clock::system().now()).await;
            return Ok(print_report(&report, args.json).map_err(RunError::from)?);
        }
    };
    print_output(&output).map_err(RunError::from)?;
    Ok(ExitCode::SUCCESS)
}
