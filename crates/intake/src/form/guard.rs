//! What in a text could show who wrote it. Looks at what was typed, in memory, and keeps nothing.
//!
//! A rule is one line of the table: it may find too much, for it only ever leads to a question on the review page.

use std::sync::LazyLock;

use regex::Regex;
use taxonomy::{QuestionKind, Taxonomy};

use super::ReportForm;

/// What kind of trace it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trace {
    /// A phone number.
    Phone,
    /// A mail address.
    Email,
    /// "My name is".
    Name,
    /// The number of a declaration, manifest or receipt of payment.
    Declaration,
    /// A number plate or container number.
    Vehicle,
    /// An hour and minute.
    Time,
    /// Few or none besides the reporter can know it.
    OnlyMe,
}

/// A trace and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// What.
    pub trace: Trace,
    /// In the answer to which question.
    pub question: String,
    /// The words themselves; empty where the answer as a whole is the trace.
    pub found: String,
}

/// Pattern by trace, in the order in which they are shown. French and English are both tried: people mix them.
const RULES: [(Trace, &str); 7] = [
    // +226 70 12 34 56, 70123456; not an amount such as 1 500 000, which goes by threes.
    (Trace::Phone, r"(?:\+|\b00)\d[\d .\-]{7,17}\d\b|\b0?\d{2}(?:[ .\-]?\d{2}){3,4}\b"),
    (Trace::Email, r"(?i)\b[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+"),
    (
        Trace::Name,
        r"(?i)\b(?:je m['’ ]appelle|je me nomme|je suis (?:m\.|mr|mme|monsieur|madame)|mon nom est|moi c['’]est|my name is|i am called|i am (?:mr|mrs|ms)\b)[^\n.,;]{0,40}",
    ),
    (Trace::Vehicle, r"\b\d{1,4}[ \-]?[A-Z]{1,3}[ \-]?\d{2,4}\b|(?i:\b[a-z]{3}[ujz] ?\d{6,7}\b)"),
    (
        Trace::Declaration,
        r"(?i:\b(?:d[ée]claration|manifeste?|quittance|bon [àa] enlever|bae|im ?4|ex ?1|t1|release note|receipt)\b[^\n\d]{0,20}\d[\d/\-]{3,})|\b[A-Z]{1,2} ?\d{4,}(?:[/\-]\d+)*\b",
    ),
    (Trace::Time, r"(?i)\b[0-2]?\d ?(?:h ?[0-5]\d|:[0-5]\d|h(?:eures?)?\b)|\b[0-2]?\d ?[ap]\.?m\b"),
    (
        Trace::OnlyMe,
        r"(?i)\b(?:only (?:me|i)\b|i am the only|nobody else knows|just the two of us|moi seule?\b|je suis l[ea] seule?|suis seule? [àa] (?:le )?savoir|personne d['’]autre ne (?:le )?sait|nous deux seul)[^\n.,;]{0,40}",
    ),
];

static PATTERNS: LazyLock<Vec<(Trace, Regex)>> = LazyLock::new(|| {
    let compile = |(trace, pattern)| (trace, Regex::new(pattern).expect("a test compiles every rule"));
    RULES.into_iter().map(compile).collect()
});

/// The traces in a text, one of each kind at most. An hour is none inside something longer already found.
pub fn traces(text: &str) -> Vec<(Trace, String)> {
    let mut taken: Vec<std::ops::Range<usize>> = Vec::new();
    let mut found = Vec::new();
    for (trace, pattern) in PATTERNS.iter() {
        let hit = pattern.find_iter(text).find(|hit| {
            let overlaps = taken.iter().any(|range| range.start < hit.end() && hit.start() < range.end);
            !overlaps
        });
        if let Some(hit) = hit {
            taken.push(hit.range());
            found.push((*trace, hit.as_str().trim().to_owned()));
        }
    }
    found
}

/// Everything in a form that could show who wrote it, in the order of the questions.
pub fn warnings(form: &ReportForm, taxonomy: &Taxonomy) -> Vec<Warning> {
    let Some(category) = taxonomy.category(&form.category) else { return Vec::new() };
    let mut warnings = Vec::new();
    for question in taxonomy.questions_for(category) {
        let mut warn = |trace, found| {
            warnings.push(Warning { trace, question: question.id.clone(), found });
        };
        if form.value(&question.id) == "only_me" {
            warn(Trace::OnlyMe, String::new());
        }
        let texts = [form.value(&question.id), form.date(&question.id)];
        let guarded = question.kind == QuestionKind::TextGuarded && question.identity_risk >= 3;
        for text in texts.into_iter().filter(|text| question.kind.takes_text() && !text.is_empty()) {
            match traces(text) {
                // Asked for by its number: the number is the trace, whatever it looks like.
                found if found.is_empty() && guarded => warn(Trace::Declaration, text.to_owned()),
                found => found.into_iter().for_each(|(trace, words)| warn(trace, words)),
            }
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Trace> {
        traces(text).into_iter().map(|(trace, _)| trace).collect()
    }

    #[test]
    fn what_points_to_the_writer_is_found() {
        for (text, trace) in [
            ("appelez-moi au 70 12 34 56 demain", Trace::Phone),
            ("my number is +226 70123456.", Trace::Phone),
            ("écrire à awa.k@exemple.bf", Trace::Email),
            ("Bonjour, je m’appelle Awa", Trace::Name),
            ("Hello, my name is Jean", Trace::Name),
            ("la déclaration n° 12345 du mois", Trace::Declaration),
            ("dossier C 48213", Trace::Declaration),
            ("le camion 11 GH 4521", Trace::Vehicle),
            ("container MSKU1234567", Trace::Vehicle),
            ("vers 14h30 au poste", Trace::Time),
            ("at 9:15 am", Trace::Time),
            ("je suis la seule à le savoir", Trace::OnlyMe),
            ("only me and the chief know", Trace::OnlyMe),
        ] {
            assert!(kinds(text).contains(&trace), "{text}: {:?}", traces(text));
        }
    }

    #[test]
    fn an_ordinary_account_raises_nothing() {
        for text in [
            "Un agent a demandé 5 000 francs pour laisser passer le camion.",
            "He asked for 1 500 000 francs, twice in 2026.",
            "Trois personnes attendaient au poste depuis deux jours.",
            "Rien à signaler : tout est normal",
        ] {
            assert_eq!(traces(text), [], "{text}");
        }
    }
}
