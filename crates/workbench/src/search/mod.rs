//! Full-text search over all cases that one can read, on the investigator's own machine and nowhere
//! else.
//!
//! The index is an `SQLite` database in memory with its own full-text search (FTS5). What it
//! searches is folded, so that all spellings of a word or number are one; what is shown around a
//! hit is the text itself. Between two runs it lies in the home folder as one file, signed with the
//! device key and sealed to the key's owner. It can be thrown away at any time: what cannot be read
//! is made anew from the cases.
//!
//! [`Index::open`] → [`update`](Index::update) → [`hits`](Index::search) or
//! [`related_cases`](Index::related) → [`save`](Index::save).

mod case_document;
mod common_words;
mod hits;
pub(crate) mod identifiers;
mod query;
mod related_cases;
mod text_folding;

pub use hits::{SearchFilter, SearchHit};
pub use query::ExcerptSpan;
pub use related_cases::{RelatedCase, RelationKind};

use std::{
    collections::{BTreeMap, BTreeSet},
    pin::pin,
};

use futures_util::{StreamExt as _, stream};
use protocol::{
    Hash,
    api::workbench::CaseSummary,
    keys::{PublicKey, sign},
};
use sqlx::{Connection as _, Row as _, SqliteConnection, sqlite::SqliteOwnedBuf};
use taxonomy::Taxonomy;
use tokio::sync::mpsc;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    alert::{AlertCode, IntegrityAlert},
    case::{CaseReadError, VerifiedCase, view::serde_word},
    keys::key_file::InvestigatorKey,
    private_files::{self, FileError},
    session::{
        ConnectError, HandlerConnection,
        profile::{PinnedCaseHead, ProfileDir},
    },
};
use case_document::CaseDocument;

/// The label of the signature over a saved index.
const SIGNATURE_CONTEXT: &[u8] = b"burkindi/index/v1\0";
/// In the database; another version is thrown away and made anew.
const SCHEMA_VERSION: i64 = 3;
/// What was pinned is written after so many cases, so that an interrupted first run is not all for
/// nothing.
const CASES_PER_TRANSACTION: usize = 500;
/// Cases that are asked for at once.
const MAX_CONCURRENT_READS: usize = 8;

const IN_MEMORY_URL: &str = "sqlite::memory:";

const SCHEMA: &str = "
    CREATE TABLE cases (
        key INTEGER PRIMARY KEY,
        id BLOB NOT NULL UNIQUE,
        head BLOB NOT NULL,
        category TEXT NOT NULL,
        lang TEXT NOT NULL,
        desk TEXT NOT NULL,
        stage TEXT NOT NULL,
        urgency TEXT NOT NULL,
        assignee TEXT,
        filed TEXT NOT NULL
    );
    CREATE VIRTUAL TABLE texts USING fts5(
        story, facts, messages, notes, files, also,
        prefix = '2 3'
    );
    CREATE TABLE originals (
        key INTEGER PRIMARY KEY,
        story TEXT NOT NULL,
        facts TEXT NOT NULL,
        messages TEXT NOT NULL,
        notes TEXT NOT NULL,
        files TEXT NOT NULL
    );
    INSERT INTO texts (texts, rank) VALUES ('secure-delete', 1);
    CREATE TABLE ties (
        key INTEGER NOT NULL REFERENCES cases(key),
        kind TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (kind, value, key)
    ) WITHOUT ROWID;
    CREATE INDEX ties_of ON ties (key);
";

/// Why something cannot be searched.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The database in memory.
    #[error("the index: {0}")]
    Database(#[from] sqlx::Error),
    /// The home folder.
    #[error(transparent)]
    File(#[from] FileError),
    /// The queue.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A case, for a reason that is not the case's own.
    #[error(transparent)]
    Read(#[from] CaseReadError),
    /// Nothing to look for.
    #[error(
        "give at least one word with a letter or a digit, or narrow by a category, stage, desk or day"
    )]
    EmptyQuery,
    /// Not among one's cases.
    #[error("the case is not among those that you can read")]
    CaseNotIndexed,
}

/// What an update did.
#[derive(Debug, Default)]
pub struct IndexStats {
    /// Cases that were new, or had changed.
    pub indexed: usize,
    /// Cases in which one has not said yet to have no conflict of interest: nothing of them is in
    /// the index.
    pub undeclared: usize,
    /// Cases that one can no longer read: nothing of them is left in the index.
    pub removed: usize,
    /// What is wrong with the queue, with cases that were read, or with cases that cannot be.
    pub alarms: Vec<IntegrityAlert>,
}

