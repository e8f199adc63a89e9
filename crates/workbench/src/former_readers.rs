//! Lists members who can open a case although they left or have another key, and rotates the keys
//! of all such cases in one step.
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
    actions::ActionError,
    alert::has_alarm,
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
}

/// Result of a key rotation for one case.
#[derive(Debug)]
pub struct KeyRotationResult {
    /// Id of the case.
    pub case: Uuid,
    /// Members who can read later messages, or why nothing was changed.
    pub result: Result<Vec<String>, ActionError>,
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
        let refused = row.state.check_permission(ActionKind::Rotate, self.handle(), role).err();
        ExposedCase {
            case: row.id,
            filed: row.filed,
            stage: serde_word(&row.state.stage),
            readers,
            rule: refused.as_ref().map(RuleViolation::code),
            refused: refused.as_ref().map(ToString::to_string),
        }
    }

    /// Rotates the keys of a case for everyone who may still read it.
    ///
    /// # Errors
    /// [`ActionError::UnresolvedAlerts`] if the case has alarms, because those must be resolved
    /// first; otherwise as every action.
    pub async fn rotate_case_keys(
        &mut self,
        case: Uuid,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Vec<String>, ActionError> {
        let mut case = self.read_case(case).await?;
        if has_alarm(&case.alarms) {
            return Err(ActionError::UnresolvedAlerts);
        }
        self.rotate_keys(&mut case, &[], rng).await
    }

    /// Rotates the keys of several cases, one after the other. Cases that the rules refuse do not
    /// stop the others.
    ///
    /// # Errors
    /// Ends at the first error that is not a refusal, such as a lost connection.
    pub async fn rotate_all(
        &mut self,
        cases: impl IntoIterator<Item = Uuid>,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Vec<KeyRotationResult>, ActionError> {
        let mut results = Vec::new();
        for case in cases {
            match self.rotate_case_keys(case, rng).await {
                Err(error)
                    if matches!(
                        ErrorKind::from(&error),
                        ErrorKind::Unreachable | ErrorKind::Failed
                    ) =>
                {
                    return Err(error);
                }
                result => results.push(KeyRotationResult { case, result }),
            }
        }
        Ok(results)
    }
}
