//! `burkindi admin directory`: sign, cosign, publish, show.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use ed25519_dalek::SigningKey;
use protocol::{
    Hash,
    directory::{SignedDirectory, TrustRoots},
};
use serde::Serialize;
use taxonomy::Taxonomy;
use time::Date;
use workbench::{
    admin::{AdminDir, directory_changes, directory_warnings, log_settings, root_keys, signing},
    keys::key_file::member_fingerprint_words,
    private_files,
    session::{client::HandlerClient, fingerprint},
};

use super::{AdminDirArg, CliOutput, CommandContext};

#[derive(Debug, Subcommand)]
pub(crate) enum DirectoryCommand {
    /// Create the next directory from the draft and sign it. With fewer signatures than the
    /// threshold it is in directory.pending.json, for `cosign`.
    Sign(DirectorySignArgs),
    /// Add a signature to a pending directory, also on another machine.
    Cosign(DirectoryCosignArgs),
    /// Send the newest signed directory to the case handler.
    Publish(DirectoryPublishArgs),
    /// Print the newest signed directory.
    Show(AdminDirArg),
}

#[derive(Debug, clap::Args)]
pub(crate) struct DirectorySignArgs {
    #[command(flatten)]
    dir: AdminDirArg,
    /// A root key file, such as roots/root-1.age. Repeat it for several keys.
    #[arg(long, required = true, value_name = "FILE")]
    root: Vec<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DirectoryCosignArgs {
    /// The pending directory: directory.pending.json.
    #[arg(long, value_name = "FILE")]
    pending: PathBuf,
    /// The trusted root keys: trust.json.
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// The previous directory, to print the changes [default: directory.signed.json beside the
    /// pending one].
    #[arg(long, value_name = "FILE")]
    previous: Option<PathBuf>,
    /// A root key file.
    #[arg(long, value_name = "FILE")]
    root: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DirectoryPublishArgs {
    #[command(flatten)]
    dir: AdminDirArg,
    /// The address of the case handler: https://…
    #[arg(long, value_name = "URL")]
    handler: String,
    /// The certificate authority: tls/ca.pem.
    #[arg(long, value_name = "FILE")]
    ca: PathBuf,
}

/// `{"epoch", "hash", "issued", "expires", "signatures", "threshold", "complete", "fingerprint",
/// "oversight", "desks": [{"id", "members", "categories"}], "members": [{"handle", "units",
/// "languages", "words"}], "log": {"epoch", "witnesses", "quorum"}, "unserved", "warnings"}`.
#[derive(Debug, Serialize)]
struct DirectoryOutput {
    epoch: u64,
    hash: Hash,
    #[serde(with = "protocol::encoding::iso_date")]
    issued: Date,
    #[serde(with = "protocol::encoding::iso_date")]
    expires: Date,
    signatures: usize,
    threshold: usize,
    complete: bool,
    fingerprint: String,
    oversight: String,
    desks: Vec<DirectoryDeskOutput>,
    members: Vec<DirectoryMemberOutput>,
    log: DirectoryLogOutput,
    /// Categories without a desk. They go to the oversight body.
    unserved: Vec<String>,
    /// Settings that are allowed and probably not intended.
    warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
struct DirectoryDeskOutput {
    id: String,
    members: Vec<String>,
    categories: Vec<String>,
}

#[derive(Debug, Serialize)]
struct DirectoryLogOutput {
    epoch: u32,
    /// The public keys of the witnesses.
    witnesses: Vec<String>,
    quorum: String,
}

#[derive(Debug, Serialize)]
struct DirectoryMemberOutput {
    handle: String,
    units: Vec<String>,
    languages: Vec<String>,
    /// The words that `burkindi key show` prints to the owner of the key.
    words: String,
}

impl DirectoryCommand {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        match self {
            Self::Sign(command) => command.run(context, screen),
            Self::Cosign(command) => command.run(context, screen),
            Self::Publish(command) => command.run(screen).await,
            Self::Show(dir) => show(&dir.admin_dir(), context, screen),
        }
    }
}

impl DirectorySignArgs {
    fn run(self, context: &mut CommandContext, screen: &mut CliOutput) -> anyhow::Result<()> {
        let dir = self.dir.admin_dir();
        let trust = dir.trust()?;
        // An invalid draft is refused before the prompts for passphrases.
        let next = dir.draft()?.to_directory(1, None, context.now.date())?;
        let before = dir
            .signed_directory()?
            .map(|signed| signed.verify_ignoring_dates(&trust))
            .transpose()?;
        print_changes(before.as_ref(), &next, screen)?;
        let keys = self.root.iter().map(|root| open_root(root, &self.dir.dir, &trust, context));
        let keys = keys.collect::<anyhow::Result<Vec<_>>>()?;
        let signed = signing::sign(&dir, &keys, context.now.date())?;
        write_directory(&directory_output(&signed, &trust), screen)
    }
}

impl DirectoryCosignArgs {
    fn run(self, context: &mut CommandContext, screen: &mut CliOutput) -> anyhow::Result<()> {
        let trust: TrustRoots = private_files::read_json(&self.trust)?;
        let pending = signing::load_pending(&self.pending, &trust, context.now.date())?;
        // The holder of the root key sees the content before the prompt for the passphrase.
        screen.hint(&summary(&pending.directory))?;
        let before = self.previous_directory(&pending.directory, &trust)?;
        if before.is_none() && pending.directory.previous.is_some() {
            screen.hint(
                "The previous directory was not found, so all members are printed as new. Name it with \
                 --previous to see the changes.",
            )?;
        }
        print_changes(before.as_ref(), &pending.directory, screen)?;
        let key = open_root(&self.root, Path::new("."), &trust, context)?;
        let signed = signing::cosign(&self.pending, pending, &key, &trust)?;
        write_directory(&directory_output(&signed, &trust), screen)
    }
}

impl DirectoryCosignArgs {
    /// Returns the directory that the pending one continues, if its file exists.
    ///
    /// # Errors
    /// Returns an error if `--previous` names another directory.
    fn previous_directory(
        &self,
        next: &protocol::directory::Directory,
        trust: &TrustRoots,
    ) -> anyhow::Result<Option<protocol::directory::Directory>> {
        let beside = self.pending.with_file_name("directory.signed.json");
        let path = self.previous.as_ref().unwrap_or(&beside);
        let signed: Option<SignedDirectory> = private_files::read_json_if_exists(path)?;
        match signed {
            Some(signed) if Some(signed.hash()) == next.previous => {
                Ok(Some(signed.verify_ignoring_dates(trust)?))
            }
            None if self.previous.is_some() => {
                Err(private_files::FileError::NotFound(path.clone()).into())
            }
            Some(_) if self.previous.is_some() => {
                bail!("{} is not the previous directory of the pending one", path.display())
            }
            _ => Ok(None),
        }
    }
}

impl DirectoryPublishArgs {
    async fn run(self, screen: &mut CliOutput) -> anyhow::Result<()> {
        let dir = self.dir.admin_dir();
        let signed = dir
            .signed_directory()?
            .context("no signed directory found; create one with burkindi admin directory sign")?;
        let directory = signed.verify_ignoring_dates(&dir.trust()?)?;
        let client = HandlerClient::new(&self.handler, &private_files::read_text(&self.ca)?)?;
        client.put_directory(&signed).await?;
        let published = DirectoryPublishOutput {
            epoch: directory.epoch,
            hash: signed.hash(),
            handler: self.handler,
        };
        screen.print(&published, |view, page| {
            page.line(&format!("Published directory {} at {}.", view.epoch, view.handler));
            page.dim(
                "The intake gets it with the next collection cycle, after relay.poll_interval_seconds \
                 (15 minutes by default).",
            );
        })
    }
}

/// `{"epoch", "hash", "handler"}`.
#[derive(Debug, Serialize)]
struct DirectoryPublishOutput {
    epoch: u64,
    hash: Hash,
    handler: String,
}

fn show(dir: &AdminDir, context: &CommandContext, screen: &mut CliOutput) -> anyhow::Result<()> {
    let trust = dir.trust()?;
    let Some(signed) = dir.signed_directory()? else {
        bail!("no signed directory found; create one with burkindi admin directory sign")
    };
    let directory = signed.verify_ignoring_dates(&trust)?;
    if directory.expires < context.now.date() {
        screen.hint(
            "warning: this directory has expired and is not accepted any more; sign a new one",
        )?;
    }
    let signatures = signed.signatures.len();
    let signed = signing::SigningProgress {
        directory,
        signed_directory: signed,
        signatures,
        threshold: trust.threshold,
    };
    write_directory(&directory_output(&signed, &trust), screen)
}

/// Opens a root key file. Its path is relative to the current folder or to the administrator's
/// folder.
pub(super) fn open_root(
    root: &Path,
    dir: &Path,
    trust: &TrustRoots,
    context: &mut CommandContext,
) -> anyhow::Result<SigningKey> {
    let path = if root.exists() { root.to_owned() } else { dir.join(root) };
    if !path.exists() {
        return Err(private_files::FileError::NotFound(root.to_owned()).into());
    }
    let passphrase = context.passphrases.prompt(&format!("Passphrase of {}", root.display()))?;
    Ok(root_keys::open_root_key(&path, &passphrase, trust)?)
}

/// Prints the changes and the warnings of a directory that is about to be signed.
fn print_changes(
    before: Option<&protocol::directory::Directory>,
    next: &protocol::directory::Directory,
    screen: &mut CliOutput,
) -> anyhow::Result<()> {
    let changes = directory_changes::directory_changes(before, next);
    let base = before
        .map_or_else(|| "no directory".to_owned(), |before| format!("directory {}", before.epoch));
    screen.hint(&format!("Changes since {base}:"))?;
    if changes.is_empty() {
        screen.hint("  only the dates")?;
    }
    for change in changes {
        screen.hint(&format!("  {change}"))?;
    }
    for warning in directory_warnings::all_warnings(&next.into(), &Taxonomy::built_in()) {
        screen.hint(&format!("warning: {warning}"))?;
    }
    Ok(())
}

fn summary(directory: &protocol::directory::Directory) -> String {
    let desks =
        directory.desks.iter().map(|desk| format!("  {}: {}", desk.id, desk.members.join(", ")));
    let desks = desks.collect::<Vec<_>>().join("\n");
    format!(
        "To be signed: directory {}, valid until {}, with these desks:\n{desks}",
        directory.epoch, directory.expires
    )
}

fn directory_output(signed: &signing::SigningProgress, trust: &TrustRoots) -> DirectoryOutput {
    let directory = &signed.directory;
    let (taxonomy, draft) = (Taxonomy::built_in(), directory.into());
    let unserved = directory_warnings::unserved_categories(&draft, &taxonomy);
    let warnings = directory_warnings::all_warnings(&draft, &taxonomy);
    let witnesses = directory.log.witnesses.iter();
    let desk = |desk: &protocol::directory::Desk| DirectoryDeskOutput {
        id: desk.id.clone(),
        members: desk.members.clone(),
        categories: desk.categories.clone(),
    };
    let member = |member: &protocol::directory::Member| DirectoryMemberOutput {
        handle: member.handle.clone(),
        units: member.units.clone(),
        languages: member.languages.clone(),
        words: member_fingerprint_words(member, "en"),
    };
    DirectoryOutput {
        epoch: directory.epoch,
        hash: signed.signed_directory.hash(),
        issued: directory.issued,
        expires: directory.expires,
        signatures: signed.signatures,
        threshold: signed.threshold,
        complete: signed.is_complete(),
        fingerprint: fingerprint(trust, "en"),
        oversight: directory.oversight.clone(),
        desks: directory.desks.iter().map(desk).collect(),
        members: directory.members.iter().map(member).collect(),
        log: DirectoryLogOutput {
            epoch: directory.log.epoch,
            witnesses: witnesses.map(log_settings::witness_public_key).collect(),
            quorum: log_settings::describe_quorum(&draft),
        },
        unserved,
        warnings,
    }
}

fn write_directory(view: &DirectoryOutput, screen: &mut CliOutput) -> anyhow::Result<()> {
    screen.print(view, |view, page| {
        page.pairs(&[
            ("directory", format!("{}, from {} until {}", view.epoch, view.issued, view.expires)),
            ("signatures", format!("{} of {} required", view.signatures, view.threshold)),
            ("hash", view.hash.to_string()),
            ("fingerprint", view.fingerprint.clone()),
        ]);
        page.heading("Desks");
        let row = |desk: &DirectoryDeskOutput| {
            let served = if desk.id == view.oversight { "the oversight body".to_owned() } else { desk.categories.join(" ") };
            vec![desk.id.clone(), desk.members.join(" "), served]
        };
        page.table(&[], &view.desks.iter().map(row).collect::<Vec<_>>());
        if !view.unserved.is_empty() {
            page.dim(&format!("Categories without a desk go to the oversight body: {}.", view.unserved.join(" ")));
        }
        page.heading("Members, and the words of their keys");
        let row = |member: &DirectoryMemberOutput| vec![member.handle.clone(), member.units.join(" "), member.words.clone()];
        page.table(&["member", "units", "words"], &view.members.iter().map(row).collect::<Vec<_>>());
        page.heading("Transparency log");
        page.line(&format!("Log {}, countersigned by {}.", view.log.epoch, view.log.quorum));
        for witness in &view.log.witnesses {
            page.unbroken(witness);
        }
        page.heading(if view.complete { "Next: burkindi admin directory publish" } else { "Next" });
        if view.complete {
            page.dim("If you signed on another machine, copy directory.signed.json to the administrator's \
                folder first.");
        } else {
            page.block(
                "More signatures are required. Carry directory.pending.json, directory.signed.json and \
                 trust.json to the next holder of a root key:\n\
                 burkindi admin directory cosign --pending directory.pending.json --trust trust.json --root FILE",
            );
        }
    })
}
