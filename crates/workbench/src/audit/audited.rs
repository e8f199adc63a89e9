//! The audited part of the log: the next audit continues there. It is saved in the profile, signed
//! and sealed, because it contains the state of every case.

use std::collections::BTreeMap;

use protocol::{
    Hash,
    keys::{PublicKey, sign},
};
use serde::{Deserialize, Serialize};
use transparency_log::compact_range::CompactRange;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::events::AuditedCase;
use crate::{
    keys::key_file::InvestigatorKey,
    private_files::{self, FileError},
    session::profile::ProfileDir,
};

/// Domain separation label of the signature over the saved state.
const SIGNATURE_CONTEXT: &[u8] = b"burkindi/audited-log/v1\0";

/// The audited part of the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AuditedLog {
    /// The epoch of the log.
    pub(crate) epoch: u32,
    /// The tree over the roots of the audited batches.
    pub(crate) tree: CompactRange,
    /// Number of events in these batches.
    pub(crate) events: u64,
    /// Every case after these events.
    pub(crate) cases: BTreeMap<Uuid, AuditedCase>,
}

/// The saved form of [`AuditedLog`].
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedAudit {
    instance: Uuid,
    epoch: u32,
    batches: u64,
    /// The perfect subtrees of the tree over the batches, the largest first.
    subtrees: Vec<Hash>,
    events: u64,
    cases: BTreeMap<Uuid, AuditedCase>,
}

impl AuditedLog {
    /// Returns the saved state of this installation, which can be that of an earlier log. Returns
    /// the empty one if there is none, or if another key signed it: the next audit then begins with
    /// the first batch.
    ///
    /// # Errors
    /// If the file exists and cannot be read.
    pub(crate) fn load(
        profile: &ProfileDir,
        key: &InvestigatorKey,
        instance: Uuid,
    ) -> Result<Self, FileError> {
        let sealed = match private_files::read(&profile.audited_path()) {
            Ok(sealed) => sealed,
            Err(FileError::NotFound(_)) => return Ok(Self::default()),
            Err(error) => return Err(error),
        };
        Ok(Self::open(&sealed, key, instance).unwrap_or_default())
    }

    fn open(sealed: &[u8], key: &InvestigatorKey, instance: Uuid) -> Option<Self> {
        let plain = key.identity().open(sealed).ok()?;
        let (signature, bytes) = plain.split_first_chunk::<64>()?;
        // Anyone can seal to a public key, so the signature decides.
        PublicKey::from(key.device()).verify(SIGNATURE_CONTEXT, bytes, signature).ok()?;
        let saved: SavedAudit = serde_json::from_slice(bytes).ok()?;
        let tree = CompactRange::from_subtrees(saved.batches, saved.subtrees)?;
        let SavedAudit { epoch, events, cases, .. } = saved;
        (saved.instance == instance).then_some(Self { epoch, tree, events, cases })
    }

    /// Saves the state.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn save(
        self,
        profile: &ProfileDir,
        key: &InvestigatorKey,
        instance: Uuid,
    ) -> Result<(), FileError> {
        let saved = SavedAudit {
            instance,
            epoch: self.epoch,
            batches: self.tree.len(),
            subtrees: self.tree.subtrees().to_vec(),
            events: self.events,
            cases: self.cases,
        };
        let bytes = serde_json::to_vec(&saved).expect("states contain text and numbers only");
        let bytes = Zeroizing::new(bytes);
        let mut plain = Zeroizing::new(Vec::with_capacity(64 + bytes.len()));
        plain.extend_from_slice(&sign(key.device(), SIGNATURE_CONTEXT, &bytes));
        plain.extend_from_slice(&bytes);
        let sealed = key.identity().recipient().seal(&plain);
        private_files::replace_private(&profile.audited_path(), &sealed)
    }
}
