//! Submits the sample reports to an intake. `cargo xtask demo` and `cargo xtask screenshots` run
//! it.
//!
//! Usage: `sample-reports http://127.0.0.1:8080`

use anyhow::{Context, Result};
use scenarios::samples;

fn main() -> Result<()> {
    let url = std::env::args().nth(1).context("usage: sample-reports URL")?;
    let address = url.strip_prefix("http://").unwrap_or(&url).trim_end_matches('/');
    samples::submit(address).with_context(|| format!("failed to submit sample reports to {url}"))
}
