//! What operators see, and what they cannot.

use std::collections::BTreeSet;

use crate::common::{MultipartFormData, TestInstallation, TestIntake};
use intake::server::AppState;
use rand::{SeedableRng, rngs::StdRng};
use reqwest::StatusCode;
use web::metrics::MetricsRegistry;

/// Every figure that there is. Each was weighed: what moves because of a visitor shows once a day,
/// with noise.
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
async fn the_page_is_the_same_to_the_byte_whoever_reports() {
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
    // It is on no listener that others reach.
    assert_eq!(intake.get("/metrics").await.status(), StatusCode::NOT_FOUND);
    let by_relay = intake.handler.get(format!("{}/metrics", intake.relay)).send().await.unwrap();
    assert_eq!(by_relay.status(), StatusCode::NOT_FOUND);
}

/// The page as it is shown, without a network.
async fn rendered_metrics(board: &MetricsRegistry) -> String {
    use tower::ServiceExt as _;
    let request = axum::http::Request::get("/metrics").body(axum::body::Body::empty()).unwrap();
    let response = board.routes().oneshot(request).await.unwrap();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn metric_value(page: &str, figure: &str) -> i64 {
    let line = page.lines().find_map(|line| line.strip_prefix(figure)).unwrap();
    line.trim().parse().unwrap()
}

#[tokio::test]
async fn a_look_shows_the_service_and_only_the_end_of_a_day_shows_visitors() {
    let installation = TestInstallation::new();
    let app = AppState::open(&installation.config, installation.clock.clone()).await.unwrap();
    let signed = installation.keys.directory(1, installation.clock.today(), 2);
    app.directory_cache.accept(signed, &app.store, installation.clock.today()).await.unwrap();
    app.metrics.refresh(&app).await;
    let before = rendered_metrics(app.metrics.registry()).await;
    let names: BTreeSet<&str> = before
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(names, BTreeSet::from(METRIC_NAMES));
    assert_eq!(metric_value(&before, "burkindi_intake_ready"), 1);
    assert_eq!(metric_value(&before, "burkindi_intake_directory_days"), 30);

    for _ in 0..1000 {
        app.counters.record_submitted();
    }
    app.metrics.refresh(&app).await;
    assert_eq!(rendered_metrics(app.metrics.registry()).await, before);
    let mut rng = StdRng::seed_from_u64(1);
    app.metrics.record_day(&app.counters.close_day(&mut rng));
    assert_eq!(rendered_metrics(app.metrics.registry()).await, before, "not before the next look");
    app.metrics.refresh(&app).await;
    let filed =
        metric_value(&rendered_metrics(app.metrics.registry()).await, "burkindi_intake_filed");
    assert!((900..1100).contains(&filed) && filed != 1000, "{filed}");
    installation.clock.advance(time::Duration::days(31));
    app.metrics.refresh(&app).await;
    assert_eq!(
        metric_value(
            &rendered_metrics(app.metrics.registry()).await,
            "burkindi_intake_directory_days"
        ),
        -1
    );
}
