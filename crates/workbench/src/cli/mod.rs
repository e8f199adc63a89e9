//! The command line, one file for each command. The library prints nothing.

mod absence;
mod admin;
mod attachments;
mod audit;
mod case_actions;
mod char_width;
mod command_help;
mod connect;
mod decoded_attachment;
mod exit_code;
mod export;
mod former_readers;
mod key;
mod line_wrap;
mod members;
mod messages;
mod output;
mod passphrase;
mod preview;
mod proposals;
mod queue;
mod recording;
mod reply_templates;
mod search;
mod serve;
mod show;
mod suggest_assignee;
mod table_actions;
mod unreadable;
mod unseal;
mod verify;
mod witness;

use std::{io::Read as _, path::PathBuf};

use anyhow::{Context as _, bail};
use clap::{Parser, Subcommand};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use time::{Date, OffsetDateTime};
use workbench::{
    case::VerifiedCase,
    keys::key_file::InvestigatorKey,
    session::{HandlerConnection, profile::ProfileDir},
};

pub(crate) use exit_code::report_error;
pub(crate) use output::CliOutput;
pub(crate) use passphrase::PassphraseSource;
pub(crate) use search::split_exclusions;

/// The program of investigators and of the administration: keys, cases, replies, audit, directory.
#[derive(Debug, Parser)]
#[command(name = "burkindi", version, after_help = exit_code::EXIT_CODES_HELP)]
pub(crate) struct Cli {
    /// Folder with your key and settings [default: the value of `BURKINDI_HOME`, or `burkindi` in
    /// the system's folder for application data].
    #[arg(long, global = true, value_name = "DIR")]
    home: Option<PathBuf>,
    /// Print the result as JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Language of categories, questions and reply templates [default: fr]. For `reply` and
    /// `renew`: the language of the message [default: the report's].
    #[arg(long, global = true, value_name = "LANG")]
    lang: Option<String>,
    /// Read passphrases from this open file descriptor, one on each line, in the order of the
    /// prompts.
    #[arg(long, global = true, value_name = "N")]
    pub(crate) passphrase_fd: Option<u32>,
    #[command(subcommand)]
    command: WorkbenchCommand,
}

#[derive(Debug, Subcommand)]
enum WorkbenchCommand {
    /// Manage your keys.
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Pin a case handler: its address, its certificate authority and its root keys.
    Connect(connect::ConnectArgs),
    /// Serve the workbench to your browser, on this machine only.
    Serve(serve::ServeArgs),
    /// List the cases that you can read.
    Queue(queue::QueueArgs),
    /// Open and verify a case, and print it.
    Show(CaseArg),
    /// Search for words in all cases that you can read.
    Search(search::SearchArgs),
    /// List cases that could be about the same matter, with the reasons.
    Related(CaseArg),
    /// Save the attached files of a case.
    Save(attachments::SaveArgs),
    /// Export a case as a sealed archive: a page, its files, the sealed parts, and a signed
    /// manifest.
    Export(export::ExportArgs),
    /// Open the sealed archive of an exported case.
    Unseal(unseal::UnsealArgs),
    /// Verify an exported case. This needs no key and no network.
    Verify(verify::VerifyArgs),
    /// Decode an attached image in a sandbox and save the picture as PNG.
    Preview(preview::PreviewArgs),
    /// Decode an attached recording in a sandbox and save the sound as WAV.
    Recording(recording::RecordingArgs),
    /// An action of the table.
    #[command(flatten)]
    Act(table_actions::TableAction),
    /// Send a message to the reporter.
    Reply(messages::ReplyArgs),
    /// Extend an investigation by 90 days, and send the reason to the reporter.
    Renew(messages::RenewArgs),
    /// Move a case to another stage.
    Move(case_actions::MoveArgs),
    /// Propose a decision that needs a second person: close, lower, refer, lift-hold, purge.
    Propose(proposals::ProposeArgs),
    /// Approve the proposal of a colleague.
    Approve(proposals::ApproveArgs),
    /// Close unreadable cases, or purge them after their retention. A second person approves with
    /// the same command.
    Unreadable(unreadable::UnreadableArgs),
    /// List the members to whom a case would be suggested now, with the reasons.
    SuggestAssignee(CaseArg),
    /// List the absences of your desks, or set or clear an absence.
    Absence(absence::AbsenceArgs),
    /// Explain who would read a report, and why the other members would not.
    WhoReads(admin::WhoReadsArgs),
    /// List the desks and members of the signed directory.
    Members,
    /// Print prepared texts for messages to reporters.
    Templates(reply_templates::TemplatesArgs),
    /// Add a note for the team, sealed to the case.
    Note(messages::NoteArgs),
    /// Propose new keys for a case, which you can exclude members from.
    Rotate(case_actions::RotateArgs),
    /// Check and approve the new keys that a colleague proposed for a case.
    ApproveRotation(case_actions::ApproveRotationArgs),
    /// List the cases that former readers can still open, and propose or approve new keys for them.
    FormerReaders(former_readers::FormerReadersArgs),
    /// Verify or export the log.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Cosign the checkpoints of transparency logs that only grow, as a witness outside of the
    /// administration.
    #[command(subcommand)]
    Witness(witness::WitnessCommand),
    /// Manage root keys, members, desks, certificates and the directory.
    #[command(subcommand)]
    Admin(admin::AdminCommand),
}

