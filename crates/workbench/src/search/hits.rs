//! Looking for words.

use serde::Serialize;
use sqlx::Row as _;
use uuid::Uuid;

use super::{
    Index, IndexError,
    query::{ExcerptSpan, SearchQuery, excerpt_around},
};

/// Narrows what is found. Empty fields narrow nothing.
#[derive(Debug, Clone, Default)]
pub struct SearchFilter {
    /// Such as `FAC`.
    pub category: Option<String>,
    /// Such as `assessing`.
    pub stage: Option<String>,
    /// The reporter's language.
    pub lang: Option<String>,
    /// Desk id.
    pub desk: Option<String>,
    /// Such as `P1`.
    pub urgency: Option<String>,
    /// Who has the case.
    pub assignee: Option<String>,
    /// Filed on this day or later.
    pub since: Option<time::Date>,
}

impl SearchFilter {
    /// The columns that it narrows, with the value of each.
    fn column_values(&self) -> [(&'static str, Option<String>); 7] {
        [
            ("category =", self.category.clone()),
            ("stage =", self.stage.clone()),
            ("lang =", self.lang.clone()),
            ("desk =", self.desk.clone()),
            ("urgency =", self.urgency.clone()),
            ("assignee =", self.assignee.clone()),
            ("filed >=", self.since.map(|day| day.to_string())),
        ]
    }

    fn is_empty(&self) -> bool {
        self.column_values().iter().all(|(_, value)| value.is_none())
    }
}

/// A case that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SearchHit {
    /// The case.
    pub case: Uuid,
    /// Such as `FAC`.
    pub category: String,
    /// Where it stands.
    pub stage: String,
    /// Day of filing, `YYYY-MM-DD`.
    pub filed: String,
    /// Some words around the first place, in pieces.
    pub around: Vec<ExcerptSpan>,
}

impl Index {
    /// The best hits first, at most `limit`. Each word is the beginning of one that must be there;
    /// `"several words"` must stand together; `-word` must not be there. Spellings do not count:
    /// see [`super::fold`]. Without words, everything that the filter leaves, the newest first.
    ///
    /// # Errors
    /// [`IndexError::EmptyQuery`] where there is neither a word nor a filter,
    /// [`IndexError::Database`] if the database fails.
    pub async fn search(
        &mut self,
        words: &str,
        filter: &SearchFilter,
        limit: u32,
    ) -> Result<Vec<SearchHit>, IndexError> {
        let query = match SearchQuery::parse(words) {
            None if !words.trim().is_empty() || filter.is_empty() => {
                return Err(IndexError::EmptyQuery);
            }
            query => query,
        };
        let narrowed: Vec<(&str, String)> = filter
            .column_values()
            .into_iter()
            .filter_map(|(column, value)| Some((column, value?)))
            .collect();
        let and = narrowed
            .iter()
            .fold(String::new(), |and, (column, _)| and + " AND cases." + column + " ?");
        // The names of columns are ours; everything that was typed is bound. Words of the story
        // count most, those of labels least.
        let (from, order) = match &query {
            Some(_) => (
                "texts JOIN cases ON cases.key = texts.rowid WHERE texts MATCH ?",
                "bm25(texts, 4.0, 1.0, 3.0, 3.0, 2.0, 2.0), filed DESC",
            ),
            // A case without a category was not declared on, or cannot be read: nothing of it is
            // found.
            None => ("cases WHERE category <> ''", "filed DESC, cases.key DESC"),
        };
        let select = format!(
            "SELECT cases.key AS key, id, category, stage, filed FROM {from}{and} ORDER BY {order} LIMIT ?"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(select));
        let rows = match &query {
            Some(query) => rows.bind(query.expression.clone()),
            None => rows,
        };
        let rows = narrowed.into_iter().fold(rows, |rows, (_, value)| rows.bind(value)).bind(limit);
        let rows = rows.fetch_all(&mut self.database).await?;
        let mut hits = Vec::with_capacity(rows.len());
        for row in &rows {
            hits.push(self.search_hit(row, query.as_ref()).await?);
        }
        Ok(hits)
    }

    async fn search_hit(
        &mut self,
        row: &sqlx::sqlite::SqliteRow,
        query: Option<&SearchQuery>,
    ) -> Result<SearchHit, IndexError> {
        let id: Vec<u8> = row.try_get("id")?;
        let texts =
            sqlx::query("SELECT story, messages, notes, files, facts FROM originals WHERE key = ?")
                .bind(row.try_get::<i64, _>("key")?)
                .fetch_one(&mut self.database)
                .await?;
        let texts: Vec<&str> =
            (0..texts.len()).map(|at| texts.try_get(at)).collect::<Result<_, _>>()?;
        Ok(SearchHit {
            case: Uuid::from_slice(&id).map_err(|_| IndexError::CaseNotIndexed)?,
            category: row.try_get("category")?,
            stage: row.try_get("stage")?,
            filed: row.try_get("filed")?,
            around: excerpt_around(&texts, query),
        })
    }
}
