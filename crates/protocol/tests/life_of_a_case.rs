//! Moves, guards and clocks.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use ed25519_dalek::SigningKey;
use protocol::{
    Hash,
    case::{
        Calendar, CaseState, ClosingReason, Deadline, DeadlineKind, Decision, Disposition,
        ReopenReason, Role, RuleViolation, Stage,
        event::{
            Action, Event, EventError, HANDLER_ACTOR, LogEntry, ReleaseReason, SignedEvent,
            midnight,
        },
        months_after, next_event,
    },
    keys::PublicKey,
    submission::envelope::Urgency,
};
use time::{Date, Duration, macros::date};
use uuid::Uuid;

const FILED: Date = date!(2026 - 11 - 23);
const CASE: Uuid = Uuid::from_u128(3);

fn close(disposition: Disposition, reason: ClosingReason) -> Decision {
    Decision::Close { disposition, reason, duplicate_of: None }
}

struct CaseScenario {
    state: CaseState,
    today: Date,
}

impl CaseScenario {
    fn new(urgency: Urgency) -> Self {
        let action = Action::Received {
            desk: "audit".to_owned(),
            urgency,
            retention_months: 60,
            came: None,
        };
        let event = Event {
            v: 1,
            case: CASE,
            seq: 0,
            prev: None,
            at: midnight(FILED),
            actor: HANDLER_ACTOR.to_owned(),
            action,
        };
        Self {
            state: CaseState::from_first_event(&event, Hash::of(&[b"0"])).unwrap(),
            today: FILED,
        }
    }

    fn apply_action(&mut self, actor: &str, action: Action) -> Result<(), RuleViolation> {
        let event = next_event(CASE, &self.state, actor, midnight(self.today), action);
        let role =
            Role { desk: actor != "outside", lead: actor == "lead", oversight: actor == "outside" };
        self.state.apply(&event, Hash::of(&[self.state.head.as_bytes(), b"next"]), role)
    }

    fn change_stage(&mut self, actor: &str, to: Stage) -> Result<(), RuleViolation> {
        let from = self.state.stage;
        self.apply_action(actor, Action::StageChanged { from, to, reason: None })
    }

    fn send_reply(&mut self, actor: &str) -> Result<(), RuleViolation> {
        self.apply_action(
            actor,
            Action::Replied { reply: Hash::default(), copy: Hash::default(), feedback: false },
        )
    }

    fn send_feedback(&mut self, actor: &str) -> Result<(), RuleViolation> {
        self.apply_action(
            actor,
            Action::Replied { reply: Hash::default(), copy: Hash::default(), feedback: true },
        )
    }

    /// Triaged and acknowledged by awa; bila and the lead have declared.
    fn triaged() -> Self {
        let mut life = Self::new(Urgency::P3);
        life.apply_action("awa", Action::Claimed).unwrap();
        life.apply_action("bila", Action::Declared).unwrap();
        life.apply_action("lead", Action::Declared).unwrap();
        life.send_reply("awa").unwrap();
        life.change_stage("awa", Stage::Triaged).unwrap();
        life
    }

    fn closed() -> Self {
        let mut life = Self::triaged();
        let advice = close(Disposition::AdviceGiven, ClosingReason::Answered);
        life.apply_action("awa", Action::Proposed(advice)).unwrap();
        life.apply_action("bila", Action::Approved(advice)).unwrap();
        life
    }

    fn due_date(&self, clock: DeadlineKind) -> Option<Date> {
        self.state
            .deadlines
            .iter()
            .find(|deadline| deadline.clock == clock)
            .map(|deadline| deadline.due)
    }
}

