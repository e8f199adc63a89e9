//! Takes the pictures of the README from an installation with the sample reports.

use std::fs;

use anyhow::{Context, Result, ensure};

use crate::cmd::{
    BROWSER_DIR, BUILD_ALL, cargo, command, npm_ci, npm_run, programs_dir, run_step, workspace_root,
};

/// Folder of the pictures, below the root of the workspace.
const IMAGES_DIR: &str = "docs/images";
const IMAGES: [&str; 2] = ["report.png", "queue.png"];

/// Builds the programs, starts an installation and writes the pictures with headless Chromium.
pub(crate) fn run() -> Result<()> {
    for package in [BROWSER_DIR, "tests/browser"] {
        npm_ci(package)?;
    }
    run_step("the browser's script", npm_run(BROWSER_DIR, "build"))?;
    run_step("programs", cargo(&BUILD_ALL))?;
    let folder = workspace_root().join(IMAGES_DIR);
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let mut playwright = command(
        "npm",
        &["test", "--silent", "--prefix", "tests/browser", "--", "screenshots.spec.ts"],
    );
    playwright.env("PROGRAMS", programs_dir()?).env("SCREENSHOTS", &folder);
    run_step("pictures", playwright)?;
    for image in IMAGES {
        let path = folder.join(image);
        ensure!(path.is_file(), "{} was not written", path.display());
        println!("{}", path.display());
    }
    Ok(())
}
