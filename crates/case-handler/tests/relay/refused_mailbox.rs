//! The mailbox says that the oversight body has the report only once it has a key that opens it.

use case_handler::ingest::oversight_members;

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
        open_published_mailbox(fixture, &report, &identity).unwrap().header.released_to_oversight
    };
    collector.run_cycle().await.unwrap();
    assert!(!shown(&fixture));
    let mut asks = follow_up(&report, "Now they may.");
    asks.header.release_to_oversight = true;
    fixture.intake.add_submissions([fixture.seal_submission(&report, &asks)]);
    collector.run_cycle().await.unwrap();
    let handler = &fixture.handler;
    let state = handler.case("awa", id).await.unwrap().row.state;
    assert!(state.released.is_some(), "the reporter asked");
    assert!(!shown(&fixture), "no member has given a key yet");
    assert_eq!(oversight_members(&handler.directory), ["eva"]);
    handler.declare(id, &["awa", "bila"]).await;
    let grants = ["awa", "bila", "coumba", "eva"].map(|who| handler.garbage_grant(id, 1, who));
    handler.propose_rotation("awa", id, grants.to_vec()).await.unwrap();
    handler.approve_rotation("bila", id).await.unwrap();
    collector.run_cycle().await.unwrap();
    assert!(shown(&fixture));
}
