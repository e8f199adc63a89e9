//! How long a workbench with 10,000 cases takes: first synchronisation and indexing, second start, search, related cases.
//!
//! `cargo xtask bench search` runs it. The ceiling is what is wanted at 10,000 cases on two cores, the ratio ceiling ÷ value: 1 or
//! more is in time. Case handler and workbench share the cores, as the client is included.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed measurement")]
#![expect(clippy::cast_precision_loss, reason = "milliseconds of a measurement")]

#[path = "../tests/workbench/common/mod.rs"]
#[expect(dead_code, reason = "the tests use the rest of it")]
mod common;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use common::office::Office;
use measure::{Row, amount, print, say};
use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha20Rng;
use taxonomy::Taxonomy;
use uuid::Uuid;
use workbench::index::{Filter, Index};

const CASES: usize = 10_000;
const SEARCHES: usize = 300;
/// As many different words as a few thousand letters of customs life hold.
const VOCABULARY: usize = 8_000;
/// Words of a report: about 1 kB.
const WORDS: usize = 160;

#[tokio::main]
async fn main() {
    let cases = amount(CASES, 500);
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let words: Vec<String> = (0..VOCABULARY).map(|_| word(&mut rng)).collect();
    let office = Office::open();
    say(&format!("{cases} cases are filed …"));
    let mut first = None;
    for _ in 0..cases {
        let reporter = office.handler.file(&office.house, &[], &story(&words, &mut rng));
        first.get_or_insert(reporter.case);
    }
    freeze(&office);

    let mut connection = office.connect("lead").await;
    let start = Instant::now();
    let mut index = Index::open(connection.home(), connection.key()).await.unwrap();
    let updated = index.update(&mut connection, &Taxonomy::built_in(), |_, _| ()).await.unwrap();
    index.save(connection.home(), connection.key()).await.unwrap();
    let synchronised = start.elapsed();
    assert_eq!((updated.read, updated.alarms.len()), (cases, 0));

    let start = Instant::now();
    let mut index = Index::open(connection.home(), connection.key()).await.unwrap();
    let updated = index.update(&mut connection, &Taxonomy::built_in(), |_, _| ()).await.unwrap();
    let started = start.elapsed();
    assert_eq!(updated.read, 0);

    let mut searches = Vec::new();
    let mut hits = 0;
    for _ in 0..SEARCHES {
        let query = query(&words, &mut rng);
        let start = Instant::now();
        hits += index.search(&query, &Filter::default(), 20).await.unwrap().len();
        searches.push(start.elapsed());
    }
    assert!(hits > SEARCHES, "the searches find something");
    let mut related = Vec::new();
    for _ in 0..20 {
        let start = Instant::now();
        index.related(first.unwrap(), 10).await.unwrap();
        related.push(start.elapsed());
    }
    let size = std::fs::metadata(connection.home().index_path()).unwrap().len();
    print(&[
        Row::less("search: first synchronisation and indexing", "s", synchronised.as_secs_f64(), 30.0),
        Row::less("search: second start", "s", started.as_secs_f64(), 2.0),
        Row::less("search: one query, 95 of 100", "ms", p95(searches) * 1000.0, 30.0),
        Row::less("search: related cases, 95 of 100", "ms", p95(related) * 1000.0, 50.0),
        Row::less("search: sealed index", "MiB", size as f64 / 1024.0 / 1024.0, 64.0),
    ]);
}

/// From here on the log stays as it is, and a case's entries are found at once.
fn freeze(office: &Office) {
    let mut kept = office.handler.shelf.lock().unwrap();
    let mut places: BTreeMap<Uuid, Vec<usize>> = BTreeMap::new();
    for (at, entry) in kept.log.iter().enumerate() {
        places.entry(entry.event.peek().unwrap().case).or_default().push(at);
    }
    kept.frozen = Some(places);
}

fn p95(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() * 95 / 100].as_secs_f64()
}

/// Letters as they follow each other in French, more or less.
fn word(rng: &mut ChaCha20Rng) -> String {
    const PARTS: [&str; 24] = [
        "ba", "ca", "dé", "fi", "gou", "la", "mé", "ni", "pa", "ré", "sa", "tou", "va", "cha", "qui", "eau",
        "ier", "ment", "tion", "age", "eur", "on", "ès", "al",
    ];
    (0..rng.gen_range(2..5)).map(|_| *PARTS.choose(rng).unwrap()).collect()
}

/// Some words are far more frequent than others, as in any language.
fn pick<'a>(words: &'a [String], rng: &mut ChaCha20Rng) -> &'a str {
    let most = rng.gen_range(1..words.len());
    &words[rng.gen_range(0..most)]
}

fn story(words: &[String], rng: &mut ChaCha20Rng) -> String {
    let text: Vec<&str> = (0..WORDS).map(|_| pick(words, rng)).collect();
    format!("{} ; camion {}-GH-{}.", text.join(" "), rng.gen_range(10..99), rng.gen_range(1000..9999))
}

/// One, two or three words, the last perhaps not to its end, as it is while somebody types.
fn query(words: &[String], rng: &mut ChaCha20Rng) -> String {
    let count = rng.gen_range(1..4);
    let mut chosen: Vec<String> = (0..count).map(|_| pick(words, rng).to_owned()).collect();
    if rng.gen_bool(0.5) {
        let last = chosen.last_mut().unwrap();
        *last = last.chars().take(3).collect();
    }
    chosen.join(" ")
}
