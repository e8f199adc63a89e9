//! The command line: one file a command. Words on the screen live here and nowhere else.

mod act;
mod admin;
mod audit;
mod away;
mod commands;
mod connect;
mod decide;
mod exit;
mod export;
mod former;
mod key;
mod layout;
mod letters;
mod members;
mod open;
mod passphrase;
mod preview;
mod queue;
mod save;
mod screen;
mod search;
mod show;
mod unreadable;
mod write;

use std::{io::Read as _, path::PathBuf};

use anyhow::{Context as _, bail};
use clap::{Parser, Subcommand};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use time::{Date, OffsetDateTime};
use workbench::{cases::Case, connection::Connection, home::Home, keyfile::InvestigatorKey};

pub(crate) use exit::report;
pub(crate) use passphrase::Passphrases;
pub(crate) use screen::Screen;
pub(crate) use search::excluding;

/// The investigators' own program: keys, cases, replies, audit, administration.
#[derive(Debug, Parser)]
#[command(name = "burkindi", version, after_help = exit::CODES)]
pub(crate) struct Cli {
    /// Folder with your key and settings [default: that of `BURKINDI_HOME`, or the system's folder for such data].
    #[arg(long, global = true, value_name = "DIR")]
    home: Option<PathBuf>,
    /// Answer in JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Language of categories, questions and letters [default: fr]; for `reply`, the language that it is written in [default: the
    /// report's].
    #[arg(long, global = true, value_name = "LANG")]
    lang: Option<String>,
    /// Read passphrases from this open file descriptor, one a line, in the order in which they would be asked.
    #[arg(long, global = true, value_name = "N")]
    pub(crate) passphrase_fd: Option<u32>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Your keys.
    #[command(subcommand)]
    Key(key::Key),
    /// Pin a case handler: its address, its certificate authority, its root keys.
    Connect(connect::Connect),
    /// The workbench in your browser, served by this program to you alone.
    Open(open::Open),
    /// The cases that you can read.
    Queue(queue::Queue),
    /// One case, opened and verified.
    Show(CaseArg),
    /// Look for words in all cases that you can read.
    Search(search::Search),
    /// Other cases that could be about the same, with the reasons.
    Related(CaseArg),
    /// Save the attached files of a case.
    Save(save::Save),
    /// Write a case into a folder to hand on: a page, its files, its part of the log, and a manifest.
    Export(export::Export),
    /// Make a harmless picture of an attached image.
    Preview(preview::Preview),
    /// Declare to have no conflict of interest in a case, so that it is shown to you.
    Declare(CaseArg),
    /// Take a case. By this you declare to have no conflict of interest in it.
    Claim(CaseArg),
    /// Give a case to a colleague.
    Assign(act::Assign),
    /// Step back from a case because of a conflict of interest; it disappears for you, for good.
    Recuse(act::FinalArg),
    /// Say that a colleague has a conflict of interest in a case.
    Challenge(act::Challenge),
    /// Judge whether a colleague has one.
    Judge(act::Judge),
    /// Answer the reporter.
    Reply(write::Reply),
    /// Give an investigation 90 more days, and tell the reporter why.
    Renew(write::Renew),
    /// Sign that what the reporter sent has been dealt with, where no answer or move says so. `show` shows it; this does not.
    #[command(alias = "read")]
    Handled(CaseArg),
    /// Move a case to another stage.
    Move(act::Move),
    /// Open a closed case again.
    Reopen(act::Reopen),
    /// Say that the authority which has the matter was asked how it stands.
    Track(CaseArg),
    /// Propose what two persons decide: close, lower, refer, lift-hold, purge.
    Propose(decide::Propose),
    /// Approve what somebody else proposed.
    Approve(decide::Approve),
    /// Do not approve what somebody else proposed, and say why in a note sealed to the case.
    Decline(write::Decline),
    /// Take a proposal back.
    Withdraw(CaseArg),
    /// Close cases that came unreadable, and destroy them after their retention; another person approves with the same command.
    Unreadable(unreadable::Unreadable),
    /// Make a case more urgent.
    Raise(act::Raise),
    /// Link a case with another one about the same.
    Link(act::Link),
    /// Give a case to the oversight body.
    Escalate(act::FinalArg),
    /// Put a legal hold on a case.
    Hold(act::FinalArg),
    /// To whom a case would be suggested now, and why.
    Route(CaseArg),
    /// Say that you, or a member of your desk, takes no cases for some days.
    Away(away::Away),
    /// Take cases again.
    Back(away::Back),
    /// Who would read a report, and why the others would not.
    WhoReads(admin::WhoReads),
    /// Desks and members as the signed directory names them.
    Members,
    /// Beginnings of messages to reporters, in their languages.
    Letters(letters::Letters),
    /// Add a note for the team, sealed to the case.
    Note(write::Note),
    /// Make new keys for a case, so that somebody loses it for good.
    Rotate(act::Rotate),
    /// Cases that somebody can open who has left or has another key, and new keys for all of them.
    FormerReaders(former::FormerReaders),
    /// The log: verify it, keep a copy of it.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Root keys, members, desks, certificates, the signing of the directory.
    #[command(subcommand)]
    Admin(admin::Admin),
}

/// From so many days before the end of a directory on, everybody is told.
const EXPIRES_SOON: i64 = doctor::DIRECTORY_DAYS;

/// A case by the beginning of its id.
#[derive(Debug, clap::Args)]
pub(crate) struct CaseArg {
    /// The first 4 or more characters of the case's id.
    case: String,
}

/// What every command gets.
pub(crate) struct Context {
    pub(crate) home: Home,
    pub(crate) lang: Option<String>,
    pub(crate) passphrases: Passphrases,
    pub(crate) now: OffsetDateTime,
    /// The last day of the directory, once a connection has found it expired.
    expired: Option<Date>,
}

