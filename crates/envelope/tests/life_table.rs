//! Every act × role × stage: exactly what is written here is allowed. Written from the table in the product's description, not from the
//! code's own.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use envelope::{
    Hash,
    event::{Action, Event, HANDLER, Release, midnight},
    life::{
        Act, Authority, CaseState, Challenge, Consent, Decision, Disposition, Ground, Proposal, Reason,
        Refusal, Role, Stage, TABLE, next_event,
    },
    submission::Urgency,
};
use time::{Date, macros::date};
use uuid::Uuid;

const CASE: Uuid = Uuid::from_u128(3);
const FILED: Date = date!(2026 - 11 - 23);
/// Long after the closing, so that a retention of no months is over.
const TODAY: Date = date!(2027 - 01 - 04);

const CLOSE: Decision = Decision::Close {
    disposition: Disposition::OutOfScope,
    reason: Reason::NotIntegrity,
    duplicate_of: None,
};
const UNREADABLE: Decision =
    Decision::Close { disposition: Disposition::Unreadable, reason: Reason::AsItCame, duplicate_of: None };
const REFER: Decision = Decision::Refer { to: Authority::Police, consent: Consent::Full };

/// H the case handler · E can read it, sits elsewhere · N of the desk, has not declared · X declared, sits elsewhere · M of the desk ·
/// A has the case · L leads the desk · O of the outside body · R has recused · C a conflict is claimed. From M on, all have declared.
const PEOPLE: &str = "HENXMALORC";

/// What; where; who may while A has the case; who may while nobody has it (A is not asked then).
const EXPECTED: &[(Act, &str, &str, &str)] = &[
    (Act::FollowUp, "received triaged assessing investigating decided referred closed", "H", "H"),
    (Act::Release, "received triaged assessing investigating decided referred closed", "H", "H"),
    (Act::Declare, "received triaged assessing investigating decided referred closed", "EN", "EN"),
    (Act::Recuse, "received triaged assessing investigating decided referred closed", "ENXMALOC", "ENXMLOC"),
    (Act::Claim, "received triaged assessing investigating decided referred", "ALO", "NMLO"),
    (Act::Assign, "received triaged assessing investigating decided referred", "ALO", "MLO"),
    (Act::Challenge, "received triaged assessing investigating decided referred", "XMALO", "XMLO"),
    (Act::Judge, "received triaged assessing investigating decided referred closed", "LO", "LO"),
    // New keys show nothing, so that nobody has to declare for them; closed cases need them too.
    (Act::Rotate, "received triaged assessing investigating decided referred closed", "ALO", "NMLO"),
    (Act::Triage, "received", "MALO", "MLO"),
    (Act::Assess, "triaged", "A", ""),
    (Act::Investigate, "assessing", "LO", "LO"),
    (Act::Renew, "investigating", "A", ""),
    (Act::Decide, "investigating", "A", ""),
    (Act::TakeBack, "referred", "ALO", "MLO"),
    (Act::Track, "referred", "ALO", "MLO"),
    (Act::Reopen, "closed", "", "MLO"),
    (Act::Reply, "received triaged assessing investigating decided referred closed", "A", "MLO"),
    (Act::Note, "received triaged assessing investigating decided referred closed", "XMALO", "XMLO"),
    (Act::Read, "received triaged assessing investigating decided referred closed", "MALO", "MLO"),
    (Act::Link, "received triaged assessing investigating decided referred closed", "MALO", "MLO"),
    (Act::Raise, "received triaged assessing investigating decided referred", "MALO", "MLO"),
    (Act::Escalate, "received triaged assessing investigating decided referred closed", "XMALO", "XMLO"),
    (Act::Hold, "received triaged assessing investigating decided referred closed", "LO", "LO"),
    (Act::ProposeClose, "triaged decided referred", "A", ""),
    (Act::ApproveClose, "triaged decided referred", "MALO", "MLO"),
    // Who cannot open a case declares nothing in it.
    (Act::ProposeUnreadable, "received", "", "ENXMLO"),
    (Act::ApproveUnreadable, "received", "", "ENXMLO"),
    (Act::ProposeLower, "received triaged assessing investigating decided referred", "ALO", "MLO"),
    (Act::ApproveLower, "received triaged assessing investigating decided referred", "MALO", "MLO"),
    (Act::ProposeRefer, "received triaged assessing investigating decided", "LO", "LO"),
    // The lead proposed it: the outside body, and nobody else.
    (Act::ApproveRefer, "received triaged assessing investigating decided", "O", "O"),
    (Act::ProposeLiftHold, "received triaged assessing investigating decided referred closed", "MALO", "MLO"),
    // Somebody of the desk proposed these: one of the two leads, or is of the outside body.
    (Act::ApproveLiftHold, "received triaged assessing investigating decided referred closed", "LO", "LO"),
    (Act::ProposePurge, "closed", "", "MLO"),
    (Act::ApprovePurge, "closed", "", "LO"),
    (Act::Withdraw, "received triaged assessing investigating decided referred closed", "LO", "LO"),
    (Act::Decline, "received triaged assessing investigating decided referred closed", "MALO", "MLO"),
];

