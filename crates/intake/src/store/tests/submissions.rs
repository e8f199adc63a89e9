//! Submissions: deduplication, concurrency, deletion and corruption.

use super::*;

on_both_databases!(
    the_same_bytes_are_stored_once_and_read_back_unchanged,
    submissions_of_concurrent_clients_are_all_stored,
    the_same_bytes_of_concurrent_clients_are_stored_once_and_acknowledged_to_all,
    many_clients_with_the_same_submissions_in_other_orders_do_not_block_each_other,
    other_bytes_under_a_key_that_exists_are_not_acknowledged,
    a_length_that_is_no_size_class_is_rejected,
    deleting_a_submission_twice_deletes_no_other,
    garbage_collection_deletes_orphans_and_no_running_upload,
    a_corrupt_submission_is_reported_and_all_others_are_read,
    a_sample_of_pending_submissions_is_random,
    the_schema_stores_no_time_but_the_week,
);

async fn the_same_bytes_are_stored_once_and_read_back_unchanged(spool: TestSpool) {
    let (small, large) =
        (bytes(size_classes::SIZE_CLASSES[0], 1), bytes(size_classes::SIZE_CLASSES[3], 2));
    for _ in 0..3 {
        spool.submit(&small).await.unwrap();
        spool.submit(&large).await.unwrap();
    }
    assert_eq!(spool.count_rows().await, (2, 1 + 4));
    let spool = spool.restart().await;
    let pending = spool.pending().await;
    assert_eq!(pending.len(), 2);
    for submission in pending {
        let original =
            if submission.length == size_classes::SIZE_CLASSES[0] { &small } else { &large };
        assert_eq!(&spool.read(&submission).await, original);
    }
}

async fn submissions_of_concurrent_clients_are_all_stored(spool: TestSpool) {
    let uploads = (0..100).map(|n| {
        let spool = &spool;
        async move { spool.submit(&bytes(size_classes::SIZE_CLASSES[0], n)).await }
    });
    for outcome in futures_util::future::join_all(uploads).await {
        outcome.unwrap();
    }
    let mut found = Vec::new();
    for submission in spool.pending().await {
        found.push(Hash::of(&[&spool.read(&submission).await]));
    }
    found.sort();
    let mut expected: Vec<Hash> =
        (0..100).map(|n| Hash::of(&[&bytes(size_classes::SIZE_CLASSES[0], n)])).collect();
    expected.sort();
    assert_eq!(found, expected);
}

async fn many_clients_with_the_same_submissions_in_other_orders_do_not_block_each_other(
    spool: TestSpool,
) {
    let contents: Vec<_> = (0..40).map(|n| bytes(size_classes::SIZE_CLASSES[0], n)).collect();
    let uploads = (0..8).flat_map(|client| {
        let mut order: Vec<_> = contents.iter().collect();
        order.rotate_left(client * 5);
        if client % 2 == 1 {
            order.reverse();
        }
        order.into_iter().map(|content| spool.submit(content))
    });
    for outcome in futures_util::future::join_all(uploads).await {
        outcome.unwrap();
    }
    assert_eq!(spool.count_rows().await, (40, 40));
}

async fn other_bytes_under_a_key_that_exists_are_not_acknowledged(spool: TestSpool) {
    let same_keys = || StdRng::from_seed([3; 32]);
    for (content, is_stored) in [(1, true), (2, false)] {
        let mut upload = spool.store.begin_submission("2026-W48".to_owned(), &mut same_keys());
        upload.write(&bytes(size_classes::SIZE_CLASSES[0], content)).await.unwrap();
        assert_eq!(upload.commit().await.is_ok(), is_stored, "content {content}");
    }
    assert_eq!(spool.count_rows().await, (1, 1));
}

async fn a_length_that_is_no_size_class_is_rejected(spool: TestSpool) {
    assert!(spool.submit(&[1; 1000]).await.is_err());
    assert_eq!(spool.count_rows().await, (0, 0));
}

async fn deleting_a_submission_twice_deletes_no_other(spool: TestSpool) {
    spool.submit(&bytes(size_classes::SIZE_CLASSES[3], 1)).await.unwrap();
    spool.submit(&bytes(size_classes::SIZE_CLASSES[1], 2)).await.unwrap();
    let all = spool.pending().await;
    let id = all
        .iter()
        .find(|submission| submission.length == size_classes::SIZE_CLASSES[3])
        .unwrap()
        .id;
    spool.store.delete_submissions(vec![id, id, Uuid::from_u128(7)]).await.unwrap();
    spool.store.delete_submissions(vec![id]).await.unwrap();
    assert_eq!(spool.count_rows().await, (1, 1));
}

#[tokio::test]
async fn a_deleted_submission_leaves_no_bytes_in_the_files() {
    let spool = TestSpool::sqlite().await;
    let marked = [b"find me if you can ".repeat(2000), vec![0; 524_288 - 38_000]].concat();
    spool.submit(&marked).await.unwrap();
    spool.submit(&bytes(size_classes::SIZE_CLASSES[1], 2)).await.unwrap();
    let on_disk = || {
        ["spool.sqlite", "spool.sqlite-wal"].iter().any(|name| {
            let file = std::fs::read(spool.folder.path().join(name)).unwrap_or_default();
            file.windows(19).any(|window| window == b"find me if you can ")
        })
    };
    assert!(on_disk());
    let all = spool.pending().await;
    let id = all.iter().find(|submission| submission.length == 524_288).unwrap().id;
    spool.store.delete_submissions(vec![id, id, Uuid::from_u128(7)]).await.unwrap();
    spool.store.delete_submissions(vec![id]).await.unwrap();
    assert_eq!(spool.count_rows().await, (1, 1));
    assert!(!on_disk());
}

