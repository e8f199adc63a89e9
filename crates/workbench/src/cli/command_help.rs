//! The command for each act, as `show` tells it.

use protocol::case::{ActionKind, CaseState};

use super::proposals::decision_args;

/// The command by which this act is done, with what it takes in capitals, and what it does.
pub(crate) fn command_hint(act: ActionKind, case: &str, state: &CaseState) -> String {
    let proposed = || {
        state.pending_proposal.as_ref().map_or_else(String::new, |it| decision_args(&it.decision))
    };
    let (command, what) = match act {
        ActionKind::FollowUp | ActionKind::Release => return String::new(),
        ActionKind::Declare => (format!("declare {case}"), "no conflict of interest"),
        ActionKind::Claim => (format!("claim {case}"), "take the case"),
        ActionKind::Assign => (format!("assign {case} --to HANDLE"), "give it to a colleague"),
        ActionKind::Recuse => (format!("recuse {case}"), "step back, for good"),
        ActionKind::Challenge => {
            (format!("challenge {case} --who HANDLE"), "a colleague has a conflict of interest")
        }
        ActionKind::ResolveChallenge => {
            (format!("judge {case} --who HANDLE upheld|dismissed"), "judge that")
        }
        ActionKind::Triage => (format!("move {case} triaged"), "read and judged"),
        ActionKind::Assess => (format!("move {case} assessing"), "check whether it is plausible"),
        ActionKind::Investigate => (format!("move {case} investigating"), "open the investigation"),
        ActionKind::Decide => (format!("move {case} decided"), "the outcome is known"),
        ActionKind::TakeBack => {
            (format!("move {case} assessing"), "take it back from the other authority")
        }
        ActionKind::Renew => (format!("renew {case} --text TEXT"), "90 more days, and why"),
        ActionKind::FollowUpReferral => {
            (format!("track {case}"), "the other authority was asked how it goes")
        }
        ActionKind::Reopen => (format!("reopen {case} reporter|new-evidence"), "open it again"),
        ActionKind::Reply => {
            (format!("reply {case} --text TEXT"), "answer; with --feedback: what was done and why")
        }
        ActionKind::Note => {
            (format!("note {case} --kind fact|hypothesis|task --text TEXT"), "a note for the team")
        }
        ActionKind::MarkHandled => {
            (format!("handled {case}"), "what the reporter sent is dealt with")
        }
        ActionKind::Raise => (format!("raise {case} P1|P2|P3"), "more urgent"),
        ActionKind::Link => (format!("link {case} --to CASE"), "about the same as another case"),
        ActionKind::Escalate => (format!("escalate {case}"), "give it to the oversight body"),
        ActionKind::Hold => (format!("hold {case}"), "forbid to destroy it"),
        ActionKind::Rotate => {
            (format!("rotate {case} --without HANDLE"), "new keys, without one reader")
        }
        ActionKind::ProposeClose => {
            (format!("propose {case} close DISPOSITION --reason REASON"), "end it; two decide")
        }
        ActionKind::ProposeLower => {
            (format!("propose {case} lower P2|P3|P4"), "less urgent; two decide")
        }
        ActionKind::ProposeRefer => {
            (format!("propose {case} refer AUTHORITY --consent CONSENT"), "two decide")
        }
        ActionKind::ProposeLiftHold => (format!("propose {case} lift-hold"), "two decide"),
        ActionKind::ProposePurge => {
            (format!("propose {case} purge"), "destroy what it holds; two decide")
        }
        ActionKind::ProposeUnreadable => {
            (format!("unreadable {case}"), "it does not open; two decide")
        }
        ActionKind::ApproveUnreadable => (format!("unreadable {case}"), "what was proposed"),
        ActionKind::ApproveClose
        | ActionKind::ApproveLower
        | ActionKind::ApproveRefer
        | ActionKind::ApproveLiftHold
        | ActionKind::ApprovePurge => {
            (format!("approve {case} {}", proposed()), "what was proposed")
        }
        ActionKind::Withdraw => (format!("withdraw {case}"), "take the proposal back"),
        ActionKind::Decline => {
            (format!("decline {case} --text REASON"), "do not approve what was proposed")
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
    fn every_command_that_show_names_is_one() {
        let action = Action::Received {
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
            action,
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
        for act in PERMISSIONS.iter().map(|row| row.action) {
            let line = command_hint(act, "4f2a", &state);
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
