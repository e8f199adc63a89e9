//! Looking for words.

use serde::Serialize;
use sqlx::Row as _;
use uuid::Uuid;

use super::{Index, IndexError};

/// Before and after a word that was looked for; no text of ours holds them, and readers take them out.
const MARKS: [char; 2] = ['\u{2}', '\u{3}'];

/// Narrows what is found. Empty fields narrow nothing.
#[derive(Debug, Clone, Default)]
pub struct Filter {
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

/// A case that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hit {
    /// The case.
    pub case: Uuid,
    /// Such as `FAC`.
    pub category: String,
    /// Where it stands.
    pub stage: String,
    /// Day of filing, `YYYY-MM-DD`.
    pub filed: String,
    /// Some words around the first place, in pieces.
    pub around: Vec<Mark>,
}

/// A piece of text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mark {
    /// The piece.
    pub text: String,
    /// Was it looked for?
    pub found: bool,
}

impl Index {
    /// The best hits first, at most `limit`. Each word is the beginning of one that must be there; `"several words"` must
    /// stand together; `-word` must not be there. Accents and letter case do not count.
    pub async fn search(&mut self, words: &str, filter: &Filter, limit: u32) -> Result<Vec<Hit>, IndexError> {
        let query = expression(words).ok_or(IndexError::NoWords)?;
        // Words of the story count most, those of labels least.
        let rows = sqlx::query(
            "SELECT id, category, stage, filed, snippet(texts, -1, ?, ?, '…', 14) AS around \
             FROM texts JOIN cases ON key = texts.rowid \
             WHERE texts MATCH ? \
             AND (? IS NULL OR category = ?) AND (? IS NULL OR stage = ?) AND (? IS NULL OR lang = ?) \
             AND (? IS NULL OR desk = ?) AND (? IS NULL OR urgency = ?) AND (? IS NULL OR assignee = ?) \
             AND (? IS NULL OR filed >= ?) \
             ORDER BY bm25(texts, 4.0, 1.0, 3.0, 3.0, 2.0), filed DESC LIMIT ?",
        )
        .bind(MARKS[0].to_string())
        .bind(MARKS[1].to_string())
        .bind(query);
        let since = filter.since.map(|day| day.to_string());
        let narrowing = [
            &filter.category,
            &filter.stage,
            &filter.lang,
            &filter.desk,
            &filter.urgency,
            &filter.assignee,
            &since,
        ];
        let rows = narrowing.into_iter().fold(rows, |rows, value| rows.bind(value).bind(value)).bind(limit);
        let rows = rows.fetch_all(&mut self.database).await?;
        rows.iter().map(hit).collect()
    }
}

fn hit(row: &sqlx::sqlite::SqliteRow) -> Result<Hit, IndexError> {
    let id: Vec<u8> = row.try_get("id")?;
    Ok(Hit {
        case: Uuid::from_slice(&id).map_err(|_| IndexError::NoCase)?,
        category: row.try_get("category")?,
        stage: row.try_get("stage")?,
        filed: row.try_get("filed")?,
        around: pieces(row.try_get("around")?),
    })
}

fn pieces(text: &str) -> Vec<Mark> {
    let mut found = false;
    let mut pieces = Vec::new();
    for text in text.split(MARKS) {
        if !text.is_empty() {
            pieces.push(Mark { text: text.to_owned(), found });
        }
        found = !found;
    }
    pieces
}

/// The query in FTS5's language; everything that was typed stands in quotes, so that nothing of it is taken for an operator.
fn expression(typed: &str) -> Option<String> {
    let (mut wanted, mut unwanted) = (Vec::new(), Vec::new());
    // Every second piece between quotes is a phrase.
    for (at, piece) in typed.split(['"', '“', '”', '«', '»']).enumerate() {
        if at % 2 == 1 {
            wanted.extend(quoted(piece));
            continue;
        }
        for word in piece.split_whitespace() {
            match word.strip_prefix('-') {
                Some(word) => unwanted.extend(quoted(word)),
                None => wanted.extend(quoted(word).map(|word| word + "*")),
            }
        }
    }
    if wanted.is_empty() {
        return None;
    }
    let mut expression = wanted.join(" AND ");
    for word in unwanted {
        expression = format!("({expression}) NOT {word}");
    }
    Some(expression)
}

fn quoted(words: &str) -> Option<String> {
    let clean: String = words.chars().filter(|c| *c != '"' && *c != '\0').collect();
    clean.chars().any(char::is_alphanumeric).then(|| format!("\"{}\"", clean.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_looked_for_and_never_taken_for_an_operator() {
        for (typed, wanted) in [
            ("douane", Some(r#""douane"*"#)),
            (" poste  Dakola ", Some(r#""poste"* AND "Dakola"*"#)),
            ("« bureau de Dakola » -avril", Some(r#"("bureau de Dakola") NOT "avril""#)),
            ("NEAR(a OR b)", Some(r#""NEAR(a"* AND "OR"* AND "b)"*"#)),
            ("l’agent story:x*", Some(r#""l’agent"* AND "story:x*"*"#)),
            ("a\"b", Some(r#""a"* AND "b""#)),
            ("- -- \"\" …", None),
            ("-only", None),
        ] {
            assert_eq!(expression(typed).as_deref(), wanted, "{typed}");
        }
    }

    #[test]
    fn marks_become_pieces() {
        let mark = |text: &str, found| Mark { text: text.into(), found };
        assert_eq!(
            pieces("…à \u{2}Dakola\u{3} hier"),
            [mark("…à ", false), mark("Dakola", true), mark(" hier", false)]
        );
        assert_eq!(pieces("\u{2}x\u{3}"), [mark("x", true)]);
    }
}
