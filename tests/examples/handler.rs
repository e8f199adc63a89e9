//! The case handler at work, as a process beside an intake: filing 10,000 sealed reports over the relay, on each engine; laying out
//! the mailboxes of as many open cases; starting again with their log.
//!
//! The ceiling of filing is what one who works alone could do: open one outer seal, make one durable insert of 32 KiB, and so on. That
//! of a mailbox is the cost of sealing one while all processors seal, as they do then.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use database::{Place, Pool};
use envelope::{
    keys::{CaseRecipient, MailboxIdentity, TransportIdentity},
    life::Stage,
    mailbox::{Mailbox, MailboxHeader},
    submission,
};
use measure::{Row, amount, cores, measure, measure_on_all, percentile, print, processor_seconds, say};
use rand::{RngCore, rngs::OsRng};
use scenarios::load::{Target, administration, file_sealed, sealed_reports};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement, Value};
use tokio::time::sleep;
use xtask::{Running, Settings};

const LENGTH: usize = 32 * 1024;
/// Milliseconds to be ready.
const READY: f64 = 300.0;
/// Between two rounds, as the installation is made.
const PAUSE: Duration = Duration::from_secs(1);

#[tokio::main]
async fn main() -> Result<()> {
    let mut rows = Vec::new();
    let cluster = throwaway_postgres::shared()?;
    let on_postgres = Settings {
        spool_url: Some(cluster.database()?),
        cases_url: Some(cluster.database()?),
        ..Settings::default()
    };
    let bare = cluster.database()?.parse()?;
    rows.push(filing("postgres", on_postgres, amount(3_000, 300), &bare).await?.0);
    let folder = tempfile::tempdir()?;
    let bare = Place::Sqlite(folder.path().join("bare.sqlite"));
    let count = amount(10_000, 500);
    let (row, target, handler) = filing("SQLite", Settings::default(), count, &bare).await?;
    rows.push(row);
    rows.extend(ticks(&target, &handler, count).await?);
    rows.push(ready(&target, handler)?);
    print(&rows);
    Ok(())
}

/// Reports a second that are filed, from the first round on.
async fn filing(
    engine: &str,
    settings: Settings,
    count: usize,
    bare: &Place,
) -> Result<(Row, Target, Running)> {
    let target = Target::open(settings).await?;
    let (directory, hash) = target.directory()?;
    say(&format!("{count} reports are sealed and sent ({engine}) …"));
    let reports = sealed_reports(&directory, hash, count)?;
    file_sealed(target.address(), &reports, 8)?;
    let open = cost_of_opening(&target, &reports[0])?;
    let insert = cost_of_insert(bare).await?;
    drop(reports);
    say(&format!("the case handler collects and files them ({engine}) …"));
    let cases: Place = target.installation.cases_url().parse()?;
    let db = cases.connect(Pool::of(1)).await?;
    let handler = target.installation.start_case_handler()?;
    let start = Instant::now();
    while number(&db, "SELECT count(*) AS number FROM cases").await? < i64::try_from(count)? {
        ensure!(start.elapsed() < Duration::from_mins(5), "not all reports are filed");
        sleep(Duration::from_millis(20)).await;
    }
    let took = start.elapsed().as_secs_f64();
    ensure!(number(&db, "SELECT count(*) AS number FROM set_aside").await? == 0, "some are set aside");
    db.close().await?;
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let value = count as f64 / took;
    let name = format!("relay: reports collected and filed, {engine}");
    Ok((Row::more(name, "1/s", value, 1.0 / (open + insert)), target, handler))
}

fn cost_of_opening(target: &Target, report: &[u8]) -> Result<f64> {
    let key = String::from_utf8(administration(&target.installation, "transport.key")?)?;
    let transport = TransportIdentity::parse(key.trim())?;
    Ok(measure(|| drop(submission::open(&transport, report).expect("it was sealed to this key"))))
}

