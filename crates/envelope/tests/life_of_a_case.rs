//! Moves, guards and clocks.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use ed25519_dalek::SigningKey;
use envelope::{
    Hash,
    event::{Action, Event, EventError, HANDLER, LogEntry, Release, SignedEvent, midnight},
    keys::PublicKey,
    life::{
        Calendar, CaseState, Clock, Deadline, Decision, Disposition, Ground, Reason, Refusal, Role, Stage,
        months_after, next_event,
    },
    submission::Urgency,
};
use time::{Date, Duration, macros::date};
use uuid::Uuid;

const FILED: Date = date!(2026 - 11 - 23);
const CASE: Uuid = Uuid::from_u128(3);

fn close(disposition: Disposition, reason: Reason) -> Decision {
    Decision::Close { disposition, reason, duplicate_of: None }
}

struct Life {
    state: CaseState,
    today: Date,
}

impl Life {
    fn begin(urgency: Urgency) -> Self {
        let action = Action::Received { desk: "audit".to_owned(), urgency, retention_months: 60, came: None };
        let event = Event {
            v: 1,
            case: CASE,
            seq: 0,
            prev: None,
            at: midnight(FILED),
            actor: HANDLER.to_owned(),
            action,
        };
        Self { state: CaseState::begin(&event, Hash::of(&[b"0"])).unwrap(), today: FILED }
    }

    fn act(&mut self, actor: &str, action: Action) -> Result<(), Refusal> {
        let event = next_event(CASE, &self.state, actor, midnight(self.today), action);
        let role = Role { desk: actor != "outside", lead: actor == "lead", oversight: actor == "outside" };
        self.state.apply(&event, Hash::of(&[self.state.head.as_bytes(), b"next"]), role)
    }

    fn go(&mut self, actor: &str, to: Stage) -> Result<(), Refusal> {
        let from = self.state.stage;
        self.act(actor, Action::Moved { from, to, reason: None })
    }

    fn reply(&mut self, actor: &str) -> Result<(), Refusal> {
        self.act(actor, Action::Replied { reply: Hash::default(), copy: Hash::default(), feedback: false })
    }

    fn feedback(&mut self, actor: &str) -> Result<(), Refusal> {
        self.act(actor, Action::Replied { reply: Hash::default(), copy: Hash::default(), feedback: true })
    }

    /// Triaged and acknowledged by awa; bila and the lead have declared.
    fn triaged() -> Self {
        let mut life = Self::begin(Urgency::P3);
        life.act("awa", Action::Claimed).unwrap();
        life.act("bila", Action::Declared).unwrap();
        life.act("lead", Action::Declared).unwrap();
        life.reply("awa").unwrap();
        life.go("awa", Stage::Triaged).unwrap();
        life
    }

    fn closed() -> Self {
        let mut life = Self::triaged();
        let advice = close(Disposition::AdviceGiven, Reason::Answered);
        life.act("awa", Action::Proposed(advice)).unwrap();
        life.act("bila", Action::Approved(advice)).unwrap();
        life
    }

    fn due(&self, clock: Clock) -> Option<Date> {
        self.state.deadlines.iter().find(|deadline| deadline.clock == clock).map(|deadline| deadline.due)
    }
}

#[test]
fn the_reporter_is_told_of_news_that_are_owed_to_them_on_working_days() {
    let calendar = Calendar::new(&["saturday".to_owned(), "sunday".to_owned()], &[]).unwrap();
    let mut life = Life::begin(Urgency::P1);
    assert_eq!(
        calendar.next_deadline(&life.state).unwrap().clock,
        Clock::Triage,
        "tomorrow, among ourselves"
    );
    assert_eq!(calendar.next_news(&life.state, FILED), Some(date!(2026 - 11 - 30)), "the first answer");
    let late = date!(2026 - 12 - 01);
    assert_eq!(
        calendar.next_news(&life.state, late),
        Some(date!(2027 - 03 - 01)),
        "a Sunday put off, nothing that is past"
    );
    life.act("awa", Action::Claimed).unwrap();
    life.act("bila", Action::Declared).unwrap();
    life.act("bila", Action::Challenged { who: "awa".to_owned() }).unwrap();
    assert_eq!(
        calendar.next_news(&life.state, FILED),
        Some(date!(2026 - 11 - 30)),
        "of a challenge they learn nothing"
    );
    let closed = Life::closed();
    assert_eq!(calendar.next_news(&closed.state, FILED), None);
}

