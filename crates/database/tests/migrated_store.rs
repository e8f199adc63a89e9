//! Migrated stores are not opened again, commands leave files that the service can open, and an
//! unreadable backup is not reported as broken.
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
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};

/// Creates a file with the schema, as a service would leave it.
async fn create_store(path: &Path) -> DatabaseUrl {
    let url = DatabaseUrl::Sqlite(path.to_owned());
    assert!(!url.exists().await.unwrap());
    url.migrate::<Migrator>().await.unwrap();
    assert!(url.exists().await.unwrap());
    url
}

/// Returns the tables that the migrations created in a file, those that refer to others first.
async fn tables_of_the_schema(db: &DatabaseConnection) -> Vec<String> {
    let query = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' \
                 AND name <> 'seaql_migrations' ORDER BY rowid DESC";
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Sqlite, query)).await.unwrap();
    assert!(!rows.is_empty(), "the migrations created tables");
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

#[tokio::test]
async fn a_migrated_file_is_not_opened_until_its_rows_are_restored() {
    let folder = tempfile::tempdir().unwrap();
    let old = create_store(&folder.path().join("spool.sqlite")).await;
    let server = test_postgres::shared_cluster().unwrap().create_database().unwrap();
    let to: DatabaseUrl = server.parse().unwrap();
    assert!(!to.exists().await.unwrap());
    move_rows::<Migrator>(&old, &to, &[]).await.unwrap_err();
    assert_eq!(old.read_moved_marker().unwrap(), None, "nothing was copied, so there is no marker");
    // The copy refuses unknown tables, so the test drops those that it does not need.
    let db = old.connect(PoolOptions::with_connections(1)).await.unwrap();
    for table in tables_of_the_schema(&db).await {
        db.execute_unprepared(&format!("DROP TABLE {table}")).await.unwrap();
    }
    db.close().await.unwrap();
    let empty = DatabaseUrl::Sqlite(folder.path().join("new.sqlite"));
    let migrated = move_rows::<Migrator>(&old, &empty, &[]).await;
    migrated.unwrap();
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
async fn a_store_in_use_is_detected() {
    let folder = tempfile::tempdir().unwrap();
    let file = create_store(&folder.path().join("spool.sqlite")).await;
    let server: DatabaseUrl =
        test_postgres::shared_cluster().unwrap().create_database().unwrap().parse().unwrap();
    for url in [file, server] {
        assert!(!url.is_in_use().await.unwrap(), "{url}");
        let lock = url.acquire_writer_lock().await.unwrap();
        let connection = url.connect(PoolOptions::with_connections(1)).await.unwrap();
        assert!(url.is_in_use().await.unwrap(), "{url}");
        drop((lock, connection.close().await));
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_named() {
    let url: DatabaseUrl = "postgres://me:secret@127.0.0.1:1/cases".parse().unwrap();
    for error in [
        url.migrate::<Migrator>().await.unwrap_err(),
        url.exists().await.unwrap_err(),
        url.acquire_writer_lock().await.map(drop).unwrap_err(),
    ] {
        let error = error.to_string();
        assert!(error.contains("127.0.0.1:1/cases") && !error.contains("secret"), "{error}");
        assert!(error.contains("refused"), "the server's own error: {error}");
    }
}

#[tokio::test]
async fn files_created_by_root_belong_to_the_owner_of_the_folder() {
    const OWNER_UID: u32 = 54_321;
    let folder = tempfile::tempdir().unwrap();
    let missing = DatabaseUrl::Sqlite(folder.path().join("nowhere/spool.sqlite"));
    let error = missing.check_account().unwrap_err();
    assert!(error.to_string().contains("install -d -m 0700"), "{error}");
    if !rustix::process::geteuid().is_root() {
        // Another account cannot change the owner of files.
        return;
    }
    chown(folder.path(), Some(OWNER_UID), Some(OWNER_UID)).unwrap();
    let path = folder.path().join("spool.sqlite");
    let url = DatabaseUrl::Sqlite(path.clone());
    assert_eq!(url.owner_if_other().unwrap(), Some(OWNER_UID.to_string()));
    url.check_account().unwrap();
    drop(url.acquire_writer_lock().await.unwrap());
    url.migrate::<Migrator>().await.unwrap();
    for entry in fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
        assert_eq!(entry.metadata().unwrap().uid(), OWNER_UID, "{:?}", entry.file_name());
    }
    assert!(folder.path().join("spool.sqlite.lock").exists());
    // A copy by root still belongs to the service's store, and is listed as a file that the service
    // cannot open.
    assert_eq!(url.misowned_files().unwrap(), None);
    chown(&path, Some(0), Some(0)).unwrap();
    assert_eq!(url.owner_if_other().unwrap(), Some(OWNER_UID.to_string()));
    assert_eq!(url.misowned_files().unwrap(), Some((vec![path], OWNER_UID.to_string())));
    // A compromised service must not get a file of root through a link in its folder.
    let others = tempfile::NamedTempFile::new().unwrap();
    symlink(others.path(), folder.path().join("spool.sqlite.moved")).unwrap();
    url.migrate::<Migrator>().await.unwrap();
    assert_eq!(fs::metadata(others.path()).unwrap().uid(), 0);
}

#[test]
fn an_unreadable_backup_is_not_reported_as_broken() {
    let folder = tempfile::tempdir().unwrap();
    let backup_folder = folder.path().join("backup");
    let backup = BackupFolder::new(&backup_folder, "spool.sqlite");
    assert!(matches!(backup.verify(), Err(BackupError::NotFound(_))));
    fs::create_dir(&backup_folder).unwrap();
    assert!(matches!(backup.verify(), Err(BackupError::Incomplete(_))));
    fs::write(backup_folder.join("spool.sqlite"), "rows").unwrap();
    backup.finalize().unwrap();
    assert_eq!(backup.verify().unwrap(), 1);
    // A folder in place of the file is as unreadable for root as a protected file is for others.
    for name in ["SHA256SUMS", "spool.sqlite"] {
        let (file, saved) = (backup_folder.join(name), folder.path().join("kept"));
        fs::rename(&file, &saved).unwrap();
        fs::create_dir(&file).unwrap();
        let error = backup.verify().unwrap_err();
        assert!(matches!(error, BackupError::Io { .. }), "{name}: {error}");
        assert!(!error.to_string().contains("earlier"), "{error}");
        fs::remove_dir(&file).unwrap();
        assert!(matches!(backup.verify(), Err(BackupError::Incomplete(_))), "{name} is missing");
        fs::rename(&saved, &file).unwrap();
    }
    if !rustix::process::geteuid().is_root() {
        fs::set_permissions(&backup_folder, fs::Permissions::from_mode(0o000)).unwrap();
        let error = backup.verify().unwrap_err();
        assert!(error.to_string().contains("the backup itself may be valid"), "{error}");
        fs::set_permissions(&backup_folder, fs::Permissions::from_mode(0o700)).unwrap();
    }
}
