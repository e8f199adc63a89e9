//! Anyone can send a report that does not open. It is not an alarm, and two members who cannot open
//! it close it.

use protocol::{
    Hash,
    api::workbench::PartKind,
    case::{ReopenReason, Stage, event::ReleaseReason},
    encoding::padding::{TEXT_STEP, pad_text},
    keys::CaseSecret,
    submission::frame::FrameKind,
};
use rand::rngs::OsRng;
use reqwest::StatusCode;
use taxonomy::Taxonomy;
use workbench::{
    actions::{ActionError, DecisionOutcome},
    alert::{AlertCode, AlertSeverity, IntegrityAlert, has_alarm},
    case::{CaseReadError, VerifiedCase},
    search::Index,
    session::HandlerConnection,
};

use crate::common::{
    browser::WorkbenchBrowser,
    environment::TestEnvironment,
    fake_handler::{SealedReport, StoredCase},
    reporter::TestReporter,
};

const ATTACHED_FILE: (&str, &str, &[u8]) = ("a.txt", "text/plain", b"a file");

pub(crate) fn file_tampered(
    environment: &TestEnvironment,
    spoil: impl FnOnce(&mut SealedReport),
) -> TestReporter {
    environment.handler.file_tampered_report(
        &environment.installation,
        &[],
        ("a story", ATTACHED_FILE),
        spoil,
    )
}

pub(crate) fn corrupt_grants(sent: &mut SealedReport) {
    sent.grants.iter_mut().for_each(|(_, given)| given.grant.sealed = b"rubbish".to_vec());
}

fn corrupt_body(sent: &mut SealedReport) {
    sent.sealed_body = b"rubbish".to_vec();
}

async fn search_alerts(connection: &mut HandlerConnection) -> (usize, Vec<IntegrityAlert>) {
    let mut index = Index::open(connection.profile(), connection.key()).await.unwrap();
    let updated = index.update(connection, &Taxonomy::built_in(), |_, _| ()).await.unwrap();
    index.save(connection.profile(), connection.key()).await.unwrap();
    (updated.indexed, updated.alarms)
}

#[tokio::test]
async fn an_unreadable_report_is_no_alarm_and_is_not_in_the_index() {
    for spoil in [corrupt_grants, corrupt_body] {
        let environment = TestEnvironment::start();
        let reporter = file_tampered(&environment, spoil);
        let mut lead = environment.connect("lead").await;
        assert!(matches!(lead.read_case(reporter.case).await, Err(CaseReadError::Unreadable(_))));
        assert_eq!(search_alerts(&mut lead).await, (1, vec![]));
        assert_eq!(search_alerts(&mut lead).await, (0, vec![]), "and it is not read again");
    }
}

#[tokio::test]
async fn a_report_altered_after_recording_is_an_alarm() {
    let environment = TestEnvironment::start();
    let reporter = file_tampered(&environment, corrupt_grants);
    environment.handler.with_case(reporter.case, |stored| {
        stored
            .grants
            .iter_mut()
            .for_each(|(_, given)| given.grant.sealed = b"other rubbish".to_vec());
    });
    let mut lead = environment.connect("lead").await;
    assert!(matches!(lead.read_case(reporter.case).await, Err(CaseReadError::UnopenableGrants(_))));
    let reporter = file_tampered(&environment, corrupt_grants);
    environment.handler.with_case(reporter.case, |stored| stored.parts.truncate(1));
    assert!(matches!(lead.read_case(reporter.case).await, Err(CaseReadError::UnopenableGrants(_))));
    assert!(matches!(
        lead.close_unreadable(reporter.case).await,
        Err(ActionError::Read(CaseReadError::UnopenableGrants(_)))
    ));
}

