//! `burkindi connect`: pin a case handler.

use std::path::PathBuf;

use envelope::{directory::Trust, receipt::Receipt};
use serde::Serialize;
use workbench::{connection, files, home::Settings};

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
        let trust: Trust = files::read_json(&self.trust)?;
        let ca = files::read_text(&self.ca)?;
        let settings = Settings { handler: self.handler };
        let directory = connection::pin(&context.home, &settings, &ca, &trust, context.now).await?;
        let view = Connected {
            handler: settings.handler,
            instance: trust.instance,
            fingerprint: fingerprint(&trust),
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

/// Twelve words that stand for the root keys.
pub(crate) fn fingerprint(trust: &Trust) -> String {
    Receipt::from_bytes(trust.fingerprint()).words("en")
}
