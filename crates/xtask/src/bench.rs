//! Measurements: a table for people, `--json FILE` for machines.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::steps::cargo;

/// Runs every benchmark.
pub(crate) fn run(json: Option<PathBuf>) -> Result<()> {
    println!("building for measurements …");
    let arguments =
        ["run", "--quiet", "--release", "--locked", "--package", "reporter", "--example", "seal_cost"];
    let output = cargo(&arguments).stderr(std::process::Stdio::inherit()).output()?;
    ensure!(output.status.success(), "the benchmark failed: {}", output.status);
    let measured: Value = serde_json::from_slice(&output.stdout).context("rows in JSON")?;
    println!("{:<44} {:>10} {:<4} {:>10} {:>7}", "row", "value", "", "ceiling", "ratio");
    for row in measured["rows"].as_array().context("rows")? {
        let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
        let number = |field: &str| row[field].as_f64().unwrap_or_default();
        let (name, unit) = (text("name"), text("unit"));
        println!(
            "{name:<44} {:>10.3} {unit:<4} {:>10.3} {:>7.2}",
            number("value"),
            number("ceiling"),
            number("ratio")
        );
    }
    match json {
        Some(path) => fs::write(&path, measured.to_string()).with_context(|| path.display().to_string()),
        None => Ok(()),
    }
}
