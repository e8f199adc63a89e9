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
const DIGEST_LABEL: &[u8] = b"burkindi/submission-digest/v2\0";

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

    /// Returns the submission digest of the report ([`submission_digest`]).
    pub fn digest(&self) -> Hash {
        submission_digest(0, &self.parts)
    }
}

impl FollowUpCommitment {
    /// Returns the submission digest of the follow-up ([`submission_digest`]).
    pub fn digest(&self) -> Hash {
        submission_digest(self.generation, &self.parts)
    }
}

/// Returns the submission digest, with which a reporter recognises the event of a submission:
/// `SHA-256("burkindi/submission-digest/v2\0" ‖ u32 generation ‖ parts)`. `parts` are the hashes of
/// the sealed body and then of the sealed files, in their order.
pub fn submission_digest(generation: u32, parts: &[Hash]) -> Hash {
    let generation = generation.to_be_bytes();
    let head = [DIGEST_LABEL, &generation];
    let all: Vec<&[u8]> =
        head.into_iter().chain(parts.iter().map(|part| part.as_bytes().as_slice())).collect();
    Hash::of(&all)
}

/// Returns the hash of the public keys of a case:
/// `SHA-256("burkindi/case-keys/v2\0" ‖ hash of M ‖ hash of C of generation 0)`.
pub fn case_keys_hash(mailbox_recipient: &Hash, case_recipient: &Hash) -> Hash {
    Hash::of(&[KEYS_LABEL, mailbox_recipient.as_bytes(), case_recipient.as_bytes()])
}
