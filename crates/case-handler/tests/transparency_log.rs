//! The transparency log of the case handler: batches, checkpoints and proofs over a real store.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use std::collections::BTreeSet;

use case_handler::{
    checkpoints::{add_batch, prove_event},
    directory_cache::PublishError,
    event_log::{self, LogIntegrityError},
};
use common::{HandlerFixture, request_body};
use ed25519_dalek::SigningKey;
use http::{Method, StatusCode};
use protocol::{
    Hash,
    api::{
        checkpoint::NewCosignature,
        workbench::{AUDIT_PAGE_BATCHES, AuditLog},
    },
    keys::PublicKey,
};
use transparency_log::{
    batch::{Batch, LoggedEvent, batch_of, consistency_plan, log_size},
    checkpoint::{SignedCheckpoint, member_key},
    compact_range::CompactRange,
    leaf::LeafSecret,
    policy::{LogError, LogEvidence, LogPolicy},
    proof::LogProof,
    witness::{AddCheckpoint, WitnessedTree, authenticate, check_growth},
};
use uuid::Uuid;

const DESK_MEMBERS: [&str; 4] = ["awa", "bila", "coumba", "eva"];

impl HandlerFixture {
    async fn add_batch(&mut self) {
        add_batch(&self.store, &self.directories, &self.log_key, &mut self.rng).await.unwrap();
    }

    fn policy(&self) -> LogPolicy {
        LogPolicy::of_directory(&self.directory).unwrap()
    }

    async fn checkpoint(&self) -> SignedCheckpoint {
        SignedCheckpoint::parse(&self.store.newest_checkpoint().await.unwrap().unwrap()).unwrap()
    }

    async fn event_hash(&self, case: Uuid, seq: usize) -> Hash {
        self.store.case_events(case).await.unwrap()[seq].hash()
    }

    async fn proof(&self, case: Uuid, seq: u32) -> Option<LogProof> {
        prove_event(&self.store, case, seq).await.unwrap()
    }

    /// Verifies the proof of the first event of a case.
    async fn assert_logged(&self, case: Uuid) -> LogEvidence {
        let proof = self.proof(case, 0).await.unwrap();
        self.policy().verify_proof(&proof, &self.event_hash(case, 0).await).unwrap()
    }
}

#[tokio::test]
async fn every_event_gets_a_leaf_and_a_proof_that_lasts() {
    let mut fixture = HandlerFixture::new().await;
    fixture.add_batch().await;
    let policy = fixture.policy();
    let empty = policy.verify_checkpoint(&fixture.checkpoint().await).unwrap();
    assert_eq!((empty.size, empty.countersigned), (256, None), "a batch without events");
    let mut cases = Vec::new();
    let mut earlier = empty;
    for batches in 2..7_u32 {
        let (report, _) = fixture.new_report(&DESK_MEMBERS);
        fixture.ingest(&report).await.unwrap();
        let case = report.header.case.id;
        assert_eq!(fixture.proof(case, 0).await, None, "it waits for its batch");
        fixture.add_batch().await;
        cases.push(case);
        for case in &cases {
            assert_eq!(fixture.assert_logged(*case).await.size, u64::from(batches) * 256);
        }
        let plan = consistency_plan(batches - 1, batches).unwrap();
        let nodes = fixture.store.log_nodes(&plan.nodes()).await.unwrap();
        let proof = plan.hashes(|node| nodes.get(&node).copied()).unwrap();
        let checkpoint = fixture.checkpoint().await;
        earlier = policy.verify_growth(&earlier, &checkpoint, &proof).unwrap();
    }
    let [first, second] = [cases[0], cases[1]];
    let proof = fixture.proof(first, 0).await.unwrap();
    let other = fixture.event_hash(second, 0).await;
    assert!(fixture.policy().verify_proof(&proof, &other).is_err(), "another event");
    assert_eq!(fixture.proof(first, 1).await, None, "no such event");
    // A new process continues the log, with the same salts.
    fixture.restart().await;
    fixture.add_batch().await;
    let again = fixture.proof(first, 0).await.unwrap();
    assert_eq!((again.index, again.salt), (proof.index, proof.salt));
    assert_eq!(fixture.assert_logged(first).await.size, 7 * 256);
}

