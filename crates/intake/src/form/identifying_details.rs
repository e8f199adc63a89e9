//! Identifying details: passages of a text that may point to the reporter. The text is inspected in
//! memory and not stored. A rule may find too much, because it only leads to a question on the
//! review page.

use std::{ops::Range, sync::LazyLock};

use protocol::receipt::find_receipts;
use regex::{Regex, RegexBuilder};
use taxonomy::{Question, QuestionPurpose, Taxonomy};
use unicode_normalization::UnicodeNormalization;

pub use super::detection_rules::{DetectionRule, IdentifyingDetailKind, rules};
use super::{ReportForm, folded_text::FoldedText};

/// An identifying detail in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentifyingDetail {
    /// The kind.
    pub kind: IdentifyingDetailKind,
    /// The id of the question.
    pub question: String,
    /// The matching passages; empty if the whole answer is the detail.
    pub matches: Vec<String>,
}

/// The answer that no other person knows the facts.
const ONLY_REPORTER_KNOWS: &str = "only_me";

static PATTERNS: LazyLock<Vec<(IdentifyingDetailKind, Regex)>> = LazyLock::new(|| {
    let compile = |rule: &DetectionRule| {
        // A boundary of words in JavaScript is one of ASCII words.
        let pattern = rule.pattern.replace(r"\b", r"(?-u:\b)");
        let pattern = RegexBuilder::new(&pattern).case_insensitive(rule.ignore_case).build();
        (rule.kind, pattern.expect("a test compiles every rule"))
    };
    rules().iter().map(compile).collect()
});

/// The replacement of redacted text.
const REDACTED: &str = "[…]";

/// A match in a text.
struct DetailMatch {
    kind: IdentifyingDetailKind,
    range: Range<usize>,
    /// The part that a redaction retains.
    retained: Option<Range<usize>>,
}

/// Returns all matches in a text in composed form, in the order of the rules. A rule does not
/// search in the matches of earlier rules. Two matches overlap only in a character whose folded
/// form has several characters, such as "⅓".
fn find_matches(text: &str) -> Vec<DetailMatch> {
    let folded = FoldedText::new(text);
    let mut rest = folded.as_str().to_owned();
    // A pattern cannot express the checksums of receipts.
    let receipts = find_receipts(&rest).into_iter();
    let mut matches: Vec<DetailMatch> = receipts
        .map(|range| DetailMatch { kind: IdentifyingDetailKind::Receipt, range, retained: None })
        .collect();
    for one in &matches {
        blank(&mut rest, &one.range);
    }
    for (kind, pattern) in PATTERNS.iter() {
        let begin = matches.len();
        for found in pattern.captures_iter(&rest) {
            let Some(all) = found.get(0) else { continue };
            let start = all.end() - all.as_str().trim_start().len();
            let end = start + all.as_str().trim().len();
            let retained = found.iter().skip(1).flatten().next().map(|group| group.range());
            matches.push(DetailMatch { kind: *kind, range: start..end, retained });
        }
        matches[begin..].iter().for_each(|one| blank(&mut rest, &one.range));
    }
    for one in &mut matches {
        one.range = folded.original_range(&one.range);
        one.retained = one.retained.take().map(|range| folded.original_range(&range));
    }
    matches
}

/// Replaces a passage by line ends, which no rule searches across. The other passages keep their
/// ranges.
fn blank(text: &mut String, passage: &Range<usize>) {
    text.replace_range(passage.clone(), &"\n".repeat(passage.len()));
}

/// Returns the composed form (NFC) of a text, on which the rules work. Some keyboards type a letter
/// and its accent as two characters.
pub fn to_nfc(text: &str) -> String {
    text.nfc().collect()
}

/// Returns the identifying details of a text by kind, in the order of the rules, with the matching
/// passages in composed form (NFC).
pub fn find_details(text: &str) -> Vec<(IdentifyingDetailKind, Vec<String>)> {
    let mut details: Vec<(IdentifyingDetailKind, Vec<String>)> = Vec::new();
    let text = to_nfc(text);
    for found in find_matches(&text) {
        let passage = text[found.range].to_owned();
        match details.iter_mut().find(|(kind, _)| *kind == found.kind) {
            Some((_, all)) => all.push(passage),
            None => details.push((found.kind, vec![passage])),
        }
    }
    details
}

