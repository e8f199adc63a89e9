//! The rule of conditions, with the cases that the script for browsers passes too.

use std::{collections::BTreeMap, fs};

use serde::Deserialize;
use taxonomy::{Condition, Taxonomy, applicable};

#[derive(Deserialize)]
struct ConditionCase {
    case: String,
    questions: Vec<ConditionalQuestion>,
    answers: BTreeMap<String, Vec<String>>,
    applying: Vec<String>,
}

#[derive(Deserialize)]
struct ConditionalQuestion {
    id: String,
    when: Option<Condition>,
}

#[test]
fn the_rule_passes_the_shared_cases() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conditions.json");
    let cases: Vec<ConditionCase> =
        serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    assert!(cases.len() >= 12, "{}", cases.len());
    for ConditionCase { case, questions, answers, applying } in cases {
        let questions: Vec<_> =
            questions.iter().map(|question| (&*question.id, question.when.as_ref())).collect();
        let values = |id: &str| answers.get(id).cloned().unwrap_or_default();
        assert_eq!(applicable(&questions, values), applying, "{case}");
    }
}

#[test]
fn the_receipt_of_a_payment_is_asked_for_only_after_a_payment() {
    let taxonomy = Taxonomy::built_in();
    let asks = |category: &str, status: &str| {
        let category = taxonomy.category(category).unwrap();
        let values = |id: &str| if id == "payment_status" { vec![status] } else { Vec::new() };
        let asked = taxonomy.applicable_questions(category, values);
        asked.iter().any(|question| question.id == "receipt_given")
    };
    assert!(asks("EXT", "paid"));
    assert!(!asks("EXT", "refused"));
    assert!(!asks("EXT", ""));
    // This category is about a payment, and does not ask whether there was one.
    assert!(asks("CAS", ""));
}
