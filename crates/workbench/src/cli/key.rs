//! `burkindi key`: make, look at, re-seal.

use std::path::PathBuf;

use clap::Subcommand;
use rand::rngs::OsRng;
use serde::Serialize;
use workbench::{
    backup::{self, Sheet},
    files,
    health::{self, Outcome},
    home::BackedUp,
    keyfile::{InvestigatorKey, Request},
    sealed::Work,
    strength,
};

use super::{Context, Screen, exit::Unwell};

#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// Make your keys, sealed under a passphrase, and a request for the administrator.
    New(New),
    /// Show the public half.
    Show,
    /// Change the passphrase.
    Passphrase(WorkArg),
    /// Six random words for a new passphrase.
    Suggest,
    /// A sheet to print and lock away: the sealed key as text and as a code.
    Backup(Backup),
    /// Get a sealed key back from a sheet, on a computer that has none.
    Restore(Restore),
    /// Everything that your keys depend on, in one look.
    Health,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Backup {
    /// Where the page goes; a file that is there is never overwritten.
    #[arg(long, default_value = "key-sheet.html", value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Restore {
    /// The sheet's page, or the text that was typed or scanned from it.
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct New {
    /// Opaque: no name, no initials. 1 to 32 of a-z, 0-9, -.
    #[arg(long)]
    handle: String,
    /// Where the request for the administrator is written.
    #[arg(long, default_value = "request.json", value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    work: WorkArg,
}

/// How much a guess at a passphrase costs.
#[derive(Debug, clap::Args)]
pub(crate) struct WorkArg {
    /// log2 of scrypt's N. Less than 18 is for tests only.
    #[arg(long, default_value_t = workbench::sealed::WORK_FACTOR, hide = true, value_parser = clap::value_parser!(u8).range(1..=22))]
    work_factor: u8,
}

impl WorkArg {
    pub(crate) fn work(&self, screen: &mut Screen) -> anyhow::Result<Work> {
        let work = Work::new(self.work_factor).unwrap_or_default();
        if work.is_weak() {
            screen
                .advise("warning: the passphrase is cheap to guess with this work factor; for tests only")?;
        }
        Ok(work)
    }
}

/// `{"handle", "recipient", "device", "words", "key", "request"}`; paths are absent where nothing was written.
#[derive(Debug, Serialize)]
struct KeyView {
    handle: String,
    recipient: String,
    device: envelope::keys::PublicKey,
    words: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<PathBuf>,
}

impl KeyView {
    fn new(request: &Request) -> Self {
        Self {
            handle: request.handle.clone(),
            recipient: request.recipient.to_string(),
            device: request.device,
            words: request.words("en"),
            key: None,
            request: None,
        }
    }
}

impl Key {
    pub(crate) async fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        match self {
            Self::New(command) => command.run(context, screen),
            Self::Show => show(context, screen),
            Self::Passphrase(work) => passphrase(context, screen, &work),
            Self::Suggest => suggest(context, screen),
            Self::Backup(command) => command.run(context, screen),
            Self::Restore(command) => command.run(context, screen),
            Self::Health => key_health(context, screen).await,
        }
    }
}

impl New {
    fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        let work = self.work.work(screen)?;
        let path = context.home.key_path();
        // Both refusals come before anybody has thought of a passphrase.
        for taken in [&path, &self.out] {
            if taken.exists() {
                return Err(files::FileError::Exists(taken.clone()).into());
            }
        }
        let key = InvestigatorKey::generate(&self.handle, &mut OsRng)?;
        let passphrase = context.passphrases.ask_new("New passphrase for your key")?;
        context.home.put_key(&key.seal(&passphrase, work))?;
        files::create_public(&self.out, &files::pretty(&key.request()))?;
        let view = KeyView { key: Some(path), request: Some(self.out), ..KeyView::new(&key.request()) };
        screen.show(&view, |view, page| {
            page.line(&format!("Your keys are made, {}.", view.handle));
            let path =
                |path: &Option<PathBuf>| path.as_ref().map_or_else(String::new, |p| p.display().to_string());
            page.pairs(&[
                ("sealed key", path(&view.key)),
                ("for the administrator", path(&view.request)),
                ("read these words out", view.words.clone()),
            ]);
            page.dim("The administrator sees the same words when nobody has put another key in between.");
        })
    }
}

