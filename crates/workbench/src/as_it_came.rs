//! Tells a report that came unreadable from one that the case handler altered after it filed it.

use envelope::{
    Hash,
    desk_api::CaseFile,
    event::{Action, Event},
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
pub(crate) fn is_whole(file: &CaseFile, events: &[Event], slot: Hash) -> bool {
    match events.first().map(|first| &first.action) {
        Some(Action::Received { came: Some(came), .. }) => came.is_whole(file, slot),
        _ => false,
    }
}

/// Is this about the report itself, which the first event vouches for?
pub(crate) fn is_of_report(finding: &Finding) -> bool {
    finding.batch == Some(0) || finding.kind == FindingKind::NoReport
}

/// A fault of a report that was not altered since it was filed. Anybody can send one, so it is a notice.
pub(crate) fn lower(mut alarm: Alarm) -> Alarm {
    alarm.text.push_str(" (sent so, or altered before the case handler filed it)");
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
