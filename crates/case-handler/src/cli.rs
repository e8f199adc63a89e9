//! The program around the service. It is compiled with the library, so that the program itself
//! holds next to nothing.
#![expect(clippy::print_stdout, reason = "says on its standard output that it is ready")]

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use rustix::{
    fs::Mode,
    process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit, umask},
};
use time::{Date, format_description::well_known::Iso8601};
use tokio::signal::unix::{SignalKind, signal};
use web::Clock;

use crate::{
    Config,
    doctor::{self, DoctorArgs},
    maintenance::{self, MaintenanceCommand},
    server,
};

#[derive(Parser)]
#[command(
    about = "Burkindi's case handler: routes sealed cases, runs deadlines, keeps the log",
    version
)]
struct CliArgs {
    /// The configuration file.
    #[arg(long)]
    config: PathBuf,
    /// Believe the clock although it is far ahead of the newest day known here, if it says this
    /// day: YYYY-MM-DD.
    #[arg(long, value_name = "DAY", value_parser = parse_date)]
    confirm_day: Option<Date>,
    /// Check the configuration and end.
    #[arg(long)]
    check_config: bool,
    /// Instead of serving.
    #[command(subcommand)]
    command: Option<CliCommand>,
}

#[derive(Subcommand)]
enum CliCommand {
    #[command(flatten)]
    Upkeep(MaintenanceCommand),
    /// Look at this machine's part of the installation, and say what to do. Exit codes: 0 all good,
    /// 7 soon, 8 wrong.
    Doctor(DoctorArgs),
}

/// Does what the command line says. The allocator is the caller's.
pub fn main() -> Result<ExitCode> {
    // No core dump, and no other process of this user reads our memory.
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    // The database is for this user alone.
    umask(Mode::RWXG | Mode::RWXO);
    let arguments = CliArgs::parse();
    let config = Config::load(&arguments.config)?;
    // Fails only if a provider was installed before, which is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if arguments.check_config {
        runtime.block_on(server::check_files(&config))?;
        config.check_names()?;
        println!("the configuration is sound");
        return Ok(ExitCode::SUCCESS);
    }
    match arguments.command {
        None => {}
        Some(CliCommand::Upkeep(task)) => {
            println!("{}", runtime.block_on(maintenance::run(&config, task))?.join("\n"));
            return Ok(ExitCode::SUCCESS);
        }
        Some(CliCommand::Doctor(asked)) => {
            let report =
                runtime.block_on(doctor::run_checks(&config, &asked, Clock::system().now()));
            println!("{}", if asked.json { report.to_json() } else { report.to_string() });
            return Ok(report.exit_code().into());
        }
    }
    web::catch_panic::install_panic_hook();
    web::init_logging(config.level()?, config.log.json);
    runtime
        .block_on(maintenance::ensure_exists(&config.store.url.parse().context("store.url")?))?;
    runtime.block_on(serve(&config, arguments.confirm_day))?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn parse_date(text: &str) -> Result<Date, String> {
    Date::parse(text, &Iso8601::DATE).map_err(|_| "a day is YYYY-MM-DD".to_owned())
}

async fn serve(config: &Config, confirmed: Option<Date>) -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut service = crate::run_with_confirmed_date(config, Clock::system(), confirmed).await?;
    println!("ready api={}", service.address);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        error = service.task_failure() => return Err(error),
    }
    service.stop().await
}
