//! The command line of the service. It is in the library, so that the binary has almost no code.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use service_kit::{
    cli::{ServiceArgs, print_output, print_report, report_failure},
    process_hardening::harden_process,
    shutdown_signal,
};
use time::{Date, format_description::well_known::Iso8601};
use web::Clock;

use crate::{
    Config,
    doctor::{self, DoctorArgs},
    maintenance::{self, MaintenanceCommand, PROGRAM},
    server,
};

#[derive(Parser)]
#[command(
    about = "Burkindi's case handler: collects sealed reports, suggests assignees, runs deadlines, writes the log",
    version
)]
struct CliArgs {
    #[command(flatten)]
    service: ServiceArgs,
    /// Accept the system clock even if it is far ahead of the latest recorded date, if it shows
    /// this date: YYYY-MM-DD.
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    confirm_date: Option<Date>,
    /// The command to run instead of the service.
    #[command(subcommand)]
    command: Option<CliCommand>,
}

#[derive(Subcommand)]
enum CliCommand {
    #[command(flatten)]
    Maintenance(MaintenanceCommand),
    /// Check the case handler on this machine, and print findings with advice. Exit codes: 0 all
    /// ok, 7 a warning, 8 an error.
    Doctor(DoctorArgs),
}

/// Runs the command line. The binary chooses the allocator.
pub fn main() -> ExitCode {
    run().unwrap_or_else(|error| report_failure(PROGRAM, error.as_ref()))
}

fn run() -> Result<ExitCode> {
    harden_process()?;
    let arguments = CliArgs::parse();
    let config = Config::load(&arguments.service.config)?;
    // The doctor reports each missing file and continues with the other checks.
    if arguments.service.check_config || !matches!(arguments.command, Some(CliCommand::Doctor(_))) {
        config.check_files()?;
    }
    // The call fails only if a provider is installed already, which is sufficient.
    drop(rustls::crypto::ring::default_provider().install_default());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if arguments.service.check_config {
        server::check_files(&config)?;
        config.check_names()?;
        print_output("the configuration is valid")?;
        return Ok(ExitCode::SUCCESS);
    }
    match arguments.command {
        None => {}
        Some(CliCommand::Maintenance(command)) => {
            print_output(&runtime.block_on(maintenance::run(&config, command))?.join("\n"))?;
            return Ok(ExitCode::SUCCESS);
        }
        Some(CliCommand::Doctor(args)) => {
            let report =
                runtime.block_on(doctor::run_checks(&config, &args, Clock::system().now()));
            return Ok(print_report(&report, args.json)?);
        }
    }
    web::catch_panic::install_panic_hook();
    web::init_logging(config.level()?, config.log.json);
    runtime
        .block_on(maintenance::ensure_exists(&config.store.url.parse().context("store.url")?))?;
    runtime.block_on(serve(&config, arguments.confirm_date))?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn parse_date(text: &str) -> Result<Date, String> {
    Date::parse(text, &Iso8601::DATE).map_err(|_| "invalid date (expected YYYY-MM-DD)".to_owned())
}

async fn serve(config: &Config, confirmed: Option<Date>) -> Result<()> {
    let stop = shutdown_signal()?;
    let mut service = crate::run_with_confirmed_date(config, Clock::system(), confirmed).await?;
    print_output(&format!("ready api={}", service.address))?;
    tokio::select! {
        () = stop => {}
        error = service.task_failure() => return Err(error),
    }
    service.stop().await
}
