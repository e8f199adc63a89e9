//! Backing up, rehearsing, restoring, and moving to another engine.

use std::{fs, path::Path};

use case_handler::{
    Config, event_log,
    maintenance::{self, MaintenanceCommand},
    store::{CaseStore, PartObjectStore},
};
use protocol::keys::TransportIdentity;
use secrecy::ExposeSecret as _;

use super::{
    DESK_MEMBERS,
    common::{HandlerFixture, on_postgres},
    intake::write_certificates,
    service::configure,
};

async fn run_maintenance(config: &Config, task: MaintenanceCommand) -> Result<String, String> {
    maintenance::run(config, task)
        .await
        .map(|lines| lines.join("\n"))
        .map_err(|error| format!("{error:#}"))
}

fn sqlite_url(folder: &Path) -> String {
    format!("file://{}", folder.display())
}

/// Cases with parts of every kind: rows, and objects in a folder.
async fn filled_store(folder: &Path) -> (HandlerFixture, Config) {
    let mut world = HandlerFixture::new().await;
    write_certificates(folder);
    let mut config = configure(&world, folder, "https://127.0.0.1:1");
    config.store.parts_url = Some(sqlite_url(&folder.join("parts")));
    world
        .set_object_store(PartObjectStore::open(&sqlite_url(&folder.join("parts")), []).unwrap())
        .await;
    for _ in 0..5 {
        let (mut report, _) = world.new_report(&DESK_MEMBERS);
        report.attachments.push((0..400_000).map(|n| u8::try_from(n % 251).unwrap()).collect());
        world.ingest(&report).await.unwrap();
    }
    (world, config)
}

/// An empty machine with the same keys.
fn empty_config(config: &Config, folder: &Path) -> Config {
    let mut empty = Config::load(&config.directory.with_file_name("case-handler.toml")).unwrap();
    empty.store.url = if on_postgres() {
        test_postgres::shared_cluster().unwrap().create_database().unwrap()
    } else {
        format!("sqlite://{}", folder.join("restored.sqlite").display())
    };
    empty.store.parts_url = Some(sqlite_url(&folder.join("restored parts")));
    empty
}

#[tokio::test]
async fn a_backup_brings_every_case_back_on_an_empty_machine() {
    let folder = tempfile::tempdir().unwrap();
    let (world, config) = filled_store(folder.path()).await;
    let backup = || folder.path().join("backup");
    // While it runs.
    let taken =
        run_maintenance(&config, MaintenanceCommand::Backup { folder: backup() }).await.unwrap();
    assert!(taken.contains("cases: 5 rows"), "{taken}");
    assert_eq!(fs::read_dir(backup().join("parts")).unwrap().count(), 10);
    let rehearsed = run_maintenance(&config, MaintenanceCommand::VerifyBackup { folder: backup() })
        .await
        .unwrap();
    for line in ["the log is whole: 5 entries", "15 sealed parts", "the keys here are those"] {
        assert!(rehearsed.contains(line), "{rehearsed}");
    }
    let running = run_maintenance(&config, MaintenanceCommand::Restore { folder: backup() })
        .await
        .unwrap_err();
    assert!(running.contains("stop the service first"), "{running}");
    world.store.release_writer().await.unwrap();
    let full = run_maintenance(&config, MaintenanceCommand::Restore { folder: backup() })
        .await
        .unwrap_err();
    assert!(full.contains("the target is not empty"), "{full}");

    let empty = empty_config(&config, folder.path());
    run_maintenance(&empty, MaintenanceCommand::Restore { folder: backup() }).await.unwrap();
    let objects = PartObjectStore::open(empty.store.parts_url.as_ref().unwrap(), []).unwrap();
    let restored =
        CaseStore::open(&empty.store.url).await.unwrap().with_object_store(Some(objects));
    assert_eq!(event_log::verify_chain(&restored).await.unwrap(), 5);
    assert_eq!(restored.verify_parts().await.unwrap(), 15);
    for number in 0..5 {
        let (entries, _) = restored.log_entries_after(number, 1).await.unwrap();
        let case = entries[0].case;
        assert_eq!(restored.parts(case).await.unwrap(), world.store.parts(case).await.unwrap());
    }
}

#[tokio::test]
async fn verifying_a_backup_finds_what_a_restore_would_find_too_late() {
    let folder = tempfile::tempdir().unwrap();
    let (_world, config) = filled_store(folder.path()).await;
    let backup = || folder.path().join("backup");
    run_maintenance(&config, MaintenanceCommand::Backup { folder: backup() }).await.unwrap();
    let rehearse = async || {
        run_maintenance(&config, MaintenanceCommand::VerifyBackup { folder: backup() }).await
    };

    // The medium changes one byte, or loses a file.
    let part = fs::read_dir(backup().join("parts")).unwrap().next().unwrap().unwrap().path();
    let good = fs::read(&part).unwrap();
    let mut bad = good.clone();
    bad[7] ^= 1;
    fs::write(&part, bad).unwrap();
    assert!(rehearse().await.unwrap_err().contains("is not what was written"));
    fs::remove_file(&part).unwrap();
    assert!(rehearse().await.is_err());
    fs::write(&part, good).unwrap();
    rehearse().await.unwrap();

    // The keys that it needs are others than those that were kept.
    let other = TransportIdentity::from_seed(&[9; 32]).as_identity().to_string();
    fs::write(folder.path().join("transport.key"), other.expose_secret()).unwrap();
    let wrong = rehearse().await.unwrap_err();
    assert!(wrong.contains("needs other keys") && wrong.contains("keys.transport"), "{wrong}");
}

#[tokio::test]
async fn cases_move_to_postgres_with_every_row() {
    let folder = tempfile::tempdir().unwrap();
    let (world, config) = filled_store(folder.path()).await;
    let to = test_postgres::shared_cluster().unwrap().create_database().unwrap();
    let move_to = async || {
        run_maintenance(&config, MaintenanceCommand::MigrateTo { to: to.parse().unwrap() }).await
    };
    if on_postgres() {
        assert!(move_to().await.unwrap_err().contains("on PostgreSQL already"));
        return;
    }
    assert!(move_to().await.unwrap_err().contains("stop the service first"));
    world.store.release_writer().await.unwrap();
    let moved = move_to().await.unwrap();
    assert!(moved.contains("cases: 5 rows") && moved.contains("read again and equal"), "{moved}");
    assert!(move_to().await.unwrap_err().contains("the target is not empty"));
    // The old file is not opened again: neither by a service nor by a backup.
    let old = run_maintenance(
        &config,
        MaintenanceCommand::Backup { folder: folder.path().join("backup") },
    )
    .await
    .unwrap_err();
    assert!(old.contains("was moved to postgres://"), "{old}");
    let started = CaseStore::open(&config.store.url).await.unwrap_err().to_string();
    assert!(started.contains("was moved to postgres://"), "{started}");
    let place = config.store.url.parse().unwrap();
    assert!(
        maintenance::ensure_exists(&place).await.unwrap_err().to_string().contains("was moved to")
    );
    let objects = PartObjectStore::open(config.store.parts_url.as_ref().unwrap(), []).unwrap();
    let there = CaseStore::open(&to).await.unwrap().with_object_store(Some(objects));
    assert_eq!(event_log::verify_chain(&there).await.unwrap(), 5);
    assert_eq!(there.verify_parts().await.unwrap(), 15);
}
