//! What two persons decide: the first proposes, the second approves.

use anyhow::bail;
use clap::Subcommand;
use envelope::{
    life::{Act, Authority, Consent, Decision, Disposition, Reason},
    submission::Urgency,
};
use workbench::{
    connection::Connection,
    view::word,
    words::{consent_word, decided},
};

use super::{
    Context, Screen,
    act::{Confirmed, done},
    one_word,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Propose {
    /// The first 4 or more characters of the case's id.
    case: String,
    #[command(flatten)]
    confirmed: Confirmed,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Approve {
    /// The first 4 or more characters of the case's id.
    case: String,
    #[command(flatten)]
    confirmed: Confirmed,
    /// What you approve, as exactly as it was proposed: `burkindi show` tells it.
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Close the case.
    Close {
        /// How it ends: substantiated, partly-substantiated, unsubstantiated, insufficient-information, out-of-scope, duplicate,
        /// advice-given or process-fix-adopted.
        #[arg(value_parser = one_word::<Disposition>)]
        disposition: Disposition,
        /// Why. Left out, the error names the codes that go with the disposition.
        #[arg(long, value_parser = one_word::<Reason>)]
        reason: Option<Reason>,
        /// The case that has the matter, of a duplicate.
        #[arg(long, value_name = "CASE")]
        duplicate_of: Option<String>,
    },
    /// Make it less urgent.
    Lower {
        /// P2, P3 or P4.
        #[arg(value_parser = one_word::<Urgency>)]
        urgency: Urgency,
    },
    /// Refer it to another authority; the lead of the desk and the outside body decide.
    Refer {
        /// prosecutor, police, anti-corruption, audit, ombudsman or administration.
        #[arg(value_parser = one_word::<Authority>)]
        to: Authority,
        /// By what the reporter agreed: summary or full, as the report says; the number of the message that agrees; or law, where a law
        /// leaves no choice.
        #[arg(long, value_parser = consent)]
        consent: Consent,
    },
    /// Lift the legal hold.
    LiftHold,
    /// Destroy all that the case holds; its events stay in the log.
    Purge,
}

fn consent(word: &str) -> Result<Consent, String> {
    match word {
        "summary" => Ok(Consent::Summary),
        "full" => Ok(Consent::Full),
        "law" => Ok(Consent::Law),
        number => number
            .parse()
            .map(|message| Consent::Asked { message })
            .map_err(|_| "summary, full, law, or the number of a message".to_owned()),
    }
}

impl What {
    async fn decision(self, connection: &Connection) -> anyhow::Result<Decision> {
        Ok(match self {
            Self::Close { disposition, reason: None, .. } => {
                let reasons: Vec<_> = disposition.reasons().iter().map(word).collect();
                bail!("--reason says why it ends as {}: {}", word(&disposition), reasons.join(", "));
            }
            Self::Close { disposition, reason: Some(reason), duplicate_of } => {
                let duplicate_of = match duplicate_of {
                    Some(prefix) => Some(connection.find_case(&prefix).await?),
                    None => None,
                };
                Decision::Close { disposition, reason, duplicate_of }
            }
            Self::Lower { urgency } => Decision::Lower { urgency },
            Self::Refer { to, consent } => Decision::Refer { to, consent },
            Self::LiftHold => Decision::LiftHold,
            Self::Purge => Decision::Purge,
        })
    }
}

impl Propose {
    pub(crate) async fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        let (mut connection, mut case) = context.open_case(&self.case, screen).await?;
        let decision = self.what.decision(&connection).await?;
        let released = case.state.as_ref().is_some_and(|state| state.released.is_some());
        if matches!(decision, Decision::Refer { .. }) && !released {
            let what =
                "By the proposal the oversight body can read this case, for good: it decides with the lead.";
            self.confirmed.ask((&connection, &case, Act::ProposeRefer), what, screen)?;
        }
        connection.propose(&mut case, decision).await?;
        let text = format!(
            "You proposed {}. Another person approves with: burkindi approve CASE {}",
            decided(&decision),
            arguments(&decision)
        );
        done(&case, "proposed", &text, screen)
    }
}

impl Approve {
    pub(crate) async fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        let (mut connection, mut case) = context.open_case(&self.case, screen).await?;
        let decision = self.what.decision(&connection).await?;
        match case.state.as_ref().and_then(|state| state.proposed.as_ref()) {
            Some(proposal) if proposal.decision == decision => {}
            Some(proposal) => bail!(
                "{} proposes something else, {}: burkindi approve CASE {}",
                proposal.by,
                decided(&proposal.decision),
                arguments(&proposal.decision)
            ),
            None => bail!("nothing is proposed in this case"),
        }
        if matches!(decision, Decision::Refer { .. }) {
            connection.check_waiting_shown(&case)?;
        }
        if decision == Decision::Purge {
            let what =
                "All that this case holds is destroyed: report, files, messages and notes. Its events stay.";
            self.confirmed.ask((&connection, &case, Act::ApprovePurge), what, screen)?;
        }
        connection.approve(&mut case, decision).await?;
        done(&case, "approved", &format!("You approved {}.", decided(&decision)), screen)
    }
}

/// The decision as `propose` and `approve` take it.
pub(crate) fn arguments(decision: &Decision) -> String {
    match decision {
        Decision::Close { disposition, reason, duplicate_of } => {
            let of = duplicate_of.map_or_else(String::new, |of| format!(" --duplicate-of {of}"));
            format!("close {} --reason {}{of}", word(disposition), word(reason))
        }
        Decision::Lower { urgency } => format!("lower {urgency:?}"),
        Decision::Refer { to, consent } => format!("refer {} --consent {}", word(to), consented(*consent)),
        Decision::LiftHold => "lift-hold".into(),
        Decision::Purge => "purge".into(),
    }
}

fn consented(consent: Consent) -> String {
    match consent {
        Consent::Asked { message } => message.to_string(),
        other => consent_word(other).to_owned(),
    }
}
