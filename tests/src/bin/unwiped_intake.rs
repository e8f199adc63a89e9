//! The intake without the wiping allocator: the control of the leak test, which must find something in its memory.

use std::path::Path;

use anyhow::{Context, Result};
use intake::config::Config;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().collect();
    let file = arguments.iter().skip_while(|word| *word != "--config").nth(1).context("--config FILE")?;
    Ok(intake::run(Config::load(Path::new(file))?).await?)
}
