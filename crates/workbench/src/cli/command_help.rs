//! The command for each action, as `show` prints it.

use protocol::case::{ActionKind, CaseState};

use super::proposals::decision_args;

/// Returns the command that performs an action, with its arguments in capitals, and what it does.
/// Returns an empty text for actions of the case handler.
pub(crate) fn command_hint(action: ActionKind, case: &str, state: &CaseState) -> String {
    let proposed = || {
        state.pending_proposal.as_ref().map_or_else(String::new, |it| decision_args(&it.decision))
    };
    let (command, what) = match action {
        ActionKind::FollowUp | ActionKind::Release => return String::new(),
        ActionKind::Declare => (format!("declare {case}"), "no conflict of interest"),
        ActionKind::Claim => (format!("claim {case}"), "become the assignee"),
        ActionKind::Assign => (format!("assign {case} --to HANDLE"), "assign it to a colleague"),
        ActionKind::Recuse => (format!("recuse {case}"), "recuse yourself, permanently"),
        ActionKind::Challenge => (
            format!("challenge {case} --who HANDLE"),
            "claim a conflict of interest of a colleague",
        ),
        ActionKind::ResolveChallenge => (
            format!("resolve-challenge {case} --who HANDLE upheld|dismissed"),
            "decide about the claimed conflict of interest",
        ),
        ActionKind::Triage => (format!("move {case} triaged"), "triage is done"),
        ActionKind::Assess => (format!("move {case} assessing"), "assess its plausibility"),
        ActionKind::Investigate => (format!("move {case} investigating"), "open the investigation"),
        ActionKind::Decide => (format!("move {case} decided"), "the outcome is decided"),
        ActionKind::TakeBack => {
            (format!("move {case} assessing"), "take it back from the authority")
        }
        ActionKind::Renew => (
            format!("renew {case} --text TEXT"),
            "extend the investigation by 90 days, with the reason",
        ),
        ActionKind::FollowUpReferral => {
            (format!("follow-up-referral {case}"), "the authority was asked about the referral")
        }
        ActionKind::Reopen => (format!("reopen {case} reporter|new-evidence"), "reopen it"),
        ActionKind::Reply => {
            (format!("reply {case} --text TEXT"), "answer; with --feedback: what was done, and why")
        }
        ActionKind::Note => {
            (format!("note {case} --kind fact|hypothesis|task --text TEXT"), "a note for the team")
        }
        ActionKind::MarkHandled => {
            (format!("mark-handled {case}"), "the reporter's messages are handled")
        }
        ActionKind::Raise => (format!("raise {case} P1|P2|P3"), "raise the urgency"),
        ActionKind::Link => {
            (format!("link {case} --to CASE"), "link it with a case about the same matter")
        }
        ActionKind::Escalate => (format!("escalate {case}"), "give the oversight body access"),
        ActionKind::Hold => (format!("hold {case}"), "place a legal hold"),
        ActionKind::Rotate => {
            (format!("rotate {case} --without HANDLE"), "make new keys, without a reader")
        }
        ActionKind::ProposeClose => (
            format!("propose {case} close DISPOSITION --reason REASON"),
            "close it; needs a second person",
        ),
        ActionKind::ProposeLower => {
            (format!("propose {case} lower P2|P3|P4"), "lower the urgency; needs a second person")
        }
        ActionKind::ProposeRefer => {
            (format!("propose {case} refer AUTHORITY --consent CONSENT"), "needs a second person")
        }
        ActionKind::ProposeLiftHold => {
            (format!("propose {case} lift-hold"), "needs a second person")
        }
        ActionKind::ProposePurge => {
            (format!("propose {case} purge"), "destroy the content; needs a second person")
        }
        ActionKind::ProposeUnreadable => {
            (format!("unreadable {case}"), "close it as unreadable; needs a second person")
        }
        ActionKind::ApproveUnreadable => (format!("unreadable {case}"), "approve the proposal"),
        ActionKind::ApproveClose
        | ActionKind::ApproveLower
        | ActionKind::ApproveRefer
        | ActionKind::ApproveLiftHold
        | ActionKind::ApprovePurge => {
            (format!("approve {case} {}", proposed()), "approve the proposal")
        }
        ActionKind::Withdraw => (format!("withdraw {case}"), "withdraw your proposal"),
        ActionKind::Decline => {
            (format!("decline {case} --text REASON"), "decline the proposal, with the reason")
        }
    };
    format!("  burkindi {command}  ({what})")
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use protocol::{
        Hash,
        case::{
            Decision, PERMISSIONS, Proposal, Role,
            event::{Action, Event, HANDLER_ACTOR, midnight},
        },
        submission::envelope::Urgency,
    };
    use time::macros::date;
    use uuid::Uuid;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn show_prints_only_commands_that_the_program_accepts() {
        let received = Action::Received {
            desk: "audit".into(),
            urgency: Urgency::P2,
            retention_months: 60,
            came: None,
        };
        let at = midnight(date!(2026 - 11 - 23));
        let event = Event {
            v: 1,
            case: Uuid::nil(),
            seq: 0,
            prev: None,
            at,
            actor: HANDLER_ACTOR.into(),
            action: received,
        };
        let mut state = CaseState::from_first_event(&event, Hash::default()).unwrap();
        state.pending_proposal =
            Some(Proposal { by: "a".into(), role: Role::default(), decision: Decision::LiftHold });
        let samples = [
            ("HANDLE", "i-1"),
            ("TEXT", "x"),
            ("REASON", "too-vague"),
            ("DISPOSITION", "insufficient-information"),
            ("AUTHORITY", "police"),
            ("CONSENT", "law"),
            ("CASE", "5b1c"),
        ];
        for action in PERMISSIONS.iter().map(|row| row.action) {
            let line = command_hint(action, "4f2a", &state);
            if line.is_empty() {
                continue;
            }
            let typed = line.split("  (").next().unwrap();
            let filled =
                samples.iter().fold(typed.to_owned(), |typed, (word, is)| typed.replace(word, is));
            let words = filled.split_whitespace().map(|word| word.split('|').next().unwrap());
            if let Err(error) = Cli::try_parse_from(words) {
                panic!("{line}: {error}");
            }
        }
    }
}
