//! Tells what came unreadable from what the case handler altered after it filed it.

use envelope::{
    Hash,
    came::FollowUps,
    desk_api::{CaseFile, PartKind},
    event::{Action, Event},
    frame::Direction,
    life::{CaseState, Decision, Disposition},
};
use investigator::{Finding, FindingKind, Thread};
use uuid::Uuid;

use crate::{
    alarm::{Alarm, Code, Severity},
    home::SeenCase,
};

/// A case that came unreadable, and was not altered since it was filed.
#[derive(Debug)]
pub struct Unreadable {
    /// The case.
    pub case: Uuid,
    /// The state that its signed events give.
    pub state: CaseState,
    /// What does not open.
    pub why: String,
    /// Its end, which later readings are held against.
    pub(crate) pin: Option<(Uuid, SeenCase)>,
}

/// Does the case handler give the report as its first event says that it was collected? `events` are those whose signatures hold,
/// and `slot` is the tag of the reader's own key. Returns `false` for cases of earlier versions, which do not say it.
fn is_whole(file: &CaseFile, events: &[Event], slot: Hash) -> bool {
    match events.first().map(|first| &first.action) {
        Some(Action::Received { came: Some(came), .. }) => came.is_whole(file, slot),
        _ => false,
    }
}

/// What the case handler gives as its events say that it was collected.
pub(crate) struct AsItCame<'a> {
    file: &'a CaseFile,
    /// The report.
    pub(crate) report: bool,
    /// Later messages.
    follow_ups: FollowUps,
}

impl<'a> AsItCame<'a> {
    /// `events` are those whose signatures hold, and `slot` is the tag of the reader's own key.
    pub(crate) fn check(file: &'a CaseFile, events: &[Event], slot: Hash) -> Self {
        let told = events.iter().filter_map(|event| match event.action {
            Action::FollowedUp(told) => Some(told),
            _ => None,
        });
        let follow_ups = FollowUps::check(file, &told.collect::<Vec<_>>());
        Self { file, report: is_whole(file, events, slot), follow_ups }
    }

    /// An alarm for each message that differs from what the case handler signed when it collected it.
    pub(crate) fn altered(&self) -> impl Iterator<Item = Alarm> {
        self.follow_ups.altered.iter().map(|_| {
            let text = "a message from the reporter is not what the case handler signed that it collected";
            Alarm::new(Code::Damaged, text)
        })
    }

    /// Is this batch what was collected?
    pub(crate) fn is_whole(&self, batch: u32) -> bool {
        if batch == 0 { self.report } else { self.follow_ups.whole.contains(&batch) }
    }

    /// Can the sender alone have caused this? Returns `false` where the case handler can have done it by itself.
    pub(crate) fn is_of_sender(&self, finding: &Finding) -> bool {
        match (finding.batch, &finding.kind) {
            (None, FindingKind::NoReport) | (Some(0), _) => self.report,
            (Some(batch), FindingKind::Refused(_)) => {
                finding.direction == Direction::In && self.is_whole(batch)
            }
            // The case handler can file the same bytes once more. It cannot seal a frame once more, which it cannot read.
            (Some(batch), FindingKind::Replayed) => {
                finding.direction == Direction::In && self.is_whole(batch) && self.is_sealed_once(batch)
            }
            _ => false,
        }
    }

    fn is_sealed_once(&self, batch: u32) -> bool {
        let bodies = || self.file.parts.iter().filter(|part| part.kind == PartKind::Body);
        let own = bodies().find(|part| part.batch == batch).map(|part| part.sha256);
        bodies().filter(|part| Some(part.sha256) == own).count() == 1
    }
}

/// A fault of a submission that was not altered since it was filed. Anybody can send one, so it is a notice.
pub(crate) fn lower(mut alarm: Alarm) -> Alarm {
    alarm.text.push_str(" (sent so, or altered before the case handler filed it)");
    alarm.code = Code::CameUnreadable;
    alarm.severity = Severity::Notice;
    alarm
}

/// What does not open in a report of which nothing does.
pub(crate) fn why(thread: &Thread) -> String {
    let refused = thread.findings.iter().find_map(|finding| match &finding.kind {
        FindingKind::Refused(reason) => Some(reason.clone()),
        _ => None,
    });
    refused.unwrap_or_else(|| "the report itself is not in it".to_owned())
}

/// The notice for a reader who can open a case that colleagues call unreadable, with the names of those colleagues.
pub(crate) fn check_opens(state: &CaseState, events: &[Event]) -> Option<Alarm> {
    let is_unreadable = |decision: &Decision| {
        matches!(decision, Decision::Close { disposition: Disposition::Unreadable, .. })
    };
    let proposed = state.proposed.as_ref().is_some_and(|proposal| is_unreadable(&proposal.decision));
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
    Some(Alarm::notice(Code::CalledUnreadable, text))
}
