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

use super::{CliOutput, CommandContext};

pub(crate) use route_test::WhoReadsArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum AdminCommand {
    /// Make a new installation: root keys, services' keys, certificates.
    Init(init::InitArgs),
    /// Who can hold a seat.
    #[command(subcommand)]
    Member(member::MemberCommand),
    /// Where reports go.
    #[command(subcommand)]
    Desk(desk::DeskCommand),
    /// What can be reported, and which desk serves it.
    #[command(subcommand)]
    Category(category::CategoryCommand),
    /// Sign and publish.
    #[command(subcommand)]
    Directory(directory::DirectoryCommand),
    /// Who would read this?
    RouteTest(route_test::RouteTestArgs),
    /// Certificates of the services.
    #[command(subcommand)]
    Tls(tls::TlsCommand),
    /// The case handler's own keys, when they end.
    #[command(subcommand)]
    ServiceKey(service_key::ServiceKeyCommand),
    /// Look at a running installation from outside, and say what to do. On each server: `intake …
    /// doctor`, `case-handler … doctor`.
    Doctor(doctor::AdminDoctorArgs),
}

/// The administrator's folder.
#[derive(Debug, clap::Args)]
pub(crate) struct AdminDirArg {
    /// The administrator's folder.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
}

impl AdminDirArg {
    fn admin_dir(&self) -> AdminDir {
        AdminDir::new(&self.dir)
    }
}

impl AdminCommand {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
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