#[test]
fn a_whole_life_from_received_to_closed_and_reopened() {
    let mut life = Life::begin(Urgency::P2);
    assert_eq!(life.due(Clock::Acknowledge), Some(date!(2026 - 11 - 30)));
    assert_eq!(life.due(Clock::Triage), Some(date!(2026 - 11 - 26)));
    assert_eq!(life.due(Clock::Feedback), Some(date!(2027 - 02 - 28)), "also if nobody acknowledges");
    assert_eq!(life.go("awa", Stage::Triaged), Err(Refusal::Undeclared));
    life.act("awa", Action::Claimed).unwrap();
    life.go("awa", Stage::Triaged).unwrap();
    assert_eq!((life.due(Clock::Triage), life.state.unread), (None, 0));
    assert_eq!(life.due(Clock::Assess), Some(date!(2026 - 12 - 23)), "from the triage on");
    life.go("awa", Stage::Assessing).unwrap();
    assert_eq!(life.go("awa", Stage::Investigating), Err(Refusal::LeadOnly));
    life.act("lead", Action::Declared).unwrap();
    life.go("lead", Stage::Investigating).unwrap();
    life.today = date!(2026 - 12 - 01);
    life.reply("awa").unwrap();
    assert_eq!(life.due(Clock::Acknowledge), None);
    assert_eq!(life.due(Clock::Feedback), Some(date!(2027 - 03 - 01)), "three months, not ninety days");
    life.today = date!(2027 - 02 - 20);
    life.act("awa", Action::Renewed { reply: Hash::default(), copy: Hash::default() }).unwrap();
    assert_eq!(life.due(Clock::Investigate), Some(date!(2027 - 05 - 21)));
    life.go("awa", Stage::Decided).unwrap();
    assert_eq!(life.go("awa", Stage::Closed), Err(Refusal::TwoPersons));
    let decided = close(Disposition::Substantiated, Reason::Disciplinary);
    assert!(matches!(life.act("awa", Action::Proposed(decided)), Err(Refusal::FeedbackFirst(_))));
    life.reply("awa").unwrap();
    assert!(life.act("awa", Action::Proposed(decided)).is_err(), "not every message is feedback");
    life.feedback("awa").unwrap();
    assert_eq!(life.due(Clock::Feedback), None);
    life.act("bila", Action::Declared).unwrap();
    assert_eq!(life.act("bila", Action::Approved(decided)), Err(Refusal::NotProposed));
    life.act("awa", Action::Proposed(decided)).unwrap();
    assert_eq!(life.act("awa", Action::Approved(decided)), Err(Refusal::SamePerson("awa".to_owned())));
    let other = close(Disposition::OutOfScope, Reason::OtherBody);
    assert_eq!(life.act("bila", Action::Approved(other)), Err(Refusal::NotProposed));
    life.act("bila", Action::Approved(decided)).unwrap();
    assert_eq!((life.state.stage, life.state.deadlines.len()), (Stage::Closed, 0));
    assert_eq!(life.act("awa", Action::Claimed), Err(Refusal::Stage(Stage::Closed)));
    let again = || Action::Reopened { ground: Ground::NewEvidence };
    assert_eq!(life.act("awa", again()), Err(Refusal::AnotherInvestigator("awa".to_owned())));
    life.act("bila", again()).unwrap();
    assert_eq!((life.state.stage, life.state.assignee.as_deref()), (Stage::Triaged, Some("bila")));
    let back = Action::Assigned { to: "awa".to_owned(), granted: None };
    assert_eq!(life.act("bila", back), Err(Refusal::AnotherInvestigator("awa".to_owned())));
}

