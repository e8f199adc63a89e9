//! Explains who would read a report: the routing decision, with a reason for each member.

use std::fmt;

use protocol::directory::{
    Desk, Directory, EXCLUDE_ALL_DESKS, MIN_READERS, Member, ReportRecipients,
};
use serde::{Serialize, Serializer};

/// The properties of a report that determine its routing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReportProfile {
    /// Category id.
    pub category: String,
    /// Audience id.
    pub audience: String,
    /// Excluded desks, units or functions.
    pub excluded: Vec<String>,
    /// The unit that the reporter prefers: `woman`, `man` or none.
    pub preference: Option<String>,
    /// Whether the reporter refused that the oversight body reads the report.
    pub oversight_refused: bool,
}

/// The decision. These fields are also its JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoutingDecision {
    /// The properties of the report.
    #[serde(flatten)]
    pub case: ReportProfile,
    /// Desk of the report. Empty if the report cannot be sent, because no reader is left.
    pub desk: String,
    /// Whether the desk is the oversight body because no other desk can receive the report.
    pub fallback: bool,
    /// Handles of members who can read the report at once.
    pub readers: Vec<String>,
    /// Handles of members whose grant the case handler withholds until the release.
    pub oversight: Vec<String>,
    /// Members without a grant.
    pub excluded_members: Vec<ExcludedMember>,
    /// Exclusions that match no desk and no member.
    pub ineffective_exclusions: Vec<String>,
    /// Steps of the decision, in order.
    pub steps: Vec<RoutingStep>,
}

/// A member without a grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExcludedMember {
    /// Handle of the member.
    pub handle: String,
    /// Why the member gets no grant.
    pub reason: ExclusionReason,
}

/// One step of the decision. Its JSON is the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoutingStep {
    /// A desk serves the category, but not for this audience.
    OtherAudiences {
        /// Id of the desk.
        desk: String,
        /// Audiences that the desk serves.
        audiences: Vec<String>,
    },
    /// No desk serves the category.
    NoDesk,
    /// This desk serves the category.
    Desk(String),
    /// The reporter excluded none of the desk's members, whose number follows.
    NoneExcluded(usize),
    /// The reporter excluded some members.
    Excluded {
        /// Handles of the excluded members.
        who: Vec<String>,
        /// Number of remaining members.
        remaining: usize,
    },
    /// Fewer members than the minimum remain.
    TooFew,
    /// Only these members get the report, because they belong to the preferred unit.
    Preferred {
        /// The unit.
        unit: String,
        /// Handles of the members.
        who: Vec<String>,
    },
    /// Too few members belong to the preferred unit.
    PreferenceUnmet {
        /// The unit.
        unit: String,
        /// Number of members who belong to it.
        count: usize,
    },
    /// The oversight body receives the report, whichever unit the reporter prefers.
    PreferenceIgnored,
    /// The reporter refused the oversight body, and a desk receives the report.
    OversightRefused,
    /// The reporter refused the oversight body, and no desk can receive the report.
    NoReader,
    /// The desk that finally receives the report.
    RoutedTo {
        /// Id of the desk.
        desk: String,
        /// Members who can read the report at once.
        readers: Vec<String>,
    },
    /// Members whose grants are withheld.
    OversightLocked(Vec<String>),
}

impl fmt::Display for RoutingStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherAudiences { desk, audiences } => {
                write!(
                    f,
                    "Desk {desk} serves this category, but only for: {}.",
                    audiences.join(", ")
                )
            }
            Self::NoDesk => f.write_str("No desk serves it: it goes to the oversight body."),
            Self::Desk(desk) => write!(f, "The category belongs to desk {desk}."),
            Self::NoneExcluded(count) => {
                write!(f, "The reporter excluded none of its {count} members.")
            }
            Self::Excluded { who, remaining } => {
                write!(f, "The reporter excluded {}; {remaining} members remain.", who.join(", "))
            }
            Self::TooFew => {
                write!(f, "Fewer than {MIN_READERS} remain: it goes to the oversight body.")
            }
            Self::Preferred { unit, who } => write!(
                f,
                "The reporter wishes for a {unit}: only {} get it, and one of them is suggested as \
                 assignee.",
                who.join(", ")
            ),
            Self::PreferenceUnmet { unit, count } => write!(
                f,
                "The reporter wishes for a {unit}, but {count} of these members belong to this unit. \
                 With fewer than {MIN_READERS} all of them get it."
            ),
            Self::PreferenceIgnored => f.write_str(
                "The wish for a woman or a man changes nothing, because the oversight body gets it.",
            ),
            Self::OversightRefused => f.write_str(
                "The reporter refused the oversight body: it gets no grant, and nothing releases one.",
            ),
            Self::NoReader => f.write_str(
                "The reporter refused the oversight body too: no reader is left, and the form does \
                 not send the report.",
            ),
            Self::RoutedTo { desk, readers } => {
                write!(f, "Received by desk {desk}; readable at once by {}.", readers.join(", "))
            }
            Self::OversightLocked(who) => write!(
                f,
                "The grants of the oversight body ({}) are withheld until a deadline is missed, fewer than \
                 {MIN_READERS} members of the desk can read the report, or the reporter or a member \
                 asks for the release.",
                who.join(", ")
            ),
        }
    }
}

