//! Lives of cases over the API: what the rules ask, what a purge leaves, and that no row of requests gets around them.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use common::{World, submissions::follow_up};
use envelope::{
    Hash,
    desk_api::{Absence, Brings, Candidate, CaseFile, LONGEST_ABSENCE, Log, NewEvent, Problem, Sealed},
    event::{Action, LogEntry, Release},
    grant::slot_tag,
    life::{Authority, Clock, Consent, Decision, Disposition, Ground, Reason, Stage, next_event},
};
use http::{Method, StatusCode};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use time::Duration;
use uuid::Uuid;

const DESK: [&str; 4] = ["awa", "bila", "coumba", "eva"];
const ADVICE: Decision =
    Decision::Close { disposition: Disposition::AdviceGiven, reason: Reason::Answered, duplicate_of: None };
const UNREADABLE: Decision =
    Decision::Close { disposition: Disposition::Unreadable, reason: Reason::AsItCame, duplicate_of: None };

fn moved(from: Stage, to: Stage) -> Action {
    Action::Moved { from, to, reason: None }
}

impl World {
    async fn filed(&mut self) -> (Uuid, envelope::submission::Opened) {
        let (report, _) = self.report(&DESK);
        self.file(&report).await.unwrap();
        (report.header.case.id, report)
    }

    /// The name of the rule that an act breaks.
    async fn breaks(&self, handle: &str, id: Uuid, action: Action) -> String {
        let problem = self.act(handle, id, action).await.unwrap_err();
        problem.rule.unwrap_or(problem.kind)
    }

    async fn answer_reporter(&self, handle: &str, id: Uuid, text: &[u8]) {
        let (reply, copy) = (Sealed(text.to_vec()), Sealed(text.to_vec()));
        let action = Action::Replied { reply: reply.hash(), copy: copy.hash(), feedback: true };
        let mut new = self.event(handle, id, action).await;
        new.brings = Brings { reply: Some(reply), copy: Some(copy), ..Brings::default() };
        self.post(handle, id, &new).await.unwrap();
    }

    /// Awa has it closed with bila; both, and coumba, have declared.
    async fn closed(&mut self) -> (Uuid, envelope::submission::Opened) {
        let (id, report) = self.filed().await;
        self.act("awa", id, Action::Claimed).await.unwrap();
        self.declare(id, &["bila", "coumba"]).await;
        self.act("awa", id, moved(Stage::Received, Stage::Triaged)).await.unwrap();
        self.answer_reporter("awa", id, b"thank you").await;
        self.act("awa", id, Action::Proposed(ADVICE)).await.unwrap();
        self.act("bila", id, Action::Approved(ADVICE)).await.unwrap();
        (id, report)
    }

    async fn log(&self) -> Vec<LogEntry> {
        self.get::<Log>("/v1/log", &self.sign_in("eva").await).await.unwrap().entries
    }
}

#[tokio::test]
async fn an_act_that_breaks_a_rule_is_refused_with_the_rules_name() {
    let mut world = World::new().await;
    let (id, _) = world.filed().await;
    let note = Action::Noted { note: Hash::default() };
    assert_eq!(world.breaks("awa", id, note).await, "undeclared");
    world.act("bila", id, Action::Claimed).await.unwrap();
    world.act("awa", id, Action::Declared).await.unwrap();
    assert_eq!(world.breaks("awa", id, Action::Proposed(ADVICE)).await, "stage");
    world.act("bila", id, moved(Stage::Received, Stage::Triaged)).await.unwrap();
    assert_eq!(world.breaks("awa", id, moved(Stage::Triaged, Stage::Assessing)).await, "assignee-only");
    assert_eq!(world.breaks("bila", id, moved(Stage::Triaged, Stage::Closed)).await, "two-persons");
    assert_eq!(world.breaks("bila", id, Action::Proposed(ADVICE)).await, "feedback-first");
    assert_eq!(world.breaks("bila", id, Action::Held).await, "lead-only");
    assert_eq!(world.breaks("bila", id, Action::Challenged { who: "nobody".into() }).await, "rule");
}