#[test]
fn a_closing_has_a_reason_that_goes_with_it_and_leaves_nothing_unread() {
    let mut life = Life::triaged();
    for disposition in Disposition::ALL.into_iter().filter(|one| *one != Disposition::Unreadable) {
        for reason in [Reason::SameMatter, Reason::Disproved, Reason::Answered, Reason::Recovery] {
            let of = (disposition == Disposition::Duplicate).then_some(Uuid::from_u128(9));
            let decision = Decision::Close { disposition, reason, duplicate_of: of };
            let mut life = Life { state: life.state.clone(), today: life.today };
            let result = life.act("awa", Action::Proposed(decision));
            let expected = disposition.reasons().contains(&reason);
            assert_eq!(
                result,
                if expected { Ok(()) } else { Err(Refusal::Reason) },
                "{disposition:?} {reason:?}"
            );
        }
    }
    let of = |duplicate_of| {
        Action::Proposed(Decision::Close {
            disposition: Disposition::Duplicate,
            reason: Reason::SameMatter,
            duplicate_of,
        })
    };
    for wrong in [None, Some(CASE)] {
        assert_eq!(life.act("awa", of(wrong)), Err(Refusal::DuplicateOf));
    }
    life.act(HANDLER, Action::FollowedUp(None)).unwrap();
    let advice = close(Disposition::AdviceGiven, Reason::Answered);
    assert_eq!(life.act("awa", Action::Proposed(advice)), Err(Refusal::Unread));
    life.act("awa", Action::Read).unwrap();
    life.act("awa", Action::Proposed(advice)).unwrap();
    // The reporter writes again before the second person has looked.
    life.act(HANDLER, Action::FollowedUp(None)).unwrap();
    assert_eq!(life.act("lead", Action::Approved(advice)), Err(Refusal::Unread));
    assert_eq!(life.act("awa", Action::Proposed(advice)), Err(Refusal::Pending("awa".to_owned())));
    life.act("awa", Action::Withdrawn).unwrap();
    assert_eq!(life.act("lead", Action::Approved(advice)), Err(Refusal::NotProposed));
}

#[test]
fn a_reporter_can_have_it_reopened_for_180_days() {
    let mut life = Life::closed();
    let asked = || Action::Reopened { ground: Ground::Reporter };
    assert_eq!(life.act("bila", asked()), Err(Refusal::ReporterDidNotAsk));
    life.today += Duration::days(180);
    let mut late = Life { state: life.state.clone(), today: life.today + Duration::days(1) };
    late.act(HANDLER, Action::FollowedUp(None)).unwrap();
    assert_eq!(late.act("bila", asked()), Err(Refusal::ReporterDidNotAsk));
    assert_eq!(late.due(Clock::Reopen), None);
    life.act(HANDLER, Action::FollowedUp(None)).unwrap();
    assert_eq!(life.due(Clock::Reopen), Some(life.today + Duration::days(7)));
    life.act("bila", asked()).unwrap();
    assert_eq!((life.due(Clock::Reopen), life.state.closed), (None, None));
    assert_eq!(life.due(Clock::Assess), Some(life.today + Duration::days(30)));
    let again = Action::Proposed(close(Disposition::AdviceGiven, Reason::Answered));
    assert!(matches!(life.act("bila", again.clone()), Err(Refusal::FeedbackFirst(_))), "not without a word");
    life.reply("bila").unwrap();
    life.act("bila", again).unwrap();
}

#[test]
fn nothing_is_purged_before_its_time_under_a_hold_unread_or_by_one_person() {
    let mut life = Life::closed();
    let (propose, approve) = (Action::Proposed(Decision::Purge), Action::Approved(Decision::Purge));
    let until = months_after(life.today, 60);
    assert_eq!(life.act("bila", propose.clone()), Err(Refusal::Retention(until)));
    life.today = until;
    life.act("lead", Action::Held).unwrap();
    assert_eq!(life.act("bila", propose.clone()), Err(Refusal::Held));
    life.act("bila", Action::Proposed(Decision::LiftHold)).unwrap();
    assert_eq!(life.act("awa", Action::Approved(Decision::LiftHold)), Err(Refusal::OneLead));
    life.act("lead", Action::Approved(Decision::LiftHold)).unwrap();
    life.act(HANDLER, Action::FollowedUp(None)).unwrap();
    assert_eq!(life.act("bila", propose.clone()), Err(Refusal::Unread));
    life.act("bila", Action::Read).unwrap();
    life.act("bila", propose).unwrap();
    assert_eq!(life.act("bila", approve.clone()), Err(Refusal::SamePerson("bila".to_owned())));
    // A hold that comes in between takes the proposal away.
    let mut held = Life { state: life.state.clone(), today: life.today };
    held.act("lead", Action::Held).unwrap();
    assert_eq!(held.state.proposed, None);
    life.act("lead", approve).unwrap();
    assert_eq!((life.state.stage, life.state.next_deadline()), (Stage::Purged, None));
    assert_eq!(life.act(HANDLER, Action::FollowedUp(None)), Err(Refusal::Stage(Stage::Purged)));
}

