//! Backing up, rehearsing, restoring, moving from one engine to the other.

use std::{collections::BTreeSet, fs, path::PathBuf};

use crate::common::{Installation, Intake};
use database::{CopyError, Place, Pool};
use envelope::{Hash, mailbox::MAILBOX_LEN};
use intake::{
    config::Config,
    upkeep::{self, Task, UpkeepError},
};
use migrations_intake::Migrator;
use reqwest::StatusCode;
use sea_orm::ConnectionTrait;

fn sealed(len: usize, seed: u64) -> Vec<u8> {
    age_hybrid::sealed_looking(len, seed)
}

fn postgres() -> String {
    throwaway_postgres::shared().unwrap().database().unwrap()
}

async fn run(config: &Config, task: Task) -> Result<String, UpkeepError> {
    Ok(upkeep::run(config, task).await?.join("\n"))
}

/// An intake with everything that a spool can hold, on a file.
async fn filled() -> (Intake, BTreeSet<Vec<u8>>) {
    let intake = Intake::open().await;
    let sent: BTreeSet<_> = (0..20).map(|n| sealed(32_768, n)).chain([sealed(1 << 20, 99)]).collect();
    for bytes in &sent {
        assert_eq!(intake.post("/api/reports", bytes.clone()).await.status(), StatusCode::CREATED);
    }
    let mailboxes: Vec<_> = (0..9).map(|n| (Hash::of(&[&[n]]), vec![n; MAILBOX_LEN])).collect();
    assert_eq!(intake.put_mailboxes(&mailboxes).await, StatusCode::NO_CONTENT);
    (intake, sent)
}

/// What comes out of an intake: everything that waits, the directory, and a decoy, which grows from the spool's seed.
async fn holds(intake: &Intake) -> (BTreeSet<Vec<u8>>, Vec<u8>, Vec<u8>) {
    let waiting = intake.pull(100).await.into_iter().map(|(_, bytes)| bytes).collect();
    let directory = intake.get("/directory.json").await.bytes().await.unwrap().to_vec();
    let decoy = intake.post("/api/mailbox", vec![7; 32]).await.bytes().await.unwrap().to_vec();
    (waiting, directory, decoy)
}

fn at(folder: &tempfile::TempDir, name: &str) -> PathBuf {
    folder.path().join(name)
}

#[tokio::test]
async fn a_spool_moves_to_postgres_and_from_there_into_a_backup_and_back_with_every_row() {
    let (intake, sent) = filled().await;
    let before = holds(&intake).await;
    assert_eq!(before.0, sent);
    let folder = tempfile::tempdir().unwrap();

    // A running intake is backed up, but not moved.
    let url = postgres();
    let to: Place = url.parse().unwrap();
    let live = run(&intake.installation.config, Task::Backup { folder: at(&folder, "live") }).await.unwrap();
    assert!(live.contains("submissions: 21 rows"), "{live}");
    let moving = run(&intake.installation.config, Task::MoveTo { to: to.clone() }).await;
    assert!(matches!(moving, Err(UpkeepError::Open(_))), "{moving:?}");

    let mut installation = intake.stop().await;
    let nowhere = Config {
        spool: intake::config::Spool {
            path: at(&folder, "none.sqlite"),
            ..installation.config.spool.clone()
        },
        ..installation.config.clone()
    };
    for task in [Task::Backup { folder: at(&folder, "x") }, Task::MoveTo { to: to.clone() }] {
        let missing = run(&nowhere, task).await.unwrap_err();
        assert!(missing.to_string().contains("restore a backup"), "{missing}");
    }
    let moved = run(&installation.config, Task::MoveTo { to: to.clone() }).await.unwrap();
    assert!(moved.contains("submissions: 21 rows") && moved.contains("mailboxes: 10 rows"), "{moved}");
    let again = run(&installation.config, Task::MoveTo { to }).await;
    assert!(matches!(again, Err(UpkeepError::Copy(CopyError::NotEmpty(_)))), "{again:?}");
    // Neither a start nor a backup opens the old file again.
    let old = run(&installation.config, Task::Backup { folder: at(&folder, "old") }).await.unwrap_err();
    assert!(old.to_string().contains("was moved to postgres://"), "{old}");
    let started = intake::app::Bound::bind(&installation.config, installation.clock.clone()).await;
    assert!(started.err().unwrap().to_string().contains("was moved to postgres://"));
    installation.config.spool.url = Some(url);
    let moving = run(&installation.config, Task::MoveTo { to: postgres().parse().unwrap() }).await;
    assert!(matches!(moving, Err(UpkeepError::Shared)), "{moving:?}");
    let intake = installation.start().await;
    assert_eq!(holds(&intake).await, before);

    // From PostgreSQL into a folder, and from there into a file on an empty machine.
    let backup = at(&folder, "backup");
    let taken = run(&intake.installation.config, Task::Backup { folder: backup.clone() }).await.unwrap();
    assert_eq!(taken, live, "the same rows have the same digests on either engine");
    let mut installation = intake.stop().await;
    let rehearsed = run(&installation.config, Task::Rehearse { folder: backup.clone() }).await.unwrap();
    assert!(rehearsed.contains("21 submissions wait in it"), "{rehearsed}");
    installation.config.spool.url = None;
    installation.config.spool.path = at(&folder, "restored.sqlite");
    run(&installation.config, Task::Restore { folder: backup.clone() }).await.unwrap();
    let again = run(&installation.config, Task::Restore { folder: backup }).await;
    assert!(matches!(again, Err(UpkeepError::Copy(CopyError::NotEmpty(_)))), "{again:?}");
    let intake = installation.start().await;
    assert_eq!(holds(&intake).await, before);
}

