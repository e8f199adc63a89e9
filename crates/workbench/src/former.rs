//! Who can still open a case and should not any more, because they left or have another key; and new keys for all such cases in one step.
//!
//! Which cases these are, the case handler tells: it knows whose grants it keeps, and no event names them. One that kept quiet about a
//! reader could as well hand on what it keeps; new keys can be made for any case, listed or not.

use envelope::{
    desk_api::{FormerReader, FormerReaders},
    life::{Act, Refusal, Role},
};
use rand::{CryptoRng, RngCore};
use serde::Serialize;
use time::Date;
use uuid::Uuid;

use crate::{
    acting::ActError, alarm::any_alarm, client::ClientError, connection::Connection, outcome::Outcome,
    view::word,
};

/// A case with former readers. In JSON as it stands here.
#[derive(Debug, Clone, Serialize)]
pub struct Exposed {
    /// The case.
    pub case: Uuid,
    /// Day of filing.
    #[serde(with = "envelope::iso_date")]
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
pub struct Renewal {
    /// The case.
    pub case: Uuid,
    /// Who can read what comes, or why nothing was changed.
    pub outcome: Result<Vec<String>, ActError>,
}

impl Connection {
    /// Which of one's cases somebody can open who should not any more; those first for which one can make new keys.
    pub async fn former_readers(&self) -> Result<Vec<Exposed>, ClientError> {
        let told = self.client.former_readers().await?;
        let mut exposed: Vec<Exposed> = told.into_iter().map(|told| self.exposed(told)).collect();
        exposed.sort_by_key(|case| case.refused.is_some());
        Ok(exposed)
    }

    fn exposed(&self, FormerReaders { row, readers }: FormerReaders) -> Exposed {
        let role = Role::of(self.directory(), self.handle(), &row.state.desk);
        let refused = row.state.may(Act::Rotate, self.handle(), role).err();
        Exposed {
            case: row.id,
            filed: row.filed,
            stage: word(&row.state.stage),
            readers,
            rule: refused.as_ref().map(Refusal::rule),
            refused: refused.as_ref().map(ToString::to_string),
        }
    }

    /// New keys for a case, for everybody who may still read it. Refused where something about the case is wrong: its keys are then not
    /// what is to be mended first.
    pub async fn renew_keys(
        &mut self,
        case: Uuid,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Vec<String>, ActError> {
        let mut case = self.read_case(case).await?;
        if any_alarm(&case.alarms) {
            return Err(ActError::Alarming);
        }
        self.rotate(&mut case, &[], rng).await
    }

    /// The same for several cases, one after the other. What the rules refuse for one does not keep the others from it; whatever else
    /// fails ends it.
    pub async fn renew_all(
        &mut self,
        cases: impl IntoIterator<Item = Uuid>,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Vec<Renewal>, ActError> {
        let mut renewals = Vec::new();
        for case in cases {
            match self.renew_keys(case, rng).await {
                Err(error) if matches!(Outcome::from(&error), Outcome::Unreachable | Outcome::Failed) => {
                    return Err(error);
                }
                outcome => renewals.push(Renewal { case, outcome }),
            }
        }
        Ok(renewals)
    }
}
