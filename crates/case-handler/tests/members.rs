//! What members can see and do.

mod common;

use common::{HandlerFixture, log_capture::LogCapture};
use ed25519_dalek::SigningKey;
use http::{Method, StatusCode};
use protocol::{
    Hash,
    api::workbench::{
        AuditLog, EventPayload, GenerationGrant, MAX_NOTE_LEN, NewEvent, ProblemDetails,
        SealedBytes,
    },
    case::{
        Stage,
        event::{Action, ReleaseReason},
        next_event,
    },
    keys::{CaseSecret, PublicKey},
    submission::key_grant::Grant,
};
use time::Duration;
use uuid::Uuid;

#[tokio::test]
async fn a_member_without_a_grant_sees_no_row_and_no_gap() {
    let mut handler = HandlerFixture::new().await;
    let mut shared = Vec::new();
    for n in 0..6 {
        let readers: &[&str] =
            if n % 2 == 0 { &["awa", "bila", "eva"] } else { &["awa", "bila", "coumba", "eva"] };
        let (report, _) = handler.new_report(readers);
        handler.ingest(&report).await.unwrap();
        handler.post_action("awa", report.header.case.id, Action::Claimed).await.unwrap();
        if n % 2 == 0 {
            let hidden = handler.case("coumba", report.header.case.id).await;
            assert_eq!(hidden, Err(StatusCode::NOT_FOUND));
        } else {
            shared.push(report.header.case.id);
        }
    }
    assert_eq!(handler.case("coumba", Uuid::new_v4()).await, Err(StatusCode::NOT_FOUND));
    let mut visible: Vec<_> = handler.queue("coumba").await.iter().map(|row| row.id).collect();
    visible.sort();
    shared.sort();
    assert_eq!(visible, shared);
    // Nothing in a response counts over all cases: events are numbered within their case.
    for id in shared {
        let file = handler.case("coumba", id).await.unwrap();
        let numbers: Vec<_> =
            file.log.events.iter().map(|event| event.decode_unverified().unwrap().seq).collect();
        assert_eq!(numbers, [0, 1]);
    }
    assert_eq!(handler.queue("eva").await, [], "the grants of the oversight body are withheld");
}

#[tokio::test]
async fn a_report_for_the_oversight_body_only_is_released_from_the_start() {
    let mut handler = HandlerFixture::new().await;
    let (report, _) = handler.new_report(&["eva"]);
    handler.ingest(&report).await.unwrap();
    let queue = handler.queue("eva").await;
    assert_eq!(queue[0].state.desk, "external");
    assert_eq!(queue[0].state.released, Some(ReleaseReason::Filed));
    for member in ["awa", "bila", "coumba"] {
        assert_eq!(handler.queue(member).await, []);
    }
}

#[tokio::test]
async fn of_two_concurrent_actions_one_succeeds_and_the_other_is_stale() {
    let mut handler = HandlerFixture::new().await;
    let (report, _) = handler.new_report(&["awa", "bila", "eva"]);
    handler.ingest(&report).await.unwrap();
    let id = report.header.case.id;
    let one = handler.signed_event("awa", id, Action::Claimed).await;
    let two = handler.signed_event("bila", id, Action::Claimed).await;
    let (one, two) =
        tokio::join!(handler.post_event("awa", id, &one), handler.post_event("bila", id, &two));
    assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1);
    let lost = one.err().or(two.err()).unwrap();
    assert_eq!((lost.kind.as_str(), lost.status), ("stale", 409));
    assert!(lost.title.contains("acted on this case first"), "{}", lost.title);
}

#[tokio::test]
async fn forged_and_foreign_events_are_rejected() {
    let mut handler = HandlerFixture::new().await;
    let (report, _) = handler.new_report(&["awa", "bila", "eva"]);
    handler.ingest(&report).await.unwrap();
    let id = report.header.case.id;
    let by_awa = handler.signed_event("awa", id, Action::Claimed).await;
    assert_eq!(handler.post_event("bila", id, &by_awa).await.unwrap_err().kind, "malformed");
    let state = handler.queue("awa").await[0].state.clone();
    let as_awa = next_event(id, &state, "awa", handler.clock.now(), Action::Claimed)
        .sign(&handler.members["bila"].1);
    let forged = NewEvent { event: as_awa, payload: EventPayload::default() };
    assert_eq!(handler.post_event("awa", id, &forged).await.unwrap_err().kind, "malformed");
    // Coumba has no grant, so the case does not exist for her.
    let event = next_event(id, &state, "coumba", handler.clock.now(), Action::Claimed)
        .sign(&handler.members["coumba"].1);
    let outsider = NewEvent { event, payload: EventPayload::default() };
    assert_eq!(handler.post_event("coumba", id, &outsider).await.unwrap_err().kind, "not-found");
    let late =
        next_event(id, &state, "awa", handler.clock.now() - Duration::hours(1), Action::Claimed);
    let late =
        NewEvent { event: late.sign(&handler.members["awa"].1), payload: EventPayload::default() };
    assert_eq!(handler.post_event("awa", id, &late).await.unwrap_err().kind, "rule");
    assert_eq!(handler.case("awa", id).await.unwrap().log.events.len(), 1, "nothing was written");
}

