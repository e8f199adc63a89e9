//! Suggestions of an assignee.

mod common;

use case_handler::assignment::{AssignmentQuery, Workload, rank_members, suggest_assignee};
use common::HandlerFixture;
use protocol::{Priority, case::event::Action};
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
