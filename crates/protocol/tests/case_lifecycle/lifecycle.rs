//! Stages, deadlines and events of one case.

use ed25519_dalek::SigningKey;
use protocol::{
    Hash, Priority,
    case::{
        Calendar, ClosingReason, Deadline, DeadlineKind, Decision, Disposition, ReopenReason,
        RuleViolation, Stage,
        event::{Action, EventError, HANDLER_ACTOR, ReleaseReason, SignedEvent, midnight},
        months_after, next_event,
    },
    keys::{PublicKey, sign},
    submission::commitment::FollowUpCommitment,
};
use time::{Duration, macros::date};

use super::scenario::{CASE, CaseScenario, FILED, close};

#[test]
fn the_next_reporter_update_falls_on_a_working_day() {
    let calendar = Calendar::new(&["saturday".to_owned(), "sunday".to_owned()], &[]).unwrap();
    let mut case = CaseScenario::new(Priority::P1);
    assert_eq!(
        calendar.next_deadline(&case.state).unwrap().kind,
        DeadlineKind::Triage,
        "the triage, which does not concern the reporter"
    );
    assert_eq!(
        calendar.next_reporter_update(&case.state, FILED),
        Some(date!(2026 - 11 - 30)),
        "the first answer"
    );
    let late = date!(2026 - 12 - 01);
    assert_eq!(
        calendar.next_reporter_update(&case.state, late),
        Some(date!(2027 - 03 - 01)),
        "a Sunday, postponed; past deadlines do not count"
    );
    case.apply_action("awa", Action::Claimed).unwrap();
    case.apply_action("bila", Action::Declared).unwrap();
    case.apply_action("bila", Action::Challenged { who: "awa".to_owned() }).unwrap();
    assert_eq!(
        calendar.next_reporter_update(&case.state, FILED),
        Some(date!(2026 - 11 - 30)),
        "a conflict claim does not concern the reporter"
    );
    let closed = CaseScenario::closed();
    assert_eq!(calendar.next_reporter_update(&closed.state, FILED), None);
}

#[test]
fn a_case_goes_from_received_to_closed_and_is_reopened() {
    let mut case = CaseScenario::new(Priority::P2);
    assert_eq!(case.due_date(DeadlineKind::Acknowledge), Some(date!(2026 - 11 - 30)));
    assert_eq!(case.due_date(DeadlineKind::Triage), Some(date!(2026 - 11 - 26)));
    assert_eq!(
        case.due_date(DeadlineKind::Feedback),
        Some(date!(2027 - 02 - 28)),
        "also without an acknowledgement"
    );
    assert_eq!(case.change_stage("awa", Stage::Triaged), Err(RuleViolation::Undeclared));
    case.apply_action("awa", Action::Claimed).unwrap();
    case.change_stage("awa", Stage::Triaged).unwrap();
    assert_eq!((case.due_date(DeadlineKind::Triage), case.state.unhandled), (None, 0));
    assert_eq!(
        case.due_date(DeadlineKind::Assess),
        Some(date!(2026 - 12 - 23)),
        "from the triage on"
    );
    case.change_stage("awa", Stage::Assessing).unwrap();
    assert_eq!(case.change_stage("awa", Stage::Investigating), Err(RuleViolation::LeadOnly));
    case.apply_action("lead", Action::Declared).unwrap();
    case.change_stage("lead", Stage::Investigating).unwrap();
    case.today = date!(2026 - 12 - 01);
    case.send_reply("awa").unwrap();
    assert_eq!(case.due_date(DeadlineKind::Acknowledge), None);
    assert_eq!(
        case.due_date(DeadlineKind::Feedback),
        Some(date!(2027 - 03 - 01)),
        "three months, not ninety days"
    );
    case.today = date!(2027 - 02 - 20);
    case.apply_action(
        "awa",
        Action::DeadlineExtended { reply: Hash::default(), copy: Hash::default() },
    )
    .unwrap();
    assert_eq!(case.due_date(DeadlineKind::Investigate), Some(date!(2027 - 05 - 21)));
    case.change_stage("awa", Stage::Decided).unwrap();
    assert_eq!(case.change_stage("awa", Stage::Closed), Err(RuleViolation::SecondPersonRequired));
    let decided = close(Disposition::Substantiated, ClosingReason::Disciplinary);
    assert!(matches!(
        case.apply_action("awa", Action::Proposed(decided)),
        Err(RuleViolation::FeedbackFirst(_))
    ));
    case.send_reply("awa").unwrap();
    assert!(
        case.apply_action("awa", Action::Proposed(decided)).is_err(),
        "not every message is feedback"
    );
    case.send_feedback("awa").unwrap();
    assert_eq!(case.due_date(DeadlineKind::Feedback), None);
    case.apply_action("bila", Action::Declared).unwrap();
    assert_eq!(
        case.apply_action("bila", Action::Approved(decided)),
        Err(RuleViolation::NotProposed)
    );
    case.apply_action("awa", Action::Proposed(decided)).unwrap();
    assert_eq!(
        case.apply_action("awa", Action::Approved(decided)),
        Err(RuleViolation::SamePerson("awa".to_owned()))
    );
    let other = close(Disposition::OutOfScope, ClosingReason::OtherBody);
    assert_eq!(case.apply_action("bila", Action::Approved(other)), Err(RuleViolation::NotProposed));
    case.apply_action("bila", Action::Approved(decided)).unwrap();
    assert_eq!((case.state.stage, case.state.deadlines.len()), (Stage::Closed, 0));
    assert_eq!(
        case.apply_action("awa", Action::Claimed),
        Err(RuleViolation::WrongStage(Stage::Closed))
    );
    let again = || Action::Reopened { ground: ReopenReason::NewEvidence, note: None };
    assert_eq!(
        case.apply_action("awa", again()),
        Err(RuleViolation::AnotherInvestigator("awa".to_owned()))
    );
    case.apply_action("bila", again()).unwrap();
    assert_eq!((case.state.stage, case.state.assignee.as_deref()), (Stage::Triaged, Some("bila")));
    let back = Action::Assigned { to: "awa".to_owned(), granted: vec![], note: None };
    assert_eq!(
        case.apply_action("bila", back),
        Err(RuleViolation::AnotherInvestigator("awa".to_owned()))
    );
}