/// Every command prints a notice from this many days before the directory expires.
const EXPIRY_WARNING_DAYS: i64 = doctor::DIRECTORY_WARNING_DAYS;

/// A case, named by a prefix of its id.
#[derive(Debug, clap::Args)]
pub(crate) struct CaseArg {
    /// A prefix of the case's id, at least 4 characters.
    case: String,
}

/// The context of every command.
pub(crate) struct CommandContext {
    pub(crate) profile: ProfileDir,
    pub(crate) lang: Option<String>,
    pub(crate) passphrases: PassphraseSource,
    pub(crate) now: OffsetDateTime,
    /// The last day of the directory, if a connection found it expired.
    directory_expired_on: Option<Date>,
}

/// Runs one command.
///
/// # Errors
/// Returns the error of the command, or `DirectoryExpired` if the command succeeded with an expired
/// directory.
pub(crate) async fn run(
    cli: Cli,
    screen: &mut CliOutput,
    now: OffsetDateTime,
) -> anyhow::Result<()> {
    let passphrases = PassphraseSource::new(cli.passphrase_fd)?;
    let home = ProfileDir::new(
        cli.home
            .or_else(default_home)
            .context("no folder for your key; name one with --home DIR")?,
    );
    let mut context = CommandContext {
        profile: home,
        lang: cli.lang,
        passphrases,
        now,
        directory_expired_on: None,
    };
    run_command(cli.command, &mut context, screen).await?;
    context.directory_expired_on.map_or(Ok(()), |day| Err(exit_code::DirectoryExpired(day).into()))
}

async fn run_command(
    command: WorkbenchCommand,
    c: &mut CommandContext,
    screen: &mut CliOutput,
) -> anyhow::Result<()> {
    match command {
        WorkbenchCommand::Key(command) => command.run(c, screen).await,
        WorkbenchCommand::Connect(command) => command.run(c, screen).await,
        WorkbenchCommand::Serve(command) => command.run(c, screen).await,
        WorkbenchCommand::Queue(command) => command.run(c, screen).await,
        WorkbenchCommand::Show(case) => show::run(&case, c, screen).await,
        WorkbenchCommand::Search(command) => command.run(c, screen).await,
        WorkbenchCommand::Related(case) => search::related(&case, c, screen).await,
        WorkbenchCommand::Save(command) => command.run(c, screen).await,
        WorkbenchCommand::Export(command) => command.run(c, screen).await,
        WorkbenchCommand::Unseal(command) => command.run(c, screen),
        WorkbenchCommand::Verify(command) => command.run(c, screen),
        WorkbenchCommand::Preview(command) => command.run(c, screen).await,
        WorkbenchCommand::Recording(command) => command.run(c, screen).await,
        WorkbenchCommand::Act(command) => command.run(c, screen).await,
        WorkbenchCommand::Reply(command) => command.run(c, screen).await,
        WorkbenchCommand::Renew(command) => command.run(c, screen).await,
        WorkbenchCommand::Move(command) => command.run(c, screen).await,
        WorkbenchCommand::Unreadable(unreadable) => unreadable.run(c, screen).await,
        WorkbenchCommand::Propose(command) => command.run(c, screen).await,
        WorkbenchCommand::Approve(command) => command.run(c, screen).await,
        WorkbenchCommand::SuggestAssignee(case) => suggest_assignee::run(&case, c, screen).await,
        WorkbenchCommand::Absence(command) => command.run(c, screen).await,
        WorkbenchCommand::WhoReads(command) => command.run(c, screen).await,
        WorkbenchCommand::Members => members::run(c, screen).await,
        WorkbenchCommand::Templates(command) => command.run(c, screen),
        WorkbenchCommand::Note(command) => command.run(c, screen).await,
        WorkbenchCommand::Rotate(command) => command.run(c, screen).await,
        WorkbenchCommand::ApproveRotation(command) => command.run(c, screen).await,
        WorkbenchCommand::FormerReaders(command) => command.run(c, screen).await,
        WorkbenchCommand::Audit(command) => command.run(c, screen).await,
        WorkbenchCommand::Witness(command) => command.run(c, screen).await,
        WorkbenchCommand::Admin(command) => command.run(c, screen).await,
    }
}

