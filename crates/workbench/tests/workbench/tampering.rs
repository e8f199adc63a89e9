//! Every kind of tampering by the case handler is detected.

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
    encoding::padding::{REPLY_STEP, TEXT_STEP, pad_text},
    receipt::Receipt,
    submission::frame::{Frame, FrameDirection, FrameHeader, FrameKind},
};
use rand::rngs::OsRng;
use workbench::{
    actions::{ActionError, ReplyInput},
    alert::{AlertCode, AlertSeverity},
    audit::fetch::AuditStart,
    case::CaseReadError,
    keys::key_file::InvestigatorKey,
    session::{
        ConnectError, HandlerConnection, HandlerOffer,
        client::{ClientError, HandlerClient},
        profile::{ProfileDir, ProfileSettings},
    },
};

#[tokio::test]
async fn withheld_parts_are_detected() {
    let environment = TestEnvironment::start();
    let mut reporter = environment.file_report(&[]);
    environment.handler.follow_up(&environment.installation, &mut reporter, "first");
    environment.handler.follow_up(&environment.installation, &mut reporter, "second");
    assert_eq!(environment.alert_codes_of("lead", &reporter).await, []);
    // A message in the middle.
    let gone = environment.handler.with_case(reporter.case, |stored| {
        let at = stored.parts.iter().position(|(part, _)| part.batch == 1).unwrap();
        stored.parts.remove(at)
    });
    assert_eq!(environment.alert_codes_of("lead", &reporter).await, [AlertCode::Withheld]);
    environment.handler.with_case(reporter.case, |stored| stored.parts.push(gone));
    // The newest message: only the log refers to it.
    let newest = environment.handler.with_case(reporter.case, |stored| {
        let at = stored.parts.iter().position(|(part, _)| part.batch == 2).unwrap();
        stored.parts.remove(at)
    });
    assert_eq!(environment.alert_codes_of("lead", &reporter).await, [AlertCode::Withheld]);
    environment.handler.with_case(reporter.case, |stored| stored.parts.push(newest));
    // A file, and the report.
    for kind in [PartKind::Attachment, PartKind::Body] {
        let at = environment.handler.with_case(reporter.case, |stored| {
            stored.parts.iter().position(|(part, _)| part.kind == kind && part.batch == 0).unwrap()
        });
        let gone = environment.handler.with_case(reporter.case, |stored| stored.parts.remove(at));
        assert_eq!(
            environment.alert_codes_of("lead", &reporter).await,
            [AlertCode::Withheld],
            "{kind:?}"
        );
        environment.handler.with_case(reporter.case, |stored| stored.parts.insert(at, gone));
    }
    assert_eq!(environment.alert_codes_of("lead", &reporter).await, []);
}

#[tokio::test]
async fn withheld_and_invented_notes_are_detected() {
    let environment = TestEnvironment::start();
    let reporter = environment.file_report(&[]);
    let mut lead = environment.connect("lead").await;
    let mut case = claim_case(&mut lead, &reporter).await;
    lead.add_note(&mut case, &Note { kind: NoteKind::Fact, text: "a fact".into() }).await.unwrap();
    // Anyone can seal to `C`; only a signed event makes it a note.
    let invented =
        serde_json::to_vec(&Note { kind: NoteKind::Fact, text: "no fact".into() }).unwrap();
    let invented = reporter.recipient().seal(&pad_text(&invented, TEXT_STEP));
    let at = environment.handler.with_case(reporter.case, |stored| {
        stored.add_part(PartKind::Note, 0, 9, invented);
        stored.parts.len() - 1
    });
    let read = environment.connect("lead").await.read_case(reporter.case).await.unwrap();
    assert_eq!(alert_codes(&read.alarms), [AlertCode::Forged]);
    assert_eq!(read.notes.len(), 1);
    environment.handler.with_case(reporter.case, |stored| stored.parts.drain(at - 1..).count());
    assert_eq!(environment.alert_codes_of("lead", &reporter).await, [AlertCode::Withheld]);
}

