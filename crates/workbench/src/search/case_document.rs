//! The searchable content of one case.

use std::{collections::BTreeSet, fmt::Write as _};

use taxonomy::{DECLINED, LocalizedText, Taxonomy, UNKNOWN};
use zeroize::Zeroizing;

use super::RelationKind;
use crate::{
    case::{
        VerifiedCase,
        view::{CaseView, FactView},
    },
    l10n::dates::LOCALES,
    search::identifiers::find_numbers,
};

/// The texts of one case, and the identifiers that it can share with other cases.
#[derive(Default)]
pub(super) struct CaseDocument {
    pub(super) category: String,
    pub(super) story: Zeroizing<String>,
    pub(super) facts: Zeroizing<String>,
    pub(super) messages: Zeroizing<String>,
    pub(super) notes: Zeroizing<String>,
    pub(super) files: Zeroizing<String>,
    /// Kind and value of each identifier.
    pub(super) identifiers: BTreeSet<(RelationKind, String)>,
}

impl CaseDocument {
    pub(super) fn from_case(case: &VerifiedCase, taxonomy: &Taxonomy) -> Self {
        // Labels are indexed in the languages of the investigators, whatever that of the report.
        let views = LOCALES.map(|locale| CaseView::new(case, taxonomy, locale.code));
        let view = &views[0];
        let labels =
            |labels: &LocalizedText| LOCALES.map(|locale| labels.get(locale.code)).join("\n");
        let category =
            view.report.as_ref().map_or_else(String::new, |report| report.category.clone());
        let mut facts =
            taxonomy.category(&category).map_or_else(String::new, |found| labels(&found.label));
        let answered =
            |fact: &FactView| !fact.answers.iter().all(|id| id == UNKNOWN || id == DECLINED);
        for view in &views {
            for (_, fact) in facts_of(view).filter(|(_, fact)| answered(fact)) {
                write!(facts, "\n{}", fact.labels.join("\n"))
                    .expect("writing to a String cannot fail");
            }
        }
        let story = view.report.as_ref().map_or("", |report| &report.story).to_owned();
        let lines = |lines: &mut dyn Iterator<Item = &str>| {
            Zeroizing::new(lines.collect::<Vec<_>>().join("\n"))
        };
        let messages = lines(&mut view.messages.iter().map(|message| &*message.text));
        let notes = lines(&mut view.notes.iter().map(|note| &*note.text));
        let files = lines(&mut view.attachments.iter().map(|file| &*file.name));
        let mut identifiers: BTreeSet<(RelationKind, String)> = view
            .attachments
            .iter()
            .map(|file| (RelationKind::File, file.sha256.to_string()))
            .collect();
        for text in [&story, &facts, &*messages, &*notes] {
            identifiers.extend(
                find_numbers(text).into_iter().map(|number| (RelationKind::Number, number)),
            );
        }
        for (category, fact) in facts_of(view).filter(|(_, fact)| answered(fact)) {
            if fact.question == "place" {
                identifiers.extend(fact.answers.iter().map(|place| {
                    (RelationKind::Place, format!("{category} {}", without_markup(place)))
                }));
            }
        }
        Self {
            category,
            story: Zeroizing::new(story),
            facts: Zeroizing::new(facts),
            messages,
            notes,
            files,
            identifiers,
        }
    }
}

/// Returns the answers of the report and those that the reporter added later, each with the
/// category whose question it answers.
fn facts_of(view: &CaseView) -> impl Iterator<Item = (&str, &FactView)> {
    let reported = view.report.iter().map(|report| (&*report.category, &report.facts));
    let added = view.messages.iter().filter_map(|message| message.facts.as_ref());
    let added = added.map(|added| (&*added.category, &added.facts));
    let all = reported.chain(added);
    all.flat_map(|(category, facts)| facts.iter().map(move |fact| (category, fact)))
}

/// Returns the text in lower case with single spaces.
fn without_markup(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
