//! `burkindi admin`.

mod category;
mod desk;
mod directory;
mod doctor;
mod init;
mod log;
mod member;
mod poster;
mod program;
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
    /// Create a new installation: root keys, keys of the services, certificates.
    Init(init::InitArgs),
    /// Manage the members of the draft.
    #[command(subcommand)]
    Member(member::MemberCommand),
    /// Manage the desks of the draft.
    #[command(subcommand)]
    Desk(desk::DeskCommand),
    /// List the categories and the desks that serve them.
    #[command(subcommand)]
    Category(category::CategoryCommand),
    /// Sign and publish the directory.
    #[command(subcommand)]
    Directory(directory::DirectoryCommand),
    /// Set the quorum of the transparency log, or begin an empty log.
    #[command(subcommand)]
    Log(log::LogCommand),
    /// Manage the outside witnesses of the transparency log in the draft.
    #[command(subcommand)]
    Witness(log::LogWitnessCommand),
    /// Sign the manifest of the browser program, and list it in the directory.
    #[command(subcommand)]
    Program(program::ProgramCommand),
    /// Write posters and cards to print: address, twelve words, and what reporters should know.
    Poster(poster::PosterArgs),
    /// Explain who would read a report with the next directory.
    RouteTest(route_test::RouteTestArgs),
    /// Renew the certificates of the services.
    #[command(subcommand)]
    Tls(tls::TlsCommand),
    /// Rotate the case handler's own keys.
    #[command(subcommand)]
    ServiceKey(service_key::ServiceKeyCommand),
    /// Check a running installation from outside, with advice. On each server, use `intake …
    /// doctor` and `case-handler … doctor`.
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
            Self::Log(command) => command.run(screen),
            Self::Witness(command) => command.run(screen),
            Self::Program(command) => command.run(context, screen),
            Self::Poster(command) => command.run(screen),
            Self::RouteTest(command) => command.run(context, screen),
            Self::Tls(command) => command.run(context, screen),
            Self::ServiceKey(command) => command.run(screen),
            Self::Doctor(command) => command.run(context, screen).await,
        }
    }
}
