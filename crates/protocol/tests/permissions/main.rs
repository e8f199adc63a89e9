//! Every combination of action, actor and stage: exactly those in [`table`] are permitted.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod table;

use ed25519_dalek::SigningKey;
use protocol::{
    Hash, Priority,
    case::{
        ActionKind, ActionPayload, CASE_ACTIONS, CaseAction, CaseState, ClosingReason,
        ConflictClaim, Decision, Disposition, PendingRotation, Proposal, ReferralConsent,
        ReferralTarget, ReopenReason, Role, RuleViolation, Stage,
        event::{Action, EVENT_VERSION, Event, HANDLER_ACTOR, ReleaseReason, SealedText, midnight},
        next_event,
    },
    rotation::{RotationStatement, STATEMENT_VERSION, SignedStatement},
    submission::commitment::{FollowUpCommitment, ReportCommitment},
};
use time::{Date, macros::date};
use uuid::Uuid;

use table::{CLASSES, EXPECTED, PEOPLE, Permission, permission};

const CASE: Uuid = Uuid::from_u128(3);
const PROPOSAL: Hash = Hash([5; 32]);
const FILED: Date = date!(2026 - 11 - 23);
/// Long after the closing, so that a retention of zero months is over.
const TODAY: Date = date!(2027 - 01 - 04);

const CLOSE: Decision = Decision::Close {
    disposition: Disposition::OutOfScope,
    reason: ClosingReason::NotIntegrity,
    duplicate_of: None,
};
const UNREADABLE: Decision = Decision::Close {
    disposition: Disposition::Unreadable,
    reason: ClosingReason::ReceivedUnreadable,
    duplicate_of: None,
};
const REFER: Decision =
    Decision::Refer { to: ReferralTarget::Police, consent: ReferralConsent::Full };

fn role(person: char) -> Role {
    Role { desk: "NMALRC".contains(person), lead: person == 'L', oversight: person == 'O' }
}

fn new_case() -> CaseState {
    let action = Action::Received {
        desk: "audit".into(),
        priority: Priority::P2,
        retention_months: 0,
        commitment: ReportCommitment::default(),
        oversight_refused: false,
    };
    let at = midnight(FILED);
    let event = Event {
        v: EVENT_VERSION,
        case: CASE,
        seq: 0,
        prev: None,
        at,
        actor: HANDLER_ACTOR.into(),
        action,
    };
    CaseState::from_first_event(&event, Hash::of(&[b"0"])).unwrap()
}

/// Returns a case at a stage in which only the table can forbid the action.
fn case_ready_for(kind: ActionKind, stage: Stage, assigned: bool) -> CaseState {
    let mut case = new_case();
    case.stage = stage;
    case.assignee = assigned.then(|| "A".to_owned());
    case.conflict_free = "XMALOC".chars().map(String::from).collect();
    case.recused = vec!["R".into()];
    case.conflict_claims = vec![
        ConflictClaim { member: "C".into(), by: "M".into() },
        ConflictClaim { member: "claimed".into(), by: "claimant".into() },
    ];
    if matches!(stage, Stage::Closed | Stage::Purged) {
        (case.closed, case.disposition) = (Some(FILED), Some(Disposition::OutOfScope));
    }
    (case.acknowledged, case.feedback_given, case.unhandled, case.reporter_returned) =
        (true, true, 0, true);
    if matches!(kind, ActionKind::ProposeUnreadable | ActionKind::ApproveUnreadable) {
        case.acknowledged = false;
        case.conflict_free.clear();
    }
    case.legal_hold = matches!(kind, ActionKind::ProposeLiftHold | ActionKind::ApproveLiftHold);
    let proposal = |decision, role| Some(Proposal { by: "first".into(), role, decision });
    let member = Role { desk: true, ..Role::default() };
    case.pending_proposal = match kind {
        ActionKind::ApproveClose | ActionKind::Withdraw | ActionKind::Decline => {
            proposal(CLOSE, member)
        }
        ActionKind::ApproveUnreadable => proposal(UNREADABLE, member),
        ActionKind::ApproveLower => proposal(Decision::Lower { priority: Priority::P4 }, member),
        ActionKind::ApproveRefer => proposal(REFER, Role { lead: true, ..member }),
        ActionKind::ApproveLiftHold => proposal(Decision::LiftHold, member),
        ActionKind::ApprovePurge => proposal(Decision::Purge, member),
        _ => None,
    };
    if kind == ActionKind::ApproveRotation {
        let by = "first".into();
        case.pending_rotation = Some(PendingRotation {
            by,
            proposal: PROPOSAL,
            rotation: rotation(),
            for_oversight: false,
        });
    }
    case
}

