//! Queues: the most pressing first, page by page, and of each member exactly what that member may
//! see.

mod common;

use std::collections::HashSet;

use case_handler::{
    escalation,
    store::{CaseStore, QueuePlace},
};
use common::{HandlerFixture, submissions::follow_up};
use http::StatusCode;
use migrations_cases::{Migrator, MigratorTrait};
use protocol::{
    api::workbench::CaseSummary,
    case::{Calendar, event::Action},
};
use sea_orm::{ConnectionTrait, Database};
use time::Duration;
use uuid::Uuid;

const DESK_MEMBERS: [&str; 4] = ["awa", "bila", "coumba", "eva"];

async fn queue_page(
    world: &HandlerFixture,
    handle: &str,
    query: &str,
) -> Result<Vec<CaseSummary>, StatusCode> {
    world.get(&format!("/v1/cases?{query}"), &world.sign_in(handle).await).await
}

#[tokio::test]
async fn pages_put_together_are_the_whole_queue_in_its_order() {
    let mut world = HandlerFixture::new().await;
    for day in 0..9 {
        let (report, _) = world.new_report(&DESK_MEMBERS);
        world.ingest(&report).await.unwrap();
        if day % 3 == 0 {
            world.post_action("awa", report.header.case.id, Action::Claimed).await.unwrap();
        }
        world.clock.advance(Duration::days(1));
    }
    let whole = world.queue("awa").await;
    assert_eq!(whole.len(), 9);
    let due = |row: &CaseSummary| (row.state.next_deadline().unwrap().due, row.id);
    assert!(whole.is_sorted_by_key(due));
    let mut pages = queue_page(&world, "awa", "most=2").await.unwrap();
    assert_eq!(pages.len(), 2);
    loop {
        let (day, id) = due(pages.last().unwrap());
        let next =
            queue_page(&world, "awa", &format!("most=4&after={id}&due={day}")).await.unwrap();
        if next.is_empty() {
            break;
        }
        pages.extend(next);
    }
    assert_eq!(pages, whole);
    for wrong in
        ["most=many", "most=2&after=me", "after=00000000-0000-0000-0000-000000000000&due=today"]
    {
        assert_eq!(queue_page(&world, "awa", wrong).await, Err(StatusCode::BAD_REQUEST), "{wrong}");
    }
}

#[tokio::test]
async fn a_queue_follows_grants_and_deadlines_at_once() {
    let mut world = HandlerFixture::new().await;
    let (report, _) = world.new_report(&DESK_MEMBERS);
    world.ingest(&report).await.unwrap();
    let id = report.header.case.id;
    assert_eq!(world.queue("eva").await, [], "held back");
    world.post_action("awa", id, Action::Recused).await.unwrap();
    assert_eq!(world.queue("awa").await, [], "stepped back");
    assert_eq!(world.queue("bila").await.len(), 1);
    world.ingest(&follow_up(&report, "more")).await.unwrap();
    assert_eq!(world.queue("bila").await.len(), 1, "once, however often it changes");

    // Of many that are overdue each is given to the outside body, and is not looked at again.
    for _ in 0..4 {
        let (report, _) = world.new_report(&DESK_MEMBERS);
        world.ingest(&report).await.unwrap();
    }
    world.clock.advance(Duration::days(40));
    let today = world.clock.today();
    assert_eq!(world.store.overdue_cases(today, None, 100).await.unwrap().len(), 5);
    let raw = Database::connect(&world.url).await.unwrap();
    let moved = "UPDATE cases SET escalates = '2026-01-01' WHERE id = (SELECT id FROM cases ORDER BY id DESC LIMIT 1)";
    raw.execute_unprepared(moved).await.unwrap();
    raw.close().await.unwrap();
    let (mut overdue, mut behind) = (HashSet::new(), None);
    while let page = world.store.overdue_cases(today, behind, 1).await.unwrap()
        && let Some((last, _)) = page.last()
    {
        behind = Some(*last);
        overdue.extend(page.iter().map(|(_, case)| case.id));
    }
    assert_eq!(
        overdue.len(),
        5,
        "page by page the same, although one stands elsewhere than its state says"
    );
    let released = escalation::escalate_overdue(
        &world.store,
        &world.directory,
        &Calendar::default(),
        world.signer(),
    )
    .await
    .unwrap();
    assert_eq!(released, 5);
    assert!(world.store.overdue_cases(today, None, 100).await.unwrap().is_empty());
    assert_eq!(world.queue("eva").await.len(), 5);
}

#[tokio::test]
async fn cases_of_an_older_version_are_found_in_queues_after_an_upgrade() {
    let mut world = HandlerFixture::new().await;
    let mut reports = Vec::new();
    for _ in 0..3 {
        let (report, _) = world.new_report(&DESK_MEMBERS);
        world.ingest(&report).await.unwrap();
        reports.push(report.header.case.id);
    }
    world.post_action("awa", reports[0], Action::Claimed).await.unwrap();
    let (queue, load) = (world.queue("bila").await, world.store.workload().await.unwrap());
    world.store.release_writer().await.unwrap();

    // As the version before left it: the newest migration undone.
    let raw = Database::connect(&world.url).await.unwrap();
    for undo in [
        "DROP TABLE queues",
        "DROP INDEX cases_by_load",
        "DROP INDEX cases_by_escalation",
        "DROP INDEX set_aside_by_len",
        "ALTER TABLE cases DROP COLUMN open",
        "ALTER TABLE cases DROP COLUMN urgency",
        "ALTER TABLE cases DROP COLUMN assignee",
        "ALTER TABLE cases DROP COLUMN escalates",
        "ALTER TABLE set_aside DROP COLUMN len",
        "CREATE INDEX cases_by_next_due ON cases (next_due)",
        "CREATE INDEX grants_by_member ON grants (member, released)",
        "DELETE FROM seaql_migrations WHERE version = 'm20261123_000003_queues'",
    ] {
        raw.execute_unprepared(undo).await.unwrap();
    }
    assert_eq!(Migrator::get_pending_migrations(&raw).await.unwrap().len(), 1);
    raw.close().await.unwrap();

    let store = CaseStore::open(&world.url).await.unwrap();
    let rows = |cases: &[case_handler::store::CaseRecord]| {
        cases.iter().map(|case| case.to_summary(&Calendar::default())).collect::<Vec<_>>()
    };
    assert_eq!(rows(&store.queue("bila", None, 100).await.unwrap()), queue);
    assert_eq!(store.workload().await.unwrap(), load);
    let last = &queue[1];
    let behind = QueuePlace::from_state(last.id, &last.state);
    assert_eq!(rows(&store.queue("bila", Some(behind), 100).await.unwrap()), queue[2..]);
    let today = world.clock.today() + Duration::days(40);
    assert_eq!(store.overdue_cases(today, None, 100).await.unwrap().len(), 3);
    let last = QueuePlace::new(Some(today), Uuid::max());
    assert_eq!(store.overdue_cases(today, Some(last), 100).await.unwrap().len(), 0);
}