async fn garbage_collection_deletes_orphans_and_no_running_upload(spool: TestSpool) {
    let mut running = spool.store.begin_submission("2026-W48".into(), &mut rng());
    running.write(&bytes(size_classes::SIZE_CLASSES[3] - 1, 1)).await.unwrap();
    assert_eq!(spool.count_rows().await, (1, 3));
    assert_eq!(spool.pending().await, []);
    spool.store.delete_incomplete(Duration::from_hours(1)).await.unwrap();
    assert_eq!(spool.count_rows().await, (1, 3));
    running.write(&[7]).await.unwrap();
    running.commit().await.unwrap();
    assert_eq!(spool.count_rows().await, (1, 4));

    // The rows of a dropped upload are deleted soon.
    let mut dropped = spool.store.begin_submission("2026-W48".into(), &mut rng());
    dropped.write(&bytes(size_classes::SIZE_CLASSES[3], 9)).await.unwrap();
    drop(dropped);
    spool.await_rows((1, 4)).await;

    // The process crashes. On SQLite the next start deletes its rows; a replica waits for their
    // age.
    let orphan = submission::ActiveModel {
        id: Set(Uuid::from_u128(4)),
        digest: Set(None),
        week: Set("2026-W48".into()),
        length: Set(0),
        complete: Set(false),
    };
    orphan.insert(&spool.store.write_db).await.unwrap();
    assert_eq!(spool.count_rows().await.0, 2);
    let spool = spool.restart().await;
    if spool.store.is_shared() {
        assert_eq!(spool.count_rows().await.0, 2);
        spool.store.delete_incomplete(Duration::ZERO).await.unwrap();
    }
    assert_eq!(spool.count_rows().await, (1, 4));

    // A slow upload is deleted after its time, and then not acknowledged.
    let mut slow = spool.store.begin_submission("2026-W48".into(), &mut rng());
    slow.write(&bytes(size_classes::SIZE_CLASSES[3], 4)).await.unwrap();
    spool.store.delete_incomplete(Duration::ZERO).await.unwrap();
    assert!(slow.commit().await.is_err());
    assert_eq!(spool.count_rows().await, (1, 4));
}

async fn a_corrupt_submission_is_reported_and_all_others_are_read(spool: TestSpool) {
    for n in 0..4 {
        spool.submit(&bytes(size_classes::SIZE_CLASSES[usize::from(n)], n)).await.unwrap();
    }
    let with_class = |all: &[StoredSubmission], class: usize| {
        all.iter().find(|one| one.length == size_classes::SIZE_CLASSES[class]).unwrap().clone()
    };
    let all = spool.pending().await;
    let (small, long) = (with_class(&all, 0), with_class(&all, 3));
    let chunk_of = |id, position: i32| {
        chunk::Column::Submission.eq(id).and(chunk::Column::Position.eq(position))
    };
    let flip = chunk::Entity::update_many()
        .col_expr(chunk::Column::Bytes, Expr::value(vec![7_u8; 32_768]));
    flip.filter(chunk_of(small.id, 0)).exec(&spool.store.write_db).await.unwrap();
    chunk::Entity::delete_many()
        .filter(chunk_of(long.id, 2))
        .exec(&spool.store.write_db)
        .await
        .unwrap();
    for damaged in [&small, &long] {
        assert_eq!(spool.store.read_chunks(damaged).await.map(drop), Err(StoreError::Corrupt));
    }
    for intact in [with_class(&all, 1), with_class(&all, 2)] {
        assert_eq!(spool.read(&intact).await.len() as u64, intact.length);
    }
    // A submission that was deleted in between is not corrupt.
    spool.store.delete_submissions(vec![small.id]).await.unwrap();
    assert!(spool.store.read_chunks(&small).await.unwrap().is_none());
}

async fn the_same_bytes_of_concurrent_clients_are_stored_once_and_acknowledged_to_all(
    spool: TestSpool,
) {
    for class in [0, 2] {
        let sent = bytes(size_classes::SIZE_CLASSES[class], 5);
        let uploads = (0..20).map(|_| spool.submit(&sent));
        for outcome in futures_util::future::join_all(uploads).await {
            outcome.unwrap();
        }
    }
    spool.await_rows((2, 1 + 2)).await;
    assert_eq!(spool.pending().await.len(), 2);
}

async fn a_sample_of_pending_submissions_is_random(spool: TestSpool) {
    for n in 0..30 {
        spool.submit(&bytes(size_classes::SIZE_CLASSES[0], n)).await.unwrap();
    }
    let mut seen = std::collections::HashSet::new();
    for _ in 0..200 {
        let sample = spool.store.sample_pending(5, &mut rng()).await.unwrap();
        let ids: std::collections::HashSet<_> = sample.iter().map(|one| one.id).collect();
        assert_eq!(ids.len(), 5);
        seen.extend(ids);
    }
    assert_eq!(seen.len(), 30);
}

async fn the_schema_stores_no_time_but_the_week(spool: TestSpool) {
    spool.submit(&bytes(size_classes::SIZE_CLASSES[0], 1)).await.unwrap();
    let row = submission::Entity::find().one(&spool.store.read_db).await.unwrap().unwrap();
    assert_eq!((row.week.as_str(), row.length, row.complete), ("2026-W48", 32_768, true));
    assert_eq!(row.id.get_version_num(), 4);
}
