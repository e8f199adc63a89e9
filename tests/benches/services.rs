//! Idle memory of both services, and the time until they are ready. The ceilings are targets.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::Result;
use bench_support::{BenchRow, full_or_quick, percentile, print_rows, progress, resident_mib};
use scenarios::RunningInstallation;
use xtask::{ChildService, InstallationSettings};

/// Maximum memory of each service, in MiB.
const MAX_MEMORY_MIB: f64 = 30.0;
/// Maximum milliseconds from the start to readiness.
const MAX_START_MS: f64 = 300.0;
/// Idle time before memory is measured.
const SETTLE_TIME: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let running = RunningInstallation::start(folder.path(), InstallationSettings::default())?;
    progress("a report goes through both …");
    let visitor = running.reporter("fr").await?;
    visitor.submit_report(&[("a.story", "il a demandé 5 000 F")], &[]).await?.receipt_code()?;
    running.wait_for_cases("inspector-1", 1).await?;
    let RunningInstallation { installation, intake, case_handler } = running;
    sleep(SETTLE_TIME);
    let memory = [resident_mib(intake.pid())?, resident_mib(case_handler.pid())?];
    progress("starting both services repeatedly …");
    let intake = median_start_ms(intake, || installation.start_intake())?;
    let case_handler = median_start_ms(case_handler, || installation.start_case_handler())?;
    print_rows(&[
        BenchRow::lower_is_better("idle: memory of the intake", "MiB", memory[0], MAX_MEMORY_MIB),
        BenchRow::lower_is_better(
            "idle: memory of the case handler",
            "MiB",
            memory[1],
            MAX_MEMORY_MIB,
        ),
        BenchRow::lower_is_better("ready: the intake after its start", "ms", intake, MAX_START_MS),
        BenchRow::lower_is_better(
            "ready: the case handler after its start",
            "ms",
            case_handler,
            MAX_START_MS,
        ),
    ]);
    Ok(())
}

/// Returns the median of many starts, in milliseconds.
fn median_start_ms(
    mut running: ChildService,
    start: impl Fn() -> Result<ChildService>,
) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..full_or_quick(9, 3) {
        running.stop()?;
        let before = Instant::now();
        running = start()?;
        times.push(before.elapsed().as_secs_f64() * 1000.0);
    }
    running.stop()?;
    Ok(percentile(&mut times, 50))
}
