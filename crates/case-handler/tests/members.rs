//! What members see and may do.

mod common;

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use common::HandlerFixture;
use ed25519_dalek::SigningKey;
use http::{Method, StatusCode};
use protocol::{
    Hash,
    api::workbench::{
        AuditLog, EventPayload, GenerationGrant, NewEvent, ProblemDetails, SealedBytes,
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
use tracing_subscriber::fmt::MakeWriter;
use uuid::Uuid;

#[tokio::test]
async fn who_holds_no_grant_sees_no_row_and_no_gap() {
    let mut world = HandlerFixture::new().await;
    let mut shared = Vec::new();
    for n in 0..6 {
        let readers: &[&str] =
            if n % 2 == 0 { &["awa", "bila", "eva"] } else { &["awa", "bila", "coumba", "eva"] };
        let (report, _) = world.new_report(readers);
        world.ingest(&report).await.unwrap();
        world.post_action("awa", report.header.case.id, Action::Claimed).await.unwrap();
        if n % 2 == 0 {
            let hidden = world.case("coumba", report.header.case.id).await;
            assert_eq!(hidden, Err(StatusCode::NOT_FOUND));
        } else {
            shared.push(report.header.case.id);
        }
    }
    assert_eq!(world.case("coumba", Uuid::new_v4()).await, Err(StatusCode::NOT_FOUND));
    let mut seen: Vec<_> = world.queue("coumba").await.iter().map(|row| row.id).collect();
    seen.sort();
    shared.sort();
    assert_eq!(seen, shared);
    // Nothing in an answer counts over all cases: the log's links are hashes, the events number
    // their own case.
    for id in shared {
        let file = world.case("coumba", id).await.unwrap();
        let numbers: Vec<_> =
            file.log.iter().map(|entry| entry.event.decode_unverified().unwrap().seq).collect();
        assert_eq!(numbers, [0, 1]);
        assert!(file.log.iter().all(protocol::case::event::LogEntry::verify_link));
    }
    assert_eq!(world.queue("eva").await, [], "the outside body's grants are held back");
}

#[tokio::test]
async fn a_report_for_the_oversight_body_alone_is_there_from_the_start() {
    let mut world = HandlerFixture::new().await;
    let (report, _) = world.new_report(&["eva"]);
    world.ingest(&report).await.unwrap();
    let queue = world.queue("eva").await;
    assert_eq!(queue[0].state.desk, "external");
    assert_eq!(queue[0].state.released, Some(ReleaseReason::Filed));
    for member in ["awa", "bila", "coumba"] {
        assert_eq!(world.queue(member).await, []);
    }
}

#[tokio::test]
async fn of_two_who_act_at_once_one_wins_and_the_other_is_told() {
    let mut world = HandlerFixture::new().await;
    let (report, _) = world.new_report(&["awa", "bila", "eva"]);
    world.ingest(&report).await.unwrap();
    let id = report.header.case.id;
    let one = world.signed_event("awa", id, Action::Claimed).await;
    let two = world.signed_event("bila", id, Action::Claimed).await;
    let (one, two) =
        tokio::join!(world.post_event("awa", id, &one), world.post_event("bila", id, &two));
    assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1);
    let lost = one.err().or(two.err()).unwrap();
    assert_eq!((lost.kind.as_str(), lost.status), ("stale", 409));
    assert!(lost.title.contains("somebody else acted"), "{}", lost.title);
}

#[tokio::test]
async fn forged_and_foreign_events_are_refused() {
    let mut world = HandlerFixture::new().await;
    let (report, _) = world.new_report(&["awa", "bila", "eva"]);
    world.ingest(&report).await.unwrap();
    let id = report.header.case.id;
    let by_awa = world.signed_event("awa", id, Action::Claimed).await;
    assert_eq!(world.post_event("bila", id, &by_awa).await.unwrap_err().kind, "malformed");
    let state = world.queue("awa").await[0].state.clone();
    let as_awa = next_event(id, &state, "awa", world.clock.now(), Action::Claimed)
        .sign(&world.members["bila"].1);
    let forged = NewEvent { event: as_awa, payload: EventPayload::default() };
    assert_eq!(world.post_event("awa", id, &forged).await.unwrap_err().kind, "malformed");
    // Coumba holds no grant: for her the case does not exist.
    let event = next_event(id, &state, "coumba", world.clock.now(), Action::Claimed)
        .sign(&world.members["coumba"].1);
    let outsider = NewEvent { event, payload: EventPayload::default() };
    assert_eq!(world.post_event("coumba", id, &outsider).await.unwrap_err().kind, "not-found");
    let late =
        next_event(id, &state, "awa", world.clock.now() - Duration::hours(1), Action::Claimed);
    let late =
        NewEvent { event: late.sign(&world.members["awa"].1), payload: EventPayload::default() };
    assert_eq!(world.post_event("awa", id, &late).await.unwrap_err().kind, "rule");
    assert_eq!(world.case("awa", id).await.unwrap().log.len(), 1, "nothing was written");
}

#[tokio::test]
async fn who_recuses_loses_the_row_and_too_few_left_is_the_oversight_bodys() {
    let mut world = HandlerFixture::new().await;
    let (report, _) = world.new_report(&["awa", "bila", "coumba", "eva"]);
    world.ingest(&report).await.unwrap();
    let id = report.header.case.id;
    world.post_action("awa", id, Action::Claimed).await.unwrap();
    world.post_action("awa", id, Action::Recused).await.unwrap();
    assert_eq!(world.queue("awa").await, []);
    assert_eq!(world.case("awa", id).await, Err(StatusCode::NOT_FOUND));
    assert_eq!(world.queue("eva").await, []);
    world.post_action("bila", id, Action::Recused).await.unwrap();
    assert_eq!(world.queue("eva").await[0].state.released, Some(ReleaseReason::DeskConflicted));
}

#[tokio::test]
async fn what_an_event_brings_must_be_what_it_names() {
    let mut world = HandlerFixture::new().await;
    let (report, _) = world.new_report(&["awa", "bila", "eva"]);
    world.ingest(&report).await.unwrap();
    let id = report.header.case.id;
    world.post_action("awa", id, Action::Claimed).await.unwrap();
    let (reply, copy) =
        (SealedBytes(b"for the reporter".to_vec()), SealedBytes(b"for the team".to_vec()));
    let action = || Action::Replied { reply: reply.hash(), copy: copy.hash(), feedback: false };
    let mut new = world.signed_event("awa", id, action()).await;
    assert_eq!(world.post_event("awa", id, &new).await.unwrap_err().kind, "rule");
    new.payload = EventPayload {
        reply: Some(copy.clone()),
        copy: Some(reply.clone()),
        ..EventPayload::default()
    };
    assert_eq!(world.post_event("awa", id, &new).await.unwrap_err().kind, "rule");
    new.payload = EventPayload {
        reply: Some(reply.clone()),
        copy: Some(copy.clone()),
        ..EventPayload::default()
    };
    world.post_event("awa", id, &new).await.unwrap();
    assert_eq!(
        world.post_event("awa", id, &new).await.unwrap_err().kind,
        "stale",
        "a replayed event"
    );
    let contents = world.store.mailboxes(None, 10).await.unwrap();
    assert_eq!(contents[0].replies, [reply.0]);
    let long = SealedBytes(vec![0; 13 * 1024]);
    let mut note = world.signed_event("awa", id, Action::NoteAdded { note: long.hash() }).await;
    note.payload.note = Some(long);
    assert!(world.post_event("awa", id, &note).await.unwrap_err().title.contains("too long"));
    let moved = Action::StageChanged { from: Stage::Received, to: Stage::Decided, reason: None };
    assert!(
        world
            .post_action("awa", id, moved)
            .await
            .unwrap_err()
            .title
            .contains("received to decided")
    );
}

#[tokio::test]
async fn a_case_is_assigned_with_a_grant_to_whom_it_is_for() {
    let mut world = HandlerFixture::new().await;
    let (report, receipt) = world.new_report(&["awa", "bila", "eva"]);
    world.ingest(&report).await.unwrap();
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
        grant: grant.seal(&world.recipient(handle)),
    };
    let assign = |granted: Option<Hash>| Action::Assigned { to: "coumba".into(), granted };
    world.post_action("awa", id, Action::Declared).await.unwrap();
    assert!(
        world
            .post_action("awa", id, assign(None))
            .await
            .unwrap_err()
            .title
            .contains("holds no grant")
    );
    let wrong = grant_to("eva");
    let mut new = world.signed_event("awa", id, assign(Some(wrong.grant.tag))).await;
    new.payload.grants = vec![wrong];
    assert!(world.post_event("awa", id, &new).await.unwrap_err().title.contains("somebody else"));
    let right = grant_to("coumba");
    let mut new = world.signed_event("awa", id, assign(Some(right.grant.tag))).await;
    new.payload.grants = vec![right];
    world.post_event("awa", id, &new).await.unwrap();
    assert_eq!(world.queue("coumba").await[0].state.assignee.as_deref(), Some("coumba"));
}