#[test]
fn a_reporter_can_have_a_case_reopened_for_180_days() {
    let mut case = CaseScenario::closed();
    let asked = || Action::Reopened { ground: ReopenReason::Reporter, note: None };
    assert_eq!(case.apply_action("bila", asked()), Err(RuleViolation::ReporterDidNotAsk));
    case.today += Duration::days(180);
    let mut late =
        CaseScenario { state: case.state.clone(), today: case.today + Duration::days(1) };
    late.apply_action(HANDLER_ACTOR, Action::FollowedUp(FollowUpCommitment::default())).unwrap();
    assert_eq!(late.apply_action("bila", asked()), Err(RuleViolation::ReporterDidNotAsk));
    assert_eq!(late.due_date(DeadlineKind::Reopen), None);
    case.apply_action(HANDLER_ACTOR, Action::FollowedUp(FollowUpCommitment::default())).unwrap();
    assert_eq!(case.due_date(DeadlineKind::Reopen), Some(case.today + Duration::days(7)));
    case.apply_action("bila", asked()).unwrap();
    assert_eq!((case.due_date(DeadlineKind::Reopen), case.state.closed), (None, None));
    assert_eq!(case.due_date(DeadlineKind::Assess), Some(case.today + Duration::days(30)));
    let again = Action::Proposed(close(Disposition::AdviceGiven, ClosingReason::Answered));
    assert!(
        matches!(case.apply_action("bila", again.clone()), Err(RuleViolation::FeedbackFirst(_))),
        "the reporter must be informed first"
    );
    case.send_reply("bila").unwrap();
    case.apply_action("bila", again).unwrap();
}

#[test]
fn two_members_lower_the_priority_and_the_triage_deadline_follows() {
    let mut case = CaseScenario::new(Priority::P2);
    case.apply_action("awa", Action::Claimed).unwrap();
    case.apply_action("bila", Action::Declared).unwrap();
    let lower = |priority| Decision::Lower { priority };
    assert_eq!(
        case.apply_action("awa", Action::Proposed(lower(Priority::P1))),
        Err(RuleViolation::OnlyLower)
    );
    case.apply_action("awa", Action::Proposed(lower(Priority::P4))).unwrap();
    assert_eq!(case.state.priority, Priority::P2);
    case.apply_action("bila", Action::Approved(lower(Priority::P4))).unwrap();
    assert_eq!(
        (case.state.priority, case.due_date(DeadlineKind::Triage)),
        (Priority::P4, Some(date!(2026 - 12 - 23)))
    );
}

#[test]
fn a_calendar_postpones_deadlines_except_the_triage_of_p1() {
    let rest = ["saturday".to_owned(), "sunday".to_owned()];
    let calendar = Calendar::new(&rest, &["11-30".to_owned()]).unwrap();
    // The first event is on a Monday. Seven days later is the holiday.
    let mut case = CaseScenario::new(Priority::P4);
    assert_eq!(calendar.next_deadline(&case.state).unwrap().due, date!(2026 - 12 - 01));
    assert_eq!(calendar.overdue_deadline(&case.state, date!(2026 - 12 - 01)), None);
    assert_eq!(
        calendar.overdue_deadline(&case.state, date!(2026 - 12 - 02)).unwrap().kind,
        DeadlineKind::Acknowledge
    );
    case.state.priority = Priority::P1;
    let triage = Deadline { kind: DeadlineKind::Triage, due: date!(2026 - 11 - 28) };
    case.state.deadlines.push(triage);
    assert_eq!(calendar.next_deadline(&case.state), Some(triage), "a Saturday");
}