#[test]
fn who_recused_is_out_and_a_stale_event_loses() {
    let mut life = Life::begin(Urgency::P3);
    let late = next_event(CASE, &life.state, "bila", midnight(FILED), Action::Claimed);
    life.act("awa", Action::Claimed).unwrap();
    let lost = life.state.apply(&late, Hash::default(), Role { desk: true, ..Role::default() });
    assert_eq!(lost, Err(Refusal::Stale { expected: 2, found: 1 }));
    life.act("awa", Action::Recused).unwrap();
    assert_eq!(life.state.assignee, None);
    assert_eq!(life.act("awa", Action::Claimed), Err(Refusal::Recused("awa".to_owned())));
    life.act("lead", Action::Declared).unwrap();
    let to_awa = Action::Assigned { to: "awa".to_owned(), granted: None };
    assert_eq!(life.act("lead", to_awa), Err(Refusal::Recused("awa".to_owned())));
}

#[test]
fn a_conflict_that_a_peer_claims_stops_a_colleague_until_it_is_judged() {
    let mut life = Life::triaged();
    let challenge = |who: &str| Action::Challenged { who: who.to_owned() };
    let judge = |who: &str, upheld| Action::Judged { who: who.to_owned(), upheld };
    assert_eq!(life.act("bila", challenge("bila")), Err(Refusal::OwnConflict));
    life.act("bila", challenge("awa")).unwrap();
    assert_eq!(life.due(Clock::Challenge), Some(FILED + Duration::days(7)));
    assert_eq!(life.go("awa", Stage::Assessing), Err(Refusal::Challenged("awa".to_owned())));
    assert_eq!(life.act("bila", judge("awa", true)), Err(Refusal::LeadOnly));
    life.act("lead", judge("awa", false)).unwrap();
    assert_eq!(life.due(Clock::Challenge), None);
    life.go("awa", Stage::Assessing).unwrap();
    // Of the lead the outside body judges; nobody judges a claim of their own.
    life.act("lead", challenge("awa")).unwrap();
    assert_eq!(life.act("lead", judge("awa", true)), Err(Refusal::OwnConflict));
    life.act("outside", Action::Declared).unwrap();
    life.act("outside", judge("awa", true)).unwrap();
    assert_eq!((life.state.assignee.clone(), life.state.recused.clone()), (None, vec!["awa".to_owned()]));
}

#[test]
fn persons_do_not_write_the_handlers_events_nor_it_theirs() {
    let mut life = Life::begin(Urgency::P3);
    let released = Action::Released { reason: Release::MissedDeadline };
    assert_eq!(life.act("awa", released.clone()), Err(Refusal::HandlerOnly));
    assert_eq!(life.act(HANDLER, Action::Claimed), Err(Refusal::PersonOnly));
    assert_eq!(life.act(HANDLER, released.clone()), Err(Refusal::NotMissed));
    life.today = date!(2026 - 12 - 01);
    life.act(HANDLER, released).unwrap();
    life.act(HANDLER, Action::FollowedUp(None)).unwrap();
    assert_eq!((life.state.released, life.state.received), (Some(Release::MissedDeadline), 2));
}

#[test]
fn urgency_falls_by_two_and_the_clock_with_it() {
    let mut life = Life::begin(Urgency::P2);
    life.act("awa", Action::Claimed).unwrap();
    life.act("bila", Action::Declared).unwrap();
    let lower = |urgency| Decision::Lower { urgency };
    assert_eq!(life.act("awa", Action::Proposed(lower(Urgency::P1))), Err(Refusal::OnlyLower));
    life.act("awa", Action::Proposed(lower(Urgency::P4))).unwrap();
    assert_eq!(life.state.urgency, Urgency::P2);
    life.act("bila", Action::Approved(lower(Urgency::P4))).unwrap();
    assert_eq!((life.state.urgency, life.due(Clock::Triage)), (Urgency::P4, Some(date!(2026 - 12 - 23))));
}

