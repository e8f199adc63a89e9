//! Moves, guards and clocks.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use ed25519_dalek::SigningKey;
use envelope::{
    Hash,
    event::{Action, Event, EventError, HANDLER, LogEntry, Release, midnight},
    keys::PublicKey,
    life::{CaseState, Clock, Disposition, Refusal, Role, Stage, next_event},
    submission::Urgency,
};
use time::{Date, macros::date};
use uuid::Uuid;

const FILED: Date = date!(2026 - 11 - 23);
const CASE: Uuid = Uuid::from_u128(3);

struct Life {
    state: CaseState,
    today: Date,
}

impl Life {
    fn begin(urgency: Urgency) -> Self {
        let action = Action::Received { desk: "audit".to_owned(), urgency };
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
        let role = Role { lead: actor == "lead", oversight: actor == "outside" };
        self.state.apply(&event, Hash::of(&[self.state.head.as_bytes(), b"next"]), role)
    }

    fn go(&mut self, actor: &str, to: Stage) -> Result<(), Refusal> {
        let from = self.state.stage;
        self.act(actor, Action::Moved { from, to, reason: None })
    }

    fn reply(&mut self, actor: &str) -> Result<(), Refusal> {
        self.act(actor, Action::Replied { reply: Hash::default(), copy: Hash::default() })
    }

    fn due(&self, clock: Clock) -> Option<Date> {
        self.state.deadlines.iter().find(|deadline| deadline.clock == clock).map(|deadline| deadline.due)
    }
}

#[test]
fn a_whole_life_from_received_to_closed_and_reopened() {
    let mut life = Life::begin(Urgency::P2);
    assert_eq!(life.due(Clock::Acknowledge), Some(date!(2026 - 11 - 30)));
    assert_eq!(life.due(Clock::Triage), Some(date!(2026 - 11 - 26)));
    assert_eq!(life.go("awa", Stage::Triaged), Err(Refusal::Unassigned));
    life.act("awa", Action::Claimed).unwrap();
    life.go("awa", Stage::Triaged).unwrap();
    assert_eq!(life.due(Clock::Triage), None);
    life.go("awa", Stage::Assessing).unwrap();
    assert_eq!(life.go("awa", Stage::Investigating), Err(Refusal::LeadOnly));
    life.go("lead", Stage::Investigating).unwrap();
    assert_eq!(life.go("awa", Stage::Decided), Err(Refusal::FeedbackFirst));
    life.reply("awa").unwrap();
    assert_eq!(life.due(Clock::Feedback), Some(date!(2027 - 02 - 21)));
    life.go("awa", Stage::Decided).unwrap();
    assert_eq!(life.go("awa", Stage::Closed), Err(Refusal::TwoPersons));
    let closing = || Action::ClosingProposed { disposition: Disposition::Substantiated };
    let approval = |disposition| Action::ClosingApproved { disposition };
    assert_eq!(life.act("bila", approval(Disposition::Substantiated)), Err(Refusal::NotProposed));
    life.act("awa", closing()).unwrap();
    assert_eq!(
        life.act("awa", approval(Disposition::Substantiated)),
        Err(Refusal::SamePerson("awa".to_owned()))
    );
    assert_eq!(life.act("bila", approval(Disposition::OutOfScope)), Err(Refusal::NotProposed));
    life.act("bila", approval(Disposition::Substantiated)).unwrap();
    assert_eq!((life.state.stage, life.state.deadlines.len()), (Stage::Closed, 0));
    assert_eq!(life.act("awa", Action::Claimed), Err(Refusal::Closed));
    assert_eq!(life.go("awa", Stage::Triaged), Err(Refusal::SamePerson("awa".to_owned())));
    life.go("bila", Stage::Triaged).unwrap();
    assert_eq!(life.state.assignee.as_deref(), Some("bila"));
}

#[test]
fn only_these_ways_lead_from_stage_to_stage() {
    use Stage::{Assessing, Closed, Decided, Investigating, Received, Referred, Triaged};
    let allowed = [
        (Received, Triaged),
        (Triaged, Assessing),
        (Assessing, Investigating),
        (Investigating, Decided),
        (Triaged, Referred),
        (Assessing, Referred),
        (Investigating, Referred),
        (Decided, Referred),
        (Referred, Assessing),
        (Closed, Triaged),
    ];
    for from in Stage::ALL {
        for to in Stage::ALL {
            let mut life = Life::begin(Urgency::P3);
            life.act("lead", Action::Claimed).unwrap();
            life.reply("lead").unwrap();
            life.state.stage = from;
            let before = life.state.clone();
            let result = life.go("lead", to);
            assert_eq!(result.is_ok(), allowed.contains(&(from, to)), "{from:?} to {to:?}: {result:?}");
            if result.is_err() {
                assert_eq!(life.state, before, "a refusal changes nothing");
            }
        }
    }
}

#[test]
fn who_recused_is_out_and_a_stale_event_loses() {
    let mut life = Life::begin(Urgency::P3);
    let late = next_event(CASE, &life.state, "bila", midnight(FILED), Action::Claimed);
    life.act("awa", Action::Claimed).unwrap();
    let lost = life.state.apply(&late, Hash::default(), Role::default());
    assert_eq!(lost, Err(Refusal::Stale { expected: 2, found: 1 }));
    life.act("awa", Action::Recused).unwrap();
    assert_eq!(life.state.assignee, None);
    assert_eq!(life.act("awa", Action::Claimed), Err(Refusal::Recused("awa".to_owned())));
    let to_awa = Action::Assigned { to: "awa".to_owned(), granted: None };
    assert_eq!(life.act("lead", to_awa), Err(Refusal::Recused("awa".to_owned())));
}

#[test]
fn persons_do_not_write_the_handlers_events_nor_it_theirs() {
    let mut life = Life::begin(Urgency::P3);
    let released = Action::Released { reason: Release::MissedDeadline };
    assert_eq!(life.act("awa", released.clone()), Err(Refusal::HandlerOnly));
    assert_eq!(life.act(HANDLER, Action::Claimed), Err(Refusal::PersonOnly));
    life.act(HANDLER, released).unwrap();
    life.act(HANDLER, Action::FollowedUp).unwrap();
    assert_eq!((life.state.released, life.state.received), (Some(Release::MissedDeadline), 2));
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
    for action in [Action::FollowedUp, Action::Recused, Action::Released { reason: Release::Filed }] {
        let event = next_event(CASE, &life.state, HANDLER, midnight(FILED), action);
        assert_eq!(event.sign(&key).peek(), Ok(event));
    }
}
