//! Migration of a spool that an earlier version created.

use migrations_intake::MigratorTrait as _;
use sha2::{Digest as _, Sha256};

use super::*;

#[tokio::test]
async fn an_older_schema_is_migrated_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    migrates_older_schema(&DatabaseUrl::Sqlite(folder.path().join("spool.sqlite"))).await;
}

#[tokio::test]
async fn an_older_schema_is_migrated_on_postgres() {
    migrates_older_schema(
        &test_postgres::shared_cluster().unwrap().create_database().unwrap().parse().unwrap(),
    )
    .await;
}

/// Migrates a submission of two chunks and a mailbox from the schema of the second migration.
async fn migrates_older_schema(url: &DatabaseUrl) {
    let (submission, sealed) = (bytes(size_classes::SIZE_CLASSES[2], 1), vec![9; MAILBOX_LEN]);
    let (id, mailbox) = (Uuid::new_v4(), Hash([5; 32]));
    let db = url.connect(PoolOptions::with_connections(1)).await.unwrap();
    Migrator::up(&db, Some(2)).await.unwrap();
    let execute = async |sql: &str, values: Vec<Value>| {
        let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
        db.execute_raw(statement).await.unwrap();
    };
    let digest = Sha256::digest(&submission).to_vec();
    let length = i64::try_from(submission.len()).unwrap();
    execute(
        "INSERT INTO submissions (id, digest, week, length, complete) VALUES ($1, $2, $3, $4, $5)",
        vec![id.into(), digest.into(), "2026-W48".into(), length.into(), true.into()],
    )
    .await;
    for (position, chunk) in (0..).zip(submission.chunks(CHUNK_BYTES)) {
        let values = vec![id.into(), Value::from(position), chunk.to_vec().into()];
        execute("INSERT INTO chunks (submission, position, bytes) VALUES ($1, $2, $3)", values)
            .await;
    }
    let values = vec![mailbox.0.to_vec().into(), sealed.clone().into()];
    execute("INSERT INTO mailboxes (tick, id, sealed) VALUES (1, $1, $2)", values).await;
    let state = "INSERT INTO state (id, tick, laying_out, decoy_seed) VALUES ($1, 1, 1, $2)";
    execute(state, vec![state::SINGLETON_ID.into(), vec![3_u8; 32].into()]).await;
    db.close().await.unwrap();

    let store = open_store(url).await;
    assert_eq!(store.find_mailbox(&mailbox).await.unwrap(), (Some(sealed), 1));
    let spool = TestSpool { store, url: url.clone(), folder: tempfile::tempdir().unwrap() };
    let pending = spool.pending().await;
    assert_eq!(pending.len(), 1);
    assert!(spool.read(&pending[0]).await == submission);
    // The digest is still known, and deleting a submission deletes its chunks.
    spool.submit(&submission).await.unwrap();
    assert_eq!(spool.count_rows().await, (1, 2));
    spool.store.delete_submissions(vec![pending[0].id]).await.unwrap();
    assert_eq!(spool.count_rows().await, (0, 0));
}
