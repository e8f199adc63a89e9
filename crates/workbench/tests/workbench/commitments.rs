//! Events commit to the content of a case and the reporter signs its routing: the case handler
//! cannot show a reader other content, other keys or other routing unnoticed.

use crate::common::{
    environment::{TestEnvironment, alert_codes, claim_case},
    fake_handler::{SealedReport, StoredCase},
    reporter::TestReporter,
};
use protocol::{
    Hash, Priority,
    api::workbench::PartKind,
    encoding::padding::{TEXT_STEP, pad_text},
    keys::CaseSecret,
    receipt::Receipt,
    submission::{
        frame::{FrameKind, Routing},
        key_grant::Grant,
        report_body::{ReportAnswer, ReportBody},
    },
};
use rand::rngs::OsRng;
use std::collections::BTreeMap;
use workbench::alert::{AlertCode, AlertSeverity};

use crate::unreadable::file_tampered;

/// The keys and messages of another reporter for the same case, which the case handler creates from
/// the id of the case alone.
fn impostor(reporter: &TestReporter) -> TestReporter {
    TestReporter {
        case: reporter.case,
        receipt: Receipt::generate(&mut OsRng),
        secret: CaseSecret::generate(&mut OsRng),
        routing: reporter.routing.clone(),
        next_routing: None,
        next_program: None,
        last_sent: reporter.last_sent,
        related_report: None,
        last_seen_reply: None,
        lang: reporter.lang.clone(),
        week: reporter.week.clone(),
    }
}

fn other_report() -> Vec<u8> {
    let answers: BTreeMap<String, ReportAnswer> = BTreeMap::new();
    let (category, audience) = ("FAC".to_owned(), "trader".to_owned());
    ReportBody { category, audience, answers, story: "The desk opens late.".to_owned() }.to_bytes()
}

/// Replaces the body of the report and removes its file.
fn replace_report(stored: &mut StoredCase, sealed: Vec<u8>) {
    stored.parts.retain(|(part, _)| part.kind == PartKind::Body);
    let (part, bytes) = stored.parts.iter_mut().find(|(part, _)| part.batch == 0).unwrap();
    (part.sha256, part.len) = (Hash::of(&[&sealed]), sealed.len() as u64);
    *bytes = sealed;
}

#[tokio::test]
async fn the_oversight_body_cannot_be_shown_another_report() {
    let environment = TestEnvironment::start();
    let reporter = environment.file_report(&[]);
    let mut impostor = impostor(&reporter);
    let recipient = impostor.recipient();
    let mailbox = impostor.receipt.mailbox_identity().recipient();
    let body = impostor.seal_frame(FrameKind::Report, &other_report(), Vec::new());
    let directory = environment.installation.signed_directory();
    let directory = directory.verify_ignoring_dates(&environment.installation.trust).unwrap();
    let grant = Grant {
        case: reporter.case,
        generation: 0,
        secret: impostor.secret.clone(),
        reporter_key: (&impostor.receipt.signing_key()).into(),
        mailbox_recipient: mailbox.hash(),
    };
    environment.handler.with_case(reporter.case, |stored| {
        for (handle, given) in &mut stored.grants {
            given.grant = grant.seal(&directory.member(handle).unwrap().recipient);
        }
        stored.mailbox = mailbox;
        stored.recipients[0].recipient = recipient.clone();
        replace_report(stored, recipient.seal(&pad_text(&body, TEXT_STEP)));
    });
    let mut lead = environment.connect("lead").await;
    let case = lead.read_case(reporter.case).await.unwrap();
    assert_eq!(case.report().unwrap().story, "The desk opens late.");
    let codes = alert_codes(&case.alarms);
    assert!(codes.contains(&AlertCode::Damaged), "{codes:?}");
    let text = "another reader may see another report";
    assert!(case.alarms.iter().any(|alarm| alarm.text.contains(text)), "{:?}", case.alarms);
}

#[tokio::test]
async fn a_report_that_its_reporter_sealed_again_is_no_substitute() {
    let environment = TestEnvironment::start();
    let mut reporter = environment.file_report(&[]);
    // A second version under the right keys: only the event distinguishes the two.
    let body = reporter.seal_frame(FrameKind::Report, &other_report(), Vec::new());
    let sealed = reporter.recipient().seal(&pad_text(&body, TEXT_STEP));
    environment.handler.with_case(reporter.case, |stored| replace_report(stored, sealed));
    assert_eq!(environment.alert_codes_of("lead", &reporter).await, [AlertCode::Damaged]);
}

