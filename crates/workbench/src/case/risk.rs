//! Derives from the report how exposed the reporter is, and why the case has its priority.

use std::collections::BTreeMap;

use protocol::{
    Priority,
    case::event::{Action, Event},
    submission::report_body::{ReportAnswer, ReportBody},
};
use serde::Serialize;
use taxonomy::{DECLINED, Taxonomy, UNKNOWN};

/// How strongly an answer points to the reporter or endangers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RiskLevel {
    /// The answer shows no particular risk.
    Low,
    /// Every question and every step needs care.
    Raised,
    /// The accused can guess the reporter, or the reporter is threatened.
    High,
}

/// An answer that affects the reporter's exposure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RiskSignal {
    /// Level of the risk.
    pub level: RiskLevel,
    /// Label of the question.
    pub question: String,
    /// Label of the answer.
    pub answer: String,
}

/// Answers with a risk level, by question. Low levels are listed because they reassure the reader.
const RISK_ANSWERS: [(&str, &str, RiskLevel); 14] = [
    ("how_many_know", "only_me", RiskLevel::High),
    ("how_many_know", "few", RiskLevel::High),
    ("how_many_know", "some", RiskLevel::Raised),
    ("how_many_know", "many", RiskLevel::Low),
    ("retaliation_now", "happening", RiskLevel::High),
    ("retaliation_now", "threat", RiskLevel::High),
    ("retaliation_now", "fear", RiskLevel::Raised),
    ("safety", "me", RiskLevel::High),
    ("relation", "victim", RiskLevel::Raised),
    ("relation", "ordered", RiskLevel::Raised),
    ("witnesses", "no", RiskLevel::Raised),
    ("reported_before", "manager", RiskLevel::Raised),
    ("reported_before", "association", RiskLevel::Raised),
    ("reported_before", "media", RiskLevel::Raised),
];
/// Any answer to a question with at least this identity risk names one event or one person.
const MIN_IDENTITY_RISK: u8 = 3;

/// Returns all signals of a report, the most serious first.
pub fn risk_signals(report: &ReportBody, taxonomy: &Taxonomy, lang: &str) -> Vec<RiskSignal> {
    let mut signals: Vec<RiskSignal> = selected_answers(&report.answers)
        .filter_map(|(id, answer)| {
            let question = taxonomy.question(id)?;
            let listed = RISK_ANSWERS
                .iter()
                .find(|(question, option, _)| *question == id && *option == answer);
            let implied = answer == UNKNOWN || answer == DECLINED;
            let level = match listed {
                Some((_, _, level)) => *level,
                None if question.identity_risk >= MIN_IDENTITY_RISK && !implied => {
                    RiskLevel::Raised
                }
                None => return None,
            };
            let label =
                taxonomy.option_label(question, answer).map_or(answer, |label| label.get(lang));
            Some(RiskSignal {
                level,
                question: question.label.get(lang).to_owned(),
                answer: label.to_owned(),
            })
        })
        .collect();
    signals.sort_by_key(|signal| std::cmp::Reverse(signal.level));
    signals
}

/// Reason for the priority of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PriorityReason {
    /// The category has this minimum priority.
    Category,
    /// An answer raises the priority.
    Answer {
        /// Label of the question.
        question: String,
        /// Label of the answer.
        answer: String,
    },
    /// The member with this handle raised the priority.
    Person(String),
}

