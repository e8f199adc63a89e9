//! Translates a typed query into the syntax of the full-text search, and builds excerpts of
//! matching texts.

use serde::Serialize;
use unicode_normalization::char::is_combining_mark;

use super::text_folding::{fold_text, folded_words, joined_numbers, without_article};
use crate::terminal_text::is_invisible;

/// Number of words shown before and after the first match.
const CONTEXT_WORDS: usize = 7;
/// Maximum number of words over which one number can be spread.
const MAX_NUMBER_PIECES: usize = 6;

/// A span of an excerpt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExcerptSpan {
    /// Text of the span.
    pub text: String,
    /// Whether this span matches the query.
    pub found: bool,
}

/// A parsed query.
pub(super) struct SearchQuery {
    /// FTS5 expression. Everything that the member typed is quoted, so that none of it is taken for
    /// an operator.
    pub(super) expression: String,
    /// Prefixes of folded words, to mark matches in excerpts.
    prefixes: Vec<String>,
}

impl SearchQuery {
    /// Returns `None` if no word is required.
    pub(super) fn parse(typed: &str) -> Option<Self> {
        let (mut plain, mut phrases, mut unwanted) = (Vec::new(), Vec::new(), Vec::new());
        // Every second piece between quotation marks is a phrase.
        for (at, piece) in typed.split(['"', '“', '”', '„', '«', '»']).enumerate() {
            if at % 2 == 1 {
                phrases.push(fold_text(piece));
                continue;
            }
            for word in piece.split_whitespace() {
                match word.strip_prefix(['-', '−', '–']) {
                    Some(word) => unwanted.push(fold_text(word)),
                    None => plain.push(fold_text(word)),
                }
            }
        }
        for words in [&mut plain, &mut phrases, &mut unwanted] {
            words.retain(|word| word.contains(char::is_alphanumeric));
        }
        let mut query = Self { expression: String::new(), prefixes: Vec::new() };
        let mut clauses = query.all_of(&plain);
        clauses.extend(phrases.iter().map(|phrase| query.phrase_clause(phrase)));
        if clauses.is_empty() {
            return None;
        }
        query.expression = unwanted.iter().fold(clauses.join(" AND "), |expression, word| {
            let numbers = joined_numbers(word).into_iter().filter(|number| *number == joined(word));
            let any: Vec<String> =
                [quoted(word)].into_iter().chain(numbers.map(|number| quoted(&number))).collect();
            format!("({expression}) NOT ({})", any.join(" OR "))
        });
        Some(query)
    }

    /// Returns one clause for each required word, and for each number that is spread over several
    /// words.
    fn all_of(&mut self, words: &[String]) -> Vec<String> {
        let mut clauses = Vec::new();
        let mut at = 0;
        while at < words.len() {
            let len = count_number_words(&words[at..]);
            let each: Vec<String> =
                words[at..at + len].iter().map(|word| self.word_clause(word)).collect();
            let each = each.join(" AND ");
            if len == 1 {
                clauses.push(each);
            } else {
                let mut ways =
                    vec![format!("({each})"), self.number_clause(&words[at..at + len].concat())];
                // Letters before the first digit may be a separate word: `le 11 GH 4521`.
                if !words[at].contains(|c: char| c.is_ascii_digit()) && len > 2 {
                    let rest = self.number_clause(&words[at + 1..at + len].concat());
                    ways.push(format!("({} AND {rest})", self.word_clause(&words[at])));
                }
                clauses.push(format!("({})", ways.join(" OR ")));
            }
            at += len;
        }
        clauses
    }

    fn word_clause(&mut self, word: &str) -> String {
        let mut ways = vec![prefix_term(word)];
        self.prefixes.extend(folded_words(word).map(str::to_owned));
        if let Some(stem) = without_article(word) {
            self.prefixes.push(stem.to_owned());
            ways.push(prefix_term(stem));
        }
        // The writer sees `11-GH-4521` as one word; the index has three.
        if joined_numbers(word).contains(&joined(word)) {
            ways.push(self.number_clause(word));
        }
        if ways.len() == 1 { ways.remove(0) } else { format!("({})", ways.join(" OR ")) }
    }

