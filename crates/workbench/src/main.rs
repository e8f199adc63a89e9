//! `burkindi`: the command line of the workbench.

mod cli;

use std::process::ExitCode;

use clap::Parser;
use cli::{Cli, CliOutput};
use time::OffsetDateTime;
use zeroizing_alloc::ZeroAlloc;

// Stream buffers of age, JSON and messages are zeroized when they are freed.
#[global_allocator]
static ALLOC: ZeroAlloc<std::alloc::System> = ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    match std::env::args_os().nth(1) {
        Some(first) if first == workbench::preview::WORKER_ARG => {
            return workbench::preview::run_child();
        }
        Some(first) if first == workbench::recording::WORKER_ARG => {
            return workbench::recording::run_child();
        }
        _ => {}
    }
    let cli = Cli::parse_from(cli::split_exclusions(std::env::args_os()));
    let mut output = CliOutput::new(cli.json);
    match run_with_runtime(cli, &mut output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => ExitCode::from(cli::report_error(&error, &mut output)),
    }
}

fn run_with_runtime(cli: Cli, output: &mut CliOutput) -> anyhow::Result<()> {
    forbid_core_dumps()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(cli::run(cli, output, now()))
}

/// Disables core dumps, because a dump would write keys to the disk.
fn forbid_core_dumps() -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    }
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// The only place where this program reads the clock.
#[expect(
    clippy::disallowed_methods,
    reason = "the edge of the program: everything below takes the time as an argument"
)]
fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}