/// Returns the text with all details of one kind redacted.
pub fn redact(text: &str, kind: IdentifyingDetailKind) -> String {
    let text = to_nfc(text);
    let mut matches: Vec<DetailMatch> =
        find_matches(&text).into_iter().filter(|one| one.kind == kind).collect();
    matches.sort_by_key(|one| one.range.start);
    let (mut redacted, mut from) = (String::with_capacity(text.len()), 0);
    for DetailMatch { range, retained, .. } in matches {
        // The match before can end in the character in which this one begins.
        let start = range.start.max(from);
        let end = range.end.max(start);
        let retained = retained.map_or(end..end, |kept| kept.start.max(start)..kept.end.max(start));
        redacted.push_str(&text[from..start]);
        redacted.push_str(if retained.start > start { REDACTED } else { "" });
        redacted.push_str(&text[retained.clone()]);
        redacted.push_str(if start == retained.start && retained.end < end {
            REDACTED
        } else {
            ""
        });
        from = end;
    }
    redacted.push_str(&text[from..]);
    redacted
}

/// Returns whether a question asks for an identifier. Any answer to it is an identifying detail.
pub fn asks_for_identifier(question: &Question) -> bool {
    question.kind.purpose() == QuestionPurpose::SensitiveAnswer && question.identity_risk >= 3
}

/// Returns all identifying details of a form, in the order of the questions.
pub fn find_in_form(form: &ReportForm, taxonomy: &Taxonomy) -> Vec<IdentifyingDetail> {
    let Some(category) = taxonomy.category(&form.category) else { return Vec::new() };
    let asked = form.applicable_questions(taxonomy, category);
    asked.into_iter().flat_map(|question| find_in_answer(form, question)).collect()
}

fn find_in_answer(form: &ReportForm, question: &Question) -> Vec<IdentifyingDetail> {
    let detail =
        |(kind, matches)| IdentifyingDetail { kind, question: question.id.clone(), matches };
    if form.value(&question.id) == ONLY_REPORTER_KNOWS {
        return vec![detail((IdentifyingDetailKind::OnlyMe, Vec::new()))];
    }
    if !question.kind.accepts_text() {
        return Vec::new();
    }
    let texts = [form.value(&question.id), form.date(&question.id)].join("\n");
    match find_details(&texts) {
        // The answer to a question for an identifier is a detail in any format.
        found if found.is_empty() && asks_for_identifier(question) && !texts.trim().is_empty() => {
            vec![detail((IdentifyingDetailKind::Declaration, vec![texts.trim().to_owned()]))]
        }
        found => found.into_iter().map(detail).collect(),
    }
}

