//! Anybody can send what nobody can open. It is no alarm, and two who cannot open it close it.

use envelope::{
    Hash,
    desk_api::PartKind,
    event::Release,
    frame::FrameKind,
    keys::CaseSecret,
    life::{Ground, Stage},
};
use rand::rngs::OsRng;
use reqwest::StatusCode;
use taxonomy::Taxonomy;
use workbench::{
    acting::{ActError, ClosedAs},
    alarm::{Alarm, Code, Severity, any_alarm},
    cases::{Case, ReadError},
    connection::Connection,
    index::Index,
};

use crate::common::{
    handler::{Kept, Sent},
    office::Office,
    reporter::Reporter,
    screen::Screen,
};

const FILE: (&str, &str, &[u8]) = ("a.txt", "text/plain", b"a file");

pub(crate) fn spoiled(office: &Office, spoil: impl FnOnce(&mut Sent)) -> Reporter {
    office.handler.file_spoiled(&office.house, &[], ("a story", FILE), spoil)
}

pub(crate) fn rubbish_grants(sent: &mut Sent) {
    sent.grants.iter_mut().for_each(|(_, given)| given.grant.sealed = b"rubbish".to_vec());
}

fn rubbish_body(sent: &mut Sent) {
    sent.body = b"rubbish".to_vec();
}

async fn alarms_of_search(connection: &mut Connection) -> (usize, Vec<Alarm>) {
    let mut index = Index::open(connection.home(), connection.key()).await.unwrap();
    let updated = index.update(connection, &Taxonomy::built_in(), |_, _| ()).await.unwrap();
    index.save(connection.home(), connection.key()).await.unwrap();
    (updated.read, updated.alarms)
}

#[tokio::test]
async fn what_came_unreadable_is_no_alarm_and_is_named_by_no_search() {
    for spoil in [rubbish_grants, rubbish_body] {
        let office = Office::open();
        let reporter = spoiled(&office, spoil);
        let mut lead = office.connect("lead").await;
        assert!(matches!(lead.read_case(reporter.case).await, Err(ReadError::Unreadable(_))));
        assert_eq!(alarms_of_search(&mut lead).await, (1, vec![]));
        assert_eq!(alarms_of_search(&mut lead).await, (0, vec![]), "and it is not read again");
    }
}

#[tokio::test]
async fn what_was_altered_after_it_was_filed_is_an_alarm() {
    let office = Office::open();
    let reporter = spoiled(&office, rubbish_grants);
    office.handler.with(reporter.case, |kept| {
        kept.grants.iter_mut().for_each(|(_, given)| given.grant.sealed = b"other rubbish".to_vec());
    });
    let mut lead = office.connect("lead").await;
    assert!(matches!(lead.read_case(reporter.case).await, Err(ReadError::Grants(_))));
    let reporter = spoiled(&office, rubbish_grants);
    office.handler.with(reporter.case, |kept| kept.parts.truncate(1));
    assert!(matches!(lead.read_case(reporter.case).await, Err(ReadError::Grants(_))));
    assert!(matches!(lead.close_unreadable(reporter.case).await, Err(ActError::Read(ReadError::Grants(_)))));
}

#[tokio::test]
async fn a_file_that_the_sender_left_out_is_a_notice() {
    let office = Office::open();
    let honest = spoiled(&office, |_| ());
    let mut lead = office.connect("lead").await;
    assert_eq!(lead.read_case(honest.case).await.unwrap().alarms, []);
    assert!(matches!(lead.close_unreadable(honest.case).await, Err(ActError::Readable)));
    let sealed_elsewhere = spoiled(&office, |sent| sent.file = b"rubbish".to_vec());
    let case = lead.read_case(sealed_elsewhere.case).await.unwrap();
    assert!(case.alarms.iter().all(|alarm| alarm.severity == Severity::Notice), "{:?}", case.alarms);
}

#[tokio::test]
async fn two_who_cannot_open_it_close_it_and_the_oversight_body_gets_it() {
    let office = Office::open();
    let reporter = spoiled(&office, rubbish_grants);
    let (mut lead, mut two) = (office.connect("lead").await, office.connect("two").await);
    assert_eq!(lead.close_unreadable(reporter.case).await.unwrap(), ClosedAs::Proposed);
    assert!(matches!(lead.close_unreadable(reporter.case).await, Err(ActError::Refused(_))), "not alone");
    assert_eq!(two.close_unreadable(reporter.case).await.unwrap(), ClosedAs::Approved);
    let state = office.handler.with(reporter.case, |kept| kept.state.clone());
    assert_eq!((state.stage, state.released), (Stage::Closed, Some(Release::Unreadable)));
}

/// What the case handler does to a report that it filed. Its readers can open it, or could.
type Cheat = fn(&mut Kept);

