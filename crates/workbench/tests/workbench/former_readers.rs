//! Cases with former readers: members who left or have another key.

use protocol::{
    Priority,
    api::workbench::{FormerReader, FormerReason},
    case::{ActionKind, Decision},
};
use rand::rngs::OsRng;
use workbench::{
    actions::{ActionChoice, ActionError},
    alert::AlertCode,
    keys::key_file::InvestigatorKey,
};

use crate::{
    cli::{code, run},
    common::{
        PASSPHRASE, WorkbenchInstallation, desk,
        environment::{TestEnvironment, alert_codes, claim_case},
    },
    lost_key::connect_with_key,
};

/// Signs the next directory, in which one member has left the desk and another has a new key.
pub(crate) fn remove_two_and_rekey_three(installation: &WorkbenchInstallation) -> InvestigatorKey {
    let mut draft = installation.admin_dir.draft().unwrap();
    draft.add_desk(desk("internal_affairs", &["lead", "three"], &["FAC", "EXT"]), true).unwrap();
    draft.remove_member("two").unwrap();
    let renewed = InvestigatorKey::generate("three", &mut OsRng).unwrap();
    draft.add_member(&renewed.request(), vec!["regional".into()], vec!["fr".into()], true).unwrap();
    installation.admin_dir.save_draft(&draft).unwrap();
    installation.sign_directory();
    renewed
}

#[tokio::test]
async fn after_a_departure_two_members_rotate_the_keys_of_all_cases_in_one_step_each() {
    let environment = TestEnvironment::start();
    let reporters = [
        environment.file_report(&[]),
        environment.file_report(&["regional"]),
        environment.file_report(&[]),
    ];
    let mut lead = environment.connect("lead").await;
    for reporter in &reporters[..2] {
        claim_case(&mut lead, reporter).await;
    }
    assert!(lead.former_readers().await.unwrap().is_empty());

    let renewed = remove_two_and_rekey_three(&environment.installation);
    environment
        .handler
        .store
        .lock()
        .unwrap()
        .directories
        .push(environment.installation.signed_directory());
    let mut lead = environment.connect("lead").await;
    let reported = lead.former_readers().await.unwrap();
    assert_eq!(reported.len(), 3);
    assert_eq!(
        reported.iter().map(|case| case.rule).collect::<Vec<_>>(),
        [None; 3],
        "no declaration is needed"
    );
    let two = FormerReader { handle: "two".into(), reason: FormerReason::Left };
    let three = FormerReader { handle: "three".into(), reason: FormerReason::OldKey };
    for case in &reported {
        let excluded = case.case == reporters[1].case;
        let expected = if excluded { vec![two.clone()] } else { vec![two.clone(), three.clone()] };
        assert_eq!(case.readers, expected, "whom the reporter excluded never held one");
    }

    let possible: Vec<_> =
        reported.iter().filter(|case| case.refused.is_none()).map(|case| case.case).collect();
    let proposed = lead.propose_all(possible.clone(), &mut OsRng).await.unwrap();
    for entry in proposed {
        let readers = entry.result.unwrap();
        let excluded = entry.case == reporters[1].case;
        assert_eq!(readers.readers, if excluded { vec!["lead"] } else { vec!["lead", "three"] });
        assert_eq!(readers.oversight, ["outside"]);
        assert_eq!(readers.left_out, Vec::<String>::new());
    }
    let listed = lead.former_readers().await.unwrap();
    assert_eq!(listed.iter().map(|case| case.rule).collect::<Vec<_>>(), [Some("pending"); 3]);
    assert!(listed.iter().all(|case| case.proposed));
    assert_eq!(lead.rotations_to_approve().await.unwrap(), [], "not one's own");
    // The member with the new key is the second person, and opens the cases with the grants of the
    // proposals. Only one reader of the desk is left of the other case, so it is released.
    let mut three = connect_with_key(&environment, "three", &renewed).await;
    let waiting = three.rotations_to_approve().await.unwrap();
    assert_eq!(waiting.len(), 2);
    let mut case = lead.read_case(reporters[1].case).await.unwrap();
    lead.take_action(&mut case, ActionKind::Escalate, ActionChoice::Nothing).await.unwrap();
    let mut outside = environment.connect("outside").await;
    for (second, count) in [(&mut three, 2), (&mut outside, 1)] {
        let cases: Vec<_> =
            second.rotations_to_approve().await.unwrap().iter().map(|case| case.case).collect();
        let approved = second.approve_all(cases).await.unwrap();
        assert_eq!(approved.len(), count);
        assert!(approved.iter().all(|entry| entry.result.is_ok()), "{approved:?}");
    }
    assert!(lead.former_readers().await.unwrap().is_empty(), "none is left");
    // The new key opens what the former key could no longer open.
    let newest = environment.handler.with_case(reporters[0].case, |stored| {
        let of_three =
            stored.grants.iter().filter(|(who, grant)| who == "three" && grant.generation == 1);
        of_three.map(|(_, grant)| grant.grant.clone()).collect::<Vec<_>>()
    });
    assert_eq!(newest.len(), 1);
    assert!(
        protocol::submission::key_grant::Grant::open(
            &newest[0],
            renewed.identity(),
            reporters[0].case,
            1
        )
        .is_ok()
    );
    assert_eq!(lead.read_case(reporters[0].case).await.unwrap().alarms, []);
}

