//! Anybody can send what nobody can open. It is no alarm, and two who cannot open it close it.

use protocol::{
    Hash,
    api::workbench::PartKind,
    case::{ReopenReason, Stage, event::ReleaseReason},
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
    office: &TestEnvironment,
    spoil: impl FnOnce(&mut SealedReport),
) -> TestReporter {
    office.handler.file_tampered_report(
        &office.installation,
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
    let mut index = Index::open(connection.home(), connection.key()).await.unwrap();
    let updated = index.update(connection, &Taxonomy::built_in(), |_, _| ()).await.unwrap();
    index.save(connection.home(), connection.key()).await.unwrap();
    (updated.indexed, updated.alarms)
}

#[tokio::test]
async fn what_came_unreadable_is_no_alarm_and_is_named_by_no_search() {
    for spoil in [corrupt_grants, corrupt_body] {
        let office = TestEnvironment::start();
        let reporter = file_tampered(&office, spoil);
        let mut lead = office.connect("lead").await;
        assert!(matches!(lead.read_case(reporter.case).await, Err(CaseReadError::Unreadable(_))));
        assert_eq!(search_alerts(&mut lead).await, (1, vec![]));
        assert_eq!(search_alerts(&mut lead).await, (0, vec![]), "and it is not read again");
    }
}

#[tokio::test]
async fn what_was_altered_after_it_was_filed_is_an_alarm() {
    let office = TestEnvironment::start();
    let reporter = file_tampered(&office, corrupt_grants);
    office.handler.with_case(reporter.case, |kept| {
        kept.grants
            .iter_mut()
            .for_each(|(_, given)| given.grant.sealed = b"other rubbish".to_vec());
    });
    let mut lead = office.connect("lead").await;
    assert!(matches!(lead.read_case(reporter.case).await, Err(CaseReadError::UnopenableGrants(_))));
    let reporter = file_tampered(&office, corrupt_grants);
    office.handler.with_case(reporter.case, |kept| kept.parts.truncate(1));
    assert!(matches!(lead.read_case(reporter.case).await, Err(CaseReadError::UnopenableGrants(_))));
    assert!(matches!(
        lead.close_unreadable(reporter.case).await,
        Err(ActionError::Read(CaseReadError::UnopenableGrants(_)))
    ));
}

#[tokio::test]
async fn a_file_that_the_sender_left_out_is_a_notice() {
    let office = TestEnvironment::start();
    let honest = file_tampered(&office, |_| ());
    let mut lead = office.connect("lead").await;
    assert_eq!(lead.read_case(honest.case).await.unwrap().alarms, []);
    assert!(matches!(lead.close_unreadable(honest.case).await, Err(ActionError::CaseIsReadable)));
    let sealed_elsewhere = file_tampered(&office, |sent| sent.sealed_file = b"rubbish".to_vec());
    let case = lead.read_case(sealed_elsewhere.case).await.unwrap();
    assert!(
        case.alarms.iter().all(|alarm| alarm.severity == AlertSeverity::Notice),
        "{:?}",
        case.alarms
    );
}

#[tokio::test]
async fn two_who_cannot_open_it_close_it_and_the_oversight_body_gets_it() {
    let office = TestEnvironment::start();
    let reporter = file_tampered(&office, corrupt_grants);
    let (mut lead, mut two) = (office.connect("lead").await, office.connect("two").await);
    assert_eq!(lead.close_unreadable(reporter.case).await.unwrap(), DecisionOutcome::Proposed);
    assert!(
        matches!(lead.close_unreadable(reporter.case).await, Err(ActionError::Refused(_))),
        "not alone"
    );
    assert_eq!(two.close_unreadable(reporter.case).await.unwrap(), DecisionOutcome::Approved);
    let state = office.handler.with_case(reporter.case, |kept| kept.state.clone());
    assert_eq!((state.stage, state.released), (Stage::Closed, Some(ReleaseReason::Unreadable)));
}

/// What the case handler does to a report that it filed. Its readers can open it, or could.
type Tampering = fn(&mut StoredCase);

const REPORT_TAMPERINGS: &[(&str, Tampering)] = &[
    ("gives the grant of another reader", |kept| {
        let other = kept.grants.iter().find(|(holder, _)| holder == "two").unwrap().1.clone();
        kept.grants
            .iter_mut()
            .filter(|(holder, _)| holder == "lead")
            .for_each(|(_, own)| *own = other.clone());
    }),
    ("gives a decoy with the tag of the reader", |kept| {
        let own = kept.grants.iter_mut().find(|(holder, _)| holder == "lead").unwrap();
        own.1.grant.sealed = b"rubbish".to_vec();
    }),
    ("gives no grant", |kept| kept.grants.retain(|(holder, _)| holder != "lead")),
    ("says that the grant is of another generation", |kept| {
        kept.grants.iter_mut().for_each(|(_, given)| given.generation = 1);
    }),
    ("replaces the report", |kept| {
        for (part, sealed) in kept.parts.iter_mut().filter(|(part, _)| part.kind == PartKind::Body)
        {
            *sealed = b"rubbish".to_vec();
            (part.sha256, part.len) = (Hash::of(&[sealed.as_slice()]), 7);
        }
    }),
    ("withholds the report", |kept| kept.parts.retain(|(part, _)| part.kind != PartKind::Body)),
    ("calls the report a file, and the file nothing", |kept| {
        kept.parts.retain(|(part, _)| part.kind == PartKind::Body);
        kept.parts.iter_mut().for_each(|(part, _)| part.kind = PartKind::Attachment);
    }),
    ("says that the report is of another generation", |kept| {
        kept.parts.iter_mut().for_each(|(part, _)| part.generation = 1);
    }),
    ("says that the report is a later message", |kept| {
        kept.parts.iter_mut().for_each(|(part, _)| part.batch = 1);
    }),
    ("gives another key of the case", |kept| {
        kept.recipients[0].recipient = CaseSecret::generate(&mut OsRng).identity().recipient();
    }),
];

#[tokio::test]
async fn a_case_handler_cannot_pass_off_what_it_altered_as_unreadable() {
    let office = TestEnvironment::start();
    let mut lead = office.connect("lead").await;
    for (what, cheat) in REPORT_TAMPERINGS {
        let reporter = file_tampered(&office, |_| ());
        office.handler.with_case(reporter.case, cheat);
        let read = lead.read_case(reporter.case).await;
        assert!(!matches!(read, Err(CaseReadError::Unreadable(_))), "{what}");
        let alarming = match read {
            Ok(case) => has_alarm(&case.alarms) || case.report().is_some(),
            Err(CaseReadError::UnopenableGrants(_)) => true,
            Err(error) => panic!("{what}: {error}"),
        };
        assert!(alarming, "{what}");
        assert!(lead.close_unreadable(reporter.case).await.is_err(), "{what}");
        let state = office.handler.with_case(reporter.case, |kept| kept.state.clone());
        assert_eq!((state.stage, state.pending_proposal), (Stage::Received, None), "{what}");
    }
}

#[tokio::test]
async fn what_came_unreadable_and_was_altered_too_is_an_alarm() {
    let office = TestEnvironment::start();
    let mut lead = office.connect("lead").await;
    for spoil in [corrupt_grants, corrupt_body] {
        let mut reporter = file_tampered(&office, spoil);
        assert!(matches!(lead.read_case(reporter.case).await, Err(CaseReadError::Unreadable(_))));
        // Another message that is not given.
        office.handler.follow_up(&office.installation, &mut reporter, "one more");
        office
            .handler
            .with_case(reporter.case, |kept| kept.parts.retain(|(part, _)| part.batch == 0));
        match lead.read_case(reporter.case).await {
            Err(CaseReadError::UnopenableGrants(_)) => {}
            Ok(case) => assert!(has_alarm(&case.alarms)),
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn a_proposal_that_was_signed_and_is_dropped_again_is_an_alarm() {
    let office = TestEnvironment::start();
    let mut lead = office.connect("lead").await;
    let reporter = file_tampered(&office, corrupt_grants);
    let before = office.handler.with_case(reporter.case, |kept| kept.state.clone());
    lead.close_unreadable(reporter.case).await.unwrap();
    office.handler.with_case(reporter.case, |kept| kept.state = before);
    office.handler.store.lock().unwrap().log.pop();
    assert!(matches!(lead.read_case(reporter.case).await, Err(CaseReadError::UnopenableGrants(_))));
}

#[tokio::test]
async fn who_can_open_what_colleagues_call_unreadable_is_told_and_opens_it_again() {
    let office = TestEnvironment::start();
    let reporter = file_tampered(&office, |sent| {
        let others = sent.grants.iter_mut().filter(|(holder, _)| holder != "three");
        others.for_each(|(_, given)| given.grant.sealed = b"rubbish".to_vec());
    });
    let (mut lead, mut two, mut three) =
        (office.connect("lead").await, office.connect("two").await, office.connect("three").await);
    let told = |case: &VerifiedCase| -> Vec<AlertSeverity> {
        let called = case.alarms.iter().filter(|alarm| alarm.code == AlertCode::CalledUnreadable);
        called.map(|alarm| alarm.severity).collect()
    };
    assert_eq!(told(&three.read_case(reporter.case).await.unwrap()), []);
    lead.close_unreadable(reporter.case).await.unwrap();
    assert_eq!(told(&three.read_case(reporter.case).await.unwrap()), [AlertSeverity::Notice]);
    assert!(matches!(
        three.close_unreadable(reporter.case).await,
        Err(ActionError::CaseIsReadable)
    ));
    let proposed = office
        .handler
        .with_case(reporter.case, |kept| kept.state.pending_proposal.clone())
        .unwrap();
    let mut case = three.read_case(reporter.case).await.unwrap();
    assert!(matches!(
        three.approve(&mut case, proposed.decision).await,
        Err(ActionError::CaseIsReadable)
    ));
    two.close_unreadable(reporter.case).await.unwrap();
    let mut case = three.read_case(reporter.case).await.unwrap();
    assert_eq!(told(&case), [AlertSeverity::Notice]);
    three.declare(&mut case).await.unwrap();
    three.reopen(&mut case, ReopenReason::NewEvidence).await.unwrap();
    let case = three.read_case(reporter.case).await.unwrap();
    assert_eq!((told(&case), case.state.unwrap().stage), (vec![], Stage::Triaged));
}

/// What a stranger who knows the case, or the reporter, can send as a later message.
fn tampered_messages(
    office: &TestEnvironment,
    reporter: &mut TestReporter,
) -> Vec<(&'static str, Vec<u8>)> {
    let recipient = reporter.recipient();
    let mut stranger = file_tampered(office, |_| ());
    let of_other_case = stranger.seal_frame(FrameKind::Message, b"of another case", Vec::new());
    let own = reporter.seal_frame(FrameKind::Message, b"a question", Vec::new());
    let mut changed = own.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    let (once, again) = (recipient.seal(&own), recipient.seal(&own));
    vec![
        ("no age file", b"rubbish".to_vec()),
        ("sealed to another", stranger.recipient().seal(&own)),
        ("no frame", recipient.seal(b"rubbish")),
        ("of another case", recipient.seal(&of_other_case)),
        ("changed", recipient.seal(&changed)),
        // The first of the two is a message like any other.
        ("sent once", once),
        ("sent again, sealed again", again),
    ]
}

#[tokio::test]
async fn a_message_that_came_unreadable_is_a_notice() {
    let office = TestEnvironment::start();
    let mut reporter = file_tampered(&office, |_| ());
    let mut lead = office.connect("lead").await;
    let mut notices = 0;
    for (what, sealed) in tampered_messages(&office, &mut reporter) {
        office.handler.follow_up_sealed(&office.installation, reporter.case, sealed);
        notices += usize::from(what != "sent once");
        let case = lead.read_case(reporter.case).await.unwrap();
        let told: Vec<_> = case.alarms.iter().map(|alarm| (alarm.severity, alarm.code)).collect();
        assert_eq!(
            told,
            vec![(AlertSeverity::Notice, AlertCode::CameUnreadable); notices],
            "{what}"
        );
        assert!(case.report().is_some(), "{what}");
    }
    assert!(!has_alarm(&search_alerts(&mut lead).await.1));
    // A rollback from here on is noticed.
    office.handler.store.lock().unwrap().log.pop();
    let case = lead.read_case(reporter.case).await.unwrap();
    assert!(case.alarms.iter().any(|alarm| alarm.code == AlertCode::Rollback), "{:?}", case.alarms);
}

/// What the case handler does to the messages that it filed: an honest one, rubbish, and an honest
/// one.
const MESSAGE_TAMPERINGS: &[(&str, Tampering)] = &[
    ("replaces a message", |kept| replace_body(kept, 1, b"rubbish".to_vec())),
    ("replaces rubbish", |kept| replace_body(kept, 2, b"other rubbish".to_vec())),
    ("gives the rubbish twice", |kept| {
        let rubbish = kept.parts.iter().find(|(part, _)| part.batch == 2).unwrap().1.clone();
        replace_body(kept, 1, rubbish);
    }),
    ("exchanges message and rubbish", |kept| {
        for (part, _) in &mut kept.parts {
            part.batch = [0, 2, 1, 3][part.batch as usize];
        }
    }),
    ("says that a message is of another generation", |kept| {
        kept.parts
            .iter_mut()
            .filter(|(part, _)| part.batch == 3)
            .for_each(|(part, _)| part.generation = 1);
    }),
    ("adds a file to a message", |kept| {
        kept.add_part(PartKind::Attachment, 0, 1, b"rubbish".to_vec());
    }),
    ("withholds a message", |kept| kept.parts.retain(|(part, _)| part.batch != 1)),
    ("withholds the rubbish", |kept| kept.parts.retain(|(part, _)| part.batch != 2)),
    ("withholds a message and gives the rubbish as two", |kept| {
        let rubbish = kept.parts.iter().find(|(part, _)| part.batch == 2).unwrap().1.clone();
        kept.parts.retain(|(part, _)| part.batch != 3);
        kept.add_part(PartKind::Body, 0, 3, rubbish);
    }),
];

fn replace_body(kept: &mut StoredCase, batch: u32, by: Vec<u8>) {
    let of_batch = kept.parts.iter_mut().find(|(part, _)| part.batch == batch);
    let (part, sealed) = of_batch.unwrap();
    (part.sha256, part.len) = (Hash::of(&[&by]), by.len() as u64);
    *sealed = by;
}

#[tokio::test]
async fn a_case_handler_cannot_pass_off_a_message_that_it_altered_as_unreadable() {
    let office = TestEnvironment::start();
    let mut lead = office.connect("lead").await;
    for (what, cheat) in MESSAGE_TAMPERINGS {
        let mut reporter = file_tampered(&office, |_| ());
        office.handler.follow_up(&office.installation, &mut reporter, "one");
        office.handler.follow_up_sealed(
            &office.installation,
            reporter.case,
            b"rubbish of a stranger".to_vec(),
        );
        office.handler.follow_up(&office.installation, &mut reporter, "two");
        let honest = lead.read_case(reporter.case).await.unwrap();
        assert!(!has_alarm(&honest.alarms), "{:?}", honest.alarms);
        office.handler.with_case(reporter.case, cheat);
        let case = lead.read_case(reporter.case).await.unwrap();
        assert!(has_alarm(&case.alarms), "{what}: {:?}", case.alarms);
    }
}

#[tokio::test]
async fn a_case_handler_that_files_a_message_once_more_is_an_alarm() {
    let office = TestEnvironment::start();
    let mut reporter = file_tampered(&office, |_| ());
    office.handler.follow_up(&office.installation, &mut reporter, "one");
    let sealed =
        office.handler.with_case(reporter.case, |kept| kept.parts.last().unwrap().1.clone());
    // It signs an event for it, as for every message.
    office.handler.follow_up_sealed(&office.installation, reporter.case, sealed);
    let case = office.connect("lead").await.read_case(reporter.case).await.unwrap();
    let replayed = case.alarms.iter().find(|alarm| alarm.code == AlertCode::Replayed).unwrap();
    assert_eq!(replayed.severity, AlertSeverity::Alarm);
}

#[tokio::test]
async fn the_browser_says_that_a_case_came_unreadable_and_closes_it_with_a_second_person() {
    let screen = WorkbenchBrowser::open("lead").await;
    screen.unlock().await;
    let reporter = file_tampered(&screen.environment, corrupt_grants);
    let case = format!("/case/{}", reporter.case);
    let page = screen.get(&case).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(page.texts("h1"), ["This case came unreadable"]);
    assert_eq!(page.texts("form button.danger"), ["Close it as unreadable"]);
    let close = format!("{case}/unreadable");
    let done = screen.post(&close, &[]).await;
    assert!(done.redirect.ends_with("/queue/mine?done=proposed"), "{} {}", done.status, done.text);
    assert_eq!(screen.post(&close, &[]).await.status, StatusCode::CONFLICT, "not alone");
    screen.environment.connect("two").await.close_unreadable(reporter.case).await.unwrap();
    let page = screen.get(&case).await;
    assert!(page.text.contains("closed it as unreadable"), "{}", page.text);
    assert!(page.texts("form button.danger").is_empty());
    // A case that opens has no such way out.
    let honest = file_tampered(&screen.environment, |_| ());
    let refused = screen.post(&format!("/case/{}/unreadable", honest.case), &[]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert_eq!(
        screen
            .environment
            .handler
            .with_case(honest.case, |kept| kept.state.pending_proposal.clone()),
        None
    );
}