const CHEATS: &[(&str, Cheat)] = &[
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
        for (part, sealed) in kept.parts.iter_mut().filter(|(part, _)| part.kind == PartKind::Body) {
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
    let office = Office::open();
    let mut lead = office.connect("lead").await;
    for (what, cheat) in CHEATS {
        let reporter = spoiled(&office, |_| ());
        office.handler.with(reporter.case, cheat);
        let read = lead.read_case(reporter.case).await;
        assert!(!matches!(read, Err(ReadError::Unreadable(_))), "{what}");
        let alarming = match read {
            Ok(case) => any_alarm(&case.alarms) || case.report().is_some(),
            Err(ReadError::Grants(_)) => true,
            Err(error) => panic!("{what}: {error}"),
        };
        assert!(alarming, "{what}");
        assert!(lead.close_unreadable(reporter.case).await.is_err(), "{what}");
        let state = office.handler.with(reporter.case, |kept| kept.state.clone());
        assert_eq!((state.stage, state.proposed), (Stage::Received, None), "{what}");
    }
}

#[tokio::test]
async fn what_came_unreadable_and_was_altered_too_is_an_alarm() {
    let office = Office::open();
    let mut lead = office.connect("lead").await;
    for spoil in [rubbish_grants, rubbish_body] {
        let mut reporter = spoiled(&office, spoil);
        assert!(matches!(lead.read_case(reporter.case).await, Err(ReadError::Unreadable(_))));
        // Another message that is not given.
        office.handler.follow_up(&office.house, &mut reporter, "one more");
        office.handler.with(reporter.case, |kept| kept.parts.retain(|(part, _)| part.batch == 0));
        match lead.read_case(reporter.case).await {
            Err(ReadError::Grants(_)) => {}
            Ok(case) => assert!(any_alarm(&case.alarms)),
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn a_proposal_that_was_signed_and_is_dropped_again_is_an_alarm() {
    let office = Office::open();
    let mut lead = office.connect("lead").await;
    let reporter = spoiled(&office, rubbish_grants);
    let before = office.handler.with(reporter.case, |kept| kept.state.clone());
    lead.close_unreadable(reporter.case).await.unwrap();
    office.handler.with(reporter.case, |kept| kept.state = before);
    office.handler.shelf.lock().unwrap().log.pop();
    assert!(matches!(lead.read_case(reporter.case).await, Err(ReadError::Grants(_))));
}

#[tokio::test]
async fn who_can_open_what_colleagues_call_unreadable_is_told_and_opens_it_again() {
    let office = Office::open();
    let reporter = spoiled(&office, |sent| {
        let others = sent.grants.iter_mut().filter(|(holder, _)| holder != "three");
        others.for_each(|(_, given)| given.grant.sealed = b"rubbish".to_vec());
    });
    let (mut lead, mut two, mut three) =
        (office.connect("lead").await, office.connect("two").await, office.connect("three").await);
    let told = |case: &Case| -> Vec<Severity> {
        let called = case.alarms.iter().filter(|alarm| alarm.code == Code::CalledUnreadable);
        called.map(|alarm| alarm.severity).collect()
    };
    assert_eq!(told(&three.read_case(reporter.case).await.unwrap()), []);
    lead.close_unreadable(reporter.case).await.unwrap();
    assert_eq!(told(&three.read_case(reporter.case).await.unwrap()), [Severity::Notice]);
    assert!(matches!(three.close_unreadable(reporter.case).await, Err(ActError::Readable)));
    let proposed = office.handler.with(reporter.case, |kept| kept.state.proposed.clone()).unwrap();
    let mut case = three.read_case(reporter.case).await.unwrap();
    assert!(matches!(three.approve(&mut case, proposed.decision).await, Err(ActError::Readable)));
    two.close_unreadable(reporter.case).await.unwrap();
    let mut case = three.read_case(reporter.case).await.unwrap();
    assert_eq!(told(&case), [Severity::Notice]);
    three.declare(&mut case).await.unwrap();
    three.reopen(&mut case, Ground::NewEvidence).await.unwrap();
    let case = three.read_case(reporter.case).await.unwrap();
    assert_eq!((told(&case), case.state.unwrap().stage), (vec![], Stage::Triaged));
}

/// What a stranger who knows the case, or the reporter, can send as a later message.
fn spoiled_messages(office: &Office, reporter: &mut Reporter) -> Vec<(&'static str, Vec<u8>)> {
    let recipient = reporter.recipient();
    let mut stranger = spoiled(office, |_| ());
    let of_other_case = stranger.frame(FrameKind::Message, b"of another case", Vec::new());
    let own = reporter.frame(FrameKind::Message, b"a question", Vec::new());
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
    let office = Office::open();
    let mut reporter = spoiled(&office, |_| ());
    let mut lead = office.connect("lead").await;
    let mut notices = 0;
    for (what, sealed) in spoiled_messages(&office, &mut reporter) {
        office.handler.follow_up_sealed(&office.house, reporter.case, sealed);
        notices += usize::from(what != "sent once");
        let case = lead.read_case(reporter.case).await.unwrap();
        let told: Vec<_> = case.alarms.iter().map(|alarm| (alarm.severity, alarm.code)).collect();
        assert_eq!(told, vec![(Severity::Notice, Code::CameUnreadable); notices], "{what}");
        assert!(case.report().is_some(), "{what}");
    }
    assert!(!any_alarm(&alarms_of_search(&mut lead).await.1));
    // A rollback from here on is noticed.
    office.handler.shelf.lock().unwrap().log.pop();
    let case = lead.read_case(reporter.case).await.unwrap();
    assert!(case.alarms.iter().any(|alarm| alarm.code == Code::Rollback), "{:?}", case.alarms);
}

/// What the case handler does to the messages that it filed: an honest one, rubbish, and an honest one.
const CHEATS_ON_MESSAGES: &[(&str, Cheat)] = &[
    ("replaces a message", |kept| replace(kept, 1, b"rubbish".to_vec())),
    ("replaces rubbish", |kept| replace(kept, 2, b"other rubbish".to_vec())),
    ("gives the rubbish twice", |kept| {
        let rubbish = kept.parts.iter().find(|(part, _)| part.batch == 2).unwrap().1.clone();
        replace(kept, 1, rubbish);
    }),
    ("exchanges message and rubbish", |kept| {
        for (part, _) in &mut kept.parts {
            part.batch = [0, 2, 1, 3][part.batch as usize];
        }
    }),
    ("says that a message is of another generation", |kept| {
        kept.parts.iter_mut().filter(|(part, _)| part.batch == 3).for_each(|(part, _)| part.generation = 1);
    }),
    ("adds a file to a message", |kept| {
        kept.add(PartKind::Attachment, 0, 1, b"rubbish".to_vec());
    }),
    ("withholds a message", |kept| kept.parts.retain(|(part, _)| part.batch != 1)),
    ("withholds the rubbish", |kept| kept.parts.retain(|(part, _)| part.batch != 2)),
    ("withholds a message and gives the rubbish as two", |kept| {
        let rubbish = kept.parts.iter().find(|(part, _)| part.batch == 2).unwrap().1.clone();
        kept.parts.retain(|(part, _)| part.batch != 3);
        kept.add(PartKind::Body, 0, 3, rubbish);
    }),
];

fn replace(kept: &mut Kept, batch: u32, by: Vec<u8>) {
    let of_batch = kept.parts.iter_mut().find(|(part, _)| part.batch == batch);
    let (part, sealed) = of_batch.unwrap();
    (part.sha256, part.len) = (Hash::of(&[&by]), by.len() as u64);
    *sealed = by;
}

#[tokio::test]
async fn a_case_handler_cannot_pass_off_a_message_that_it_altered_as_unreadable() {
    let office = Office::open();
    let mut lead = office.connect("lead").await;
    for (what, cheat) in CHEATS_ON_MESSAGES {
        let mut reporter = spoiled(&office, |_| ());
        office.handler.follow_up(&office.house, &mut reporter, "one");
        office.handler.follow_up_sealed(&office.house, reporter.case, b"rubbish of a stranger".to_vec());
        office.handler.follow_up(&office.house, &mut reporter, "two");
        let honest = lead.read_case(reporter.case).await.unwrap();
        assert!(!any_alarm(&honest.alarms), "{:?}", honest.alarms);
        office.handler.with(reporter.case, cheat);
        let case = lead.read_case(reporter.case).await.unwrap();
        assert!(any_alarm(&case.alarms), "{what}: {:?}", case.alarms);
    }
}

#[tokio::test]
async fn a_case_handler_that_files_a_message_once_more_is_an_alarm() {
    let office = Office::open();
    let mut reporter = spoiled(&office, |_| ());
    office.handler.follow_up(&office.house, &mut reporter, "one");
    let sealed = office.handler.with(reporter.case, |kept| kept.parts.last().unwrap().1.clone());
    // It signs an event for it, as for every message.
    office.handler.follow_up_sealed(&office.house, reporter.case, sealed);
    let case = office.connect("lead").await.read_case(reporter.case).await.unwrap();
    let replayed = case.alarms.iter().find(|alarm| alarm.code == Code::Replayed).unwrap();
    assert_eq!(replayed.severity, Severity::Alarm);
}

#[tokio::test]
async fn the_browser_says_that_a_case_came_unreadable_and_closes_it_with_a_second_person() {
    let screen = Screen::open("lead").await;
    screen.unlock().await;
    let reporter = spoiled(&screen.office, rubbish_grants);
    let case = format!("/case/{}", reporter.case);
    let page = screen.get(&case).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(page.texts("h1"), ["This case came unreadable"]);
    assert_eq!(page.texts("form button.danger"), ["Close it as unreadable"]);
    let close = format!("{case}/unreadable");
    let done = screen.post(&close, &[]).await;
    assert!(done.to.ends_with("/queue/mine?done=proposed"), "{} {}", done.status, done.text);
    assert_eq!(screen.post(&close, &[]).await.status, StatusCode::CONFLICT, "not alone");
    screen.office.connect("two").await.close_unreadable(reporter.case).await.unwrap();
    let page = screen.get(&case).await;
    assert!(page.text.contains("closed it as unreadable"), "{}", page.text);
    assert!(page.texts("form button.danger").is_empty());
    // A case that opens has no such way out.
    let honest = spoiled(&screen.office, |_| ());
    let refused = screen.post(&format!("/case/{}/unreadable", honest.case), &[]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert_eq!(screen.office.handler.with(honest.case, |kept| kept.state.proposed.clone()), None);
}
