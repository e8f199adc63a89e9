//! A spool that an earlier version left.

use migrations_intake::MigratorTrait as _;
use sha2::{Digest as _, Sha256};

use super::*;

#[tokio::test]
async fn what_lay_in_it_is_brought_over_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    migrates_older_schema(&DatabaseUrl::Sqlite(folder.path().join("spool.sqlite"))).await;
}

#[tokio::test]
async fn what_lay_in_it_is_brought_over_on_postgres() {
    migrates_older_schema(
        &test_postgres::shared_cluster().unwrap().create_database().unwrap().parse().unwrap(),
    )
    .await;
}

/// A submission of two pieces and a mailbox, as the second migration knew them.
async fn migrates_older_schema(place: &DatabaseUrl) {
    let (submission, sealed) = (bytes(size_classes::SIZE_CLASSES[2], 1), vec![9; MAILBOX_LEN]);
    let (id, mailbox) = (Uuid::new_v4(), Hash([5; 32]));
    let db = place.connect(PoolOptions::with_connections(1)).await.unwrap();
    Migrator::up(&db, Some(2)).await.unwrap();
    let put = async |sql: &str, values: Vec<Value>| {
        let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
        db.execute_raw(statement).await.unwrap();
    };
    let digest = Sha256::digest(&submission).to_vec();
    let length = i64::try_from(submission.len()).unwrap();
    put(
        "INSERT INTO submissions (id, digest, week, length, complete) VALUES ($1, $2, $3, $4, $5)",
        vec![id.into(), digest.into(), "2026-W48".into(), length.into(), true.into()],
    )
    .await;
    for (position, piece) in (0..).zip(submission.chunks(CHUNK_BYTES)) {
        let values = vec![id.into(), Value::from(position), piece.to_vec().into()];
        put("INSERT INTO chunks (submission, position, bytes) VALUES ($1, $2, $3)", values).await;
    }
    let values = vec![mailbox.0.to_vec().into(), sealed.clone().into()];
    put("INSERT INTO mailboxes (tick, id, sealed) VALUES (1, $1, $2)", values).await;
    let state = "INSERT INTO state (id, tick, laying_out, decoy_seed) VALUES ($1, 1, 1, $2)";
    put(state, vec![state::SINGLETON_ID.into(), vec![3_u8; 32].into()]).await;
    db.close().await.unwrap();

    let store = open_store(place).await;
    assert_eq!(store.find_mailbox(&mailbox).await.unwrap(), (Some(sealed), 1));
    let spool = TestSpool { store, url: place.clone(), folder: tempfile::tempdir().unwrap() };
    let waiting = spool.pending().await;
    assert_eq!(waiting.len(), 1);
    assert!(spool.read(&waiting[0]).await == submission);
    // And it goes on: the same is still known, the forgotten takes its pieces along.
    spool.submit(&submission).await.unwrap();
    assert_eq!(spool.count_rows().await, (1, 2));
    spool.store.delete_submissions(vec![waiting[0].id]).await.unwrap();
    assert_eq!(spool.count_rows().await, (0, 0));
}
