//! `cargo xtask …` runs sequences of commands of this workspace. A developer can also type each
//! command.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program prints to its terminal"
)]

mod bench;
mod check;
mod cmd;
mod demo;
mod import_cycles;
mod sbom;
mod screenshots;
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
    /// Measure, with ratios against a ceiling of the same run
    Bench {
        /// Run only the measurements of this topic, such as `form` or `postgres`
        topic: Option<String>,
        /// Measure briefly, to test the measuring programs themselves
        #[arg(long)]
        quick: bool,
        /// Write the rows to a file as well
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
    /// Check format, lints, import cycles and terminology, and run the unit tests
    Check,
    /// Start a complete installation with sample reports in var/demo, until Ctrl-C
    Demo {
        /// Start without sample reports
        #[arg(long)]
        empty: bool,
    },
    /// Write and check SBOMs (`CycloneDX`) of the released programs and of the browser's script
    Sbom {
        /// Folder of the SBOMs [default: var/sbom]
        folder: Option<PathBuf>,
    },
    /// Take the pictures of the README with headless Chromium
    Screenshots,
    /// Kill the services under load; every acknowledged report must arrive exactly once
    Soak {
        /// How many times each service is killed
        #[arg(long, default_value_t = 500)]
        kills: u32,
        /// Run on this database only
        #[arg(long, value_enum)]
        database: Option<soak::DatabaseBackend>,
    },
    /// Install missing tools and run everything that continuous integration runs
    Test,
}

fn main() -> ExitCode {
    let result = match XtaskArgs::parse().command {
        XtaskCommand::Bench { topic, quick, json } => bench::run(topic.as_deref(), json, quick),
        XtaskCommand::Check => check::run(),
        XtaskCommand::Demo { empty } => demo::run(empty),
        XtaskCommand::Sbom { folder } => sbom::run(folder),
        XtaskCommand::Screenshots => screenshots::run(),
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
