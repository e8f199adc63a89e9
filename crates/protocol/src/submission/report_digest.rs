//! Digests of reports and follow-ups as the case handler collected them. They distinguish a
//! submission that was sent unreadable from one that was altered after it was ingested.

use serde::{Deserialize, Serialize};

use crate::{
    encoding::hash::Hash,
    keys::{CaseRecipient, MailboxRecipient},
    submission::key_grant::SealedGrant,
};

const CONTENT_LABEL: &[u8] = b"burkindi/report-digest/v1\0";
const FOLLOW_UP_LABEL: &[u8] = b"burkindi/follow-up-digest/v1\0";

/// The hashes of the content of a report. The `received` event contains them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportDigest {
    /// SHA-256 of the tag and the sealed bytes of each grant, decoys included, in ascending order.
    pub grants: Vec<Hash>,
    /// SHA-256 over the label `burkindi/report-digest/v1\0`, `M`, `C`, and the hashes of the sealed
    /// body and of each sealed file.
    pub content: Hash,
}

impl ReportDigest {
    /// Returns the digest of a report. `parts` are the hashes of its sealed body and then of its
    /// sealed files, in their order.
    pub fn of_report(
        mailbox: &MailboxRecipient,
        case: &CaseRecipient,
        grants: &[SealedGrant],
        parts: impl IntoIterator<Item = Hash>,
    ) -> Self {
        let mut grants: Vec<Hash> = grants.iter().map(grant_hash).collect();
        grants.sort();
        Self { grants, content: content_hash(mailbox, case, parts) }
    }

    /// Returns whether the report contained this grant.
    pub fn has_grant(&self, grant: &SealedGrant) -> bool {
        self.grants.contains(&grant_hash(grant))
    }
}

/// Returns the hash of a follow-up: SHA-256 over the label `burkindi/follow-up-digest/v1\0`, the
/// generation (u32, big-endian), and the hashes of the sealed body and then of the sealed files, in
/// their order.
pub fn follow_up_digest(generation: u32, parts: impl IntoIterator<Item = Hash>) -> Hash {
    let parts: Vec<u8> = parts.into_iter().flat_map(|hash| hash.0).collect();
    Hash::of(&[FOLLOW_UP_LABEL, &generation.to_be_bytes(), &parts])
}

fn grant_hash(grant: &SealedGrant) -> Hash {
    Hash::of(&[grant.tag.as_bytes(), &grant.sealed])
}

pub(crate) fn content_hash(
    mailbox: &MailboxRecipient,
    case: &CaseRecipient,
    parts: impl IntoIterator<Item = Hash>,
) -> Hash {
    let parts: Vec<u8> = parts.into_iter().flat_map(|hash| hash.0).collect();
    Hash::of(&[CONTENT_LABEL, mailbox.as_bytes(), case.as_bytes(), &parts])
}
