//! What goes wrong around an intake, and is put right again: nothing acknowledged is lost.

use crate::common::{MultipartFormData, TestInstallation, TestIntake, receipt_code};
use reqwest::StatusCode;
use time::Duration;

async fn submit_report(intake: &TestIntake, seed: u8) -> (StatusCode, String) {
    intake.post_form("/en/report/send", MultipartFormData::report("a story", seed).end()).await
}

#[tokio::test]
async fn a_clock_that_leaps_stops_reports_at_most_and_loses_none() {
    let intake = TestIntake::with_directory().await;
    assert_eq!(submit_report(&intake, 1).await.0, StatusCode::OK);
    let clock = intake.installation.clock.clone();

    // Two months ahead: the directory looks expired. What is there can be read and collected.
    clock.advance(Duration::days(60));
    let (status, page) = submit_report(&intake, 2).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(receipt_code(&page).is_none() && page.contains("cannot take reports safely"), "{page}");
    assert_eq!(intake.get("/directory.json").await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(intake.pull(10).await.len(), 1);

    // Years back, to when the machine's battery ran out: the directory is still the newest, and
    // reports are taken.
    clock.advance(Duration::days(-4000));
    assert_eq!(submit_report(&intake, 3).await.0, StatusCode::OK);
    // A directory of the right day is not believed yet, and does no harm.
    let next = intake.installation.keys.directory(2, clock.today() + Duration::days(3940), 2);
    assert!(!intake.put_directory(&next).await.status().is_success());

    clock.advance(Duration::days(3940));
    assert_eq!(submit_report(&intake, 4).await.0, StatusCode::OK);
    assert_eq!(intake.put_directory(&next).await.status(), StatusCode::NO_CONTENT);
    let intake = intake.restart().await;
    assert_eq!(intake.pull(10).await.len(), 3, "each that was acknowledged, and nothing else");
}

#[tokio::test]
async fn a_relay_that_is_cut_for_weeks_costs_nothing() {
    let intake = TestIntake::with_directory().await;
    for seed in 0..20 {
        assert_eq!(submit_report(&intake, seed).await.0, StatusCode::OK);
        intake.installation.clock.advance(Duration::days(1));
    }
    let intake = intake.restart().await;
    assert_eq!(intake.collect_submissions().await.len(), 20);
}

#[tokio::test]
async fn a_certificate_of_the_relay_that_is_none_is_named_before_anything_listens() {
    let installation = TestInstallation::new();
    let certificate = &installation.config.relay.certificate;
    std::fs::write(certificate, "no certificate").unwrap();
    let error = installation.config.check_files().unwrap_err().to_string();
    assert!(error.contains("relay.certificate"), "{error}");
}
