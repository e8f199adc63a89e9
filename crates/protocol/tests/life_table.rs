//! Every act × role × stage: exactly what is written here is allowed. Written from the table in the
//! product's description, not from the code's own.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use protocol::{
    Hash,
    case::{
        ActionKind, CaseState, ClosingReason, ConflictClaim, Decision, Disposition, PERMISSIONS,
        Proposal, ReferralConsent, ReferralTarget, ReopenReason, Role, RuleViolation, Stage,
        event::{Action, Event, HANDLER_ACTOR, ReleaseReason, midnight},
        next_event,
    },
    submission::envelope::Urgency,
};
use time::{Date, macros::date};
use uuid::Uuid;

const CASE: Uuid = Uuid::from_u128(3);
const FILED: Date = date!(2026 - 11 - 23);
/// Long after the closing, so that a retention of no months is over.
const TODAY: Date = date!(2027 - 01 - 04);

const CLOSE: Decision = Decision::Close {
    disposition: Disposition::OutOfScope,
    reason: ClosingReason::NotIntegrity,
    duplicate_of: None,
};
const UNREADABLE: Decision = Decision::Close {
    disposition: Disposition::Unreadable,
    reason: ClosingReason::AsItCame,
    duplicate_of: None,
};
const REFER: Decision =
    Decision::Refer { to: ReferralTarget::Police, consent: ReferralConsent::Full };

/// H the case handler · E can read it, sits elsewhere · N of the desk, has not declared · X
/// declared, sits elsewhere · M of the desk · A has the case · L leads the desk · O of the outside
/// body · R has recused · C a conflict is claimed. From M on, all have declared.
const PEOPLE: &str = "HENXMALORC";

