//! Does something wait for a member?

use protocol::{
    case::{ActionKind, Calendar, CaseState, DeadlineKind, Decision, Role, Stage, days_after},
    submission::envelope::Urgency,
};
use time::Date;

/// A case, as one member may see it.
#[derive(Debug, Clone, Copy)]
pub struct MemberCaseView<'a> {
    /// What its events say.
    pub state: &'a CaseState,
    /// Whom the routing suggests.
    pub suggested: Option<&'a str>,
    /// The member.
    pub member: &'a str,
    /// What the member is to the case.
    pub role: Role,
}

/// Does this case wait for this member: to be taken, read, moved on before its deadline, judged, or
/// approved?
pub fn needs_attention(
    seen: MemberCaseView<'_>,
    calendar: &Calendar,
    today: Date,
    warn_days: u16,
) -> bool {
    let MemberCaseView { state, suggested, member, role } = seen;
    if state.stage == Stage::Purged
        || state.conflict_claims.iter().any(|challenge| challenge.member == member)
    {
        return false;
    }
    let next = calendar.next_deadline(state);
    let presses = next.is_some_and(|next| next.due <= days_after(today, i64::from(warn_days)));
    let late = next.is_some_and(|next| next.due < today);
    let seat = role.desk || role.oversight;
    let mine = match state.assignee.as_deref() {
        Some(assignee) => {
            assignee == member && (state.unhandled > 0 || presses || !state.has_declared(member))
        }
        None if state.stage == Stage::Closed => seat && (state.unhandled > 0 || presses),
        // Nobody has it: whom the routing suggests, and everybody when that takes too long.
        None => suggested == Some(member) || seat && (suggested.is_none() || presses),
    };
    let judge = role.is_lead_or_oversight()
        && state.conflict_claims.iter().any(|challenge| challenge.by != member);
    mine || judge || role.is_lead_or_oversight() && late || can_approve(state, member, role)
}

/// Is its day not put off by a day of rest? That is the triage of the most urgent alone, see
/// [`Calendar::next_deadline`].
pub fn ignores_holidays(state: &CaseState) -> bool {
    state.urgency == Urgency::P1
        && state.deadlines.iter().any(|deadline| deadline.clock == DeadlineKind::Triage)
}

/// A proposal that this member could approve.
fn can_approve(state: &CaseState, member: &str, role: Role) -> bool {
    let Some(proposal) = state.pending_proposal.as_ref().filter(|proposal| proposal.by != member)
    else {
        return false;
    };
    let act = match proposal.decision {
        Decision::Close { .. } => ActionKind::ApproveClose,
        Decision::Lower { .. } => ActionKind::ApproveLower,
        Decision::Refer { .. } => ActionKind::ApproveRefer,
        Decision::LiftHold => ActionKind::ApproveLiftHold,
        Decision::Purge => ActionKind::ApprovePurge,
    };
    // Who has yet to declare can do that first.
    role.is_lead_or_oversight() || state.check_permission(act, member, role).is_ok()
}
