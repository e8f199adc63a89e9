//! What of a case can be searched.

use std::{collections::BTreeSet, fmt::Write as _};

use taxonomy::{Labels, Taxonomy, UNKNOWN, UNSAID};
use zeroize::Zeroizing;

use super::Tie;
use crate::{
    cases::Case,
    view::{CaseView, FactView},
};

/// Languages whose labels are searched, whatever language the report is in: those of the investigators.
const LABELS: [&str; 2] = ["fr", "en"];

/// The texts of one case, and what it can share with others.
pub(super) struct Document {
    pub(super) category: String,
    pub(super) story: Zeroizing<String>,
    pub(super) facts: Zeroizing<String>,
    pub(super) messages: Zeroizing<String>,
    pub(super) notes: Zeroizing<String>,
    pub(super) files: Zeroizing<String>,
    /// Kind and value.
    pub(super) ties: BTreeSet<(Tie, String)>,
}

impl Document {
    pub(super) fn of(case: &Case, taxonomy: &Taxonomy) -> Self {
        let views = LABELS.map(|lang| CaseView::new(case, taxonomy, lang));
        let view = &views[0];
        let labels = |labels: &Labels| LABELS.map(|lang| labels.get(lang)).join("\n");
        let category = view.report.as_ref().map_or_else(String::new, |report| report.category.clone());
        let mut facts = taxonomy.category(&category).map_or_else(String::new, |found| labels(&found.label));
        let answered = |fact: &&FactView| !fact.answers.iter().all(|id| id == UNKNOWN || id == UNSAID);
        for report in views.iter().filter_map(|view| view.report.as_ref()) {
            for fact in report.facts.iter().filter(answered) {
                write!(facts, "\n{}", fact.labels.join("\n")).expect("a string takes everything");
            }
        }
        let story = view.report.as_ref().map_or("", |report| &report.story).to_owned();
        let lines =
            |lines: &mut dyn Iterator<Item = &str>| Zeroizing::new(lines.collect::<Vec<_>>().join("\n"));
        let messages = lines(&mut view.messages.iter().map(|message| &*message.text));
        let notes = lines(&mut view.notes.iter().map(|note| &*note.text));
        let files = lines(&mut view.attachments.iter().map(|file| &*file.name));
        let mut ties: BTreeSet<(Tie, String)> =
            view.attachments.iter().map(|file| (Tie::File, file.sha256.to_string())).collect();
        for text in [&story, &facts, &*messages, &*notes] {
            ties.extend(numbers(text).map(|number| (Tie::Number, number)));
        }
        let report = views[0].report.as_ref();
        for fact in report.into_iter().flat_map(|report| &report.facts).filter(answered) {
            if fact.question == "place" {
                ties.extend(
                    fact.answers.iter().map(|place| (Tie::Place, format!("{category} {}", plain(place)))),
                );
            }
        }
        Self {
            category,
            story: Zeroizing::new(story),
            facts: Zeroizing::new(facts),
            messages,
            notes,
            files,
            ties,
        }
    }
}

/// Numbers that name one thing: a declaration, a plate, a container, a telephone. Letters and digits without what stands between
/// them, with five digits or more; an amount that is round in thousands names nothing.
fn numbers(text: &str) -> impl Iterator<Item = String> + '_ {
    let between = |c: char| matches!(c, '-' | '/' | '.');
    let ends = move |c: char| !c.is_alphanumeric() && !between(c);
    text.split(ends).filter_map(move |word| {
        let number: String = word.chars().filter(|c| !between(*c)).collect::<String>().to_uppercase();
        let digits = number.chars().filter(char::is_ascii_digit).count();
        (digits >= 5 && !number.ends_with("000")).then_some(number)
    })
}

/// Without letter case and with single spaces.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_names_one_thing_is_found_however_it_is_written() {
        let found = |text| numbers(text).collect::<Vec<_>>();
        assert_eq!(found("déclaration C-48213/2026, camion 11-GH-4521."), ["C482132026", "11GH4521"]);
        assert_eq!(found("MSKU1234567 et mksu-7654321"), ["MSKU1234567", "MKSU7654321"]);
        assert_eq!(found("5 000 francs, 150000 ou 1.500.000, en 2026 à 14h30"), [] as [&str; 0]);
    }
}
