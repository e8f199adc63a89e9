//! Distinguishes submissions that arrived unreadable from those that the case handler altered after
//! it recorded them.

use investigator::{OpenCase, Thread, ThreadIssue, ThreadIssueKind};
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
    submission::{commitment::ReportCommitment, frame::FrameDirection},
};
use uuid::Uuid;

use crate::{
    alert::{AlertCode, AlertSeverity, IntegrityAlert},
    session::profile::PinnedCaseHead,
};

/// A case whose report arrived unreadable and was not altered since.
#[derive(Debug)]
pub struct UnreadableCase {
    /// Id of the case.
    pub case: Uuid,
    /// The state that follows from the signed events.
    pub state: CaseState,
    /// What failed to open, and why.
    pub reason: String,
    /// The case as the case handler returned it.
    pub file: CaseDetail,
    /// Events with valid signatures, oldest first.
    pub events: Vec<Event>,
    /// The head to pin, with which later reads are compared.
    pub(crate) head_to_pin: Option<(Uuid, PinnedCaseHead)>,
}

/// Compares the submissions of a case with the commitments in their events.
pub(crate) struct CollectionCheck<'a> {
    file: &'a CaseDetail,
    /// The commitment to the report. `None` if the first event is not that of a report.
    report: Option<ReportCommitment>,
    /// Whether the report is as collected.
    pub(crate) report_intact: bool,
    /// The same for later messages.
    follow_ups: FollowUpCheck,
}

impl<'a> CollectionCheck<'a> {
    /// Runs the comparison. `events` are those with valid signatures, and `own_tag` is the tag of
    /// the reader's own key.
    pub(crate) fn check(file: &'a CaseDetail, events: &[Event], own_tag: Hash) -> Self {
        let commitments = events.iter().filter_map(|event| match &event.action {
            Action::FollowedUp(commitment) => Some(commitment.clone()),
            _ => None,
        });
        let follow_ups = FollowUpCheck::compare(file, &commitments.collect::<Vec<_>>());
        let report = events.first().and_then(|first| match &first.action {
            Action::Received { commitment, .. } => Some(commitment.clone()),
            _ => None,
        });
        let report_intact =
            report.as_ref().is_some_and(|report| report.matches_case(file, own_tag));
        Self { file, report, report_intact, follow_ups }
    }

    /// Returns an alert if the body or a file of the report is not in the commitment, or if the
    /// reader's grant of generation 0 leads to other keys. Other checks report missing parts.
    pub(crate) fn altered_report_alert(&self, open: &OpenCase) -> Option<IntegrityAlert> {
        let report = self.report.as_ref()?;
        let own_keys = open.case_keys_hash().is_none_or(|keys| keys == report.keys);
        let text = "the report differs from the commitment that the case handler signed when it collected the report: another reader may see another report";
        (!own_keys || report.has_foreign_parts(self.file))
            .then(|| IntegrityAlert::new(AlertCode::Damaged, text))
    }

    /// Returns an alert for each message that differs from its commitment.
    pub(crate) fn altered_message_alerts(&self) -> impl Iterator<Item = IntegrityAlert> {
        self.follow_ups.altered.iter().map(|_| {
            let text =
                "a message from the reporter differs from the commitment that the case handler signed when it collected the message";
            IntegrityAlert::new(AlertCode::Damaged, text)
        })
    }

    /// Returns whether this batch is as collected.
    pub(crate) fn is_batch_intact(&self, batch: u32) -> bool {
        if batch == 0 { self.report_intact } else { self.follow_ups.intact.contains(&batch) }
    }

    /// Returns whether only the sender can have caused the issue. Returns `false` if the case
    /// handler can have caused it.
    pub(crate) fn is_sender_fault(&self, finding: &ThreadIssue) -> bool {
        match (finding.batch, &finding.kind) {
            (None, ThreadIssueKind::NoReport) | (Some(0), _) => self.report_intact,
            (Some(batch), ThreadIssueKind::Rejected(_)) => {
                finding.direction == FrameDirection::In && self.is_batch_intact(batch)
            }
            // The case handler can record the same bytes twice. It cannot seal a frame again,
            // because it cannot read one.
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

/// Turns the alert into a notice, because the submission was not altered since it was recorded.
/// Anyone can send a faulty submission.
pub(crate) fn downgrade_to_notice(mut alarm: IntegrityAlert) -> IntegrityAlert {
    alarm.text.push_str(" (sent so, or altered before the case handler recorded it)");
    alarm.code = AlertCode::CameUnreadable;
    alarm.severity = AlertSeverity::Notice;
    alarm
}

/// Returns why a report without any readable frame does not open.
pub(crate) fn unreadable_reason(thread: &Thread) -> String {
    let refused = thread.issues.iter().find_map(|finding| match &finding.kind {
        ThreadIssueKind::Rejected(reason) => Some(reason.clone()),
        _ => None,
    });
    refused.unwrap_or_else(|| "the report itself is missing".to_owned())
}

/// Returns a notice for a reader who can open a case that colleagues reported as unreadable. The
/// notice names those colleagues.
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
    let names = events.iter().filter_map(|event| match &event.action {
        Action::Proposed(decision) | Action::Approved(decision) if is_unreadable(decision) => {
            Some(event.actor.as_str())
        }
        _ => None,
    });
    let who = names.collect::<Vec<_>>().join(", ");
    let text = if proposed {
        format!(
            "{who} cannot open this case and proposes to close it as unreadable, but it opens with your key: decline the proposal, or claim the case"
        )
    } else {
        format!(
            "{who} closed this case as unreadable, but it opens with your key: reopen it, and inform the oversight body"
        )
    };
    Some(IntegrityAlert::notice(AlertCode::CalledUnreadable, text))
}
