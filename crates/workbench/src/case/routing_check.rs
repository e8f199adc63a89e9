//! Compares the routing that the reporter signed with what the case handler recorded. The sender of
//! a report can state two different routings, so a difference is a notice and no alarm.

use investigator::{Thread, VerifiedFrame};
use protocol::{
    case::{
        CaseState,
        event::{Action, Event},
    },
    submission::frame::{FrameKind, Routing},
};

use crate::{
    alert::{AlertCode, IntegrityAlert},
    case::wish::Wish,
    session::directory_history::DirectoryHistory,
};

/// Returns a notice for each difference between the signed routing of a message and the events.
pub(super) fn check_routing(
    thread: &Thread,
    events: &[Event],
    state: Option<&CaseState>,
    directories: &DirectoryHistory,
) -> Vec<IntegrityAlert> {
    let signed =
        thread.incoming.iter().filter_map(|frame| Some((frame, frame.header.routing.as_ref()?)));
    let mut alerts = Vec::new();
    for (frame, routing) in signed {
        if frame.header.kind == FrameKind::Report {
            alerts.extend(check_report(routing, events));
            alerts.extend(check_refusal(thread, state));
            alerts.extend(check_assignees(thread, events, state, directories));
        }
        if routing.release_to_oversight && state.is_some_and(|state| state.released.is_none()) {
            alerts.push(notice(format!(
                "{} asks for the oversight body, but the case handler did not release the case to it: escalate the case",
                name_of(frame)
            )));
        }
        if !directories.contains(routing.directory) {
            alerts.push(notice(format!(
                "{} was sealed with a directory that is not among the signed directories that you have: the reporter's program may have chosen its readers from another directory; inform the administrator",
                name_of(frame)
            )));
        }
    }
    alerts
}

/// Compares the desk and the priority of the report with its first event.
fn check_report(routing: &Routing, events: &[Event]) -> Vec<IntegrityAlert> {
    let Some(Action::Received { desk, priority, .. }) = events.first().map(|event| &event.action)
    else {
        return Vec::new();
    };
    let mut alerts = Vec::new();
    if *desk != routing.desk {
        alerts.push(notice(format!(
            "the reporter's program chose the desk {}, but the case handler recorded the desk {desk}: the readers of the first desk had left, the sender stated two desks, or the case handler changed it",
            routing.desk
        )));
    }
    if *priority != routing.priority {
        alerts.push(notice(format!(
            "the reporter's program computed the priority {:?}, but the case handler recorded {priority:?}: the sender stated two priorities, or the case handler changed it",
            routing.priority
        )));
    }
    alerts
}

/// Compares the answer of the reporter about the oversight body with the first event. A case
/// handler that claims a refusal would never release the case.
fn check_refusal(thread: &Thread, state: Option<&CaseState>) -> Option<IntegrityAlert> {
    let (_, report) = thread.report()?;
    let refused = state?.oversight_refused;
    (refused && !report.refuses_oversight()).then(|| {
        notice(
            "the reporter did not refuse the oversight body, but the report came without a grant for it: the case is not released to it by itself. Inform the oversight body"
                .to_owned(),
        )
    })
}

/// Compares the assignments, claims and reopenings with the wish of the reporter for a woman or a
/// man. The event that gives the case to a member against it states a reason, unless no such member
/// was left.
fn check_assignees(
    thread: &Thread,
    events: &[Event],
    state: Option<&CaseState>,
    directories: &DirectoryHistory,
) -> Vec<IntegrityAlert> {
    let (Some((_, report)), Some(state)) = (thread.report(), state) else { return Vec::new() };
    let check = |event: &Event| {
        let actor = &event.actor;
        let (to, did) = match &event.action {
            Action::Assigned { to, note: None, .. } => (to, format!("assigned the case to {to}")),
            Action::Claimed => (actor, "took the case".to_owned()),
            Action::Reopened { note: None, .. } => (actor, "reopened the case".to_owned()),
            _ => return None,
        };
        let wishes = directories.current_on(event.at.date()).map(|directory| {
            let mut wish = Wish::of_report(&report, state, directory)?;
            wish.members.retain(|handle| !was_barred(handle, events));
            (!wish.members.is_empty() && !wish.allows(to, directory)).then_some(wish)
        });
        let wish = wishes.collect::<Option<Vec<Wish>>>()?.into_iter().next()?;
        Some(notice(format!(
            "{actor} {did} without a reason, although the reporter wishes a {} and the desk had {}. Inform the oversight body",
            wish.unit,
            wish.members.join(", ")
        )))
    };
    events.iter().filter_map(check).collect()
}

/// Returns whether the member may have been barred from the case for a time, by a claimed conflict
/// of interest or as the assignee before a reopening. The state after all events no longer shows
/// it.
fn was_barred(handle: &str, events: &[Event]) -> bool {
    let reopened = events.iter().any(|event| matches!(event.action, Action::Reopened { .. }));
    events.iter().any(|event| match &event.action {
        Action::Challenged { who } => who == handle,
        Action::Assigned { to, .. } => reopened && to == handle,
        Action::Claimed | Action::ClaimedWithReason { .. } | Action::Reopened { .. } => {
            reopened && event.actor == handle
        }
        _ => false,
    })
}

/// Returns how a notice names a message.
pub(super) fn name_of(frame: &VerifiedFrame) -> String {
    match frame.header.kind {
        FrameKind::Report => "the report".to_owned(),
        _ => format!("message {} from the reporter", frame.reference.seq),
    }
}

fn notice(text: String) -> IntegrityAlert {
    IntegrityAlert::notice(AlertCode::RoutingDiffers, text)
}
