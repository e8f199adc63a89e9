//! Lists members who can open a case although they left or have another key. One member proposes
//! new keys for all such cases in one step, and another approves them.
//!
//! The case handler reports these cases, because it knows whose grants it stores; no event names
//! them. A case handler that conceals a reader could also disclose what it stores. Keys can be
//! rotated for any case, listed or not.

use protocol::{
    api::workbench::{FormerReader, FormerReaders},
    case::{ActionKind, Role, RuleViolation},
};
use rand::{CryptoRng, RngCore};
use serde::Serialize;
use time::Date;
use uuid::Uuid;

use crate::{
    actions::{ActionError, RotationReaders},
    alert::blocks_rotation,
    case::view::serde_word,
    error_kind::ErrorKind,
    session::{HandlerConnection, client::ClientError},
};

/// A case with former readers. These fields are also its JSON.
#[derive(Debug, Clone, Serialize)]
pub struct ExposedCase {
    /// Id of the case.
    pub case: Uuid,
    /// Date of the report.
    #[serde(with = "protocol::encoding::iso_date")]
    pub filed: Date,
    /// Stage of the case.
    pub stage: String,
    /// Former readers of the case.
    pub readers: Vec<FormerReader>,
    /// Code of the rule that forbids this member to rotate the keys; `None` if it is allowed.
    pub rule: Option<&'static str>,
    /// The same rule as text.
    pub refused: Option<String>,
    /// Whether new keys are proposed and wait for an approval.
    pub proposed: bool,
}

/// A case with a rotation that waits for an approval. These fields are also its JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProposedCase {
    /// Id of the case.
    pub case: Uuid,
    /// Date of the report.
    #[serde(with = "protocol::encoding::iso_date")]
    pub filed: Date,
    /// The member who proposed the rotation.
    pub by: String,
}

/// Result of proposing or approving new keys of one case.
#[derive(Debug)]
pub struct KeyRotationResult {
    /// Id of the case.
    pub case: Uuid,
    /// Members who can read later messages, or why nothing was changed.
    pub result: Result<RotationReaders, ActionError>,
}

impl HandlerConnection {
    /// Returns the member's cases with former readers. Cases whose keys the member can rotate come
    /// first.
    ///
    /// # Errors
    /// If the case handler cannot be reached or rejects the request.
    pub async fn former_readers(&self) -> Result<Vec<ExposedCase>, ClientError> {
        let listed = self.client.former_readers().await?;
        let mut exposed: Vec<ExposedCase> =
            listed.into_iter().map(|entry| self.exposed_case(entry)).collect();
        exposed.sort_by_key(|case| case.refused.is_some());
        Ok(exposed)
    }

    fn exposed_case(&self, FormerReaders { row, readers }: FormerReaders) -> ExposedCase {
        let role = Role::of_member(self.directory(), self.handle(), &row.state.desk);
        let allowed = row
            .state
            .check_permission(ActionKind::ProposeRotation, self.handle(), role)
            .and_then(|()| row.state.check_no_proposal());
        let refused = allowed.err();
        ExposedCase {
            case: row.id,
            filed: row.filed,
            stage: serde_word(&row.state.stage),
            readers,
            rule: refused.as_ref().map(RuleViolation::code),
            refused: refused.as_ref().map(ToString::to_string),
            proposed: row.state.pending_rotation.is_some(),
        }
    }

    /// Proposes new keys of a case for everyone who may still read it.
    ///
    /// # Errors
    /// [`ActionError::UnresolvedAlerts`] if the case has alarms that [`blocks_rotation`] names,
    /// because those must be resolved first; otherwise as every action.
    pub async fn propose_case_rotation(
        &mut self,
        case: Uuid,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<RotationReaders, ActionError> {
        let mut case = self.read_case(case).await?;
        if blocks_rotation(&case.alarms) {
            return Err(ActionError::UnresolvedAlerts);
        }
        self.propose_rotation(&mut case, &[], rng).await
    }

    /// Proposes new keys of several cases, one after the other. Cases that the rules refuse do not
    /// stop the others.
    ///
    /// # Errors
    /// Ends at the first error that is not a refusal, such as a lost connection.
    pub async fn propose_all(
        &mut self,
        cases: impl IntoIterator<Item = Uuid>,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Vec<KeyRotationResult>, ActionError> {
        let mut results = Vec::new();
        for case in cases {
            let result = self.propose_case_rotation(case, rng).await;
            results.push(KeyRotationResult { case, result: unless_fatal(result)? });
        }
        Ok(results)
    }

    /// Returns the cases of the member with a rotation that waits for the member's approval.
    ///
    /// # Errors
    /// If the case handler cannot be reached or rejects the request.
    pub async fn rotations_to_approve(&self) -> Result<Vec<ProposedCase>, ClientError> {
        let rows = self.client.cases().await?;
        let waiting = rows.into_iter().filter_map(|row| {
            let role = Role::of_member(self.directory(), self.handle(), &row.state.desk);
            let waits = row.state.awaits_decision_by(self.handle(), role);
            let by = row.state.pending_rotation.filter(|_| waits)?.by;
            Some(ProposedCase { case: row.id, filed: row.filed, by })
        });
        Ok(waiting.collect())
    }

    /// Approves the proposed rotations of several cases, one after the other, after checking each.
    /// A rotation that leaves out a member of the directory is not approved, because the approver
    /// decides on it with that case. Cases that the rules refuse do not stop the others.
    ///
    /// # Errors
    /// Ends at the first error that is not a refusal, such as a lost connection.
    pub async fn approve_all(
        &mut self,
        cases: impl IntoIterator<Item = Uuid>,
    ) -> Result<Vec<KeyRotationResult>, ActionError> {
        let mut results = Vec::new();
        for case in cases {
            let result = self.approve_for_all_readers(case).await;
            results.push(KeyRotationResult { case, result: unless_fatal(result)? });
        }
        Ok(results)
    }

    async fn approve_for_all_readers(
        &mut self,
        case: Uuid,
    ) -> Result<RotationReaders, ActionError> {
        let mut case = self.read_case_to_approve(case).await?;
        let left_out = self.proposed_rotation_readers(&case).map(|readers| readers.left_out);
        match left_out {
            Some(left_out) if !left_out.is_empty() => {
                Err(ActionError::LeavesOut(left_out.join(", ")))
            }
            _ => self.approve_rotation(&mut case).await,
        }
    }
}

/// Returns the result of one case, or its error if that must stop all.
fn unless_fatal(
    result: Result<RotationReaders, ActionError>,
) -> Result<Result<RotationReaders, ActionError>, ActionError> {
    match result {
        Err(error)
            if matches!(ErrorKind::from(&error), ErrorKind::Unreachable | ErrorKind::Failed) =>
        {
            Err(error)
        }
        result => Ok(result),
    }
}
