//! A case handler that cheats is noticed, whatever it does.

use crate::common::{
    House, cheap, now,
    office::{Office, claimed, codes},
    passphrase,
};
use envelope::{
    Hash,
    desk_api::PartKind,
    directory::DirectoryError,
    frame::{Direction, Frame, FrameHeader, FrameKind},
    life::Stage,
    receipt::Receipt,
};
use investigator::{Note, NoteKind};
use rand::rngs::OsRng;
use workbench::{
    acting::{ActError, Reply},
    alarm::{Code, Severity},
    cases::ReadError,
    client::{Client, ClientError},
    connection::{ConnectError, Connection, Offered},
    home::{Home, Settings},
    keyfile::InvestigatorKey,
};

#[tokio::test]
async fn what_a_case_handler_withholds_is_noticed() {
    let office = Office::open();
    let mut reporter = office.file(&[]);
    office.handler.follow_up(&office.house, &mut reporter, "first");
    office.handler.follow_up(&office.house, &mut reporter, "second");
    assert_eq!(office.alarms("lead", &reporter).await, []);
    // A message in the middle.
    let gone = office.handler.with(reporter.case, |kept| {
        let at = kept.parts.iter().position(|(part, _)| part.batch == 1).unwrap();
        kept.parts.remove(at)
    });
    assert_eq!(office.alarms("lead", &reporter).await, [Code::Withheld]);
    office.handler.with(reporter.case, |kept| kept.parts.push(gone));
    // The newest message: nothing refers to it but the log.
    let newest = office.handler.with(reporter.case, |kept| {
        let at = kept.parts.iter().position(|(part, _)| part.batch == 2).unwrap();
        kept.parts.remove(at)
    });
    assert_eq!(office.alarms("lead", &reporter).await, [Code::Withheld]);
    office.handler.with(reporter.case, |kept| kept.parts.push(newest));
    // A file, and the report itself.
    for kind in [PartKind::Attachment, PartKind::Body] {
        let at = office.handler.with(reporter.case, |kept| {
            kept.parts.iter().position(|(part, _)| part.kind == kind && part.batch == 0).unwrap()
        });
        let gone = office.handler.with(reporter.case, |kept| kept.parts.remove(at));
        assert_eq!(office.alarms("lead", &reporter).await, [Code::Withheld], "{kind:?}");
        office.handler.with(reporter.case, |kept| kept.parts.insert(at, gone));
    }
    assert_eq!(office.alarms("lead", &reporter).await, []);
}

#[tokio::test]
async fn a_withheld_note_and_an_invented_one_are_noticed() {
    let office = Office::open();
    let reporter = office.file(&[]);
    let mut lead = office.connect("lead").await;
    let mut case = claimed(&mut lead, &reporter).await;
    lead.note(&mut case, &Note { kind: NoteKind::Fact, text: "a fact".into() }).await.unwrap();
    // Everybody can seal to `C`; only a signed event makes it a note.
    let invented = serde_json::to_vec(&Note { kind: NoteKind::Fact, text: "no fact".into() }).unwrap();
    let invented = reporter.recipient().seal(&invented);
    let at = office.handler.with(reporter.case, |kept| {
        kept.add(PartKind::Note, 0, 9, invented);
        kept.parts.len() - 1
    });
    let read = office.connect("lead").await.read_case(reporter.case).await.unwrap();
    assert_eq!(codes(&read.alarms), [Code::Forged]);
    assert_eq!(read.notes.len(), 1);
    office.handler.with(reporter.case, |kept| kept.parts.drain(at - 1..).count());
    assert_eq!(office.alarms("lead", &reporter).await, [Code::Withheld]);
}

#[tokio::test]
async fn forged_and_replayed_messages_are_noticed_and_not_shown() {
    let office = Office::open();
    let mut reporter = office.file(&[]);
    let mut stranger = office.file(&[]);
    // Signed by another reporter, sealed to this case, and filed with a matching log.
    let forged = stranger.frame(FrameKind::Message, b"I take it all back.", Vec::new());
    let forged = reporter.recipient().seal(&forged);
    office.handler.follow_up(&office.house, &mut reporter, "true");
    office.handler.with(reporter.case, |kept| {
        let (part, sealed) = kept.parts.last_mut().unwrap();
        (part.sha256, part.len, *sealed) = (Hash::of(&[&forged]), forged.len() as u64, forged.clone());
    });
    let case = office.connect("lead").await.read_case(reporter.case).await.unwrap();
    assert_eq!(codes(&case.alarms), [Code::Forged, Code::Damaged]);
    assert_eq!(case.thread.incoming.len(), 1);
    // The report once more, as if it were news.
    office.handler.with(reporter.case, |kept| {
        let (report, sealed) =
            kept.parts.iter().find(|(part, _)| part.kind == PartKind::Body).unwrap().clone();
        let (part, last) = kept.parts.last_mut().unwrap();
        (part.sha256, part.len, *last) = (report.sha256, report.len, sealed);
    });
    assert_eq!(office.alarms("lead", &reporter).await, [Code::Replayed, Code::Damaged]);
}

