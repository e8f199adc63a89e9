//! Compares the grants that events record with those that the reader's own case secrets give.
//! Grants are sealed deterministically, so that each holder of a case secret can seal the grant of
//! every colleague again.

use investigator::{CaseError, OpenCase, RotationFault, Thread};
use protocol::{
    api::workbench::{CaseDetail, GenerationGrant},
    case::event::{Action, Event, GrantRecord, effective_grants},
    rotation::SignedStatement,
    submission::key_grant::grant_tag,
};

use crate::{
    alert::{AlertCode, IntegrityAlert},
    session::directory_history::DirectoryHistory,
};

/// Returns an alert for each grant of a known member that does not contain the keys of the reader's
/// own grant. Grants of a generation that the reader does not have cannot be compared.
pub(super) fn check_grants(
    open: &OpenCase,
    events: &[Event],
    thread: &Thread,
    history: &DirectoryHistory,
) -> Vec<IntegrityAlert> {
    let mut alerts: Vec<IntegrityAlert> =
        check_report_grants(open, events, thread, history).into_iter().collect();
    for event in effective_grants(events) {
        let records = event.action.recorded_grants();
        let names: Vec<String> =
            records.iter().filter_map(|record| mismatched(open, record, history)).collect();
        if !names.is_empty() {
            let (actor, names) = (&event.actor, names.join(", "));
            alerts.push(IntegrityAlert::new(
                AlertCode::GrantDiffers,
                format!(
                    "{actor} made a grant for {names} that does not open, or contains other keys than your own grant. The reader may not be able to read this case. Inform the oversight body"
                ),
            ));
        }
    }
    alerts
}

/// Returns an alert for each rotation in effect whose statement for the reporter is not signed with
/// the keys before it, or announces other keys than those of the reader's own grant. Generations
/// that the reader does not have cannot be compared.
pub(super) fn check_rotations(open: &OpenCase, events: &[Event]) -> Vec<IntegrityAlert> {
    let rotations = effective_grants(events).into_iter().filter_map(|event| match &event.action {
        Action::RotationProposed { rotation, .. } => Some((event, &**rotation)),
        _ => None,
    });
    let alert = |(event, rotation): (&Event, &SignedStatement)| match open.check_statement(rotation)
    {
        Ok(()) | Err(RotationFault::OwnGrant(CaseError::UnknownGeneration(_))) => None,
        Err(fault) => {
            let proposer = &event.actor;
            let approver = approver_of(event, events).unwrap_or("another member");
            Some(IntegrityAlert::new(
                AlertCode::GrantDiffers,
                format!(
                    "{proposer} rotated the keys and {approver} approved it, but {fault}: you may not be able to read what the reporter writes next. Inform the oversight body"
                ),
            ))
        }
    };
    rotations.filter_map(alert).collect()
}

/// Returns the member who approved a rotation in effect.
fn approver_of<'a>(proposal: &Event, events: &'a [Event]) -> Option<&'a str> {
    let is_approval = |event: &&Event| {
        event.seq > proposal.seq && matches!(event.action, Action::RotationApproved { .. })
    };
    events.iter().find(is_approval).map(|event| event.actor.as_str())
}

/// Returns the reader of a grant that differs from the one that the reader's own case secret gives.
fn mismatched(open: &OpenCase, record: &GrantRecord, history: &DirectoryHistory) -> Option<String> {
    let reader = history
        .known_recipients()
        .into_iter()
        .find(|(_, recipient)| grant_tag(open.id(), recipient) == record.tag);
    let Some((handle, recipient)) = reader else {
        return Some("a key that is in no directory".to_owned());
    };
    let expected = open.grant_hash(record.generation, recipient)?;
    (expected != record.hash).then(|| handle.to_owned())
}

/// The grants of a report must include one for each member who gets the report by the rules of the
/// directory that the report names. Nothing is compared if the report does not open, or names a
/// directory that is not among the signed ones; other checks report that.
fn check_report_grants(
    open: &OpenCase,
    events: &[Event],
    thread: &Thread,
    history: &DirectoryHistory,
) -> Option<IntegrityAlert> {
    let Action::Received { commitment, .. } = &events.first()?.action else { return None };
    let (frame, report) = thread.report()?;
    let directory = history.with_hash(frame.header.routing.as_ref()?.directory)?;
    let readers = directory.recipients_of(&report)?;
    let mut missing = Vec::new();
    for member in readers.members.iter().chain(&readers.oversight) {
        if !commitment.grants.contains(&open.grant_hash(0, &member.recipient)?) {
            missing.push(member.handle.as_str());
        }
    }
    if missing.is_empty() {
        return None;
    }
    let names = missing.join(", ");
    let text = format!(
        "the report came without a valid grant for {names}, who may not be able to read this case: the sender's program or the case handler did this. Inform the oversight body"
    );
    Some(IntegrityAlert::new(AlertCode::ReportGrantDiffers, text))
}

/// Returns an alert for each of the reader's own grants that no event records, because the case
/// handler made or altered it. Removes those of later generations, so that the member writes
/// nothing with keys that colleagues do not have. The keys of generation 0 are in the first event.
pub(super) fn remove_unrecorded_grants(
    own: &mut Vec<GenerationGrant>,
    events: &[Event],
) -> Vec<IntegrityAlert> {
    let in_report = |grant: &GenerationGrant| match events.first().map(|first| &first.action) {
        Some(Action::Received { commitment, .. }) => {
            grant.generation == 0 && commitment.has_grant(&grant.grant)
        }
        _ => false,
    };
    let mut alerts = Vec::new();
    own.retain(|grant| {
        let recorded = in_report(grant) || maker_of(grant, events).is_some();
        if !recorded {
            let text = format!(
                "the case handler returned a grant of generation {} that no event records",
                grant.generation
            );
            alerts.push(IntegrityAlert::new(AlertCode::GrantDiffers, text));
        }
        recorded || grant.generation == 0
    });
    alerts
}

/// Returns the member whose event records this grant.
pub(super) fn maker_of<'a>(grant: &GenerationGrant, events: &'a [Event]) -> Option<&'a str> {
    let record = grant.to_record();
    let event = events.iter().find(|event| event.action.recorded_grants().contains(&record))?;
    Some(&event.actor)
}

/// Returns an alert for each of the reader's grants that does not open this case, with the member
/// who made it.
pub(super) fn rejected_grant_alerts(
    file: &CaseDetail,
    open: &OpenCase,
    events: &[Event],
) -> Vec<IntegrityAlert> {
    let alert = |rejected: &investigator::RefusedGrant| {
        let number = rejected.generation;
        let mut same = file.grants.iter().filter(|grant| grant.generation == number);
        let maker = same.find_map(|grant| maker_of(grant, events));
        let made = maker.map_or_else(String::new, |maker| format!(", made by {maker}"));
        let text = format!("your grant of generation {number}{made}: {}", rejected.reason);
        IntegrityAlert::new(AlertCode::Unopenable, text)
    };
    open.rejected_grants().iter().map(alert).collect()
}
