//! Compares what the case handler returns for one case with its signed events.

use std::collections::BTreeMap;

use investigator::{OpenCase, ReplyStatement, Thread, ThreadIssueKind};
use protocol::{
    Hash,
    api::workbench::{CaseDetail, CasePart, PartKind},
    case::{
        ActionKind, ActionPayload, CaseState,
        event::{Action, Event, SealedText},
    },
    submission::frame::FrameDirection,
};

use crate::{
    alert::{AlertCode, IntegrityAlert},
    case::{
        TeamNote,
        collection_check::{self, CollectionCheck},
    },
};

/// Compares what members sent to the reporter with the team's copies. Adds an issue to the thread
/// for each difference. Returns an alert, and compares nothing, if the case handler returned
/// another mailbox key than the one that the grants name.
pub(super) fn check_replies(
    file: &CaseDetail,
    open: &OpenCase,
    events: &[Event],
    thread: &mut Thread,
) -> Option<IntegrityAlert> {
    let statements = events.iter().filter_map(|event| match event.action.sealed_text() {
        SealedText::Message { reply, copy } => {
            Some(ReplyStatement { signer: &event.actor, reply, copy })
        }
        SealedText::Note(_) | SealedText::None => None,
    });
    let text = "the case handler returned a mailbox key that is not the reporter's: another person could read the replies";
    let checked = open.check_replies(thread, &file.mailbox_recipient, statements);
    checked.err().map(|_| IntegrityAlert::new(AlertCode::RecipientChanged, text))
}

/// Returns the member who signed the event of the copy in this batch. Returns `None` if the case
/// handler states another generation for the copy than the events, because it can cause the fault
/// then.
pub(super) fn signer_of_copy<'a>(
    file: &CaseDetail,
    events: &'a [Event],
    batch: Option<u32>,
) -> Option<&'a str> {
    let copy = file
        .parts
        .iter()
        .find(|part| part.kind == PartKind::ReplyCopy && Some(part.batch) == batch)?;
    let mut generation = 0;
    for event in events {
        let recorded = event.action.sealed_text();
        if matches!(recorded, SealedText::Message { copy: named, .. } if named == copy.sha256) {
            return (copy.generation == generation).then_some(event.actor.as_str());
        }
        if let Action::RotationApproved { .. } = event.action {
            generation += 1;
        }
    }
    None
}

/// Returns the alert for an issue of a thread. `signer` is the member who signed the event of the
/// reply at fault, if one did.
pub(super) fn issue_alert(
    finding: &investigator::ThreadIssue,
    signer: Option<&str>,
) -> IntegrityAlert {
    let whose = match finding.direction {
        FrameDirection::In => "from the reporter",
        FrameDirection::Out => "to the reporter",
    };
    match &finding.kind {
        ThreadIssueKind::Rejected(reason) if let Some(signer) = signer => IntegrityAlert::new(
            AlertCode::ReplyDiffers,
            format!(
                "the team's copy of a reply by {signer} failed verification ({reason}): it is not known what {signer} sent to the reporter. {AFTER_LIE}"
            ),
        ),
        ThreadIssueKind::ReplyDiffers { signer } => IntegrityAlert::new(
            AlertCode::ReplyDiffers,
            format!(
                "{signer} sent the reporter something else than the reply in this case, or nothing readable. {AFTER_LIE}"
            ),
        ),
        ThreadIssueKind::Rejected(reason) => IntegrityAlert::new(
            AlertCode::Forged,
            format!("a message {whose} failed verification and is not shown: {reason}"),
        ),
        ThreadIssueKind::Replayed => IntegrityAlert::new(
            AlertCode::Replayed,
            format!("a message {whose} was recorded twice"),
        ),
        ThreadIssueKind::Concurrent(seq) => IntegrityAlert::notice(
            AlertCode::ConcurrentMessages,
            format!(
                "two messages {whose} have number {seq}: the writer of the second had not seen the first"
            ),
        ),
        ThreadIssueKind::Withheld(seq) => IntegrityAlert::new(
            AlertCode::Withheld,
            format!("message {seq} ({whose}) is missing, although another message refers to it"),
        ),
        ThreadIssueKind::NoReport => {
            IntegrityAlert::new(AlertCode::Withheld, "the report itself is missing")
        }
    }
}

