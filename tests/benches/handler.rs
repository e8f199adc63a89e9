//! The case handler as a process beside an intake. It ingests 10,000 sealed reports over the relay
//! on each database, publishes the mailboxes of as many open cases, and starts again with their
//! log. The first cycles after so many reports at once also make the log records of their
//! mailboxes; they are not measured.
//!
//! The ceiling of ingesting is one thread that opens one transport layer, makes one durable insert
//! of 32 KiB, and so on. The ceiling of a mailbox is the cost of sealing one while all processors
//! seal, as they do during a publication.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bench_support::{
    BenchRow, available_cores, full_or_quick, median_seconds, median_seconds_on_all_cores,
    percentile, print_rows, processor_seconds, progress,
};
use database::{DatabaseUrl, PoolOptions};
use protocol::{
    case::Stage,
    keys::{CaseRecipient, MailboxIdentity, TransportIdentity},
    mailbox::{Mailbox, MailboxHeader},
    submission::envelope,
};
use rand::{RngCore, rngs::OsRng};
use scenarios::load::{LoadTarget, read_admin_file, seal_reports, submit_sealed};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement, Value};
use tokio::time::sleep;
use xtask::{ChildService, InstallationSettings};

/// The allocator of the case handler, so that the ceiling of a mailbox includes zeroization.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

const ROW_LEN: usize = 32 * 1024;
/// Maximum milliseconds until the service is ready.
const MAX_START_MS: f64 = 300.0;
/// Time between two cycles, as the settings of the installation have it.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

#[tokio::main]
async fn main() -> Result<()> {
    let mut rows = Vec::new();
    let cluster = test_postgres::shared_cluster()?;
    let on_postgres = InstallationSettings {
        intake_store_url: Some(cluster.create_database()?),
        case_handler_store_url: Some(cluster.create_database()?),
        ..InstallationSettings::default()
    };
    let bare = cluster.create_database()?.parse()?;
    rows.push(measure_ingest("postgres", on_postgres, full_or_quick(3_000, 300), &bare).await?.0);
    let folder = tempfile::tempdir()?;
    let bare = DatabaseUrl::Sqlite(folder.path().join("bare.sqlite"));
    let count = full_or_quick(10_000, 500);
    let (row, target, handler) =
        measure_ingest("SQLite", InstallationSettings::default(), count, &bare).await?;
    rows.push(row);
    rows.extend(measure_cycles(&target, &handler, count).await?);
    rows.push(measure_start(&target, handler)?);
    print_rows(&rows);
    Ok(())
}

/// Measures the reports per second that are ingested, counted from the first cycle.
async fn measure_ingest(
    backend: &str,
    settings: InstallationSettings,
    count: usize,
    bare: &DatabaseUrl,
) -> Result<(BenchRow, LoadTarget, ChildService)> {
    let target = LoadTarget::start(settings).await?;
    let (directory, hash) = target.fetch_directory()?;
    progress(&format!("sealing and sending {count} reports ({backend}) …"));
    let reports = seal_reports(&directory, hash, count)?;
    submit_sealed(target.public_address(), &reports, 8)?;
    let open = seconds_per_open(&target, &reports[0])?;
    let insert = seconds_per_insert(bare).await?;
    drop(reports);
    progress(&format!("the case handler collects and ingests them ({backend}) …"));
    let cases: DatabaseUrl = target.installation.case_handler_store_url().parse()?;
    let db = cases.connect(PoolOptions::with_connections(1)).await?;
    let handler = target.installation.start_case_handler()?;
    let start = Instant::now();
    while query_number(&db, "SELECT count(*) AS number FROM cases").await? < i64::try_from(count)? {
        ensure!(
            start.elapsed() < Duration::from_mins(5),
            "not all reports were ingested within 5 minutes"
        );
        sleep(Duration::from_millis(20)).await;
    }
    let took = start.elapsed().as_secs_f64();
    ensure!(
        query_number(&db, "SELECT count(*) AS number FROM quarantine").await? == 0,
        "some submissions are quarantined"
    );
    db.close().await?;
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let value = count as f64 / took;
    let name = format!("relay: reports collected and ingested, {backend}");
    Ok((BenchRow::higher_is_better(name, "1/s", value, 1.0 / (open + insert)), target, handler))
}

fn seconds_per_open(target: &LoadTarget, report: &[u8]) -> Result<f64> {
    let key = String::from_utf8(read_admin_file(&target.installation, "transport.key")?)?;
    let transport = TransportIdentity::parse(key.trim())?;
    Ok(median_seconds(|| {
        drop(envelope::open(&transport, report).expect("the report is sealed to this key"));
    }))
}

/// Returns the seconds of one durable insert of 32 KiB in its own commit.
async fn seconds_per_insert(url: &DatabaseUrl) -> Result<f64> {
    let db = url.connect(PoolOptions::with_connections(1)).await?;
    let bytes = if url.is_shared() { "bytea" } else { "blob" };
    db.execute_unprepared(&format!(
        "CREATE TABLE bare (id {bytes} PRIMARY KEY, bytes {bytes} NOT NULL)"
    ))
    .await?;
    let (mut times, start) = (Vec::new(), Instant::now());
    while start.elapsed() < Duration::from_secs(1) {
        let mut row = vec![0; ROW_LEN];
        OsRng.fill_bytes(&mut row);
        let values = [Value::from(row[..16].to_vec()), Value::from(row)];
        let once = Instant::now();
        let sql = "INSERT INTO bare VALUES ($1, $2)";
        db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values))
            .await?;
        times.push(once.elapsed().as_secs_f64());
    }
    Ok(percentile(&mut times, 50))
}

