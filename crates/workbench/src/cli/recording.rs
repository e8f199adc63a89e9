//! `burkindi recording`: an attached recording, decoded in a sandbox.

use std::path::PathBuf;

use workbench::recording;

use super::{CliOutput, CommandContext, decoded_attachment::AttachmentArg};

#[derive(Debug, clap::Args)]
pub(crate) struct RecordingArgs {
    #[command(flatten)]
    attachment: AttachmentArg,
    /// The WAV file to create. An existing file is never overwritten.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

impl RecordingArgs {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let decode = recording::decode_sandboxed;
        self.attachment
            .decode_to(self.to, (context, screen), decode, "samples", |page| {
                page.dim("It is not encrypted: delete it when you are done.");
            })
            .await
    }
}
