//! What a member is to a case.

use serde::{Deserialize, Serialize};

use crate::directory::Directory;

/// The role of a member in one case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Role {
    /// A member of the desk of the case.
    pub desk: bool,
    /// The lead of that desk.
    pub lead: bool,
    /// A member of the oversight body.
    pub oversight: bool,
}

impl Role {
    /// Returns the role of a member in the cases of a desk.
    pub fn of_member(directory: &Directory, handle: &str, desk: &str) -> Self {
        let members = directory.desk(desk).map_or(&[][..], |desk| &desk.members);
        Self {
            desk: members.iter().any(|member| member == handle),
            lead: members.first().is_some_and(|lead| lead == handle),
            oversight: directory.is_oversight(handle),
        }
    }

    /// Returns whether this is the lead of the desk or a member of the oversight body.
    pub fn is_lead_or_oversight(self) -> bool {
        self.lead || self.oversight
    }
}