/// Returns the first rotation of the case.
fn rotation() -> SignedStatement {
    let key = SigningKey::from_bytes(&[1; 32]);
    let statement = RotationStatement {
        v: STATEMENT_VERSION,
        case: CASE,
        generation: 1,
        case_recipient: Hash::default(),
        replies_key: (&key).into(),
        newest_reply: None,
        previous: None,
    };
    statement.sign(&key)
}

fn action(kind: ActionKind) -> Action {
    let transition = |from, to| Action::StageChanged { from, to, reason: None };
    let (reply, copy) = (Hash::default(), Hash::default());
    match kind {
        ActionKind::FollowUp => Action::FollowedUp(FollowUpCommitment::default()),
        ActionKind::Release => Action::Released { reason: ReleaseReason::ReporterAsked },
        ActionKind::Assign => Action::Assigned { to: "D".into(), granted: vec![], note: None },
        ActionKind::ResolveChallenge => {
            Action::ChallengeResolved { who: "claimed".into(), upheld: true }
        }
        ActionKind::Triage => transition(Stage::Received, Stage::Triaged),
        ActionKind::Assess => transition(Stage::Triaged, Stage::Assessing),
        ActionKind::Investigate => transition(Stage::Assessing, Stage::Investigating),
        ActionKind::Renew => Action::DeadlineExtended { reply, copy },
        ActionKind::Decide => transition(Stage::Investigating, Stage::Decided),
        ActionKind::TakeBack => transition(Stage::Referred, Stage::Assessing),
        ActionKind::Reopen => Action::Reopened { ground: ReopenReason::Reporter, note: None },
        ActionKind::Reply => Action::Replied { reply, copy, feedback: true },
        ActionKind::Link => Action::Linked { to: Uuid::from_u128(4) },
        ActionKind::ProposeRotation => {
            Action::RotationProposed { rotation: Box::new(rotation()), grants: vec![] }
        }
        ActionKind::ApproveRotation => Action::RotationApproved { proposal: PROPOSAL },
        ActionKind::ProposeClose => Action::Proposed(CLOSE),
        ActionKind::ApproveClose => Action::Approved(CLOSE),
        ActionKind::ProposeUnreadable => Action::Proposed(UNREADABLE),
        ActionKind::ApproveUnreadable => Action::Approved(UNREADABLE),
        ActionKind::ProposeLower => Action::Proposed(Decision::Lower { priority: Priority::P4 }),
        ActionKind::ApproveLower => Action::Approved(Decision::Lower { priority: Priority::P4 }),
        ActionKind::ProposeRefer => Action::Proposed(REFER),
        ActionKind::ApproveRefer => Action::Approved(REFER),
        ActionKind::ProposeLiftHold => Action::Proposed(Decision::LiftHold),
        ActionKind::ApproveLiftHold => Action::Approved(Decision::LiftHold),
        ActionKind::ProposePurge => Action::Proposed(Decision::Purge),
        ActionKind::ApprovePurge => Action::Approved(Decision::Purge),
        other => match &other.row().payload {
            ActionPayload::Fixed(action) => action.clone(),
            ActionPayload::Claim => Action::Claimed,
            ActionPayload::Member(about) => about("D".into()),
            ActionPayload::Priority(with_priority) => with_priority(Priority::P1),
            ActionPayload::Note(with_note) | ActionPayload::Reason(with_note) => with_note(copy),
            payload => panic!("{other:?} needs a sample of {payload:?}"),
        },
    }
}

fn apply_action(
    state: &CaseState,
    person: char,
    action: Action,
) -> Result<CaseState, RuleViolation> {
    let actor = if person == 'H' { HANDLER_ACTOR.to_owned() } else { person.to_string() };
    let event = next_event(CASE, state, &actor, midnight(TODAY), action);
    let mut next = state.clone();
    let result = next.apply(&event, Hash::of(&[b"next"]), role(person));
    if result.is_err() {
        assert_eq!(next, *state, "a refused event changes nothing");
    }
    result.map(|()| next)
}