#[tokio::test]
async fn events_beyond_a_batch_wait_in_their_order() {
    let mut fixture = HandlerFixture::new().await;
    let mut cases = Vec::new();
    for _ in 0..260 {
        let (report, _) = fixture.new_report(&DESK_MEMBERS);
        cases.push(report.header.case.id);
        fixture.ingest(&report).await.unwrap();
    }
    fixture.add_batch().await;
    for case in [cases[0], cases[255]] {
        fixture.assert_logged(case).await;
    }
    for case in &cases[256..] {
        assert_eq!(fixture.proof(*case, 0).await, None);
    }
    let size = fixture.checkpoint().await.checkpoint().size;
    assert_eq!(size, 256, "as large as with one event");
    fixture.add_batch().await;
    for case in &cases[256..] {
        let index = fixture.proof(*case, 0).await.unwrap().index;
        assert!((256..512).contains(&index));
        fixture.assert_logged(*case).await;
    }
}

#[tokio::test]
async fn a_new_epoch_of_the_directory_begins_an_empty_log_with_all_events() {
    let mut fixture = HandlerFixture::new().await;
    let mut cases = Vec::new();
    for _ in 0..600 {
        let (report, _) = fixture.new_report(&DESK_MEMBERS);
        cases.push(report.header.case.id);
        fixture.ingest(&report).await.unwrap();
    }
    // The former log has begun again too, so that both have a checkpoint of the same size.
    fixture.publish(|directory| directory.log.epoch = 2).await;
    fixture.add_batch().await;
    let (old_policy, old_checkpoint) = (fixture.policy(), fixture.checkpoint().await);
    let old_proof = fixture.proof(cases[0], 0).await.unwrap();
    let old_secret = fixture.store.leaf_secret().await.unwrap().unwrap();
    // A directory of the same epoch changes nothing.
    fixture.publish(|directory| directory.desks[0].units.push("port".to_owned())).await;
    assert_eq!(fixture.checkpoint().await, old_checkpoint);
    fixture.publish(|directory| directory.log.epoch = 3).await;
    assert_eq!(fixture.store.newest_checkpoint().await.unwrap(), None);
    assert_eq!(fixture.get_checkpoint("awa", "0").await, Err(StatusCode::NOT_FOUND));
    // A cosignature of the former log is none of the new one.
    let eva = ("eva", "eva", "eva");
    let refused = fixture.send_cosignature(&old_checkpoint, eva).await;
    assert_eq!(refused, StatusCode::NOT_FOUND);
    assert_eq!(fixture.proof(cases[0], 0).await, None, "it waits for a batch of the new log");
    // The first checkpoint contains every event, so that no reader misses the leaf of an old one.
    fixture.add_batch().await;
    assert_eq!(fixture.checkpoint().await.checkpoint().size, 256 * 256);
    let mut indices = BTreeSet::new();
    for case in &cases {
        fixture.assert_logged(*case).await;
        indices.insert(fixture.proof(*case, 0).await.unwrap().index);
    }
    assert_eq!(indices.len(), 600, "each event has a leaf of its own");
    let new_secret = fixture.store.leaf_secret().await.unwrap().unwrap();
    assert_ne!(new_secret.expose(), old_secret.expose(), "equal leaves would show the dummies");
    // No reader takes one log for the other.
    let new_checkpoint = fixture.checkpoint().await;
    let [origin, _] = [&new_checkpoint, &old_checkpoint].map(|note| &note.checkpoint().origin);
    assert!(origin.ends_with("/3"), "{origin}");
    let event = fixture.event_hash(cases[0], 0).await;
    let is_other = |refused| matches!(refused, Err(LogError::OtherLog(_)));
    assert!(is_other(fixture.policy().verify_proof(&old_proof, &event)));
    assert!(is_other(old_policy.verify_checkpoint(&new_checkpoint)));
    // Also at the same size.
    assert_eq!(new_checkpoint.checkpoint().size, old_checkpoint.checkpoint().size);
    let refused = fixture.send_cosignature(&old_checkpoint, eva).await;
    assert_eq!(refused, StatusCode::UNPROCESSABLE_ENTITY);
    // A new process continues the new log.
    fixture.restart().await;
    fixture.add_batch().await;
    assert_eq!(fixture.assert_logged(cases[599]).await.size, 257 * 256);
}

