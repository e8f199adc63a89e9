//! Stores the index: an `SQLite` database in memory, saved as one signed and sealed file.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{
    Hash,
    api::workbench::CaseSummary,
    keys::{PublicKey, sign},
};
use sqlx::{Connection as _, Row as _, SqliteConnection, sqlite::SqliteOwnedBuf};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Index, IndexError, case_document::CaseDocument, text_folding};
use crate::{
    case::view::serde_word,
    keys::key_file::InvestigatorKey,
    private_files::{self, FileError},
    session::profile::ProfileDir,
};

/// Domain separation label of the signature over a saved index.
const SIGNATURE_CONTEXT: &[u8] = b"burkindi/index/v1\0";
/// Stored in the database. An index with another version is discarded and rebuilt.
const SCHEMA_VERSION: i64 = 5;

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
        priority TEXT NOT NULL,
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
    CREATE TABLE identifiers (
        key INTEGER NOT NULL REFERENCES cases(key),
        kind TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (kind, value, key)
    ) WITHOUT ROWID;
    CREATE INDEX identifiers_of_case ON identifiers (key);
";

impl Index {
    /// Opens the saved index. Returns an empty index if no file exists, or if the file was not
    /// signed by this key or cannot be loaded.
    ///
    /// # Errors
    /// [`IndexError::File`] if the file exists but cannot be read, [`IndexError::Database`] if the
    /// database in memory cannot be created.
    pub async fn open(profile: &ProfileDir, key: &InvestigatorKey) -> Result<Self, IndexError> {
        if let Some(saved) = decrypt_index(profile, key)? {
            // A saved index with any fault is rebuilt.
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

    /// Closes the index and leaves nothing in memory. The pages are overwritten before they are
    /// freed, because the database does not do so when it closes.
    pub async fn wipe(mut self) {
        let dropped = sqlx::raw_sql(
            "DROP TABLE identifiers; DROP TABLE texts; DROP TABLE originals; DROP TABLE cases; VACUUM",
        )
        .execute(&mut self.database)
        .await;
        drop(dropped);
        drop(self.database.close().await);
    }

    /// Saves the index, signed and sealed, into the profile.
    ///
    /// # Errors
    /// [`IndexError::File`] if the file cannot be written, [`IndexError::Database`] if the database
    /// cannot be serialized.
    pub async fn save(
        &mut self,
        profile: &ProfileDir,
        key: &InvestigatorKey,
    ) -> Result<(), IndexError> {
        let bytes = self.database.serialize(None).await?;
        let mut plain = Zeroizing::new(Vec::with_capacity(64 + bytes.len()));
        plain.extend_from_slice(&sign(key.device(), SIGNATURE_CONTEXT, &bytes));
        plain.extend_from_slice(&bytes);
        Ok(private_files::replace_private(
            &profile.index_path(),
            &key.identity().recipient().seal(&plain),
        )?)
    }

    pub(super) async fn indexed_heads(&mut self) -> Result<BTreeMap<Uuid, Hash>, IndexError> {
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

    pub(super) async fn store_document(
        &mut self,
        row: &CaseSummary,
        document: &CaseDocument,
    ) -> Result<(), IndexError> {
        self.remove(row.id).await?;
        let key: i64 = sqlx::query_scalar(
            "INSERT INTO cases (id, head, category, lang, desk, stage, priority, assignee, filed) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING key",
        )
        .bind(&row.id.as_bytes()[..])
        .bind(&row.state.head.as_bytes()[..])
        .bind(&document.category)
        .bind(&row.lang)
        .bind(&row.state.desk)
        .bind(row.state.stage.as_str())
        .bind(serde_word(&row.state.priority))
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
            sqlx::query("INSERT OR IGNORE INTO identifiers (key, kind, value) VALUES (?, ?, ?)")
                .bind(key)
                .bind(kind.as_str())
                .bind(value)
                .execute(&mut self.database)
                .await?;
        }
        Ok(())
    }

    /// Removes everything of a case.
    pub(super) async fn remove(&mut self, id: Uuid) -> Result<(), IndexError> {
        let Some(key) = self.row_key(id).await? else { return Ok(()) };
        for query in [
            "DELETE FROM texts WHERE rowid = ?",
            "DELETE FROM originals WHERE key = ?",
            "DELETE FROM identifiers WHERE key = ?",
            "DELETE FROM cases WHERE key = ?",
        ] {
            sqlx::query(query).bind(key).execute(&mut self.database).await?;
        }
        Ok(())
    }

    pub(super) async fn row_key(&mut self, id: Uuid) -> Result<Option<i64>, IndexError> {
        let query =
            sqlx::query_scalar("SELECT key FROM cases WHERE id = ?").bind(&id.as_bytes()[..]);
        Ok(query.fetch_optional(&mut self.database).await?)
    }
}

/// Pages are saved as they are, so deleted content must be overwritten. Nothing may be written to a
/// temporary file. The settings belong to the open connection, so a loaded database needs them
/// again.
async fn set_secure_pragmas(database: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(
        "PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON;",
    )
    .execute(database)
    .await
    .map(drop)
}

/// Returns the saved index, or `None` if no file exists or the owner of this key did not sign it.
fn decrypt_index(
    profile: &ProfileDir,
    key: &InvestigatorKey,
) -> Result<Option<Zeroizing<Vec<u8>>>, FileError> {
    let sealed = match private_files::read(&profile.index_path()) {
        Ok(sealed) => sealed,
        Err(FileError::NotFound(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let Ok(plain) = key.identity().open(&sealed) else { return Ok(None) };
    let Some((signature, bytes)) = plain.split_first_chunk::<64>() else { return Ok(None) };
    // Anyone can seal to a public key, so the signature decides.
    let own = PublicKey::from(key.device()).verify(SIGNATURE_CONTEXT, bytes, signature).is_ok();
    Ok(own.then(|| Zeroizing::new(bytes.to_vec())))
}