/// What; where; who may while A has the case; who may while nobody has it (A is not asked then).
const EXPECTED: &[(ActionKind, &str, &str, &str)] = &[
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
    // New keys show nothing, so that nobody has to declare for them; closed cases need them too.
    (
        ActionKind::Rotate,
        "received triaged assessing investigating decided referred closed",
        "ALO",
        "NMLO",
    ),
    (ActionKind::Triage, "received", "MALO", "MLO"),
    (ActionKind::Assess, "triaged", "A", ""),
    (ActionKind::Investigate, "assessing", "LO", "LO"),
    (ActionKind::Renew, "investigating", "A", ""),
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
    // Who cannot open a case declares nothing in it.
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
    // The lead proposed it: the outside body, and nobody else.
    (ActionKind::ApproveRefer, "received triaged assessing investigating decided", "O", "O"),
    (
        ActionKind::ProposeLiftHold,
        "received triaged assessing investigating decided referred closed",
        "MALO",
        "MLO",
    ),
    // Somebody of the desk proposed these: one of the two leads, or is of the outside body.
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

fn role(person: char) -> Role {
    Role { desk: "NMALRC".contains(person), lead: person == 'L', oversight: person == 'O' }
}

fn new_case() -> CaseState {
    let action = Action::Received {
        desk: "audit".into(),
        urgency: Urgency::P2,
        retention_months: 0,
        came: None,
    };
    let at = midnight(FILED);
    let event =
        Event { v: 1, case: CASE, seq: 0, prev: None, at, actor: HANDLER_ACTOR.into(), action };
    CaseState::from_first_event(&event, Hash::of(&[b"0"])).unwrap()
}

/// A case at a stage in which nothing but the table stands in the way of the act.
fn case_ready_for(act: ActionKind, stage: Stage, assigned: bool) -> CaseState {
    let mut case = new_case();
    case.stage = stage;
    case.assignee = assigned.then(|| "A".to_owned());
    case.conflict_free = "XMALOC".chars().map(String::from).collect();
    case.recused = vec!["R".into()];
    case.conflict_claims = vec![
        ConflictClaim { member: "C".into(), by: "M".into() },
        ConflictClaim { member: "somebody".into(), by: "somebody else".into() },
    ];
    if matches!(stage, Stage::Closed | Stage::Purged) {
        (case.closed, case.disposition) = (Some(FILED), Some(Disposition::OutOfScope));
    }
    (case.acknowledged, case.feedback_given, case.unhandled, case.reporter_returned) =
        (true, true, 0, true);
    if matches!(act, ActionKind::ProposeUnreadable | ActionKind::ApproveUnreadable) {
        case.acknowledged = false;
        case.conflict_free.clear();
    }
    case.legal_hold = matches!(act, ActionKind::ProposeLiftHold | ActionKind::ApproveLiftHold);
    let proposal = |decision, role| Some(Proposal { by: "first".into(), role, decision });
    let member = Role { desk: true, ..Role::default() };
    case.pending_proposal = match act {
        ActionKind::ApproveClose | ActionKind::Withdraw | ActionKind::Decline => {
            proposal(CLOSE, member)
        }
        ActionKind::ApproveUnreadable => proposal(UNREADABLE, member),
        ActionKind::ApproveLower => proposal(Decision::Lower { urgency: Urgency::P4 }, member),
        ActionKind::ApproveRefer => proposal(REFER, Role { lead: true, ..member }),
        ActionKind::ApproveLiftHold => proposal(Decision::LiftHold, member),
        ActionKind::ApprovePurge => proposal(Decision::Purge, member),
        _ => None,
    };
    case
}

fn action(act: ActionKind) -> Action {
    let moved = |from, to| Action::StageChanged { from, to, reason: None };
    let (reply, copy) = (Hash::default(), Hash::default());
    match act {
        ActionKind::FollowUp => Action::FollowedUp(None),
        ActionKind::Release => Action::Released { reason: ReleaseReason::ReporterAsked },
        ActionKind::Declare => Action::Declared,
        ActionKind::Claim => Action::Claimed,
        ActionKind::Assign => Action::Assigned { to: "D".into(), granted: None },
        ActionKind::Recuse => Action::Recused,
        ActionKind::Challenge => Action::Challenged { who: "D".into() },
        ActionKind::ResolveChallenge => {
            Action::ChallengeResolved { who: "somebody".into(), upheld: true }
        }
        ActionKind::Triage => moved(Stage::Received, Stage::Triaged),
        ActionKind::Assess => moved(Stage::Triaged, Stage::Assessing),
        ActionKind::Investigate => moved(Stage::Assessing, Stage::Investigating),
        ActionKind::Renew => Action::DeadlineExtended { reply, copy },
        ActionKind::Decide => moved(Stage::Investigating, Stage::Decided),
        ActionKind::TakeBack => moved(Stage::Referred, Stage::Assessing),
        ActionKind::FollowUpReferral => Action::ReferralFollowedUp,
        ActionKind::Reopen => Action::Reopened { ground: ReopenReason::Reporter },
        ActionKind::Reply => Action::Replied { reply, copy, feedback: true },
        ActionKind::Note => Action::NoteAdded { note: Hash::default() },
        ActionKind::MarkHandled => Action::MarkedHandled,
        ActionKind::Raise => Action::PriorityRaised { urgency: Urgency::P1 },
        ActionKind::Link => Action::Linked { to: Uuid::from_u128(4) },
        ActionKind::Escalate => Action::Escalated,
        ActionKind::Hold => Action::LegalHoldPlaced,
        ActionKind::Rotate => Action::KeysRotated { generation: 1, reply, copy },
        ActionKind::Withdraw => Action::Withdrawn,
        ActionKind::Decline => Action::Declined { note: copy },
        ActionKind::ProposeClose => Action::Proposed(CLOSE),
        ActionKind::ApproveClose => Action::Approved(CLOSE),
        ActionKind::ProposeUnreadable => Action::Proposed(UNREADABLE),
        ActionKind::ApproveUnreadable => Action::Approved(UNREADABLE),
        ActionKind::ProposeLower => Action::Proposed(Decision::Lower { urgency: Urgency::P4 }),
        ActionKind::ApproveLower => Action::Approved(Decision::Lower { urgency: Urgency::P4 }),
        ActionKind::ProposeRefer => Action::Proposed(REFER),
        ActionKind::ApproveRefer => Action::Approved(REFER),
        ActionKind::ProposeLiftHold => Action::Proposed(Decision::LiftHold),
        ActionKind::ApproveLiftHold => Action::Approved(Decision::LiftHold),
        ActionKind::ProposePurge => Action::Proposed(Decision::Purge),
        ActionKind::ApprovePurge => Action::Approved(Decision::Purge),
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
        assert_eq!(next, *state, "a refusal changes nothing");
    }
    result.map(|()| next)
}

#[test]
fn exactly_the_permitted_actions_pass() {
    let mut tried = 0;
    for (act, stages, assigned, free) in EXPECTED {
        for stage in Stage::ALL {
            // A closed case is nobody's.
            let is_assigned = [true, false].into_iter().filter(|has| stage.is_open() || !has);
            for has in is_assigned {
                let allowed = if has { assigned } else { free };
                for person in PEOPLE.chars().filter(|person| has || *person != 'A') {
                    let state = case_ready_for(*act, stage, has);
                    let result = apply_action(&state, person, action(*act));
                    let expected = stages.split(' ').any(|at| at == stage.as_str())
                        && allowed.contains(person);
                    assert_eq!(
                        result.is_ok(),
                        expected,
                        "{act:?} by {person} at {stage:?}, assigned {has}: {result:?}"
                    );
                    tried += 1;
                }
            }
        }
    }
    assert_eq!(tried, 38 * (6 * (10 + 9) + 2 * 9));
}

#[test]
fn the_permissions_have_one_rule_for_each_action_and_offer_what_it_allows() {
    assert_eq!(PERMISSIONS.len(), EXPECTED.len());
    for (act, ..) in EXPECTED {
        assert_eq!(PERMISSIONS.iter().filter(|row| row.action == *act).count(), 1, "{act:?}");
    }
    let state = case_ready_for(ActionKind::Note, Stage::Investigating, true);
    for person in PEOPLE.chars().filter(|person| *person != 'H') {
        let allowed = state.permitted_actions(&person.to_string(), role(person));
        for (act, stages, assigned, _) in EXPECTED {
            let listed = stages.contains("investigating") && assigned.contains(person);
            // What the table leaves open: whether it was done before, and whose proposal or case it
            // is.
            let open =
                [ActionKind::Declare, ActionKind::Claim, ActionKind::Withdraw, ActionKind::Decline];
            let left_open = open.contains(act)
                || ActionKind::from_action(&action(*act))
                    .is_ok_and(|a| format!("{a:?}").starts_with("Approve"));
            if !left_open {
                assert_eq!(allowed.contains(act), listed, "{act:?} by {person}");
            }
        }
    }
}

#[test]
fn only_these_ways_lead_from_stage_to_stage() {
    use Stage::{Assessing, Decided, Investigating, Received, Referred, Triaged};
    let ways = [
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
                let expected = ways.iter().any(|(f, t, who)| {
                    (*f, *t) == (from, to)
                        && (who.contains(person) || from == Received && "AO".contains(person))
                });
                assert_eq!(result.is_ok(), expected, "{from:?} to {to:?} by {person}: {result:?}");
                if let Ok(next) = result {
                    assert_eq!(next.stage, to);
                }
                // A move that names another stage than the one where the case stands.
                let wrong = Stage::ALL.into_iter().find(|stage| *stage != from).unwrap();
                let lying = apply_action(
                    &state,
                    person,
                    Action::StageChanged { from: wrong, to, reason: None },
                );
                assert!(lying.is_err(), "{wrong:?} to {to:?} at {from:?} by {person}");
            }
        }
    }
}

