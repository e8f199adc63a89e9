//! The command line: one file a command. Words on the screen live here and nowhere else.

mod absence;
mod admin;
mod attachments;
mod audit;
mod case_actions;
mod command_help;
mod connect;
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
mod reply_templates;
mod search;
mod serve;
mod show;
mod unreadable;

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

/// The investigators' own program: keys, cases, replies, audit, administration.
#[derive(Debug, Parser)]
#[command(name = "burkindi", version, after_help = exit_code::EXIT_CODES_HELP)]
pub(crate) struct Cli {
    /// Folder with your key and settings [default: that of `BURKINDI_HOME`, or the system's folder
    /// for such data].
    #[arg(long, global = true, value_name = "DIR")]
    home: Option<PathBuf>,
    /// Answer in JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Language of categories, questions and letters [default: fr]; for `send_reply`, the language
    /// that it is written in [default: the report's].
    #[arg(long, global = true, value_name = "LANG")]
    lang: Option<String>,
    /// Read passphrases from this open file descriptor, one a line, in the order in which they
    /// would be asked.
    #[arg(long, global = true, value_name = "N")]
    pub(crate) passphrase_fd: Option<u32>,
    #[command(subcommand)]
    command: WorkbenchCommand,
}

#[derive(Debug, Subcommand)]
enum WorkbenchCommand {
    /// Your keys.
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Pin a case handler: its address, its certificate authority, its root keys.
    Connect(connect::ConnectArgs),
    /// The workbench in your browser, served by this program to you alone.
    Serve(serve::ServeArgs),
    /// The cases that you can read.
    Queue(queue::QueueArgs),
    /// One case, opened and verified.
    Show(CaseArg),
    /// Look for words in all cases that you can read.
    Search(search::SearchArgs),
    /// Other cases that could be about the same, with the reasons.
    Related(CaseArg),
    /// Save the attached files of a case.
    Save(attachments::SaveArgs),
    /// Write a case into a folder to hand on: a page, its files, its part of the log, and a
    /// manifest.
    Export(export::ExportArgs),
    /// Make a harmless picture of an attached image.
    Preview(preview::PreviewArgs),
    /// Declare to have no conflict of interest in a case, so that it is shown to you.
    Declare(CaseArg),
    /// Take a case. By this you declare to have no conflict of interest in it.
    Claim(CaseArg),
    /// Give a case to a colleague.
    Assign(case_actions::AssignArgs),
    /// Step back from a case because of a conflict of interest; it disappears for you, for good.
    Recuse(case_actions::IrreversibleCaseArgs),
    /// Say that a colleague has a conflict of interest in a case.
    Challenge(case_actions::ChallengeArgs),
    /// Judge whether a colleague has one.
    ResolveChallenge(case_actions::ResolveChallengeArgs),
    /// Answer the reporter.
    Reply(messages::ReplyArgs),
    /// Give an investigation 90 more days, and tell the reporter why.
    Renew(messages::RenewArgs),
    /// Sign that what the reporter sent has been dealt with, where no answer or move says so.
    /// `show` shows it; this does not.
    #[command(alias = "read")]
    MarkHandled(CaseArg),
    /// Move a case to another stage.
    Move(case_actions::MoveArgs),
    /// Open a closed case again.
    Reopen(case_actions::ReopenArgs),
    /// Say that the authority which has the matter was asked how it stands.
    FollowUpReferral(CaseArg),
    /// Propose what two persons decide: close, lower, refer, lift-hold, purge.
    Propose(proposals::ProposeArgs),
    /// Approve what somebody else proposed.
    Approve(proposals::ApproveArgs),
    /// Do not approve what somebody else proposed, and say why in a note sealed to the case.
    Decline(messages::DeclineArgs),
    /// Take a proposal back.
    Withdraw(CaseArg),
    /// Close cases that came unreadable, and destroy them after their retention; another person
    /// approves with the same command.
    Unreadable(unreadable::UnreadableArgs),
    /// Make a case more urgent.
    Raise(case_actions::RaiseArgs),
    /// Link a case with another one about the same.
    Link(case_actions::LinkArgs),
    /// Give a case to the oversight body.
    Escalate(case_actions::IrreversibleCaseArgs),
    /// Put a legal hold on a case.
    Hold(case_actions::IrreversibleCaseArgs),
    /// To whom a case would be suggested now, and why.
    SuggestAssignee(CaseArg),
    /// Say that you, or a member of your desk, takes no cases for some days.
    AbsenceSet(absence::AbsenceSetArgs),
    /// Take cases again.
    AbsenceClear(absence::AbsenceClearArgs),
    /// Who would read a report, and why the others would not.
    WhoReads(admin::WhoReadsArgs),
    /// Desks and members as the signed directory names them.
    Members,
    /// Beginnings of messages to reporters, in their languages.
    Templates(reply_templates::TemplatesArgs),
    /// Add a note for the team, sealed to the case.
    Note(messages::NoteArgs),
    /// Make new keys for a case, so that somebody loses it for good.
    Rotate(case_actions::RotateArgs),
    /// Cases that somebody can open who has left or has another key, and new keys for all of them.
    FormerReaders(former_readers::FormerReadersArgs),
    /// The log: verify it, keep a copy of it.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Root keys, members, desks, certificates, the signing of the directory.
    #[command(subcommand)]
    Admin(admin::AdminCommand),
}

