//! The mailbox says that the oversight body has the report only once it has a key that opens it.

use case_handler::ingest::oversight_members;
use protocol::case::{Decision, Stage, event::Action};

use super::{RelayFixture, common::submissions::follow_up, open_published_mailbox};

#[tokio::test]
async fn the_reporter_sees_the_oversight_body_only_once_it_has_a_key() {
    let mut fixture = RelayFixture::new().await;
    let (report, receipt) = fixture.handler.new_report(&["awa", "bila", "coumba"]);
    let id = report.header.case.id;
    fixture.intake.add_submissions([fixture.seal_submission(&report, &report)]);
    let mut collector = fixture.collector();
    let identity = receipt.mailbox_identity();
    let shown = |fixture: &RelayFixture| {
        let header = open_published_mailbox(fixture, &report, &identity).unwrap().header;
        (header.released_to_oversight, header.oversight_asked)
    };
    collector.run_cycle().await.unwrap();
    assert_eq!(shown(&fixture), (false, false));
    let mut asks = follow_up(&report, "Now they may.");
    asks.header.release_to_oversight = true;
    fixture.intake.add_submissions([fixture.seal_submission(&report, &asks)]);
    collector.run_cycle().await.unwrap();
    let handler = &fixture.handler;
    let state = handler.case("awa", id).await.unwrap().row.state;
    assert!(state.released.is_some(), "the reporter asked");
    assert_eq!(shown(&fixture), (false, true), "no member has given a key yet");
    assert_eq!(oversight_members(&handler.directory), ["eva"]);
    handler.declare(id, &["awa", "bila"]).await;
    let grants = ["awa", "bila", "coumba", "eva"].map(|who| handler.garbage_grant(id, 1, who));
    handler.propose_rotation("awa", id, grants.to_vec()).await.unwrap();
    handler.approve_rotation("bila", id).await.unwrap();
    collector.run_cycle().await.unwrap();
    assert_eq!(shown(&fixture), (true, false));
}

#[tokio::test]
async fn the_reporter_sees_no_oversight_body_whose_members_with_a_key_have_left() {
    let mut fixture = RelayFixture::new().await;
    let (report, receipt) = fixture.handler.new_report(&["awa", "bila", "coumba", "eva"]);
    let mut asks = follow_up(&report, "They may read it now.");
    asks.header.release_to_oversight = true;
    fixture.intake.add_submissions([
        fixture.seal_submission(&report, &report),
        fixture.seal_submission(&report, &asks),
    ]);
    let mut collector = fixture.collector();
    let identity = receipt.mailbox_identity();
    let shown = |fixture: &RelayFixture| {
        let header = open_published_mailbox(fixture, &report, &identity).unwrap().header;
        (header.released_to_oversight, header.oversight_asked)
    };
    collector.run_cycle().await.unwrap();
    assert_eq!(shown(&fixture), (true, false));
    fixture
        .handler
        .publish(|directory| {
            let oversight = directory.oversight.clone();
            let desk = directory.desks.iter_mut().find(|desk| desk.id == oversight).unwrap();
            desk.members = vec!["newcomer".to_owned()];
            let eva = directory.members.iter_mut().find(|member| member.handle == "eva").unwrap();
            eva.handle = "newcomer".to_owned();
        })
        .await;
    collector.run_cycle().await.unwrap();
    assert_eq!(shown(&fixture), (false, true));
}

#[tokio::test]
async fn the_reporter_sees_that_no_member_could_open_the_report() {
    let mut fixture = RelayFixture::new().await;
    let (report, receipt) = fixture.handler.new_report(&["awa", "bila", "coumba"]);
    let id = report.header.case.id;
    fixture.intake.add_submissions([fixture.seal_submission(&report, &report)]);
    let mut collector = fixture.collector();
    let identity = receipt.mailbox_identity();
    collector.run_cycle().await.unwrap();
    let header = |fixture: &RelayFixture| {
        open_published_mailbox(fixture, &report, &identity).unwrap().header
    };
    assert!(!header(&fixture).unreadable);
    let unreadable = Decision::CLOSE_AS_UNREADABLE;
    let handler = &fixture.handler;
    handler.post_action("awa", id, Action::Proposed(unreadable)).await.unwrap();
    handler.post_action("bila", id, Action::Approved(unreadable)).await.unwrap();
    collector.run_cycle().await.unwrap();
    let shown = header(&fixture);
    assert_eq!((shown.stage, shown.unreadable), (Stage::Closed, true));
    assert!(!shown.released_to_oversight, "the reporter refused it");
}
