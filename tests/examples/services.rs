//! What both services take when nothing happens, and how long they take to be ready. The ceilings are what is wanted.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::Result;
use measure::{Row, amount, percentile, print, resident_mib, say};
use scenarios::Office;
use xtask::{Running, Settings};

/// MiB for each service.
const MEMORY: f64 = 30.0;
/// Milliseconds from the start until it answers.
const READY: f64 = 300.0;
/// How long nothing happens before memory is looked at.
const STILL: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let office = Office::open(folder.path(), Settings::default())?;
    say("a report goes through both …");
    let visitor = office.visitor("fr").await?;
    visitor.file(&[("a.story", "il a demandé 5 000 F")], &[]).await?.code()?;
    office.queue("inspector-1", 1).await?;
    let Office { installation, intake, case_handler } = office;
    sleep(STILL);
    let memory = [resident_mib(intake.id())?, resident_mib(case_handler.id())?];
    say("both are started again and again …");
    let intake = ready(intake, || installation.start_intake())?;
    let case_handler = ready(case_handler, || installation.start_case_handler())?;
    print(&[
        Row::less("idle: memory of the intake", "MiB", memory[0], MEMORY),
        Row::less("idle: memory of the case handler", "MiB", memory[1], MEMORY),
        Row::less("ready: the intake after its start", "ms", intake, READY),
        Row::less("ready: the case handler after its start", "ms", case_handler, READY),
    ]);
    Ok(())
}

/// Milliseconds from start to ready, the median of many.
fn ready(mut running: Running, start: impl Fn() -> Result<Running>) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..amount(9, 3) {
        running.stop()?;
        let before = Instant::now();
        running = start()?;
        times.push(before.elapsed().as_secs_f64() * 1000.0);
    }
    running.stop()?;
    Ok(percentile(&mut times, 50))
}