#[tokio::test]
async fn forged_and_replayed_messages_are_detected_and_not_shown() {
    let environment = TestEnvironment::start();
    let mut reporter = environment.file_report(&[]);
    let mut other_reporter = environment.file_report(&[]);
    // A message signed by another reporter, sealed to this case, and recorded with a matching log.
    let forged = other_reporter.seal_frame(FrameKind::Message, b"I take it all back.", Vec::new());
    let forged = reporter.recipient().seal(&pad_text(&forged, TEXT_STEP));
    environment.handler.follow_up(&environment.installation, &mut reporter, "true");
    environment.handler.with_case(reporter.case, |stored| {
        let (part, sealed) = stored.parts.last_mut().unwrap();
        (part.sha256, part.len, *sealed) =
            (Hash::of(&[&forged]), forged.len() as u64, forged.clone());
    });
    let case = environment.connect("lead").await.read_case(reporter.case).await.unwrap();
    assert_eq!(alert_codes(&case.alarms), [AlertCode::Forged, AlertCode::Damaged]);
    assert_eq!(case.thread.incoming.len(), 1);
    // The report again, as if it were a new message.
    environment.handler.with_case(reporter.case, |stored| {
        let (report, sealed) =
            stored.parts.iter().find(|(part, _)| part.kind == PartKind::Body).unwrap().clone();
        let (part, last) = stored.parts.last_mut().unwrap();
        (part.sha256, part.len, *last) = (report.sha256, report.len, sealed);
    });
    assert_eq!(
        environment.alert_codes_of("lead", &reporter).await,
        [AlertCode::Replayed, AlertCode::Damaged]
    );
}

#[tokio::test]
async fn a_forged_reply_is_detected_and_not_shown() {
    let environment = TestEnvironment::start();
    let reporter = environment.file_report(&[]);
    let mut lead = environment.connect("lead").await;
    let mut case = claim_case(&mut lead, &reporter).await;
    lead.send_reply(&mut case, ReplyInput { text: "We look into it.", lang: "en" }).await.unwrap();
    let own = lead.read_case(reporter.case).await.unwrap();
    // A reply forged by the case handler: signed with its own key, and sealed to the team like a
    // reply.
    let header = FrameHeader {
        v: 2,
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
        salt: Hash::of(&[b"salt"]),
        routing: None,
        program: None,
        attachments: Vec::new(),
        reporter_key: None,
        related: None,
    };
    let made_up =
        Frame::sign(&header, b"It was nothing. Forget it.", &environment.installation.log_key);
    environment.handler.with_case(reporter.case, |stored| {
        stored.add_part(
            PartKind::ReplyCopy,
            0,
            9,
            reporter.recipient().seal(&pad_text(&made_up, REPLY_STEP)),
        );
    });
    let case = lead.read_case(reporter.case).await.unwrap();
    assert_eq!(alert_codes(&case.alarms), [AlertCode::Forged]);
    assert_eq!(case.thread.outgoing.len(), 1, "only what a colleague signed is shown");
    // The forged text replaces the real one. The signed event still names the hash of the real one.
    environment.handler.with_case(reporter.case, |stored| {
        let (part, forged) = stored.parts.pop().unwrap();
        let at =
            stored.parts.iter().position(|(part, _)| part.kind == PartKind::ReplyCopy).unwrap();
        stored.parts[at] = (part, forged);
    });
    let case = lead.read_case(reporter.case).await.unwrap();
    assert_eq!(alert_codes(&case.alarms), [AlertCode::Forged, AlertCode::Withheld]);
    assert_eq!(case.thread.outgoing.len(), 0);
}

