//! What a member is to a case.

use serde::{Deserialize, Serialize};

use crate::directory::Directory;

/// What a person is to one case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Role {
    /// Sits at the desk where the case stands.
    pub desk: bool,
    /// Leads it.
    pub lead: bool,
    /// Sits for the outside body.
    pub oversight: bool,
}

impl Role {
    /// Of a member to the cases of a desk.
    pub fn of_member(directory: &Directory, handle: &str, desk: &str) -> Self {
        let seats = directory.desk(desk).map_or(&[][..], |desk| &desk.members);
        Self {
            desk: seats.iter().any(|seat| seat == handle),
            lead: seats.first().is_some_and(|lead| lead == handle),
            oversight: directory.is_oversight(handle),
        }
    }

    /// The lead of the desk, or anybody of the outside body.
    pub fn is_lead_or_oversight(self) -> bool {
        self.lead || self.oversight
    }
}
