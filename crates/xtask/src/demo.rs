//! Starts a complete installation with sample reports, prints how to use it, and ends it on
//! interrupt.

use std::{fs, time::Duration};

use anyhow::{Context, Result, anyhow, bail};
use tokio::signal::unix::{SignalKind, signal};
use xtask::{ChildService, Installation, InstallationSettings, PASSPHRASE};

use crate::cmd::{
    BROWSER_DIR, cargo, command, npm_ci, npm_run, programs_dir, run_step, succeeds, workspace_root,
};

/// Builds the programs with the dependencies of `cargo xtask test`. Cargo enables the features that
/// the selected packages need together, and those that their tests need only if a test or an
/// example is built: here the smallest one. Another selection would compile shared dependencies
/// again with other features.
const BUILD_PROGRAMS: [&str; 6] =
    ["build", "--workspace", "--bins", "--example", "scrub", "--locked"];

/// Ports of pages, relay and API, as in the shipped configuration.
const PORTS: [u16; 3] = [8080, 8444, 8443];

/// Runs the demo until it is interrupted. `empty` leaves out the sample reports.
pub(crate) fn run(empty: bool) -> Result<()> {
    bundle_browser_script()?;
    run_step("programs", cargo(&BUILD_PROGRAMS))?;
    let folder = workspace_root().join("var/demo");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
    }
    println!("\nCreating keys, certificates, members and a directory in {} …", folder.display());
    let settings = InstallationSettings {
        preferred_ports: Some(PORTS),
        sign_program: true,
        ..InstallationSettings::default()
    };
    let installation = Installation::create(&folder, &programs_dir()?, settings)?;
    let intake = installation.start_intake()?;
    let case_handler = installation.start_case_handler()?;
    installation.publish()?;
    if !empty {
        let program = programs_dir()?.join("sample-reports").display().to_string();
        run_step("sample reports", command(&program, &[&installation.public_url()]))?;
    }
    print_instructions(&installation)?;
    wait_for_interrupt(intake, case_handler)
}

/// Bundles the script that seals reports in browsers. Without Node.js the intake seals them.
fn bundle_browser_script() -> Result<()> {
    let bundled =
        if succeeds(command("node", &["--version"])) && succeeds(command("npm", &["--version"])) {
            npm_ci(BROWSER_DIR)
                .and_then(|()| run_step("the browser's script", npm_run(BROWSER_DIR, "build")))
        } else {
            Err(anyhow!("Node.js and npm are not installed"))
        };
    if let Err(error) = bundled {
        println!("\nNo script for browsers, so the intake will seal reports: {error:#}");
        // The intake must not serve a bundle of other sources.
        let old = workspace_root().join(BROWSER_DIR).join("dist");
        if old.exists() {
            fs::remove_dir_all(&old).with_context(|| old.display().to_string())?;
        }
    }
    Ok(())
}

fn print_instructions(installation: &Installation) -> Result<()> {
    let burkindi = programs_dir()?.join("burkindi");
    let burkindi = burkindi.display();
    let command = |handle: &str, rest: &str| {
        let home = installation.member_home(handle);
        format!("  echo '{PASSPHRASE}' | {burkindi} --home {home} --passphrase-fd 0 {rest}")
    };
    println!("\n1. Submit a report:\n\n  {}\n", installation.public_url());
    println!("2. Read and handle it as an investigator. In another terminal, run");
    println!("   (passphrase: {PASSPHRASE})\n");
    println!("  {burkindi} --home {} serve\n", installation.member_home("inspector-1"));
    println!("   or use the command line:\n");
    println!("{}", command("inspector-1", "queue"));
    println!("{}", command("inspector-1", "claim CASE"));
    println!("{}", command("inspector-1", "show CASE"));
    println!("{}", command("inspector-1", "reply CASE --text 'Merci. Où était-ce ?'"));
    println!(
        "\n   CASE is the beginning of an id in the queue. A new report is in the queue after"
    );
    println!("   one or two seconds. The reply is on the reporter's page, under the receipt.\n");
    println!("3. Audit the event log as the oversight body:\n");
    println!("{}", command("outside-1", "audit verify"));
    println!("\nCtrl-C ends the demo.");
    Ok(())
}

/// Waits for Ctrl-C or SIGTERM. Ctrl-C reaches the services too, because they run in the same
/// terminal.
fn wait_for_interrupt(mut intake: ChildService, mut case_handler: ChildService) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        loop {
            tokio::select! {
                _ = terminate.recv() => return Ok(()),
                _ = interrupt.recv() => return Ok(()),
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
            if intake.has_exited() || case_handler.has_exited() {
                bail!("a service ended unexpectedly: read its log in var/demo/log");
            }
        }
    })?;
    println!("\nStopping the services …");
    case_handler.stop()?;
    intake.stop()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::cmd::{BUILD_ALL, read_stdout};

    /// Returns what cargo would compile: packages and targets with their features.
    fn compiled_units(arguments: &[&str]) -> BTreeSet<String> {
        let mut plan = cargo(arguments);
        plan.args(["--offline", "-Z", "unstable-options", "--unit-graph"]);
        plan.env("RUSTC_BOOTSTRAP", "1");
        // A developer can unify all features. Then every selection is the same.
        plan.env_remove("CARGO_RESOLVER_FEATURE_UNIFICATION");
        let graph: Value = serde_json::from_str(&read_stdout(plan).unwrap()).unwrap();
        let unit = |unit: &Value| {
            ["pkg_id", "target", "profile", "platform", "mode", "features"]
                .map(|key| unit[key].to_string())
                .join(" ")
        };
        graph["units"].as_array().unwrap().iter().map(unit).collect()
    }

    #[test]
    fn the_demo_compiles_nothing_that_the_tests_do_not_compile() {
        let (demo, all) = (compiled_units(&BUILD_PROGRAMS), compiled_units(&BUILD_ALL));
        assert!(demo.len() > 300, "{}", demo.len());
        assert_eq!(demo.difference(&all).collect::<Vec<_>>(), Vec::<&String>::new());
        let programs = compiled_units(&["build", "--locked", "-p", "intake", "--bin", "intake"]);
        assert!(!programs.is_subset(&all), "a selection of packages has other features");
    }
}
