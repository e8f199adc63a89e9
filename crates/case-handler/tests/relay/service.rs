//! The whole service, as the program starts it.

use std::{fs, path::Path, sync::Arc, time::Duration};

use case_handler::{
    Config,
    keys::{HandlerKeys, mismatches},
    run,
    store::{CaseStore, StoreError},
};
use protocol::{
    case::event::ReleaseReason,
    directory::TrustRoots,
    keys::{PublicKey, TransportIdentity},
};
use reqwest::{Certificate, Client};
use secrecy::ExposeSecret;

use super::{
    DESK_MEMBERS, RelayFixture,
    common::HandlerFixture,
    intake::{FakeIntake, write_certificates},
};

/// The shipped configuration, with this world's database, keys and intake.
pub(crate) fn configure(world: &HandlerFixture, folder: &Path, relay: &str) -> Config {
    let path = |name: &str| folder.join(name);
    let trust = TrustRoots {
        instance: world.directory.instance,
        threshold: 1,
        roots: vec![PublicKey::from(&world.root)],
    };
    fs::write(path("trust.json"), serde_json::to_vec(&trust).unwrap()).unwrap();
    let transport = world.transport.as_identity().to_string();
    fs::write(path("transport.key"), transport.expose_secret()).unwrap();
    fs::write(path("log.key"), format!("{}\n", protocol::Hash(world.log_key.to_bytes()))).unwrap();
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/config/case-handler.toml");
    let mut text = fs::read_to_string(shipped).unwrap();
    let here = format!("{}/", folder.display());
    for (there, here) in [
        ("/etc/burkindi/tls/", here.as_str()),
        ("/etc/burkindi/", here.as_str()),
        ("sqlite:///var/lib/burkindi-case-handler/cases.sqlite", world.url.as_str()),
        ("https://intake.example:8444", relay),
        ("0.0.0.0:8443", "127.0.0.1:0"),
        ("collect_seconds = 900", "collect_seconds = 1"),
    ] {
        assert!(text.contains(there), "the shipped configuration names {there}");
        text = text.replace(there, here);
    }
    fs::write(path("case-handler.toml"), text).unwrap();
    Config::load(&path("case-handler.toml")).unwrap()
}

async fn wait_until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..200 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("did not happen within ten seconds: {what}");
}

#[tokio::test]
async fn the_service_collects_and_serves_and_stops() {
    let mut pair = RelayFixture::new().await;
    let (report, _) = pair.world.new_report(&DESK_MEMBERS);
    pair.intake.add_submissions([pair.seal_submission(&report, &report)]);
    let config = configure(&pair.world, pair.folder.path(), &pair.intake.url());
    pair.world.store.release_writer().await.unwrap();
    let service = run(&config, pair.world.clock.clone()).await.unwrap();
    wait_until("the report is filed", async || pair.world.queue("awa").await.len() == 1).await;
    let ca = Certificate::from_pem(&fs::read(pair.folder.path().join("ca.pem")).unwrap()).unwrap();
    let client = Client::builder().no_proxy().tls_certs_only([ca]).build().unwrap();
    let ask = |path: &str| client.get(format!("https://{}{path}", service.address)).send();
    let health: serde_json::Value = ask("/health").await.unwrap().json().await.unwrap();
    assert_eq!(
        health,
        serde_json::json!({"directory_epoch": 1, "directory_expires": "2026-12-23", "set_aside": false})
    );
    assert_eq!(ask("/v1/cases").await.unwrap().status(), 401);
    let address = service.address;
    drop(client);
    service.stop().await.unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "nothing listens any more");
}

