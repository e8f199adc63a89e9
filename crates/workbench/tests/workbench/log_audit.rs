//! Every kind of alteration of a log is noticed, whoever makes it: the keeper of the log holds no member's key, but can
//! compute every hash anew.

use crate::common::{House, today};
use envelope::{
    Hash,
    directory::SignedDirectory,
    event::{Action, Event, HANDLER, LogEntry, SignedEvent, midnight},
    life::{CaseState, Decision, Disposition, Ground, Reason, Role, Stage, next_event},
    submission::Urgency,
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use workbench::{
    alarm::{Alarm, Code, Severity, any_alarm},
    audit::{Audit, Export, own_entries, whole_log},
    home::SeenLog,
    roll::Roll,
};

fn out_of_scope() -> Decision {
    Decision::Close { disposition: Disposition::OutOfScope, reason: Reason::NotIntegrity, duplicate_of: None }
}

/// A log under construction.
struct Story {
    house: House,
    log: Vec<LogEntry>,
}

fn start() -> OffsetDateTime {
    midnight(today())
}

impl Story {
    /// Two cases whose events stand among each other.
    fn told() -> Self {
        let mut story = Self { house: House::new(), log: Vec::new() };
        let (a, b) = (Uuid::new_v4(), Uuid::new_v4());
        let mut a = story.receive(a);
        let mut b = story.receive(b);
        story.act(&mut a, "lead", Action::Claimed);
        story.act(&mut b, "two", Action::Claimed);
        story.act(&mut a, "lead", Action::Noted { note: Hash([1; 32]) });
        story.act(&mut a, "lead", Action::Moved { from: Stage::Received, to: Stage::Triaged, reason: None });
        story.act(&mut b, "two", Action::Noted { note: Hash([2; 32]) });
        let (reply, copy) = (Hash([3; 32]), Hash([4; 32]));
        story.act(&mut a, "lead", Action::Replied { reply, copy, feedback: false });
        story.act(&mut a, "two", Action::Declared);
        story.act(&mut a, "lead", Action::Proposed(out_of_scope()));
        story.act(&mut a, "two", Action::Approved(out_of_scope()));
        story
    }

    fn receive(&mut self, case: Uuid) -> (Uuid, CaseState) {
        let action = Action::Received {
            desk: "internal_affairs".into(),
            urgency: Urgency::P3,
            retention_months: 60,
            came: None,
        };
        let event = Event { v: 1, case, seq: 0, prev: None, at: start(), actor: HANDLER.into(), action };
        let signed = event.sign(&self.house.log_key);
        let state = CaseState::begin(&event, signed.hash()).unwrap();
        append(&mut self.log, signed);
        (case, state)
    }

    fn act(&mut self, (case, state): &mut (Uuid, CaseState), actor: &str, action: Action) {
        let event = next_event(*case, state, actor, start(), action);
        let signed = event.sign(self.house.key(actor).device());
        let role = Role { desk: true, lead: actor == "lead", oversight: false };
        state.apply(&event, signed.hash(), role).unwrap();
        append(&mut self.log, signed);
    }

    fn roll(&self) -> Roll {
        Roll::admit(&[self.house.signed()], &self.house.trust).unwrap()
    }

    fn audit(&self, log: &[LogEntry]) -> Audit {
        whole_log(log, &self.roll(), None)
    }

    fn codes(&self, log: &[LogEntry]) -> Vec<Code> {
        codes(&self.audit(log).alarms)
    }
}

fn append(log: &mut Vec<LogEntry>, event: SignedEvent) {
    let before = log.last().map_or(Hash::default(), |entry| entry.link);
    log.push(LogEntry::append(before, event));
}

/// What a keeper can do who wants the chain to look whole again.
fn rechained(log: &[LogEntry]) -> Vec<LogEntry> {
    let mut chained = Vec::new();
    for entry in log {
        append(&mut chained, entry.event.clone());
    }
    chained
}

fn codes(alarms: &[Alarm]) -> Vec<Code> {
    let mut codes: Vec<_> =
        alarms.iter().filter(|a| a.severity == Severity::Alarm).map(|alarm| alarm.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// Changes what an event says, leaving its signature.
fn reworded(entry: &LogEntry, change: impl FnOnce(&mut Event)) -> SignedEvent {
    let mut event = entry.event.peek().unwrap();
    change(&mut event);
    SignedEvent { bytes: serde_json::to_vec(&event).unwrap(), signature: entry.event.signature.clone() }
}

#[test]
fn an_honest_log_holds() {
    let story = Story::told();
    let audit = story.audit(&story.log);
    assert_eq!(audit.alarms, []);
    assert_eq!((audit.entries, audit.cases.len()), (11, 2));
    assert_eq!(audit.head, story.log.last().unwrap().link);
    assert!(audit.cases.values().any(|state| state.disposition == Some(Disposition::OutOfScope)));
}

#[test]
fn each_flipped_byte_is_noticed_wherever_it_is() {
    let story = Story::told();
    for at in 0..story.log.len() {
        for field in 0..4 {
            let mut log = story.log.clone();
            let entry = &mut log[at];
            match field {
                0 => *entry.event.bytes.last_mut().unwrap() ^= 1,
                1 => entry.event.signature[7] ^= 1,
                2 => entry.before.0[7] ^= 1,
                _ => entry.link.0[7] ^= 1,
            }
            assert!(any_alarm(&story.audit(&log).alarms), "entry {at}, field {field}");
        }
    }
}

#[test]
fn a_reworded_event_is_noticed_though_the_chain_is_made_anew() {
    let story = Story::told();
    let mut log = story.log.clone();
    log[5].event = reworded(&log[5], |event| {
        event.action =
            Action::Moved { from: Stage::Received, to: Stage::Triaged, reason: Some("other".into()) };
    });
    assert_eq!(story.codes(&rechained(&log)), [Code::Forged]);
}

#[test]
fn each_dropped_event_is_noticed_though_the_chain_is_made_anew() {
    let story = Story::told();
    let seen = SeenLog { entries: 11, link: story.log[10].link };
    for at in 0..story.log.len() {
        let mut log = story.log.clone();
        log.remove(at);
        assert_eq!(story.codes(&log).contains(&Code::BrokenLink), at != 10, "entry {at}");
        let log = rechained(&log);
        // Only the last event of a case can go without a gap in its case; memory notices that.
        let newest_of_its_case = at == 6 || at == 10;
        assert_eq!(story.codes(&log).contains(&Code::BrokenCase), !newest_of_its_case, "entry {at}");
        let audit = whole_log(&log, &story.roll(), Some(seen));
        assert!(codes(&audit.alarms).contains(&Code::Rollback), "entry {at}");
    }
}

#[test]
fn swapped_events_are_noticed() {
    let story = Story::told();
    let mut log = story.log.clone();
    log.swap(4, 5);
    assert_eq!(story.codes(&log), [Code::BrokenLink, Code::BrokenCase]);
    assert_eq!(story.codes(&rechained(&log)), [Code::BrokenCase]);
    // Two events of different cases: only memory can tell which was first.
    let mut log = story.log.clone();
    log.swap(2, 3);
    let seen = SeenLog { entries: 11, link: story.log[10].link };
    assert_eq!(codes(&whole_log(&rechained(&log), &story.roll(), Some(seen)).alarms), [Code::Rollback]);
}

#[test]
fn nobody_signs_for_somebody_else() {
    let story = Story::told();
    for (signer, key) in
        [("a colleague", story.house.key("three").device()), ("the keeper", &story.house.log_key)]
    {
        let mut log = story.log.clone();
        log[10].event = log[10].event.peek().unwrap().sign(key);
        assert_eq!(story.codes(&rechained(&log)), [Code::Forged], "{signer}");
    }
    let mut log = story.log.clone();
    let stranger = Event { actor: "stranger".into(), ..log[10].event.peek().unwrap() };
    log[10].event = stranger.sign(story.house.key("three").device());
    assert_eq!(story.codes(&rechained(&log)), [Code::UnknownActor]);
    // And no member signs for the case handler.
    let mut log = story.log.clone();
    log[0].event = log[0].event.peek().unwrap().sign(story.house.key("lead").device());
    assert!(story.codes(&rechained(&log)).contains(&Code::Forged));
}

#[test]
fn a_signed_move_that_the_rules_refuse_is_noticed() {
    let mut story = Story::told();
    let last = story.log[10].event.clone();
    let (event, hash) = (last.peek().unwrap(), last.hash());
    // Who proposed the closing reopens it as the former assignee.
    let again = Event {
        seq: event.seq + 1,
        prev: Some(hash),
        actor: "lead".into(),
        action: Action::Reopened { ground: Ground::NewEvidence },
        ..event
    };
    append(&mut story.log, again.sign(story.house.key("lead").device()));
    assert_eq!(story.codes(&story.log), [Code::RefusedMove]);
}

#[test]
fn an_added_event_of_another_branch_is_noticed() {
    let mut story = Story::told();
    let copy = story.log[4].event.clone();
    append(&mut story.log, copy);
    assert_eq!(story.codes(&story.log), [Code::BrokenCase]);
}

#[test]
fn a_log_that_was_rolled_back_is_noticed_and_one_that_grew_is_not() {
    let story = Story::told();
    let roll = story.roll();
    let seen = Some(SeenLog { entries: 8, link: story.log[7].link });
    assert_eq!(whole_log(&story.log, &roll, seen).alarms, []);
    assert_eq!(codes(&whole_log(&story.log[..7], &roll, seen).alarms), [Code::Rollback]);
    assert_eq!(codes(&whole_log(&[], &roll, seen).alarms), [Code::Rollback]);
}

#[test]
fn own_entries_are_verified_without_the_rest() {
    let story = Story::told();
    let case = story.log[0].event.peek().unwrap().case;
    let own: Vec<_> =
        story.log.iter().filter(|entry| entry.event.peek().unwrap().case == case).cloned().collect();
    assert_eq!(own_entries(&own, &story.roll()).alarms, []);
    let gap: Vec<_> =
        own.iter().enumerate().filter(|(at, _)| *at != 2).map(|(_, entry)| entry.clone()).collect();
    assert_eq!(codes(&own_entries(&gap, &story.roll()).alarms), [Code::BrokenCase]);
    let mut untied = own;
    untied[1].before = Hash([9; 32]);
    assert_eq!(codes(&own_entries(&untied, &story.roll()).alarms), [Code::BrokenLink]);
}

#[test]
fn an_export_is_verified_with_nothing_but_the_root_keys() {
    let story = Story::told();
    let mut export = Export {
        v: 1,
        instance: story.house.trust.instance,
        exported: today(),
        whole: true,
        directories: vec![story.house.signed()],
        entries: story.log.clone(),
    };
    let json = serde_json::to_vec(&export).unwrap();
    let again: Export = serde_json::from_slice(&json).unwrap();
    assert_eq!(again.verify(&story.house.trust, None).unwrap().alarms, []);
    // A directory that the keeper made up does not help.
    let other = House::new();
    assert!(export.verify(&other.trust, None).is_err());
    export.directories = vec![SignedDirectory { signatures: Vec::new(), ..story.house.signed() }];
    assert!(export.verify(&story.house.trust, None).is_err());
}

#[test]
fn somebody_who_was_taken_out_is_noticed_later() {
    let house = House::new();
    let first = house.signed();
    let mut draft = house.admin.draft().unwrap();
    draft.remove_member("two").unwrap();
    house.admin.save_draft(&draft).unwrap();
    let second = house.sign();
    let roll = Roll::admit(&[first, second], &house.trust).unwrap();
    for (days, former) in [(0, false), (3, true)] {
        let (case, at) = (Uuid::new_v4(), start() + Duration::days(days));
        let action = Action::Received {
            desk: "internal_affairs".into(),
            urgency: Urgency::P3,
            retention_months: 60,
            came: None,
        };
        let first = Event { v: 1, case, seq: 0, prev: None, at, actor: HANDLER.into(), action };
        let first = first.sign(&house.log_key);
        let prev = Some(first.hash());
        let event = Event { v: 1, case, seq: 1, prev, at, actor: "two".into(), action: Action::Claimed };
        let signed = event.sign(house.key("two").device());
        assert_eq!(roll.verify(&signed).unwrap().former, former, "{days} days after");
        // A case handler that takes it all the same does so before everybody's eyes.
        let mut log = Vec::new();
        append(&mut log, first);
        append(&mut log, signed);
        for audit in [whole_log(&log, &roll, None), own_entries(&log, &roll)] {
            assert_eq!(audit.alarms.iter().any(|alarm| alarm.code == Code::FormerMember), former);
        }
    }
}

#[test]
fn directories_out_of_their_order_are_refused() {
    let house = House::new();
    let (first, second) = (house.signed(), house.sign());
    let third = house.sign();
    assert!(Roll::admit(&[second.clone(), first.clone()], &house.trust).is_err());
    assert!(Roll::admit(&[], &house.trust).is_err());
    assert_eq!(Roll::admit(&[first.clone(), third], &house.trust).unwrap().gaps().len(), 1);
    assert_eq!(Roll::admit(&[first, second], &house.trust).unwrap().gaps(), []);
}