/// From so many days before the end of a directory on, everybody is told.
const EXPIRY_WARNING_DAYS: i64 = doctor::DIRECTORY_WARNING_DAYS;

/// A case by the beginning of its id.
#[derive(Debug, clap::Args)]
pub(crate) struct CaseArg {
    /// The first 4 or more characters of the case's id.
    case: String,
}

/// What every command gets.
pub(crate) struct CommandContext {
    pub(crate) profile: ProfileDir,
    pub(crate) lang: Option<String>,
    pub(crate) passphrases: PassphraseSource,
    pub(crate) now: OffsetDateTime,
    /// The last day of the directory, once a connection has found it expired.
    directory_expired_on: Option<Date>,
}

/// Runs one command.
pub(crate) async fn run(
    cli: Cli,
    screen: &mut CliOutput,
    now: OffsetDateTime,
) -> anyhow::Result<()> {
    let passphrases = PassphraseSource::new(cli.passphrase_fd)?;
    let home = ProfileDir::new(
        cli.home.or_else(default_home).context("no folder for your key: give --home DIR")?,
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
        WorkbenchCommand::Preview(command) => command.run(c, screen).await,
        WorkbenchCommand::Declare(case) => case_actions::declare(&case, c, screen).await,
        WorkbenchCommand::Claim(case) => case_actions::claim(&case, c, screen).await,
        WorkbenchCommand::Assign(command) => command.run(c, screen).await,
        WorkbenchCommand::Recuse(case) => case_actions::recuse(&case, c, screen).await,
        WorkbenchCommand::Challenge(command) => command.run(c, screen).await,
        WorkbenchCommand::ResolveChallenge(command) => command.run(c, screen).await,
        WorkbenchCommand::Reply(command) => command.run(c, screen).await,
        WorkbenchCommand::Renew(command) => command.run(c, screen).await,
        WorkbenchCommand::MarkHandled(case) => case_actions::mark_handled(&case, c, screen).await,
        WorkbenchCommand::Move(command) => command.run(c, screen).await,
        WorkbenchCommand::Reopen(command) => command.run(c, screen).await,
        WorkbenchCommand::Unreadable(unreadable) => unreadable.run(c, screen).await,
        WorkbenchCommand::FollowUpReferral(case) => {
            case_actions::follow_up_referral(&case, c, screen).await
        }
        WorkbenchCommand::Propose(command) => command.run(c, screen).await,
        WorkbenchCommand::Approve(command) => command.run(c, screen).await,
        WorkbenchCommand::Decline(command) => command.run(c, screen).await,
        WorkbenchCommand::Withdraw(case) => case_actions::withdraw(&case, c, screen).await,
        WorkbenchCommand::Raise(command) => command.run(c, screen).await,
        WorkbenchCommand::Link(command) => command.run(c, screen).await,
        WorkbenchCommand::Escalate(case) => case_actions::escalate(&case, c, screen).await,
        WorkbenchCommand::Hold(case) => case_actions::place_legal_hold(&case, c, screen).await,
        WorkbenchCommand::SuggestAssignee(case) => {
            absence::suggest_assignee(&case, c, screen).await
        }
        WorkbenchCommand::AbsenceSet(command) => command.run(c, screen).await,
        WorkbenchCommand::AbsenceClear(command) => command.run(c, screen).await,
        WorkbenchCommand::WhoReads(command) => command.run(c, screen).await,
        WorkbenchCommand::Members => members::run(c, screen).await,
        WorkbenchCommand::Templates(command) => command.run(c, screen),
        WorkbenchCommand::Note(command) => command.run(c, screen).await,
        WorkbenchCommand::Rotate(command) => command.run(c, screen).await,
        WorkbenchCommand::FormerReaders(command) => command.run(c, screen).await,
        WorkbenchCommand::Audit(command) => command.run(c, screen).await,
        WorkbenchCommand::Admin(command) => command.run(c, screen).await,
    }
}

