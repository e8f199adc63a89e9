//! Recusals, conflict claims and stale events.

use protocol::{
    Hash, Priority,
    case::{
        ActionKind, DeadlineKind, Role, RuleViolation, Stage,
        event::{Action, HANDLER_ACTOR, ReleaseReason, midnight},
        next_event,
    },
};
use time::Duration;

use super::scenario::{CASE, CaseScenario, FILED};

#[test]
fn a_recused_member_can_do_nothing_and_a_stale_event_is_refused() {
    let mut case = CaseScenario::new(Priority::P3);
    let late = next_event(CASE, &case.state, "bila", midnight(FILED), Action::Claimed);
    case.apply_action("awa", Action::Claimed).unwrap();
    let lost = case.state.apply(&late, Hash::default(), Role { desk: true, ..Role::default() });
    assert_eq!(lost, Err(RuleViolation::Stale { expected: 2, found: 1 }));
    case.apply_action("awa", Action::Recused).unwrap();
    assert_eq!(case.state.assignee, None);
    assert_eq!(
        case.apply_action("awa", Action::Claimed),
        Err(RuleViolation::MemberRecused("awa".to_owned()))
    );
    case.apply_action("lead", Action::Declared).unwrap();
    let to_awa = Action::Assigned { to: "awa".to_owned(), granted: vec![], note: None };
    assert_eq!(
        case.apply_action("lead", to_awa),
        Err(RuleViolation::MemberRecused("awa".to_owned()))
    );
}

#[test]
fn a_conflict_claim_stops_a_member_until_it_is_resolved() {
    let mut case = CaseScenario::triaged();
    let challenge = |who: &str| Action::Challenged { who: who.to_owned() };
    let resolve = |who: &str, upheld| Action::ChallengeResolved { who: who.to_owned(), upheld };
    assert_eq!(case.apply_action("bila", challenge("bila")), Err(RuleViolation::OwnConflict));
    case.apply_action("bila", challenge("awa")).unwrap();
    assert_eq!(case.due_date(DeadlineKind::Challenge), Some(FILED + Duration::days(7)));
    assert_eq!(
        case.change_stage("awa", Stage::Assessing),
        Err(RuleViolation::ConflictClaimed("awa".to_owned()))
    );
    assert_eq!(case.apply_action("bila", resolve("awa", true)), Err(RuleViolation::LeadOnly));
    case.apply_action("lead", resolve("awa", false)).unwrap();
    assert_eq!(case.due_date(DeadlineKind::Challenge), None);
    case.change_stage("awa", Stage::Assessing).unwrap();
    // The oversight body decides on a claim by the lead. No member decides on the own claim.
    case.apply_action("lead", challenge("awa")).unwrap();
    assert_eq!(case.apply_action("lead", resolve("awa", true)), Err(RuleViolation::OwnConflict));
    case.apply_action("outside", Action::Declared).unwrap();
    case.apply_action("outside", resolve("awa", true)).unwrap();
    assert_eq!(
        (case.state.assignee.clone(), case.state.recused.clone()),
        (None, vec!["awa".to_owned()])
    );
}

/// Returns a case whose lead has recused and whose assignee awa was challenged by bila.
fn without_lead_and_assignee() -> CaseScenario {
    let mut case = CaseScenario::triaged();
    case.apply_action("lead", Action::Recused).unwrap();
    case.apply_action("bila", Action::Challenged { who: "awa".to_owned() }).unwrap();
    let may_rotate = |actor: &str, lead| {
        let role = Role { desk: true, lead, oversight: false };
        case.state.check_permission(ActionKind::ProposeRotation, actor, role)
    };
    assert_eq!(may_rotate("lead", true), Err(RuleViolation::MemberRecused("lead".to_owned())));
    assert_eq!(may_rotate("awa", false), Err(RuleViolation::ConflictClaimed("awa".to_owned())));
    assert_eq!(may_rotate("bila", false), Err(RuleViolation::AssigneeOnly("awa".to_owned())));
    case
}

#[test]
fn keys_are_rotated_without_the_recused_lead_and_the_challenged_assignee() {
    let rotate = |case: &CaseScenario, actor: &str, role: Role| {
        case.state.check_permission(ActionKind::ProposeRotation, actor, role)
    };
    let new_lead = Role { desk: true, lead: true, oversight: false };
    let oversight = Role { oversight: true, ..Role::default() };

    // The administrator names another lead.
    assert_eq!(rotate(&without_lead_and_assignee(), "bila", new_lead), Ok(()));

    // A member who has declared releases the case to the oversight body.
    let mut case = without_lead_and_assignee();
    case.apply_action("bila", Action::Escalated).unwrap();
    assert_eq!(case.state.released, Some(ReleaseReason::DeskAsked));
    assert_eq!(rotate(&case, "outside", oversight), Ok(()));

    // The oversight body upholds the challenge. The case has no assignee then.
    case.apply_action("outside", Action::Declared).unwrap();
    let upheld = Action::ChallengeResolved { who: "awa".to_owned(), upheld: true };
    case.apply_action("outside", upheld).unwrap();
    assert_eq!(rotate(&case, "bila", Role { desk: true, ..Role::default() }), Ok(()));

    // Without any member who can act, the challenge is not resolved in time. The case handler
    // releases the case.
    let mut case = without_lead_and_assignee();
    let missed = Action::Released { reason: ReleaseReason::MissedDeadline };
    case.today = case.due_date(DeadlineKind::Challenge).unwrap();
    assert_eq!(case.apply_action(HANDLER_ACTOR, missed.clone()), Err(RuleViolation::NotOverdue));
    case.today += Duration::days(1);
    case.apply_action(HANDLER_ACTOR, missed).unwrap();
    assert_eq!(rotate(&case, "outside", oversight), Ok(()));
}