#[tokio::test]
async fn what_changes_on_the_way_is_noticed_and_nothing_of_it_is_kept() {
    let (intake, _) = filled().await;
    let installation = intake.stop().await;
    let to: Place = postgres().parse().unwrap();
    to.prepare::<Migrator>().await.unwrap();
    let db = to.connect(Pool::of(1)).await.unwrap();
    db.execute_unprepared(
        "CREATE FUNCTION flip() RETURNS trigger LANGUAGE plpgsql AS \
         'BEGIN NEW.bytes := set_byte(NEW.bytes, 5, 255 - get_byte(NEW.bytes, 5)); RETURN NEW; END'; \
         CREATE TRIGGER flip BEFORE INSERT ON chunks FOR EACH ROW WHEN (NEW.position = 2) EXECUTE FUNCTION flip()",
    )
    .await
    .unwrap();
    let moved = run(&installation.config, Task::MoveTo { to: to.clone() }).await;
    assert!(matches!(moved, Err(UpkeepError::Copy(CopyError::Differs { table: "chunks", .. }))), "{moved:?}");
    db.execute_unprepared("DROP TRIGGER flip ON chunks").await.unwrap();
    run(&installation.config, Task::MoveTo { to }).await.expect("the target is still empty");
}

#[tokio::test]
async fn a_backup_that_is_not_whole_is_refused_and_says_why() {
    let (intake, _) = filled().await;
    let folder = tempfile::tempdir().unwrap();
    let backup = at(&folder, "backup");
    run(&intake.installation.config, Task::Backup { folder: backup.clone() }).await.unwrap();
    let mut installation = intake.stop().await;
    let mixed = run(&installation.config, Task::Backup { folder: backup.clone() }).await.unwrap_err();
    assert!(mixed.to_string().contains("Name a new folder"), "{mixed}");

    let refused = async |config: &Config, why: &str| {
        let (folder, again) = (backup.clone(), backup.clone());
        for task in [Task::Rehearse { folder }, Task::Restore { folder: again }] {
            let error = run(config, task).await.unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    };
    installation.config.spool.path = at(&folder, "new.sqlite");
    let good = fs::read(backup.join("spool.sqlite")).unwrap();
    let mut bad = good.clone();
    bad[good.len() / 2] ^= 1;
    fs::write(backup.join("spool.sqlite"), bad).unwrap();
    refused(&installation.config, "is not what was written").await;
    fs::write(backup.join("spool.sqlite"), &good).unwrap();
    fs::rename(backup.join("SHA256SUMS"), backup.join("sums")).unwrap();
    refused(&installation.config, "no whole backup").await;
    fs::rename(backup.join("sums"), backup.join("SHA256SUMS")).unwrap();

    // Of another installation.
    let stranger = Installation::new();
    let rehearsed = run(&stranger.config, Task::Rehearse { folder: backup.clone() }).await.unwrap_err();
    assert!(matches!(rehearsed, UpkeepError::Directory(_)), "{rehearsed}");
    run(&installation.config, Task::Restore { folder: backup }).await.unwrap();
}
