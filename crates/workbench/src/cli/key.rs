//! `burkindi key`: create, show, back up, restore and check keys.

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
    /// Create your keys, encrypted with a passphrase, and a request for the administrator.
    New(KeyNewArgs),
    /// Print the public keys.
    Show,
    /// Change the passphrase.
    Passphrase(ScryptCostArg),
    /// Print six random words for a new passphrase.
    Suggest,
    /// Create a backup sheet to print and lock away: the encrypted key as text and as a QR code.
    Backup(KeyBackupArgs),
    /// Restore the key from a backup sheet, on a computer without a key.
    Restore(KeyRestoreArgs),
    /// Check everything that your keys depend on.
    Health,
}

#[derive(Debug, clap::Args)]
pub(crate) struct KeyBackupArgs {
    /// The file to create. An existing file is never overwritten.
    #[arg(long, default_value = "key-sheet.html", value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct KeyRestoreArgs {
    /// The page of the sheet, or the text that you typed or scanned from it.
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct KeyNewArgs {
    /// An opaque handle without names or initials: 1 to 32 of a-z, 0-9, hyphen.
    #[arg(long)]
    handle: String,
    /// The file to create with the request for the administrator.
    #[arg(long, default_value = "request.json", value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    scrypt_cost: ScryptCostArg,
}

/// The cost of one guess of the passphrase.
#[derive(Debug, clap::Args)]
pub(crate) struct ScryptCostArg {
    /// log2 of scrypt's N. Less than 18 is for tests only.
    #[arg(long, default_value_t = workbench::keys::passphrase_encryption::DEFAULT_SCRYPT_LOG_N, hide = true, value_parser = clap::value_parser!(u8).range(1..=22))]
    work_factor: u8,
}

impl ScryptCostArg {
    pub(crate) fn scrypt_cost(&self, screen: &mut CliOutput) -> anyhow::Result<ScryptCost> {
        let cost = ScryptCost::new(self.work_factor).unwrap_or_default();
        if cost.is_weak() {
            screen.hint(
                "warning: with this work factor the passphrase is easy to guess; use it for tests only",
            )?;
        }
        Ok(cost)
    }
}

/// `{"handle", "recipient", "device", "words", "key", "request"}`. The path of a file that was not
/// written is absent.
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
            Self::Passphrase(scrypt_cost) => change_passphrase(context, screen, &scrypt_cost),
            Self::Suggest => suggest_passphrase(context, screen),
            Self::Backup(command) => command.run(context, screen),
            Self::Restore(command) => command.run(context, screen),
            Self::Health => key_health(context, screen).await,
        }
    }
}

impl KeyNewArgs {
    fn run(self, context: &mut CommandContext, screen: &mut CliOutput) -> anyhow::Result<()> {
        let scrypt_cost = self.scrypt_cost.scrypt_cost(screen)?;
        let path = context.profile.key_path();
        // Both files are checked before the prompt for a passphrase.
        for file in [&path, &self.out] {
            if file.exists() {
                return Err(private_files::FileError::AlreadyExists(file.clone()).into());
            }
        }
        let key = InvestigatorKey::generate(&self.handle, &mut OsRng)?;
        let passphrase = context.passphrases.prompt_new("New passphrase for your key")?;
        context.profile.create_key(&key.seal(&passphrase, scrypt_cost))?;
        private_files::create_public(&self.out, &private_files::to_pretty_json(&key.request()))?;
        let view = KeyOutput {
            key: Some(path),
            request: Some(self.out),
            ..KeyOutput::new(&key.request())
        };
        screen.print(&view, |view, page| {
            page.line(&format!("Created the keys of {}.", view.handle));
            let path = |path: &Option<PathBuf>| {
                path.as_ref().map_or_else(String::new, |p| p.display().to_string())
            };
            page.pairs(&[
                ("encrypted key", path(&view.key)),
                ("for the administrator", path(&view.request)),
                ("read these words aloud", view.words.clone()),
            ]);
            page.dim(
                "If the administrator sees the same words, the request was not replaced on the way.",
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
    scrypt_cost: &ScryptCostArg,
) -> anyhow::Result<()> {
    let scrypt_cost = scrypt_cost.scrypt_cost(screen)?;
    let key = context.unlock()?;
    let passphrase = context.passphrases.prompt_new("New passphrase for your key")?;
    context.profile.replace_key(&key.seal(&passphrase, scrypt_cost))?;
    let view =
        KeyOutput { key: Some(context.profile.key_path()), ..KeyOutput::new(&key.request()) };
    screen.print(&view, |_, page| {
        page.line("The key is encrypted with the new passphrase.");
        page.dim("Older copies and backup sheets still open with the old passphrase: destroy them, and print a new sheet.");
    })
}

fn suggest_passphrase(context: &CommandContext, screen: &mut CliOutput) -> anyhow::Result<()> {
    let words = passphrase_strength::suggest_passphrase(context.label_lang(), &mut OsRng);
    screen.print(&serde_json::json!({ "passphrase": *words }), |_, page| {
        page.unbroken(&words);
        page.dim("Memorize it, or store it on paper in another place than the key.");
    })
}

impl KeyBackupArgs {
    fn run(self, context: &mut CommandContext, screen: &mut CliOutput) -> anyhow::Result<()> {
        if self.out.exists() {
            return Err(private_files::FileError::AlreadyExists(self.out).into());
        }
        // The key is opened first, because a sheet is useless without a known passphrase.
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
            page.line(&format!("Created the backup sheet {}.", view.key.as_ref().map_or_else(String::new, |out| out.display().to_string())));
            page.dim("Print it, lock it away far from this computer, and delete the file. Do not write the passphrase on it.");
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
            page.line(&format!("Restored the key of {}.", view.handle));
            page.dim("Next: burkindi connect. This computer has no record of earlier states, so it cannot detect a rollback before the first connection.");
        })
    }
}

/// `{"checks": [{"subject", "outcome", "text"}]}`.
async fn key_health(context: &mut CommandContext, screen: &mut CliOutput) -> anyhow::Result<()> {
    let connection = context.connect(screen).await?;
    let checks = key_health::run_checks(&connection).await?;
    let failed = checks.iter().any(|check| check.outcome == CheckStatus::Error);
    screen.print(&serde_json::json!({ "checks": checks }), |_, page| {
        for check in &checks {
            match check.outcome {
                CheckStatus::Ok => page.line(&format!("ok       {}", check.text)),
                CheckStatus::Warning => page.warn(&format!("warning  {}", check.text)),
                CheckStatus::Error => page.warn(&format!("ERROR    {}", check.text)),
            }
        }
    })?;
    // The same exit code as for a failed check of a doctor.
    if failed { Err(DoctorFailed(8).into()) } else { Ok(()) }
}
