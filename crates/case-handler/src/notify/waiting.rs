//! Does something wait for a member?

use envelope::{
    life::{Act, Calendar, CaseState, Clock, Decision, Role, Stage, days_after},
    submission::Urgency,
};
use time::Date;

/// A case, as one member may see it.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// What its events say.
    pub state: &'a CaseState,
    /// Whom the routing suggests.
    pub suggested: Option<&'a str>,
    /// The member.
    pub member: &'a str,
    /// What the member is to the case.
    pub role: Role,
}

/// Does this case wait for this member: to be taken, read, moved on before its deadline, judged, or approved?
pub fn waits_for(seen: Seen<'_>, calendar: &Calendar, today: Date, warn_days: u16) -> bool {
    let Seen { state, suggested, member, role } = seen;
    if state.stage == Stage::Purged || state.challenged.iter().any(|challenge| challenge.who == member) {
        return false;
    }
    let next = calendar.next_deadline(state);
    let presses = next.is_some_and(|next| next.due <= days_after(today, i64::from(warn_days)));
    let late = next.is_some_and(|next| next.due < today);
    let seat = role.desk || role.oversight;
    let mine = match state.assignee.as_deref() {
        Some(assignee) => assignee == member && (state.unread > 0 || presses || !state.has_declared(member)),
        None if state.stage == Stage::Closed => seat && (state.unread > 0 || presses),
        // Nobody has it: whom the routing suggests, and everybody when that takes too long.
        None => suggested == Some(member) || seat && (suggested.is_none() || presses),
    };
    let judge = role.heads() && state.challenged.iter().any(|challenge| challenge.by != member);
    mine || judge || role.heads() && late || approves(state, member, role)
}

/// Is its day not put off by a day of rest? That is the triage of the most urgent alone, see [`Calendar::next_deadline`].
pub fn cannot_rest(state: &CaseState) -> bool {
    state.urgency == Urgency::P1 && state.deadlines.iter().any(|deadline| deadline.clock == Clock::Triage)
}

/// A proposal that this member could approve.
fn approves(state: &CaseState, member: &str, role: Role) -> bool {
    let Some(proposal) = state.proposed.as_ref().filter(|proposal| proposal.by != member) else {
        return false;
    };
    let act = match proposal.decision {
        Decision::Close { .. } => Act::ApproveClose,
        Decision::Lower { .. } => Act::ApproveLower,
        Decision::Refer { .. } => Act::ApproveRefer,
        Decision::LiftHold => Act::ApproveLiftHold,
        Decision::Purge => Act::ApprovePurge,
    };
    // Who has yet to declare can do that first.
    role.heads() || state.may(act, member, role).is_ok()
}
