//! `cargo xtask …`: sequences the commands of this workspace. It holds no logic of its own, so that anything it does can
//! also be typed.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line program talks on its terminal"
)]

mod bench;
mod demo;
mod soak;
mod steps;
mod test;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Tasks of the Burkindi workspace")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Measure, with ratios against a ceiling of the same run.
    Bench {
        /// Write the rows to a file as well.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
    /// A whole installation to try, in var/demo; ends on Ctrl-C.
    Demo,
    /// Kill the services under load again and again; every acknowledged report must arrive exactly once.
    Soak {
        /// How many times each service is killed.
        #[arg(long, default_value_t = 100)]
        kills: u32,
    },
    /// Install what is missing and run everything that continuous integration runs.
    Test,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().task {
        Task::Bench { json } => bench::run(json),
        Task::Demo => demo::run(),
        Task::Soak { kills } => soak::run(kills),
        Task::Test => test::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