#[tokio::test]
async fn a_recused_member_loses_the_case_and_too_few_readers_release_it() {
    let mut handler = HandlerFixture::new().await;
    let (report, _) = handler.new_report(&["awa", "bila", "coumba", "eva"]);
    handler.ingest(&report).await.unwrap();
    let id = report.header.case.id;
    handler.post_action("awa", id, Action::Claimed).await.unwrap();
    handler.post_action("awa", id, Action::Recused).await.unwrap();
    assert_eq!(handler.queue("awa").await, []);
    assert_eq!(handler.case("awa", id).await, Err(StatusCode::NOT_FOUND));
    assert_eq!(handler.queue("eva").await, []);
    handler.post_action("bila", id, Action::Recused).await.unwrap();
    assert_eq!(handler.queue("eva").await[0].state.released, Some(ReleaseReason::DeskConflicted));
}

#[tokio::test]
async fn the_payload_must_match_the_event() {
    let mut handler = HandlerFixture::new().await;
    let (report, _) = handler.new_report(&["awa", "bila", "eva"]);
    handler.ingest(&report).await.unwrap();
    let id = report.header.case.id;
    handler.post_action("awa", id, Action::Claimed).await.unwrap();
    let (reply, copy) =
        (SealedBytes(b"for the reporter".to_vec()), SealedBytes(b"for the team".to_vec()));
    let action = || Action::Replied { reply: reply.hash(), copy: copy.hash(), feedback: false };
    let mut new = handler.signed_event("awa", id, action()).await;
    assert_eq!(handler.post_event("awa", id, &new).await.unwrap_err().kind, "rule");
    new.payload = EventPayload {
        reply: Some(copy.clone()),
        copy: Some(reply.clone()),
        ..EventPayload::default()
    };
    assert_eq!(handler.post_event("awa", id, &new).await.unwrap_err().kind, "rule");
    new.payload = EventPayload {
        reply: Some(reply.clone()),
        copy: Some(copy.clone()),
        ..EventPayload::default()
    };
    handler.post_event("awa", id, &new).await.unwrap();
    assert_eq!(
        handler.post_event("awa", id, &new).await.unwrap_err().kind,
        "stale",
        "a replayed event"
    );
    let contents = handler.store.mailboxes(None, 10).await.unwrap();
    assert_eq!(contents[0].replies, [reply.0]);
    let long = SealedBytes(vec![0; MAX_NOTE_LEN + 1]);
    let mut note = handler.signed_event("awa", id, Action::NoteAdded { note: long.hash() }).await;
    note.payload.note = Some(long);
    assert!(handler.post_event("awa", id, &note).await.unwrap_err().title.contains("too long"));
    let moved = Action::StageChanged { from: Stage::Received, to: Stage::Decided, reason: None };
    assert!(
        handler
            .post_action("awa", id, moved)
            .await
            .unwrap_err()
            .title
            .contains("received to decided")
    );
}