#[tokio::test]
async fn a_directory_that_returns_to_an_earlier_log_is_refused() {
    let mut fixture = HandlerFixture::new().await;
    fixture.publish(|directory| directory.log.epoch = 3).await;
    fixture.add_batch().await;
    let before = fixture.checkpoint().await;
    let earlier = fixture.next_directory(|directory| directory.log.epoch = 2);
    let today = fixture.clock.today();
    let refused = fixture.directories.publish(request_body(&earlier), today, &fixture.store).await;
    assert!(
        matches!(refused, Err(PublishError::EarlierLog { present: 3, offered: 2 })),
        "{refused:?}"
    );
    assert_eq!(fixture.checkpoint().await, before);
    assert_eq!(fixture.directories.latest().unwrap().directory.log.epoch, 3);
    // The administrator corrects the mistake.
    fixture.publish(|directory| directory.log.epoch = 4).await;
    assert_eq!(fixture.store.newest_checkpoint().await.unwrap(), None);
}

/// The duration of a proof does not depend on the other events of its batch, which may be hidden
/// from the member: it reads none of them.
#[tokio::test]
async fn a_proof_reads_no_event_of_another_case() {
    let mut fixture = HandlerFixture::new().await;
    let mut cases = Vec::new();
    for _ in 0..5 {
        let (report, _) = fixture.new_report(&DESK_MEMBERS);
        fixture.ingest(&report).await.unwrap();
        cases.push(report.header.case.id);
    }
    fixture.add_batch().await;
    fixture.add_batch().await;
    let logged = fixture.store.leaf_of(cases[2], 0).await.unwrap().unwrap().index;
    fixture.execute_sql(&format!("DELETE FROM log_leaves WHERE leaf <> {logged}")).await;
    let keep = "SELECT event FROM log_leaves";
    fixture.execute_sql(&format!("DELETE FROM events WHERE position NOT IN ({keep})")).await;
    assert_eq!(fixture.proof(cases[0], 0).await, None, "the others are deleted");
    assert_eq!(fixture.assert_logged(cases[2]).await.size, 512);
}

/// Who changes the database of the case handler changes the log, and its readers notice.
#[tokio::test]
async fn a_changed_database_is_noticed_by_readers() {
    let mut fixture = HandlerFixture::new().await;
    let (report, _) = fixture.new_report(&DESK_MEMBERS);
    fixture.ingest(&report).await.unwrap();
    let case = report.header.case.id;
    fixture.add_batch().await;
    fixture.add_batch().await;
    let event = fixture.event_hash(case, 0).await;
    let policy = fixture.policy();
    let proof = fixture.proof(case, 0).await.unwrap();
    policy.verify_proof(&proof, &event).unwrap();
    // The event gets another leaf.
    fixture.execute_sql("UPDATE log_leaves SET leaf = CASE leaf WHEN 0 THEN 1 ELSE 0 END").await;
    let moved = fixture.proof(case, 0).await.unwrap();
    assert!(policy.verify_proof(&moved, &event).is_err());
    // The case and its events are gone, and the leaf shows that they existed.
    fixture.execute_sql("CREATE TABLE whole AS SELECT * FROM events; DELETE FROM events").await;
    fixture.execute_sql("CREATE TABLE all_cases AS SELECT * FROM cases; DELETE FROM cases").await;
    let found = event_log::verify_chains(&fixture.store).await;
    assert!(matches!(found, Err(LogIntegrityError::Truncated)), "{found:?}");
    fixture.execute_sql("INSERT INTO events SELECT * FROM whole").await;
    fixture.execute_sql("INSERT INTO cases SELECT * FROM all_cases").await;
    event_log::verify_chains(&fixture.store).await.unwrap();
    // The event has no leaf.
    fixture.execute_sql("DELETE FROM log_leaves").await;
    assert_eq!(fixture.proof(case, 0).await, None);
    // Without a node the log cannot continue, and does not begin again.
    fixture.execute_sql("DELETE FROM log_nodes WHERE level = 1").await;
    let before = fixture.checkpoint().await;
    let HandlerFixture { store, directories, log_key, rng, .. } = &mut fixture;
    let failed = add_batch(store, directories, log_key, rng).await;
    assert!(failed.is_err());
    assert_eq!(fixture.checkpoint().await, before);
}

