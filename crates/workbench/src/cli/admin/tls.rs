//! `burkindi admin tls`.

use std::path::PathBuf;

use clap::Subcommand;
use serde::Serialize;
use workbench::admin::tls;

use super::{AdminDirArg, CliOutput, CommandContext};

#[derive(Debug, Subcommand)]
pub(crate) enum TlsCommand {
    /// New certificates with new keys for the services, under the same authority. Needs tls/ca.key
    /// in its place.
    Renew {
        #[command(flatten)]
        dir: AdminDirArg,
        /// One more name or address under which the services are reached. Those of the old
        /// certificates stay.
        #[arg(long, value_name = "NAME")]
        host: Vec<String>,
        /// A name of the old certificates to leave out.
        #[arg(long, value_name = "NAME")]
        drop_host: Vec<String>,
    },
}

/// `{"folder", "names", "replaced"}`: what the new ones are valid for, and where the old ones are.
#[derive(Debug, Serialize)]
struct TlsRenewOutput {
    folder: PathBuf,
    names: Vec<String>,
    replaced: PathBuf,
}

impl TlsCommand {
    pub(crate) fn run(
        self,
        context: &CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let Self::Renew { dir, host, drop_host } = self;
        let dir = dir.admin_dir();
        let folder = dir.path("tls");
        let tls::TlsRenewal { names, replaced } = tls::renew_certificates(
            &folder,
            dir.trust()?.instance,
            (&host, &drop_host),
            context.now,
        )?;
        screen.print(&TlsRenewOutput { folder, names, replaced }, |view, page| {
            page.line(&format!("New certificates are in {}.", view.folder.display()));
            page.line(&format!("They are valid for {}.", view.names.join(", ")));
            page.line(&format!("The old ones are in {}.", view.replaced.display()));
            page.dim(
                "Give the new ones to the services and start these again; nothing that is \
                pinned has changed.",
            );
        })
    }
}