#[tokio::test]
async fn reordered_messages_and_replies_are_detected() {
    let environment = TestEnvironment::start();
    let mut reporter = environment.file_report(&[]);
    let mut lead = environment.connect("lead").await;
    let mut case = claim_case(&mut lead, &reporter).await;
    lead.send_reply(&mut case, ReplyInput { text: "Was it last year?", lang: "en" }).await.unwrap();
    environment.handler.follow_up(&environment.installation, &mut reporter, "Yes.");
    let mut case = lead.read_case(reporter.case).await.unwrap();
    lead.send_reply(&mut case, ReplyInput { text: "Was it the head of the office?", lang: "en" })
        .await
        .unwrap();
    environment.handler.follow_up(&environment.installation, &mut reporter, "No.");
    let case = lead.read_case(reporter.case).await.unwrap();
    assert_eq!(case.alarms, []);
    // File, report, question, yes, question, no: the "yes" comes after the second question.
    let swap = |one: usize, other: usize| {
        environment.handler.with_case(reporter.case, |stored| stored.parts.swap(one, other));
    };
    swap(3, 4);
    assert_eq!(environment.alert_codes_of("lead", &reporter).await, [AlertCode::Reordered]);
    swap(3, 4);
    // Two questions.
    swap(2, 4);
    assert_eq!(environment.alert_codes_of("lead", &reporter).await, [AlertCode::Reordered]);
    swap(2, 4);
    // The reporter's two messages in reverse order, which no event distinguishes. It can happen in
    // good faith, so it is a notice.
    swap(3, 5);
    let case = lead.read_case(reporter.case).await.unwrap();
    let found_alarms: Vec<_> =
        case.alarms.iter().map(|alarm| (alarm.severity, alarm.code)).collect();
    assert_eq!(found_alarms, [(AlertSeverity::Notice, AlertCode::Reordered)]);
    swap(3, 5);
    assert_eq!(lead.read_case(reporter.case).await.unwrap().alarms, []);
    // The events in another order.
    environment.handler.store.lock().unwrap().log.swap(2, 3);
    assert!(environment.alert_codes_of("lead", &reporter).await.contains(&AlertCode::BrokenCase));
}

#[tokio::test]
async fn damaged_parts_are_detected() {
    let environment = TestEnvironment::start();
    let mut reporter = environment.file_report(&[]);
    environment.handler.follow_up(&environment.installation, &mut reporter, "text");
    environment.handler.with_case(reporter.case, |stored| {
        *stored.parts.last_mut().unwrap().1.last_mut().unwrap() ^= 1;
    });
    assert_eq!(environment.alert_codes_of("lead", &reporter).await, [AlertCode::Damaged]);
}

#[tokio::test]
async fn a_grant_of_another_case_or_for_another_key_does_not_open() {
    let environment = TestEnvironment::start();
    let (mine, other) = (environment.file_report(&[]), environment.file_report(&[]));
    let foreign = environment.handler.with_case(other.case, |stored| stored.grants.clone());
    let own = environment
        .handler
        .with_case(mine.case, |stored| std::mem::replace(&mut stored.grants, foreign));
    let mut lead = environment.connect("lead").await;
    assert!(matches!(lead.read_case(mine.case).await, Err(CaseReadError::UnopenableGrants(_))));
    let of_two = own
        .into_iter()
        .filter(|(holder, _)| holder == "two")
        .map(|(_, grant)| ("lead".to_owned(), grant));
    environment.handler.with_case(mine.case, |stored| stored.grants = of_two.collect());
    assert!(matches!(lead.read_case(mine.case).await, Err(CaseReadError::UnopenableGrants(_))));
}

#[tokio::test]
async fn a_wrong_mailbox_key_is_detected_and_no_reply_is_sealed_to_it() {
    let environment = TestEnvironment::start();
    let reporter = environment.file_report(&[]);
    let mut lead = environment.connect("lead").await;
    let mut case = claim_case(&mut lead, &reporter).await;
    lead.send_reply(&mut case, ReplyInput { text: "first", lang: "en" }).await.unwrap();
    let handlers_own = Receipt::generate(&mut OsRng).mailbox_identity().recipient();
    environment.handler.with_case(reporter.case, |stored| stored.mailbox = handlers_own);
    let mut case = lead.read_case(reporter.case).await.unwrap();
    assert_eq!(alert_codes(&case.alarms), [AlertCode::RecipientChanged]);
    let refused = lead.send_reply(&mut case, ReplyInput { text: "second", lang: "en" }).await;
    assert!(matches!(refused, Err(ActionError::Sealing(_))));
    // A colleague who reads the case for the first time learns it from the signed reply.
    assert_eq!(environment.alert_codes_of("two", &reporter).await, [AlertCode::RecipientChanged]);
}