/// A member of the oversight body opens every leaf page by page, and the pages are those of the
/// log.
#[tokio::test]
async fn the_pages_of_an_audit_open_every_leaf() {
    let mut fixture = HandlerFixture::new().await;
    let mut recorded = Vec::new();
    let mut pages = Vec::new();
    let batches = 2 * AUDIT_PAGE_BATCHES + 3;
    for batch in 0..=batches {
        // Some batches have no event, and the last events wait for their leaf.
        for _ in 0..batch % 3 {
            let (report, _) = fixture.new_report(&DESK_MEMBERS);
            fixture.ingest(&report).await.unwrap();
            recorded.push(fixture.event_hash(report.header.case.id, 0).await);
        }
        if batch < batches {
            fixture.add_batch().await;
        }
    }
    let waiting = usize::try_from(batches % 3).unwrap();
    let token = fixture.sign_in("eva").await;
    for from in [0, AUDIT_PAGE_BATCHES, 2 * AUDIT_PAGE_BATCHES, batches, batches + 9] {
        let page: AuditLog = fixture.get(&format!("/v1/log?from={from}"), &token).await.unwrap();
        assert_eq!(page.batches, batches);
        let range = log_size(from)..log_size(from + AUDIT_PAGE_BATCHES);
        let logged = page.events.iter().filter_map(|logged| logged.index);
        assert!(logged.clone().all(|index| range.contains(&index)), "{from}");
        let without_leaf = page.events.len() - logged.count();
        let is_last = from + AUDIT_PAGE_BATCHES >= batches;
        assert_eq!(without_leaf, if is_last { waiting } else { 0 }, "{from}");
        pages.push(page);
    }
    let mut tree = CompactRange::default();
    let mut opened = Vec::new();
    for number in 0..batches {
        let page = &pages[(number / AUDIT_PAGE_BATCHES) as usize];
        let secret = LeafSecret::from_bytes(page.leaf_secret.as_slice().try_into().unwrap());
        let of_batch = page.events.iter().filter_map(|logged| {
            let index = logged.index.filter(|index| batch_of(*index) == Some(number))?;
            Some(LoggedEvent { index, event: logged.event.hash() })
        });
        let of_batch: Vec<LoggedEvent> = of_batch.collect();
        opened.extend(of_batch.iter().map(|logged| logged.event));
        tree.push(Batch::build(number, &of_batch, &secret).unwrap().root());
    }
    assert_eq!(tree.root(), fixture.checkpoint().await.checkpoint().root);
    opened.extend(pages[3].events.iter().map(|logged| logged.event.hash()));
    assert_eq!(opened, recorded, "each event once, in the order in which it was recorded");
    for invalid in ["", "?from=-1", "?from=4294967296", "?from=a"] {
        let path = format!("/v1/log{invalid}");
        let refused = fixture.get::<AuditLog>(&path, &token).await;
        assert_eq!(refused, Err(StatusCode::BAD_REQUEST), "{invalid}");
    }
}

#[tokio::test]
async fn another_key_signs_no_checkpoint_of_this_log() {
    let mut fixture = HandlerFixture::new().await;
    let other = SigningKey::from_bytes(&[1; 32]);
    assert_ne!(PublicKey::from(&other), fixture.directory.handler_key);
    let HandlerFixture { store, directories, rng, .. } = &mut fixture;
    add_batch(store, directories, &other, rng).await.unwrap();
    let checkpoint = fixture.checkpoint().await;
    assert!(fixture.policy().verify_checkpoint(&checkpoint).is_err());
}

impl HandlerFixture {
    /// Asks for the newest checkpoint as this member.
    async fn get_checkpoint(&self, handle: &str, old: &str) -> Result<AddCheckpoint, StatusCode> {
        let token = self.sign_in(handle).await;
        let path = format!("/v1/checkpoint?old={old}");
        let (status, body) = self.request(Method::GET, &path, &token, &()).await;
        if status.is_success() {
            Ok(String::from_utf8(body).unwrap().parse().unwrap())
        } else {
            Err(status)
        }
    }

    /// Cosigns a checkpoint under the name of `name` with the device key of `key`, and sends it as
    /// `caller`.
    async fn send_cosignature(
        &self,
        checkpoint: &SignedCheckpoint,
        (caller, name, key): (&str, &str, &str),
    ) -> StatusCode {
        let device = &self.members[key].1;
        let by = member_key(self.directory.instance, name, device.into()).unwrap();
        let signature = checkpoint.cosign(by.name, device, 1_780_000_000).to_string();
        let size = checkpoint.checkpoint().size;
        let new = NewCosignature { size, signature: signature.trim_end().to_owned() };
        let token = self.sign_in(caller).await;
        self.request(Method::POST, "/v1/cosignatures", &token, &new).await.0
    }
}

