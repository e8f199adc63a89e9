//! The case handler asks outside witnesses to cosign its checkpoints. A witness can refuse, fail or
//! lie, and nothing else suffers.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use case_handler::{
    Config,
    checkpoints::{add_batch, prove_event},
    config::WitnessConfig,
    doctor::check_witnesses,
    store::WitnessState,
    witnesses::{MAX_RESPONSE_LEN, WitnessClient, WitnessError},
};
use doctor::{Finding, Severity};
use ed25519_dalek::{Signature, SigningKey, VerifyingKey};
use protocol::{Hash, directory::LogQuorum};
use service_kit::StoreCommand;
use sha2::{Digest, Sha256};
use transparency_log::{
    checkpoint::{SignedCheckpoint, log_key},
    note::VerifierKey,
    policy::LogPolicy,
    witness::WitnessedTree,
};

use super::{
    DESK_MEMBERS,
    common::{HandlerFixture, log_capture::LogCapture},
    fake_witness::{COSIGNED, FakeWitness, NAME, WitnessBehavior},
    intake::write_certificates,
    maintenance::{empty_config, run_maintenance},
    restored_log::continue_log,
    service::configure,
};

impl HandlerFixture {
    pub(super) async fn add_batches(&mut self, batches: u32) {
        for _ in 0..batches {
            add_batch(&self.store, &self.directories, &self.log_key, &mut self.rng).await.unwrap();
        }
    }

    fn log_key_of(&self, epoch: u32) -> VerifierKey {
        log_key(self.directory.instance, epoch, (&self.log_key).into())
    }

    /// Returns a case handler whose directory names a witness that trusts its log.
    pub(super) async fn with_witness() -> (Self, FakeWitness) {
        let mut fixture = Self::new().await;
        let witness = FakeWitness::start(vec![fixture.log_key_of(1)]).await;
        let entry = witness.entry();
        fixture
            .publish(|directory| {
                directory.log.witnesses = vec![entry];
                directory.log.quorum = LogQuorum { oversight: 0, witnesses: 1 };
            })
            .await;
        (fixture, witness)
    }

    pub(super) fn client(&self, url: &str) -> WitnessClient {
        let config = WitnessConfig { name: NAME.to_owned(), url: url.to_owned() };
        WitnessClient::new(&config, &self.store, &self.directories, self.clock.clone()).unwrap()
    }

    async fn newest(&self) -> SignedCheckpoint {
        SignedCheckpoint::parse(&self.store.newest_checkpoint().await.unwrap().unwrap()).unwrap()
    }

    /// Returns since when the newest checkpoint is countersigned.
    async fn countersigned(&self) -> Option<u64> {
        let policy = LogPolicy::of_directory(&self.directory).unwrap();
        policy.verify_checkpoint(&self.newest().await).unwrap().countersigned
    }

    async fn witness_state(&self) -> Option<WitnessState> {
        self.store.witness_states().await.unwrap().remove(NAME)
    }

    pub(super) fn witness_config(&self, folder: &std::path::Path, witnesses: &[&str]) -> Config {
        write_certificates(folder);
        let mut config = configure(self, folder, "https://127.0.0.1:1");
        let witness = |name: &&str| WitnessConfig {
            name: (*name).to_owned(),
            url: "https://witness.example".to_owned(),
        };
        config.log.witnesses = witnesses.iter().map(witness).collect();
        config
    }

    pub(super) async fn findings(&self, config: &Config) -> Vec<Finding> {
        let states = self.store.witness_states().await.unwrap();
        check_witnesses(config, &self.directory, &states, self.clock.now())
    }
}

/// Verifies a checkpoint and a cosignature with nothing but SHA-256, Ed25519 and the text of the
/// specifications: C2SP signed-note, tlog-checkpoint and tlog-cosignature.
fn verify_independently(note: &str, log: (&str, &SigningKey), witness: (&str, &SigningKey)) {
    let (text, signatures) = note.split_once("\n\n").unwrap();
    let text = format!("{text}\n");
    assert_eq!(text.lines().next(), Some(log.0), "the origin");
    for ((name, key), algorithm) in [(log, 1_u8), (witness, 4)] {
        let key = VerifyingKey::from(key);
        let mut named = name.as_bytes().to_vec();
        named.extend([b'\n', algorithm]);
        named.extend(key.as_bytes());
        let id = &Sha256::digest(&named)[..4];
        let bytes = signatures
            .lines()
            .filter_map(|line| line.strip_prefix("— ")?.split_once(' '))
            .filter(|(by, _)| *by == name)
            .map(|(_, encoded)| BASE64_STANDARD.decode(encoded).unwrap())
            .find(|bytes| &bytes[..4] == id)
            .unwrap_or_else(|| panic!("no line of {name}"));
        let (message, signature) = if algorithm == 1 {
            (text.clone(), &bytes[4..])
        } else {
            let time = u64::from_be_bytes(bytes[4..12].try_into().unwrap());
            (format!("cosignature/v1\ntime {time}\n{text}"), &bytes[12..])
        };
        let signature = Signature::from_slice(signature).unwrap();
        key.verify_strict(message.as_bytes(), &signature).unwrap();
    }
}