fn show(context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
    let view = KeyView::new(&context.unlock()?.request());
    screen.show(&view, |view, page| {
        let device = serde_json::to_string(&view.device).unwrap_or_default();
        page.pairs(&[
            ("handle", view.handle.clone()),
            ("words", view.words.clone()),
            ("device", device.trim_matches('"').to_owned()),
            ("recipient", view.recipient.clone()),
        ]);
    })
}

fn passphrase(context: &mut Context, screen: &mut Screen, work: &WorkArg) -> anyhow::Result<()> {
    let work = work.work(screen)?;
    let key = context.unlock()?;
    let passphrase = context.passphrases.ask_new("New passphrase for your key")?;
    context.home.replace_key(&key.seal(&passphrase, work))?;
    let view = KeyView { key: Some(context.home.key_path()), ..KeyView::new(&key.request()) };
    screen.show(&view, |_, page| {
        page.line("The key is sealed under the new passphrase.");
        page.dim("Copies of the old file and older sheets still open with the old one: destroy them, and make a new sheet.");
    })
}

fn suggest(context: &Context, screen: &mut Screen) -> anyhow::Result<()> {
    let words = strength::suggest(context.labels(), &mut OsRng);
    screen.show(&serde_json::json!({ "passphrase": *words }), |_, page| {
        page.unbroken(&words);
        page.dim("Learn it by heart, or keep it on paper in another place than the key.");
    })
}

impl Backup {
    fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        if self.out.exists() {
            return Err(files::FileError::Exists(self.out).into());
        }
        // Opened first: a sheet whose passphrase nobody knows any more helps nobody.
        let request = context.unlock()?.request();
        let sealed = files::read(&context.home.key_path())?;
        let (day, words) = (context.now.date(), request.words(context.labels()));
        let html = Sheet { handle: &request.handle, words: &words, day, sealed: &sealed }.html()?;
        files::create_private(&self.out, html.as_bytes())?;
        context.home.note_backup(BackedUp { day, device: request.device })?;
        let view = KeyView { key: Some(self.out), ..KeyView::new(&request) };
        screen.show(&view, |view, page| {
            page.line(&format!("The sheet is in {}.", view.key.as_ref().map_or_else(String::new, |out| out.display().to_string())));
            page.dim("Print it, lock it away, far from this computer, and delete the file. The passphrase does not belong on it.");
        })
    }
}

impl Restore {
    fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        let path = context.home.key_path();
        if path.exists() {
            return Err(files::FileError::Exists(path).into());
        }
        let text = files::read_text(&self.from)?;
        let passphrase = context.passphrases.ask("Passphrase of the key on the sheet")?;
        let (sealed, key) = backup::restore(&text, &passphrase)?;
        context.home.put_key(&sealed)?;
        let view = KeyView { key: Some(path), ..KeyView::new(&key.request()) };
        screen.show(&view, |view, page| {
            page.line(&format!("The key of {} is back.", view.handle));
            page.dim("Next: burkindi connect. What this computer has not seen before, it cannot hold against what it is shown.");
        })
    }
}

/// `{"checks": [{"subject", "outcome", "text"}]}`.
async fn key_health(context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
    let connection = context.connect(screen).await?;
    let checks = health::checks(&connection)?;
    let wrong = checks.iter().any(|check| check.outcome == Outcome::Wrong);
    screen.show(&serde_json::json!({ "checks": checks }), |_, page| {
        for check in &checks {
            match check.outcome {
                Outcome::Well => page.line(&format!("well   {}", check.text)),
                Outcome::Soon => page.warn(&format!("soon   {}", check.text)),
                Outcome::Wrong => page.warn(&format!("WRONG  {}", check.text)),
            }
        }
    })?;
    // As of a doctor: both say that something is wrong.
    if wrong { Err(Unwell(8).into()) } else { Ok(()) }
}
