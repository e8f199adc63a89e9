//! Whom a case is suggested to. Who *may* read it was decided by the reporter's side; routing only picks among those.

use std::{cmp::Reverse, collections::BTreeMap};

use envelope::{Hash, directory::Directory, submission::Urgency};
use uuid::Uuid;

/// What routing looks at.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Which case.
    pub case: Uuid,
    /// Members with a released grant.
    pub holders: &'a [String],
    /// Who cannot take cases now.
    pub absent: &'a [String],
    /// The reporter's language.
    pub lang: &'a str,
    /// How much each member has to do.
    pub load: &'a Load,
}

/// One candidate, and why where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The member.
    pub handle: String,
    /// Cannot take cases now; comes last.
    pub absent: bool,
    /// Reads the reporter's language.
    pub reads: bool,
    /// Weight of open cases.
    pub load: u32,
    /// Drawn from the case's id, so that whoever comes first by name has no more to do than others.
    pub lot: u16,
}

/// The candidates, best first: present before absent, the reporter's language, then the least load, then the lot.
pub fn rank(directory: &Directory, question: &Question<'_>) -> Vec<Candidate> {
    let mut candidates: Vec<_> = question
        .holders
        .iter()
        .filter_map(|handle| directory.member(handle))
        .map(|member| Candidate {
            handle: member.handle.clone(),
            absent: question.absent.contains(&member.handle),
            reads: member.languages.iter().any(|lang| lang == question.lang),
            load: question.load.get(&member.handle),
            lot: lot(question.case, &member.handle),
        })
        .collect();
    candidates.sort_by_key(|c| (c.absent, Reverse(c.reads), c.load, c.lot, c.handle.clone()));
    candidates
}

fn lot(case: Uuid, handle: &str) -> u16 {
    let hash = Hash::of(&[b"burkindi/lot/v1\0", case.as_bytes(), handle.as_bytes()]);
    u16::from_be_bytes([hash.0[0], hash.0[1]])
}

/// The best candidate who is there.
pub fn suggest(directory: &Directory, question: &Question<'_>) -> Option<String> {
    rank(directory, question)
        .into_iter()
        .find(|candidate| !candidate.absent)
        .map(|candidate| candidate.handle)
}

/// How much an open case weighs: an urgent one keeps its investigator from others.
fn weight(urgency: Urgency) -> u32 {
    match urgency {
        Urgency::P1 => 4,
        Urgency::P2 => 3,
        Urgency::P3 => 2,
        Urgency::P4 => 1,
    }
}

/// How much each member has to do: open cases that they have, or that wait for them because they were suggested.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Load(BTreeMap<String, u32>);

impl Load {
    /// So many cases more.
    pub fn add(&mut self, handle: &str, urgency: Urgency, cases: u32) {
        let load = self.0.entry(handle.to_owned()).or_insert(0);
        *load = load.saturating_add(weight(urgency).saturating_mul(cases));
    }

    fn get(&self, handle: &str) -> u32 {
        self.0.get(handle).copied().unwrap_or(0)
    }
}
