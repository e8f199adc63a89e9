//! Rate at which an intake acknowledges sealed submissions of 32 KiB from 64 connections, client
//! included, on each database.
//!
//! The ceiling is bare durable inserts of 32 KiB, each in its own commit, into the same database in
//! the same run, over as many connections as the intake writes with.

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
use scenarios::load::{LoadTarget, rate_per_second, seal_report};
use sea_orm::{ConnectionTrait, Statement, Value};
use tokio::task::JoinSet;
use xtask::InstallationSettings;

const SENDERS: usize = 64;
const SUBMISSION_LEN: usize = 32 * 1024;
/// Connections with which the intake writes to `PostgreSQL`.
const WRITERS: u32 = 16;

#[tokio::main]
async fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let duration = Duration::from_secs(full_or_quick(5, 1) as u64);
    let cluster = test_postgres::shared_cluster()?;
    let backends = [
        ("SQLite", 1, DatabaseUrl::Sqlite(folder.path().join("bare.sqlite")), None),
        (
            "postgres",
            WRITERS,
            cluster.create_database()?.parse()?,
            Some(cluster.create_database()?),
        ),
    ];
    let mut rows = Vec::new();
    for (backend, connections, url, spool_url) in backends {
        progress(&format!("bare inserts, {backend} …"));
        let ceiling = baseline_inserts_per_second(&url, connections, duration).await?;
        let target = LoadTarget::start(InstallationSettings {
            intake_store_url: spool_url,
            ..InstallationSettings::default()
        })
        .await?;
        progress(&format!("{SENDERS} senders, {backend} …"));
        let value = acknowledged_per_second(&target, duration)?;
        let name = format!("sealed submissions, 32 KiB, {SENDERS} at once, {backend}");
        rows.push(BenchRow::higher_is_better(name, "1/s", value, ceiling));
    }
    print_rows(&rows);
    Ok(())
}

/// Returns the durable inserts per second, each in its own commit.
async fn baseline_inserts_per_second(
    url: &DatabaseUrl,
    connections: u32,
    duration: Duration,
) -> Result<f64> {
    let db = url.connect(PoolOptions::with_connections(connections)).await?;
    let bytes = if url.is_shared() { "bytea" } else { "blob" };
    db.execute_unprepared(&format!(
        "CREATE TABLE bare (id {bytes} PRIMARY KEY, bytes {bytes} NOT NULL)"
    ))
    .await?;
    let (done, start) = (Arc::new(AtomicU32::new(0)), Instant::now());
    let mut inserting = JoinSet::new();
    for _ in 0..connections {
        let (db, done) = (db.clone(), Arc::clone(&done));
        inserting.spawn(async move {
            while start.elapsed() < duration {
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

/// Returns the submissions per second. Each client sends the next one after the response to the
/// last.
fn acknowledged_per_second(target: &LoadTarget, duration: Duration) -> Result<f64> {
    let (directory, hash) = target.fetch_directory()?;
    let sealed = seal_report(&directory, hash)?;
    ensure!(sealed.len() == SUBMISSION_LEN, "a sealed report has {} bytes", sealed.len());
    let connect = |_| Ok((HttpClient::new(target.public_address())?, sealed.clone()));
    rate_per_second(SENDERS, duration, connect, |(client, bytes)| {
        // The intake checks the age header, so the submission must begin as a sealed one. Other
        // bytes at its end make it another submission, which the intake stores as well.
        OsRng.fill_bytes(&mut bytes[SUBMISSION_LEN - 32..]);
        let answer = client.post("/api/reports", "application/octet-stream", bytes)?;
        ensure!(answer.status == 201, "{}", answer.head);
        Ok(())
    })
}
