use futures_util::TryStreamExt as _;
use protocol::{Hash, encoding::size_classes, mailbox::MAILBOX_LEN};
use rand::{
    SeedableRng,
    rngs::{OsRng, StdRng},
};
use sea_orm::{PaginatorTrait, Statement, sea_query::Expr};

use super::*;

mod older;

/// Runs each test on each engine.
macro_rules! on_both_databases {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test] async fn $name() { super::$name(super::TestSpool::sqlite().await).await })*
        }
        mod postgres {
            $(#[tokio::test] async fn $name() { super::$name(super::TestSpool::postgres().await).await })*
        }
    };
}

on_both_databases!(
    the_same_bytes_are_kept_once_and_come_out_as_they_went_in,
    many_senders_at_once_each_find_their_own_bytes_stored,
    the_same_bytes_from_many_at_once_are_kept_once_and_acknowledged_to_all,
    a_length_of_no_size_class_is_not_accepted,
    what_is_forgotten_twice_is_gone_and_nothing_else_is,
    what_was_cut_off_is_swept_and_what_is_under_way_is_not,
    the_spool_does_not_outgrow_its_limit_and_deleting_makes_room,
    what_is_damaged_is_said_and_everything_else_is_read,
    mailboxes_are_replaced_all_at_once_or_not_at_all,
    a_snapshot_that_began_later_ends_the_one_before,
    a_lookup_never_misses_a_mailbox_while_all_are_replaced,
    the_schema_knows_no_time_but_the_week,
    few_of_many_are_chosen_at_random,
);

struct TestSpool {
    store: Store,
    url: DatabaseUrl,
    folder: tempfile::TempDir,
}

impl TestSpool {
    async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = DatabaseUrl::Sqlite(folder.path().join("spool.sqlite"));
        Self { store: open_store(&place).await, url: place, folder }
    }

    async fn postgres() -> Self {
        let place =
            test_postgres::shared_cluster().unwrap().create_database().unwrap().parse().unwrap();
        Self { store: open_store(&place).await, url: place, folder: tempfile::tempdir().unwrap() }
    }

    async fn submit(&self, bytes: &[u8]) -> Result<(), StoreError> {
        let mut deposit = self.store.begin_submission("2026-W48".into(), &mut rng());
        for part in bytes.chunks(100_000) {
            deposit.write(part).await?;
        }
        deposit.commit().await
    }

    async fn restart(self) -> Self {
        let Self { store, url: place, folder } = self;
        drop(store);
        Self { store: open_store(&place).await, url: place, folder }
    }

    async fn count_rows(&self) -> (u64, u64) {
        let db = &self.store.read_db;
        let submissions = submission::Entity::find().count(db).await.unwrap();
        (submissions, chunk::Entity::find().count(db).await.unwrap())
    }

    /// Dropping is done by the way.
    async fn await_rows(&self, rows: (u64, u64)) {
        for _ in 0..200 {
            if self.count_rows().await == rows {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(self.count_rows().await, rows);
    }

    async fn pending(&self) -> Vec<StoredSubmission> {
        self.store.sample_pending(1000, &mut rng()).await.unwrap()
    }

    async fn read(&self, waiting: &StoredSubmission) -> Vec<u8> {
        let pieces = self.store.read_chunks(waiting).await.unwrap().unwrap();
        let pieces: Vec<_> = pieces.try_collect().await.unwrap();
        assert!(pieces.iter().all(|piece: &Vec<u8>| piece.len() <= CHUNK_BYTES));
        pieces.concat()
    }

    async fn execute(&self, text: &str) {
        self.store.write_db.execute_unprepared(text).await.unwrap();
    }
}

async fn open_store(place: &DatabaseUrl) -> Store {
    Store::open(place, StoreLimits { max_size_mib: 64, writers: 16 }, &mut rng()).await.unwrap()
}

fn rng() -> StdRng {
    StdRng::from_entropy()
}

fn bytes(len: u64, seed: u8) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(len).unwrap()];
    StdRng::from_seed([seed; 32]).fill_bytes(&mut bytes);
    bytes
}

async fn the_same_bytes_are_kept_once_and_come_out_as_they_went_in(spool: TestSpool) {
    let (small, large) =
        (bytes(size_classes::SIZE_CLASSES[0], 1), bytes(size_classes::SIZE_CLASSES[3], 2));
    for _ in 0..3 {
        spool.submit(&small).await.unwrap();
        spool.submit(&large).await.unwrap();
    }
    assert_eq!(spool.count_rows().await, (2, 1 + 4));
    let spool = spool.restart().await;
    let waiting = spool.pending().await;
    assert_eq!(waiting.len(), 2);
    for submission in waiting {
        let original =
            if submission.length == size_classes::SIZE_CLASSES[0] { &small } else { &large };
        assert_eq!(&spool.read(&submission).await, original);
    }
}

