//! How many sealed submissions of 32 KiB a second an intake acknowledges from 64 connections,
//! client included, on each engine.
//!
//! The ceiling is bare durable inserts of 32 KiB, each its own commit, into the same engine in the
//! same run, by as many connections as the intake writes with.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use bench_support::{BenchRow, HttpClient, full_or_quick, print_rows, progress};
use database::{DatabaseUrl, PoolOptions};
use rand::{RngCore, rngs::OsRng};
use scenarios::load::{LoadTarget, rate_per_second};
use sea_orm::{ConnectionTrait, Statement, Value};
use tokio::task::JoinSet;
use xtask::InstallationSettings;

const SENDERS: usize = 64;
const SUBMISSION_LEN: usize = 32 * 1024;
/// Connections with which the intake writes into `PostgreSQL`.
const WRITERS: u32 = 16;

#[tokio::main]
async fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let long = Duration::from_secs(full_or_quick(5, 1) as u64);
    let cluster = test_postgres::shared_cluster()?;
    let engines = [
        ("SQLite", 1, DatabaseUrl::Sqlite(folder.path().join("bare.sqlite")), None),
        (
            "postgres",
            WRITERS,
            cluster.create_database()?.parse()?,
            Some(cluster.create_database()?),
        ),
    ];
    let mut rows = Vec::new();
    for (engine, connections, place, spool_url) in engines {
        progress(&format!("bare inserts, {engine} …"));
        let ceiling = baseline_inserts_per_second(&place, connections, long).await?;
        let target = LoadTarget::start(InstallationSettings {
            intake_store_url: spool_url,
            ..InstallationSettings::default()
        })
        .await?;
        progress(&format!("{SENDERS} senders, {engine} …"));
        let value = acknowledged_per_second(&target, long)?;
        let name = format!("sealed submissions, 32 KiB, {SENDERS} at once, {engine}");
        rows.push(BenchRow::higher_is_better(name, "1/s", value, ceiling));
    }
    print_rows(&rows);
    Ok(())
}

/// Durable inserts a second, each its own commit.
async fn baseline_inserts_per_second(
    place: &DatabaseUrl,
    connections: u32,
    long: Duration,
) -> Result<f64> {
    let db = place.connect(PoolOptions::with_connections(connections)).await?;
    let bytes = if place.is_shared() { "bytea" } else { "blob" };
    db.execute_unprepared(&format!(
        "CREATE TABLE bare (id {bytes} PRIMARY KEY, bytes {bytes} NOT NULL)"
    ))
    .await?;
    let (done, start) = (Arc::new(AtomicU32::new(0)), Instant::now());
    let mut inserting = JoinSet::new();
    for _ in 0..connections {
        let (db, done) = (db.clone(), Arc::clone(&done));
        inserting.spawn(async move {
            while start.elapsed() < long {
                let mut row = vec![0; SUBMISSION_LEN];
                OsRng.fill_bytes(&mut row);
                let values = [Value::from(row[..16].to_vec()), Value::from(row)];
                let sql = "INSERT INTO bare VALUES ($1, $2)";
                db.execute_raw(Statement::from_sql_and_values(
                    db.get_database_backend(),
                    sql,
                    values,
                ))
                .await?;
                done.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(())
        });
    }
    while let Some(inserted) = inserting.join_next().await {
        inserted??;
    }
    Ok(f64::from(done.load(Ordering::Relaxed)) / start.elapsed().as_secs_f64())
}

/// Submissions a second; each sender sends another one as soon as it has the answer.
fn acknowledged_per_second(target: &LoadTarget, long: Duration) -> Result<f64> {
    let make = |_| {
        let mut bytes = vec![0; SUBMISSION_LEN];
        OsRng.fill_bytes(&mut bytes);
        Ok((HttpClient::new(target.public_address())?, bytes))
    };
    rate_per_second(SENDERS, long, make, |(client, bytes)| {
        OsRng.fill_bytes(&mut bytes[..32]);
        let answer = client.post("/api/reports", "application/octet-stream", bytes)?;
        ensure!(answer.status == 201, "{}", answer.head);
        Ok(())
    })
}
