//! Rows of the table of results.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "measuring programs print what they measure"
)]

use serde_json::{Value, json};

/// One row of the table.
#[derive(Debug, Clone)]
pub struct BenchRow {
    name: String,
    unit: &'static str,
    value: f64,
    ceiling: f64,
    ratio: f64,
}

impl BenchRow {
    /// Returns a row of which higher values are better.
    pub fn higher_is_better(
        name: impl Into<String>,
        unit: &'static str,
        value: f64,
        ceiling: f64,
    ) -> Self {
        Self { name: name.into(), unit, value, ceiling, ratio: value / ceiling }
    }

    /// Returns a row of which lower values are better.
    pub fn lower_is_better(
        name: impl Into<String>,
        unit: &'static str,
        value: f64,
        ceiling: f64,
    ) -> Self {
        Self { name: name.into(), unit, value, ceiling, ratio: ceiling / value }
    }

    fn to_json(&self) -> Value {
        let Self { name, unit, value, ceiling, ratio } = self;
        json!({ "name": name, "value": value, "unit": unit, "ceiling": ceiling, "ratio": ratio })
    }
}

/// Prints the results of a measuring program as JSON.
pub fn print_rows(rows: &[BenchRow]) {
    let rows: Vec<_> = rows.iter().map(BenchRow::to_json).collect();
    println!("{}", json!({ "rows": rows }));
}

/// Prints a progress message to standard error.
pub fn progress(progress: &str) {
    eprintln!("  {progress}");
}
