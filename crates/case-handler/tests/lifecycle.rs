//! The lifecycle of cases over the API: what the rules require, what a purge leaves, and that no
//! sequence of requests circumvents them.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use common::{
    HandlerFixture,
    cases::{ADVICE, DESK_MEMBERS, stage_changed},
    submissions::follow_up,
};
use http::{Method, StatusCode};
use protocol::{
    Hash,
    api::workbench::{
        Absence, AssigneeCandidate, CaseDetail, CaseLog, EventPayload, MAX_ABSENCE, NewEvent,
        ProblemDetails,
    },
    case::{
        ClosingReason, DeadlineKind, Decision, Disposition, ReferralConsent, ReferralTarget,
        ReopenReason, Stage,
        event::{Action, ReleaseReason},
        next_event,
    },
    submission::key_grant::grant_tag,
};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use time::Duration;
use uuid::Uuid;

const UNREADABLE: Decision = Decision::Close {
    disposition: Disposition::Unreadable,
    reason: ClosingReason::ReceivedUnreadable,
    duplicate_of: None,
};

impl HandlerFixture {
    /// Returns the code of the rule that an action breaks.
    async fn violated_rule(&self, handle: &str, id: Uuid, action: Action) -> String {
        let problem = self.post_action(handle, id, action).await.unwrap_err();
        problem.rule.unwrap_or(problem.kind)
    }
}

#[tokio::test]
async fn an_action_that_breaks_a_rule_is_rejected_with_the_code_of_the_rule() {
    let mut handler = HandlerFixture::new().await;
    let (id, _) = handler.ingested_case().await;
    let note = Action::NoteAdded { note: Hash::default() };
    assert_eq!(handler.violated_rule("awa", id, note).await, "undeclared");
    handler.post_action("bila", id, Action::Claimed).await.unwrap();
    handler.post_action("awa", id, Action::Declared).await.unwrap();
    assert_eq!(handler.violated_rule("awa", id, Action::Proposed(ADVICE)).await, "stage");
    handler.post_action("bila", id, stage_changed(Stage::Received, Stage::Triaged)).await.unwrap();
    assert_eq!(
        handler.violated_rule("awa", id, stage_changed(Stage::Triaged, Stage::Assessing)).await,
        "assignee-only"
    );
    assert_eq!(
        handler.violated_rule("bila", id, stage_changed(Stage::Triaged, Stage::Closed)).await,
        "two-persons"
    );
    assert_eq!(handler.violated_rule("bila", id, Action::Proposed(ADVICE)).await, "feedback-first");
    assert_eq!(handler.violated_rule("bila", id, Action::LegalHoldPlaced).await, "lead-only");
    assert_eq!(
        handler.violated_rule("bila", id, Action::Challenged { who: "nobody".into() }).await,
        "rule"
    );
}

