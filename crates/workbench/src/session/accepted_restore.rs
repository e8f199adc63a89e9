//! Accepts a restore of the case handler from a backup. After a restore, the case handler has an
//! older log than this computer has seen, which is an alarm until the member accepts the restore
//! with a reason. The acceptance covers exactly the log of that moment: a later rollback is an
//! alarm again. Each acceptance is saved, signed with the device key, and listed by every audit.

use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use protocol::keys::{PublicKey, sign};
use serde::{Deserialize, Serialize};
use time::Date;
use uuid::Uuid;

use crate::{
    alert::{AlertCode, AlertSeverity, IntegrityAlert},
    audit::{checkpoint::NewestCheckpoint, error::AuditError, fetch::AuditStart},
    private_files::{self, FileError},
    session::{
        HandlerConnection,
        client::ClientError,
        profile::{PinnedCaseHead, PinnedTree, SignedRestore},
    },
};

const SIGNATURE_CONTEXT: &[u8] = b"burkindi/accepted-restore/v1\0";

/// Maximum length of the reason, in characters.
const MAX_REASON_CHARS: usize = 500;

/// What was accepted, when, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptedRestore {
    /// Format version, 1.
    pub v: u8,
    /// Id of the installation.
    pub instance: Uuid,
    /// Date of the acceptance.
    #[serde(with = "protocol::encoding::iso_date")]
    pub day: Date,
    /// Reason, as the member wrote it.
    pub reason: String,
    /// The tree of the transparency log before and after, if it was rolled back or replaced. The
    /// second is the empty tree if there is no log any more.
    pub tree: Option<(PinnedTree, PinnedTree)>,
    /// The head of each case that was rolled back, before and after. The second is `None` if the
    /// case no longer exists.
    pub cases: BTreeMap<Uuid, (PinnedCaseHead, Option<PinnedCaseHead>)>,
}

/// Why a restore was not accepted. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// The audit failed, or the acceptance could not be saved.
    #[error(transparent)]
    Log(#[from] AuditError),
    /// Everything that was seen before still exists.
    #[error("no rollback since your last visit: there is no restore to accept")]
    NothingRolledBack,
    /// There are alerts that a restore does not explain.
    #[error("a restore does not explain every alarm: {}. Do not accept it; inform \
             the administrator", .0.join("; "))]
    UnexplainedAlerts(Vec<String>),
    /// The reason is empty, too long, or has control characters.
    #[error(
        "invalid reason: explain in 1 to 500 characters why the case handler was restored, and who informed you"
    )]
    InvalidReason,
}

impl From<FileError> for AcceptError {
    fn from(error: FileError) -> Self {
        Self::Log(error.into())
    }
}

fn sign_restore(restore: &AcceptedRestore, device: &SigningKey) -> SignedRestore {
    let bytes =
        serde_json::to_vec(restore).expect("these types contain only strings, numbers and lists");
    let signature = sign(device, SIGNATURE_CONTEXT, &bytes).to_vec();
    SignedRestore { bytes, signature }
}

/// Returns the accepted restore if this key signed it for this installation.
fn verify_restore(
    accepted: &SignedRestore,
    device: &PublicKey,
    instance: Uuid,
) -> Option<AcceptedRestore> {
    let signature = accepted.signature.as_slice().try_into().ok()?;
    device.verify(SIGNATURE_CONTEXT, &accepted.bytes, signature).ok()?;
    serde_json::from_slice::<AcceptedRestore>(&accepted.bytes)
        .ok()
        .filter(|restore| restore.v == 1 && restore.instance == instance)
}

/// Returns the rollbacks among the alerts.
///
/// # Errors
/// [`AcceptError::UnexplainedAlerts`] if there is another alarm.
fn check_explained(alerts: Vec<IntegrityAlert>) -> Result<Vec<IntegrityAlert>, AcceptError> {
    let alarms = alerts.into_iter().filter(|alert| alert.severity == AlertSeverity::Alarm);
    let (rolled_back, others): (Vec<_>, Vec<_>) =
        alarms.partition(|alarm| alarm.code == AlertCode::Rollback);
    if others.is_empty() {
        return Ok(rolled_back);
    }
    Err(AcceptError::UnexplainedAlerts(others.into_iter().map(|alarm| alarm.text).collect()))
}

