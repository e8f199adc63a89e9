//! Uploads over a network that cuts connections: they continue, arrive unchanged, look to the case
//! handler as any other submission does, and leave nothing at the intake.
//!
//! With `RESOURCE_BOUNDS=full`, the upload has a file of 100 MiB. The default is 6 MiB. `CUT_SEED`
//! repeats a run.

use std::{
    env, fs,
    io::Read as _,
    path::Path,
    time::{Duration, Instant},
};

use age_hybrid::decoy_file;
use anyhow::{Context, Result, ensure};
use bench_support::{HttpClient, peak_mib};
use intake::store::{Store, StoreLimits, UploadId, UploadProgress};
use protocol::Hash;
use rand::{
    Rng, RngCore, SeedableRng,
    rngs::{OsRng, StdRng},
};
use reqwest::StatusCode;
use scenarios::{
    CuttingProxy, FormFile, ReporterBrowser, ResumableUpload, RunningInstallation, SealedReport,
    SealingReporter, settings_for,
};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement, TryGetable};
use web::Clock;
use xtask::ChildService;

/// Maximum memory of the intake, in MiB.
const MAX_INTAKE_MEMORY_MIB: f64 = 96.0;
const CUTS: usize = 20;
const MIB: u64 = 1024 * 1024;
const PIECE: usize = 256 * 1024;
const READER: &str = "inspector-1";
/// Maximum time of a collection, on a slow machine under load.
const COLLECTION_TIMEOUT: Duration = Duration::from_mins(2);

async fn rows<T: TryGetable>(
    db: &DatabaseConnection,
    sql: &str,
    columns: &[&str],
) -> Result<Vec<Vec<T>>> {
    let found = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    found
        .iter()
        .map(|row| columns.iter().map(|column| Ok(row.try_get("", column)?)).collect())
        .collect()
}

async fn count(db: &DatabaseConnection, table: &str) -> Result<i64> {
    let sql = format!("SELECT count(*) AS number FROM {table}");
    Ok(rows::<i64>(db, &sql, &["number"]).await?[0][0])
}

