//! Closed cases at the end of their retention, and lists of unreadable cases.

use std::sync::Arc;

use protocol::case::Stage;
use workbench::actions::{ActionError, DecisionOutcome};

use crate::{
    cli::{code, json, run},
    common::{
        PASSPHRASE, browser::WorkbenchBrowser, environment::TestEnvironment,
        fake_handler::SealedReport,
    },
    unreadable::{corrupt_grants, file_tampered},
};

/// Sends random bytes with a retention that ends on the day of the closing.
fn with_short_retention(sent: &mut SealedReport) {
    corrupt_grants(sent);
    sent.retention_months = 0;
}

#[tokio::test]
async fn an_unreadable_case_is_purged_by_two_people_after_its_retention() {
    let environment = TestEnvironment::start();
    let (over, stored) = (
        file_tampered(&environment, with_short_retention),
        file_tampered(&environment, corrupt_grants),
    );
    let honest = file_tampered(&environment, |sent| sent.retention_months = 0);
    let (mut lead, mut two) = (environment.connect("lead").await, environment.connect("two").await);
    assert!(
        matches!(lead.purge_unreadable(over.case).await, Err(ActionError::Refused(_))),
        "it is open"
    );
    for case in [over.case, stored.case] {
        lead.close_unreadable(case).await.unwrap();
        two.close_unreadable(case).await.unwrap();
    }
    assert!(
        matches!(lead.purge_unreadable(stored.case).await, Err(ActionError::Refused(_))),
        "retention"
    );
    assert!(matches!(lead.purge_unreadable(honest.case).await, Err(ActionError::CaseIsReadable)));
    assert_eq!(lead.unreadable_candidates(true).await.unwrap(), [over.case]);
    assert_eq!(lead.purge_unreadable(over.case).await.unwrap(), DecisionOutcome::Proposed);
    assert!(
        matches!(lead.purge_unreadable(over.case).await, Err(ActionError::Refused(_))),
        "not alone"
    );
    assert!(lead.unreadable_candidates(true).await.unwrap().is_empty());
    assert_eq!(two.unreadable_candidates(true).await.unwrap(), [over.case]);
    assert_eq!(two.purge_unreadable(over.case).await.unwrap(), DecisionOutcome::Approved);
    let stage = environment.handler.with_case(over.case, |stored| stored.state.stage);
    assert_eq!(stage, Stage::Purged);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_command_closes_a_list_and_signs_each_case_separately() {
    let environment = TestEnvironment::start();
    let rubbish: Vec<_> = (0..3)
        .map(|_| file_tampered(&environment, with_short_retention).case.to_string())
        .collect();
    let honest = file_tampered(&environment, |_| ()).case;
    let installation = Arc::clone(&environment.installation);
    let person = |handle: &str, args: &[&str]| {
        let profile = format!("home-{handle}");
        let first = ["--home", &profile, "--passphrase-fd", "0", "--json"];
        run(installation.dir.path(), &format!("{PASSPHRASE}\n"), &[&first[..], args].concat())
    };
    for handle in ["lead", "two"] {
        installation.profile_dir(handle, &environment.handler.url);
    }
    let close = ["unreadable", "--all", "--yes"];
    assert_eq!(code(&person("lead", &close[..2])), 4, "it asks before");
    let did = |output: &std::process::Output| -> Vec<(String, String)> {
        let reported = json(output);
        let mut did: Vec<_> = reported["cases"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                (one["case"].as_str().unwrap().to_owned(), one["did"].as_str().unwrap().to_owned())
            })
            .collect();
        did.sort();
        did
    };
    let mut expected = rubbish.clone();
    expected.sort();
    let all = |word: &str| {
        expected.iter().map(|case| (case.clone(), word.to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(did(&person("lead", &close)), all("proposed"));
    assert_eq!(did(&person("lead", &close)), [], "what waits for another person is left out");
    assert_eq!(did(&person("two", &close)), all("approved"));
    let events = |case: &str| environment.handler.events_of(case.parse().unwrap());
    assert_eq!(rubbish.iter().map(|case| events(case)).collect::<Vec<_>>(), [3, 3, 3]);
    assert_eq!(events(&honest.to_string()), 1);

    // The retention of these cases has ended at once.
    let over = json(&person("two", &["queue", "--retention-over"]));
    let mut listed: Vec<_> = over["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| case["id"].as_str().unwrap().to_owned())
        .collect();
    listed.sort();
    assert_eq!(listed, expected);
    assert_eq!(did(&person("two", &["unreadable", "--all", "--purge", "--yes"])), all("proposed"));
    assert_eq!(did(&person("lead", &["unreadable", "--all", "--purge", "--yes"])), all("approved"));
    let stage = |case: &String| {
        environment.handler.with_case(case.parse().unwrap(), |stored| stored.state.stage)
    };
    assert!(rubbish.iter().all(|case| stage(case) == Stage::Purged));
    assert_ne!(stage(&honest.to_string()), Stage::Purged);
}

#[tokio::test]
async fn the_pages_list_cases_that_can_be_purged() {
    let screen = WorkbenchBrowser::open("lead").await;
    screen.unlock().await;
    let (over, stored) = (
        file_tampered(&screen.environment, with_short_retention),
        file_tampered(&screen.environment, corrupt_grants),
    );
    let (mut lead, mut two) =
        (screen.environment.connect("lead").await, screen.environment.connect("two").await);
    for case in [over.case, stored.case] {
        lead.close_unreadable(case).await.unwrap();
        two.close_unreadable(case).await.unwrap();
    }
    let page = screen.get("/queue/retention").await;
    assert_eq!(page.texts("th code"), [over.case.to_string()[..8].to_owned()]);
}
