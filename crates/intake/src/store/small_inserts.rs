//! Inserts of small submissions on `PostgreSQL`. Submissions that arrive while earlier inserts run
//! share the next statement and its commit. A commit costs a disk write, and a statement costs a
//! round trip and a change of process.

use std::{fmt::Write as _, sync::Arc};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement, prelude::*};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::error::StoreError;

/// Maximum number of submissions in one statement. Each has at most one chunk, so this limits
/// memory too.
const MAX_GROUP_LEN: usize = 16;
/// Maximum number of concurrent statements. While one waits for the disk, another is prepared.
const MAX_STATEMENTS: u32 = 2;
/// Number of parameters of a submission.
const PARAMETERS: usize = 7;

/// A complete submission of one chunk.
pub(super) struct SmallSubmission {
    pub(super) id: Uuid,
    pub(super) digest: Vec<u8>,
    pub(super) week: String,
    pub(super) chunk_key: i64,
    pub(super) bytes: Vec<u8>,
}

type Insert = (SmallSubmission, oneshot::Sender<Result<(), StoreError>>);

/// Inserts small submissions in groups.
#[derive(Clone)]
pub(super) struct SmallInserts {
    inserts: mpsc::Sender<Insert>,
}

impl SmallInserts {
    /// Starts the task that forms groups. It ends after the last handle is dropped and all pending
    /// submissions are inserted.
    pub(super) fn start(db: DatabaseConnection, connections: u32) -> Self {
        let (inserts, pending) = mpsc::channel(MAX_GROUP_LEN);
        let statements = Semaphore::new(connections.min(MAX_STATEMENTS) as usize);
        tokio::spawn(form_groups(db, pending, Arc::new(statements)));
        Self { inserts }
    }

    /// Inserts a submission. Returns once it is durable, or once the same bytes were stored before.
    ///
    /// # Errors
    /// If the database fails. All submissions of the same statement then fail.
    pub(super) async fn insert(&self, submission: SmallSubmission) -> Result<(), StoreError> {
        let (reply, replied) = oneshot::channel();
        let sent = self.inserts.send((submission, reply)).await;
        sent.map_err(|_| StoreError::Unavailable)?;
        replied.await.map_err(|_| StoreError::Unavailable)?
    }
}

async fn form_groups(
    db: DatabaseConnection,
    mut pending: mpsc::Receiver<Insert>,
    statements: Arc<Semaphore>,
) {
    loop {
        // Submissions that arrive until a statement may run join its group.
        let Ok(permit) = Arc::clone(&statements).acquire_owned().await else { return };
        let mut group = Vec::with_capacity(MAX_GROUP_LEN);
        if pending.recv_many(&mut group, MAX_GROUP_LEN).await == 0 {
            return;
        }
        tokio::spawn(insert_group(db.clone(), group, permit));
    }
}

async fn insert_group(db: DatabaseConnection, group: Vec<Insert>, _permit: OwnedSemaphorePermit) {
    let (mut submissions, replies): (Vec<_>, Vec<_>) = group.into_iter().unzip();
    // Two statements with the same submissions in different orders would wait for each other.
    submissions.sort_unstable_by(|a, b| a.digest.cmp(&b.digest));
    let outcome = db.execute_raw(insert_statement(submissions)).await;
    let outcome = outcome.map(drop).map_err(StoreError::from);
    for reply in replies {
        // The caller may have been dropped; the submission is stored anyway.
        reply.send(outcome).ok();
    }
}

/// Inserts each submission with its chunk, unless the same bytes are stored.
fn insert_statement(submissions: Vec<SmallSubmission>) -> Statement {
    let (mut rows, mut chunks) = (String::new(), String::new());
    let mut values: Vec<Value> = Vec::with_capacity(submissions.len() * PARAMETERS);
    for submission in submissions {
        let (comma, p) = (if values.is_empty() { "" } else { ", " }, values.len());
        let row = format_args!(
            "${}::uuid, ${}::bytea, ${}::text, ${}::bigint",
            p + 1,
            p + 2,
            p + 3,
            p + 4
        );
        write!(rows, "{comma}({row}, true)").expect("a string accepts text");
        let chunk = format_args!("${}::uuid, ${}::bigint, ${}::bytea", p + 5, p + 6, p + 7);
        write!(chunks, "{comma}({chunk})").expect("a string accepts text");
        let length = i64::try_from(submission.bytes.len()).expect("a chunk has at most 256 KiB");
        values.extend::<[Value; 7]>([
            submission.id.into(),
            submission.digest.into(),
            submission.week.into(),
            length.into(),
            submission.id.into(),
            submission.chunk_key.into(),
            submission.bytes.into(),
        ]);
    }
    let sql = format!(
        "WITH stored AS (\
         INSERT INTO submissions (id, digest, week, length, complete) VALUES {rows} \
         ON CONFLICT (digest) DO NOTHING RETURNING id) \
         INSERT INTO chunks (submission, key, position, bytes) \
         SELECT given.id, given.key, 0, given.bytes \
         FROM (VALUES {chunks}) AS given (id, key, bytes) JOIN stored ON stored.id = given.id"
    );
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}
