//! What in a text could show who wrote it. Looks at what was typed, in memory, and keeps nothing.
//!
//! The rules stand in `guard/rules.json`, which the browser's script reads as well; patterns keep
//! to what Rust and JavaScript understand alike. A rule may find too much, for it only ever leads
//! to a question on the review page.

use std::{ops::Range, sync::LazyLock};

use protocol::receipt::find_receipt_words;
use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};
use taxonomy::{Question, QuestionKind, Taxonomy};
use unicode_normalization::UnicodeNormalization;

use super::ReportForm;

/// What kind of trace it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdentifyingDetailKind {
    /// The code of a receipt, which opens a mailbox.
    Receipt,
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

impl IdentifyingDetailKind {
    const ALL: [Self; 12] = [
        Self::Receipt,
        Self::Phone,
        Self::Email,
        Self::Name,
        Self::Declaration,
        Self::Vehicle,
        Self::Tax,
        Self::Identity,
        Self::Date,
        Self::Function,
        Self::Time,
        Self::OnlyMe,
    ];

    /// The word in rules and in the values of buttons.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Name => "name",
            Self::Declaration => "declaration",
            Self::Vehicle => "vehicle",
            Self::Tax => "tax",
            Self::Identity => "identity",
            Self::Date => "date",
            Self::Function => "function",
            Self::Time => "time",
            Self::OnlyMe => "only-me",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trace| trace.as_str() == word)
    }
}

/// A trace and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentifyingDetail {
    /// What.
    pub kind: IdentifyingDetailKind,
    /// In the answer to which question.
    pub question: String,
    /// The words themselves; none where the answer as a whole is the trace.
    pub matches: Vec<String>,
}

/// One line of the rules, in the order in which traces are shown. All languages are tried: people
/// mix them. What a pattern captures is what covering leaves, such as the month of a date.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DetectionRule {
    trace: IdentifyingDetailKind,
    ignore_case: bool,
    pattern: String,
}

/// The answer that nobody else knows of it.
const ONLY_REPORTER_KNOWS: &str = "only_me";

static RULES: LazyLock<Vec<DetectionRule>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../guard/rules.json")).expect("a test reads the rules")
});

static PATTERNS: LazyLock<Vec<(IdentifyingDetailKind, Regex)>> = LazyLock::new(|| {
    let compile = |rule: &DetectionRule| {
        let pattern = RegexBuilder::new(&rule.pattern).case_insensitive(rule.ignore_case).build();
        (rule.trace, pattern.expect("a test compiles every rule"))
    };
    RULES.iter().map(compile).collect()
});

/// The rules, for the browser.
pub fn rules() -> &'static [DetectionRule] {
    &RULES
}

/// What stands in place of words that were covered.
const REDACTED: &str = "[…]";

/// Words of a text that are a trace.
struct DetailMatch {
    kind: IdentifyingDetailKind,
    range: Range<usize>,
    /// The part of them that covering leaves.
    retained: Option<Range<usize>>,
}

/// All traces in a text, in the order of the rules. None lies inside something longer that was
/// found before.
fn find_matches(text: &str) -> Vec<DetailMatch> {
    // No pattern can know the words of a receipt.
    let receipts = find_receipt_words(text).into_iter();
    let mut hits: Vec<DetailMatch> = receipts
        .map(|words| DetailMatch {
            kind: IdentifyingDetailKind::Receipt,
            range: words,
            retained: None,
        })
        .collect();
    for (trace, pattern) in PATTERNS.iter() {
        for found in pattern.captures_iter(text) {
            let Some(all) = found.get(0) else { continue };
            let start = all.end() - all.as_str().trim_start().len();
            let words = start..all.start() + all.as_str().trim_end().len();
            if hits.iter().any(|hit| hit.range.start < all.end() && all.start() < hit.range.end) {
                continue;
            }
            let kept = found.iter().skip(1).flatten().next().map(|kept| kept.range());
            hits.push(DetailMatch { kind: *trace, range: words, retained: kept });
        }
    }
    hits
}

/// A text as the rules know it: letters and their accents are one character. Some keyboards write
/// two.
pub fn to_nfc(text: &str) -> String {
    text.nfc().collect()
}

