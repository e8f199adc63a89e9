//! No sequence of events by any actors leads a case into a forbidden state.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::collections::BTreeSet;

use ed25519_dalek::SigningKey;
use proptest::prelude::*;
use protocol::{
    Hash, Priority,
    case::{
        CaseState, ClosingReason, Decision, Disposition, ReferralConsent, ReferralTarget,
        ReopenReason, Role, Stage, days_after,
        event::{Action, EVENT_VERSION, Event, HANDLER_ACTOR, ReleaseReason, midnight},
        months_after, next_event,
    },
    rotation::{RotationStatement, STATEMENT_VERSION, SignedStatement},
    submission::commitment::{FollowUpCommitment, ReportCommitment},
};
use time::{Date, macros::date};
use uuid::Uuid;

const CASE: Uuid = Uuid::from_u128(3);
const PEOPLE: [&str; 7] =
    [HANDLER_ACTOR, "lead", "awa", "bila", "elsewhere", "outside", "outside-2"];

fn role(actor: &str) -> Role {
    Role {
        desk: ["lead", "awa", "bila"].contains(&actor),
        lead: actor == "lead",
        oversight: actor.starts_with("outside"),
    }
}

fn stage() -> impl Strategy<Value = Stage> {
    prop::sample::select(Stage::ALL.to_vec())
}

fn priority() -> impl Strategy<Value = Priority> {
    prop::sample::select(Priority::ALL.to_vec())
}

fn person() -> impl Strategy<Value = String> {
    prop::sample::select(PEOPLE[1..].to_vec()).prop_map(str::to_owned)
}

