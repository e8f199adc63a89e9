//! To whom a case can be given, and who could lose it.

use std::collections::BTreeSet;

use crate::{case::VerifiedCase, session::HandlerConnection};

impl HandlerConnection {
    /// Everybody who sits at the case's desk or holds a grant of it, and to whom it can be given:
    /// neither the one who has it (unless the key of then is lost), nor who stepped back, nor whom
    /// the reporter excluded.
    pub fn colleagues(&self, case: &VerifiedCase) -> Vec<String> {
        let (Some(state), Some(report)) = (&case.state, case.report()) else { return Vec::new() };
        let excluded = report.exclusions();
        let away = self.directory().excluded_members(&excluded);
        let desk = self.directory().desk(&state.desk).into_iter().flat_map(|desk| &desk.members);
        let known: BTreeSet<&String> = desk.chain(&case.file.holders).collect();
        let can = |handle: &&String| {
            (state.assignee.as_ref() != Some(*handle)
                || self.directory_history.has_replaced_key(handle, case.file.row.filed))
                && !state.recused.contains(*handle)
                && !away.contains(handle.as_str())
                && self.directory().member(handle).is_some()
        };
        known.into_iter().filter(can).cloned().collect()
    }

    /// Who could lose the case by new keys: whoever holds a grant, but oneself, who has it, and the
    /// outside body.
    pub fn removable_readers(&self, case: &VerifiedCase) -> Vec<String> {
        let assignee = case.state.as_ref().and_then(|state| state.assignee.as_ref());
        let can = |handle: &&String| {
            assignee != Some(*handle)
                && *handle != self.handle()
                && !self.directory().is_oversight(handle)
        };
        case.file.holders.iter().filter(can).cloned().collect()
    }
}
