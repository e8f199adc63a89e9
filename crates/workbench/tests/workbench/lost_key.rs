//! A member who lost the key and has a new one in the directory.

use protocol::case::{ActionKind, ClosingReason, Decision, Disposition, Stage};
use rand::rngs::OsRng;
use secrecy::SecretString;
use taxonomy::Taxonomy;
use workbench::{
    actions::{ActionChoice, ActionError, ReplyInput},
    alert::{AlertCode, AlertSeverity, has_alarm},
    case::{CaseReadError, queue::QueueFilter},
    keys::key_file::InvestigatorKey,
    search::{Index, SearchFilter},
    session::{
        HandlerConnection,
        key_health::{self, CheckStatus, CheckSubject},
    },
};

use crate::{
    cli::{code, run},
    common::{
        PASSPHRASE, cheap_scrypt, desk,
        environment::{TestEnvironment, alert_codes, approve_rotation, claim_case, declare_all},
        now, passphrase,
    },
    former_readers::remove_two_and_rekey_three,
    unreadable::file_tampered,
};

/// Connects member "three" with a new key.
async fn with_new_key(environment: &TestEnvironment, key: &InvestigatorKey) -> HandlerConnection {
    connect_with_key(environment, "three", key).await
}

/// Connects with a key in the profile of another one.
pub(crate) async fn connect_with_key(
    environment: &TestEnvironment,
    profile_of: &str,
    key: &InvestigatorKey,
) -> HandlerConnection {
    let profile = environment.installation.profile_dir(profile_of, &environment.handler.url);
    workbench::private_files::replace_private(
        &profile.key_path(),
        &key.seal(&passphrase(), cheap_scrypt()),
    )
    .unwrap();
    let sealed = workbench::private_files::read(&profile.key_path()).unwrap();
    HandlerConnection::open(profile, InvestigatorKey::open(&sealed, &passphrase()).unwrap(), now())
        .await
        .unwrap()
}

/// Returns for each case of the member's queue whether it is sealed to a former key.
async fn sealed_in_queue(connection: &HandlerConnection) -> Vec<bool> {
    let page = connection.queue_page(QueueFilter::Open, None, 50).await.unwrap();
    page.items.iter().map(|item| item.sealed_to_former_key).collect()
}

