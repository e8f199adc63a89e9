//! A case handler that cheats is noticed, whatever it does.

use crate::common::{
    WorkbenchInstallation, cheap_scrypt,
    environment::{TestEnvironment, alert_codes, claim_case},
    now, passphrase,
};
use investigator::{Note, NoteKind};
use protocol::{
    Hash,
    api::workbench::PartKind,
    case::Stage,
    directory::DirectoryError,
    receipt::Receipt,
    submission::frame::{Frame, FrameDirection, FrameHeader, FrameKind},
};
use rand::rngs::OsRng;
use workbench::{
    actions::{ActionError, ReplyInput},
    alert::{AlertCode, AlertSeverity},
    case::CaseReadError,
    keys::key_file::InvestigatorKey,
    session::{
        ConnectError, HandlerConnection, HandlerOffer,
        client::{ClientError, HandlerClient},
        profile::{ProfileDir, ProfileSettings},
    },
};

#[tokio::test]
async fn what_a_case_handler_withholds_is_noticed() {
    let office = TestEnvironment::start();
    let mut reporter = office.file_report(&[]);
    office.handler.follow_up(&office.installation, &mut reporter, "first");
    office.handler.follow_up(&office.installation, &mut reporter, "second");
    assert_eq!(office.alert_codes_of("lead", &reporter).await, []);
    // A message in the middle.
    let gone = office.handler.with_case(reporter.case, |kept| {
        let at = kept.parts.iter().position(|(part, _)| part.batch == 1).unwrap();
        kept.parts.remove(at)
    });
    assert_eq!(office.alert_codes_of("lead", &reporter).await, [AlertCode::Withheld]);
    office.handler.with_case(reporter.case, |kept| kept.parts.push(gone));
    // The newest message: nothing refers to it but the log.
    let newest = office.handler.with_case(reporter.case, |kept| {
        let at = kept.parts.iter().position(|(part, _)| part.batch == 2).unwrap();
        kept.parts.remove(at)
    });
    assert_eq!(office.alert_codes_of("lead", &reporter).await, [AlertCode::Withheld]);
    office.handler.with_case(reporter.case, |kept| kept.parts.push(newest));
    // A file, and the report itself.
    for kind in [PartKind::Attachment, PartKind::Body] {
        let at = office.handler.with_case(reporter.case, |kept| {
            kept.parts.iter().position(|(part, _)| part.kind == kind && part.batch == 0).unwrap()
        });
        let gone = office.handler.with_case(reporter.case, |kept| kept.parts.remove(at));
        assert_eq!(
            office.alert_codes_of("lead", &reporter).await,
            [AlertCode::Withheld],
            "{kind:?}"
        );
        office.handler.with_case(reporter.case, |kept| kept.parts.insert(at, gone));
    }
    assert_eq!(office.alert_codes_of("lead", &reporter).await, []);
}

#[tokio::test]
async fn a_withheld_note_and_an_invented_one_are_noticed() {
    let office = TestEnvironment::start();
    let reporter = office.file_report(&[]);
    let mut lead = office.connect("lead").await;
    let mut case = claim_case(&mut lead, &reporter).await;
    lead.add_note(&mut case, &Note { kind: NoteKind::Fact, text: "a fact".into() }).await.unwrap();
    // Everybody can seal to `C`; only a signed event makes it a note.
    let invented =
        serde_json::to_vec(&Note { kind: NoteKind::Fact, text: "no fact".into() }).unwrap();
    let invented = reporter.recipient().seal(&invented);
    let at = office.handler.with_case(reporter.case, |kept| {
        kept.add_part(PartKind::Note, 0, 9, invented);
        kept.parts.len() - 1
    });
    let read = office.connect("lead").await.read_case(reporter.case).await.unwrap();
    assert_eq!(alert_codes(&read.alarms), [AlertCode::Forged]);
    assert_eq!(read.notes.len(), 1);
    office.handler.with_case(reporter.case, |kept| kept.parts.drain(at - 1..).count());
    assert_eq!(office.alert_codes_of("lead", &reporter).await, [AlertCode::Withheld]);
}

