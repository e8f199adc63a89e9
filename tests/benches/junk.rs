//! 100,000 junk requests in one minute: garbage of the right length, malformed forms, invented
//! receipts. Meanwhile honest reporters send complete reports with the form. The rows state how
//! many arrive at the first attempt, how long they wait, and whether the service works right after.
//!
//! All requests come from this machine. As with visitors of the onion service, no limit per network
//! can separate them. The ceilings are targets.

use std::{
    sync::Mutex,
    thread::sleep,
    time::{Duration, Instant},
};

use age_hybrid::MAX_HEADER_LEN;
use anyhow::{Result, ensure};
use bench_support::{BenchRow, HttpClient, full_or_quick, percentile, print_rows, progress};
use protocol::Hash;
use rand::{Rng, RngCore, SeedableRng, rngs::StdRng};
use scenarios::load::{LoadTarget, RepeatableForm, run_in_parallel};
use xtask::InstallationSettings;

/// Clients that send junk at the same time.
const JUNK_SENDERS: usize = 64;
/// Junk requests per second: 100,000 a minute.
const JUNK_PER_SECOND: f64 = 100_000.0 / 60.0;
/// Honest reporters at the same time.
const HONEST_REPORTERS: usize = 4;
/// Pause between two reports of one reporter.
const REPORT_INTERVAL: Duration = Duration::from_millis(250);

#[tokio::main]
async fn main() -> Result<()> {
    let target = LoadTarget::start(InstallationSettings::default()).await?;
    let form = target.prepare_form(&[]).await?;
    let duration = Duration::from_secs(full_or_quick(60, 6) as u64);
    let before = run_honest_reporters(&target, &form, Duration::from_secs(3))?;
    ensure!(before.failed == 0, "reports fail without any junk");
    progress("junk, and honest reports meanwhile …");
    let (sent, honest) = {
        let sent = Mutex::new(0_u32);
        let junk = |number| send_junk_for(target.public_address(), number, duration, &sent);
        let honest = std::thread::scope(|scope| {
            let honest = scope.spawn(|| run_honest_reporters(&target, &form, duration));
            run_in_parallel((0..JUNK_SENDERS).map(|number| move || junk(number)))?;
            honest.join().expect("no reporter panics")
        })?;
        (sent.into_inner().expect("no client panicked"), honest)
    };
    let after = run_honest_reporters(&target, &form, Duration::from_secs(3))?;
    ensure!(after.failed == 0, "{} reports failed after the junk had ended", after.failed);
    let ((mut waited, failed), mut after) = ((honest.latencies, honest.failed), after.latencies);
    #[expect(clippy::cast_precision_loss, reason = "counts of reports")]
    let arrived = 100.0 * waited.len() as f64 / (waited.len() + failed) as f64;
    let minimum = JUNK_PER_SECOND * 60.0;
    let minute = f64::from(sent) * 60.0 / duration.as_secs_f64();
    print_rows(&[
        BenchRow::higher_is_better("junk: posts a minute", "1", minute, minimum),
        BenchRow::higher_is_better("junk: honest reports that arrive at once", "%", arrived, 99.0),
        BenchRow::lower_is_better(
            "junk: an honest report, 95 of 100",
            "s",
            percentile(&mut waited, 95),
            2.0,
        ),
        BenchRow::lower_is_better(
            "junk: the same right after the junk",
            "s",
            percentile(&mut after, 95),
            2.0,
        ),
    ]);
    Ok(())
}

/// Outcome of the honest reports.
struct HonestReports {
    latencies: Vec<f64>,
    failed: usize,
}

fn run_honest_reporters(
    target: &LoadTarget,
    form: &RepeatableForm,
    duration: Duration,
) -> Result<HonestReports> {
    let start = Instant::now();
    let each = run_in_parallel((0..HONEST_REPORTERS).map(|_| {
        let mut form = form.clone();
        move || {
            let mut honest = HonestReports { latencies: Vec::new(), failed: 0 };
            while start.elapsed() < duration {
                let before = Instant::now();
                match form.send(&mut HttpClient::new(target.public_address())?) {
                    Ok(()) => honest.latencies.push(before.elapsed().as_secs_f64()),
                    Err(_) => honest.failed += 1,
                }
                sleep(REPORT_INTERVAL);
            }
            Ok(honest)
        }
    }))?;
    let failed = each.iter().map(|one| one.failed).sum();
    Ok(HonestReports {
        latencies: each.into_iter().flat_map(|one| one.latencies).collect(),
        failed,
    })
}

/// Sends one client's share of the junk at the given rate. The responses do not matter.
fn send_junk_for(
    address: &str,
    number: usize,
    duration: Duration,
    sent: &Mutex<u32>,
) -> Result<()> {
    let mut rng = StdRng::seed_from_u64(number as u64);
    let mut client = HttpClient::new(address)?;
    // The garbage begins like a sealed report; otherwise the intake would not store it.
    let mut garbage = age_hybrid::decoy_file(32 * 1024, number as u64);
    let start = Instant::now();
    #[expect(clippy::cast_precision_loss, reason = "64")]
    let each = Duration::from_secs_f64(JUNK_SENDERS as f64 / JUNK_PER_SECOND);
    let mut count = 0_u32;
    while start.elapsed() < duration {
        let due = each * count;
        if let Some(early) = due.checked_sub(start.elapsed()) {
            sleep(early);
        }
        rng.fill_bytes(&mut garbage[MAX_HEADER_LEN..][..32]);
        // A closed connection is opened again; the response does not matter.
        drop(send_one_junk_request(&mut client, &mut rng, &garbage));
        count += 1;
    }
    *sent.lock().expect("no client panicked") += count;
    Ok(())
}

fn send_one_junk_request(client: &mut HttpClient, rng: &mut StdRng, garbage: &[u8]) -> Result<()> {
    const FORM: &str = "application/x-www-form-urlencoded";
    let answer = match rng.gen_range(0..4) {
        0 => client.post("/api/reports", "application/octet-stream", garbage)?,
        1 => client.post("/fr/report/send", "multipart/form-data; boundary=x", &garbage[..4096])?,
        2 => client.post("/fr/return", FORM, b"receipt=7F3K-9Q2M-XW4T-6RHB-0ZVC-5NJD-8PYA")?,
        _ => {
            let wanted = format!("{{\"locator\":\"{}\"}}", Hash(rng.r#gen()));
            client.post("/api/mailbox", "application/json", wanted.as_bytes())?
        }
    };
    ensure!(answer.status != 500, "{}", answer.head);
    Ok(())
}
