//! Kills under load: every acknowledged report arrives exactly once.
//!
//! `SOAK_KILLS` says how many times each service is killed (20 where it is not set).

use std::{
    env,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result};
use envelope::receipt::Receipt;
use rand::{Rng, SeedableRng, rngs::StdRng};
use scenarios::{File, Office, Visitor, settings};
use sea_orm::{ConnectionTrait, Database, Statement};

/// Reporters who send at once.
const REPORTERS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_at_random_moments_lose_and_double_nothing() -> Result<()> {
    let kills: usize = env::var("SOAK_KILLS").ok().map_or(Ok(20), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    let office = Office::open(folder.path(), settings(env!("CARGO_CRATE_NAME"))?)?;
    let visitor = office.visitor("fr").await?;
    let Office { installation, intake, case_handler } = office;
    let (mut intake, mut case_handler) = (Some(intake), Some(case_handler));

    let ended = Arc::new(AtomicBool::new(false));
    let reporters: Vec<_> =
        (0..REPORTERS).map(|n| tokio::spawn(report_until(visitor.clone(), n, Arc::clone(&ended)))).collect();
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
    assert!(receipts.len() > kills, "only {} reports were made in {kills} kills", receipts.len());
    let office = Office {
        installation,
        intake: intake.context("running")?,
        case_handler: case_handler.context("running")?,
    };
    arrived_once(&office, &receipts).await?;
    println!("{} acknowledged reports, {kills} kills of each service: all there, each once", receipts.len());
    Ok(())
}

/// Sends one report after the other, each again and again until a receipt comes. Gives the receipts.
async fn report_until(visitor: Visitor, reporter: usize, ended: Arc<AtomicBool>) -> Result<Vec<String>> {
    let mut receipts = Vec::new();
    while !ended.load(Ordering::SeqCst) {
        let story = format!("Personne {reporter}, fait {}", receipts.len());
        let content = vec![u8::try_from(reporter)?; 40_000];
        let file = File { name: "photo.jpg", media_type: "image/jpeg", content: &content };
        let Ok(review) = visitor.review(&[("a.story", story.as_str())]).await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let Ok(form) = visitor.multipart(&review, "/report/send", &[], &[file]) else { continue };
        receipts.push(send_until_acknowledged(&visitor, form).await?);
    }
    Ok(receipts)
}

/// What a person does whose connection breaks: the same form once more.
async fn send_until_acknowledged(visitor: &Visitor, form: Vec<u8>) -> Result<String> {
    for _ in 0..600 {
        let answer = visitor.post_multipart("/report/send", form.clone()).await;
        if let Some(code) = answer.ok().and_then(|page| page.code().ok()) {
            return Ok(code);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("a report was not acknowledged within a minute")
}

/// Waits as long as anything still arrives, then counts.
async fn arrived_once(office: &Office, receipts: &[String]) -> Result<()> {
    let db = Database::connect(office.installation.cases_url()).await?;
    let count = async |sql: &str, values: Vec<sea_orm::Value>| -> Result<i64> {
        let query = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
        let row = db.query_one_raw(query).await?.context("one row")?;
        Ok(row.try_get("", "count")?)
    };
    let (mut cases, mut quiet) = (0, 0);
    while quiet < 20 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let now = count("SELECT count(*) AS count FROM cases", vec![]).await?;
        quiet = if now == cases { quiet + 1 } else { 0 };
        cases = now;
    }
    let set_aside = count("SELECT count(*) AS count FROM set_aside", vec![]).await?;
    assert_eq!(set_aside, 0, "nothing is set aside");
    for code in receipts {
        let mailbox = Receipt::parse(code)?.locator().mailbox_id().as_bytes().to_vec();
        let filed = "SELECT count(*) AS count FROM cases WHERE mailbox = $1";
        let parts = "SELECT count(*) AS count FROM parts JOIN cases ON cases.id = case_id WHERE mailbox = $1";
        let found =
            (count(filed, vec![mailbox.clone().into()]).await?, count(parts, vec![mailbox.into()]).await?);
        let total = receipts.len();
        assert_eq!(
            found,
            (1, 2),
            "cases and parts of an acknowledged report; {cases} cases for {total} receipts"
        );
    }
    // Everything is readable and the log is whole: counted, verified and folded by the outside body.
    office.installation.as_person("outside-1", &["audit", "verify"])?;
    Ok(())
}
