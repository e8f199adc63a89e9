//! `burkindi verify`: an export proves itself, and each change of it is found.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use ed25519_dalek::SigningKey;
use investigator::{Note, NoteKind};
use protocol::{
    Hash,
    case::{ClosingReason, Decision, Disposition, Stage},
    keys::CaseSecret,
};
use rand::{Rng, SeedableRng, rngs::OsRng, rngs::StdRng};
use tempfile::TempDir;
use workbench::{
    actions::ReplyInput,
    case::{
        export::{
            CaseExport,
            manifest::ExportManifest,
            to_hex,
            verify::{ExportVerification, verify_export},
        },
        queue::ShownContent,
    },
    session::HandlerConnection,
};

use crate::{
    cli::{code, json, run},
    common::{
        environment::{TestEnvironment, claim_case},
        reporter::TestReporter,
    },
    unreadable::file_tampered,
};

mod changes;

use changes::{KINDS, change};

/// An export in a folder, and the key that signed it.
struct Export {
    dir: TempDir,
    device: SigningKey,
}

impl Export {
    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn manifest(&self) -> ExportManifest {
        read_manifest(self.path())
    }
}

fn read_manifest(folder: &Path) -> ExportManifest {
    serde_json::from_slice(&fs::read(folder.join("manifest.json")).unwrap()).unwrap()
}

/// Writes a manifest and signs it, as a dishonest member can.
fn sign_again(folder: &Path, manifest: &ExportManifest, device: &SigningKey) {
    let bytes = manifest.to_bytes();
    fs::write(folder.join("manifest.sig"), ExportManifest::sign(&bytes, device)).unwrap();
    fs::write(folder.join("manifest.json"), bytes).unwrap();
}

/// Corrects the hashes of the manifest and of `SHA256SUMS` after files were changed, and signs
/// them.
fn list_again(folder: &Path, device: &SigningKey) {
    let mut manifest = read_manifest(folder);
    let mut sums = String::new();
    for file in &mut manifest.files {
        if file.name == "SHA256SUMS" {
            fs::write(folder.join(&file.name), &sums).unwrap();
        }
        let content = fs::read(folder.join(&file.name)).unwrap();
        (file.len, file.sha256) = (content.len() as u64, Hash::of(&[&content]));
        writeln!(sums, "{}  {}", to_hex(&file.sha256), file.name).unwrap();
    }
    sign_again(folder, &manifest, device);
}

fn verify(folder: &Path) -> ExportVerification {
    verify_export(folder, None).unwrap()
}

fn subjects(folder: &Path) -> Vec<String> {
    verify(folder).differences.into_iter().map(|difference| difference.subject).collect()
}

fn copy_folder(from: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for name in file_names(from) {
        let to = copy.path().join(&name);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from.join(&name), to).unwrap();
    }
    copy
}

fn file_names(folder: &Path) -> Vec<PathBuf> {
    let mut names = Vec::new();
    for prefix in ["", "files", "sealed"] {
        let Ok(entries) = fs::read_dir(folder.join(prefix)) else { continue };
        let files = entries.map(Result::unwrap).filter(|entry| entry.path().is_file());
        names.extend(files.map(|entry| Path::new(prefix).join(entry.file_name())));
    }
    names.sort();
    names
}

async fn export_case(
    connection: &mut HandlerConnection,
    reporter: &TestReporter,
    lang: &str,
) -> Export {
    let case = connection.read_case(reporter.case).await.unwrap();
    let mut export = CaseExport::new(&case, lang);
    let dir = tempfile::tempdir().unwrap();
    while let Some(file) = export.next_file(connection).await.unwrap() {
        let path = dir.path().join(&file.name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &*file.content).unwrap();
    }
    Export { dir, device: connection.key().device().clone() }
}

/// Files a report and works on it; `number` determines what happens.
async fn export_number(environment: &TestEnvironment, number: u32) -> Export {
    // The future is large, because it contains whole cases.
    Box::pin(work_and_export(environment, number)).await
}

