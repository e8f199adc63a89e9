//! A member deceives the reporter or a colleague with a modified program, or a report comes with a
//! grant that its reader cannot use. A colleague's workbench raises an alarm with the name.

use crate::{
    cli::{code, run},
    common::{
        PASSPHRASE,
        browser::WorkbenchBrowser,
        desk,
        environment::{TestEnvironment, alert_codes, approve_rotation, claim_case},
        fake_handler::FakeHandler,
        now,
        reporter::TestReporter,
    },
};
use investigator::{Note, NoteKind, RotationFault};
use protocol::{
    Hash,
    api::workbench::{EventPayload, GenerationGrant, PartKind},
    case::{ActionKind, Role, RuleViolation, event::Action, next_event},
    keys::CaseSecret,
    rotation::RotationStatement,
    submission::key_grant::{Grant, SealedGrant, grant_tag},
};
use rand::rngs::OsRng;
use workbench::{
    actions::{ActionChoice, ActionError, ReplyInput},
    alert::{AlertCode, IntegrityAlert},
};

const JUNK: &[u8] = b"bytes that no key opens";

/// Replaces the newest event, which this member signed, by another event of the same member.
pub(crate) fn rewrite_newest_event(
    environment: &TestEnvironment,
    signer: &str,
    reporter: &TestReporter,
    change: impl FnOnce(&mut Action),
) {
    let mut store = environment.handler.store.lock().unwrap();
    let entry = store.log.pop().unwrap();
    let mut event = entry.decode_unverified().unwrap();
    assert_eq!((event.case, event.actor.as_str()), (reporter.case, signer));
    change(&mut event.action);
    let rewritten = event.sign(environment.installation.key_of(signer).device());
    let state = &mut store.cases.get_mut(&reporter.case).unwrap().state;
    state.head = rewritten.hash();
    if let Some(pending) = &mut state.pending_rotation {
        pending.proposal = rewritten.hash();
        if let Action::RotationProposed { rotation, .. } = &event.action {
            pending.rotation = (**rotation).clone();
        }
    }
    store.append(rewritten);
}

/// Lets a member with a modified program approve the pending rotation without checking it.
fn approve_unchecked(environment: &TestEnvironment, who: &str, reporter: &TestReporter) {
    let key = environment.installation.key_of(who);
    let signed_directory = environment.installation.signed_directory();
    let directory = signed_directory.verify_ignoring_dates(&environment.installation.trust);
    let directory = directory.unwrap();
    let mut store = environment.handler.store.lock().unwrap();
    let stored = store.cases.get_mut(&reporter.case).unwrap();
    let pending = stored.state.pending_rotation.clone().unwrap();
    let action = Action::RotationApproved { proposal: pending.proposal };
    let event = next_event(reporter.case, &stored.state, who, now(), action);
    let signed = event.sign(key.device());
    let role = Role::of_member(&directory, who, &stored.state.desk);
    stored.state.apply(&event, signed.hash(), role).unwrap();
    let confirmation = Some(pending.rotation.statement.confirm(key.device()));
    let payload = EventPayload { confirmation, ..EventPayload::default() };
    stored.apply_payload(&event, payload, &directory);
    store.append(signed);
}

/// Lets the lead claim the case and send one reply.
async fn reply_as_lead(environment: &TestEnvironment, reporter: &TestReporter) {
    let mut lead = environment.connect("lead").await;
    let mut case = claim_case(&mut lead, reporter).await;
    lead.send_reply(&mut case, ReplyInput { text: "Votre dossier est examiné.", lang: "fr" })
        .await
        .unwrap();
}

/// Replaces the reply that the reporter gets by these bytes, and signs them.
fn replace_sent_reply(environment: &TestEnvironment, reporter: &TestReporter, sent: &[u8]) {
    rewrite_newest_event(environment, "lead", reporter, |action| match action {
        Action::Replied { reply, .. } => *reply = Hash::of(&[sent]),
        other => panic!("unexpected {other:?}"),
    });
    environment.handler.with_case(reporter.case, |stored| {
        *stored.replies.last_mut().unwrap() = sent.to_vec();
    });
}