fn role(person: char) -> Role {
    Role { desk: "NMALRC".contains(person), lead: person == 'L', oversight: person == 'O' }
}

fn begun() -> CaseState {
    let action =
        Action::Received { desk: "audit".into(), urgency: Urgency::P2, retention_months: 0, came: None };
    let at = midnight(FILED);
    let event = Event { v: 1, case: CASE, seq: 0, prev: None, at, actor: HANDLER.into(), action };
    CaseState::begin(&event, Hash::of(&[b"0"])).unwrap()
}

/// A case at a stage in which nothing but the table stands in the way of the act.
fn ready(act: Act, stage: Stage, assigned: bool) -> CaseState {
    let mut case = begun();
    case.stage = stage;
    case.assignee = assigned.then(|| "A".to_owned());
    case.declared = "XMALOC".chars().map(String::from).collect();
    case.recused = vec!["R".into()];
    case.challenged = vec![
        Challenge { who: "C".into(), by: "M".into() },
        Challenge { who: "somebody".into(), by: "somebody else".into() },
    ];
    if matches!(stage, Stage::Closed | Stage::Purged) {
        (case.closed, case.disposition) = (Some(FILED), Some(Disposition::OutOfScope));
    }
    (case.acknowledged, case.told, case.unread, case.asked_again) = (true, true, 0, true);
    if matches!(act, Act::ProposeUnreadable | Act::ApproveUnreadable) {
        case.acknowledged = false;
        case.declared.clear();
    }
    case.held = matches!(act, Act::ProposeLiftHold | Act::ApproveLiftHold);
    let proposal = |decision, role| Some(Proposal { by: "first".into(), role, decision });
    let member = Role { desk: true, ..Role::default() };
    case.proposed = match act {
        Act::ApproveClose | Act::Withdraw | Act::Decline => proposal(CLOSE, member),
        Act::ApproveUnreadable => proposal(UNREADABLE, member),
        Act::ApproveLower => proposal(Decision::Lower { urgency: Urgency::P4 }, member),
        Act::ApproveRefer => proposal(REFER, Role { lead: true, ..member }),
        Act::ApproveLiftHold => proposal(Decision::LiftHold, member),
        Act::ApprovePurge => proposal(Decision::Purge, member),
        _ => None,
    };
    case
}

