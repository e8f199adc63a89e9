//! Faulty disks under both services as real processes: no acknowledged report is lost, and both
//! services recover without help.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Result;
use protocol::receipt::Receipt;
use rand::{Rng, SeedableRng, rngs::StdRng};
use reqwest::StatusCode;
use scenarios::{
    ReporterBrowser, RunningInstallation,
    disk::{ENOSPC, EROFS, FaultyDisk},
    programs_dir,
};
use sea_orm::{ConnectionTrait, Database, Statement};
use xtask::{ChildService, Installation, InstallationSettings};

/// Number of power cuts.
const POWER_CUTS: usize = 4;

struct FaultyDisks {
    spool: FaultyDisk,
    cases: FaultyDisk,
}

impl FaultyDisks {
    fn create_in(folder: &Path) -> Result<Self> {
        let disk = |name: &str| {
            FaultyDisk::new(
                &folder.join(format!("{name}.sqlite")),
                &folder.join(format!("{name}-disk")),
            )
        };
        Ok(Self { spool: disk("spool")?, cases: disk("cases")? })
    }

    fn start_intake(&self, installation: &Installation) -> Result<ChildService> {
        ChildService::start(
            "intake",
            self.spool.attach(installation.intake_command()?),
            &installation.log_path("intake"),
        )
    }

    fn start_services(&self, installation: &Installation) -> Result<(ChildService, ChildService)> {
        let handler = self.cases.attach(installation.case_handler_command()?);
        let intake = self.start_intake(installation)?;
        Ok((
            intake,
            ChildService::start("case-handler", handler, &installation.log_path("case-handler"))?,
        ))
    }
}

fn create_installation(folder: &Path) -> Result<Installation> {
    drop(rustls::crypto::ring::default_provider().install_default());
    Installation::create(folder, &programs_dir()?, InstallationSettings::default())
}

/// Submits one report after the other until a request fails. Returns the receipts.
async fn submit_until_failure(visitor: ReporterBrowser) -> Vec<String> {
    let mut receipts = Vec::new();
    loop {
        let filed = visitor.submit_report(&[("a.story", "Un récit")], &[]).await;
        let Some(code) = filed.ok().and_then(|page| page.receipt_code().ok()) else {
            return receipts;
        };
        receipts.push(code);
    }
}

async fn count_cases(installation: &Installation, receipt: &str) -> Result<i64> {
    let db = Database::connect(installation.case_handler_store_url()).await?;
    let mailbox = Receipt::parse(receipt)?.locator().mailbox_id().as_bytes().to_vec();
    let sql = "SELECT count(*) AS count FROM cases WHERE mailbox = $1";
    let query = Statement::from_sql_and_values(db.get_database_backend(), sql, [mailbox.into()]);
    let count = db.query_one_raw(query).await?.unwrap().try_get("", "count")?;
    db.close().await?;
    Ok(count)
}

