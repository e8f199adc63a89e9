//! Cases whose readers leave the directory: the case handler releases them to the oversight body,
//! which can act on them and purge them.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use std::sync::Arc;

use case_handler::{
    context::HandlerContext,
    escalation::{Escalation, ReaderCheck, escalate_without_readers},
    ingest::SubmissionIngester,
};
use common::HandlerFixture;
use http::StatusCode;
use protocol::{
    api::workbench::CaseDetail,
    case::{
        Calendar, Decision, Stage,
        event::{Action, ReleaseReason},
    },
    directory::Directory,
};
use time::Duration;
use uuid::Uuid;

impl HandlerFixture {
    /// Returns the task that the service runs.
    fn escalation(&self) -> Escalation {
        let context = HandlerContext {
            store: Arc::clone(&self.store),
            log_keys: Arc::new(self.log_key.clone().into()),
            clock: self.clock.clone(),
            trusted_date: self.trusted_date(),
            calendar: Calendar::default(),
            warn_days: 0,
        };
        Escalation::new(context, Arc::clone(&self.directories))
    }

    async fn check_readers(&self) -> ReaderCheck {
        escalate_without_readers(&self.store, &self.directory, self.signer()).await.unwrap()
    }

    /// Publishes a directory without these members. A desk without members is removed.
    async fn remove_members(&mut self, handles: &[&str]) {
        let left = |handle: &str| handles.contains(&handle);
        self.publish(|directory| {
            directory.members.retain(|member| !left(&member.handle));
            for desk in &mut directory.desks {
                desk.members.retain(|handle| !left(handle));
            }
            directory.desks.retain(|desk| !desk.members.is_empty());
        })
        .await;
    }

    /// Returns why the cases in eva's queue were released.
    async fn released_to_eva(&self) -> Vec<(Uuid, Option<ReleaseReason>)> {
        let queue = self.queue("eva").await;
        let mut released: Vec<_> = queue.iter().map(|row| (row.id, row.state.released)).collect();
        released.sort_by_key(|(id, _)| *id);
        released
    }
}

/// Makes coumba the second member of the oversight body.
fn with_two_in_oversight(directory: &mut Directory) {
    directory.desks[0].members = vec!["awa".into(), "bila".into()];
    directory.desks[1].members = vec!["eva".into(), "coumba".into()];
}

#[tokio::test]
async fn cases_whose_readers_have_all_left_are_released_and_the_oversight_body_purges_them() {
    let mut handler = HandlerFixture::new().await;
    handler.publish(with_two_in_oversight).await;
    let (closed, _) = handler.closed_case().await;
    let (open, _) = handler.ingested_case().await;
    let escalation = handler.escalation();
    escalation.check().await.unwrap();
    assert_eq!(handler.queue("eva").await, [], "both readers are in the directory");

    handler.remove_members(&["awa", "bila"]).await;
    assert_eq!(handler.case("eva", closed).await, Err(StatusCode::NOT_FOUND));
    escalation.check().await.unwrap();
    let mut expected =
        [closed, open].map(|case| (case, Some(ReleaseReason::DeskConflicted))).to_vec();
    expected.sort_by_key(|(id, _)| *id);
    assert_eq!(handler.released_to_eva().await, expected);
    assert_eq!(handler.check_readers().await, ReaderCheck::default(), "each is released once");
    let contents = handler.store.mailboxes(None, 10).await.unwrap();
    assert!(contents.iter().all(|content| content.state.released.is_some()), "reporters see it");

    handler.clock.advance(Duration::days(5 * 366));
    for member in ["eva", "coumba"] {
        handler.post_action(member, closed, Action::Declared).await.unwrap();
    }
    handler.post_action("eva", closed, Action::Proposed(Decision::Purge)).await.unwrap();
    handler.post_action("coumba", closed, Action::Approved(Decision::Purge)).await.unwrap();
    let queue = handler.queue("eva").await;
    let purged = queue.iter().find(|row| row.id == closed).unwrap();
    assert_eq!(purged.state.stage, Stage::Purged);
    assert_eq!(handler.check_readers().await, ReaderCheck::default());
    case_handler::event_log::verify_chains(&handler.store).await.unwrap();
}

#[tokio::test]
async fn two_remaining_readers_keep_a_case_and_a_single_one_releases_it() {
    let mut handler = HandlerFixture::new().await;
    let (id, _) = handler.closed_case().await;
    handler.remove_members(&["coumba"]).await;
    assert_eq!(handler.check_readers().await, ReaderCheck::default());
    handler.renew_keys("bila").await;
    assert_eq!(handler.check_readers().await, ReaderCheck::default(), "bila has not left");
    handler
        .publish(|directory| {
            let mut elsewhere = directory.desks[0].clone();
            directory.desks[0].members = vec!["awa".into()];
            (elsewhere.id, elsewhere.members) = ("hr".into(), vec!["bila".into()]);
            directory.desks.push(elsewhere);
        })
        .await;
    assert_eq!(handler.check_readers().await, ReaderCheck::default(), "bila can still act");
    assert_eq!(handler.queue("eva").await, []);

    handler.remove_members(&["bila"]).await;
    assert_eq!(handler.check_readers().await, ReaderCheck { released: 1, ..Default::default() });
    assert_eq!(handler.case("eva", id).await.unwrap().holders, ["awa", "eva"]);
    handler.clock.advance(Duration::days(5 * 366));
    handler.post_action("eva", id, Action::Declared).await.unwrap();
    handler.post_action("awa", id, Action::Proposed(Decision::Purge)).await.unwrap();
    handler.post_action("eva", id, Action::Approved(Decision::Purge)).await.unwrap();
}

