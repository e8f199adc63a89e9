//! Running commands one after the other, with a heading for each.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, bail};

/// The reporter's side in the browser.
pub(crate) const BROWSER_DIR: &str = "crates/intake/browser";

/// The root of the workspace. Asked of cargo when this runs: several clones can share one target
/// folder.
pub(crate) fn workspace_root() -> PathBuf {
    let here =
        env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let here = Path::new(&here);
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// The folder of the built programs: beside this one.
pub(crate) fn programs_dir() -> Result<PathBuf> {
    let here = env::current_exe()?;
    here.parent().map(PathBuf::from).context("this program has a folder")
}

/// A cargo command in the root of the workspace.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(workspace_root());
    // What the cargo that runs this tells about this package and takes from `.cargo/config.toml` is
    // not meant for the next one. Found there, it would count as another setting, and whatever
    // looks at it would be built again.
    let inherited = |name: &str| {
        ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|start| name.starts_with(start))
            || name == "LIBSQLITE3_FLAGS"
    };
    for (name, _) in env::vars().filter(|(name, _)| inherited(name)) {
        command.env_remove(name);
    }
    command
}

/// Any other command in the root of the workspace.
pub(crate) fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(workspace_root());
    command
}

/// A script of a package of ours, such as `build_benchmarks`.
pub(crate) fn npm_run(package: &str, name: &str) -> Command {
    command("npm", &["run", name, "--silent", "--prefix", package])
}

/// Installs what a package of ours needs, exactly as locked.
pub(crate) fn npm_ci(package: &str) -> Result<()> {
    let mut install = command("npm", &["ci", "--prefix", package, "--no-audit", "--no-fund"]);
    // The browser is the system's.
    install.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    run_step(&format!("packages of {package}"), install)
}

/// Installs a tool of cargo, if it is not there.
pub(crate) fn cargo_install(tool: &str) -> Result<()> {
    if succeeds(command(tool, &["--version"])) {
        return Ok(());
    }
    run_step(&format!("install {tool}"), cargo(&["install", "--locked", tool]))
}

/// What a command prints; what it has to complain about goes to the terminal.
pub(crate) fn read_stdout(mut command: Command) -> Result<String> {
    let name = command.get_program().display().to_string();
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("could not start {name}"))?;
    if !output.status.success() {
        bail!("{name}: {}", output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("{name} prints no text"))
}

/// Runs one step; its output is the terminal's.
pub(crate) fn run_step(heading: &str, mut command: Command) -> Result<()> {
    println!("\n== {heading}");
    let start = Instant::now();
    let status = command.status().with_context(|| {
        format!("{heading}: could not start {}", command.get_program().display())
    })?;
    if !status.success() {
        bail!("{heading}: {status}");
    }
    println!("== {heading}: {:.0} s", start.elapsed().as_secs_f32());
    Ok(())
}

/// Does this command run at all?
pub(crate) fn succeeds(mut command: Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