#[tokio::test]
async fn forged_and_replayed_messages_are_noticed_and_not_shown() {
    let office = TestEnvironment::start();
    let mut reporter = office.file_report(&[]);
    let mut stranger = office.file_report(&[]);
    // Signed by another reporter, sealed to this case, and filed with a matching log.
    let forged = stranger.seal_frame(FrameKind::Message, b"I take it all back.", Vec::new());
    let forged = reporter.recipient().seal(&forged);
    office.handler.follow_up(&office.installation, &mut reporter, "true");
    office.handler.with_case(reporter.case, |kept| {
        let (part, sealed) = kept.parts.last_mut().unwrap();
        (part.sha256, part.len, *sealed) =
            (Hash::of(&[&forged]), forged.len() as u64, forged.clone());
    });
    let case = office.connect("lead").await.read_case(reporter.case).await.unwrap();
    assert_eq!(alert_codes(&case.alarms), [AlertCode::Forged, AlertCode::Damaged]);
    assert_eq!(case.thread.incoming.len(), 1);
    // The report once more, as if it were news.
    office.handler.with_case(reporter.case, |kept| {
        let (report, sealed) =
            kept.parts.iter().find(|(part, _)| part.kind == PartKind::Body).unwrap().clone();
        let (part, last) = kept.parts.last_mut().unwrap();
        (part.sha256, part.len, *last) = (report.sha256, report.len, sealed);
    });
    assert_eq!(
        office.alert_codes_of("lead", &reporter).await,
        [AlertCode::Replayed, AlertCode::Damaged]
    );
}

#[tokio::test]
async fn a_forged_reply_is_noticed_and_not_shown() {
    let office = TestEnvironment::start();
    let reporter = office.file_report(&[]);
    let mut lead = office.connect("lead").await;
    let mut case = claim_case(&mut lead, &reporter).await;
    lead.send_reply(&mut case, ReplyInput { text: "We look into it.", lang: "en" }).await.unwrap();
    let own = lead.read_case(reporter.case).await.unwrap();
    // A reply that the case handler made up: signed by a key of its own, sealed to the team as
    // replies are.
    let header = FrameHeader {
        v: 1,
        case: reporter.case,
        generation: 0,
        direction: FrameDirection::Out,
        seq: 1,
        prev: Some(own.thread.outgoing[0].reference.hash),
        ack: None,
        recipient: reporter.receipt.mailbox_identity().recipient().hash(),
        kind: FrameKind::Message,
        lang: "en".into(),
        week: "2026-W48".into(),
        attachments: Vec::new(),
        reporter_key: None,
        earlier: None,
    };
    let made_up = Frame::sign(&header, b"It was nothing. Forget it.", &office.installation.log_key);
    office.handler.with_case(reporter.case, |kept| {
        kept.add_part(PartKind::ReplyCopy, 0, 9, reporter.recipient().seal(&made_up));
    });
    let case = lead.read_case(reporter.case).await.unwrap();
    assert_eq!(alert_codes(&case.alarms), [AlertCode::Forged]);
    assert_eq!(case.thread.outgoing.len(), 1, "only what a colleague signed is shown");
    // In the place of the true one, with the true one's hash in the signed event: that does not
    // fit.
    office.handler.with_case(reporter.case, |kept| {
        let (part, forged) = kept.parts.pop().unwrap();
        let at = kept.parts.iter().position(|(part, _)| part.kind == PartKind::ReplyCopy).unwrap();
        kept.parts[at] = (part, forged);
    });
    let case = lead.read_case(reporter.case).await.unwrap();
    assert_eq!(alert_codes(&case.alarms), [AlertCode::Forged, AlertCode::Withheld]);
    assert_eq!(case.thread.outgoing.len(), 0);
}