#[tokio::test]
async fn a_case_that_was_ingested_under_the_previous_directory_is_released_on_the_next_day() {
    let mut handler = HandlerFixture::new().await;
    let (report, _) = handler.new_report(&["awa", "bila", "eva"]);
    let previous = handler.directories.latest().unwrap();
    let escalation = handler.escalation();
    handler.remove_members(&["awa", "bila"]).await;
    escalation.check().await.unwrap();
    let ingester = SubmissionIngester {
        directory: &previous.directory,
        submission_directory: None,
        signer: handler.signer(),
        absent_members: &[],
        retention_months: 60,
    };
    let mut workload = handler.store.workload_by_readers().await.unwrap();
    ingester.ingest(&handler.store, &report, &mut workload).await.unwrap();
    escalation.check().await.unwrap();
    assert_eq!(handler.queue("eva").await, [], "readers are checked once a day");
    handler.clock.advance(Duration::days(1));
    escalation.check().await.unwrap();
    let expected = (report.header.case.id, Some(ReleaseReason::DeskConflicted));
    assert_eq!(handler.released_to_eva().await, [expected]);
}

#[tokio::test]
async fn a_case_that_no_member_can_read_is_counted_until_a_former_reader_is_in_the_directory() {
    let mut handler = HandlerFixture::new().await;
    let (report, _) = handler.new_report(&["awa", "bila", "coumba", "eva"]);
    handler.ingest(&report).await.unwrap();
    let before = handler.directory.clone();
    // A new member takes the place of eva, who alone had the grant of the oversight body.
    let (id, mut newcomer) = (report.header.case.id, before.members[0].clone());
    newcomer.handle = "fatou".into();
    handler
        .publish(|directory| {
            directory.members = vec![newcomer];
            directory.desks.retain(|desk| desk.id == "external");
            directory.desks[0].members = vec!["fatou".into()];
        })
        .await;
    let expected = ReaderCheck { released: 1, unreadable: 1, failed: 0 };
    assert_eq!(handler.check_readers().await, expected);
    let expected = ReaderCheck { released: 0, unreadable: 1, failed: 0 };
    assert_eq!(handler.check_readers().await, expected, "released, but still unreadable");

    handler
        .publish(|directory| {
            (directory.members, directory.desks) = (before.members, before.desks);
        })
        .await;
    assert_eq!(handler.check_readers().await, ReaderCheck::default());
    for member in ["awa", "eva"] {
        assert_eq!(handler.case(member, id).await.unwrap().row.id, id);
    }
}

#[tokio::test]
async fn a_rotation_gives_a_later_member_of_the_oversight_body_every_generation_of_a_closed_case() {
    let mut handler = HandlerFixture::new().await;
    handler.publish(|directory| directory.desks[0].members.retain(|who| who != "coumba")).await;
    let (report, _) = handler.new_report(&["awa", "bila", "eva"]);
    handler.ingest(&report).await.unwrap();
    let id = report.header.case.id;
    handler.close(id).await;
    handler.remove_members(&["awa", "bila"]).await;
    assert_eq!(handler.check_readers().await, ReaderCheck { released: 1, ..Default::default() });
    let evas = handler.case("eva", id).await.unwrap().grants;
    handler
        .publish(|directory| directory.desks[0].members = vec!["eva".into(), "coumba".into()])
        .await;
    assert_eq!(handler.case("coumba", id).await, Err(StatusCode::NOT_FOUND));

    let grants = [("eva", 1), ("coumba", 1), ("eva", 0), ("coumba", 0)]
        .map(|(who, generation)| handler.garbage_grant(id, generation, who));
    handler.propose_rotation("eva", id, grants.to_vec()).await.unwrap();
    // No other member reads the case. The member who joined gets the grants of earlier
    // generations with the proposal, and so can be the second person.
    let file = handler.case("coumba", id).await.unwrap();
    assert_eq!((file.grants.len(), file.pending_grants.len()), (1, 2));
    handler.approve_rotation("coumba", id).await.unwrap();
    let generations = |file: &CaseDetail| -> Vec<u32> {
        file.grants.iter().map(|grant| grant.generation).collect()
    };
    let file = handler.case("eva", id).await.unwrap();
    assert_eq!(generations(&file), [0, 1]);
    assert_eq!(file.grants[0], evas[0], "the grant of the reporter is unchanged");
    assert_eq!(generations(&handler.case("coumba", id).await.unwrap()), [0, 1]);

    handler.clock.advance(Duration::days(5 * 366));
    for member in ["eva", "coumba"] {
        handler.post_action(member, id, Action::Declared).await.unwrap();
    }
    handler.post_action("eva", id, Action::Proposed(Decision::Purge)).await.unwrap();
    handler.post_action("coumba", id, Action::Approved(Decision::Purge)).await.unwrap();
}
