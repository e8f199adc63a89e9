//! `burkindi key`: make, look at, re-seal.

use std::path::PathBuf;

use clap::Subcommand;
use rand::rngs::OsRng;
use serde::Serialize;
use workbench::{
    keys::{
        backup_sheet::{self, BackupSheet},
        key_file::{InvestigatorKey, MembershipRequest},
        passphrase_encryption::ScryptCost,
        passphrase_strength,
    },
    private_files,
    session::{
        key_health::{self, CheckStatus},
        profile::BackupRecord,
    },
};

use super::{CliOutput, CommandContext, exit_code::DoctorFailed};

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make your keys, sealed under a passphrase, and a request for the administrator.
    New(KeyNewArgs),
    /// Show the public half.
    Show,
    /// Change the passphrase.
    Passphrase(ScryptCostArg),
    /// Six random words for a new passphrase.
    Suggest,
    /// A sheet to print and lock away: the sealed key as text and as a code.
    Backup(KeyBackupArgs),
    /// Get a sealed key back from a sheet, on a computer that has none.
    Restore(KeyRestoreArgs),
    /// Everything that your keys depend on, in one look.
    Health,
}

#[derive(Debug, clap::Args)]
pub(crate) struct KeyBackupArgs {
    /// Where the page goes; a file that is there is never overwritten.
    #[arg(long, default_value = "key-sheet.html", value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct KeyRestoreArgs {
    /// The sheet's page, or the text that was typed or scanned from it.
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct KeyNewArgs {
    /// Opaque: no name, no initials. 1 to 32 of a-z, 0-9, -.
    #[arg(long)]
    handle: String,
    /// Where the request for the administrator is written.
    #[arg(long, default_value = "request.json", value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    work: ScryptCostArg,
}

/// How much a guess at a passphrase costs.
#[derive(Debug, clap::Args)]
pub(crate) struct ScryptCostArg {
    /// log2 of scrypt's N. Less than 18 is for tests only.
    #[arg(long, default_value_t = workbench::keys::passphrase_encryption::DEFAULT_SCRYPT_LOG_N, hide = true, value_parser = clap::value_parser!(u8).range(1..=22))]
    work_factor: u8,
}

impl ScryptCostArg {
    pub(crate) fn scrypt_cost(&self, screen: &mut CliOutput) -> anyhow::Result<ScryptCost> {
        let work = ScryptCost::new(self.work_factor).unwrap_or_default();
        if work.is_weak() {
            screen.hint(
                "warning: the passphrase is cheap to guess with this work factor; for tests only",
            )?;
        }
        Ok(work)
    }
}

/// `{"handle", "recipient", "device", "words", "key", "request"}`; paths are absent where nothing
/// was written.
#[derive(Debug, Serialize)]
struct KeyOutput {
    handle: String,
    recipient: String,
    device: protocol::keys::PublicKey,
    words: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<PathBuf>,
}

impl KeyOutput {
    fn new(request: &MembershipRequest) -> Self {
        Self {
            handle: request.handle.clone(),
            recipient: request.recipient.to_string(),
            device: request.device,
            words: request.fingerprint_words("en"),
            key: None,
            request: None,
        }
    }
}

impl KeyCommand {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        match self {
            Self::New(command) => command.run(context, screen),
            Self::Show => show_key(context, screen),
            Self::Passphrase(work) => change_passphrase(context, screen, &work),
            Self::Suggest => suggest_passphrase(context, screen),
            Self::Backup(command) => command.run(context, screen),
            Self::Restore(command) => command.run(context, screen),
            Self::Health => key_health(context, screen).await,
        }
    }
}

impl KeyNewArgs {
    fn run(self, context: &mut CommandContext, screen: &mut CliOutput) -> anyhow::Result<()> {
        let work = self.work.scrypt_cost(screen)?;
        let path = context.profile.key_path();
        // Both refusals come before anybody has thought of a passphrase.
        for taken in [&path, &self.out] {
            if taken.exists() {
                return Err(private_files::FileError::AlreadyExists(taken.clone()).into());
            }
        }
        let key = InvestigatorKey::generate(&self.handle, &mut OsRng)?;
        let passphrase = context.passphrases.prompt_new("New passphrase for your key")?;
        context.profile.create_key(&key.seal(&passphrase, work))?;
        private_files::create_public(&self.out, &private_files::to_pretty_json(&key.request()))?;
        let view = KeyOutput {
            key: Some(path),
            request: Some(self.out),
            ..KeyOutput::new(&key.request())
        };
        screen.print(&view, |view, page| {
            page.line(&format!("Your keys are made, {}.", view.handle));
            let path = |path: &Option<PathBuf>| {
                path.as_ref().map_or_else(String::new, |p| p.display().to_string())
            };
            page.pairs(&[
                ("sealed key", path(&view.key)),
                ("for the administrator", path(&view.request)),
                ("read these words out", view.words.clone()),
            ]);
            page.dim(
                "The administrator sees the same words when nobody has put another key in between.",
            );
        })
    }
}