#[tokio::test]
async fn what_is_purged_is_gone_and_the_log_still_holds() {
    let mut world = World::new().await;
    let (id, report) = world.closed().await;
    let (other, _) = world.filed().await;
    world.act("awa", other, Action::Claimed).await.unwrap();
    let purge = || Action::Proposed(Decision::Purge);
    assert_eq!(world.breaks("bila", id, purge()).await, "retention");
    world.clock.advance(Duration::days(5 * 366));
    world.act("bila", id, purge()).await.unwrap();
    assert_eq!(world.breaks("bila", id, Action::Approved(Decision::Purge)).await, "same-person");
    assert_eq!(world.breaks("coumba", id, Action::Approved(Decision::Purge)).await, "one-lead");
    world.act("awa", id, Action::Approved(Decision::Purge)).await.unwrap();

    let (status, body) = {
        let token = world.sign_in("awa").await;
        world.call(Method::GET, &format!("/v1/cases/{id}"), &token, &()).await
    };
    let problem: Problem = serde_json::from_slice(&body).unwrap();
    assert_eq!((status, problem.kind.as_str()), (StatusCode::GONE, "purged"));
    let row = world.queue("awa").await.into_iter().find(|row| row.id == id).unwrap();
    assert_eq!((row.state.stage, row.lang.as_str()), (Stage::Purged, "und"));
    let token = world.sign_in("awa").await;
    let events: Vec<LogEntry> = world.get(&format!("/v1/cases/{id}/log"), &token).await.unwrap();
    assert_eq!(events.len(), usize::try_from(row.state.next_seq).unwrap());
    // Its mailbox is laid out no more; the other case's is.
    assert_eq!(world.store.mailboxes(None, 10).await.unwrap().len(), 1);
    // What comes for it later is known, and filed nowhere.
    for late in [follow_up(&report, "late"), report] {
        assert!(world.file(&late).await.is_err_and(|error| error.is_final() && !error.may_pass()));
    }
    let log = world.log().await;
    assert!(log.windows(2).all(|pair| pair[1].before == pair[0].link) && log.iter().all(LogEntry::is_tied));
    world.restart().await;
    assert!(case_handler::log::check(&world.store).await.is_ok(), "the handler starts again");
}

#[tokio::test]
async fn a_purge_waits_for_what_was_set_aside() {
    let mut world = World::new().await;
    let (id, _) = world.closed().await;
    let aside = case_handler::store::SetAside {
        id: Uuid::new_v4(),
        day: world.clock.today(),
        reason: "names a generation of the case secret that is not known".into(),
        retry: true,
        case: Some(id),
        bytes: vec![1; 100],
    };
    let writing = world.store.write().await.unwrap();
    writing.set_aside(aside).await.unwrap();
    writing.commit().await.unwrap();
    world.clock.advance(Duration::days(5 * 366));
    world.act("bila", id, Action::Proposed(Decision::Purge)).await.unwrap();
    assert_eq!(world.breaks("awa", id, Action::Approved(Decision::Purge)).await, "unread");
}

#[tokio::test]
async fn a_referral_opens_the_case_to_the_outside_body_which_decides_too() {
    let mut world = World::new().await;
    let (id, _) = world.filed().await;
    let refer = Decision::Refer { to: Authority::Prosecutor, consent: Consent::Full };
    world.declare(id, &["awa", "bila"]).await;
    assert_eq!(world.breaks("bila", id, Action::Proposed(refer)).await, "lead-only");
    assert_eq!(world.queue("eva").await, []);
    world.act("awa", id, Action::Proposed(refer)).await.unwrap();
    assert_eq!(world.queue("eva").await[0].state.released, Some(Release::Referral));
    world.act("eva", id, Action::Declared).await.unwrap();
    world.act("eva", id, Action::Approved(refer)).await.unwrap();
    let state = world.case("eva", id).await.unwrap().row.state;
    assert_eq!(state.stage, Stage::Referred);
    assert!(state.deadlines.iter().any(|deadline| deadline.clock == Clock::Referral));
}

