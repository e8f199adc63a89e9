//! Follows the transparency log as a witness does: verifies that it contains everything that this
//! computer has seen of it, and countersigns it for the oversight body.

use protocol::{api::checkpoint::NewCosignature, directory::Directory};
use serde::{Deserialize, Serialize};
use transparency_log::{
    checkpoint::member_key,
    merkle::{empty_root, verify_consistency},
    policy::{LogEvidence, LogPolicy},
    witness::AddCheckpoint,
};

use super::fetch::AuditError;
use crate::{
    alert::{AlertCode, IntegrityAlert},
    session::{HandlerConnection, client::ClientError, profile::PinnedTree},
};

/// What the newest checkpoint of the transparency log shows.
#[derive(Debug, Default)]
pub struct CheckpointAudit {
    /// The verified checkpoint. `None` if there is none yet, or it was refused.
    pub evidence: Option<LogEvidence>,
    /// Why it was refused.
    pub alarm: Option<IntegrityAlert>,
    /// A notice that the root keys have begun an empty log since this computer saw the log last.
    pub restarted: Option<IntegrityAlert>,
}

/// The newest checkpoint, as output of programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointSummary {
    /// The number of leaves of the log, dummies included.
    pub size: u64,
    /// Since when the oversight body has countersigned it, in seconds since 1970.
    pub countersigned: Option<u64>,
}

impl CheckpointAudit {
    fn refused(code: AlertCode, text: impl Into<String>) -> Self {
        Self { alarm: Some(IntegrityAlert::new(code, text)), ..Self::default() }
    }

    /// Returns the summary of a verified checkpoint.
    pub fn summary(&self) -> Option<CheckpointSummary> {
        let LogEvidence { size, countersigned, .. } = self.evidence.as_ref()?;
        Some(CheckpointSummary { size: *size, countersigned: *countersigned })
    }
}

impl HandlerConnection {
    /// Fetches the newest checkpoint, verifies that its log contains the tree that was seen last,
    /// and pins it. A member of the oversight body then countersigns it. If the directory names a
    /// later log than the pinned one, that log is pinned in its place.
    ///
    /// # Errors
    /// If the case handler cannot be reached, answers with something else than a checkpoint, or the
    /// profile cannot be written. A refused checkpoint is an alarm in the result.
    pub async fn follow_transparency_log(&mut self) -> Result<CheckpointAudit, AuditError> {
        let epoch = self.directory().log.epoch;
        let followed = self.follow_log_of_directory().await?;
        if followed.alarm.is_none() {
            return Ok(followed);
        }
        // The session may be older than the directory with which the case handler has begun an
        // empty log.
        self.renew().await?;
        if self.directory().log.epoch == epoch {
            return Ok(followed);
        }
        self.follow_log_of_directory().await
    }

    async fn follow_log_of_directory(&mut self) -> Result<CheckpointAudit, AuditError> {
        let epoch = self.directory().log.epoch;
        let pinned = self.trust_state.tree;
        if let Some(pinned) = pinned.filter(|pinned| pinned.epoch > epoch) {
            let text = format!(
                "the directory returns to the transparency log {epoch}: this computer has seen log {}",
                pinned.epoch
            );
            return Ok(CheckpointAudit::refused(AlertCode::Rollback, text));
        }
        let restarted = pinned
            .filter(|pinned| pinned.epoch < epoch)
            .map(|pinned| restart_notice(pinned, self.directory()));
        let seen = pinned.filter(|pinned| pinned.epoch == epoch);
        let old = seen.unwrap_or_else(|| PinnedTree { epoch, size: 0, root: empty_root() });
        let text = match self.client.checkpoint(old.size).await {
            Ok(text) => text,
            // The log has no tree of this size: it is shorter now, or does not exist.
            Err(ClientError::Refused(problem)) if matches!(problem.status, 400 | 404) => {
                return Ok(match seen {
                    None => CheckpointAudit { restarted, ..CheckpointAudit::default() },
                    Some(seen) => rolled_back(seen),
                });
            }
            Err(error) => return Err(error.into()),
        };
        let unexpected = |reason: String| ClientError::Unexpected(reason);
        let offered: AddCheckpoint =
            text.parse().map_err(|error: transparency_log::witness::RequestError| {
                unexpected(error.to_string())
            })?;
        let policy = LogPolicy::of_directory(self.directory())
            .map_err(|error| unexpected(error.to_string()))?;
        let evidence = match policy.verify_checkpoint(&offered.checkpoint) {
            Ok(evidence) => evidence,
            Err(error) => {
                let text = format!("the checkpoint of the transparency log is invalid: {error}");
                return Ok(CheckpointAudit::refused(AlertCode::Forged, text));
            }
        };
        let new = PinnedTree { epoch, size: evidence.size, root: evidence.root };
        let grown =
            verify_consistency((old.size, &old.root), (new.size, &new.root), &offered.proof);
        if grown.is_err() {
            return Ok(rolled_back(old));
        }
        if seen != Some(new) {
            // Before the countersignature: it states that this computer knows the tree.
            self.trust_state.tree = Some(new);
            self.profile.save_trust_state(&self.trust_state)?;
        }
        let evidence = if self.is_oversight() {
            self.countersign(offered, &policy, evidence).await?
        } else {
            evidence
        };
        Ok(CheckpointAudit { evidence: Some(evidence), restarted, ..CheckpointAudit::default() })
    }

    /// Countersigns a verified checkpoint, unless the member has done so before.
    async fn countersign(
        &self,
        offered: AddCheckpoint,
        policy: &LogPolicy,
        evidence: LogEvidence,
    ) -> Result<LogEvidence, AuditError> {
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

fn restart_notice(pinned: PinnedTree, directory: &Directory) -> IntegrityAlert {
    let text = format!(
        "directory {} of {} begins the transparency log {} in place of log {}, whose last {} leaves \
         this computer has seen: the root keys do so after a restore of the case handler",
        directory.epoch, directory.issued, directory.log.epoch, pinned.epoch, pinned.size
    );
    IntegrityAlert::notice(AlertCode::LogRestarted, text)
}

fn rolled_back(seen: PinnedTree) -> CheckpointAudit {
    let text = format!(
        "the transparency log was rolled back or replaced: it does not contain the tree of {} leaves that this computer has seen",
        seen.size
    );
    CheckpointAudit::refused(AlertCode::Rollback, text)
}
