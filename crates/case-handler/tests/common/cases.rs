//! Cases at a stage of their lifecycle.

use protocol::{
    api::workbench::{EventPayload, SealedBytes},
    case::{ClosingReason, Decision, Disposition, Stage, event::Action},
    submission::envelope::OpenedSubmission,
};
use uuid::Uuid;

use super::HandlerFixture;

/// The readers of a case.
pub(crate) const DESK_MEMBERS: [&str; 4] = ["awa", "bila", "coumba", "eva"];

/// A closing that needs no investigation.
pub(crate) const ADVICE: Decision = Decision::Close {
    disposition: Disposition::AdviceGiven,
    reason: ClosingReason::Answered,
    duplicate_of: None,
};

pub(crate) fn stage_changed(from: Stage, to: Stage) -> Action {
    Action::StageChanged { from, to, reason: None }
}

impl HandlerFixture {
    pub(crate) async fn ingested_case(&mut self) -> (Uuid, OpenedSubmission) {
        let (report, _) = self.new_report(&DESK_MEMBERS);
        self.ingest(&report).await.unwrap();
        (report.header.case.id, report)
    }

    pub(crate) async fn reply_to_reporter(&self, handle: &str, id: Uuid, text: &[u8]) {
        let (reply, copy) = (SealedBytes(text.to_vec()), SealedBytes(text.to_vec()));
        let action = Action::Replied { reply: reply.hash(), copy: copy.hash(), feedback: true };
        let mut new = self.signed_event(handle, id, action).await;
        new.payload =
            EventPayload { reply: Some(reply), copy: Some(copy), ..EventPayload::default() };
        self.post_event(handle, id, &new).await.unwrap();
    }

    /// Returns a case that awa and bila have closed. Both have declared.
    pub(crate) async fn closed_case(&mut self) -> (Uuid, OpenedSubmission) {
        let (id, report) = self.ingested_case().await;
        self.close(id).await;
        (id, report)
    }

    /// Declares as awa and bila, and closes a case as both.
    pub(crate) async fn close(&self, id: Uuid) {
        self.post_action("awa", id, Action::Claimed).await.unwrap();
        self.declare(id, &["bila"]).await;
        self.post_action("awa", id, stage_changed(Stage::Received, Stage::Triaged)).await.unwrap();
        self.reply_to_reporter("awa", id, b"thank you").await;
        self.post_action("awa", id, Action::Proposed(ADVICE)).await.unwrap();
        self.post_action("bila", id, Action::Approved(ADVICE)).await.unwrap();
    }
}
