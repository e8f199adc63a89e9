//! Casework with an honest case handler.

use crate::common::{
    environment::{TestEnvironment, alert_codes, claim_case},
    reporter::TestReporter,
};
use investigator::{Note, NoteKind};
use protocol::{
    Hash,
    api::workbench::{MAX_REPLY_LEN, PartKind},
    case::{ClosingReason, Decision, Disposition, RuleViolation, Stage},
    submission::{key_grant::Grant, related_report::RelatedReport},
};
use rand::rngs::OsRng;
use taxonomy::Taxonomy;
use workbench::{
    actions::{
        ActionError, ReplyInput, RotationReaders,
        exposure_check::{ExposureKind, find_exposures},
    },
    alert::AlertCode,
    case::{CaseReadError, queue::ShownContent, related_report::RelatedReportLink, view::CaseView},
    keys::key_file::InvestigatorKey,
    session::client::ClientError,
};

#[tokio::test]
async fn a_report_is_read_answered_and_closed_by_two_people() {
    let environment = TestEnvironment::start();
    let mut reporter = environment.file_report(&[]);
    let mut lead = environment.connect("lead").await;
    let (rows, notices) = lead.queue().await.unwrap();
    assert_eq!((rows.len(), notices.len()), (1, 0));
    let id = lead.find_case(&reporter.case.to_string()[..4]).await.unwrap();
    assert_eq!(id, reporter.case);

    let mut case = claim_case(&mut lead, &reporter).await;
    assert_eq!(case.alarms, []);
    let view = CaseView::new(&case, &Taxonomy::built_in(), "en");
    let report = view.report.unwrap();
    assert_eq!(report.story, "An officer asked me for money.");
    assert_eq!(report.category_label, "Paying to make things go faster");
    assert_eq!(view.attachments.len(), 1);

    lead.send_reply(&mut case, ReplyInput { text: "  Thank you. We look into it. ", lang: "en" })
        .await
        .unwrap();
    let published =
        environment.handler.with_case(reporter.case, |stored| stored.replies[0].clone());
    assert_eq!(reporter.decrypt_reply(&published), "Thank you. We look into it.");
    lead.add_note(
        &mut case,
        &Note { kind: NoteKind::Hypothesis, text: "Same office as last year.".into() },
    )
    .await
    .unwrap();
    lead.change_stage(&mut case, Stage::Triaged, None).await.unwrap();

    environment.handler.follow_up(&environment.installation, &mut reporter, "It happened again.");
    let mut case = lead.read_case(reporter.case).await.unwrap();
    assert_eq!(case.alarms, []);
    assert_eq!(case.notes[0].by, "lead");
    assert_eq!(case.notes[0].note.text, "Same office as last year.");
    let view = CaseView::new(&case, &Taxonomy::built_in(), "en");
    let texts: Vec<_> = view.messages.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(
        texts,
        ["Thank you. We look into it.", "It happened again."],
        "in the order of filing"
    );

    let unshown = lead.mark_handled(&mut case).await;
    assert!(
        matches!(unshown, Err(ActionError::UnseenSubmissions(1))),
        "the message was never on a screen"
    );
    lead.mark_seen(&case, ShownContent::Report).unwrap();
    assert!(
        matches!(lead.mark_handled(&mut case).await, Err(ActionError::UnseenSubmissions(1))),
        "the report alone is not enough"
    );
    lead.mark_seen(&case, ShownContent::Everything).unwrap();
    assert_eq!(lead.mark_handled(&mut case).await.unwrap(), 1, "how many were waiting");
    let closing = Decision::Close {
        disposition: Disposition::Substantiated,
        reason: ClosingReason::Disciplinary,
        duplicate_of: None,
    };
    lead.propose(&mut case, closing).await.unwrap();
    let own = lead.approve(&mut case, closing).await;
    assert!(matches!(own, Err(ActionError::Refused(RuleViolation::SamePerson(_)))));
    let mut two = environment.connect("two").await;
    let mut case = two.read_case(reporter.case).await.unwrap();
    two.declare(&mut case).await.unwrap();
    two.approve(&mut case, closing).await.unwrap();
    assert_eq!(environment.alert_codes_of("lead", &reporter).await, []);
    assert_eq!(
        environment.handler.with_case(reporter.case, |stored| stored.state.stage),
        Stage::Closed
    );
}

