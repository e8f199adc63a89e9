//! Cases that somebody can open who has left or has another key.

use envelope::desk_api::{Former, FormerReader};
use rand::rngs::OsRng;
use workbench::{acting::ActError, keyfile::InvestigatorKey};

use crate::common::{
    House, desk,
    office::{Office, claimed},
};

/// The next directory, in which one has left the desk and another has a new key.
pub(crate) fn without_two_and_with_a_new_key_of_three(house: &House) -> InvestigatorKey {
    let mut draft = house.admin.draft().unwrap();
    draft.add_desk(desk("internal_affairs", &["lead", "three"], &["FAC", "EXT"]), true).unwrap();
    draft.remove_member("two").unwrap();
    let renewed = InvestigatorKey::generate("three", &mut OsRng).unwrap();
    draft.add_member(&renewed.request(), vec!["regional".into()], vec!["fr".into()], true).unwrap();
    house.admin.save_draft(&draft).unwrap();
    house.sign();
    renewed
}

#[tokio::test]
async fn after_a_departure_all_cases_get_new_keys_in_one_step() {
    let office = Office::open();
    let reporters = [office.file(&[]), office.file(&["regional"]), office.file(&[])];
    let mut lead = office.connect("lead").await;
    for reporter in &reporters[..2] {
        claimed(&mut lead, reporter).await;
    }
    assert!(lead.former_readers().await.unwrap().is_empty());

    let renewed = without_two_and_with_a_new_key_of_three(&office.house);
    office.handler.shelf.lock().unwrap().directories.push(office.house.signed());
    let mut lead = office.connect("lead").await;
    let told = lead.former_readers().await.unwrap();
    assert_eq!(told.len(), 3);
    assert_eq!(told.iter().map(|case| case.rule).collect::<Vec<_>>(), [None; 3], "no declaration is needed");
    let two = FormerReader { handle: "two".into(), why: Former::Left };
    let three = FormerReader { handle: "three".into(), why: Former::OldKey };
    for case in &told {
        let excluded = case.case == reporters[1].case;
        let expected = if excluded { vec![two.clone()] } else { vec![two.clone(), three.clone()] };
        assert_eq!(case.readers, expected, "whom the reporter excluded never held one");
    }

    let possible: Vec<_> = told.iter().filter(|case| case.refused.is_none()).map(|case| case.case).collect();
    let renewals = lead.renew_all(possible, &mut OsRng).await.unwrap();
    for renewal in renewals {
        let readers = renewal.outcome.unwrap();
        let excluded = renewal.case == reporters[1].case;
        assert_eq!(
            readers,
            if excluded { vec!["lead", "outside"] } else { vec!["lead", "outside", "three"] }
        );
    }
    assert!(lead.former_readers().await.unwrap().is_empty(), "none is left");
    // The new key opens what the old one could have opened no more.
    let newest = office.handler.with(reporters[0].case, |kept| {
        let of_three = kept.grants.iter().filter(|(who, grant)| who == "three" && grant.generation == 1);
        of_three.map(|(_, grant)| grant.grant.clone()).collect::<Vec<_>>()
    });
    assert_eq!(newest.len(), 1);
    assert!(envelope::grant::Grant::open(&newest[0], renewed.identity(), reporters[0].case, 1).is_ok());
    assert_eq!(lead.read_case(reporters[0].case).await.unwrap().alarms, []);
}

#[tokio::test]
async fn a_case_with_an_alarm_gets_no_new_keys_and_keeps_none_from_the_others() {
    let office = Office::open();
    let reporters = [office.file(&[]), office.file(&[])];
    let mut lead = office.connect("lead").await;
    for reporter in &reporters {
        claimed(&mut lead, reporter).await;
    }
    without_two_and_with_a_new_key_of_three(&office.house);
    office.handler.shelf.lock().unwrap().directories.push(office.house.signed());
    // A note that no event names.
    office.handler.with(reporters[0].case, |kept| {
        kept.add(envelope::desk_api::PartKind::Note, 0, 9, b"forged".to_vec());
    });
    let mut lead = office.connect("lead").await;
    let cases = reporters.each_ref().map(|reporter| reporter.case);
    let renewals = lead.renew_all(cases, &mut OsRng).await.unwrap();
    assert!(matches!(renewals[0].outcome, Err(ActError::Alarming)));
    assert!(renewals[1].outcome.is_ok());
    assert_eq!(office.handler.with(cases[0], |kept| kept.state.generation), 0, "nothing was changed");
}
