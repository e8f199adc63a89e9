//! Lives of cases over the API: what the rules ask, what a purge leaves, and that no row of
//! requests gets around them.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use common::{HandlerFixture, submissions::follow_up};
use http::{Method, StatusCode};
use protocol::{
    Hash,
    api::workbench::{
        Absence, AssigneeCandidate, AuditLog, CaseDetail, EventPayload, MAX_ABSENCE, NewEvent,
        ProblemDetails, SealedBytes,
    },
    case::{
        ClosingReason, DeadlineKind, Decision, Disposition, ReferralConsent, ReferralTarget,
        ReopenReason, Stage,
        event::{Action, LogEntry, ReleaseReason},
        next_event,
    },
    submission::key_grant::grant_tag,
};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use time::Duration;
use uuid::Uuid;

const DESK_MEMBERS: [&str; 4] = ["awa", "bila", "coumba", "eva"];
const ADVICE: Decision = Decision::Close {
    disposition: Disposition::AdviceGiven,
    reason: ClosingReason::Answered,
    duplicate_of: None,
};
const UNREADABLE: Decision = Decision::Close {
    disposition: Disposition::Unreadable,
    reason: ClosingReason::AsItCame,
    duplicate_of: None,
};

fn stage_changed(from: Stage, to: Stage) -> Action {
    Action::StageChanged { from, to, reason: None }
}

impl HandlerFixture {
    async fn ingested_case(&mut self) -> (Uuid, protocol::submission::envelope::OpenedSubmission) {
        let (report, _) = self.new_report(&DESK_MEMBERS);
        self.ingest(&report).await.unwrap();
        (report.header.case.id, report)
    }

    /// The name of the rule that an act breaks.
    async fn violated_rule(&self, handle: &str, id: Uuid, action: Action) -> String {
        let problem = self.post_action(handle, id, action).await.unwrap_err();
        problem.rule.unwrap_or(problem.kind)
    }

    async fn reply_to_reporter(&self, handle: &str, id: Uuid, text: &[u8]) {
        let (reply, copy) = (SealedBytes(text.to_vec()), SealedBytes(text.to_vec()));
        let action = Action::Replied { reply: reply.hash(), copy: copy.hash(), feedback: true };
        let mut new = self.signed_event(handle, id, action).await;
        new.payload =
            EventPayload { reply: Some(reply), copy: Some(copy), ..EventPayload::default() };
        self.post_event(handle, id, &new).await.unwrap();
    }

    /// Awa has it closed with bila; both, and coumba, have declared.
    async fn closed_case(&mut self) -> (Uuid, protocol::submission::envelope::OpenedSubmission) {
        let (id, report) = self.ingested_case().await;
        self.post_action("awa", id, Action::Claimed).await.unwrap();
        self.declare(id, &["bila", "coumba"]).await;
        self.post_action("awa", id, stage_changed(Stage::Received, Stage::Triaged)).await.unwrap();
        self.reply_to_reporter("awa", id, b"thank you").await;
        self.post_action("awa", id, Action::Proposed(ADVICE)).await.unwrap();
        self.post_action("bila", id, Action::Approved(ADVICE)).await.unwrap();
        (id, report)
    }

    async fn audit_log(&self) -> Vec<LogEntry> {
        self.get::<AuditLog>("/v1/log", &self.sign_in("eva").await).await.unwrap().entries
    }
}

