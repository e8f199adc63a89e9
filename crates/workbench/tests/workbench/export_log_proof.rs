//! The proof of the transparency log in an exported case: which events the countersigned log
//! contained. `burkindi verify` refuses a proof of anything else.

use std::{fs, path::Path};

use ed25519_dalek::SigningKey;
use protocol::{Hash, case::event::SignedEvent};
use rand::rngs::OsRng;
use tempfile::TempDir;
use workbench::{
    audit::fetch::AuditStart,
    case::export::{
        CaseExport,
        manifest::ExportManifest,
        verify::{ExportVerification, verify_export},
    },
};

use crate::common::{
    environment::{TestEnvironment, claim_case},
    reporter::TestReporter,
    test_tree::TestTree,
};

/// A case with two events, and one of another case behind them.
struct LoggedCase {
    environment: TestEnvironment,
    reporter: TestReporter,
}

impl LoggedCase {
    async fn start() -> Self {
        let environment = TestEnvironment::start();
        let reporter = environment.file_report(&[]);
        claim_case(&mut environment.connect("lead").await, &reporter).await;
        environment.file_report(&[]);
        Self { environment, reporter }
    }

    async fn countersign(&self) {
        let audit = self.environment.connect("outside").await.audit_log(AuditStart::Resume).await;
        assert_eq!(audit.unwrap().alarms, []);
    }

    async fn export(&self) -> TempDir {
        let mut lead = self.environment.connect("lead").await;
        let case = lead.read_case(self.reporter.case).await.unwrap();
        let mut export = CaseExport::new(&case, "en");
        let folder = tempfile::tempdir().unwrap();
        while let Some(file) = export.next_file(&lead).await.unwrap() {
            let path = folder.path().join(&file.name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, &*file.content).unwrap();
        }
        folder
    }

    /// Replaces the proof, and signs the manifest with the new hash, as the member can.
    fn replace_proof(&self, folder: &Path, proof: &str) {
        fs::write(folder.join(PROOF), proof).unwrap();
        let mut manifest = read_manifest(folder);
        let sums = fs::read_to_string(folder.join("SHA256SUMS")).unwrap();
        let hex = |bytes: &[u8]| workbench::case::export::to_hex(&Hash::of(&[bytes]));
        let lines = sums.lines().map(|line| {
            if line.ends_with(PROOF) {
                format!("{}  {PROOF}\n", hex(proof.as_bytes()))
            } else {
                format!("{line}\n")
            }
        });
        fs::write(folder.join("SHA256SUMS"), lines.collect::<String>()).unwrap();
        for file in &mut manifest.files {
            let content = fs::read(folder.join(&file.name)).unwrap();
            (file.len, file.sha256) = (content.len() as u64, Hash::of(&[&content]));
        }
        self.sign(folder, &manifest);
    }

    fn sign(&self, folder: &Path, manifest: &ExportManifest) {
        let device = self.environment.installation.key_of("lead").device().clone();
        let bytes = manifest.to_bytes();
        fs::write(folder.join("manifest.sig"), ExportManifest::sign(&bytes, &device)).unwrap();
        fs::write(folder.join("manifest.json"), bytes).unwrap();
    }

    /// Returns a log of these events, signed by this key.
    fn tree(&self, key: &SigningKey, events: &[SignedEvent]) -> TestTree {
        let hashes: Vec<Hash> = events.iter().map(SignedEvent::hash).collect();
        TestTree::new(self.environment.installation.trust.instance, key, &hashes)
    }
}

const PROOF: &str = "event-0001.tlog-proof";

fn read_manifest(folder: &Path) -> ExportManifest {
    serde_json::from_slice(&fs::read(folder.join("manifest.json")).unwrap()).unwrap()
}

fn verify(folder: &Path) -> ExportVerification {
    verify_export(folder, None).unwrap()
}

fn subjects(folder: &Path) -> Vec<String> {
    verify(folder).differences.into_iter().map(|difference| difference.subject).collect()
}