    fn number_clause(&mut self, pieces: &str) -> String {
        let number = joined(pieces);
        let way = prefix_term(&number);
        self.prefixes.push(number);
        way
    }

    fn phrase_clause(&mut self, phrase: &str) -> String {
        self.prefixes.extend(folded_words(phrase).map(str::to_owned));
        if joined_numbers(phrase).contains(&joined(phrase)) {
            return format!("({} OR {})", quoted(phrase), self.number_clause(phrase));
        }
        quoted(phrase)
    }
}

/// Returns how many of the first words form one number. The number ends with the last word that has
/// a digit.
fn count_number_words(words: &[String]) -> usize {
    let digit = |word: &String| word.contains(|c: char| c.is_ascii_digit());
    let max = words.len().min(MAX_NUMBER_PIECES);
    let len = (2..=max).rev().find(|len| {
        let pieces = &words[..*len];
        let last_counts = pieces.last().is_some_and(digit);
        let begins = digit(&pieces[0]) || digit(&pieces[1]);
        last_counts
            && begins
            && joined_numbers(&pieces.join(" ")).contains(&joined(&pieces.concat()))
    });
    len.unwrap_or(1)
}

fn joined(pieces: &str) -> String {
    folded_words(pieces).collect()
}

fn quoted(words: &str) -> String {
    let clean: String = words.chars().filter(|c| *c != '"' && *c != '\0').collect();
    format!("\"{}\"", clean.trim())
}

fn prefix_term(word: &str) -> String {
    quoted(word) + "*"
}

/// Returns an excerpt around the first match in the first text that has one, or the beginning of
/// the first non-empty text if none matches.
pub(super) fn excerpt_around(texts: &[&str], query: Option<&SearchQuery>) -> Vec<ExcerptSpan> {
    let prefixes = query.map_or(&[][..], |query| &query.prefixes);
    for text in texts {
        let spans = word_spans(text);
        let found = mark_matches(text, &spans, prefixes);
        if let Some(first) = found.iter().position(|found| *found) {
            return excerpt(text, &spans, &found, first);
        }
    }
    let text = texts.iter().find(|text| !text.trim().is_empty()).copied().unwrap_or_default();
    let spans = word_spans(text);
    excerpt(text, &spans, &vec![false; spans.len()], 0)
}

/// Returns the byte ranges of the words of a text. Combining marks and invisible characters belong
/// to the word before them.
fn word_spans(text: &str) -> Vec<(usize, usize)> {
    let belongs =
        |c: char| c.is_alphanumeric() || is_combining_mark(c) || is_invisible(c) || c == 'ـ';
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for (at, c) in text.char_indices().filter(|(_, c)| belongs(*c)) {
        let end = at + c.len_utf8();
        match spans.last_mut() {
            Some(last) if last.1 == at => last.1 = end,
            _ => spans.push((at, end)),
        }
    }
    spans
}

/// Returns for each word whether it matches, alone or as part of a number.
fn mark_matches(text: &str, spans: &[(usize, usize)], prefixes: &[String]) -> Vec<bool> {
    let folded: Vec<String> = spans.iter().map(|(from, to)| fold_text(&text[*from..*to])).collect();
    let mut found = vec![false; spans.len()];
    for at in 0..spans.len() {
        let stem = without_article(&folded[at]);
        let begins =
            |word: &str| prefixes.iter().any(|it| !it.is_empty() && word.starts_with(it.as_str()));
        found[at] |= begins(&folded[at]) || stem.is_some_and(begins);
        let mut number = String::new();
        for end in at..spans.len().min(at + MAX_NUMBER_PIECES) {
            number.push_str(&folded[end]);
            let whole = |it: &String| {
                it.len() == number.len()
                    && *it == number
                    && it.contains(|c: char| c.is_ascii_digit())
            };
            if end > at && prefixes.iter().any(whole) {
                found[at..=end].fill(true);
            }
        }
    }
    found
}

