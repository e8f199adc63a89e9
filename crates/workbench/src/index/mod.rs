//! Full-text search over all cases that one can read, on the investigator's own machine and nowhere else.
//!
//! The index is an `SQLite` database in memory with its own full-text search (FTS5). What it searches is folded, so that all spellings
//! of a word or number are one; what is shown around a hit is the text itself. Between two
//! runs it lies in the home folder as one file, signed with the device key and sealed to the key's owner. It can be thrown away
//! at any time: what cannot be read is made anew from the cases.
//!
//! [`Index::open`] → [`update`](Index::update) → [`search`](Index::search) or [`related`](Index::related) → [`save`](Index::save).

mod common_words;
mod document;
mod fold;
mod query;
mod related;
mod search;

pub use query::Mark;
pub use related::{Related, Tie};
pub use search::{Filter, Hit};

use std::{
    collections::{BTreeMap, BTreeSet},
    pin::pin,
};

use envelope::{
    Hash,
    desk_api::CaseRow,
    keys::{PublicKey, sign},
};
use futures_util::{StreamExt as _, stream};
use sqlx::{Connection as _, Row as _, SqliteConnection, sqlite::SqliteOwnedBuf};
use taxonomy::Taxonomy;
use tokio::sync::mpsc;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    alarm::{Alarm, Code},
    cases::{Case, ReadError},
    connection::{ConnectError, Connection},
    files::{self, FileError},
    home::{Home, SeenCase},
    keyfile::InvestigatorKey,
    view::word,
};
use document::Document;

/// The label of the signature over a saved index.
const LABEL: &[u8] = b"burkindi/index/v1\0";
/// In the database; another version is thrown away and made anew.
const VERSION: i64 = 3;
/// What was pinned is written after so many cases, so that an interrupted first run is not all for nothing.
const WRITE_EVERY: usize = 500;
/// Cases that are asked for at once.
const AT_ONCE: usize = 8;

const MEMORY: &str = "sqlite::memory:";

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
    Read(#[from] ReadError),
    /// Nothing to look for.
    #[error("give at least one word with a letter or a digit, or narrow by a category, stage, desk or day")]
    NoWords,
    /// Not among one's cases.
    #[error("the case is not among those that you can read")]
    NoCase,
}

/// What an update did.
#[derive(Debug, Default)]
pub struct Updated {
    /// Cases that were new, or had changed.
    pub read: usize,
    /// Cases in which one has not said yet to have no conflict of interest: nothing of them is in the index.
    pub undeclared: usize,
    /// Cases that one can no longer read: nothing of them is left in the index.
    pub forgotten: usize,
    /// What is wrong with the queue, with cases that were read, or with cases that cannot be.
    pub alarms: Vec<Alarm>,
}

/// What is new, read case by case; it can be left off between two of them and gone on with later.
#[derive(Debug)]
pub struct Reading {
    changed: Vec<CaseRow>,
    done: usize,
    updated: Updated,
}

impl Reading {
    /// Of how many cases how many were read.
    pub fn progress(&self) -> (usize, usize) {
        (self.done, self.changed.len())
    }

    /// Is there nothing left to read?
    pub fn is_over(&self) -> bool {
        self.done == self.changed.len()
    }

    /// What came of it.
    pub fn finish(self) -> Updated {
        self.updated
    }
}

/// The index, in memory.
pub struct Index {
    database: SqliteConnection,
}

