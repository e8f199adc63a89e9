//! Closing and purging a case.

use protocol::{
    Hash,
    case::{
        ClosingReason, Decision, Disposition, Role, RuleViolation, Stage,
        event::{Action, HANDLER_ACTOR, ReleaseReason, midnight},
        months_after, next_event,
    },
    submission::commitment::FollowUpCommitment,
};
use uuid::Uuid;

use super::scenario::{CASE, CaseScenario, close};

#[test]
fn a_closing_needs_a_matching_reason_and_no_unhandled_message() {
    let mut case = CaseScenario::triaged();
    for disposition in Disposition::ALL.into_iter().filter(|one| *one != Disposition::Unreadable) {
        for reason in [
            ClosingReason::SameMatter,
            ClosingReason::Disproved,
            ClosingReason::Answered,
            ClosingReason::Recovery,
        ] {
            let of = (disposition == Disposition::Duplicate).then_some(Uuid::from_u128(9));
            let decision = Decision::Close { disposition, reason, duplicate_of: of };
            let mut case = CaseScenario { state: case.state.clone(), today: case.today };
            let result = case.apply_action("awa", Action::Proposed(decision));
            let expected = disposition.allowed_reasons().contains(&reason);
            assert_eq!(
                result,
                if expected { Ok(()) } else { Err(RuleViolation::ReasonMismatch) },
                "{disposition:?} {reason:?}"
            );
        }
    }
    let of = |duplicate_of| {
        Action::Proposed(Decision::Close {
            disposition: Disposition::Duplicate,
            reason: ClosingReason::SameMatter,
            duplicate_of,
        })
    };
    for wrong in [None, Some(CASE)] {
        assert_eq!(case.apply_action("awa", of(wrong)), Err(RuleViolation::DuplicateMismatch));
    }
    case.apply_action(HANDLER_ACTOR, Action::FollowedUp(FollowUpCommitment::default())).unwrap();
    let advice = close(Disposition::AdviceGiven, ClosingReason::Answered);
    assert_eq!(
        case.apply_action("awa", Action::Proposed(advice)),
        Err(RuleViolation::UnhandledMessage)
    );
    case.apply_action("awa", Action::MarkedHandled).unwrap();
    case.apply_action("awa", Action::Proposed(advice)).unwrap();
    // The reporter writes again before the second person approves.
    case.apply_action(HANDLER_ACTOR, Action::FollowedUp(FollowUpCommitment::default())).unwrap();
    assert_eq!(
        case.apply_action("lead", Action::Approved(advice)),
        Err(RuleViolation::UnhandledMessage)
    );
    assert_eq!(
        case.apply_action("awa", Action::Proposed(advice)),
        Err(RuleViolation::ProposalPending("awa".to_owned()))
    );
    case.apply_action("awa", Action::Withdrawn).unwrap();
    assert_eq!(
        case.apply_action("lead", Action::Approved(advice)),
        Err(RuleViolation::NotProposed)
    );
}

#[test]
fn a_purge_needs_two_members_the_end_of_retention_and_no_hold_or_unhandled_message() {
    let mut case = CaseScenario::closed();
    let (propose, approve) = (Action::Proposed(Decision::Purge), Action::Approved(Decision::Purge));
    let until = months_after(case.today, 60);
    assert_eq!(
        case.apply_action("bila", propose.clone()),
        Err(RuleViolation::RetentionNotOver(until))
    );
    case.today = until;
    case.apply_action("lead", Action::LegalHoldPlaced).unwrap();
    assert_eq!(case.apply_action("bila", propose.clone()), Err(RuleViolation::UnderLegalHold));
    case.apply_action("bila", Action::Proposed(Decision::LiftHold)).unwrap();
    assert_eq!(
        case.apply_action("awa", Action::Approved(Decision::LiftHold)),
        Err(RuleViolation::OneLead)
    );
    case.apply_action("lead", Action::Approved(Decision::LiftHold)).unwrap();
    case.apply_action(HANDLER_ACTOR, Action::FollowedUp(FollowUpCommitment::default())).unwrap();
    assert_eq!(case.apply_action("bila", propose.clone()), Err(RuleViolation::UnhandledMessage));
    case.apply_action("bila", Action::MarkedHandled).unwrap();
    case.apply_action("bila", propose).unwrap();
    assert_eq!(
        case.apply_action("bila", approve.clone()),
        Err(RuleViolation::SamePerson("bila".to_owned()))
    );
    // A legal hold in between removes the proposal.
    let mut held = CaseScenario { state: case.state.clone(), today: case.today };
    held.apply_action("lead", Action::LegalHoldPlaced).unwrap();
    assert_eq!(held.state.pending_proposal, None);
    case.apply_action("lead", approve).unwrap();
    assert_eq!((case.state.stage, case.state.next_deadline()), (Stage::Purged, None));
    assert_eq!(
        case.apply_action(HANDLER_ACTOR, Action::FollowedUp(FollowUpCommitment::default())),
        Err(RuleViolation::WrongStage(Stage::Purged))
    );
}

#[test]
fn two_members_of_the_oversight_body_purge_a_closed_case_that_the_desk_released() {
    let mut case = CaseScenario::closed();
    let as_oversight = |case: &mut CaseScenario, actor: &str, action| {
        let event = next_event(CASE, &case.state, actor, midnight(case.today), action);
        let role = Role { oversight: true, ..Role::default() };
        case.state.apply(&event, Hash::of(&[case.state.head.as_bytes(), b"next"]), role)
    };
    // The last members of the desk release the case before they leave.
    case.apply_action("awa", Action::Escalated).unwrap();
    assert_eq!(case.state.released, Some(ReleaseReason::DeskAsked));
    for member in ["outside", "outside-2"] {
        as_oversight(&mut case, member, Action::Declared).unwrap();
    }
    let until = months_after(case.today, 60);
    let propose = Action::Proposed(Decision::Purge);
    assert_eq!(
        as_oversight(&mut case, "outside", propose.clone()),
        Err(RuleViolation::RetentionNotOver(until))
    );
    case.today = until;
    as_oversight(&mut case, "outside", propose).unwrap();
    let approve = Action::Approved(Decision::Purge);
    assert_eq!(
        as_oversight(&mut case, "outside", approve.clone()),
        Err(RuleViolation::SamePerson("outside".to_owned()))
    );
    as_oversight(&mut case, "outside-2", approve).unwrap();
    assert_eq!(case.state.stage, Stage::Purged);
}
