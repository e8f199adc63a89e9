//! Warns about directories that are valid but probably not intended. The warnings are shown when a
//! desk is entered, and again before signing.

use protocol::{
    directory::{Desk, EXCLUDE_ALL_DESKS, MIN_READERS},
    submission::report_body::EXCLUSION_QUESTION,
};
use taxonomy::Taxonomy;

use super::DirectoryDraft;

/// Returns all warnings as sentences.
pub fn all_warnings(draft: &DirectoryDraft, taxonomy: &Taxonomy) -> Vec<String> {
    let desks = draft.desks.iter().flat_map(|desk| desk_warnings(draft, &desk.id));
    let mut warnings: Vec<String> = Vec::new();
    for warning in desks {
        // The warning about two desks with the same category comes once for each of them.
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }
    let unserved = unserved_categories(draft, taxonomy);
    if !unserved.is_empty() {
        warnings
            .push(format!("no desk serves {}: they go to the oversight body", unserved.join(" ")));
    }
    let ineffective = ineffective_exclusions(draft, taxonomy);
    if !ineffective.is_empty() {
        warnings.push(format!(
            "reporters can exclude {}, but no member or desk belongs to it: add it with --units to \
             the members or desks that belong to it",
            ineffective.join(", ")
        ));
    }
    let without_desk = draft
        .members
        .iter()
        .filter(|member| !draft.desks.iter().any(|desk| desk.members.contains(&member.handle)));
    let without_desk: Vec<&str> = without_desk.map(|member| member.handle.as_str()).collect();
    if !without_desk.is_empty() {
        warnings.push(format!("{} belong to no desk and get no reports", without_desk.join(", ")));
    }
    warnings
}

/// Returns the warnings about one desk.
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

/// Warns if two desks serve the same reports. Only the first one of the directory receives them.
fn overlap_warning(first: &Desk, second: &Desk) -> Option<String> {
    let overlap = first.audiences.is_empty()
        || second.audiences.is_empty()
        || first.audiences.iter().any(|audience| second.audiences.contains(audience));
    let both = first.categories.iter().filter(|category| second.categories.contains(category));
    let both: Vec<&str> = both.map(String::as_str).collect();
    (overlap && !both.is_empty()).then(|| {
        format!(
            "{} are served by desk {} and desk {}: reports that both accept go only to \
             {}",
            both.join(" "),
            first.id,
            second.id,
            first.id
        )
    })
}

/// Returns the categories that no desk serves.
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

/// Returns the units and functions that reporters can exclude.
pub fn exclusion_options(taxonomy: &Taxonomy) -> Vec<&str> {
    let question = taxonomy.question(EXCLUSION_QUESTION);
    question.map_or_else(Vec::new, |question| {
        question.options.iter().map(|one| one.id.as_str()).collect()
    })
}

/// Returns the exclusions that exclude no member.
fn ineffective_exclusions<'a>(draft: &DirectoryDraft, taxonomy: &'a Taxonomy) -> Vec<&'a str> {
    let is_effective = |id: &str| {
        id == EXCLUDE_ALL_DESKS
            || draft.members.iter().any(|member| member.units.iter().any(|unit| unit == id))
            || draft
                .desks
                .iter()
                .filter(|desk| desk.id != draft.oversight)
                .any(|desk| desk.id == id || desk.units.iter().any(|unit| unit == id))
    };
    exclusion_options(taxonomy).into_iter().filter(|id| !is_effective(id)).collect()
}
