//! Finds other cases that may concern the same matter, with the reasons.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use sqlx::Row as _;
use uuid::Uuid;

use super::{Index, IndexError, common_words::is_common, text_folding::fold_text};
use crate::search::identifiers::lowercase_words;

/// A word is distinctive if at most this share of the cases contains it…
const RARE_WORD_SHARE: f64 = 0.02;
/// …or at most this number of cases, in a small installation.
const RARE_WORD_CASES: i64 = 3;
/// Maximum number of words of a text that are searched for, the longest first.
const MAX_QUERY_WORDS: usize = 64;
/// Shorter words are not distinctive.
const MIN_WORD_CHARS: usize = 5;
/// Two cases are related if they share at least this number of distinctive words.
const MIN_SHARED_WORDS: usize = 4;

/// What two cases share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RelationKind {
    /// The same file, byte for byte.
    File,
    /// The same number of a declaration, vehicle, container or telephone.
    Number,
    /// The same category at the same place.
    Place,
    /// Several words that few cases contain.
    Words,
}

impl RelationKind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Number => "number",
            Self::Place => "place",
            Self::Words => "words",
        }
    }

    /// Returns the weight of one shared value in the order of results.
    fn weight(self) -> usize {
        match self {
            Self::File => 16,
            Self::Number => 12,
            Self::Place => 4,
            Self::Words => 1,
        }
    }
}

/// Another case, with the reasons for its selection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RelatedCase {
    /// Id of the other case.
    pub case: Uuid,
    /// Stage of that case.
    pub stage: String,
    /// Category of that case.
    pub category: String,
    /// Date of the report, `YYYY-MM-DD`.
    pub filed: String,
    /// Shared kinds, the strongest first, each with the shared numbers, places or words. The list
    /// is empty for a file.
    pub reasons: Vec<(RelationKind, Vec<String>)>,
}

type RelationReasons = BTreeMap<RelationKind, BTreeSet<String>>;

impl Index {
    /// Returns at most `limit` cases that share identifiers or distinctive words with this case,
    /// the closest first. The result is a suggestion: two reports can name the same truck and
    /// concern different matters.
    ///
    /// # Errors
    /// [`IndexError::CaseNotIndexed`] if the case is not in the index, [`IndexError::Database`] if
    /// the database fails.
    pub async fn related(
        &mut self,
        case: Uuid,
        limit: usize,
    ) -> Result<Vec<RelatedCase>, IndexError> {
        let key = self.row_key(case).await?.ok_or(IndexError::CaseNotIndexed)?;
        let mut found: BTreeMap<i64, RelationReasons> = BTreeMap::new();
        self.add_shared_identifiers(key, &mut found).await?;
        self.add_shared_words(key, &mut found).await?;
        let weight = |reasons: &RelationReasons| -> usize {
            reasons.iter().map(|(kind, values)| kind.weight() * values.len()).sum()
        };
        let mut found: Vec<(i64, RelationReasons)> = found.into_iter().collect();
        found.sort_by_key(|(key, reasons)| (std::cmp::Reverse(weight(reasons)), *key));
        found.truncate(limit);
        let mut related = Vec::with_capacity(found.len());
        for (key, reasons) in found {
            related.push(self.related_case(key, reasons).await?);
        }
        Ok(related)
    }

    async fn add_shared_identifiers(
        &mut self,
        key: i64,
        found: &mut BTreeMap<i64, RelationReasons>,
    ) -> Result<(), IndexError> {
        let rows = sqlx::query(
            "SELECT other.key, other.kind, other.value FROM identifiers AS own \
             JOIN identifiers AS other ON other.kind = own.kind AND other.value = own.value AND other.key <> own.key \
             WHERE own.key = ?",
        )
        .bind(key)
        .fetch_all(&mut self.database)
        .await?;
        for row in rows {
            let stored: &str = row.try_get(1)?;
            let kind = [RelationKind::File, RelationKind::Number, RelationKind::Place]
                .into_iter()
                .find(|kind| kind.as_str() == stored);
            if let Some(kind) = kind {
                found
                    .entry(row.try_get(0)?)
                    .or_default()
                    .entry(kind)
                    .or_default()
                    .insert(row.try_get(2)?);
            }
        }
        Ok(())
    }

    async fn add_shared_words(
        &mut self,
        key: i64,
        found: &mut BTreeMap<i64, RelationReasons>,
    ) -> Result<(), IndexError> {
        let row = sqlx::query("SELECT story, messages FROM originals WHERE key = ?")
            .bind(key)
            .fetch_one(&mut self.database)
            .await?;
        let text = zeroize::Zeroizing::new(format!(
            "{}\n{}",
            row.try_get::<&str, _>(0)?,
            row.try_get::<&str, _>(1)?
        ));
        let cases: i64 =
            sqlx::query_scalar("SELECT count(*) FROM cases").fetch_one(&mut self.database).await?;
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            reason = "a share of a count of cases"
        )]
        let max_cases = RARE_WORD_CASES.max((cases as f64 * RARE_WORD_SHARE) as i64);
        let mut shared: BTreeMap<i64, BTreeSet<String>> = BTreeMap::new();
        for word in distinctive_words(&text) {
            // The limit is one more than the maximum, so that a common word costs no more than a
            // rare one.
            let others: Vec<i64> =
                sqlx::query_scalar("SELECT rowid FROM texts WHERE texts MATCH ? LIMIT ?")
                    .bind(format!("{{story messages}} : \"{}\"", fold_text(&word)))
                    .bind(max_cases + 1)
                    .fetch_all(&mut self.database)
                    .await?;
            if i64::try_from(others.len()).is_ok_and(|count| count <= max_cases) {
                for other in others.into_iter().filter(|other| *other != key) {
                    shared.entry(other).or_default().insert(word.clone());
                }
            }
        }
        for (other, words) in
            shared.into_iter().filter(|(_, words)| words.len() >= MIN_SHARED_WORDS)
        {
            found.entry(other).or_default().insert(RelationKind::Words, words);
        }
        Ok(())
    }

    async fn related_case(
        &mut self,
        key: i64,
        reasons: RelationReasons,
    ) -> Result<RelatedCase, IndexError> {
        let row = sqlx::query("SELECT id, stage, category, filed FROM cases WHERE key = ?")
            .bind(key)
            .fetch_one(&mut self.database)
            .await?;
        let id: Vec<u8> = row.try_get(0)?;
        let values = |(kind, values): (RelationKind, BTreeSet<String>)| match kind {
            // A hash means nothing to a person.
            RelationKind::File => (kind, Vec::new()),
            _ => (kind, values.into_iter().collect()),
        };
        Ok(RelatedCase {
            case: Uuid::from_slice(&id).map_err(|_| IndexError::CaseNotIndexed)?,
            stage: row.try_get(1)?,
            category: row.try_get(2)?,
            filed: row.try_get(3)?,
            reasons: reasons.into_iter().map(values).collect(),
        })
    }
}

/// Returns the words of a text that may be distinctive, each once.
fn distinctive_words(text: &str) -> Vec<String> {
    let long = |word: &String| {
        word.chars().count() >= MIN_WORD_CHARS && !word.chars().all(|c| c.is_ascii_digit())
    };
    let words: BTreeSet<String> = lowercase_words(text)
        .into_iter()
        .filter(long)
        .filter(|word| !is_common(&fold_text(word)))
        .collect();
    let mut words: Vec<String> = words.into_iter().collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
    words.truncate(MAX_QUERY_WORDS);
    words
}
