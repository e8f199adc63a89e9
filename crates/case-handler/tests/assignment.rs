//! Whom a case is suggested to.

mod common;

use case_handler::assignment::{AssignmentQuery, Workload, rank_members, suggest_assignee};
use common::HandlerFixture;
use protocol::{case::event::Action, submission::envelope::Urgency};
use uuid::Uuid;

#[tokio::test]
async fn present_before_absent_then_language_then_load() {
    let mut world = HandlerFixture::new().await;
    world.directory.members[1].languages = vec!["ar".into(), "fr".into()];
    let holders = ["awa", "bila", "coumba"].map(str::to_owned);
    // A case whose lots fall in the order of the names.
    let lots = |case| {
        let question = AssignmentQuery {
            case,
            holders: &holders,
            absent_members: &[],
            lang: "fr",
            workload: &Workload::default(),
        };
        rank_members(&world.directory, &question).into_iter().map(|c| c.handle).collect::<Vec<_>>()
    };
    let case = (0..300)
        .map(Uuid::from_u128)
        .find(|case| lots(*case) == holders)
        .expect("one of six orders");
    let firsts: Vec<String> = (0..300).map(|case| lots(Uuid::from_u128(case)).remove(0)).collect();
    for handle in &holders {
        let times = firsts.iter().filter(|first| *first == handle).count();
        assert!(
            (60..140).contains(&times),
            "the lot falls on everybody alike: {times} on {handle}"
        );
    }
    let mut load = Workload::default();
    load.add("bila", Urgency::P4, 1);
    let ask = |lang: &str, absent: &[&str], load: &Workload| {
        let absent: Vec<String> = absent.iter().map(|handle| (*handle).to_owned()).collect();
        let question = AssignmentQuery {
            case,
            holders: &holders,
            absent_members: &absent,
            lang,
            workload: load,
        };
        let ranked: Vec<_> =
            rank_members(&world.directory, &question).into_iter().map(|c| c.handle).collect();
        (suggest_assignee(&world.directory, &question), ranked.join(" "))
    };
    assert_eq!(ask("fr", &[], &load), (Some("awa".into()), "awa coumba bila".into()));
    assert_eq!(
        ask("ar", &[], &load),
        (Some("bila".into()), "bila awa coumba".into()),
        "she reads it"
    );
    assert_eq!(ask("ar", &["bila"], &load), (Some("awa".into()), "awa coumba bila".into()));
    assert_eq!(ask("fr", &["awa", "bila", "coumba"], &load).0, None, "nobody is there");
    // One urgent case weighs as much as four that are not.
    load.add("awa", Urgency::P1, 1);
    load.add("coumba", Urgency::P4, 1);
    load.add("coumba", Urgency::P4, 1);
    assert_eq!(ask("fr", &[], &load).1, "bila coumba awa");
}

#[tokio::test]
async fn cases_are_spread_and_a_recusal_suggests_somebody_else() {
    let mut world = HandlerFixture::new().await;
    let mut suggested = Vec::new();
    for _ in 0..6 {
        let (report, _) = world.new_report(&["awa", "bila", "coumba", "eva"]);
        world.ingest(&report).await.expect("files");
        let queue = world.queue("awa").await;
        let row = queue.iter().find(|row| row.id == report.header.case.id).expect("is there");
        suggested.push((row.id, row.suggested.clone().expect("somebody")));
    }
    for handle in ["awa", "bila", "coumba"] {
        assert_eq!(suggested.iter().filter(|(_, to)| to == handle).count(), 2, "{suggested:?}");
    }
    let (id, _) = suggested.iter().find(|(_, to)| to == "awa").expect("one for awa");
    world.post_action("awa", *id, Action::Recused).await.expect("recuses");
    let queue = world.queue("bila").await;
    let now = queue.iter().find(|row| row.id == *id).and_then(|row| row.suggested.clone());
    assert!(matches!(now.as_deref(), Some("bila" | "coumba")), "{now:?}");
}