#[test]
fn one_member_raises_the_priority_and_the_triage_deadline_follows() {
    let mut case = CaseScenario::new(Priority::P3);
    case.apply_action("awa", Action::Claimed).unwrap();
    assert_eq!(
        case.apply_action("awa", Action::PriorityRaised { priority: Priority::P4 }),
        Err(RuleViolation::OnlyRaise)
    );
    case.apply_action("awa", Action::PriorityRaised { priority: Priority::P1 }).unwrap();
    assert_eq!(case.due_date(DeadlineKind::Triage), Some(date!(2026 - 11 - 24)));
    assert_eq!(case.state.overdue_deadline(date!(2026 - 11 - 24)), None);
    assert_eq!(
        case.state.overdue_deadline(date!(2026 - 11 - 25)).unwrap().kind,
        DeadlineKind::Triage
    );
}

#[test]
fn a_changed_event_is_detected() {
    let key = SigningKey::from_bytes(&[4; 32]);
    let case = CaseScenario::new(Priority::P3);
    let event = next_event(CASE, &case.state, "awa", midnight(FILED), Action::Claimed);
    let signed = event.sign(&key);
    assert_eq!(signed.verify(&PublicKey::from(&key)), Ok(event));
    let unknown_key = PublicKey::from(&SigningKey::from_bytes(&[5; 32]));
    assert_eq!(signed.verify(&unknown_key), Err(EventError::Forged("awa".to_owned())));
    for at in 0..signed.bytes.len() {
        let mut changed = signed.clone();
        changed.bytes[at] ^= 1;
        assert_ne!(changed.hash(), signed.hash(), "the next event refers to another one");
        assert!(changed.verify(&PublicKey::from(&key)).is_err());
    }
    let commitment = FollowUpCommitment { generation: 1, parts: vec![Hash::of(&[b"sealed"])] };
    let followed_up = Action::FollowedUp(commitment);
    let released = Action::Released { reason: ReleaseReason::Filed };
    for action in [followed_up, Action::Recused, released] {
        let event = next_event(CASE, &case.state, HANDLER_ACTOR, midnight(FILED), action);
        assert_eq!(event.sign(&key).decode_unverified(), Ok(event));
    }
}

#[test]
fn an_event_in_another_form_is_malformed() {
    let case = CaseScenario::new(Priority::P3);
    let action = Action::StageChanged { from: Stage::Received, to: Stage::Triaged, reason: None };
    let event = next_event(CASE, &case.state, "awa", midnight(FILED), action);
    let key = SigningKey::from_bytes(&[5; 32]);
    let json = String::from_utf8(event.sign(&key).bytes).unwrap();
    for (from, to) in [
        ("{\"v\":2", "{ \"v\":2"),
        ("{\"v\":2", "{\"v\":2.0"),
        ("{\"v\":2", "{\"v\":2,\"w\":1"),
        ("{\"v\":2", "{\"v\":2,\"v\":2"),
        ("\"actor\":\"awa\"", "\"actor\":\"\\u0061wa\""),
        ("T00:00:00Z", "T00:00:00+00:00"),
        ("T00:00:00Z", "T00:00:00.0Z"),
        ("\"from\":", "\"more\":1,\"from\":"),
    ] {
        let bytes = json.replacen(from, to, 1);
        assert_ne!(bytes, json, "{to}");
        let signature = sign(&key, b"burkindi/event/v2\0", bytes.as_bytes()).to_vec();
        let signed = SignedEvent { bytes: bytes.into_bytes(), signature };
        let verified = signed.verify(&PublicKey::from(&key));
        assert!(matches!(verified, Err(EventError::Malformed(_))), "{to}: {verified:?}");
    }
}

#[test]
fn an_event_without_a_commitment_is_malformed() {
    let followed_up = r#""action":"followed-up""#;
    let received =
        r#""action":"received","data":{"desk":"audit","priority":"P3","retention-months":60}"#;
    for action in [followed_up, received] {
        let event = format!(
            r#"{{"v":2,"case":"{CASE}","seq":1,"prev":null,"at":"2026-11-23T00:00:00Z","actor":"{HANDLER_ACTOR}",{action}}}"#
        );
        let signed = SignedEvent { bytes: event.into_bytes(), signature: vec![] };
        assert!(matches!(signed.decode_unverified(), Err(EventError::Malformed(_))), "{action}");
    }
}