#[tokio::test]
async fn an_export_shows_which_events_the_countersigned_log_contains() {
    let logged = LoggedCase::start().await;
    let alone = logged.export().await;
    let summary = verify(alone.path()).summary.unwrap();
    let shown = summary.logged.clone().unwrap();
    assert_eq!((shown.newest, shown.log_size, shown.countersigned), (1, 3 * 256, None));
    assert!(summary.statements("en")[0].ends_with("the log was not countersigned."));
    logged.countersign().await;
    let folder = logged.export().await;
    let summary = verify(folder.path()).summary.unwrap();
    let shown = summary.logged.clone().unwrap();
    assert_eq!((shown.newest, shown.oversight, shown.witnesses), (1, 1, 0));
    assert!(shown.countersigned.is_some());
    let [proves, does_not_prove] = summary.statements("en");
    assert!(proves.contains("contains these events up to number 1"), "{proves}");
    assert!(does_not_prove.contains("whether more was added to the case later"));
}

#[tokio::test]
async fn a_proof_of_another_event_log_or_size_is_refused() {
    let logged = LoggedCase::start().await;
    logged.countersign().await;
    let folder = logged.export().await;
    let honest = fs::read_to_string(folder.path().join(PROOF)).unwrap();
    logged.replace_proof(folder.path(), &honest);
    assert_eq!(subjects(folder.path()), [""; 0], "the same proof is accepted");

    let events = logged.environment.handler.store.lock().unwrap().log.clone();
    let own = &logged.environment.installation.log_key;
    let honest_tree = logged.tree(own, &events);
    let other_key = logged.tree(&SigningKey::generate(&mut OsRng), &events);
    let without_event = [events[0].clone(), events[2].clone(), events[2].clone()];
    let other_tree = logged.tree(own, &without_event);
    for (what, proof) in [
        ("of an earlier event", honest_tree.newest_proof(0).to_string()),
        ("of an event of another case", honest_tree.newest_proof(2).to_string()),
        ("of a log with another key", other_key.newest_proof(1).to_string()),
        ("of a log without the event", other_tree.newest_proof(1).to_string()),
        ("cut", honest[..honest.len() / 2].to_owned()),
        ("empty", String::new()),
    ] {
        logged.replace_proof(folder.path(), &proof);
        assert_eq!(subjects(folder.path()), [PROOF], "{what}");
    }
    // Without the cosignatures the proof is valid, and shows less.
    logged.replace_proof(folder.path(), &honest_tree.newest_proof(1).to_string());
    assert_eq!(subjects(folder.path()), [""; 0]);
    assert_eq!(verify(folder.path()).summary.unwrap().logged.unwrap().countersigned, None);
    // One changed character never shows more than the honest proof.
    let shown = |folder: &Path| verify(folder).summary.and_then(|summary| summary.logged);
    for at in (0..honest.len()).step_by(37) {
        let mut changed = honest.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        logged.replace_proof(folder.path(), &String::from_utf8(changed).unwrap());
        let refused = subjects(folder.path()) == [PROOF];
        let counted = shown(folder.path()).is_some_and(|logged| logged.countersigned.is_some());
        assert!(refused || !counted, "byte {at}");
    }
}

#[tokio::test]
async fn a_dropped_proof_or_one_that_the_manifest_does_not_name_is_refused() {
    let logged = LoggedCase::start().await;
    let folder = logged.export().await;
    let honest = read_manifest(folder.path());
    for claimed in [None, Some(0), Some(7)] {
        logged.sign(folder.path(), &ExportManifest { logged: claimed, ..honest.clone() });
        assert_ne!(subjects(folder.path()), [""; 0], "{claimed:?}");
    }
    logged.sign(folder.path(), &honest);
    assert_eq!(subjects(folder.path()), [""; 0]);
    fs::remove_file(folder.path().join(PROOF)).unwrap();
    assert_eq!(subjects(folder.path()), [PROOF, PROOF]);
}
