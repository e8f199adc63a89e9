//! How many reports a second the form of an intake takes from people without JavaScript: a story of 2 kB, sealed by the intake,
//! durable, answered with the page of its receipt; eight at once, client included.
//!
//! The ceiling is what the processors could seal if they did nothing else: cores ÷ cost of one seal.

use std::time::Duration;

use anyhow::Result;
use measure::{Client, Row, amount, cores, measure, print, say};
use scenarios::load::{Target, a_second, sealed_report};
use xtask::Settings;

const AT_ONCE: usize = 8;

#[tokio::main]
async fn main() -> Result<()> {
    let target = Target::open(Settings::default()).await?;
    let (directory, hash) = target.directory()?;
    say("the cost of one seal …");
    let seal = measure(|| drop(sealed_report(&directory, hash).expect("a report of 2 kB fits")));
    let form = target.form(&[]).await?;
    say("reports by the form, 8 at once …");
    let long = Duration::from_secs(amount(10, 3) as u64);
    let value = a_second(
        AT_ONCE,
        long,
        |_| Ok((Client::new(target.address())?, form.clone())),
        |(client, form)| form.send(client),
    )?;
    print(&[Row::more("form: complete reports, 2 kB, 8 at once", "1/s", value, cores() / seal)]);
    Ok(())
}