#[test]
fn the_reporter_is_told_of_news_that_are_owed_to_them_on_working_days() {
    let calendar = Calendar::new(&["saturday".to_owned(), "sunday".to_owned()], &[]).unwrap();
    let mut life = CaseScenario::new(Urgency::P1);
    assert_eq!(
        calendar.next_deadline(&life.state).unwrap().clock,
        DeadlineKind::Triage,
        "tomorrow, among ourselves"
    );
    assert_eq!(
        calendar.next_reporter_update(&life.state, FILED),
        Some(date!(2026 - 11 - 30)),
        "the first answer"
    );
    let late = date!(2026 - 12 - 01);
    assert_eq!(
        calendar.next_reporter_update(&life.state, late),
        Some(date!(2027 - 03 - 01)),
        "a Sunday put off, nothing that is past"
    );
    life.apply_action("awa", Action::Claimed).unwrap();
    life.apply_action("bila", Action::Declared).unwrap();
    life.apply_action("bila", Action::Challenged { who: "awa".to_owned() }).unwrap();
    assert_eq!(
        calendar.next_reporter_update(&life.state, FILED),
        Some(date!(2026 - 11 - 30)),
        "of a challenge they learn nothing"
    );
    let closed = CaseScenario::closed();
    assert_eq!(calendar.next_reporter_update(&closed.state, FILED), None);
}

#[test]
fn a_whole_life_from_received_to_closed_and_reopened() {
    let mut life = CaseScenario::new(Urgency::P2);
    assert_eq!(life.due_date(DeadlineKind::Acknowledge), Some(date!(2026 - 11 - 30)));
    assert_eq!(life.due_date(DeadlineKind::Triage), Some(date!(2026 - 11 - 26)));
    assert_eq!(
        life.due_date(DeadlineKind::Feedback),
        Some(date!(2027 - 02 - 28)),
        "also if nobody acknowledges"
    );
    assert_eq!(life.change_stage("awa", Stage::Triaged), Err(RuleViolation::Undeclared));
    life.apply_action("awa", Action::Claimed).unwrap();
    life.change_stage("awa", Stage::Triaged).unwrap();
    assert_eq!((life.due_date(DeadlineKind::Triage), life.state.unhandled), (None, 0));
    assert_eq!(
        life.due_date(DeadlineKind::Assess),
        Some(date!(2026 - 12 - 23)),
        "from the triage on"
    );
    life.change_stage("awa", Stage::Assessing).unwrap();
    assert_eq!(life.change_stage("awa", Stage::Investigating), Err(RuleViolation::LeadOnly));
    life.apply_action("lead", Action::Declared).unwrap();
    life.change_stage("lead", Stage::Investigating).unwrap();
    life.today = date!(2026 - 12 - 01);
    life.send_reply("awa").unwrap();
    assert_eq!(life.due_date(DeadlineKind::Acknowledge), None);
    assert_eq!(
        life.due_date(DeadlineKind::Feedback),
        Some(date!(2027 - 03 - 01)),
        "three months, not ninety days"
    );
    life.today = date!(2027 - 02 - 20);
    life.apply_action(
        "awa",
        Action::DeadlineExtended { reply: Hash::default(), copy: Hash::default() },
    )
    .unwrap();
    assert_eq!(life.due_date(DeadlineKind::Investigate), Some(date!(2027 - 05 - 21)));
    life.change_stage("awa", Stage::Decided).unwrap();
    assert_eq!(life.change_stage("awa", Stage::Closed), Err(RuleViolation::SecondPersonRequired));
    let decided = close(Disposition::Substantiated, ClosingReason::Disciplinary);
    assert!(matches!(
        life.apply_action("awa", Action::Proposed(decided)),
        Err(RuleViolation::FeedbackFirst(_))
    ));
    life.send_reply("awa").unwrap();
    assert!(
        life.apply_action("awa", Action::Proposed(decided)).is_err(),
        "not every message is feedback"
    );
    life.send_feedback("awa").unwrap();
    assert_eq!(life.due_date(DeadlineKind::Feedback), None);
    life.apply_action("bila", Action::Declared).unwrap();
    assert_eq!(
        life.apply_action("bila", Action::Approved(decided)),
        Err(RuleViolation::NotProposed)
    );
    life.apply_action("awa", Action::Proposed(decided)).unwrap();
    assert_eq!(
        life.apply_action("awa", Action::Approved(decided)),
        Err(RuleViolation::SamePerson("awa".to_owned()))
    );
    let other = close(Disposition::OutOfScope, ClosingReason::OtherBody);
    assert_eq!(life.apply_action("bila", Action::Approved(other)), Err(RuleViolation::NotProposed));
    life.apply_action("bila", Action::Approved(decided)).unwrap();
    assert_eq!((life.state.stage, life.state.deadlines.len()), (Stage::Closed, 0));
    assert_eq!(
        life.apply_action("awa", Action::Claimed),
        Err(RuleViolation::WrongStage(Stage::Closed))
    );
    let again = || Action::Reopened { ground: ReopenReason::NewEvidence };
    assert_eq!(
        life.apply_action("awa", again()),
        Err(RuleViolation::AnotherInvestigator("awa".to_owned()))
    );
    life.apply_action("bila", again()).unwrap();
    assert_eq!((life.state.stage, life.state.assignee.as_deref()), (Stage::Triaged, Some("bila")));
    let back = Action::Assigned { to: "awa".to_owned(), granted: None };
    assert_eq!(
        life.apply_action("bila", back),
        Err(RuleViolation::AnotherInvestigator("awa".to_owned()))
    );
}

