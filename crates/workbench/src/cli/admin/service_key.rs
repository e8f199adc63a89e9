//! `burkindi admin service-key`.

use std::path::PathBuf;

use clap::Subcommand;
use rand::rngs::OsRng;
use serde::Serialize;
use workbench::admin::service_keys;

use super::{AdminDirArg, CliOutput};

#[derive(Debug, Subcommand)]
pub(crate) enum ServiceKeyCommand {
    /// Make the next transport key: reports are sealed to it from the next directory on.
    RenewTransport(AdminDirArg),
    /// Take all transport keys but the newest out of the next directory, when nothing under way is
    /// sealed to them any more.
    RetireTransport(AdminDirArg),
    /// Make the next key that signs the case handler's own events, in force with the next
    /// directory.
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
                    page.line(&format!("The next transport key is in {}.", view.file.display()));
                    page.dim("First put it in front in keys.transport, leaving the old one behind it, and start the case handler again.");
                    page.dim("Only then sign and publish the next directory.");
                })
            }
            Self::RetireTransport(dir) => {
                let retired = service_keys::retire_transport_keys(&dir.admin_dir())?;
                screen.print(&ServiceKeyRetireOutput { retired }, |view, page| {
                    page.line(&format!("{} earlier transport keys are out of the next directory.", view.retired));
                    page.dim("Sign and publish it, and take their files away 30 days later, if nothing is set aside then.");
                })
            }
            Self::RenewLog(dir) => {
                let file = service_keys::rotate_log_key(&dir.admin_dir(), &mut OsRng)?;
                screen.print(&ServiceKeyOutput { file }, |view, page| {
                    page.line(&format!("The next log key is in {}.", view.file.display()));
                    page.dim("Sign the next directory, stop the case handler, set keys.log, start it, and publish at once.");
                })
            }
        }
    }
}
