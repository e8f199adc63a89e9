//! Everything that continuous integration runs.

use std::path::Path;

use anyhow::{Result, bail};

use crate::steps::{BROWSER, cargo, command, install, packages, programs, runs, script, step};

/// Installs what is missing, then checks format, lints, licences and dependencies, and runs every test.
pub(crate) fn run() -> Result<()> {
    install_missing()?;
    step("format", cargo(&["fmt", "--all", "--check"]))?;
    step("lints", cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]))?;
    // `cargo deny` looks at the dependencies of every platform, which a build for one does not bring.
    step("sources of the dependencies", cargo(&["fetch", "--locked"]))?;
    step("dependencies", cargo(&["deny", "--offline", "check", "bans", "licenses", "sources"]))?;
    // By its own name: started through cargo within `cargo xtask`, it takes that for a folder.
    step("unused dependencies", command("cargo-machete", &[]))?;
    step("known answers in Node", script("tests/node", "test"))?;
    // The bundle comes before the intake that embeds it, and the browser's half of a test before the other half.
    step("types of the browser's script", script(BROWSER, "check"))?;
    step("the browser's script", script(BROWSER, "build"))?;
    step("tests of the browser's script", script(BROWSER, "test"))?;
    // Scenarios start the real programs, which `nextest` alone would not build. All targets, so that it builds nothing twice.
    step("programs and tests", cargo(&["build", "--workspace", "--all-targets", "--locked"]))?;
    step("tests", cargo(&["nextest", "run", "--workspace", "--locked", "--no-fail-fast"]))?;
    step("examples in the documentation", cargo(&["test", "--workspace", "--doc", "--locked", "--quiet"]))?;
    step("types of the browser tests", script("tests/browser", "check"))?;
    let mut browser = script("tests/browser", "test");
    browser.env("PROGRAMS", programs()?);
    step("tests in the browser", browser)
}

fn install_missing() -> Result<()> {
    ["cargo-nextest", "cargo-deny", "cargo-machete"].into_iter().try_for_each(install)?;
    if !runs(command("node", &["--version"])) || !runs(command("npm", &["--version"])) {
        debian(&["nodejs", "npm"], "Node.js 20 or newer with npm")?;
    }
    if !Path::new("/usr/lib/postgresql").is_dir() {
        debian(&["postgresql"], "PostgreSQL, of which the tests start a cluster of their own")?;
    }
    for (program, arguments) in [
        ("nginx", &["-v"][..]),
        ("tor", &["--version"]),
        ("systemd-analyze", &["--version"]),
        ("shellcheck", &["--version"]),
        ("docker-compose", &["--version"]),
        ("/usr/bin/python3", &["-c", "import yaml"]),
    ] {
        if !runs(command(program, arguments)) {
            debian(
                &["nginx-light", "tor", "systemd", "shellcheck", "docker-compose", "python3-yaml"],
                "nginx, tor, systemd, shellcheck, docker-compose and a parser of YAML, which read what is in deploy/",
            )?;
        }
    }
    if !runs(command("chromium", &["--version"])) {
        debian(&["chromium"], "Chromium")?;
    }
    if !runs(command("exiftool", &["-ver"]))
        || !runs(command("perl", &["-MArchive::Zip", "-e1"]))
        || !runs(command("python3", &["--version"]))
    {
        debian(
            &["libimage-exiftool-perl", "python3"],
            "ExifTool and Python, which read what is left in files",
        )?;
    }
    [BROWSER, "tests/node", "tests/browser"].into_iter().try_for_each(packages)
}

/// Installs packages of Debian, or says what to install elsewhere.
fn debian(packages: &[&str], what: &str) -> Result<()> {
    if !runs(command("apt-get", &["--version"])) {
        bail!("install {what}: the tests need it");
    }
    step("package lists", command("apt-get", &["update", "--quiet=2"]))?;
    let arguments = [&["install", "--yes", "--quiet=2", "--no-install-recommends"], packages].concat();
    step(&format!("install {what}"), command("apt-get", &arguments))
}