#[tokio::test]
async fn of_two_concurrent_actions_one_is_refused_with_the_reason_and_no_note_is_lost() {
    let environment = TestEnvironment::start();
    let mut reporter = environment.file_report(&[]);
    let (mut lead, mut two) = (environment.connect("lead").await, environment.connect("two").await);
    // Both read the case before either acts.
    let mut of_lead = lead.read_case(reporter.case).await.unwrap();
    let mut of_two = two.read_case(reporter.case).await.unwrap();
    lead.claim(&mut of_lead, "").await.unwrap();
    let late = two.claim(&mut of_two, "").await.unwrap_err();
    assert!(matches!(late, ActionError::Conflict(_)), "{late:?}");
    assert!(
        late.to_string().contains("your action was not recorded: lead took the case"),
        "{late}"
    );
    // After another read, the rules name the assignee.
    let mut of_two = two.read_case(reporter.case).await.unwrap();
    assert_eq!(of_two.state.as_ref().unwrap().assignee.as_deref(), Some("lead"));
    two.declare(&mut of_two).await.unwrap();

    // Notes of both, each written for a case that the other has changed since. Both are recorded
    // unchanged, one after the other.
    let note = |text: &str| Note { kind: NoteKind::Fact, text: text.into() };
    lead.add_note(&mut of_lead, &note("by the lead")).await.unwrap();
    two.add_note(&mut of_two, &note("by two")).await.unwrap();
    let case = lead.read_case(reporter.case).await.unwrap();
    assert_eq!(case.alarms, []);
    let mut notes: Vec<_> =
        case.notes.iter().map(|noted| (noted.by.as_str(), noted.note.text.as_str())).collect();
    notes.sort_unstable();
    assert_eq!(notes, [("lead", "by the lead"), ("two", "by two")]);

    // A reply is not sent again automatically, because the member may want to change it. Nothing of
    // it is sent.
    let mut of_lead = lead.read_case(reporter.case).await.unwrap();
    environment.handler.follow_up(&environment.installation, &mut reporter, "Wait.");
    let late = lead
        .send_reply(&mut of_lead, ReplyInput { text: "Thank you.", lang: "en" })
        .await
        .unwrap_err();
    assert!(matches!(late, ActionError::Conflict(_)), "{late:?}");
    assert!(
        late.to_string().contains("recorded: the reporter sent something more. Read"),
        "{late}"
    );
    assert!(environment.handler.with_case(reporter.case, |stored| stored.replies.is_empty()));
}

#[tokio::test]
async fn a_related_report_is_shown_to_readers_of_both_cases() {
    let environment = TestEnvironment::start();
    let (mine, hidden, mut later) = (
        environment.file_report(&[]),
        environment.file_report(&["regional"]),
        environment.file_report(&[]),
    );
    let forger = environment.file_report(&[]).receipt.signing_key();
    let signed = |other: &TestReporter, key| RelatedReport::sign(other.case, later.case, key);
    let named = [
        signed(&mine, &mine.receipt.signing_key()),
        signed(&hidden, &hidden.receipt.signing_key()),
        signed(&mine, &forger),
    ];
    for (count, named) in named.into_iter().enumerate() {
        later.related_report = Some(named);
        environment.handler.follow_up(
            &environment.installation,
            &mut later,
            &format!("More, {count}."),
        );
    }
    let mut three = environment.connect("three").await;
    let case = three.read_case(later.case).await.unwrap();
    let seen = |message, case| RelatedReportLink { message, case };
    assert_eq!(case.related_reports, [seen(1, Some(mine.case)), seen(2, None)]);
    assert_eq!(
        alert_codes(&case.alarms),
        [AlertCode::Forged],
        "the third is not signed by who wrote the other"
    );
    let view = CaseView::new(&case, &Taxonomy::built_in(), "en");
    let shown: Vec<_> =
        view.messages.iter().map(|message| message.related.map(|one| one.case)).collect();
    assert_eq!(shown, [Some(Some(mine.case)), Some(None), None]);
}

#[tokio::test]
async fn empty_and_too_long_texts_are_not_sent() {
    let environment = TestEnvironment::start();
    let reporter = environment.file_report(&[]);
    let mut lead = environment.connect("lead").await;
    let mut case = claim_case(&mut lead, &reporter).await;
    let empty = lead.send_reply(&mut case, ReplyInput { text: " \n", lang: "fr" }).await;
    assert!(matches!(empty, Err(ActionError::EmptyText)));
    for invisible in ["\u{200b}", "\u{3164}\u{2800}", "\u{ad}\u{feff}\r\n"] {
        let empty = lead.send_reply(&mut case, ReplyInput { text: invisible, lang: "fr" }).await;
        assert!(matches!(empty, Err(ActionError::EmptyText)), "{invisible:?}");
    }
    let long = "x".repeat(MAX_REPLY_LEN);
    let long = lead.send_reply(&mut case, ReplyInput { text: &long, lang: "fr" }).await;
    assert!(matches!(long, Err(ActionError::TooLong { over }) if over > 0));
    assert!(environment.handler.with_case(reporter.case, |stored| stored.replies.is_empty()));
}

