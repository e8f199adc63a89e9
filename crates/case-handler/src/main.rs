//! The case handler's program.
#![expect(clippy::print_stdout, reason = "says on its standard output that it is ready")]

use std::path::PathBuf;

use anyhow::Result;
use case_handler::{Config, keys::Keys};
use clap::Parser;
use rustix::{
    fs::Mode,
    process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit, umask},
};
use tokio::signal::unix::{SignalKind, signal};
use web::Clock;

/// Memory is wiped when it is freed: age's own buffers are not wiped otherwise.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

#[derive(Parser)]
#[command(about = "Burkindi's case handler: routes sealed cases, runs deadlines, keeps the log", version)]
struct Arguments {
    /// The configuration file.
    #[arg(long)]
    config: PathBuf,
    /// Check the configuration and end.
    #[arg(long)]
    check_config: bool,
}

fn main() -> Result<()> {
    // No core dump, and no other process of this user reads our memory.
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    // The database is for this user alone.
    umask(Mode::RWXG | Mode::RWXO);
    let arguments = Arguments::parse();
    let config = Config::load(&arguments.config)?;
    if arguments.check_config {
        Keys::load(&config)?;
        println!("the configuration is sound");
        return Ok(());
    }
    web::panics::quiet();
    web::init_logging(config.level()?, config.log.json);
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve(&config))
}

async fn serve(config: &Config) -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut service = case_handler::run(config, Clock::system()).await?;
    println!("ready api={}", service.address);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        error = service.broken() => return Err(error),
    }
    service.stop().await
}