#[tokio::test]
async fn a_case_is_assigned_with_a_grant_for_the_new_assignee() {
    let mut handler = HandlerFixture::new().await;
    let (report, receipt) = handler.new_report(&["awa", "bila", "eva"]);
    handler.ingest(&report).await.unwrap();
    let id = report.header.case.id;
    let grant = Grant {
        case: id,
        generation: 0,
        secret: CaseSecret::from_bytes([1; 32]),
        reporter_key: PublicKey::from(&receipt.signing_key()),
        mailbox_recipient: Hash::default(),
    };
    let grant_to = |handle: &str| GenerationGrant {
        generation: 0,
        grant: grant.seal(&handler.recipient(handle)),
    };
    let assign = |granted: Option<&GenerationGrant>| Action::Assigned {
        to: "coumba".into(),
        granted: granted.map(GenerationGrant::to_record).into_iter().collect(),
        note: None,
    };
    handler.post_action("awa", id, Action::Declared).await.unwrap();
    assert!(
        handler
            .post_action("awa", id, assign(None))
            .await
            .unwrap_err()
            .title
            .contains("has no grant")
    );
    let wrong = grant_to("eva");
    let mut new = handler.signed_event("awa", id, assign(Some(&wrong))).await;
    new.payload.grants = vec![wrong];
    assert!(
        handler.post_event("awa", id, &new).await.unwrap_err().title.contains("another member")
    );
    let right = grant_to("coumba");
    let mut new = handler.signed_event("awa", id, assign(Some(&right))).await;
    new.payload.grants = vec![right];
    handler.post_event("awa", id, &new).await.unwrap();
    assert_eq!(handler.queue("coumba").await[0].state.assignee.as_deref(), Some("coumba"));
}

#[tokio::test]
async fn sessions_need_a_fresh_signed_challenge_and_expire() {
    let handler = HandlerFixture::new().await;
    let nonce = handler.challenge("awa").await;
    let key = &handler.members["awa"].1;
    assert_eq!(
        handler.answer_challenge("awa", nonce, &handler.members["bila"].1).await,
        Err(StatusCode::UNAUTHORIZED)
    );
    assert_eq!(
        handler.answer_challenge("awa", nonce, key).await,
        Err(StatusCode::UNAUTHORIZED),
        "a wrong answer consumes the challenge"
    );
    let nonce = handler.challenge("awa").await;
    assert_eq!(
        handler.answer_challenge("bila", nonce, &handler.members["bila"].1).await,
        Err(StatusCode::UNAUTHORIZED)
    );
    let nonce = handler.challenge("awa").await;
    let token = handler.answer_challenge("awa", nonce, key).await.unwrap();
    assert_eq!(
        handler.answer_challenge("awa", nonce, key).await,
        Err(StatusCode::UNAUTHORIZED),
        "replayed"
    );
    let nonce = handler.challenge("awa").await;
    handler.clock.advance(Duration::seconds(61));
    assert_eq!(
        handler.answer_challenge("awa", nonce, key).await,
        Err(StatusCode::UNAUTHORIZED),
        "too late"
    );
    let nonce = handler.challenge("nobody").await;
    assert_eq!(handler.answer_challenge("nobody", nonce, key).await, Err(StatusCode::UNAUTHORIZED));
    let rows =
        |token: String| async move { handler.get::<serde_json::Value>("/v1/cases", &token).await };
    assert!(rows(token).await.is_ok());
}

