//! Queues: most urgent first, page by page, with exactly the cases that each member may see.

mod common;

use std::collections::HashSet;

use case_handler::escalation;
use common::{HandlerFixture, submissions::follow_up};
use http::StatusCode;
use protocol::{
    api::workbench::CaseSummary,
    case::{Calendar, event::Action},
};
use sea_orm::{ConnectionTrait, Database};
use time::Duration;

const DESK_MEMBERS: [&str; 4] = ["awa", "bila", "coumba", "eva"];

async fn queue_page(
    handler: &HandlerFixture,
    handle: &str,
    query: &str,
) -> Result<Vec<CaseSummary>, StatusCode> {
    handler.get(&format!("/v1/cases?{query}"), &handler.sign_in(handle).await).await
}

#[tokio::test]
async fn all_pages_together_are_the_complete_queue_in_order() {
    let mut handler = HandlerFixture::new().await;
    for day in 0..9 {
        let (report, _) = handler.new_report(&DESK_MEMBERS);
        handler.ingest(&report).await.unwrap();
        if day % 3 == 0 {
            handler.post_action("awa", report.header.case.id, Action::Claimed).await.unwrap();
        }
        handler.clock.advance(Duration::days(1));
    }
    let whole = handler.queue("awa").await;
    assert_eq!(whole.len(), 9);
    let due = |row: &CaseSummary| (row.state.next_deadline().unwrap().due, row.id);
    assert!(whole.is_sorted_by_key(due));
    let mut pages = queue_page(&handler, "awa", "limit=2").await.unwrap();
    assert_eq!(pages.len(), 2);
    loop {
        let (day, id) = due(pages.last().unwrap());
        let next =
            queue_page(&handler, "awa", &format!("limit=4&after={id}&due={day}")).await.unwrap();
        if next.is_empty() {
            break;
        }
        pages.extend(next);
    }
    assert_eq!(pages, whole);
    for invalid in
        ["limit=many", "limit=2&after=me", "after=00000000-0000-0000-0000-000000000000&due=today"]
    {
        assert_eq!(
            queue_page(&handler, "awa", invalid).await,
            Err(StatusCode::BAD_REQUEST),
            "{invalid}"
        );
    }
}

#[tokio::test]
async fn a_queue_reflects_grants_and_deadlines_immediately() {
    let mut handler = HandlerFixture::new().await;
    let (report, _) = handler.new_report(&DESK_MEMBERS);
    handler.ingest(&report).await.unwrap();
    let id = report.header.case.id;
    assert_eq!(handler.queue("eva").await, [], "withheld");
    handler.post_action("awa", id, Action::Recused).await.unwrap();
    assert_eq!(handler.queue("awa").await, [], "recused");
    assert_eq!(handler.queue("bila").await.len(), 1);
    handler.ingest(&follow_up(&report, "more")).await.unwrap();
    assert_eq!(handler.queue("bila").await.len(), 1, "once, however often it changes");

    // Each of several overdue cases is released to the oversight body once.
    for _ in 0..4 {
        let (report, _) = handler.new_report(&DESK_MEMBERS);
        handler.ingest(&report).await.unwrap();
    }
    handler.clock.advance(Duration::days(40));
    let today = handler.clock.today();
    assert_eq!(handler.store.overdue_cases(today, None, 100).await.unwrap().len(), 5);
    let raw = Database::connect(&handler.url).await.unwrap();
    let moved = "UPDATE cases SET escalates = '2026-01-01' WHERE id = (SELECT id FROM cases ORDER BY id DESC LIMIT 1)";
    raw.execute_unprepared(moved).await.unwrap();
    raw.close().await.unwrap();
    let (mut overdue, mut cursor) = (HashSet::new(), None);
    while let page = handler.store.overdue_cases(today, cursor, 1).await.unwrap()
        && let Some((last, _)) = page.last()
    {
        cursor = Some(*last);
        overdue.extend(page.iter().map(|(_, case)| case.id));
    }
    assert_eq!(
        overdue.len(),
        5,
        "paging finds all, although the position of one differs from its state"
    );
    let released = escalation::escalate_overdue(
        &handler.store,
        &handler.directory,
        &Calendar::default(),
        handler.signer(),
    )
    .await
    .unwrap();
    assert_eq!(released, 5);
    assert!(handler.store.overdue_cases(today, None, 100).await.unwrap().is_empty());
    assert_eq!(handler.queue("eva").await.len(), 5);
}
