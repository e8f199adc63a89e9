//! What the doctor finds of the ways in which members are told.

use case_handler::examination::{of_mail, of_told};
use doctor::{Report, State};

use super::*;
use mails::post_office;

/// By what was looked at.
async fn found(office: &MailConfig, now: time::OffsetDateTime) -> BTreeMap<String, State> {
    let mut report = Report::default();
    of_mail(office, now, &mut report).await;
    let told = format!("{report:?}");
    assert!(!told.contains("customs.example") && !told.contains("open sesame"), "{told}");
    report.findings.into_iter().map(|finding| (finding.check, finding.state)).collect()
}

#[tokio::test]
async fn a_mail_server_that_answers_is_well_and_anything_else_is_told() {
    let world = World::new().await;
    let now = world.clock.now();
    let server = MailServer::start(Manner::Takes);
    let mut office = post_office(&format!("smtp://127.0.0.1:{}", server.port), &DESK);
    assert_eq!(found(&office, now).await, [("notify.mail".to_owned(), State::Good)].into());
    assert!(server.take().iter().flatten().all(|line| !line.starts_with("MAIL")), "no message is sent");

    let silent = MailServer::start(Manner::Stalls);
    let stalls = post_office(&format!("smtp://127.0.0.1:{}", silent.port), &DESK);
    assert_eq!(found(&stalls, now).await["notify.mail"], State::Wrong, "and it does not wait for ever");
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let gone = post_office(&format!("smtp://{nobody}"), &DESK);
    assert_eq!(found(&gone, now).await["notify.mail"], State::Wrong);
    assert_eq!(found(&post_office("mail.customs.example", &DESK), now).await["notify.mail"], State::Wrong);

    let folder = tempfile::tempdir().unwrap();
    let (password, ca) = (folder.path().join("password"), folder.path().join("ca.pem"));
    std::fs::write(&password, "open sesame\n").unwrap();
    std::fs::set_permissions(&password, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    std::fs::write(&ca, "no certificate").unwrap();
    (office.user, office.password_file, office.ca) = (Some("burkindi".into()), Some(password), Some(ca));
    let found = found(&office, now).await;
    assert_eq!(found["notify.mail.password_file"], State::Wrong, "others can read it");
    assert_eq!(found["notify.mail.ca"], State::Wrong);
}

#[tokio::test]
async fn a_handle_that_nobody_has_is_told_to_the_operator() {
    let world = World::new().await;
    let accepted = world.current.get().unwrap();
    assert_eq!(of_told(&[].into(), &accepted.directory), None, "nobody is to be told");
    assert_eq!(of_told(&["awa", "eva"].into(), &accepted.directory).unwrap().state, State::Good);
    let finding = of_told(&["awa", "bilq"].into(), &accepted.directory).unwrap();
    assert_eq!(finding.state, State::Soon);
    assert!(finding.found.contains("bilq") && !finding.found.contains("awa"), "{finding:?}");
}
