//! `burkindi witness`: cosigns the checkpoints of logs that only grow.

use std::net::SocketAddr;

use clap::Subcommand;
use rand::rngs::OsRng;
use serde::Serialize;
use web::Clock;
use workbench::witness::{
    server::BoundWitness,
    store::{TrustedLog, WitnessDir},
};

use super::{CliOutput, CommandContext, serve::shutdown_signal};

#[derive(Debug, Subcommand)]
pub(crate) enum WitnessCommand {
    /// Create a witness with a new key in the folder `witness` of --home, and print its public key.
    Init {
        /// The name of the witness in signatures, unique in the world: an address without a
        /// scheme, such as `witness.example/w1`.
        #[arg(long)]
        name: String,
    },
    /// Trust a log, or a second key of a log. Stop `serve` first.
    AddLog {
        /// The key of the log in the form NAME+ID+KEY.
        #[arg(value_name = "KEY")]
        key: String,
    },
    /// Print the public key of the witness, and the logs that it trusts. Stop `serve` first.
    Show,
    /// Answer logs at this address: `POST /add-checkpoint` of C2SP tlog-witness. Put a reverse
    /// proxy with TLS before it.
    Serve {
        /// The address, such as `127.0.0.1:8484`. Port 0 is a free port.
        #[arg(long, value_name = "ADDRESS")]
        listen: SocketAddr,
    },
}

/// `{"name", "key"}`.
#[derive(Debug, Serialize)]
struct InitOutput {
    name: String,
    key: String,
}

/// `{"log", "key", "size"}`.
#[derive(Debug, Serialize)]
struct LogOutput {
    log: String,
    key: String,
    size: u64,
}

/// `{"name", "key", "logs"}`.
#[derive(Debug, Serialize)]
struct ShowOutput {
    name: String,
    key: String,
    logs: Vec<LogOutput>,
}

/// `{"address"}`.
#[derive(Debug, Serialize)]
struct ServeOutput {
    address: SocketAddr,
}

impl From<TrustedLog> for LogOutput {
    fn from(TrustedLog { key, size }: TrustedLog) -> Self {
        Self { log: key.name.to_string(), key: key.to_string(), size }
    }
}

impl WitnessCommand {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let dir = WitnessDir::new(context.profile.dir());
        match self {
            Self::Init { name } => init(&dir, &name, screen),
            Self::AddLog { key } => {
                let output = LogOutput::from(dir.add_log(&key)?);
                screen.print(&output, |output, page| {
                    page.line(&format!("The witness trusts the log {}.", output.log));
                })
            }
            Self::Show => show(&dir, screen),
            Self::Serve { listen } => serve(&dir, listen, screen).await,
        }
    }
}

fn init(dir: &WitnessDir, name: &str, screen: &mut CliOutput) -> anyhow::Result<()> {
    let key = dir.create(name, &mut OsRng)?;
    let output = InitOutput { name: key.name.to_string(), key: key.to_string() };
    screen.print(&output, |output, page| {
        page.line("Public key of the witness, for logs and for the directory:");
        page.unbroken(&output.key);
        page.dim("Next: burkindi witness add-log KEY");
    })
}

fn show(dir: &WitnessDir, screen: &mut CliOutput) -> anyhow::Result<()> {
    let store = dir.open()?;
    let key = store.verifier_key();
    let output = ShowOutput {
        name: key.name.to_string(),
        key: key.to_string(),
        logs: store.logs().into_iter().map(LogOutput::from).collect(),
    };
    screen.print(&output, |output, page| {
        page.line("Public key of the witness:");
        page.unbroken(&output.key);
        for log in &output.logs {
            page.line(&format!("Trusts a log, and has cosigned {} leaves of it:", log.size));
            page.unbroken(&log.key);
        }
    })
}

async fn serve(dir: &WitnessDir, listen: SocketAddr, screen: &mut CliOutput) -> anyhow::Result<()> {
    web::init_logging(tracing::Level::INFO, false);
    web::catch_panic::install_panic_hook();
    let store = dir.open()?;
    anyhow::ensure!(
        !store.logs().is_empty(),
        "this witness trusts no log; add one with: burkindi witness add-log KEY"
    );
    let bound = BoundWitness::bind(store, listen, Clock::system())?;
    screen.print(&ServeOutput { address: bound.address }, |output, page| {
        page.line(&format!("The witness answers at http://{}/add-checkpoint", output.address));
    })?;
    Ok(bound.serve(shutdown_signal()?).await?)
}
