use envelope::{Hash, ladder, mailbox::MAILBOX_LEN};
use rand::{SeedableRng, rngs::StdRng};
use sea_orm::{PaginatorTrait, Statement};

use super::*;

struct Spool {
    store: Store,
    folder: tempfile::TempDir,
}

impl Spool {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path()).await;
        Self { store, folder }
    }

    async fn file(&self, bytes: &[u8]) -> Result<(), StoreError> {
        let mut deposit = self.store.deposit("2026-W48".into(), &mut rng());
        for part in bytes.chunks(100_000) {
            deposit.push(part).await?;
        }
        deposit.complete().await
    }

    async fn restart(self) -> Self {
        let Self { store, folder } = self;
        drop(store);
        Self { store: open(folder.path()).await, folder }
    }

    async fn rows(&self) -> (u64, u64) {
        let db = &self.store.reading;
        let submissions = submission::Entity::find().count(db).await.unwrap();
        (submissions, chunk::Entity::find().count(db).await.unwrap())
    }

    async fn read(&self, id: Uuid) -> Vec<u8> {
        let mut bytes = Vec::new();
        for position in 0.. {
            let Some(chunk) = self.store.chunk(id, position).await.unwrap() else { break };
            assert!(chunk.len() <= CHUNK);
            bytes.extend(chunk);
        }
        bytes
    }

    async fn pragma(&self, text: &str) {
        self.store.writing.execute_unprepared(text).await.unwrap();
    }
}

async fn open(folder: &Path) -> Store {
    Store::open(&folder.join("spool.sqlite"), 64, &mut rng()).await.unwrap()
}

fn rng() -> StdRng {
    StdRng::from_entropy()
}

fn bytes(len: u64, seed: u8) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(len).unwrap()];
    StdRng::from_seed([seed; 32]).fill_bytes(&mut bytes);
    bytes
}

#[tokio::test]
async fn the_same_bytes_are_kept_once_and_come_out_as_they_went_in() {
    let spool = Spool::new().await;
    let (small, large) = (bytes(ladder::RUNGS[0], 1), bytes(ladder::RUNGS[3], 2));
    for _ in 0..3 {
        spool.file(&small).await.unwrap();
        spool.file(&large).await.unwrap();
    }
    assert_eq!(spool.rows().await, (2, 1 + 4));
    let spool = spool.restart().await;
    let waiting = spool.store.waiting(10, &mut rng()).await.unwrap();
    assert_eq!(waiting.len(), 2);
    for submission in waiting {
        let original = if submission.length == ladder::RUNGS[0] { &small } else { &large };
        assert_eq!(&spool.read(submission.id).await, original);
    }
}

