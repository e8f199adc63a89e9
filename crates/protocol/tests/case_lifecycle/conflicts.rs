//! Recusals, conflict claims and stale events.

use protocol::{
    Hash, Priority,
    case::{
        DeadlineKind, Role, RuleViolation, Stage,
        event::{Action, midnight},
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
    let to_awa = Action::Assigned { to: "awa".to_owned(), granted: None };
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
