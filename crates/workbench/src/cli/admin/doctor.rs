//! `burkindi admin doctor`: an installation, seen from outside.

use std::path::PathBuf;

use anyhow::Context as _;
use rand::rngs::OsRng;
use reqwest::Url;
use workbench::{
    examination::{Places, examine},
    files,
};

use super::{Context, Screen};
use crate::cli::exit::Unwell;

/// Exit codes: 0 all good, 7 something wants attention soon, 8 something is wrong.
#[derive(Debug, clap::Args)]
pub(crate) struct Doctor {
    /// The pages, as visitors reach them: https://…
    #[arg(long, value_name = "URL")]
    intake: Url,
    /// Who vouches for their certificate, if the system does not know.
    #[arg(long, value_name = "FILE")]
    intake_ca: Option<PathBuf>,
    /// The root keys that are believed: trust.json.
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// The intake's relay, which strangers should not reach: looked at from where you are.
    #[arg(long, value_name = "HOST:PORT")]
    relay: Option<String>,
    /// The case handler, where you may reach it: https://…
    #[arg(long, value_name = "URL", requires = "ca")]
    handler: Option<Url>,
    /// The certificate authority of the installation: tls/ca.pem.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

impl Doctor {
    pub(crate) async fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        // Fails only if a provider was installed before, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let read = |path: Option<&PathBuf>| path.map(|path| files::read_text(path)).transpose();
        let handler = match self.handler {
            Some(url) => Some((url, read(self.ca.as_ref())?.context("--ca")?)),
            None => None,
        };
        let places = Places {
            intake: self.intake,
            intake_ca: read(self.intake_ca.as_ref())?,
            relay: self.relay,
            handler,
            trust: files::read_json(&self.trust)?,
        };
        let report = examine(&places, context.now, &mut OsRng).await;
        screen.show(&report, |report, page| {
            report.to_string().lines().for_each(|line| page.line(line));
        })?;
        match report.exit_code() {
            0 => Ok(()),
            code => Err(Unwell(code).into()),
        }
    }
}
