//! The command for each act, as `show` tells it.

use envelope::life::{Act, CaseState};

use super::decide::arguments;

/// The command by which this act is done, with what it takes in capitals, and what it does.
pub(crate) fn command(act: Act, case: &str, state: &CaseState) -> String {
    let proposed = || state.proposed.as_ref().map_or_else(String::new, |it| arguments(&it.decision));
    let (command, what) = match act {
        Act::FollowUp | Act::Release => return String::new(),
        Act::Declare => (format!("declare {case}"), "no conflict of interest"),
        Act::Claim => (format!("claim {case}"), "take the case"),
        Act::Assign => (format!("assign {case} --to HANDLE"), "give it to a colleague"),
        Act::Recuse => (format!("recuse {case}"), "step back, for good"),
        Act::Challenge => {
            (format!("challenge {case} --who HANDLE"), "a colleague has a conflict of interest")
        }
        Act::Judge => (format!("judge {case} --who HANDLE upheld|dismissed"), "judge that"),
        Act::Triage => (format!("move {case} triaged"), "read and judged"),
        Act::Assess => (format!("move {case} assessing"), "check whether it is plausible"),
        Act::Investigate => (format!("move {case} investigating"), "open the investigation"),
        Act::Decide => (format!("move {case} decided"), "the outcome is known"),
        Act::TakeBack => (format!("move {case} assessing"), "take it back from the other authority"),
        Act::Renew => (format!("renew {case} --text TEXT"), "90 more days, and why"),
        Act::Track => (format!("track {case}"), "the other authority was asked how it goes"),
        Act::Reopen => (format!("reopen {case} reporter|new-evidence"), "open it again"),
        Act::Reply => (format!("reply {case} --text TEXT"), "answer; with --feedback: what was done and why"),
        Act::Note => (format!("note {case} --kind fact|hypothesis|task --text TEXT"), "a note for the team"),
        Act::Read => (format!("handled {case}"), "what the reporter sent is dealt with"),
        Act::Raise => (format!("raise {case} P1|P2|P3"), "more urgent"),
        Act::Link => (format!("link {case} --to CASE"), "about the same as another case"),
        Act::Escalate => (format!("escalate {case}"), "give it to the oversight body"),
        Act::Hold => (format!("hold {case}"), "forbid to destroy it"),
        Act::Rotate => (format!("rotate {case} --without HANDLE"), "new keys, without one reader"),
        Act::ProposeClose => {
            (format!("propose {case} close DISPOSITION --reason REASON"), "end it; two decide")
        }
        Act::ProposeLower => (format!("propose {case} lower P2|P3|P4"), "less urgent; two decide"),
        Act::ProposeRefer => (format!("propose {case} refer AUTHORITY --consent CONSENT"), "two decide"),
        Act::ProposeLiftHold => (format!("propose {case} lift-hold"), "two decide"),
        Act::ProposePurge => (format!("propose {case} purge"), "destroy what it holds; two decide"),
        Act::ProposeUnreadable => (format!("unreadable {case}"), "it does not open; two decide"),
        Act::ApproveUnreadable => (format!("unreadable {case}"), "what was proposed"),
        Act::ApproveClose
        | Act::ApproveLower
        | Act::ApproveRefer
        | Act::ApproveLiftHold
        | Act::ApprovePurge => (format!("approve {case} {}", proposed()), "what was proposed"),
        Act::Withdraw => (format!("withdraw {case}"), "take the proposal back"),
        Act::Decline => (format!("decline {case} --text REASON"), "do not approve what was proposed"),
    };
    format!("  burkindi {command}  ({what})")
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use envelope::{
        Hash,
        event::{Action, Event, HANDLER, midnight},
        life::{Decision, Proposal, Role, TABLE},
        submission::Urgency,
    };
    use time::macros::date;
    use uuid::Uuid;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn every_command_that_show_names_is_one() {
        let action =
            Action::Received { desk: "audit".into(), urgency: Urgency::P2, retention_months: 60, came: None };
        let at = midnight(date!(2026 - 11 - 23));
        let event = Event { v: 1, case: Uuid::nil(), seq: 0, prev: None, at, actor: HANDLER.into(), action };
        let mut state = CaseState::begin(&event, Hash::default()).unwrap();
        state.proposed =
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
        for act in TABLE.iter().map(|row| row.act) {
            let line = command(act, "4f2a", &state);
            if line.is_empty() {
                continue;
            }
            let typed = line.split("  (").next().unwrap();
            let filled = samples.iter().fold(typed.to_owned(), |typed, (word, is)| typed.replace(word, is));
            let words = filled.split_whitespace().map(|word| word.split('|').next().unwrap());
            if let Err(error) = Cli::try_parse_from(words) {
                panic!("{line}: {error}");
            }
        }
    }
}
