//! Which other cases could be about the same, and why.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use sqlx::Row as _;
use uuid::Uuid;

use super::{Index, IndexError, common_words::is_common, text_folding::fold_text};
use crate::search::identifiers::lowercase_words;

/// A word is telling when at most this share of the cases has it…
const RARE_WORD_SHARE: f64 = 0.02;
/// …or so few, in a small office.
const RARE_WORD_CASES: i64 = 3;
/// So many words of a text are looked up, the longest first.
const MAX_QUERY_WORDS: usize = 64;
/// Shorter words tell nothing.
const MIN_WORD_CHARS: usize = 5;
/// So many telling words in common are worth showing.
const MIN_SHARED_WORDS: usize = 4;

/// What two cases have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RelationKind {
    /// The same file, to the byte.
    File,
    /// The same number of a declaration, vehicle, container or telephone.
    Number,
    /// The same concern at the same place.
    Place,
    /// Several words that few cases have.
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

    /// How much one of it tells.
    fn weight(self) -> usize {
        match self {
            Self::File => 16,
            Self::Number => 12,
            Self::Place => 4,
            Self::Words => 1,
        }
    }
}

/// Another case, with the reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RelatedCase {
    /// The other case.
    pub case: Uuid,
    /// Where it stands.
    pub stage: String,
    /// Its category.
    pub category: String,
    /// Day of filing, `YYYY-MM-DD`.
    pub filed: String,
    /// Why, the strongest first: what kind, and which number, place or words. Nothing for a file.
    pub reasons: Vec<(RelationKind, Vec<String>)>,
}

type RelationReasons = BTreeMap<RelationKind, BTreeSet<String>>;

impl Index {
    /// At most `limit` cases that have something telling in common with this one, the closest
    /// first. A suggestion, no judgement: two reports can name one truck and be about different
    /// things.
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
            reasons.iter().map(|(tie, values)| tie.weight() * values.len()).sum()
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
            "SELECT other.key, other.kind, other.value FROM ties AS own \
             JOIN ties AS other ON other.kind = own.kind AND other.value = own.value AND other.key <> own.key \
             WHERE own.key = ?",
        )
        .bind(key)
        .fetch_all(&mut self.database)
        .await?;
        for row in rows {
            let kind: &str = row.try_get(1)?;
            let tie = [RelationKind::File, RelationKind::Number, RelationKind::Place]
                .into_iter()
                .find(|tie| tie.as_str() == kind);
            if let Some(tie) = tie {
                found
                    .entry(row.try_get(0)?)
                    .or_default()
                    .entry(tie)
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
        let most = RARE_WORD_CASES.max((cases as f64 * RARE_WORD_SHARE) as i64);
        let mut shared: BTreeMap<i64, BTreeSet<String>> = BTreeMap::new();
        for word in distinctive_words(&text) {
            // One more than may have it, so that a common word costs no more than a rare one.
            let others: Vec<i64> =
                sqlx::query_scalar("SELECT rowid FROM texts WHERE texts MATCH ? LIMIT ?")
                    .bind(format!("{{story messages}} : \"{}\"", fold_text(&word)))
                    .bind(most + 1)
                    .fetch_all(&mut self.database)
                    .await?;
            if i64::try_from(others.len()).is_ok_and(|count| count <= most) {
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
        let values = |(tie, values): (RelationKind, BTreeSet<String>)| match tie {
            // A hash tells a person nothing.
            RelationKind::File => (tie, Vec::new()),
            _ => (tie, values.into_iter().collect()),
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

/// The words of a text that could tell something, each once.
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
