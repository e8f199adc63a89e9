//! Faults around an intake: after they end, no acknowledged submission is lost.

use crate::common::{MultipartFormData, TestInstallation, TestIntake, receipt_code};
use intake::doctor::{DoctorArgs, run_checks};
use reqwest::StatusCode;
use time::Duration;

async fn submit_report(intake: &TestIntake, seed: u8) -> (StatusCode, String) {
    intake.post_form("/en/report/send", MultipartFormData::report("a story", seed).end()).await
}

#[tokio::test]
async fn a_clock_jump_may_stop_reports_and_loses_none() {
    let intake = TestIntake::with_directory().await;
    assert_eq!(submit_report(&intake, 1).await.0, StatusCode::OK);
    let clock = intake.installation.clock.clone();

    // Two months ahead, the directory appears expired. Stored submissions can be collected.
    clock.advance(Duration::days(60));
    let (status, page) = submit_report(&intake, 2).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(receipt_code(&page).is_none() && page.contains("cannot take reports safely"), "{page}");
    assert_eq!(intake.get("/directory.json").await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(intake.pull(10).await.len(), 1);

    // Years back, as after a flat battery of the machine: the directory is still the newest, and
    // the intake accepts reports.
    clock.advance(Duration::days(-4000));
    assert_eq!(submit_report(&intake, 3).await.0, StatusCode::OK);
    // A directory of the correct date is rejected for now, without harm.
    let next = intake.installation.keys.directory(2, clock.today() + Duration::days(3940), 2);
    assert!(!intake.put_directory(&next).await.status().is_success());

    clock.advance(Duration::days(3940));
    assert_eq!(submit_report(&intake, 4).await.0, StatusCode::OK);
    assert_eq!(intake.put_directory(&next).await.status(), StatusCode::NO_CONTENT);
    let intake = intake.restart().await;
    assert_eq!(intake.pull(10).await.len(), 3, "all acknowledged submissions, and nothing else");
}

#[tokio::test]
async fn a_relay_that_is_disconnected_for_weeks_loses_nothing() {
    let intake = TestIntake::with_directory().await;
    for seed in 0..20 {
        assert_eq!(submit_report(&intake, seed).await.0, StatusCode::OK);
        intake.installation.clock.advance(Duration::days(1));
    }
    let intake = intake.restart().await;
    assert_eq!(intake.collect_submissions().await.len(), 20);
}

#[tokio::test]
async fn an_invalid_certificate_of_the_relay_is_reported_before_anything_listens() {
    let installation = TestInstallation::new();
    let certificate = &installation.config.relay.certificate;
    std::fs::write(certificate, "no certificate").unwrap();
    let error = intake::doctor::check_config_files(&installation.config).unwrap_err().to_string();
    assert!(error.contains("relay.certificate"), "{error}");
}

#[tokio::test]
async fn the_doctor_names_a_missing_trust_file_and_continues() {
    let intake = TestIntake::with_directory().await;
    let folder = intake.installation.folder.path();
    let mut config = intake.installation.config.clone();
    config.directory.trust = folder.join("missing.json");
    let args = DoctorArgs {
        json: true,
        proxy: folder.join("nginx.conf"),
        backups: folder.join("backups"),
        tor: folder.join("torrc"),
        no_proxy: true,
    };
    let report = run_checks(&config, &args, intake.installation.clock.now()).await;
    let found = |check: &str| {
        let finding = report.findings.iter().find(|finding| finding.check == check);
        finding.unwrap_or_else(|| panic!("{check} is missing: {report}")).found.clone()
    };
    for check in ["configuration", "directory"] {
        assert!(found(check).contains("missing.json"), "{report}");
    }
    assert!(found("relay.listen").contains("only a case handler on this machine"), "{report}");
    assert!(found("backups").starts_with("none"), "{report}");
}
