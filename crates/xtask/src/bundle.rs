//! The script of the reporter's pages, which the intake embeds.

use anyhow::Result;

use crate::steps::{command, root, runs, step};

/// Where it is written.
pub(crate) const BROWSER: &str = "crates/intake/browser";

/// Bundles it; its packages are there.
pub(crate) fn bundle() -> Result<()> {
    step(
        "the script of the reporter's pages",
        command("npm", &["run", "build", "--silent", "--prefix", BROWSER]),
    )
}

/// Bundles it where there is Node. Without, the intake seals by itself, and says so.
pub(crate) fn bundle_if_possible() -> Result<()> {
    if !runs(command("npm", &["--version"])) {
        println!("No Node.js here: reports will be sealed by the intake, not in the reporter's browser.");
        return Ok(());
    }
    if !root().join(BROWSER).join("node_modules").is_dir() {
        step(
            "packages of the script",
            command("npm", &["ci", "--prefix", BROWSER, "--no-audit", "--no-fund"]),
        )?;
    }
    bundle()
}