#[tokio::test]
async fn a_rolled_back_case_and_a_wrong_state_are_detected() {
    let environment = TestEnvironment::start();
    let reporter = environment.file_report(&[]);
    let before = environment.handler.with_case(reporter.case, |stored| stored.state.clone());
    let mut lead = environment.connect("lead").await;
    let mut case = claim_case(&mut lead, &reporter).await;
    lead.change_stage(&mut case, Stage::Triaged, None).await.unwrap();
    // A state that differs from the events.
    let after = environment
        .handler
        .with_case(reporter.case, |stored| std::mem::replace(&mut stored.state, before.clone()));
    assert_eq!(environment.alert_codes_of("lead", &reporter).await, [AlertCode::StateDiffers]);
    // An older log with a matching older state.
    environment.handler.store.lock().unwrap().log.truncate(1);
    assert_eq!(environment.alert_codes_of("lead", &reporter).await, [AlertCode::Rollback]);
    // The alarm remains until the real state is back, because a rolled-back case is not pinned.
    assert_eq!(environment.alert_codes_of("lead", &reporter).await, [AlertCode::Rollback]);
    assert_ne!(after, before);
}

#[tokio::test]
async fn the_oversight_body_audits_the_whole_log_and_the_others_their_cases() {
    let environment = TestEnvironment::start();
    let reporter = environment.file_report(&[]);
    environment.file_report(&["regional"]);
    let mut lead = environment.connect("lead").await;
    claim_case(&mut lead, &reporter).await;
    for (member, whole, events, cases) in
        [("outside", true, 3, 2), ("lead", false, 3, 2), ("three", false, 2, 1)]
    {
        let mut connection = environment.connect(member).await;
        let audit = connection.audit_log(AuditStart::Resume).await.unwrap();
        assert_eq!(audit.alarms, [], "{member}");
        assert_eq!((audit.whole, audit.events, audit.cases), (whole, events, cases), "{member}");
        let export = connection.export_log().await.unwrap();
        assert_eq!((export.is_whole(), export.events() as u64), (whole, events), "{member}");
        let verified = export.verify(&environment.installation.trust, None).unwrap();
        assert_eq!((verified.alarms, verified.events), (vec![], events), "{member}");
    }
    // The newest event is dropped between two audits.
    environment.handler.store.lock().unwrap().log.pop();
    for member in ["outside", "lead"] {
        let mut connection = environment.connect(member).await;
        let audit = connection.audit_log(AuditStart::Resume).await.unwrap();
        assert_eq!(alert_codes(&audit.alarms), [AlertCode::Rollback], "{member}");
    }
}

#[tokio::test]
async fn a_case_that_disappears_from_the_queue_is_a_notice() {
    let environment = TestEnvironment::start();
    let reporter = environment.file_report(&[]);
    let mut lead = environment.connect("lead").await;
    lead.read_case(reporter.case).await.unwrap();
    environment.handler.with_case(reporter.case, |stored| stored.holders.clear());
    let (_, notices) = lead.queue().await.unwrap();
    assert_eq!((notices.len(), notices[0].code), (1, AlertCode::Withheld));
}

#[tokio::test]
async fn a_rolled_back_or_unsigned_directory_is_rejected() {
    let environment = TestEnvironment::start();
    let second = environment.installation.sign_directory();
    environment.handler.store.lock().unwrap().directories.push(second.clone());
    environment.connect("lead").await;
    environment.handler.store.lock().unwrap().directories.pop();
    let back = environment.try_connect("lead").await;
    assert!(matches!(
        back,
        Err(ConnectError::Directory(DirectoryError::RolledBack { found: 1, seen: 2 }))
    ));

    let mut unsigned = second;
    unsigned.signatures.truncate(1);
    environment.handler.store.lock().unwrap().directories.push(unsigned);
    let unsigned = environment.try_connect("lead").await;
    assert!(matches!(
        unsigned,
        Err(ConnectError::Directory(DirectoryError::ThresholdNotMet { valid: 1, needed: 2 }))
    ));
}

