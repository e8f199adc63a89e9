//! `burkindi preview`: an attached image, decoded in a sandbox.

use std::path::PathBuf;

use workbench::preview;

use super::{CliOutput, CommandContext, decoded_attachment::AttachmentArg};

#[derive(Debug, clap::Args)]
pub(crate) struct PreviewArgs {
    #[command(flatten)]
    attachment: AttachmentArg,
    /// The PNG file to create. An existing file is never overwritten.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

impl PreviewArgs {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let decode = preview::render_sandboxed;
        self.attachment.decode_to(self.to, (context, screen), decode, "pixels", |_| ()).await
    }
}
