//! A case handler that was restored from a backup holds an older log than was seen. That is an
//! alarm until the one who saw it has accepted the restore, with a reason. What is accepted is
//! exactly the log of that moment: a later roll-back is an alarm again. Each acceptance is kept,
//! signed with the device key, and listed by every audit.

use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use protocol::{
    case::event::LogEntry,
    keys::{PublicKey, sign},
};
use serde::{Deserialize, Serialize};
use time::Date;
use uuid::Uuid;

use crate::{
    alert::{AlertCode, AlertSeverity, IntegrityAlert},
    audit::{LogExport, fetch::AuditError},
    private_files::FileError,
    session::{
        HandlerConnection,
        profile::{PinnedCaseHead, PinnedLogHead, SignedRestore},
    },
};

const SIGNATURE_CONTEXT: &[u8] = b"burkindi/accepted-restore/v1\0";

/// The longest reason, in characters.
const MAX_REASON_CHARS: usize = 500;

/// What was accepted, when, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptedRestore {
    /// 1.
    pub v: u8,
    /// Of which installation.
    pub instance: Uuid,
    /// The day of the acceptance.
    #[serde(with = "protocol::encoding::iso_date")]
    pub day: Date,
    /// In the words of the one who accepted it.
    pub reason: String,
    /// The end of the whole log before and after, for the oversight body.
    pub log: Option<(PinnedLogHead, PinnedLogHead)>,
    /// The end of each case that was rolled back, before and after; nothing after if the case is
    /// gone.
    pub cases: BTreeMap<Uuid, (PinnedCaseHead, Option<PinnedCaseHead>)>,
}

/// Why a restore was not accepted. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// The log could not be gone through, or the acceptance not be kept.
    #[error(transparent)]
    Log(#[from] AuditError),
    /// What was seen before is still there.
    #[error("nothing was rolled back since you last looked: there is no restore to accept")]
    NothingRolledBack,
    /// Something is wrong that no restore explains.
    #[error("a restore does not explain every alarm: {}. Do not accept it; tell the \
             administrator", .0.join("; "))]
    UnexplainedAlerts(Vec<String>),
    /// It would not be understood later.
    #[error("say in 1 to 500 characters why the case handler was restored, and who said so")]
    InvalidReason,
}

impl From<FileError> for AcceptError {
    fn from(error: FileError) -> Self {
        Self::Log(error.into())
    }
}

fn sign_restore(restore: &AcceptedRestore, device: &SigningKey) -> SignedRestore {
    let bytes = serde_json::to_vec(restore).expect(
        "our shapes hold strings, numbers and lists \
        only",
    );
    let signature = sign(device, SIGNATURE_CONTEXT, &bytes).to_vec();
    SignedRestore { bytes, signature }
}

/// What it says, if this key has signed it for this installation.
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

/// The end of one case in a log.
fn head_of(case: Uuid, entries: &[LogEntry]) -> Option<PinnedCaseHead> {
    let of_case = entries
        .iter()
        .filter(|entry| entry.event.decode_unverified().is_ok_and(|event| event.case == case));
    let mut events = 0;
    let last = of_case.inspect(|_| events += 1).last()?;
    Some(PinnedCaseHead { events, head: last.event.hash() })
}

impl HandlerConnection {
    /// Accepts that the case handler was restored from a backup: what it holds now counts as seen.
    ///
    /// # Errors
    /// If nothing was rolled back, if anything else is wrong, or if it cannot be kept.
    pub async fn accept_restore(&mut self, reason: &str) -> Result<AcceptedRestore, AcceptError> {
        let reason = reason.trim();
        if reason.is_empty()
            || reason.chars().count() > MAX_REASON_CHARS
            || reason.chars().any(char::is_control)
        {
            return Err(AcceptError::InvalidReason);
        }
        let export = self.export_log().await.map_err(AuditError::from)?;
        let audit = self.audit_log(&export)?;
        let alarms = audit.alarms.iter().filter(|alarm| alarm.severity == AlertSeverity::Alarm);
        let (rolled_back, others): (Vec<_>, Vec<_>) =
            alarms.partition(|alarm| alarm.code == AlertCode::Rollback);
        if !others.is_empty() {
            return Err(AcceptError::UnexplainedAlerts(
                others.iter().map(|alarm| alarm.text.clone()).collect(),
            ));
        }
        if rolled_back.is_empty() {
            return Err(AcceptError::NothingRolledBack);
        }
        let cases: Vec<Uuid> = rolled_back.iter().filter_map(|alarm| alarm.case).collect();
        let whole = rolled_back.iter().any(|alarm| alarm.case.is_none());
        let now = PinnedLogHead { entries: audit.entries, link: audit.head };
        let restore = self.build_restore(&export, &cases, whole.then_some(now), reason);
        // First the record: an interruption leaves one too many, and never an acceptance of which
        // nothing is known.
        let mut accepted = self.profile.accepted_restores()?;
        accepted.push(sign_restore(&restore, self.key.device()));
        self.profile.save_accepted_restores(&accepted)?;
        for (case, (_, after)) in &restore.cases {
            match after {
                Some(end) => self.trust_state.cases.insert(*case, *end),
                None => self.trust_state.cases.remove(case),
            };
            let most = after.map_or(0, |end| end.events);
            self.trust_state.read.entry(*case).and_modify(|read| *read = (*read).min(most));
        }
        if let Some((_, after)) = restore.log {
            self.trust_state.log = Some(after);
        }
        self.save_trust_state()?;
        Ok(restore)
    }

    fn build_restore(
        &self,
        export: &LogExport,
        cases: &[Uuid],
        now: Option<PinnedLogHead>,
        reason: &str,
    ) -> AcceptedRestore {
        let of_case = |case: &Uuid| {
            let before = self.trust_state.cases.get(case)?;
            Some((*case, (*before, head_of(*case, &export.entries))))
        };
        AcceptedRestore {
            v: 1,
            instance: self.trust.instance,
            day: self.today(),
            reason: reason.to_owned(),
            log: self.trust_state.log.zip(now),
            cases: cases.iter().filter_map(of_case).collect(),
        }
    }

    /// What was accepted before, as notices of an audit. One that this key has not signed is an
    /// alarm.
    pub(crate) fn accepted_restores(&self) -> Result<Vec<IntegrityAlert>, FileError> {
        let device = PublicKey::from(self.key.device());
        let told = |accepted: &SignedRestore| match verify_restore(
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
                "accepted.json holds an accepted restore that your key has not signed: the file \
                 was altered, or is of a former key. See what it says, then move it away",
            ),
        };
        Ok(self.profile.accepted_restores()?.iter().map(told).collect())
    }
}