impl CommandContext {
    /// Returns the language of labels.
    fn label_lang(&self) -> &str {
        self.lang.as_deref().unwrap_or("fr")
    }

    /// Prompts for the passphrase and opens the key file.
    fn unlock(&mut self) -> anyhow::Result<InvestigatorKey> {
        let sealed = workbench::private_files::read(&self.profile.key_path())?;
        let passphrase: SecretString = self.passphrases.prompt("Passphrase of your key")?;
        Ok(InvestigatorKey::open(&sealed, &passphrase)?)
    }

    /// Opens the key file and signs in.
    async fn connect(&mut self, screen: &mut CliOutput) -> anyhow::Result<HandlerConnection> {
        // Fails before the prompt if no case handler is pinned.
        self.profile.settings()?;
        let key = self.unlock()?;
        let connection = HandlerConnection::open(self.profile.clone(), key, self.now).await?;
        let days = connection.days_left();
        if days < 0 {
            // An expired directory is no forgery. `run` reports it after the command has ended.
            self.directory_expired_on = Some(connection.directory().expires);
        } else if days <= EXPIRY_WARNING_DAYS {
            screen.hint(&format!(
                "notice: the directory expires in {days} days; the administrator must sign a new one"
            ))?;
        }
        Ok(connection)
    }

    /// Opens the key file, signs in, opens one case and prints its alerts.
    async fn open_case(
        &mut self,
        prefix: &str,
        screen: &mut CliOutput,
    ) -> anyhow::Result<(HandlerConnection, VerifiedCase)> {
        let mut connection = self.connect(screen).await?;
        let id = connection.find_case(prefix).await?;
        let case = connection.read_case(id).await?;
        screen.print_alerts(&case.alarms)?;
        Ok((connection, case))
    }
}

/// Opens a case. Fails if the member has not declared to have no conflict of interest in it.
async fn open_declared_case(
    context: &mut CommandContext,
    prefix: &str,
    screen: &mut CliOutput,
) -> anyhow::Result<(HandlerConnection, VerifiedCase)> {
    let (connection, case) = context.open_case(prefix, screen).await?;
    connection.check_declared(&case)?;
    Ok((connection, case))
}

fn default_home() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(home) = set("BURKINDI_HOME") {
        return Some(home);
    }
    if cfg!(windows) {
        return set("LOCALAPPDATA").map(|dir| dir.join("burkindi"));
    }
    set("XDG_DATA_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".local/share")))
        .map(|data| data.join("burkindi"))
}

/// Returns the text of `--text`, of `--file`, or of standard input.
fn read_text_arg(text: Option<String>, file: Option<&PathBuf>) -> anyhow::Result<String> {
    match (text, file) {
        (Some(_), Some(_)) => bail!("--text and --file exclude each other"),
        (Some(text), None) => Ok(text),
        (None, Some(path)) => Ok(workbench::private_files::read_text(path)?),
        (None, None) => {
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes).context("failed to read standard input")?;
            workbench::terminal_text::decode_text(&bytes).with_context(|| {
                format!("standard input: {}", workbench::private_files::NOT_UTF_TEXT)
            })
        }
    }
}

/// Parses an argument that is an enum of the protocol. The error lists all values.
fn parse_enum<T: DeserializeOwned>(word: &str) -> Result<T, String> {
    serde_json::from_value(serde_json::Value::String(word.to_owned()))
        .map_err(|error| error.to_string())
}