#[tokio::test]
async fn an_act_that_breaks_a_rule_is_refused_with_the_rules_name() {
    let mut world = HandlerFixture::new().await;
    let (id, _) = world.ingested_case().await;
    let note = Action::NoteAdded { note: Hash::default() };
    assert_eq!(world.violated_rule("awa", id, note).await, "undeclared");
    world.post_action("bila", id, Action::Claimed).await.unwrap();
    world.post_action("awa", id, Action::Declared).await.unwrap();
    assert_eq!(world.violated_rule("awa", id, Action::Proposed(ADVICE)).await, "stage");
    world.post_action("bila", id, stage_changed(Stage::Received, Stage::Triaged)).await.unwrap();
    assert_eq!(
        world.violated_rule("awa", id, stage_changed(Stage::Triaged, Stage::Assessing)).await,
        "assignee-only"
    );
    assert_eq!(
        world.violated_rule("bila", id, stage_changed(Stage::Triaged, Stage::Closed)).await,
        "two-persons"
    );
    assert_eq!(world.violated_rule("bila", id, Action::Proposed(ADVICE)).await, "feedback-first");
    assert_eq!(world.violated_rule("bila", id, Action::LegalHoldPlaced).await, "lead-only");
    assert_eq!(
        world.violated_rule("bila", id, Action::Challenged { who: "nobody".into() }).await,
        "rule"
    );
}

#[tokio::test]
async fn what_is_purged_is_gone_and_the_log_still_holds() {
    let mut world = HandlerFixture::new().await;
    let (id, report) = world.closed_case().await;
    let (other, _) = world.ingested_case().await;
    world.post_action("awa", other, Action::Claimed).await.unwrap();
    let purge = || Action::Proposed(Decision::Purge);
    assert_eq!(world.violated_rule("bila", id, purge()).await, "retention");
    world.clock.advance(Duration::days(5 * 366));
    world.post_action("bila", id, purge()).await.unwrap();
    assert_eq!(
        world.violated_rule("bila", id, Action::Approved(Decision::Purge)).await,
        "same-person"
    );
    assert_eq!(
        world.violated_rule("coumba", id, Action::Approved(Decision::Purge)).await,
        "one-lead"
    );
    world.post_action("awa", id, Action::Approved(Decision::Purge)).await.unwrap();

    let (status, body) = {
        let token = world.sign_in("awa").await;
        world.request(Method::GET, &format!("/v1/cases/{id}"), &token, &()).await
    };
    let problem: ProblemDetails = serde_json::from_slice(&body).unwrap();
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
        assert!(
            world
                .ingest(&late)
                .await
                .is_err_and(|error| error.is_permanent() && !error.is_retryable())
        );
    }
    let log = world.audit_log().await;
    assert!(
        log.windows(2).all(|pair| pair[1].previous_link == pair[0].link)
            && log.iter().all(LogEntry::verify_link)
    );
    world.restart().await;
    assert!(
        case_handler::event_log::verify_chain(&world.store).await.is_ok(),
        "the handler starts again"
    );
}

#[tokio::test]
async fn a_purge_waits_for_what_is_quarantined() {
    let mut world = HandlerFixture::new().await;
    let (id, _) = world.closed_case().await;
    let aside = case_handler::store::QuarantinedSubmission {
        id: Uuid::new_v4(),
        day: world.clock.today(),
        reason: "names a generation of the case secret that is not known".into(),
        retry: true,
        case: Some(id),
        bytes: vec![1; 100],
    };
    let writing = world.store.begin_write().await.unwrap();
    writing.quarantine(aside).await.unwrap();
    writing.commit().await.unwrap();
    world.clock.advance(Duration::days(5 * 366));
    world.post_action("bila", id, Action::Proposed(Decision::Purge)).await.unwrap();
    assert_eq!(world.violated_rule("awa", id, Action::Approved(Decision::Purge)).await, "unread");
}

#[tokio::test]
async fn a_referral_opens_the_case_to_the_oversight_body_which_decides_too() {
    let mut world = HandlerFixture::new().await;
    let (id, _) = world.ingested_case().await;
    let refer = Decision::Refer { to: ReferralTarget::Prosecutor, consent: ReferralConsent::Full };
    world.declare(id, &["awa", "bila"]).await;
    assert_eq!(world.violated_rule("bila", id, Action::Proposed(refer)).await, "lead-only");
    assert_eq!(world.queue("eva").await, []);
    world.post_action("awa", id, Action::Proposed(refer)).await.unwrap();
    assert_eq!(world.queue("eva").await[0].state.released, Some(ReleaseReason::Referral));
    world.post_action("eva", id, Action::Declared).await.unwrap();
    world.post_action("eva", id, Action::Approved(refer)).await.unwrap();
    let state = world.case("eva", id).await.unwrap().row.state;
    assert_eq!(state.stage, Stage::Referred);
    assert!(state.deadlines.iter().any(|deadline| deadline.clock == DeadlineKind::Referral));
}