impl CommandContext {
    /// The language of labels.
    fn label_lang(&self) -> &str {
        self.lang.as_deref().unwrap_or("fr")
    }

    /// Asks for the passphrase and opens the key file.
    fn unlock(&mut self) -> anyhow::Result<InvestigatorKey> {
        let sealed = workbench::private_files::read(&self.profile.key_path())?;
        let passphrase: SecretString = self.passphrases.prompt("Passphrase of your key")?;
        Ok(InvestigatorKey::open(&sealed, &passphrase)?)
    }

    /// Unlocks and signs in.
    async fn connect(&mut self, screen: &mut CliOutput) -> anyhow::Result<HandlerConnection> {
        // Fails without a question when there is nothing to connect to.
        self.profile.settings()?;
        let key = self.unlock()?;
        let connection = HandlerConnection::open(self.profile.clone(), key, self.now).await?;
        let days = connection.days_left();
        if days < 0 {
            // Nothing is forged. It is said once the command has done its work.
            self.directory_expired_on = Some(connection.directory().expires);
        } else if days <= EXPIRY_WARNING_DAYS {
            screen.hint(&format!(
                "notice: the directory ends in {days} days; the administrator must sign a new one"
            ))?;
        }
        Ok(connection)
    }

    /// Unlocks, signs in, and opens one case. What is wrong with it is said at once.
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

/// What an undeclared reader is refused: everything but the face of the case.
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

/// Text from `--text`, from `--file`, or from standard input.
fn read_text_arg(text: Option<String>, file: Option<&PathBuf>) -> anyhow::Result<String> {
    match (text, file) {
        (Some(_), Some(_)) => bail!("give --text or --file, not both"),
        (Some(text), None) => Ok(text),
        (None, Some(path)) => Ok(workbench::private_files::read_text(path)?),
        (None, None) => {
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes).context("standard input cannot be read")?;
            workbench::terminal_text::decode_text(&bytes).with_context(|| {
                format!("standard input: {}", workbench::private_files::NOT_UTF_TEXT)
            })
        }
    }
}

/// Reads an argument that is one word of the protocol; the error names all that there are.
fn parse_enum<T: DeserializeOwned>(word: &str) -> Result<T, String> {
    serde_json::from_value(serde_json::Value::String(word.to_owned()))
        .map_err(|error| error.to_string())
}
