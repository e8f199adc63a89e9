//! "Who would read this?": the routing decision with a reason for everybody.

use std::fmt;

use envelope::directory::{Addressees, Desk, Directory, MIN_READERS, Member, TRUST_NONE};
use serde::{Serialize, Serializer};

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
    /// Each step, in order.
    pub steps: Vec<Step>,
}

/// Somebody who gets no grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Without {
    /// Who.
    pub handle: String,
    /// Why not.
    pub reason: Reason,
}

/// One step of the decision. In JSON its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A desk takes the category, but not from this audience.
    OtherAudiences {
        /// Its id.
        desk: String,
        /// From whom it takes it.
        audiences: Vec<String>,
    },
    /// No desk takes it.
    NoDesk,
    /// This desk takes it.
    Desk(String),
    /// The reporter excluded nobody of the desk; so many sit there.
    NobodyExcluded(usize),
    /// The reporter excluded some.
    Excluded {
        /// Their handles.
        who: Vec<String>,
        /// How many are left.
        left: usize,
    },
    /// Fewer are left than must be.
    TooFew,
    /// Where it is filed in the end.
    Filed {
        /// The desk.
        desk: String,
        /// Who reads it at once.
        readers: Vec<String>,
    },
    /// Whose grants stay locked.
    Locked(Vec<String>),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherAudiences { desk, audiences } => {
                write!(f, "Desk {desk} takes this category, but only from: {}.", audiences.join(", "))
            }
            Self::NoDesk => f.write_str("No desk takes it: it goes to the outside body."),
            Self::Desk(desk) => write!(f, "The category belongs to desk {desk}."),
            Self::NobodyExcluded(seats) => write!(f, "The reporter excluded none of its {seats} members."),
            Self::Excluded { who, left } => {
                write!(f, "The reporter's exclusions keep away {}; {left} members are left.", who.join(", "))
            }
            Self::TooFew => write!(f, "Fewer than {MIN_READERS} are left: it goes to the outside body."),
            Self::Filed { desk, readers } => {
                write!(f, "Filed at desk {desk}; read at once by {}.", readers.join(", "))
            }
            Self::Locked(who) => write!(
                f,
                "The outside body ({}) holds grants that stay locked until a deadline is missed, the desk is conflicted, or the \
                 reporter asks.",
                who.join(", ")
            ),
        }
    }
}

/// Why somebody gets no grant. In JSON its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Belongs to an excluded unit.
    Unit(String),
    /// Sits at an excluded desk.
    ExcludedDesk(String),
    /// Sits at a desk that covers an excluded unit.
    DeskOfUnit {
        /// The desk.
        desk: String,
        /// The unit.
        unit: String,
    },
    /// The reporter trusts the outside body alone.
    TrustsNone,
    /// The desk that would take it cannot; it went to this one.
    WentTo(String),
    /// Does not sit at this desk.
    NoSeat(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unit(unit) => write!(f, "belongs to {unit}, which the reporter excluded"),
            Self::ExcludedDesk(desk) => write!(f, "sits at desk {desk}, which the reporter excluded"),
            Self::DeskOfUnit { desk, unit } => {
                write!(f, "sits at desk {desk}, which covers {unit}, which the reporter excluded")
            }
            Self::TrustsNone => f.write_str("the reporter trusts no desk but the outside body"),
            Self::WentTo(desk) => write!(f, "their desk cannot take it; it went to desk {desk}"),
            Self::NoSeat(desk) => write!(f, "does not sit at desk {desk}"),
        }
    }
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
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

fn steps(directory: &Directory, case: &Case, addressees: &Addressees<'_>) -> Vec<Step> {
    let serving = |desk: &&Desk| desk.id != directory.oversight && desk.categories.contains(&case.category);
    let from_audience = |desk: &&Desk| desk.audiences.is_empty() || desk.audiences.contains(&case.audience);
    let others = directory.desks.iter().filter(serving).filter(|desk| !from_audience(desk));
    let mut steps: Vec<Step> = others
        .map(|desk| Step::OtherAudiences { desk: desk.id.clone(), audiences: desk.audiences.clone() })
        .collect();
    match directory.desks.iter().filter(serving).find(from_audience) {
        None => steps.push(Step::NoDesk),
        Some(desk) => {
            steps.push(Step::Desk(desk.id.clone()));
            let away = directory.excluded_people(&case.excluded);
            let (who, left): (Vec<_>, Vec<_>) =
                desk.members.iter().cloned().partition(|handle| away.contains(handle.as_str()));
            let left = left.len();
            steps.push(if who.is_empty() {
                Step::NobodyExcluded(left)
            } else {
                Step::Excluded { who, left }
            });
            if left < MIN_READERS {
                steps.push(Step::TooFew);
            }
        }
    }
    let handles =
        |members: &[&Member]| members.iter().map(|member| member.handle.clone()).collect::<Vec<_>>();
    steps.push(Step::Filed { desk: addressees.desk.id.clone(), readers: handles(&addressees.members) });
    if !addressees.oversight.is_empty() {
        steps.push(Step::Locked(handles(&addressees.oversight)));
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

fn reason(directory: &Directory, case: &Case, member: &Member, addressees: &Addressees<'_>) -> Reason {
    let seats = || directory.desks.iter().filter(|desk| desk.members.contains(&member.handle));
    if directory.excluded_people(&case.excluded).contains(member.handle.as_str()) {
        let excluded = |unit: &&String| case.excluded.contains(unit);
        if let Some(unit) = member.covers.iter().find(excluded) {
            return Reason::Unit(unit.clone());
        }
        let by_seat = |desk: &Desk| {
            if case.excluded.contains(&desk.id) {
                return Some(Reason::ExcludedDesk(desk.id.clone()));
            }
            let unit = desk.covers.iter().find(excluded)?;
            Some(Reason::DeskOfUnit { desk: desk.id.clone(), unit: unit.clone() })
        };
        return seats().find_map(by_seat).unwrap_or(Reason::TrustsNone);
    }
    let desk = addressees.desk.id.clone();
    let sits_there = addressees.desk.members.contains(&member.handle);
    let serving = seats().any(|desk| desk.categories.contains(&case.category));
    if !sits_there && serving { Reason::WentTo(desk) } else { Reason::NoSeat(desk) }
}

fn is_idle(directory: &Directory, word: &str) -> bool {
    word != TRUST_NONE && directory.excluded_people(&[word.to_owned()]).is_empty()
}
