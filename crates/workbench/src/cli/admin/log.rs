//! `burkindi admin log` and `burkindi admin witness`.

use clap::Subcommand;
use protocol::directory::{LogQuorum, LogWitness};
use serde::Serialize;
use workbench::admin::{DirectoryDraft, log_settings};

use super::{AdminDirArg, CliOutput};

#[derive(Debug, Subcommand)]
pub(crate) enum LogCommand {
    /// Print the transparency log of the draft: its epoch, the public key that witnesses need, and
    /// the quorum.
    Show(AdminDirArg),
    /// Set how many cosigners make a checkpoint of the log countersigned.
    Quorum {
        #[command(flatten)]
        dir: AdminDirArg,
        /// The number of members of the oversight body.
        #[arg(long, value_name = "N")]
        oversight: u8,
        /// The number of outside witnesses.
        #[arg(long, value_name = "N")]
        witnesses: u8,
    },
    /// Begin an empty log with the next directory, after a restore of the case handler lost the end
    /// of the present one.
    Restart(AdminDirArg),
}

#[derive(Debug, Subcommand)]
pub(crate) enum LogWitnessCommand {
    /// Add an outside witness to the draft.
    Add {
        #[command(flatten)]
        dir: AdminDirArg,
        /// The public key of the witness, as its operator prints it with `burkindi witness show`:
        /// NAME+ID+KEY.
        #[arg(value_name = "KEY")]
        key: String,
    },
    /// Remove a witness from the draft.
    Remove {
        #[command(flatten)]
        dir: AdminDirArg,
        /// The name of the witness.
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// List the witnesses of the draft.
    List(AdminDirArg),
}

/// `{"epoch", "key", "quorum": {"oversight", "witnesses"}}`.
#[derive(Debug, Serialize)]
struct LogOutput {
    epoch: u32,
    /// The public key of the log.
    key: String,
    quorum: LogQuorum,
    #[serde(skip)]
    quorum_text: String,
}

/// `{"name", "key"}`.
#[derive(Debug, Serialize)]
struct LogWitnessOutput {
    name: String,
    key: String,
}

/// `{"name"}`.
#[derive(Debug, Serialize)]
struct LogWitnessRemoveOutput {
    name: String,
}

const NEXT: &str = "It takes effect when the next directory is signed and published.";

impl LogCommand {
    pub(crate) fn run(self, screen: &mut CliOutput) -> anyhow::Result<()> {
        match self {
            Self::Show(dir) => screen.print(&log_output(&dir.admin_dir().draft()?), |log, page| {
                page.pairs(&[
                    ("epoch", log.epoch.to_string()),
                    ("quorum", log.quorum_text.clone()),
                ]);
                page.line("Public key of the log, for its witnesses:");
                page.unbroken(&log.key);
            }),
            Self::Quorum { dir, oversight, witnesses } => {
                let dir = dir.admin_dir();
                log_settings::set_quorum(&dir, LogQuorum { oversight, witnesses })?;
                screen.print(&log_output(&dir.draft()?), |log, page| {
                    page.line(&format!("Quorum of the log: {}.", log.quorum_text));
                    page.dim(NEXT);
                })
            }
            Self::Restart(dir) => {
                let dir = dir.admin_dir();
                log_settings::restart_log(&dir)?;
                screen.print(&log_output(&dir.draft()?), |log, page| {
                    page.line(&format!(
                        "The case handler begins the empty log {} with the next directory.",
                        log.epoch
                    ));
                    page.line("Send this public key of the log to every witness:");
                    page.unbroken(&log.key);
                    page.dim("Next: burkindi admin directory sign, then publish.");
                })
            }
        }
    }
}

impl LogWitnessCommand {
    pub(crate) fn run(self, screen: &mut CliOutput) -> anyhow::Result<()> {
        match self {
            Self::Add { dir, key } => {
                let witness = log_settings::add_witness(&dir.admin_dir(), &key)?;
                let log = log_settings::log_public_key(&dir.admin_dir().draft()?);
                screen.print(&witness_output(&witness), |witness, page| {
                    page.line(&format!("Added witness {} to the draft.", witness.name));
                    page.line("The witness must trust this log: burkindi witness add-log");
                    page.unbroken(&log);
                    page.dim(
                        "Then add its address to [[log.witnesses]] of the case handler, and sign \
                         and publish the next directory.",
                    );
                })
            }
            Self::Remove { dir, name } => {
                log_settings::remove_witness(&dir.admin_dir(), &name)?;
                screen.print(&LogWitnessRemoveOutput { name }, |view, page| {
                    page.line(&format!("Removed witness {} from the draft.", view.name));
                    page.dim(NEXT);
                })
            }
            Self::List(dir) => {
                let draft = dir.admin_dir().draft()?;
                let witnesses: Vec<_> = draft.log.witnesses.iter().map(witness_output).collect();
                screen.print(&witnesses, |witnesses, page| {
                    if witnesses.is_empty() {
                        page.line("The draft has no witness.");
                    }
                    for witness in witnesses {
                        page.unbroken(&witness.key);
                    }
                })
            }
        }
    }
}

fn log_output(draft: &DirectoryDraft) -> LogOutput {
    LogOutput {
        epoch: draft.log.epoch,
        key: log_settings::log_public_key(draft),
        quorum: draft.log.quorum,
        quorum_text: log_settings::describe_quorum(draft),
    }
}

fn witness_output(witness: &LogWitness) -> LogWitnessOutput {
    LogWitnessOutput { name: witness.name.clone(), key: log_settings::witness_public_key(witness) }
}
