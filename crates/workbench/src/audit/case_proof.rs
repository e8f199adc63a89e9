//! Verifies that the events of a case are in the transparency log.

use protocol::{
    api::workbench::{CaseLog, EventProof},
    case::event::SignedEvent,
};
use transparency_log::{
    policy::{LogEvidence, LogPolicy},
    proof::LogProof,
};
use uuid::Uuid;

use super::{
    checkpoint::{NewestCheckpoint, earlier_log_alarm, policy_of, replaced_log_alarm},
    events::LeafDeadline,
    leaves::not_in_log_alarm,
};
use crate::{
    alert::{AlertCode, IntegrityAlert},
    session::{HandlerConnection, client::ClientError, profile::PinnedTree},
};

/// Requests for a tree that contains both the pinned tree and that of a proof. More than one is
/// needed only if a batch is added at the same time.
const MAX_ATTEMPTS: usize = 3;

/// What the proof of a case shows.
#[derive(Debug, Default)]
pub(crate) struct CaseProofCheck {
    /// Every fault that was found.
    pub(crate) alarms: Vec<IntegrityAlert>,
    /// A newer tree than the pinned one that contains it.
    pub(crate) newer_tree: Option<PinnedTree>,
}

/// Verifies the proof of a case without any pinned state. Returns what its checkpoint shows, if
/// there is a valid proof.
pub(crate) fn verify_case_proof(
    case: Uuid,
    log: &CaseLog,
    policy: &LogPolicy,
    deadline: LeafDeadline,
) -> (Option<LogEvidence>, Vec<IntegrityAlert>) {
    let proved = log.proof.as_ref().map(|proof| verify_event_proof(proof, &log.events, policy));
    let (evidence, mut alarms) = match proved {
        None => (None, Vec::new()),
        Some(Ok(evidence)) => (Some(evidence), Vec::new()),
        Some(Err(reason)) => {
            let text =
                format!("the proof that the events of the case are in the log is wrong: {reason}");
            (None, vec![IntegrityAlert::new(AlertCode::WrongProof, text).in_case(case)])
        }
    };
    let logged = log.proof.as_ref().map_or(0, |proof| proof.seq as usize + 1);
    let overdue = log.events.iter().skip(logged).filter(|event| deadline.has_passed(event)).count();
    alarms.extend(not_in_log_alarm(overdue, Some(case)));
    (evidence, alarms)
}

fn verify_event_proof(
    EventProof { seq, proof }: &EventProof,
    events: &[SignedEvent],
    policy: &LogPolicy,
) -> Result<LogEvidence, String> {
    let event = events.get(*seq as usize).ok_or("it names an event that does not exist")?;
    let proof: LogProof = proof
        .parse()
        .map_err(|error: transparency_log::proof::ProofTextError| error.to_string())?;
    policy.verify_proof(&proof, &event.hash()).map_err(|error| error.to_string())
}

impl HandlerConnection {
    /// Verifies that the events of a case are in the log that this computer follows. Pins nothing.
    ///
    /// # Errors
    /// If a newer checkpoint is needed and the case handler cannot be reached.
    pub(crate) async fn check_case_log(
        &self,
        case: Uuid,
        log: &CaseLog,
    ) -> Result<CaseProofCheck, ClientError> {
        let policy = policy_of(self.directory())?;
        let (evidence, mut alarms) = verify_case_proof(case, log, &policy, self.leaf_deadline());
        let mut newer_tree = None;
        if let Some(evidence) = evidence {
            let proved = PinnedTree::of(&evidence, self.directory().log.epoch);
            match self.check_tree_of_proof(proved).await? {
                Ok(newer) => newer_tree = newer,
                Err(alarm) => alarms.push(alarm.in_case(case)),
            }
        }
        Ok(CaseProofCheck { alarms, newer_tree })
    }

    /// Returns which events should have a leaf today.
    pub(crate) fn leaf_deadline(&self) -> LeafDeadline {
        LeafDeadline { log_began: self.directory_history.log_began(), today: self.today() }
    }

    /// Verifies that the tree of a proof contains the pinned one, or is it. Returns a newer tree
    /// that contains both.
    async fn check_tree_of_proof(
        &self,
        proved: PinnedTree,
    ) -> Result<Result<Option<PinnedTree>, IntegrityAlert>, ClientError> {
        let epoch = proved.epoch;
        let pinned = match self.trust_state.tree {
            Some(pinned) if pinned.epoch > epoch => {
                return Ok(Err(earlier_log_alarm(pinned, epoch)));
            }
            Some(pinned) if pinned.epoch == epoch => pinned,
            _ => PinnedTree::empty(epoch),
        };
        if proved == pinned {
            return Ok(Ok(None));
        }
        // A proof leads to the newest checkpoint, so its tree is never older than the pinned one.
        if proved.size <= pinned.size {
            return Ok(Err(replaced_log_alarm(pinned)));
        }
        for _ in 0..MAX_ATTEMPTS {
            // The pinned tree and that of the proof must both be in one and the same tree.
            let newest = match self.newest_checkpoint(Some(pinned)).await? {
                NewestCheckpoint::Verified(newest) => newest.tree(),
                NewestCheckpoint::Refused(alarm) => return Ok(Err(alarm)),
                NewestCheckpoint::None => return Ok(Err(replaced_log_alarm(proved))),
            };
            if newest == proved {
                return Ok(Ok(Some(newest)));
            }
            let again = match self.newest_checkpoint(Some(proved)).await? {
                NewestCheckpoint::Verified(again) => again.tree(),
                NewestCheckpoint::Refused(alarm) => return Ok(Err(alarm)),
                NewestCheckpoint::None => return Ok(Err(replaced_log_alarm(proved))),
            };
            if newest == again {
                return Ok(Ok(Some(newest)));
            }
            if newest.size >= again.size {
                return Ok(Err(replaced_log_alarm(newest)));
            }
        }
        let text = "the case handler added batches faster than its checkpoints can be compared";
        Err(ClientError::Unexpected(text.to_owned()))
    }
}