#[tokio::test]
async fn a_forged_reply_is_noticed_and_not_shown() {
    let office = Office::open();
    let reporter = office.file(&[]);
    let mut lead = office.connect("lead").await;
    let mut case = claimed(&mut lead, &reporter).await;
    lead.reply(&mut case, Reply { text: "We look into it.", lang: "en" }).await.unwrap();
    let own = lead.read_case(reporter.case).await.unwrap();
    // A reply that the case handler made up: signed by a key of its own, sealed to the team as replies are.
    let header = FrameHeader {
        v: 1,
        case: reporter.case,
        generation: 0,
        direction: Direction::Out,
        seq: 1,
        prev: Some(own.thread.outgoing[0].head.hash),
        ack: None,
        recipient: reporter.receipt.mailbox_identity().recipient().hash(),
        kind: FrameKind::Message,
        lang: "en".into(),
        week: "2026-W48".into(),
        attachments: Vec::new(),
        reporter_key: None,
        earlier: None,
    };
    let made_up = Frame::sign(&header, b"It was nothing. Forget it.", &office.house.log_key);
    office.handler.with(reporter.case, |kept| {
        kept.add(PartKind::ReplyCopy, 0, 9, reporter.recipient().seal(&made_up));
    });
    let case = lead.read_case(reporter.case).await.unwrap();
    assert_eq!(codes(&case.alarms), [Code::Forged]);
    assert_eq!(case.thread.outgoing.len(), 1, "only what a colleague signed is shown");
    // In the place of the true one, with the true one's hash in the signed event: that does not fit.
    office.handler.with(reporter.case, |kept| {
        let (part, forged) = kept.parts.pop().unwrap();
        let at = kept.parts.iter().position(|(part, _)| part.kind == PartKind::ReplyCopy).unwrap();
        kept.parts[at] = (part, forged);
    });
    let case = lead.read_case(reporter.case).await.unwrap();
    assert_eq!(codes(&case.alarms), [Code::Forged, Code::Withheld]);
    assert_eq!(case.thread.outgoing.len(), 0);
}

#[tokio::test]
async fn messages_and_replies_in_another_order_are_noticed() {
    let office = Office::open();
    let mut reporter = office.file(&[]);
    let mut lead = office.connect("lead").await;
    let mut case = claimed(&mut lead, &reporter).await;
    lead.reply(&mut case, Reply { text: "Was it last year?", lang: "en" }).await.unwrap();
    office.handler.follow_up(&office.house, &mut reporter, "Yes.");
    let mut case = lead.read_case(reporter.case).await.unwrap();
    lead.reply(&mut case, Reply { text: "Was it the head of the office?", lang: "en" }).await.unwrap();
    office.handler.follow_up(&office.house, &mut reporter, "No.");
    let case = lead.read_case(reporter.case).await.unwrap();
    assert_eq!(case.alarms, []);
    // File, report, question, yes, question, no: the "yes" after the second question.
    let swap =
        |one: usize, other: usize| office.handler.with(reporter.case, |kept| kept.parts.swap(one, other));
    swap(3, 4);
    assert_eq!(office.alarms("lead", &reporter).await, [Code::Reordered]);
    swap(3, 4);
    // Two questions.
    swap(2, 4);
    assert_eq!(office.alarms("lead", &reporter).await, [Code::Reordered]);
    swap(2, 4);
    // The reporter's two, which nothing signed tells apart: it can happen in good faith, and is said.
    swap(3, 5);
    let case = lead.read_case(reporter.case).await.unwrap();
    let told: Vec<_> = case.alarms.iter().map(|alarm| (alarm.severity, alarm.code)).collect();
    assert_eq!(told, [(Severity::Notice, Code::Reordered)]);
    swap(3, 5);
    assert_eq!(lead.read_case(reporter.case).await.unwrap().alarms, []);
    // Its events.
    office.handler.shelf.lock().unwrap().log.swap(2, 3);
    assert!(office.alarms("lead", &reporter).await.contains(&Code::BrokenCase));
}

