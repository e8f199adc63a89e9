//! Parts of an installation with a clock in the future, for browser tests of passed deadlines and
//! ended retention. The clock is an argument of the libraries; the released programs have no such
//! switch.

use std::{io::Write as _, path::PathBuf, time::Duration};

use anyhow::{Result, bail};
use case_handler::Config;
use clap::{Parser, Subcommand};
use rand::rngs::OsRng;
use scenarios::programs_dir;
use secrecy::SecretString;
use tokio::signal::unix::{SignalKind, signal};
use web::Clock;
use workbench::{
    admin::{AdminDir, root_keys, signing},
    keys::passphrase_encryption::ScryptCost,
    session::{client::HandlerClient, profile::ProfileDir},
    web_ui::{BoundUiServer, UiSettings},
};
use xtask::ROOT_PASSPHRASES;

#[derive(Parser)]
struct LaterArgs {
    /// Days from now.
    days: i64,
    #[command(subcommand)]
    command: LaterCommand,
}

#[derive(Subcommand)]
enum LaterCommand {
    /// Runs the case handler with that date.
    CaseHandler {
        #[arg(long)]
        config: PathBuf,
    },
    /// Signs the directory of that date and publishes it.
    Directory { admin: PathBuf, handler: String },
    /// Runs the workbench of a member. Its link is the first line of the output.
    Workbench { home: PathBuf },
}

#[tokio::main]
async fn main() -> Result<()> {
    // Fails only if a provider was installed before, which has the same effect.
    drop(rustls::crypto::ring::default_provider().install_default());
    let LaterArgs { days, command } = LaterArgs::parse();
    let clock = Clock::fixed(Clock::system().now() + time::Duration::days(days));
    match command {
        LaterCommand::CaseHandler { config } => {
            run_case_handler(&Config::load(&config)?, clock).await
        }
        LaterCommand::Directory { admin, handler } => {
            publish_directory(&AdminDir::new(admin), &handler, &clock).await
        }
        LaterCommand::Workbench { home } => run_workbench(home, clock).await,
    }
}

async fn run_case_handler(config: &Config, clock: Clock) -> Result<()> {
    web::init_logging(config.level()?, config.log.json);
    let mut terminate = signal(SignalKind::terminate())?;
    let today = clock.today();
    let mut service = case_handler::run_with_confirmed_date(config, clock, Some(today)).await?;
    writeln!(std::io::stdout(), "ready api={}", service.address)?;
    tokio::select! {
        _ = terminate.recv() => {}
        error = service.task_failure() => return Err(error),
    }
    service.stop().await
}

async fn publish_directory(admin: &AdminDir, handler: &str, clock: &Clock) -> Result<()> {
    let trust = admin.trust()?;
    let key = |number: usize| {
        let passphrase = SecretString::from(ROOT_PASSPHRASES[number - 1]);
        root_keys::open_root_key(
            &admin.path(format!("roots/root-{number}.age")),
            &passphrase,
            &trust,
        )
    };
    let signed = signing::sign(admin, &[key(1)?, key(2)?], clock.today())?;
    if !signed.is_complete() {
        bail!("insufficient root signatures: the directory needs more than two");
    }
    let ca = std::fs::read_to_string(admin.path("tls/ca.pem"))?;
    Ok(HandlerClient::new(handler, &ca)?.put_directory(&signed.signed_directory).await?)
}

async fn run_workbench(home: PathBuf, clock: Clock) -> Result<()> {
    let settings = UiSettings {
        port: 0,
        idle_timeout: Duration::from_mins(10),
        scrypt_cost: ScryptCost::default(),
        page_timeout: Duration::from_secs(2),
        program: programs_dir()?.join("burkindi"),
    };
    let bound = BoundUiServer::bind(ProfileDir::new(home), settings, clock, &mut OsRng)?;
    writeln!(std::io::stdout(), "{}", bound.link_issuer().issue_link(&mut OsRng))?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stopped = async move {
        interrupt.recv().await;
    };
    Ok(bound.serve(stopped).await?)
}
