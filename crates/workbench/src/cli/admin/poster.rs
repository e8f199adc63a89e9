//! `burkindi admin poster`: posters and cards to print.

use std::path::PathBuf;

use anyhow::bail;
use serde::Serialize;
use workbench::{
    admin::poster::{PosterContent, PosterFormat},
    private_files,
};

use super::{AdminDirArg, CliOutput};

#[derive(Debug, clap::Args)]
pub(crate) struct PosterArgs {
    #[command(flatten)]
    dir: AdminDirArg,
    /// The address of the pages for reporters: https://…
    #[arg(long, value_name = "URL")]
    address: String,
    /// The configuration of the intake: names, contacts and the onion address.
    #[arg(long, value_name = "FILE")]
    intake_config: PathBuf,
    /// The folder for the pages to print. An existing file is never overwritten.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// The languages [default: those of the pages].
    #[arg(long, value_delimiter = ',', value_name = "CODES")]
    languages: Vec<String>,
}

/// `{"files", "languages"}`.
#[derive(Debug, Serialize)]
struct PosterOutput {
    files: Vec<PathBuf>,
    languages: Vec<&'static str>,
}

impl PosterArgs {
    pub(crate) fn run(self, screen: &mut CliOutput) -> anyhow::Result<()> {
        let content =
            PosterContent::read(&self.dir.admin_dir(), &self.address, &self.intake_config)?;
        let mut locales = content.locales();
        for code in &self.languages {
            if !locales.iter().any(|locale| locale.code == code) {
                let offered: Vec<&str> = locales.iter().map(|locale| locale.code).collect();
                bail!("language {code} not found in [branding]; languages: {}", offered.join(", "));
            }
        }
        if !self.languages.is_empty() {
            locales.retain(|locale| self.languages.iter().any(|code| code == locale.code));
        }
        let mut pages = Vec::new();
        for locale in &locales {
            for format in PosterFormat::ALL {
                let path = self.to.join(format.file_name(*locale));
                pages.push((path, content.html(format, *locale)?));
            }
        }
        std::fs::create_dir_all(&self.to)?;
        for (path, page) in &pages {
            private_files::create_public(path, page.as_bytes())?;
        }
        let output = PosterOutput {
            files: pages.into_iter().map(|(path, _)| path).collect(),
            languages: locales.iter().map(|locale| locale.code).collect(),
        };
        screen.print(&output, |output, page| {
            for file in &output.files {
                page.line(&format!("Created {}.", file.display()));
            }
            page.heading("Next");
            page.block(
                "Print one page of each from a browser, without headers and margins, at full size.\n\
                 Scan its square with a phone. Compare its twelve words with the page \"How we protect you\".\n\
                 Call the printed telephone number. Only then print the others.",
            );
        })
    }
}