async fn wait_until(what: &str, mut is_done: impl AsyncFnMut() -> Result<bool>) -> Result<()> {
    let start = Instant::now();
    while !is_done().await? {
        ensure!(start.elapsed() < COLLECTION_TIMEOUT, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

async fn wait_until_collected(spool: &DatabaseConnection) -> Result<()> {
    let is_empty = async || Ok(count(spool, "submissions WHERE complete").await? == 0);
    wait_until("all submissions are collected", is_empty).await
}

/// Returns which of these pieces are in files of the folder. It looks for a part of each, or of 16
/// pieces if there are more.
fn pieces_on_disk(folder: &Path, sealed: &[u8]) -> Result<Vec<usize>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(pieces_on_disk(&path, sealed)?);
        } else {
            let (mut content, pieces) = (Vec::new(), sealed.len() / PIECE);
            fs::File::open(&path)?.read_to_end(&mut content)?;
            found.extend((0..pieces).step_by(pieces.div_ceil(16)).filter(|piece| {
                let begin = piece * PIECE + 1000;
                memchr::memmem::find(&content, &sealed[begin..begin + 32]).is_some()
            }));
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// Returns the folder of the spool, if it is a file.
fn spool_folder(running_url: &str) -> Option<std::path::PathBuf> {
    let file = running_url.strip_prefix("sqlite://")?.split('?').next()?;
    Path::new(file).parent().map(Path::to_path_buf)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_cut_at_random_points_arrives_as_any_other() -> Result<()> {
    let full = env::var("RESOURCE_BOUNDS").is_ok_and(|value| value == "full");
    let seed =
        env::var("CUT_SEED").ok().map_or_else(|| Ok(OsRng.next_u64()), |text| text.parse())?;
    println!("CUT_SEED={seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let folder = tempfile::tempdir()?;
    let running =
        RunningInstallation::start(folder.path(), settings_for(env!("CARGO_CRATE_NAME"))?)?;
    running.reporter("fr").await?;
    let sender = SealingReporter::of(&running).await?;
    let RunningInstallation { installation, intake, case_handler } = running;
    // The submissions stay at the intake, so that the test can compare their rows.
    case_handler.stop()?;

    let file_len = if full { 100 * MIB } else { 6 * MIB };
    let (resumed, whole) = (sender.seal(file_len, &mut rng)?, sender.seal(file_len, &mut rng)?);
    let len = resumed.sealed.len();
    assert_eq!(whole.sealed.len(), len, "both have the same size class");
    let cuts = (0..CUTS).map(|_| rng.gen_range(1..len as u64)).collect();
    let proxy = CuttingProxy::start(&intake.addresses["public"], cuts).await?;
    let upload = ResumableUpload::new(&format!("http://{}", proxy.address), &mut rng)?;
    let start = Instant::now();
    let attempts = upload.send(&resumed.sealed).await?;
    println!("{len} bytes with {CUTS} cuts: {attempts} attempts, {:.1?}", start.elapsed());
    assert_eq!(proxy.cuts_left(), 0, "every cut happened");
    assert!(attempts > 1);
    let memory = peak_mib(intake.pid())?;
    println!("peak of the intake {memory:.0} MiB");
    assert!(memory <= MAX_INTAKE_MEMORY_MIB, "{memory:.0} MiB");
    let mut client = HttpClient::new(&intake.addresses["public"])?;
    let answer = client.post("/api/reports", "application/octet-stream", &whole.sealed)?;
    ensure!(answer.status == 201, "{}", answer.head);

    // What the intake stores for the case handler does not show which one was resumed.
    let spool = Database::connect(installation.intake_store_url()).await?;
    let sql = "SELECT week, CAST(length AS bigint) AS length, CAST(complete AS int) AS complete, \
        (SELECT count(*) FROM chunks WHERE submission = submissions.id) AS chunks, \
        (SELECT CAST(sum(length(bytes)) AS bigint) FROM chunks WHERE submission = submissions.id) \
        AS bytes FROM submissions";
    let weeks = rows::<String>(&spool, sql, &["week"]).await?;
    let numbers = rows::<i64>(&spool, sql, &["length", "chunks", "bytes"]).await?;
    assert_eq!((weeks.len(), numbers.len()), (2, 2));
    assert_eq!((&weeks[0], &numbers[0]), (&weeks[1], &numbers[1]));

    // A reader of the spool would delay the end of its write-ahead log.
    spool.close().await?;

    let case_handler = installation.start_case_handler()?;
    let cases = Database::connect(installation.case_handler_store_url()).await?;
    wait_until("both are collected", async || Ok(count(&cases, "cases").await? == 2)).await?;
    if let Some(folder) = spool_folder(&installation.intake_store_url()) {
        wait_until("no byte is left at the intake", async || {
            Ok(pieces_on_disk(&folder, &resumed.sealed)?.is_empty())
        })
        .await?;
    }
    let spool = Database::connect(installation.intake_store_url()).await?;
    wait_until_collected(&spool).await?;
    for table in ["submissions", "chunks", "uploads"] {
        assert_eq!(count(&spool, table).await?, 0, "{table}");
    }
    let running = RunningInstallation { installation, intake, case_handler };
    let memory = peak_mib(running.case_handler.pid())?;
    println!("peak of the case handler {memory:.0} MiB");
    assert_same_rows(&running, &resumed, &whole).await?;
    for report in [&resumed, &whole] {
        let (id, to) = (report.case.to_string(), folder.path().join(report.case.to_string()));
        running.installation.run_as(READER, &["declare", &id])?;
        running.installation.run_as(READER, &["save", &id, "--to", to.to_str().unwrap()])?;
        let saved: Vec<_> = fs::read_dir(&to)?.collect::<std::io::Result<_>>()?;
        assert_eq!(saved.len(), 1);
        let content = fs::read(saved[0].path())?;
        assert_eq!(Hash::of(&[&content]), report.file_hash, "the file is identical");
    }
    Ok(())
}

/// Compares the rows of two cases at the case handler, apart from ids, keys and hashes.
async fn assert_same_rows(
    running: &RunningInstallation,
    one: &SealedReport,
    other: &SealedReport,
) -> Result<()> {
    let cases = Database::connect(running.installation.case_handler_store_url()).await?;
    let text = |column: &str| format!("CAST({column} AS text) AS {column}");
    for (table, key, columns) in [
        (
            "cases",
            "id",
            &["desk", "lang", "filed", "next_due", "priority", "escalates", "capsule_event"][..],
        ),
        ("parts", "case_id", &["kind", "generation", "batch", "position"][..]),
        ("submissions", "case_id", &["batch"][..]),
        ("events", "case_id", &["seq"][..]),
        ("grants", "case_id", &["generation"][..]),
    ] {
        let selected = columns.iter().map(|column| text(column)).collect::<Vec<_>>().join(", ");
        let mut of_cases = Vec::new();
        for report in [one, other] {
            let sql = format!("SELECT {selected} FROM {table} WHERE {key} = $1");
            let backend = cases.get_database_backend();
            let query = Statement::from_sql_and_values(backend, sql, [report.case.into()]);
            let mut found = Vec::new();
            for row in cases.query_all_raw(query).await? {
                let values: Vec<Option<String>> = columns
                    .iter()
                    .map(|column| row.try_get("", column))
                    .collect::<Result<_, _>>()?;
                found.push(values);
            }
            found.sort_unstable();
            of_cases.push(found);
        }
        assert!(!of_cases[0].is_empty(), "{table}");
        assert_eq!(of_cases[0], of_cases[1], "{table}");
    }
    // The headers of sealed files differ in length by their grease.
    let sql = "SELECT CAST(sum(len) AS bigint) AS bytes FROM parts GROUP BY case_id";
    let bytes = rows::<i64>(&cases, sql, &["bytes"]).await?;
    assert!((bytes[0][0] - bytes[1][0]).abs() < 2048, "{bytes:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unfinished_upload_is_deleted_after_a_day_and_leaves_no_byte() -> Result<()> {
    let mut rng = StdRng::seed_from_u64(2);
    let folder = tempfile::tempdir()?;
    let running =
        RunningInstallation::start(folder.path(), settings_for(env!("CARGO_CRATE_NAME"))?)?;
    running.reporter("fr").await?;
    let RunningInstallation { installation, intake, case_handler } = running;
    case_handler.stop()?;
    let sealed = decoy_file(usize::try_from(4 * MIB)?, 3);
    let upload = ResumableUpload::new(&installation.public_url(), &mut rng)?;
    let begun = upload.append(sealed.len(), 0, sealed[..11 * PIECE + 99].to_vec()).await?;
    assert_eq!(begun, StatusCode::ACCEPTED);
    intake.stop()?;

    let url = installation.intake_store_url();
    let on_disk = || match spool_folder(&url) {
        Some(folder) => pieces_on_disk(&folder, &sealed),
        None => Ok(Vec::new()),
    };
    if spool_folder(&url).is_some() {
        assert_eq!(on_disk()?, (0..11).collect::<Vec<_>>(), "the search finds stored pieces");
    }
    let limits = StoreLimits { max_size_mib: 1024, writers: 2 };
    let store = Store::open(&url.parse()?, limits, &mut OsRng).await?;
    let id = UploadId::parse(upload.id()).context("an id")?;
    let today = Clock::system().today();
    let tomorrow = today.next_day().context("a day")?;
    for day in [today, tomorrow] {
        store.delete_expired_uploads(day).await?;
        let progress = store.upload_progress(&id).await?;
        assert_eq!(progress, UploadProgress::Partial(11 * PIECE as u64), "on {day}");
    }
    store.delete_expired_uploads(tomorrow.next_day().context("a day")?).await?;
    assert_eq!(store.upload_progress(&id).await?, UploadProgress::Partial(0));
    drop(store);
    let spool = Database::connect(&url).await?;
    for table in ["submissions", "chunks", "uploads"] {
        assert_eq!(count(&spool, table).await?, 0, "{table}");
    }
    spool.close().await?;
    assert_eq!(on_disk()?, [] as [usize; 0]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn pieces_that_a_proxy_changes_swaps_or_mixes_are_not_ingested() -> Result<()> {
    let mut rng = StdRng::seed_from_u64(3);
    let folder = tempfile::tempdir()?;
    let running =
        RunningInstallation::start(folder.path(), settings_for(env!("CARGO_CRATE_NAME"))?)?;
    running.reporter("fr").await?;
    let sender = SealingReporter::of(&running).await?;
    let (honest, other) = (sender.seal(600_000, &mut rng)?, sender.seal(600_000, &mut rng)?);
    let base = running.installation.public_url();
    let mut changed = honest.sealed.clone();
    changed[2 * PIECE + 7] ^= 1;
    let mut swapped = honest.sealed.clone();
    let (before, after) = swapped.split_at_mut(2 * PIECE);
    before[PIECE..].swap_with_slice(&mut after[..PIECE]);
    let mut mixed = honest.sealed.clone();
    mixed[PIECE..2 * PIECE].copy_from_slice(&other.sealed[PIECE..2 * PIECE]);
    let mut repeated = honest.sealed.clone();
    repeated.copy_within(PIECE..2 * PIECE, 2 * PIECE);
    let altered = [changed, swapped, mixed, repeated];
    for sealed in altered.iter().chain([&honest.sealed]) {
        ResumableUpload::new(&base, &mut rng)?.send(sealed).await?;
    }
    let spool = Database::connect(running.installation.intake_store_url()).await?;
    wait_until_collected(&spool).await?;
    let cases = Database::connect(running.installation.case_handler_store_url()).await?;
    assert_eq!(count(&cases, "quarantine").await?, 4, "none of the altered ones is ingested");
    assert_eq!(count(&cases, "cases").await?, 1);
    running.installation.run_as(READER, &["declare", &honest.case.to_string()])?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_space_for_temporary_files_large_submissions_wait_and_the_others_arrive()
-> Result<()> {
    let mut rng = StdRng::seed_from_u64(4);
    let folder = tempfile::tempdir()?;
    let running =
        RunningInstallation::start(folder.path(), settings_for(env!("CARGO_CRATE_NAME"))?)?;
    running.reporter("fr").await?;
    let sender = SealingReporter::of(&running).await?;
    let RunningInstallation { installation, intake, case_handler } = running;
    case_handler.stop()?;
    let (large, small) = (sender.seal(1_500_000, &mut rng)?, sender.seal(100, &mut rng)?);
    let mut client = HttpClient::new(&intake.addresses["public"])?;
    for sealed in [&large.sealed, &small.sealed, &sender.seal(100, &mut rng)?.sealed] {
        let answer = client.post("/api/reports", "application/octet-stream", sealed)?;
        ensure!(answer.status == 201, "{}", answer.head);
    }
    let log = installation.log_path("case-handler");
    let mut command = installation.case_handler_command()?;
    command.env("TMPDIR", folder.path().join("missing"));
    let case_handler = ChildService::start("case-handler", command, &log)?;
    let cases = Database::connect(installation.case_handler_store_url()).await?;
    let spool = Database::connect(installation.intake_store_url()).await?;
    wait_until("only the large one waits at the intake", async || {
        let (at_intake, ingested) =
            (count(&spool, "submissions").await?, count(&cases, "cases").await?);
        Ok((at_intake, ingested) == (1, 2))
    })
    .await?;
    let message = "in the folder for temporary files";
    wait_until("the reason is logged", async || Ok(fs::read_to_string(&log)?.contains(message)))
        .await?;
    assert_eq!(count(&cases, "quarantine").await?, 0);
    case_handler.stop()?;
    let _case_handler = installation.start_case_handler()?;
    wait_until_collected(&spool).await?;
    assert_eq!(count(&cases, "cases").await?, 3);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_scripts_a_cut_loses_at_most_the_file_in_transfer() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let running =
        RunningInstallation::start(folder.path(), settings_for(env!("CARGO_CRATE_NAME"))?)?;
    let visitor = running.reporter("fr").await?;
    let page = visitor.submit_report(&[("a.story", "Trois photos suivent.")], &[]).await?;
    let code = page.receipt_code()?;
    let case = running.wait_for_cases(READER, 1).await?[0]["id"].clone();
    let case = case.as_str().context("an id")?;
    let mut thread = running.wait_for_received(&visitor, &code, 1).await?;
    for number in 0..3_u8 {
        let content = vec![number; 400_000];
        let file = FormFile { name: "photo.bin", media_type: "", content: &content };
        let body = visitor.multipart_body(&thread, "/return/send", &[], &[file])?;
        if number == 1 {
            // The connection is cut in the middle of the second file.
            let proxy =
                CuttingProxy::start(&running.intake.addresses["public"], vec![200_000]).await?;
            let cut = ReporterBrowser::new(&format!("http://{}", proxy.address), "fr")?;
            assert!(cut.post_multipart("/return/send", body.clone()).await.is_err());
            assert_eq!(proxy.cuts_left(), 0);
        }
        let sent = visitor.post_multipart("/return/send", body).await?;
        assert_eq!(sent.status, StatusCode::OK, "{}", sent.heading());
        // The next message continues from the state in the mailbox, which counts the report too.
        thread = running.wait_for_received(&visitor, &code, usize::from(number) + 2).await?;
    }
    let cases = Database::connect(running.installation.case_handler_store_url()).await?;
    assert_eq!(count(&cases, "cases").await?, 1);
    assert_eq!(count(&cases, "parts WHERE kind = 'attachment'").await?, 3, "each file once");
    assert_eq!(count(&cases, "quarantine").await?, 0);
    running.installation.run_as(READER, &["declare", case])?;
    let shown = running.installation.run_as(READER, &["show", case])?;
    assert_eq!(shown["alarms"], serde_json::json!([]));
    Ok(())
}