#[tokio::test]
async fn a_case_with_an_alarm_is_not_rotated_and_does_not_stop_the_others() {
    let environment = TestEnvironment::start();
    let reporters = [environment.file_report(&[]), environment.file_report(&[])];
    let mut lead = environment.connect("lead").await;
    for reporter in &reporters {
        claim_case(&mut lead, reporter).await;
    }
    remove_two_and_rekey_three(&environment.installation);
    environment
        .handler
        .store
        .lock()
        .unwrap()
        .directories
        .push(environment.installation.signed_directory());
    // Adds a note that no event names.
    environment.handler.with_case(reporters[0].case, |stored| {
        stored.add_part(protocol::api::workbench::PartKind::Note, 0, 9, b"forged".to_vec());
    });
    let mut lead = environment.connect("lead").await;
    let cases = reporters.each_ref().map(|reporter| reporter.case);
    let proposed = lead.propose_all(cases, &mut OsRng).await.unwrap();
    assert!(matches!(proposed[0].result, Err(ActionError::UnresolvedAlerts)));
    assert!(proposed[1].result.is_ok());
    assert_eq!(
        environment.handler.with_case(cases[0], |stored| stored.state.generation),
        0,
        "nothing was changed"
    );
}

/// At most one proposal is pending in a case. Another one is not mistaken for new keys.
#[tokio::test(flavor = "multi_thread")]
async fn a_case_with_another_proposal_is_left_and_the_command_fails() {
    let environment = TestEnvironment::start();
    let reporter = environment.file_report(&[]);
    let mut lead = environment.connect("lead").await;
    let mut case = claim_case(&mut lead, &reporter).await;
    lead.propose(&mut case, Decision::Lower { priority: Priority::P4 }).await.unwrap();
    remove_two_and_rekey_three(&environment.installation);
    environment
        .handler
        .store
        .lock()
        .unwrap()
        .directories
        .push(environment.installation.signed_directory());
    let listed = environment.connect("lead").await.former_readers().await.unwrap();
    assert_eq!((listed[0].rule, listed[0].proposed), (Some("pending"), false));
    let rotate = ["--home", "home-lead", "--passphrase-fd", "0", "former-readers", "--rotate"];
    let output = run(environment.installation.dir.path(), &format!("{PASSPHRASE}\n"), &rotate);
    assert_eq!(code(&output), 7, "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn a_proposal_that_leaves_out_a_member_is_not_approved_with_the_others() {
    let environment = TestEnvironment::start();
    let reporters = [environment.file_report(&[]), environment.file_report(&[])];
    let mut lead = environment.connect("lead").await;
    for (reporter, without) in reporters.iter().zip([vec![], vec!["two".to_owned()]]) {
        let mut case = claim_case(&mut lead, reporter).await;
        lead.propose_rotation(&mut case, &without, &mut OsRng).await.unwrap();
    }
    let mut three = environment.connect("three").await;
    let cases = reporters.each_ref().map(|reporter| reporter.case);
    let approved = three.approve_all(cases).await.unwrap();
    assert!(approved[0].result.is_ok());
    let Err(ActionError::LeavesOut(who)) = &approved[1].result else { panic!("{approved:?}") };
    assert_eq!(who, "two");
    let generation = |case| environment.handler.with_case(case, |stored| stored.state.generation);
    assert_eq!(cases.map(generation), [1, 0]);
}

#[tokio::test]
async fn a_wrong_grant_from_the_sender_of_a_report_does_not_prevent_new_keys() {
    let environment = TestEnvironment::start();
    let file = ("a.txt", "text/plain", &b"a file"[..]);
    let reporter = environment.handler.file_tampered_report(
        &environment.installation,
        &[],
        ("a story", file),
        |sent| {
            let of_three = sent.grants.iter_mut().find(|(handle, _)| handle == "three");
            of_three.unwrap().1.grant.sealed = b"bytes that no key opens".to_vec();
        },
    );
    let mut lead = environment.connect("lead").await;
    let case = claim_case(&mut lead, &reporter).await;
    assert_eq!(alert_codes(&case.alarms), [AlertCode::ReportGrantDiffers]);
    lead.propose_case_rotation(reporter.case, &mut OsRng).await.unwrap();
    let mut two = environment.connect("two").await;
    let mut case = two.read_case(reporter.case).await.unwrap();
    two.approve_rotation(&mut case).await.unwrap();
    let generation = environment.handler.with_case(reporter.case, |stored| stored.state.generation);
    assert_eq!(generation, 1);
    // Another alarm still prevents it.
    environment.handler.with_case(reporter.case, |stored| {
        stored.add_part(protocol::api::workbench::PartKind::Note, 0, 9, b"forged".to_vec());
    });
    let refused = lead.propose_case_rotation(reporter.case, &mut OsRng).await;
    assert!(matches!(refused, Err(ActionError::UnresolvedAlerts)));
}