async fn work_and_export(environment: &TestEnvironment, number: u32) -> Export {
    let mut reporter = if number % 7 == 6 {
        let garbage = |sent: &mut crate::common::fake_handler::SealedReport| {
            sent.sealed_file =
                CaseSecret::generate(&mut OsRng).identity().recipient().seal(b"other");
        };
        file_tampered(environment, garbage)
    } else {
        environment.file_report(&[])
    };
    let mut lead = environment.connect("lead").await;
    claim_case(&mut lead, &reporter).await;
    for message in 0..number % 4 {
        let text = format!("Message {message} <b>of</b> the reporter & more.");
        environment.handler.follow_up(&environment.installation, &mut reporter, &text);
    }
    if number % 6 == 5 {
        let (installation, case) = (&environment.installation, reporter.case);
        environment.handler.follow_up_sealed(installation, case, b"rubbish".to_vec());
    }
    if number.is_multiple_of(2) {
        let mut case = lead.read_case(reporter.case).await.unwrap();
        lead.send_reply(&mut case, ReplyInput { text: "Merci.", lang: "fr" }).await.unwrap();
    }
    if number % 3 == 1 {
        for kind in [NoteKind::Hypothesis, NoteKind::Fact] {
            let mut case = lead.read_case(reporter.case).await.unwrap();
            let note = Note { kind, text: format!("{kind:?}\nof two lines") };
            lead.add_note(&mut case, &note).await.unwrap();
        }
    }
    if number % 5 == 2 {
        let mut case = lead.read_case(reporter.case).await.unwrap();
        lead.propose_rotation(&mut case, &["three".into()], &mut OsRng).await.unwrap();
        let mut two = environment.connect("two").await;
        let mut theirs = two.read_case(reporter.case).await.unwrap();
        two.declare(&mut theirs).await.unwrap();
        two.approve_rotation(&mut theirs).await.unwrap();
        let mut case = lead.read_case(reporter.case).await.unwrap();
        lead.send_reply(&mut case, ReplyInput { text: "Again.", lang: "en" }).await.unwrap();
    }
    if number % 5 == 3 {
        let mut case = lead.read_case(reporter.case).await.unwrap();
        let answer = ReplyInput { text: "The case is closed.", lang: "fr" };
        lead.send_feedback(&mut case, answer).await.unwrap();
        let mut case = lead.read_case(reporter.case).await.unwrap();
        lead.mark_seen(&case, ShownContent::Everything).unwrap();
        lead.change_stage(&mut case, Stage::Triaged, None).await.unwrap();
        let closing = Decision::Close {
            disposition: Disposition::Substantiated,
            reason: ClosingReason::Disciplinary,
            duplicate_of: None,
        };
        lead.propose(&mut case, closing).await.unwrap();
        let mut two = environment.connect("two").await;
        let mut case = two.read_case(reporter.case).await.unwrap();
        two.declare(&mut case).await.unwrap();
        two.approve(&mut case, closing).await.unwrap();
    }
    let lang = if number.is_multiple_of(2) { "fr" } else { "en" };
    export_case(&mut lead, &reporter, lang).await
}