#[tokio::test]
async fn sessions_are_fresh_signed_and_short() {
    let world = HandlerFixture::new().await;
    let nonce = world.challenge("awa").await;
    let key = &world.members["awa"].1;
    assert_eq!(
        world.answer_challenge("awa", nonce, &world.members["bila"].1).await,
        Err(StatusCode::UNAUTHORIZED)
    );
    assert_eq!(
        world.answer_challenge("awa", nonce, key).await,
        Err(StatusCode::UNAUTHORIZED),
        "a wrong answer uses it up"
    );
    let nonce = world.challenge("awa").await;
    assert_eq!(
        world.answer_challenge("bila", nonce, &world.members["bila"].1).await,
        Err(StatusCode::UNAUTHORIZED)
    );
    let nonce = world.challenge("awa").await;
    let token = world.answer_challenge("awa", nonce, key).await.unwrap();
    assert_eq!(
        world.answer_challenge("awa", nonce, key).await,
        Err(StatusCode::UNAUTHORIZED),
        "replayed"
    );
    let nonce = world.challenge("awa").await;
    world.clock.advance(Duration::seconds(61));
    assert_eq!(
        world.answer_challenge("awa", nonce, key).await,
        Err(StatusCode::UNAUTHORIZED),
        "too late"
    );
    let nonce = world.challenge("nobody").await;
    assert_eq!(world.answer_challenge("nobody", nonce, key).await, Err(StatusCode::UNAUTHORIZED));
    let rows =
        |token: String| async move { world.get::<serde_json::Value>("/v1/cases", &token).await };
    assert!(rows(token).await.is_ok());
}

