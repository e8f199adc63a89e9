//! What operators configure and see of the outside witnesses: the configuration, the doctor and the
//! metrics.

use std::{fs, sync::Arc};

use axum::body::Body;
use case_handler::{
    Config, collector::CollectorState, config::WitnessConfig, context::HandlerContext,
    metrics::HandlerMetrics,
};
use doctor::Severity;
use http::Request;
use http_body_util::BodyExt as _;
use protocol::{case::Calendar, directory::LogQuorum};
use tower::ServiceExt as _;

use super::{
    common::HandlerFixture, fake_witness::NAME, intake::write_certificates, service::configure,
};

#[tokio::test]
async fn only_witnesses_of_the_directory_are_asked_and_the_doctor_compares_both_lists() {
    let (mut fixture, witness) = HandlerFixture::with_witness().await;
    let folder = tempfile::tempdir().unwrap();
    fixture.add_batches(1).await;
    let named = fixture.witness_config(folder.path(), &[]);
    let findings = fixture.findings(&named).await;
    assert_eq!((findings.len(), findings[0].state), (1, Severity::Warning));
    assert!(findings[0].found.contains("not in [[log.witnesses]]"), "{findings:?}");
    let both = fixture.witness_config(folder.path(), &[NAME]);
    let findings = fixture.findings(&both).await;
    assert!(findings[0].found.contains("no cosignature of this log yet"), "{findings:?}");
    let client = fixture.client(&witness.url);
    client.ask().await.unwrap();
    for (hours, state, text) in [
        (0, Severity::Ok, "0 min ago"),
        (1, Severity::Ok, "1 h ago"),
        (1, Severity::Warning, "2 h ago"),
        (22, Severity::Warning, "24 h ago"),
        (1, Severity::Error, "25 h ago"),
        (23, Severity::Error, "2 days ago"),
    ] {
        fixture.clock.advance(time::Duration::hours(hours));
        let finding = fixture.findings(&both).await.remove(0);
        assert_eq!(finding.state, state, "{finding:?}");
        assert!(finding.found.contains(text), "{finding:?}");
    }
    witness.take_requests();
    fixture
        .publish(|directory| {
            directory.log.witnesses.clear();
            directory.log.quorum = LogQuorum { oversight: 1, witnesses: 0 };
        })
        .await;
    fixture.add_batches(1).await;
    client.ask().await.unwrap();
    assert_eq!(witness.take_requests(), [0; 0]);
    let findings = fixture.findings(&both).await;
    assert!(findings[0].found.contains("and not in the directory"), "{findings:?}");
}

impl HandlerFixture {
    /// Returns the metrics page after a refresh.
    pub(super) async fn metrics_page(&self, config: &Config) -> String {
        let context = HandlerContext {
            store: Arc::clone(&self.store),
            log_keys: Arc::new(self.log_key.clone().into()),
            clock: self.clock.clone(),
            trusted_date: self.trusted_date(),
            calendar: Calendar::default(),
            warn_days: 3,
        };
        let observed = CollectorState::default();
        let metrics = HandlerMetrics::new(config, &context, &self.directories, &observed);
        metrics.refresh().await;
        let request = Request::get("/metrics").body(Body::empty()).unwrap();
        let response = metrics.registry().routes().oneshot(request).await.unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(body.to_vec()).unwrap()
    }
}

#[tokio::test]
async fn the_metrics_page_shows_the_age_of_the_newest_cosignature() {
    let (mut fixture, witness) = HandlerFixture::with_witness().await;
    let folder = tempfile::tempdir().unwrap();
    let config = fixture.witness_config(folder.path(), &[NAME]);
    let shown = |hours: i64| {
        format!("burkindi_handler_witness_hours{{witness=\"witness.example/w1\"}} {hours}\n")
    };
    let before = fixture.metrics_page(&config).await;
    assert!(before.contains(&shown(-1)), "{before}");
    fixture.add_batches(1).await;
    fixture.client(&witness.url).ask().await.unwrap();
    fixture.clock.advance(time::Duration::minutes(359));
    let after = fixture.metrics_page(&config).await;
    assert!(after.contains(&shown(5)), "{after}");
}

#[tokio::test]
async fn the_shipped_configuration_shows_how_to_name_a_witness() {
    let fixture = HandlerFixture::new().await;
    let folder = tempfile::tempdir().unwrap();
    write_certificates(folder.path());
    let without = configure(&fixture, folder.path(), "https://127.0.0.1:1");
    assert_eq!(without.log.witnesses, []);
    let file = folder.path().join("case-handler.toml");
    let shipped = fs::read_to_string(&file).unwrap();
    let sample = ["[[log.witnesses]]", "name = \"witness.example/w1\"", "url = \"https://"];
    let with = sample.iter().fold(shipped, |text, line| {
        assert!(text.contains(&format!("#{line}")), "{line}");
        text.replace(&format!("#{line}"), line)
    });
    let load = |text: &str| {
        fs::write(&file, text).unwrap();
        Config::load(&file).map_err(|error| format!("{error:#}"))
    };
    let witness =
        WitnessConfig { name: NAME.to_owned(), url: "https://witness.example".to_owned() };
    assert_eq!(load(&with).unwrap().log.witnesses, [witness]);
    let loopback = with.replace("https://witness.example", "http://127.0.0.1:8484");
    assert!(load(&loopback).is_ok());
    for (from, to, expected) in [
        ("https://witness.example", "http://witness.example", "expected an https:// URL"),
        ("https://witness.example", "witness.example", "expected an https:// URL"),
        ("https://witness.example\"", "https://w.example\"\nkey = \"x\"", "key"),
    ] {
        let error = load(&with.replace(from, to)).unwrap_err();
        assert!(error.contains(expected), "{to}: {error}");
    }
    let twice =
        format!("{with}\n[[log.witnesses]]\nname = \"{NAME}\"\nurl = \"https://w.example\"\n");
    assert!(load(&twice).unwrap_err().contains("occurs twice"));
}
