//! `burkindi admin service-key`.

use std::path::PathBuf;

use clap::Subcommand;
use rand::rngs::OsRng;
use serde::Serialize;
use workbench::admin::service_keys;

use super::{AdminDirArg, CliOutput};

#[derive(Debug, Subcommand)]
pub(crate) enum ServiceKeyCommand {
    /// Create the next transport key. Reports are sealed to it from the next directory on.
    RenewTransport(AdminDirArg),
    /// Remove all transport keys except the newest from the next directory. Run it when no
    /// submission in transit is sealed to them any more.
    RetireTransport(AdminDirArg),
    /// Create the next log key, which signs the case handler's own events. It is valid from the
    /// next directory on.
    RenewLog(AdminDirArg),
}

/// `{"file"}`.
#[derive(Debug, Serialize)]
struct ServiceKeyOutput {
    file: PathBuf,
}

/// `{"retired"}`.
#[derive(Debug, Serialize)]
struct ServiceKeyRetireOutput {
    retired: usize,
}

impl ServiceKeyCommand {
    pub(crate) fn run(self, screen: &mut CliOutput) -> anyhow::Result<()> {
        match self {
            Self::RenewTransport(dir) => {
                let file = service_keys::rotate_transport_key(&dir.admin_dir(), &mut OsRng)?;
                screen.print(&ServiceKeyOutput { file }, |view, page| {
                    page.line(&format!("Created the next transport key {}.", view.file.display()));
                    page.dim("First add it to keys.transport, before the old key, and restart the case handler.");
                    page.dim("Only then sign and publish the next directory.");
                })
            }
            Self::RetireTransport(dir) => {
                let retired = service_keys::retire_transport_keys(&dir.admin_dir())?;
                screen.print(&ServiceKeyRetireOutput { retired }, |view, page| {
                    page.line(&format!("Removed {} earlier transport keys from the next directory.", view.retired));
                    page.dim("Sign and publish it. Remove the key files 30 days later, if the quarantine is empty then.");
                })
            }
            Self::RenewLog(dir) => {
                let file = service_keys::rotate_log_key(&dir.admin_dir(), &mut OsRng)?;
                screen.print(&ServiceKeyOutput { file }, |view, page| {
                    page.line(&format!("Created the next log key {}.", view.file.display()));
                    page.dim("Sign the next directory. Set keys.log to this file and keys.former_log to the old one, restart the case handler, and publish.");
                })
            }
        }
    }
}
