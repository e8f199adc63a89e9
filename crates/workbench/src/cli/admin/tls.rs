//! `burkindi admin tls`.

use std::path::PathBuf;

use clap::Subcommand;
use serde::Serialize;
use workbench::admin::tls;

use super::{Context, DirArg, Screen};

#[derive(Debug, Subcommand)]
pub(crate) enum Tls {
    /// New certificates with new keys for the services, under the same authority. Needs tls/ca.key in its place.
    Renew {
        #[command(flatten)]
        dir: DirArg,
        /// A name or address under which the services are reached, besides 127.0.0.1 and localhost.
        #[arg(long, value_name = "NAME")]
        host: Vec<String>,
    },
}

/// `{"folder"}`.
#[derive(Debug, Serialize)]
struct Renewed {
    folder: PathBuf,
}

impl Tls {
    pub(crate) fn run(self, context: &Context, screen: &mut Screen) -> anyhow::Result<()> {
        let Self::Renew { dir, host } = self;
        let dir = dir.open();
        let folder = dir.path("tls");
        tls::renew(&folder, dir.trust()?.instance, &host, context.now)?;
        screen.show(&Renewed { folder }, |view, page| {
            page.line(&format!("New certificates are in {}.", view.folder.display()));
            page.dim("Give them to the services and start these again; nothing that is pinned has changed.");
        })
    }
}
