//! What a directory allows and is seldom meant: said when a desk is entered, and again before
//! anybody signs.

use protocol::{
    directory::{Desk, EXCLUDE_ALL_DESKS, MIN_READERS},
    submission::report_body::EXCLUSION_QUESTION,
};
use taxonomy::Taxonomy;

use super::DirectoryDraft;

/// Everything that is seldom meant, in sentences.
pub fn all_warnings(draft: &DirectoryDraft, taxonomy: &Taxonomy) -> Vec<String> {
    let desks = draft.desks.iter().flat_map(|desk| desk_warnings(draft, &desk.id));
    let mut warnings: Vec<String> = Vec::new();
    for warning in desks {
        // Two desks that serve one category each say so.
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }
    let unserved = unserved_categories(draft, taxonomy);
    if !unserved.is_empty() {
        warnings.push(format!(
            "no desk serves {}: they go to the oversight body",
            unserved.join(
                " \
            "
            )
        ));
    }
    let idle = ineffective_exclusions(draft, taxonomy);
    if !idle.is_empty() {
        warnings.push(format!(
            "reporters can tick {}, and that keeps nobody away: name it with --units at the \
             members or desks that belong to it",
            idle.join(", ")
        ));
    }
    let seatless = draft
        .members
        .iter()
        .filter(|member| !draft.desks.iter().any(|desk| desk.members.contains(&member.handle)));
    let seatless: Vec<&str> = seatless.map(|member| member.handle.as_str()).collect();
    if !seatless.is_empty() {
        warnings.push(format!("{} belong to no desk and get no reports", seatless.join(", ")));
    }
    warnings
}

/// What is seldom meant about one desk.
pub fn desk_warnings(draft: &DirectoryDraft, id: &str) -> Vec<String> {
    let Some(desk) = draft.desks.iter().find(|desk| desk.id == id && id != draft.oversight) else {
        return Vec::new();
    };
    let mut warnings = Vec::new();
    let members = desk.members.len();
    if members < MIN_READERS {
        warnings.push(format!(
            "desk {id} has {members} member{}: a report needs {MIN_READERS} readers, so all of its \
             reports go to the oversight body",
            if members == 1 { "" } else { "s" }
        ));
    }
    for (at, first) in draft.desks.iter().enumerate() {
        for second in &draft.desks[at + 1..] {
            let concerned = first.id == id || second.id == id;
            if concerned && first.id != draft.oversight && second.id != draft.oversight {
                warnings.extend(overlap_warning(first, second));
            }
        }
    }
    warnings
}

/// Two desks that would both take a report: the first of the directory does.
fn overlap_warning(first: &Desk, second: &Desk) -> Option<String> {
    let overlap = first.audiences.is_empty()
        || second.audiences.is_empty()
        || first.audiences.iter().any(|audience| second.audiences.contains(audience));
    let both = first.categories.iter().filter(|category| second.categories.contains(category));
    let both: Vec<&str> = both.map(String::as_str).collect();
    (overlap && !both.is_empty()).then(|| {
        format!(
            "{} are served by desk {} and desk {}: such reports go to {} alone where both take \
             them",
            both.join(" "),
            first.id,
            second.id,
            first.id
        )
    })
}

/// Categories that no desk serves.
pub fn unserved_categories(draft: &DirectoryDraft, taxonomy: &Taxonomy) -> Vec<String> {
    let served = |id: &String| {
        draft.desks.iter().any(|desk| desk.id != draft.oversight && desk.categories.contains(id))
    };
    taxonomy
        .categories
        .iter()
        .map(|category| &category.id)
        .filter(|id| !served(id))
        .cloned()
        .collect()
}

/// What reporters can tick as involved.
pub fn exclusion_options(taxonomy: &Taxonomy) -> Vec<&str> {
    let question = taxonomy.question(EXCLUSION_QUESTION);
    question.map_or_else(Vec::new, |question| {
        question.options.iter().map(|one| one.id.as_str()).collect()
    })
}

/// Exclusions that keep nobody away.
fn ineffective_exclusions<'a>(draft: &DirectoryDraft, taxonomy: &'a Taxonomy) -> Vec<&'a str> {
    let keeps_away = |word: &str| {
        word == EXCLUDE_ALL_DESKS
            || draft.members.iter().any(|member| member.units.iter().any(|unit| unit == word))
            || draft
                .desks
                .iter()
                .filter(|desk| desk.id != draft.oversight)
                .any(|desk| desk.id == word || desk.units.iter().any(|unit| unit == word))
    };
    exclusion_options(taxonomy).into_iter().filter(|word| !keeps_away(word)).collect()
}