/// Seconds for one durable insert of 32 KiB, its own commit.
async fn cost_of_insert(place: &Place) -> Result<f64> {
    let db = place.connect(Pool::of(1)).await?;
    let bytes = if place.is_shared() { "bytea" } else { "blob" };
    db.execute_unprepared(&format!("CREATE TABLE bare (id {bytes} PRIMARY KEY, bytes {bytes} NOT NULL)"))
        .await?;
    let (mut times, start) = (Vec::new(), Instant::now());
    while start.elapsed() < Duration::from_secs(1) {
        let mut row = vec![0; LENGTH];
        OsRng.fill_bytes(&mut row);
        let values = [Value::from(row[..16].to_vec()), Value::from(row)];
        let once = Instant::now();
        let sql = "INSERT INTO bare VALUES ($1, $2)";
        db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
        times.push(once.elapsed().as_secs_f64());
    }
    Ok(percentile(&mut times, 50))
}

async fn number(db: &DatabaseConnection, sql: &str) -> Result<i64> {
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    Ok(row.context("one row")?.try_get("", "number")?)
}

/// What one mailbox costs the case handler, and how many a second both together lay out.
#[expect(clippy::cast_precision_loss, reason = "a few thousand")]
async fn ticks(target: &Target, handler: &Running, cases: usize) -> Result<[Row; 2]> {
    say(&format!("mailboxes of {cases} cases are laid out …"));
    let spool = Place::Sqlite(target.installation.root().join("spool.sqlite")).connect(Pool::of(1)).await?;
    let (mut costs, mut rates, mut seals) = (Vec::new(), Vec::new(), Vec::new());
    let mut last = next_tick(&spool, None).await?;
    for _ in 0..amount(3, 1) {
        last = next_tick(&spool, Some(last)).await?;
        let (before, start) = (processor_seconds(handler.id())?, Instant::now());
        last = next_tick(&spool, Some(last)).await?;
        let (after, took) = (processor_seconds(handler.id())?, start.elapsed().saturating_sub(PAUSE));
        costs.push((after - before) * 1000.0 / cases as f64);
        rates.push(cases as f64 / took.as_secs_f64());
        // By turns, so that whatever else the machine does meets both; the pause after a laying-out is long enough.
        seals.push(cost_of_a_mailbox());
    }
    let seal = percentile(&mut seals, 50);
    Ok([
        Row::less("tick: processor time of a case", "ms", percentile(&mut costs, 50), seal * 1000.0),
        Row::more(
            "tick: mailboxes laid out, intake included",
            "1/s",
            percentile(&mut rates, 50),
            cores() / seal,
        ),
    ])
}

/// The number of the laying-out that is served, once it is another one.
async fn next_tick(spool: &DatabaseConnection, last: Option<i64>) -> Result<i64> {
    let start = Instant::now();
    loop {
        let tick = number(spool, "SELECT tick AS number FROM state").await?;
        if last != Some(tick) {
            return Ok(tick);
        }
        ensure!(start.elapsed() < Duration::from_mins(2), "no mailboxes are laid out");
        sleep(Duration::from_millis(5)).await;
    }
}

/// Seconds.
fn cost_of_a_mailbox() -> f64 {
    let recipient = MailboxIdentity::generate(&mut OsRng).recipient();
    let case_recipient = CaseRecipient::from_bytes(recipient.as_bytes()).expect("a public key");
    let mailbox = Mailbox {
        header: MailboxHeader {
            v: 1,
            week: "2026-W48".to_owned(),
            stage: Stage::Received,
            with_oversight: false,
            next: None,
            received: 1,
        },
        capsule: recipient.seal(&[7; 400]),
        case_recipient,
        replies: vec![],
    };
    measure_on_all(|| drop(mailbox.seal(&recipient)))
}

/// How long the case handler takes to be ready when it has as many cases; their log is checked meanwhile.
fn ready(target: &Target, mut handler: Running) -> Result<Row> {
    say("it is started again and again …");
    let mut times = Vec::new();
    for _ in 0..amount(5, 2) {
        handler.stop()?;
        let start = Instant::now();
        handler = target.installation.start_case_handler()?;
        times.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    handler.stop()?;
    Ok(Row::less("ready: the case handler with 10,000 cases", "ms", percentile(&mut times, 50), READY))
}
