//! Reports per second that the form of an intake accepts from browsers without JavaScript: a story
//! of 2 kB, sealed by the intake, stored durably, answered with the page of its receipt. Eight at
//! the same time, client included.
//!
//! The ceiling is the rate at which the processors seal and do nothing else: cores ÷ cost of one
//! seal.

use std::time::Duration;

use anyhow::Result;
use bench_support::{
    BenchRow, HttpClient, available_cores, full_or_quick, median_seconds, print_rows, progress,
};
use scenarios::load::{LoadTarget, rate_per_second, seal_report};
use xtask::InstallationSettings;

const CONCURRENCY: usize = 8;

#[tokio::main]
async fn main() -> Result<()> {
    let target = LoadTarget::start(InstallationSettings::default()).await?;
    let (directory, hash) = target.fetch_directory()?;
    progress("the cost of one seal …");
    let seal =
        median_seconds(|| drop(seal_report(&directory, hash).expect("a report of 2 kB fits")));
    let form = target.prepare_form(&[]).await?;
    progress("reports by the form, 8 at once …");
    let duration = Duration::from_secs(full_or_quick(10, 3) as u64);
    let value = rate_per_second(
        CONCURRENCY,
        duration,
        |_| Ok((HttpClient::new(target.public_address())?, form.clone())),
        |(client, form)| form.send(client),
    )?;
    print_rows(&[BenchRow::higher_is_better(
        "form: complete reports, 2 kB, 8 at once",
        "1/s",
        value,
        available_cores() / seal,
    )]);
    Ok(())
}