fn show_key(context: &mut CommandContext, screen: &mut CliOutput) -> anyhow::Result<()> {
    let view = KeyOutput::new(&context.unlock()?.request());
    screen.print(&view, |view, page| {
        let device = serde_json::to_string(&view.device).unwrap_or_default();
        page.pairs(&[
            ("handle", view.handle.clone()),
            ("words", view.words.clone()),
            ("device", device.trim_matches('"').to_owned()),
            ("recipient", view.recipient.clone()),
        ]);
    })
}

fn change_passphrase(
    context: &mut CommandContext,
    screen: &mut CliOutput,
    work: &ScryptCostArg,
) -> anyhow::Result<()> {
    let work = work.scrypt_cost(screen)?;
    let key = context.unlock()?;
    let passphrase = context.passphrases.prompt_new("New passphrase for your key")?;
    context.profile.replace_key(&key.seal(&passphrase, work))?;
    let view =
        KeyOutput { key: Some(context.profile.key_path()), ..KeyOutput::new(&key.request()) };
    screen.print(&view, |_, page| {
        page.line("The key is sealed under the new passphrase.");
        page.dim("Copies of the old file and older sheets still open with the old one: destroy them, and make a new sheet.");
    })
}

fn suggest_passphrase(context: &CommandContext, screen: &mut CliOutput) -> anyhow::Result<()> {
    let words = passphrase_strength::suggest_passphrase(context.label_lang(), &mut OsRng);
    screen.print(&serde_json::json!({ "passphrase": *words }), |_, page| {
        page.unbroken(&words);
        page.dim("Learn it by heart, or keep it on paper in another place than the key.");
    })
}

impl KeyBackupArgs {
    fn run(self, context: &mut CommandContext, screen: &mut CliOutput) -> anyhow::Result<()> {
        if self.out.exists() {
            return Err(private_files::FileError::AlreadyExists(self.out).into());
        }
        // Opened first: a sheet whose passphrase nobody knows any more helps nobody.
        let request = context.unlock()?.request();
        let sealed = private_files::read(&context.profile.key_path())?;
        let (day, words) = (context.now.date(), request.fingerprint_words(context.label_lang()));
        let html = BackupSheet {
            handle: &request.handle,
            fingerprint_words: &words,
            day,
            sealed: &sealed,
        }
        .html()?;
        private_files::create_private(&self.out, html.as_bytes())?;
        context.profile.save_backup_record(BackupRecord { day, device: request.device })?;
        let view = KeyOutput { key: Some(self.out), ..KeyOutput::new(&request) };
        screen.print(&view, |view, page| {
            page.line(&format!("The sheet is in {}.", view.key.as_ref().map_or_else(String::new, |out| out.display().to_string())));
            page.dim("Print it, lock it away, far from this computer, and delete the file. The passphrase does not belong on it.");
        })
    }
}

impl KeyRestoreArgs {
    fn run(self, context: &mut CommandContext, screen: &mut CliOutput) -> anyhow::Result<()> {
        let path = context.profile.key_path();
        if path.exists() {
            return Err(private_files::FileError::AlreadyExists(path).into());
        }
        let text = private_files::read_text(&self.from)?;
        let passphrase = context.passphrases.prompt("Passphrase of the key on the sheet")?;
        let (sealed, key) = backup_sheet::restore(&text, &passphrase)?;
        context.profile.create_key(&sealed)?;
        let view = KeyOutput { key: Some(path), ..KeyOutput::new(&key.request()) };
        screen.print(&view, |view, page| {
            page.line(&format!("The key of {} is back.", view.handle));
            page.dim("Next: burkindi connect. What this computer has not seen before, it cannot hold against what it is shown.");
        })
    }
}

/// `{"checks": [{"subject", "outcome", "text"}]}`.
async fn key_health(context: &mut CommandContext, screen: &mut CliOutput) -> anyhow::Result<()> {
    let connection = context.connect(screen).await?;
    let checks = key_health::run_checks(&connection)?;
    let wrong = checks.iter().any(|check| check.outcome == CheckStatus::Error);
    screen.print(&serde_json::json!({ "checks": checks }), |_, page| {
        for check in &checks {
            match check.outcome {
                CheckStatus::Ok => page.line(&format!("well   {}", check.text)),
                CheckStatus::Warning => page.warn(&format!("soon   {}", check.text)),
                CheckStatus::Error => page.warn(&format!("WRONG  {}", check.text)),
            }
        }
    })?;
    // As of a doctor: both say that something is wrong.
    if wrong { Err(DoctorFailed(8).into()) } else { Ok(()) }
}
