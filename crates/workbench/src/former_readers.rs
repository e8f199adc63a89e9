//! Who can still open a case and should not any more, because they left or have another key; and
//! new keys for all such cases in one step.
//!
//! Which cases these are, the case handler tells: it knows whose grants it keeps, and no event
//! names them. One that kept quiet about a reader could as well hand on what it keeps; new keys can
//! be made for any case, listed or not.

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

/// A case with former readers. In JSON as it stands here.
#[derive(Debug, Clone, Serialize)]
pub struct ExposedCase {
    /// The case.
    pub case: Uuid,
    /// Day of filing.
    #[serde(with = "protocol::encoding::iso_date")]
    pub filed: Date,
    /// The stage where it stands.
    pub stage: String,
    /// Who can read it and should not.
    pub readers: Vec<FormerReader>,
    /// The rule that keeps its reader from making new keys for it; nothing where that can be done.
    pub rule: Option<&'static str>,
    /// The same in words.
    pub refused: Option<String>,
}

/// What came of making new keys for one case.
#[derive(Debug)]
pub struct KeyRotationResult {
    /// The case.
    pub case: Uuid,
    /// Who can read what comes, or why nothing was changed.
    pub result: Result<Vec<String>, ActionError>,
}

impl HandlerConnection {
    /// Which of one's cases somebody can open who should not any more; those first for which one
    /// can make new keys.
    pub async fn former_readers(&self) -> Result<Vec<ExposedCase>, ClientError> {
        let told = self.client.former_readers().await?;
        let mut exposed: Vec<ExposedCase> =
            told.into_iter().map(|told| self.exposed_case(told)).collect();
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

    /// New keys for a case, for everybody who may still read it. Refused where something about the
    /// case is wrong: its keys are then not what is to be mended first.
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

    /// The same for several cases, one after the other. What the rules refuse for one does not keep
    /// the others from it; whatever else fails ends it.
    pub async fn rotate_all(
        &mut self,
        cases: impl IntoIterator<Item = Uuid>,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Vec<KeyRotationResult>, ActionError> {
        let mut renewals = Vec::new();
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
                outcome => renewals.push(KeyRotationResult { case, result: outcome }),
            }
        }
        Ok(renewals)
    }
}