#[tokio::test]
async fn messages_and_replies_in_another_order_are_noticed() {
    let office = TestEnvironment::start();
    let mut reporter = office.file_report(&[]);
    let mut lead = office.connect("lead").await;
    let mut case = claim_case(&mut lead, &reporter).await;
    lead.send_reply(&mut case, ReplyInput { text: "Was it last year?", lang: "en" }).await.unwrap();
    office.handler.follow_up(&office.installation, &mut reporter, "Yes.");
    let mut case = lead.read_case(reporter.case).await.unwrap();
    lead.send_reply(&mut case, ReplyInput { text: "Was it the head of the office?", lang: "en" })
        .await
        .unwrap();
    office.handler.follow_up(&office.installation, &mut reporter, "No.");
    let case = lead.read_case(reporter.case).await.unwrap();
    assert_eq!(case.alarms, []);
    // File, report, question, yes, question, no: the "yes" after the second question.
    let swap = |one: usize, other: usize| {
        office.handler.with_case(reporter.case, |kept| kept.parts.swap(one, other))
    };
    swap(3, 4);
    assert_eq!(office.alert_codes_of("lead", &reporter).await, [AlertCode::Reordered]);
    swap(3, 4);
    // Two questions.
    swap(2, 4);
    assert_eq!(office.alert_codes_of("lead", &reporter).await, [AlertCode::Reordered]);
    swap(2, 4);
    // The reporter's two, which nothing signed tells apart: it can happen in good faith, and is
    // said.
    swap(3, 5);
    let case = lead.read_case(reporter.case).await.unwrap();
    let told: Vec<_> = case.alarms.iter().map(|alarm| (alarm.severity, alarm.code)).collect();
    assert_eq!(told, [(AlertSeverity::Notice, AlertCode::Reordered)]);
    swap(3, 5);
    assert_eq!(lead.read_case(reporter.case).await.unwrap().alarms, []);
    // Its events.
    office.handler.store.lock().unwrap().log.swap(2, 3);
    assert!(office.alert_codes_of("lead", &reporter).await.contains(&AlertCode::BrokenCase));
}

#[tokio::test]
async fn damage_on_the_way_is_noticed() {
    let office = TestEnvironment::start();
    let mut reporter = office.file_report(&[]);
    office.handler.follow_up(&office.installation, &mut reporter, "text");
    office.handler.with_case(reporter.case, |kept| {
        *kept.parts.last_mut().unwrap().1.last_mut().unwrap() ^= 1
    });
    assert_eq!(office.alert_codes_of("lead", &reporter).await, [AlertCode::Damaged]);
}

#[tokio::test]
async fn a_grant_of_another_case_or_for_another_key_does_not_open() {
    let office = TestEnvironment::start();
    let (mine, other) = (office.file_report(&[]), office.file_report(&[]));
    let foreign = office.handler.with_case(other.case, |kept| kept.grants.clone());
    let own =
        office.handler.with_case(mine.case, |kept| std::mem::replace(&mut kept.grants, foreign));
    let mut lead = office.connect("lead").await;
    assert!(matches!(lead.read_case(mine.case).await, Err(CaseReadError::UnopenableGrants(_))));
    let of_two = own
        .into_iter()
        .filter(|(holder, _)| holder == "two")
        .map(|(_, grant)| ("lead".to_owned(), grant));
    office.handler.with_case(mine.case, |kept| kept.grants = of_two.collect());
    assert!(matches!(lead.read_case(mine.case).await, Err(CaseReadError::UnopenableGrants(_))));
}

#[tokio::test]
async fn another_mailbox_key_is_noticed_and_no_reply_is_sealed_to_it() {
    let office = TestEnvironment::start();
    let reporter = office.file_report(&[]);
    let mut lead = office.connect("lead").await;
    let mut case = claim_case(&mut lead, &reporter).await;
    lead.send_reply(&mut case, ReplyInput { text: "first", lang: "en" }).await.unwrap();
    let handlers_own = Receipt::generate(&mut OsRng).mailbox_identity().recipient();
    office.handler.with_case(reporter.case, |kept| kept.mailbox = handlers_own);
    let mut case = lead.read_case(reporter.case).await.unwrap();
    assert_eq!(alert_codes(&case.alarms), [AlertCode::RecipientChanged]);
    let refused = lead.send_reply(&mut case, ReplyInput { text: "second", lang: "en" }).await;
    assert!(matches!(refused, Err(ActionError::Sealing(_))));
    // A colleague who reads the case for the first time learns it from the signed reply.
    assert_eq!(office.alert_codes_of("two", &reporter).await, [AlertCode::RecipientChanged]);
}

