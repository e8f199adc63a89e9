//! `burkindi preview`: an attached image, made harmless.

use std::path::PathBuf;

use anyhow::bail;
use serde::Serialize;
use workbench::{files, preview};

use super::{Context, Screen, open_content};

#[derive(Debug, clap::Args)]
pub(crate) struct Preview {
    /// The first 4 or more characters of the case's id.
    case: String,
    /// The number of the attached file, from 1, as `show` lists it.
    number: usize,
    /// Where the picture goes, as PNG; a file that is there is never overwritten.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

/// `{"path", "name", "len"}`.
#[derive(Debug, Serialize)]
struct Previewed {
    path: PathBuf,
    name: String,
    len: usize,
}

impl Preview {
    pub(crate) async fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        let (connection, case) = open_content(context, &self.case, screen).await?;
        let Some(opened) = connection.open_attachment(&case, self.number).await? else {
            bail!("this case has no attached file number {}", self.number);
        };
        let (named, plain) = match opened {
            Ok(opened) => opened,
            Err(alarm) => {
                screen.alarms(&[alarm])?;
                return Err(super::exit::Alarmed.into());
            }
        };
        let png = preview::render(&std::env::current_exe()?, plain)?;
        files::create_private(&self.to, &png)?;
        let done = Previewed { path: self.to, name: named.name, len: png.len() };
        screen.show(&done, |done, page| {
            page.line(&format!(
                "{} shows {}, without anything else of the file.",
                done.path.display(),
                done.name
            ));
        })
    }
}
