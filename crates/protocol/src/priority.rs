//! The priority of a report and of its case.

use serde::{Deserialize, Serialize};

/// The priority. P1 is the highest and the smallest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Priority {
    /// Triage within 24 hours.
    P1,
    /// Triage within 3 days.
    P2,
    /// Triage within 7 days.
    P3,
    /// Triage within 30 days.
    P4,
}

impl Priority {
    /// All priorities, the highest first.
    pub const ALL: [Self; 4] = [Self::P1, Self::P2, Self::P3, Self::P4];
}
