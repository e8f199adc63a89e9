//! Kills under load: every acknowledged report arrives exactly once, from forms and from uploads
//! that are cut by the kills.
//!
//! `SOAK_KILLS` sets how many times each service is killed; the default is 20.

use std::{
    collections::HashMap,
    env,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use protocol::receipt::Receipt;
use rand::{
    Rng, SeedableRng,
    rngs::{OsRng, StdRng},
};
use scenarios::{
    FormFile, ReporterBrowser, ResumableUpload, RunningInstallation, SealingReporter, settings_for,
};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};

/// Reporters who send forms at the same time.
const REPORTERS: usize = 4;
/// Reporters who upload at the same time.
const UPLOADERS: usize = 2;
/// Length of a file that is uploaded: its submission has eight pieces.
const UPLOADED_FILE_LEN: u64 = 1_500_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_at_random_moments_lose_and_double_nothing() -> Result<()> {
    let kills: usize = env::var("SOAK_KILLS").ok().map_or(Ok(20), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    let running =
        RunningInstallation::start(folder.path(), settings_for(env!("CARGO_CRATE_NAME"))?)?;
    let visitor = running.reporter("fr").await?;
    let sealing = SealingReporter::of(&running).await?;
    let RunningInstallation { installation, intake, case_handler } = running;
    let (mut intake, mut case_handler) = (Some(intake), Some(case_handler));

    let ended = Arc::new(AtomicBool::new(false));
    let reporters: Vec<_> = (0..REPORTERS)
        .map(|n| tokio::spawn(submit_until(visitor.clone(), n, Arc::clone(&ended))))
        .collect();
    let url = installation.public_url();
    let uploaders: Vec<_> = (0..UPLOADERS)
        .map(|_| tokio::spawn(upload_until(url.clone(), sealing.clone(), Arc::clone(&ended))))
        .collect();
    let mut rng = StdRng::seed_from_u64(20);
    for _ in 0..kills {
        tokio::time::sleep(Duration::from_millis(rng.gen_range(20..600))).await;
        intake.take().unwrap().kill()?;
        intake = Some(installation.start_intake()?);
        tokio::time::sleep(Duration::from_millis(rng.gen_range(20..600))).await;
        case_handler.take().unwrap().kill()?;
        case_handler = Some(installation.start_case_handler()?);
    }
    ended.store(true, Ordering::SeqCst);
    let mut receipts = Vec::new();
    for reporter in reporters {
        receipts.extend(reporter.await??);
    }
    let (mut uploads, mut attempts) = (0, 0);
    for uploader in uploaders {
        let (uploaded, attempted) = uploader.await??;
        uploads += uploaded.len();
        attempts += attempted;
        receipts.extend(uploaded);
    }
    assert!(uploads > 0 && attempts > uploads, "{uploads} uploads in {attempts} attempts");
    assert!(receipts.len() > kills, "only {} reports were made in {kills} kills", receipts.len());
    let running = RunningInstallation {
        installation,
        intake: intake.context("running")?,
        case_handler: case_handler.context("running")?,
    };
    assert_each_arrived_once(&running, &receipts).await?;
    println!(
        "{} acknowledged reports, {uploads} of them uploads in {attempts} attempts, {kills} kills of \
         each service: each arrived exactly once",
        receipts.len()
    );
    Ok(())
}

/// Sends one report after the other, and repeats each until a receipt comes. Returns the receipts.
async fn submit_until(
    visitor: ReporterBrowser,
    reporter: usize,
    ended: Arc<AtomicBool>,
) -> Result<Vec<String>> {
    let mut receipts = Vec::new();
    while !ended.load(Ordering::SeqCst) {
        let story = format!("Personne {reporter}, fait {}", receipts.len());
        let content = vec![u8::try_from(reporter)?; 40_000];
        let file = FormFile { name: "photo.jpg", media_type: "image/jpeg", content: &content };
        let Ok(review) = visitor.open_review_page(&[("a.story", story.as_str())]).await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let Ok(form) = visitor.multipart_body(&review, "/report/send", &[], &[file]) else {
            continue;
        };
        receipts.push(send_until_acknowledged(&visitor, form).await?);
    }
    Ok(receipts)
}

/// Uploads one report after the other, and continues each upload until it is acknowledged. Returns
/// the codes of the receipts, and the number of attempts.
async fn upload_until(
    url: String,
    sealing: SealingReporter,
    ended: Arc<AtomicBool>,
) -> Result<(Vec<String>, usize)> {
    let (mut receipts, mut attempts) = (Vec::new(), 0);
    while !ended.load(Ordering::SeqCst) {
        let report = sealing.seal(UPLOADED_FILE_LEN, &mut OsRng)?;
        attempts += ResumableUpload::new(&url, &mut OsRng)?.send(&report.sealed).await?;
        receipts.push(report.code);
    }
    Ok((receipts, attempts))
}

/// Sends the same form again, as a reporter does after a lost connection.
async fn send_until_acknowledged(visitor: &ReporterBrowser, form: Vec<u8>) -> Result<String> {
    for _ in 0..600 {
        let answer = visitor.post_multipart("/report/send", form.clone()).await;
        if let Some(code) = answer.ok().and_then(|page| page.receipt_code().ok()) {
            return Ok(code);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("the intake did not acknowledge a report within a minute")
}

/// Waits until the intake has no submission left, then counts the cases.
async fn assert_each_arrived_once(
    running: &RunningInstallation,
    receipts: &[String],
) -> Result<()> {
    let spool = Database::connect(running.installation.intake_store_url()).await?;
    let start = Instant::now();
    while query_number(&spool, "SELECT count(*) AS number FROM submissions WHERE complete").await?
        > 0
    {
        ensure!(
            start.elapsed() < Duration::from_mins(10),
            "the intake still has submissions after 10 minutes"
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let cases = Database::connect(running.installation.case_handler_store_url()).await?;
    let quarantine = query_number(&cases, "SELECT count(*) AS number FROM quarantine").await?;
    assert_eq!(quarantine, 0, "nothing is quarantined");
    let parts = "SELECT mailbox, count(*) AS parts FROM cases JOIN parts ON case_id = cases.id GROUP BY cases.id, mailbox";
    let mut found: HashMap<Vec<u8>, Vec<i64>> = HashMap::new();
    for row in
        cases.query_all_raw(Statement::from_string(cases.get_database_backend(), parts)).await?
    {
        found.entry(row.try_get("", "mailbox")?).or_default().push(row.try_get("", "parts")?);
    }
    for code in receipts {
        let mailbox = Receipt::parse(code)?.locator().mailbox_id();
        let parts = found.get(&mailbox.as_bytes()[..]).map(Vec::as_slice);
        let (here, all) = (found.len(), receipts.len());
        assert_eq!(
            parts,
            Some(&[2][..]),
            "parts of an acknowledged report; {here} cases, {all} receipts"
        );
    }
    // Everything is readable and the log is intact: the oversight body counts, verifies and folds
    // it.
    running.installation.run_as("outside-1", &["audit", "verify"])?;
    Ok(())
}

async fn query_number(db: &DatabaseConnection, sql: &str) -> Result<i64> {
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    Ok(row.context("one row")?.try_get("", "number")?)
}
