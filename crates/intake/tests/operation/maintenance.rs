//! Backup, backup verification, restore, and migration from SQLite to PostgreSQL.

use std::{collections::BTreeSet, fs, path::PathBuf};

use crate::common::{TestInstallation, TestIntake, sqlite_url};
use database::{CopyError, DatabaseUrl, PoolOptions};
use intake::{
    config::Config,
    maintenance::{self, MaintenanceError},
};
use migrations_intake::Migrator;
use protocol::{Hash, mailbox::MAILBOX_LEN};
use reqwest::StatusCode;
use sea_orm::ConnectionTrait;
use service_kit::{StoreCommand, StoreCommandError};

fn sealed_bytes(len: usize, seed: u64) -> Vec<u8> {
    age_hybrid::decoy_file(len, seed)
}

fn postgres_url() -> String {
    test_postgres::shared_cluster().unwrap().create_database().unwrap()
}

async fn run_maintenance(config: &Config, task: StoreCommand) -> Result<String, MaintenanceError> {
    Ok(maintenance::run(config, task).await?.join("\n"))
}

/// Starts an intake on an SQLite file, with all kinds of rows in its spool.
async fn filled_intake() -> (TestIntake, BTreeSet<Vec<u8>>) {
    let intake = TestIntake::with_directory().await;
    let sent: BTreeSet<_> =
        (0..20).map(|n| sealed_bytes(32_768, n)).chain([sealed_bytes(1 << 20, 99)]).collect();
    for bytes in &sent {
        assert_eq!(intake.post("/api/reports", bytes.clone()).await.status(), StatusCode::CREATED);
    }
    let mailboxes: Vec<_> = (0..9).map(|n| (Hash::of(&[&[n]]), vec![n; MAILBOX_LEN])).collect();
    assert_eq!(intake.put_mailboxes(&mailboxes).await, StatusCode::NO_CONTENT);
    (intake, sent)
}

/// Returns what an intake serves: pending submissions, the directory, and a decoy, which depends on
/// the seed in the spool.
async fn stored_content(intake: &TestIntake) -> (BTreeSet<Vec<u8>>, Vec<u8>, Vec<u8>) {
    let waiting = intake.pull(100).await.into_iter().map(|(_, bytes)| bytes).collect();
    let directory = intake.get("/directory.json").await.bytes().await.unwrap().to_vec();
    let decoy = intake.post("/api/mailbox", vec![7; 32]).await.bytes().await.unwrap().to_vec();
    (waiting, directory, decoy)
}

fn path_in(folder: &tempfile::TempDir, name: &str) -> PathBuf {
    folder.path().join(name)
}

#[tokio::test]
async fn a_spool_migrates_to_postgres_and_from_there_into_a_backup_and_back_with_every_row() {
    let (intake, sent) = filled_intake().await;
    let before = stored_content(&intake).await;
    assert_eq!(before.0, sent);
    let folder = tempfile::tempdir().unwrap();

    // A running intake can be backed up, but not migrated.
    let url = postgres_url();
    let to: DatabaseUrl = url.parse().unwrap();
    let live = run_maintenance(
        &intake.installation.config,
        StoreCommand::Backup { folder: path_in(&folder, "live") },
    )
    .await
    .unwrap();
    assert!(live.contains("submissions: 21 rows"), "{live}");
    let moving =
        run_maintenance(&intake.installation.config, StoreCommand::MigrateTo { to: to.clone() })
            .await;
    assert!(
        matches!(moving, Err(MaintenanceError::Command(StoreCommandError::Open(_)))),
        "{moving:?}"
    );

    let mut installation = intake.stop().await;
    let without_store = Config {
        store: intake::config::StoreConfig {
            url: sqlite_url(&path_in(&folder, "none.sqlite")),
            ..installation.config.store.clone()
        },
        ..installation.config.clone()
    };
    for task in [
        StoreCommand::Backup { folder: path_in(&folder, "x") },
        StoreCommand::MigrateTo { to: to.clone() },
    ] {
        let missing = run_maintenance(&without_store, task).await.unwrap_err();
        assert!(missing.to_string().contains("restore a backup"), "{missing}");
    }
    let moved = run_maintenance(&installation.config, StoreCommand::MigrateTo { to: to.clone() })
        .await
        .unwrap();
    assert!(
        moved.contains("submissions: 21 rows") && moved.contains("mailboxes: 10 rows"),
        "{moved}"
    );
    let again = run_maintenance(&installation.config, StoreCommand::MigrateTo { to }).await;
    assert!(
        matches!(
            again,
            Err(MaintenanceError::Command(StoreCommandError::Copy(CopyError::TargetNotEmpty(_))))
        ),
        "{again:?}"
    );
    // Neither a start nor a backup opens the old file.
    let old = run_maintenance(
        &installation.config,
        StoreCommand::Backup { folder: path_in(&folder, "old") },
    )
    .await
    .unwrap_err();
    assert!(old.to_string().contains("was moved to postgres://"), "{old}");
    let started =
        intake::server::BoundServer::bind(&installation.config, installation.clock.clone()).await;
    assert!(started.err().unwrap().to_string().contains("was moved to postgres://"));
    installation.config.store.url = url;
    let moving = run_maintenance(
        &installation.config,
        StoreCommand::MigrateTo { to: postgres_url().parse().unwrap() },
    )
    .await;
    assert!(
        matches!(moving, Err(MaintenanceError::Command(StoreCommandError::AlreadyShared))),
        "{moving:?}"
    );
    let intake = installation.start().await;
    assert_eq!(stored_content(&intake).await, before);

    // From PostgreSQL into a backup, and from there into a file on an empty machine.
    let backup = path_in(&folder, "backup");
    let taken = run_maintenance(
        &intake.installation.config,
        StoreCommand::Backup { folder: backup.clone() },
    )
    .await
    .unwrap();
    assert_eq!(taken, live, "the same rows have the same digests on both databases");
    let mut installation = intake.stop().await;
    let verified = run_maintenance(
        &installation.config,
        StoreCommand::VerifyBackup { folder: backup.clone() },
    )
    .await
    .unwrap();
    assert!(verified.contains("21 pending submissions"), "{verified}");
    installation.config.store.url = sqlite_url(&path_in(&folder, "restored.sqlite"));
    run_maintenance(&installation.config, StoreCommand::Restore { folder: backup.clone() })
        .await
        .unwrap();
    let again =
        run_maintenance(&installation.config, StoreCommand::Restore { folder: backup }).await;
    assert!(
        matches!(
            again,
            Err(MaintenanceError::Command(StoreCommandError::Copy(CopyError::TargetNotEmpty(_))))
        ),
        "{again:?}"
    );
    let intake = installation.start().await;
    assert_eq!(stored_content(&intake).await, before);
}