/// What a member does after another member deceived the reporter.
const AFTER_LIE: &str = "Inform the oversight body, and write to the reporter: your reply reaches the reporter, with a warning about the earlier one";

/// Opens the notes in the order of the events that name them. A note without an event is left out
/// here and reported by [`check_payloads`].
pub(super) fn read_notes(
    open: &OpenCase,
    parts: &[(CasePart, Vec<u8>)],
    events: &[Event],
) -> (Vec<TeamNote>, Vec<IntegrityAlert>) {
    let (mut notes, mut alarms) = (Vec::new(), Vec::new());
    for event in events {
        let is_named = |(part, _): &&(CasePart, Vec<u8>)| {
            part.kind == PartKind::Note
                && event.action.sealed_text() == SealedText::Note(part.sha256)
        };
        let Some((part, sealed)) = parts.iter().find(is_named) else { continue };
        match open.open_note(sealed, part.generation) {
            Ok(note) => notes.push(TeamNote {
                by: event.actor.clone(),
                at: event.at,
                reason_of: reason_of(event),
                note,
            }),
            Err(error) => {
                alarms.push(IntegrityAlert::new(
                    AlertCode::Unopenable,
                    format!("a note of {}: {error}", event.actor),
                ));
            }
        }
    }
    (notes, alarms)
}

/// Returns the action of an event with a note, if the note states the reason of the action.
pub(super) fn reason_of(event: &Event) -> Option<ActionKind> {
    let act = ActionKind::from_action(&event.action).ok()?;
    let states_reason = matches!(
        act.row().payload,
        ActionPayload::Reason(_)
            | ActionPayload::Claim
            | ActionPayload::Assignee
            | ActionPayload::Reopening
    );
    states_reason.then_some(act)
}

pub(super) fn check_state(file: &CaseDetail, folded: Option<&CaseState>) -> Option<IntegrityAlert> {
    let text = "the state that the case handler reports differs from the signed events";
    (folded != Some(&file.row.state)).then(|| IntegrityAlert::new(AlertCode::StateDiffers, text))
}

/// The replies and notes of the case must be exactly those that signed events name.
pub(super) fn check_payloads(file: &CaseDetail, events: &[Event]) -> Vec<IntegrityAlert> {
    let named = events.iter().filter_map(|event| match event.action.sealed_text() {
        SealedText::Message { copy, .. } => Some(copy),
        SealedText::Note(note) => Some(note),
        SealedText::None => None,
    });
    let named = count_each(named);
    let ours =
        file.parts.iter().filter(|part| matches!(part.kind, PartKind::ReplyCopy | PartKind::Note));
    let present = count_each(ours.map(|part| part.sha256));
    let missing = named.keys().filter(|hash| !present.contains_key(hash)).map(|hash| {
        IntegrityAlert::new(
            AlertCode::Withheld,
            format!("a reply or note that a signed event names is missing ({hash})"),
        )
    });
    let surplus = present.iter().filter_map(|(hash, count)| match named.get(hash) {
        None => Some(IntegrityAlert::new(
            AlertCode::Forged,
            format!("no signed event names this reply or note ({hash})"),
        )),
        Some(events) if count > events => Some(IntegrityAlert::new(
            AlertCode::Replayed,
            format!(
                "the case handler returned a reply or note {count} times, and signed events name it {events} times ({hash})"
            ),
        )),
        Some(_) => None,
    });
    missing.chain(surplus).collect()
}

fn count_each(hashes: impl Iterator<Item = Hash>) -> BTreeMap<Hash, u32> {
    hashes.fold(BTreeMap::new(), |mut counts, hash| {
        *counts.entry(hash).or_default() += 1;
        counts
    })
}