/// Returns the outcome of the check of the member's cases.
async fn cases_check(connection: &HandlerConnection) -> CheckStatus {
    let checks = key_health::run_checks(connection).await.unwrap();
    checks.iter().find(|check| check.subject == CheckSubject::Cases).unwrap().outcome
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_for_a_former_key_is_no_alarm_and_a_rotation_restores_access() {
    let environment = TestEnvironment::start();
    let mut reporter = environment.file_report(&[]);
    let mut lead = environment.connect("lead").await;
    let mut case = claim_case(&mut lead, &reporter).await;
    lead.send_reply(&mut case, ReplyInput { text: "Since when?", lang: "en" }).await.unwrap();
    environment.handler.follow_up(&environment.installation, &mut reporter, "Since May.");
    let renewed = remove_two_and_rekey_three(&environment.installation);
    environment
        .handler
        .store
        .lock()
        .unwrap()
        .directories
        .push(environment.installation.signed_directory());

    let mut three = with_new_key(&environment, &renewed).await;
    let read = three.read_case(reporter.case).await;
    let Err(CaseReadError::FormerKey(who)) = read else { panic!("{:?}", read.err()) };
    assert_eq!(who, "three");
    assert_eq!(sealed_in_queue(&three).await, [true]);
    assert_eq!(cases_check(&three).await, CheckStatus::Warning);
    assert_eq!(sealed_in_queue(&environment.connect("lead").await).await, [false]);
    let mut index = Index::open(three.profile(), three.key()).await.unwrap();
    let updated = index.update(&mut three, &Taxonomy::built_in(), |_, _| ()).await.unwrap();
    assert!(!has_alarm(&updated.alarms), "{:?}", updated.alarms);
    assert_eq!(updated.alarms[0].code, AlertCode::FormerKey, "and what to do is said");
    // The command line: not found, and no ALARM.
    let id = reporter.case.to_string();
    let shown = run(
        environment.installation.dir.path(),
        &format!("{PASSPHRASE}\n"),
        &["--home", "home-three", "--passphrase-fd", "0", "show", &id],
    );
    let output_text = String::from_utf8_lossy(&shown.stderr).into_owned();
    assert_eq!(code(&shown), 4, "{output_text}");
    assert!(
        !output_text.contains("ALARM") && output_text.contains("former-readers --rotate"),
        "{output_text}"
    );

    let queue = run(
        environment.installation.dir.path(),
        &format!("{PASSPHRASE}\n"),
        &["--home", "home-three", "--passphrase-fd", "0", "queue"],
    );
    let listed = String::from_utf8(queue.stdout).unwrap();
    assert!(listed.contains("SEALED TO YOUR FORMER KEY"), "{listed}");

    // A colleague proposes new keys, and the member approves them with the new key. This restores
    // access to all of it.
    let mut lead = environment.connect("lead").await;
    lead.propose_case_rotation(reporter.case, &mut OsRng).await.unwrap();
    let mut three = with_new_key(&environment, &renewed).await;
    let read = three.read_case(reporter.case).await;
    assert!(matches!(read, Err(CaseReadError::FormerKey(_))), "nothing is in effect yet");
    approve_rotation(&mut three, reporter.case).await;
    assert_eq!(sealed_in_queue(&three).await, [false]);
    assert_eq!(cases_check(&three).await, CheckStatus::Ok);
    let mut case = three.read_case(reporter.case).await.unwrap();
    assert_eq!(case.alarms, []);
    assert_eq!(case.report().unwrap().story, "An officer asked me for money.");
    assert_eq!((case.thread.incoming.len(), case.thread.outgoing.len()), (2, 1));
    three.declare(&mut case).await.unwrap();
    let mut index = Index::open(three.profile(), three.key()).await.unwrap();
    index.update(&mut three, &Taxonomy::built_in(), |_, _| ()).await.unwrap();
    assert_eq!(index.search("officer", &SearchFilter::default(), 5).await.unwrap().len(), 1);
}

#[tokio::test]
async fn content_for_a_former_key_is_a_notice_and_withheld_content_stays_an_alarm() {
    let environment = TestEnvironment::start();
    let mut reporter = environment.file_report(&[]);
    let mut lead = environment.connect("lead").await;
    claim_case(&mut lead, &reporter).await;
    environment.handler.follow_up(&environment.installation, &mut reporter, "Since May.");
    let renewed = remove_two_and_rekey_three(&environment.installation);
    environment
        .handler
        .store
        .lock()
        .unwrap()
        .directories
        .push(environment.installation.signed_directory());
    let mut lead = environment.connect("lead").await;
    lead.propose_case_rotation(reporter.case, &mut OsRng).await.unwrap();
    approve_rotation(&mut with_new_key(&environment, &renewed).await, reporter.case).await;
    // As a rotation by an older version left it: the old generation is sealed only to the former
    // key.
    let of_older = |stored: &mut crate::common::fake_handler::StoredCase, who: &str| {
        stored.grants.retain(|(holder, grant)| holder != who || grant.generation == 1);
    };
    environment.handler.with_case(reporter.case, |stored| of_older(stored, "three"));
    let case = with_new_key(&environment, &renewed).await.read_case(reporter.case).await.unwrap();
    assert_eq!(alert_codes(&case.alarms), [], "{:?}", case.alarms);
    assert!(case.alarms.iter().any(|alarm| alarm.code == AlertCode::FormerKey));
    assert!(case.alarms.iter().all(|alarm| alarm.severity == AlertSeverity::Notice));

    // A member whose key never changed has every generation; a missing one is withheld.
    environment.handler.with_case(reporter.case, |stored| of_older(stored, "lead"));
    let case = environment.connect("lead").await.read_case(reporter.case).await.unwrap();
    assert!(has_alarm(&case.alarms));
}

#[tokio::test]
async fn closed_cases_are_rotated_and_purged_after_a_key_was_lost() {
    let environment = TestEnvironment::start();
    let reporter = file_tampered(&environment, |sent| sent.retention_months = 0);
    let mut lead = environment.connect("lead").await;
    let mut case = claim_case(&mut lead, &reporter).await;
    lead.send_reply(&mut case, ReplyInput { text: "Thank you.", lang: "en" }).await.unwrap();
    lead.change_stage(&mut case, Stage::Triaged, None).await.unwrap();
    let closing = Decision::Close {
        disposition: Disposition::OutOfScope,
        reason: ClosingReason::OtherBody,
        duplicate_of: None,
    };
    lead.propose(&mut case, closing).await.unwrap();
    let mut two = environment.connect("two").await;
    let mut theirs = two.read_case(reporter.case).await.unwrap();
    two.declare(&mut theirs).await.unwrap();
    two.approve(&mut theirs, closing).await.unwrap();

    let renewed = remove_two_and_rekey_three(&environment.installation);
    environment
        .handler
        .store
        .lock()
        .unwrap()
        .directories
        .push(environment.installation.signed_directory());
    let mut lead = environment.connect("lead").await;
    let listed = lead.former_readers().await.unwrap();
    assert_eq!(
        listed.iter().map(|case| (case.rule, &*case.stage)).collect::<Vec<_>>(),
        [(None, "closed")]
    );
    lead.propose_case_rotation(reporter.case, &mut OsRng).await.unwrap();
    let mut three = with_new_key(&environment, &renewed).await;
    approve_rotation(&mut three, reporter.case).await;
    let mut case = three.read_case(reporter.case).await.unwrap();
    assert_eq!(case.alarms, []);
    three.declare(&mut case).await.unwrap();
    three.propose(&mut case, Decision::Purge).await.unwrap();
    let mut case = lead.read_case(reporter.case).await.unwrap();
    lead.approve(&mut case, Decision::Purge).await.unwrap();
    let stage = environment.handler.with_case(reporter.case, |stored| stored.state.stage);
    assert_eq!(stage, Stage::Purged);
}

#[tokio::test]
async fn a_rotation_opens_earlier_content_to_a_member_who_joined_the_oversight_body() {
    let environment = TestEnvironment::start();
    let reporter = environment.file_report(&[]);
    let mut lead = environment.connect("lead").await;
    let mut case = claim_case(&mut lead, &reporter).await;
    lead.take_action(&mut case, ActionKind::Escalate, ActionChoice::Nothing).await.unwrap();

    let successor = InvestigatorKey::generate("outside-2", &mut OsRng).unwrap();
    let admin_dir = &environment.installation.admin_dir;
    let mut draft = admin_dir.draft().unwrap();
    draft.add_member(&successor.request(), Vec::new(), vec!["fr".into()], false).unwrap();
    draft.add_desk(desk("external", &["outside", "outside-2"], &[]), true).unwrap();
    admin_dir.save_draft(&draft).unwrap();
    let signed = environment.installation.sign_directory();
    environment.handler.store.lock().unwrap().directories.push(signed);

    let mut lead = environment.connect("lead").await;
    lead.propose_case_rotation(reporter.case, &mut OsRng).await.unwrap();
    let mut joined = connect_with_key(&environment, "outside", &successor).await;
    approve_rotation(&mut joined, reporter.case).await;
    let mut case = joined.read_case(reporter.case).await.unwrap();
    assert_eq!(case.alarms, []);
    assert_eq!(case.report().unwrap().story, "An officer asked me for money.");
    joined.declare(&mut case).await.unwrap();
    assert_eq!(environment.alert_codes_of("outside", &reporter).await, []);

    // The next event has room for new grants only, because the others are recorded already.
    lead.propose_case_rotation(reporter.case, &mut OsRng).await.unwrap();
    approve_rotation(&mut environment.connect("two").await, reporter.case).await;
    assert_eq!(environment.alert_codes_of("outside", &reporter).await, []);
    let store = environment.handler.store.lock().unwrap();
    let rotated = &store.log[store.log.len() - 2];
    let rotated = rotated.decode_unverified().unwrap().action;
    assert_eq!(rotated.recorded_grants().len(), 5);
    assert!(rotated.recorded_grants().iter().all(|grant| grant.generation == 2));
}

#[tokio::test]
async fn without_a_declaration_a_rotation_shows_nothing_and_removes_no_reader() {
    let environment = TestEnvironment::start();
    let reporters = [environment.file_report(&[]), environment.file_report(&[])];
    let mut lead = environment.connect("lead").await;
    let mut case = lead.read_case(reporters[0].case).await.unwrap();
    let left_out = lead.propose_rotation(&mut case, &["two".into()], &mut OsRng).await;
    assert!(matches!(left_out, Err(ActionError::Refused(_))), "that takes a declaration");
    let readers = lead.propose_rotation(&mut case, &[], &mut OsRng).await.unwrap();
    assert_eq!(readers.readers, ["lead", "three", "two"]);
    assert_eq!(readers.oversight, ["outside"]);
    approve_rotation(&mut environment.connect("two").await, reporters[0].case).await;
    declare_all(&mut lead, &[&reporters[1]]).await;
    let mut case = lead.read_case(reporters[1].case).await.unwrap();
    lead.propose_rotation(&mut case, &["two".into()], &mut OsRng).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exit_code_reports_remaining_former_readers() {
    let environment = TestEnvironment::start();
    let reporters = [environment.file_report(&[]), environment.file_report(&[])];
    environment.connect("lead").await;
    let renewed = remove_two_and_rekey_three(&environment.installation);
    environment
        .handler
        .store
        .lock()
        .unwrap()
        .directories
        .push(environment.installation.signed_directory());
    environment.handler.with_case(reporters[0].case, |stored| {
        stored.add_part(protocol::api::workbench::PartKind::Note, 0, 9, b"forged".to_vec());
    });
    let folder = environment.installation.dir.path();
    let rotate = || {
        let profile = ["--home", "home-lead", "--passphrase-fd", "0", "former-readers", "--rotate"];
        run(folder, &format!("{PASSPHRASE}\n"), &profile)
    };
    let first = rotate();
    let output_text = String::from_utf8_lossy(&first.stderr).into_owned();
    assert_eq!(code(&first), 7, "{output_text}");
    assert!(output_text.contains("for 1 of the cases"), "{output_text}");
    let is_proposed = |case| {
        environment.handler.with_case(case, |stored| stored.state.pending_rotation.is_some())
    };
    assert!(is_proposed(reporters[1].case) && !is_proposed(reporters[0].case));
    environment.handler.with_case(reporters[0].case, |stored| {
        stored.parts.pop();
    });
    assert_eq!(code(&rotate()), 0, "new keys are proposed for both");
    let second = with_new_key(&environment, &renewed).await;
    assert_eq!(second.rotations_to_approve().await.unwrap().len(), 2);
    let approve = ["--home", "home-three", "--passphrase-fd", "0", "former-readers", "--approve"];
    let approved = run(folder, &format!("{PASSPHRASE}\n"), &approve);
    assert_eq!(code(&approved), 0, "{}", String::from_utf8_lossy(&approved.stderr));
    let generation = |case| environment.handler.with_case(case, |stored| stored.state.generation);
    assert_eq!(reporters.each_ref().map(|reporter| generation(reporter.case)), [1, 1]);

    // The oversight body has no access to a case that is not released to it.
    let case = reporters[1].case.to_string();
    let args = ["--home", "home-lead", "--passphrase-fd", "0", "rotate", &case];
    let rotated = run(folder, &format!("{PASSPHRASE}\n"), &args);
    let printed = String::from_utf8([rotated.stdout, rotated.stderr].concat()).unwrap();
    let printed = printed.split_whitespace().collect::<Vec<_>>().join(" ");
    let (now, later) = printed.split_once(" When the case is released").expect(&printed);
    assert!(now.contains("lead") && !now.contains("outside"), "{printed}");
    assert!(later.starts_with(" to the oversight body: outside."), "{printed}");
}

#[test]
fn a_passphrase_in_any_unicode_form_opens_a_key() {
    let key = InvestigatorKey::generate("i-7", &mut OsRng).unwrap();
    let sealed = key.seal(&SecretString::from("e\u{301}le\u{300}ve cahier"), cheap_scrypt());
    assert!(InvestigatorKey::open(&sealed, &SecretString::from("élève cahier")).is_ok());
}
