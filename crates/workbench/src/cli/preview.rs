//! `burkindi preview`: an attached image, made harmless.

use std::path::PathBuf;

use anyhow::bail;
use serde::Serialize;
use workbench::{preview, private_files};

use super::{CliOutput, CommandContext, open_declared_case};

#[derive(Debug, clap::Args)]
pub(crate) struct PreviewArgs {
    /// The first 4 or more characters of the case's id.
    case: String,
    /// The number of the attached file, from 1, as `print` lists it.
    number: usize,
    /// Where the picture goes, as PNG; a file that is there is never overwritten.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

/// `{"path", "name", "len"}`.
#[derive(Debug, Serialize)]
struct PreviewOutput {
    path: PathBuf,
    name: String,
    len: usize,
}

impl PreviewArgs {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let (connection, case) = open_declared_case(context, &self.case, screen).await?;
        let Some(opened) = connection.open_attachment(&case, self.number).await? else {
            bail!("this case has no attached file number {}", self.number);
        };
        let (named, plain) = match opened {
            Ok(opened) => opened,
            Err(alarm) => {
                screen.print_alerts(&[alarm])?;
                return Err(super::exit_code::VerificationFailed.into());
            }
        };
        let png = preview::render_sandboxed(&std::env::current_exe()?, plain)?;
        private_files::create_private(&self.to, &png)?;
        let done = PreviewOutput { path: self.to, name: named.name, len: png.len() };
        screen.print(&done, |done, page| {
            page.line(&format!(
                "{} shows {}, without anything else of the file.",
                done.path.display(),
                done.name
            ));
        })
    }
}
