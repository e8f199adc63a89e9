//! Rotations: one member proposes, and another reader approves.

use ed25519_dalek::SigningKey;
use protocol::{
    Hash, Priority,
    case::{
        CaseState, ClosingReason, DeadlineKind, Disposition, Role, RuleViolation, Stage,
        event::{Action, Event, GrantRecord, HANDLER_ACTOR, ReleaseReason, effective_grants},
        next_event,
    },
    rotation::{RotationStatement, STATEMENT_VERSION, SignedStatement, StatementError},
};
use uuid::Uuid;

use super::scenario::{CASE, CaseScenario, FILED, close};

fn key(generation: u32) -> SigningKey {
    SigningKey::from_bytes(&Hash::of(&[&generation.to_be_bytes()]).0)
}

/// Returns the statement that an honest member signs now.
fn next_statement(state: &CaseState) -> RotationStatement {
    let generation = state.generation + 1;
    RotationStatement {
        v: STATEMENT_VERSION,
        case: CASE,
        generation,
        case_recipient: Hash::default(),
        replies_key: (&key(generation)).into(),
        newest_reply: None,
        previous: state.rotation.as_ref().map(RotationStatement::hash),
    }
}

fn next_rotation(state: &CaseState) -> SignedStatement {
    next_statement(state).sign(&key(state.generation))
}

fn propose(case: &mut CaseScenario, actor: &str) -> Result<(), RuleViolation> {
    let rotation = Box::new(next_rotation(&case.state));
    case.apply_action(actor, Action::RotationProposed { rotation, grants: vec![] })
}

fn approve(case: &mut CaseScenario, actor: &str) -> Result<(), RuleViolation> {
    let proposal = case.state.pending_rotation.as_ref().map(|pending| pending.proposal);
    case.apply_action(actor, Action::RotationApproved { proposal: proposal.unwrap_or_default() })
}

#[test]
fn a_rotation_is_in_effect_only_after_another_reader_has_approved_it() {
    let mut case = CaseScenario::triaged();
    assert_eq!(approve(&mut case, "bila"), Err(RuleViolation::NotProposed));
    propose(&mut case, "awa").unwrap();
    assert_eq!((case.state.generation, case.state.rotation.as_ref()), (0, None));
    assert_eq!(approve(&mut case, "awa"), Err(RuleViolation::SamePerson("awa".to_owned())));
    let other = Action::RotationApproved { proposal: Hash::of(&[b"another proposal"]) };
    assert_eq!(case.apply_action("bila", other), Err(RuleViolation::NotProposed));
    let statement = case.state.pending_rotation.clone().unwrap().rotation.statement;
    // Any other reader, declared or not.
    approve(&mut case, "outside").unwrap();
    assert_eq!(case.state.generation, 1);
    assert_eq!(
        (case.state.rotation.as_ref(), case.state.pending_rotation.as_ref()),
        (Some(&statement), None)
    );
    assert_eq!(approve(&mut case, "bila"), Err(RuleViolation::NotProposed), "replayed");
    propose(&mut case, "lead").unwrap();
    approve(&mut case, "bila").unwrap();
    assert_eq!(case.state.generation, 2);
}

#[test]
fn a_statement_must_follow_the_current_generation() {
    let mut case = CaseScenario::triaged();
    let propose_with = |case: &mut CaseScenario, rotation| {
        let rotation = Box::new(rotation);
        case.apply_action("awa", Action::RotationProposed { rotation, grants: vec![] })
    };
    let refused = |error| Err(RuleViolation::InvalidRotation(error));
    let honest = next_statement(&case.state);
    for (statement, error) in [
        (RotationStatement { v: 1, ..honest.clone() }, StatementError::UnsupportedVersion),
        (
            RotationStatement { case: Uuid::from_u128(9), ..honest.clone() },
            StatementError::WrongCase,
        ),
        (RotationStatement { generation: 2, ..honest.clone() }, StatementError::WrongGeneration),
        (
            RotationStatement { previous: Some(Hash::default()), ..honest.clone() },
            StatementError::WrongPrevious,
        ),
    ] {
        assert_eq!(propose_with(&mut case, statement.sign(&key(0))), refused(error));
    }
    let first = honest.sign(&key(0));
    propose_with(&mut case, first.clone()).unwrap();
    approve(&mut case, "bila").unwrap();
    // From the second rotation on, every reader of the events can check the signature.
    let forged = next_statement(&case.state).sign(&key(0));
    assert_eq!(propose_with(&mut case, forged), refused(StatementError::Forged));
    let replayed = propose_with(&mut case, first);
    assert_eq!(replayed, refused(StatementError::WrongGeneration));
    propose(&mut case, "awa").unwrap();
}