#[test]
fn members_cannot_write_handler_events_and_the_handler_no_member_events() {
    let mut case = CaseScenario::new(Priority::P3);
    let released = Action::Released { reason: ReleaseReason::MissedDeadline };
    assert_eq!(case.apply_action("awa", released.clone()), Err(RuleViolation::HandlerOnly));
    assert_eq!(case.apply_action(HANDLER_ACTOR, Action::Claimed), Err(RuleViolation::MemberOnly));
    assert_eq!(case.apply_action(HANDLER_ACTOR, released.clone()), Err(RuleViolation::NotOverdue));
    case.today = date!(2026 - 12 - 01);
    case.apply_action(HANDLER_ACTOR, released).unwrap();
    case.apply_action(HANDLER_ACTOR, Action::FollowedUp(FollowUpCommitment::default())).unwrap();
    assert_eq!(
        (case.state.released, case.state.received),
        (Some(ReleaseReason::MissedDeadline), 2)
    );
}

#[test]
fn a_handled_message_to_a_closed_case_still_waits_for_an_answer_or_a_reopening() {
    let calendar = Calendar::default();
    let mut case = CaseScenario::closed();
    case.apply_action(HANDLER_ACTOR, Action::FollowedUp(FollowUpCommitment::default())).unwrap();
    let due = Some(case.today + Duration::days(7));
    case.apply_action("bila", Action::MarkedHandled).unwrap();
    assert_eq!((case.state.unhandled, case.due_date(DeadlineKind::Reopen)), (0, due));
    assert_eq!(calendar.next_reporter_update(&case.state, case.today), due, "the reporter's page");
    // The content is not destroyed meanwhile.
    case.today = months_after(case.today, 60);
    let purge = || Action::Proposed(Decision::Purge);
    assert_eq!(case.apply_action("bila", purge()), Err(RuleViolation::UnhandledMessage));
    case.send_reply("bila").unwrap();
    assert_eq!(case.due_date(DeadlineKind::Reopen), None);
    case.apply_action("bila", purge()).unwrap();
}

#[test]
fn no_member_alone_keeps_an_investigation_from_its_missed_deadline() {
    let extend = || Action::DeadlineExtended { reply: Hash::default(), copy: Hash::default() };
    let mut case = CaseScenario::triaged();
    case.change_stage("awa", Stage::Assessing).unwrap();
    case.change_stage("lead", Stage::Investigating).unwrap();
    assert!(matches!(case.apply_action("bila", extend()), Err(RuleViolation::AssigneeOnly(_))));
    case.apply_action("awa", extend()).unwrap();
    let again = Err(RuleViolation::AnotherExtends("awa".to_owned()));
    assert_eq!(case.apply_action("awa", extend()), again);
    case.send_reply("awa").unwrap();
    assert_eq!(case.apply_action("awa", extend()), again, "a message changes nothing");
    case.apply_action("lead", extend()).unwrap();
    assert_eq!(
        case.apply_action("lead", extend()),
        Err(RuleViolation::AnotherExtends("lead".to_owned()))
    );
    case.apply_action("awa", extend()).unwrap();
    // The oversight body, which then reads the case, makes the second person unnecessary.
    case.today = case.due_date(DeadlineKind::Investigate).unwrap() + Duration::days(1);
    let missed = Action::Released { reason: ReleaseReason::MissedDeadline };
    case.apply_action(HANDLER_ACTOR, missed).unwrap();
    case.apply_action("awa", extend()).unwrap();
}

#[test]
fn a_request_after_a_refusal_starts_a_deadline_for_the_keys_of_the_oversight_body() {
    let asked = || Action::Released { reason: ReleaseReason::ReporterAsked };
    let mut case = CaseScenario::triaged();
    case.apply_action(HANDLER_ACTOR, asked()).unwrap();
    assert_eq!(case.due_date(DeadlineKind::OversightKeys), None, "the body has a key");
    let mut case = CaseScenario::triaged();
    case.state.oversight_refused = true;
    case.apply_action(HANDLER_ACTOR, asked()).unwrap();
    let due = Some(case.today + Duration::days(7));
    assert_eq!(case.due_date(DeadlineKind::OversightKeys), due);
    case.send_feedback("awa").unwrap();
    let advice = close(Disposition::AdviceGiven, ClosingReason::Answered);
    case.apply_action("awa", Action::Proposed(advice)).unwrap();
    case.apply_action("bila", Action::Approved(advice)).unwrap();
    assert_eq!(case.due_date(DeadlineKind::OversightKeys), due, "a closing does not end it");
    case.today = months_after(case.today, 60);
    let purge = Action::Proposed(Decision::Purge);
    assert_eq!(case.apply_action("bila", purge), Err(RuleViolation::UnhandledMessage));
    // Only a member with keys can sign.
    case.apply_action("outside", Action::Declared).unwrap();
    assert_eq!(case.due_date(DeadlineKind::OversightKeys), None);
}