impl Index {
    /// Opens the saved index; an empty one where there is none, or none that can be believed.
    pub async fn open(home: &Home, key: &InvestigatorKey) -> Result<Self, IndexError> {
        if let Some(saved) = unseal(home, key)? {
            // Whatever is wrong with it, making it anew is the answer.
            if let Ok(index) = Self::load(&saved).await {
                return Ok(index);
            }
        }
        let mut database = SqliteConnection::connect(MEMORY).await?;
        set_careful(&mut database).await?;
        sqlx::raw_sql(SCHEMA).execute(&mut database).await?;
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("PRAGMA user_version = {VERSION}")))
            .execute(&mut database)
            .await?;
        Ok(Self { database })
    }

    async fn load(saved: &[u8]) -> Result<Self, sqlx::Error> {
        let mut database = SqliteConnection::connect(MEMORY).await?;
        database.deserialize(None, SqliteOwnedBuf::try_from(saved)?, false).await?;
        set_careful(&mut database).await?;
        let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut database).await?;
        if version == VERSION { Ok(Self { database }) } else { Err(sqlx::Error::RowNotFound) }
    }

    /// Ends it, with nothing left in memory: its pages are overwritten before they are given back, which the database does not do
    /// by itself when it is closed.
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
    pub async fn save(&mut self, home: &Home, key: &InvestigatorKey) -> Result<(), IndexError> {
        let bytes = self.database.serialize(None).await?;
        let mut plain = Zeroizing::new(Vec::with_capacity(64 + bytes.len()));
        plain.extend_from_slice(&sign(key.device(), LABEL, &bytes));
        plain.extend_from_slice(&bytes);
        Ok(files::replace_private(&home.index_path(), &key.identity().recipient().seal(&plain))?)
    }

    /// Reads what is new or has changed, and forgets what one can no longer read. `progress` hears how many of how many.
    pub async fn update(
        &mut self,
        connection: &mut Connection,
        taxonomy: &Taxonomy,
        mut progress: impl FnMut(usize, usize),
    ) -> Result<Updated, IndexError> {
        let mut reading = self.begin(connection).await?;
        progress(0, reading.changed.len());
        let tell = |done, of| {
            progress(done, of);
            true
        };
        self.read_on(&mut reading, connection, taxonomy, tell).await?;
        Ok(reading.finish())
    }

    /// Looks what is new or has changed, and forgets what one can no longer read.
    pub async fn begin(&mut self, connection: &Connection) -> Result<Reading, IndexError> {
        let (mut rows, alarms) = connection.queue().await?;
        let me = connection.handle();
        let undeclared = rows.iter().filter(|row| !row.state.has_declared(me)).count();
        let mut updated = Updated { undeclared, alarms, ..Updated::default() };
        let known = self.heads().await?;
        let here: BTreeSet<Uuid> = rows.iter().map(|row| row.id).collect();
        for id in known.keys().filter(|id| !here.contains(id)) {
            self.forget(*id).await?;
            updated.forgotten += 1;
        }
        rows.retain(|row| known.get(&row.id) != Some(&row.state.head));
        Ok(Reading { changed: rows, done: 0, updated })
    }

    /// Reads what is left. `go_on` hears after each case how many of how many were read, and can leave it off there.
    pub async fn read_on(
        &mut self,
        reading: &mut Reading,
        connection: &mut Connection,
        taxonomy: &Taxonomy,
        mut go_on: impl FnMut(usize, usize) -> bool,
    ) -> Result<(), IndexError> {
        let mut wanted = true;
        while wanted && !reading.is_over() {
            sqlx::query("BEGIN").execute(&mut self.database).await?;
            let mut pins = Vec::new();
            let read = self.read_part(reading, connection, taxonomy, &mut pins, &mut go_on).await;
            // What was read before something went wrong is kept.
            sqlx::query("COMMIT").execute(&mut self.database).await?;
            connection.pin_cases(pins)?;
            wanted = read?;
        }
        Ok(())
    }

    /// Reads so many cases as are written at once, and says whether more are wanted.
    async fn read_part(
        &mut self,
        reading: &mut Reading,
        connection: &Connection,
        taxonomy: &Taxonomy,
        pins: &mut Vec<(Uuid, SeenCase)>,
        go_on: &mut impl FnMut(usize, usize) -> bool,
    ) -> Result<bool, IndexError> {
        let of = reading.changed.len();
        let part = &reading.changed[reading.done..of.min(reading.done + WRITE_EVERY)];
        // The case handler looks for the next ones while this one is opened, and it is opened while the one before is taken in.
        let ids: Vec<Uuid> = part.iter().map(|row| row.id).collect();
        let (opened, cases) = mpsc::channel(AT_ONCE);
        let opening = async move {
            let mut read = pin!(stream::iter(ids).map(|id| connection.look_at(id)).buffered(AT_ONCE));
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
                pins.extend(self.take_in(connection, row, case, (taxonomy, &mut reading.updated)).await?);
                reading.done += 1;
                if !go_on(reading.done, of) {
                    return Ok(false);
                }
            }
            Ok(true)
        };
        tokio::join!(opening, taking).1
    }

    /// Takes in one case as it was read, and gives what is to be remembered of it. One that cannot be read is an alarm, and does not keep
    /// the others from being read.
    async fn take_in(
        &mut self,
        connection: &Connection,
        row: &CaseRow,
        case: Result<Case, ReadError>,
        (taxonomy, updated): (&Taxonomy, &mut Updated),
    ) -> Result<Option<(Uuid, SeenCase)>, IndexError> {
        match case {
            Ok(case) => {
                let pin = case.pin();
                // What was not declared on is verified and known, and found by nothing. The declaration is an event, after which it is
                // read again.
                let declared = connection.check_declared(&case).is_ok();
                let document = if declared { Document::of(&case, taxonomy) } else { Document::default() };
                updated.alarms.extend(case.alarms);
                self.put(row, &document).await?;
                updated.read += 1;
                Ok(pin)
            }
            Err(ReadError::Client(error)) if error.is_unreachable() => Err(ReadError::from(error).into()),
            Err(ReadError::Unreadable(unreadable)) => {
                // Known, found by nothing, and not read again until something happens in it.
                self.put(row, &Document::default()).await?;
                updated.read += 1;
                Ok(unreadable.pin)
            }
            Err(error) => {
                self.forget(row.id).await?;
                let alarm = match &error {
                    ReadError::FormerKey(_) => Alarm::notice(Code::FormerKey, error.to_string()),
                    _ => Alarm::new(Code::Unopenable, error.to_string()),
                };
                updated.alarms.push(alarm.in_case(row.id));
                Ok(None)
            }
        }
    }

    async fn heads(&mut self) -> Result<BTreeMap<Uuid, Hash>, IndexError> {
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

    async fn put(&mut self, row: &CaseRow, document: &Document) -> Result<(), IndexError> {
        self.forget(row.id).await?;
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
        .bind(word(&row.state.urgency))
        .bind(&row.state.assignee)
        .bind(row.filed.to_string())
        .fetch_one(&mut self.database)
        .await?;
        let texts = [&document.story, &document.facts, &document.messages, &document.notes, &document.files];
        let original = sqlx::query("INSERT INTO originals VALUES (?, ?, ?, ?, ?, ?)").bind(key);
        let original = texts.into_iter().fold(original, |query, text| query.bind(text.as_str()));
        original.execute(&mut self.database).await?;
        let folded = texts.map(|text| Zeroizing::new(fold::fold(text)));
        let also: BTreeSet<String> = folded.iter().flat_map(|text| fold::also(text)).collect();
        let also = Zeroizing::new(also.into_iter().collect::<Vec<_>>().join("\n"));
        let searched = sqlx::query(
            "INSERT INTO texts (rowid, story, facts, messages, notes, files, also) VALUES (?, ?, ?, ?, ?, ?, ?)",
        );
        let searched = folded.iter().fold(searched.bind(key), |query, text| query.bind(text.as_str()));
        searched.bind(also.as_str()).execute(&mut self.database).await?;
        for (kind, value) in &document.ties {
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
    async fn forget(&mut self, id: Uuid) -> Result<(), IndexError> {
        let Some(key) = self.key_of(id).await? else { return Ok(()) };
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

    async fn key_of(&mut self, id: Uuid) -> Result<Option<i64>, IndexError> {
        let query = sqlx::query_scalar("SELECT key FROM cases WHERE id = ?").bind(&id.as_bytes()[..]);
        Ok(query.fetch_optional(&mut self.database).await?)
    }
}

/// What is forgotten must not stay in the pages, which are saved whole; and nothing may reach a temporary file. The settings
/// belong to the database that is open, so a loaded one needs them again.
async fn set_careful(database: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql("PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON;")
        .execute(database)
        .await
        .map(drop)
}

/// The saved index, if there is one that this key's owner made.
fn unseal(home: &Home, key: &InvestigatorKey) -> Result<Option<Zeroizing<Vec<u8>>>, FileError> {
    let sealed = match files::read(&home.index_path()) {
        Ok(sealed) => sealed,
        Err(FileError::Missing(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let Ok(plain) = key.identity().open(&sealed) else { return Ok(None) };
    let Some((signature, bytes)) = plain.split_first_chunk::<64>() else { return Ok(None) };
    // Anybody can seal to a public key.
    let own = PublicKey::from(key.device()).verify(LABEL, bytes, signature).is_ok();
    Ok(own.then(|| Zeroizing::new(bytes.to_vec())))
}
