//! Compares a case that the case handler serves with the commitments in its events.

use std::collections::BTreeSet;

use super::workbench::{CaseDetail, CasePart, PartKind};
use crate::{
    encoding::hash::Hash,
    submission::commitment::{FollowUpCommitment, ReportCommitment, case_keys_hash},
};

impl ReportCommitment {
    /// Returns whether the case handler serves the keys, the body and the files that were
    /// collected. A file in the position of the body and a part of another generation do not match.
    fn matches_content(&self, detail: &CaseDetail) -> bool {
        let case = detail.case_recipients.iter().find(|recipient| recipient.generation == 0);
        let keys = case
            .map(|case| case_keys_hash(&detail.mailbox_recipient.hash(), &case.recipient.hash()));
        keys == Some(self.keys) && served_parts(detail, 0, 0).as_ref() == Some(&self.parts)
    }

    /// Returns whether the case handler serves a body or a file as part of the report that was not
    /// collected with it. A part that is missing is not counted.
    pub fn has_foreign_parts(&self, detail: &CaseDetail) -> bool {
        let mut report = detail.parts.iter().filter(|part| {
            part.batch == 0 && matches!(part.kind, PartKind::Body | PartKind::Attachment)
        });
        report.any(|part| {
            let collected = match part.kind {
                PartKind::Body => self.parts.first() == Some(&part.sha256),
                _ => self.parts.iter().skip(1).any(|hash| *hash == part.sha256),
            };
            part.generation != 0 || !collected
        })
    }

    /// Returns whether the case handler serves the report as it was collected, and the reader's own
    /// grants of generation 0 are among those of the report. `own_tag` is the tag of the reader's
    /// own key ([`grant_tag`](crate::submission::key_grant::grant_tag)). The grant of another
    /// reader does not match.
    pub fn matches_case(&self, detail: &CaseDetail, own_tag: Hash) -> bool {
        let own: Vec<_> = detail.grants.iter().filter(|grant| grant.generation == 0).collect();
        !own.is_empty()
            && own.iter().all(|own| own.grant.tag == own_tag && self.has_grant(&own.grant))
            && self.matches_content(detail)
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
    /// Compares each follow-up with its event. `events` are the commitments of the `followed-up`
    /// events of the case in their order.
    ///
    /// A follow-up in the position of another one is altered. Both sets are empty if the numbers of
    /// follow-ups and events differ, because it is not known which one is missing.
    pub fn compare(detail: &CaseDetail, events: &[FollowUpCommitment]) -> Self {
        let bodies =
            detail.parts.iter().filter(|part| part.kind == PartKind::Body && part.batch > 0);
        let mut batches: Vec<u32> = bodies.map(|part| part.batch).collect();
        batches.sort_unstable();
        let mut checked = Self::default();
        if batches.len() != events.len() {
            return checked;
        }
        for (batch, expected) in batches.into_iter().zip(events) {
            if served_parts(detail, batch, expected.generation).as_ref() == Some(&expected.parts) {
                checked.intact.insert(batch);
            } else {
                checked.altered.insert(batch);
            }
        }
        checked
    }
}

/// Returns the hashes of the sealed body and the sealed files of a batch, as the case handler
/// serves them. Returns `None` unless there is exactly one body and every part has this generation.
fn served_parts(detail: &CaseDetail, batch: u32, generation: u32) -> Option<Vec<Hash>> {
    let sent = |part: &&CasePart| {
        part.batch == batch && matches!(part.kind, PartKind::Body | PartKind::Attachment)
    };
    let mut parts: Vec<&CasePart> = detail.parts.iter().filter(sent).collect();
    parts.sort_by_key(|part| (part.kind != PartKind::Body, part.position));
    let bodies = parts.iter().filter(|part| part.kind == PartKind::Body).count();
    (bodies == 1 && parts.iter().all(|part| part.generation == generation))
        .then(|| parts.iter().map(|part| part.sha256).collect())
}
