//! Follows the transparency log as a witness does: verifies that it contains everything that this
//! computer has seen of it, and countersigns it for the oversight body.

use protocol::{Hash, api::checkpoint::NewCosignature, directory::Directory};
use serde::{Deserialize, Serialize};
use transparency_log::{
    checkpoint::member_key,
    merkle::verify_consistency,
    policy::{LogEvidence, LogPolicy},
    witness::{AddCheckpoint, RequestError},
};

use super::error::AuditError;
use crate::{
    alert::{AlertCode, IntegrityAlert},
    session::{ConnectError, HandlerConnection, client::ClientError, profile::PinnedTree},
};

/// The newest checkpoint of the transparency log.
#[derive(Debug)]
pub enum NewestCheckpoint {
    /// There is none yet.
    None,
    /// Its log contains the tree that was seen before.
    Verified(Box<VerifiedCheckpoint>),
    /// It is invalid, or its log does not contain that tree.
    Refused(IntegrityAlert),
}

/// The newest checkpoint, after its tree was pinned.
#[derive(Debug)]
pub struct FollowedLog {
    /// The newest checkpoint.
    pub newest: NewestCheckpoint,
    /// A notice that the root keys have begun an empty log since this computer saw the log last.
    pub restarted: Option<IntegrityAlert>,
}

/// A checkpoint of the case handler's log that contains the tree that was seen before.
#[derive(Debug)]
pub struct VerifiedCheckpoint {
    offered: AddCheckpoint,
    policy: LogPolicy,
    /// The epoch of the log.
    epoch: u32,
    /// What the checkpoint shows.
    pub evidence: LogEvidence,
}

/// The newest checkpoint, as output of programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointSummary {
    /// The number of leaves of the log, dummies included.
    pub size: u64,
    /// The root of the tree of these leaves.
    pub root: Hash,
    /// Since when the quorum of the directory has countersigned it, in seconds since 1970.
    pub countersigned: Option<u64>,
    /// The number of members of the oversight body who have cosigned it.
    pub oversight: usize,
    /// The names of the outside witnesses that have cosigned it.
    pub witnesses: Vec<String>,
}

impl From<&LogEvidence> for CheckpointSummary {
    fn from(evidence: &LogEvidence) -> Self {
        let names = evidence.witnesses.iter().map(|cosigned| cosigned.by.name.to_string());
        Self {
            size: evidence.size,
            root: evidence.root,
            countersigned: evidence.countersigned,
            oversight: evidence.oversight.len(),
            witnesses: names.collect(),
        }
    }
}

impl VerifiedCheckpoint {
    /// Returns the tree of the checkpoint.
    pub fn tree(&self) -> PinnedTree {
        PinnedTree::of(&self.evidence, self.epoch)
    }
}

/// Returns the keys of the log that the directory names.
pub(crate) fn policy_of(directory: &Directory) -> Result<LogPolicy, ClientError> {
    LogPolicy::of_directory(directory).map_err(|error| ClientError::Unexpected(error.to_string()))
}

/// Returns the alarm for a log that does not contain a tree that was seen before.
pub(crate) fn replaced_log_alarm(seen: PinnedTree) -> IntegrityAlert {
    let text = format!(
        "the transparency log was rolled back or replaced: it does not contain the tree of {} leaves that this computer has seen",
        seen.size
    );
    IntegrityAlert::new(AlertCode::Rollback, text)
}

/// Returns the alarm for a directory that names an earlier log than this computer has seen.
pub(crate) fn earlier_log_alarm(seen: PinnedTree, epoch: u32) -> IntegrityAlert {
    let text = format!(
        "the directory returns to the transparency log {epoch}: this computer has seen log {}",
        seen.epoch
    );
    IntegrityAlert::new(AlertCode::Rollback, text)
}

fn restart_notice(pinned: PinnedTree, directory: &Directory) -> IntegrityAlert {
    let text = format!(
        "directory {} of {} begins the transparency log {} in place of log {}, whose last {} leaves \
         this computer has seen: the root keys do so after a restore of the case handler",
        directory.epoch, directory.issued, directory.log.epoch, pinned.epoch, pinned.size
    );
    IntegrityAlert::notice(AlertCode::LogRestarted, text)
}

