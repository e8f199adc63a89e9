//! The signed manifest of the browser program: it names what the intake serves, byte for byte, and
//! an intake serves no manifest of another program.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use std::{collections::BTreeSet, fs, path::Path};

use common::{TestInstallation, TestIntake};
use intake::{
    audio_command::{self, AudioCommand},
    program_manifest,
    server::BoundServer,
};
use protocol::{
    Hash,
    program::{MANIFEST_PATH, ProgramManifest, SignedProgram},
};
use reqwest::StatusCode;
use time::macros::datetime;
use web::Clock;

async fn manifest_of(installation: &TestInstallation) -> ProgramManifest {
    program_manifest::manifest_of(&installation.config).await.unwrap()
}

async fn signed_intake() -> (TestIntake, ProgramManifest) {
    let mut installation = TestInstallation::new();
    let manifest = manifest_of(&installation).await;
    installation.configure_program(manifest.clone(), 2);
    (installation.start().await, manifest)
}

#[tokio::test]
async fn every_file_of_the_manifest_is_served_with_its_hash_and_policy() {
    let (intake, manifest) = signed_intake().await;
    let served = intake.get(MANIFEST_PATH).await.bytes().await.unwrap();
    let served = SignedProgram::from_bytes(&served).unwrap();
    assert_eq!(served.manifest, manifest);
    let trust = intake.installation.config.load_trust().unwrap();
    assert_eq!(served.verify(&trust), Ok(manifest.hash()));
    for (path, hash) in &manifest.files {
        let response = intake.get(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
        let expected = manifest.extra_csp.get(path).unwrap_or(&manifest.default_csp);
        assert_eq!(&policy, expected, "{path}");
        assert_eq!(Hash::of(&[&response.bytes().await.unwrap()]), *hash, "{path}");
    }
}

#[tokio::test]
async fn the_manifest_names_everything_that_the_script_loads_or_inserts() {
    let (_, manifest) = signed_intake().await;
    for lang in ["fr", "en", "es", "pt", "ar"] {
        for path in ["", "/report", "/return", "/learn", "/form.json", "/form-rest.json"] {
            assert!(manifest.files.contains_key(&format!("/{lang}{path}")), "{lang}{path}");
        }
        // Arabic has no list of its own, and the receipt page fetches the words by the page's
        // language.
        let words = format!("/words/{lang}");
        assert!(manifest.files.contains_key(&words), "{words}");
    }
    assert!(manifest.files.contains_key("/directory.trust"));
    let assets: BTreeSet<&str> = manifest
        .files
        .keys()
        .filter_map(|path| path.strip_prefix("/assets/")?.split('.').next())
        .collect();
    assert!(assets.contains("site") && assets.contains("icon"), "{assets:?}");
    if assets.contains("reporter") {
        for script in
            ["leave", "prefetch", "form", "seal", "return", "qr", "files", "voice", "draft"]
        {
            assert!(assets.contains(script), "{script}");
        }
    }
    let script_sources = manifest.extra_csp.values().chain([&manifest.default_csp]);
    for policy in script_sources {
        let scripts = policy.split("; ").find(|part| part.starts_with("script-src")).unwrap();
        assert!(["script-src 'self'", "script-src 'none'"].contains(&scripts), "{policy}");
    }
}

#[tokio::test]
async fn the_manifest_depends_on_no_date_and_no_visitor() {
    let installation = TestInstallation::new();
    let once = manifest_of(&installation).await;
    assert_eq!(manifest_of(&installation).await, once);
    let mut later =
        TestInstallation { clock: Clock::fixed(datetime!(2027-03-01 0:00 UTC)), ..installation };
    later.configure_program(once.clone(), 2);
    let intake = later.start().await;
    for path in
        ["/fr/form.json", "/fr/form-rest.json", "/fr/report", "/fr/return", "/fr", "/fr/learn"]
    {
        let first = intake.get(path).await.bytes().await.unwrap();
        assert_eq!(first, intake.get(path).await.bytes().await.unwrap(), "{path}");
        assert_eq!(Hash::of(&[&first]), once.files[path], "{path}");
    }
    let mut other = TestInstallation::new();
    other.config.directory.trust = intake.installation.config.directory.trust.clone();
    other.config.branding.emergency_number = "18".to_owned();
    assert_ne!(manifest_of(&other).await.hash(), once.hash(), "the contacts are in the pages");
}

#[tokio::test]
async fn an_intake_without_a_manifest_serves_none() {
    let intake = TestIntake::new().await;
    assert_eq!(intake.get(MANIFEST_PATH).await.status(), StatusCode::NOT_FOUND);
}

/// Returns why an intake does not start with the configured manifest.
async fn refusal(installation: &TestInstallation) -> String {
    let checked = program_manifest::check_manifest(&installation.config).await.unwrap_err();
    let started = BoundServer::bind(&installation.config, installation.clock.clone()).await;
    let started = started.map(drop).unwrap_err().to_string();
    assert_eq!(started, checked.to_string(), "--check-config and the start agree");
    assert!(started.starts_with("program.manifest: "), "{started}");
    started
}

/// Changes a manifest.
type Change = fn(&mut ProgramManifest);

#[tokio::test]
async fn an_intake_serves_no_manifest_that_is_unsigned_or_of_another_program() {
    let mut installation = TestInstallation::new();
    let manifest = manifest_of(&installation).await;
    installation.configure_program(manifest.clone(), 1);
    assert!(refusal(&installation).await.contains("1 of 2"));
    let changes: [(Change, &str); 5] = [
        (
            |manifest| {
                manifest.files.insert("/fr/form.json".into(), Hash::default());
            },
            "/fr/form.json is not the file of this build",
        ),
        (
            |manifest| {
                manifest.files.insert("/fr/more.js".into(), Hash::default());
            },
            "/fr/more.js is not the file of this build",
        ),
        (
            |manifest| {
                manifest.files.remove("/words/fr");
            },
            "/words/fr is not the file",
        ),
        (|manifest| manifest.default_csp.push_str("; font-src *"), "content policies"),
        (|manifest| manifest.version.push_str(".1"), "its version"),
    ];
    for (change, found) in changes {
        let mut other = manifest.clone();
        change(&mut other);
        installation.configure_program(other, 2);
        let refused = refusal(&installation).await;
        assert!(refused.contains(found), "{refused}");
    }
    installation.configure_program_file(b"{}");
    refusal(&installation).await;
    // A tree head of a Sigsum log changes no file.
    let with_tree_head = ProgramManifest { timestamp: Some("tree head".into()), ..manifest };
    installation.configure_program(with_tree_head, 3);
    program_manifest::check_manifest(&installation.config).await.unwrap();
}

/// Builds an audio pack of one silent clip with this number of frames.
fn write_audio_pack(installation: &TestInstallation, folder: &Path, frames: usize) {
    let clips = folder.join("clips");
    fs::create_dir_all(&clips).unwrap();
    let texts = AudioCommand::Texts { language: None };
    fs::write(clips.join("texts.tsv"), audio_command::run(&installation.config, &texts).unwrap())
        .unwrap();
    let frame = [&[0xFF, 0xF3, 0x28, 0xC4][..], &[0; 68]].concat();
    fs::write(clips.join("back.mp3"), frame.repeat(frames)).unwrap();
    let pack = AudioCommand::Pack {
        folder: clips,
        language: "mos".to_owned(),
        name: "Mooré".to_owned(),
        texts: None,
        out: folder.join("mos.pack"),
    };
    audio_command::run(&installation.config, &pack).unwrap();
}

#[tokio::test]
async fn the_manifest_names_each_audio_pack_and_an_intake_serves_no_other() {
    let mut installation = TestInstallation::new();
    let folder = tempfile::tempdir().unwrap();
    write_audio_pack(&installation, folder.path(), 10);
    let without = manifest_of(&installation).await;
    installation.config.audio.folder = Some(folder.path().to_owned());
    let manifest = manifest_of(&installation).await;
    let packs: Vec<&String> =
        manifest.files.keys().filter(|path| path.starts_with("/audio/mos.")).collect();
    assert_eq!(packs.len(), 1);
    installation.configure_program(without, 2);
    assert!(refusal(&installation).await.contains("is not the file of this build"));
    installation.configure_program(manifest.clone(), 2);
    // Another recording of the same text.
    write_audio_pack(&installation, folder.path(), 11);
    assert!(refusal(&installation).await.contains("/audio/mos."));
    write_audio_pack(&installation, folder.path(), 10);
    let mut other = TestInstallation::new();
    other.config.audio.folder = Some(folder.path().to_owned());
    fs::write(folder.path().join("broken.pack"), b"no pack").unwrap();
    let error = program_manifest::check_manifest(&other.config).await.unwrap_err().to_string();
    assert!(error.starts_with("audio.folder: ") && error.contains("broken.pack: this is no audio"));
    fs::remove_file(folder.path().join("broken.pack")).unwrap();
    let intake = installation.start().await;
    let response = intake.get(packs[0]).await;
    assert_eq!(response.headers()["cache-control"], "no-store");
    let pack = response.bytes().await.unwrap();
    assert_eq!((pack.len(), Hash::of(&[&pack])), (512 * 1024, manifest.files[packs[0]]));
}
