//! Decisions that no one makes alone: one proposes, another approves the very same.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Refusal, Role};
use crate::submission::Urgency;

/// What two persons decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Decision {
    /// The case ends.
    Close {
        /// How.
        disposition: Disposition,
        /// Why; one of [`Disposition::reasons`].
        reason: Reason,
        /// The case that has the matter, of a duplicate and only of one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        duplicate_of: Option<Uuid>,
    },
    /// Less urgent than before.
    Lower {
        /// The new urgency.
        urgency: Urgency,
    },
    /// Another authority gets the matter.
    Refer {
        /// Which.
        to: Authority,
        /// By what the reporter agreed. The case handler cannot know the answer; both workbenches hold it against the report.
        consent: Consent,
    },
    /// The legal hold ends.
    LiftHold,
    /// All content is destroyed.
    Purge,
}

/// A decision that waits for its second person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Who proposed it.
    pub by: String,
    /// What that person was to the case then.
    pub role: Role,
    /// What.
    #[serde(flatten)]
    pub decision: Decision,
}

/// How a case ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disposition {
    /// The concern holds.
    Substantiated,
    /// Part of it holds.
    PartlySubstantiated,
    /// It does not hold.
    Unsubstantiated,
    /// It could not be found out.
    InsufficientInformation,
    /// Not for this service.
    OutOfScope,
    /// Another case has it.
    Duplicate,
    /// A question was answered.
    AdviceGiven,
    /// A procedure was changed.
    ProcessFixAdopted,
    /// It came so that nobody who tried could open it.
    Unreadable,
}

impl Disposition {
    /// Every disposition.
    pub const ALL: [Self; 9] = [
        Self::Substantiated,
        Self::PartlySubstantiated,
        Self::Unsubstantiated,
        Self::InsufficientInformation,
        Self::OutOfScope,
        Self::Duplicate,
        Self::AdviceGiven,
        Self::ProcessFixAdopted,
        Self::Unreadable,
    ];

    /// The reasons that go with it.
    pub fn reasons(self) -> &'static [Reason] {
        match self {
            Self::Substantiated | Self::PartlySubstantiated => {
                &[Reason::Disciplinary, Reason::Prosecution, Reason::Recovery, Reason::OtherMeasure]
            }
            Self::Unsubstantiated => &[Reason::Disproved, Reason::NoEvidence],
            Self::InsufficientInformation => &[Reason::TooVague, Reason::NoAnswer],
            Self::OutOfScope => &[Reason::NotIntegrity, Reason::OtherBody],
            Self::Duplicate => &[Reason::SameMatter],
            Self::AdviceGiven => &[Reason::Answered],
            Self::ProcessFixAdopted => &[Reason::Procedure, Reason::Training, Reason::System],
            Self::Unreadable => &[Reason::AsItCame],
        }
    }
}

/// Why it ends so: a code without content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// A disciplinary measure follows.
    Disciplinary,
    /// A criminal prosecution follows.
    Prosecution,
    /// Money or goods are recovered.
    Recovery,
    /// Another measure follows.
    OtherMeasure,
    /// The facts are known, and they are not as reported.
    Disproved,
    /// Nothing was found for or against it.
    NoEvidence,
    /// Too little to check anything.
    TooVague,
    /// The reporter did not answer the questions without which nothing can be checked.
    NoAnswer,
    /// Not about integrity.
    NotIntegrity,
    /// For another body; the reporter was told which.
    OtherBody,
    /// Another case has the matter.
    SameMatter,
    /// The question was answered.
    Answered,
    /// A procedure was changed.
    Procedure,
    /// People were trained.
    Training,
    /// A system was changed.
    System,
    /// It is as it was collected, and does not open.
    AsItCame,
}

/// Whom a matter is referred to: its kind, as the case handler reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Authority {
    /// A public prosecutor.
    Prosecutor,
    /// Police or gendarmerie.
    Police,
    /// An authority against corruption.
    AntiCorruption,
    /// A court of audit or state inspection.
    Audit,
    /// An ombudsman, or an authority for equality or labour.
    Ombudsman,
    /// Another administration.
    Administration,
}

/// By what a reporter agreed that the matter goes to another authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "given", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Consent {
    /// In the report: as a summary without own words.
    Summary,
    /// In the report: as written.
    Full,
    /// Asked first, and agreed in a message.
    Asked {
        /// The number of that message.
        message: u32,
    },
    /// Not at all, but a law leaves no choice.
    Law,
}

/// Why a closed case is opened again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ground {
    /// The reporter wrote within 180 days of the closing.
    Reporter,
    /// Something has come to light elsewhere.
    NewEvidence,
}

pub(super) fn check_reason(
    disposition: Disposition,
    reason: Reason,
    duplicate_of: Option<Uuid>,
    this: Uuid,
) -> Result<(), Refusal> {
    if !disposition.reasons().contains(&reason) {
        return Err(Refusal::Reason);
    }
    match (disposition, duplicate_of) {
        (Disposition::Duplicate, Some(of)) if of != this => Ok(()),
        (Disposition::Duplicate, _) | (_, Some(_)) => Err(Refusal::DuplicateOf),
        (_, None) => Ok(()),
    }
}

/// Which two can decide it together.
pub(super) fn check_two(decision: Decision, first: Role, second: Role) -> Result<(), Refusal> {
    let allowed = match decision {
        Decision::Refer { .. } => first.lead && second.oversight || first.oversight && second.lead,
        Decision::LiftHold | Decision::Purge => first.heads() || second.heads(),
        Decision::Close { .. } | Decision::Lower { .. } => true,
    };
    match decision {
        _ if allowed => Ok(()),
        Decision::Refer { .. } => Err(Refusal::ReferralRole),
        _ => Err(Refusal::OneLead),
    }
}