#[tokio::test]
async fn two_close_what_came_unreadable_and_the_oversight_body_gets_it_as_it_came() {
    let mut world = HandlerFixture::new().await;
    let (id, _) = world.ingested_case().await;
    let whole = |file: &CaseDetail, handle: &str| {
        let Action::Received { came: Some(came), .. } =
            file.log[0].event.decode_unverified().unwrap().action
        else {
            panic!("the first event says what came");
        };
        came.matches_case(file, grant_tag(id, &world.recipient(handle)))
    };
    let file = world.case("awa", id).await.unwrap();
    assert!(whole(&file, "awa"));
    assert!(!whole(&file, "bila"), "the grant of another reader is not one's own");
    world.post_action("awa", id, Action::Proposed(UNREADABLE)).await.unwrap();
    assert_eq!(world.violated_rule("awa", id, Action::Approved(UNREADABLE)).await, "same-person");
    assert_eq!(world.queue("eva").await, []);
    world.post_action("bila", id, Action::Approved(UNREADABLE)).await.unwrap();
    let file = world.case("eva", id).await.unwrap();
    assert_eq!(file.row.state.stage, Stage::Closed);
    assert_eq!(file.row.state.released, Some(ReleaseReason::Unreadable));
    assert!(whole(&file, "eva"));
}

#[tokio::test]
async fn nobody_closes_as_unreadable_what_a_colleague_opened() {
    let mut world = HandlerFixture::new().await;
    let (id, _) = world.ingested_case().await;
    world.post_action("awa", id, Action::Proposed(UNREADABLE)).await.unwrap();
    world.declare(id, &["coumba"]).await;
    assert_eq!(world.violated_rule("bila", id, Action::Approved(UNREADABLE)).await, "readable");
}

#[tokio::test]
async fn a_colleague_with_a_conflict_loses_the_row_when_it_is_upheld() {
    let mut world = HandlerFixture::new().await;
    let (id, _) = world.ingested_case().await;
    world.post_action("bila", id, Action::Claimed).await.unwrap();
    world.declare(id, &["awa", "coumba"]).await;
    world.post_action("coumba", id, Action::Challenged { who: "bila".into() }).await.unwrap();
    assert_eq!(
        world.violated_rule("bila", id, stage_changed(Stage::Received, Stage::Triaged)).await,
        "challenged"
    );
    world
        .post_action("awa", id, Action::ChallengeResolved { who: "bila".into(), upheld: true })
        .await
        .unwrap();
    assert_eq!(world.queue("bila").await, []);
    assert_eq!(world.case("bila", id).await, Err(StatusCode::NOT_FOUND));
    assert_eq!(world.queue("eva").await, [], "two are left");
}

#[tokio::test]
async fn a_link_names_no_case_that_is_hidden_from_a_reader() {
    let mut world = HandlerFixture::new().await;
    let (here, _) = world.ingested_case().await;
    let (there, _) = world.ingested_case().await;
    let (hidden, _) = world.new_report(&["awa", "bila", "eva"]);
    world.ingest(&hidden).await.unwrap();
    world.post_action("awa", here, Action::Claimed).await.unwrap();
    let link = |to| Action::Linked { to };
    // Coumba reads the one case and knows nothing of the other.
    assert_eq!(world.violated_rule("awa", here, link(hidden.header.case.id)).await, "rule");
    assert_eq!(world.violated_rule("awa", here, link(Uuid::new_v4())).await, "rule");
    world.post_action("awa", here, link(there)).await.unwrap();
    assert_eq!(world.violated_rule("awa", here, link(there)).await, "linked");
}