#[test]
fn exactly_the_permitted_actions_pass() {
    let mut tried = 0;
    for Permission { kind, stages, assigned, free } in CASE_ACTIONS.iter().map(permission) {
        for stage in Stage::ALL {
            // A closed case has no assignee.
            let is_assigned = [true, false].into_iter().filter(|has| stage.is_open() || !has);
            for has in is_assigned {
                let allowed = if has { assigned } else { free };
                for person in PEOPLE.chars().filter(|person| has || *person != 'A') {
                    let state = case_ready_for(kind, stage, has);
                    let result = apply_action(&state, person, action(kind));
                    let expected = stages.contains(&stage.as_str()) && allowed.contains(person);
                    assert_eq!(
                        result.is_ok(),
                        expected,
                        "{kind:?} by {person} at {stage:?}, assigned {has}: {result:?}"
                    );
                    tried += 1;
                }
            }
        }
    }
    assert_eq!(tried, CASE_ACTIONS.len() * (6 * (10 + 9) + 2 * 9));
}

#[test]
fn the_permissions_have_one_rule_for_each_action_and_offer_what_it_allows() {
    for row in CASE_ACTIONS {
        let written = EXPECTED.iter().filter(|(kind, ..)| *kind == row.kind).count();
        assert!(written <= 1, "{:?} in the table of this test", row.kind);
        // The row, the name and the event of an action refer to each other.
        assert_eq!(row.kind.row().name, row.name);
        assert_eq!(ActionKind::from_name(row.name), Some(row.kind));
        assert_eq!(ActionKind::from_action(&action(row.kind)), Ok(row.kind));
    }
    let state = case_ready_for(ActionKind::Note, Stage::Investigating, true);
    for person in PEOPLE.chars().filter(|person| *person != 'H') {
        let allowed = state.permitted_actions(&person.to_string(), role(person));
        for Permission { kind, stages, assigned, .. } in CASE_ACTIONS.iter().map(permission) {
            let listed = stages.contains(&"investigating") && assigned.contains(person);
            // The table does not say whether the action was done before, nor whose proposal or case
            // it is.
            let open =
                [ActionKind::Declare, ActionKind::Claim, ActionKind::Withdraw, ActionKind::Decline];
            let depends_on_history = open.contains(&kind)
                || ActionKind::from_action(&action(kind))
                    .is_ok_and(|a| format!("{a:?}").starts_with("Approve"));
            if !depends_on_history {
                assert_eq!(allowed.contains(&kind), listed, "{kind:?} by {person}");
            }
        }
    }
}

#[test]
fn each_actor_class_has_an_action_of_exactly_its_actors() {
    for (class, assigned, free) in CLASSES {
        let is_written = |row: &CaseAction| {
            EXPECTED.iter().any(|(kind, _, a, f)| (*kind, *a, *f) == (row.kind, assigned, free))
        };
        assert!(
            CASE_ACTIONS.iter().any(|row| row.actor_class == class && is_written(row)),
            "{class:?}"
        );
    }
}

#[test]
fn an_event_names_the_sealed_text_that_its_row_announces() {
    for row in CASE_ACTIONS {
        let named = action(row.kind).sealed_text();
        let hash = Hash::default();
        let expected = match row.payload {
            ActionPayload::Note(_) | ActionPayload::Reason(_) => SealedText::Note(hash),
            ActionPayload::Message => SealedText::Message { reply: hash, copy: hash },
            _ => SealedText::None,
        };
        assert_eq!(named, expected, "{}", row.name);
    }
}

#[test]
fn only_these_transitions_between_stages_are_permitted() {
    use Stage::{Assessing, Decided, Investigating, Received, Referred, Triaged};
    let transitions = [
        (Received, Triaged, "ML"),
        (Triaged, Assessing, "A"),
        (Assessing, Investigating, "LO"),
        (Investigating, Decided, "A"),
        (Referred, Assessing, "ALO"),
    ];
    for from in Stage::ALL {
        for to in Stage::ALL {
            for person in PEOPLE.chars() {
                let state = case_ready_for(ActionKind::Note, from, from.is_open());
                let result =
                    apply_action(&state, person, Action::StageChanged { from, to, reason: None });
                let expected = transitions.iter().any(|(f, t, who)| {
                    (*f, *t) == (from, to)
                        && (who.contains(person) || from == Received && "AO".contains(person))
                });
                assert_eq!(result.is_ok(), expected, "{from:?} to {to:?} by {person}: {result:?}");
                if let Ok(next) = result {
                    assert_eq!(next.stage, to);
                }
                // A transition that names another stage than the current one.
                let wrong = Stage::ALL.into_iter().find(|stage| *stage != from).unwrap();
                let wrong_from = apply_action(
                    &state,
                    person,
                    Action::StageChanged { from: wrong, to, reason: None },
                );
                assert!(wrong_from.is_err(), "{wrong:?} to {to:?} at {from:?} by {person}");
            }
        }
    }
}

