//! Closing and purging a case that no member can open.

use protocol::{
    Hash, Priority,
    case::{
        ClosingReason, Decision, Disposition, ReopenReason, RuleViolation, Stage,
        event::{Action, HANDLER_ACTOR, ReleaseReason},
        months_after,
    },
    submission::commitment::FollowUpCommitment,
};

use super::scenario::{CaseScenario, FILED};

const UNREADABLE: Decision = Decision::Close {
    disposition: Disposition::Unreadable,
    reason: ClosingReason::ReceivedUnreadable,
    duplicate_of: None,
};

#[test]
fn two_members_close_an_unreadable_case_and_it_is_released_to_the_oversight_body() {
    let mut case = CaseScenario::new(Priority::P1);
    case.apply_action("awa", Action::Proposed(UNREADABLE)).unwrap();
    assert_eq!(
        case.apply_action("awa", Action::Approved(UNREADABLE)),
        Err(RuleViolation::SamePerson("awa".to_owned()))
    );
    case.apply_action("bila", Action::Approved(UNREADABLE)).unwrap();
    let state = &case.state;
    assert_eq!((state.stage, state.unhandled, state.deadlines.len()), (Stage::Closed, 0, 0));
    assert_eq!(
        state.released,
        Some(ReleaseReason::Unreadable),
        "no member makes a report disappear"
    );
    // Further unreadable follow-ups start no deadline and do not prevent the purge.
    case.apply_action(HANDLER_ACTOR, Action::FollowedUp(FollowUpCommitment::default())).unwrap();
    assert_eq!(
        (case.state.received, case.state.unhandled, case.state.reporter_returned),
        (2, 0, false)
    );
}

#[test]
fn a_request_for_the_oversight_body_in_an_unreadable_case_starts_no_deadline() {
    let mut case = CaseScenario::new(Priority::P1);
    case.state.oversight_refused = true;
    case.apply_action("awa", Action::Proposed(UNREADABLE)).unwrap();
    case.apply_action("bila", Action::Approved(UNREADABLE)).unwrap();
    assert_eq!(case.state.released, None);
    let asked = Action::Released { reason: ReleaseReason::ReporterAsked };
    case.apply_action(HANDLER_ACTOR, asked).unwrap();
    assert_eq!(case.state.next_deadline(), None, "no member can open it to give keys");
}

#[test]
fn a_case_that_was_read_is_not_closed_as_unreadable() {
    let mut case = CaseScenario::triaged();
    assert_eq!(
        case.apply_action("awa", Action::Proposed(UNREADABLE)),
        Err(RuleViolation::WrongStage(Stage::Triaged))
    );
    let mut case = CaseScenario::new(Priority::P1);
    case.apply_action("awa", Action::Proposed(UNREADABLE)).unwrap();
    // A colleague who can read the case continues with it, which ends the proposal.
    case.apply_action("bila", Action::Claimed).unwrap();
    assert_eq!(
        case.apply_action("cira", Action::Approved(UNREADABLE)),
        Err(RuleViolation::Readable)
    );
    case.apply_action(
        "bila",
        Action::StageChanged { from: Stage::Received, to: Stage::Triaged, reason: None },
    )
    .unwrap();
    assert_eq!(case.state.pending_proposal, None);
}

#[test]
fn a_case_that_any_member_opened_is_not_closed_as_unreadable() {
    let mut case = CaseScenario::new(Priority::P1);
    case.apply_action("awa", Action::Proposed(UNREADABLE)).unwrap();
    case.apply_action("bila", Action::Declared).unwrap();
    assert_eq!(
        case.apply_action("cira", Action::Approved(UNREADABLE)),
        Err(RuleViolation::Readable)
    );
    case.apply_action("bila", Action::Declined { note: Hash::default() }).unwrap();
    assert_eq!(
        case.apply_action("cira", Action::Proposed(UNREADABLE)),
        Err(RuleViolation::Readable)
    );
}

#[test]
fn two_members_purge_an_unreadable_case_after_its_retention_only() {
    let mut case = CaseScenario::new(Priority::P1);
    // The member who proposed it by mistake withdraws it without having opened the case.
    case.apply_action("awa", Action::Proposed(UNREADABLE)).unwrap();
    case.apply_action("awa", Action::Withdrawn).unwrap();
    case.apply_action("awa", Action::Proposed(UNREADABLE)).unwrap();
    case.apply_action("bila", Action::Approved(UNREADABLE)).unwrap();
    let (propose, approve) = (Action::Proposed(Decision::Purge), Action::Approved(Decision::Purge));
    assert!(matches!(
        case.apply_action("awa", propose.clone()),
        Err(RuleViolation::RetentionNotOver(_))
    ));
    case.today = months_after(FILED, 60);
    case.apply_action("awa", propose).unwrap();
    assert_eq!(
        case.apply_action("awa", approve.clone()),
        Err(RuleViolation::SamePerson("awa".to_owned()))
    );
    assert_eq!(
        case.apply_action("bila", approve.clone()),
        Err(RuleViolation::OneLead),
        "the lead or the oversight body"
    );
    case.apply_action("lead", approve).unwrap();
    assert_eq!(case.state.stage, Stage::Purged);
}

#[test]
fn an_opened_case_is_purged_only_by_members_who_declared() {
    let mut case = CaseScenario::new(Priority::P1);
    case.apply_action("awa", Action::Proposed(UNREADABLE)).unwrap();
    case.apply_action("bila", Action::Approved(UNREADABLE)).unwrap();
    // The oversight body opens it later.
    case.apply_action("outside", Action::Declared).unwrap();
    case.apply_action(
        "outside",
        Action::Reopened { ground: ReopenReason::NewEvidence, note: None },
    )
    .unwrap();
    case.today = months_after(FILED, 60);
    let propose = Action::Proposed(Decision::Purge);
    assert_eq!(
        case.apply_action("lead", propose.clone()),
        Err(RuleViolation::WrongStage(Stage::Triaged))
    );
    assert_eq!(case.apply_action("lead", Action::Withdrawn), Err(RuleViolation::Undeclared));
    let mut case = CaseScenario::closed();
    case.today = months_after(FILED, 60);
    assert_eq!(case.apply_action("cira", propose), Err(RuleViolation::Undeclared));
}
