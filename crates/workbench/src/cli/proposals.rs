//! Decisions that need a second person: one member proposes, another approves.

use anyhow::bail;
use clap::Subcommand;
use protocol::{
    Priority,
    case::{ActionKind, ClosingReason, Decision, Disposition, ReferralConsent, ReferralTarget},
};
use workbench::{
    case::view::serde_word,
    l10n::event_text::{consent_word, describe_decision},
    session::HandlerConnection,
};

use super::{
    CliOutput, CommandContext,
    case_actions::{ConfirmArgs, print_outcome},
    parse_enum,
};

#[derive(Debug, clap::Args)]
pub(crate) struct ProposeArgs {
    /// A prefix of the case's id, at least 4 characters.
    case: String,
    #[command(flatten)]
    confirmed: ConfirmArgs,
    #[command(subcommand)]
    what: DecisionCommand,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ApproveArgs {
    /// A prefix of the case's id, at least 4 characters.
    case: String,
    #[command(flatten)]
    confirmed: ConfirmArgs,
    /// The decision exactly as proposed. `burkindi show` prints it.
    #[command(subcommand)]
    what: DecisionCommand,
}

#[derive(Debug, Subcommand)]
enum DecisionCommand {
    /// Close the case.
    Close {
        /// The outcome: substantiated, partly-substantiated, unsubstantiated,
        /// insufficient-information, out-of-scope, duplicate, advice-given or process-fix-adopted.
        #[arg(value_parser = parse_enum::<Disposition>)]
        disposition: Disposition,
        /// The reason. Without it, the error lists the reasons that go with the disposition.
        #[arg(long, value_parser = parse_enum::<ClosingReason>)]
        reason: Option<ClosingReason>,
        /// For a duplicate: the other case about the same matter.
        #[arg(long, value_name = "CASE")]
        duplicate_of: Option<String>,
    },
    /// Lower the priority.
    Lower {
        /// P2, P3 or P4.
        #[arg(value_parser = parse_enum::<Priority>)]
        priority: Priority,
    },
    /// Refer it to another authority. The lead of the desk and the oversight body decide together.
    Refer {
        /// prosecutor, police, anti-corruption, audit, ombudsman or administration.
        #[arg(value_parser = parse_enum::<ReferralTarget>)]
        to: ReferralTarget,
        /// The consent of the reporter: summary or full, as in the report; the number of the
        /// message that agrees; or law, where a law demands the referral.
        #[arg(long, value_parser = parse_consent)]
        consent: ReferralConsent,
    },
    /// Lift the legal hold.
    LiftHold,
    /// Destroy the content of the case. Its events stay in the log.
    Purge,
}

fn parse_consent(word: &str) -> Result<ReferralConsent, String> {
    match word {
        "summary" => Ok(ReferralConsent::Summary),
        "full" => Ok(ReferralConsent::Full),
        "law" => Ok(ReferralConsent::Law),
        number => number
            .parse()
            .map(|message| ReferralConsent::Asked { message })
            .map_err(|_| "expected summary, full, law, or the number of a message".to_owned()),
    }
}

impl DecisionCommand {
    async fn into_decision(self, connection: &HandlerConnection) -> anyhow::Result<Decision> {
        Ok(match self {
            Self::Close { disposition, reason: None, .. } => {
                let reasons: Vec<_> =
                    disposition.allowed_reasons().iter().map(serde_word).collect();
                bail!(
                    "--reason is required for {}; it is one of: {}",
                    serde_word(&disposition),
                    reasons.join(", ")
                );
            }
            Self::Close { disposition, reason: Some(reason), duplicate_of } => {
                let duplicate_of = match duplicate_of {
                    Some(prefix) => Some(connection.find_case(&prefix).await?),
                    None => None,
                };
                Decision::Close { disposition, reason, duplicate_of }
            }
            Self::Lower { priority } => Decision::Lower { priority },
            Self::Refer { to, consent } => Decision::Refer { to, consent },
            Self::LiftHold => Decision::LiftHold,
            Self::Purge => Decision::Purge,
        })
    }
}

impl ProposeArgs {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let (mut connection, mut case) = context.open_case(&self.case, screen).await?;
        let decision = self.what.into_decision(&connection).await?;
        let released = case.state.as_ref().is_some_and(|state| state.released.is_some());
        if matches!(decision, Decision::Refer { .. }) && !released {
            let what = "With the proposal the oversight body can read this case permanently, because it decides with the lead.";
            self.confirmed.confirm_action(
                (&connection, &case, ActionKind::ProposeRefer),
                what,
                screen,
            )?;
        }
        connection.propose(&mut case, decision).await?;
        let text = format!(
            "You proposed: {}. A second person approves with: burkindi approve CASE {}",
            describe_decision(&decision),
            decision_args(&decision)
        );
        print_outcome(&case, "proposed", &text, screen)
    }
}

impl ApproveArgs {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let (mut connection, mut case) = context.open_case(&self.case, screen).await?;
        let decision = self.what.into_decision(&connection).await?;
        match case.state.as_ref().and_then(|state| state.pending_proposal.as_ref()) {
            Some(proposal) if proposal.decision == decision => {}
            Some(proposal) => bail!(
                "{} proposed something else: {}. To approve it: burkindi approve CASE {}",
                proposal.by,
                describe_decision(&proposal.decision),
                decision_args(&proposal.decision)
            ),
            None => bail!("this case has no open proposal"),
        }
        if matches!(decision, Decision::Refer { .. }) {
            connection.check_unhandled_seen(&case)?;
        }
        if decision == Decision::Purge {
            let what = "The report, files, messages and notes of this case are destroyed. Its events stay.";
            self.confirmed.confirm_action(
                (&connection, &case, ActionKind::ApprovePurge),
                what,
                screen,
            )?;
        }
        connection.approve(&mut case, decision).await?;
        print_outcome(
            &case,
            "approved",
            &format!("You approved: {}.", describe_decision(&decision)),
            screen,
        )
    }
}

/// Returns the decision as arguments of `propose` and `approve`.
pub(crate) fn decision_args(decision: &Decision) -> String {
    match decision {
        Decision::Close { disposition, reason, duplicate_of } => {
            let of = duplicate_of.map_or_else(String::new, |of| format!(" --duplicate-of {of}"));
            format!("close {} --reason {}{of}", serde_word(disposition), serde_word(reason))
        }
        Decision::Lower { priority } => format!("lower {priority:?}"),
        Decision::Refer { to, consent } => {
            format!("refer {} --consent {}", serde_word(to), consent_arg(*consent))
        }
        Decision::LiftHold => "lift-hold".into(),
        Decision::Purge => "purge".into(),
    }
}

fn consent_arg(consent: ReferralConsent) -> String {
    match consent {
        ReferralConsent::Asked { message } => message.to_string(),
        other => consent_word(other).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use crate::cli::Cli;

    #[test]
    fn a_decision_can_be_confirmed_after_its_name() {
        for typed in [
            "burkindi propose 5b1c purge --yes",
            "burkindi propose --yes 5b1c purge",
            "burkindi approve 5b1c close insufficient-information --reason no-answer --yes",
        ] {
            if let Err(error) = Cli::try_parse_from(typed.split(' ')) {
                panic!("{typed}: {error}");
            }
        }
    }
}