#[tokio::test]
async fn damage_on_the_way_is_noticed() {
    let office = Office::open();
    let mut reporter = office.file(&[]);
    office.handler.follow_up(&office.house, &mut reporter, "text");
    office.handler.with(reporter.case, |kept| *kept.parts.last_mut().unwrap().1.last_mut().unwrap() ^= 1);
    assert_eq!(office.alarms("lead", &reporter).await, [Code::Damaged]);
}

#[tokio::test]
async fn a_grant_of_another_case_or_for_another_key_does_not_open() {
    let office = Office::open();
    let (mine, other) = (office.file(&[]), office.file(&[]));
    let foreign = office.handler.with(other.case, |kept| kept.grants.clone());
    let own = office.handler.with(mine.case, |kept| std::mem::replace(&mut kept.grants, foreign));
    let mut lead = office.connect("lead").await;
    assert!(matches!(lead.read_case(mine.case).await, Err(ReadError::Grants(_))));
    let of_two =
        own.into_iter().filter(|(holder, _)| holder == "two").map(|(_, grant)| ("lead".to_owned(), grant));
    office.handler.with(mine.case, |kept| kept.grants = of_two.collect());
    assert!(matches!(lead.read_case(mine.case).await, Err(ReadError::Grants(_))));
}

#[tokio::test]
async fn another_mailbox_key_is_noticed_and_no_reply_is_sealed_to_it() {
    let office = Office::open();
    let reporter = office.file(&[]);
    let mut lead = office.connect("lead").await;
    let mut case = claimed(&mut lead, &reporter).await;
    lead.reply(&mut case, Reply { text: "first", lang: "en" }).await.unwrap();
    let handlers_own = Receipt::generate(&mut OsRng).mailbox_identity().recipient();
    office.handler.with(reporter.case, |kept| kept.mailbox = handlers_own);
    let mut case = lead.read_case(reporter.case).await.unwrap();
    assert_eq!(codes(&case.alarms), [Code::RecipientChanged]);
    let refused = lead.reply(&mut case, Reply { text: "second", lang: "en" }).await;
    assert!(matches!(refused, Err(ActError::Sealing(_))));
    // A colleague who reads the case for the first time learns it from the signed reply.
    assert_eq!(office.alarms("two", &reporter).await, [Code::RecipientChanged]);
}

#[tokio::test]
async fn a_case_that_is_rolled_back_or_told_otherwise_is_noticed() {
    let office = Office::open();
    let reporter = office.file(&[]);
    let before = office.handler.with(reporter.case, |kept| kept.state.clone());
    let mut lead = office.connect("lead").await;
    let mut case = claimed(&mut lead, &reporter).await;
    lead.move_to(&mut case, Stage::Triaged, None).await.unwrap();
    // Another state than the events tell.
    let after = office.handler.with(reporter.case, |kept| std::mem::replace(&mut kept.state, before.clone()));
    assert_eq!(office.alarms("lead", &reporter).await, [Code::StateDiffers]);
    // An older log that fits an older state.
    office.handler.shelf.lock().unwrap().log.truncate(1);
    assert_eq!(office.alarms("lead", &reporter).await, [Code::Rollback]);
    // The alarm stays until the truth is back: a rolled-back case is not remembered as seen.
    assert_eq!(office.alarms("lead", &reporter).await, [Code::Rollback]);
    assert_ne!(after, before);
}

#[tokio::test]
async fn the_outside_body_audits_the_whole_log_and_remembers_its_end() {
    let office = Office::open();
    let reporter = office.file(&[]);
    office.file(&["regional"]);
    let mut lead = office.connect("lead").await;
    claimed(&mut lead, &reporter).await;
    let mut outside = office.connect("outside").await;
    let export = outside.export().await.unwrap();
    assert!(export.whole);
    let audit = outside.audit(&export).unwrap();
    assert_eq!((audit.entries, audit.cases.len(), audit.alarms.len()), (3, 2, 0));
    // A member's export is of own cases only.
    let export = lead.export().await.unwrap();
    assert_eq!((export.whole, export.entries.len()), (false, 3));
    assert_eq!(lead.audit(&export).unwrap().alarms, []);
    assert_eq!(office.connect("three").await.export().await.unwrap().entries.len(), 2);
    // The newest entry vanishes, between two audits.
    office.handler.shelf.lock().unwrap().log.pop();
    let mut outside = office.connect("outside").await;
    let export = outside.export().await.unwrap();
    assert_eq!(codes(&outside.audit(&export).unwrap().alarms), [Code::Rollback]);
    let mut lead = office.connect("lead").await;
    let export = lead.export().await.unwrap();
    assert_eq!(codes(&lead.audit(&export).unwrap().alarms), [Code::Rollback]);
}

