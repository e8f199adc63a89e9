//! `burkindi admin doctor`: checks an installation from outside.

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

/// Exit codes: 0 all checks passed, 7 a check has a warning, 8 a check failed.
#[derive(Debug, clap::Args)]
pub(crate) struct AdminDoctorArgs {
    /// The address of the pages for reporters: https://…
    #[arg(long, value_name = "URL")]
    intake: Url,
    /// The certificate authority of the pages, if the system does not trust it.
    #[arg(long, value_name = "FILE")]
    intake_ca: Option<PathBuf>,
    /// The trusted root keys: trust.json.
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// The relay of the intake. The check expects that it is not reachable from your network.
    #[arg(long, value_name = "HOST:PORT")]
    relay: Option<String>,
    /// The address of the case handler, if your network can reach it: https://…
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
        // Fails only if a provider is already installed, which is fine.
        drop(rustls::crypto::ring::default_provider().install_default());
        let read =
            |path: Option<&PathBuf>| path.map(|path| private_files::read_text(path)).transpose();
        let handler = match self.handler {
            Some(url) => Some((url, read(self.ca.as_ref())?.context("--handler requires --ca")?)),
            None => None,
        };
        let endpoints = CheckEndpoints {
            intake: self.intake,
            intake_ca: read(self.intake_ca.as_ref())?,
            relay: self.relay,
            handler_and_ca: handler,
            trust: private_files::read_json(&self.trust)?,
        };
        let report = run_checks(&endpoints, context.now, &mut OsRng).await;
        screen.print(&report, |report, page| {
            report.to_string().lines().for_each(|line| page.line(line));
        })?;
        match report.exit_code() {
            0 => Ok(()),
            code => Err(DoctorFailed(code).into()),
        }
    }
}