#[tokio::test]
async fn an_event_of_somebody_who_was_taken_out_is_refused_with_an_old_bearer_too() {
    let mut world = HandlerFixture::new().await;
    let (id, _) = world.ingested_case().await;
    let (token, claim) =
        (world.sign_in("bila").await, world.signed_event("bila", id, Action::Claimed).await);
    world
        .publish(|directory| {
            directory.members.retain(|member| member.handle != "bila");
            directory.desks[0].members.retain(|handle| handle != "bila");
        })
        .await;
    let path = format!("/v1/cases/{id}/events");
    assert_eq!(
        world.request(Method::POST, &path, &token, &claim).await.0,
        StatusCode::UNAUTHORIZED
    );
    // Handed in by a colleague, it is still bila's.
    assert_eq!(world.post_event("awa", id, &claim).await.unwrap_err().kind, "malformed");
    assert_eq!(world.case("awa", id).await.unwrap().log.len(), 1);
}

#[tokio::test]
async fn who_is_away_gets_no_case_and_the_dry_run_says_why() {
    let mut world = HandlerFixture::new().await;
    let until = world.clock.today() + Duration::days(3);
    let away = |member: &str, until| Absence { member: member.into(), until };
    let set = async |world: &HandlerFixture, who: &str, absence: &Absence| {
        let token = world.sign_in(who).await;
        world.request(Method::PUT, "/v1/absence", &token, absence).await.0
    };
    assert_eq!(set(&world, "bila", &away("bila", Some(until))).await, StatusCode::NO_CONTENT);
    assert_eq!(
        set(&world, "bila", &away("coumba", Some(until))).await,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(
        set(&world, "awa", &away("coumba", Some(until))).await,
        StatusCode::NO_CONTENT,
        "she leads"
    );
    let (id, _) = world.ingested_case().await;
    let token = world.sign_in("awa").await;
    let path = format!("/v1/cases/{id}/routing");
    let candidates: Vec<AssigneeCandidate> = world.get(&path, &token).await.unwrap();
    assert_eq!((candidates[0].member.as_str(), candidates[0].away), ("awa", None));
    assert_eq!(candidates.iter().filter(|other| other.away == Some(until)).count(), 2);
    assert_eq!(set(&world, "awa", &away("coumba", None)).await, StatusCode::NO_CONTENT);
    world.clock.advance(Duration::days(4));
    let candidates: Vec<AssigneeCandidate> =
        world.get(&path, &world.sign_in("awa").await).await.unwrap();
    assert!(candidates.iter().all(|candidate| candidate.away.is_none()));
}

#[tokio::test]
async fn the_dry_run_counts_no_case_that_the_caller_does_not_see() {
    let mut world = HandlerFixture::new().await;
    let (seen, _) = world.ingested_case().await;
    let (hidden, _) = world.ingested_case().await;
    world.post_action("awa", hidden, Action::Claimed).await.unwrap();
    let loads = async |world: &HandlerFixture, who: &str| -> Vec<(String, u32)> {
        let path = format!("/v1/cases/{seen}/routing");
        let ranked: Vec<AssigneeCandidate> =
            world.get(&path, &world.sign_in(who).await).await.unwrap();
        let mut loads: Vec<_> = ranked.into_iter().map(|one| (one.member, one.load)).collect();
        loads.sort();
        loads
    };
    let before = loads(&world, "bila").await;
    assert_eq!(before, loads(&world, "awa").await);
    world.post_action("bila", hidden, Action::Recused).await.unwrap();
    let (theirs, all) = (loads(&world, "bila").await, loads(&world, "awa").await);
    let of =
        |loads: &[(String, u32)], who: &str| loads.iter().find(|(one, _)| one == who).unwrap().1;
    assert!(
        of(&theirs, "awa") < of(&before, "awa"),
        "the case is gone from the count too: {theirs:?}"
    );
    assert_eq!(of(&all, "awa"), of(&before, "awa"), "who sees it goes on counting it");
}

#[tokio::test]
async fn nobody_is_away_for_ever_and_a_desk_sees_who_is() {
    let world = HandlerFixture::new().await;
    let today = world.clock.today();
    let token = world.sign_in("bila").await;
    let set = async |until| {
        let absence = Absence { member: "bila".into(), until };
        world.request(Method::PUT, "/v1/absence", &token, &absence).await
    };
    let rule = |(status, body): (StatusCode, Vec<u8>)| {
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        serde_json::from_slice::<ProblemDetails>(&body).unwrap().rule.unwrap()
    };
    let last = today + MAX_ABSENCE;
    assert_eq!(rule(set(Some(last + Duration::days(1))).await), "absence-too-long");
    assert_eq!(rule(set(Some(time::Date::MAX)).await), "absence-too-long");
    assert_eq!(rule(set(Some(today - Duration::days(1))).await), "absence-past");
    let awa = Absence { member: "awa".into(), until: Some(today) };
    assert_eq!(
        rule(world.request(Method::PUT, "/v1/absence", &token, &awa).await),
        "absence-lead-only"
    );
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
fn random_action(rng: &mut StdRng, state: &protocol::case::CaseState) -> Action {
    let who = |rng: &mut StdRng| (*DESK_MEMBERS.choose(rng).unwrap()).to_owned();
    let decision = [ADVICE, Decision::Purge, Decision::LiftHold].choose(rng).copied().unwrap();
    match rng.gen_range(0..20) {
        0..3 => Action::Claimed,
        3..6 => Action::Declared,
        6 => Action::Recused,
        7 => Action::Challenged { who: who(rng) },
        8 => Action::ChallengeResolved { who: who(rng), upheld: rng.r#gen() },
        9 => Action::Assigned { to: who(rng), granted: None },
        10..13 => {
            let at = Stage::ALL.iter().position(|stage| *stage == state.stage).unwrap();
            stage_changed(state.stage, Stage::ALL[(at + rng.gen_range(0..3)).min(7)])
        }
        13 => Action::MarkedHandled,
        14 => Action::Escalated,
        15 => Action::LegalHoldPlaced,
        16 => Action::Reopened { ground: ReopenReason::NewEvidence },
        17 => Action::Proposed(decision),
        18 => Action::Approved(
            state.pending_proposal.as_ref().map_or(decision, |proposal| proposal.decision),
        ),
        _ => Action::Released { reason: ReleaseReason::MissedDeadline },
    }
}

#[tokio::test]
async fn no_row_of_requests_opens_a_case_to_a_recused_person_or_breaks_the_chain() {
    for seed in 0..6 {
        let mut world = HandlerFixture::new().await;
        let (id, _) = world.ingested_case().await;
        let mut rng = StdRng::seed_from_u64(seed);
        let (mut accepted, mut state) =
            (1, world.store.visible_case("awa", id).await.unwrap().unwrap().state);
        for _ in 0..60 {
            let handle = *DESK_MEMBERS.choose(&mut rng).unwrap();
            let action = random_action(&mut rng, &state);
            let (key, old) = (&world.members[handle].1, rng.gen_bool(0.1));
            let mut event = next_event(id, &state, handle, world.clock.now(), action);
            event.seq -= u32::from(old && event.seq > 1);
            let new = NewEvent { event: event.sign(key), payload: EventPayload::default() };
            let before = world.queue(handle).await.len();
            if world.post_event(handle, id, &new).await.is_ok() {
                assert_eq!(before, 1, "{handle} saw no row and acted");
                accepted += 1;
                world.post_event(handle, id, &new).await.unwrap_err();
            }
            let log = world.store.case_log(id).await.unwrap();
            if let Some(case) = world.store.cases_after(None, 1).await.unwrap().pop() {
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
        case_handler::event_log::verify_chain(&world.store).await.unwrap();
    }
}
