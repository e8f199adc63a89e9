//! The complete service, as the binary starts it.

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

/// Loads the shipped configuration with the database, keys and intake of the fixture.
pub(crate) fn configure(handler: &HandlerFixture, folder: &Path, relay: &str) -> Config {
    let path = |name: &str| folder.join(name);
    let trust = TrustRoots {
        instance: handler.directory.instance,
        threshold: 1,
        roots: vec![PublicKey::from(&handler.root)],
    };
    fs::write(path("trust.json"), serde_json::to_vec(&trust).unwrap()).unwrap();
    let transport = handler.transport.as_identity().to_string();
    fs::write(path("transport.key"), transport.expose_secret()).unwrap();
    fs::write(path("log.key"), format!("{}\n", protocol::Hash(handler.log_key.to_bytes())))
        .unwrap();
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/config/case-handler.toml");
    let mut text = fs::read_to_string(shipped).unwrap();
    let here = format!("{}/", folder.display());
    for (there, here) in [
        ("/etc/burkindi/tls/", here.as_str()),
        ("/etc/burkindi/", here.as_str()),
        ("sqlite:///var/lib/burkindi-case-handler/cases.sqlite", handler.url.as_str()),
        ("https://intake.example:8444", relay),
        ("0.0.0.0:8443", "127.0.0.1:0"),
        ("poll_interval_seconds = 900", "poll_interval_seconds = 1"),
    ] {
        assert!(text.contains(there), "the shipped configuration contains {there}");
        text = text.replace(there, here);
    }
    fs::write(path("case-handler.toml"), text).unwrap();
    Config::load(&path("case-handler.toml")).unwrap()
}

async fn wait_until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    for _ in 0..200 {
        if condition().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("timeout after ten seconds: {what}");
}

#[tokio::test]
async fn the_service_collects_and_serves_and_stops() {
    let mut fixture = RelayFixture::new().await;
    let (report, _) = fixture.handler.new_report(&DESK_MEMBERS);
    fixture.intake.add_submissions([fixture.seal_submission(&report, &report)]);
    let config = configure(&fixture.handler, fixture.folder.path(), &fixture.intake.url());
    fixture.handler.store.release_writer().await.unwrap();
    let service = run(&config, fixture.handler.clock.clone()).await.unwrap();
    wait_until("the report is ingested", async || fixture.handler.queue("awa").await.len() == 1)
        .await;
    let ca =
        Certificate::from_pem(&fs::read(fixture.folder.path().join("ca.pem")).unwrap()).unwrap();
    let client = Client::builder().no_proxy().tls_certs_only([ca]).build().unwrap();
    let get = |path: &str| client.get(format!("https://{}{path}", service.address)).send();
    let health: serde_json::Value = get("/health").await.unwrap().json().await.unwrap();
    assert_eq!(
        health,
        serde_json::json!({"directory_epoch": 1, "directory_expires": "2026-12-23", "quarantined": false})
    );
    assert_eq!(get("/v1/cases").await.unwrap().status(), 401);
    let address = service.address;
    drop(client);
    service.stop().await.unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "the listener is closed");
}

#[tokio::test]
async fn an_unreachable_intake_does_not_stop_deadlines_and_is_retried() {
    let mut handler = HandlerFixture::new().await;
    let (report, _) = handler.new_report(&DESK_MEMBERS);
    handler.ingest(&report).await.unwrap();
    handler.clock.advance(time::Duration::days(4));
    let folder = tempfile::tempdir().unwrap();
    write_certificates(folder.path());
    // An address without a listener, until an intake starts.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let relay = format!("https://{}", closed.local_addr().unwrap());
    drop(closed);
    let down = configure(&handler, folder.path(), &relay);
    handler.store.release_writer().await.unwrap();
    let service = run(&down, handler.clock.clone()).await.unwrap();
    wait_until("the oversight body has the case", async || handler.queue("eva").await.len() == 1)
        .await;
    assert_eq!(handler.queue("eva").await[0].state.released, Some(ReleaseReason::MissedDeadline));
    service.stop().await.unwrap();
    let intake = FakeIntake::start(folder.path(), Arc::clone(&handler.store)).await;
    let up = configure(&handler, folder.path(), &intake.url());
    let service = run(&up, handler.clock.clone()).await.unwrap();
    wait_until("mailboxes are published", async || {
        intake.state.lock().unwrap().mailboxes.is_some()
    })
    .await;
    service.stop().await.unwrap();
}

