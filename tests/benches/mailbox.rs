//! Lookups per second of existing and missing mailboxes, and whether size, headers or time
//! distinguish the two.
//!
//! The ceiling of the rate is bare reads of the same rows by as many connections as the intake
//! reads with. How well time distinguishes them is the probability that a hit takes longer than a
//! miss; 0.5 is a coin toss.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use bench_support::{BenchRow, HttpClient, full_or_quick, mann_whitney, print_rows, progress};
use database::{DatabaseUrl, PoolOptions};
use futures_util::stream;
use protocol::{Hash, api::relay::MAILBOXES_PATH, mailbox::MAILBOX_LEN, receipt::Locator};
use rand::{Rng, RngCore, SeedableRng, rngs::OsRng, rngs::StdRng};
use reqwest::{Body, Certificate, Identity};
use scenarios::load::{LoadTarget, rate_per_second, read_admin_file};
use sea_orm::{ConnectionTrait, Statement, Value};
use tokio::task::JoinSet;
use xtask::InstallationSettings;

const CONCURRENCY: usize = 16;
/// Connections with which the intake reads.
const READERS: u32 = 4;

/// Result of the lookups.
#[derive(Default)]
struct LookupSamples {
    hits: Vec<f64>,
    misses: Vec<f64>,
    distinct_headers: Vec<String>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let target = LoadTarget::start(InstallationSettings::default()).await?;
    let locators = publish_mailboxes(&target, full_or_quick(10_000, 1_000)).await?;
    let duration = Duration::from_secs(full_or_quick(8, 3) as u64);
    progress("bare reads of the same rows …");
    let ceiling = baseline_reads_per_second(&target, &locators, duration / 2).await?;
    progress("look-ups, 16 at once …");
    let seen = Mutex::new(LookupSamples::default());
    let rate = rate_per_second(
        CONCURRENCY,
        duration,
        |number| {
            Ok((HttpClient::new(target.public_address())?, StdRng::seed_from_u64(number as u64)))
        },
        |(client, rng)| timed_lookup(client, rng, &locators, &seen).map(drop),
    )?;
    // With one request at a time, waiting does not hide a difference.
    progress("lookups, one at a time …");
    let alone = Mutex::new(LookupSamples::default());
    rate_per_second(
        1,
        duration,
        |_| Ok((HttpClient::new(target.public_address())?, StdRng::from_entropy())),
        |(client, rng)| timed_lookup(client, rng, &locators, &alone),
    )?;
    let LookupSamples { distinct_headers, .. } = seen.into_inner().expect("no client panicked");
    ensure!(
        distinct_headers.len() == 1,
        "hits and misses differ in their headers: {distinct_headers:?}"
    );
    let LookupSamples { hits, misses, .. } = alone.into_inner().expect("no client panicked");
    let (chance, by_chance) = mann_whitney(&hits, &misses);
    progress(&format!(
        "{} hits and {} misses of equal size and headers; a hit takes longer with a chance of {chance:.4} (a coin: 0.5 ± {by_chance:.4})",
        hits.len(),
        misses.len()
    ));
    print_rows(&[
        BenchRow::higher_is_better(
            "mailbox: look-ups, hits and misses mixed, 16 at once",
            "1/s",
            rate,
            ceiling,
        ),
        BenchRow::lower_is_better(
            "mailbox: a hit distinguished from a miss by time",
            "",
            chance.max(1.0 - chance),
            0.5,
        ),
    ]);
    Ok(())
}

/// Publishes `count` mailboxes, as the case handler does.
async fn publish_mailboxes(target: &LoadTarget, count: usize) -> Result<Vec<Locator>> {
    let read = |name: &str| read_admin_file(&target.installation, name);
    let identity = [read("tls/handler.pem")?, read("tls/handler.key")?].concat();
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only(Certificate::from_pem_bundle(&read("tls/ca.pem")?)?)
        .identity(Identity::from_pem(&identity)?)
        .build()?;
    let mut rng = StdRng::from_entropy();
    let locators: Vec<Locator> = (0..count).map(|_| Locator(rng.r#gen())).collect();
    let ids: Vec<Hash> = locators.iter().map(Locator::mailbox_id).collect();
    progress(&format!("publishing {count} mailboxes …"));
    let records = ids.into_iter().map(move |id| {
        let mut record = vec![0; 32 + MAILBOX_LEN];
        record[..32].copy_from_slice(id.as_bytes());
        rng.fill_bytes(&mut record[32..]);
        Ok::<_, std::io::Error>(record)
    });
    let url = format!("https://{}{MAILBOXES_PATH}", target.intake.addresses["relay"]);
    client
        .put(url)
        .body(Body::wrap_stream(stream::iter(records)))
        .send()
        .await?
        .error_for_status()?;
    Ok(locators)
}

fn timed_lookup(
    client: &mut HttpClient,
    rng: &mut StdRng,
    locators: &[Locator],
    seen: &Mutex<LookupSamples>,
) -> Result<()> {
    let hit = rng.gen_bool(0.5);
    let locator = if hit { locators[rng.gen_range(0..locators.len())].0 } else { rng.r#gen() };
    let wanted = format!("{{\"locator\":\"{}\"}}", Hash(locator));
    let start = Instant::now();
    let answer = client.post("/api/mailbox", "application/json", wanted.as_bytes())?;
    let took = start.elapsed().as_secs_f64();
    ensure!((answer.status, answer.body.len()) == (200, MAILBOX_LEN), "{}", answer.head);
    // All headers except the date.
    let head: String = answer.head.lines().filter(|line| !line.starts_with("date:")).collect();
    let mut seen = seen.lock().expect("no client panicked");
    if !seen.distinct_headers.contains(&head) {
        seen.distinct_headers.push(head);
    }
    if hit {
        seen.hits.push(took);
    } else {
        seen.misses.push(took);
    }
    Ok(())
}

/// Returns the reads of rows per second.
async fn baseline_reads_per_second(
    target: &LoadTarget,
    locators: &[Locator],
    duration: Duration,
) -> Result<f64> {
    let url = DatabaseUrl::Sqlite(target.installation.root().join("spool.sqlite"));
    let db = url.connect(PoolOptions::with_connections(READERS)).await?;
    let backend = db.get_database_backend();
    let generation = Statement::from_string(backend, "SELECT served_generation FROM state");
    let generation: i64 =
        db.query_one_raw(generation).await?.context("one row")?.try_get("", "served_generation")?;
    let start = Instant::now();
    let mut reading = JoinSet::new();
    for _ in 0..READERS {
        let (db, ids) = (db.clone(), locators.iter().map(Locator::mailbox_id).collect::<Vec<_>>());
        reading.spawn(async move {
            let mut count = 0_u32;
            while start.elapsed() < duration {
                let id = ids[OsRng.gen_range(0..ids.len())].as_bytes().to_vec();
                let sql = "SELECT sealed FROM mailboxes WHERE generation = $1 AND id = $2";
                let values = [Value::from(generation), Value::from(id)];
                let row =
                    db.query_one_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
                let sealed: Vec<u8> = row.context("the row exists")?.try_get("", "sealed")?;
                ensure!(sealed.len() == MAILBOX_LEN, "another length");
                count += 1;
            }
            Ok(f64::from(count))
        });
    }
    let mut all = 0.0;
    while let Some(count) = reading.join_next().await {
        all += count??;
    }
    Ok(all / start.elapsed().as_secs_f64())
}