#[tokio::test]
async fn a_case_that_is_rolled_back_or_told_otherwise_is_noticed() {
    let office = TestEnvironment::start();
    let reporter = office.file_report(&[]);
    let before = office.handler.with_case(reporter.case, |kept| kept.state.clone());
    let mut lead = office.connect("lead").await;
    let mut case = claim_case(&mut lead, &reporter).await;
    lead.change_stage(&mut case, Stage::Triaged, None).await.unwrap();
    // Another state than the events tell.
    let after = office
        .handler
        .with_case(reporter.case, |kept| std::mem::replace(&mut kept.state, before.clone()));
    assert_eq!(office.alert_codes_of("lead", &reporter).await, [AlertCode::StateDiffers]);
    // An older log that fits an older state.
    office.handler.store.lock().unwrap().log.truncate(1);
    assert_eq!(office.alert_codes_of("lead", &reporter).await, [AlertCode::Rollback]);
    // The alarm stays until the truth is back: a rolled-back case is not remembered as seen.
    assert_eq!(office.alert_codes_of("lead", &reporter).await, [AlertCode::Rollback]);
    assert_ne!(after, before);
}

#[tokio::test]
async fn the_oversight_body_audits_the_whole_log_and_remembers_its_end() {
    let office = TestEnvironment::start();
    let reporter = office.file_report(&[]);
    office.file_report(&["regional"]);
    let mut lead = office.connect("lead").await;
    claim_case(&mut lead, &reporter).await;
    let mut outside = office.connect("outside").await;
    let export = outside.export_log().await.unwrap();
    assert!(export.whole);
    let audit = outside.audit_log(&export).unwrap();
    assert_eq!((audit.entries, audit.cases.len(), audit.alarms.len()), (3, 2, 0));
    // A member's export is of own cases only.
    let export = lead.export_log().await.unwrap();
    assert_eq!((export.whole, export.entries.len()), (false, 3));
    assert_eq!(lead.audit_log(&export).unwrap().alarms, []);
    assert_eq!(office.connect("three").await.export_log().await.unwrap().entries.len(), 2);
    // The newest entry vanishes, between two audits.
    office.handler.store.lock().unwrap().log.pop();
    let mut outside = office.connect("outside").await;
    let export = outside.export_log().await.unwrap();
    assert_eq!(alert_codes(&outside.audit_log(&export).unwrap().alarms), [AlertCode::Rollback]);
    let mut lead = office.connect("lead").await;
    let export = lead.export_log().await.unwrap();
    assert_eq!(alert_codes(&lead.audit_log(&export).unwrap().alarms), [AlertCode::Rollback]);
}

#[tokio::test]
async fn a_case_that_vanishes_from_the_queue_is_told() {
    let office = TestEnvironment::start();
    let reporter = office.file_report(&[]);
    let mut lead = office.connect("lead").await;
    lead.read_case(reporter.case).await.unwrap();
    office.handler.with_case(reporter.case, |kept| kept.holders.clear());
    let (_, notices) = lead.queue().await.unwrap();
    assert_eq!((notices.len(), notices[0].code), (1, AlertCode::Withheld));
}

#[tokio::test]
async fn a_directory_that_is_rolled_back_or_unsigned_is_refused() {
    let office = TestEnvironment::start();
    let second = office.installation.sign_directory();
    office.handler.store.lock().unwrap().directories.push(second.clone());
    office.connect("lead").await;
    office.handler.store.lock().unwrap().directories.pop();
    let back = office.try_connect("lead").await;
    assert!(matches!(
        back,
        Err(ConnectError::Directory(DirectoryError::RolledBack { found: 1, seen: 2 }))
    ));

    let mut unsigned = second;
    unsigned.signatures.truncate(1);
    office.handler.store.lock().unwrap().directories.push(unsigned);
    let unsigned = office.try_connect("lead").await;
    assert!(matches!(
        unsigned,
        Err(ConnectError::Directory(DirectoryError::ThresholdNotMet { valid: 1, needed: 2 }))
    ));
}

