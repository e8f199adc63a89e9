//! `burkindi admin doctor`: an installation, seen from outside.

use std::path::PathBuf;

use anyhow::Context as _;
use rand::rngs::OsRng;
use reqwest::Url;
use workbench::{
    admin::external_check::{CheckEndpoints, run_checks},
    private_files,
};

use super::{CliOutput, CommandContext};
use crate::cli::exit_code::DoctorFailed;

/// Exit codes: 0 all good, 7 something wants attention soon, 8 something is wrong.
#[derive(Debug, clap::Args)]
pub(crate) struct AdminDoctorArgs {
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

impl AdminDoctorArgs {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        // Fails only if a provider was installed before, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let read =
            |path: Option<&PathBuf>| path.map(|path| private_files::read_text(path)).transpose();
        let handler = match self.handler {
            Some(url) => Some((url, read(self.ca.as_ref())?.context("--ca")?)),
            None => None,
        };
        let places = CheckEndpoints {
            intake: self.intake,
            intake_ca: read(self.intake_ca.as_ref())?,
            relay: self.relay,
            handler_and_ca: handler,
            trust: private_files::read_json(&self.trust)?,
        };
        let report = run_checks(&places, context.now, &mut OsRng).await;
        screen.print(&report, |report, page| {
            report.to_string().lines().for_each(|line| page.line(line));
        })?;
        match report.exit_code() {
            0 => Ok(()),
            code => Err(DoctorFailed(code).into()),
        }
    }
}
