//! Decisions that no one makes alone: one proposes, another approves the very same.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::case::{role::Role, rule_violation::RuleViolation};
use crate::submission::envelope::Urgency;

/// What two persons decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Decision {
    /// The case ends.
    Close {
        /// How.
        disposition: Disposition,
        /// Why; one of [`Disposition::allowed_reasons`].
        reason: ClosingReason,
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
        to: ReferralTarget,
        /// By what the reporter agreed. The case handler cannot know the answer; both workbenches
        /// hold it against the report.
        consent: ReferralConsent,
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
    pub fn allowed_reasons(self) -> &'static [ClosingReason] {
        match self {
            Self::Substantiated | Self::PartlySubstantiated => &[
                ClosingReason::Disciplinary,
                ClosingReason::Prosecution,
                ClosingReason::Recovery,
                ClosingReason::OtherMeasure,
            ],
            Self::Unsubstantiated => &[ClosingReason::Disproved, ClosingReason::NoEvidence],
            Self::InsufficientInformation => &[ClosingReason::TooVague, ClosingReason::NoAnswer],
            Self::OutOfScope => &[ClosingReason::NotIntegrity, ClosingReason::OtherBody],
            Self::Duplicate => &[ClosingReason::SameMatter],
            Self::AdviceGiven => &[ClosingReason::Answered],
            Self::ProcessFixAdopted => {
                &[ClosingReason::Procedure, ClosingReason::Training, ClosingReason::System]
            }
            Self::Unreadable => &[ClosingReason::AsItCame],
        }
    }
}

/// Why it ends so: a code without content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClosingReason {
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
pub enum ReferralTarget {
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
pub enum ReferralConsent {
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
pub enum ReopenReason {
    /// The reporter wrote within 180 days of the closing.
    Reporter,
    /// Something has come to light elsewhere.
    NewEvidence,
}

pub(super) fn check_reason(
    disposition: Disposition,
    reason: ClosingReason,
    duplicate_of: Option<Uuid>,
    this: Uuid,
) -> Result<(), RuleViolation> {
    if !disposition.allowed_reasons().contains(&reason) {
        return Err(RuleViolation::ReasonMismatch);
    }
    match (disposition, duplicate_of) {
        (Disposition::Duplicate, Some(of)) if of != this => Ok(()),
        (Disposition::Duplicate, _) | (_, Some(_)) => Err(RuleViolation::DuplicateMismatch),
        (_, None) => Ok(()),
    }
}

/// Which two can decide it together.
pub(super) fn check_second_person(
    decision: Decision,
    first: Role,
    second: Role,
) -> Result<(), RuleViolation> {
    let allowed = match decision {
        Decision::Refer { .. } => first.lead && second.oversight || first.oversight && second.lead,
        Decision::LiftHold | Decision::Purge => {
            first.is_lead_or_oversight() || second.is_lead_or_oversight()
        }
        Decision::Close { .. } | Decision::Lower { .. } => true,
    };
    match decision {
        _ if allowed => Ok(()),
        Decision::Refer { .. } => Err(RuleViolation::ReferralRole),
        _ => Err(RuleViolation::OneLead),
    }
}
