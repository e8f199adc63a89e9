//! The long form of the kill test; `cargo xtask test` runs a short one.

use anyhow::Result;

use crate::cmd::{BUILD_ALL, cargo, run_step};

/// Kills each service `kills` times on each database.
pub(crate) fn run(kills: u32, only: Option<DatabaseBackend>) -> Result<()> {
    run_step("programs", cargo(&BUILD_ALL))?;
    for backend in [DatabaseBackend::Sqlite, DatabaseBackend::Postgres] {
        if only.is_some_and(|only| only != backend) {
            continue;
        }
        let (test, name) = match backend {
            DatabaseBackend::Sqlite => ("soak", "SQLite"),
            DatabaseBackend::Postgres => ("on_postgres", "PostgreSQL"),
        };
        // A test of the whole workspace uses the features of the build above. Another selection of
        // packages would rebuild the shared dependencies with other features.
        let arguments =
            ["test", "--workspace", "--test", test, "--locked", "kills", "--", "--nocapture"];
        let mut soak = cargo(&arguments);
        soak.env("SOAK_KILLS", kills.to_string());
        run_step(&format!("{kills} kills of each service on {name}"), soak)?;
    }
    Ok(())
}

/// The database of both services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum DatabaseBackend {
    /// One file for each service.
    Sqlite,
    /// A temporary cluster.
    Postgres,
}
