//! `burkindi admin tls`.

use std::path::PathBuf;

use clap::Subcommand;
use serde::Serialize;
use workbench::admin::tls;

use super::{AdminDirArg, CliOutput, CommandContext};

#[derive(Debug, Subcommand)]
pub(crate) enum TlsCommand {
    /// Create new certificates with new keys for the services, from the same authority. It needs
    /// tls/ca.key in the administrator's folder.
    Renew {
        #[command(flatten)]
        dir: AdminDirArg,
        /// An additional host name or address of the services. The names of the old certificates
        /// stay.
        #[arg(long, value_name = "NAME")]
        host: Vec<String>,
        /// A name of the old certificates to remove.
        #[arg(long, value_name = "NAME")]
        drop_host: Vec<String>,
    },
}

/// `{"folder", "names", "replaced"}`: the folder and names of the new certificates, and the folder
/// of the old ones.
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
            page.line(&format!("Created new certificates in {}.", view.folder.display()));
            page.line(&format!("They are valid for {}.", view.names.join(", ")));
            page.line(&format!("The old certificates are in {}.", view.replaced.display()));
            page.dim(
                "Copy the new certificates to the services and restart them. Pinned keys and authorities \
                 have not changed.",
            );
        })
    }
}