#[tokio::test]
async fn an_intake_that_is_down_stops_no_deadline_and_is_asked_again() {
    let mut world = HandlerFixture::new().await;
    let (report, _) = world.new_report(&DESK_MEMBERS);
    world.ingest(&report).await.unwrap();
    world.clock.advance(time::Duration::days(4));
    let folder = tempfile::tempdir().unwrap();
    write_certificates(folder.path());
    // An address at which nothing listens, until an intake does.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let relay = format!("https://{}", silent.local_addr().unwrap());
    drop(silent);
    let down = configure(&world, folder.path(), &relay);
    world.store.release_writer().await.unwrap();
    let service = run(&down, world.clock.clone()).await.unwrap();
    wait_until("the outside body has the case", async || world.queue("eva").await.len() == 1).await;
    assert_eq!(world.queue("eva").await[0].state.released, Some(ReleaseReason::MissedDeadline));
    service.stop().await.unwrap();
    let intake = FakeIntake::start(folder.path(), Arc::clone(&world.store)).await;
    let up = configure(&world, folder.path(), &intake.url());
    let service = run(&up, world.clock.clone()).await.unwrap();
    wait_until("mailboxes are laid out", async || intake.state.lock().unwrap().mailboxes.is_some())
        .await;
    service.stop().await.unwrap();
}

#[tokio::test]
async fn an_altered_log_keeps_the_service_from_starting() {
    let mut pair = RelayFixture::new().await;
    for _ in 0..2 {
        let (report, _) = pair.world.new_report(&DESK_MEMBERS);
        pair.world.ingest(&report).await.unwrap();
    }
    let config = configure(&pair.world, pair.folder.path(), &pair.intake.url());
    pair.world.store.release_writer().await.unwrap();
    let start = || run(&config, pair.world.clock.clone());
    start().await.unwrap().stop().await.unwrap();
    let pulls = || pair.intake.state.lock().unwrap().pulls;
    let before = pulls();
    pair.world.execute_sql("UPDATE events SET bytes = x'7b7d' WHERE position = 1").await;
    // A machine that is slow with so short a log finds it out a moment after the start.
    let error = match start().await {
        Ok(mut service) => service.task_failure().await,
        Err(error) => error,
    };
    assert!(error.to_string().contains("was altered"), "{error}");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(pulls(), before, "and asked the intake for nothing");
}

#[tokio::test]
async fn nothing_is_written_until_the_log_has_been_found_whole() {
    let mut world = HandlerFixture::new().await;
    let (report, _) = world.new_report(&DESK_MEMBERS);
    world.ingest(&report).await.unwrap();
    world.store.release_writer().await.unwrap();
    let store = Arc::new(CaseStore::open(&world.url).await.unwrap().with_log_unverified());
    assert_eq!(
        store.queue("awa", None, 10).await.unwrap().len(),
        1,
        "what is there is read meanwhile"
    );
    let writing = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.begin_write().await.map(drop) }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!writing.is_finished());
    store.mark_log_verified();
    writing.await.unwrap().unwrap();
    let store = Arc::try_unwrap(store).unwrap().with_log_unverified();
    tokio::time::pause();
    assert!(
        matches!(store.begin_write().await.map(drop), Err(StoreError::LogCheckRunning)),
        "nobody waits for ever"
    );
}

#[tokio::test]
async fn wrong_keys_are_named_before_anything_starts() {
    let world = HandlerFixture::new().await;
    let folder = tempfile::tempdir().unwrap();
    write_certificates(folder.path());
    let config = configure(&world, folder.path(), "https://127.0.0.1:1");
    world.store.release_writer().await.unwrap();
    let keys = HandlerKeys::load(&config).unwrap();
    assert_eq!(mismatches(&world.directory, &keys.transport, &keys.log), Vec::<&str>::new());
    let other = HandlerFixture::new().await;
    let mut another = other.directory.clone();
    another.transport.push(TransportIdentity::from_seed(&[9; 32]).recipient());
    another.handler_key = PublicKey::from(&other.root);
    let found = mismatches(&another, &keys.transport, &keys.log);
    assert!(found[0].contains("keys.transport") && found[1].contains("keys.log"), "{found:?}");
    for (file, key) in
        [("log.key", "keys.log"), ("transport.key", "keys.transport"), ("trust.json", "trust")]
    {
        let good = fs::read(folder.path().join(file)).unwrap();
        fs::write(folder.path().join(file), &good[1..]).unwrap();
        let error = HandlerKeys::load(&config).unwrap_err();
        assert!(format!("{error:#}").starts_with(key), "{error:#}");
        let Err(error) = run(&config, world.clock.clone()).await else {
            panic!("it started without {key}")
        };
        assert!(format!("{error:#}").starts_with(key), "{error:#}");
        fs::write(folder.path().join(file), good).unwrap();
    }
}
