//! The wish of a reporter for a woman or a man, and which assignments, claims and
//! reopenings obey it.

use protocol::{case::CaseState, directory::Directory, submission::report_body::ReportBody};

/// The wish of a reporter to talk to a woman or a man, while such a member of the desk is left who
/// may have the case. Another member gets the case only with a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The unit that the reporter prefers: `woman` or `man`.
    pub unit: &'static str,
    /// The members of the desk who belong to it and may have the case, the assignee included.
    pub members: Vec<String>,
    /// All members of the desk who belong to it.
    matching: Vec<String>,
}

impl Wish {
    /// Returns the wish of a report. Returns `None` if there is none, if no such member is left, or
    /// if the oversight body is the desk, whose members a wish does not select.
    pub(crate) fn of_report(
        report: &ReportBody,
        state: &CaseState,
        directory: &Directory,
    ) -> Option<Self> {
        let unit = report.preference().filter(|_| state.desk != directory.oversight)?;
        let excluded = report.exclusions();
        let excluded = directory.excluded_members(&excluded);
        let desk = directory.members_of(directory.desk(&state.desk)?).into_iter();
        let in_unit = desk.filter(|member| member.units.iter().any(|own| own == unit));
        let matching: Vec<String> = in_unit.map(|member| member.handle.clone()).collect();
        let may_have = matching.iter().filter(|handle| {
            !excluded.contains(handle.as_str())
                && !state.recused.contains(*handle)
                && !state.conflict_claims.iter().any(|claim| claim.member == **handle)
                && state.last_assignee.as_ref() != Some(*handle)
        });
        let members: Vec<String> = may_have.cloned().collect();
        (!members.is_empty()).then_some(Self { unit, members, matching })
    }

    /// Returns whether this member as the assignee obeys the wish. The oversight body is none of
    /// the team, whose members a wish selects. A member of the unit obeys the wish even if other
    /// rules bar this member now.
    pub(crate) fn allows(&self, handle: &str, directory: &Directory) -> bool {
        directory.is_oversight(handle) || self.matching.iter().any(|member| member == handle)
    }
}
