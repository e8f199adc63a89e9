//! Selects members to whom a case can be assigned, and members who can lose access.

use std::collections::BTreeSet;

use protocol::api::workbench::SealedBytes;

use super::{ActionError, messages::seal_reason};
use crate::{
    case::{VerifiedCase, wish::Wish},
    session::HandlerConnection,
    terminal_text::is_blank,
};

impl HandlerConnection {
    /// Returns the members to whom the case can be assigned: members of its desk and members with a
    /// grant. Recused and excluded members are left out, and so is the assignee, unless the
    /// assignee's key was replaced.
    pub fn colleagues(&self, case: &VerifiedCase) -> Vec<String> {
        let (Some(state), Some(report)) = (&case.state, case.report()) else { return Vec::new() };
        let excluded = report.exclusions();
        let excluded_members = self.directory().excluded_members(&excluded);
        let desk = self.directory().desk(&state.desk).into_iter().flat_map(|desk| &desk.members);
        let candidates: BTreeSet<&String> = desk.chain(&case.file.holders).collect();
        let is_eligible = |handle: &&String| {
            (state.assignee.as_ref() != Some(*handle)
                || self.directory_history.has_replaced_key(handle, case.file.row.filed))
                && !state.recused.contains(*handle)
                && !excluded_members.contains(handle.as_str())
                && self.directory().member(handle).is_some()
        };
        candidates.into_iter().filter(is_eligible).cloned().collect()
    }

    /// Returns the wish of the reporter for a woman or a man that the choice of an assignee obeys.
    pub fn wish(&self, case: &VerifiedCase) -> Option<Wish> {
        Wish::of_report(&case.report()?, case.state.as_ref()?, self.directory())
    }

    /// Checks that this member as the assignee obeys the wish of the reporter.
    ///
    /// # Errors
    /// [`ActionError::AgainstWish`] with the members of the wish.
    pub(super) fn check_wish(&self, case: &VerifiedCase, handle: &str) -> Result<(), ActionError> {
        match self.wish(case) {
            Some(wish) if !wish.allows(handle, self.directory()) => {
                Err(ActionError::AgainstWish(wish.unit, wish.members.join(", ")))
            }
            _ => Ok(()),
        }
    }

    /// Returns whether this member needs a reason to take the case.
    pub fn takes_against_wish(&self, case: &VerifiedCase) -> bool {
        self.check_wish(case, self.handle()).is_err()
    }

    /// Returns the sealed reason for which this member gets the case against the wish of the
    /// reporter. Returns `None` if there is no such wish, or if the member matches it.
    ///
    /// # Errors
    /// [`ActionError::AgainstWish`] if the reason is blank. Also if the note cannot be sealed.
    pub(super) fn note_against_wish(
        &self,
        case: &VerifiedCase,
        handle: &str,
        reason: &str,
    ) -> Result<Option<SealedBytes>, ActionError> {
        match self.check_wish(case, handle) {
            Ok(()) => Ok(None),
            Err(error) if is_blank(reason) => Err(error),
            Err(_) => seal_reason(case, reason).map(Some),
        }
    }

    /// Divides the members to whom the case can be assigned into those who match the wish of the
    /// reporter, all of them without one, and those whose assignment needs a reason.
    pub fn assignable(&self, case: &VerifiedCase) -> (Vec<String>, Vec<String>) {
        self.colleagues(case).into_iter().partition(|handle| self.check_wish(case, handle).is_ok())
    }

    /// Returns the members whose access a key rotation can end: all members with a grant, except
    /// this member, the assignee and the oversight body.
    pub fn removable_readers(&self, case: &VerifiedCase) -> Vec<String> {
        let assignee = case.state.as_ref().and_then(|state| state.assignee.as_ref());
        let is_eligible = |handle: &&String| {
            assignee != Some(*handle)
                && *handle != self.handle()
                && !self.directory().is_oversight(handle)
        };
        case.file.holders.iter().filter(is_eligible).cloned().collect()
    }
}
