//! Texts of the actions of the table, for pages and in English for the command line.

use protocol::case::{ActionKind, ActionPayload};

use crate::l10n::Localizer;

/// Returns the name of an action in English.
pub fn title(act: ActionKind) -> String {
    localized_title(Localizer::english(), act)
}

/// Returns in English what cannot be undone after an action. The text has no name of a member.
pub fn confirmation(act: ActionKind) -> String {
    Localizer::english().t(&confirmation_key(act))
}

/// Returns the name of an action. All approvals have the same.
pub(crate) fn localized_title(localizer: &Localizer, act: ActionKind) -> String {
    localizer.t(&title_key(act))
}

fn title_key(act: ActionKind) -> String {
    match act.row().payload {
        ActionPayload::Approval => "act-approve".to_owned(),
        _ => format!("act-{}", act.name()),
    }
}

/// Returns the key of the text that states what cannot be undone after an action.
pub(crate) fn confirmation_key(act: ActionKind) -> String {
    format!("confirm-{}", act.name())
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;
    use protocol::{
        Hash, Priority,
        case::{
            CASE_ACTIONS, ClosingReason, Confirmation, Decision, Disposition, ReferralConsent,
            ReferralTarget, ReopenReason, Stage,
            event::{Action, GrantRecord, ReleaseReason},
        },
        rotation::{RotationStatement, STATEMENT_VERSION, SignedStatement},
        submission::commitment::{FollowUpCommitment, ReportCommitment},
    };
    use uuid::Uuid;

    use super::*;
    use crate::l10n::{
        dates,
        event_text::{event_key, localize_event},
    };

    /// Returns the keys of the texts that an action of a member needs in every language.
    fn required_keys(act: ActionKind) -> Vec<String> {
        let row = act.row();
        let mut keys = match row.payload {
            ActionPayload::Handler => Vec::new(),
            ActionPayload::Member(_) | ActionPayload::Reason(_) => {
                vec![title_key(act), format!("act-what-{}", act.name())]
            }
            _ => vec![title_key(act)],
        };
        if row.confirmation != Confirmation::Never {
            keys.push(confirmation_key(act));
        }
        keys
    }

    const DECISIONS: [Decision; 6] = [
        Decision::Close {
            disposition: Disposition::Duplicate,
            reason: ClosingReason::SameMatter,
            duplicate_of: Some(Uuid::from_u128(7)),
        },
        Decision::CLOSE_AS_UNREADABLE,
        Decision::Lower { priority: Priority::P4 },
        Decision::Refer {
            to: ReferralTarget::Police,
            consent: ReferralConsent::Asked { message: 2 },
        },
        Decision::LiftHold,
        Decision::Purge,
    ];

    fn rotation() -> SignedStatement {
        let key = SigningKey::from_bytes(&[1; 32]);
        let statement = RotationStatement {
            v: STATEMENT_VERSION,
            case: Uuid::from_u128(7),
            generation: 1,
            case_recipient: Hash::default(),
            replies_key: (&key).into(),
            newest_reply: None,
            previous: None,
        };
        statement.sign(&key)
    }

    /// Returns an event of each kind of action, and one of each choice that has its own text.
    fn sample_events(act: ActionKind) -> Vec<Action> {
        let (reply, copy, to) = (Hash::default(), Hash::default(), || "awa".to_owned());
        let stage_change = |to, reason: Option<&str>| Action::StageChanged {
            from: Stage::Received,
            to,
            reason: reason.map(str::to_owned),
        };
        match &act.row().payload {
            ActionPayload::Handler if act == ActionKind::FollowUp => {
                let received = Action::Received {
                    desk: "audit".into(),
                    priority: Priority::P2,
                    retention_months: 60,
                    commitment: ReportCommitment::default(),
                    oversight_refused: false,
                };
                vec![received, Action::FollowedUp(FollowUpCommitment::default())]
            }
            ActionPayload::Handler => vec![Action::Released { reason: ReleaseReason::Filed }],
            ActionPayload::Fixed(action) => vec![action.clone()],
            ActionPayload::Claim => vec![Action::Claimed, Action::ClaimedWithReason { note: copy }],
            ActionPayload::Stage(to) => {
                vec![stage_change(*to, None), stage_change(*to, Some("fast-track"))]
            }
            ActionPayload::Member(about) => vec![about(to())],
            ActionPayload::Assignee => {
                let record = GrantRecord { generation: 0, tag: copy, hash: copy };
                [(vec![], None), (vec![record], None), (vec![record], Some(copy))]
                    .map(|(granted, note)| Action::Assigned { to: to(), granted, note })
                    .to_vec()
            }
            ActionPayload::Verdict => {
                [true, false].map(|upheld| Action::ChallengeResolved { who: to(), upheld }).to_vec()
            }
            ActionPayload::Reopening => [ReopenReason::Reporter, ReopenReason::NewEvidence]
                .into_iter()
                .flat_map(|ground| [None, Some(copy)].map(|note| Action::Reopened { ground, note }))
                .collect(),
            ActionPayload::Priority(raise) => vec![raise(Priority::P1)],
            ActionPayload::OtherCase => vec![Action::Linked { to: Uuid::from_u128(7) }],
            ActionPayload::Message if act == ActionKind::Renew => {
                vec![Action::DeadlineExtended { reply, copy }]
            }
            ActionPayload::Message => {
                [true, false].map(|feedback| Action::Replied { reply, copy, feedback }).to_vec()
            }
            ActionPayload::Note(with_note) | ActionPayload::Reason(with_note) => {
                vec![with_note(copy)]
            }
            ActionPayload::Keys => {
                vec![Action::RotationProposed { rotation: Box::new(rotation()), grants: vec![] }]
            }
            ActionPayload::KeysApproval => {
                vec![Action::RotationApproved { proposal: copy }]
            }
            ActionPayload::Proposal(_) => DECISIONS.map(Action::Proposed).to_vec(),
            ActionPayload::Approval => DECISIONS.map(Action::Approved).to_vec(),
        }
    }

    #[test]
    fn every_action_and_event_has_its_texts_in_every_language() {
        let mut missing = Vec::new();
        for locale in dates::LOCALES {
            let localizer = Localizer::for_lang(locale.code);
            for act in CASE_ACTIONS.iter().map(|row| row.kind) {
                let events = sample_events(act);
                let keys = required_keys(act).into_iter().chain(events.iter().map(event_key));
                missing.extend(
                    keys.filter(|key| !localizer.catalog().contains(key))
                        .map(|key| format!("{}/workbench.ftl: {key}", locale.code)),
                );
                for text in events.iter().map(|event| localize_event(&localizer, event)) {
                    assert!(!text.contains(['{', '}']) && !text.ends_with(": "), "{text}");
                }
            }
        }
        missing.sort();
        missing.dedup();
        assert_eq!(missing, Vec::<String>::new());
    }
}
