//! Doctor checks of the notification channels.

use case_handler::doctor::{check_mail_server, check_notify_recipients};
use doctor::{DoctorReport, Severity};

use super::*;
use mails::mail_config;

/// Returns the severities by the name of the check.
async fn run_mail_check(
    config: &MailConfig,
    now: time::OffsetDateTime,
) -> BTreeMap<String, Severity> {
    let mut report = DoctorReport::default();
    check_mail_server(config, now, &mut report).await;
    let text = format!("{report:?}");
    assert!(!text.contains("customs.example") && !text.contains("open sesame"), "{text}");
    report.findings.into_iter().map(|finding| (finding.check, finding.state)).collect()
}

#[tokio::test]
async fn a_mail_server_that_answers_is_ok_and_anything_else_is_an_error() {
    let handler = HandlerFixture::new().await;
    let now = handler.clock.now();
    let server = FakeMailServer::start(ServerBehavior::Accepts);
    let mut config = mail_config(&format!("smtp://127.0.0.1:{}", server.port), &DESK_MEMBERS);
    assert_eq!(
        run_mail_check(&config, now).await,
        [("notify.mail".to_owned(), Severity::Ok)].into()
    );
    assert!(
        server.take_transcript().iter().flatten().all(|line| !line.starts_with("MAIL")),
        "no message is sent"
    );

    let silent = FakeMailServer::start(ServerBehavior::Stalls);
    let stalls = mail_config(&format!("smtp://127.0.0.1:{}", silent.port), &DESK_MEMBERS);
    assert_eq!(
        run_mail_check(&stalls, now).await["notify.mail"],
        Severity::Error,
        "the check has a time limit"
    );
    let closed_port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let unreachable = mail_config(&format!("smtp://{closed_port}"), &DESK_MEMBERS);
    assert_eq!(run_mail_check(&unreachable, now).await["notify.mail"], Severity::Error);
    assert_eq!(
        run_mail_check(&mail_config("mail.customs.example", &DESK_MEMBERS), now).await["notify.mail"],
        Severity::Error
    );

    let folder = tempfile::tempdir().unwrap();
    let (password, ca) = (folder.path().join("password"), folder.path().join("ca.pem"));
    std::fs::write(&password, "open sesame\n").unwrap();
    std::fs::set_permissions(&password, std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .unwrap();
    std::fs::write(&ca, "no certificate").unwrap();
    (config.user, config.password_file, config.ca) =
        (Some("burkindi".into()), Some(password), Some(ca));
    let found = run_mail_check(&config, now).await;
    assert_eq!(found["notify.mail.password_file"], Severity::Error, "others can read it");
    assert_eq!(found["notify.mail.ca"], Severity::Error);
}

#[tokio::test]
async fn an_unknown_handle_is_reported_to_the_operator() {
    let handler = HandlerFixture::new().await;
    let accepted = handler.directories.latest().unwrap();
    assert_eq!(
        check_notify_recipients(&[].into(), &accepted.directory),
        None,
        "no handles are configured"
    );
    assert_eq!(
        check_notify_recipients(&["awa", "eva"].into(), &accepted.directory).unwrap().state,
        Severity::Ok
    );
    let finding = check_notify_recipients(&["awa", "bilq"].into(), &accepted.directory).unwrap();
    assert_eq!(finding.state, Severity::Warning);
    assert!(finding.found.contains("bilq") && !finding.found.contains("awa"), "{finding:?}");
}
