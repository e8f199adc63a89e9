//! Decides whether work is pending for a member.

use protocol::{
    Priority,
    case::{ActionKind, Calendar, CaseState, DeadlineKind, Role, Stage, days_after},
};
use time::Date;

/// A case from the view of one member.
#[derive(Debug, Clone, Copy)]
pub struct MemberCaseView<'a> {
    /// The state that follows from its events.
    pub state: &'a CaseState,
    /// The suggested assignee.
    pub suggested: Option<&'a str>,
    /// The handle of the member.
    pub member: &'a str,
    /// The role of the member in this case.
    pub role: Role,
}

/// Returns true if the case waits for this member: to claim it, read a message, act before a
/// deadline, resolve a challenge, approve a proposal, or give the oversight body its keys.
pub fn needs_attention(
    view: MemberCaseView<'_>,
    calendar: &Calendar,
    today: Date,
    warn_days: u16,
) -> bool {
    let MemberCaseView { state, suggested, member, role } = view;
    if state.stage == Stage::Purged
        || state.conflict_claims.iter().any(|challenge| challenge.member == member)
    {
        return false;
    }
    let next = calendar.next_deadline(state);
    let is_due_soon = next.is_some_and(|next| next.due <= days_after(today, i64::from(warn_days)));
    let is_overdue = next.is_some_and(|next| next.due < today);
    let is_member = role.desk || role.oversight;
    let is_own_work = match state.assignee.as_deref() {
        Some(assignee) => {
            assignee == member
                && (state.unhandled > 0 || is_due_soon || !state.has_declared(member))
        }
        None if state.stage == Stage::Closed => is_member && (state.unhandled > 0 || is_due_soon),
        // The case has no assignee: it waits for the suggested member, and for the whole desk when
        // the deadline is near.
        None => suggested == Some(member) || is_member && (suggested.is_none() || is_due_soon),
    };
    let can_resolve_challenge = role.is_lead_or_oversight()
        && state.conflict_claims.iter().any(|challenge| challenge.by != member);
    is_own_work
        || owes_oversight_keys(state, member, role)
        || can_resolve_challenge
        || role.is_lead_or_oversight() && is_overdue
        || can_approve(state, member, role)
}

/// Returns true if holidays do not postpone the next deadline. This applies to the triage of P1
/// only, see [`Calendar::next_deadline`].
pub fn ignores_holidays(state: &CaseState) -> bool {
    state.priority == Priority::P1
        && state.deadlines.iter().any(|deadline| deadline.kind == DeadlineKind::Triage)
}

/// Returns true if the reporter waits for the oversight body to get keys, which this member can
/// propose or approve.
fn owes_oversight_keys(state: &CaseState, member: &str, role: Role) -> bool {
    let is_running =
        state.deadlines.iter().any(|deadline| deadline.kind == DeadlineKind::OversightKeys);
    let proposed_by_member = state.pending_rotation.as_ref().is_some_and(|open| open.by == member);
    is_running && !role.oversight && !proposed_by_member
}

/// Returns true if this member can approve the open proposal.
fn can_approve(state: &CaseState, member: &str, role: Role) -> bool {
    let Some(proposal) = state.pending_proposal.as_ref().filter(|proposal| proposal.by != member)
    else {
        return false;
    };
    let action = ActionKind::approval_of(&proposal.decision);
    // A lead or member of the oversight body who has not declared yet can do so first.
    role.is_lead_or_oversight() || state.check_permission(action, member, role).is_ok()
}