#[tokio::test]
async fn verify_accepts_20_exports_and_refuses_each_of_200_changes() {
    let environment = TestEnvironment::start();
    let mut exports = Vec::new();
    for number in 0..20 {
        let export = export_number(&environment, number).await;
        let result = verify(export.path());
        assert_eq!(result.differences, [], "export {number}");
        assert!(result.summary.is_some());
        exports.push(export);
    }
    let total = |count: fn(&workbench::case::export::summary::ExportSummary) -> usize| -> usize {
        let summaries = exports.iter().map(|export| verify(export.path()).summary.unwrap());
        summaries.map(|summary| count(&summary)).sum()
    };
    assert!(total(|s| s.messages) > 30 && total(|s| s.notes) > 10 && total(|s| s.files) > 15);
    assert!(total(|s| s.unopened.len()) >= 4, "unreadable parts have no opening");

    let mut rng = StdRng::seed_from_u64(18);
    let mut refused: BTreeMap<&str, u32> = BTreeMap::new();
    let mut changes = 0;
    while changes < 204 {
        let kind = changes % KINDS.len();
        let at = rng.gen_range(0..exports.len());
        let (export, other) = (&exports[at], &exports[(at + 1) % exports.len()]);
        let copy = copy_folder(export.path());
        // The same steps without a change are accepted.
        if changes < KINDS.len() {
            list_again(copy.path(), &export.device);
            assert_eq!(subjects(copy.path()), [""; 0], "{}", KINDS[kind]);
        }
        if !change(kind, copy.path(), &export.device, other, &mut rng) {
            continue;
        }
        let result = verify(copy.path());
        assert_ne!(result.differences, [], "change {changes} of export {at}: {}", KINDS[kind]);
        *refused.entry(KINDS[kind]).or_default() += 1;
        changes += 1;
    }
    assert_eq!(refused.len(), KINDS.len());
    assert!(refused.values().all(|count| *count == 17), "{refused:?}");
}

#[tokio::test]
async fn each_party_without_the_right_key_is_refused() {
    let environment = TestEnvironment::start();
    let export = export_number(&environment, 4).await;
    let key = |handle| environment.installation.key_of(handle).device().clone();
    // Another member in the name of the first, a person who is in no directory, and no signature.
    for (device, name) in
        [(key("two"), "two"), (SigningKey::generate(&mut OsRng), "an unlisted person")]
    {
        let copy = copy_folder(export.path());
        sign_again(copy.path(), &export.manifest(), &device);
        assert_eq!(subjects(copy.path()), ["manifest.sig"], "{name}");
    }
    let copy = copy_folder(export.path());
    let unlisted = SigningKey::generate(&mut OsRng);
    let manifest = ExportManifest { by: "unlisted".to_owned(), ..export.manifest() };
    sign_again(copy.path(), &manifest, &unlisted);
    let result = verify(copy.path());
    assert_eq!(result.differences[0].subject, "manifest.sig");
    assert!(result.differences[0].text.contains("unlisted, who is not in the newest directory"));
    // A member may export what a colleague exported: the page names the author.
    let copy = copy_folder(export.path());
    sign_again(
        copy.path(),
        &ExportManifest { by: "two".to_owned(), ..export.manifest() },
        &key("two"),
    );
    assert_eq!(subjects(copy.path()), ["case.html"]);

    let copy = copy_folder(export.path());
    fs::remove_file(copy.path().join("manifest.sig")).unwrap();
    assert_eq!(subjects(copy.path()), ["manifest.sig", "manifest.sig"], "missing and invalid");
    fs::remove_file(copy.path().join("manifest.json")).unwrap();
    assert!(verify(copy.path()).summary.is_none());
    assert_eq!(subjects(copy.path()), ["manifest.json", "manifest.sig"]);
}

#[tokio::test]
async fn an_older_directory_and_other_root_keys_are_refused() {
    let environment = TestEnvironment::start();
    let older = environment.installation.signed_directory();
    let newer = environment.installation.sign_directory();
    environment.handler.store.lock().unwrap().directories.push(newer);
    let export = export_number(&environment, 1).await;
    assert_eq!(subjects(export.path()), [""; 0]);
    assert_eq!(export.manifest().directories.len(), 2);
    let copy = copy_folder(export.path());
    let manifest = ExportManifest { directories: vec![older], ..export.manifest() };
    sign_again(copy.path(), &manifest, &export.device);
    assert_eq!(subjects(copy.path())[0], "directories");

    let copy = copy_folder(export.path());
    let mut manifest = export.manifest();
    manifest.directories.reverse();
    sign_again(copy.path(), &manifest, &export.device);
    assert_eq!(subjects(copy.path()), ["directories"]);

    // A forger who makes a whole installation of the same name is found by the root keys.
    let other = TestEnvironment::start();
    let forged = export_number(&other, 1).await;
    assert_eq!(subjects(forged.path()), [""; 0]);
    let trust = &environment.installation.trust;
    let result = verify_export(forged.path(), Some(trust)).unwrap();
    assert_eq!(result.differences[0].subject, "root keys");
    assert_eq!(verify_export(export.path(), Some(trust)).unwrap().differences, []);
    assert_ne!(forged.manifest().trust.fingerprint(), trust.fingerprint());
}

