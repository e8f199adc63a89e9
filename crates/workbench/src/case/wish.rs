//! The wish of a reporter for a woman or a man, and which assignments obey it.

use protocol::{case::CaseState, directory::Directory, submission::report_body::ReportBody};

/// The wish of a reporter to talk to a woman or a man, while such a member of the desk is left who
/// may have the case. An assignment to another member needs a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The unit that the reporter prefers: `woman` or `man`.
    pub unit: &'static str,
    /// The members of the desk who belong to it and may have the case, the assignee included.
    pub members: Vec<String>,
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
        let may_have = desk.filter(|member| {
            let handle = &member.handle;
            member.units.iter().any(|own| own == unit)
                && !excluded.contains(handle.as_str())
                && !state.recused.contains(handle)
                && !state.conflict_claims.iter().any(|claim| claim.member == *handle)
                && state.last_assignee.as_ref() != Some(handle)
        });
        let members: Vec<String> = may_have.map(|member| member.handle.clone()).collect();
        (!members.is_empty()).then_some(Self { unit, members })
    }

    /// Returns whether an assignment to this member obeys the wish. The oversight body is none of
    /// the team, whose members a wish selects.
    pub(crate) fn allows(&self, handle: &str, directory: &Directory) -> bool {
        directory.is_oversight(handle) || self.members.iter().any(|member| member == handle)
    }
}