fn action(act: Act) -> Action {
    let moved = |from, to| Action::Moved { from, to, reason: None };
    let (reply, copy) = (Hash::default(), Hash::default());
    match act {
        Act::FollowUp => Action::FollowedUp(None),
        Act::Release => Action::Released { reason: Release::ReporterAsked },
        Act::Declare => Action::Declared,
        Act::Claim => Action::Claimed,
        Act::Assign => Action::Assigned { to: "D".into(), granted: None },
        Act::Recuse => Action::Recused,
        Act::Challenge => Action::Challenged { who: "D".into() },
        Act::Judge => Action::Judged { who: "somebody".into(), upheld: true },
        Act::Triage => moved(Stage::Received, Stage::Triaged),
        Act::Assess => moved(Stage::Triaged, Stage::Assessing),
        Act::Investigate => moved(Stage::Assessing, Stage::Investigating),
        Act::Renew => Action::Renewed { reply, copy },
        Act::Decide => moved(Stage::Investigating, Stage::Decided),
        Act::TakeBack => moved(Stage::Referred, Stage::Assessing),
        Act::Track => Action::Tracked,
        Act::Reopen => Action::Reopened { ground: Ground::Reporter },
        Act::Reply => Action::Replied { reply, copy, feedback: true },
        Act::Note => Action::Noted { note: Hash::default() },
        Act::Read => Action::Read,
        Act::Raise => Action::Raised { urgency: Urgency::P1 },
        Act::Link => Action::Linked { to: Uuid::from_u128(4) },
        Act::Escalate => Action::Escalated,
        Act::Hold => Action::Held,
        Act::Rotate => Action::Rotated { generation: 1, reply, copy },
        Act::Withdraw => Action::Withdrawn,
        Act::Decline => Action::Declined { note: copy },
        Act::ProposeClose => Action::Proposed(CLOSE),
        Act::ApproveClose => Action::Approved(CLOSE),
        Act::ProposeUnreadable => Action::Proposed(UNREADABLE),
        Act::ApproveUnreadable => Action::Approved(UNREADABLE),
        Act::ProposeLower => Action::Proposed(Decision::Lower { urgency: Urgency::P4 }),
        Act::ApproveLower => Action::Approved(Decision::Lower { urgency: Urgency::P4 }),
        Act::ProposeRefer => Action::Proposed(REFER),
        Act::ApproveRefer => Action::Approved(REFER),
        Act::ProposeLiftHold => Action::Proposed(Decision::LiftHold),
        Act::ApproveLiftHold => Action::Approved(Decision::LiftHold),
        Act::ProposePurge => Action::Proposed(Decision::Purge),
        Act::ApprovePurge => Action::Approved(Decision::Purge),
    }
}

fn attempt(state: &CaseState, person: char, action: Action) -> Result<CaseState, Refusal> {
    let actor = if person == 'H' { HANDLER.to_owned() } else { person.to_string() };
    let event = next_event(CASE, state, &actor, midnight(TODAY), action);
    let mut next = state.clone();
    let result = next.apply(&event, Hash::of(&[b"next"]), role(person));
    if result.is_err() {
        assert_eq!(next, *state, "a refusal changes nothing");
    }
    result.map(|()| next)
}

