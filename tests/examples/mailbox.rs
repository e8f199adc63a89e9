//! How many mailboxes a second the intake looks up, those that are there and those that are not mixed, and whether anything tells the
//! two apart: size, headers, time.
//!
//! The ceiling of the rate is bare reads of the same rows by as many connections as the intake reads with. How well time tells them
//! apart is the chance that a hit takes longer than a miss: 0.5 is a coin.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use database::{Place, Pool};
use envelope::{Hash, mailbox::MAILBOX_LEN, receipt::Locator, relay::MAILBOXES};
use futures_util::stream;
use measure::{Client, Row, amount, longer, print, say};
use rand::{Rng, RngCore, SeedableRng, rngs::OsRng, rngs::StdRng};
use reqwest::{Body, Certificate, Identity};
use scenarios::load::{Target, a_second, administration};
use sea_orm::{ConnectionTrait, Statement, Value};
use tokio::task::JoinSet;
use xtask::Settings;

const AT_ONCE: usize = 16;
/// Connections with which the intake reads.
const READERS: u32 = 4;

/// What a look-up showed.
#[derive(Default)]
struct Seen {
    hits: Vec<f64>,
    misses: Vec<f64>,
    heads: Vec<String>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let target = Target::open(Settings::default()).await?;
    let locators = lay_out(&target, amount(10_000, 1_000)).await?;
    let long = Duration::from_secs(amount(8, 3) as u64);
    say("bare reads of the same rows …");
    let ceiling = bare(&target, &locators, long / 2).await?;
    say("look-ups, 16 at once …");
    let seen = Mutex::new(Seen::default());
    let rate = a_second(
        AT_ONCE,
        long,
        |number| Ok((Client::new(target.address())?, StdRng::seed_from_u64(number as u64))),
        |(client, rng)| look_up(client, rng, &locators, &seen).map(drop),
    )?;
    // With one at a time, what differs is not drowned in waiting.
    say("look-ups, one at a time …");
    let alone = Mutex::new(Seen::default());
    a_second(
        1,
        long,
        |_| Ok((Client::new(target.address())?, StdRng::from_entropy())),
        |(client, rng)| look_up(client, rng, &locators, &alone),
    )?;
    let Seen { heads, .. } = seen.into_inner().expect("nobody panicked");
    ensure!(heads.len() == 1, "hits and misses differ in their headers: {heads:?}");
    let Seen { hits, misses, .. } = alone.into_inner().expect("nobody panicked");
    let (chance, by_chance) = longer(&hits, &misses);
    say(&format!(
        "{} hits and {} misses of equal size and headers; a hit takes longer with a chance of {chance:.4} (a coin: 0.5 ± {by_chance:.4})",
        hits.len(),
        misses.len()
    ));
    print(&[
        Row::more("mailbox: look-ups, hits and misses mixed, 16 at once", "1/s", rate, ceiling),
        Row::less("mailbox: a hit told from a miss by its time", "", chance.max(1.0 - chance), 0.5),
    ]);
    Ok(())
}

/// Puts so many mailboxes, as the case handler does.
async fn lay_out(target: &Target, count: usize) -> Result<Vec<Locator>> {
    let read = |name: &str| administration(&target.installation, name);
    let identity = [read("tls/handler.pem")?, read("tls/handler.key")?].concat();
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only(Certificate::from_pem_bundle(&read("tls/ca.pem")?)?)
        .identity(Identity::from_pem(&identity)?)
        .build()?;
    let mut rng = StdRng::from_entropy();
    let locators: Vec<Locator> = (0..count).map(|_| Locator(rng.r#gen())).collect();
    let ids: Vec<Hash> = locators.iter().map(Locator::mailbox_id).collect();
    say(&format!("{count} mailboxes are laid out …"));
    let records = ids.into_iter().map(move |id| {
        let mut record = vec![0; 32 + MAILBOX_LEN];
        record[..32].copy_from_slice(id.as_bytes());
        rng.fill_bytes(&mut record[32..]);
        Ok::<_, std::io::Error>(record)
    });
    let url = format!("https://{}{MAILBOXES}", target.intake.addresses["relay"]);
    client.put(url).body(Body::wrap_stream(stream::iter(records))).send().await?.error_for_status()?;
    Ok(locators)
}

fn look_up(client: &mut Client, rng: &mut StdRng, locators: &[Locator], seen: &Mutex<Seen>) -> Result<()> {
    let hit = rng.gen_bool(0.5);
    let locator = if hit { locators[rng.gen_range(0..locators.len())].0 } else { rng.r#gen() };
    let wanted = format!("{{\"locator\":\"{}\"}}", Hash(locator));
    let start = Instant::now();
    let answer = client.post("/api/mailbox", "application/json", wanted.as_bytes())?;
    let took = start.elapsed().as_secs_f64();
    ensure!((answer.status, answer.body.len()) == (200, MAILBOX_LEN), "{}", answer.head);
    // All but the second at which it was sent.
    let head: String = answer.head.lines().filter(|line| !line.starts_with("date:")).collect();
    let mut seen = seen.lock().expect("nobody panicked");
    if !seen.heads.contains(&head) {
        seen.heads.push(head);
    }
    if hit {
        seen.hits.push(took);
    } else {
        seen.misses.push(took);
    }
    Ok(())
}

/// Reads of rows a second.
async fn bare(target: &Target, locators: &[Locator], long: Duration) -> Result<f64> {
    let place = Place::Sqlite(target.installation.root().join("spool.sqlite"));
    let db = place.connect(Pool::of(READERS)).await?;
    let backend = db.get_database_backend();
    let tick = Statement::from_string(backend, "SELECT tick FROM state");
    let tick: i64 = db.query_one_raw(tick).await?.context("one row")?.try_get("", "tick")?;
    let start = Instant::now();
    let mut reading = JoinSet::new();
    for _ in 0..READERS {
        let (db, ids) = (db.clone(), locators.iter().map(Locator::mailbox_id).collect::<Vec<_>>());
        reading.spawn(async move {
            let mut count = 0_u32;
            while start.elapsed() < long {
                let id = ids[OsRng.gen_range(0..ids.len())].as_bytes().to_vec();
                let sql = "SELECT sealed FROM mailboxes WHERE tick = $1 AND id = $2";
                let values = [Value::from(tick), Value::from(id)];
                let row = db.query_one_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
                let sealed: Vec<u8> = row.context("it is there")?.try_get("", "sealed")?;
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