#[tokio::test]
async fn a_witness_cosigns_each_checkpoint_and_the_directory_counts_it() {
    let (mut fixture, witness) = HandlerFixture::with_witness().await;
    let client = fixture.client(&witness.url);
    client.ask().await.unwrap();
    assert_eq!(witness.take_requests(), [0; 0], "there is no checkpoint yet");
    for batches in 1..5_u64 {
        fixture.add_batches(1).await;
        assert_eq!(fixture.countersigned().await, None);
        client.ask().await.unwrap();
        assert_eq!(fixture.countersigned().await, Some(COSIGNED));
        assert_eq!(witness.take_requests(), [(batches - 1) * 256], "from the size it knows");
        client.ask().await.unwrap();
        assert_eq!(witness.take_requests(), [0; 0], "it has the cosignature");
    }
    let origin = fixture.log_key_of(1).name.to_string();
    let note = fixture.newest().await.to_string();
    verify_independently(&note, (&origin, &fixture.log_key), (NAME, &witness.key));
    let state = fixture.witness_state().await.unwrap();
    let now = fixture.clock.now().unix_timestamp();
    assert_eq!(state, WitnessState { size: 1024, cosigned_at: Some(now), refusal: None });
    // Proofs of events carry the cosignature.
    let (report, _) = fixture.new_report(&DESK_MEMBERS);
    fixture.ingest(&report).await.unwrap();
    fixture.add_batches(1).await;
    client.ask().await.unwrap();
    let case = report.header.case.id;
    let proof = prove_event(&fixture.store, case, 0).await.unwrap().unwrap();
    let event = fixture.store.case_events(case).await.unwrap()[0].hash();
    let policy = LogPolicy::of_directory(&fixture.directory).unwrap();
    assert_eq!(policy.verify_proof(&proof, &event).unwrap().countersigned, Some(COSIGNED));
}

#[tokio::test]
async fn a_witness_that_knows_another_size_gets_a_proof_from_that_size() {
    let (mut fixture, witness) = HandlerFixture::with_witness().await;
    let client = fixture.client(&witness.url);
    fixture.add_batches(2).await;
    client.ask().await.unwrap();
    fixture.add_batches(3).await;
    // The service does not know what the witness has cosigned, or supposes a size of another log.
    for (supposed, first) in [(0, 0), (256, 256), (1 << 40, 0), (100, 0)] {
        let state = WitnessState { size: supposed, ..WitnessState::default() };
        fixture.store.save_witness_state(NAME, &state).await.unwrap();
        witness.take_requests();
        client.ask().await.unwrap();
        let cosigned = fixture.newest().await.checkpoint().size - 768;
        assert_eq!(witness.take_requests(), [first, cosigned], "{supposed}");
        assert_eq!(fixture.countersigned().await, Some(COSIGNED));
        fixture.add_batches(3).await;
    }
}

#[tokio::test]
async fn a_witness_that_saw_another_tree_refuses_and_the_service_says_so_once() {
    let (mut fixture, witness) = HandlerFixture::with_witness().await;
    let client = fixture.client(&witness.url);
    let log = LogCapture::default();
    let _guard = log.start();
    fixture.add_batches(3).await;
    let origin = fixture.log_key_of(1).name.to_string();
    let folder = tempfile::tempdir().unwrap();
    let config = fixture.witness_config(folder.path(), &[NAME]);
    // A tree of a smaller size, and one of the same size.
    for (size, status) in [(512, 422), (768, 409)] {
        let tree = WitnessedTree { size, root: Hash([7; 32]) };
        witness.state.lock().unwrap().tree = Some((origin.clone(), tree));
        let refused = client.ask().await.unwrap_err();
        let text = refused.to_string();
        assert!(
            matches!(refused, WitnessError::Refused { status: found, .. } if found == status),
            "{text}"
        );
        assert_eq!(fixture.countersigned().await, None);
        assert_eq!(fixture.witness_state().await.unwrap().refusal, Some(text.clone()));
        let finding = &fixture.findings(&config).await[0];
        assert_eq!((finding.state, &finding.found), (Severity::Error, &text));
        assert!(
            text.contains("burkindi admin log restart") && text.contains("oversight body"),
            "{text}"
        );
    }
    for _ in 0..5 {
        client.ask_if_due().await;
        fixture.clock.advance(time::Duration::hours(1));
    }
    assert_eq!(log.text().matches("ERROR").count(), 1, "{}", log.text());
    assert!(log.text().contains("witness witness.example/w1: it refuses the checkpoint"));
    // The root keys begin an empty log, which the witness must trust first.
    fixture.publish(|directory| directory.log.epoch = 2).await;
    assert_eq!(fixture.witness_state().await, None);
    fixture.add_batches(1).await;
    let unknown = client.ask().await.unwrap_err();
    assert!(matches!(unknown, WitnessError::UnknownLog(404)), "{unknown}");
    witness.state.lock().unwrap().logs.push(fixture.log_key_of(2));
    client.ask_if_due().await;
    assert_eq!(fixture.countersigned().await, Some(COSIGNED));
    assert_eq!(fixture.findings(&config).await[0].state, Severity::Ok);
    assert!(log.text().contains("has cosigned the newest checkpoint again"), "{}", log.text());
}