#[tokio::test]
async fn a_row_that_changes_during_a_migration_fails_it_and_leaves_the_target_empty() {
    let (intake, _) = filled_intake().await;
    let installation = intake.stop().await;
    let to: DatabaseUrl = postgres_url().parse().unwrap();
    to.migrate::<Migrator>().await.unwrap();
    let db = to.connect(PoolOptions::with_connections(1)).await.unwrap();
    db.execute_unprepared(
        "CREATE FUNCTION flip() RETURNS trigger LANGUAGE plpgsql AS \
         'BEGIN NEW.bytes := set_byte(NEW.bytes, 5, 255 - get_byte(NEW.bytes, 5)); RETURN NEW; END'; \
         CREATE TRIGGER flip BEFORE INSERT ON chunks FOR EACH ROW WHEN (NEW.position = 2) EXECUTE FUNCTION flip()",
    )
    .await
    .unwrap();
    let moved =
        run_maintenance(&installation.config, StoreCommand::MigrateTo { to: to.clone() }).await;
    assert!(
        matches!(
            moved,
            Err(MaintenanceError::Command(StoreCommandError::Copy(CopyError::CopyMismatch {
                table: "chunks",
                ..
            })))
        ),
        "{moved:?}"
    );
    db.execute_unprepared("DROP TRIGGER flip ON chunks").await.unwrap();
    run_maintenance(&installation.config, StoreCommand::MigrateTo { to })
        .await
        .expect("the target is still empty");
}

#[tokio::test]
async fn an_incomplete_backup_is_rejected_with_a_reason() {
    let (intake, _) = filled_intake().await;
    let folder = tempfile::tempdir().unwrap();
    let backup = path_in(&folder, "backup");
    run_maintenance(&intake.installation.config, StoreCommand::Backup { folder: backup.clone() })
        .await
        .unwrap();
    let mut installation = intake.stop().await;
    let mixed =
        run_maintenance(&installation.config, StoreCommand::Backup { folder: backup.clone() })
            .await
            .unwrap_err();
    assert!(mixed.to_string().contains("Name a new folder"), "{mixed}");

    let assert_rejected = async |config: &Config, reason: &str| {
        let (folder, again) = (backup.clone(), backup.clone());
        for task in [StoreCommand::VerifyBackup { folder }, StoreCommand::Restore { folder: again }]
        {
            let error = run_maintenance(config, task).await.unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    };
    installation.config.store.url = sqlite_url(&path_in(&folder, "new.sqlite"));
    let good = fs::read(backup.join("spool.sqlite")).unwrap();
    let mut bad = good.clone();
    bad[good.len() / 2] ^= 1;
    fs::write(backup.join("spool.sqlite"), bad).unwrap();
    assert_rejected(&installation.config, "checksum mismatch").await;
    fs::write(backup.join("spool.sqlite"), &good).unwrap();
    fs::rename(backup.join("SHA256SUMS"), backup.join("sums")).unwrap();
    assert_rejected(&installation.config, "incomplete backup").await;
    fs::rename(backup.join("sums"), backup.join("SHA256SUMS")).unwrap();

    // A backup of another installation.
    let other = TestInstallation::new();
    let verified =
        run_maintenance(&other.config, StoreCommand::VerifyBackup { folder: backup.clone() })
            .await
            .unwrap_err();
    assert!(matches!(verified, MaintenanceError::UntrustedDirectory(_)), "{verified}");
    run_maintenance(&installation.config, StoreCommand::Restore { folder: backup }).await.unwrap();
}
