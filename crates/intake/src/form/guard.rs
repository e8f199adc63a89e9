//! What in a text could show who wrote it. Looks at what was typed, in memory, and keeps nothing.
//!
//! The rules stand in `guard/rules.json`, which the browser's script reads as well; patterns keep to what Rust and JavaScript
//! understand alike. A rule may find too much, for it only ever leads to a question on the review page.

use std::sync::LazyLock;

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};
use taxonomy::{Question, QuestionKind, Taxonomy};

use super::ReportForm;

/// What kind of trace it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
    /// The number of a taxpayer or company.
    Tax,
    /// The number of a passport or identity card.
    Identity,
    /// A day.
    Date,
    /// A rank that few hold, said of oneself.
    Function,
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

/// One line of the rules, in the order in which traces are shown. French and English are both tried: people mix them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rule {
    trace: Trace,
    ignore_case: bool,
    pattern: String,
}

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../guard/rules.json")).expect("a test reads the rules")
});

static PATTERNS: LazyLock<Vec<(Trace, Regex)>> = LazyLock::new(|| {
    let compile = |rule: &Rule| {
        let pattern = RegexBuilder::new(&rule.pattern).case_insensitive(rule.ignore_case).build();
        (rule.trace, pattern.expect("a test compiles every rule"))
    };
    RULES.iter().map(compile).collect()
});

/// The rules, for the browser.
pub fn rules() -> &'static [Rule] {
    &RULES
}

/// The traces in a text, one of each kind at most. An hour is none inside something longer already found.
pub fn traces(text: &str) -> Vec<(Trace, String)> {
    let mut taken: Vec<std::ops::Range<usize>> = Vec::new();
    let mut found: Vec<(Trace, String)> = Vec::new();
    for (trace, pattern) in PATTERNS.iter() {
        if found.iter().any(|(known, _)| known == trace) {
            continue;
        }
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

/// Is this question asked for a number that names one thing? Its answer is a trace, whatever it looks like.
pub fn is_guarded(question: &Question) -> bool {
    question.kind == QuestionKind::TextGuarded && question.identity_risk >= 3
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
        let guarded = is_guarded(question);
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
    use std::fmt::Write as _;

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
    fn the_cases_that_the_browser_knows_hold_here() {
        #[derive(Deserialize)]
        struct Case {
            text: String,
            found: Vec<(Trace, String)>,
        }
        let cases: Vec<Case> = serde_json::from_str(include_str!("../../guard/cases.json")).unwrap();
        for case in cases {
            assert_eq!(traces(&case.text), case.found, "{}", case.text);
        }
    }

    /// How often what is expected is found (recall), and what is found is expected (precision), on sentences that no rule was
    /// written on. What overlaps the expected words counts.
    #[test]
    fn most_traces_are_found_and_little_else() {
        let (mut expected, mut hits, mut found, mut right) = (0, 0, 0, 0);
        let mut told = String::new();
        for line in include_str!("../../guard/test_set.jsonl").lines() {
            let (text, wanted): (String, Vec<(Trace, String)>) = serde_json::from_str(line).unwrap();
            let traces = traces(&text);
            let meets = |(a, words): &(Trace, String), (b, others): &(Trace, String)| {
                a == b && (words.contains(others.as_str()) || others.contains(words.as_str()))
            };
            let missed: Vec<_> = wanted.iter().filter(|w| !traces.iter().any(|t| meets(t, w))).collect();
            let wrong: Vec<_> = traces.iter().filter(|t| !wanted.iter().any(|w| meets(t, w))).collect();
            expected += wanted.len();
            hits += wanted.len() - missed.len();
            found += traces.len();
            right += traces.len() - wrong.len();
            if !missed.is_empty() || !wrong.is_empty() {
                writeln!(told, "{text} missed {missed:?} wrong {wrong:?}").unwrap();
            }
        }
        assert!(expected >= 115, "{expected} traces");
        let told = format!("recall {hits}/{expected}, precision {right}/{found}\n{told}");
        assert!(hits * 100 >= expected * 90 && right * 100 >= found * 90, "{told}");
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