async fn alerts_of(
    environment: &TestEnvironment,
    handle: &str,
    reporter: &TestReporter,
) -> Vec<IntegrityAlert> {
    environment.connect(handle).await.read_case(reporter.case).await.unwrap().alarms
}

#[tokio::test]
async fn a_member_who_sends_the_reporter_something_else_is_named() {
    let environment = TestEnvironment::start();
    let reporter = environment.file_report(&[]);
    reply_as_lead(&environment, &reporter).await;
    assert_eq!(alerts_of(&environment, "three", &reporter).await, []);
    replace_sent_reply(&environment, &reporter, JUNK);
    let alerts = alerts_of(&environment, "two", &reporter).await;
    assert_eq!(alert_codes(&alerts), [AlertCode::ReplyDiffers]);
    assert!(alerts[0].text.starts_with("lead sent the reporter something else"), "{alerts:?}");
    // The colleague can still write to the reporter.
    let mut two = environment.connect("two").await;
    let mut case = two.read_case(reporter.case).await.unwrap();
    assert_eq!(case.thread.outgoing.len(), 1);
    two.declare(&mut case).await.unwrap();

    let folder = environment.installation.dir.path().to_owned();
    environment.installation.profile_dir("two", &environment.handler.url);
    let case = reporter.case.to_string();
    let arguments = ["--home", "home-two", "show", case.as_str(), "--passphrase-fd", "0"];
    let stdin = format!("{PASSPHRASE}\n");
    let shown = tokio::task::spawn_blocking({
        let arguments = arguments.map(str::to_owned);
        move || run(&folder, &stdin, &arguments.each_ref().map(String::as_str))
    });
    let shown = shown.await.unwrap();
    let text = String::from_utf8_lossy(&shown.stdout) + String::from_utf8_lossy(&shown.stderr);
    assert_eq!(code(&shown), 6, "{text}");
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("lead sent the reporter something else"), "{words}");
}

#[tokio::test]
async fn the_pages_name_a_member_who_deceives_the_reporter_in_both_languages() {
    let screen = WorkbenchBrowser::open("two").await;
    let reporter = screen.environment.file_report(&[]);
    reply_as_lead(&screen.environment, &reporter).await;
    replace_sent_reply(&screen.environment, &reporter, JUNK);
    screen.unlock().await;
    let case = screen.open_case(&reporter).await;
    let page = screen.get(&case).await.texts(".wrong").concat();
    assert!(page.contains("What a member sent to the reporter is not what"), "{page}");
    assert!(page.contains("lead sent the reporter something else"), "{page}");
    let french = screen.url(&case).replacen("/en/", "/fr/", 1);
    let answer = screen.http.get(french).header("cookie", &screen.cookie);
    let page = answer.header("sec-fetch-site", "same-origin").send().await.unwrap();
    let page = page.text().await.unwrap();
    assert!(page.contains("Ce qu’un membre a envoyé à la personne"), "{page}");
}

#[tokio::test]
async fn a_member_whose_copy_does_not_open_is_named() {
    let environment = TestEnvironment::start();
    let reporter = environment.file_report(&[]);
    reply_as_lead(&environment, &reporter).await;
    rewrite_newest_event(&environment, "lead", &reporter, |action| match action {
        Action::Replied { copy, .. } => *copy = Hash::of(&[JUNK]),
        other => panic!("unexpected {other:?}"),
    });
    environment.handler.with_case(reporter.case, |stored| {
        let (mut part, _) = stored.parts.pop().unwrap();
        assert_eq!(part.kind, PartKind::ReplyCopy);
        (part.sha256, part.len) = (Hash::of(&[JUNK]), JUNK.len() as u64);
        stored.parts.push((part, JUNK.to_vec()));
    });
    let alerts = alerts_of(&environment, "two", &reporter).await;
    assert_eq!(alert_codes(&alerts), [AlertCode::ReplyDiffers]);
    assert!(alerts[0].text.contains("a reply by lead failed verification"), "{alerts:?}");
    // The case handler serves the copy under another generation: the member is not blamed.
    environment.handler.with_case(reporter.case, |stored| {
        stored.parts.last_mut().unwrap().0.generation = 1;
    });
    assert_eq!(environment.alert_codes_of("two", &reporter).await, [AlertCode::Forged]);
}

