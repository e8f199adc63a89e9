//! `burkindi connect`: pin a case handler.

use std::path::PathBuf;

use serde::Serialize;
use workbench::{
    connection::{Offered, fingerprint},
    files,
    home::Settings,
};

use super::{Context, Screen};

#[derive(Debug, clap::Args)]
pub(crate) struct Connect {
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
struct Connected {
    handler: String,
    instance: uuid::Uuid,
    fingerprint: String,
    epoch: u64,
    #[serde(with = "envelope::iso_date")]
    expires: time::Date,
}

impl Connect {
    pub(crate) async fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        let settings = Settings { handler: self.handler };
        let offered =
            Offered { settings, ca_pem: files::read_text(&self.ca)?, trust: files::read_json(&self.trust)? };
        let directory = offered.pin(&context.home, context.now).await?;
        let view = Connected {
            fingerprint: fingerprint(&offered.trust, "en"),
            handler: offered.settings.handler,
            instance: offered.trust.instance,
            epoch: directory.epoch,
            expires: directory.expires,
        };
        screen.show(&view, |view, page| {
            page.line(&format!("Connected to {}; its directory is signed by the root keys.", view.handler));
            page.pairs(&[
                ("installation", view.instance.to_string()),
                ("directory", format!("{}, good until {}", view.epoch, view.expires)),
                ("fingerprint", view.fingerprint.clone()),
            ]);
            page.dim("Compare the fingerprint with the printed one before you go on.");
        })
    }
}
