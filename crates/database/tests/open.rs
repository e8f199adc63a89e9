//! Opening databases of both kinds.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use database::{DatabaseUrl, OpenError, PoolOptions};
use migrations_intake::Migrator;
use sea_orm::{ConnectionTrait, Statement, TransactionTrait as _};

fn new_database() -> DatabaseUrl {
    test_postgres::shared_cluster().unwrap().create_database().unwrap().parse().unwrap()
}

async fn migrate(url: &DatabaseUrl) -> Result<(), OpenError> {
    url.migrate::<Migrator>().await
}

#[tokio::test]
async fn services_that_start_together_create_the_schema_once() {
    let url = new_database();
    let (a, b, c) = tokio::join!(migrate(&url), migrate(&url), migrate(&url));
    a.and(b).and(c).unwrap();
}

#[tokio::test]
async fn a_server_that_would_lose_commits_is_refused() {
    let url = new_database();
    let db = url.connect(PoolOptions::with_connections(1)).await.unwrap();
    let name = url.to_string().rsplit('/').next().unwrap().to_owned();
    let unsafe_setting = format!("ALTER DATABASE {name} SET synchronous_commit = off");
    db.execute_unprepared(&unsafe_setting).await.unwrap();
    let refused = migrate(&url).await.unwrap_err();
    assert!(matches!(refused, OpenError::NotDurable("synchronous_commit")), "{refused}");
    db.execute_unprepared(&unsafe_setting.replace("off", "local")).await.unwrap();
    migrate(&url).await.unwrap();
}

#[tokio::test]
async fn only_one_process_writes_and_the_next_one_waits_for_it() {
    let folder = tempfile::tempdir().unwrap();
    for url in [DatabaseUrl::Sqlite(folder.path().join("db.sqlite")), new_database()] {
        let first = url.acquire_writer_lock().await.unwrap();
        let writer = url.connect(PoolOptions::exclusive_writer()).await.unwrap();
        let second = tokio::spawn({
            let url = url.clone();
            async move { url.acquire_writer_lock().await.map(drop) }
        });
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        assert!(!second.is_finished(), "{url}");
        writer.close().await.unwrap();
        drop(first);
        second.await.unwrap().unwrap();

        let (_first, _writing) = (
            url.acquire_writer_lock().await.unwrap(),
            url.connect(PoolOptions::exclusive_writer()).await.unwrap(),
        );
        assert!(matches!(url.acquire_writer_lock().await, Err(OpenError::InUse)), "{url}");
    }
}

#[tokio::test]
async fn after_the_server_was_restarted_the_writer_has_its_lock_again() {
    let cluster = test_postgres::PostgresCluster::start().unwrap();
    let url: DatabaseUrl = cluster.create_database().unwrap().parse().unwrap();
    let writer = url.connect(PoolOptions::exclusive_writer()).await.unwrap();
    writer.execute_unprepared("CREATE TABLE t (n int)").await.unwrap();
    cluster.crash().unwrap();
    cluster.restart().unwrap();
    // The first query notices that its connection is gone.
    while writer.execute_unprepared("INSERT INTO t VALUES (1)").await.is_err() {}
    assert!(matches!(url.acquire_writer_lock().await, Err(OpenError::InUse)));
}

/// `SQLite` rolls back a transaction by itself when a disk is full. A later commit must be durable
/// all the same.
#[tokio::test]
async fn a_commit_is_durable_after_the_database_rolled_back_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Sqlite(folder.path().join("db.sqlite"));
    let db = url.connect(PoolOptions::with_connections(1)).await.unwrap();
    db.execute_unprepared("CREATE TABLE t (n int)").await.unwrap();
    // First the database rolls back without the library's knowledge, then the library does.
    for by_the_database in [true, false] {
        let rolled_back = db.begin().await.unwrap();
        rolled_back.execute_unprepared("INSERT INTO t VALUES (1)").await.unwrap();
        if by_the_database {
            rolled_back.execute_unprepared("ROLLBACK").await.unwrap();
        }
        drop(rolled_back);
    }
    let committed = db.begin().await.unwrap();
    committed.execute_unprepared("INSERT INTO t VALUES (2)").await.unwrap();
    committed.commit().await.unwrap();
    let other = url.connect(PoolOptions::with_connections(1)).await.unwrap();
    let query = Statement::from_string(other.get_database_backend(), "SELECT n FROM t");
    let rows = other.query_all_raw(query).await.unwrap();
    let values: Vec<i32> = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    assert_eq!(values, [2], "every connection reads the committed row, and no other");
}

/// The options of `.cargo/config.toml`. A build without them works, and is slower.
#[tokio::test]
async fn sqlite_is_compiled_with_the_expected_options() {
    let folder = tempfile::tempdir().unwrap();
    let db = DatabaseUrl::Sqlite(folder.path().join("db.sqlite"))
        .connect(PoolOptions::with_connections(1))
        .await
        .unwrap();
    let all = Statement::from_string(db.get_database_backend(), "PRAGMA compile_options");
    let rows = db.query_all_raw(all).await.unwrap();
    let options: Vec<String> = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    for option in ["ENABLE_QPSG", "DEFAULT_MEMSTATUS=0"] {
        assert!(options.iter().any(|found| found == option), "{option}");
    }
    assert!(!options.iter().any(|found| found == "ENABLE_MEMORY_MANAGEMENT"));
}
