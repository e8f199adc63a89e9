//! Parts of an installation on a day that has not come yet, for tests that a browser does: what the programs look like when deadlines
//! have passed or a retention is over. The clock is an argument of their libraries; the programs that are delivered have no such switch.

use std::{io::Write as _, path::PathBuf, time::Duration};

use anyhow::{Result, bail};
use case_handler::Config;
use clap::{Parser, Subcommand};
use rand::rngs::OsRng;
use scenarios::programs;
use secrecy::SecretString;
use tokio::signal::unix::{SignalKind, signal};
use web::Clock;
use workbench::{
    admin::{AdminDir, roots, signing},
    client::Client,
    home::Home,
    sealed::Work,
    site::{Bound, Settings},
};
use xtask::ROOTS;

#[derive(Parser)]
struct Arguments {
    /// How many days from now on.
    days: i64,
    #[command(subcommand)]
    part: Part,
}

#[derive(Subcommand)]
enum Part {
    /// The case handler, which believes that day.
    CaseHandler {
        #[arg(long)]
        config: PathBuf,
    },
    /// Signs the directory of that day, and publishes it.
    Directory { admin: PathBuf, handler: String },
    /// The workbench of one person; its link is the first line.
    Workbench { home: PathBuf },
}

#[tokio::main]
async fn main() -> Result<()> {
    // Fails only if a provider was installed before, which is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
    let Arguments { days, part } = Arguments::parse();
    let clock = Clock::fixed(Clock::system().now() + time::Duration::days(days));
    match part {
        Part::CaseHandler { config } => case_handler(&Config::load(&config)?, clock).await,
        Part::Directory { admin, handler } => directory(&AdminDir::at(admin), &handler, &clock).await,
        Part::Workbench { home } => workbench(home, clock).await,
    }
}

async fn case_handler(config: &Config, clock: Clock) -> Result<()> {
    web::init_logging(config.level()?, config.log.json);
    let mut terminate = signal(SignalKind::terminate())?;
    let today = clock.today();
    let mut service = case_handler::run_confirmed(config, clock, Some(today)).await?;
    writeln!(std::io::stdout(), "ready api={}", service.address)?;
    tokio::select! {
        _ = terminate.recv() => {}
        error = service.broken() => return Err(error),
    }
    service.stop().await
}

async fn directory(admin: &AdminDir, handler: &str, clock: &Clock) -> Result<()> {
    let trust = admin.trust()?;
    let key = |number: usize| {
        let passphrase = SecretString::from(ROOTS[number - 1]);
        roots::open(&admin.path(format!("roots/root-{number}.age")), &passphrase, &trust)
    };
    let signed = signing::sign(admin, &[key(1)?, key(2)?], clock.today())?;
    if !signed.is_complete() {
        bail!("two root keys are not enough");
    }
    let ca = std::fs::read_to_string(admin.path("tls/ca.pem"))?;
    Ok(Client::new(handler, &ca)?.put_directory(&signed.signed).await?)
}

async fn workbench(home: PathBuf, clock: Clock) -> Result<()> {
    let settings = Settings {
        port: 0,
        idle: Duration::from_mins(10),
        work: Work::default(),
        patience: Duration::from_secs(2),
        program: programs()?.join("burkindi"),
    };
    let bound = Bound::bind(Home::at(home), settings, clock, &mut OsRng)?;
    writeln!(std::io::stdout(), "{}", bound.launcher().link(&mut OsRng))?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stopped = async move {
        interrupt.recv().await;
    };
    Ok(bound.serve(stopped).await?)
}