#[tokio::test]
async fn a_stolen_bearer_signs_nothing_and_the_log_says_that_somebody_tried() {
    let mut world = HandlerFixture::new().await;
    let heard = LogCapture::default();
    let subscriber =
        tracing_subscriber::fmt().with_writer(heard.clone()).with_max_level(tracing::Level::TRACE);
    let _guard = tracing::subscriber::set_default(subscriber.finish());
    let mut ids = Vec::new();
    for _ in 0..2 {
        let (report, _) = world.new_report(&["awa", "bila", "eva"]);
        world.ingest(&report).await.unwrap();
        ids.push(report.header.case.id);
    }
    let token = world.sign_in("awa").await;
    assert_eq!(heard.warnings(), 0, "honest work is no news");
    let claim = world.signed_event("awa", ids[0], Action::Claimed).await;
    let state = world.queue("awa").await[0].state.clone();
    // The thief has the bearer and any key but awa's.
    let thief = SigningKey::from_bytes(&[7; 32]);
    let forged = next_event(ids[0], &state, "awa", world.clock.now(), Action::Claimed).sign(&thief);
    let forged = NewEvent { event: forged, payload: EventPayload::default() };
    let events = |id: Uuid| format!("/v1/cases/{id}/events");
    let post = async |path: String, event: &NewEvent| {
        world.request(Method::POST, &path, &token, event).await.0
    };
    assert_eq!(post(events(ids[0]), &forged).await, StatusCode::BAD_REQUEST);
    // What awa signed for one case is nothing in another, and nothing a second time.
    assert_eq!(post(events(ids[1]), &claim).await, StatusCode::BAD_REQUEST);
    assert_eq!(heard.warnings(), 2);
    assert_eq!(post(events(ids[0]), &claim).await, StatusCode::OK);
    assert_eq!(post(events(ids[0]), &claim).await, StatusCode::CONFLICT, "replayed");
    assert_eq!(world.case("awa", ids[0]).await.unwrap().log.len(), 2);
    // A directory without the root keys' signatures changes nobody's key.
    let mut signed =
        world.next_directory(|directory| directory.members[0].device = PublicKey::from(&thief));
    signed.signatures.clear();
    let put = world.request(Method::PUT, "/v1/directory", &token, &signed).await.0;
    assert_eq!(put, StatusCode::UNPROCESSABLE_ENTITY);
    // Guessing at sessions is said once a minute.
    for _ in 0..20 {
        let nonce = world.challenge("awa").await;
        assert_eq!(
            world.answer_challenge("awa", nonce, &thief).await,
            Err(StatusCode::UNAUTHORIZED)
        );
    }
    assert_eq!(heard.warnings(), 3);
    world.clock.advance(Duration::minutes(1));
    let nonce = world.challenge("nobody").await;
    assert_eq!(
        world.answer_challenge("nobody", nonce, &thief).await,
        Err(StatusCode::UNAUTHORIZED)
    );
    assert_eq!(heard.warnings(), 4);
    // The bearer lives no longer than the process, or a quarter of an hour.
    let rows =
        async |world: &HandlerFixture| world.request(Method::GET, "/v1/cases", &token, &()).await.0;
    assert_eq!(rows(&world).await, StatusCode::OK);
    world.restart().await;
    assert_eq!(rows(&world).await, StatusCode::UNAUTHORIZED);
    let text = heard.text();
    for word in ["awa", "bila", "nobody", "/v1", &ids[0].to_string()] {
        assert!(!text.contains(word), "{word}: {text}");
    }
}

