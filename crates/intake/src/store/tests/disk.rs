//! Durability, full disks and the size limit.

use super::*;

on_both_databases!(the_spool_stays_within_its_limit_and_deleting_frees_space,);

#[tokio::test]
async fn only_acknowledged_writes_wait_for_the_disk() {
    let spool = TestSpool::sqlite().await;
    let waits_for_disk = async || {
        let pragma = Statement::from_string(
            spool.store.write_db.get_database_backend(),
            "PRAGMA synchronous",
        );
        let row = spool.store.write_db.query_one_raw(pragma).await.unwrap().unwrap();
        row.try_get::<i32>("", "synchronous").unwrap() == 2
    };
    let mut upload = spool.store.begin_submission("2026-W48".into(), &mut rng());
    assert!(waits_for_disk().await, "the initial state");
    let top = usize::try_from(size_classes::SIZE_CLASSES[3]).unwrap();
    upload.write(&vec![1; top]).await.unwrap();
    assert!(!waits_for_disk().await, "chunks of an incomplete submission");
    upload.commit().await.unwrap();
    assert!(waits_for_disk().await);
    let mut snapshot = spool.store.begin_mailbox_snapshot(&mut OsRng).await.unwrap();
    for n in 0..20 {
        snapshot.push(&Hash::of(&[&[n]]), vec![n; MAILBOX_LEN]).await.unwrap();
    }
    assert!(!waits_for_disk().await, "mailboxes that are not served yet");
    spool.submit(&vec![2; top]).await.unwrap();
    assert!(waits_for_disk().await, "even while a snapshot is being written");
}

#[tokio::test]
async fn a_full_disk_is_reported_and_leaves_no_rows() {
    let spool = TestSpool::sqlite().await;
    spool.submit(&bytes(size_classes::SIZE_CLASSES[0], 1)).await.unwrap();
    let pages = spool
        .store
        .write_db
        .query_one_raw(Statement::from_string(
            spool.store.write_db.get_database_backend(),
            "PRAGMA page_count",
        ))
        .await
        .unwrap()
        .unwrap();
    let pages: i32 = pages.try_get_by_index(0).unwrap();
    for length in [size_classes::SIZE_CLASSES[3], size_classes::SIZE_CLASSES[4]] {
        // The limit belongs to the connection. A connection is not used again after a full disk.
        spool.execute(&format!("PRAGMA max_page_count = {}", pages + 100)).await;
        assert_eq!(spool.submit(&bytes(length, 2)).await, Err(StoreError::Full));
    }
    // A small submission still fits.
    spool.submit(&bytes(size_classes::SIZE_CLASSES[0], 3)).await.unwrap();
    spool.execute("PRAGMA max_page_count = 1000000").await;
    spool.submit(&bytes(size_classes::SIZE_CLASSES[3], 2)).await.unwrap();
    spool.store.delete_incomplete(Duration::ZERO).await.unwrap();
    assert_eq!(spool.count_rows().await, (3, 1 + 1 + 4));
}

async fn the_spool_stays_within_its_limit_and_deleting_frees_space(spool: TestSpool) {
    let TestSpool { store, url, folder } = spool;
    drop(store);
    let store =
        Store::open(&url, StoreLimits { max_size_mib: 10, writers: 16 }, &mut rng()).await.unwrap();
    let spool = TestSpool { store, url, folder };
    let mut stored = 0;
    // The usage of a shared database is measured periodically.
    while spool.submit(&bytes(size_classes::SIZE_CLASSES[5], stored)).await.is_ok() {
        spool.store.refresh_usage().await.unwrap();
        stored += 1;
        assert!(stored < 10);
    }
    assert_eq!(
        spool.submit(&bytes(size_classes::SIZE_CLASSES[5], 20)).await,
        Err(StoreError::FullForFiles)
    );
    assert!(stored >= 2, "{stored}");
    spool.store.delete_submissions(vec![spool.pending().await[0].id]).await.unwrap();
    spool.store.refresh_usage().await.unwrap();
    spool.submit(&bytes(size_classes::SIZE_CLASSES[5], 21)).await.unwrap();
    assert_eq!(
        spool.submit(&bytes(size_classes::SIZE_CLASSES[5], 22)).await,
        Err(StoreError::FullForFiles)
    );
    spool.submit(&bytes(size_classes::SIZE_CLASSES[1], 23)).await.unwrap();
    if !spool.store.is_shared() {
        let size = std::fs::metadata(spool.folder.path().join("spool.sqlite")).unwrap().len();
        assert!(size <= 10 << 20, "{size}");
    }
}

#[tokio::test]
async fn a_read_only_spool_is_reported_as_a_disk_error() {
    let spool = TestSpool::sqlite().await;
    spool.execute("PRAGMA query_only = ON").await;
    assert_eq!(spool.submit(&bytes(size_classes::SIZE_CLASSES[0], 1)).await, Err(StoreError::Disk));
    spool.execute("PRAGMA query_only = OFF").await;
    spool.submit(&bytes(size_classes::SIZE_CLASSES[0], 1)).await.unwrap();
}
