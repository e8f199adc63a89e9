//! `burkindi unreadable`: closes what came unreadable, and destroys it after its retention. Each case takes two persons.

use serde::Serialize;
use uuid::Uuid;
use workbench::{
    acting::{ActError, ClosedAs},
    connection::Connection,
    outcome::Outcome,
};

use super::{Context, Screen, act::Confirmed};

#[derive(Debug, clap::Args)]
pub(crate) struct Unreadable {
    /// The first 4 or more characters of each case's id.
    #[arg(value_name = "CASE", required_unless_present = "all")]
    cases: Vec<String>,
    /// Every case of your queue that your key does not open. Each is tried and signed for itself.
    #[arg(long, conflicts_with = "cases")]
    all: bool,
    /// Destroy cases that were closed as unreadable, once their retention is over.
    #[arg(long)]
    purge: bool,
    #[command(flatten)]
    confirmed: Confirmed,
}

/// `{"cases": [{"case", "did", "failed"}]}`.
#[derive(Debug, Serialize)]
struct Decided {
    cases: Vec<OneCase>,
}

/// What was done with one case: `proposed`, `approved`, or nothing, and why.
#[derive(Debug, Serialize)]
struct OneCase {
    case: Uuid,
    did: Option<&'static str>,
    failed: Option<String>,
}

impl Unreadable {
    pub(crate) async fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        let mut connection = context.connect(screen).await?;
        let ids = self.ids(&connection).await?;
        if !ids.is_empty() && (self.all || self.purge) {
            let what = if self.purge {
                format!(
                    "All that {} cases hold is destroyed once two have said so. Their events stay.",
                    ids.len()
                )
            } else {
                format!(
                    "Of {} cases, those that your key does not open are closed once two have said so.",
                    ids.len()
                )
            };
            self.confirmed.confirm(&what, screen)?;
        }
        let (mut cases, mut worst) = (Vec::new(), None::<ActError>);
        for case in ids {
            let done = if self.purge {
                connection.purge_unreadable(case).await
            } else {
                connection.close_unreadable(case).await
            };
            let error = match done {
                Ok(done) => {
                    let did = if done == ClosedAs::Proposed { "proposed" } else { "approved" };
                    cases.push(OneCase { case, did: Some(did), failed: None });
                    continue;
                }
                // It was only tried.
                Err(ActError::Readable) if self.all => continue,
                Err(error) => error,
            };
            cases.push(OneCase { case, did: None, failed: Some(error.to_string()) });
            let outcome = Outcome::from(&error);
            if worst.is_none() || outcome == Outcome::Alarm {
                worst = Some(error);
            }
            if outcome == Outcome::Unreachable {
                break;
            }
        }
        self.tell(cases, screen)?;
        worst.map_or(Ok(()), |error| Err(error.into()))
    }

    async fn ids(&self, connection: &Connection) -> anyhow::Result<Vec<Uuid>> {
        if self.all {
            return Ok(connection.maybe_unreadable(self.purge).await?);
        }
        let mut ids = Vec::new();
        for prefix in &self.cases {
            ids.push(connection.find_case(prefix).await?);
        }
        Ok(ids)
    }

    fn tell(&self, cases: Vec<OneCase>, screen: &mut Screen) -> anyhow::Result<()> {
        let (proposed, approved, command) = if self.purge {
            ("You proposed to destroy it.", "It is destroyed.", "burkindi unreadable --purge CASE")
        } else {
            (
                "You proposed to close it as unreadable.",
                "It is closed as unreadable. The oversight body has it now and tries its own grant.",
                "burkindi unreadable CASE",
            )
        };
        screen.show(&Decided { cases }, |view, page| {
            if view.cases.is_empty() {
                return page.line("There is no such case.");
            }
            for OneCase { case, did, failed } in &view.cases {
                let text = match (did, failed) {
                    (Some("proposed"), _) => proposed.to_owned(),
                    (Some(_), _) => approved.to_owned(),
                    (None, failed) => format!("NOT DONE: {}", failed.as_deref().unwrap_or("not tried")),
                };
                page.line(&format!("{case}: {text}"));
            }
            if view.cases.iter().any(|one| one.did == Some("proposed")) {
                page.dim(&format!("Another person who cannot open it approves with: {command}"));
            }
        })
    }
}