#[tokio::test]
async fn a_stolen_token_cannot_sign_and_the_attempt_is_logged() {
    let mut handler = HandlerFixture::new().await;
    let log = LogCapture::default();
    let _guard = log.start();
    let mut ids = Vec::new();
    for _ in 0..2 {
        let (report, _) = handler.new_report(&["awa", "bila", "eva"]);
        handler.ingest(&report).await.unwrap();
        ids.push(report.header.case.id);
    }
    let token = handler.sign_in("awa").await;
    assert_eq!(log.warnings(), 0, "normal work causes no warning");
    let claim = handler.signed_event("awa", ids[0], Action::Claimed).await;
    let state = handler.queue("awa").await[0].state.clone();
    // The thief has the token and any key except awa's.
    let thief = SigningKey::from_bytes(&[7; 32]);
    let forged =
        next_event(ids[0], &state, "awa", handler.clock.now(), Action::Claimed).sign(&thief);
    let forged = NewEvent { event: forged, payload: EventPayload::default() };
    let events = |id: Uuid| format!("/v1/cases/{id}/events");
    let post = async |path: String, event: &NewEvent| {
        handler.request(Method::POST, &path, &token, event).await.0
    };
    assert_eq!(post(events(ids[0]), &forged).await, StatusCode::BAD_REQUEST);
    // The event that awa signed for one case is rejected for another, and rejected a second time.
    assert_eq!(post(events(ids[1]), &claim).await, StatusCode::BAD_REQUEST);
    assert_eq!(log.warnings(), 2);
    assert_eq!(post(events(ids[0]), &claim).await, StatusCode::OK);
    assert_eq!(post(events(ids[0]), &claim).await, StatusCode::CONFLICT, "replayed");
    assert_eq!(handler.case("awa", ids[0]).await.unwrap().log.events.len(), 2);
    // A directory without the root keys' signatures changes no key.
    let mut signed =
        handler.next_directory(|directory| directory.members[0].device = PublicKey::from(&thief));
    signed.signatures.clear();
    let put = handler.request(Method::PUT, "/v1/directory", &token, &signed).await.0;
    assert_eq!(put, StatusCode::UNPROCESSABLE_ENTITY);
    // Rejected sessions are logged once a minute.
    for _ in 0..20 {
        let nonce = handler.challenge("awa").await;
        assert_eq!(
            handler.answer_challenge("awa", nonce, &thief).await,
            Err(StatusCode::UNAUTHORIZED)
        );
    }
    assert_eq!(log.warnings(), 3);
    handler.clock.advance(Duration::minutes(1));
    let nonce = handler.challenge("nobody").await;
    assert_eq!(
        handler.answer_challenge("nobody", nonce, &thief).await,
        Err(StatusCode::UNAUTHORIZED)
    );
    assert_eq!(log.warnings(), 4);
    // The token is invalid after a restart of the process or after a quarter of an hour.
    let rows = async |handler: &HandlerFixture| {
        handler.request(Method::GET, "/v1/cases", &token, &()).await.0
    };
    assert_eq!(rows(&handler).await, StatusCode::OK);
    handler.restart().await;
    assert_eq!(rows(&handler).await, StatusCode::UNAUTHORIZED);
    let text = log.text();
    for word in ["awa", "bila", "nobody", "/v1", &ids[0].to_string()] {
        assert!(!text.contains(word), "{word}: {text}");
    }
}

#[tokio::test]
async fn a_session_expires_and_only_the_oversight_body_reads_the_log() {
    let handler = HandlerFixture::new().await;
    let token = handler.sign_in("awa").await;
    let log = "/v1/log?from=0";
    assert_eq!(handler.get::<AuditLog>(log, &token).await, Err(StatusCode::FORBIDDEN));
    assert!(handler.get::<AuditLog>(log, &handler.sign_in("eva").await).await.is_ok());
    handler.clock.advance(Duration::minutes(15));
    assert_eq!(
        handler.get::<serde_json::Value>("/v1/cases", &token).await,
        Err(StatusCode::UNAUTHORIZED)
    );
    assert_eq!(
        handler.get::<serde_json::Value>("/v1/cases", "").await,
        Err(StatusCode::UNAUTHORIZED)
    );
}

#[tokio::test]
async fn every_error_is_a_problem_without_internal_details() {
    let mut handler = HandlerFixture::new().await;
    let (report, _) = handler.new_report(&["awa", "bila", "eva"]);
    handler.ingest(&report).await.unwrap();
    let (case, token) = (report.header.case.id, handler.sign_in("awa").await);
    let events = format!("/v1/cases/{case}/events");
    let part = format!("/v1/cases/{case}/parts/{}", Uuid::new_v4());
    for (method, path, kind) in [
        (Method::GET, "/v1/cases/no-id", "not-found"),
        (Method::GET, "/v1/cases/..%2f..", "not-found"),
        (Method::GET, &part, "not-found"),
        (Method::POST, "/v1/cases/no-id/events", "not-found"),
        (Method::GET, "/nowhere", "not-found"),
        (Method::DELETE, "/v1/cases", "method"),
        (Method::POST, &events, "malformed"),
        (Method::PUT, "/v1/directory", "malformed"),
        (Method::POST, "/v1/session", "malformed"),
    ] {
        let (status, body) = handler.request(method, path, &token, &"no object").await;
        let problem: ProblemDetails =
            serde_json::from_slice(&body).unwrap_or_else(|_| panic!("{path}: {body:?}"));
        assert_eq!((problem.kind.as_str(), problem.status), (kind, status.as_u16()), "{path}");
    }
    // A database failure: the caller learns only that nothing was changed.
    handler.execute_sql("DROP TABLE queues").await;
    let (status, body) = handler.request(Method::GET, "/v1/cases", &token, &()).await;
    let problem: ProblemDetails = serde_json::from_slice(&body).unwrap();
    assert_eq!((status, problem.kind.as_str()), (StatusCode::INTERNAL_SERVER_ERROR, "internal"));
    assert!(!problem.title.contains("queues"), "{}", problem.title);
}
