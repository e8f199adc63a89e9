//! The complete view of a member whom a report excludes, or who recused, does not depend on the
//! cases that are hidden from that member. Random schedules run twice, with and without activity in
//! hidden cases, and each response of each call that the member may make is compared byte by byte.
//!
//! Some bytes are random in each run, and are replaced by placeholders:
//! - ids of parts, challenges: random numbers that depend on nothing;
//! - the index of a leaf within its batch, and with its digits the length of the response: each
//!   leaf of the batch is equally probable, whatever the number of events in it. The number of the
//!   batch is compared;
//! - the salt of an event: the output of a PRF for its index;
//! - roots, paths and consistency proofs: hashes of leaves. Each leaf is a hash with a salt, or a
//!   dummy from the same PRF, so no member without the secret can distinguish one from the other.
//!   Their number depends on the sizes of the trees only, and is compared;
//! - signatures and cosignatures over a root. Names and number of the lines are compared.
//!
//! Timing: the queries of each call select by the grants of the member or by the id of the case
//! before anything else, so that the number of statements and rows that they read follows from the
//! visible cases, and a hidden case takes the path of an id that does not exist. A proof reads the
//! stored path of its leaf and the nodes above the batch, and no event of another case
//! (`a_proof_reads_no_event_of_another_case`).
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use std::collections::BTreeMap;

use axum::body::Body;
use case_handler::checkpoints::add_batch;
use common::{HandlerFixture, cases::DESK_MEMBERS, on_postgres, submissions::follow_up};
use http::{Method, Request, header::CONTENT_LENGTH};
use http_body_util::BodyExt;
use protocol::{
    Hash,
    api::workbench::{Absence, ChallengeRequest, EventPayload, NewEvent, SealedBytes},
    case::{event::Action, next_event},
    submission::envelope::OpenedSubmission,
};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use serde_json::{Value, json};
use time::Duration;
use tower::ServiceExt;
use transparency_log::{batch::batch_of, checkpoint::SignedCheckpoint, proof::LogProof};
use uuid::Uuid;

/// The member from whom cases are hidden.
const EXCLUDED: &str = "coumba";
/// Schedules that run one after the other in the same pair of worlds.
const SCHEDULES_OF_A_PAIR: u64 = 20;
/// Everyone except the excluded member.
const OTHERS: [&str; 3] = ["awa", "bila", "eva"];

/// What happens in one world. The texts and cases are the same in both.
#[derive(Debug, Clone)]
enum Step {
    Report(Box<OpenedSubmission>),
    FollowUp {
        case: Uuid,
        text: String,
        release: bool,
    },
    Act {
        member: &'static str,
        case: Uuid,
        action: Action,
        payload: Box<EventPayload>,
    },
    /// The next collection cycle with its batch.
    Cycle,
    Hours(i64),
}

/// The cases of a pair of worlds.
#[derive(Default)]
struct Cases {
    visible: Vec<Uuid>,
    /// The cases that exist in one world only, and the one in which the excluded member recused.
    hidden: Vec<Uuid>,
    notes: u32,
}

struct World {
    fixture: HandlerFixture,
    /// Chooses leaves. In production it is the random source of the operating system.
    log_rng: StdRng,
    reports: BTreeMap<Uuid, OpenedSubmission>,
}

impl World {
    async fn new(seed: u64) -> Self {
        let fixture = HandlerFixture::new().await;
        let log_rng = StdRng::seed_from_u64(seed);
        Self { fixture, log_rng, reports: BTreeMap::new() }
    }

    /// Runs a step, and returns the response to an action. An action that the rules refuse changes
    /// nothing, here as in the other world.
    async fn run(&mut self, step: &Step) -> Option<String> {
        match step {
            Step::Report(report) => {
                self.fixture.ingest(report).await.unwrap();
                self.reports.insert(report.header.case.id, (**report).clone());
            }
            Step::FollowUp { case, text, release } => {
                let mut message = follow_up(&self.reports[case], text);
                message.header.release_to_oversight = *release;
                self.fixture.ingest(&message).await.unwrap();
            }
            Step::Act { member, case, action, payload } => {
                let found = self.fixture.store.visible_case(member, *case).await.unwrap();
                let found = found?;
                let at = self.fixture.clock.now();
                let event = next_event(*case, &found.state, member, at, action.clone());
                let event = event.sign(&self.fixture.members[member].1);
                let new = NewEvent { event, payload: (**payload).clone() };
                return Some(format!("{:?}", self.fixture.post_event(member, *case, &new).await));
            }
            Step::Cycle => {
                let HandlerFixture { store, directories, log_key, .. } = &self.fixture;
                add_batch(store, directories, log_key, &mut self.log_rng).await.unwrap();
            }
            Step::Hours(hours) => self.fixture.clock.advance(Duration::hours(*hours)),
        }
        None
    }