#[tokio::test]
async fn a_file_key_of_an_export_opens_no_other_part() {
    let environment = TestEnvironment::start();
    let export = export_number(&environment, 2).await;
    let manifest = export.manifest();
    let sealed = |opening: &workbench::case::export::manifest::Opening| {
        let name = format!("sealed/{:04}-{:02}.age", opening.event, opening.part);
        fs::read(export.path().join(name)).unwrap()
    };
    assert!(manifest.openings.len() >= 4);
    for (at, opening) in manifest.openings.iter().enumerate() {
        let key: [u8; 16] = opening.file_key.clone().try_into().unwrap();
        for (other, part) in manifest.openings.iter().enumerate() {
            let opened = age_hybrid::open_with_file_key(&key, &sealed(part));
            assert_eq!(opened.is_ok(), at == other);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_needs_no_profile_and_names_each_difference() {
    let environment = TestEnvironment::start();
    let export = export_number(&environment, 4).await;
    let folder = environment.installation.dir.path();
    let place = export.path().to_str().unwrap();
    let trust = environment.installation.admin_dir.path("trust.json");
    let verify = |more: &[&str]| run(folder, "", &[&["verify", place, "--json"], more].concat());
    let accepted = verify(&["--trust", trust.to_str().unwrap(), "--lang", "en"]);
    assert_eq!(code(&accepted), 0);
    let result = json(&accepted);
    assert_eq!((result["ok"].as_bool(), result["trusted"].as_bool()), (Some(true), Some(true)));
    assert!(result["proves"].as_str().unwrap().contains("signed that it had recorded this report"));
    assert!(result["does_not_prove"].as_str().unwrap().contains("who wrote the report"));
    let words = result["fingerprint"].as_str().unwrap();
    assert_eq!(words.split(' ').count(), 12);
    let unpinned = run(folder, "", &["--lang", "en", "verify", place]);
    let text = String::from_utf8_lossy(&unpinned.stdout).replace("\n  ", " ").replace('\n', " ");
    assert!(text.contains(words.split(' ').next().unwrap()), "{text}");

    fs::write(export.path().join("extra.txt"), "more").unwrap();
    let page = export.path().join("case.html");
    let changed = fs::read_to_string(&page).unwrap().replacen("money", "honey", 1);
    fs::write(&page, changed).unwrap();
    let refused = verify(&[]);
    assert_eq!(code(&refused), 6);
    let result = json(&refused);
    assert_eq!(result["proves"], serde_json::Value::Null);
    let named: Vec<&str> = result["differences"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|difference| difference["subject"].as_str())
        .collect();
    assert_eq!(named, ["case.html", "extra.txt", "case.html"], "changed, added, not from openings");
    let plain = run(folder, "", &["verify", place]);
    assert!(String::from_utf8_lossy(&plain.stdout).contains("The export proves nothing"));
}

#[tokio::test]
async fn an_export_with_an_alarm_says_so() {
    let environment = TestEnvironment::start();
    let export = export_number(&environment, 6).await;
    let result = verify(export.path());
    assert_eq!(result.differences, []);
    assert!(!result.notices.is_empty(), "the file did not open");
    assert_eq!(result.summary.unwrap().unopened.len(), 1);
}
