//! Suggests an assignee. The reporter's side decided who may read a case; the suggestion only
//! chooses among these members.
//!
//! All readers of a case see its suggestion. The workload counts only cases that all of them can
//! see. Otherwise the suggestion would reveal to a reader that a colleague has cases that this
//! reader cannot see.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use protocol::{Hash, Priority, directory::Directory};
use uuid::Uuid;

/// What the suggestion depends on.
#[derive(Debug, Clone, Copy)]
pub struct AssignmentQuery<'a> {
    /// The case.
    pub case: Uuid,
    /// Members with a released grant.
    pub holders: &'a [String],
    /// Members with an absence.
    pub absent_members: &'a [String],
    /// The reporter's language.
    pub lang: &'a str,
    /// The workload of each member, which counts only cases that all viewers of the result can see.
    pub workload: &'a Workload,
}

/// A candidate with the facts that determine the rank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RankedMember {
    /// The handle of the member.
    pub handle: String,
    /// The member has an absence, and ranks last.
    pub is_absent: bool,
    /// The member reads the reporter's language.
    pub reads_language: bool,
    /// Weighted number of open cases.
    pub workload: u32,
    /// Derived from the case id, so that the first member in alphabetical order gets no more cases
    /// than others.
    pub tie_breaker: u16,
}

/// Returns the candidates, best first: no absence, reads the reporter's language, smallest
/// workload, then tie breaker.
pub fn rank_members(directory: &Directory, query: &AssignmentQuery<'_>) -> Vec<RankedMember> {
    let mut candidates: Vec<_> = query
        .holders
        .iter()
        .filter_map(|handle| directory.member(handle))
        .map(|member| RankedMember {
            handle: member.handle.clone(),
            is_absent: query.absent_members.contains(&member.handle),
            reads_language: member.languages.iter().any(|lang| lang == query.lang),
            workload: query.workload.get(&member.handle),
            tie_breaker: tie_breaker(query.case, &member.handle),
        })
        .collect();
    candidates.sort_by_key(|c| {
        (c.is_absent, Reverse(c.reads_language), c.workload, c.tie_breaker, c.handle.clone())
    });
    candidates
}

fn tie_breaker(case: Uuid, handle: &str) -> u16 {
    let hash = Hash::of(&[b"burkindi/tie-breaker/v1\0", case.as_bytes(), handle.as_bytes()]);
    u16::from_be_bytes([hash.0[0], hash.0[1]])
}

/// Returns the best candidate without an absence.
pub fn suggest_assignee(directory: &Directory, query: &AssignmentQuery<'_>) -> Option<String> {
    rank_members(directory, query)
        .into_iter()
        .find(|candidate| !candidate.is_absent)
        .map(|candidate| candidate.handle)
}

/// Returns the weight of an open case. An urgent case takes more time.
fn priority_weight(priority: Priority) -> u32 {
    match priority {
        Priority::P1 => 4,
        Priority::P2 => 3,
        Priority::P3 => 2,
        Priority::P4 => 1,
    }
}

/// The workload of each member: some open cases that the member is assigned or suggested.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Workload(BTreeMap<String, u32>);

impl Workload {
    /// Adds cases to a member's workload.
    pub fn add(&mut self, handle: &str, priority: Priority, cases: u32) {
        let load = self.0.entry(handle.to_owned()).or_insert(0);
        *load = load.saturating_add(priority_weight(priority).saturating_mul(cases));
    }

    fn get(&self, handle: &str) -> u32 {
        self.0.get(handle).copied().unwrap_or(0)
    }
}

/// The workload of all open cases, by the readers of the cases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkloadByReaders(BTreeMap<BTreeSet<String>, Workload>);

impl WorkloadByReaders {
    /// Adds an open case of these readers to the workload of a member.
    pub fn add(&mut self, readers: BTreeSet<String>, handle: &str, priority: Priority) {
        self.0.entry(readers).or_default().add(handle, priority, 1);
    }

    /// Returns the workload of each member, counting only cases that all `viewers` can see.
    pub fn visible_to_all(&self, viewers: &[String]) -> Workload {
        let mut visible = Workload::default();
        for (readers, workload) in &self.0 {
            if viewers.iter().all(|viewer| readers.contains(viewer)) {
                for (handle, load) in &workload.0 {
                    let sum = visible.0.entry(handle.clone()).or_insert(0);
                    *sum = sum.saturating_add(*load);
                }
            }
        }
        visible
    }
}
