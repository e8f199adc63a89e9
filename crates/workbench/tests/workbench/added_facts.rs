//! Facts that a reporter adds after the report: shown, searched and exported as the answers of the
//! report, without an effect of their own.

use std::sync::Arc;

use protocol::submission::{facts_body::FactsBody, report_body::ReportAnswer};
use scraper::{Html, Selector};
use taxonomy::Taxonomy;
use workbench::{
    actions::exposure_check::find_exposures,
    case::view::CaseView,
    search::{Index, SearchFilter},
};

use crate::{
    cli::{code, json, run},
    common::{
        PASSPHRASE, WorkbenchInstallation,
        browser::WorkbenchBrowser,
        environment::{TestEnvironment, claim_case},
        fake_handler,
    },
};

const HOSTILE: &str = "Dakola <b>\u{202e} 447182";

fn facts(category: &str) -> Vec<u8> {
    let answers = [
        ("place", ReportAnswer::One(HOSTILE.to_owned())),
        ("goods", ReportAnswer::Many(vec!["fuel".to_owned(), "food".to_owned()])),
        ("safety", ReportAnswer::One("me".to_owned())),
        ("unheard_of", ReportAnswer::One("kept".to_owned())),
    ];
    let answers = answers.map(|(question, answer)| (question.to_owned(), answer)).into();
    FactsBody { category: category.to_owned(), answers }.to_bytes()
}

#[tokio::test]
async fn added_facts_are_a_table_in_the_conversation_and_change_nothing_of_the_case() {
    let screen = WorkbenchBrowser::open("lead").await;
    let environment = &screen.environment;
    let mut reporter = environment.file_report(&[]);
    let add = |reporter: &mut _, body: &[u8]| {
        environment.handler.add_facts(&environment.installation, reporter, body);
    };
    add(&mut reporter, &facts("FAC"));
    screen.unlock().await;
    let case = screen.open_case(&reporter).await;
    let before = environment.handler.with_case(reporter.case, |stored| stored.state.clone());
    let page = screen.get(&format!("{case}/messages")).await;
    let questions = page.texts(".messages .facts dt");
    let answers = page.texts(".messages .facts dd");
    assert_eq!(answers.len(), 4, "{}", page.text);
    let answer_to = |question: &str| {
        let at = questions.iter().position(|label| label.contains(question)).unwrap();
        answers[at].clone()
    };
    assert_eq!(answer_to("Which office"), "Dakola <b>\u{fffd} 447182");
    assert_eq!(answer_to("What goods"), "Fuel, Food, livestock, farm produce");
    assert_eq!(answer_to("unheard_of"), "kept");
    let notices = page.texts(".messages .warn");
    assert_eq!(notices.len(), 1, "the category is that of the report: {notices:?}");
    assert!(notices[0].contains("priority P1"), "{notices:?}");

    add(&mut reporter, &facts("EXT"));
    let page = screen.get(&format!("{case}/messages")).await;
    let notices = page.texts(".messages .warn").concat();
    assert!(notices.contains("another category"), "{notices}");
    let after = environment.handler.with_case(reporter.case, |stored| stored.state.clone());
    assert_eq!(
        (after.priority, &after.desk, after.stage),
        (before.priority, &before.desk, before.stage)
    );

    // What is no canonical facts is shown as it arrived.
    add(&mut reporter, b"{\"category\": \"FAC\"}");
    let page = screen.get(&format!("{case}/messages")).await;
    assert_eq!(page.texts(".messages .text"), ["{\"category\": \"FAC\"}"]);
}

#[tokio::test]
async fn added_facts_are_searched_and_their_words_expose_the_reporter() {
    let environment = TestEnvironment::start();
    let mut reporter = environment.file_report(&[]);
    environment.handler.add_facts(&environment.installation, &mut reporter, &facts("FAC"));
    let mut lead = environment.connect("lead").await;
    let case = claim_case(&mut lead, &reporter).await;
    assert_eq!(case.alarms, []);
    let taxonomy = Taxonomy::built_in();
    let view = CaseView::new(&case, &taxonomy, "en");
    let found = find_exposures("Was it container 447182?", &view);
    assert!(found.iter().any(|finding| finding.words.contains("447182")), "{found:?}");

    let mut index = Index::open(lead.profile(), lead.key()).await.unwrap();
    index.update(&mut lead, &taxonomy, |_, _| ()).await.unwrap();
    for words in ["dakola", "carburant", "fuel", "kept"] {
        let hits = index.search(words, &SearchFilter::default(), 20).await.unwrap();
        assert_eq!(hits.len(), 1, "{words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn added_facts_are_in_the_export_and_on_the_command_line() {
    let installation = Arc::new(WorkbenchInstallation::new());
    let handler = fake_handler::start_fake_handler(&installation);
    let mut reporter = handler.file_report(&installation, &[], "They asked for money.");
    handler.add_facts(&installation, &mut reporter, &facts("EXT"));
    installation.profile_dir("lead", &handler.url);
    let folder = installation.dir.path();
    let lead = |more: &[&str], args: &[&str]| {
        let own = ["--home", "home-lead", "--passphrase-fd", "0", "--lang", "en"];
        run(folder, &format!("{PASSPHRASE}\n"), &[&own, more, args].concat())
    };
    let id = reporter.case.to_string();
    assert_eq!(code(&lead(&[], &["claim", &id])), 0);
    let shown = json(&lead(&["--json"], &["show", &id]));
    let added = &shown["messages"][0]["facts"];
    assert_eq!((&added["category"], &added["urgent"]), (&"EXT".into(), &"P1".into()), "{shown}");
    assert_eq!(added["is_other_category"], true);
    assert_eq!(shown["state"]["priority"], "P3");
    let printed = String::from_utf8(lead(&[], &["show", &id]).stdout).unwrap();
    for part in [
        "Added facts, about:",
        "another category",
        "has priority P1",
        "Fuel, Food, livestock, farm produce",
        "kept",
    ] {
        assert!(printed.contains(part), "{part}: {printed}");
    }
    assert!(!printed.contains('\u{202e}'));

    assert_eq!(code(&lead(&[], &["export", &id, "--unsealed", "--output", "out"])), 0);
    let page = std::fs::read_to_string(folder.join("out/case.html")).unwrap();
    let html = Html::parse_document(&page);
    assert_eq!(html.errors, Vec::<std::borrow::Cow<'_, str>>::new());
    let answers: Vec<String> = html
        .select(&Selector::parse("dd").unwrap())
        .map(|answer| answer.text().collect())
        .collect();
    assert!(answers.contains(&"Dakola <b>\u{fffd} 447182".to_owned()), "{answers:?}");
    assert!(answers.contains(&"Fuel, Food, livestock, farm produce".to_owned()), "{answers:?}");
    let verified = json(&run(folder, "", &["verify", "out", "--json"]));
    assert_eq!(verified["ok"].as_bool(), Some(true), "{verified}");
}
