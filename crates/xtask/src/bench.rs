//! Measurements: a table for people, `--json FILE` for machines.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::steps::cargo;

/// Programs that measure: package and example. Each prints `{"rows": […]}`.
const EXAMPLES: [(&str, &str); 3] =
    [("reporter", "seal_cost"), ("intake", "sealed_throughput"), ("workbench", "search_speed")];

/// Runs every benchmark.
pub(crate) fn run(json: Option<PathBuf>) -> Result<()> {
    let mut rows = Vec::new();
    for (package, example) in EXAMPLES {
        println!("measuring: {package}, {example} …");
        let arguments =
            ["run", "--quiet", "--release", "--locked", "--package", package, "--example", example];
        let output = cargo(&arguments).stderr(std::process::Stdio::inherit()).output()?;
        ensure!(output.status.success(), "{example} failed: {}", output.status);
        let mut measured: Value = serde_json::from_slice(&output.stdout).context("rows in JSON")?;
        rows.append(measured["rows"].as_array_mut().context("rows")?);
    }
    println!("{:<44} {:>10} {:<4} {:>10} {:>7}", "row", "value", "", "ceiling", "ratio");
    for row in &rows {
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
        Some(path) => {
            fs::write(&path, json!({ "rows": rows }).to_string()).with_context(|| path.display().to_string())
        }
        None => Ok(()),
    }
}
