//! The command for each action, as `show` prints it.

use protocol::case::{ActionKind, ActionPayload, CaseState};
use workbench::l10n::action_text;

use super::proposals::decision_args;

/// Returns the command that performs an action, with its arguments in capitals, and what it does.
/// Returns an empty text for actions of the case handler.
pub(crate) fn command_hint(action: ActionKind, case: &str, state: &CaseState) -> String {
    let row = action.row();
    let second_person = match row.payload {
        ActionPayload::Handler => return String::new(),
        ActionPayload::Proposal(_) => "; needs a second person",
        _ => "",
    };
    let proposed =
        state.pending_proposal.as_ref().map_or_else(String::new, |it| decision_args(&it.decision));
    let command = row.command.replacen("CASE", case, 1).replace("DECISION", &proposed);
    format!("  burkindi {command}  ({}{second_person})", action_text::title(action))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use protocol::{
        Hash, Priority,
        case::{
            CASE_ACTIONS, Decision, Proposal, Role,
            event::{Action, EVENT_VERSION, Event, HANDLER_ACTOR, midnight},
        },
        submission::commitment::ReportCommitment,
    };
    use time::macros::date;
    use uuid::Uuid;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn the_reason_of_an_action_is_no_kind_of_a_note_that_a_member_adds() {
        let kind = |kind| Cli::try_parse_from(["burkindi", "note", "4f2a", "--kind", kind]);
        assert!(kind("fact").is_ok() && kind("reason").is_err() && kind("objection").is_err());
    }

    #[test]
    fn show_prints_only_commands_that_the_program_accepts() {
        let received = Action::Received {
            desk: "audit".into(),
            priority: Priority::P2,
            retention_months: 60,
            commitment: ReportCommitment::default(),
            oversight_refused: false,
        };
        let at = midnight(date!(2026 - 11 - 23));
        let event = Event {
            v: EVENT_VERSION,
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
        for action in CASE_ACTIONS.iter().map(|row| row.kind) {
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