fn decision() -> impl Strategy<Value = Decision> {
    let close = Decision::Close {
        disposition: Disposition::AdviceGiven,
        reason: ClosingReason::Answered,
        duplicate_of: None,
    };
    let refer = Decision::Refer { to: ReferralTarget::Police, consent: ReferralConsent::Full };
    prop_oneof![
        4 => Just(close),
        1 => priority().prop_map(|priority| Decision::Lower { priority }),
        1 => Just(refer),
        1 => Just(Decision::LiftHold),
        3 => Just(Decision::Purge),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    let (reply, copy) = (Hash::default(), Hash::default());
    prop_oneof![
        1 => Just(Action::FollowedUp(FollowUpCommitment::default())),
        1 => Just(Action::Released { reason: ReleaseReason::MissedDeadline }),
        3 => Just(Action::Declared),
        3 => Just(Action::Claimed),
        1 => Just(Action::ClaimedWithReason { note: copy }),
        1 => person().prop_map(|to| Action::Assigned { to, granted: vec![], note: None }),
        1 => Just(Action::Recused),
        1 => person().prop_map(|who| Action::Challenged { who }),
        1 => (person(), any::<bool>()).prop_map(|(who, upheld)| Action::ChallengeResolved { who, upheld }),
        2 => (stage(), stage()).prop_map(|(from, to)| Action::StageChanged { from, to, reason: None }),
        3 => Just(Action::Replied { reply, copy, feedback: true }),
        1 => Just(Action::DeadlineExtended { reply, copy }),
        1 => Just(Action::MarkedHandled),
        1 => Just(Action::ReferralFollowedUp),
        1 => Just(Action::LegalHoldPlaced),
        1 => Just(Action::Escalated),
        1 => priority().prop_map(|priority| Action::PriorityRaised { priority }),
        1 => Just(Action::RotationProposed { rotation: Box::new(statement(0, None)), grants: vec![] }),
        1 => Just(Action::RotationApproved { proposal: Hash::default() }),
        1 => Just(Action::Reopened { ground: ReopenReason::Reporter, note: None }),
        1 => Just(Action::Reopened { ground: ReopenReason::NewEvidence, note: None }),
        3 => decision().prop_map(Action::Proposed),
        4 => decision().prop_map(Action::Approved),
        1 => Just(Action::Withdrawn),
        1 => Just(Action::Declined { note: copy }),
    ]
}

/// Returns the statement that rotates the keys of this generation.
fn statement(generation: u32, previous: Option<Hash>) -> SignedStatement {
    let key = |generation: u32| SigningKey::from_bytes(&Hash::of(&[&generation.to_be_bytes()]).0);
    let next = generation + 1;
    let statement = RotationStatement {
        v: STATEMENT_VERSION,
        case: CASE,
        generation: next,
        case_recipient: Hash::default(),
        replies_key: (&key(next)).into(),
        newest_reply: None,
        previous,
    };
    statement.sign(&key(generation))
}

/// The actor, the days before the action, and the action. With `true`, a stage change starts at the
/// current stage and leads one stage further, and a rotation follows the current generation or the
/// pending proposal, so that long histories are generated too.
fn step() -> impl Strategy<Value = (String, u16, Action, bool)> {
    let days = prop_oneof![3 => Just(0_u16), 1 => 1_u16..40, 1 => 300_u16..900];
    (prop::sample::select(PEOPLE.to_vec()).prop_map(str::to_owned), days, action(), any::<bool>())
}

struct InvariantChecker {
    state: CaseState,
    today: Date,
    events: Vec<(Event, Hash)>,
    closed_on: Option<Date>,
    recused: BTreeSet<String>,
    proposed_by: Option<(String, Decision)>,
}

impl InvariantChecker {
    fn new() -> Self {
        let today = date!(2026 - 11 - 23);
        let action = Action::Received {
            desk: "audit".into(),
            priority: Priority::P3,
            retention_months: 12,
            commitment: ReportCommitment::default(),
            oversight_refused: false,
        };
        let at = midnight(today);
        let event = Event {
            v: EVENT_VERSION,
            case: CASE,
            seq: 0,
            prev: None,
            at,
            actor: HANDLER_ACTOR.into(),
            action,
        };
        let hash = Hash::of(&[b"0"]);
        let state = CaseState::from_first_event(&event, hash).unwrap();
        let (closed_on, proposed_by) = (None, None);
        Self {
            state,
            today,
            events: vec![(event, hash)],
            closed_on,
            recused: BTreeSet::new(),
            proposed_by,
        }
    }

    fn step(&mut self, actor: &str, days: u16, mut action: Action, further: bool) {
        self.today = days_after(self.today, i64::from(days));
        if let (Action::StageChanged { from, to, .. }, true) = (&mut action, further) {
            *from = self.state.stage;
            let at = Stage::ALL.iter().position(|stage| stage == from).unwrap();
            *to = Stage::ALL[(at + 1).min(Stage::ALL.len() - 1)];
        }
        if further {
            let previous = self.state.rotation.as_ref().map(RotationStatement::hash);
            match (&mut action, &self.state.pending_rotation) {
                (Action::RotationProposed { rotation, .. }, _) => {
                    **rotation = statement(self.state.generation, previous);
                }
                (Action::RotationApproved { proposal }, Some(pending)) => {
                    *proposal = pending.proposal;
                }
                _ => {}
            }
        }
        let event = next_event(CASE, &self.state, actor, midnight(self.today), action);
        let hash = Hash::of(&[self.state.head.as_bytes(), b"next"]);
        let before = self.state.clone();
        if self.state.apply(&event, hash, role(actor)).is_err() {
            assert_eq!(self.state, before, "a refusal changes nothing");
            return;
        }
        self.check_event(&before, &event);
        self.events.push((event, hash));
    }

    fn check_event(&mut self, before: &CaseState, event: &Event) {
        let (now, actor) = (&self.state, &event.actor);
        assert!(!self.recused.contains(actor), "{actor} has recused and acted");
        assert_ne!(before.stage, Stage::Purged, "nothing happens to what was purged");
        assert_eq!((now.next_seq, now.head == before.head), (before.next_seq + 1, false));
        assert!(now.unhandled <= now.received && now.received >= before.received);
        assert!(now.pending_proposal.is_none() || now.pending_rotation.is_none());
        if now.generation != before.generation {
            let pending = before.pending_rotation.as_ref().expect("proposed");
            assert_ne!(&pending.by, actor, "one person rotated the keys alone");
            assert_eq!(event.action, Action::RotationApproved { proposal: pending.proposal });
            assert_eq!(now.generation, before.generation + 1);
            assert_eq!(now.rotation.as_ref(), Some(&pending.rotation.statement));
        }
        let kinds: BTreeSet<_> =
            now.deadlines.iter().map(|deadline| format!("{:?}", deadline.kind)).collect();
        assert_eq!(kinds.len(), now.deadlines.len(), "one deadline of each kind");
        assert_eq!(now.closed.is_some(), !now.stage.is_open());
        assert!(now.stage.is_open() || now.assignee.is_none() && now.disposition.is_some());
        assert!(
            now.assignee.iter().chain(&now.conflict_free).all(|who| !now.recused.contains(who))
        );
        assert!(
            before.released.is_none() || now.released == before.released,
            "no member takes it back"
        );
        if actor == HANDLER_ACTOR {
            assert_eq!(now.stage, before.stage, "the clock moves no case");
        } else if !matches!(
            event.action,
            Action::Recused
                | Action::RotationProposed { .. }
                | Action::RotationApproved { .. }
                | Action::Withdrawn
                | Action::Declined { .. }
        ) {
            assert!(
                now.has_declared(actor) || now.recused.contains(actor),
                "{actor} acted undeclared"
            );
        }
        self.check_decision(before, event);
        self.recused.extend(self.state.recused.iter().cloned());
        self.closed_on = self.state.closed;
    }

    fn check_decision(&mut self, before: &CaseState, event: &Event) {
        let now = &self.state;
        let two = matches!(now.stage, Stage::Closed | Stage::Purged | Stage::Referred);
        if two && now.stage != before.stage
            || now.priority > before.priority
            || before.legal_hold && !now.legal_hold
        {
            let (by, decision) = self.proposed_by.clone().expect("proposed");
            assert_ne!(by, event.actor, "one person decided alone");
            assert_eq!(event.action, Action::Approved(decision));
        }
        if now.stage == Stage::Purged {
            assert!(
                months_after(self.closed_on.unwrap(), 12) <= self.today
                    && !before.legal_hold
                    && before.unhandled == 0
            );
            assert_eq!((before.stage, now.next_deadline()), (Stage::Closed, None));
        }
        if let Action::Proposed(decision) = event.action {
            self.proposed_by = Some((event.actor.clone(), decision));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_events_breaks_the_rules(steps in prop::collection::vec(step(), 1..140)) {
        let mut witness = InvariantChecker::new();
        for (actor, days, action, further) in steps {
            witness.step(&actor, days, action, further);
        }
        // Applying the same events returns the same state, before and after serialisation.
        let (first, hash) = &witness.events[0];
        let mut again = CaseState::from_first_event(first, *hash).unwrap();
        for (event, hash) in &witness.events[1..] {
            again.apply(event, *hash, role(&event.actor)).unwrap();
        }
        prop_assert_eq!(&again, &witness.state);
        let written = serde_json::to_string(&again).unwrap();
        prop_assert_eq!(serde_json::from_str::<CaseState>(&written).unwrap(), again);
        // A missing, repeated or reordered event is refused.
        for at in 1..witness.events.len() {
            let mut short = CaseState::from_first_event(first, *hash).unwrap();
            let others = witness.events.iter().enumerate().skip(1).filter(|(index, _)| *index != at);
            let mut results = others.map(|(_, (event, hash))| short.apply(event, *hash, role(&event.actor)));
            prop_assert!(at + 1 == witness.events.len() || results.any(|result| result.is_err()));
        }
    }
}
