//! The permitted actions, written from the description of the product and not from the code.

use protocol::case::{ActionKind, ActorClass, CaseAction};

/// The actors of the table, one letter each:
///
/// - H: the case handler
/// - E: a reader of another desk, not declared
/// - N: a member of the desk, not declared
/// - X: a reader of another desk, declared
/// - M: a member of the desk
/// - A: the assignee
/// - L: the lead of the desk
/// - O: a member of the oversight body
/// - R: a recused member
/// - C: a member with an open conflict claim
///
/// M, A, L, O and C have declared.
pub(super) const PEOPLE: &str = "HENXMALORC";

/// Actor class, actors while A is the assignee, and actors while the case has no assignee.
pub(super) const CLASSES: [(ActorClass, &str, &str); 9] = [
    (ActorClass::Handler, "H", "H"),
    (ActorClass::Reader, "ENXMALOC", "ENXMLOC"),
    (ActorClass::Declared, "XMALO", "XMLO"),
    (ActorClass::Desk, "MALO", "MLO"),
    (ActorClass::Correspondent, "A", "MLO"),
    (ActorClass::Delegator, "ALO", "MLO"),
    (ActorClass::UndeclaredDelegator, "ALO", "NMLO"),
    (ActorClass::Assignee, "A", ""),
    (ActorClass::LeadOrOversight, "LO", "LO"),
];

/// The permission of an action: its stages, its actors while A is the assignee, and its actors
/// while the case has no assignee (A is not tested then).
pub(super) struct Permission {
    pub(super) kind: ActionKind,
    pub(super) stages: Vec<&'static str>,
    pub(super) assigned: &'static str,
    pub(super) free: &'static str,
}

/// Returns the permission that is written in [`EXPECTED`]. An action that is not written there has
/// the stages of its row, and the actors that [`CLASSES`] lists for the class of its row.
pub(super) fn permission(row: &CaseAction) -> Permission {
    let kind = row.kind;
    let written = EXPECTED.iter().find(|(written, ..)| *written == kind);
    if let Some((_, stages, assigned, free)) = written {
        return Permission { kind, stages: stages.split(' ').collect(), assigned, free };
    }
    let class = CLASSES.iter().find(|(class, ..)| *class == row.actor_class);
    let (_, assigned, free) = class.expect("CLASSES lists every class");
    let stages = row.stages.iter().map(|stage| stage.as_str()).collect();
    Permission { kind, stages, assigned, free }
}

/// Action, stages, actors while A is the assignee, and actors while the case has no assignee. An
/// action that depends on more than the class of its row, such as an approval, must be here. The
/// others are here so that a change of their row by mistake fails a test.
pub(super) const EXPECTED: &[(ActionKind, &str, &str, &str)] = &[
    (
        ActionKind::FollowUp,
        "received triaged assessing investigating decided referred closed",
        "H",
        "H",
    ),
    (
        ActionKind::Release,
        "received triaged assessing investigating decided referred closed",
        "H",
        "H",
    ),
    (
        ActionKind::Declare,
        "received triaged assessing investigating decided referred closed",
        "EN",
        "EN",
    ),
    (
        ActionKind::Recuse,
        "received triaged assessing investigating decided referred closed",
        "ENXMALOC",
        "ENXMLOC",
    ),
    (ActionKind::Claim, "received triaged assessing investigating decided referred", "ALO", "NMLO"),
    (ActionKind::Assign, "received triaged assessing investigating decided referred", "ALO", "MLO"),
    (
        ActionKind::Challenge,
        "received triaged assessing investigating decided referred",
        "XMALO",
        "XMLO",
    ),
    (
        ActionKind::ResolveChallenge,
        "received triaged assessing investigating decided referred closed",
        "LO",
        "LO",
    ),
    // A key rotation shows no content, so it needs no declaration. It also applies to closed cases.
    (
        ActionKind::ProposeRotation,
        "received triaged assessing investigating decided referred closed",
        "ALO",
        "NMLO",
    ),
    // Any other reader approves it.
    (
        ActionKind::ApproveRotation,
        "received triaged assessing investigating decided referred closed",
        "ENXMALO",
        "ENXMLO",
    ),
    (ActionKind::Triage, "received", "MALO", "MLO"),
    (ActionKind::Assess, "triaged", "A", ""),
    (ActionKind::Investigate, "assessing", "LO", "LO"),
    (ActionKind::Renew, "investigating", "ALO", "MLO"),
    (ActionKind::Decide, "investigating", "A", ""),
    (ActionKind::TakeBack, "referred", "ALO", "MLO"),
    (ActionKind::FollowUpReferral, "referred", "ALO", "MLO"),
    (ActionKind::Reopen, "closed", "", "MLO"),
    (
        ActionKind::Reply,
        "received triaged assessing investigating decided referred closed",
        "A",
        "MLO",
    ),
    (
        ActionKind::Note,
        "received triaged assessing investigating decided referred closed",
        "XMALO",
        "XMLO",
    ),
    (
        ActionKind::MarkHandled,
        "received triaged assessing investigating decided referred closed",
        "MALO",
        "MLO",
    ),
    (
        ActionKind::Link,
        "received triaged assessing investigating decided referred closed",
        "MALO",
        "MLO",
    ),
    (ActionKind::Raise, "received triaged assessing investigating decided referred", "MALO", "MLO"),
    (
        ActionKind::Escalate,
        "received triaged assessing investigating decided referred closed",
        "XMALO",
        "XMLO",
    ),
    (
        ActionKind::Hold,
        "received triaged assessing investigating decided referred closed",
        "LO",
        "LO",
    ),
    (ActionKind::ProposeClose, "triaged decided referred", "A", ""),
    (ActionKind::ApproveClose, "triaged decided referred", "MALO", "MLO"),
    // A member who cannot open a case makes no declaration in it.
    (ActionKind::ProposeUnreadable, "received", "", "ENXMLO"),
    (ActionKind::ApproveUnreadable, "received", "", "ENXMLO"),
    (
        ActionKind::ProposeLower,
        "received triaged assessing investigating decided referred",
        "ALO",
        "MLO",
    ),
    (
        ActionKind::ApproveLower,
        "received triaged assessing investigating decided referred",
        "MALO",
        "MLO",
    ),
    (ActionKind::ProposeRefer, "received triaged assessing investigating decided", "LO", "LO"),
    // The lead proposed it: only the oversight body approves it.
    (ActionKind::ApproveRefer, "received triaged assessing investigating decided", "O", "O"),
    (
        ActionKind::ProposeLiftHold,
        "received triaged assessing investigating decided referred closed",
        "MALO",
        "MLO",
    ),
    // A member of the desk proposed these: a lead or the oversight body approves them.
    (
        ActionKind::ApproveLiftHold,
        "received triaged assessing investigating decided referred closed",
        "LO",
        "LO",
    ),
    (ActionKind::ProposePurge, "closed", "", "MLO"),
    (ActionKind::ApprovePurge, "closed", "", "LO"),
    (
        ActionKind::Withdraw,
        "received triaged assessing investigating decided referred closed",
        "LO",
        "LO",
    ),
    (
        ActionKind::Decline,
        "received triaged assessing investigating decided referred closed",
        "MALO",
        "MLO",
    ),
];