/// Returns all reasons for the priority. The list is empty if only the reporter's device knew the
/// reason.
pub fn priority_reasons(
    report: &ReportBody,
    events: &[Event],
    priority: Priority,
    taxonomy: &Taxonomy,
    lang: &str,
) -> Vec<PriorityReason> {
    let person = events.iter().rev().find_map(|event| match event.action {
        Action::PriorityRaised { priority: to } if to == priority => {
            Some(PriorityReason::Person(event.actor.clone()))
        }
        _ => None,
    });
    if let Some(person) = person {
        return vec![person];
    }
    let floor = taxonomy.category(&report.category).map(|category| category.priority_floor);
    let by_category = (floor == Some(priority)).then_some(PriorityReason::Category);
    let by_answers = taxonomy.priority_rules.iter().filter(|rule| rule.raise_to == priority);
    let by_answers = by_answers.flat_map(|rule| {
        selected_answers(&report.answers).filter(|(id, answer)| {
            *id == rule.question && rule.answers.iter().any(|one| one == answer)
        })
    });
    let in_words = |(id, answer): (&str, &str)| {
        let question = taxonomy.question(id)?;
        let answer = taxonomy.option_label(question, answer)?.get(lang).to_owned();
        Some(PriorityReason::Answer { question: question.label.get(lang).to_owned(), answer })
    };
    by_answers.filter_map(in_words).chain(by_category).collect()
}

/// Returns the priority that a report with these answers has, if it is more urgent than `priority`.
pub fn raised_priority(
    answers: &BTreeMap<String, ReportAnswer>,
    priority: Priority,
    taxonomy: &Taxonomy,
) -> Option<Priority> {
    let rules = taxonomy.priority_rules.iter().filter(|rule| {
        selected_answers(answers)
            .any(|(id, answer)| id == rule.question && rule.answers.iter().any(|one| one == answer))
    });
    rules.map(|rule| rule.raise_to).min().filter(|raised| *raised < priority)
}

/// Returns pairs of question and answer, one pair for each chosen option.
fn selected_answers(
    answers: &BTreeMap<String, ReportAnswer>,
) -> impl Iterator<Item = (&str, &str)> {
    answers.iter().flat_map(|(id, answer)| {
        let given = match answer {
            ReportAnswer::One(one) => std::slice::from_ref(one),
            ReportAnswer::Many(many) => many,
        };
        given.iter().map(|answer| (id.as_str(), answer.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(answers: &[(&str, &str)]) -> ReportBody {
        let answers = answers
            .iter()
            .map(|(id, answer)| ((*id).to_owned(), ReportAnswer::One((*answer).to_owned())));
        ReportBody {
            category: "FAC".into(),
            audience: "trader".into(),
            answers: answers.collect(),
            story: String::new(),
        }
    }

    #[test]
    fn few_insiders_and_threats_are_high_risk() {
        let taxonomy = Taxonomy::built_in();
        let report = report(&[
            ("declaration_no", "C 48213"),
            ("how_many_know", "few"),
            ("regime", "transit"),
            ("retaliation_now", "fear"),
            ("vehicle_no", UNKNOWN),
        ]);
        let signals = risk_signals(&report, &taxonomy, "en");
        let levels: Vec<_> =
            signals.iter().map(|signal| (signal.level, signal.answer.as_str())).collect();
        assert_eq!(
            levels,
            [
                (RiskLevel::High, "3 to 5"),
                (RiskLevel::Raised, "C 48213"),
                (RiskLevel::Raised, "No, but I am afraid of it")
            ]
        );
    }

    #[test]
    fn every_listed_answer_exists_in_the_taxonomy() {
        let taxonomy = Taxonomy::built_in();
        for (id, option, _) in RISK_ANSWERS {
            let question = taxonomy.question(id).unwrap();
            assert!(question.options.iter().any(|known| known.id == option), "{id} {option}");
        }
    }

    #[test]
    fn priority_has_a_reason() {
        let taxonomy = Taxonomy::built_in();
        let urgent = report(&[("retaliation_now", "threat"), ("ongoing", "imminent")]);
        let reasons = priority_reasons(&urgent, &[], Priority::P1, &taxonomy, "en");
        assert!(
            matches!(&reasons[..], [PriorityReason::Answer { question, .. }] if question.contains("threatened"))
        );
        let floor = taxonomy.category("FAC").unwrap().priority_floor;
        assert_eq!(
            priority_reasons(&report(&[]), &[], floor, &taxonomy, "en"),
            [PriorityReason::Category]
        );
    }
}
