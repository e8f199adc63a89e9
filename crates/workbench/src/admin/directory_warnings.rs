//! Warns about directories that are valid but probably not intended. The warnings are shown when a
//! desk is entered, and again before signing.

use doctor::Finding;
use protocol::{
    directory::{Desk, EXCLUDE_ALL_DESKS, MIN_READERS},
    submission::report_body::EXCLUSION_QUESTION,
};
use taxonomy::{Audience, Taxonomy};

use super::DirectoryDraft;

/// Returns all warnings as sentences.
pub fn all_warnings(draft: &DirectoryDraft, taxonomy: &Taxonomy) -> Vec<String> {
    let desks = draft.desks.iter().flat_map(|desk| desk_warnings(draft, taxonomy, &desk.id));
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
pub fn desk_warnings(draft: &DirectoryDraft, taxonomy: &Taxonomy, id: &str) -> Vec<String> {
    let Some(desk) = draft.desks.iter().find(|desk| desk.id == id && id != draft.oversight) else {
        return Vec::new();
    };
    let mut warnings: Vec<String> = size_warning(desk).into_iter().collect();
    warnings.extend(audience_gap(draft, taxonomy, desk));
    warnings.extend(exclusion_gap(draft, taxonomy, desk));
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

/// Warns if a desk has too few members to receive any report.
fn size_warning(desk: &Desk) -> Option<String> {
    let (id, members) = (&desk.id, desk.members.len());
    let count = match members {
        0 => "no members".to_owned(),
        1 => "1 member".to_owned(),
        _ => format!("{members} members"),
    };
    (members < MIN_READERS).then(|| {
        format!(
            "desk {id} has {count}: a report needs {MIN_READERS} readers, so all of its reports go \
             to the oversight body. Add members (burkindi admin desk add {id} --replace --member)"
        )
    })
}

/// Checks the desks of the directory in force: who would get no reports that an administrator
/// expects them to get.
pub fn check_desks(draft: &DirectoryDraft, taxonomy: &Taxonomy) -> Finding {
    const CHECK: &str = "desks of the directory";
    let desks = draft.desks.iter().filter(|desk| desk.id != draft.oversight);
    let mut warnings: Vec<String> = desks.filter_map(size_warning).collect();
    warnings.extend(routing_gaps(draft, taxonomy));
    if warnings.is_empty() {
        Finding::ok(CHECK, "each desk has readers for its reports")
    } else {
        let advice = "Correct the draft, show the result with burkindi admin route-test, then sign \
                      and publish a directory.";
        Finding::warning(CHECK, warnings.join("; "), advice)
    }
}

/// Returns a warning for each desk whose reports go to the oversight body in part: because of who
/// sends them, or after an exclusion.
fn routing_gaps(draft: &DirectoryDraft, taxonomy: &Taxonomy) -> Vec<String> {
    let desks = draft.desks.iter().filter(|desk| desk.id != draft.oversight);
    desks
        .flat_map(|desk| {
            [audience_gap(draft, taxonomy, desk), exclusion_gap(draft, taxonomy, desk)]
        })
        .flatten()
        .collect()
}

/// Warns of audiences from which no desk accepts reports of the categories of this desk.
fn audience_gap(draft: &DirectoryDraft, taxonomy: &Taxonomy, desk: &Desk) -> Option<String> {
    let accepts = |desk: &Desk, audience: &str| {
        desk.audiences.is_empty() || desk.audiences.iter().any(|one| one == audience)
    };
    let is_unserved = |category: &str, audience: &str| {
        !draft.desks.iter().any(|other| {
            other.id != draft.oversight
                && other.categories.iter().any(|served| served == category)
                && accepts(other, audience)
        })
    };
    let (mut audiences, mut categories) = (Vec::new(), Vec::new());
    for audience in Audience::ALL {
        // Reports of other audiences are rare. Those without an answer are of the public.
        let is_usual = |category: &String| {
            let known = taxonomy.category(category);
            audience == Audience::Public
                || known.is_none_or(|known| known.audience.contains(&audience))
        };
        let usual = desk.categories.iter().filter(|category| is_usual(category));
        let unserved: Vec<&str> = usual
            .map(String::as_str)
            .filter(|category| is_unserved(category, audience.as_str()))
            .collect();
        if !unserved.is_empty() {
            audiences.push(audience.as_str());
            categories.extend(unserved);
        }
    }
    categories.sort_unstable();
    categories.dedup();
    let public = if audiences.contains(&Audience::Public.as_str()) {
        " A reporter who does not say who they are counts as public."
    } else {
        ""
    };
    (!audiences.is_empty()).then(|| {
        format!(
            "desk {id} is closed to {}: their reports of {} go to the oversight body.{public} Add \
             these audiences (burkindi admin desk add {id} --replace --audience), or a desk that \
             accepts them",
            audiences.join(", "),
            categories.join(" "),
            id = desk.id
        )
    })
}

/// Warns of exclusions of persons after which the desk has too few readers.
fn exclusion_gap(draft: &DirectoryDraft, taxonomy: &Taxonomy, desk: &Desk) -> Option<String> {
    // A smaller desk receives no report at all, see above.
    if desk.members.len() < MIN_READERS {
        return None;
    }
    let excludes = |desk: &Desk, unit: &str| {
        desk.id != draft.oversight && (desk.id == unit || desk.units.iter().any(|own| own == unit))
    };
    let is_excluded = |handle: &String, unit: &str| {
        let belongs = draft
            .members
            .iter()
            .any(|member| member.handle == *handle && member.units.iter().any(|own| own == unit));
        belongs
            || draft.desks.iter().any(|desk| excludes(desk, unit) && desk.members.contains(handle))
    };
    let units: Vec<&str> = exclusion_options(taxonomy)
        .into_iter()
        // An excluded desk is meant to get nothing.
        .filter(|unit| *unit != EXCLUDE_ALL_DESKS && !excludes(desk, unit))
        .filter(|unit| {
            let left = desk.members.iter().filter(|handle| !is_excluded(handle, unit));
            left.count() < MIN_READERS
        })
        .collect();
    (!units.is_empty()).then(|| {
        format!(
            "desk {id} has fewer than {MIN_READERS} readers left if a reporter excludes {}: such \
             reports go to the oversight body. Add members who do not belong there (burkindi admin \
             desk add {id} --replace --member)",
            units.join(" or "),
            id = desk.id
        )
    })
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