/// Why a member gets no grant. Its JSON is the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExclusionReason {
    /// The member belongs to an excluded unit.
    Unit(String),
    /// The member belongs to an excluded desk.
    ExcludedDesk(String),
    /// The member's desk belongs to an excluded unit.
    DeskOfUnit {
        /// Id of the desk.
        desk: String,
        /// Id of the unit.
        unit: String,
    },
    /// The reporter excluded all desks except the oversight body.
    TrustsNone,
    /// The member's desk serves the category but does not receive the report.
    RoutedElsewhere(String),
    /// The member does not belong to the desk that receives the report.
    NotAMemberOfDesk(String),
    /// The member does not belong to the unit that the reporter prefers.
    NotPreferred(String),
    /// The member belongs to the oversight body, which the reporter refused.
    OversightRefused,
}

impl fmt::Display for ExclusionReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unit(unit) => write!(f, "belongs to {unit}, which the reporter excluded"),
            Self::ExcludedDesk(desk) => {
                write!(f, "is a member of desk {desk}, which the reporter excluded")
            }
            Self::DeskOfUnit { desk, unit } => {
                write!(
                    f,
                    "is a member of desk {desk}, which belongs to {unit}, which the reporter excluded"
                )
            }
            Self::TrustsNone => {
                f.write_str("the reporter excluded every desk except the oversight body")
            }
            Self::RoutedElsewhere(desk) => {
                write!(f, "their desk cannot receive it; it goes to desk {desk}")
            }
            Self::NotAMemberOfDesk(desk) => write!(f, "is not a member of desk {desk}"),
            Self::NotPreferred(unit) => {
                write!(f, "does not belong to {unit}, for whom the reporter wishes")
            }
            Self::OversightRefused => {
                f.write_str("is the oversight body, which the reporter refused")
            }
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

/// Explains the routing decision of the reporter's device. [`Directory::recipients_of`] makes it by
/// the same steps; this function only describes it.
pub fn explain_routing(directory: &Directory, case: ReportProfile) -> RoutingDecision {
    let by_desk = directory.recipients_for(&case.category, &case.audience, &case.excluded);
    let fallback = by_desk.desk.id == directory.oversight;
    let preferred = by_desk.clone().preferring(case.preference.as_deref());
    let recipients =
        if case.oversight_refused { preferred.without_oversight() } else { Some(preferred) };
    let ineffective_exclusions =
        case.excluded.iter().filter(|id| is_ineffective(directory, id)).cloned().collect();
    let mut steps = desk_steps(directory, &case);
    steps.extend(preference_step(&case, &by_desk, recipients.as_ref()));
    steps.extend(result_steps(&case, recipients.as_ref()));
    let members = |members: fn(&ReportRecipients<'_>) -> Vec<String>| {
        recipients.as_ref().map(members).unwrap_or_default()
    };
    RoutingDecision {
        desk: recipients.as_ref().map(|to| to.desk.id.clone()).unwrap_or_default(),
        fallback,
        readers: members(|to| handles(&to.members)),
        oversight: members(|to| handles(&to.oversight)),
        excluded_members: excluded_members(directory, &case, &by_desk, recipients.as_ref()),
        ineffective_exclusions,
        steps,
        case,
    }
}

fn handles(members: &[&Member]) -> Vec<String> {
    members.iter().map(|member| member.handle.clone()).collect()
}

