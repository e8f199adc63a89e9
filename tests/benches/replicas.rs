//! Three intakes on one `PostgreSQL` database: sealed submissions of 32 KiB per second, client
//! included. Every tenth submission is sent to two intakes; none may be lost and none stored twice.
//!
//! Each of the three has its share of processors and connections. The ceiling is one intake alone
//! with all processors and connections, in the same run. Another row shows one of the three alone.

use std::{collections::HashSet, sync::Mutex, time::Duration};

use age_hybrid::MAX_HEADER_LEN;
use anyhow::{Result, ensure};
use bench_support::{BenchRow, HttpClient, full_or_quick, print_rows, progress};
use protocol::Hash;
use rand::{RngCore, rngs::OsRng};
use scenarios::load::{LoadTarget, rate_per_second};
use sea_orm::{ConnectionTrait, Database, Statement};
use xtask::InstallationSettings;

const CONCURRENCY: usize = 64;
const REPETITIONS: usize = 5;
const SUBMISSION_LEN: usize = 32 * 1024;

/// A client that sends to each of these intakes in turn.
struct ReplicaSender {
    clients: Vec<HttpClient>,
    next: usize,
    bytes: Vec<u8>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let url = test_postgres::shared_cluster()?.create_database()?;
    let settings = InstallationSettings {
        intake_store_url: Some(url.clone()),
        ..InstallationSettings::default()
    };
    let target = LoadTarget::start(settings).await?;
    let replicas = [1, 2, 3]
        .map(|number| target.installation.start_replica(number))
        .into_iter()
        .collect::<Result<Vec<_>>>()?;
    let whole = [target.public_address()];
    let three: Vec<_> = replicas.iter().map(|replica| &*replica.addresses["public"]).collect();
    let acknowledged = Mutex::new(HashSet::new());
    let duration = Duration::from_secs(full_or_quick(4, 1) as u64);
    // The measurements alternate, so that other load on the machine affects all of them.
    let (mut all, mut alone, mut together) = (Vec::new(), Vec::new(), Vec::new());
    let rounds = full_or_quick(REPETITIONS, 1);
    for round in 1..=rounds {
        progress(&format!(
            "round {round} of {rounds}: one intake with all, one of three, all three …"
        ));
        all.push(acknowledged_per_second(&whole, duration, &acknowledged)?);
        alone.push(acknowledged_per_second(&three[..1], duration, &acknowledged)?);
        together.push(acknowledged_per_second(&three, duration, &acknowledged)?);
    }
    let acknowledged = acknowledged.into_inner().expect("no sender panicked");
    let stored = stored_digests(&url).await?;
    let distinct: HashSet<_> = stored.iter().copied().collect();
    ensure!(
        distinct.len() == stored.len(),
        "{} submissions are stored twice",
        stored.len() - distinct.len()
    );
    let lost = acknowledged.difference(&distinct).count();
    ensure!(lost == 0, "{lost} of {} submissions are lost", acknowledged.len());
    progress(&format!(
        "{} acknowledged, {} stored: none lost, none twice",
        acknowledged.len(),
        stored.len()
    ));
    let [all, one, three] =
        [all, alone, together].map(|mut rounds| bench_support::percentile(&mut rounds, 50));
    print_rows(&[
        BenchRow::higher_is_better(
            "replicas: three intakes on postgres, against one",
            "1/s",
            three,
            all,
        ),
        BenchRow::higher_is_better(
            "replicas: the same, against one of the three alone",
            "1/s",
            three,
            one,
        ),
    ]);
    Ok(())
}

fn acknowledged_per_second(
    addresses: &[&str],
    duration: Duration,
    acknowledged: &Mutex<HashSet<Hash>>,
) -> Result<f64> {
    let make = |number: usize| {
        let clients =
            addresses.iter().map(|address| HttpClient::new(address)).collect::<Result<_>>()?;
        let bytes = age_hybrid::decoy_file(SUBMISSION_LEN, OsRng.next_u64());
        Ok(ReplicaSender { clients, next: number, bytes })
    };
    rate_per_second(CONCURRENCY, duration, make, |sender| {
        OsRng.fill_bytes(&mut sender.bytes[MAX_HEADER_LEN..][..32]);
        sender.next += 1;
        let twice = usize::from(sender.next % 10 == 0);
        for offset in 0..=twice {
            let count = sender.clients.len();
            let client = &mut sender.clients[(sender.next + offset) % count];
            let answer = client.post("/api/reports", "application/octet-stream", &sender.bytes)?;
            ensure!(answer.status == 201, "{}", answer.head);
        }
        acknowledged.lock().expect("no sender panicked").insert(Hash::of(&[&sender.bytes]));
        Ok(())
    })
}

/// Returns the digest of every complete submission.
async fn stored_digests(url: &str) -> Result<Vec<Hash>> {
    let db = Database::connect(url).await?;
    let sql = "SELECT submissions.digest FROM submissions JOIN chunks ON chunks.submission = submissions.id WHERE complete";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    rows.iter().map(|row| Ok(Hash::try_from(&row.try_get::<Vec<u8>>("", "digest")?[..])?)).collect()
}