#[tokio::test]
async fn a_file_that_the_sender_left_out_is_a_notice() {
    let environment = TestEnvironment::start();
    let honest = file_tampered(&environment, |_| ());
    let mut lead = environment.connect("lead").await;
    assert_eq!(lead.read_case(honest.case).await.unwrap().alarms, []);
    assert!(matches!(lead.close_unreadable(honest.case).await, Err(ActionError::CaseIsReadable)));
    let sealed_elsewhere =
        file_tampered(&environment, |sent| sent.sealed_file = b"rubbish".to_vec());
    let case = lead.read_case(sealed_elsewhere.case).await.unwrap();
    assert!(
        case.alarms.iter().all(|alarm| alarm.severity == AlertSeverity::Notice),
        "{:?}",
        case.alarms
    );
}

#[tokio::test]
async fn two_members_who_cannot_open_it_close_it_and_the_oversight_body_gets_it() {
    let environment = TestEnvironment::start();
    let reporter = file_tampered(&environment, corrupt_grants);
    let (mut lead, mut two) = (environment.connect("lead").await, environment.connect("two").await);
    assert_eq!(lead.close_unreadable(reporter.case).await.unwrap(), DecisionOutcome::Proposed);
    assert!(
        matches!(lead.close_unreadable(reporter.case).await, Err(ActionError::Refused(_))),
        "not alone"
    );
    assert_eq!(two.close_unreadable(reporter.case).await.unwrap(), DecisionOutcome::Approved);
    let state = environment.handler.with_case(reporter.case, |stored| stored.state.clone());
    assert_eq!((state.stage, state.released), (Stage::Closed, Some(ReleaseReason::Unreadable)));
}

/// Alterations of a recorded report by the case handler. Its readers can open it, or could before.
type Tampering = fn(&mut StoredCase);

const REPORT_TAMPERINGS: &[(&str, Tampering)] = &[
    ("gives the grant of another reader", |stored| {
        let other = stored.grants.iter().find(|(holder, _)| holder == "two").unwrap().1.clone();
        stored
            .grants
            .iter_mut()
            .filter(|(holder, _)| holder == "lead")
            .for_each(|(_, own)| *own = other.clone());
    }),
    ("gives a decoy with the tag of the reader", |stored| {
        let own = stored.grants.iter_mut().find(|(holder, _)| holder == "lead").unwrap();
        own.1.grant.sealed = b"rubbish".to_vec();
    }),
    ("gives no grant", |stored| stored.grants.retain(|(holder, _)| holder != "lead")),
    ("says that the grant is of another generation", |stored| {
        stored.grants.iter_mut().for_each(|(_, given)| given.generation = 1);
    }),
    ("replaces the report", |stored| {
        for (part, sealed) in
            stored.parts.iter_mut().filter(|(part, _)| part.kind == PartKind::Body)
        {
            *sealed = b"rubbish".to_vec();
            (part.sha256, part.len) = (Hash::of(&[sealed.as_slice()]), 7);
        }
    }),
    ("withholds the report", |stored| stored.parts.retain(|(part, _)| part.kind != PartKind::Body)),
    ("calls the report a file, and the file nothing", |stored| {
        stored.parts.retain(|(part, _)| part.kind == PartKind::Body);
        stored.parts.iter_mut().for_each(|(part, _)| part.kind = PartKind::Attachment);
    }),
    ("says that the report is of another generation", |stored| {
        stored.parts.iter_mut().for_each(|(part, _)| part.generation = 1);
    }),
    ("says that the report is a later message", |stored| {
        stored.parts.iter_mut().for_each(|(part, _)| part.batch = 1);
    }),
    ("gives another key of the case", |stored| {
        stored.recipients[0].recipient = CaseSecret::generate(&mut OsRng).identity().recipient();
    }),
];