#[test]
fn exactly_the_allowed_acts_pass() {
    let mut tried = 0;
    for (act, stages, assigned, free) in EXPECTED {
        for stage in Stage::ALL {
            // A closed case is nobody's.
            let is_assigned = [true, false].into_iter().filter(|has| stage.is_open() || !has);
            for has in is_assigned {
                let allowed = if has { assigned } else { free };
                for person in PEOPLE.chars().filter(|person| has || *person != 'A') {
                    let state = ready(*act, stage, has);
                    let result = attempt(&state, person, action(*act));
                    let expected =
                        stages.split(' ').any(|at| at == stage.as_str()) && allowed.contains(person);
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
fn the_table_has_one_row_for_each_act_and_offers_what_it_allows() {
    assert_eq!(TABLE.len(), EXPECTED.len());
    for (act, ..) in EXPECTED {
        assert_eq!(TABLE.iter().filter(|row| row.act == *act).count(), 1, "{act:?}");
    }
    let state = ready(Act::Note, Stage::Investigating, true);
    for person in PEOPLE.chars().filter(|person| *person != 'H') {
        let allowed = state.allowed(&person.to_string(), role(person));
        for (act, stages, assigned, _) in EXPECTED {
            let listed = stages.contains("investigating") && assigned.contains(person);
            // What the table leaves open: whether it was done before, and whose proposal or case it is.
            let open = [Act::Declare, Act::Claim, Act::Withdraw, Act::Decline];
            let left_open = open.contains(act)
                || Act::of(&action(*act)).is_ok_and(|a| format!("{a:?}").starts_with("Approve"));
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
                let state = ready(Act::Note, from, from.is_open());
                let result = attempt(&state, person, Action::Moved { from, to, reason: None });
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
                let lying = attempt(&state, person, Action::Moved { from: wrong, to, reason: None });
                assert!(lying.is_err(), "{wrong:?} to {to:?} at {from:?} by {person}");
            }
        }
    }
}

#[test]
fn the_reason_of_a_move_is_a_code_and_can_say_nothing_of_the_case() {
    let state = ready(Act::Triage, Stage::Received, true);
    let moved = |reason: &str| {
        let (from, to) = (Stage::Received, Stage::Triaged);
        attempt(&state, 'M', Action::Moved { from, to, reason: Some(reason.to_owned()) })
    };
    moved("fast-track-2").unwrap();
    for text in ["", "Sawadogo", "he took it", "a_word", "thirty-three-characters-are-too-ma"] {
        assert_eq!(moved(text).unwrap_err(), Refusal::NotACode, "{text}");
    }
}

#[test]
fn a_referral_takes_the_lead_and_the_outside_body_whoever_begins() {
    for (first, second, allowed) in
        [("L", "O", true), ("O", "L", true), ("O", "O2", false), ("L", "L", false), ("O", "O", false)]
    {
        let mut state = ready(Act::ProposeRefer, Stage::Triaged, true);
        state.declared.push("O2".into());
        let role_of = |who: &str| role(who.chars().next().unwrap());
        let act = |state: &mut CaseState, who: &str, action| {
            let event = next_event(CASE, state, who, midnight(TODAY), action);
            state.apply(&event, Hash::of(&[who.as_bytes()]), role_of(who))
        };
        act(&mut state, first, Action::Proposed(REFER)).unwrap();
        assert_eq!(state.released, Some(Release::Referral), "it reads what it decides on");
        assert_eq!(act(&mut state, second, Action::Approved(REFER)).is_ok(), allowed, "{first} {second}");
    }
}

#[test]
fn who_could_approve_can_decline_and_nobody_else() {
    let member = Role { desk: true, ..Role::default() };
    let by = |role, decision| {
        let mut state = ready(Act::Decline, Stage::Closed, false);
        state.proposed = Some(Proposal { by: "first".into(), role, decision });
        state
    };
    let decline =
        |state: &CaseState, person| attempt(state, person, Action::Declined { note: Hash::default() });
    // A purge that a member proposed takes one who leads, on whichever side.
    let purge = by(member, Decision::Purge);
    assert_eq!(decline(&purge, 'M').unwrap_err(), Refusal::OneLead);
    assert_eq!(decline(&purge, 'L').unwrap().proposed, None);
    // A referral of the lead is for the oversight body.
    let refer = by(Role { lead: true, ..member }, REFER);
    assert_eq!(decline(&refer, 'M').unwrap_err(), Refusal::ReferralRole);
    assert_eq!(decline(&refer, 'O').unwrap().proposed, None);
    // Not one's own, which is taken back; and not what nobody proposed.
    let mut own = by(member, CLOSE);
    own.proposed.as_mut().unwrap().by = "M".into();
    assert_eq!(decline(&own, 'M').unwrap_err(), Refusal::SamePerson("M".into()));
    own.proposed = None;
    assert_eq!(decline(&own, 'L').unwrap_err(), Refusal::NotProposed);
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
        assert_eq!(state.awaits(&person.to_string(), role(person)), waits, "{person}");
    }
}

#[test]
fn every_rule_has_a_name_of_its_own() {
    let mut names = std::collections::BTreeSet::new();
    for refusal in [
        Refusal::Undeclared,
        Refusal::TwoPersons,
        Refusal::Unread,
        Refusal::Held,
        Refusal::NotHeld,
        Refusal::Retention(TODAY),
        Refusal::SamePerson("a".into()),
        Refusal::FeedbackFirst("x"),
        Refusal::NotMissed,
    ] {
        assert!(refusal.rule().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'));
        assert!(names.insert(refusal.rule()));
    }
}