/// Redacts the details of one kind in an answer. An answer that is a detail as a whole is deleted.
pub fn redact_in_form(
    form: &mut ReportForm,
    taxonomy: &Taxonomy,
    kind: IdentifyingDetailKind,
    question: &str,
) {
    let Some(question) = taxonomy.question(question) else { return };
    let found = find_in_answer(form, question).iter().any(|detail| detail.kind == kind);
    if !found {
        // The button was pressed twice.
        return;
    }
    form.replace_answer(&question.id, |text| {
        let redacted = redact(text, kind);
        let is_whole = redacted == to_nfc(text)
            && (kind == IdentifyingDetailKind::OnlyMe || asks_for_identifier(question));
        if is_whole { String::new() } else { redacted }
    });
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::{collection, prelude::*, sample};
    use serde::Deserialize;

    use super::*;
    use crate::form::detection_rules::LANGUAGE_TERMS;

    fn detected_kinds(text: &str) -> Vec<IdentifyingDetailKind> {
        find_details(text).into_iter().map(|(kind, _)| kind).collect()
    }

    #[test]
    fn details_that_point_to_the_reporter_are_found() {
        for (text, kind) in [
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
            assert!(detected_kinds(text).contains(&kind), "{text}: {:?}", find_details(text));
        }
    }

    #[test]
    fn the_cases_shared_with_the_browser_pass() {
        #[derive(Deserialize)]
        struct DetectionCase {
            text: String,
            found: Vec<(IdentifyingDetailKind, Vec<String>)>,
            covered: String,
        }
        #[derive(Deserialize)]
        struct LanguageCases {
            cases: Vec<DetectionCase>,
        }
        let mut cases: Vec<DetectionCase> =
            serde_json::from_str(include_str!("../../guard/cases.json")).unwrap();
        for (code, file) in LANGUAGE_TERMS.iter() {
            let own: LanguageCases = serde_json::from_str(file).unwrap();
            assert!(!own.cases.is_empty(), "{code}/identifying_details.json has no cases");
            cases.extend(own.cases);
        }
        for case in cases {
            assert_eq!(find_details(&case.text), case.found, "{}", case.text);
            let covered =
                case.found.iter().fold(case.text.clone(), |text, (kind, _)| redact(&text, *kind));
            assert_eq!(covered, case.covered);
            assert_eq!(find_details(&covered), [], "{covered}");
        }
    }

    const TEST_SETS: [&str; 3] = [
        include_str!("../../guard/test_set.jsonl"),
        include_str!("../../guard/second_test_set.jsonl"),
        include_str!("../../guard/third_test_set.jsonl"),
    ];

    /// Measures recall and precision. A match that contains the expected passage counts, and one
    /// that the passage contains.
    fn measure(test_set: &str) -> (String, String) {
        let (mut expected, mut hits, mut found, mut right) = (0, 0, 0, 0);
        let mut failures = String::new();
        for line in test_set.lines() {
            let (text, wanted): (String, Vec<(IdentifyingDetailKind, String)>) =
                serde_json::from_str(line).unwrap();
            let details: Vec<(IdentifyingDetailKind, String)> = find_details(&text)
                .into_iter()
                .flat_map(|(kind, all)| all.into_iter().map(move |passage| (kind, passage)))
                .collect();
            let overlaps =
                |(a, passage): &(IdentifyingDetailKind, String),
                 (b, other): &(IdentifyingDetailKind, String)| {
                    a == b && (passage.contains(other.as_str()) || other.contains(passage.as_str()))
                };
            let missed: Vec<_> =
                wanted.iter().filter(|w| !details.iter().any(|t| overlaps(t, w))).collect();
            let wrong: Vec<_> =
                details.iter().filter(|t| !wanted.iter().any(|w| overlaps(t, w))).collect();
            expected += wanted.len();
            hits += wanted.len() - missed.len();
            found += details.len();
            right += details.len() - wrong.len();
            if !missed.is_empty() || !wrong.is_empty() {
                writeln!(failures, "{text} missed {missed:?} wrong {wrong:?}").unwrap();
            }
        }
        (format!("recall {hits}/{expected}, precision {right}/{found}"), failures)
    }

    /// `docs/THREAT_MODEL.md` states these figures.
    #[test]
    fn the_detection_of_identifying_details_has_high_recall_and_few_false_positives() {
        let figures = [
            "recall 116/118, precision 116/118",
            "recall 117/122, precision 117/117",
            "recall 48/50, precision 48/50",
        ];
        for (test_set, expected) in TEST_SETS.iter().zip(figures) {
            let (measured, failures) = measure(test_set);
            assert_eq!(measured, expected, "{failures}");
        }
    }

    fn redact_all(text: &str) -> String {
        (0..3).fold(text.to_owned(), |text, _| {
            find_details(&text).iter().fold(text, |text, (kind, _)| redact(&text, *kind))
        })
    }

    /// The test of the browser script compares with the same file and can write it.
    #[test]
    fn each_sentence_has_the_details_that_the_browser_script_finds() {
        let lines = include_str!("../../guard/detections.jsonl").lines();
        let sentences = TEST_SETS.iter().flat_map(|set| set.lines()).count();
        assert_eq!(lines.clone().count(), sentences);
        for line in lines {
            let (text, found, covered): (
                String,
                Vec<(IdentifyingDetailKind, Vec<String>)>,
                String,
            ) = serde_json::from_str(line).unwrap();
            assert_eq!(find_details(&text), found, "{text}");
            assert_eq!(redact_all(&text), covered);
        }
    }

    #[test]
    fn redaction_removes_the_details_and_nothing_else() {
        for line in TEST_SETS.iter().flat_map(|set| set.lines()) {
            let (text, _): (String, Vec<(IdentifyingDetailKind, String)>) =
                serde_json::from_str(line).unwrap();
            let covered = redact_all(&text);
            assert_eq!(find_details(&covered), [], "{text}: {covered}");
            let mut rest = text.as_str();
            for part in covered.split(REDACTED) {
                let index = rest.find(part).unwrap_or_else(|| panic!("{part:?} is not in {text}"));
                rest = &rest[index + part.len()..];
            }
        }
    }

    #[test]
    fn the_words_of_a_receipt_are_found_and_redacted() {
        let words = protocol::receipt::Receipt::from_bytes([7; 16]).words("fr");
        let text = format!("voici mon reçu : {words}. Merci");
        assert_eq!(find_details(&text), [(IdentifyingDetailKind::Receipt, vec![to_nfc(&words)])]);
        assert_eq!(redact(&text, IdentifyingDetailKind::Receipt), "voici mon reçu : […]. Merci");
    }

    /// Characters whose folded form has several characters, is shorter or longer, or is empty.
    const UNUSUAL: &str = "⅓⅔↉⒈⒛⑴⑽①㏠㋀㍘℡ﷺﬁſİıßẞﾊﾞΐ…½²º٠٥٩۵߀५𝟘🄀\u{200b}\u{200d}\u{200f}\u{feff}\u{ad}\u{301}\u{64b}\u{20e3}\u{fe0f}\u{a0}\u{202f}\u{3000}\u{2028}\u{85}\t\r\n－／．＠👩🏽é·•_*'’,;:./-+() ";

    /// Parts of details, which form details at unusual places together with these characters.
    const PARTS: [&str; 28] = [
        "0",
        "1",
        "2",
        "3",
        "5",
        "7",
        "70 12 34 5",
        "0 12 34 56",
        "70123456",
        "+226 ",
        "1/1/20",
        "3 mai",
        "2026-03-14",
        "14h30",
        "11 GH 4521",
        "MSKU1234567",
        "IFU 00012345",
        "CNIB n° B12345",
        "déclaration n° 12345",
        "C 48213",
        "a@b.bf",
        "je m’appelle ",
        "my name is Mr. ",
        "اسمي ",
        "zero un deux trois quatre",
        "en tant que receveur",
        "only me ",
        "0000-0000-0000-0000-0000-0000-006X",
    ];

    fn unusual_text() -> impl Strategy<Value = String> {
        let unusual: Vec<String> = UNUSUAL.chars().map(String::from).collect();
        let part = prop_oneof![
            sample::select(unusual),
            sample::select(&PARTS[..]).prop_map(str::to_owned),
            any::<char>().prop_map(String::from),
        ];
        collection::vec(part, 0..24).prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 1000,
            failure_persistence: None,
            ..ProptestConfig::default()
        })]
        #[test]
        fn each_detail_of_any_text_is_a_passage_of_it_and_covering_ends(text in unusual_text()) {
            let composed = to_nfc(&text);
            for (kind, all) in find_details(&text) {
                for passage in all {
                    prop_assert!(!passage.is_empty() && composed.contains(&passage));
                }
                prop_assert_ne!(redact(&text, kind), composed.clone());
            }
            prop_assert_eq!(find_details(&redact_all(&text)), []);
        }
    }

    #[test]
    fn two_details_that_share_a_character_are_both_redacted() {
        // The folded form of "⅓" is "1⁄3".
        let text = "70 12 34 5⅓0 12 34 56";
        assert_eq!(redact(text, IdentifyingDetailKind::Phone), "[…][…]");
    }

    /// The test of the browser script compares with the same file and can write it.
    #[test]
    fn unusual_texts_have_the_details_that_the_browser_script_finds() {
        let lines = include_str!("../../guard/unusual_texts.jsonl").lines();
        assert!(lines.clone().count() >= 400);
        for line in lines {
            let (text, found, covered): (
                String,
                Vec<(IdentifyingDetailKind, Vec<String>)>,
                String,
            ) = serde_json::from_str(line).unwrap();
            assert_eq!(find_details(&text), found, "{text:?}");
            assert_eq!(redact_all(&text), covered, "{text:?}");
        }
    }

    #[test]
    fn a_receipt_in_a_story_is_found_in_each_spelling_that_the_return_page_accepts() {
        #[derive(Deserialize)]
        struct Spelling {
            text: String,
            code: Option<String>,
        }
        let spellings: Vec<Spelling> =
            serde_json::from_str(include_str!("../../../protocol/receipt-spellings.json")).unwrap();
        for Spelling { text, .. } in spellings.iter().filter(|spelling| spelling.code.is_some()) {
            let story = format!("Mon code secret est ici : {text}\nIl a pris 5 000 F.");
            let first = detected_kinds(&story).into_iter().next();
            assert_eq!(first, Some(IdentifyingDetailKind::Receipt), "{story}");
        }
    }

    #[test]
    fn an_ordinary_story_contains_no_details() {
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
