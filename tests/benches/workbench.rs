//! Times of a workbench with 10,000 cases at a real case handler: first synchronisation and
//! indexing, second start, a page of the queue, search, related cases.
//!
//! The ceiling is the target on two cores; the ratio is ceiling ÷ value, so 1 or more is fast
//! enough. Intake, case handler and workbench share the cores. A case enters the index only after
//! its reader declared to have no conflict of interest, so the declarations come first.
#![expect(clippy::cast_precision_loss, reason = "milliseconds of a measurement")]

use std::{
    fs,
    future::Future,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use bench_support::{BenchRow, full_or_quick, percentile, print_rows, processor_seconds, progress};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use protocol::{
    api::workbench::{EventPayload, NewEvent},
    case::{event::Action, next_event},
};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use scenarios::load::{LoadTarget, seal_stories, submit_sealed};
use taxonomy::Taxonomy;
use tokio::time::sleep;
use uuid::Uuid;
use web::Clock;
use workbench::{
    case::queue::QueueFilter,
    keys::key_file::InvestigatorKey,
    search::{Index, SearchFilter},
    session::{HandlerConnection, client::HandlerClient, profile::ProfileDir},
};
use xtask::{InstallationSettings, PASSPHRASE};

const CASES: usize = 10_000;
/// The member whose workbench is measured.
const READER: &str = "inspector-1";
const SEARCHES: usize = 300;
const PAGES: usize = 200;
/// Cases on a page.
const PAGE_SIZE: usize = 50;
/// Number of different words: as many as a few thousand messages about customs contain.
const VOCABULARY: usize = 8_000;
/// Words of a report: about 1 kB.
const WORDS_PER_REPORT: usize = 160;
/// Concurrent requests that add an event.
const CONCURRENCY: usize = 8;

#[tokio::main]
async fn main() -> Result<()> {
    let cases = full_or_quick(CASES, 500);
    let mut rng = StdRng::seed_from_u64(7);
    let words: Vec<String> = (0..VOCABULARY).map(|_| random_word(&mut rng)).collect();
    let mut target = LoadTarget::start(InstallationSettings::default()).await?;
    let (directory, hash) = target.fetch_directory()?;
    progress(&format!("sealing and sending {cases} reports …"));
    let stories: Vec<String> = (0..cases).map(|_| random_story(&words, &mut rng)).collect();
    submit_sealed(target.public_address(), &seal_stories(&directory, hash, &stories)?, 8)?;
    let handler = target.installation.start_case_handler()?;

    let profile = ProfileDir::new(target.installation.member_home(READER));
    let sealed = fs::read(profile.key_path())?;
    let key = || InvestigatorKey::open(&sealed, &PASSPHRASE.into()).context("the reader's key");
    let mut client = HandlerClient::new(&profile.settings()?.handler, &profile.ca_pem()?)?;
    progress(
        "the case handler ingests them, and their reader declares to have no conflict of interest …",
    );
    declare_all(&mut client, &key()?, directory.instance, cases).await?;
    handler.stop()?;
    // From here on the load is that between two collection cycles, which start every 15 minutes.
    target.installation.set_poll_interval(900);
    let handler = target.installation.start_case_handler()?;
    wait_until_idle([handler.pid(), target.intake.pid()]).await?;

    let now = Clock::system().now();
    let mut connection = HandlerConnection::open(profile, key()?, now).await?;
    progress("the workbench reads and indexes them …");
    let taxonomy = Taxonomy::built_in();
    let start = Instant::now();
    let mut index = Index::open(connection.profile(), connection.key()).await?;
    let updated = index.update(&mut connection, &taxonomy, |_, _| ()).await?;
    index.save(connection.profile(), connection.key()).await?;
    let synchronised = start.elapsed();
    ensure!((updated.indexed, updated.undeclared) == (cases, 0), "{} were read", updated.indexed);
    ensure!(updated.alarms.is_empty(), "{:?}", updated.alarms.first());
    drop(index);

    let start = Instant::now();
    let mut index = Index::open(connection.profile(), connection.key()).await?;
    let updated = index.update(&mut connection, &taxonomy, |_, _| ()).await?;
    let started = start.elapsed();
    ensure!(updated.indexed == 0, "{} were read again", updated.indexed);

    let pages = time_queue_pages(&connection, cases).await?;
    let mut searches = Vec::new();
    let mut hits = Vec::new();
    for _ in 0..SEARCHES {
        let query = random_query(&words, &mut rng);
        let (found, took) = timed(index.search(&query, &SearchFilter::default(), 20)).await;
        hits.extend(found?);
        searches.push(took);
    }
    ensure!(hits.len() > SEARCHES, "the searches find too little");
    let mut related = Vec::new();
    for hit in hits.iter().take(20) {
        let (found, took) = timed(index.related(hit.case, 10)).await;
        found?;
        related.push(took);
    }
    let size = fs::metadata(connection.profile().index_path())?.len();
    handler.stop()?;
    let p95 = |mut times: Vec<f64>| percentile(&mut times, 95) * 1000.0;
    print_rows(&[
        BenchRow::lower_is_better(
            "search: first synchronisation and indexing",
            "s",
            synchronised.as_secs_f64(),
            30.0,
        ),
        BenchRow::lower_is_better("search: second start", "s", started.as_secs_f64(), 2.0),
        BenchRow::lower_is_better("search: one query, 95 of 100", "ms", p95(searches), 30.0),
        BenchRow::lower_is_better("search: related cases, 95 of 100", "ms", p95(related), 50.0),
        BenchRow::lower_is_better(
            "search: sealed index",
            "MiB",
            size as f64 / 1024.0 / 1024.0,
            64.0,
        ),
        BenchRow::lower_is_better(
            "queue: a page in the workbench, 95 of 100",
            "ms",
            p95(pages),
            50.0,
        ),
    ]);
    Ok(())
}

/// Waits until both processes are idle.
async fn wait_until_idle(processes: [u32; 2]) -> Result<()> {
    let (start, mut before) = (Instant::now(), -1.0);
    loop {
        let now = processor_seconds(processes[0])? + processor_seconds(processes[1])?;
        if now - before < 0.05 {
            return Ok(());
        }
        ensure!(start.elapsed() < Duration::from_mins(2), "the processes do not become idle");
        before = now;
        sleep(Duration::from_secs(2)).await;
    }
}

/// Signs a declaration for each case as soon as it is ingested.
async fn declare_all(
    client: &mut HandlerClient,
    key: &InvestigatorKey,
    instance: Uuid,
    cases: usize,
) -> Result<()> {
    let (start, mut declared) = (Instant::now(), 0);
    while declared < cases {
        ensure!(
            start.elapsed() < Duration::from_mins(10),
            "only {declared} were filed and declared"
        );
        client.sign_in(key, instance).await?;
        let rows = client.cases().await?;
        let new = rows.iter().filter(|row| !row.state.has_declared(READER)).take(1_000);
        let events = new.map(|row| {
            let now = Clock::system().now().replace_nanosecond(0).expect("a whole second");
            let event =
                next_event(row.id, &row.state, READER, now, Action::Declared).sign(key.device());
            (row.id, NewEvent { event, payload: EventPayload::default() })
        });
        let filed = stream::iter(events.collect::<Vec<_>>())
            .map(async |(case, event)| client.add_event(case, &event).await)
            .buffer_unordered(CONCURRENCY);
        let count = filed.try_fold(0, async |count, _| Ok(count + 1)).await?;
        declared += count;
        if count == 0 {
            sleep(Duration::from_millis(200)).await;
        }
    }
    Ok(())
}

/// Times the pages of all open cases, one after the other.
async fn time_queue_pages(connection: &HandlerConnection, cases: usize) -> Result<Vec<f64>> {
    let (mut times, mut behind, mut seen) = (Vec::new(), None, 0);
    for _ in 0..PAGES {
        let (page, took) = timed(connection.queue_page(QueueFilter::Open, behind, PAGE_SIZE)).await;
        let page = page?;
        times.push(took);
        seen += page.items.len();
        behind = page.next_cursor;
        if behind.is_none() {
            break;
        }
    }
    ensure!(seen >= cases.min(PAGES * PAGE_SIZE), "only {seen} cases are in the queue");
    Ok(times)
}

/// Returns the output of a future, and its duration in seconds.
async fn timed<T>(asked: impl Future<Output = T>) -> (T, f64) {
    let start = Instant::now();
    let answer = asked.await;
    (answer, start.elapsed().as_secs_f64())
}

/// Returns a word with letters in an order that is roughly French.
fn random_word(rng: &mut StdRng) -> String {
    const SYLLABLES: [&str; 24] = [
        "ba", "ca", "dé", "fi", "gou", "la", "mé", "ni", "pa", "ré", "sa", "tou", "va", "cha",
        "qui", "eau", "ier", "ment", "tion", "age", "eur", "on", "ès", "al",
    ];
    (0..rng.gen_range(2..5)).map(|_| *SYLLABLES.choose(rng).expect("some")).collect()
}

/// Picks a word. Some words are far more frequent than others, as in any language.
fn pick_word<'a>(words: &'a [String], rng: &mut StdRng) -> &'a str {
    let most = rng.gen_range(1..words.len());
    &words[rng.gen_range(0..most)]
}

fn random_story(words: &[String], rng: &mut StdRng) -> String {
    let text: Vec<&str> = (0..WORDS_PER_REPORT).map(|_| pick_word(words, rng)).collect();
    format!(
        "{} ; camion {}-GH-{}.",
        text.join(" "),
        rng.gen_range(10..99),
        rng.gen_range(1000..9999)
    )
}

/// Returns one, two or three words. The last one may be cut off, as it is while a member types.
fn random_query(words: &[String], rng: &mut StdRng) -> String {
    let count = rng.gen_range(1..4);
    let mut chosen: Vec<String> = (0..count).map(|_| pick_word(words, rng).to_owned()).collect();
    if rng.gen_bool(0.5)
        && let Some(last) = chosen.last_mut()
    {
        *last = last.chars().take(3).collect();
    }
    chosen.join(" ")
}