/// Returns the number of cases of a receipt, at the latest after a minute. Reports whose
/// acknowledgement the power cut prevented are collected too, so that the number of all cases does
/// not show that the acknowledged ones have arrived.
async fn wait_for_case_of(installation: &Installation, receipt: &str) -> Result<i64> {
    let start = Instant::now();
    loop {
        let count = count_cases(installation, receipt).await?;
        if count > 0 || start.elapsed() > Duration::from_mins(1) {
            return Ok(count);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn power_cuts_of_both_machines_lose_and_double_nothing_that_was_acknowledged() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let installation = create_installation(folder.path())?;
    let disks = FaultyDisks::create_in(folder.path())?;
    let (intake, case_handler) = disks.start_services(&installation)?;
    installation.publish()?;
    let mut running = RunningInstallation { installation, intake, case_handler };
    let (mut receipts, mut rng) = (Vec::new(), StdRng::seed_from_u64(4));
    for _ in 0..POWER_CUTS {
        let visitor = running.reporter("fr").await?;
        let reporters: Vec<_> =
            (0..3).map(|_| tokio::spawn(submit_until_failure(visitor.clone()))).collect();
        tokio::time::sleep(Duration::from_millis(rng.gen_range(1500..3500))).await;
        let RunningInstallation { installation, intake, case_handler } = running;
        intake.kill()?;
        case_handler.kill()?;
        for reporter in reporters {
            receipts.extend(reporter.await?);
        }
        disks.spool.cut_power()?;
        disks.cases.cut_power()?;
        let (intake, case_handler) = disks.start_services(&installation)?;
        running = RunningInstallation { installation, intake, case_handler };
    }
    assert!(receipts.len() >= POWER_CUTS, "only {} reports were acknowledged", receipts.len());
    running.wait_for_cases("inspector-1", receipts.len()).await?;
    for receipt in &receipts {
        assert_eq!(
            wait_for_case_of(&running.installation, receipt).await?,
            1,
            "of {} receipts",
            receipts.len()
        );
    }
    running.installation.run_as("outside-1", &["audit", "verify"])?;
    println!(
        "{} acknowledged reports, {POWER_CUTS} power cuts of both machines: all there, each once",
        receipts.len()
    );
    Ok(())
}

/// The control of the test: on a disk that ignores syncs, acknowledged reports are lost, and the
/// test detects it.
#[tokio::test]
async fn the_power_cut_test_detects_a_disk_that_ignores_sync() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let installation = create_installation(folder.path())?;
    let disk =
        FaultyDisk::new(&folder.path().join("spool.sqlite"), &folder.path().join("spool-disk"))?
            .ignoring_sync();
    let intake = ChildService::start(
        "intake",
        disk.attach(installation.intake_command()?),
        &installation.log_path("intake"),
    )?;
    let url = format!("{}/api/reports", installation.public_url());
    let posted =
        reqwest::Client::new().post(&url).body(age_hybrid::decoy_file(32_768, 7)).send().await?;
    assert_eq!(posted.status(), StatusCode::CREATED);
    intake.kill()?;
    disk.cut_power()?;
    let _intake = installation.start_intake()?;
    let db =
        Database::connect(format!("sqlite://{}", folder.path().join("spool.sqlite").display()))
            .await?;
    let query = Statement::from_string(
        db.get_database_backend(),
        "SELECT count(*) AS count FROM submissions",
    );
    assert_eq!(db.query_one_raw(query).await?.unwrap().try_get::<i64>("", "count")?, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_or_read_only_disk_is_reported_and_the_services_recover_after_its_repair()
-> Result<()> {
    let folder = tempfile::tempdir()?;
    let installation = create_installation(folder.path())?;
    let disks = FaultyDisks::create_in(folder.path())?;
    let (intake, case_handler) = disks.start_services(&installation)?;
    installation.publish()?;
    let running = RunningInstallation { installation, intake, case_handler };
    let visitor = running.reporter("fr").await?;
    let mut receipts = Vec::new();
    for error in [ENOSPC, EROFS] {
        // At the intake: nothing is acknowledged, and every client gets an error.
        disks.spool.fail_writes(Some(error))?;
        let refused = visitor.submit_report(&[("a.story", "Un récit")], &[]).await?;
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{}", refused.heading());
        assert!(refused.receipt_code().is_err());
        disks.spool.fail_writes(None)?;
        receipts
            .push(visitor.submit_report(&[("a.story", "Un récit")], &[]).await?.receipt_code()?);
        running.wait_for_cases("inspector-1", receipts.len()).await?;

        // At the case handler: the intake continues to accept reports and stores them.
        disks.cases.fail_writes(Some(error))?;
        receipts
            .push(visitor.submit_report(&[("a.story", "Un récit")], &[]).await?.receipt_code()?);
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(running.wait_for_cases("inspector-1", 0).await?.len(), receipts.len() - 1);
        disks.cases.fail_writes(None)?;
        running.wait_for_cases("inspector-1", receipts.len()).await?;
    }
    for receipt in &receipts {
        assert_eq!(count_cases(&running.installation, receipt).await?, 1);
    }
    let log =
        |service: &str| std::fs::read_to_string(running.installation.log_path(service)).unwrap();
    assert!(log("intake").contains("disk of the spool"), "{}", log("intake"));
    assert!(log("case-handler").contains("database error"), "{}", log("case-handler"));
    assert!(log("case-handler").contains("collection recovered"));
    running.installation.run_as("outside-1", &["audit", "verify"])?;
    Ok(())
}