#[tokio::test]
async fn with_an_expired_directory_work_goes_on_but_nobody_gets_a_new_grant() {
    let office = TestEnvironment::start();
    let reporter = office.file_report(&[]);
    office.handler.with_case(reporter.case, |kept| kept.holders.retain(|holder| holder != "three"));
    let home = office.installation.profile_dir("lead", &office.handler.url);
    let later = now() + time::Duration::days(31);
    let sealed = office.installation.key_of("lead").seal(&passphrase(), cheap_scrypt());
    let key = || InvestigatorKey::open(&sealed, &passphrase()).unwrap();
    let mut lead = HandlerConnection::open(home.clone(), key(), later).await.unwrap();
    assert!(lead.days_left() < 0);
    let mut case = claim_case(&mut lead, &reporter).await;
    lead.send_reply(&mut case, ReplyInput { text: "still here", lang: "en" }).await.unwrap();
    assert!(matches!(lead.assign(&mut case, "three").await, Err(ActionError::DirectoryExpired(_))));
    assert!(matches!(
        lead.rotate_keys(&mut case, &["two".into()], &mut OsRng).await,
        Err(ActionError::DirectoryExpired(_))
    ));
    lead.assign(&mut case, "two").await.unwrap();
    // And it cannot be pinned anew.
    let settings = ProfileSettings { handler: office.handler.url.clone() };
    let offered = |ca_pem, trust: &protocol::directory::TrustRoots| HandlerOffer {
        settings: settings.clone(),
        ca_pem,
        trust: trust.clone(),
    };
    let new = ProfileDir::new(office.installation.dir.path().join("new"));
    let pinned =
        offered(office.installation.ca_pem(), &office.installation.trust).pin(&new, later).await;
    assert!(matches!(pinned, Err(ConnectError::Directory(DirectoryError::Expired(_)))));
}

#[tokio::test]
async fn only_the_pinned_authority_and_the_pinned_root_keys_are_believed() {
    let (office, other) = (TestEnvironment::start(), WorkbenchInstallation::new());
    let settings = ProfileSettings { handler: office.handler.url.clone() };
    let offered = |ca_pem, trust: &protocol::directory::TrustRoots| HandlerOffer {
        settings: settings.clone(),
        ca_pem,
        trust: trust.clone(),
    };
    let home = ProfileDir::new(office.installation.dir.path().join("new"));
    let wrong_ca = offered(other.ca_pem(), &office.installation.trust).pin(&home, now()).await;
    assert!(matches!(wrong_ca, Err(ConnectError::Client(ClientError::Unreachable(_)))));
    let wrong_trust = offered(office.installation.ca_pem(), &other.trust).pin(&home, now()).await;
    assert!(matches!(
        wrong_trust,
        Err(ConnectError::Directory(DirectoryError::ThresholdNotMet { .. }))
    ));
    assert!(!home.dir().exists(), "nothing is written before all has been verified");
    offered(office.installation.ca_pem(), &office.installation.trust)
        .pin(&home, now())
        .await
        .unwrap();
    assert_eq!(home.settings().unwrap(), settings);
    let plain = HandlerClient::new(
        &settings.handler.replace("https", "http"),
        &office.installation.ca_pem(),
    );
    assert!(matches!(plain, Err(ClientError::InvalidAddress(_))));
}

#[tokio::test]
async fn a_stranger_gets_no_session() {
    let office = TestEnvironment::start();
    let home = office.installation.profile_dir("lead", &office.handler.url);
    let impostor = InvestigatorKey::generate("lead", &mut OsRng).unwrap();
    let refused = HandlerConnection::open(home, impostor, now()).await;
    assert!(matches!(refused, Err(ConnectError::Client(ClientError::Refused(_)))));
}
