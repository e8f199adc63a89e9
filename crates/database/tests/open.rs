//! Opening on both engines.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use database::{DatabaseUrl, OpenError, PoolOptions};
use migrations_intake::Migrator;
use sea_orm::{ConnectionTrait, Statement, TransactionTrait as _};

fn new_database() -> DatabaseUrl {
    test_postgres::shared_cluster().unwrap().create_database().unwrap().parse().unwrap()
}

async fn migrate(place: &DatabaseUrl) -> Result<(), OpenError> {
    place.migrate::<Migrator>().await
}

#[tokio::test]
async fn services_that_start_at_once_make_the_schema_once() {
    let place = new_database();
    let (a, b, c) = tokio::join!(migrate(&place), migrate(&place), migrate(&place));
    a.and(b).and(c).unwrap();
}

#[tokio::test]
async fn a_server_that_would_lose_commits_is_refused() {
    let place = new_database();
    let db = place.connect(PoolOptions::with_connections(1)).await.unwrap();
    let name = place.to_string().rsplit('/').next().unwrap().to_owned();
    let lax = format!("ALTER DATABASE {name} SET synchronous_commit = off");
    db.execute_unprepared(&lax).await.unwrap();
    let refused = migrate(&place).await.unwrap_err();
    assert!(matches!(refused, OpenError::NotDurable("synchronous_commit")), "{refused}");
    db.execute_unprepared(&lax.replace("off", "local")).await.unwrap();
    migrate(&place).await.unwrap();
}

#[tokio::test]
async fn only_one_process_writes_and_the_next_one_waits_for_it() {
    let folder = tempfile::tempdir().unwrap();
    for place in [DatabaseUrl::Sqlite(folder.path().join("db.sqlite")), new_database()] {
        let first = place.acquire_writer_lock().await.unwrap();
        let writing = place.connect(PoolOptions::exclusive_writer()).await.unwrap();
        let second = tokio::spawn({
            let place = place.clone();
            async move { place.acquire_writer_lock().await.map(drop) }
        });
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        assert!(!second.is_finished(), "{place}");
        writing.close().await.unwrap();
        drop(first);
        second.await.unwrap().unwrap();

        let (_first, _writing) = (
            place.acquire_writer_lock().await.unwrap(),
            place.connect(PoolOptions::exclusive_writer()).await.unwrap(),
        );
        assert!(matches!(place.acquire_writer_lock().await, Err(OpenError::InUse)), "{place}");
    }
}

#[tokio::test]
async fn after_the_server_was_restarted_the_writer_has_its_lock_again() {
    let cluster = test_postgres::PostgresCluster::start().unwrap();
    let place: DatabaseUrl = cluster.create_database().unwrap().parse().unwrap();
    let writing = place.connect(PoolOptions::exclusive_writer()).await.unwrap();
    writing.execute_unprepared("CREATE TABLE t (n int)").await.unwrap();
    cluster.crash().unwrap();
    cluster.restart().unwrap();
    // The first notices that its connection is gone.
    while writing.execute_unprepared("INSERT INTO t VALUES (1)").await.is_err() {}
    assert!(matches!(place.acquire_writer_lock().await, Err(OpenError::InUse)));
}

/// `SQLite` undoes a transaction by itself when a disk is full. What is committed afterwards must
/// be durable all the same.
#[tokio::test]
async fn after_transactions_that_the_engine_itself_has_undone_a_commit_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let place = DatabaseUrl::Sqlite(folder.path().join("db.sqlite"));
    let db = place.connect(PoolOptions::with_connections(1)).await.unwrap();
    db.execute_unprepared("CREATE TABLE t (n int)").await.unwrap();
    // Behind the library's back, as the engine does it; and after that, as the library does it.
    for by_the_engine in [true, false] {
        let undone = db.begin().await.unwrap();
        undone.execute_unprepared("INSERT INTO t VALUES (1)").await.unwrap();
        if by_the_engine {
            undone.execute_unprepared("ROLLBACK").await.unwrap();
        }
        drop(undone);
    }
    let kept = db.begin().await.unwrap();
    kept.execute_unprepared("INSERT INTO t VALUES (2)").await.unwrap();
    kept.commit().await.unwrap();
    let other = place.connect(PoolOptions::with_connections(1)).await.unwrap();
    let query = Statement::from_string(other.get_database_backend(), "SELECT n FROM t");
    let rows = other.query_all_raw(query).await.unwrap();
    let seen: Vec<i32> = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    assert_eq!(seen, [2], "seen by everybody, and nothing else is");
}

/// As `.cargo/config.toml` says; a build that does not see it works, and is slower.
#[tokio::test]
async fn sqlite_is_compiled_as_it_should_be() {
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
