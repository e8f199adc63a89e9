//! Searches the index and builds the hits.

use serde::Serialize;
use sqlx::Row as _;
use uuid::Uuid;

use super::{
    Index, IndexError,
    query::{ExcerptSpan, SearchQuery, excerpt_around},
};

/// Restricts the results. Empty fields do not restrict.
#[derive(Debug, Clone, Default)]
pub struct SearchFilter {
    /// Category id, such as `FAC`.
    pub category: Option<String>,
    /// Stage, such as `assessing`.
    pub stage: Option<String>,
    /// The reporter's language.
    pub lang: Option<String>,
    /// Desk id.
    pub desk: Option<String>,
    /// Priority, such as `P1`.
    pub priority: Option<String>,
    /// Handle of the assignee.
    pub assignee: Option<String>,
    /// Earliest date of the report.
    pub since: Option<time::Date>,
}

impl SearchFilter {
    /// Returns the column conditions, each with its value.
    fn column_values(&self) -> [(&'static str, Option<String>); 7] {
        [
            ("category =", self.category.clone()),
            ("stage =", self.stage.clone()),
            ("lang =", self.lang.clone()),
            ("desk =", self.desk.clone()),
            ("priority =", self.priority.clone()),
            ("assignee =", self.assignee.clone()),
            ("filed >=", self.since.map(|day| day.to_string())),
        ]
    }

    fn is_empty(&self) -> bool {
        self.column_values().iter().all(|(_, value)| value.is_none())
    }
}

/// A case that matches the query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SearchHit {
    /// Id of the case.
    pub case: Uuid,
    /// Category id, such as `FAC`.
    pub category: String,
    /// Stage of the case.
    pub stage: String,
    /// Date of the report, `YYYY-MM-DD`.
    pub filed: String,
    /// Excerpt around the first match, in spans.
    pub around: Vec<ExcerptSpan>,
}

impl Index {
    /// Returns at most `limit` hits, the best first. Each word matches words that begin with it,
    /// and all must match. `"several words"` must occur as a phrase, and `-word` must not occur.
    /// Spelling variants match: see `text_folding`. Without words, returns all cases that match the
    /// filter, the newest first.
    ///
    /// # Errors
    /// [`IndexError::EmptyQuery`] if there is neither a word nor a filter, [`IndexError::Database`]
    /// if the database fails.
    pub async fn search(
        &mut self,
        text: &str,
        filter: &SearchFilter,
        limit: u32,
    ) -> Result<Vec<SearchHit>, IndexError> {
        let query = match SearchQuery::parse(text) {
            None if !text.trim().is_empty() || filter.is_empty() => {
                return Err(IndexError::EmptyQuery);
            }
            query => query,
        };
        let conditions: Vec<(&str, String)> = filter
            .column_values()
            .into_iter()
            .filter_map(|(column, value)| Some((column, value?)))
            .collect();
        let and = conditions
            .iter()
            .fold(String::new(), |and, (column, _)| and + " AND cases." + column + " ?");
        // Column names come from this file; everything that the member typed is bound as a
        // parameter. Words of the story have the highest weight, words of labels the lowest.
        let (from, order) = match &query {
            Some(_) => (
                "texts JOIN cases ON cases.key = texts.rowid WHERE texts MATCH ?",
                "bm25(texts, 4.0, 1.0, 3.0, 3.0, 2.0, 2.0), filed DESC",
            ),
            // An empty category marks a case that was not declared on or cannot be read. It must
            // not be found.
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
        let rows =
            conditions.into_iter().fold(rows, |rows, (_, value)| rows.bind(value)).bind(limit);
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