/// Runs one command.
pub(crate) async fn run(cli: Cli, screen: &mut Screen, now: OffsetDateTime) -> anyhow::Result<()> {
    let passphrases = Passphrases::new(cli.passphrase_fd)?;
    let home = Home::at(cli.home.or_else(default_home).context("no folder for your key: give --home DIR")?);
    let mut context = Context { home, lang: cli.lang, passphrases, now, expired: None };
    command(cli.command, &mut context, screen).await?;
    context.expired.map_or(Ok(()), |day| Err(exit::Expired(day).into()))
}

async fn command(command: Command, c: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
    match command {
        Command::Key(command) => command.run(c, screen).await,
        Command::Connect(command) => command.run(c, screen).await,
        Command::Open(command) => command.run(c, screen).await,
        Command::Queue(command) => command.run(c, screen).await,
        Command::Show(case) => show::run(&case, c, screen).await,
        Command::Search(command) => command.run(c, screen).await,
        Command::Related(case) => search::related(&case, c, screen).await,
        Command::Save(command) => command.run(c, screen).await,
        Command::Export(command) => command.run(c, screen).await,
        Command::Preview(command) => command.run(c, screen).await,
        Command::Declare(case) => act::declare(&case, c, screen).await,
        Command::Claim(case) => act::claim(&case, c, screen).await,
        Command::Assign(command) => command.run(c, screen).await,
        Command::Recuse(case) => act::recuse(&case, c, screen).await,
        Command::Challenge(command) => command.run(c, screen).await,
        Command::Judge(command) => command.run(c, screen).await,
        Command::Reply(command) => command.run(c, screen).await,
        Command::Renew(command) => command.run(c, screen).await,
        Command::Handled(case) => act::mark_handled(&case, c, screen).await,
        Command::Move(command) => command.run(c, screen).await,
        Command::Reopen(command) => command.run(c, screen).await,
        Command::Unreadable(unreadable) => unreadable.run(c, screen).await,
        Command::Track(case) => act::track(&case, c, screen).await,
        Command::Propose(command) => command.run(c, screen).await,
        Command::Approve(command) => command.run(c, screen).await,
        Command::Decline(command) => command.run(c, screen).await,
        Command::Withdraw(case) => act::withdraw(&case, c, screen).await,
        Command::Raise(command) => command.run(c, screen).await,
        Command::Link(command) => command.run(c, screen).await,
        Command::Escalate(case) => act::escalate(&case, c, screen).await,
        Command::Hold(case) => act::hold(&case, c, screen).await,
        Command::Route(case) => away::route(&case, c, screen).await,
        Command::Away(command) => command.run(c, screen).await,
        Command::Back(command) => command.run(c, screen).await,
        Command::WhoReads(command) => command.run(c, screen).await,
        Command::Members => members::run(c, screen).await,
        Command::Letters(command) => command.run(c, screen),
        Command::Note(command) => command.run(c, screen).await,
        Command::Rotate(command) => command.run(c, screen).await,
        Command::FormerReaders(command) => command.run(c, screen).await,
        Command::Audit(command) => command.run(c, screen).await,
        Command::Admin(command) => command.run(c, screen).await,
    }
}

impl Context {
    /// The language of labels.
    fn labels(&self) -> &str {
        self.lang.as_deref().unwrap_or("fr")
    }

    /// Asks for the passphrase and opens the key file.
    fn unlock(&mut self) -> anyhow::Result<InvestigatorKey> {
        let sealed = workbench::files::read(&self.home.key_path())?;
        let passphrase: SecretString = self.passphrases.ask("Passphrase of your key")?;
        Ok(InvestigatorKey::open(&sealed, &passphrase)?)
    }

    /// Unlocks and signs in.
    async fn connect(&mut self, screen: &mut Screen) -> anyhow::Result<Connection> {
        // Fails without a question when there is nothing to connect to.
        self.home.settings()?;
        let key = self.unlock()?;
        let connection = Connection::open(self.home.clone(), key, self.now).await?;
        let days = connection.days_left();
        if days < 0 {
            // Nothing is forged. It is said once the command has done its work.
            self.expired = Some(connection.directory().expires);
        } else if days <= EXPIRES_SOON {
            screen.advise(&format!(
                "notice: the directory ends in {days} days; the administrator must sign a new one"
            ))?;
        }
        Ok(connection)
    }

    /// Unlocks, signs in, and opens one case. What is wrong with it is said at once.
    async fn open_case(&mut self, prefix: &str, screen: &mut Screen) -> anyhow::Result<(Connection, Case)> {
        let mut connection = self.connect(screen).await?;
        let id = connection.find_case(prefix).await?;
        let case = connection.read_case(id).await?;
        screen.alarms(&case.alarms)?;
        Ok((connection, case))
    }
}

/// What an undeclared reader is refused: everything but the face of the case.
async fn open_content(
    context: &mut Context,
    prefix: &str,
    screen: &mut Screen,
) -> anyhow::Result<(Connection, Case)> {
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
fn text_from(text: Option<String>, file: Option<&PathBuf>) -> anyhow::Result<String> {
    match (text, file) {
        (Some(_), Some(_)) => bail!("give --text or --file, not both"),
        (Some(text), None) => Ok(text),
        (None, Some(path)) => Ok(workbench::files::read_text(path)?),
        (None, None) => {
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes).context("standard input cannot be read")?;
            workbench::text::decode(&bytes)
                .with_context(|| format!("standard input: {}", workbench::files::NO_TEXT))
        }
    }
}

/// Reads an argument that is one word of the protocol; the error names all that there are.
fn one_word<T: DeserializeOwned>(word: &str) -> Result<T, String> {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).map_err(|error| error.to_string())
}
