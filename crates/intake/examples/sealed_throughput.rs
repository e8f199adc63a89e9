//! How many sealed submissions of 32 KiB a second the intake takes over HTTP from 64 connections, client included, on each engine.
//! The ceiling is bare durable inserts of 32 KiB, each its own commit, into the same engine in the same run, by as many connections
//! as the intake writes with.
//!
//! `cargo xtask bench sealed` runs it.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use database::{Place, Pool};
use ed25519_dalek::SigningKey;
use envelope::{directory::Trust, keys::PublicKey};
use intake::{app::App, config::Config};
use measure::{Row, print, say};
use rand::{RngCore, rngs::OsRng};
use sea_orm::{ConnectionTrait, Statement, Value};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use web::Clock;

/// As in the program itself.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

const SENDERS: u64 = 64;
const LENGTH: usize = 32 * 1024;
/// How long each measurement takes.
const LONG: Duration = Duration::from_secs(5);
/// Connections with which the intake writes into `PostgreSQL`.
const WRITERS: u32 = 16;

#[tokio::main]
async fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let sqlite = |name: &str| Place::Sqlite(folder.path().join(name));
    let mut rows = Vec::new();
    say("64 senders, SQLite …");
    rows.push(row("SQLite", bare(&sqlite("bare.sqlite"), 1).await?, intake(folder.path(), None).await?));
    say("64 senders, postgres …");
    let cluster = throwaway_postgres::shared()?;
    let ceiling = bare(&cluster.database()?.parse()?, WRITERS).await?;
    rows.push(row("postgres", ceiling, intake(folder.path(), Some(cluster.database()?)).await?));
    print(&rows);
    Ok(())
}

fn row(engine: &str, ceiling: f64, value: f64) -> Row {
    Row::more(format!("sealed submissions, 32 KiB, 64 at once, {engine}"), "1/s", value, ceiling)
}

/// Durable inserts a second, each its own commit.
async fn bare(place: &Place, connections: u32) -> Result<f64> {
    let db = place.connect(Pool::of(connections)).await?;
    let bytes = if place.is_shared() { "bytea" } else { "blob" };
    db.execute_unprepared(&format!("CREATE TABLE bare (id {bytes} PRIMARY KEY, bytes {bytes} NOT NULL)"))
        .await?;
    let (done, end) = (Arc::new(AtomicU64::new(0)), Instant::now() + LONG);
    let mut inserting = JoinSet::new();
    for _ in 0..connections {
        let (db, done) = (db.clone(), Arc::clone(&done));
        inserting.spawn(async move {
            while Instant::now() < end {
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
    Ok(a_second(&done))
}

fn a_second(done: &AtomicU64) -> f64 {
    f64::from(u32::try_from(done.load(Ordering::Relaxed)).unwrap_or(u32::MAX)) / LONG.as_secs_f64()
}

/// Submissions a second that an intake acknowledges.
async fn intake(folder: &Path, url: Option<String>) -> Result<f64> {
    let root = PublicKey::from(&SigningKey::generate(&mut OsRng));
    let trust = Trust { instance: uuid::Uuid::nil(), threshold: 1, roots: vec![root] };
    std::fs::write(folder.join("trust.json"), serde_json::to_vec(&trust)?)?;
    let shipped = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../deploy/config/intake.toml");
    let mut config = Config::load(&shipped)?;
    config.spool.path = folder.join("spool.sqlite");
    config.spool.url = url;
    config.directory.trust = folder.join("trust.json");
    let app = App::open(&config, Clock::system()).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let service = app.public().into_make_service_with_connect_info::<SocketAddr>();
    let serving = tokio::spawn(async move { axum::serve(listener, service).await });
    let (done, end) = (Arc::new(AtomicU64::new(0)), Instant::now() + LONG);
    let mut sending = JoinSet::new();
    for _ in 0..SENDERS {
        sending.spawn(send(address, Arc::clone(&done), end));
    }
    while let Some(sent) = sending.join_next().await {
        sent??;
    }
    serving.abort();
    Ok(a_second(&done))
}

/// One connection that sends one submission after the other; each must be acknowledged.
async fn send(address: SocketAddr, done: Arc<AtomicU64>, end: Instant) -> Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let head = format!("POST /api/reports HTTP/1.1\r\nhost: {address}\r\ncontent-length: {LENGTH}\r\n\r\n");
    let mut request = head.clone().into_bytes();
    request.resize(head.len() + LENGTH, 0);
    OsRng.fill_bytes(&mut request[head.len()..]);
    let mut answer = vec![0; 16 * 1024];
    while Instant::now() < end {
        OsRng.fill_bytes(&mut request[head.len()..head.len() + 32]);
        stream.write_all(&request).await?;
        let mut read = 0;
        // An acknowledgement has no body.
        while !answer[..read].ends_with(b"\r\n\r\n") {
            let now = stream.read(&mut answer[read..]).await?;
            ensure!(now > 0, "the connection was closed");
            read += now;
        }
        let answer = String::from_utf8_lossy(&answer[..read]);
        ensure!(answer.starts_with("HTTP/1.1 201"), "{answer}");
        done.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}