fn excerpt(text: &str, spans: &[(usize, usize)], found: &[bool], first: usize) -> Vec<ExcerptSpan> {
    let from = first.saturating_sub(CONTEXT_WORDS);
    let to = spans.len().min(first + CONTEXT_WORDS + 1);
    let Some(shown) = spans.get(from..to).filter(|shown| !shown.is_empty()) else {
        return Vec::new();
    };
    let (whole_begin, whole_end) = (from == 0, to == spans.len());
    let mut pieces = Vec::new();
    let mut at = if whole_begin { 0 } else { shown[0].0 };
    let mut plain = if whole_begin { String::new() } else { "…".to_owned() };
    for ((begin, end), _) in shown.iter().zip(&found[from..to]).filter(|(_, found)| **found) {
        plain.push_str(&text[at..*begin]);
        if !plain.is_empty() {
            pieces.push(ExcerptSpan { text: std::mem::take(&mut plain), found: false });
        }
        pieces.push(ExcerptSpan { text: text[*begin..*end].to_owned(), found: true });
        at = *end;
    }
    let end = if whole_end { text.len() } else { shown[shown.len() - 1].1 };
    plain.push_str(&text[at..end]);
    if !whole_end {
        plain.push('…');
    }
    if !plain.is_empty() {
        pieces.push(ExcerptSpan { text: plain, found: false });
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_text_is_never_taken_for_an_operator() {
        for (typed, clauses) in [
            ("douane", Some(r#""douane"*"#)),
            (" poste  Dakola ", Some(r#""poste"* AND "dakola"*"#)),
            ("« bureau de Dakola » -avril", Some(r#"("bureau de dakola") NOT ("avril")"#)),
            ("NEAR(a OR b)", Some(r#""near(a"* AND "or"* AND "b)"*"#)),
            ("l’agent story:x*", Some(r#""l’agent"* AND "story:x*"*"#)),
            ("a\"b", Some(r#""a"* AND "b""#)),
            ("cœur", Some(r#""coeur"*"#)),
            ("الجمركي", Some("(\"الجمركي\"* OR \"جمركي\"*)")),
            ("11-GH-4521", Some(r#"("11-gh-4521"* OR "11gh4521"*)"#)),
            ("C 48213", Some(r#"(("c"* AND "48213"*) OR "c48213"*)"#)),
            ("- -- \"\" …", None),
            ("-only", None),
        ] {
            assert_eq!(
                SearchQuery::parse(typed).map(|query| query.expression).as_deref(),
                clauses,
                "{typed}"
            );
        }
    }

    #[test]
    fn excerpts_quote_the_original_spelling() {
        let shown = |text: &str, typed: &str| -> String {
            let marks = excerpt_around(&["", text], SearchQuery::parse(typed).as_ref());
            marks
                .iter()
                .map(|it| if it.found { format!("[{}]", it.text) } else { it.text.clone() })
                .collect()
        };
        assert_eq!(shown("Hier à Dakola.", "dakola"), "Hier à [Dakola].");
        assert_eq!(shown("au cœur du poste", "coeur"), "au [cœur] du poste");
        assert_eq!(shown("قال الجُمْرُكِيُّ ذلك", "جمركي"), "قال [الجُمْرُكِيُّ] ذلك");
        assert_eq!(shown("le 11 GH 4521 attend", "11GH4521"), "le [11] [GH] [4521] attend");
        assert_eq!(shown("de\u{301}claration", "déclar"), "[de\u{301}claration]");
        let long = format!("{}Dakola {}", "un ".repeat(20), "deux ".repeat(20));
        assert_eq!(
            shown(&long, "dakola"),
            "…un un un un un un un [Dakola] deux deux deux deux deux deux deux…"
        );
        assert_eq!(shown("rien de cela", "absent"), "rien de cela");
    }
}