#[tokio::test]
async fn two_close_what_came_unreadable_and_the_oversight_body_gets_it_as_it_came() {
    let mut world = World::new().await;
    let (id, _) = world.filed().await;
    let whole = |file: &CaseFile, handle: &str| {
        let Action::Received { came: Some(came), .. } = file.log[0].event.peek().unwrap().action else {
            panic!("the first event says what came");
        };
        came.is_whole(file, slot_tag(id, &world.recipient(handle)))
    };
    let file = world.case("awa", id).await.unwrap();
    assert!(whole(&file, "awa"));
    assert!(!whole(&file, "bila"), "the grant of another reader is not one's own");
    world.act("awa", id, Action::Proposed(UNREADABLE)).await.unwrap();
    assert_eq!(world.breaks("awa", id, Action::Approved(UNREADABLE)).await, "same-person");
    assert_eq!(world.queue("eva").await, []);
    world.act("bila", id, Action::Approved(UNREADABLE)).await.unwrap();
    let file = world.case("eva", id).await.unwrap();
    assert_eq!(file.row.state.stage, Stage::Closed);
    assert_eq!(file.row.state.released, Some(Release::Unreadable));
    assert!(whole(&file, "eva"));
}

#[tokio::test]
async fn nobody_closes_as_unreadable_what_a_colleague_opened() {
    let mut world = World::new().await;
    let (id, _) = world.filed().await;
    world.act("awa", id, Action::Proposed(UNREADABLE)).await.unwrap();
    world.declare(id, &["coumba"]).await;
    assert_eq!(world.breaks("bila", id, Action::Approved(UNREADABLE)).await, "readable");
}

#[tokio::test]
async fn a_colleague_with_a_conflict_loses_the_row_when_it_is_upheld() {
    let mut world = World::new().await;
    let (id, _) = world.filed().await;
    world.act("bila", id, Action::Claimed).await.unwrap();
    world.declare(id, &["awa", "coumba"]).await;
    world.act("coumba", id, Action::Challenged { who: "bila".into() }).await.unwrap();
    assert_eq!(world.breaks("bila", id, moved(Stage::Received, Stage::Triaged)).await, "challenged");
    world.act("awa", id, Action::Judged { who: "bila".into(), upheld: true }).await.unwrap();
    assert_eq!(world.queue("bila").await, []);
    assert_eq!(world.case("bila", id).await, Err(StatusCode::NOT_FOUND));
    assert_eq!(world.queue("eva").await, [], "two are left");
}

#[tokio::test]
async fn a_link_names_no_case_that_is_hidden_from_a_reader() {
    let mut world = World::new().await;
    let (here, _) = world.filed().await;
    let (there, _) = world.filed().await;
    let (hidden, _) = world.report(&["awa", "bila", "eva"]);
    world.file(&hidden).await.unwrap();
    world.act("awa", here, Action::Claimed).await.unwrap();
    let link = |to| Action::Linked { to };
    // Coumba reads the one case and knows nothing of the other.
    assert_eq!(world.breaks("awa", here, link(hidden.header.case.id)).await, "rule");
    assert_eq!(world.breaks("awa", here, link(Uuid::new_v4())).await, "rule");
    world.act("awa", here, link(there)).await.unwrap();
    assert_eq!(world.breaks("awa", here, link(there)).await, "linked");
}

#[tokio::test]
async fn an_event_of_somebody_who_was_taken_out_is_refused_with_an_old_bearer_too() {
    let mut world = World::new().await;
    let (id, _) = world.filed().await;
    let (token, claim) = (world.sign_in("bila").await, world.event("bila", id, Action::Claimed).await);
    world
        .publish(|directory| {
            directory.members.retain(|member| member.handle != "bila");
            directory.desks[0].members.retain(|handle| handle != "bila");
        })
        .await;
    let path = format!("/v1/cases/{id}/events");
    assert_eq!(world.call(Method::POST, &path, &token, &claim).await.0, StatusCode::UNAUTHORIZED);
    // Handed in by a colleague, it is still bila's.
    assert_eq!(world.post("awa", id, &claim).await.unwrap_err().kind, "malformed");
    assert_eq!(world.case("awa", id).await.unwrap().log.len(), 1);
}

