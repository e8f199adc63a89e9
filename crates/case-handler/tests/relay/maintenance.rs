//! Backup, verification, restore, and migration to another database.

use std::{fs, path::Path};

use case_handler::{
    Config,
    doctor::check_quarantine_size,
    event_log,
    maintenance::{self, MaintenanceCommand},
    saved_clock::{ClockAnchor, SavedClock, UnsettledMove},
    store::{CaseStore, PartObjectStore, QuarantinedSubmission},
};
use doctor::Severity;
use protocol::keys::TransportIdentity;
use secrecy::ExposeSecret as _;
use service_kit::StoreCommand;
use time::macros::date;
use uuid::Uuid;
use web::Uptime;

use super::{
    DESK_MEMBERS,
    common::{HandlerFixture, on_postgres},
    intake::write_certificates,
    service::configure,
};

pub(super) async fn run_maintenance(
    config: &Config,
    command: StoreCommand,
) -> Result<String, String> {
    maintenance::run(config, MaintenanceCommand::Store(command))
        .await
        .map(|lines| lines.join("\n"))
        .map_err(|error| format!("{error:#}"))
}

fn sqlite_url(folder: &Path) -> String {
    format!("file://{}", folder.display())
}

/// Returns a recorded clock with a date that is disputed.
fn disputed_clock() -> SavedClock {
    let uptime = Uptime { boot_id: "1".to_owned(), seconds: 60 };
    SavedClock {
        latest_date: Some(date!(2026 - 11 - 23)),
        anchor: Some(ClockAnchor { uptime, clock: 1_795_600_000 }),
        unsettled: Some(UnsettledMove { previous: date!(2026 - 11 - 22), disputed: true }),
    }
}

/// Returns a store with parts of both kinds: rows, and objects in a folder.
async fn filled_store(folder: &Path) -> (HandlerFixture, Config) {
    let mut handler = HandlerFixture::new().await;
    write_certificates(folder);
    let mut config = configure(&handler, folder, "https://127.0.0.1:1");
    config.store.parts_url = Some(sqlite_url(&folder.join("parts")));
    handler
        .set_object_store(PartObjectStore::open(&sqlite_url(&folder.join("parts")), []).unwrap())
        .await;
    for _ in 0..5 {
        let (mut report, _) = handler.new_report(&DESK_MEMBERS);
        report.attachments.push((0..400_000).map(|n| u8::try_from(n % 251).unwrap()).collect());
        Box::pin(handler.ingest(&report)).await.unwrap();
    }
    handler.store.save_clock(&disputed_clock()).await.unwrap();
    (handler, config)
}

/// Returns the configuration of an empty machine with the same keys.
pub(super) fn empty_config(config: &Config, folder: &Path) -> Config {
    let mut empty =
        Config::load(&config.directory.trust.with_file_name("case-handler.toml")).unwrap();
    empty.store.url = if on_postgres() {
        test_postgres::shared_cluster().unwrap().create_database().unwrap()
    } else {
        format!("sqlite://{}", folder.join("restored.sqlite").display())
    };
    empty.store.parts_url = Some(sqlite_url(&folder.join("restored parts")));
    empty
}

#[tokio::test]
async fn a_backup_restores_every_case_on_an_empty_machine() {
    let folder = tempfile::tempdir().unwrap();
    let (handler, config) = filled_store(folder.path()).await;
    let backup = || folder.path().join("backup");
    // While the service runs.
    let backed_up =
        run_maintenance(&config, StoreCommand::Backup { folder: backup() }).await.unwrap();
    assert!(backed_up.contains("cases: 5 rows"), "{backed_up}");
    assert_eq!(fs::read_dir(backup().join("parts")).unwrap().count(), 10);
    let verified =
        run_maintenance(&config, StoreCommand::VerifyBackup { folder: backup() }).await.unwrap();
    for line in ["log verified: 5 events", "15 sealed parts", "the configured keys match"] {
        assert!(verified.contains(line), "{verified}");
    }
    let running =
        run_maintenance(&config, StoreCommand::Restore { folder: backup() }).await.unwrap_err();
    assert!(running.contains("stop the service first"), "{running}");
    handler.store.release_writer().await.unwrap();
    let full =
        run_maintenance(&config, StoreCommand::Restore { folder: backup() }).await.unwrap_err();
    assert!(full.contains("target database is not empty"), "{full}");

    let empty = empty_config(&config, folder.path());
    run_maintenance(&empty, StoreCommand::Restore { folder: backup() }).await.unwrap();
    let objects = PartObjectStore::open(empty.store.parts_url.as_ref().unwrap(), []).unwrap();
    let restored =
        CaseStore::open(&empty.store.url).await.unwrap().with_object_store(Some(objects));
    assert_eq!(event_log::verify_chains(&restored).await.unwrap(), 5);
    assert_eq!(restored.verify_parts().await.unwrap(), 15);
    assert_eq!(restored.saved_clock().await.unwrap(), disputed_clock());
    for number in 0..5 {
        let case = restored.events_after(number, 1).await.unwrap()[0].case;
        assert_eq!(restored.parts(case).await.unwrap(), handler.store.parts(case).await.unwrap());
    }
}

