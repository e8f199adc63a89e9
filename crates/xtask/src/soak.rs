//! The long form of the kill test; `cargo xtask test` runs a short one.

use anyhow::Result;

use crate::steps::{cargo, step};

/// Kills each service so many times.
pub(crate) fn run(kills: u32) -> Result<()> {
    step("programs", cargo(&["build", "--workspace", "--all-targets", "--locked"]))?;
    let test = ["test", "--package", "scenarios", "--test", "soak", "--locked", "--", "--nocapture"];
    let mut soak = cargo(&test);
    soak.env("SOAK_KILLS", kills.to_string());
    step(&format!("{kills} kills of each service"), soak)
}
