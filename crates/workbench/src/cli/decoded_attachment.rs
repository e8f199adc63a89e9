//! What `preview` and `recording` have in common: an attached file is decoded in a sandbox, and its
//! content is written to a new file.

use std::{
    error::Error,
    path::{Path, PathBuf},
};

use anyhow::bail;
use serde::Serialize;
use workbench::private_files;
use zeroize::Zeroizing;

use super::{CliOutput, CommandContext, open_declared_case, output::TextBuilder};

/// An attached file of a case.
#[derive(Debug, clap::Args)]
pub(crate) struct AttachmentArg {
    /// A prefix of the case's id, at least 4 characters.
    case: String,
    /// The number of the attached file, from 1, in the order of `show`.
    number: usize,
}

/// `{"path", "name", "len"}`.
#[derive(Debug, Serialize)]
struct DecodedOutput {
    path: PathBuf,
    name: String,
    len: usize,
}

/// Decodes an attached file. Gets the path of this program, which it starts again in a sandbox.
type Decode<E> = fn(&Path, Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, E>;

impl AttachmentArg {
    /// Decodes the file with `decode` and creates `to`.
    /// `decoded` names what the new file contains, and `advise` prints what follows.
    pub(crate) async fn decode_to<E: Error + Send + Sync + 'static>(
        self,
        to: PathBuf,
        (context, screen): (&mut CommandContext, &mut CliOutput),
        decode: Decode<E>,
        decoded: &str,
        advise: fn(&mut TextBuilder),
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
        let made = decode(&std::env::current_exe()?, bytes)?;
        private_files::create_private(&to, &made)?;
        let output = DecodedOutput { path: to, name: file.name, len: made.len() };
        screen.print(&output, |output, page| {
            let DecodedOutput { path, name, .. } = output;
            page.line(&format!("Created {} from the {decoded} of {name}.", path.display()));
            advise(page);
        })
    }
}
