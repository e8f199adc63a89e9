//! Commitments to a submission as the case handler collected it: hashes that its event contains.
//! They show every reader the same content, and distinguish a submission that was sent unreadable
//! from one that was altered after it was ingested.

use serde::{Deserialize, Serialize};

use crate::{
    encoding::hash::Hash,
    keys::{CaseRecipient, MailboxRecipient},
    submission::key_grant::SealedGrant,
};

const KEYS_LABEL: &[u8] = b"burkindi/case-keys/v2\0";

/// The commitment to a report. The `received` event contains it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportCommitment {
    /// The hash of the public keys of the case ([`case_keys_hash`]).
    pub keys: Hash,
    /// SHA-256 of the tag and the sealed bytes of each grant, decoys included, in ascending order.
    pub grants: Vec<Hash>,
    /// SHA-256 of the sealed body, and then of each sealed file in its order.
    pub parts: Vec<Hash>,
}

/// The commitment to a follow-up. The `followed-up` event contains it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FollowUpCommitment {
    /// The generation of the case secret that the follow-up is sealed to.
    pub generation: u32,
    /// SHA-256 of the sealed body, and then of each sealed file in its order.
    pub parts: Vec<Hash>,
}

impl ReportCommitment {
    /// Returns the commitment to a report. `parts` are the hashes of its sealed body and then of
    /// its sealed files, in their order.
    pub fn of_report(
        mailbox: &MailboxRecipient,
        case: &CaseRecipient,
        grants: &[SealedGrant],
        parts: impl IntoIterator<Item = Hash>,
    ) -> Self {
        let mut grants: Vec<Hash> = grants.iter().map(SealedGrant::hash).collect();
        grants.sort();
        let keys = case_keys_hash(&mailbox.hash(), &case.hash());
        Self { keys, grants, parts: parts.into_iter().collect() }
    }

    /// Returns whether the report contained this grant.
    pub fn has_grant(&self, grant: &SealedGrant) -> bool {
        self.grants.contains(&grant.hash())
    }
}

/// Returns the hash of the public keys of a case:
/// `SHA-256("burkindi/case-keys/v2\0" ‖ hash of M ‖ hash of C of generation 0)`.
pub fn case_keys_hash(mailbox_recipient: &Hash, case_recipient: &Hash) -> Hash {
    Hash::of(&[KEYS_LABEL, mailbox_recipient.as_bytes(), case_recipient.as_bytes()])
}
