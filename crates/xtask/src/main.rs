//! `cargo xtask …`: sequences the commands of this workspace. It holds no logic of its own, so that
//! anything it does can also be typed.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line program talks on its terminal"
)]

mod bench;
mod cmd;
mod demo;
mod sbom;
mod soak;
mod test;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Tasks of the Burkindi workspace")]
struct XtaskArgs {
    #[command(subcommand)]
    command: XtaskCommand,
}

#[derive(Subcommand)]
enum XtaskCommand {
    /// Measure, with ratios against a ceiling of the same run.
    Bench {
        /// Only what is about this, such as `form` or `postgres`.
        topic: Option<String>,
        /// Little of everything, to work on the measuring programs themselves.
        #[arg(long)]
        quick: bool,
        /// Write the rows to a file as well.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
    /// A whole installation to try, in var/demo; ends on Ctrl-C.
    Demo,
    /// Write bills of materials of the delivered programs and of the browser's script
    /// (`CycloneDX`), and check them.
    Sbom {
        /// Where to [default: var/sbom].
        folder: Option<PathBuf>,
    },
    /// Kill the services under load again and again; every acknowledged report must arrive exactly
    /// once.
    Soak {
        /// How many times each service is killed.
        #[arg(long, default_value_t = 500)]
        kills: u32,
        /// On this database only.
        #[arg(long, value_enum)]
        database: Option<soak::DatabaseBackend>,
    },
    /// Install what is missing and run everything that continuous integration runs.
    Test,
}

fn main() -> ExitCode {
    let result = match XtaskArgs::parse().command {
        XtaskCommand::Bench { topic: about, quick, json } => {
            bench::run(about.as_deref(), json, quick)
        }
        XtaskCommand::Demo => demo::run(),
        XtaskCommand::Sbom { folder } => sbom::run(folder),
        XtaskCommand::Soak { kills, database } => soak::run(kills, database),
        XtaskCommand::Test => test::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
