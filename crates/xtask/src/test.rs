//! Runs everything that continuous integration runs.

use std::path::Path;

use anyhow::{Result, bail};

use crate::{
    check::check_sources,
    cmd::{
        BROWSER_DIR, BUILD_ALL, cargo, cargo_install, command, npm_ci, npm_run, programs_dir,
        run_side_by_side, run_step, succeeds,
    },
};

/// Installs missing tools, checks format, lints, licences and dependencies, and runs every test.
pub(crate) fn run() -> Result<()> {
    install_missing()?;
    check_sources()?;
    // `cargo deny` reads the dependencies of every platform. A build for one platform does not
    // fetch all of them.
    run_step("sources of the dependencies", cargo(&["fetch", "--locked"]))?;
    run_step(
        "dependencies",
        cargo(&["deny", "--offline", "check", "bans", "licenses", "sources"]),
    )?;
    // Runs under its own name. As a cargo subcommand within `cargo xtask` it takes its name for a
    // folder.
    run_step("unused dependencies", command("cargo-machete", &[]))?;
    run_step("test vectors in Node.js", npm_run("tests/node", "test"))?;
    // The intake embeds the bundle, so the bundle is built first. Tests in Rust read files that the
    // tests of the script write.
    run_step("types of the browser's script", npm_run(BROWSER_DIR, "check"))?;
    run_step("the browser's script", npm_run(BROWSER_DIR, "build"))?;
    run_step("tests of the browser's script", npm_run(BROWSER_DIR, "test"))?;
    // Scenarios start the real programs, which `nextest` alone does not build. With all targets the
    // build compiles nothing twice.
    run_step("programs and tests", cargo(&BUILD_ALL))?;
    run_step(
        "documentation examples",
        cargo(&["test", "--workspace", "--doc", "--locked", "--quiet"]),
    )?;
    run_step("types of the browser tests", npm_run("tests/browser", "check"))?;
    let mut browser = npm_run("tests/browser", "test");
    browser.env("PROGRAMS", programs_dir()?);
    // Both start installations and wait for them much of the time. Neither reads what the other
    // writes.
    run_side_by_side(
        ("tests", cargo(&["nextest", "run", "--workspace", "--locked", "--no-fail-fast"])),
        ("tests in the browser", browser),
    )
}

fn install_missing() -> Result<()> {
    ["cargo-nextest", "cargo-deny", "cargo-machete"].into_iter().try_for_each(cargo_install)?;
    if !succeeds(command("node", &["--version"])) || !succeeds(command("npm", &["--version"])) {
        apt_install(&["nodejs", "npm"], "Node.js 20 or newer with npm")?;
    }
    if !Path::new("/usr/lib/postgresql").is_dir() {
        apt_install(&["postgresql"], "PostgreSQL, of which the tests start temporary clusters")?;
    }
    for (program, arguments) in [
        ("nginx", &["-v"][..]),
        ("tor", &["--version"]),
        ("systemd-analyze", &["--version"]),
        ("shellcheck", &["--version"]),
        ("docker-compose", &["--version"]),
        ("/usr/bin/python3", &["-c", "import yaml"]),
    ] {
        if !succeeds(command(program, arguments)) {
            apt_install(
                &["nginx-light", "tor", "systemd", "shellcheck", "docker-compose", "python3-yaml"],
                "nginx, tor, systemd, shellcheck, docker-compose and a YAML parser, which check deploy/",
            )?;
        }
    }
    if !succeeds(command("chromium", &["--version"])) {
        apt_install(&["chromium"], "Chromium")?;
    }
    if !succeeds(command("maude", &["--version"])) {
        apt_install(&["maude"], "Maude, which searches the model of the protocol")?;
    }
    if !succeeds(command("exiftool", &["-ver"]))
        || !succeeds(command("perl", &["-MArchive::Zip", "-e1"]))
        || !succeeds(command("python3", &["--version"]))
    {
        apt_install(
            // ExifTool only recommends the library that it needs to read office documents.
            &["libimage-exiftool-perl", "libarchive-zip-perl", "python3"],
            "ExifTool and Python, which read the metadata that remains in files",
        )?;
    }
    [BROWSER_DIR, "tests/node", "tests/browser"].into_iter().try_for_each(npm_ci)
}

/// Installs Debian packages. On other systems the error names what to install.
fn apt_install(packages: &[&str], what: &str) -> Result<()> {
    if !succeeds(command("apt-get", &["--version"])) {
        bail!("the tests need {what}: install it and try again");
    }
    run_step("package lists", command("apt-get", &["update", "--quiet=2"]))?;
    let arguments =
        [&["install", "--yes", "--quiet=2", "--no-install-recommends"], packages].concat();
    run_step(&format!("install {what}"), command("apt-get", &arguments))
}
