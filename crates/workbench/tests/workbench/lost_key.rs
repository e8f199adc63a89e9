//! A member whose key was lost, and has a new one in the directory.

use rand::rngs::OsRng;
use secrecy::SecretString;
use taxonomy::Taxonomy;
use workbench::{
    actions::{ActionError, ReplyInput},
    alert::{AlertCode, AlertSeverity, has_alarm},
    case::CaseReadError,
    keys::key_file::InvestigatorKey,
    search::{Index, SearchFilter},
    session::HandlerConnection,
};

use crate::{
    cli::{code, run},
    common::{
        PASSPHRASE, cheap_scrypt,
        environment::{TestEnvironment, alert_codes, claim_case, declare_all},
        now, passphrase,
    },
    former_readers::remove_two_and_rekey_three,
};

/// Three with another key, connected to it.
async fn with_new_key(office: &TestEnvironment, key: &InvestigatorKey) -> HandlerConnection {
    let home = office.installation.profile_dir("three", &office.handler.url);
    workbench::private_files::replace_private(
        &home.key_path(),
        &key.seal(&passphrase(), cheap_scrypt()),
    )
    .unwrap();
    let sealed = workbench::private_files::read(&home.key_path()).unwrap();
    HandlerConnection::open(home, InvestigatorKey::open(&sealed, &passphrase()).unwrap(), now())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_for_ones_former_key_is_no_alarm_and_new_keys_open_everything_again() {
    let office = TestEnvironment::start();
    let mut reporter = office.file_report(&[]);
    let mut lead = office.connect("lead").await;
    let mut case = claim_case(&mut lead, &reporter).await;
    lead.send_reply(&mut case, ReplyInput { text: "Since when?", lang: "en" }).await.unwrap();
    office.handler.follow_up(&office.installation, &mut reporter, "Since May.");
    let renewed = remove_two_and_rekey_three(&office.installation);
    office.handler.store.lock().unwrap().directories.push(office.installation.signed_directory());

    let mut three = with_new_key(&office, &renewed).await;
    let read = three.read_case(reporter.case).await;
    let Err(CaseReadError::FormerKey(who)) = read else { panic!("{:?}", read.err()) };
    assert_eq!(who, "three");
    let mut index = Index::open(three.home(), three.key()).await.unwrap();
    let updated = index.update(&mut three, &Taxonomy::built_in(), |_, _| ()).await.unwrap();
    assert!(!has_alarm(&updated.alarms), "{:?}", updated.alarms);
    assert_eq!(updated.alarms[0].code, AlertCode::FormerKey, "and what to do is said");
    // The program: not there, and no ALARM.
    let id = reporter.case.to_string();
    let shown = run(
        office.installation.dir.path(),
        &format!("{PASSPHRASE}\n"),
        &["--home", "home-three", "--passphrase-fd", "0", "show", &id],
    );
    let told = String::from_utf8_lossy(&shown.stderr).into_owned();
    assert_eq!(code(&shown), 4, "{told}");
    assert!(!told.contains("ALARM") && told.contains("former-readers --rotate"), "{told}");

    // One step of a colleague gives all of it back.
    let mut lead = office.connect("lead").await;
    lead.rotate_case_keys(reporter.case, &mut OsRng).await.unwrap();
    let mut three = with_new_key(&office, &renewed).await;
    let mut case = three.read_case(reporter.case).await.unwrap();
    assert_eq!(case.alarms, []);
    assert_eq!(case.report().unwrap().story, "An officer asked me for money.");
    assert_eq!((case.thread.incoming.len(), case.thread.outgoing.len()), (2, 2));
    three.declare(&mut case).await.unwrap();
    let mut index = Index::open(three.home(), three.key()).await.unwrap();
    index.update(&mut three, &Taxonomy::built_in(), |_, _| ()).await.unwrap();
    assert_eq!(index.search("officer", &SearchFilter::default(), 5).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_sealed_to_a_former_key_alone_is_a_notice_and_what_is_withheld_stays_an_alarm() {
    let office = TestEnvironment::start();
    let mut reporter = office.file_report(&[]);
    let mut lead = office.connect("lead").await;
    claim_case(&mut lead, &reporter).await;
    office.handler.follow_up(&office.installation, &mut reporter, "Since May.");
    let renewed = remove_two_and_rekey_three(&office.installation);
    office.handler.store.lock().unwrap().directories.push(office.installation.signed_directory());
    let mut lead = office.connect("lead").await;
    lead.rotate_case_keys(reporter.case, &mut OsRng).await.unwrap();
    // As a rotation of an older version left it: the old generation is sealed to the old key alone.
    let of_older = |kept: &mut crate::common::fake_handler::StoredCase, who: &str| {
        kept.grants.retain(|(holder, grant)| holder != who || grant.generation == 1);
    };
    office.handler.with_case(reporter.case, |kept| of_older(kept, "three"));
    let case = with_new_key(&office, &renewed).await.read_case(reporter.case).await.unwrap();
    assert_eq!(alert_codes(&case.alarms), [], "{:?}", case.alarms);
    assert!(case.alarms.iter().any(|alarm| alarm.code == AlertCode::FormerKey));
    assert!(case.alarms.iter().all(|alarm| alarm.severity == AlertSeverity::Notice));

    // A member whose key never changed has every generation, or one is withheld.
    office.handler.with_case(reporter.case, |kept| of_older(kept, "lead"));
    let case = office.connect("lead").await.read_case(reporter.case).await.unwrap();
    assert!(has_alarm(&case.alarms));
}

#[tokio::test]
async fn closed_cases_get_new_keys_too_and_can_be_purged_after_a_key_was_lost() {
    let office = TestEnvironment::start();
    let reporter = office.file_report(&[]);
    let mut lead = office.connect("lead").await;
    let mut case = claim_case(&mut lead, &reporter).await;
    lead.send_reply(&mut case, ReplyInput { text: "Thank you.", lang: "en" }).await.unwrap();
    lead.change_stage(&mut case, protocol::case::Stage::Triaged, None).await.unwrap();
    let closing = protocol::case::Decision::Close {
        disposition: protocol::case::Disposition::OutOfScope,
        reason: protocol::case::ClosingReason::OtherBody,
        duplicate_of: None,
    };
    lead.propose(&mut case, closing).await.unwrap();
    let mut two = office.connect("two").await;
    let mut theirs = two.read_case(reporter.case).await.unwrap();
    two.declare(&mut theirs).await.unwrap();
    two.approve(&mut theirs, closing).await.unwrap();

    let renewed = remove_two_and_rekey_three(&office.installation);
    office.handler.store.lock().unwrap().directories.push(office.installation.signed_directory());
    let mut lead = office.connect("lead").await;
    let listed = lead.former_readers().await.unwrap();
    assert_eq!(
        listed.iter().map(|case| (case.rule, &*case.stage)).collect::<Vec<_>>(),
        [(None, "closed")]
    );
    lead.rotate_case_keys(reporter.case, &mut OsRng).await.unwrap();
    let mut three = with_new_key(&office, &renewed).await;
    let case = three.read_case(reporter.case).await.unwrap();
    assert_eq!(case.alarms, []);
    assert!(
        three.allowed_actions(&case).contains(&protocol::case::ActionKind::Declare),
        "and decides on the purge then"
    );
}

#[tokio::test]
async fn new_keys_show_nothing_and_leave_nobody_out_without_a_declaration() {
    let office = TestEnvironment::start();
    let reporters = [office.file_report(&[]), office.file_report(&[])];
    let mut lead = office.connect("lead").await;
    let mut case = lead.read_case(reporters[0].case).await.unwrap();
    assert_eq!(
        lead.rotate_keys(&mut case, &[], &mut OsRng).await.unwrap(),
        ["lead", "outside", "three", "two"]
    );
    let left_out = lead.rotate_keys(&mut case, &["two".into()], &mut OsRng).await;
    assert!(matches!(left_out, Err(ActionError::Refused(_))), "that takes a declaration");
    declare_all(&mut lead, &[&reporters[1]]).await;
    let mut case = lead.read_case(reporters[1].case).await.unwrap();
    lead.rotate_keys(&mut case, &["two".into()], &mut OsRng).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exit_code_tells_whether_a_former_reader_is_left() {
    let office = TestEnvironment::start();
    let reporters = [office.file_report(&[]), office.file_report(&[])];
    office.connect("lead").await;
    remove_two_and_rekey_three(&office.installation);
    office.handler.store.lock().unwrap().directories.push(office.installation.signed_directory());
    office.handler.with_case(reporters[0].case, |kept| {
        kept.add_part(protocol::api::workbench::PartKind::Note, 0, 9, b"forged".to_vec());
    });
    let folder = office.installation.dir.path();
    let rotate = || {
        let home = ["--home", "home-lead", "--passphrase-fd", "0", "former-readers", "--rotate"];
        run(folder, &format!("{PASSPHRASE}\n"), &home)
    };
    let first = rotate();
    let told = String::from_utf8_lossy(&first.stderr).into_owned();
    assert_eq!(code(&first), 7, "{told}");
    assert!(told.contains("1 of the cases"), "{told}");
    assert_eq!(
        office.handler.with_case(reporters[1].case, |kept| kept.state.generation),
        1,
        "the other is done"
    );
    office.handler.with_case(reporters[0].case, |kept| {
        kept.parts.pop();
    });
    assert_eq!(code(&rotate()), 0, "nothing is left");
}

#[test]
fn a_passphrase_of_any_form_opens_a_key() {
    let key = InvestigatorKey::generate("i-7", &mut OsRng).unwrap();
    let sealed = key.seal(&SecretString::from("e\u{301}le\u{300}ve cahier"), cheap_scrypt());
    assert!(InvestigatorKey::open(&sealed, &SecretString::from("élève cahier")).is_ok());
}
