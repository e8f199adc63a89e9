//! Runs commands and prints a heading for each.

use std::{
    env,
    io::{self, Seek as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::Instant,
};

use anyhow::{Context, Result, bail};

/// The package of the browser's script.
pub(crate) const BROWSER_DIR: &str = "crates/intake/browser";

/// Builds all programs and tests. Every command that builds uses these features of the
/// dependencies, so that none compiles one twice.
pub(crate) const BUILD_ALL: [&str; 4] = ["build", "--workspace", "--all-targets", "--locked"];

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

/// Runs two steps at the same time and waits for both. The output of the first goes to the
/// terminal. The output of the second is printed when both have ended, so that it stays together.
///
/// # Errors
///
/// Fails if a step fails, with the names of all steps that failed.
pub(crate) fn run_side_by_side(
    (first_heading, first): (&str, Command),
    (second_heading, mut second): (&str, Command),
) -> Result<()> {
    let mut output = tempfile::tempfile()?;
    let start = Instant::now();
    let mut child = second
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output.try_clone()?)
        .spawn()
        .with_context(|| format!("{second_heading}: failed to start"))?;
    let waiter = thread::spawn(move || (child.wait(), start.elapsed()));
    let first_result = run_step(first_heading, first);
    if let Err(error) = &first_result {
        println!("== {error:#}");
    }
    println!("\n== {second_heading}, which ran at the same time");
    let (status, elapsed) = waiter.join().expect("waiting does not panic");
    output.rewind()?;
    io::copy(&mut output, &mut io::stdout())?;
    println!("== {second_heading}: {:.0} s", elapsed.as_secs_f32());
    let second_status = status?;
    match (first_result, second_status.success()) {
        (first_result, true) => first_result,
        (Ok(()), false) => bail!("{second_heading}: {second_status}"),
        (Err(error), false) => bail!("{error:#}; {second_heading}: {second_status}"),
    }
}

/// Returns whether a command starts and succeeds.
pub(crate) fn succeeds(mut command: Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::{command, run_side_by_side};

    #[test]
    fn side_by_side_steps_fail_with_the_name_of_each_that_failed() {
        let run = |first: &str, second: &str| {
            run_side_by_side(("first", command(first, &[])), ("second", command(second, &[])))
                .map_err(|error| error.to_string())
        };
        assert_eq!(run("true", "true"), Ok(()));
        assert_eq!(run("false", "true"), Err("first: exit status: 1".to_owned()));
        assert_eq!(run("true", "false"), Err("second: exit status: 1".to_owned()));
        let both = "first: exit status: 1; second: exit status: 1";
        assert_eq!(run("false", "false"), Err(both.to_owned()));
        assert!(run("true", "/no/such/program").unwrap_err().contains("second: failed to start"));
    }
}
