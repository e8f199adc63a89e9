//! Compares a case that the case handler serves with the digests in its events.

use std::collections::BTreeSet;

use super::workbench::{CaseDetail, CasePart, PartKind};
use crate::{
    encoding::hash::Hash,
    submission::report_digest::{ReportDigest, content_hash, follow_up_digest},
};

impl ReportDigest {
    /// Does the case handler give the report as it was collected? `slot` is the tag of the reader's
    /// own key ([`grant_tag`](crate::grant::slot_tag)). Returns `false` unless keys, body, files,
    /// and the reader's own grant of generation 0 are those that came: the grant of another reader,
    /// a file in the place of the body, and a part under another generation are not.
    pub fn matches_case(&self, file: &CaseDetail, slot: Hash) -> bool {
        let Some(case) = file.case_recipients.iter().find(|recipient| recipient.generation == 0)
        else {
            return false;
        };
        let own: Vec<_> = file.grants.iter().filter(|grant| grant.generation == 0).collect();
        let sent = |part: &&CasePart| {
            part.batch == 0 && matches!(part.kind, PartKind::Body | PartKind::Attachment)
        };
        let mut parts: Vec<&CasePart> = file.parts.iter().filter(sent).collect();
        parts.sort_by_key(|part| (part.kind != PartKind::Body, part.position));
        let bodies = parts.iter().filter(|part| part.kind == PartKind::Body).count();
        !own.is_empty()
            && own.iter().all(|own| own.grant.tag == slot && self.has_grant(&own.grant))
            && bodies == 1
            && parts.iter().all(|part| part.generation == 0)
            && content_hash(
                &file.mailbox_recipient,
                &case.recipient,
                parts.iter().map(|part| part.sha256),
            ) == self.content
    }
}

/// The follow-ups of a case, held against what their events say of them. Both sets hold numbers of
/// batches.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct FollowUpCheck {
    /// The case handler gives these as its events say that they were collected.
    pub intact: BTreeSet<u32>,
    /// The case handler gives these otherwise than its events say.
    pub altered: BTreeSet<u32>,
}

impl FollowUpCheck {
    /// Compares each follow-up with its event. `events` are what the `followed-up` events of the
    /// case carry, in their order.
    ///
    /// One that stands in the place of another is altered. What an event of an earlier version
    /// announced is in neither set. Both sets are empty where the number of follow-ups differs from
    /// that of the events: which of them is missing is not known.
    pub fn compare(file: &CaseDetail, events: &[Option<Hash>]) -> Self {
        let bodies = file.parts.iter().filter(|part| part.kind == PartKind::Body && part.batch > 0);
        let mut bodies: Vec<&CasePart> = bodies.collect();
        bodies.sort_by_key(|part| part.batch);
        let mut checked = Self::default();
        if bodies.len() != events.len() {
            return checked;
        }
        for (body, told) in bodies.into_iter().zip(events) {
            match told {
                Some(told) if *told == received_digest(file, body) => {
                    checked.intact.insert(body.batch)
                }
                Some(_) => checked.altered.insert(body.batch),
                None => false,
            };
        }
        // Two bodies with one number cannot both be what was collected.
        checked.intact.retain(|batch| !checked.altered.contains(batch));
        checked
    }
}

/// The hash of a follow-up as the case handler gives it.
fn received_digest(file: &CaseDetail, body: &CasePart) -> Hash {
    let of_batch = |part: &&CasePart| part.kind == PartKind::Attachment && part.batch == body.batch;
    let mut files: Vec<&CasePart> = file.parts.iter().filter(of_batch).collect();
    files.sort_by_key(|part| part.position);
    // A file under another generation is not what came.
    if files.iter().any(|part| part.generation != body.generation) {
        return Hash::default();
    }
    follow_up_digest(body.generation, [body].into_iter().chain(files).map(|part| part.sha256))
}
