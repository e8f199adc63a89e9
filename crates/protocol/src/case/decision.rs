//! Decisions that need two members: one proposes, another approves exactly the same decision.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Priority;
use crate::case::{role::Role, rule_violation::RuleViolation};

/// A decision of two members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Decision {
    /// Close the case.
    Close {
        /// The outcome.
        disposition: Disposition,
        /// The reason, one of [`Disposition::allowed_reasons`].
        reason: ClosingReason,
        /// The case that handles the matter. Set for a duplicate and only for a duplicate.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        duplicate_of: Option<Uuid>,
    },
    /// Lower the priority.
    Lower {
        /// The new priority.
        priority: Priority,
    },
    /// Refer the matter to another authority.
    Refer {
        /// The kind of authority.
        to: ReferralTarget,
        /// How the reporter consented. The case handler cannot verify it. The workbenches of both
        /// members compare it with the report.
        consent: ReferralConsent,
    },
    /// Lift the legal hold.
    LiftHold,
    /// Destroy all content.
    Purge,
}

impl Decision {
    /// The decision with which two members close a case that neither can open.
    pub const CLOSE_AS_UNREADABLE: Self = Self::Close {
        disposition: Disposition::Unreadable,
        reason: ClosingReason::ReceivedUnreadable,
        duplicate_of: None,
    };
}

/// A decision that waits for its second person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The member who proposed it.
    pub by: String,
    /// The role of that member in the case at the time of the proposal.
    pub role: Role,
    /// The decision.
    #[serde(flatten)]
    pub decision: Decision,
}

/// The outcome of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disposition {
    /// The concern is confirmed.
    Substantiated,
    /// A part of the concern is confirmed.
    PartlySubstantiated,
    /// The concern is refuted or not confirmed.
    Unsubstantiated,
    /// There is too little information to decide.
    InsufficientInformation,
    /// The matter is outside the scope of this service.
    OutOfScope,
    /// Another case handles the matter.
    Duplicate,
    /// A question was answered.
    AdviceGiven,
    /// A procedure was changed.
    ProcessFixAdopted,
    /// It could not be opened by any reader who tried, and was not altered since it was collected.
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

    /// Returns the reasons that are allowed for this outcome.
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
            Self::Unreadable => &[ClosingReason::ReceivedUnreadable],
        }
    }
}

/// The reason for an outcome: a code without content.
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
    /// The facts are known and differ from the report.
    Disproved,
    /// No evidence was found for or against it.
    NoEvidence,
    /// The report has too few details to check anything.
    TooVague,
    /// The reporter did not answer questions that are necessary to check anything.
    NoAnswer,
    /// The matter does not concern integrity.
    NotIntegrity,
    /// Another body is responsible. The reporter was informed which.
    OtherBody,
    /// Another case handles the matter.
    SameMatter,
    /// The question was answered.
    Answered,
    /// A procedure was changed.
    Procedure,
    /// People were trained.
    Training,
    /// A system was changed.
    System,
    /// It is unchanged since it was collected, and does not open.
    ReceivedUnreadable,
}

/// The kind of authority that a matter is referred to. The case handler can read it.
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

/// How a reporter consented to a referral.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "given", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum ReferralConsent {
    /// In the report, to a summary without the reporter's own words.
    Summary,
    /// In the report, to the report as written.
    Full,
    /// In a message, after a member asked.
    Asked {
        /// The sequence number of that message.
        message: u32,
    },
    /// Without consent, because a law requires the referral.
    Law,
}

/// Why a closed case is reopened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReopenReason {
    /// The reporter wrote within 180 days of the closing.
    Reporter,
    /// New evidence was found elsewhere.
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

/// Checks whether two roles can decide together.
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