#[tokio::test]
async fn a_grant_with_another_reporter_key_is_an_alarm_at_the_next_visit() {
    let environment = TestEnvironment::start();
    let reporter = environment.file_report(&[]);
    let mut lead = environment.connect("lead").await;
    claim_case(&mut lead, &reporter).await;
    assert_eq!(environment.alert_codes_of("lead", &reporter).await, []);
    let directory = environment.installation.signed_directory();
    let directory = directory.verify_ignoring_dates(&environment.installation.trust).unwrap();
    let grant = Grant {
        case: reporter.case,
        generation: 0,
        secret: reporter.secret.clone(),
        reporter_key: (&Receipt::generate(&mut OsRng).signing_key()).into(),
        mailbox_recipient: reporter.receipt.mailbox_identity().recipient().hash(),
    };
    environment.handler.with_case(reporter.case, |stored| {
        for (handle, given) in &mut stored.grants {
            given.grant = grant.seal(&directory.member(handle).unwrap().recipient);
        }
    });
    let codes = environment.alert_codes_of("lead", &reporter).await;
    assert!(codes.contains(&AlertCode::ReporterChanged), "{codes:?}");
    // The alarm remains, because nothing of such a case is pinned.
    let codes = environment.alert_codes_of("lead", &reporter).await;
    assert!(codes.contains(&AlertCode::ReporterChanged), "{codes:?}");
}

/// Changes of the routing by the case handler, each with the word that its notice contains.
type RoutingChange = (&'static str, fn(&mut SealedReport));

#[tokio::test]
async fn another_desk_or_priority_than_the_signed_one_is_a_notice() {
    let environment = TestEnvironment::start();
    let mut lead = environment.connect("lead").await;
    let changes: [RoutingChange; 2] = [
        ("chose the desk", |sent| sent.desk = "external".to_owned()),
        ("computed the priority P3", |sent| sent.priority = Priority::P4),
    ];
    for (text, change) in changes {
        let reporter = file_tampered(&environment, change);
        let case = lead.read_case(reporter.case).await.unwrap();
        let notices: Vec<_> =
            case.alarms.iter().filter(|alarm| alarm.code == AlertCode::RoutingDiffers).collect();
        assert_eq!(notices.len(), 1, "{:?}", case.alarms);
        assert_eq!(notices[0].severity, AlertSeverity::Notice);
        assert!(notices[0].text.contains(text), "{}", notices[0].text);
    }
    let honest = file_tampered(&environment, |_| ());
    assert_eq!(lead.read_case(honest.case).await.unwrap().alarms, []);
}

/// A case handler that claims a refusal would never release the case.
#[tokio::test]
async fn a_refusal_that_the_reporter_did_not_state_is_a_notice() {
    let environment = TestEnvironment::start();
    let reporter = file_tampered(&environment, |sent| sent.oversight_refused = true);
    let case = environment.connect("lead").await.read_case(reporter.case).await.unwrap();
    let notices: Vec<_> =
        case.alarms.iter().filter(|alarm| alarm.code == AlertCode::RoutingDiffers).collect();
    assert_eq!(notices.len(), 1, "{:?}", case.alarms);
    assert_eq!(notices[0].severity, AlertSeverity::Notice);
    assert!(notices[0].text.contains("did not refuse the oversight body"), "{}", notices[0].text);
}

#[tokio::test]
async fn a_wish_for_the_oversight_body_that_was_dropped_is_a_notice() {
    let environment = TestEnvironment::start();
    let mut reporter = environment.file_report(&[]);
    let asked = Routing { release_to_oversight: true, ..reporter.routing.clone() };
    reporter.next_routing = Some(asked);
    environment.handler.follow_up(&environment.installation, &mut reporter, "Please.");
    let mut lead = environment.connect("lead").await;
    let case = lead.read_case(reporter.case).await.unwrap();
    let codes: Vec<_> = case.alarms.iter().map(|alarm| alarm.code).collect();
    assert_eq!(codes, [AlertCode::RoutingDiffers]);
    assert!(case.alarms[0].text.starts_with("message 1 from the reporter asks for the oversight"));
}

#[tokio::test]
async fn a_message_sealed_with_an_unknown_directory_is_a_notice() {
    let environment = TestEnvironment::start();
    let mut reporter = environment.file_report(&[]);
    let directory = Hash::of(&[b"a directory for this reporter alone"]);
    reporter.next_routing = Some(Routing { directory, ..reporter.routing.clone() });
    environment.handler.follow_up(&environment.installation, &mut reporter, "More.");
    let mut lead = environment.connect("lead").await;
    let case = lead.read_case(reporter.case).await.unwrap();
    let codes: Vec<_> = case.alarms.iter().map(|alarm| alarm.code).collect();
    assert_eq!(codes, [AlertCode::RoutingDiffers]);
    assert!(case.alarms[0].text.contains("not among the signed directories"));
}