/// Returns the steps up to the choice of the desk.
fn desk_steps(directory: &Directory, case: &ReportProfile) -> Vec<RoutingStep> {
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
            let excluded = directory.excluded_members(&case.excluded);
            let (who, remaining): (Vec<_>, Vec<_>) =
                desk.members.iter().cloned().partition(|handle| excluded.contains(handle.as_str()));
            let remaining = remaining.len();
            steps.push(if who.is_empty() {
                RoutingStep::NoneExcluded(remaining)
            } else {
                RoutingStep::Excluded { who, remaining }
            });
            if remaining < MIN_READERS {
                steps.push(RoutingStep::TooFew);
            }
        }
    }
    steps
}

/// Returns what the wish for a woman or a man changes, if there is one.
fn preference_step(
    case: &ReportProfile,
    by_desk: &ReportRecipients<'_>,
    recipients: Option<&ReportRecipients<'_>>,
) -> Option<RoutingStep> {
    let unit = case.preference.clone()?;
    let recipients = recipients?;
    if by_desk.oversight.is_empty() {
        return Some(RoutingStep::PreferenceIgnored);
    }
    let count = by_desk.members.iter().filter(|member| member.units.contains(&unit)).count();
    Some(if count < MIN_READERS {
        RoutingStep::PreferenceUnmet { unit, count }
    } else {
        RoutingStep::Preferred { unit, who: handles(&recipients.members) }
    })
}

/// Returns who receives the report, and what becomes of the grants of the oversight body.
fn result_steps(
    case: &ReportProfile,
    recipients: Option<&ReportRecipients<'_>>,
) -> Vec<RoutingStep> {
    let Some(recipients) = recipients else { return vec![RoutingStep::NoReader] };
    let mut steps = vec![RoutingStep::RoutedTo {
        desk: recipients.desk.id.clone(),
        readers: handles(&recipients.members),
    }];
    if case.oversight_refused {
        steps.push(RoutingStep::OversightRefused);
    } else if !recipients.oversight.is_empty() {
        steps.push(RoutingStep::OversightLocked(handles(&recipients.oversight)));
    }
    steps
}

fn excluded_members(
    directory: &Directory,
    case: &ReportProfile,
    by_desk: &ReportRecipients<'_>,
    recipients: Option<&ReportRecipients<'_>>,
) -> Vec<ExcludedMember> {
    let keys = recipients.map(ReportRecipients::recipient_keys).unwrap_or_default();
    let has_grant = |member: &Member| keys.contains(&&member.recipient);
    let members = directory.members.iter().filter(|member| !has_grant(member));
    members
        .map(|member| ExcludedMember {
            handle: member.handle.clone(),
            reason: exclusion_reason(directory, case, member, by_desk),
        })
        .collect()
}

fn exclusion_reason(
    directory: &Directory,
    case: &ReportProfile,
    member: &Member,
    by_desk: &ReportRecipients<'_>,
) -> ExclusionReason {
    let belongs = |members: &[&Member]| members.iter().any(|one| one.handle == member.handle);
    if belongs(&by_desk.oversight) || by_desk.oversight.is_empty() && belongs(&by_desk.members) {
        return ExclusionReason::OversightRefused;
    }
    if let Some(unit) = case.preference.as_ref().filter(|_| belongs(&by_desk.members)) {
        return ExclusionReason::NotPreferred(unit.clone());
    }
    let desks_of_member =
        || directory.desks.iter().filter(|desk| desk.members.contains(&member.handle));
    if directory.excluded_members(&case.excluded).contains(member.handle.as_str()) {
        let excluded = |unit: &&String| case.excluded.contains(unit);
        if let Some(unit) = member.units.iter().find(excluded) {
            return ExclusionReason::Unit(unit.clone());
        }
        let excluded_desk = |desk: &Desk| {
            if case.excluded.contains(&desk.id) {
                return Some(ExclusionReason::ExcludedDesk(desk.id.clone()));
            }
            let unit = desk.units.iter().find(excluded)?;
            Some(ExclusionReason::DeskOfUnit { desk: desk.id.clone(), unit: unit.clone() })
        };
        return desks_of_member().find_map(excluded_desk).unwrap_or(ExclusionReason::TrustsNone);
    }
    let desk = by_desk.desk.id.clone();
    let belongs_to_desk = by_desk.desk.members.contains(&member.handle);
    let serving = desks_of_member().any(|desk| desk.categories.contains(&case.category));
    if !belongs_to_desk && serving {
        ExclusionReason::RoutedElsewhere(desk)
    } else {
        ExclusionReason::NotAMemberOfDesk(desk)
    }
}

fn is_ineffective(directory: &Directory, id: &str) -> bool {
    id != EXCLUDE_ALL_DESKS && directory.excluded_members(&[id.to_owned()]).is_empty()
}