    /// Makes a call as the excluded member. Returns status, headers and body as text.
    async fn call(&self, method: Method, path: &str, token: &str, body: &Value) -> String {
        let request = Request::builder()
            .method(method.clone())
            .uri(path)
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .unwrap();
        let response = self.fixture.app.clone().oneshot(request).await.unwrap();
        let (mut parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        // The index of a leaf has as many digits as it has.
        if let Some(length) = parts.headers.remove(CONTENT_LENGTH) {
            assert_eq!(length.to_str().unwrap(), body.len().to_string());
        }
        let text = match serde_json::from_slice::<Value>(&body) {
            Ok(mut json) => {
                replace_random(&mut json);
                json.to_string()
            }
            Err(_) => replace_in_text(&String::from_utf8_lossy(&body)),
        };
        format!("{} {:?} {text}", parts.status, parts.headers)
    }

    /// Returns the responses of all calls that the excluded member may make, by call.
    async fn view(&self, cases: &Cases) -> BTreeMap<String, String> {
        let token = self.fixture.sign_in(EXCLUDED).await;
        let mut view = BTreeMap::new();
        let mut calls: Vec<(Method, String, Value)> = Vec::new();
        let get = |path: &str| (Method::GET, path.to_owned(), Value::Null);
        calls.extend(
            [
                "/health",
                "/v1/directory",
                "/v1/directories",
                "/v1/cases",
                "/v1/cases?limit=2",
                "/v1/former-readers",
                "/v1/absence",
                "/v1/log?from=0",
                "/v1/checkpoint?old=0",
                "/v1/checkpoint?old=256",
                "/v1/checkpoint?old=2560000",
                "/v1/nothing",
            ]
            .map(get),
        );
        let unknown = Uuid::from_u128(7);
        for case in cases.visible.iter().chain(&cases.hidden).chain([&unknown]) {
            calls.push(get(&format!("/v1/cases?limit=1&after={case}&due=2026-12-01")));
            for path in ["", "/log", "/routing"] {
                calls.push(get(&format!("/v1/cases/{case}{path}")));
            }
            calls.push(get(&format!("/v1/cases/{case}/parts/{unknown}")));
        }
        let absence = json!(Absence { member: EXCLUDED.into(), until: None });
        calls.push((Method::PUT, "/v1/absence".into(), absence));
        let absence = json!(Absence { member: "awa".into(), until: None });
        calls.push((Method::PUT, "/v1/absence".into(), absence));
        let challenge = json!(ChallengeRequest { handle: EXCLUDED.into() });
        calls.push((Method::POST, "/v1/challenge".into(), challenge));
        calls.push((Method::POST, "/v1/session".into(), json!({})));
        let cosignature = json!({ "size": 256, "signature": "— a AAAA" });
        calls.push((Method::POST, "/v1/cosignatures".into(), cosignature));
        calls.push((Method::PUT, "/v1/directory".into(), json!({})));
        for case in cases.hidden.iter().chain([&unknown]) {
            let forged = json!({ "event": { "bytes": "AAAA", "signature": "AAAA" } });
            calls.push((Method::POST, format!("/v1/cases/{case}/events"), forged));
            // The state does not matter, because the case is not found.
            let state = self.fixture.store.visible_case("awa", cases.visible[0]).await.unwrap();
            let at = self.fixture.clock.now();
            let event =
                next_event(*case, &state.unwrap().state, EXCLUDED, at, Action::MarkedHandled);
            let event = event.sign(&self.fixture.members[EXCLUDED].1);
            let new = json!(NewEvent { event, payload: EventPayload::default() });
            calls.push((Method::POST, format!("/v1/cases/{case}/events"), new));
        }
        for (number, (method, path, body)) in calls.into_iter().enumerate() {
            let response = self.call(method.clone(), &path, &token, &body).await;
            view.insert(format!("{number:03} {method} {path}"), response);
        }
        for case in &cases.visible {
            for (number, part) in
                self.fixture.store.parts(*case).await.unwrap().into_iter().enumerate()
            {
                let path = format!("/v1/cases/{case}/parts/{}", part.id);
                let response = self.call(Method::GET, &path, &token, &Value::Null).await;
                view.insert(format!("part {number} of {case}"), response);
            }
        }
        view
    }

    /// Returns what the links of protocol 1 showed to the excluded member: for each own event,
    /// whether another event came directly before it in the log of all cases.
    async fn gaps_in_links(&self, cases: &Cases) -> Vec<bool> {
        let (mut link, mut own_link, mut gaps) = (Hash::default(), Hash::default(), Vec::new());
        for stored in self.fixture.store.events_after(0, u64::from(u32::MAX)).await.unwrap() {
            let before = link;
            let event = stored.event.hash();
            link = Hash::of(&[b"burkindi/log/v1\0", before.as_bytes(), event.as_bytes()]);
            if cases.visible.contains(&stored.case) {
                gaps.push(before != own_link);
                own_link = link;
            }
        }
        gaps
    }
}

/// Replaces what is random in each run, see above.
fn replace_random(json: &mut Value) {
    match json {
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), value.as_str()) {
                    ("proof", Some(text)) => *value = describe_proof(text).into(),
                    ("nonce", Some(_)) => *value = "random".into(),
                    ("parts", _) => {
                        for part in value.as_array_mut().unwrap() {
                            part["id"] = "random".into();
                        }
                        replace_random(value);
                    }
                    _ => replace_random(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(replace_random),
        _ => {}
    }
}

fn describe_proof(text: &str) -> String {
    let proof: LogProof = text.parse().unwrap();
    let checkpoint = describe_checkpoint(&proof.checkpoint.to_string());
    format!("batch {:?}, {} hashes, {checkpoint}", batch_of(proof.index), proof.path.len())
}

fn describe_checkpoint(note: &str) -> String {
    let head = SignedCheckpoint::parse(note).unwrap();
    let head = head.checkpoint().clone();
    let signers = note.lines().filter_map(|line| line.strip_prefix("— ")?.split(' ').next());
    format!("{} of {} leaves, signed by {:?}", head.origin, head.size, signers.collect::<Vec<_>>())
}

/// Replaces the hashes of `add-checkpoint`. Returns any other text unchanged.
fn replace_in_text(text: &str) -> String {
    match text.split_once("\n\n") {
        Some((head, note)) if head.starts_with("old ") => {
            let mut lines = head.lines();
            let old = lines.next().unwrap();
            format!("{old}, {} hashes, {}", lines.count(), describe_checkpoint(note))
        }
        _ => text.to_owned(),
    }
}

fn note(cases: &mut Cases) -> (Action, EventPayload) {
    cases.notes += 1;
    let note = SealedBytes(format!("note {}", cases.notes).into_bytes());
    let payload = EventPayload { note: Some(note.clone()), ..EventPayload::default() };
    (Action::NoteAdded { note: note.hash() }, payload)
}

fn reply(cases: &mut Cases) -> (Action, EventPayload) {
    cases.notes += 1;
    let sealed = SealedBytes(format!("reply {}", cases.notes).into_bytes());
    let action = Action::Replied { reply: sealed.hash(), copy: sealed.hash(), feedback: false };
    let payload =
        EventPayload { reply: Some(sealed.clone()), copy: Some(sealed), ..EventPayload::default() };
    (action, payload)
}

fn act(member: &'static str, case: Uuid, (action, payload): (Action, EventPayload)) -> Step {
    Step::Act { member, case, action, payload: Box::new(payload) }
}

fn plain(action: Action) -> (Action, EventPayload) {
    (action, EventPayload::default())
}

/// Makes reports in a fixture that is in neither world.
struct ReportSource(HandlerFixture);

impl ReportSource {
    fn report(&mut self, readers: &[&str]) -> OpenedSubmission {
        let (mut report, _) = self.0.new_report(readers);
        report.attachments = vec![vec![1; 64]];
        report
    }
}

/// Returns the steps of a new case: it is ingested, and its readers act.
fn steps_of_new_case(report: OpenedSubmission, actors: &[&'static str]) -> Vec<Step> {
    let case = report.header.case.id;
    let mut steps = vec![Step::Report(Box::new(report))];
    for (number, actor) in actors.iter().enumerate() {
        let action = if number == 0 { Action::Claimed } else { Action::Declared };
        steps.push(act(actor, case, plain(action)));
    }
    steps
}

/// Returns the next visible steps.
fn visible_steps(rng: &mut StdRng, cases: &mut Cases, source: &mut ReportSource) -> Vec<Step> {
    let case = *cases.visible.choose(rng).unwrap();
    match rng.gen_range(0..12) {
        0 if cases.visible.len() < 4 => {
            let report = source.report(&DESK_MEMBERS);
            cases.visible.push(report.header.case.id);
            steps_of_new_case(report, &["awa", EXCLUDED])
        }
        0..3 => vec![act(EXCLUDED, case, note(cases))],
        3..5 => vec![act("awa", case, note(cases))],
        5 => vec![act("awa", case, reply(cases))],
        6..8 => {
            cases.notes += 1;
            vec![Step::FollowUp { case, text: format!("text {}", cases.notes), release: false }]
        }
        8 => vec![Step::Hours(rng.gen_range(1..9))],
        _ => vec![Step::Cycle],
    }
}

/// Returns the next steps in hidden cases.
fn hidden_steps(rng: &mut StdRng, cases: &mut Cases, source: &mut ReportSource) -> Vec<Step> {
    let case = *cases.hidden.choose(rng).unwrap();
    match rng.gen_range(0..12) {
        0 if cases.hidden.len() < 6 => {
            let report = source.report(&OTHERS);
            cases.hidden.push(report.header.case.id);
            steps_of_new_case(report, &["awa", "bila"])
        }
        0..4 => vec![act("awa", case, note(cases))],
        4..6 => vec![act("awa", case, reply(cases))],
        6..10 => {
            cases.notes += 1;
            let text = format!("hidden text {}", cases.notes);
            vec![Step::FollowUp { case, text, release: rng.gen_bool(0.2) }]
        }
        10 => vec![act("bila", case, plain(Action::Recused))],
        _ => vec![act("eva", case, note(cases))],
    }
}

/// Runs random schedules in one pair of worlds. Returns how many of them the links of protocol 1
/// would have shown.
async fn compare_views(first_seed: u64, schedules: u64) -> u64 {
    let mut source = ReportSource(HandlerFixture::new().await);
    let mut worlds = [World::new(1).await, World::new(2).await];
    let mut cases = Cases::default();
    // In both worlds: a visible case, and one in which the member recuses.
    let (visible, recused) = (source.report(&DESK_MEMBERS), source.report(&DESK_MEMBERS));
    cases.visible.push(visible.header.case.id);
    cases.hidden.push(recused.header.case.id);
    let mut setup = steps_of_new_case(visible, &["awa", EXCLUDED]);
    setup.extend(steps_of_new_case(recused, &["awa", "bila"]));
    setup.push(act(EXCLUDED, cases.hidden[0], plain(Action::Recused)));
    setup.push(Step::Cycle);
    for step in &setup {
        for world in &mut worlds {
            world.run(step).await;
        }
    }
    let (mut noticed, mut known_gaps) = (0, [0, 0]);
    for seed in first_seed..first_seed + schedules {
        let mut rng = StdRng::seed_from_u64(seed);
        for round in 0..rng.gen_range(2..5) {
            // The first round always has hidden activity, between two visible steps.
            let hidden = if round == 1 { 1 } else { rng.gen_range(0..3) };
            for _ in 0..hidden {
                for step in hidden_steps(&mut rng, &mut cases, &mut source) {
                    worlds[0].run(&step).await;
                }
            }
            for step in visible_steps(&mut rng, &mut cases, &mut source) {
                let [with, without] = &mut worlds;
                let responses = (with.run(&step).await, without.run(&step).await);
                assert_eq!(responses.0, responses.1, "schedule {seed}: {step:?}");
            }
        }
        let [with, without] = [worlds[0].view(&cases).await, worlds[1].view(&cases).await];
        assert_eq!(with.len(), without.len());
        for (call, response) in &with {
            let other = &without[call];
            let same = response.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
            let excerpt = |text: &str| {
                text.chars().skip(same.saturating_sub(40)).take(120).collect::<String>()
            };
            assert!(
                response == other,
                "schedule {seed}: {call}: …{}… instead of …{}…",
                excerpt(response),
                excerpt(other)
            );
        }
        let gaps = [
            worlds[0].gaps_in_links(&cases).await.iter().filter(|gap| **gap).count(),
            worlds[1].gaps_in_links(&cases).await.iter().filter(|gap| **gap).count(),
        ];
        noticed += u64::from(gaps[0] - known_gaps[0] != gaps[1] - known_gaps[1]);
        known_gaps = gaps;
    }
    noticed
}

/// Runs a fifth of the schedules. On `PostgreSQL` one pair of worlds is enough.
async fn compare_schedules(part: u64) {
    let pairs = if on_postgres() { 1 } else { 5 };
    let mut noticed = 0;
    for pair in 0..pairs {
        let first_seed = (part * 5 + pair) * SCHEDULES_OF_A_PAIR;
        noticed += Box::pin(compare_views(first_seed, SCHEDULES_OF_A_PAIR)).await;
    }
    let schedules = pairs * SCHEDULES_OF_A_PAIR;
    // Positive control: a schedule without a visible event after a hidden one has no gap.
    assert!(noticed > schedules / 3, "the links show {noticed} of {schedules} schedules");
}

#[tokio::test]
async fn an_excluded_member_sees_the_same_bytes_in_schedules_0_to_99() {
    compare_schedules(0).await;
}

#[tokio::test]
async fn an_excluded_member_sees_the_same_bytes_in_schedules_100_to_199() {
    compare_schedules(1).await;
}

#[tokio::test]
async fn an_excluded_member_sees_the_same_bytes_in_schedules_200_to_299() {
    compare_schedules(2).await;
}

#[tokio::test]
async fn an_excluded_member_sees_the_same_bytes_in_schedules_300_to_399() {
    compare_schedules(3).await;
}

#[tokio::test]
async fn an_excluded_member_sees_the_same_bytes_in_schedules_400_to_499() {
    compare_schedules(4).await;
}
