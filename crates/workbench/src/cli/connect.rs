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
    /// The address of the case handler: https://…
    #[arg(long, value_name = "URL")]
    handler: String,
    /// The certificate authority of its certificate (ca.pem).
    #[arg(long, value_name = "FILE")]
    ca: PathBuf,
    /// The trusted root keys (trust.json).
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
        let offer = HandlerOffer {
            settings,
            ca_pem: private_files::read_text(&self.ca)?,
            trust: private_files::read_json(&self.trust)?,
        };
        let directory = offer.pin(&context.profile, context.now).await?;
        let view = ConnectOutput {
            fingerprint: fingerprint(&offer.trust, "en"),
            handler: offer.settings.handler,
            instance: offer.trust.instance,
            epoch: directory.epoch,
            expires: directory.expires,
        };
        screen.print(&view, |view, page| {
            page.line(&format!(
                "Connected to {}. The root keys signed its directory.",
                view.handler
            ));
            page.pairs(&[
                ("installation", view.instance.to_string()),
                ("directory", format!("{}, valid until {}", view.epoch, view.expires)),
                ("fingerprint", view.fingerprint.clone()),
            ]);
            page.dim("Compare the fingerprint with a poster before you continue.");
        })
    }
}
