//! "Who would read this?": the routing decision with a reason for everybody.

use std::fmt;

use protocol::directory::{
    Desk, Directory, EXCLUDE_ALL_DESKS, MIN_READERS, Member, ReportRecipients,
};
use serde::{Serialize, Serializer};

/// A report as far as routing looks at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReportProfile {
    /// Category id.
    pub category: String,
    /// Audience id.
    pub audience: String,
    /// Desks, units or functions that must not receive it.
    pub excluded: Vec<String>,
}

/// The decision. In JSON as it stands here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoutingDecision {
    /// What was asked.
    #[serde(flatten)]
    pub case: ReportProfile,
    /// The desk that the report is filed at.
    pub desk: String,
    /// Is that the outside body because no other desk could take it?
    pub fallback: bool,
    /// Handles that can read it at once.
    pub readers: Vec<String>,
    /// Handles whose grant stays locked until the case handler must release it.
    pub oversight: Vec<String>,
    /// Everybody who gets no grant.
    pub excluded_members: Vec<ExcludedMember>,
    /// Exclusions that name no desk and nobody: they would keep nobody away.
    pub ineffective_exclusions: Vec<String>,
    /// Each step, in order.
    pub steps: Vec<RoutingStep>,
}

/// Somebody who gets no grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExcludedMember {
    /// Who.
    pub handle: String,
    /// Why not.
    pub reason: ExclusionReason,
}

/// One step of the decision. In JSON its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoutingStep {
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
    RoutedTo {
        /// The desk.
        desk: String,
        /// Who reads it at once.
        readers: Vec<String>,
    },
    /// Whose grants stay locked.
    OversightLocked(Vec<String>),
}

impl fmt::Display for RoutingStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherAudiences { desk, audiences } => {
                write!(
                    f,
                    "Desk {desk} takes this category, but only from: {}.",
                    audiences.join(", ")
                )
            }
            Self::NoDesk => f.write_str("No desk takes it: it goes to the outside body."),
            Self::Desk(desk) => write!(f, "The category belongs to desk {desk}."),
            Self::NobodyExcluded(seats) => {
                write!(f, "The reporter excluded none of its {seats} members.")
            }
            Self::Excluded { who, left } => {
                write!(
                    f,
                    "The reporter's exclusions keep away {}; {left} members are left.",
                    who.join(", ")
                )
            }
            Self::TooFew => {
                write!(f, "Fewer than {MIN_READERS} are left: it goes to the outside body.")
            }
            Self::RoutedTo { desk, readers } => {
                write!(f, "Filed at desk {desk}; read at once by {}.", readers.join(", "))
            }
            Self::OversightLocked(who) => write!(
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
pub enum ExclusionReason {
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
    RoutedElsewhere(String),
    /// Does not sit at this desk.
    NotAMemberOfDesk(String),
}

impl fmt::Display for ExclusionReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unit(unit) => write!(f, "belongs to {unit}, which the reporter excluded"),
            Self::ExcludedDesk(desk) => {
                write!(f, "sits at desk {desk}, which the reporter excluded")
            }
            Self::DeskOfUnit { desk, unit } => {
                write!(f, "sits at desk {desk}, which covers {unit}, which the reporter excluded")
            }
            Self::TrustsNone => f.write_str("the reporter trusts no desk but the outside body"),
            Self::RoutedElsewhere(desk) => {
                write!(f, "their desk cannot take it; it went to desk {desk}")
            }
            Self::NotAMemberOfDesk(desk) => write!(f, "does not sit at desk {desk}"),
        }
    }
}