#[tokio::test]
async fn an_altered_log_prevents_the_start() {
    let mut fixture = RelayFixture::new().await;
    for _ in 0..2 {
        let (report, _) = fixture.handler.new_report(&DESK_MEMBERS);
        fixture.handler.ingest(&report).await.unwrap();
    }
    let config = configure(&fixture.handler, fixture.folder.path(), &fixture.intake.url());
    fixture.handler.store.release_writer().await.unwrap();
    let start = || run(&config, fixture.handler.clock.clone());
    start().await.unwrap().stop().await.unwrap();
    let pulls = || fixture.intake.state.lock().unwrap().pulls;
    let before = pulls();
    fixture.handler.execute_sql("UPDATE events SET bytes = x'7b7d' WHERE position = 1").await;
    // A slow machine finds it a moment after the start, even with such a short log.
    let error = match start().await {
        Ok(mut service) => service.task_failure().await,
        Err(error) => error,
    };
    assert!(error.to_string().contains("hash chain broken"), "{error}");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(pulls(), before, "no request to the intake");
}

#[tokio::test]
async fn nothing_is_written_until_the_log_is_verified() {
    let mut handler = HandlerFixture::new().await;
    let (report, _) = handler.new_report(&DESK_MEMBERS);
    handler.ingest(&report).await.unwrap();
    handler.store.release_writer().await.unwrap();
    let store = Arc::new(CaseStore::open(&handler.url).await.unwrap().with_log_unverified());
    assert_eq!(store.queue("awa", None, 10).await.unwrap().len(), 1, "reads work meanwhile");
    let write_task = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.begin_write().await.map(drop) }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!write_task.is_finished());
    store.mark_log_verified();
    write_task.await.unwrap().unwrap();
    let store = Arc::try_unwrap(store).unwrap().with_log_unverified();
    tokio::time::pause();
    assert!(
        matches!(store.begin_write().await.map(drop), Err(StoreError::LogCheckRunning)),
        "the wait has a time limit"
    );
}

#[tokio::test]
async fn wrong_keys_are_named_before_the_start() {
    let handler = HandlerFixture::new().await;
    let folder = tempfile::tempdir().unwrap();
    write_certificates(folder.path());
    let config = configure(&handler, folder.path(), "https://127.0.0.1:1");
    handler.store.release_writer().await.unwrap();
    let keys = HandlerKeys::load(&config).unwrap();
    assert_eq!(mismatches(&handler.directory, &keys.transport, &keys.log), Vec::<&str>::new());
    let other = HandlerFixture::new().await;
    let mut another = other.directory.clone();
    another.transport.push(TransportIdentity::from_seed(&[9; 32]).recipient());
    another.handler_key = PublicKey::from(&other.root);
    let found = mismatches(&another, &keys.transport, &keys.log);
    assert!(found[0].contains("keys.transport") && found[1].contains("keys.log"), "{found:?}");
    for (file, key) in [
        ("log.key", "keys.log"),
        ("transport.key", "keys.transport"),
        ("trust.json", "directory.trust"),
    ] {
        let valid = fs::read(folder.path().join(file)).unwrap();
        fs::write(folder.path().join(file), &valid[1..]).unwrap();
        let error = HandlerKeys::load(&config).unwrap_err();
        assert!(format!("{error:#}").starts_with(key), "{error:#}");
        let Err(error) = run(&config, handler.clock.clone()).await else {
            panic!("started without {key}")
        };
        assert!(format!("{error:#}").starts_with(key), "{error:#}");
        fs::write(folder.path().join(file), valid).unwrap();
    }
}