#[tokio::test]
async fn members_follow_the_log_as_witnesses_do() {
    let mut fixture = HandlerFixture::new().await;
    assert_eq!(fixture.get_checkpoint("awa", "0").await, Err(StatusCode::NOT_FOUND));
    let policy = fixture.policy();
    let mut seen = WitnessedTree::empty();
    for batches in 1..6_u64 {
        fixture.add_batch().await;
        let offered = fixture.get_checkpoint("awa", &seen.size.to_string()).await.unwrap();
        policy.verify_checkpoint(&offered.checkpoint).unwrap();
        seen = check_growth(&offered, seen).unwrap();
        assert_eq!(seen.size, batches * 256);
    }
    let trusted = [transparency_log::checkpoint::log_key(
        fixture.directory.instance,
        fixture.directory.log.epoch,
        fixture.directory.handler_key,
    )];
    authenticate(&fixture.checkpoint().await, &trusted).unwrap();
    for invalid in ["1", "255", "1536", "-256", "", "18446744073709551615"] {
        let refused = fixture.get_checkpoint("awa", invalid).await;
        assert_eq!(refused, Err(StatusCode::BAD_REQUEST), "{invalid}");
    }
    let (status, _) = fixture.request(Method::GET, "/v1/checkpoint?old=0", "no session", &()).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn only_a_member_of_the_oversight_body_countersigns() {
    let mut fixture = HandlerFixture::new().await;
    fixture.add_batch().await;
    let checkpoint = fixture.checkpoint().await;
    let policy = fixture.policy();
    for (caller, name, key, expected) in [
        // A member of a desk, as itself, and under the name of a member of the oversight body.
        ("awa", "awa", "awa", StatusCode::FORBIDDEN),
        ("awa", "eva", "eva", StatusCode::FORBIDDEN),
        // A member of the oversight body with another name or key.
        ("eva", "awa", "eva", StatusCode::UNPROCESSABLE_ENTITY),
        ("eva", "awa", "awa", StatusCode::UNPROCESSABLE_ENTITY),
        ("eva", "eva", "awa", StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let status = fixture.send_cosignature(&checkpoint, (caller, name, key)).await;
        assert_eq!(status, expected, "{caller} as {name} with the key of {key}");
    }
    assert_eq!(fixture.checkpoint().await, checkpoint, "nothing was stored");
    let eva = ("eva", "eva", "eva");
    assert_eq!(fixture.send_cosignature(&checkpoint, eva).await, StatusCode::NO_CONTENT);
    let countersigned = fixture.checkpoint().await;
    let evidence = policy.verify_checkpoint(&countersigned).unwrap();
    assert_eq!(evidence.countersigned, Some(1_780_000_000));
    assert_eq!(fixture.send_cosignature(&checkpoint, eva).await, StatusCode::NO_CONTENT);
    assert_eq!(fixture.checkpoint().await, countersigned, "a second one changes nothing");
    // A cosignature of an older checkpoint on the newest, and of a size that does not exist.
    fixture.add_batch().await;
    let newest = fixture.checkpoint().await;
    let head = newest.checkpoint();
    let (old_text, new_text) = (checkpoint.to_string(), newest.to_string());
    assert_ne!(old_text, new_text);
    let device = &fixture.members["eva"].1;
    let by = member_key(fixture.directory.instance, "eva", device.into()).unwrap();
    let replayed = checkpoint.cosign(by.name, device, 1_780_000_000).to_string();
    let token = fixture.sign_in("eva").await;
    for (size, expected) in
        [(head.size, StatusCode::UNPROCESSABLE_ENTITY), (1024, StatusCode::NOT_FOUND)]
    {
        let new = NewCosignature { size, signature: replayed.trim_end().to_owned() };
        let (status, _) = fixture.request(Method::POST, "/v1/cosignatures", &token, &new).await;
        assert_eq!(status, expected, "{size}");
    }
    assert_eq!(fixture.checkpoint().await, newest);
}