#[tokio::test]
async fn a_restored_backup_is_behind_the_witness_until_the_log_begins_again() {
    let (mut fixture, witness) = HandlerFixture::with_witness().await;
    let client = fixture.client(&witness.url);
    let folder = tempfile::tempdir().unwrap();
    let config = fixture.witness_config(folder.path(), &[NAME]);
    let (report, _) = fixture.new_report(&DESK_MEMBERS);
    fixture.ingest(&report).await.unwrap();
    fixture.add_batches(2).await;
    client.ask().await.unwrap();
    let backup = || folder.path().join("backup");
    run_maintenance(&config, StoreCommand::Backup { folder: backup() }).await.unwrap();
    // The restore loses this report. Without it, the same dummies would give the same tree.
    let (lost, _) = fixture.new_report(&DESK_MEMBERS);
    fixture.ingest(&lost).await.unwrap();
    fixture.add_batches(2).await;
    client.ask().await.unwrap();
    let empty = empty_config(&config, folder.path());
    run_maintenance(&empty, StoreCommand::Restore { folder: backup() }).await.unwrap();
    // The operator states by mistake that the restore lost nothing.
    continue_log(&empty).await;
    fixture.url = empty.store.url;
    fixture.restart().await;
    let client = fixture.client(&witness.url);
    // The third batch lacks the report.
    fixture.add_batches(1).await;
    let behind = client.ask().await.unwrap_err();
    assert!(matches!(behind, WitnessError::Behind { cosigned: 1024, size: 768 }), "{behind}");
    assert!(behind.to_string().contains("burkindi admin log restart"), "{behind}");
    assert_eq!(fixture.findings(&config).await[0].state, Severity::Error);
    // Without a restart, the log passes the size of the witness, and the witness refuses it.
    fixture.add_batches(2).await;
    let refused = client.ask().await.unwrap_err();
    assert!(matches!(refused, WitnessError::Refused { status: 422, .. }), "{refused}");
    fixture.publish(|directory| directory.log.epoch = 2).await;
    witness.state.lock().unwrap().logs.push(fixture.log_key_of(2));
    fixture.add_batches(1).await;
    client.ask().await.unwrap();
    assert_eq!(fixture.countersigned().await, Some(COSIGNED));
    let proof = prove_event(&fixture.store, report.header.case.id, 0).await.unwrap();
    assert!(proof.is_some(), "the restored events are in the new log");
    assert_eq!(fixture.findings(&config).await[0].state, Severity::Ok);
}

#[tokio::test]
async fn a_witness_that_is_down_is_retried_with_growing_delays() {
    let (mut fixture, witness) = HandlerFixture::with_witness().await;
    let client = fixture.client(&witness.url);
    let address =
        witness.url.strip_prefix("http://").unwrap().strip_suffix("/w").unwrap().to_owned();
    let state = witness.stop().await;
    let log = LogCapture::default();
    let _guard = log.start();
    fixture.add_batches(1).await;
    client.ask_if_due().await;
    let failed = log.text();
    assert!(failed.contains("WARN") && failed.contains("failed to connect"), "{failed}");
    let back = FakeWitness::start_at(&address, state).await;
    client.ask_if_due().await;
    assert_eq!(back.take_requests(), [0; 0], "the failure is recent");
    fixture.clock.advance(time::Duration::seconds(16));
    client.ask_if_due().await;
    assert_eq!(back.take_requests(), [0]);
    assert_eq!(fixture.countersigned().await, Some(COSIGNED));
    assert_eq!(log.text().matches("WARN").count(), 1, "{}", log.text());
    back.set(WitnessBehavior::Status(503));
    fixture.add_batches(1).await;
    client.ask_if_due().await;
    back.take_requests();
    let mut waits = Vec::new();
    for _ in 0..8 {
        let mut waited = 0;
        while back.take_requests().is_empty() {
            fixture.clock.advance(time::Duration::seconds(15));
            waited += 15;
            client.ask_if_due().await;
        }
        waits.push(waited);
    }
    assert_eq!(waits, [15, 30, 60, 120, 240, 480, 900, 900]);
    let line = log.text().lines().last().unwrap().to_owned();
    assert!(
        line.contains("status 503: no reason [31m line") && !line.contains("\x1b[31m"),
        "{line:?}"
    );
}