#[tokio::test]
async fn with_an_expired_directory_work_continues_without_new_grants() {
    let environment = TestEnvironment::start();
    let reporter = environment.file_report(&[]);
    environment
        .handler
        .with_case(reporter.case, |stored| stored.holders.retain(|holder| holder != "three"));
    let profile = environment.installation.profile_dir("lead", &environment.handler.url);
    let later = now() + time::Duration::days(31);
    let sealed = environment.installation.key_of("lead").seal(&passphrase(), cheap_scrypt());
    let key = || InvestigatorKey::open(&sealed, &passphrase()).unwrap();
    let mut lead = HandlerConnection::open(profile.clone(), key(), later).await.unwrap();
    assert!(lead.days_left() < 0);
    let mut case = claim_case(&mut lead, &reporter).await;
    lead.send_reply(&mut case, ReplyInput { text: "still here", lang: "en" }).await.unwrap();
    assert!(matches!(
        lead.assign(&mut case, "three", "").await,
        Err(ActionError::DirectoryExpired(_))
    ));
    assert!(matches!(
        lead.propose_rotation(&mut case, &["two".into()], &mut OsRng).await,
        Err(ActionError::DirectoryExpired(_))
    ));
    lead.assign(&mut case, "two", "").await.unwrap();
    // It cannot be pinned again either.
    let settings = ProfileSettings { handler: environment.handler.url.clone() };
    let offered = |ca_pem, trust: &protocol::directory::TrustRoots| HandlerOffer {
        settings: settings.clone(),
        ca_pem,
        trust: trust.clone(),
    };
    let new = ProfileDir::new(environment.installation.dir.path().join("new"));
    let pinned = offered(environment.installation.ca_pem(), &environment.installation.trust)
        .pin(&new, later)
        .await;
    assert!(matches!(pinned, Err(ConnectError::Directory(DirectoryError::Expired(_)))));
}

#[tokio::test]
async fn only_the_pinned_authority_and_root_keys_are_trusted() {
    let (environment, other) = (TestEnvironment::start(), WorkbenchInstallation::new());
    let settings = ProfileSettings { handler: environment.handler.url.clone() };
    let offered = |ca_pem, trust: &protocol::directory::TrustRoots| HandlerOffer {
        settings: settings.clone(),
        ca_pem,
        trust: trust.clone(),
    };
    let profile = ProfileDir::new(environment.installation.dir.path().join("new"));
    let wrong_ca =
        offered(other.ca_pem(), &environment.installation.trust).pin(&profile, now()).await;
    assert!(matches!(wrong_ca, Err(ConnectError::Client(ClientError::Unreachable(_)))));
    let wrong_trust =
        offered(environment.installation.ca_pem(), &other.trust).pin(&profile, now()).await;
    assert!(matches!(
        wrong_trust,
        Err(ConnectError::Directory(DirectoryError::ThresholdNotMet { .. }))
    ));
    assert!(!profile.dir().exists(), "nothing is written before all has been verified");
    offered(environment.installation.ca_pem(), &environment.installation.trust)
        .pin(&profile, now())
        .await
        .unwrap();
    assert_eq!(profile.settings().unwrap(), settings);
    let plain = HandlerClient::new(
        &settings.handler.replace("https", "http"),
        &environment.installation.ca_pem(),
    );
    assert!(matches!(plain, Err(ClientError::InvalidAddress(_))));
}

#[tokio::test]
async fn an_unknown_key_gets_no_session() {
    let environment = TestEnvironment::start();
    let profile = environment.installation.profile_dir("lead", &environment.handler.url);
    let impostor = InvestigatorKey::generate("lead", &mut OsRng).unwrap();
    let refused = HandlerConnection::open(profile, impostor, now()).await;
    assert!(matches!(refused, Err(ConnectError::Client(ClientError::Refused(_)))));
}