#[tokio::test]
async fn verify_backup_finds_faults_before_a_restore() {
    let folder = tempfile::tempdir().unwrap();
    let (_world, config) = filled_store(folder.path()).await;
    let backup = || folder.path().join("backup");
    run_maintenance(&config, StoreCommand::Backup { folder: backup() }).await.unwrap();
    let verify_backup =
        async || run_maintenance(&config, StoreCommand::VerifyBackup { folder: backup() }).await;

    // The medium changes one byte, or loses a file.
    let part = fs::read_dir(backup().join("parts")).unwrap().next().unwrap().unwrap().path();
    let valid = fs::read(&part).unwrap();
    let mut damaged = valid.clone();
    damaged[7] ^= 1;
    fs::write(&part, damaged).unwrap();
    assert!(verify_backup().await.unwrap_err().contains("checksum mismatch"));
    fs::remove_file(&part).unwrap();
    assert!(verify_backup().await.is_err());
    fs::write(&part, valid).unwrap();
    verify_backup().await.unwrap();

    // The backup needs keys other than the installed ones.
    let other = TransportIdentity::from_seed(&[9; 32]).as_identity().to_string();
    fs::write(folder.path().join("transport.key"), other.expose_secret()).unwrap();
    let wrong = verify_backup().await.unwrap_err();
    assert!(wrong.contains("needs keys other than") && wrong.contains("keys.transport"), "{wrong}");
}

#[tokio::test]
async fn doctor_warns_before_the_quarantine_is_full() {
    let handler = HandlerFixture::new().await;
    let url = handler.url.parse().unwrap();
    let mut found = vec![check_quarantine_size(&url, 1).await.unwrap().state];
    for (id, kib) in [(1, 400), (2, 200), (3, 400)] {
        let transaction = handler.store.begin_write().await.unwrap();
        let submission = QuarantinedSubmission {
            id: Uuid::from_u128(id),
            day: handler.clock.today(),
            reason: "test".to_owned(),
            retry: true,
            case: None,
            bytes: vec![0; kib * 1024].into(),
        };
        transaction.quarantine(submission).await.unwrap();
        transaction.commit().await.unwrap();
        found.push(check_quarantine_size(&url, 1).await.unwrap().state);
    }
    assert_eq!(found, [Severity::Ok, Severity::Ok, Severity::Warning, Severity::Error]);
}

#[tokio::test]
async fn cases_migrate_to_postgres_with_every_row() {
    let folder = tempfile::tempdir().unwrap();
    let (handler, config) = filled_store(folder.path()).await;
    let to = test_postgres::shared_cluster().unwrap().create_database().unwrap();
    let migrate_to = async || {
        run_maintenance(&config, StoreCommand::MigrateTo { to: to.parse().unwrap() }).await
    };
    if on_postgres() {
        assert!(migrate_to().await.unwrap_err().contains("already a PostgreSQL database"));
        return;
    }
    assert!(migrate_to().await.unwrap_err().contains("stop the service first"));
    handler.store.release_writer().await.unwrap();
    let migrated = migrate_to().await.unwrap();
    assert!(
        migrated.contains("cases: 5 rows") && migrated.contains("compared and equal"),
        "{migrated}"
    );
    assert!(migrate_to().await.unwrap_err().contains("target database is not empty"));
    // No service and no backup opens the old file again.
    let old =
        run_maintenance(&config, StoreCommand::Backup { folder: folder.path().join("backup") })
            .await
            .unwrap_err();
    assert!(old.contains("was moved to postgres://"), "{old}");
    let started = CaseStore::open(&config.store.url).await.unwrap_err().to_string();
    assert!(started.contains("was moved to postgres://"), "{started}");
    let url = config.store.url.parse().unwrap();
    assert!(
        maintenance::ensure_exists(&url).await.unwrap_err().to_string().contains("was moved to")
    );
    let objects = PartObjectStore::open(config.store.parts_url.as_ref().unwrap(), []).unwrap();
    let target = CaseStore::open(&to).await.unwrap().with_object_store(Some(objects));
    assert_eq!(event_log::verify_chains(&target).await.unwrap(), 5);
    assert_eq!(target.verify_parts().await.unwrap(), 15);
    assert_eq!(target.saved_clock().await.unwrap(), disputed_clock());
}