#[tokio::test]
async fn a_message_that_could_expose_the_reporter_is_flagged_before_sending() {
    let environment = TestEnvironment::start();
    let mut reporter = environment.handler.file_report(
        &environment.installation,
        &[],
        "Hier à Dakola, Moussa Ouédraogo bloquait le camion 11-GH-4521 sans donner de raison.",
    );
    environment.handler.follow_up(
        &environment.installation,
        &mut reporter,
        "Appelez le 70 12 34 56.",
    );
    let mut lead = environment.connect("lead").await;
    let case = lead.read_case(reporter.case).await.unwrap();
    let view = CaseView::new(&case, &Taxonomy::built_in(), "fr");
    let risks = |message: &str| {
        let found = find_exposures(message, &view).into_iter();
        found.map(|exposure| (exposure.risk, exposure.words)).collect::<Vec<_>>()
    };
    assert_eq!(
        risks("Merci. À quel poste était-ce, et depuis quand ? Le camion 12 était-il plein ?"),
        []
    );
    assert_eq!(
        risks("Où travaillez-vous ? Et le 11 GH 4521 de Monsieur Ouédraogo, et le 70-12-34-56 ?"),
        [
            (ExposureKind::AsksWho, String::new()),
            (ExposureKind::Number, "11GH4521".to_owned()),
            (ExposureKind::Number, "70123456".to_owned()),
            (ExposureKind::Name, "ouédraogo".to_owned()),
        ]
    );
    assert_eq!(
        risks("Vous disiez « sans donner de raison », le camion 11-GH-4521")[0].0,
        ExposureKind::Number
    );
    let quoted = risks("Donc il bloquait le camion 11-GH-4521 sans donner de raison ?");
    assert!(quoted.iter().any(|(risk, _)| *risk == ExposureKind::Quotation));
}

#[tokio::test]
async fn an_excluded_member_cannot_be_assigned_the_case() {
    let environment = TestEnvironment::start();
    let reporter = environment.file_report(&["regional"]);
    let mut lead = environment.connect("lead").await;
    let mut case = claim_case(&mut lead, &reporter).await;
    let refused = lead.assign(&mut case, "three", "").await;
    assert!(matches!(refused, Err(ActionError::Excluded(who)) if who == "three"));
    let unknown = lead.assign(&mut case, "nobody", "").await;
    assert!(matches!(unknown, Err(ActionError::NotInDirectory(_))));
    lead.assign(&mut case, "two", "").await.unwrap();
    assert_eq!(case.state.as_ref().unwrap().assignee.as_deref(), Some("two"));
    // An excluded member gets no row, and the response for an unknown case.
    let mut three = environment.connect("three").await;
    assert_eq!(three.queue().await.unwrap().0.len(), 0);
    assert!(matches!(
        three.read_case(reporter.case).await,
        Err(CaseReadError::Client(ClientError::Refused(_)))
    ));
}

#[tokio::test]
async fn an_assignment_carries_a_grant_for_a_member_without_one() {
    let environment = TestEnvironment::start();
    let reporter = environment.file_report(&[]);
    // A new member belongs to the desk since the report was recorded.
    environment.handler.with_case(reporter.case, |stored| {
        stored.holders.retain(|holder| holder != "three");
        stored.grants.retain(|(holder, _)| holder != "three");
    });
    let mut lead = environment.connect("lead").await;
    let mut case = claim_case(&mut lead, &reporter).await;
    lead.assign(&mut case, "three", "").await.unwrap();
    let mut three = environment.connect("three").await;
    let case = three.read_case(reporter.case).await.unwrap();
    assert_eq!(case.alarms, []);
    assert_eq!(case.report().unwrap().story, "An officer asked me for money.");
}

#[tokio::test]
async fn a_member_who_lost_the_key_receives_a_new_grant() {
    let environment = TestEnvironment::start();
    let reporter = environment.file_report(&[]);
    let renewed = InvestigatorKey::generate("three", &mut OsRng).unwrap();
    let mut draft = environment.installation.admin_dir.draft().unwrap();
    draft.add_member(&renewed.request(), vec!["regional".into()], vec!["fr".into()], true).unwrap();
    environment.installation.admin_dir.save_draft(&draft).unwrap();
    let second = environment.installation.sign_directory();
    environment.handler.store.lock().unwrap().directories.push(second);
    let mut lead = environment.connect("lead").await;
    let mut case = claim_case(&mut lead, &reporter).await;
    lead.assign(&mut case, "two", "").await.unwrap();
    let grants = |stored: &mut crate::common::fake_handler::StoredCase| stored.grants.clone();
    assert_eq!(
        environment.handler.with_case(reporter.case, grants).len(),
        4,
        "who has the old key needs none"
    );
    lead.assign(&mut case, "three", "").await.unwrap();
    let (to, given) = environment.handler.with_case(reporter.case, grants).pop().unwrap();
    assert_eq!(to, "three");
    assert!(Grant::open(&given.grant, renewed.identity(), reporter.case, 0).is_ok());
}