#[tokio::test]
async fn a_purged_case_is_gone_and_the_log_still_verifies() {
    let mut handler = HandlerFixture::new().await;
    let (id, report) = handler.closed_case().await;
    handler.declare(id, &["coumba"]).await;
    let (other, _) = handler.ingested_case().await;
    handler.post_action("awa", other, Action::Claimed).await.unwrap();
    let purge = || Action::Proposed(Decision::Purge);
    assert_eq!(handler.violated_rule("bila", id, purge()).await, "retention");
    handler.clock.advance(Duration::days(5 * 366));
    handler.post_action("bila", id, purge()).await.unwrap();
    assert_eq!(
        handler.violated_rule("bila", id, Action::Approved(Decision::Purge)).await,
        "same-person"
    );
    assert_eq!(
        handler.violated_rule("coumba", id, Action::Approved(Decision::Purge)).await,
        "one-lead"
    );
    handler.post_action("awa", id, Action::Approved(Decision::Purge)).await.unwrap();

    let (status, body) = {
        let token = handler.sign_in("awa").await;
        handler.request(Method::GET, &format!("/v1/cases/{id}"), &token, &()).await
    };
    let problem: ProblemDetails = serde_json::from_slice(&body).unwrap();
    assert_eq!((status, problem.kind.as_str()), (StatusCode::GONE, "purged"));
    let row = handler.queue("awa").await.into_iter().find(|row| row.id == id).unwrap();
    assert_eq!((row.state.stage, row.lang.as_str()), (Stage::Purged, "und"));
    let token = handler.sign_in("awa").await;
    let log: CaseLog = handler.get(&format!("/v1/cases/{id}/log"), &token).await.unwrap();
    assert_eq!(log.events.len(), usize::try_from(row.state.next_seq).unwrap());
    // Its mailbox is no longer published; that of the other case is.
    assert_eq!(handler.store.mailboxes(None, 10).await.unwrap().len(), 1);
    // Later submissions for it are recognised and never ingested.
    for late in [follow_up(&report, "late"), report] {
        assert!(
            handler
                .ingest(&late)
                .await
                .is_err_and(|error| error.is_permanent() && !error.is_retryable())
        );
    }
    handler.restart().await;
    assert!(
        case_handler::event_log::verify_chains(&handler.store).await.is_ok(),
        "the case handler starts again"
    );
}

#[tokio::test]
async fn a_purge_is_refused_while_a_submission_is_quarantined() {
    let mut handler = HandlerFixture::new().await;
    let (id, _) = handler.closed_case().await;
    let quarantined = case_handler::store::QuarantinedSubmission {
        id: Uuid::new_v4(),
        day: handler.clock.today(),
        reason: "unknown case-key generation".into(),
        retry: true,
        case: Some(id),
        bytes: vec![1; 100].into(),
    };
    let transaction = handler.store.begin_write().await.unwrap();
    transaction.quarantine(quarantined).await.unwrap();
    transaction.commit().await.unwrap();
    handler.clock.advance(Duration::days(5 * 366));
    handler.post_action("bila", id, Action::Proposed(Decision::Purge)).await.unwrap();
    assert_eq!(handler.violated_rule("awa", id, Action::Approved(Decision::Purge)).await, "unread");
}

#[tokio::test]
async fn a_referral_releases_the_case_to_the_oversight_body_which_also_decides() {
    let mut handler = HandlerFixture::new().await;
    let (id, _) = handler.ingested_case().await;
    let refer = Decision::Refer { to: ReferralTarget::Prosecutor, consent: ReferralConsent::Full };
    handler.declare(id, &["awa", "bila"]).await;
    assert_eq!(handler.violated_rule("bila", id, Action::Proposed(refer)).await, "lead-only");
    assert_eq!(handler.queue("eva").await, []);
    handler.post_action("awa", id, Action::Proposed(refer)).await.unwrap();
    assert_eq!(handler.queue("eva").await[0].state.released, Some(ReleaseReason::Referral));
    handler.post_action("eva", id, Action::Declared).await.unwrap();
    handler.post_action("eva", id, Action::Approved(refer)).await.unwrap();
    let state = handler.case("eva", id).await.unwrap().row.state;
    assert_eq!(state.stage, Stage::Referred);
    assert!(state.deadlines.iter().any(|deadline| deadline.kind == DeadlineKind::Referral));
}

#[tokio::test]
async fn two_readers_close_an_unreadable_report_and_the_oversight_body_gets_it_unchanged() {
    let mut handler = HandlerFixture::new().await;
    let (id, _) = handler.ingested_case().await;
    let unaltered = |file: &CaseDetail, handle: &str| {
        let Action::Received { commitment, .. } =
            file.log.events[0].decode_unverified().unwrap().action
        else {
            panic!("the first event has the commitment to the report");
        };
        commitment.matches_case(file, grant_tag(id, &handler.recipient(handle)))
    };
    let file = handler.case("awa", id).await.unwrap();
    assert!(unaltered(&file, "awa"));
    assert!(!unaltered(&file, "bila"), "the grant of another reader does not match");
    handler.post_action("awa", id, Action::Proposed(UNREADABLE)).await.unwrap();
    assert_eq!(handler.violated_rule("awa", id, Action::Approved(UNREADABLE)).await, "same-person");
    assert_eq!(handler.queue("eva").await, []);
    handler.post_action("bila", id, Action::Approved(UNREADABLE)).await.unwrap();
    let file = handler.case("eva", id).await.unwrap();
    assert_eq!(file.row.state.stage, Stage::Closed);
    assert_eq!(file.row.state.released, Some(ReleaseReason::Unreadable));
    assert!(unaltered(&file, "eva"));
}

