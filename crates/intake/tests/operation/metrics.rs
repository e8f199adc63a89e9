//! What operators can learn from the metrics, and what they cannot.

use std::collections::BTreeSet;

use crate::common::{MultipartFormData, TestInstallation, TestIntake};
use intake::state::AppState;
use rand::{SeedableRng, rngs::StdRng};
use reqwest::StatusCode;
use service_kit::metrics::MetricsRegistry;

/// All metrics. A value that visitors influence is published once a day, with noise.
const METRIC_NAMES: [&str; 7] = [
    "burkindi_intake_busy",
    "burkindi_intake_certificate_days",
    "burkindi_intake_directory_days",
    "burkindi_intake_failed",
    "burkindi_intake_filed",
    "burkindi_intake_ready",
    "burkindi_intake_spool_tenths",
];

async fn metrics_page(intake: &TestIntake) -> String {
    let url = format!("http://{}/metrics", intake.metrics.unwrap());
    loop {
        let text = intake.http.get(&url).send().await.unwrap().text().await.unwrap();
        if !text.is_empty() {
            return text;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn the_page_does_not_change_by_a_byte_when_a_report_arrives() {
    let mut installation = TestInstallation::new();
    installation.config.metrics.listen = Some("127.0.0.1:0".parse().unwrap());
    let intake = installation.start().await;
    let signed = intake.installation.keys.directory(1, intake.installation.clock.today(), 2);
    assert_eq!(intake.put_directory(&signed).await.status(), StatusCode::NO_CONTENT);
    let before = metrics_page(&intake).await;
    let form = MultipartFormData::report("canary of a story", 1)
        .file("canary.jpg", &vec![7; 2_000_000])
        .end();
    assert_eq!(intake.post_form("/en/report/send", form).await.0, StatusCode::OK);
    assert_eq!(
        intake.post("/api/reports", age_hybrid::decoy_file(32_768, 7)).await.status(),
        StatusCode::CREATED
    );
    intake.enter_receipt("wrong").await;
    assert_eq!(metrics_page(&intake).await, before);
    assert!(!before.contains("canary"));
    // The page is on no listener that other machines can reach.
    assert_eq!(intake.get("/metrics").await.status(), StatusCode::NOT_FOUND);
    let by_relay = intake.handler.get(format!("{}/metrics", intake.relay)).send().await.unwrap();
    assert_eq!(by_relay.status(), StatusCode::NOT_FOUND);
}

/// Returns the page without a network.
async fn rendered_metrics(registry: &MetricsRegistry) -> String {
    use tower::ServiceExt as _;
    let request = axum::http::Request::get("/metrics").body(axum::body::Body::empty()).unwrap();
    let response = registry.routes().oneshot(request).await.unwrap();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn metric_value(page: &str, name: &str) -> i64 {
    let line = page.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().parse().unwrap()
}

async fn refresh(state: &AppState) {
    state.metrics.refresh(&state.store, &state.directory_cache, &state.clock).await;
}

#[tokio::test]
async fn a_refresh_shows_the_service_and_only_the_end_of_a_day_shows_visitors() {
    let installation = TestInstallation::new();
    let state = AppState::open(&installation.config, installation.clock.clone()).await.unwrap();
    let signed = installation.keys.directory(1, installation.clock.today(), 2);
    state.directory_cache.accept(signed, &state.store, installation.clock.today()).await.unwrap();
    refresh(&state).await;
    let before = rendered_metrics(state.metrics.registry()).await;
    let names: BTreeSet<&str> = before
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(names, BTreeSet::from(METRIC_NAMES));
    assert_eq!(metric_value(&before, "burkindi_intake_ready"), 1);
    assert_eq!(metric_value(&before, "burkindi_intake_directory_days"), 30);

    for _ in 0..1000 {
        state.counters.record_submitted();
    }
    refresh(&state).await;
    assert_eq!(rendered_metrics(state.metrics.registry()).await, before);
    let mut rng = StdRng::seed_from_u64(1);
    state.metrics.record_day(&state.counters.close_day(&mut rng));
    assert_eq!(
        rendered_metrics(state.metrics.registry()).await,
        before,
        "not before the next refresh"
    );
    refresh(&state).await;
    let submitted =
        metric_value(&rendered_metrics(state.metrics.registry()).await, "burkindi_intake_filed");
    assert!((900..1100).contains(&submitted) && submitted != 1000, "{submitted}");
    installation.clock.advance(time::Duration::days(31));
    refresh(&state).await;
    assert_eq!(
        metric_value(
            &rendered_metrics(state.metrics.registry()).await,
            "burkindi_intake_directory_days"
        ),
        -1
    );
}
