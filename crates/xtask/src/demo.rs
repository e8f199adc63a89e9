//! A whole installation to try: builds, makes keys, starts everything, says where to go, and ends
//! cleanly on interrupt.

use std::{fs, time::Duration};

use anyhow::{Context, Result, anyhow, bail};
use tokio::signal::unix::{SignalKind, signal};
use xtask::{ChildService, Installation, InstallationSettings, PASSPHRASE};

use crate::cmd::{
    BROWSER_DIR, cargo, command, npm_ci, npm_run, programs_dir, run_step, succeeds, workspace_root,
};

/// Runs until it is interrupted.
pub(crate) fn run() -> Result<()> {
    bundle_browser_script()?;
    run_step(
        "build",
        cargo(&[
            "build",
            "--quiet",
            "--locked",
            "--bins",
            "-p",
            "intake",
            "-p",
            "case-handler",
            "-p",
            "workbench",
        ]),
    )?;
    let folder = workspace_root().join("var/demo");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
    }
    println!("\nMaking keys, certificates, people and a directory in {} …", folder.display());
    let installation =
        Installation::create(&folder, &programs_dir()?, InstallationSettings::default())?;
    let intake = installation.start_intake()?;
    let case_handler = installation.start_case_handler()?;
    installation.publish()?;
    print_instructions(&installation)?;
    wait_for_interrupt(intake, case_handler)
}

/// Bundles the script with which browsers seal. Without it everything works, and the intake seals.
fn bundle_browser_script() -> Result<()> {
    let made =
        if succeeds(command("node", &["--version"])) && succeeds(command("npm", &["--version"])) {
            npm_ci(BROWSER_DIR)
                .and_then(|()| run_step("the browser's script", npm_run(BROWSER_DIR, "build")))
        } else {
            Err(anyhow!("Node.js and npm are not installed"))
        };
    if let Err(error) = made {
        println!("\nNo script for browsers, so that the intake will seal reports: {error:#}");
        // What was bundled from other sources before must not be served instead.
        let old = workspace_root().join(BROWSER_DIR).join("dist");
        if old.exists() {
            fs::remove_dir_all(&old).with_context(|| old.display().to_string())?;
        }
    }
    Ok(())
}

fn print_instructions(installation: &Installation) -> Result<()> {
    let programs = programs_dir()?;
    let burkindi = programs.join("burkindi");
    let command = |handle: &str, rest: &str| {
        let home = installation.member_home(handle);
        format!(
            "  echo '{PASSPHRASE}' | {} --home {home} --passphrase-fd 0 {rest}",
            burkindi.display()
        )
    };
    println!("\nReport here:  {}\n", installation.public_url());
    println!(
        "It is collected within a second or two. Then, in another terminal, as an investigator:\n"
    );
    println!(
        "  {} --home {} serve        # in a browser; the passphrase is: {PASSPHRASE}",
        burkindi.display(),
        installation.member_home("inspector-1")
    );
    println!("\nor on the command line:\n");
    println!("{}", command("inspector-1", "queue"));
    println!("{}", command("inspector-1", "show CASE"));
    println!("{}", command("inspector-1", "claim CASE"));
    println!("{}", command("inspector-1", "reply CASE --text 'Merci. Où était-ce ?'"));
    println!("\nand read the answer on the page, under the receipt. As the oversight body:\n");
    println!("{}", command("outside-1", "audit verify"));
    println!("\nCASE is the beginning of an id that the queue shows. Ctrl-C ends the demo.");
    Ok(())
}

/// Ctrl-C reaches the services too, as they run in the same terminal; they end by themselves.
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
                bail!("a service has ended: see var/demo/log");
            }
        }
    })?;
    println!("\nending …");
    case_handler.stop()?;
    intake.stop()
}