#[test]
fn a_calendar_puts_deadlines_off_but_not_the_most_urgent() {
    let rest = ["saturday".to_owned(), "sunday".to_owned()];
    let calendar = Calendar::new(&rest, &["11-30".to_owned()]).unwrap();
    // Filed on a Monday: seven days later is the holiday.
    let mut life = Life::begin(Urgency::P4);
    assert_eq!(calendar.next_deadline(&life.state).unwrap().due, date!(2026 - 12 - 01));
    assert_eq!(calendar.missed(&life.state, date!(2026 - 12 - 01)), None);
    assert_eq!(calendar.missed(&life.state, date!(2026 - 12 - 02)).unwrap().clock, Clock::Acknowledge);
    life.state.urgency = Urgency::P1;
    let triage = Deadline { clock: Clock::Triage, due: date!(2026 - 11 - 28) };
    life.state.deadlines.push(triage);
    assert_eq!(calendar.next_deadline(&life.state), Some(triage), "a Saturday");
}

#[test]
fn urgency_rises_by_one_person_and_the_clock_with_it() {
    let mut life = Life::begin(Urgency::P3);
    life.act("awa", Action::Claimed).unwrap();
    assert_eq!(life.act("awa", Action::Raised { urgency: Urgency::P4 }), Err(Refusal::OnlyRaise));
    life.act("awa", Action::Raised { urgency: Urgency::P1 }).unwrap();
    assert_eq!(life.due(Clock::Triage), Some(date!(2026 - 11 - 24)));
    assert_eq!(life.state.missed(date!(2026 - 11 - 24)), None);
    assert_eq!(life.state.missed(date!(2026 - 11 - 25)).unwrap().clock, Clock::Triage);
}

#[test]
fn events_and_log_entries_show_every_change() {
    let key = SigningKey::from_bytes(&[4; 32]);
    let life = Life::begin(Urgency::P3);
    let event = next_event(CASE, &life.state, "awa", midnight(FILED), Action::Claimed);
    let signed = event.sign(&key);
    assert_eq!(signed.verify(&PublicKey::from(&key)), Ok(event));
    let stranger = PublicKey::from(&SigningKey::from_bytes(&[5; 32]));
    assert_eq!(signed.verify(&stranger), Err(EventError::Forged("awa".to_owned())));
    let entry = LogEntry::append(Hash::default(), signed.clone());
    assert!(entry.is_tied());
    for at in 0..signed.bytes.len() {
        let mut changed = entry.clone();
        changed.event.bytes[at] ^= 1;
        assert!(!changed.is_tied());
        assert!(changed.event.verify(&PublicKey::from(&key)).is_err());
    }
    let told = Action::FollowedUp(Some(Hash::of(&[b"what came"])));
    let released = Action::Released { reason: Release::Filed };
    for action in [Action::FollowedUp(None), told, Action::Recused, released] {
        let event = next_event(CASE, &life.state, HANDLER, midnight(FILED), action);
        assert_eq!(event.sign(&key).peek(), Ok(event));
    }
}

const UNREADABLE: Decision =
    Decision::Close { disposition: Disposition::Unreadable, reason: Reason::AsItCame, duplicate_of: None };

#[test]
fn two_who_cannot_open_a_case_close_it_and_the_oversight_body_can_try() {
    let mut life = Life::begin(Urgency::P1);
    life.act("awa", Action::Proposed(UNREADABLE)).unwrap();
    assert_eq!(life.act("awa", Action::Approved(UNREADABLE)), Err(Refusal::SamePerson("awa".to_owned())));
    life.act("bila", Action::Approved(UNREADABLE)).unwrap();
    let state = &life.state;
    assert_eq!((state.stage, state.unread, state.deadlines.len()), (Stage::Closed, 0, 0));
    assert_eq!(state.released, Some(Release::Unreadable), "nobody makes a report disappear");
    // More junk for it starts no clock, and keeps it from no purge.
    life.act(HANDLER, Action::FollowedUp(None)).unwrap();
    assert_eq!((life.state.received, life.state.unread, life.state.asked_again), (2, 0, false));
}