#[tokio::test]
async fn many_senders_at_once_each_find_their_own_bytes_stored() {
    let spool = Spool::new().await;
    let filing = (0..100).map(|n| {
        let spool = &spool;
        async move { spool.file(&bytes(ladder::RUNGS[0], n)).await }
    });
    for outcome in futures_util::future::join_all(filing).await {
        outcome.unwrap();
    }
    let waiting = spool.store.waiting(1000, &mut rng()).await.unwrap();
    let mut found = Vec::new();
    for submission in waiting {
        found.push(Hash::of(&[&spool.read(submission.id).await]));
    }
    found.sort();
    let mut expected: Vec<Hash> = (0..100).map(|n| Hash::of(&[&bytes(ladder::RUNGS[0], n)])).collect();
    expected.sort();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_length_off_the_ladder_is_not_filed() {
    let spool = Spool::new().await;
    assert!(spool.file(&[1; 1000]).await.is_err());
    assert_eq!(spool.rows().await, (0, 0));
}

#[tokio::test]
async fn forgetting_twice_is_the_same_as_once_and_leaves_no_trace_in_the_files() {
    let spool = Spool::new().await;
    let marked = [b"find me if you can ".repeat(2000), vec![0; 524_288 - 38_000]].concat();
    spool.file(&marked).await.unwrap();
    spool.file(&bytes(ladder::RUNGS[1], 2)).await.unwrap();
    let on_disk = || {
        ["spool.sqlite", "spool.sqlite-wal"].iter().any(|name| {
            let file = std::fs::read(spool.folder.path().join(name)).unwrap_or_default();
            file.windows(19).any(|window| window == b"find me if you can ")
        })
    };
    assert!(on_disk());
    let all = spool.store.waiting(10, &mut rng()).await.unwrap();
    let id = all.iter().find(|submission| submission.length == 524_288).unwrap().id;
    spool.store.forget(vec![id, id, Uuid::from_u128(7)]).await.unwrap();
    spool.store.forget(vec![id]).await.unwrap();
    assert_eq!(spool.rows().await, (1, 1));
    assert!(!on_disk());
}

#[tokio::test]
async fn what_was_cut_off_is_swept_and_what_is_under_way_is_not() {
    let spool = Spool::new().await;
    let mut under_way = spool.store.deposit("2026-W48".into(), &mut rng());
    under_way.push(&bytes(ladder::RUNGS[3] - 1, 1)).await.unwrap();
    assert_eq!(spool.rows().await, (1, 3));
    assert_eq!(spool.store.waiting(10, &mut rng()).await.unwrap(), []);
    spool.store.sweep(Duration::from_hours(1)).await.unwrap();
    assert_eq!(spool.rows().await, (1, 3));
    under_way.push(&[7]).await.unwrap();
    under_way.complete().await.unwrap();
    assert_eq!(spool.rows().await, (1, 4));

    // Dropped: its rows go soon.
    let mut dropped = spool.store.deposit("2026-W48".into(), &mut rng());
    dropped.push(&bytes(ladder::RUNGS[3], 9)).await.unwrap();
    drop(dropped);
    for _ in 0..100 {
        if spool.rows().await == (1, 4) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(spool.rows().await, (1, 4));

    // The process dies: the next start sweeps.
    let mut orphan = spool.store.deposit("2026-W48".into(), &mut rng());
    orphan.push(&bytes(ladder::RUNGS[3], 3)).await.unwrap();
    std::mem::forget(orphan);
    assert_eq!(spool.rows().await.0, 2);
    let spool = spool.restart().await;
    assert_eq!(spool.rows().await, (1, 4));

    // Too slow: swept after its time, and then not acknowledged.
    let mut slow = spool.store.deposit("2026-W48".into(), &mut rng());
    slow.push(&bytes(ladder::RUNGS[3], 4)).await.unwrap();
    spool.store.sweep(Duration::ZERO).await.unwrap();
    assert!(slow.complete().await.is_err());
    assert_eq!(spool.rows().await, (1, 4));
}

#[tokio::test]
async fn a_full_disk_is_said_and_nothing_of_it_stays() {
    let spool = Spool::new().await;
    spool.file(&bytes(ladder::RUNGS[0], 1)).await.unwrap();
    let pages = spool
        .store
        .writing
        .query_one_raw(Statement::from_string(
            spool.store.writing.get_database_backend(),
            "PRAGMA page_count",
        ))
        .await
        .unwrap()
        .unwrap();
    let pages: i32 = pages.try_get_by_index(0).unwrap();
    spool.pragma(&format!("PRAGMA max_page_count = {}", pages + 100)).await;
    assert_eq!(spool.file(&bytes(ladder::RUNGS[3], 2)).await, Err(StoreError::Full));
    assert_eq!(spool.file(&bytes(ladder::RUNGS[4], 2)).await, Err(StoreError::Full));
    // Room for a small one is still there, and is used.
    spool.file(&bytes(ladder::RUNGS[0], 3)).await.unwrap();
    spool.pragma("PRAGMA max_page_count = 1000000").await;
    spool.file(&bytes(ladder::RUNGS[3], 2)).await.unwrap();
    spool.store.sweep(Duration::ZERO).await.unwrap();
    assert_eq!(spool.rows().await, (3, 1 + 1 + 4));
}

#[tokio::test]
async fn the_spool_does_not_outgrow_its_limit_and_deleting_makes_room() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("spool.sqlite"), 10, &mut rng()).await.unwrap();
    let spool = Spool { store, folder };
    spool.file(&bytes(ladder::RUNGS[5], 1)).await.unwrap();
    spool.file(&bytes(ladder::RUNGS[5], 2)).await.unwrap();
    assert_eq!(spool.file(&bytes(ladder::RUNGS[5], 3)).await, Err(StoreError::Full));
    let waiting = spool.store.waiting(1, &mut rng()).await.unwrap();
    spool.store.forget(vec![waiting[0].id]).await.unwrap();
    spool.file(&bytes(ladder::RUNGS[5], 3)).await.unwrap();
    let size = std::fs::metadata(spool.folder.path().join("spool.sqlite")).unwrap().len();
    assert!(size <= 10 << 20, "{size}");
}

