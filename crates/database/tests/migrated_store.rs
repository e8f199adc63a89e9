//! A store that was moved is not opened again, a task leaves files that the service can open, and
//! an unreadable backup is called so.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink},
    path::Path,
};

use database::{
    BackupError, BackupFolder, CopyError, DatabaseUrl, OpenError, PoolOptions, move_rows,
};
use migrations_intake::Migrator;
use sea_orm::ConnectionTrait as _;

/// A file with the schema, as a service would leave it.
async fn create_store(path: &Path) -> DatabaseUrl {
    let place = DatabaseUrl::Sqlite(path.to_owned());
    assert!(!place.exists().await.unwrap());
    place.migrate::<Migrator>().await.unwrap();
    assert!(place.exists().await.unwrap());
    place
}

#[tokio::test]
async fn a_moved_file_is_opened_by_nothing_until_its_rows_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let old = create_store(&folder.path().join("spool.sqlite")).await;
    let server = test_postgres::shared_cluster().unwrap().create_database().unwrap();
    let to: DatabaseUrl = server.parse().unwrap();
    assert!(!to.exists().await.unwrap());
    move_rows::<Migrator>(&old, &to, &[]).await.unwrap_err();
    assert_eq!(old.read_moved_marker().unwrap(), None, "nothing was moved, so nothing is marked");
    // A table of which nothing is known is refused; drop what this test has no use for.
    let db = old.connect(PoolOptions::with_connections(1)).await.unwrap();
    for table in ["chunks", "submissions", "mailboxes", "state"] {
        db.execute_unprepared(&format!("DROP TABLE {table}")).await.unwrap();
    }
    db.close().await.unwrap();
    let empty = DatabaseUrl::Sqlite(folder.path().join("new.sqlite"));
    let moved = move_rows::<Migrator>(&old, &empty, &[]).await;
    moved.unwrap();
    assert_eq!(old.read_moved_marker().unwrap(), Some(empty.to_string()));
    let refused = old.acquire_writer_lock().await.unwrap_err();
    assert!(
        matches!(&refused, OpenError::Moved { to, .. } if *to == empty.to_string()),
        "{refused}"
    );
    let backup = BackupFolder::new(&folder.path().join("backup"), "spool.sqlite");
    let refused = backup.create::<Migrator>(&old, &[]).await.unwrap_err();
    assert!(refused.to_string().contains("was moved to"), "{refused}");
    assert!(!folder.path().join("backup").exists());
    let elsewhere = move_rows::<Migrator>(&old, &to, &[]).await.unwrap_err();
    assert!(matches!(elsewhere, CopyError::Open(OpenError::Moved { .. })), "{elsewhere}");
    old.remove_moved_marker().unwrap();
    old.acquire_writer_lock().await.unwrap();
}

#[tokio::test]
async fn a_store_in_use_is_told_from_one_that_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let file = create_store(&folder.path().join("spool.sqlite")).await;
    let server: DatabaseUrl =
        test_postgres::shared_cluster().unwrap().create_database().unwrap().parse().unwrap();
    for place in [file, server] {
        assert!(!place.is_in_use().await.unwrap(), "{place}");
        let alone = place.acquire_writer_lock().await.unwrap();
        let writing = place.connect(PoolOptions::with_connections(1)).await.unwrap();
        assert!(place.is_in_use().await.unwrap(), "{place}");
        drop((alone, writing.close().await));
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_named() {
    let place: DatabaseUrl = "postgres://me:secret@127.0.0.1:1/cases".parse().unwrap();
    for error in [
        place.migrate::<Migrator>().await.unwrap_err(),
        place.exists().await.unwrap_err(),
        place.acquire_writer_lock().await.map(drop).unwrap_err(),
    ] {
        let error = error.to_string();
        assert!(error.contains("127.0.0.1:1/cases") && !error.contains("secret"), "{error}");
        assert!(error.contains("refused"), "the server's own error: {error}");
    }
}

#[tokio::test]
async fn what_root_makes_belongs_to_the_owner_of_the_folder() {
    const OWNER_UID: u32 = 54_321;
    let folder = tempfile::tempdir().unwrap();
    let missing = DatabaseUrl::Sqlite(folder.path().join("nowhere/spool.sqlite"));
    let error = missing.check_account().unwrap_err();
    assert!(error.to_string().contains("install -d -m 0700"), "{error}");
    if !rustix::process::geteuid().is_root() {
        // Another account cannot give files away.
        return;
    }
    chown(folder.path(), Some(OWNER_UID), Some(OWNER_UID)).unwrap();
    let path = folder.path().join("spool.sqlite");
    let place = DatabaseUrl::Sqlite(path.clone());
    assert_eq!(place.owner_if_other().unwrap(), Some(OWNER_UID.to_string()));
    place.check_account().unwrap();
    drop(place.acquire_writer_lock().await.unwrap());
    place.migrate::<Migrator>().await.unwrap();
    for entry in fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
        assert_eq!(entry.metadata().unwrap().uid(), OWNER_UID, "{:?}", entry.file_name());
    }
    assert!(folder.path().join("spool.sqlite.lock").exists());
    // A copy that root put there is still the service's to have, and named as one that it cannot
    // open.
    assert_eq!(place.misowned_files().unwrap(), None);
    chown(&path, Some(0), Some(0)).unwrap();
    assert_eq!(place.owner_if_other().unwrap(), Some(OWNER_UID.to_string()));
    assert_eq!(place.misowned_files().unwrap(), Some((vec![path], OWNER_UID.to_string())));
    // A service that was taken over must get no file of root by a link in its folder.
    let others = tempfile::NamedTempFile::new().unwrap();
    symlink(others.path(), folder.path().join("spool.sqlite.moved")).unwrap();
    place.migrate::<Migrator>().await.unwrap();
    assert_eq!(fs::metadata(others.path()).unwrap().uid(), 0);
}

#[test]
fn a_backup_that_may_not_be_read_is_not_called_broken() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("backup");
    let backup = BackupFolder::new(&at, "spool.sqlite");
    assert!(matches!(backup.verify(), Err(BackupError::NotFound(_))));
    fs::create_dir(&at).unwrap();
    assert!(matches!(backup.verify(), Err(BackupError::Incomplete(_))));
    fs::write(at.join("spool.sqlite"), "rows").unwrap();
    backup.finalize().unwrap();
    assert_eq!(backup.verify().unwrap(), 1);
    // A folder in the place of the sums is as unreadable for root as a closed one is for others.
    for name in ["SHA256SUMS", "spool.sqlite"] {
        let (file, kept) = (at.join(name), folder.path().join("kept"));
        fs::rename(&file, &kept).unwrap();
        fs::create_dir(&file).unwrap();
        let error = backup.verify().unwrap_err();
        assert!(matches!(error, BackupError::Io { .. }), "{name}: {error}");
        assert!(!error.to_string().contains("earlier"), "{error}");
        fs::remove_dir(&file).unwrap();
        assert!(matches!(backup.verify(), Err(BackupError::Incomplete(_))), "{name} is missing");
        fs::rename(&kept, &file).unwrap();
    }
    if !rustix::process::geteuid().is_root() {
        fs::set_permissions(&at, fs::Permissions::from_mode(0o000)).unwrap();
        let error = backup.verify().unwrap_err();
        assert!(error.to_string().contains("nothing is said about the backup"), "{error}");
        fs::set_permissions(&at, fs::Permissions::from_mode(0o700)).unwrap();
    }
}