/// Replaces the grant of this generation for this member in the store, and returns the replacement.
fn replace_grant(
    handler: &FakeHandler,
    reporter: &TestReporter,
    (handle, generation): (&str, u32),
    sealed: &[u8],
) -> GenerationGrant {
    handler.with_case(reporter.case, |stored| {
        let of = |(holder, grant): &&mut (String, GenerationGrant)| {
            holder == handle && grant.generation == generation
        };
        let (_, grant) = stored.grants.iter_mut().find(of).unwrap();
        grant.grant.sealed = sealed.to_vec();
        grant.clone()
    })
}

#[tokio::test]
async fn a_member_who_rotates_with_a_grant_that_does_not_open_is_named() {
    let environment = TestEnvironment::start();
    let mut lead = environment.connect("lead").await;
    for victim in ["outside", "two"] {
        let reporter = environment.file_report(&[]);
        let mut case = claim_case(&mut lead, &reporter).await;
        lead.propose_rotation(&mut case, &[], &mut OsRng).await.unwrap();
        let junk = environment.handler.with_case(reporter.case, |stored| {
            let pending = &mut stored.pending.as_mut().unwrap().grants;
            let (_, grant) = pending.iter_mut().find(|(holder, _)| holder == victim).unwrap();
            grant.grant.sealed = JUNK.to_vec();
            grant.clone()
        });
        rewrite_newest_event(&environment, "lead", &reporter, |action| {
            let Action::RotationProposed { grants, .. } = action else { panic!("a rotation") };
            let record = grants.iter_mut().find(|record| record.tag == junk.grant.tag).unwrap();
            *record = junk.to_record();
        });
        // An honest second person notices it, and approves nothing.
        let mut three = environment.connect("three").await;
        let mut theirs = three.read_case(reporter.case).await.unwrap();
        assert_eq!(theirs.alarms, []);
        let refused = three.approve_rotation(&mut theirs).await;
        let Err(ActionError::Rotation(RotationFault::GrantsDiffer(whom))) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(whom, [victim]);
        // One who helps the first approves it without a check. Every other reader is warned.
        approve_unchecked(&environment, "three", &reporter);
        let alerts = alerts_of(&environment, "three", &reporter).await;
        assert_eq!(alert_codes(&alerts), [AlertCode::GrantDiffers], "{victim}");
        let text = &alerts[0].text;
        assert!(text.starts_with(&format!("lead made a grant for {victim} ")), "{text}");
        // The victim learns who made the grant.
        if victim == "two" {
            let alerts = alerts_of(&environment, victim, &reporter).await;
            assert!(alert_codes(&alerts).contains(&AlertCode::Unopenable), "{alerts:?}");
            assert!(alerts.iter().any(|alert| alert.text.contains("made by lead")), "{alerts:?}");
        }
    }
}

#[tokio::test]
async fn a_member_who_assigns_with_a_grant_that_does_not_open_is_named() {
    let environment = TestEnvironment::start();
    let reporter = environment.file_report(&[]);
    let mut lead = environment.connect("lead").await;
    let mut case = claim_case(&mut lead, &reporter).await;
    lead.assign(&mut case, "two", "").await.unwrap();
    assert_eq!(alerts_of(&environment, "two", &reporter).await, []);
    let tag =
        grant_tag(reporter.case, &environment.installation.key_of("two").identity().recipient());
    let junk = GenerationGrant { generation: 0, grant: SealedGrant { tag, sealed: JUNK.to_vec() } };
    rewrite_newest_event(&environment, "lead", &reporter, |action| {
        let Action::Assigned { granted, .. } = action else { panic!("an assignment") };
        *granted = vec![junk.to_record()];
    });
    let alerts = alerts_of(&environment, "three", &reporter).await;
    assert_eq!(alert_codes(&alerts), [AlertCode::GrantDiffers]);
    assert!(alerts[0].text.starts_with("lead made a grant for two "), "{alerts:?}");
}

