//! Everything that continuous integration runs.

use std::path::Path;

use anyhow::{Result, bail};

use crate::steps::{cargo, command, programs, runs, step};

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
    step("examples in the documentation", cargo(&["test", "--workspace", "--doc", "--locked", "--quiet"]))?;
    step(
        "types of the browser tests",
        command("npm", &["run", "check", "--silent", "--prefix", "tests/browser"]),
    )?;
    let mut browser = command("npm", &["test", "--silent", "--prefix", "tests/browser"]);
    browser.env("PROGRAMS", programs()?);
    step("tests in the browser", browser)
}

fn install_missing() -> Result<()> {
    for tool in ["cargo-nextest", "cargo-deny"] {
        let subcommand = tool.trim_start_matches("cargo-");
        if !runs(cargo(&[subcommand, "--version"])) {
            step(&format!("install {tool}"), cargo(&["install", "--locked", tool]))?;
        }
    }
    if !runs(command("node", &["--version"])) || !runs(command("npm", &["--version"])) {
        debian(&["nodejs", "npm"], "Node.js 20 or newer with npm")?;
    }
    if !Path::new("/usr/lib/postgresql").is_dir() {
        debian(&["postgresql"], "PostgreSQL, of which the tests start a cluster of their own")?;
    }
    if !runs(command("chromium", &["--version"])) {
        debian(&["chromium"], "Chromium")?;
    }
    for packages in ["tests/node", "tests/browser"] {
        let mut install = command("npm", &["ci", "--prefix", packages, "--no-audit", "--no-fund"]);
        // The browser is the system's.
        install.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
        step(&format!("packages of {packages}"), install)?;
    }
    Ok(())
}

/// Installs packages of Debian, or says what to install elsewhere.
fn debian(packages: &[&str], what: &str) -> Result<()> {
    if !runs(command("apt-get", &["--version"])) {
        bail!("install {what}: the tests need it");
    }
    step("package lists", command("apt-get", &["update", "--quiet=2"]))?;
    let install = [&["install", "--yes", "--quiet=2", "--no-install-recommends"], packages].concat();
    step(&format!("install {what}"), command("apt-get", &install))
}
