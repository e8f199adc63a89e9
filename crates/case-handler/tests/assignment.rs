//! Suggestions of an assignee.

mod common;

use case_handler::assignment::{AssignmentQuery, Workload, rank_members, suggest_assignee};
use common::HandlerFixture;
use protocol::{
    Priority, api::workbench::CaseSummary, case::event::Action, directory::Directory,
    submission::envelope::OpenedSubmission,
};
use uuid::Uuid;

#[tokio::test]
async fn present_before_absent_then_language_then_load() {
    let mut handler = HandlerFixture::new().await;
    handler.directory.members[1].languages = vec!["ar".into(), "fr".into()];
    let holders = ["awa", "bila", "coumba"].map(str::to_owned);
    // A case whose tie breakers follow the order of the names.
    let ranked_by_tie_breaker = |case| {
        let query = AssignmentQuery {
            case,
            holders: &holders,
            absent_members: &[],
            lang: "fr",
            workload: &Workload::default(),
        };
        rank_members(&handler.directory, &query).into_iter().map(|c| c.handle).collect::<Vec<_>>()
    };
    let case = (0..300)
        .map(Uuid::from_u128)
        .find(|case| ranked_by_tie_breaker(*case) == holders)
        .expect("one of six orders");
    let firsts: Vec<String> =
        (0..300).map(|case| ranked_by_tie_breaker(Uuid::from_u128(case)).remove(0)).collect();
    for handle in &holders {
        let times = firsts.iter().filter(|first| *first == handle).count();
        assert!(
            (60..140).contains(&times),
            "tie breakers are evenly distributed: {times} for {handle}"
        );
    }
    let mut workload = Workload::default();
    workload.add("bila", Priority::P4, 1);
    let suggest = |lang: &str, absent: &[&str], workload: &Workload| {
        let absent: Vec<String> = absent.iter().map(|handle| (*handle).to_owned()).collect();
        let query =
            AssignmentQuery { case, holders: &holders, absent_members: &absent, lang, workload };
        let ranked: Vec<_> =
            rank_members(&handler.directory, &query).into_iter().map(|c| c.handle).collect();
        (suggest_assignee(&handler.directory, &query), ranked.join(" "))
    };
    assert_eq!(suggest("fr", &[], &workload), (Some("awa".into()), "awa coumba bila".into()));
    assert_eq!(
        suggest("ar", &[], &workload),
        (Some("bila".into()), "bila awa coumba".into()),
        "she reads the language"
    );
    assert_eq!(suggest("ar", &["bila"], &workload), (Some("awa".into()), "awa coumba bila".into()));
    assert_eq!(
        suggest("fr", &["awa", "bila", "coumba"], &workload).0,
        None,
        "all members have an absence"
    );
    // One urgent case has the weight of four that are not urgent.
    workload.add("awa", Priority::P1, 1);
    workload.add("coumba", Priority::P4, 1);
    workload.add("coumba", Priority::P4, 1);
    assert_eq!(suggest("fr", &[], &workload).1, "bila coumba awa");
}

#[tokio::test]
async fn cases_are_distributed_and_a_recusal_suggests_another_member() {
    let mut handler = HandlerFixture::new().await;
    let mut suggested = Vec::new();
    for _ in 0..6 {
        let (report, _) = handler.new_report(&["awa", "bila", "coumba", "eva"]);
        handler.ingest(&report).await.expect("ingested");
        let queue = handler.queue("awa").await;
        let row =
            queue.iter().find(|row| row.id == report.header.case.id).expect("the case exists");
        suggested.push((row.id, row.suggested.clone().expect("a suggestion")));
    }
    for handle in ["awa", "bila", "coumba"] {
        assert_eq!(suggested.iter().filter(|(_, to)| to == handle).count(), 2, "{suggested:?}");
    }
    let (id, _) = suggested.iter().find(|(_, to)| to == "awa").expect("one for awa");
    handler.post_action("awa", *id, Action::Recused).await.expect("recuses");
    let queue = handler.queue("bila").await;
    let now = queue.iter().find(|row| row.id == *id).and_then(|row| row.suggested.clone());
    assert!(matches!(now.as_deref(), Some("bila" | "coumba")), "{now:?}");
}

/// Returns the suggestion that follows from these rows of a queue.
fn suggestion_from(
    directory: &Directory,
    report: &OpenedSubmission,
    rows: &[CaseSummary],
) -> Option<String> {
    let mut workload = Workload::default();
    for row in rows {
        if let Some(handle) = row.state.assignee.as_ref().or(row.suggested.as_ref()) {
            workload.add(handle, row.state.priority, 1);
        }
    }
    let query = AssignmentQuery {
        case: report.header.case.id,
        holders: &["awa", "bila", "coumba"].map(str::to_owned),
        absent_members: &[],
        lang: &report.header.lang,
        workload: &workload,
    };
    suggest_assignee(directory, &query)
}

#[tokio::test]
async fn a_suggestion_depends_only_on_cases_that_all_its_readers_see() {
    let mut handler = HandlerFixture::new().await;
    let mut revealing = 0;
    for _ in 0..8 {
        for _ in 0..2 {
            let (hidden, _) = handler.new_report(&["bila", "coumba", "eva"]);
            handler.ingest(&hidden).await.expect("ingested");
        }
        let (seen, all) = (handler.queue("awa").await, handler.queue("bila").await);
        let (report, _) = handler.new_report(&["awa", "bila", "coumba", "eva"]);
        handler.ingest(&report).await.expect("ingested");
        let expected = suggestion_from(&handler.directory, &report, &seen);
        for reader in ["awa", "bila", "coumba"] {
            let queue = handler.queue(reader).await;
            let row = queue.iter().find(|row| row.id == report.header.case.id).expect("a row");
            assert_eq!(row.suggested, expected, "{reader}");
        }
        // Positive control: a count of all cases names another member, who then has fewer cases
        // that are hidden from awa.
        revealing += u32::from(suggestion_from(&handler.directory, &report, &all) != expected);
    }
    assert!(revealing > 0);
}

#[tokio::test]
async fn the_oversight_body_is_shown_no_suggestion_among_members_of_the_desk() {
    let mut handler = HandlerFixture::new().await;
    let (report, _) = handler.new_report(&["awa", "bila", "coumba", "eva"]);
    handler.ingest(&report).await.expect("ingested");
    let id = report.header.case.id;
    handler.post_action("awa", id, Action::Declared).await.expect("declares");
    handler.post_action("awa", id, Action::Escalated).await.expect("releases");
    let suggested = async |handler: &HandlerFixture, viewer: &str| {
        let queue = handler.queue(viewer).await;
        queue.into_iter().find(|row| row.id == id).expect("a row").suggested
    };
    assert_eq!(suggested(&handler, "eva").await, None);
    let of_desk = suggested(&handler, "bila").await.expect("a suggestion");
    assert_ne!(of_desk, "eva");
    // After all members of the desk have recused, the case is suggested to the oversight body.
    for handle in ["bila", "coumba", "awa"] {
        assert_ne!(suggested(&handler, handle).await.as_deref(), Some("eva"));
        handler.post_action(handle, id, Action::Recused).await.expect("recuses");
    }
    assert_eq!(suggested(&handler, "eva").await.as_deref(), Some("eva"));
}