#[test]
fn a_case_that_was_read_is_not_closed_as_unreadable() {
    let mut life = Life::triaged();
    assert_eq!(life.act("awa", Action::Proposed(UNREADABLE)), Err(Refusal::Stage(Stage::Triaged)));
    let mut life = Life::begin(Urgency::P1);
    life.act("awa", Action::Proposed(UNREADABLE)).unwrap();
    // A colleague who can read it goes on with it, which ends the proposal.
    life.act("bila", Action::Claimed).unwrap();
    assert_eq!(life.act("cira", Action::Approved(UNREADABLE)), Err(Refusal::Readable));
    life.act("bila", Action::Moved { from: Stage::Received, to: Stage::Triaged, reason: None }).unwrap();
    assert_eq!(life.state.proposed, None);
}

#[test]
fn who_has_opened_a_case_keeps_it_from_being_closed_as_unreadable() {
    let mut life = Life::begin(Urgency::P1);
    life.act("awa", Action::Proposed(UNREADABLE)).unwrap();
    life.act("bila", Action::Declared).unwrap();
    assert_eq!(life.act("cira", Action::Approved(UNREADABLE)), Err(Refusal::Readable));
    life.act("bila", Action::Declined { note: Hash::default() }).unwrap();
    assert_eq!(life.act("cira", Action::Proposed(UNREADABLE)), Err(Refusal::Readable));
}

#[test]
fn two_who_cannot_open_a_case_purge_it_after_its_retention_and_not_before() {
    let mut life = Life::begin(Urgency::P1);
    // Who proposed it by mistake takes it back without having opened it.
    life.act("awa", Action::Proposed(UNREADABLE)).unwrap();
    life.act("awa", Action::Withdrawn).unwrap();
    life.act("awa", Action::Proposed(UNREADABLE)).unwrap();
    life.act("bila", Action::Approved(UNREADABLE)).unwrap();
    let (propose, approve) = (Action::Proposed(Decision::Purge), Action::Approved(Decision::Purge));
    assert!(matches!(life.act("awa", propose.clone()), Err(Refusal::Retention(_))));
    life.today = months_after(FILED, 60);
    life.act("awa", propose).unwrap();
    assert_eq!(life.act("awa", approve.clone()), Err(Refusal::SamePerson("awa".to_owned())));
    assert_eq!(life.act("bila", approve.clone()), Err(Refusal::OneLead), "the lead or the oversight body");
    life.act("lead", approve).unwrap();
    assert_eq!(life.state.stage, Stage::Purged);
}

#[test]
fn a_case_that_was_opened_is_purged_by_nobody_who_has_not_declared() {
    let mut life = Life::begin(Urgency::P1);
    life.act("awa", Action::Proposed(UNREADABLE)).unwrap();
    life.act("bila", Action::Approved(UNREADABLE)).unwrap();
    // The oversight body opens it after all.
    life.act("outside", Action::Declared).unwrap();
    life.act("outside", Action::Reopened { ground: Ground::NewEvidence }).unwrap();
    life.today = months_after(FILED, 60);
    let propose = Action::Proposed(Decision::Purge);
    assert_eq!(life.act("lead", propose.clone()), Err(Refusal::Stage(Stage::Triaged)));
    assert_eq!(life.act("lead", Action::Withdrawn), Err(Refusal::Undeclared));
    let mut life = Life::closed();
    life.today = months_after(FILED, 60);
    assert_eq!(life.act("cira", propose), Err(Refusal::Undeclared));
}

#[test]
fn events_of_earlier_versions_say_nothing_of_what_came() {
    let event = format!(
        r#"{{"v":1,"case":"{CASE}","seq":1,"prev":null,"at":"2026-11-23T00:00:00Z","actor":"{HANDLER}","action":"followed-up"}}"#
    );
    let signed = SignedEvent { bytes: event.into_bytes(), signature: vec![] };
    assert_eq!(signed.peek().unwrap().action, Action::FollowedUp(None));
}
