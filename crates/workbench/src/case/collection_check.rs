//! Tells what came unreadable from what the case handler altered after it filed it.

use investigator::{Thread, ThreadIssue, ThreadIssueKind};
use protocol::{
    Hash,
    api::{
        case_integrity::FollowUpCheck,
        workbench::{CaseDetail, PartKind},
    },
    case::{
        CaseState, Decision, Disposition,
        event::{Action, Event},
    },
    submission::frame::FrameDirection,
};
use uuid::Uuid;

use crate::{
    alert::{AlertCode, AlertSeverity, IntegrityAlert},
    session::profile::PinnedCaseHead,
};

/// A case that came unreadable, and was not altered since it was filed.
#[derive(Debug)]
pub struct UnreadableCase {
    /// The case.
    pub case: Uuid,
    /// The state that its signed events give.
    pub state: CaseState,
    /// What does not open.
    pub reason: String,
    /// Its end, which later readings are held against.
    pub(crate) head_to_pin: Option<(Uuid, PinnedCaseHead)>,
}

/// Does the case handler give the report as its first event says that it was collected? `events`
/// are those whose signatures hold, and `slot` is the tag of the reader's own key. Returns `false`
/// for cases of earlier versions, which do not say it.
fn is_report_intact(file: &CaseDetail, events: &[Event], slot: Hash) -> bool {
    match events.first().map(|first| &first.action) {
        Some(Action::Received { came: Some(came), .. }) => came.matches_case(file, slot),
        _ => false,
    }
}

/// What the case handler gives as its events say that it was collected.
pub(crate) struct CollectionCheck<'a> {
    file: &'a CaseDetail,
    /// The report.
    pub(crate) report_intact: bool,
    /// Later messages.
    follow_ups: FollowUpCheck,
}

impl<'a> CollectionCheck<'a> {
    /// `events` are those whose signatures hold, and `slot` is the tag of the reader's own key.
    pub(crate) fn check(file: &'a CaseDetail, events: &[Event], slot: Hash) -> Self {
        let told = events.iter().filter_map(|event| match event.action {
            Action::FollowedUp(told) => Some(told),
            _ => None,
        });
        let follow_ups = FollowUpCheck::compare(file, &told.collect::<Vec<_>>());
        Self { file, report_intact: is_report_intact(file, events, slot), follow_ups }
    }

    /// An alarm for each message that differs from what the case handler signed when it collected
    /// it.
    pub(crate) fn altered_message_alerts(&self) -> impl Iterator<Item = IntegrityAlert> {
        self.follow_ups.altered.iter().map(|_| {
            let text =
                "a message from the reporter is not what the case handler signed that it collected";
            IntegrityAlert::new(AlertCode::Damaged, text)
        })
    }

    /// Is this batch what was collected?
    pub(crate) fn is_batch_intact(&self, batch: u32) -> bool {
        if batch == 0 { self.report_intact } else { self.follow_ups.intact.contains(&batch) }
    }

    /// Can the sender alone have caused this? Returns `false` where the case handler can have done
    /// it by itself.
    pub(crate) fn is_sender_fault(&self, finding: &ThreadIssue) -> bool {
        match (finding.batch, &finding.kind) {
            (None, ThreadIssueKind::NoReport) | (Some(0), _) => self.report_intact,
            (Some(batch), ThreadIssueKind::Rejected(_)) => {
                finding.direction == FrameDirection::In && self.is_batch_intact(batch)
            }
            // The case handler can file the same bytes once more. It cannot seal a frame once more,
            // which it cannot read.
            (Some(batch), ThreadIssueKind::Replayed) => {
                finding.direction == FrameDirection::In
                    && self.is_batch_intact(batch)
                    && self.is_filed_once(batch)
            }
            _ => false,
        }
    }

    fn is_filed_once(&self, batch: u32) -> bool {
        let bodies = || self.file.parts.iter().filter(|part| part.kind == PartKind::Body);
        let own = bodies().find(|part| part.batch == batch).map(|part| part.sha256);
        bodies().filter(|part| Some(part.sha256) == own).count() == 1
    }
}

/// A fault of a submission that was not altered since it was filed. Anybody can send one, so it is
/// a notice.
pub(crate) fn downgrade_to_notice(mut alarm: IntegrityAlert) -> IntegrityAlert {
    alarm.text.push_str(" (sent so, or altered before the case handler filed it)");
    alarm.code = AlertCode::CameUnreadable;
    alarm.severity = AlertSeverity::Notice;
    alarm
}

/// What does not open in a report of which nothing does.
pub(crate) fn unreadable_reason(thread: &Thread) -> String {
    let refused = thread.issues.iter().find_map(|finding| match &finding.kind {
        ThreadIssueKind::Rejected(reason) => Some(reason.clone()),
        _ => None,
    });
    refused.unwrap_or_else(|| "the report itself is not in it".to_owned())
}

/// The notice for a reader who can open a case that colleagues call unreadable, with the names of
/// those colleagues.
pub(crate) fn check_readable_after_all(
    state: &CaseState,
    events: &[Event],
) -> Option<IntegrityAlert> {
    let is_unreadable = |decision: &Decision| {
        matches!(decision, Decision::Close { disposition: Disposition::Unreadable, .. })
    };
    let proposed =
        state.pending_proposal.as_ref().is_some_and(|proposal| is_unreadable(&proposal.decision));
    if !proposed && state.disposition != Some(Disposition::Unreadable) {
        return None;
    }
    let said = events.iter().filter_map(|event| match &event.action {
        Action::Proposed(decision) | Action::Approved(decision) if is_unreadable(decision) => {
            Some(event.actor.as_str())
        }
        _ => None,
    });
    let who = said.collect::<Vec<_>>().join(", ");
    let text = if proposed {
        format!(
            "{who} cannot open this case and proposes to close it as unreadable, but it opens with your key: decline, or take it"
        )
    } else {
        format!(
            "{who} closed this case as unreadable, but it opens with your key: reopen it, and tell the oversight body"
        )
    };
    Some(IntegrityAlert::notice(AlertCode::CalledUnreadable, text))
}
