//! Whom a case is suggested to. Who *may* read it was decided by the reporter's side; routing only
//! picks among those.

use std::{cmp::Reverse, collections::BTreeMap};

use protocol::{Hash, directory::Directory, submission::envelope::Urgency};
use uuid::Uuid;

/// What routing looks at.
#[derive(Debug, Clone, Copy)]
pub struct AssignmentQuery<'a> {
    /// Which case.
    pub case: Uuid,
    /// Members with a released grant.
    pub holders: &'a [String],
    /// Who cannot take cases now.
    pub absent_members: &'a [String],
    /// The reporter's language.
    pub lang: &'a str,
    /// How much each member has to do.
    pub workload: &'a Workload,
}

/// One candidate, and why where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RankedMember {
    /// The member.
    pub handle: String,
    /// Cannot take cases now; comes last.
    pub is_absent: bool,
    /// Reads the reporter's language.
    pub reads_language: bool,
    /// Weight of open cases.
    pub workload: u32,
    /// Drawn from the case's id, so that whoever comes first by name has no more to do than others.
    pub tie_breaker: u16,
}

/// The candidates, best first: present before absent, the reporter's language, then the least load,
/// then the lot.
pub fn rank_members(directory: &Directory, question: &AssignmentQuery<'_>) -> Vec<RankedMember> {
    let mut candidates: Vec<_> = question
        .holders
        .iter()
        .filter_map(|handle| directory.member(handle))
        .map(|member| RankedMember {
            handle: member.handle.clone(),
            is_absent: question.absent_members.contains(&member.handle),
            reads_language: member.languages.iter().any(|lang| lang == question.lang),
            workload: question.workload.get(&member.handle),
            tie_breaker: tie_breaker(question.case, &member.handle),
        })
        .collect();
    candidates.sort_by_key(|c| {
        (c.is_absent, Reverse(c.reads_language), c.workload, c.tie_breaker, c.handle.clone())
    });
    candidates
}

fn tie_breaker(case: Uuid, handle: &str) -> u16 {
    let hash = Hash::of(&[b"burkindi/lot/v1\0", case.as_bytes(), handle.as_bytes()]);
    u16::from_be_bytes([hash.0[0], hash.0[1]])
}

/// The best candidate who is there.
pub fn suggest_assignee(directory: &Directory, question: &AssignmentQuery<'_>) -> Option<String> {
    rank_members(directory, question)
        .into_iter()
        .find(|candidate| !candidate.is_absent)
        .map(|candidate| candidate.handle)
}

/// How much an open case weighs: an urgent one keeps its investigator from others.
fn urgency_weight(urgency: Urgency) -> u32 {
    match urgency {
        Urgency::P1 => 4,
        Urgency::P2 => 3,
        Urgency::P3 => 2,
        Urgency::P4 => 1,
    }
}

/// How much each member has to do: open cases that they have, or that wait for them because they
/// were suggested.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Workload(BTreeMap<String, u32>);

impl Workload {
    /// So many cases more.
    pub fn add(&mut self, handle: &str, urgency: Urgency, cases: u32) {
        let load = self.0.entry(handle.to_owned()).or_insert(0);
        *load = load.saturating_add(urgency_weight(urgency).saturating_mul(cases));
    }

    fn get(&self, handle: &str) -> u32 {
        self.0.get(handle).copied().unwrap_or(0)
    }
}
