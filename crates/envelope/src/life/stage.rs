//! Stages, dispositions and clocks.

use serde::{Deserialize, Serialize};
use time::Date;

use crate::{iso_date, submission::Urgency};

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Filed; nobody has judged it yet.
    Received,
    /// Read and judged.
    Triaged,
    /// Facts are being checked for plausibility.
    Assessing,
    /// An investigation is under way.
    Investigating,
    /// The outcome stands; the reporter is being told.
    Decided,
    /// Another authority has it.
    Referred,
    /// Done.
    Closed,
}

impl Stage {
    /// Every stage, in the order of a life.
    pub const ALL: [Self; 7] = [
        Self::Received,
        Self::Triaged,
        Self::Assessing,
        Self::Investigating,
        Self::Decided,
        Self::Referred,
        Self::Closed,
    ];

    /// The word in JSON and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Triaged => "triaged",
            Self::Assessing => "assessing",
            Self::Investigating => "investigating",
            Self::Decided => "decided",
            Self::Referred => "referred",
            Self::Closed => "closed",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == word)
    }
}

/// How a case ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
}

impl Disposition {
    /// Every disposition.
    pub const ALL: [Self; 8] = [
        Self::Substantiated,
        Self::PartlySubstantiated,
        Self::Unsubstantiated,
        Self::InsufficientInformation,
        Self::OutOfScope,
        Self::Duplicate,
        Self::AdviceGiven,
        Self::ProcessFixAdopted,
    ];
}

/// What the clock says of an open case. Days count in full; the last day still counts as in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Clock {
    /// A first human answer to the reporter: 7 days from filing.
    Acknowledge,
    /// Judged: P1 1 day, P2 3, P3 7, P4 30 from filing.
    Triage,
    /// From triage to the end of assessment: 30 days.
    Assess,
    /// From the start of the investigation: 90 days.
    Investigate,
    /// Feedback to the reporter: 90 days from the acknowledgement (three months; EU Directive 2019/1937, article 9(1)(f)).
    Feedback,
    /// A referral is looked after every 60 days.
    Referral,
}

/// A day by which something must have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// What.
    pub clock: Clock,
    /// The last day in time.
    #[serde(with = "iso_date")]
    pub due: Date,
}

/// Days for triage by urgency.
pub fn triage_days(urgency: Urgency) -> i64 {
    match urgency {
        Urgency::P1 => 1,
        Urgency::P2 => 3,
        Urgency::P3 => 7,
        Urgency::P4 => 30,
    }
}