#[tokio::test]
async fn a_report_that_a_colleague_opened_cannot_be_closed_as_unreadable() {
    let mut handler = HandlerFixture::new().await;
    let (id, _) = handler.ingested_case().await;
    handler.post_action("awa", id, Action::Proposed(UNREADABLE)).await.unwrap();
    handler.declare(id, &["coumba"]).await;
    assert_eq!(handler.violated_rule("bila", id, Action::Approved(UNREADABLE)).await, "readable");
}

#[tokio::test]
async fn a_colleague_with_a_conflict_loses_the_row_when_it_is_upheld() {
    let mut handler = HandlerFixture::new().await;
    let (id, _) = handler.ingested_case().await;
    handler.post_action("bila", id, Action::Claimed).await.unwrap();
    handler.declare(id, &["awa", "coumba"]).await;
    handler.post_action("coumba", id, Action::Challenged { who: "bila".into() }).await.unwrap();
    assert_eq!(
        handler.violated_rule("bila", id, stage_changed(Stage::Received, Stage::Triaged)).await,
        "challenged"
    );
    handler
        .post_action("awa", id, Action::ChallengeResolved { who: "bila".into(), upheld: true })
        .await
        .unwrap();
    assert_eq!(handler.queue("bila").await, []);
    assert_eq!(handler.case("bila", id).await, Err(StatusCode::NOT_FOUND));
    assert_eq!(handler.queue("eva").await, [], "two readers remain");
}

#[tokio::test]
async fn a_link_names_no_case_that_is_hidden_from_a_reader() {
    let mut handler = HandlerFixture::new().await;
    let (here, _) = handler.ingested_case().await;
    let (there, _) = handler.ingested_case().await;
    let (hidden, _) = handler.new_report(&["awa", "bila", "eva"]);
    handler.ingest(&hidden).await.unwrap();
    handler.post_action("awa", here, Action::Claimed).await.unwrap();
    let link = |to| Action::Linked { to };
    // Coumba reads this case and must not learn of the hidden one.
    assert_eq!(handler.violated_rule("awa", here, link(hidden.header.case.id)).await, "rule");
    assert_eq!(handler.violated_rule("awa", here, link(Uuid::new_v4())).await, "rule");
    handler.post_action("awa", here, link(there)).await.unwrap();
    assert_eq!(handler.violated_rule("awa", here, link(there)).await, "linked");
}

#[tokio::test]
async fn an_event_of_a_removed_member_is_rejected_even_with_an_old_token() {
    let mut handler = HandlerFixture::new().await;
    let (id, _) = handler.ingested_case().await;
    let (token, claim) =
        (handler.sign_in("bila").await, handler.signed_event("bila", id, Action::Claimed).await);
    handler
        .publish(|directory| {
            directory.members.retain(|member| member.handle != "bila");
            directory.desks[0].members.retain(|handle| handle != "bila");
        })
        .await;
    let path = format!("/v1/cases/{id}/events");
    assert_eq!(
        handler.request(Method::POST, &path, &token, &claim).await.0,
        StatusCode::UNAUTHORIZED
    );
    // A colleague posts it, but bila signed it.
    assert_eq!(handler.post_event("awa", id, &claim).await.unwrap_err().kind, "malformed");
    assert_eq!(handler.case("awa", id).await.unwrap().log.events.len(), 1);
}