/// What is logged on this thread.
#[derive(Clone, Default)]
struct LogCapture(Arc<Mutex<Vec<u8>>>);

impl LogCapture {
    fn text(&self) -> String {
        let bytes = self.0.lock().expect("no panic before").clone();
        let all = String::from_utf8(bytes).expect("a log is text");
        let ours = all.lines().filter(|line| line.contains("case_handler"));
        ours.collect::<Vec<_>>().join("\n")
    }

    fn warnings(&self) -> usize {
        self.text().matches("WARN").count()
    }
}

impl Write for LogCapture {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic before").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for LogCapture {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_session_ends_and_the_log_is_the_oversight_bodys_alone() {
    let world = HandlerFixture::new().await;
    let token = world.sign_in("awa").await;
    assert_eq!(world.get::<AuditLog>("/v1/log", &token).await, Err(StatusCode::FORBIDDEN));
    assert!(world.get::<AuditLog>("/v1/log", &world.sign_in("eva").await).await.is_ok());
    world.clock.advance(Duration::minutes(15));
    assert_eq!(
        world.get::<serde_json::Value>("/v1/cases", &token).await,
        Err(StatusCode::UNAUTHORIZED)
    );
    assert_eq!(
        world.get::<serde_json::Value>("/v1/cases", "").await,
        Err(StatusCode::UNAUTHORIZED)
    );
}

#[tokio::test]
async fn every_error_is_a_problem_and_says_nothing_of_the_inside() {
    let mut world = HandlerFixture::new().await;
    let (report, _) = world.new_report(&["awa", "bila", "eva"]);
    world.ingest(&report).await.unwrap();
    let (case, token) = (report.header.case.id, world.sign_in("awa").await);
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
        let (status, body) = world.request(method, path, &token, &"no object").await;
        let problem: ProblemDetails =
            serde_json::from_slice(&body).unwrap_or_else(|_| panic!("{path}: {body:?}"));
        assert_eq!((problem.kind.as_str(), problem.status), (kind, status.as_u16()), "{path}");
    }
    // A database that fails: the caller learns that nothing was changed, and no more.
    world.execute_sql("DROP TABLE queues").await;
    let (status, body) = world.request(Method::GET, "/v1/cases", &token, &()).await;
    let problem: ProblemDetails = serde_json::from_slice(&body).unwrap();
    assert_eq!((status, problem.kind.as_str()), (StatusCode::INTERNAL_SERVER_ERROR, "internal"));
    assert!(!problem.title.contains("queues"), "{}", problem.title);
}