#[tokio::test]
async fn a_slow_witness_delays_nothing_else() {
    let (mut fixture, witness) = HandlerFixture::with_witness().await;
    let client = fixture.client(&witness.url).with_request_timeout(Duration::from_secs(2));
    witness.set(WitnessBehavior::Hang);
    fixture.add_batches(1).await;
    let (report, _) = fixture.new_report(&DESK_MEMBERS);
    let began = std::time::Instant::now();
    let ingest = async {
        while witness.state.lock().unwrap().requests.is_empty() {
            tokio::task::yield_now().await;
        }
        fixture.ingest(&report).await.unwrap();
        began.elapsed()
    };
    let (asked, ingested) = tokio::join!(client.ask(), ingest);
    assert!(matches!(asked, Err(WitnessError::TimedOut(_))), "{asked:?}");
    assert!(ingested < Duration::from_secs(2), "the request holds no transaction: {ingested:?}");
}

#[tokio::test]
async fn no_lie_of_a_witness_is_stored() {
    let (mut fixture, witness) = HandlerFixture::with_witness().await;
    let client = fixture.client(&witness.url);
    fixture.add_batches(1).await;
    let replayed = fixture.newest().await.cosign(NAME.parse().unwrap(), &witness.key, COSIGNED);
    fixture.add_batches(1).await;
    let before = fixture.newest().await;
    let target = FakeWitness::start(vec![fixture.log_key_of(1)]).await;
    let to = format!("{}/add-checkpoint", target.url);
    let by_other_name =
        before.cosign("witness.example/w2".parse().unwrap(), &witness.key, COSIGNED);
    let by_log = before.cosign(NAME.parse().unwrap(), &fixture.log_key, COSIGNED);
    let genuine = before.cosign(NAME.parse().unwrap(), &witness.key, COSIGNED).to_string();
    let (start, end) = genuine.split_at(genuine.len() - 10);
    let changed = format!("{start}{}", end.replace(char::is_alphanumeric, "A"));
    let too_long = format!("is longer than {MAX_RESPONSE_LEN} bytes");
    let other_key = "not by the key in the directory";
    for (behavior, expected) in [
        (WitnessBehavior::Endless { states_length: true }, too_long.as_str()),
        (WitnessBehavior::Endless { states_length: false }, &too_long),
        (WitnessBehavior::Redirect(to), "status 307"),
        (WitnessBehavior::OtherKey, other_key),
        (WitnessBehavior::Body(replayed.to_string()), other_key),
        (WitnessBehavior::Body(by_other_name.to_string()), other_key),
        (WitnessBehavior::Body(by_log.to_string()), other_key),
        (WitnessBehavior::Body(changed), "signature"),
        (WitnessBehavior::Body(genuine.trim_end().to_owned()), "signature lines"),
        (WitnessBehavior::Body(String::new()), "signature lines"),
        (WitnessBehavior::Body("\n".to_owned()), "signature lines"),
        (WitnessBehavior::Body("<html></html>\n".to_owned()), "signature lines"),
        (WitnessBehavior::Size("256\n".to_owned()), "another size twice"),
        (WitnessBehavior::Size("100\n".to_owned()), "no number of whole batches"),
        (WitnessBehavior::Size("768\n".to_owned()), "the end of the log was lost"),
        (WitnessBehavior::Size(format!("{}\n", u64::MAX)), "the end of the log was lost"),
        (WitnessBehavior::Size("-1\n".to_owned()), "not a decimal number"),
        (WitnessBehavior::Size("1 2\n".to_owned()), "not a decimal number"),
        (WitnessBehavior::Status(403), "does not trust this log"),
        (WitnessBehavior::Status(500), "status 500"),
        (WitnessBehavior::Status(204), "status 204"),
    ] {
        witness.set(behavior);
        let error = client.ask().await.unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
        assert_eq!(fixture.newest().await, before);
        assert_eq!(fixture.witness_state().await.unwrap_or_default().cosigned_at, None);
    }
    assert_eq!(target.take_requests(), [0; 0], "no redirect is followed");
    // A genuine line among lines of others is found.
    witness.set(WitnessBehavior::Body(format!("{by_other_name}{genuine}")));
    client.ask().await.unwrap();
    assert_eq!(fixture.countersigned().await, Some(COSIGNED));
    assert!(!fixture.newest().await.to_string().contains("/w2"), "only the line of the witness");
}
