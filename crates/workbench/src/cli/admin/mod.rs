//! `burkindi admin`.

mod category;
mod desk;
mod directory;
mod doctor;
mod init;
mod member;
mod route_test;
mod service_key;
mod tls;

use std::path::PathBuf;

use clap::Subcommand;
use workbench::admin::AdminDir;

use super::{Context, Screen};

pub(crate) use route_test::WhoReads;

#[derive(Debug, Subcommand)]
pub(crate) enum Admin {
    /// Make a new installation: root keys, services' keys, certificates.
    Init(init::Init),
    /// Who can hold a seat.
    #[command(subcommand)]
    Member(member::Member),
    /// Where reports go.
    #[command(subcommand)]
    Desk(desk::Desk),
    /// What can be reported, and which desk serves it.
    #[command(subcommand)]
    Category(category::Category),
    /// Sign and publish.
    #[command(subcommand)]
    Directory(directory::Directory),
    /// Who would read this?
    RouteTest(route_test::RouteTest),
    /// Certificates of the services.
    #[command(subcommand)]
    Tls(tls::Tls),
    /// The case handler's own keys, when they end.
    #[command(subcommand)]
    ServiceKey(service_key::ServiceKey),
    /// Look at a running installation from outside, and say what to do. On each server: `intake … doctor`, `case-handler … doctor`.
    Doctor(doctor::Doctor),
}

/// The administrator's folder.
#[derive(Debug, clap::Args)]
pub(crate) struct DirArg {
    /// The administrator's folder.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
}

impl DirArg {
    fn open(&self) -> AdminDir {
        AdminDir::at(&self.dir)
    }
}

impl Admin {
    pub(crate) async fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        match self {
            Self::Init(command) => command.run(context, screen),
            Self::Member(command) => command.run(screen),
            Self::Desk(command) => command.run(context, screen),
            Self::Category(command) => command.run(context, screen),
            Self::Directory(command) => command.run(context, screen).await,
            Self::RouteTest(command) => command.run(context, screen),
            Self::Tls(command) => command.run(context, screen),
            Self::ServiceKey(command) => command.run(screen),
            Self::Doctor(command) => command.run(context, screen).await,
        }
    }
}