/// Compares the number of submissions with the number in the events.
pub(super) fn check_submission_count(
    file: &CaseDetail,
    state: Option<&CaseState>,
) -> Option<IntegrityAlert> {
    let recorded = state?.received;
    let bodies = file.parts.iter().filter(|part| part.kind == PartKind::Body).count();
    let text = format!("the log records {recorded} submissions, but the case has {bodies}");
    (bodies as u64 != u64::from(recorded)).then(|| IntegrityAlert::new(AlertCode::Withheld, text))
}

/// Compares the number of submissions with the events, and the number of files with each manifest.
pub(super) fn check_part_counts(
    file: &CaseDetail,
    thread: &Thread,
    state: Option<&CaseState>,
    collected: &CollectionCheck<'_>,
) -> Vec<IntegrityAlert> {
    let mut alarms: Vec<IntegrityAlert> = check_submission_count(file, state).into_iter().collect();
    for entry in &thread.incoming {
        let of_batch =
            |part: &&CasePart| part.kind == PartKind::Attachment && part.batch == entry.batch;
        let present = file.parts.iter().filter(of_batch).count();
        let named = entry.header.attachments.len();
        if present < named {
            let text = format!("{} of {named} attached files are missing", named - present);
            let alarm = IntegrityAlert::new(AlertCode::Withheld, text);
            alarms.push(if collected.is_batch_intact(entry.batch) {
                collection_check::downgrade_to_notice(alarm)
            } else {
                alarm
            });
        }
    }
    alarms
}

/// Messages and replies must be in the order of the signed events. Each side signs the order of its
/// own frames; only the events prove the order between the two sides.
pub(super) fn check_order(file: &CaseDetail, events: &[Event]) -> Option<IntegrityAlert> {
    // The hash of a reply, or `None` for a message of the reporter, which the events do not name.
    let mut expected: Vec<Option<Hash>> = Vec::new();
    for event in events {
        match event.action.sealed_text() {
            SealedText::Message { copy, .. } => expected.push(Some(copy)),
            SealedText::None if event.action.is_from_reporter() => expected.push(None),
            SealedText::None | SealedText::Note(_) => {}
        }
    }
    let mut present: Vec<Option<Hash>> =
        conversation_order(file).map(|(reply, part)| reply.then_some(part.sha256)).collect();
    let same_order = expected == present;
    expected.sort_unstable();
    present.sort_unstable();
    let text = "messages and replies are in a different order than in the signed events: an answer may seem to belong to another question";
    // Missing and additional parts are reported by other checks.
    (!same_order && expected == present).then(|| IntegrityAlert::new(AlertCode::Reordered, text))
}

/// Finds two messages of the reporter that were recorded in the reverse order, with a reply between
/// them. The cause can be a delayed message, or an attacker who wants a reply to be misread.
pub(super) fn check_interleaving(file: &CaseDetail, thread: &Thread) -> Option<IntegrityAlert> {
    let replies_before = |batch: u32| {
        let before =
            conversation_order(file).take_while(|(reply, part)| *reply || part.batch != batch);
        before.filter(|(reply, _)| *reply).count()
    };
    let reversed = thread.incoming.windows(2).find_map(|pair| match pair {
        [one, next] if replies_before(one.batch) > replies_before(next.batch) => {
            Some(next.reference.seq)
        }
        _ => None,
    })?;
    let text = format!(
        "message {reversed} from the reporter was recorded before the message that it follows, with a reply between them: it is uncertain which of the two the reply answers"
    );
    Some(IntegrityAlert::notice(AlertCode::Reordered, text))
}

/// Returns messages and replies in the order in which the case handler returned them, with `true`
/// for a reply.
fn conversation_order(file: &CaseDetail) -> impl Iterator<Item = (bool, &CasePart)> {
    file.parts.iter().filter_map(|part| match part.kind {
        PartKind::Body => Some((false, part)),
        PartKind::ReplyCopy => Some((true, part)),
        PartKind::Attachment | PartKind::Note => None,
    })
}
