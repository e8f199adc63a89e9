//! Runs commands one after the other and prints a heading for each.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, bail};

/// The package of the browser's script.
pub(crate) const BROWSER_DIR: &str = "crates/intake/browser";

/// Returns the root of the workspace. Cargo names it at run time, because several clones can share
/// one target folder.
pub(crate) fn workspace_root() -> PathBuf {
    let here =
        env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let here = Path::new(&here);
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// Returns the folder of the built programs, which contains this program.
pub(crate) fn programs_dir() -> Result<PathBuf> {
    let here = env::current_exe()?;
    here.parent().map(PathBuf::from).context("this program is in no folder")
}

/// Returns a cargo command in the root of the workspace.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(workspace_root());
    // The cargo that runs this program sets variables about this package and from
    // `.cargo/config.toml`. The next cargo would treat them as a changed setting and rebuild every
    // crate that reads them.
    let inherited = |name: &str| {
        ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|start| name.starts_with(start))
            || name == "LIBSQLITE3_FLAGS"
    };
    for (name, _) in env::vars().filter(|(name, _)| inherited(name)) {
        command.env_remove(name);
    }
    command
}

/// Returns any other command in the root of the workspace.
pub(crate) fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(workspace_root());
    command
}

/// Returns a script of one of our npm packages, such as `build`.
pub(crate) fn npm_run(package: &str, name: &str) -> Command {
    command("npm", &["run", name, "--silent", "--prefix", package])
}

/// Installs the dependencies of one of our npm packages, exactly as locked.
pub(crate) fn npm_ci(package: &str) -> Result<()> {
    let mut install = command("npm", &["ci", "--prefix", package, "--no-audit", "--no-fund"]);
    // The tests use the browser of the system.
    install.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    run_step(&format!("packages of {package}"), install)
}

/// Installs a cargo tool if it is missing.
pub(crate) fn cargo_install(tool: &str) -> Result<()> {
    if succeeds(command(tool, &["--version"])) {
        return Ok(());
    }
    run_step(&format!("install {tool}"), cargo(&["install", "--locked", tool]))
}

/// Returns the standard output of a command. Its standard error goes to the terminal.
pub(crate) fn read_stdout(mut command: Command) -> Result<String> {
    let name = command.get_program().display().to_string();
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("failed to start {name}"))?;
    if !output.status.success() {
        bail!("{name}: {}", output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("the output of {name} is not UTF-8"))
}

/// Runs one step. Its output goes to the terminal.
pub(crate) fn run_step(heading: &str, mut command: Command) -> Result<()> {
    println!("\n== {heading}");
    let start = Instant::now();
    let status = command.status().with_context(|| {
        format!("{heading}: failed to start {}", command.get_program().display())
    })?;
    if !status.success() {
        bail!("{heading}: {status}");
    }
    println!("== {heading}: {:.0} s", start.elapsed().as_secs_f32());
    Ok(())
}

/// Returns whether a command starts and succeeds.
pub(crate) fn succeeds(mut command: Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
