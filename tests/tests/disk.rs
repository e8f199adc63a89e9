//! What a bad disk does to both services, as real processes: nothing acknowledged is lost, and both go on by themselves.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::{path::Path, time::Duration};

use anyhow::Result;
use envelope::receipt::Receipt;
use rand::{Rng, SeedableRng, rngs::StdRng};
use reqwest::StatusCode;
use scenarios::{
    Office, Visitor,
    disk::{Disk, FULL, READ_ONLY},
    programs,
};
use sea_orm::{ConnectionTrait, Database, Statement};
use xtask::{Installation, Running, Settings};

/// Power cuts.
const CUTS: usize = 4;

struct Disks {
    spool: Disk,
    cases: Disk,
}

impl Disks {
    fn below(folder: &Path) -> Result<Self> {
        let disk = |name: &str| {
            Disk::new(&folder.join(format!("{name}.sqlite")), &folder.join(format!("{name}-disk")))
        };
        Ok(Self { spool: disk("spool")?, cases: disk("cases")? })
    }

    fn start_intake(&self, installation: &Installation) -> Result<Running> {
        Running::start("intake", self.spool.under(installation.intake()?), &installation.log("intake"))
    }

    fn start(&self, installation: &Installation) -> Result<(Running, Running)> {
        let handler = self.cases.under(installation.case_handler()?);
        let intake = self.start_intake(installation)?;
        Ok((intake, Running::start("case-handler", handler, &installation.log("case-handler"))?))
    }
}

fn create(folder: &Path) -> Result<Installation> {
    drop(rustls::crypto::ring::default_provider().install_default());
    Installation::create(folder, &programs()?, Settings::default())
}

/// Files one report after the other until something is not answered. Gives the receipts.
async fn report_on(visitor: Visitor) -> Vec<String> {
    let mut receipts = Vec::new();
    loop {
        let filed = visitor.file(&[("a.story", "Un récit")], &[]).await;
        let Some(code) = filed.ok().and_then(|page| page.code().ok()) else { return receipts };
        receipts.push(code);
    }
}

async fn cases_of(installation: &Installation, receipt: &str) -> Result<i64> {
    let db = Database::connect(installation.cases_url()).await?;
    let mailbox = Receipt::parse(receipt)?.locator().mailbox_id().as_bytes().to_vec();
    let sql = "SELECT count(*) AS count FROM cases WHERE mailbox = $1";
    let query = Statement::from_sql_and_values(db.get_database_backend(), sql, [mailbox.into()]);
    let count = db.query_one_raw(query).await?.unwrap().try_get("", "count")?;
    db.close().await?;
    Ok(count)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn power_cuts_of_both_machines_lose_and_double_nothing_that_was_acknowledged() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let installation = create(folder.path())?;
    let disks = Disks::below(folder.path())?;
    let (intake, case_handler) = disks.start(&installation)?;
    installation.publish()?;
    let mut office = Office { installation, intake, case_handler };
    let (mut receipts, mut rng) = (Vec::new(), StdRng::seed_from_u64(4));
    for _ in 0..CUTS {
        let visitor = office.visitor("fr").await?;
        let reporters: Vec<_> = (0..3).map(|_| tokio::spawn(report_on(visitor.clone()))).collect();
        tokio::time::sleep(Duration::from_millis(rng.gen_range(1500..3500))).await;
        let Office { installation, intake, case_handler } = office;
        intake.kill()?;
        case_handler.kill()?;
        for reporter in reporters {
            receipts.extend(reporter.await?);
        }
        disks.spool.cut()?;
        disks.cases.cut()?;
        let (intake, case_handler) = disks.start(&installation)?;
        office = Office { installation, intake, case_handler };
    }
    assert!(receipts.len() >= CUTS, "only {} reports were acknowledged", receipts.len());
    office.queue("inspector-1", receipts.len()).await?;
    for receipt in &receipts {
        assert_eq!(cases_of(&office.installation, receipt).await?, 1, "of {} receipts", receipts.len());
    }
    office.installation.as_person("outside-1", &["audit", "verify"])?;
    println!(
        "{} acknowledged reports, {CUTS} power cuts of both machines: all there, each once",
        receipts.len()
    );
    Ok(())
}

/// The test of the test: on a disk that lies, what was acknowledged is lost, and that is seen.
#[tokio::test]
async fn a_disk_that_lies_about_syncing_loses_what_was_acknowledged() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let installation = create(folder.path())?;
    let disk = Disk::new(&folder.path().join("spool.sqlite"), &folder.path().join("spool-disk"))?.lying();
    let intake = Running::start("intake", disk.under(installation.intake()?), &installation.log("intake"))?;
    let url = format!("{}/api/reports", installation.public_url());
    let posted = reqwest::Client::new().post(&url).body(age_hybrid::sealed_looking(32_768, 7)).send().await?;
    assert_eq!(posted.status(), StatusCode::CREATED);
    intake.kill()?;
    disk.cut()?;
    let _intake = installation.start_intake()?;
    let db = Database::connect(format!("sqlite://{}", folder.path().join("spool.sqlite").display())).await?;
    let query =
        Statement::from_string(db.get_database_backend(), "SELECT count(*) AS count FROM submissions");
    assert_eq!(db.query_one_raw(query).await?.unwrap().try_get::<i64>("", "count")?, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_full_or_read_only_is_said_and_all_goes_on_when_it_is_mended() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let installation = create(folder.path())?;
    let disks = Disks::below(folder.path())?;
    let (intake, case_handler) = disks.start(&installation)?;
    installation.publish()?;
    let office = Office { installation, intake, case_handler };
    let visitor = office.visitor("fr").await?;
    let mut receipts = Vec::new();
    for error in [FULL, READ_ONLY] {
        // At the intake: nothing is acknowledged, and everybody is told so.
        disks.spool.fails_with(Some(error))?;
        let refused = visitor.file(&[("a.story", "Un récit")], &[]).await?;
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{}", refused.heading());
        assert!(refused.code().is_err());
        disks.spool.fails_with(None)?;
        receipts.push(visitor.file(&[("a.story", "Un récit")], &[]).await?.code()?);
        office.queue("inspector-1", receipts.len()).await?;

        // At the case handler: the intake goes on taking reports, and keeps them.
        disks.cases.fails_with(Some(error))?;
        receipts.push(visitor.file(&[("a.story", "Un récit")], &[]).await?.code()?);
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(office.queue("inspector-1", 0).await?.len(), receipts.len() - 1);
        disks.cases.fails_with(None)?;
        office.queue("inspector-1", receipts.len()).await?;
    }
    for receipt in &receipts {
        assert_eq!(cases_of(&office.installation, receipt).await?, 1);
    }
    let said = |service: &str| std::fs::read_to_string(office.installation.log(service)).unwrap();
    assert!(said("intake").contains("the spool's disk"), "{}", said("intake"));
    assert!(said("case-handler").contains("the database failed"), "{}", said("case-handler"));
    assert!(said("case-handler").contains("collecting works again"));
    office.installation.as_person("outside-1", &["audit", "verify"])?;
    Ok(())
}
