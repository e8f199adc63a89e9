//! Full-text search over all cases that the member can read. The index exists only on the member's
//! own machine.
//!
//! The index is an `SQLite` database in memory with full-text search (FTS5). The searched text is
//! folded, so that all spellings of a word or number match. Excerpts around a hit quote the
//! original text. Between two runs, the index is one file in the profile, signed with the device
//! key and sealed to the owner of the key. The file can be deleted at any time: an index that
//! cannot be read is rebuilt from the cases.
//!
//! Usual order of calls: [`Index::open`], [`update`](Index::update), then [`search`](Index::search)
//! or [`related`](Index::related), then [`save`](Index::save).
//!
//! - `storage`: schema, saving and loading.
//! - `update`: reads new and changed cases into the index.
//! - `case_document`: the searchable texts of one case.
//! - `text_folding`, `identifiers`, `common_words`: normalized words and numbers.
//! - `query`, `hits`: parsing a query, results and excerpts.
//! - `related_cases`: cases that share files, numbers, places or rare words.

mod case_document;
mod common_words;
mod hits;
pub(crate) mod identifiers;
mod query;
mod related_cases;
mod storage;
mod text_folding;
mod update;

pub use hits::{SearchFilter, SearchHit};
pub use query::ExcerptSpan;
pub use related_cases::{RelatedCase, RelationKind};

use protocol::api::workbench::CaseSummary;
use sqlx::SqliteConnection;

use crate::{
    alert::IntegrityAlert, case::CaseReadError, private_files::FileError, session::ConnectError,
};

/// Why a search or an update of the index fails.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The in-memory database failed.
    #[error("search index error: {0}")]
    Database(#[from] sqlx::Error),
    /// The profile could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The queue could not be fetched.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A case could not be read, for a reason outside the case, such as a lost connection.
    #[error(transparent)]
    Read(#[from] CaseReadError),
    /// The query has no word and the filter is empty.
    #[error(
        "empty search: enter at least one word with a letter or a digit, or filter by category, stage, desk or date"
    )]
    EmptyQuery,
    /// The case is not in the index.
    #[error("the case is not in the search index: you cannot read it")]
    CaseNotIndexed,
}

/// Result of an update.
#[derive(Debug, Default)]
pub struct IndexStats {
    /// Number of cases that were new or changed.
    pub indexed: usize,
    /// Number of cases without the member's declaration of no conflict of interest. The index
    /// contains nothing of them.
    pub undeclared: usize,
    /// Number of cases that the member can no longer read. The update removed them from the index.
    pub removed: usize,
    /// Alerts about the queue, the cases that were read, and the cases that could not be read.
    pub alarms: Vec<IntegrityAlert>,
}

/// An update in progress. It reads case by case and can be paused between two cases.
#[derive(Debug)]
pub struct IndexJob {
    changed_rows: Vec<CaseSummary>,
    done: usize,
    stats: IndexStats,
}

impl IndexJob {
    /// Returns how many cases were read, and how many there are in total.
    pub fn progress(&self) -> (usize, usize) {
        (self.done, self.changed_rows.len())
    }

    /// Returns whether all cases were read.
    pub fn is_done(&self) -> bool {
        self.done == self.changed_rows.len()
    }

    /// Ends the job and returns its result.
    pub fn finish(self) -> IndexStats {
        self.stats
    }
}

/// The search index, in memory.
pub struct Index {
    database: SqliteConnection,
}
