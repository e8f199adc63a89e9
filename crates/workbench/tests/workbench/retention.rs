//! Closed cases at the end of their retention, and what came unreadable by the list.

use std::sync::Arc;

use envelope::life::Stage;
use workbench::acting::{ActError, ClosedAs};

use crate::{
    common::{PASSPHRASE, handler::Sent, office::Office, screen::Screen},
    program::{code, json, run},
    unreadable::{rubbish_grants, spoiled},
};

/// Rubbish of which the retention is over on the day of its closing.
fn short_lived(sent: &mut Sent) {
    rubbish_grants(sent);
    sent.retention_months = 0;
}

#[tokio::test]
async fn what_came_unreadable_is_destroyed_by_two_after_its_retention() {
    let office = Office::open();
    let (over, kept) = (spoiled(&office, short_lived), spoiled(&office, rubbish_grants));
    let honest = spoiled(&office, |sent| sent.retention_months = 0);
    let (mut lead, mut two) = (office.connect("lead").await, office.connect("two").await);
    assert!(matches!(lead.purge_unreadable(over.case).await, Err(ActError::Refused(_))), "it is open");
    for case in [over.case, kept.case] {
        lead.close_unreadable(case).await.unwrap();
        two.close_unreadable(case).await.unwrap();
    }
    assert!(matches!(lead.purge_unreadable(kept.case).await, Err(ActError::Refused(_))), "retention");
    assert!(matches!(lead.purge_unreadable(honest.case).await, Err(ActError::Readable)));
    assert_eq!(lead.maybe_unreadable(true).await.unwrap(), [over.case]);
    assert_eq!(lead.purge_unreadable(over.case).await.unwrap(), ClosedAs::Proposed);
    assert!(matches!(lead.purge_unreadable(over.case).await, Err(ActError::Refused(_))), "not alone");
    assert!(lead.maybe_unreadable(true).await.unwrap().is_empty());
    assert_eq!(two.maybe_unreadable(true).await.unwrap(), [over.case]);
    assert_eq!(two.purge_unreadable(over.case).await.unwrap(), ClosedAs::Approved);
    let stage = office.handler.with(over.case, |kept| kept.state.stage);
    assert_eq!(stage, Stage::Purged);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_command_closes_a_list_and_each_case_is_signed_for_itself() {
    let office = Office::open();
    let rubbish: Vec<_> = (0..3).map(|_| spoiled(&office, short_lived).case.to_string()).collect();
    let honest = spoiled(&office, |_| ()).case;
    let house = Arc::clone(&office.house);
    let person = |handle: &str, args: &[&str]| {
        let home = format!("home-{handle}");
        let first = ["--home", &home, "--passphrase-fd", "0", "--json"];
        run(house.dir.path(), &format!("{PASSPHRASE}\n"), &[&first[..], args].concat())
    };
    for handle in ["lead", "two"] {
        house.home(handle, &office.handler.url);
    }
    let close = ["unreadable", "--all", "--yes"];
    assert_eq!(code(&person("lead", &close[..2])), 4, "it asks before");
    let did = |output: &std::process::Output| -> Vec<(String, String)> {
        let told = json(output);
        let mut did: Vec<_> = told["cases"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["case"].as_str().unwrap().to_owned(), one["did"].as_str().unwrap().to_owned()))
            .collect();
        did.sort();
        did
    };
    let mut expected = rubbish.clone();
    expected.sort();
    let all = |word: &str| expected.iter().map(|case| (case.clone(), word.to_owned())).collect::<Vec<_>>();
    assert_eq!(did(&person("lead", &close)), all("proposed"));
    assert_eq!(did(&person("lead", &close)), [], "what waits for another person is left out");
    assert_eq!(did(&person("two", &close)), all("approved"));
    let events = |case: &str| office.handler.shelf.lock().unwrap().log_of(case.parse().unwrap()).len();
    assert_eq!(rubbish.iter().map(|case| events(case)).collect::<Vec<_>>(), [3, 3, 3]);
    assert_eq!(events(&honest.to_string()), 1);

    // The retention of these is over at once.
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
    let stage = |case: &String| office.handler.with(case.parse().unwrap(), |kept| kept.state.stage);
    assert!(rubbish.iter().all(|case| stage(case) == Stage::Purged));
    assert_ne!(stage(&honest.to_string()), Stage::Purged);
}

#[tokio::test]
async fn the_browser_lists_what_may_be_destroyed() {
    let screen = Screen::open("lead").await;
    screen.unlock().await;
    let (over, kept) = (spoiled(&screen.office, short_lived), spoiled(&screen.office, rubbish_grants));
    let (mut lead, mut two) = (screen.office.connect("lead").await, screen.office.connect("two").await);
    for case in [over.case, kept.case] {
        lead.close_unreadable(case).await.unwrap();
        two.close_unreadable(case).await.unwrap();
    }
    let page = screen.get("/queue/retention").await;
    assert_eq!(page.texts("th code"), [over.case.to_string()[..8].to_owned()]);
}