/// What is new, read case by case; it can be left off between two of them and gone on with later.
#[derive(Debug)]
pub struct IndexJob {
    changed_rows: Vec<CaseSummary>,
    done: usize,
    stats: IndexStats,
}

impl IndexJob {
    /// Of how many cases how many were read.
    pub fn progress(&self) -> (usize, usize) {
        (self.done, self.changed_rows.len())
    }

    /// Is there nothing left to read?
    pub fn is_done(&self) -> bool {
        self.done == self.changed_rows.len()
    }

    /// What came of it.
    pub fn finish(self) -> IndexStats {
        self.stats
    }
}

/// The index, in memory.
pub struct Index {
    database: SqliteConnection,
}

impl Index {
    /// Opens the saved index; an empty one where there is none, or none that can be believed.
    pub async fn open(home: &ProfileDir, key: &InvestigatorKey) -> Result<Self, IndexError> {
        if let Some(saved) = decrypt_index(home, key)? {
            // Whatever is wrong with it, making it anew is the answer.
            if let Ok(index) = Self::load(&saved).await {
                return Ok(index);
            }
        }
        let mut database = SqliteConnection::connect(IN_MEMORY_URL).await?;
        set_secure_pragmas(&mut database).await?;
        sqlx::raw_sql(SCHEMA).execute(&mut database).await?;
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("PRAGMA user_version = {SCHEMA_VERSION}")))
            .execute(&mut database)
            .await?;
        Ok(Self { database })
    }

    async fn load(saved: &[u8]) -> Result<Self, sqlx::Error> {
        let mut database = SqliteConnection::connect(IN_MEMORY_URL).await?;
        database.deserialize(None, SqliteOwnedBuf::try_from(saved)?, false).await?;
        set_secure_pragmas(&mut database).await?;
        let version: i64 =
            sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut database).await?;
        if version == SCHEMA_VERSION {
            Ok(Self { database })
        } else {
            Err(sqlx::Error::RowNotFound)
        }
    }

    /// Ends it, with nothing left in memory: its pages are overwritten before they are given back,
    /// which the database does not do by itself when it is closed.
    pub async fn wipe(mut self) {
        let emptied = sqlx::raw_sql(
            "DROP TABLE ties; DROP TABLE texts; DROP TABLE originals; DROP TABLE cases; VACUUM",
        )
        .execute(&mut self.database)
        .await;
        drop(emptied);
        drop(self.database.close().await);
    }

    /// Seals it into the home folder.
    pub async fn save(
        &mut self,
        home: &ProfileDir,
        key: &InvestigatorKey,
    ) -> Result<(), IndexError> {
        let bytes = self.database.serialize(None).await?;
        let mut plain = Zeroizing::new(Vec::with_capacity(64 + bytes.len()));
        plain.extend_from_slice(&sign(key.device(), SIGNATURE_CONTEXT, &bytes));
        plain.extend_from_slice(&bytes);
        Ok(private_files::replace_private(
            &home.index_path(),
            &key.identity().recipient().seal(&plain),
        )?)
    }

    /// Reads what is new or has changed, and forgets what one can no longer read. `progress` hears
    /// how many of how many.
    pub async fn update(
        &mut self,
        connection: &mut HandlerConnection,
        taxonomy: &Taxonomy,
        mut progress: impl FnMut(usize, usize),
    ) -> Result<IndexStats, IndexError> {
        let mut reading = self.begin_update(connection).await?;
        progress(0, reading.changed_rows.len());
        let tell = |done, of| {
            progress(done, of);
            true
        };
        self.advance(&mut reading, connection, taxonomy, tell).await?;
        Ok(reading.finish())
    }

    /// Looks what is new or has changed, and forgets what one can no longer read.
    pub async fn begin_update(
        &mut self,
        connection: &HandlerConnection,
    ) -> Result<IndexJob, IndexError> {
        let (mut rows, alarms) = connection.queue().await?;
        let me = connection.handle();
        let undeclared = rows.iter().filter(|row| !row.state.has_declared(me)).count();
        let mut updated = IndexStats { undeclared, alarms, ..IndexStats::default() };
        let known = self.indexed_heads().await?;
        let here: BTreeSet<Uuid> = rows.iter().map(|row| row.id).collect();
        for id in known.keys().filter(|id| !here.contains(id)) {
            self.remove(*id).await?;
            updated.removed += 1;
        }
        rows.retain(|row| known.get(&row.id) != Some(&row.state.head));
        Ok(IndexJob { changed_rows: rows, done: 0, stats: updated })
    }

    /// Reads what is left. `go_on` hears after each case how many of how many were read, and can
    /// leave it off there.
    pub async fn advance(
        &mut self,
        reading: &mut IndexJob,
        connection: &mut HandlerConnection,
        taxonomy: &Taxonomy,
        mut go_on: impl FnMut(usize, usize) -> bool,
    ) -> Result<(), IndexError> {
        let mut wanted = true;
        while wanted && !reading.is_done() {
            sqlx::query("BEGIN").execute(&mut self.database).await?;
            let mut pins = Vec::new();
            let read =
                self.advance_batch(reading, connection, taxonomy, &mut pins, &mut go_on).await;
            // What was read before something went wrong is kept.
            sqlx::query("COMMIT").execute(&mut self.database).await?;
            connection.pin_cases(pins)?;
            wanted = read?;
        }
        Ok(())
    }

    /// Reads so many cases as are written at once, and says whether more are wanted.
    async fn advance_batch(
        &mut self,
        reading: &mut IndexJob,
        connection: &HandlerConnection,
        taxonomy: &Taxonomy,
        pins: &mut Vec<(Uuid, PinnedCaseHead)>,
        go_on: &mut impl FnMut(usize, usize) -> bool,
    ) -> Result<bool, IndexError> {
        let of = reading.changed_rows.len();
        let part =
            &reading.changed_rows[reading.done..of.min(reading.done + CASES_PER_TRANSACTION)];
        // The case handler looks for the next ones while this one is opened, and it is opened while
        // the one before is taken in.
        let ids: Vec<Uuid> = part.iter().map(|row| row.id).collect();
        let (opened, cases) = mpsc::channel(MAX_CONCURRENT_READS);
        let opening = async move {
            let mut read = pin!(
                stream::iter(ids)
                    .map(|id| connection.read_case_without_pinning(id))
                    .buffered(MAX_CONCURRENT_READS)
            );
            while let Some(case) = read.next().await {
                if opened.send(case).await.is_err() {
                    break;
                }
            }
        };
        let taking = async {
            // Gone with this block, however it ends, which ends the opening too.
            let mut cases = cases;
            for row in part {
                let Some(case) = cases.recv().await else { break };
                pins.extend(
                    self.upsert(connection, row, case, (taxonomy, &mut reading.stats)).await?,
                );
                reading.done += 1;
                if !go_on(reading.done, of) {
                    return Ok(false);
                }
            }
            Ok(true)
        };
        tokio::join!(opening, taking).1
    }

    /// Takes in one case as it was read, and gives what is to be remembered of it. One that cannot
    /// be read is an alarm, and does not keep the others from being read.
    async fn upsert(
        &mut self,
        connection: &HandlerConnection,
        row: &CaseSummary,
        case: Result<VerifiedCase, CaseReadError>,
        (taxonomy, updated): (&Taxonomy, &mut IndexStats),
    ) -> Result<Option<(Uuid, PinnedCaseHead)>, IndexError> {
        match case {
            Ok(case) => {
                let pin = case.head_to_pin();
                // What was not declared on is verified and known, and found by nothing. The
                // declaration is an event, after which it is read again.
                let declared = connection.check_declared(&case).is_ok();
                let document = if declared {
                    CaseDocument::from_case(&case, taxonomy)
                } else {
                    CaseDocument::default()
                };
                updated.alarms.extend(case.alarms);
                self.store_document(row, &document).await?;
                updated.indexed += 1;
                Ok(pin)
            }
            Err(CaseReadError::Client(error)) if error.is_unreachable() => {
                Err(CaseReadError::from(error).into())
            }
            Err(CaseReadError::Unreadable(unreadable)) => {
                // Known, found by nothing, and not read again until something happens in it.
                self.store_document(row, &CaseDocument::default()).await?;
                updated.indexed += 1;
                Ok(unreadable.head_to_pin)
            }
            Err(error) => {
                self.remove(row.id).await?;
                let alarm = match &error {
                    CaseReadError::FormerKey(_) => {
                        IntegrityAlert::notice(AlertCode::FormerKey, error.to_string())
                    }
                    _ => IntegrityAlert::new(AlertCode::Unopenable, error.to_string()),
                };
                updated.alarms.push(alarm.in_case(row.id));
                Ok(None)
            }
        }
    }

    async fn indexed_heads(&mut self) -> Result<BTreeMap<Uuid, Hash>, IndexError> {
        let rows = sqlx::query("SELECT id, head FROM cases").fetch_all(&mut self.database).await?;
        let mut heads = BTreeMap::new();
        for row in rows {
            let (id, head): (Vec<u8>, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?);
            if let (Ok(id), Ok(head)) = (Uuid::from_slice(&id), Hash::try_from(&head[..])) {
                heads.insert(id, head);
            }
        }
        Ok(heads)
    }

    async fn store_document(
        &mut self,
        row: &CaseSummary,
        document: &CaseDocument,
    ) -> Result<(), IndexError> {
        self.remove(row.id).await?;
        let key: i64 = sqlx::query_scalar(
            "INSERT INTO cases (id, head, category, lang, desk, stage, urgency, assignee, filed) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING key",
        )
        .bind(&row.id.as_bytes()[..])
        .bind(&row.state.head.as_bytes()[..])
        .bind(&document.category)
        .bind(&row.lang)
        .bind(&row.state.desk)
        .bind(row.state.stage.as_str())
        .bind(serde_word(&row.state.urgency))
        .bind(&row.state.assignee)
        .bind(row.filed.to_string())
        .fetch_one(&mut self.database)
        .await?;
        let texts = [
            &document.story,
            &document.facts,
            &document.messages,
            &document.notes,
            &document.files,
        ];
        let original = sqlx::query("INSERT INTO originals VALUES (?, ?, ?, ?, ?, ?)").bind(key);
        let original = texts.into_iter().fold(original, |query, text| query.bind(text.as_str()));
        original.execute(&mut self.database).await?;
        let folded = texts.map(|text| Zeroizing::new(text_folding::fold_text(text)));
        let also: BTreeSet<String> =
            folded.iter().flat_map(|text| text_folding::extra_terms(text)).collect();
        let also = Zeroizing::new(also.into_iter().collect::<Vec<_>>().join("\n"));
        let searched = sqlx::query(
            "INSERT INTO texts (rowid, story, facts, messages, notes, files, also) VALUES (?, ?, ?, ?, ?, ?, ?)",
        );
        let searched =
            folded.iter().fold(searched.bind(key), |query, text| query.bind(text.as_str()));
        searched.bind(also.as_str()).execute(&mut self.database).await?;
        for (kind, value) in &document.identifiers {
            sqlx::query("INSERT OR IGNORE INTO ties (key, kind, value) VALUES (?, ?, ?)")
                .bind(key)
                .bind(kind.as_str())
                .bind(value)
                .execute(&mut self.database)
                .await?;
        }
        Ok(())
    }

    /// Nothing of a case is left.
    async fn remove(&mut self, id: Uuid) -> Result<(), IndexError> {
        let Some(key) = self.row_key(id).await? else { return Ok(()) };
        for query in [
            "DELETE FROM texts WHERE rowid = ?",
            "DELETE FROM originals WHERE key = ?",
            "DELETE FROM ties WHERE key = ?",
            "DELETE FROM cases WHERE key = ?",
        ] {
            sqlx::query(query).bind(key).execute(&mut self.database).await?;
        }
        Ok(())
    }

    async fn row_key(&mut self, id: Uuid) -> Result<Option<i64>, IndexError> {
        let query =
            sqlx::query_scalar("SELECT key FROM cases WHERE id = ?").bind(&id.as_bytes()[..]);
        Ok(query.fetch_optional(&mut self.database).await?)
    }
}

/// What is forgotten must not stay in the pages, which are saved whole; and nothing may reach a
/// temporary file. The settings belong to the database that is open, so a loaded one needs them
/// again.
async fn set_secure_pragmas(database: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(
        "PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON;",
    )
    .execute(database)
    .await
    .map(drop)
}

/// The saved index, if there is one that this key's owner made.
fn decrypt_index(
    home: &ProfileDir,
    key: &InvestigatorKey,
) -> Result<Option<Zeroizing<Vec<u8>>>, FileError> {
    let sealed = match private_files::read(&home.index_path()) {
        Ok(sealed) => sealed,
        Err(FileError::NotFound(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let Ok(plain) = key.identity().open(&sealed) else { return Ok(None) };
    let Some((signature, bytes)) = plain.split_first_chunk::<64>() else { return Ok(None) };
    // Anybody can seal to a public key.
    let own = PublicKey::from(key.device()).verify(SIGNATURE_CONTEXT, bytes, signature).is_ok();
    Ok(own.then(|| Zeroizing::new(bytes.to_vec())))
}