async fn many_senders_at_once_each_find_their_own_bytes_stored(spool: TestSpool) {
    let filing = (0..100).map(|n| {
        let spool = &spool;
        async move { spool.submit(&bytes(size_classes::SIZE_CLASSES[0], n)).await }
    });
    for outcome in futures_util::future::join_all(filing).await {
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

async fn a_length_of_no_size_class_is_not_accepted(spool: TestSpool) {
    assert!(spool.submit(&[1; 1000]).await.is_err());
    assert_eq!(spool.count_rows().await, (0, 0));
}

async fn what_is_forgotten_twice_is_gone_and_nothing_else_is(spool: TestSpool) {
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
async fn forgetting_twice_is_the_same_as_once_and_leaves_no_trace_in_the_files() {
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

async fn what_was_cut_off_is_swept_and_what_is_under_way_is_not(spool: TestSpool) {
    let mut under_way = spool.store.begin_submission("2026-W48".into(), &mut rng());
    under_way.write(&bytes(size_classes::SIZE_CLASSES[3] - 1, 1)).await.unwrap();
    assert_eq!(spool.count_rows().await, (1, 3));
    assert_eq!(spool.pending().await, []);
    spool.store.delete_incomplete(Duration::from_hours(1)).await.unwrap();
    assert_eq!(spool.count_rows().await, (1, 3));
    under_way.write(&[7]).await.unwrap();
    under_way.commit().await.unwrap();
    assert_eq!(spool.count_rows().await, (1, 4));

    // Dropped: its rows go soon.
    let mut dropped = spool.store.begin_submission("2026-W48".into(), &mut rng());
    dropped.write(&bytes(size_classes::SIZE_CLASSES[3], 9)).await.unwrap();
    drop(dropped);
    spool.await_rows((1, 4)).await;

    // The process dies. Alone with the database, the next start sweeps; a replica waits its time.
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

    // Too slow: swept after its time, and then not acknowledged.
    let mut slow = spool.store.begin_submission("2026-W48".into(), &mut rng());
    slow.write(&bytes(size_classes::SIZE_CLASSES[3], 4)).await.unwrap();
    spool.store.delete_incomplete(Duration::ZERO).await.unwrap();
    assert!(slow.commit().await.is_err());
    assert_eq!(spool.count_rows().await, (1, 4));
}

#[tokio::test]
async fn what_is_acknowledged_was_waited_for_and_what_comes_before_it_was_not() {
    let spool = TestSpool::sqlite().await;
    let waits_for_disk = async || {
        let pragma = Statement::from_string(
            spool.store.write_db.get_database_backend(),
            "PRAGMA synchronous",
        );
        let row = spool.store.write_db.query_one_raw(pragma).await.unwrap().unwrap();
        row.try_get::<i32>("", "synchronous").unwrap() == 2
    };
    let mut deposit = spool.store.begin_submission("2026-W48".into(), &mut rng());
    assert!(waits_for_disk().await, "as it is opened");
    let top = usize::try_from(size_classes::SIZE_CLASSES[3]).unwrap();
    deposit.write(&vec![1; top]).await.unwrap();
    assert!(!waits_for_disk().await, "pieces of what is not whole yet");
    deposit.commit().await.unwrap();
    assert!(waits_for_disk().await);
    let mut laying_out = spool.store.begin_mailbox_snapshot(&mut OsRng).await.unwrap();
    for n in 0..20 {
        laying_out.push(&Hash::of(&[&[n]]), vec![n; MAILBOX_LEN]).await.unwrap();
    }
    assert!(!waits_for_disk().await, "mailboxes that nobody is served yet");
    spool.submit(&vec![2; top]).await.unwrap();
    assert!(waits_for_disk().await, "whatever is going on beside it");
}

#[tokio::test]
async fn a_full_disk_is_said_and_nothing_of_it_stays() {
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
    for rung in [size_classes::SIZE_CLASSES[3], size_classes::SIZE_CLASSES[4]] {
        // The bound is the connection's, and one that has seen a full disk is not used again.
        spool.execute(&format!("PRAGMA max_page_count = {}", pages + 100)).await;
        assert_eq!(spool.submit(&bytes(rung, 2)).await, Err(StoreError::Full));
    }
    // Room for a small one is still there, and is used.
    spool.submit(&bytes(size_classes::SIZE_CLASSES[0], 3)).await.unwrap();
    spool.execute("PRAGMA max_page_count = 1000000").await;
    spool.submit(&bytes(size_classes::SIZE_CLASSES[3], 2)).await.unwrap();
    spool.store.delete_incomplete(Duration::ZERO).await.unwrap();
    assert_eq!(spool.count_rows().await, (3, 1 + 1 + 4));
}

async fn the_spool_does_not_outgrow_its_limit_and_deleting_makes_room(spool: TestSpool) {
    let TestSpool { store, url: place, folder } = spool;
    drop(store);
    let store = Store::open(&place, StoreLimits { max_size_mib: 10, writers: 16 }, &mut rng())
        .await
        .unwrap();
    let spool = TestSpool { store, url: place, folder };
    let mut filed = 0;
    // A shared database is measured from time to time.
    while spool.submit(&bytes(size_classes::SIZE_CLASSES[5], filed)).await.is_ok() {
        spool.store.refresh_usage().await.unwrap();
        filed += 1;
        assert!(filed < 10);
    }
    assert_eq!(
        spool.submit(&bytes(size_classes::SIZE_CLASSES[5], 20)).await,
        Err(StoreError::FullForFiles)
    );
    assert!(filed >= 2, "{filed}");
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

async fn what_is_damaged_is_said_and_everything_else_is_read(spool: TestSpool) {
    for n in 0..4 {
        spool.submit(&bytes(size_classes::SIZE_CLASSES[usize::from(n)], n)).await.unwrap();
    }
    let of = |all: &[StoredSubmission], rung: usize| {
        all.iter().find(|one| one.length == size_classes::SIZE_CLASSES[rung]).unwrap().clone()
    };
    let all = spool.pending().await;
    let (small, long) = (of(&all, 0), of(&all, 3));
    let of_one = |id, position: i32| {
        chunk::Column::Submission.eq(id).and(chunk::Column::Position.eq(position))
    };
    let flip = chunk::Entity::update_many()
        .col_expr(chunk::Column::Bytes, Expr::value(vec![7_u8; 32_768]));
    flip.filter(of_one(small.id, 0)).exec(&spool.store.write_db).await.unwrap();
    chunk::Entity::delete_many()
        .filter(of_one(long.id, 2))
        .exec(&spool.store.write_db)
        .await
        .unwrap();
    for damaged in [&small, &long] {
        assert_eq!(spool.store.read_chunks(damaged).await.map(drop), Err(StoreError::Corrupt));
    }
    for sound in [of(&all, 1), of(&all, 2)] {
        assert_eq!(spool.read(&sound).await.len() as u64, sound.length);
    }
    // Forgotten in between is not damaged.
    spool.store.delete_submissions(vec![small.id]).await.unwrap();
    assert!(spool.store.read_chunks(&small).await.unwrap().is_none());
}

async fn the_same_bytes_from_many_at_once_are_kept_once_and_acknowledged_to_all(spool: TestSpool) {
    for rung in [0, 2] {
        let sent = bytes(size_classes::SIZE_CLASSES[rung], 5);
        let filing = (0..20).map(|_| spool.submit(&sent));
        for outcome in futures_util::future::join_all(filing).await {
            outcome.unwrap();
        }
    }
    spool.await_rows((2, 1 + 2)).await;
    assert_eq!(spool.pending().await.len(), 2);
}

async fn few_of_many_are_chosen_at_random(spool: TestSpool) {
    for n in 0..30 {
        spool.submit(&bytes(size_classes::SIZE_CLASSES[0], n)).await.unwrap();
    }
    let mut seen = std::collections::HashSet::new();
    for _ in 0..200 {
        let few = spool.store.sample_pending(5, &mut rng()).await.unwrap();
        let ids: std::collections::HashSet<_> = few.iter().map(|one| one.id).collect();
        assert_eq!(ids.len(), 5);
        seen.extend(ids);
    }
    assert_eq!(seen.len(), 30);
}

#[tokio::test]
async fn a_spool_that_cannot_be_written_says_so() {
    let spool = TestSpool::sqlite().await;
    spool.execute("PRAGMA query_only = ON").await;
    assert_eq!(spool.submit(&bytes(size_classes::SIZE_CLASSES[0], 1)).await, Err(StoreError::Disk));
    spool.execute("PRAGMA query_only = OFF").await;
    spool.submit(&bytes(size_classes::SIZE_CLASSES[0], 1)).await.unwrap();
}

fn mailbox_filled_with(fill: u8) -> Vec<u8> {
    vec![fill; MAILBOX_LEN]
}

async fn mailboxes_are_replaced_all_at_once_or_not_at_all(spool: TestSpool) {
    let id = |n: u8| Hash::of(&[&[n]]);
    let found = |n| {
        let store = spool.store.clone();
        async move { store.find_mailbox(&id(n)).await.unwrap() }
    };
    assert_eq!(found(1).await, (None, 0));
    let mut first = spool.store.begin_mailbox_snapshot(&mut OsRng).await.unwrap();
    for n in 0..20 {
        first.push(&id(n), mailbox_filled_with(n)).await.unwrap();
        assert_eq!(found(n).await, (None, 0));
    }
    first.publish().await.unwrap();
    assert_eq!(found(3).await, (Some(mailbox_filled_with(3)), 1));
    assert_eq!(found(99).await, (None, 1));

    // Broken off: nothing changes.
    let mut broken = spool.store.begin_mailbox_snapshot(&mut OsRng).await.unwrap();
    for n in 0..17 {
        broken.push(&id(n), mailbox_filled_with(200)).await.unwrap();
    }
    drop(broken);
    assert_eq!(found(3).await, (Some(mailbox_filled_with(3)), 1));

    let mut second = spool.store.begin_mailbox_snapshot(&mut OsRng).await.unwrap();
    second.push(&id(3), mailbox_filled_with(77)).await.unwrap();
    second.push(&id(3), mailbox_filled_with(78)).await.unwrap();
    second.publish().await.unwrap();
    assert_eq!(found(3).await, (Some(mailbox_filled_with(78)), 3));
    assert_eq!(found(4).await, (None, 3));

    let seed = *spool.store.decoy_seed();
    let spool = spool.restart().await;
    assert_eq!(spool.store.find_mailbox(&id(3)).await.unwrap(), (Some(mailbox_filled_with(78)), 3));
    assert_eq!(mailbox::Entity::find().count(&spool.store.read_db).await.unwrap(), 2);
    assert_eq!(*spool.store.decoy_seed(), seed);
}

async fn a_snapshot_that_began_later_ends_the_one_before(spool: TestSpool) {
    let id = Hash::of(&[b"mine"]);
    let mut first = spool.store.begin_mailbox_snapshot(&mut OsRng).await.unwrap();
    first.push(&id, mailbox_filled_with(1)).await.unwrap();
    let mut second = spool.store.begin_mailbox_snapshot(&mut OsRng).await.unwrap();
    second.push(&id, mailbox_filled_with(2)).await.unwrap();
    assert_eq!(first.publish().await, Err(StoreError::Duplicate));
    assert_eq!(spool.store.find_mailbox(&id).await.unwrap(), (None, 0));
    second.publish().await.unwrap();
    assert_eq!(spool.store.find_mailbox(&id).await.unwrap(), (Some(mailbox_filled_with(2)), 2));
    assert_eq!(mailbox::Entity::find().count(&spool.store.read_db).await.unwrap(), 2);
}

async fn a_lookup_never_misses_a_mailbox_while_all_are_replaced(spool: TestSpool) {
    let id = Hash::of(&[b"mine"]);
    let lay_out = |fill| {
        let store = spool.store.clone();
        async move {
            let mut laying_out = store.begin_mailbox_snapshot(&mut OsRng).await.unwrap();
            for n in 0..40u8 {
                laying_out.push(&Hash::of(&[&[n]]), mailbox_filled_with(fill)).await.unwrap();
            }
            laying_out.push(&id, mailbox_filled_with(fill)).await.unwrap();
            laying_out.publish().await.unwrap();
        }
    };
    lay_out(0).await;
    let replacing = tokio::spawn({
        let rounds: Vec<_> = (1..6).map(lay_out).collect();
        async move {
            for round in rounds {
                round.await;
            }
        }
    });
    let mut lookups = 0;
    while !replacing.is_finished() || lookups == 0 {
        assert!(spool.store.find_mailbox(&id).await.unwrap().0.is_some());
        lookups += 1;
    }
    replacing.await.unwrap();
}

async fn the_schema_knows_no_time_but_the_week(spool: TestSpool) {
    spool.submit(&bytes(size_classes::SIZE_CLASSES[0], 1)).await.unwrap();
    let row = submission::Entity::find().one(&spool.store.read_db).await.unwrap().unwrap();
    assert_eq!((row.week.as_str(), row.length, row.complete), ("2026-W48", 32_768, true));
    assert_eq!(row.id.get_version_num(), 4);
}