#[test]
fn the_reason_of_a_transition_is_a_code_without_content() {
    let state = case_ready_for(ActionKind::Triage, Stage::Received, true);
    let triage_with = |reason: &str| {
        let (from, to) = (Stage::Received, Stage::Triaged);
        apply_action(
            &state,
            'M',
            Action::StageChanged { from, to, reason: Some(reason.to_owned()) },
        )
    };
    triage_with("fast-track-2").unwrap();
    for text in ["", "Sawadogo", "he took it", "a_word", "thirty-three-characters-are-too-ma"] {
        assert_eq!(triage_with(text).unwrap_err(), RuleViolation::InvalidReasonCode, "{text}");
    }
}

#[test]
fn a_referral_needs_the_lead_and_the_oversight_body_in_either_order() {
    for (first, second, allowed) in [
        ("L", "O", true),
        ("O", "L", true),
        ("O", "O2", false),
        ("L", "L", false),
        ("O", "O", false),
    ] {
        let mut state = case_ready_for(ActionKind::ProposeRefer, Stage::Triaged, true);
        state.conflict_free.push("O2".into());
        let role_of = |who: &str| role(who.chars().next().unwrap());
        let apply = |state: &mut CaseState, who: &str, action| {
            let event = next_event(CASE, state, who, midnight(TODAY), action);
            state.apply(&event, Hash::of(&[who.as_bytes()]), role_of(who))
        };
        apply(&mut state, first, Action::Proposed(REFER)).unwrap();
        assert_eq!(
            state.released,
            Some(ReleaseReason::Referral),
            "the oversight body can read what it decides on"
        );
        assert_eq!(
            apply(&mut state, second, Action::Approved(REFER)).is_ok(),
            allowed,
            "{first} {second}"
        );
    }
}

#[test]
fn only_members_who_could_approve_can_decline() {
    let member = Role { desk: true, ..Role::default() };
    let by = |role, decision| {
        let mut state = case_ready_for(ActionKind::Decline, Stage::Closed, false);
        state.pending_proposal = Some(Proposal { by: "first".into(), role, decision });
        state
    };
    let decline = |state: &CaseState, person| {
        apply_action(state, person, Action::Declined { note: Hash::default() })
    };
    // A purge that a member proposed needs a lead or the oversight body.
    let purge = by(member, Decision::Purge);
    assert_eq!(decline(&purge, 'M').unwrap_err(), RuleViolation::OneLead);
    assert_eq!(decline(&purge, 'L').unwrap().pending_proposal, None);
    // The oversight body decides on a referral that the lead proposed.
    let refer = by(Role { lead: true, ..member }, REFER);
    assert_eq!(decline(&refer, 'M').unwrap_err(), RuleViolation::ReferralRole);
    assert_eq!(decline(&refer, 'O').unwrap().pending_proposal, None);
    // A member withdraws the own proposal instead of declining it. Without a proposal, there is
    // nothing to decline.
    let mut own = by(member, CLOSE);
    own.pending_proposal.as_mut().unwrap().by = "M".into();
    assert_eq!(decline(&own, 'M').unwrap_err(), RuleViolation::SamePerson("M".into()));
    own.pending_proposal = None;
    assert_eq!(decline(&own, 'L').unwrap_err(), RuleViolation::NotProposed);
    for (state, person, waits) in [
        (&purge, 'M', false),
        (&purge, 'L', true),
        (&purge, 'O', true),
        (&purge, 'N', false),
        (&refer, 'O', true),
        (&refer, 'L', false),
        (&by(member, CLOSE), 'N', true),
        (&by(member, CLOSE), 'C', false),
        (&by(member, CLOSE), 'R', false),
        (&by(member, CLOSE), 'E', false),
        (&own, 'L', false),
    ] {
        assert_eq!(state.awaits_decision_by(&person.to_string(), role(person)), waits, "{person}");
    }
}

#[test]
fn every_rule_has_its_own_code() {
    let mut codes = std::collections::BTreeSet::new();
    for violation in [
        RuleViolation::Undeclared,
        RuleViolation::SecondPersonRequired,
        RuleViolation::UnhandledMessage,
        RuleViolation::UnderLegalHold,
        RuleViolation::NoLegalHold,
        RuleViolation::RetentionNotOver(TODAY),
        RuleViolation::SamePerson("a".into()),
        RuleViolation::FeedbackFirst("x"),
        RuleViolation::NotOverdue,
    ] {
        assert!(violation.code().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'));
        assert!(codes.insert(violation.code()));
    }
}