#[tokio::test]
async fn a_report_altered_by_the_case_handler_does_not_count_as_unreadable() {
    let environment = TestEnvironment::start();
    let mut lead = environment.connect("lead").await;
    for (what, cheat) in REPORT_TAMPERINGS {
        let reporter = file_tampered(&environment, |_| ());
        environment.handler.with_case(reporter.case, cheat);
        let read = lead.read_case(reporter.case).await;
        assert!(!matches!(read, Err(CaseReadError::Unreadable(_))), "{what}");
        let alarming = match read {
            Ok(case) => has_alarm(&case.alarms) || case.report().is_some(),
            Err(CaseReadError::UnopenableGrants(_)) => true,
            Err(error) => panic!("{what}: {error}"),
        };
        assert!(alarming, "{what}");
        assert!(lead.close_unreadable(reporter.case).await.is_err(), "{what}");
        let state = environment.handler.with_case(reporter.case, |stored| stored.state.clone());
        assert_eq!((state.stage, state.pending_proposal), (Stage::Received, None), "{what}");
    }
}

#[tokio::test]
async fn an_unreadable_report_that_was_also_altered_is_an_alarm() {
    let environment = TestEnvironment::start();
    let mut lead = environment.connect("lead").await;
    for spoil in [corrupt_grants, corrupt_body] {
        let mut reporter = file_tampered(&environment, spoil);
        assert!(matches!(lead.read_case(reporter.case).await, Err(CaseReadError::Unreadable(_))));
        // Another message is withheld.
        environment.handler.follow_up(&environment.installation, &mut reporter, "one more");
        environment
            .handler
            .with_case(reporter.case, |stored| stored.parts.retain(|(part, _)| part.batch == 0));
        match lead.read_case(reporter.case).await {
            Err(CaseReadError::UnopenableGrants(_)) => {}
            Ok(case) => assert!(has_alarm(&case.alarms)),
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn a_dropped_proposal_is_an_alarm() {
    let environment = TestEnvironment::start();
    let mut lead = environment.connect("lead").await;
    let reporter = file_tampered(&environment, corrupt_grants);
    let before = environment.handler.with_case(reporter.case, |stored| stored.state.clone());
    lead.close_unreadable(reporter.case).await.unwrap();
    environment.handler.with_case(reporter.case, |stored| stored.state = before);
    environment.handler.store.lock().unwrap().log.pop();
    assert!(matches!(lead.read_case(reporter.case).await, Err(CaseReadError::UnopenableGrants(_))));
}

#[tokio::test]
async fn a_member_who_can_open_an_unreadable_case_gets_a_notice_and_reopens_it() {
    let environment = TestEnvironment::start();
    let reporter = file_tampered(&environment, |sent| {
        let others = sent.grants.iter_mut().filter(|(holder, _)| holder != "three");
        others.for_each(|(_, given)| given.grant.sealed = b"rubbish".to_vec());
    });
    let (mut lead, mut two, mut three) = (
        environment.connect("lead").await,
        environment.connect("two").await,
        environment.connect("three").await,
    );
    let found_alarms = |case: &VerifiedCase| -> Vec<AlertSeverity> {
        let called = case.alarms.iter().filter(|alarm| alarm.code == AlertCode::CalledUnreadable);
        called.map(|alarm| alarm.severity).collect()
    };
    assert_eq!(found_alarms(&three.read_case(reporter.case).await.unwrap()), []);
    lead.close_unreadable(reporter.case).await.unwrap();
    assert_eq!(
        found_alarms(&three.read_case(reporter.case).await.unwrap()),
        [AlertSeverity::Notice]
    );
    assert!(matches!(
        three.close_unreadable(reporter.case).await,
        Err(ActionError::CaseIsReadable)
    ));
    let proposed = environment
        .handler
        .with_case(reporter.case, |stored| stored.state.pending_proposal.clone())
        .unwrap();
    let mut case = three.read_case(reporter.case).await.unwrap();
    assert!(matches!(
        three.approve(&mut case, proposed.decision).await,
        Err(ActionError::CaseIsReadable)
    ));
    two.close_unreadable(reporter.case).await.unwrap();
    let mut case = three.read_case(reporter.case).await.unwrap();
    assert_eq!(found_alarms(&case), [AlertSeverity::Notice]);
    three.declare(&mut case).await.unwrap();
    three.reopen(&mut case, ReopenReason::NewEvidence, "").await.unwrap();
    let case = three.read_case(reporter.case).await.unwrap();
    assert_eq!((found_alarms(&case), case.state.unwrap().stage), (vec![], Stage::Triaged));
}

/// Messages that a third party who knows the case, or the reporter, can send.
fn tampered_messages(
    environment: &TestEnvironment,
    reporter: &mut TestReporter,
) -> Vec<(&'static str, Vec<u8>)> {
    let recipient = reporter.recipient();
    let mut other_reporter = file_tampered(environment, |_| ());
    let of_other_case =
        other_reporter.seal_frame(FrameKind::Message, b"of another case", Vec::new());
    let own = reporter.seal_frame(FrameKind::Message, b"a question", Vec::new());
    let mut changed = own.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    let seal = |frame: &[u8]| recipient.seal(&pad_text(frame, TEXT_STEP));
    let (once, again) = (seal(&own), seal(&own));
    vec![
        ("no age file", b"rubbish".to_vec()),
        ("sealed to another", other_reporter.recipient().seal(&pad_text(&own, TEXT_STEP))),
        ("no frame", seal(b"rubbish")),
        ("no padding", recipient.seal(b"rubbish")),
        ("of another case", seal(&of_other_case)),
        ("changed", seal(&changed)),
        // The first of the two is an ordinary message.
        ("sent once", once),
        ("sent again, sealed again", again),
    ]
}

#[tokio::test]
async fn an_unreadable_message_is_a_notice() {
    let environment = TestEnvironment::start();
    let mut reporter = file_tampered(&environment, |_| ());
    let mut lead = environment.connect("lead").await;
    let mut notices = 0;
    for (what, sealed) in tampered_messages(&environment, &mut reporter) {
        environment.handler.follow_up_sealed(&environment.installation, reporter.case, sealed);
        notices += usize::from(what != "sent once");
        let case = lead.read_case(reporter.case).await.unwrap();
        let found_alarms: Vec<_> =
            case.alarms.iter().map(|alarm| (alarm.severity, alarm.code)).collect();
        assert_eq!(
            found_alarms,
            vec![(AlertSeverity::Notice, AlertCode::CameUnreadable); notices],
            "{what}"
        );
        assert!(case.report().is_some(), "{what}");
    }
    assert!(!has_alarm(&search_alerts(&mut lead).await.1));
    // A later rollback is detected.
    environment.handler.store.lock().unwrap().log.pop();
    let case = lead.read_case(reporter.case).await.unwrap();
    assert!(case.alarms.iter().any(|alarm| alarm.code == AlertCode::Rollback), "{:?}", case.alarms);
}

/// Alterations of recorded messages by the case handler: an honest message, random bytes, and an
/// honest message.
const MESSAGE_TAMPERINGS: &[(&str, Tampering)] = &[
    ("replaces a message", |stored| replace_body(stored, 1, b"rubbish".to_vec())),
    ("replaces rubbish", |stored| replace_body(stored, 2, b"other rubbish".to_vec())),
    ("gives the rubbish twice", |stored| {
        let rubbish = stored.parts.iter().find(|(part, _)| part.batch == 2).unwrap().1.clone();
        replace_body(stored, 1, rubbish);
    }),
    ("exchanges message and rubbish", |stored| {
        for (part, _) in &mut stored.parts {
            part.batch = [0, 2, 1, 3][part.batch as usize];
        }
    }),
    ("says that a message is of another generation", |stored| {
        stored
            .parts
            .iter_mut()
            .filter(|(part, _)| part.batch == 3)
            .for_each(|(part, _)| part.generation = 1);
    }),
    ("adds a file to a message", |stored| {
        stored.add_part(PartKind::Attachment, 0, 1, b"rubbish".to_vec());
    }),
    ("withholds a message", |stored| stored.parts.retain(|(part, _)| part.batch != 1)),
    ("withholds the rubbish", |stored| stored.parts.retain(|(part, _)| part.batch != 2)),
    ("withholds a message and gives the rubbish as two", |stored| {
        let rubbish = stored.parts.iter().find(|(part, _)| part.batch == 2).unwrap().1.clone();
        stored.parts.retain(|(part, _)| part.batch != 3);
        stored.add_part(PartKind::Body, 0, 3, rubbish);
    }),
];

fn replace_body(stored: &mut StoredCase, batch: u32, by: Vec<u8>) {
    let of_batch = stored.parts.iter_mut().find(|(part, _)| part.batch == batch);
    let (part, sealed) = of_batch.unwrap();
    (part.sha256, part.len) = (Hash::of(&[&by]), by.len() as u64);
    *sealed = by;
}

#[tokio::test]
async fn a_message_altered_by_the_case_handler_does_not_count_as_unreadable() {
    let environment = TestEnvironment::start();
    let mut lead = environment.connect("lead").await;
    for (what, cheat) in MESSAGE_TAMPERINGS {
        let mut reporter = file_tampered(&environment, |_| ());
        environment.handler.follow_up(&environment.installation, &mut reporter, "one");
        environment.handler.follow_up_sealed(
            &environment.installation,
            reporter.case,
            b"rubbish of another sender".to_vec(),
        );
        environment.handler.follow_up(&environment.installation, &mut reporter, "two");
        let honest = lead.read_case(reporter.case).await.unwrap();
        assert!(!has_alarm(&honest.alarms), "{:?}", honest.alarms);
        environment.handler.with_case(reporter.case, cheat);
        let case = lead.read_case(reporter.case).await.unwrap();
        assert!(has_alarm(&case.alarms), "{what}: {:?}", case.alarms);
    }
}

#[tokio::test]
async fn a_message_recorded_twice_is_an_alarm() {
    let environment = TestEnvironment::start();
    let mut reporter = file_tampered(&environment, |_| ());
    environment.handler.follow_up(&environment.installation, &mut reporter, "one");
    let sealed = environment
        .handler
        .with_case(reporter.case, |stored| stored.parts.last().unwrap().1.clone());
    // The case handler signs an event for it, as for every message.
    environment.handler.follow_up_sealed(&environment.installation, reporter.case, sealed);
    let case = environment.connect("lead").await.read_case(reporter.case).await.unwrap();
    let replayed = case.alarms.iter().find(|alarm| alarm.code == AlertCode::Replayed).unwrap();
    assert_eq!(replayed.severity, AlertSeverity::Alarm);
}

#[tokio::test]
async fn the_pages_show_an_unreadable_case_and_close_it_with_a_second_person() {
    let screen = WorkbenchBrowser::open("lead").await;
    screen.unlock().await;
    let reporter = file_tampered(&screen.environment, corrupt_grants);
    let case = format!("/case/{}", reporter.case);
    let page = screen.get(&case).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(page.texts("h1"), ["This report is unreadable"]);
    assert_eq!(page.texts("form button.danger"), ["Close it as unreadable"]);
    let close = format!("{case}/unreadable");
    let done = screen.post(&close, &[]).await;
    assert!(done.redirect.ends_with("/queue/mine?done=proposed"), "{} {}", done.status, done.text);
    assert_eq!(screen.post(&close, &[]).await.status, StatusCode::CONFLICT, "not alone");
    screen.environment.connect("two").await.close_unreadable(reporter.case).await.unwrap();
    let page = screen.get(&case).await;
    assert!(page.text.contains("closed it as unreadable"), "{}", page.text);
    assert!(page.texts("form button.danger").is_empty());
    // A case that opens does not offer this.
    let honest = file_tampered(&screen.environment, |_| ());
    let refused = screen.post(&format!("/case/{}/unreadable", honest.case), &[]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert_eq!(
        screen
            .environment
            .handler
            .with_case(honest.case, |stored| stored.state.pending_proposal.clone()),
        None
    );
}