/// The traces in a text by their kind, in the order of the rules, with the words of its composed
/// form (NFC).
pub fn find_details(text: &str) -> Vec<(IdentifyingDetailKind, Vec<String>)> {
    let mut traces: Vec<(IdentifyingDetailKind, Vec<String>)> = Vec::new();
    let text = to_nfc(text);
    for hit in find_matches(&text) {
        let words = text[hit.range].to_owned();
        match traces.iter_mut().find(|(trace, _)| *trace == hit.kind) {
            Some((_, all)) => all.push(words),
            None => traces.push((hit.kind, vec![words])),
        }
    }
    traces
}

/// The text with every trace of one kind covered.
pub fn redact(text: &str, trace: IdentifyingDetailKind) -> String {
    let text = to_nfc(text);
    let mut hits: Vec<DetailMatch> =
        find_matches(&text).into_iter().filter(|hit| hit.kind == trace).collect();
    hits.sort_by_key(|hit| hit.range.start);
    let (mut covered, mut from) = (String::with_capacity(text.len()), 0);
    for DetailMatch { range: words, retained: kept, .. } in hits {
        let kept = kept.unwrap_or(words.end..words.end);
        covered.push_str(&text[from..words.start]);
        covered.push_str(if kept.start > words.start { REDACTED } else { "" });
        covered.push_str(&text[kept.clone()]);
        covered.push_str(if words.start == kept.start && kept.end < words.end {
            REDACTED
        } else {
            ""
        });
        from = words.end;
    }
    covered.push_str(&text[from..]);
    covered
}

/// Is this question asked for a number that names one thing? Its answer is a trace, whatever it
/// looks like.
pub fn asks_for_identifier(question: &Question) -> bool {
    question.kind == QuestionKind::SensitiveText && question.identity_risk >= 3
}

/// Everything in a form that could show who wrote it, in the order of the questions.
pub fn find_in_form(form: &ReportForm, taxonomy: &Taxonomy) -> Vec<IdentifyingDetail> {
    let Some(category) = taxonomy.category(&form.category) else { return Vec::new() };
    let asked = taxonomy.questions_for(category);
    asked.into_iter().flat_map(|question| find_in_answer(form, question)).collect()
}

fn find_in_answer(form: &ReportForm, question: &Question) -> Vec<IdentifyingDetail> {
    let warning = |(trace, found)| IdentifyingDetail {
        kind: trace,
        question: question.id.clone(),
        matches: found,
    };
    if form.value(&question.id) == ONLY_REPORTER_KNOWS {
        return vec![warning((IdentifyingDetailKind::OnlyMe, Vec::new()))];
    }
    if !question.kind.accepts_text() {
        return Vec::new();
    }
    let texts = [form.value(&question.id), form.date(&question.id)].join("\n");
    match find_details(&texts) {
        // Asked for by its number: the number is the trace, whatever it looks like.
        found if found.is_empty() && asks_for_identifier(question) && !texts.trim().is_empty() => {
            vec![warning((IdentifyingDetailKind::Declaration, vec![texts.trim().to_owned()]))]
        }
        found => found.into_iter().map(warning).collect(),
    }
}

