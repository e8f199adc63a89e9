//! Everything that continuous integration runs.

use anyhow::{Result, bail};

use crate::steps::{cargo, command, runs, step};

/// Installs what is missing, then checks format, lints, licences, and runs every test.
pub(crate) fn run() -> Result<()> {
    install_missing()?;
    step("format", cargo(&["fmt", "--all", "--check"]))?;
    step("lints", cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]))?;
    step("dependencies", cargo(&["deny", "--offline", "check", "bans", "licenses", "sources"]))?;
    step("known answers in Node", command("npm", &["test", "--silent", "--prefix", "tests/node"]))?;
    // Scenarios start the real programs, which `nextest` alone would not build. All targets, so that it builds nothing twice.
    step("programs and tests", cargo(&["build", "--workspace", "--all-targets", "--locked"]))?;
    step("tests", cargo(&["nextest", "run", "--workspace", "--locked", "--no-fail-fast"]))?;
    step("examples in the documentation", cargo(&["test", "--workspace", "--doc", "--locked", "--quiet"]))
}

fn install_missing() -> Result<()> {
    for tool in ["cargo-nextest", "cargo-deny"] {
        let subcommand = tool.trim_start_matches("cargo-");
        if !runs(cargo(&[subcommand, "--version"])) {
            step(&format!("install {tool}"), cargo(&["install", "--locked", tool]))?;
        }
    }
    if !runs(command("node", &["--version"])) || !runs(command("npm", &["--version"])) {
        if !runs(command("apt-get", &["--version"])) {
            bail!(
                "install Node.js 20 or newer with npm: the tests talk with the JavaScript implementation of age"
            );
        }
        step("package lists", command("apt-get", &["update", "--quiet=2"]))?;
        step("install Node.js", command("apt-get", &["install", "--yes", "--quiet=2", "nodejs", "npm"]))?;
    }
    step(
        "packages of the Node tests",
        command("npm", &["ci", "--prefix", "tests/node", "--no-audit", "--no-fund"]),
    )
}