#[tokio::test]
async fn rotation_removes_one_reader_and_keeps_the_oversight_body() {
    let environment = TestEnvironment::start();
    let reporter = environment.file_report(&[]);
    let mut lead = environment.connect("lead").await;
    let mut case = claim_case(&mut lead, &reporter).await;
    let outside = lead.propose_rotation(&mut case, &["outside".into()], &mut OsRng).await;
    assert!(matches!(outside, Err(ActionError::IsOversightMember(_))));
    let assignee = lead.propose_rotation(&mut case, &["lead".into()], &mut OsRng).await;
    assert!(matches!(assignee, Err(ActionError::IsAssignee(_))));
    let stay = lead.propose_rotation(&mut case, &["two".into()], &mut OsRng).await.unwrap();
    let expected = RotationReaders {
        readers: vec!["lead".into(), "three".into()],
        oversight: vec!["outside".into()],
        left_out: vec!["two".into()],
    };
    assert_eq!(stay, expected);
    // The second person is shown the same, and declares before leaving out a colleague.
    let mut three = environment.connect("three").await;
    let mut theirs = three.read_case(reporter.case).await.unwrap();
    assert_eq!(three.proposed_rotation_readers(&theirs), Some(expected));
    let undeclared = three.approve_rotation(&mut theirs).await;
    assert!(matches!(undeclared, Err(ActionError::Refused(RuleViolation::Undeclared))));
    three.declare(&mut theirs).await.unwrap();
    three.approve_rotation(&mut theirs).await.unwrap();
    assert_eq!((theirs.open_case.newest_generation(), &theirs.alarms[..]), (1, &[][..]));
    let grants = environment.handler.with_case(reporter.case, |stored| {
        stored
            .grants
            .iter()
            .filter(|(_, grant)| grant.generation == 1)
            .map(|(who, _)| who.clone())
            .collect::<Vec<_>>()
    });
    assert_eq!(grants.len(), 3);
    assert!(grants.contains(&"outside".to_owned()) && !grants.contains(&"two".to_owned()));
    // Later messages are sealed to the new keys, and opened with them.
    let mut case = lead.read_case(reporter.case).await.unwrap();
    assert_eq!(case.alarms, []);
    lead.add_note(&mut case, &Note { kind: NoteKind::Fact, text: "after".into() }).await.unwrap();
    let case = lead.read_case(reporter.case).await.unwrap();
    assert_eq!((case.alarms.len(), case.notes.len(), case.open_case.id()), (0, 1, reporter.case));
    let newest = environment
        .handler
        .with_case(reporter.case, |stored| stored.parts.last().unwrap().0.clone());
    assert_eq!((newest.kind, newest.generation), (PartKind::Note, 1));
}

#[tokio::test]
async fn a_recused_member_loses_the_case_without_a_notice() {
    let environment = TestEnvironment::start();
    let reporter = environment.file_report(&[]);
    let mut two = environment.connect("two").await;
    let mut case = two.read_case(reporter.case).await.unwrap();
    two.recuse(&mut case).await.unwrap();
    let again = environment.connect("two").await;
    let (rows, notices) = again.queue().await.unwrap();
    assert_eq!((rows.len(), notices.len()), (0, 0));
}

#[tokio::test]
async fn attachments_are_saved_under_safe_names_and_only_if_they_match() {
    let environment = TestEnvironment::start();
    let reporter = environment.file_report(&[]);
    let mut lead = environment.connect("lead").await;
    let case = lead.read_case(reporter.case).await.unwrap();
    let folder = environment.installation.dir.path().join("saved");
    let (saved, alarms) = lead.save_attachments(&case, &folder, |_| ()).await.unwrap();
    assert_eq!(alarms, []);
    assert_eq!(saved[0].path, folder.join("photo.jpg"));
    assert_eq!(std::fs::read(&saved[0].path).unwrap(), b"a photograph of a receipt book");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&saved[0].path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // Another file, correctly sealed to the case, replaces the real one: the case handler knows the
    // recipient.
    let other = reporter.recipient().seal(b"a harmless picture");
    environment.handler.with_case(reporter.case, |stored| {
        let (part, sealed) =
            stored.parts.iter_mut().find(|(part, _)| part.kind == PartKind::Attachment).unwrap();
        (part.sha256, part.len, *sealed) = (Hash::of(&[&other]), other.len() as u64, other.clone());
    });
    let case = lead.read_case(reporter.case).await.unwrap();
    let (saved, alarms) = lead.save_attachments(&case, &folder, |_| ()).await.unwrap();
    assert_eq!((saved.len(), alert_codes(&alarms)), (0, vec![AlertCode::Damaged]));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
}