#[tokio::test]
async fn who_is_away_gets_no_case_and_the_dry_run_says_why() {
    let mut world = World::new().await;
    let until = world.clock.today() + Duration::days(3);
    let away = |member: &str, until| Absence { member: member.into(), until };
    let set = async |world: &World, who: &str, absence: &Absence| {
        let token = world.sign_in(who).await;
        world.call(Method::PUT, "/v1/absence", &token, absence).await.0
    };
    assert_eq!(set(&world, "bila", &away("bila", Some(until))).await, StatusCode::NO_CONTENT);
    assert_eq!(set(&world, "bila", &away("coumba", Some(until))).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(set(&world, "awa", &away("coumba", Some(until))).await, StatusCode::NO_CONTENT, "she leads");
    let (id, _) = world.filed().await;
    let token = world.sign_in("awa").await;
    let path = format!("/v1/cases/{id}/routing");
    let candidates: Vec<Candidate> = world.get(&path, &token).await.unwrap();
    assert_eq!((candidates[0].member.as_str(), candidates[0].away), ("awa", None));
    assert_eq!(candidates.iter().filter(|other| other.away == Some(until)).count(), 2);
    assert_eq!(set(&world, "awa", &away("coumba", None)).await, StatusCode::NO_CONTENT);
    world.clock.advance(Duration::days(4));
    let candidates: Vec<Candidate> = world.get(&path, &world.sign_in("awa").await).await.unwrap();
    assert!(candidates.iter().all(|candidate| candidate.away.is_none()));
}

#[tokio::test]
async fn the_dry_run_counts_no_case_that_the_caller_does_not_see() {
    let mut world = World::new().await;
    let (seen, _) = world.filed().await;
    let (hidden, _) = world.filed().await;
    world.act("awa", hidden, Action::Claimed).await.unwrap();
    let loads = async |world: &World, who: &str| -> Vec<(String, u32)> {
        let path = format!("/v1/cases/{seen}/routing");
        let ranked: Vec<Candidate> = world.get(&path, &world.sign_in(who).await).await.unwrap();
        let mut loads: Vec<_> = ranked.into_iter().map(|one| (one.member, one.load)).collect();
        loads.sort();
        loads
    };
    let before = loads(&world, "bila").await;
    assert_eq!(before, loads(&world, "awa").await);
    world.act("bila", hidden, Action::Recused).await.unwrap();
    let (theirs, all) = (loads(&world, "bila").await, loads(&world, "awa").await);
    let of = |loads: &[(String, u32)], who: &str| loads.iter().find(|(one, _)| one == who).unwrap().1;
    assert!(of(&theirs, "awa") < of(&before, "awa"), "the case is gone from the count too: {theirs:?}");
    assert_eq!(of(&all, "awa"), of(&before, "awa"), "who sees it goes on counting it");
}

#[tokio::test]
async fn nobody_is_away_for_ever_and_a_desk_sees_who_is() {
    let world = World::new().await;
    let today = world.clock.today();
    let token = world.sign_in("bila").await;
    let set = async |until| {
        let absence = Absence { member: "bila".into(), until };
        world.call(Method::PUT, "/v1/absence", &token, &absence).await
    };
    let rule = |(status, body): (StatusCode, Vec<u8>)| {
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        serde_json::from_slice::<Problem>(&body).unwrap().rule.unwrap()
    };
    let last = today + LONGEST_ABSENCE;
    assert_eq!(rule(set(Some(last + Duration::days(1))).await), "absence-too-long");
    assert_eq!(rule(set(Some(time::Date::MAX)).await), "absence-too-long");
    assert_eq!(rule(set(Some(today - Duration::days(1))).await), "absence-past");
    let awa = Absence { member: "awa".into(), until: Some(today) };
    assert_eq!(rule(world.call(Method::PUT, "/v1/absence", &token, &awa).await), "absence-lead-only");
    let away = async |who: &str| -> Vec<Absence> {
        world.get("/v1/absence", &world.sign_in(who).await).await.unwrap()
    };
    assert_eq!(away("awa").await, [], "what is refused changes nothing");
    assert_eq!(set(Some(last)).await.0, StatusCode::NO_CONTENT);
    assert_eq!(away("awa").await, [Absence { member: "bila".into(), until: Some(last) }]);
    assert_eq!(away("bila").await.len(), 1);
    assert_eq!(away("eva").await, [], "no desk in common");
    assert_eq!(set(None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(away("awa").await, []);
}

/// Any action, most of them out of place.
fn anything(rng: &mut StdRng, state: &envelope::life::CaseState) -> Action {
    let who = |rng: &mut StdRng| (*DESK.choose(rng).unwrap()).to_owned();
    let decision = [ADVICE, Decision::Purge, Decision::LiftHold].choose(rng).copied().unwrap();
    match rng.gen_range(0..20) {
        0..3 => Action::Claimed,
        3..6 => Action::Declared,
        6 => Action::Recused,
        7 => Action::Challenged { who: who(rng) },
        8 => Action::Judged { who: who(rng), upheld: rng.r#gen() },
        9 => Action::Assigned { to: who(rng), granted: None },
        10..13 => {
            let at = Stage::ALL.iter().position(|stage| *stage == state.stage).unwrap();
            moved(state.stage, Stage::ALL[(at + rng.gen_range(0..3)).min(7)])
        }
        13 => Action::Read,
        14 => Action::Escalated,
        15 => Action::Held,
        16 => Action::Reopened { ground: Ground::NewEvidence },
        17 => Action::Proposed(decision),
        18 => Action::Approved(state.proposed.as_ref().map_or(decision, |proposal| proposal.decision)),
        _ => Action::Released { reason: Release::MissedDeadline },
    }
}

#[tokio::test]
async fn no_row_of_requests_opens_a_case_to_a_recused_person_or_breaks_the_chain() {
    for seed in 0..6 {
        let mut world = World::new().await;
        let (id, _) = world.filed().await;
        let mut rng = StdRng::seed_from_u64(seed);
        let (mut accepted, mut state) =
            (1, world.store.visible_case("awa", id).await.unwrap().unwrap().state);
        for _ in 0..60 {
            let handle = *DESK.choose(&mut rng).unwrap();
            let action = anything(&mut rng, &state);
            let (key, old) = (&world.people[handle].1, rng.gen_bool(0.1));
            let mut event = next_event(id, &state, handle, world.clock.now(), action);
            event.seq -= u32::from(old && event.seq > 1);
            let new = NewEvent { event: event.sign(key), brings: Brings::default() };
            let before = world.queue(handle).await.len();
            if world.post(handle, id, &new).await.is_ok() {
                assert_eq!(before, 1, "{handle} saw no row and acted");
                accepted += 1;
                world.post(handle, id, &new).await.unwrap_err();
            }
            let log = world.store.log_of(id).await.unwrap();
            if let Some(case) = world.store.cases_behind(None, 1).await.unwrap().pop() {
                state = case.state;
            }
            assert!(log.len() >= accepted && state.next_seq as usize == log.len());
            for recused in &state.recused {
                assert_eq!(world.queue(recused).await, [], "no row");
                assert_eq!(world.case(recused, id).await, Err(StatusCode::NOT_FOUND), "no case");
                assert!(!world.store.holders(id).await.unwrap().contains(recused), "no grant");
            }
            let holders = world.store.holders(id).await.unwrap();
            let outside = state.released.is_some() && !state.recused.contains(&"eva".to_owned());
            assert_eq!(holders.contains(&"eva".to_owned()), outside, "locked until released");
        }
        case_handler::log::check(&world.store).await.unwrap();
    }
}