#[tokio::test]
async fn a_report_with_a_grant_that_does_not_open_names_its_reader() {
    let environment = TestEnvironment::start();
    let file = ("photo.jpg", "image/jpeg", &b"pixels"[..]);
    for victim in ["two", "outside"] {
        let reporter = environment.handler.file_tampered_report(
            &environment.installation,
            &[],
            ("An officer asked me for money.", file),
            |sent| {
                let of = |(handle, _): &&mut (String, GenerationGrant)| handle == victim;
                sent.grants.iter_mut().find(of).unwrap().1.grant.sealed = JUNK.to_vec();
            },
        );
        let alerts = alerts_of(&environment, "lead", &reporter).await;
        assert_eq!(alert_codes(&alerts), [AlertCode::ReportGrantDiffers], "{victim}");
        let text = &alerts[0].text;
        assert!(text.contains(&format!("without a valid grant for {victim}, ")), "{text}");
    }
    // Whom the reporter excluded has no grant, and that is no alarm.
    let reporter = environment.file_report(&["regional"]);
    assert_eq!(alerts_of(&environment, "lead", &reporter).await, []);
}

#[tokio::test]
async fn a_grant_that_no_event_records_is_detected_and_not_used() {
    let environment = TestEnvironment::start();
    let reporter = environment.file_report(&[]);
    let own = environment.installation.key_of("two").identity();
    let mut lead = environment.connect("lead").await;
    let mut case = claim_case(&mut lead, &reporter).await;
    lead.propose_rotation(&mut case, &[], &mut OsRng).await.unwrap();
    approve_rotation(&mut environment.connect("three").await, reporter.case).await;
    let open = |generation: u32| {
        environment.handler.with_case(reporter.case, |stored| {
            let of = |(handle, grant): &&(String, GenerationGrant)| {
                handle == "two" && grant.generation == generation
            };
            let (_, grant) = stored.grants.iter().find(of).unwrap();
            Grant::open(&grant.grant, own, reporter.case, generation).unwrap()
        })
    };
    // The case handler knows the reporter's key from a former member, and grants a secret of its
    // own for the new generation.
    let forged = Grant { secret: CaseSecret::from_bytes([9; 32]), ..open(1) };
    let sealed = forged.seal(&own.recipient()).sealed;
    replace_grant(&environment.handler, &reporter, ("two", 1), &sealed);
    let mut two = environment.connect("two").await;
    let mut case = two.read_case(reporter.case).await.unwrap();
    assert_eq!(alert_codes(&case.alarms), [AlertCode::GrantDiffers]);
    assert!(case.alarms[0].text.contains("no event records"), "{:?}", case.alarms);
    assert_eq!(case.open_case.newest_generation(), 0);
    two.declare(&mut case).await.unwrap();
    let mut case = two.read_case(reporter.case).await.unwrap();
    let note = Note { kind: NoteKind::Fact, text: "for colleagues only".into() };
    let refused = two.add_note(&mut case, &note).await;
    assert!(matches!(refused, Err(ActionError::MissingNewestGrant(1))), "{refused:?}");
    // The same content, sealed again by another party with the key of a former reader.
    let sealed = own.recipient().seal(&own.open(&open(0).seal(&own.recipient()).sealed).unwrap());
    replace_grant(&environment.handler, &reporter, ("two", 0), &sealed);
    let alerts = alerts_of(&environment, "two", &reporter).await;
    assert_eq!(alerts.iter().filter(|alert| alert.text.contains("no event records")).count(), 2);
}