async fn query_number(db: &DatabaseConnection, sql: &str) -> Result<i64> {
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    Ok(row.context("one row")?.try_get("", "number")?)
}

/// Measures the processor time of the case handler for one mailbox, and the mailboxes per second
/// that both services together publish.
#[expect(clippy::cast_precision_loss, reason = "a few thousand")]
async fn measure_cycles(
    target: &LoadTarget,
    handler: &ChildService,
    cases: usize,
) -> Result<[BenchRow; 2]> {
    progress(&format!("publishing mailboxes of {cases} cases …"));
    wait_for_mailbox_logs(target).await?;
    let spool = DatabaseUrl::Sqlite(target.installation.root().join("spool.sqlite"))
        .connect(PoolOptions::with_connections(1))
        .await?;
    let (mut costs, mut rates, mut seals) = (Vec::new(), Vec::new(), Vec::new());
    let mut last = wait_for_next_cycle(&spool, None).await?;
    for _ in 0..full_or_quick(3, 1) {
        last = wait_for_next_cycle(&spool, Some(last)).await?;
        let (before, start) = (processor_seconds(handler.pid())?, Instant::now());
        last = wait_for_next_cycle(&spool, Some(last)).await?;
        let (after, took) =
            (processor_seconds(handler.pid())?, start.elapsed().saturating_sub(POLL_INTERVAL));
        costs.push((after - before) * 1000.0 / cases as f64);
        rates.push(cases as f64 / took.as_secs_f64());
        // The two measurements alternate, so that other load on the machine affects both. The pause
        // after a publication is long enough.
        seals.push(seconds_per_mailbox());
    }
    let seal = percentile(&mut seals, 50);
    Ok([
        BenchRow::lower_is_better(
            "cycle: processor time of a case",
            "ms",
            percentile(&mut costs, 50),
            seal * 1000.0,
        ),
        BenchRow::higher_is_better(
            "cycle: mailboxes published, intake included",
            "1/s",
            percentile(&mut rates, 50),
            available_cores() / seal,
        ),
    ])
}

/// Waits until the case handler has made the log record of each mailbox. It makes a part of them in
/// each cycle after so many reports at once.
async fn wait_for_mailbox_logs(target: &LoadTarget) -> Result<()> {
    let url: DatabaseUrl = target.installation.case_handler_store_url().parse()?;
    let db = url.connect(PoolOptions::with_connections(1)).await?;
    let start = Instant::now();
    let outdated = "SELECT count(*) AS number FROM cases WHERE mailbox_log_state = 0";
    while query_number(&db, outdated).await? > 0 {
        ensure!(
            start.elapsed() < Duration::from_mins(5),
            "not all log records of mailboxes were made within 5 minutes"
        );
        sleep(Duration::from_millis(100)).await;
    }
    Ok(db.close().await?)
}

/// Waits for a publication other than `last` and returns its number.
async fn wait_for_next_cycle(spool: &DatabaseConnection, last: Option<i64>) -> Result<i64> {
    let start = Instant::now();
    loop {
        let generation =
            query_number(spool, "SELECT served_generation AS number FROM state").await?;
        if last != Some(generation) {
            return Ok(generation);
        }
        ensure!(
            start.elapsed() < Duration::from_mins(2),
            "no mailboxes were published within 2 minutes"
        );
        sleep(Duration::from_millis(5)).await;
    }
}

/// Returns the seconds of sealing one mailbox.
fn seconds_per_mailbox() -> f64 {
    let recipient = MailboxIdentity::generate(&mut OsRng).recipient();
    let case_recipient = CaseRecipient::from_bytes(recipient.as_bytes()).expect("a public key");
    let mailbox = Mailbox {
        header: MailboxHeader {
            v: 1,
            week: "2026-W48".to_owned(),
            stage: Stage::Received,
            released_to_oversight: false,
            oversight_asked: false,
            unreadable: false,
            next_update: None,
            received: 1,
        },
        capsule: recipient.seal(&[7; 400]),
        case_recipient,
        rotations: Vec::new(),
        log: None,
        replies: vec![],
    };
    median_seconds_on_all_cores(|| drop(mailbox.seal(&recipient)))
}

/// Measures how long the case handler takes to be ready with many cases. It verifies their log in
/// the background.
fn measure_start(target: &LoadTarget, mut handler: ChildService) -> Result<BenchRow> {
    progress("starting the case handler repeatedly …");
    let mut times = Vec::new();
    for _ in 0..full_or_quick(5, 2) {
        handler.stop()?;
        let start = Instant::now();
        handler = target.installation.start_case_handler()?;
        times.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    handler.stop()?;
    Ok(BenchRow::lower_is_better(
        "ready: the case handler with 10,000 cases",
        "ms",
        percentile(&mut times, 50),
        MAX_START_MS,
    ))
}
