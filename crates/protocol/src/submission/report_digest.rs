//! What a report or a later message brought, as the case handler collected it: tells what came
//! unreadable from what was altered after it was filed.

use serde::{Deserialize, Serialize};

use crate::{
    encoding::hash::Hash,
    keys::{CaseRecipient, MailboxRecipient},
    submission::key_grant::SealedGrant,
};

const CONTENT_LABEL: &[u8] = b"burkindi/came/v1\0";
const FOLLOW_UP_LABEL: &[u8] = b"burkindi/came/follow-up/v1\0";

/// Hashes of what a report brought. They stand in its `received` event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportDigest {
    /// SHA-256 of tag and sealed bytes of each grant, decoys included, in ascending order.
    pub grants: Vec<Hash>,
    /// SHA-256 over the label `burkindi/came/v1\0`, `M`, `C`, and the hashes of the sealed body and
    /// of each sealed file.
    pub content: Hash,
}

impl ReportDigest {
    /// Of a report. `parts` are the hashes of its sealed body and then of its sealed files, in
    /// their order.
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

    /// Did this grant come with the report?
    pub fn has_grant(&self, grant: &SealedGrant) -> bool {
        self.grants.contains(&grant_hash(grant))
    }
}

/// Returns the hash of what a follow-up brought: SHA-256 over the label
/// `burkindi/came/follow-up/v1\0`, the generation (u32, big-endian), and the hashes of the sealed
/// body and then of the sealed files, in their order.
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