/// Covers what a warning points at; an answer that is a trace as a whole goes.
pub fn redact_in_form(
    form: &mut ReportForm,
    taxonomy: &Taxonomy,
    trace: IdentifyingDetailKind,
    question: &str,
) {
    let Some(question) = taxonomy.question(question) else { return };
    let found = find_in_answer(form, question).iter().any(|warning| warning.kind == trace);
    if !found {
        // Pressed twice.
        return;
    }
    form.replace_answer(&question.id, |text| {
        let covered = redact(text, trace);
        let is_whole = covered == to_nfc(text)
            && (trace == IdentifyingDetailKind::OnlyMe || asks_for_identifier(question));
        if is_whole { String::new() } else { covered }
    });
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn detected_kinds(text: &str) -> Vec<IdentifyingDetailKind> {
        find_details(text).into_iter().map(|(trace, _)| trace).collect()
    }

    #[test]
    fn what_points_to_the_writer_is_found() {
        for (text, trace) in [
            ("appelez-moi au 70 12 34 56 demain", IdentifyingDetailKind::Phone),
            ("my number is +226 70123456.", IdentifyingDetailKind::Phone),
            ("écrire à awa.k@exemple.bf", IdentifyingDetailKind::Email),
            ("Bonjour, je m’appelle Awa", IdentifyingDetailKind::Name),
            ("Hello, my name is Jean", IdentifyingDetailKind::Name),
            ("la déclaration n° 12345 du mois", IdentifyingDetailKind::Declaration),
            ("dossier C 48213", IdentifyingDetailKind::Declaration),
            ("le camion 11 GH 4521", IdentifyingDetailKind::Vehicle),
            ("container MSKU1234567", IdentifyingDetailKind::Vehicle),
            ("vers 14h30 au poste", IdentifyingDetailKind::Time),
            ("at 9:15 am", IdentifyingDetailKind::Time),
            ("je suis la seule à le savoir", IdentifyingDetailKind::OnlyMe),
            ("only me and the chief know", IdentifyingDetailKind::OnlyMe),
        ] {
            assert!(detected_kinds(text).contains(&trace), "{text}: {:?}", find_details(text));
        }
    }

    #[test]
    fn the_cases_that_the_browser_knows_hold_here() {
        #[derive(Deserialize)]
        struct DetectionCase {
            text: String,
            found: Vec<(IdentifyingDetailKind, Vec<String>)>,
            covered: String,
        }
        let cases: Vec<DetectionCase> =
            serde_json::from_str(include_str!("../../guard/cases.json")).unwrap();
        for case in cases {
            assert_eq!(find_details(&case.text), case.found, "{}", case.text);
            let covered =
                case.found.iter().fold(case.text.clone(), |text, (trace, _)| redact(&text, *trace));
            assert_eq!(covered, case.covered);
            assert_eq!(find_details(&covered), [], "{covered}");
        }
    }

    /// How often what is expected is found (recall), and what is found is expected (precision), on
    /// sentences that no rule was written on. What overlaps the expected words counts.
    #[test]
    fn most_details_are_found_and_little_else() {
        let (mut expected, mut hits, mut found, mut right) = (0, 0, 0, 0);
        let mut told = String::new();
        for line in include_str!("../../guard/test_set.jsonl").lines() {
            let (text, wanted): (String, Vec<(IdentifyingDetailKind, String)>) =
                serde_json::from_str(line).unwrap();
            let traces: Vec<(IdentifyingDetailKind, String)> = find_details(&text)
                .into_iter()
                .flat_map(|(trace, all)| all.into_iter().map(move |words| (trace, words)))
                .collect();
            let meets = |(a, words): &(IdentifyingDetailKind, String),
                         (b, others): &(IdentifyingDetailKind, String)| {
                a == b && (words.contains(others.as_str()) || others.contains(words.as_str()))
            };
            let missed: Vec<_> =
                wanted.iter().filter(|w| !traces.iter().any(|t| meets(t, w))).collect();
            let wrong: Vec<_> =
                traces.iter().filter(|t| !wanted.iter().any(|w| meets(t, w))).collect();
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
    fn what_is_covered_is_gone_and_the_rest_stays() {
        for line in include_str!("../../guard/test_set.jsonl").lines() {
            let (text, _): (String, Vec<(IdentifyingDetailKind, String)>) =
                serde_json::from_str(line).unwrap();
            let mut covered = text.clone();
            for _ in 0..3 {
                covered = find_details(&covered)
                    .iter()
                    .fold(covered, |text, (trace, _)| redact(&text, *trace));
            }
            assert_eq!(find_details(&covered), [], "{text}: {covered}");
            let mut rest = text.as_str();
            for part in covered.split(REDACTED) {
                let at = rest.find(part).unwrap_or_else(|| panic!("{part:?} is not in {text}"));
                rest = &rest[at + part.len()..];
            }
        }
    }

    #[test]
    fn the_words_of_a_receipt_are_found_and_covered() {
        let words = protocol::receipt::Receipt::from_bytes([7; 16]).words("fr");
        let text = format!("voici mon reçu : {words}. Merci");
        assert_eq!(find_details(&text), [(IdentifyingDetailKind::Receipt, vec![to_nfc(&words)])]);
        assert_eq!(redact(&text, IdentifyingDetailKind::Receipt), "voici mon reçu : […]. Merci");
    }

    #[test]
    fn an_ordinary_account_raises_nothing() {
        for text in [
            "Un agent a demandé 5 000 francs pour laisser passer le camion.",
            "He asked for 1 500 000 francs, twice in 2026.",
            "Trois personnes attendaient au poste depuis deux jours.",
            "Rien à signaler : tout est normal",
        ] {
            assert_eq!(find_details(text), [], "{text}");
        }
    }
}
