//! "Who would read this?": the routing decision with a reason for everybody.

use envelope::directory::{Addressees, Directory, MIN_READERS, Member, TRUST_NONE};
use serde::Serialize;

/// A report as far as routing looks at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Case {
    /// Category id.
    pub category: String,
    /// Audience id.
    pub audience: String,
    /// Desks, units or functions that must not receive it.
    pub excluded: Vec<String>,
}

/// The decision. In JSON as it stands here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// What was asked.
    #[serde(flatten)]
    pub case: Case,
    /// The desk that the report is filed at.
    pub desk: String,
    /// Is that the outside body because no other desk could take it?
    pub fallback: bool,
    /// Handles that can read it at once.
    pub readers: Vec<String>,
    /// Handles whose grant stays locked until the case handler must release it.
    pub oversight: Vec<String>,
    /// Everybody who gets no grant.
    pub without: Vec<Without>,
    /// Exclusions that name no desk and nobody: they would keep nobody away.
    pub idle_exclusions: Vec<String>,
    /// Each step in words, in order.
    pub steps: Vec<String>,
}

/// Somebody who gets no grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Without {
    /// Who.
    pub handle: String,
    /// Why not.
    pub reason: String,
}

/// Decides as the reporter's device will, and says why. The decision itself is always [`Directory::addressees`]; only the
/// words are made here.
pub fn explain(directory: &Directory, case: Case) -> Decision {
    let addressees = directory.addressees(&case.category, &case.audience, &case.excluded);
    let handles =
        |members: &[&Member]| members.iter().map(|member| member.handle.clone()).collect::<Vec<_>>();
    let fallback = addressees.desk.id == directory.oversight;
    let idle_exclusions = case.excluded.iter().filter(|word| is_idle(directory, word)).cloned().collect();
    Decision {
        desk: addressees.desk.id.clone(),
        fallback,
        readers: handles(&addressees.members),
        oversight: handles(&addressees.oversight),
        without: without(directory, &case, &addressees),
        idle_exclusions,
        steps: steps(directory, &case, &addressees),
        case,
    }
}

fn steps(directory: &Directory, case: &Case, addressees: &Addressees<'_>) -> Vec<String> {
    let mut steps = Vec::new();
    let serving = |desk: &&envelope::directory::Desk| {
        desk.id != directory.oversight && desk.categories.contains(&case.category)
    };
    let serves_audience = |desk: &&envelope::directory::Desk| {
        desk.audiences.is_empty() || desk.audiences.contains(&case.audience)
    };
    for desk in directory.desks.iter().filter(serving).filter(|desk| !serves_audience(desk)) {
        let audiences = desk.audiences.join(", ");
        steps.push(format!("Desk {} serves category {} but only for: {audiences}.", desk.id, case.category));
    }
    match directory.desks.iter().filter(serving).find(serves_audience) {
        None => steps.push(format!(
            "No desk serves category {} for audience {}: it goes to the outside body.",
            case.category, case.audience
        )),
        Some(desk) => {
            steps.push(format!(
                "Category {} for audience {} belongs to desk {}.",
                case.category, case.audience, desk.id
            ));
            let away = directory.excluded_people(&case.excluded);
            let excluded: Vec<_> =
                desk.members.iter().filter(|handle| away.contains(handle.as_str())).collect();
            let left = desk.members.len() - excluded.len();
            if excluded.is_empty() {
                steps.push(format!("The reporter excluded none of its {left} members."));
            } else {
                let names = excluded.iter().map(|handle| handle.as_str()).collect::<Vec<_>>().join(", ");
                steps.push(format!("The reporter's exclusions keep away {names}; {left} members are left."));
            }
            if left < MIN_READERS {
                steps.push(format!("Fewer than {MIN_READERS} are left: it goes to the outside body."));
            }
        }
    }
    let names =
        |members: &[&Member]| members.iter().map(|m| m.handle.as_str()).collect::<Vec<_>>().join(", ");
    steps.push(format!(
        "Filed at desk {}; read at once by {}.",
        addressees.desk.id,
        names(&addressees.members)
    ));
    if !addressees.oversight.is_empty() {
        steps.push(format!(
            "The outside body ({}) holds grants that stay locked until a deadline is missed, the desk is conflicted, or \
             the reporter asks.",
            names(&addressees.oversight)
        ));
    }
    steps
}

fn without(directory: &Directory, case: &Case, addressees: &Addressees<'_>) -> Vec<Without> {
    let has_grant = |member: &Member| addressees.readers().contains(&&member.recipient);
    let members = directory.members.iter().filter(|member| !has_grant(member));
    members
        .map(|member| Without {
            handle: member.handle.clone(),
            reason: reason(directory, case, member, addressees),
        })
        .collect()
}

fn reason(directory: &Directory, case: &Case, member: &Member, addressees: &Addressees<'_>) -> String {
    if directory.excluded_people(&case.excluded).contains(member.handle.as_str()) {
        if let Some(unit) = member.covers.iter().find(|unit| case.excluded.contains(unit)) {
            return format!("belongs to {unit}, which the reporter excluded");
        }
        let desks = directory.desks.iter().filter(|desk| desk.members.contains(&member.handle));
        for desk in desks {
            if case.excluded.contains(&desk.id) {
                return format!("sits at desk {}, which the reporter excluded", desk.id);
            }
            if let Some(unit) = desk.covers.iter().find(|unit| case.excluded.contains(unit)) {
                return format!("sits at desk {}, which covers {unit}, which the reporter excluded", desk.id);
            }
        }
        return "the reporter trusts no desk but the outside body".to_owned();
    }
    let desk = &addressees.desk.id;
    let sits_there = addressees.desk.members.contains(&member.handle);
    let serving = directory
        .desks
        .iter()
        .any(|desk| desk.categories.contains(&case.category) && desk.members.contains(&member.handle));
    match (sits_there, serving) {
        (false, true) => format!("their desk cannot take it; it went to desk {desk}"),
        _ => format!("does not sit at desk {desk}"),
    }
}

fn is_idle(directory: &Directory, word: &str) -> bool {
    word != TRUST_NONE && directory.excluded_people(&[word.to_owned()]).is_empty()
}