#[test]
fn a_proposed_rotation_is_withdrawn_or_declined_or_ends_with_its_proposer() {
    let withdraw = |case: &mut CaseScenario, who: &str| case.apply_action(who, Action::Withdrawn);
    let decline = |case: &mut CaseScenario, who: &str| {
        case.apply_action(who, Action::Declined { note: Hash::default() })
    };
    let mut case = CaseScenario::new(Priority::P3);
    propose(&mut case, "bila").unwrap();
    assert_eq!(withdraw(&mut case, "awa"), Err(RuleViolation::LeadOnly));
    assert_eq!(decline(&mut case, "bila"), Err(RuleViolation::SamePerson("bila".to_owned())));
    // No declaration is needed, because a rotation shows nothing of the case.
    withdraw(&mut case, "bila").unwrap();
    propose(&mut case, "bila").unwrap();
    withdraw(&mut case, "lead").unwrap();
    propose(&mut case, "bila").unwrap();
    decline(&mut case, "awa").unwrap();
    assert_eq!(case.state.pending_rotation, None);
    assert_eq!(decline(&mut case, "awa"), Err(RuleViolation::Undeclared), "of a decision");
    propose(&mut case, "bila").unwrap();
    case.apply_action("bila", Action::Recused).unwrap();
    assert_eq!(case.state.pending_rotation, None);
    propose(&mut case, "awa").unwrap();
    case.apply_action("lead", Action::Recused).unwrap();
    let recused = Err(RuleViolation::MemberRecused("lead".to_owned()));
    assert_eq!(approve(&mut case, "lead"), recused);
    approve(&mut case, "outside").unwrap();
}

#[test]
fn one_proposal_is_pending_at_a_time_and_a_new_stage_keeps_a_rotation() {
    let advice = close(Disposition::AdviceGiven, ClosingReason::Answered);
    let mut case = CaseScenario::triaged();
    propose(&mut case, "awa").unwrap();
    let pending = Err(RuleViolation::ProposalPending("awa".to_owned()));
    assert_eq!(propose(&mut case, "lead"), pending);
    assert_eq!(case.apply_action("awa", Action::Proposed(advice)), pending);
    case.change_stage("awa", Stage::Assessing).unwrap();
    approve(&mut case, "bila").unwrap();
    let mut case = CaseScenario::triaged();
    case.apply_action("awa", Action::Proposed(advice)).unwrap();
    assert_eq!(propose(&mut case, "lead"), pending);
}

#[test]
fn a_proposed_rotation_waits_for_every_other_reader() {
    let mut case = CaseScenario::triaged();
    let member = Role { desk: true, ..Role::default() };
    assert!(!case.state.awaits_decision_by("bila", member));
    propose(&mut case, "awa").unwrap();
    case.apply_action("lead", Action::Challenged { who: "bila".to_owned() }).unwrap();
    for (who, waits) in [("awa", false), ("bila", false), ("lead", true), ("elsewhere", true)] {
        assert_eq!(case.state.awaits_decision_by(who, Role::default()), waits, "{who}");
    }
}

#[test]
fn only_grants_of_assignments_and_approved_rotations_are_in_effect() {
    let case = CaseScenario::triaged();
    let record = |number: u8| {
        let hash = Hash([number; 32]);
        vec![GrantRecord { generation: 1, tag: hash, hash }]
    };
    let proposed = |number| Action::RotationProposed {
        rotation: Box::new(next_rotation(&case.state)),
        grants: record(number),
    };
    let actions = [
        Action::Assigned { to: "awa".to_owned(), granted: record(1), note: None },
        proposed(2),
        Action::Declined { note: Hash::default() },
        proposed(3),
        Action::NoteAdded { note: Hash::default() },
        Action::RotationApproved { proposal: Hash::default() },
        proposed(4),
    ];
    let events: Vec<Event> = actions
        .map(|action| next_event(CASE, &case.state, "awa", FILED.midnight().assume_utc(), action))
        .into();
    let effective: Vec<_> = effective_grants(&events)
        .iter()
        .map(|event| event.action.recorded_grants()[0].hash.0[0])
        .collect();
    assert_eq!(effective, [1, 3]);
}

#[test]
fn only_a_rotation_that_was_proposed_after_the_request_gives_the_oversight_body_its_keys() {
    let asked = || Action::Released { reason: ReleaseReason::ReporterAsked };
    for propose_first in [true, false] {
        let mut case = CaseScenario::triaged();
        case.state.oversight_refused = true;
        if propose_first {
            propose(&mut case, "awa").unwrap();
        }
        case.apply_action(HANDLER_ACTOR, asked()).unwrap();
        if !propose_first {
            propose(&mut case, "awa").unwrap();
        }
        approve(&mut case, "bila").unwrap();
        assert_eq!(case.due_date(DeadlineKind::OversightKeys).is_some(), propose_first);
    }
}