#[tokio::test]
async fn members_who_announce_other_keys_to_the_reporter_are_named() {
    let environment = TestEnvironment::start();
    let reporter = environment.file_report(&[]);
    let mut lead = environment.connect("lead").await;
    let mut case = claim_case(&mut lead, &reporter).await;
    lead.propose_rotation(&mut case, &[], &mut OsRng).await.unwrap();
    let other = CaseSecret::from_bytes([9; 32]);
    let key = reporter.secret.replies_key();
    rewrite_newest_event(&environment, "lead", &reporter, |action| {
        let Action::RotationProposed { rotation, .. } = action else { panic!("a rotation") };
        let statement = RotationStatement {
            case_recipient: other.identity().recipient().hash(),
            replies_key: (&other.replies_key()).into(),
            ..rotation.statement.clone()
        };
        **rotation = statement.sign(&key);
    });
    let mut three = environment.connect("three").await;
    let mut theirs = three.read_case(reporter.case).await.unwrap();
    let refused = three.approve_rotation(&mut theirs).await;
    assert!(matches!(refused, Err(ActionError::Rotation(RotationFault::OtherKeys))));
    approve_unchecked(&environment, "three", &reporter);
    let alerts = alerts_of(&environment, "two", &reporter).await;
    assert_eq!(alert_codes(&alerts), [AlertCode::GrantDiffers]);
    let text = &alerts[0].text;
    assert!(text.starts_with("lead rotated the keys and three approved it, but"), "{text}");
    // No honest reader confirms it for the reporter.
    let confirmed = environment.handler.with_case(reporter.case, |stored| {
        stored.confirmations.iter().map(|by| by.device).collect::<Vec<_>>()
    });
    let device = |who: &str| environment.installation.key_of(who).device().into();
    assert_eq!(confirmed, ["lead", "three"].map(device));
}

#[tokio::test]
async fn an_outdated_proposal_is_not_approved() {
    let environment = TestEnvironment::start();
    let reporter = environment.file_report(&[]);
    let mut lead = environment.connect("lead").await;
    let mut case = claim_case(&mut lead, &reporter).await;
    lead.propose_rotation(&mut case, &[], &mut OsRng).await.unwrap();
    lead.send_reply(&mut case, ReplyInput { text: "Since when?", lang: "en" }).await.unwrap();
    let mut two = environment.connect("two").await;
    let mut theirs = two.read_case(reporter.case).await.unwrap();
    let refused = two.approve_rotation(&mut theirs).await;
    assert!(matches!(refused, Err(ActionError::Rotation(RotationFault::OtherNewestReply))));
    let again = lead.propose_rotation(&mut case, &[], &mut OsRng).await;
    assert!(matches!(again, Err(ActionError::Refused(RuleViolation::ProposalPending(_)))));
    lead.take_action(&mut case, ActionKind::Withdraw, ActionChoice::Nothing).await.unwrap();
    let mut case = lead.read_case(reporter.case).await.unwrap();
    lead.propose_rotation(&mut case, &[], &mut OsRng).await.unwrap();
    approve_rotation(&mut two, reporter.case).await;
}

#[tokio::test]
async fn a_reader_confirms_a_rotation_whose_members_have_other_keys_by_now() {
    let environment = TestEnvironment::start();
    let reporter = environment.file_report(&[]);
    let mut lead = environment.connect("lead").await;
    let mut case = claim_case(&mut lead, &reporter).await;
    lead.propose_rotation(&mut case, &[], &mut OsRng).await.unwrap();
    approve_rotation(&mut environment.connect("two").await, reporter.case).await;
    let confirmations = || {
        environment.handler.with_case(reporter.case, |stored| {
            stored.confirmations.iter().map(|by| by.device).collect::<Vec<_>>()
        })
    };
    lead.read_case(reporter.case).await.unwrap();
    assert_eq!(confirmations().len(), 2, "both members are in the directory");
    // One of them leaves.
    let admin_dir = &environment.installation.admin_dir;
    let mut draft = admin_dir.draft().unwrap();
    let members = ["lead", "three"];
    draft.add_desk(desk("internal_affairs", &members, &["FAC", "EXT"]), true).unwrap();
    draft.remove_member("two").unwrap();
    admin_dir.save_draft(&draft).unwrap();
    let signed = environment.installation.sign_directory();
    environment.handler.store.lock().unwrap().directories.push(signed);
    environment.connect("lead").await.read_case(reporter.case).await.unwrap();
    assert_eq!(confirmations().len(), 2, "a confirmation of the same member adds nothing");
    environment.connect("three").await.read_case(reporter.case).await.unwrap();
    let three = environment.installation.key_of("three").device().into();
    assert_eq!(confirmations().last(), Some(&three));
}