impl Serialize for RoutingStep {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for ExclusionReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Decides as the reporter's device will, and says why. The decision itself is always
/// [`Directory::recipients_for`]; only the words are made here.
pub fn explain_routing(directory: &Directory, case: ReportProfile) -> RoutingDecision {
    let addressees = directory.recipients_for(&case.category, &case.audience, &case.excluded);
    let handles = |members: &[&Member]| {
        members.iter().map(|member| member.handle.clone()).collect::<Vec<_>>()
    };
    let fallback = addressees.desk.id == directory.oversight;
    let idle_exclusions =
        case.excluded.iter().filter(|word| is_ineffective(directory, word)).cloned().collect();
    RoutingDecision {
        desk: addressees.desk.id.clone(),
        fallback,
        readers: handles(&addressees.members),
        oversight: handles(&addressees.oversight),
        excluded_members: excluded_members(directory, &case, &addressees),
        ineffective_exclusions: idle_exclusions,
        steps: routing_steps(directory, &case, &addressees),
        case,
    }
}

fn routing_steps(
    directory: &Directory,
    case: &ReportProfile,
    addressees: &ReportRecipients<'_>,
) -> Vec<RoutingStep> {
    let serving =
        |desk: &&Desk| desk.id != directory.oversight && desk.categories.contains(&case.category);
    let from_audience =
        |desk: &&Desk| desk.audiences.is_empty() || desk.audiences.contains(&case.audience);
    let others = directory.desks.iter().filter(serving).filter(|desk| !from_audience(desk));
    let mut steps: Vec<RoutingStep> = others
        .map(|desk| RoutingStep::OtherAudiences {
            desk: desk.id.clone(),
            audiences: desk.audiences.clone(),
        })
        .collect();
    match directory.desks.iter().filter(serving).find(from_audience) {
        None => steps.push(RoutingStep::NoDesk),
        Some(desk) => {
            steps.push(RoutingStep::Desk(desk.id.clone()));
            let away = directory.excluded_members(&case.excluded);
            let (who, left): (Vec<_>, Vec<_>) =
                desk.members.iter().cloned().partition(|handle| away.contains(handle.as_str()));
            let left = left.len();
            steps.push(if who.is_empty() {
                RoutingStep::NobodyExcluded(left)
            } else {
                RoutingStep::Excluded { who, left }
            });
            if left < MIN_READERS {
                steps.push(RoutingStep::TooFew);
            }
        }
    }
    let handles = |members: &[&Member]| {
        members.iter().map(|member| member.handle.clone()).collect::<Vec<_>>()
    };
    steps.push(RoutingStep::RoutedTo {
        desk: addressees.desk.id.clone(),
        readers: handles(&addressees.members),
    });
    if !addressees.oversight.is_empty() {
        steps.push(RoutingStep::OversightLocked(handles(&addressees.oversight)));
    }
    steps
}

fn excluded_members(
    directory: &Directory,
    case: &ReportProfile,
    addressees: &ReportRecipients<'_>,
) -> Vec<ExcludedMember> {
    let has_grant = |member: &Member| addressees.recipient_keys().contains(&&member.recipient);
    let members = directory.members.iter().filter(|member| !has_grant(member));
    members
        .map(|member| ExcludedMember {
            handle: member.handle.clone(),
            reason: exclusion_reason(directory, case, member, addressees),
        })
        .collect()
}

fn exclusion_reason(
    directory: &Directory,
    case: &ReportProfile,
    member: &Member,
    addressees: &ReportRecipients<'_>,
) -> ExclusionReason {
    let seats = || directory.desks.iter().filter(|desk| desk.members.contains(&member.handle));
    if directory.excluded_members(&case.excluded).contains(member.handle.as_str()) {
        let excluded = |unit: &&String| case.excluded.contains(unit);
        if let Some(unit) = member.units.iter().find(excluded) {
            return ExclusionReason::Unit(unit.clone());
        }
        let by_seat = |desk: &Desk| {
            if case.excluded.contains(&desk.id) {
                return Some(ExclusionReason::ExcludedDesk(desk.id.clone()));
            }
            let unit = desk.units.iter().find(excluded)?;
            Some(ExclusionReason::DeskOfUnit { desk: desk.id.clone(), unit: unit.clone() })
        };
        return seats().find_map(by_seat).unwrap_or(ExclusionReason::TrustsNone);
    }
    let desk = addressees.desk.id.clone();
    let sits_there = addressees.desk.members.contains(&member.handle);
    let serving = seats().any(|desk| desk.categories.contains(&case.category));
    if !sits_there && serving {
        ExclusionReason::RoutedElsewhere(desk)
    } else {
        ExclusionReason::NotAMemberOfDesk(desk)
    }
}

fn is_ineffective(directory: &Directory, word: &str) -> bool {
    word != EXCLUDE_ALL_DESKS && directory.excluded_members(&[word.to_owned()]).is_empty()
}