#[test]
fn a_closing_has_a_reason_that_goes_with_it_and_leaves_nothing_unread() {
    let mut life = CaseScenario::triaged();
    for disposition in Disposition::ALL.into_iter().filter(|one| *one != Disposition::Unreadable) {
        for reason in [
            ClosingReason::SameMatter,
            ClosingReason::Disproved,
            ClosingReason::Answered,
            ClosingReason::Recovery,
        ] {
            let of = (disposition == Disposition::Duplicate).then_some(Uuid::from_u128(9));
            let decision = Decision::Close { disposition, reason, duplicate_of: of };
            let mut life = CaseScenario { state: life.state.clone(), today: life.today };
            let result = life.apply_action("awa", Action::Proposed(decision));
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
        assert_eq!(life.apply_action("awa", of(wrong)), Err(RuleViolation::DuplicateMismatch));
    }
    life.apply_action(HANDLER_ACTOR, Action::FollowedUp(None)).unwrap();
    let advice = close(Disposition::AdviceGiven, ClosingReason::Answered);
    assert_eq!(
        life.apply_action("awa", Action::Proposed(advice)),
        Err(RuleViolation::UnhandledMessage)
    );
    life.apply_action("awa", Action::MarkedHandled).unwrap();
    life.apply_action("awa", Action::Proposed(advice)).unwrap();
    // The reporter writes again before the second person has looked.
    life.apply_action(HANDLER_ACTOR, Action::FollowedUp(None)).unwrap();
    assert_eq!(
        life.apply_action("lead", Action::Approved(advice)),
        Err(RuleViolation::UnhandledMessage)
    );
    assert_eq!(
        life.apply_action("awa", Action::Proposed(advice)),
        Err(RuleViolation::ProposalPending("awa".to_owned()))
    );
    life.apply_action("awa", Action::Withdrawn).unwrap();
    assert_eq!(
        life.apply_action("lead", Action::Approved(advice)),
        Err(RuleViolation::NotProposed)
    );
}

#[test]
fn a_reporter_can_have_it_reopened_for_180_days() {
    let mut life = CaseScenario::closed();
    let asked = || Action::Reopened { ground: ReopenReason::Reporter };
    assert_eq!(life.apply_action("bila", asked()), Err(RuleViolation::ReporterDidNotAsk));
    life.today += Duration::days(180);
    let mut late =
        CaseScenario { state: life.state.clone(), today: life.today + Duration::days(1) };
    late.apply_action(HANDLER_ACTOR, Action::FollowedUp(None)).unwrap();
    assert_eq!(late.apply_action("bila", asked()), Err(RuleViolation::ReporterDidNotAsk));
    assert_eq!(late.due_date(DeadlineKind::Reopen), None);
    life.apply_action(HANDLER_ACTOR, Action::FollowedUp(None)).unwrap();
    assert_eq!(life.due_date(DeadlineKind::Reopen), Some(life.today + Duration::days(7)));
    life.apply_action("bila", asked()).unwrap();
    assert_eq!((life.due_date(DeadlineKind::Reopen), life.state.closed), (None, None));
    assert_eq!(life.due_date(DeadlineKind::Assess), Some(life.today + Duration::days(30)));
    let again = Action::Proposed(close(Disposition::AdviceGiven, ClosingReason::Answered));
    assert!(
        matches!(life.apply_action("bila", again.clone()), Err(RuleViolation::FeedbackFirst(_))),
        "not without a word"
    );
    life.send_reply("bila").unwrap();
    life.apply_action("bila", again).unwrap();
}

#[test]
fn nothing_is_purged_before_its_time_under_a_hold_unread_or_by_one_person() {
    let mut life = CaseScenario::closed();
    let (propose, approve) = (Action::Proposed(Decision::Purge), Action::Approved(Decision::Purge));
    let until = months_after(life.today, 60);
    assert_eq!(
        life.apply_action("bila", propose.clone()),
        Err(RuleViolation::RetentionNotOver(until))
    );
    life.today = until;
    life.apply_action("lead", Action::LegalHoldPlaced).unwrap();
    assert_eq!(life.apply_action("bila", propose.clone()), Err(RuleViolation::UnderLegalHold));
    life.apply_action("bila", Action::Proposed(Decision::LiftHold)).unwrap();
    assert_eq!(
        life.apply_action("awa", Action::Approved(Decision::LiftHold)),
        Err(RuleViolation::OneLead)
    );
    life.apply_action("lead", Action::Approved(Decision::LiftHold)).unwrap();
    life.apply_action(HANDLER_ACTOR, Action::FollowedUp(None)).unwrap();
    assert_eq!(life.apply_action("bila", propose.clone()), Err(RuleViolation::UnhandledMessage));
    life.apply_action("bila", Action::MarkedHandled).unwrap();
    life.apply_action("bila", propose).unwrap();
    assert_eq!(
        life.apply_action("bila", approve.clone()),
        Err(RuleViolation::SamePerson("bila".to_owned()))
    );
    // A hold that comes in between takes the proposal away.
    let mut held = CaseScenario { state: life.state.clone(), today: life.today };
    held.apply_action("lead", Action::LegalHoldPlaced).unwrap();
    assert_eq!(held.state.pending_proposal, None);
    life.apply_action("lead", approve).unwrap();
    assert_eq!((life.state.stage, life.state.next_deadline()), (Stage::Purged, None));
    assert_eq!(
        life.apply_action(HANDLER_ACTOR, Action::FollowedUp(None)),
        Err(RuleViolation::WrongStage(Stage::Purged))
    );
}

#[test]
fn who_recused_is_out_and_a_stale_event_loses() {
    let mut life = CaseScenario::new(Urgency::P3);
    let late = next_event(CASE, &life.state, "bila", midnight(FILED), Action::Claimed);
    life.apply_action("awa", Action::Claimed).unwrap();
    let lost = life.state.apply(&late, Hash::default(), Role { desk: true, ..Role::default() });
    assert_eq!(lost, Err(RuleViolation::Stale { expected: 2, found: 1 }));
    life.apply_action("awa", Action::Recused).unwrap();
    assert_eq!(life.state.assignee, None);
    assert_eq!(
        life.apply_action("awa", Action::Claimed),
        Err(RuleViolation::MemberRecused("awa".to_owned()))
    );
    life.apply_action("lead", Action::Declared).unwrap();
    let to_awa = Action::Assigned { to: "awa".to_owned(), granted: None };
    assert_eq!(
        life.apply_action("lead", to_awa),
        Err(RuleViolation::MemberRecused("awa".to_owned()))
    );
}

#[test]
fn a_conflict_that_a_peer_claims_stops_a_colleague_until_it_is_judged() {
    let mut life = CaseScenario::triaged();
    let challenge = |who: &str| Action::Challenged { who: who.to_owned() };
    let judge = |who: &str, upheld| Action::ChallengeResolved { who: who.to_owned(), upheld };
    assert_eq!(life.apply_action("bila", challenge("bila")), Err(RuleViolation::OwnConflict));
    life.apply_action("bila", challenge("awa")).unwrap();
    assert_eq!(life.due_date(DeadlineKind::Challenge), Some(FILED + Duration::days(7)));
    assert_eq!(
        life.change_stage("awa", Stage::Assessing),
        Err(RuleViolation::ConflictClaimed("awa".to_owned()))
    );
    assert_eq!(life.apply_action("bila", judge("awa", true)), Err(RuleViolation::LeadOnly));
    life.apply_action("lead", judge("awa", false)).unwrap();
    assert_eq!(life.due_date(DeadlineKind::Challenge), None);
    life.change_stage("awa", Stage::Assessing).unwrap();
    // Of the lead the outside body judges; nobody judges a claim of their own.
    life.apply_action("lead", challenge("awa")).unwrap();
    assert_eq!(life.apply_action("lead", judge("awa", true)), Err(RuleViolation::OwnConflict));
    life.apply_action("outside", Action::Declared).unwrap();
    life.apply_action("outside", judge("awa", true)).unwrap();
    assert_eq!(
        (life.state.assignee.clone(), life.state.recused.clone()),
        (None, vec!["awa".to_owned()])
    );
}

#[test]
fn persons_do_not_write_the_handlers_events_nor_it_theirs() {
    let mut life = CaseScenario::new(Urgency::P3);
    let released = Action::Released { reason: ReleaseReason::MissedDeadline };
    assert_eq!(life.apply_action("awa", released.clone()), Err(RuleViolation::HandlerOnly));
    assert_eq!(life.apply_action(HANDLER_ACTOR, Action::Claimed), Err(RuleViolation::MemberOnly));
    assert_eq!(life.apply_action(HANDLER_ACTOR, released.clone()), Err(RuleViolation::NotOverdue));
    life.today = date!(2026 - 12 - 01);
    life.apply_action(HANDLER_ACTOR, released).unwrap();
    life.apply_action(HANDLER_ACTOR, Action::FollowedUp(None)).unwrap();
    assert_eq!(
        (life.state.released, life.state.received),
        (Some(ReleaseReason::MissedDeadline), 2)
    );
}

#[test]
fn urgency_falls_by_two_and_the_clock_with_it() {
    let mut life = CaseScenario::new(Urgency::P2);
    life.apply_action("awa", Action::Claimed).unwrap();
    life.apply_action("bila", Action::Declared).unwrap();
    let lower = |urgency| Decision::Lower { urgency };
    assert_eq!(
        life.apply_action("awa", Action::Proposed(lower(Urgency::P1))),
        Err(RuleViolation::OnlyLower)
    );
    life.apply_action("awa", Action::Proposed(lower(Urgency::P4))).unwrap();
    assert_eq!(life.state.urgency, Urgency::P2);
    life.apply_action("bila", Action::Approved(lower(Urgency::P4))).unwrap();
    assert_eq!(
        (life.state.urgency, life.due_date(DeadlineKind::Triage)),
        (Urgency::P4, Some(date!(2026 - 12 - 23)))
    );
}

#[test]
fn a_calendar_puts_deadlines_off_but_not_the_most_urgent() {
    let rest = ["saturday".to_owned(), "sunday".to_owned()];
    let calendar = Calendar::new(&rest, &["11-30".to_owned()]).unwrap();
    // Filed on a Monday: seven days later is the holiday.
    let mut life = CaseScenario::new(Urgency::P4);
    assert_eq!(calendar.next_deadline(&life.state).unwrap().due, date!(2026 - 12 - 01));
    assert_eq!(calendar.overdue_deadline(&life.state, date!(2026 - 12 - 01)), None);
    assert_eq!(
        calendar.overdue_deadline(&life.state, date!(2026 - 12 - 02)).unwrap().clock,
        DeadlineKind::Acknowledge
    );
    life.state.urgency = Urgency::P1;
    let triage = Deadline { clock: DeadlineKind::Triage, due: date!(2026 - 11 - 28) };
    life.state.deadlines.push(triage);
    assert_eq!(calendar.next_deadline(&life.state), Some(triage), "a Saturday");
}

#[test]
fn urgency_rises_by_one_person_and_the_clock_with_it() {
    let mut life = CaseScenario::new(Urgency::P3);
    life.apply_action("awa", Action::Claimed).unwrap();
    assert_eq!(
        life.apply_action("awa", Action::PriorityRaised { urgency: Urgency::P4 }),
        Err(RuleViolation::OnlyRaise)
    );
    life.apply_action("awa", Action::PriorityRaised { urgency: Urgency::P1 }).unwrap();
    assert_eq!(life.due_date(DeadlineKind::Triage), Some(date!(2026 - 11 - 24)));
    assert_eq!(life.state.overdue_deadline(date!(2026 - 11 - 24)), None);
    assert_eq!(
        life.state.overdue_deadline(date!(2026 - 11 - 25)).unwrap().clock,
        DeadlineKind::Triage
    );
}

#[test]
fn events_and_log_entries_show_every_change() {
    let key = SigningKey::from_bytes(&[4; 32]);
    let life = CaseScenario::new(Urgency::P3);
    let event = next_event(CASE, &life.state, "awa", midnight(FILED), Action::Claimed);
    let signed = event.sign(&key);
    assert_eq!(signed.verify(&PublicKey::from(&key)), Ok(event));
    let stranger = PublicKey::from(&SigningKey::from_bytes(&[5; 32]));
    assert_eq!(signed.verify(&stranger), Err(EventError::Forged("awa".to_owned())));
    let entry = LogEntry::append(Hash::default(), signed.clone());
    assert!(entry.verify_link());
    for at in 0..signed.bytes.len() {
        let mut changed = entry.clone();
        changed.event.bytes[at] ^= 1;
        assert!(!changed.verify_link());
        assert!(changed.event.verify(&PublicKey::from(&key)).is_err());
    }
    let told = Action::FollowedUp(Some(Hash::of(&[b"what came"])));
    let released = Action::Released { reason: ReleaseReason::Filed };
    for action in [Action::FollowedUp(None), told, Action::Recused, released] {
        let event = next_event(CASE, &life.state, HANDLER_ACTOR, midnight(FILED), action);
        assert_eq!(event.sign(&key).decode_unverified(), Ok(event));
    }
}

const UNREADABLE: Decision = Decision::Close {
    disposition: Disposition::Unreadable,
    reason: ClosingReason::AsItCame,
    duplicate_of: None,
};

#[test]
fn two_who_cannot_open_a_case_close_it_and_the_oversight_body_can_try() {
    let mut life = CaseScenario::new(Urgency::P1);
    life.apply_action("awa", Action::Proposed(UNREADABLE)).unwrap();
    assert_eq!(
        life.apply_action("awa", Action::Approved(UNREADABLE)),
        Err(RuleViolation::SamePerson("awa".to_owned()))
    );
    life.apply_action("bila", Action::Approved(UNREADABLE)).unwrap();
    let state = &life.state;
    assert_eq!((state.stage, state.unhandled, state.deadlines.len()), (Stage::Closed, 0, 0));
    assert_eq!(state.released, Some(ReleaseReason::Unreadable), "nobody makes a report disappear");
    // More junk for it starts no clock, and keeps it from no purge.
    life.apply_action(HANDLER_ACTOR, Action::FollowedUp(None)).unwrap();
    assert_eq!(
        (life.state.received, life.state.unhandled, life.state.reporter_returned),
        (2, 0, false)
    );
}

#[test]
fn a_case_that_was_read_is_not_closed_as_unreadable() {
    let mut life = CaseScenario::triaged();
    assert_eq!(
        life.apply_action("awa", Action::Proposed(UNREADABLE)),
        Err(RuleViolation::WrongStage(Stage::Triaged))
    );
    let mut life = CaseScenario::new(Urgency::P1);
    life.apply_action("awa", Action::Proposed(UNREADABLE)).unwrap();
    // A colleague who can read it goes on with it, which ends the proposal.
    life.apply_action("bila", Action::Claimed).unwrap();
    assert_eq!(
        life.apply_action("cira", Action::Approved(UNREADABLE)),
        Err(RuleViolation::Readable)
    );
    life.apply_action(
        "bila",
        Action::StageChanged { from: Stage::Received, to: Stage::Triaged, reason: None },
    )
    .unwrap();
    assert_eq!(life.state.pending_proposal, None);
}

#[test]
fn who_has_opened_a_case_keeps_it_from_being_closed_as_unreadable() {
    let mut life = CaseScenario::new(Urgency::P1);
    life.apply_action("awa", Action::Proposed(UNREADABLE)).unwrap();
    life.apply_action("bila", Action::Declared).unwrap();
    assert_eq!(
        life.apply_action("cira", Action::Approved(UNREADABLE)),
        Err(RuleViolation::Readable)
    );
    life.apply_action("bila", Action::Declined { note: Hash::default() }).unwrap();
    assert_eq!(
        life.apply_action("cira", Action::Proposed(UNREADABLE)),
        Err(RuleViolation::Readable)
    );
}

#[test]
fn two_who_cannot_open_a_case_purge_it_after_its_retention_and_not_before() {
    let mut life = CaseScenario::new(Urgency::P1);
    // Who proposed it by mistake takes it back without having opened it.
    life.apply_action("awa", Action::Proposed(UNREADABLE)).unwrap();
    life.apply_action("awa", Action::Withdrawn).unwrap();
    life.apply_action("awa", Action::Proposed(UNREADABLE)).unwrap();
    life.apply_action("bila", Action::Approved(UNREADABLE)).unwrap();
    let (propose, approve) = (Action::Proposed(Decision::Purge), Action::Approved(Decision::Purge));
    assert!(matches!(
        life.apply_action("awa", propose.clone()),
        Err(RuleViolation::RetentionNotOver(_))
    ));
    life.today = months_after(FILED, 60);
    life.apply_action("awa", propose).unwrap();
    assert_eq!(
        life.apply_action("awa", approve.clone()),
        Err(RuleViolation::SamePerson("awa".to_owned()))
    );
    assert_eq!(
        life.apply_action("bila", approve.clone()),
        Err(RuleViolation::OneLead),
        "the lead or the oversight body"
    );
    life.apply_action("lead", approve).unwrap();
    assert_eq!(life.state.stage, Stage::Purged);
}

#[test]
fn a_case_that_was_opened_is_purged_by_nobody_who_has_not_declared() {
    let mut life = CaseScenario::new(Urgency::P1);
    life.apply_action("awa", Action::Proposed(UNREADABLE)).unwrap();
    life.apply_action("bila", Action::Approved(UNREADABLE)).unwrap();
    // The oversight body opens it after all.
    life.apply_action("outside", Action::Declared).unwrap();
    life.apply_action("outside", Action::Reopened { ground: ReopenReason::NewEvidence }).unwrap();
    life.today = months_after(FILED, 60);
    let propose = Action::Proposed(Decision::Purge);
    assert_eq!(
        life.apply_action("lead", propose.clone()),
        Err(RuleViolation::WrongStage(Stage::Triaged))
    );
    assert_eq!(life.apply_action("lead", Action::Withdrawn), Err(RuleViolation::Undeclared));
    let mut life = CaseScenario::closed();
    life.today = months_after(FILED, 60);
    assert_eq!(life.apply_action("cira", propose), Err(RuleViolation::Undeclared));
}

#[test]
fn events_of_earlier_versions_say_nothing_of_what_came() {
    let event = format!(
        r#"{{"v":1,"case":"{CASE}","seq":1,"prev":null,"at":"2026-11-23T00:00:00Z","actor":"{HANDLER_ACTOR}","action":"followed-up"}}"#
    );
    let signed = SignedEvent { bytes: event.into_bytes(), signature: vec![] };
    assert_eq!(signed.decode_unverified().unwrap().action, Action::FollowedUp(None));
}
