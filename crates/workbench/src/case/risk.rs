//! How exposed is the reporter, and why is the case as urgent as it is? Both follow from the report
//! itself.

use protocol::{
    case::event::{Action, Event},
    submission::{
        envelope::Urgency,
        report_body::{ReportAnswer, ReportBody},
    },
};
use serde::Serialize;
use taxonomy::{DECLINED, Priority, Taxonomy, UNKNOWN};

/// How much an answer points to the reporter, or endangers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RiskLevel {
    /// Nothing in the answers stands out.
    Low,
    /// Care is needed in every question and every step.
    Raised,
    /// Those concerned can guess who spoke, or the reporter is threatened.
    High,
}

/// An answer that counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RiskSignal {
    /// How much.
    pub level: RiskLevel,
    /// The question's words.
    pub question: String,
    /// The answer's words.
    pub answer: String,
}

/// Answers that expose, by question. A low level is worth saying too: it calms.
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
/// From this identity risk of a question on, an answer to it names one event or one person.
const MIN_IDENTITY_RISK: u8 = 3;

/// Everything in a report that says how exposed its writer is, the gravest first.
pub fn risk_signals(report: &ReportBody, taxonomy: &Taxonomy, lang: &str) -> Vec<RiskSignal> {
    let mut signs: Vec<RiskSignal> = selected_answers(report)
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
            let said =
                taxonomy.option_label(question, answer).map_or(answer, |label| label.get(lang));
            Some(RiskSignal {
                level,
                question: question.label.get(lang).to_owned(),
                answer: said.to_owned(),
            })
        })
        .collect();
    signs.sort_by_key(|sign| std::cmp::Reverse(sign.level));
    signs
}

/// Why a case is as urgent as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PriorityReason {
    /// Its category is never less urgent.
    Category,
    /// Of an answer.
    Answer {
        /// The question's words.
        question: String,
        /// The answer's words.
        answer: String,
    },
    /// Somebody decided so.
    Person(String),
}

/// Everything that makes a case as urgent as it is. Empty where only the reporter's device knew.
pub fn priority_reasons(
    report: &ReportBody,
    events: &[Event],
    urgency: Urgency,
    taxonomy: &Taxonomy,
    lang: &str,
) -> Vec<PriorityReason> {
    let person = events.iter().rev().find_map(|event| match event.action {
        Action::PriorityRaised { urgency: to } if to == urgency => {
            Some(PriorityReason::Person(event.actor.clone()))
        }
        _ => None,
    });
    if let Some(person) = person {
        return vec![person];
    }
    let floor = taxonomy.category(&report.category).map(|category| category.priority_floor);
    let by_category = (floor == Some(to_priority(urgency))).then_some(PriorityReason::Category);
    let by_answers =
        taxonomy.urgent_when.iter().filter(|rule| rule.raise_to == to_priority(urgency));
    let by_answers = by_answers.flat_map(|rule| {
        selected_answers(report).filter(|(id, answer)| {
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

fn to_priority(urgency: Urgency) -> Priority {
    match urgency {
        Urgency::P1 => Priority::P1,
        Urgency::P2 => Priority::P2,
        Urgency::P3 => Priority::P3,
        Urgency::P4 => Priority::P4,
    }
}

/// Question and answer, one of several at a time.
fn selected_answers(report: &ReportBody) -> impl Iterator<Item = (&str, &str)> {
    report.answers.iter().flat_map(|(id, answer)| {
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
    fn few_who_know_and_threats_expose_most() {
        let taxonomy = Taxonomy::built_in();
        let report = report(&[
            ("declaration_no", "C 48213"),
            ("how_many_know", "few"),
            ("regime", "transit"),
            ("retaliation_now", "fear"),
            ("vehicle_no", UNKNOWN),
        ]);
        let signs = risk_signals(&report, &taxonomy, "en");
        let levels: Vec<_> = signs.iter().map(|sign| (sign.level, sign.answer.as_str())).collect();
        assert_eq!(
            levels,
            [
                (RiskLevel::High, "3 to 5"),
                (RiskLevel::Raised, "C 48213"),
                (RiskLevel::Raised, "I fear them")
            ]
        );
    }

    #[test]
    fn every_answer_that_counts_is_one_of_the_taxonomy() {
        let taxonomy = Taxonomy::built_in();
        for (id, option, _) in RISK_ANSWERS {
            let question = taxonomy.question(id).unwrap();
            assert!(question.options.iter().any(|known| known.id == option), "{id} {option}");
        }
    }

    #[test]
    fn urgency_has_a_reason() {
        let taxonomy = Taxonomy::built_in();
        let urgent = report(&[("retaliation_now", "threat"), ("ongoing", "imminent")]);
        let reasons = priority_reasons(&urgent, &[], Urgency::P1, &taxonomy, "en");
        assert!(
            matches!(&reasons[..], [PriorityReason::Answer { question, .. }] if question.contains("reprisals"))
        );
        let floor = taxonomy.category("FAC").unwrap().priority_floor;
        let calm = [Urgency::P1, Urgency::P2, Urgency::P3, Urgency::P4];
        let calm = calm.into_iter().find(|urgency| to_priority(*urgency) == floor).unwrap();
        assert_eq!(
            priority_reasons(&report(&[]), &[], calm, &taxonomy, "en"),
            [PriorityReason::Category]
        );
    }
}