impl HandlerConnection {
    /// Accepts that the case handler was restored from a backup. Its present log becomes the pinned
    /// state.
    ///
    /// # Errors
    /// If nothing was rolled back, if there are other alerts, or if the acceptance cannot be saved.
    pub async fn accept_restore(&mut self, reason: &str) -> Result<AcceptedRestore, AcceptError> {
        let reason = reason.trim();
        if reason.is_empty()
            || reason.chars().count() > MAX_REASON_CHARS
            || reason.chars().any(char::is_control)
        {
            return Err(AcceptError::InvalidReason);
        }
        let audit = self.audit_log(AuditStart::Resume).await?;
        let rolled_back = check_explained(audit.alarms)?;
        if rolled_back.is_empty() {
            return Err(AcceptError::NothingRolledBack);
        }
        // Every other rollback is one of a case.
        let tree_replaced = rolled_back.iter().any(|alarm| alarm.case.is_none());
        let present = if tree_replaced { Some(self.audit_present_log().await?) } else { None };
        let cases = rolled_back.into_iter().filter_map(|alarm| alarm.case);
        let restore = self.build_restore(cases, present, reason).await?;
        // The record is written first. An interruption can then leave a superfluous record, but
        // never an acceptance without a record.
        let mut accepted = self.profile.accepted_restores()?;
        accepted.push(sign_restore(&restore, self.key.device()));
        self.profile.save_accepted_restores(&accepted)?;
        for (case, (_, after)) in &restore.cases {
            match after {
                Some(head) => self.trust_state.cases.insert(*case, *head),
                None => self.trust_state.cases.remove(case),
            };
            let max_events = after.map_or(0, |head| head.events);
            self.trust_state.read.entry(*case).and_modify(|read| *read = (*read).min(max_events));
        }
        if let Some((_, after)) = restore.tree {
            self.trust_state.tree = Some(after);
        }
        // The next audit begins with the first batch.
        private_files::remove(&self.profile.audited_path())?;
        self.save_trust_state()?;
        Ok(restore)
    }

    /// Verifies the present log without the pinned tree, from its first batch on, and returns its
    /// tree.
    async fn audit_present_log(&self) -> Result<PinnedTree, AcceptError> {
        let newest = self.newest_checkpoint(None).await.map_err(AuditError::from)?;
        let checkpoint = match newest {
            NewestCheckpoint::Verified(verified) => Some(verified),
            NewestCheckpoint::None => None,
            NewestCheckpoint::Refused(alarm) => {
                return Err(AcceptError::UnexplainedAlerts(vec![alarm.text]));
            }
        };
        if self.is_oversight() {
            let audit = self.audit_leaves(AuditStart::FirstBatch, checkpoint.as_deref()).await?;
            check_explained(audit.alarms)?;
        }
        Ok(checkpoint.map_or_else(
            || PinnedTree::empty(self.directory().log.epoch),
            |verified| verified.tree(),
        ))
    }

    async fn build_restore(
        &self,
        cases: impl Iterator<Item = Uuid>,
        present: Option<PinnedTree>,
        reason: &str,
    ) -> Result<AcceptedRestore, AcceptError> {
        let mut heads = BTreeMap::new();
        for case in cases {
            let Some(before) = self.trust_state.cases.get(&case) else { continue };
            heads.insert(case, (*before, self.present_head(case).await?));
        }
        Ok(AcceptedRestore {
            v: 1,
            instance: self.trust.instance,
            day: self.today(),
            reason: reason.to_owned(),
            tree: self.trust_state.tree.zip(present),
            cases: heads,
        })
    }

    /// Returns the head of a case, or `None` if the case does not exist.
    async fn present_head(&self, case: Uuid) -> Result<Option<PinnedCaseHead>, AuditError> {
        let events = match self.client.case_log(case).await {
            Ok(log) => log.events,
            Err(ClientError::Refused(problem)) if problem.status == 404 => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let count = u32::try_from(events.len()).unwrap_or(u32::MAX);
        Ok(events.last().map(|last| PinnedCaseHead { events: count, head: last.hash() }))
    }

    /// Returns the accepted restores as notices of an audit. A record without this key's signature
    /// is an alarm.
    pub(crate) fn accepted_restores(&self) -> Result<Vec<IntegrityAlert>, FileError> {
        let device = PublicKey::from(self.key.device());
        let to_alert = |accepted: &SignedRestore| match verify_restore(
            accepted,
            &device,
            self.trust.instance,
        ) {
            Some(restore) => IntegrityAlert::notice(
                AlertCode::AcceptedRestore,
                format!(
                    "on {} you accepted a restore of the case handler: \
                    {}",
                    restore.day, restore.reason
                ),
            ),
            None => IntegrityAlert::new(
                AlertCode::Forged,
                "accepted.json contains an accepted restore that your key did not sign: the file was \
                 altered, or belongs to a former key. Read it, then move it to another folder",
            ),
        };
        Ok(self.profile.accepted_restores()?.iter().map(to_alert).collect())
    }
}