impl HandlerConnection {
    /// Fetches the newest checkpoint, and verifies that its log contains a tree that was seen
    /// before. A tree of an earlier log than that of the directory counts as none. Pins nothing.
    ///
    /// # Errors
    /// If the case handler cannot be reached, or answers with something else than a checkpoint.
    pub async fn newest_checkpoint(
        &self,
        seen: Option<PinnedTree>,
    ) -> Result<NewestCheckpoint, ClientError> {
        let epoch = self.directory().log.epoch;
        if let Some(seen) = seen.filter(|seen| seen.epoch > epoch) {
            return Ok(NewestCheckpoint::Refused(earlier_log_alarm(seen, epoch)));
        }
        let seen = seen.filter(|seen| seen.epoch == epoch);
        let old = seen.unwrap_or_else(|| PinnedTree::empty(epoch));
        let text = match self.client.checkpoint(old.size).await {
            Ok(text) => text,
            // The log has no tree of this size: it is shorter now, or does not exist.
            Err(ClientError::Refused(problem)) if matches!(problem.status, 400 | 404) => {
                return Ok(match seen {
                    None => NewestCheckpoint::None,
                    Some(seen) => NewestCheckpoint::Refused(replaced_log_alarm(seen)),
                });
            }
            Err(error) => return Err(error),
        };
        let offered: AddCheckpoint = text
            .parse()
            .map_err(|error: RequestError| ClientError::Unexpected(error.to_string()))?;
        let policy = policy_of(self.directory())?;
        let evidence = match policy.verify_checkpoint(&offered.checkpoint) {
            Ok(evidence) => evidence,
            Err(error) => {
                let text = format!("the checkpoint of the transparency log is invalid: {error}");
                let alarm = IntegrityAlert::new(AlertCode::Forged, text);
                return Ok(NewestCheckpoint::Refused(alarm));
            }
        };
        let new = (evidence.size, &evidence.root);
        if verify_consistency((old.size, &old.root), new, &offered.proof).is_err() {
            return Ok(NewestCheckpoint::Refused(replaced_log_alarm(old)));
        }
        let verified = VerifiedCheckpoint { offered, policy, epoch, evidence };
        Ok(NewestCheckpoint::Verified(Box::new(verified)))
    }

    /// Fetches the newest checkpoint, verifies that its log contains the pinned tree, and pins its
    /// tree. If the directory names a later log than the pinned one, that log is pinned in its
    /// place.
    ///
    /// # Errors
    /// As [`Self::newest_checkpoint`], and if the session cannot be renewed or the profile cannot
    /// be written.
    pub async fn follow_transparency_log(&mut self) -> Result<FollowedLog, AuditError> {
        let pinned = self.trust_state.tree;
        let mut newest = self.newest_checkpoint(pinned).await?;
        if matches!(newest, NewestCheckpoint::Refused(_)) && self.renew_for_restarted_log().await? {
            newest = self.newest_checkpoint(pinned).await?;
        }
        let directory = self.directory();
        let earlier = pinned.filter(|pinned| pinned.epoch < directory.log.epoch);
        let restarted = earlier.map(|pinned| restart_notice(pinned, directory));
        if let NewestCheckpoint::Verified(verified) = &newest
            && pinned != Some(verified.tree())
        {
            self.trust_state.tree = Some(verified.tree());
            self.save_trust_state()?;
        }
        Ok(FollowedLog { newest, restarted })
    }

    /// Renews the session, which may be older than the directory with which the case handler has
    /// begun an empty log. Returns whether the directory names another log now.
    ///
    /// # Errors
    /// If the session cannot be renewed.
    pub(crate) async fn renew_for_restarted_log(&mut self) -> Result<bool, ConnectError> {
        let epoch = self.directory().log.epoch;
        self.renew().await?;
        Ok(self.directory().log.epoch != epoch)
    }

    /// Countersigns a checkpoint whose tree is pinned and whose leaves were all audited, unless the
    /// member has done so before. Returns what the checkpoint shows then.
    pub(crate) async fn countersign(
        &self,
        checkpoint: VerifiedCheckpoint,
    ) -> Result<LogEvidence, AuditError> {
        let VerifiedCheckpoint { offered, policy, evidence, .. } = checkpoint;
        let unexpected = |reason: String| ClientError::Unexpected(reason);
        let device = self.key.device();
        let key = member_key(self.trust.instance, self.handle(), device.into())
            .map_err(|error| unexpected(error.to_string()))?;
        if evidence.oversight.iter().any(|cosigned| cosigned.by == key) {
            return Ok(evidence);
        }
        let time = u64::try_from(self.now.unix_timestamp()).unwrap_or(0);
        let mut checkpoint = offered.checkpoint;
        let signature = checkpoint.cosign(key.name, device, time);
        let line = signature.to_string().trim_end().to_owned();
        self.client
            .add_cosignature(&NewCosignature { size: evidence.size, signature: line })
            .await?;
        checkpoint.add_signature(signature).map_err(|error| unexpected(error.to_string()))?;
        let countersigned = policy.verify_checkpoint(&checkpoint);
        Ok(countersigned.map_err(|error| unexpected(error.to_string()))?)
    }
}