#[test]
fn the_reason_of_a_move_is_a_code_and_can_say_nothing_of_the_case() {
    let state = case_ready_for(ActionKind::Triage, Stage::Received, true);
    let moved = |reason: &str| {
        let (from, to) = (Stage::Received, Stage::Triaged);
        apply_action(
            &state,
            'M',
            Action::StageChanged { from, to, reason: Some(reason.to_owned()) },
        )
    };
    moved("fast-track-2").unwrap();
    for text in ["", "Sawadogo", "he took it", "a_word", "thirty-three-characters-are-too-ma"] {
        assert_eq!(moved(text).unwrap_err(), RuleViolation::InvalidReasonCode, "{text}");
    }
}

#[test]
fn a_referral_takes_the_lead_and_the_oversight_body_whoever_begins() {
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
        let act = |state: &mut CaseState, who: &str, action| {
            let event = next_event(CASE, state, who, midnight(TODAY), action);
            state.apply(&event, Hash::of(&[who.as_bytes()]), role_of(who))
        };
        act(&mut state, first, Action::Proposed(REFER)).unwrap();
        assert_eq!(state.released, Some(ReleaseReason::Referral), "it reads what it decides on");
        assert_eq!(
            act(&mut state, second, Action::Approved(REFER)).is_ok(),
            allowed,
            "{first} {second}"
        );
    }
}

#[test]
fn who_could_approve_can_decline_and_nobody_else() {
    let member = Role { desk: true, ..Role::default() };
    let by = |role, decision| {
        let mut state = case_ready_for(ActionKind::Decline, Stage::Closed, false);
        state.pending_proposal = Some(Proposal { by: "first".into(), role, decision });
        state
    };
    let decline = |state: &CaseState, person| {
        apply_action(state, person, Action::Declined { note: Hash::default() })
    };
    // A purge that a member proposed takes one who leads, on whichever side.
    let purge = by(member, Decision::Purge);
    assert_eq!(decline(&purge, 'M').unwrap_err(), RuleViolation::OneLead);
    assert_eq!(decline(&purge, 'L').unwrap().pending_proposal, None);
    // A referral of the lead is for the oversight body.
    let refer = by(Role { lead: true, ..member }, REFER);
    assert_eq!(decline(&refer, 'M').unwrap_err(), RuleViolation::ReferralRole);
    assert_eq!(decline(&refer, 'O').unwrap().pending_proposal, None);
    // Not one's own, which is taken back; and not what nobody proposed.
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
fn every_rule_has_a_name_of_its_own() {
    let mut names = std::collections::BTreeSet::new();
    for refusal in [
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
        assert!(refusal.code().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'));
        assert!(names.insert(refusal.code()));
    }
}
