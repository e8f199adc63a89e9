//! Measures the duration of one page of a queue with 1,000,000 cases, over HTTP and at random
//! positions. The limit is the duration with 10,000 cases.
//!
//! The cases are copies of one that was ingested normally, with their own ids and deadlines. The
//! database itself makes the copies.

#![expect(clippy::unwrap_used, reason = "a failure here is a failed measurement")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::{str::FromStr as _, time::Instant};

use bench_support::{BenchRow, HttpClient, full_or_quick, percentile, print_rows, progress};
use common::HandlerFixture;
use protocol::api::workbench::CaseSummary;
use rand::{Rng, SeedableRng, rngs::StdRng};
use sea_orm::{
    ConnectionTrait, Database, DatabaseConnection, SqlxSqliteConnector, Statement,
    sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous},
};
use time::{Date, format_description::well_known::Iso8601};
use uuid::Uuid;

const PAGES: usize = 2_000;
/// Rows of a page, as a screen shows them.
const ROWS: usize = 50;
/// Cases that are created in one transaction.
const BASE_CASES: usize = 50_000;

#[tokio::main]
async fn main() {
    let small = Box::pin(measure_pages(10_000)).await;
    let large = Box::pin(measure_pages(full_or_quick(1_000_000, 50_000))).await;
    print_rows(&[BenchRow::lower_is_better(
        "queue: a page with 1,000,000 cases, 95 of 100",
        "ms",
        large * 1000.0,
        small * 1000.0,
    )]);
}

/// Returns the 95th percentile of the seconds for a page, with this number of cases.
async fn measure_pages(cases: usize) -> f64 {
    let mut handler = HandlerFixture::new().await;
    let (mut report, _) = handler.new_report(&["awa", "bila", "coumba", "eva"]);
    report.attachments.clear();
    // The usual length of a capsule.
    report.capsule = vec![7; 2_200];
    handler.ingest(&report).await.unwrap();
    progress(&format!("creating {cases} cases …"));
    handler.store.release_writer().await.unwrap();
    copy_cases(&handler.url, cases).await;
    handler.restart().await;
    let mut rng = StdRng::seed_from_u64(7);
    let cursors = queue_cursors(&handler.url, cases, &mut rng).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let app = handler.app.clone();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let token = handler.sign_in("awa").await;
    progress(&format!("requesting {PAGES} pages …"));
    let requests = tokio::task::spawn_blocking(move || {
        let mut client = HttpClient::new(&address).unwrap();
        let mut times = Vec::with_capacity(PAGES);
        for (case, due) in cursors {
            let head = format!(
                "GET /v1/cases?limit={ROWS}&after={case}&due={due} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n"
            );
            let start = Instant::now();
            let response = client.send(&head, &[]).unwrap();
            times.push(start.elapsed().as_secs_f64());
            assert_eq!(response.status, 200);
            let rows: Vec<CaseSummary> = serde_json::from_slice(response.body).unwrap();
            assert_eq!(rows.len(), ROWS);
        }
        times
    });
    percentile(&mut requests.await.unwrap(), 95)
}

/// Copies the case until the number is reached, without the settings that make a database slow and
/// safe.
async fn copy_cases(url: &str, cases: usize) {
    let options = SqliteConnectOptions::from_str(url)
        .unwrap()
        .synchronous(SqliteSynchronous::Off)
        .pragma("cache_size", "-500000");
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    let db = SqlxSqliteConnector::from_sqlx_sqlite_pool(pool);
    let columns = "mailbox, mailbox_recipient, capsule, desk, lang, filed, state, suggested, open, priority, assignee, escalates, purged";
    // Several transactions keep SQLite's log small.
    for first in (1..cases).step_by(BASE_CASES) {
        let last = (first + BASE_CASES).min(cases) - 1;
        let sql = format!(
            "WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last}) \
             INSERT INTO cases (id, next_due, {columns}) \
             SELECT randomblob(16), date('2026-11-24', (i % 90) || ' days'), {columns} FROM n, (SELECT * FROM cases LIMIT 1)"
        );
        db.execute_unprepared(&sql).await.unwrap();
    }
    let queue = "INSERT OR IGNORE INTO queues (member, due, case_id) \
        SELECT 'awa', next_due, id FROM cases ORDER BY next_due, id";
    db.execute_unprepared(queue).await.unwrap();
    db.close().await.unwrap();
}

/// Returns random positions in the queue, with a complete page after each.
async fn queue_cursors(url: &str, cases: usize, rng: &mut StdRng) -> Vec<(Uuid, String)> {
    let db: DatabaseConnection = Database::connect(url).await.unwrap();
    let sql = "SELECT case_id, due FROM queues WHERE member = 'awa' ORDER BY due, case_id";
    let rows =
        db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    assert_eq!(rows.len(), cases);
    let random_cursor = |_| {
        let row = &rows[rng.gen_range(0..cases - ROWS - 1)];
        let due: Date = row.try_get("", "due").unwrap();
        (row.try_get("", "case_id").unwrap(), due.format(&Iso8601::DATE).unwrap())
    };
    (0..PAGES).map(random_cursor).collect()
}
