//! `burkindi connect`: pin a case handler.

use std::path::PathBuf;

use serde::Serialize;
use workbench::{
    private_files,
    session::{HandlerOffer, fingerprint, profile::ProfileSettings},
};

use super::{CliOutput, CommandContext};

#[derive(Debug, clap::Args)]
pub(crate) struct ConnectArgs {
    /// Its address: https://…
    #[arg(long, value_name = "URL")]
    handler: String,
    /// The certificate authority that its certificate must come from (ca.pem).
    #[arg(long, value_name = "FILE")]
    ca: PathBuf,
    /// The root keys that are believed (trust.json).
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
}

/// `{"handler", "instance", "fingerprint", "epoch", "expires"}`; the fingerprint is 12 words.
#[derive(Debug, Serialize)]
struct ConnectOutput {
    handler: String,
    instance: uuid::Uuid,
    fingerprint: String,
    epoch: u64,
    #[serde(with = "protocol::encoding::iso_date")]
    expires: time::Date,
}

impl ConnectArgs {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let settings = ProfileSettings { handler: self.handler };
        let offered = HandlerOffer {
            settings,
            ca_pem: private_files::read_text(&self.ca)?,
            trust: private_files::read_json(&self.trust)?,
        };
        let directory = offered.pin(&context.profile, context.now).await?;
        let view = ConnectOutput {
            fingerprint: fingerprint(&offered.trust, "en"),
            handler: offered.settings.handler,
            instance: offered.trust.instance,
            epoch: directory.epoch,
            expires: directory.expires,
        };
        screen.print(&view, |view, page| {
            page.line(&format!(
                "Connected to {}; its directory is signed by the root keys.",
                view.handler
            ));
            page.pairs(&[
                ("installation", view.instance.to_string()),
                ("directory", format!("{}, good until {}", view.epoch, view.expires)),
                ("fingerprint", view.fingerprint.clone()),
            ]);
            page.dim("Compare the fingerprint with the printed one before you go on.");
        })
    }
}
