//! `burkindi recording`: an attached recording, decoded in a sandbox.

use std::path::PathBuf;

use anyhow::bail;
use serde::Serialize;
use workbench::{private_files, recording};

use super::{CliOutput, CommandContext, open_declared_case};

#[derive(Debug, clap::Args)]
pub(crate) struct RecordingArgs {
    /// A prefix of the case's id, at least 4 characters.
    case: String,
    /// The number of the attached file, from 1, in the order of `show`.
    number: usize,
    /// The WAV file to create. An existing file is never overwritten.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

/// `{"path", "name", "len"}`.
#[derive(Debug, Serialize)]
struct RecordingOutput {
    path: PathBuf,
    name: String,
    len: usize,
}

impl RecordingArgs {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let (connection, case) = open_declared_case(context, &self.case, screen).await?;
        let Some(attachment) = connection.open_attachment(&case, self.number).await? else {
            bail!("attached file {} not found", self.number);
        };
        let (file, bytes) = match attachment {
            Ok(opened) => opened,
            Err(alarm) => {
                screen.print_alerts(&[alarm])?;
                return Err(super::exit_code::VerificationFailed.into());
            }
        };
        let wav = recording::decode_sandboxed(&std::env::current_exe()?, bytes)?;
        private_files::create_private(&self.to, &wav)?;
        let output = RecordingOutput { path: self.to, name: file.name, len: wav.len() };
        screen.print(&output, |output, page| {
            page.line(&format!(
                "Created {} from the samples of {}.",
                output.path.display(),
                output.name
            ));
            page.dim("It is not encrypted: delete it when you are done.");
        })
    }
}
