//! How many sealed submissions of 32 KiB a second an intake acknowledges from 64 connections, client included, on each engine.
//!
//! The ceiling is bare durable inserts of 32 KiB, each its own commit, into the same engine in the same run, by as many connections
//! as the intake writes with.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use database::{Place, Pool};
use measure::{Client, Row, amount, print, say};
use rand::{RngCore, rngs::OsRng};
use scenarios::load::{Target, a_second};
use sea_orm::{ConnectionTrait, Statement, Value};
use tokio::task::JoinSet;
use xtask::Settings;

const SENDERS: usize = 64;
const LENGTH: usize = 32 * 1024;
/// Connections with which the intake writes into `PostgreSQL`.
const WRITERS: u32 = 16;

#[tokio::main]
async fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let long = Duration::from_secs(amount(5, 1) as u64);
    let cluster = throwaway_postgres::shared()?;
    let engines = [
        ("SQLite", 1, Place::Sqlite(folder.path().join("bare.sqlite")), None),
        ("postgres", WRITERS, cluster.database()?.parse()?, Some(cluster.database()?)),
    ];
    let mut rows = Vec::new();
    for (engine, connections, place, spool_url) in engines {
        say(&format!("bare inserts, {engine} …"));
        let ceiling = bare(&place, connections, long).await?;
        let target = Target::open(Settings { spool_url, ..Settings::default() }).await?;
        say(&format!("{SENDERS} senders, {engine} …"));
        let value = acknowledged(&target, long)?;
        let name = format!("sealed submissions, 32 KiB, {SENDERS} at once, {engine}");
        rows.push(Row::more(name, "1/s", value, ceiling));
    }
    print(&rows);
    Ok(())
}

/// Durable inserts a second, each its own commit.
async fn bare(place: &Place, connections: u32, long: Duration) -> Result<f64> {
    let db = place.connect(Pool::of(connections)).await?;
    let bytes = if place.is_shared() { "bytea" } else { "blob" };
    db.execute_unprepared(&format!("CREATE TABLE bare (id {bytes} PRIMARY KEY, bytes {bytes} NOT NULL)"))
        .await?;
    let (done, start) = (Arc::new(AtomicU32::new(0)), Instant::now());
    let mut inserting = JoinSet::new();
    for _ in 0..connections {
        let (db, done) = (db.clone(), Arc::clone(&done));
        inserting.spawn(async move {
            while start.elapsed() < long {
                let mut row = vec![0; LENGTH];
                OsRng.fill_bytes(&mut row);
                let values = [Value::from(row[..16].to_vec()), Value::from(row)];
                let sql = "INSERT INTO bare VALUES ($1, $2)";
                db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values))
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
fn acknowledged(target: &Target, long: Duration) -> Result<f64> {
    let make = |_| {
        let mut bytes = vec![0; LENGTH];
        OsRng.fill_bytes(&mut bytes);
        Ok((Client::new(target.address())?, bytes))
    };
    a_second(SENDERS, long, make, |(client, bytes)| {
        OsRng.fill_bytes(&mut bytes[..32]);
        let answer = client.post("/api/reports", "application/octet-stream", bytes)?;
        ensure!(answer.status == 201, "{}", answer.head);
        Ok(())
    })
}