#[tokio::test]
async fn a_spool_that_cannot_be_written_says_so() {
    let spool = Spool::new().await;
    spool.pragma("PRAGMA query_only = ON").await;
    assert_eq!(spool.file(&bytes(ladder::RUNGS[0], 1)).await, Err(StoreError::Disk));
    spool.pragma("PRAGMA query_only = OFF").await;
    spool.file(&bytes(ladder::RUNGS[0], 1)).await.unwrap();
}

fn box_of(fill: u8) -> Vec<u8> {
    vec![fill; MAILBOX_LEN]
}

#[tokio::test]
async fn mailboxes_are_replaced_all_at_once_or_not_at_all() {
    let spool = Spool::new().await;
    let id = |n: u8| Hash::of(&[&[n]]);
    let found = |n| {
        let store = spool.store.clone();
        async move { store.mailbox(&id(n)).await.unwrap() }
    };
    assert_eq!(found(1).await, (None, 0));
    let mut first = spool.store.lay_out().await.unwrap();
    for n in 0..20 {
        first.push(&id(n), box_of(n)).await.unwrap();
        assert_eq!(found(n).await, (None, 0));
    }
    first.finish().await.unwrap();
    assert_eq!(found(3).await, (Some(box_of(3)), 1));
    assert_eq!(found(99).await, (None, 1));

    // Broken off: nothing changes.
    let mut broken = spool.store.lay_out().await.unwrap();
    for n in 0..17 {
        broken.push(&id(n), box_of(200)).await.unwrap();
    }
    drop(broken);
    assert_eq!(found(3).await, (Some(box_of(3)), 1));

    let mut second = spool.store.lay_out().await.unwrap();
    second.push(&id(3), box_of(77)).await.unwrap();
    second.push(&id(3), box_of(78)).await.unwrap();
    second.finish().await.unwrap();
    assert_eq!(found(3).await, (Some(box_of(78)), 2));
    assert_eq!(found(4).await, (None, 2));

    let seed = *spool.store.decoy_seed();
    let spool = spool.restart().await;
    assert_eq!(spool.store.mailbox(&id(3)).await.unwrap(), (Some(box_of(78)), 2));
    assert_eq!(mailbox::Entity::find().count(&spool.store.reading).await.unwrap(), 2);
    assert_eq!(*spool.store.decoy_seed(), seed);
}

#[tokio::test]
async fn a_lookup_never_misses_a_mailbox_while_all_are_replaced() {
    let spool = Spool::new().await;
    let id = Hash::of(&[b"mine"]);
    let lay_out = |fill| {
        let store = spool.store.clone();
        async move {
            let mut laying_out = store.lay_out().await.unwrap();
            for n in 0..40u8 {
                laying_out.push(&Hash::of(&[&[n]]), box_of(fill)).await.unwrap();
            }
            laying_out.push(&id, box_of(fill)).await.unwrap();
            laying_out.finish().await.unwrap();
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
        assert!(spool.store.mailbox(&id).await.unwrap().0.is_some());
        lookups += 1;
    }
    replacing.await.unwrap();
}

#[tokio::test]
async fn the_schema_knows_no_time_but_the_week() {
    let spool = Spool::new().await;
    spool.file(&bytes(ladder::RUNGS[0], 1)).await.unwrap();
    let row = submission::Entity::find().one(&spool.store.reading).await.unwrap().unwrap();
    assert_eq!((row.week.as_str(), row.length, row.complete), ("2026-W48", 32_768, true));
    assert_eq!(row.id.get_version_num(), 4);
}