#[tokio::test]
async fn a_member_with_an_absence_gets_no_case_and_the_candidates_show_why() {
    let mut handler = HandlerFixture::new().await;
    let until = handler.clock.today() + Duration::days(3);
    let away = |member: &str, until| Absence { member: member.into(), until };
    let set = async |handler: &HandlerFixture, handle: &str, absence: &Absence| {
        let token = handler.sign_in(handle).await;
        handler.request(Method::PUT, "/v1/absence", &token, absence).await.0
    };
    assert_eq!(set(&handler, "bila", &away("bila", Some(until))).await, StatusCode::NO_CONTENT);
    assert_eq!(
        set(&handler, "bila", &away("coumba", Some(until))).await,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(
        set(&handler, "awa", &away("coumba", Some(until))).await,
        StatusCode::NO_CONTENT,
        "she leads"
    );
    let (id, _) = handler.ingested_case().await;
    let token = handler.sign_in("awa").await;
    let path = format!("/v1/cases/{id}/routing");
    let candidates: Vec<AssigneeCandidate> = handler.get(&path, &token).await.unwrap();
    assert_eq!((candidates[0].member.as_str(), candidates[0].away), ("awa", None));
    assert_eq!(candidates.iter().filter(|other| other.away == Some(until)).count(), 2);
    assert_eq!(set(&handler, "awa", &away("coumba", None)).await, StatusCode::NO_CONTENT);
    handler.clock.advance(Duration::days(4));
    let candidates: Vec<AssigneeCandidate> =
        handler.get(&path, &handler.sign_in("awa").await).await.unwrap();
    assert!(candidates.iter().all(|candidate| candidate.away.is_none()));
}

#[tokio::test]
async fn the_candidates_count_no_case_that_the_caller_cannot_see() {
    let mut handler = HandlerFixture::new().await;
    let (seen, _) = handler.ingested_case().await;
    let (hidden, _) = handler.ingested_case().await;
    handler.post_action("awa", hidden, Action::Claimed).await.unwrap();
    let workloads = async |handler: &HandlerFixture, handle: &str| -> Vec<(String, u32)> {
        let path = format!("/v1/cases/{seen}/routing");
        let ranked: Vec<AssigneeCandidate> =
            handler.get(&path, &handler.sign_in(handle).await).await.unwrap();
        let mut workloads: Vec<_> = ranked.into_iter().map(|one| (one.member, one.load)).collect();
        workloads.sort();
        workloads
    };
    let before = workloads(&handler, "bila").await;
    assert_eq!(before, workloads(&handler, "awa").await);
    handler.post_action("bila", hidden, Action::Recused).await.unwrap();
    let (theirs, all) = (workloads(&handler, "bila").await, workloads(&handler, "awa").await);
    let of = |workloads: &[(String, u32)], handle: &str| {
        workloads.iter().find(|(one, _)| one == handle).unwrap().1
    };
    assert!(of(&theirs, "awa") < of(&before, "awa"), "the case is no longer counted: {theirs:?}");
    assert_eq!(of(&all, "awa"), of(&before, "awa"), "a reader of the case still counts it");
}

#[tokio::test]
async fn an_absence_is_limited_and_visible_to_the_desk() {
    let handler = HandlerFixture::new().await;
    let today = handler.clock.today();
    let token = handler.sign_in("bila").await;
    let set = async |until| {
        let absence = Absence { member: "bila".into(), until };
        handler.request(Method::PUT, "/v1/absence", &token, &absence).await
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
        rule(handler.request(Method::PUT, "/v1/absence", &token, &awa).await),
        "absence-lead-only"
    );
    let away = async |handle: &str| -> Vec<Absence> {
        handler.get("/v1/absence", &handler.sign_in(handle).await).await.unwrap()
    };
    assert_eq!(away("awa").await, [], "a rejected request changes nothing");
    assert_eq!(set(Some(last)).await.0, StatusCode::NO_CONTENT);
    assert_eq!(away("awa").await, [Absence { member: "bila".into(), until: Some(last) }]);
    assert_eq!(away("bila").await.len(), 1);
    assert_eq!(away("eva").await, [], "no desk in common");
    assert_eq!(set(None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(away("awa").await, []);
}

/// Returns a random action, which is usually not allowed.
fn random_action(rng: &mut StdRng, state: &protocol::case::CaseState) -> Action {
    let handle = |rng: &mut StdRng| (*DESK_MEMBERS.choose(rng).unwrap()).to_owned();
    let decision = [ADVICE, Decision::Purge, Decision::LiftHold].choose(rng).copied().unwrap();
    match rng.gen_range(0..20) {
        0..3 => Action::Claimed,
        3..6 => Action::Declared,
        6 => Action::Recused,
        7 => Action::Challenged { who: handle(rng) },
        8 => Action::ChallengeResolved { who: handle(rng), upheld: rng.r#gen() },
        9 => Action::Assigned { to: handle(rng), granted: vec![], note: None },
        10..13 => {
            let at = Stage::ALL.iter().position(|stage| *stage == state.stage).unwrap();
            stage_changed(state.stage, Stage::ALL[(at + rng.gen_range(0..3)).min(7)])
        }
        13 => Action::MarkedHandled,
        14 => Action::Escalated,
        15 => Action::LegalHoldPlaced,
        16 => Action::Reopened { ground: ReopenReason::NewEvidence, note: None },
        17 => Action::Proposed(decision),
        18 => Action::Approved(
            state.pending_proposal.as_ref().map_or(decision, |proposal| proposal.decision),
        ),
        _ => Action::Released { reason: ReleaseReason::MissedDeadline },
    }
}

#[tokio::test]
async fn no_sequence_of_requests_opens_a_case_to_a_recused_member_or_breaks_the_chain() {
    for seed in 0..6 {
        let mut handler = HandlerFixture::new().await;
        let (id, _) = handler.ingested_case().await;
        let mut rng = StdRng::seed_from_u64(seed);
        let (mut accepted, mut state) =
            (1, handler.store.visible_case("awa", id).await.unwrap().unwrap().state);
        for _ in 0..60 {
            let handle = *DESK_MEMBERS.choose(&mut rng).unwrap();
            let action = random_action(&mut rng, &state);
            let (key, old) = (&handler.members[handle].1, rng.gen_bool(0.1));
            let mut event = next_event(id, &state, handle, handler.clock.now(), action);
            event.seq -= u32::from(old && event.seq > 1);
            let new = NewEvent { event: event.sign(key), payload: EventPayload::default() };
            let before = handler.queue(handle).await.len();
            if handler.post_event(handle, id, &new).await.is_ok() {
                assert_eq!(before, 1, "{handle} acted without seeing the case");
                accepted += 1;
                handler.post_event(handle, id, &new).await.unwrap_err();
            }
            let log = handler.store.case_events(id).await.unwrap();
            if let Some(case) = handler.store.cases_after(None, 1).await.unwrap().pop() {
                state = case.state;
            }
            assert!(log.len() >= accepted && state.next_seq as usize == log.len());
            for recused in &state.recused {
                assert_eq!(handler.queue(recused).await, [], "no row");
                assert_eq!(handler.case(recused, id).await, Err(StatusCode::NOT_FOUND), "no case");
                assert!(!handler.store.holders(id).await.unwrap().contains(recused), "no grant");
            }
            let holders = handler.store.holders(id).await.unwrap();
            let oversight_reads =
                state.released.is_some() && !state.recused.contains(&"eva".to_owned());
            assert_eq!(
                holders.contains(&"eva".to_owned()),
                oversight_reads,
                "withheld until released"
            );
        }
        case_handler::event_log::verify_chains(&handler.store).await.unwrap();
    }
}
