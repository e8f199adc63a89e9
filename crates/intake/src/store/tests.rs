//! Tests of the spool.

use futures_util::TryStreamExt as _;
use protocol::{Hash, encoding::size_classes, mailbox::MAILBOX_LEN};
use rand::{
    SeedableRng,
    rngs::{OsRng, StdRng},
};
use sea_orm::{PaginatorTrait, Statement, sea_query::Expr};

use super::*;

/// Runs each test on `SQLite` and on `PostgreSQL`.
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

mod disk;
mod mailboxes;
mod submissions;
mod uploads;

struct TestSpool {
    store: Store,
    url: DatabaseUrl,
    folder: tempfile::TempDir,
}

impl TestSpool {
    async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::Sqlite(folder.path().join("spool.sqlite"));
        Self { store: open_store(&url).await, url, folder }
    }

    async fn postgres() -> Self {
        let url =
            test_postgres::shared_cluster().unwrap().create_database().unwrap().parse().unwrap();
        Self { store: open_store(&url).await, url, folder: tempfile::tempdir().unwrap() }
    }

    async fn submit(&self, bytes: &[u8]) -> Result<(), StoreError> {
        let mut upload = self.store.begin_submission("2026-W48".into(), &mut rng());
        for part in bytes.chunks(100_000) {
            upload.write(part).await?;
        }
        upload.commit().await
    }

    async fn restart(self) -> Self {
        let Self { store, url, folder } = self;
        drop(store);
        Self { store: open_store(&url).await, url, folder }
    }

    async fn count_rows(&self) -> (u64, u64) {
        let db = &self.store.read_db;
        let submissions = submission::Entity::find().count(db).await.unwrap();
        (submissions, chunk::Entity::find().count(db).await.unwrap())
    }

    /// Waits for this number of rows, because dropping an upload deletes its rows in the
    /// background.
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

    async fn read(&self, submission: &StoredSubmission) -> Vec<u8> {
        let chunks = self.store.read_chunks(submission).await.unwrap().unwrap();
        let chunks: Vec<_> = chunks.try_collect().await.unwrap();
        assert!(chunks.iter().all(|chunk: &Vec<u8>| chunk.len() <= CHUNK_BYTES));
        chunks.concat()
    }

    async fn execute(&self, sql: &str) {
        self.store.write_db.execute_unprepared(sql).await.unwrap();
    }
}

async fn open_store(url: &DatabaseUrl) -> Store {
    Store::open(url, StoreLimits { max_size_mib: 64, writers: 16 }, &mut rng()).await.unwrap()
}

fn rng() -> StdRng {
    StdRng::from_entropy()
}

fn bytes(len: u64, seed: u8) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(len).unwrap()];
    StdRng::from_seed([seed; 32]).fill_bytes(&mut bytes);
    bytes
}