#[tokio::test]
async fn a_case_that_vanishes_from_the_queue_is_told() {
    let office = Office::open();
    let reporter = office.file(&[]);
    let mut lead = office.connect("lead").await;
    lead.read_case(reporter.case).await.unwrap();
    office.handler.with(reporter.case, |kept| kept.holders.clear());
    let (_, notices) = lead.queue().await.unwrap();
    assert_eq!((notices.len(), notices[0].code), (1, Code::Withheld));
}

#[tokio::test]
async fn a_directory_that_is_rolled_back_or_unsigned_is_refused() {
    let office = Office::open();
    let second = office.house.sign();
    office.handler.shelf.lock().unwrap().directories.push(second.clone());
    office.connect("lead").await;
    office.handler.shelf.lock().unwrap().directories.pop();
    let back = office.try_connect("lead").await;
    assert!(matches!(back, Err(ConnectError::Directory(DirectoryError::RolledBack { found: 1, seen: 2 }))));

    let mut unsigned = second;
    unsigned.signatures.truncate(1);
    office.handler.shelf.lock().unwrap().directories.push(unsigned);
    let unsigned = office.try_connect("lead").await;
    assert!(matches!(
        unsigned,
        Err(ConnectError::Directory(DirectoryError::Unsigned { valid: 1, needed: 2 }))
    ));
}

#[tokio::test]
async fn with_an_expired_directory_work_goes_on_but_nobody_gets_a_new_grant() {
    let office = Office::open();
    let reporter = office.file(&[]);
    office.handler.with(reporter.case, |kept| kept.holders.retain(|holder| holder != "three"));
    let home = office.house.home("lead", &office.handler.url);
    let later = now() + time::Duration::days(31);
    let sealed = office.house.key("lead").seal(&passphrase(), cheap());
    let key = || InvestigatorKey::open(&sealed, &passphrase()).unwrap();
    let mut lead = Connection::open(home.clone(), key(), later).await.unwrap();
    assert!(lead.days_left() < 0);
    let mut case = claimed(&mut lead, &reporter).await;
    lead.reply(&mut case, Reply { text: "still here", lang: "en" }).await.unwrap();
    assert!(matches!(lead.assign(&mut case, "three").await, Err(ActError::Expired(_))));
    assert!(matches!(lead.rotate(&mut case, &["two".into()], &mut OsRng).await, Err(ActError::Expired(_))));
    lead.assign(&mut case, "two").await.unwrap();
    // And it cannot be pinned anew.
    let settings = Settings { handler: office.handler.url.clone() };
    let offered = |ca_pem, trust: &envelope::directory::Trust| Offered {
        settings: settings.clone(),
        ca_pem,
        trust: trust.clone(),
    };
    let new = Home::at(office.house.dir.path().join("new"));
    let pinned = offered(office.house.ca(), &office.house.trust).pin(&new, later).await;
    assert!(matches!(pinned, Err(ConnectError::Directory(DirectoryError::Expired(_)))));
}

#[tokio::test]
async fn only_the_pinned_authority_and_the_pinned_root_keys_are_believed() {
    let (office, other) = (Office::open(), House::new());
    let settings = Settings { handler: office.handler.url.clone() };
    let offered = |ca_pem, trust: &envelope::directory::Trust| Offered {
        settings: settings.clone(),
        ca_pem,
        trust: trust.clone(),
    };
    let home = Home::at(office.house.dir.path().join("new"));
    let wrong_ca = offered(other.ca(), &office.house.trust).pin(&home, now()).await;
    assert!(matches!(wrong_ca, Err(ConnectError::Client(ClientError::Unreachable(_)))));
    let wrong_trust = offered(office.house.ca(), &other.trust).pin(&home, now()).await;
    assert!(matches!(wrong_trust, Err(ConnectError::Directory(DirectoryError::Unsigned { .. }))));
    assert!(!home.dir().exists(), "nothing is written before all has been verified");
    offered(office.house.ca(), &office.house.trust).pin(&home, now()).await.unwrap();
    assert_eq!(home.settings().unwrap(), settings);
    let plain = Client::new(&settings.handler.replace("https", "http"), &office.house.ca());
    assert!(matches!(plain, Err(ClientError::Address(_))));
}

#[tokio::test]
async fn a_stranger_gets_no_session() {
    let office = Office::open();
    let home = office.house.home("lead", &office.handler.url);
    let impostor = InvestigatorKey::generate("lead", &mut OsRng).unwrap();
    let refused = Connection::open(home, impostor, now()).await;
    assert!(matches!(refused, Err(ConnectError::Client(ClientError::Refused(_)))));
}
