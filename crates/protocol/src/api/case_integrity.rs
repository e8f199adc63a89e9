//! Compares a case that the case handler serves with the digests in its events.

use std::collections::BTreeSet;

use super::workbench::{CaseDetail, CasePart, PartKind};
use crate::{
    encoding::hash::Hash,
    submission::report_digest::{ReportDigest, content_hash, follow_up_digest},
};

impl ReportDigest {
    /// Returns whether the case handler serves the report as it was collected. `own_tag` is the tag
    /// of the reader's own key ([`grant_tag`](crate::submission::key_grant::grant_tag)).
    ///
    /// Returns `false` unless the keys, the body, the files and the reader's own grant of
    /// generation 0 are those of the report. The grant of another reader, a file in the position of
    /// the body, and a part of another generation do not match.
    pub fn matches_case(&self, detail: &CaseDetail, own_tag: Hash) -> bool {
        let Some(case) = detail.case_recipients.iter().find(|recipient| recipient.generation == 0)
        else {
            return false;
        };
        let own: Vec<_> = detail.grants.iter().filter(|grant| grant.generation == 0).collect();
        let sent = |part: &&CasePart| {
            part.batch == 0 && matches!(part.kind, PartKind::Body | PartKind::Attachment)
        };
        let mut parts: Vec<&CasePart> = detail.parts.iter().filter(sent).collect();
        parts.sort_by_key(|part| (part.kind != PartKind::Body, part.position));
        let bodies = parts.iter().filter(|part| part.kind == PartKind::Body).count();
        !own.is_empty()
            && own.iter().all(|own| own.grant.tag == own_tag && self.has_grant(&own.grant))
            && bodies == 1
            && parts.iter().all(|part| part.generation == 0)
            && content_hash(
                &detail.mailbox_recipient,
                &case.recipient,
                parts.iter().map(|part| part.sha256),
            ) == self.content
    }
}

/// The follow-ups of a case compared with their events. Both sets contain numbers of batches.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct FollowUpCheck {
    /// The batches that match their events.
    pub intact: BTreeSet<u32>,
    /// The batches that differ from their events.
    pub altered: BTreeSet<u32>,
}

impl FollowUpCheck {
    /// Compares each follow-up with its event. `events` are the digests of the `followed-up` events
    /// of the case in their order.
    ///
    /// A follow-up in the position of another one is altered. A follow-up whose event has no
    /// digest, because an earlier version wrote it, is in neither set. Both sets are empty if the
    /// numbers of follow-ups and events differ, because it is not known which one is missing.
    pub fn compare(detail: &CaseDetail, events: &[Option<Hash>]) -> Self {
        let bodies =
            detail.parts.iter().filter(|part| part.kind == PartKind::Body && part.batch > 0);
        let mut bodies: Vec<&CasePart> = bodies.collect();
        bodies.sort_by_key(|part| part.batch);
        let mut checked = Self::default();
        if bodies.len() != events.len() {
            return checked;
        }
        for (body, expected) in bodies.into_iter().zip(events) {
            match expected {
                Some(expected) if *expected == received_digest(detail, body) => {
                    checked.intact.insert(body.batch)
                }
                Some(_) => checked.altered.insert(body.batch),
                None => false,
            };
        }
        // Two bodies with one number cannot both be the collected one.
        checked.intact.retain(|batch| !checked.altered.contains(batch));
        checked
    }
}

/// Returns the digest of a follow-up as the case handler serves it.
fn received_digest(detail: &CaseDetail, body: &CasePart) -> Hash {
    let of_batch = |part: &&CasePart| part.kind == PartKind::Attachment && part.batch == body.batch;
    let mut files: Vec<&CasePart> = detail.parts.iter().filter(of_batch).collect();
    files.sort_by_key(|part| part.position);
    // A file of another generation was not part of the follow-up.
    if files.iter().any(|part| part.generation != body.generation) {
        return Hash::default();
    }
    follow_up_digest(body.generation, [body].into_iter().chain(files).map(|part| part.sha256))
}
