//! A reporter refuses that the oversight body reads the report. It has no grant, so nothing
//! releases the case: not a missed deadline, not a member, not the loss of readers. The reporter
//! can change that in a message, and then members give it keys.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use case_handler::{
    escalation::{ReaderCheck, escalate_overdue, escalate_without_readers},
    notify::{MemberCaseView, needs_attention},
};
use common::{HandlerFixture, submissions::follow_up};
use http::StatusCode;
use protocol::{
    case::{
        Calendar, Decision, ReferralConsent, ReferralTarget, Role,
        event::{Action, ReleaseReason},
    },
    submission::envelope::OpenedSubmission,
};
use time::Duration;
use uuid::Uuid;

impl HandlerFixture {
    /// Ingests a report without a grant for the oversight body.
    async fn refusing_report(&mut self) -> (Uuid, OpenedSubmission) {
        let (report, _) = self.new_report(&["awa", "bila", "coumba"]);
        self.ingest(&report).await.unwrap();
        (report.header.case.id, report)
    }

    async fn escalate(&self) -> u32 {
        let calendar = Calendar::default();
        escalate_overdue(&self.store, &self.directory, &calendar, self.signer()).await.unwrap()
    }

    async fn released(&self, id: Uuid) -> Option<ReleaseReason> {
        self.case("awa", id).await.unwrap().row.state.released
    }

    /// Returns the members of the desk who get a digest because of this case.
    async fn reminded(&self, id: Uuid) -> Vec<&'static str> {
        let state = self.case("awa", id).await.unwrap().row.state;
        let is_reminded = |member: &&'static str| {
            let role = Role::of_member(&self.directory, member, &state.desk);
            let view = MemberCaseView { state: &state, suggested: None, member, role };
            needs_attention(view, &Calendar::default(), self.clock.today(), 0)
        };
        ["awa", "bila", "coumba"].into_iter().filter(is_reminded).collect()
    }

    async fn post_refused(&self, handle: &str, id: Uuid, action: Action) {
        let refused = self.post_action(handle, id, action).await.unwrap_err();
        assert_eq!(refused.rule.as_deref(), Some("oversight-refused"), "{refused:?}");
    }
}

#[tokio::test]
async fn no_missed_deadline_releases_a_case_whose_reporter_refused() {
    let mut handler = HandlerFixture::new().await;
    let (id, _) = handler.refusing_report().await;
    let (other, _) = handler.ingested_case().await;
    let state = handler.case("awa", id).await.unwrap().row.state;
    assert!(state.oversight_refused, "the first event says so");
    handler.clock.advance(Duration::days(400));
    assert_eq!(handler.escalate().await, 1, "the other case alone");
    assert_eq!(handler.released(id).await, None);
    assert_eq!(handler.released(other).await, Some(ReleaseReason::MissedDeadline));
    assert_eq!(handler.case("eva", id).await, Err(StatusCode::NOT_FOUND));
    // The case stays in the queue of the desk with its missed deadline.
    let state = handler.case("awa", id).await.unwrap().row.state;
    let today = handler.clock.today();
    assert!(Calendar::default().overdue_deadline(&state, today).is_some());
}

#[tokio::test]
async fn no_member_releases_a_case_whose_reporter_refused() {
    let mut handler = HandlerFixture::new().await;
    let (id, _) = handler.refusing_report().await;
    handler.declare(id, &["awa", "bila"]).await;
    handler.post_refused("awa", id, Action::Escalated).await;
    let refer = Decision::Refer { to: ReferralTarget::Prosecutor, consent: ReferralConsent::Full };
    handler.post_refused("awa", id, Action::Proposed(refer)).await;
    let grant = handler.garbage_grant(id, 0, "eva");
    let action =
        Action::Assigned { to: "eva".into(), granted: vec![grant.to_record()], note: None };
    let mut new = handler.signed_event("awa", id, action).await;
    new.payload.grants = vec![grant];
    let refused = handler.post_event("awa", id, &new).await.unwrap_err();
    assert_eq!(refused.rule.as_deref(), Some("oversight-refused"), "{refused:?}");
    let grants = ["awa", "bila", "coumba", "eva"].map(|who| handler.garbage_grant(id, 1, who));
    let refused = handler.propose_rotation("awa", id, grants.to_vec()).await.unwrap_err();
    assert!(refused.title.contains("current readers only"), "{refused:?}");
    assert_eq!(handler.case("eva", id).await, Err(StatusCode::NOT_FOUND));
    // New keys without the oversight body are accepted.
    let grants = ["awa", "bila", "coumba"].map(|who| handler.garbage_grant(id, 1, who));
    handler.propose_rotation("awa", id, grants.to_vec()).await.unwrap();
    handler.approve_rotation("bila", id).await.unwrap();
}

#[tokio::test]
async fn the_loss_of_readers_releases_no_case_whose_reporter_refused() {
    let mut handler = HandlerFixture::new().await;
    let (id, _) = handler.refusing_report().await;
    handler.post_action("bila", id, Action::Recused).await.unwrap();
    handler.post_action("coumba", id, Action::Recused).await.unwrap();
    assert_eq!(handler.released(id).await, None, "awa alone reads it");
    let directory = handler.directory.clone();
    let check = || escalate_without_readers(&handler.store, &directory, handler.signer());
    assert_eq!(check().await.unwrap(), ReaderCheck::default());
    handler.post_action("awa", id, Action::Recused).await.unwrap();
    let unreadable = ReaderCheck { unreadable: 1, ..ReaderCheck::default() };
    assert_eq!(check().await.unwrap(), unreadable, "the log of the service says so");
}

#[tokio::test]
async fn a_reporter_who_asks_later_releases_the_case_and_members_give_keys() {
    let mut handler = HandlerFixture::new().await;
    let (id, report) = handler.refusing_report().await;
    let mut asks = follow_up(&report, "Now they may.");
    asks.header.release_to_oversight = true;
    handler.ingest(&asks).await.unwrap();
    assert_eq!(handler.released(id).await, Some(ReleaseReason::ReporterAsked));
    assert_eq!(handler.case("eva", id).await, Err(StatusCode::NOT_FOUND), "without a key");
    handler.declare(id, &["awa", "bila"]).await;
    handler.post_action("awa", id, Action::Claimed).await.unwrap();
    handler.post_action("awa", id, Action::MarkedHandled).await.unwrap();
    assert_eq!(handler.reminded(id).await, ["awa", "bila", "coumba"]);
    let without = ["awa", "bila", "coumba"].map(|who| handler.garbage_grant(id, 1, who));
    let refused = handler.propose_rotation("awa", id, without.to_vec()).await.unwrap_err();
    assert!(refused.title.contains("the oversight body needs keys"), "{refused:?}");
    let grants = ["awa", "bila", "coumba", "eva"].map(|who| handler.garbage_grant(id, 1, who));
    let earlier = handler.garbage_grant(id, 0, "eva");
    let grants = [grants.to_vec(), vec![earlier]].concat();
    handler.propose_rotation("awa", id, grants).await.unwrap();
    assert_eq!(handler.reminded(id).await, ["bila", "coumba"], "they can approve");
    handler.approve_rotation("bila", id).await.unwrap();
    assert_eq!(handler.reminded(id).await, [""; 0]);
    assert_eq!(handler.case("eva", id).await.unwrap().grants.len(), 2, "the report too");
}
